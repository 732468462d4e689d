//! Takes what a session has at its ends, and what it shares with others; gives sentences about which go together. Never mirrors a packet.

use super::*;

/// Another instance's interface.
fn another(world: &mut World) -> InterfaceId {
    let id = running(world, instance());
    primary_interface(world, &id)
}

// Facts: 1.1-other-managed-interfaces, 1.1-plain-interface
#[test]
fn what_aws_makes_for_its_own_services_is_no_source() {
    for kind in [
        "load_balancer",
        "network_load_balancer",
        "gateway_load_balancer",
        "gateway_load_balancer_endpoint",
        "natGateway",
        "lambda",
        "vpc_endpoint",
        "transit_gateway",
    ] {
        let mut setting = setting();
        let managed = setting.world.add_requester_managed_interface(&setting.network.subnets[0], kind).unwrap();
        let wish = CreateTrafficMirrorSession { interface: managed, ..setting.session(1) };
        assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(wish)), "NetworkInterfaceNotSupported", "{kind}");
    }
}

// Facts: 1.2-interface-target
#[test]
fn an_interface_that_is_a_target_is_a_plain_one() {
    let Setting { mut world, network, .. } = setting();
    let managed = world.add_requester_managed_interface(&network.subnets[0], "network_load_balancer").unwrap();
    let wish = target_for(Resource::NetworkInterface(managed));
    assert_eq!(refused!(world, CreateTrafficMirrorTarget(wish)), "NetworkInterfaceNotSupported");
    let plain = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    call!(world, CreateTrafficMirrorTarget(target_for(Resource::NetworkInterface(plain))));
}

// Facts: 1.4-number-again-elsewhere, 1.3-filter-of-many-sessions
#[test]
fn sessions_of_several_interfaces_share_their_number_their_filter_and_their_target() {
    let mut setting = setting();
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    setting.interface = another(&mut setting.world);
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    assert_eq!(setting.sessions().len(), 2);
}

// Facts: 1.2-replaced-target, 3-target-in-use
#[test]
fn a_target_is_replaced_by_moving_its_sessions_before_it_is_deleted() {
    let mut setting = setting();
    let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let endpoint = Resource::GatewayLoadBalancerEndpoint(setting.world.add_gateway_load_balancer_endpoint());
    let new = call!(setting.world, CreateTrafficMirrorTarget(target_for(endpoint))).id;
    assert_eq!(refused!(setting.world, DeleteTrafficMirrorTarget(setting.target.clone())), "TrafficMirrorTargetInUse");
    let moved = ModifyTrafficMirrorSession { target: Some(new.clone()), ..no_session_change(&made) };
    call!(setting.world, ModifyTrafficMirrorSession(moved));
    call!(setting.world, DeleteTrafficMirrorTarget(setting.target.clone()));
    assert_eq!(setting.sessions(), [MirrorSession { target: new, ..made }]);
}

// Facts: 3-order, 3-at-once
#[test]
fn mirroring_is_built_from_target_to_session_and_taken_down_the_other_way() {
    let Setting { mut world, interface, .. } = setting();
    let endpoint = Resource::GatewayLoadBalancerEndpoint(world.add_gateway_load_balancer_endpoint());
    let target = call!(world, CreateTrafficMirrorTarget(target_for(endpoint))).id;
    let filter = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let made = call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 1))).id;
    let services = |add: &[&str], remove: &[&str]| ModifyTrafficMirrorFilterNetworkServices {
        filter: filter.clone(),
        add: add.iter().map(ToString::to_string).collect(),
        remove: remove.iter().map(ToString::to_string).collect(),
    };
    call!(world, ModifyTrafficMirrorFilterNetworkServices(services(&["amazon-dns"], &[])));
    let session = CreateTrafficMirrorSession {
        interface,
        target: target.clone(),
        filter: filter.clone(),
        number: 1,
        packet_length: None,
        vni: None,
        description: None,
        tags: Tags::new(),
        token: None,
    };
    let session = call!(world, CreateTrafficMirrorSession(session)).id;
    call!(world, DeleteTrafficMirrorSession(session));
    call!(world, ModifyTrafficMirrorFilterNetworkServices(services(&[], &["amazon-dns"])));
    call!(world, DeleteTrafficMirrorFilterRule(made));
    call!(world, DeleteTrafficMirrorFilter(filter));
    call!(world, DeleteTrafficMirrorTarget(target));
}

// Facts: 1.5-every-region
#[test]
fn a_session_can_be_made_in_every_region() {
    for region in ["us-east-1", "eu-west-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1"] {
        let mut world = World::new("123456789012".into(), region.into(), 7, Time::UNIX_EPOCH);
        let network = network(&mut world);
        let interface = another(&mut world);
        let filter = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
        let endpoint = Resource::GatewayLoadBalancerEndpoint(world.add_gateway_load_balancer_endpoint());
        let target = call!(world, CreateTrafficMirrorTarget(target_for(endpoint))).id;
        let instance = call!(world, DescribeInstances(Describe::all())).items.remove(0).instance.id;
        let mut setting = Setting { world, network, instance, interface, filter, target };
        call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    }
}

// Facts: 1.5-one-region
#[test]
fn what_stands_in_another_region_is_not_there() {
    let mut there = World::new("123456789012".into(), "us-east-1".into(), 8, Time::UNIX_EPOCH);
    let endpoint = Resource::GatewayLoadBalancerEndpoint(there.add_gateway_load_balancer_endpoint());
    let target = call!(there, CreateTrafficMirrorTarget(target_for(endpoint))).id;
    let mut here = setting();
    let wish = CreateTrafficMirrorSession { target, ..here.session(1) };
    assert_eq!(refused!(here.world, CreateTrafficMirrorSession(wish)), "InvalidTrafficMirrorTargetId.NotFound");
}

// Facts: 3.1-rule-without-filter, 3.1-filter-not-found
#[test]
fn a_rule_needs_a_filter_that_is_there() {
    let wish = rule(&"tmf-0".into(), 1);
    assert_eq!(refused!(empty_world(), CreateTrafficMirrorFilterRule(wish)), "InvalidTrafficMirrorFilterId.NotFound");
}

// Facts: 2-large-types, 2-sources-of-a-large-interface
#[test]
fn the_large_types_that_are_known_are_those_that_the_guide_gives_as_examples() {
    for (kind, large) in [
        ("m5.24xlarge", true),
        ("m6i.32xlarge", true),
        ("m7i.48xlarge", true),
        ("c5.18xlarge", true),
        ("c5.24xlarge", true),
        ("r6i.32xlarge", true),
        ("g5.48xlarge", true),
        ("p4d.24xlarge", true),
        ("m5.12xlarge", false),
        ("m6i.16xlarge", false),
    ] {
        let mut setting = setting();
        setting.world.quotas.sources_per_interface_target = 0;
        let sensor = running(&mut setting.world, instance().of_type(kind));
        let sensor = primary_interface(&mut setting.world, &sensor);
        let wish = target_for(Resource::NetworkInterface(sensor));
        setting.target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
        let wish = Request::CreateTrafficMirrorSession(setting.session(1));
        assert_eq!(setting.world.call(wish).is_ok(), large, "{kind}");
    }
}
