//! Takes targets; gives sentences about what can be one, and when one goes. Never sends a packet to it.

use super::*;

// Facts: 1.2-one-target-per-nlb, 3.1-load-balancer-in-use
#[test]
fn a_load_balancer_is_the_target_of_one_target() {
    let mut world = empty_world();
    let arn = world.add_network_load_balancer("sensor");
    let wish = target_for(Resource::NetworkLoadBalancer(arn));
    let made = call!(world, CreateTrafficMirrorTarget(wish.clone()));
    assert_eq!(refused!(world, CreateTrafficMirrorTarget(wish.clone())), "NlbInUseByTrafficMirrorTargetException");
    call!(world, DeleteTrafficMirrorTarget(made.id));
    call!(world, CreateTrafficMirrorTarget(wish));
}

// Facts: 3.1-target-without-interface, 3.1-load-balancer-not-found, 3.1-endpoint-not-found
#[test]
fn a_resource_that_is_not_there_is_no_target() {
    let mut world = empty_world();
    for (resource, code) in [
        (Resource::NetworkInterface("eni-0".into()), "InvalidNetworkInterfaceID.NotFound"),
        (Resource::NetworkLoadBalancer("arn:aws:…".into()), "NetworkLoadBalancerNotFoundException"),
        (Resource::GatewayLoadBalancerEndpoint("vpce-0".into()), "InvalidVpcEndpointId.NotFound"),
    ] {
        assert_eq!(refused!(world, CreateTrafficMirrorTarget(target_for(resource))), code);
    }
}

// Facts: 1.1-source-or-target, 3.1-source-as-target, 3.1-target-again, 3.1-target-as-source
#[test]
fn an_interface_is_a_source_or_a_target_but_not_both() {
    let mut setting = setting();
    let wish = target_for(Resource::NetworkInterface(setting.interface.clone()));
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let code = refused!(setting.world, CreateTrafficMirrorTarget(wish.clone()));
    assert_eq!(code, "InterfaceInUseByTrafficMirrorSession");
    call!(setting.world, DeleteTrafficMirrorSession(session.id));
    call!(setting.world, CreateTrafficMirrorTarget(wish.clone()));
    let code = refused!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    assert_eq!(code, "InterfaceInUseByTrafficMirrorTarget");
    assert_eq!(refused!(setting.world, CreateTrafficMirrorTarget(wish)), "InterfaceInUseByTrafficMirrorTarget");
}

// Facts: 3-target-in-use, 3.1-target-in-use
#[test]
fn a_target_that_a_session_uses_cannot_be_deleted() {
    let mut setting = setting();
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1))).id;
    let target = setting.target.clone();
    let error = setting.world.call(Request::DeleteTrafficMirrorTarget(target.clone())).unwrap_err();
    assert_eq!(error.code, "TrafficMirrorTargetInUse");
    assert_eq!(error.message, format!("Cannot delete {target}. Target is in use by {session}"));
}

// Facts: 3-target-without-resource
#[test]
fn a_target_and_its_sessions_outlive_its_interface() {
    let mut setting = setting();
    let sensor = call!(setting.world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    let wish = target_for(Resource::NetworkInterface(sensor.clone()));
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    setting.world.call(Request::DeleteNetworkInterface(sensor)).unwrap();
    let target = Describe::only([setting.target.clone()]);
    assert_eq!(call!(setting.world, DescribeTrafficMirrorTargets(target)).items.len(), 1);
    assert_eq!(setting.sessions(), [session]);
}

// Facts: 1.2-lost-listener-is-silent, 10-silent-failures
#[test]
fn a_load_balancer_that_lost_its_listener_is_missed_by_no_call() {
    let mut setting = setting();
    let arn = setting.world.add_network_load_balancer("sensor");
    assert!(setting.world.has_mirror_listener(&arn));
    setting.world.remove_mirror_listener(&arn);
    assert!(!setting.world.has_mirror_listener(&arn));
    let wish = target_for(Resource::NetworkLoadBalancer(arn));
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
    let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    assert_eq!(setting.sessions(), [made]);
}
