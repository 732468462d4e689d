//! Takes a session to a load balancer that moves from zone to zone; gives where it still receives. Never looks at what stands behind it.

use super::load_balancers::{balancer, elb};
use super::packets::{mirrored_setting, web_request};
use super::*;

// Facts: 1.2-load-balancer-cross-zone, 10-silent-failures
#[test]
fn a_zone_that_was_added_later_receives_nothing_unless_cross_zone_is_on_and_no_call_says_so() {
    let (Setting { mut world, network, interface, .. }, session) = mirrored_setting();
    let [first, later, _] = network.subnets.clone().try_into().unwrap();
    let wish = balancer(&network, LoadBalancerType::Network, "sensor");
    let arn = elb!(world, CreateLoadBalancer(CreateLoadBalancer { subnets: vec![first.clone()], ..wish })).arn;
    world.finish_provisioning(&arn);
    world.add_mirror_listener(&arn);
    let wish = target_for(Resource::NetworkLoadBalancer(arn.clone()));
    let target = Some(call!(world, CreateTrafficMirrorTarget(wish)).id);
    call!(world, ModifyTrafficMirrorSession(ModifyTrafficMirrorSession { target, ..no_session_change(&session) }));
    let stands_in = |world: &mut World, subnets: &[&SubnetId]| {
        let subnets = subnets.iter().copied().cloned().collect();
        elb!(world, SetSubnets(SetSubnets { load_balancer: arn.clone(), subnets }));
        world.mirrored(&web_request(&interface)).map(|_| ())
    };
    let silent = Err(NotMirrored::TargetSilent(session.id));
    assert_eq!(stands_in(&mut world, &[&first, &later]), Ok(()), "the first zone receives");
    assert_eq!(stands_in(&mut world, &[&later]), silent);
    assert_eq!(stands_in(&mut world, &[&first, &later]), silent, "one that it has come back to was added later, too");
    let attributes = vec![("load_balancing.cross_zone.enabled".into(), "true".into())];
    elb!(world, ModifyLoadBalancerAttributes(ModifyLoadBalancerAttributes { load_balancer: arn.clone(), attributes }));
    assert_eq!(stands_in(&mut world, &[&later]), Ok(()));
}
