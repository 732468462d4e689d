//! Takes load balancers with targets; gives sentences about how healthy these are said to be. Never sends one a packet.

use super::load_balancers::{balancer, elb, elb_done, elb_refused, group, listener};
use super::*;

const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:f";

/// A load balancer before a group that has one instance, which has just been registered.
struct Balanced {
    world: World,
    network: Network,
    group: TargetGroupArn,
    instance: InstanceId,
}

fn balanced() -> Balanced {
    let mut world = empty_world();
    let network = network(&mut world);
    let instance = running(&mut world, instance());
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "web")));
    let detail = elb!(world, CreateTargetGroup(group(&network, "web", Protocol::Tcp, 80)));
    elb!(world, CreateListener(listener(&made, Protocol::Tcp, 80, &detail)));
    let group = detail.group.arn;
    elb_done!(world, RegisterTargets(of(&group, [instance.as_str()])));
    Balanced { world, network, group, instance }
}

fn of<const N: usize>(group: &TargetGroupArn, ids: [&str; N]) -> OfTargets {
    let target = |id: &str| TargetWish { id: id.into(), port: None, zone: None };
    OfTargets { group: group.clone(), targets: ids.map(target).into() }
}

impl Balanced {
    fn health(&mut self) -> Vec<(TargetState, Option<&'static str>)> {
        let all = of(&self.group, []);
        let found = elb!(self.world, DescribeTargetHealth(all)).items;
        found.into_iter().map(|health| (health.state, health.reason)).collect()
    }

    fn fail(&mut self, fails: bool) {
        self.world.fail_health_checks(&self.group, self.instance.as_str(), fails);
    }
}

#[test]
fn a_target_is_initial_until_its_checks_have_passed_and_then_healthy() {
    let mut balanced = balanced();
    assert_eq!(balanced.health(), [(TargetState::Initial, Some("Elb.RegistrationInProgress"))]);
    pass(&mut balanced.world, 151);
    assert_eq!(balanced.health(), [(TargetState::Healthy, None)]);
}

#[test]
fn a_target_whose_checks_fail_is_unhealthy_and_healthy_again_when_they_pass() {
    let mut balanced = balanced();
    pass(&mut balanced.world, 151);
    balanced.fail(true);
    assert_eq!(balanced.health(), [(TargetState::Healthy, None)], "nobody has noticed yet");
    pass(&mut balanced.world, 61);
    assert_eq!(balanced.health(), [(TargetState::Unhealthy, Some("Target.FailedHealthChecks"))]);
    balanced.fail(false);
    pass(&mut balanced.world, 151);
    assert_eq!(balanced.health(), [(TargetState::Healthy, None)]);
}

#[test]
fn a_deregistered_target_drains_for_five_minutes_and_is_gone() {
    let mut balanced = balanced();
    pass(&mut balanced.world, 151);
    let wish = of(&balanced.group, [balanced.instance.as_str()]);
    elb_done!(balanced.world, DeregisterTargets(wish.clone()));
    assert_eq!(balanced.health(), [(TargetState::Draining, Some("Target.DeregistrationInProgress"))]);
    pass(&mut balanced.world, 301);
    assert_eq!(balanced.health(), []);
    let named = elb!(balanced.world, DescribeTargetHealth(wish.clone())).items;
    assert_eq!(named[0].reason, Some("Target.NotRegistered"), "one that is named is described");
    elb_done!(balanced.world, DeregisterTargets(wish));
}

#[test]
fn a_target_that_is_registered_again_while_it_drains_stays() {
    let mut balanced = balanced();
    let wish = of(&balanced.group, [balanced.instance.as_str()]);
    elb_done!(balanced.world, DeregisterTargets(wish.clone()));
    pass(&mut balanced.world, 100);
    elb_done!(balanced.world, RegisterTargets(wish));
    pass(&mut balanced.world, 250);
    assert_eq!(balanced.health(), [(TargetState::Healthy, None)]);
}

#[test]
fn an_instance_that_is_terminated_is_deregistered_by_its_group() {
    let mut balanced = balanced();
    pass(&mut balanced.world, 151);
    call!(balanced.world, TerminateInstances(vec![balanced.instance.clone()]));
    pass(&mut balanced.world, 3);
    assert_eq!(balanced.health(), [(TargetState::Draining, Some("Target.DeregistrationInProgress"))]);
    pass(&mut balanced.world, 301);
    assert_eq!(balanced.health(), []);
}

#[test]
fn a_stopped_instance_is_unused_and_is_checked_anew_when_it_runs_again() {
    let mut balanced = balanced();
    pass(&mut balanced.world, 151);
    call!(balanced.world, StopInstances(vec![balanced.instance.clone()]));
    pass(&mut balanced.world, 3);
    assert_eq!(balanced.health(), [(TargetState::Unused, Some("Target.InvalidState"))]);
    call!(balanced.world, StartInstances(vec![balanced.instance.clone()]));
    pass(&mut balanced.world, 3);
    assert_eq!(balanced.health(), [(TargetState::Initial, Some("Elb.RegistrationInProgress"))]);
    pass(&mut balanced.world, 151);
    assert_eq!(balanced.health(), [(TargetState::Healthy, None)]);
}

#[test]
fn a_target_to_which_no_load_balancer_sends_is_unused() {
    let mut balanced = balanced();
    let web = DescribeLoadBalancers { names: vec!["web".into()], ..DescribeLoadBalancers::default() };
    let arn = elb!(balanced.world, DescribeLoadBalancers(web)).items.remove(0).arn;
    let change = SetSubnets { load_balancer: arn.clone(), subnets: balanced.network.subnets[1..].to_vec() };
    elb!(balanced.world, SetSubnets(change));
    assert_eq!(balanced.health(), [(TargetState::Unused, Some("Target.NotInUse"))], "not in its zone");
    elb_done!(balanced.world, DeleteLoadBalancer(arn));
    assert_eq!(balanced.health(), [(TargetState::Unused, Some("Target.NotInUse"))], "nowhere");
}

/// A group of functions.
fn functions(network: &Network) -> CreateTargetGroup {
    CreateTargetGroup {
        kind: TargetType::Lambda,
        protocol: None,
        port: None,
        vpc: None,
        ..group(network, "function", Protocol::Http, 80)
    }
}

// Facts: 9-target-groups
#[test]
fn a_group_holds_instances_addresses_functions_or_load_balancers_as_its_type_says() {
    let Balanced { mut world, network, group: instances, instance } = balanced();
    let of_type = |kind: TargetType| CreateTargetGroup { kind, ..group(&network, kind.name(), Protocol::Tcp, 80) };
    let before = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Application, "before"))).arn;
    let held = [
        (instances, instance.to_string()),
        (elb!(world, CreateTargetGroup(of_type(TargetType::Ip))).group.arn, "10.0.0.9".into()),
        (elb!(world, CreateTargetGroup(functions(&network))).group.arn, FUNCTION.into()),
        (elb!(world, CreateTargetGroup(of_type(TargetType::Alb))).group.arn, before.to_string()),
    ];
    for (group, own) in &held {
        for (_, id) in &held {
            let registered = world.call(Request::Elb(ElbRequest::RegisterTargets(of(group, [id]))));
            assert_eq!(registered.is_ok(), id == own, "{id} in {group}: {registered:?}");
        }
    }
}

// Facts: 9-ip-targets
#[test]
fn an_address_outside_the_vpc_is_a_target_in_all_zones() {
    let Balanced { mut world, network, .. } = balanced();
    let ip = CreateTargetGroup { kind: TargetType::Ip, ..group(&network, "ip", Protocol::Tcp, 80) };
    let ip = elb!(world, CreateTargetGroup(ip)).group.arn;
    elb_done!(world, RegisterTargets(of(&ip, ["10.0.0.9"])));
    let outside = |zone: Option<&str>| {
        let target = TargetWish { id: "192.168.7.7".into(), port: None, zone: zone.map(Into::into) };
        OfTargets { group: ip.clone(), targets: vec![target] }
    };
    assert_eq!(elb_refused!(world, RegisterTargets(outside(None))), "InvalidTarget");
    elb_done!(world, RegisterTargets(outside(Some("all"))));
    let zones: Vec<_> = elb!(world, DescribeTargetHealth(of(&ip, []))).items.into_iter().map(|it| it.zone).collect();
    assert_eq!(zones, [Some("eu-west-1a".into()), Some("all".into())]);
}

// Facts: 9-nested
#[test]
fn an_application_load_balancer_is_the_target_of_another() {
    let Balanced { mut world, network, .. } = balanced();
    let alb = CreateTargetGroup { kind: TargetType::Alb, ..group(&network, "alb", Protocol::Tcp, 80) };
    let alb = elb!(world, CreateTargetGroup(alb)).group.arn;
    let [inner, network_one] = [LoadBalancerType::Application, LoadBalancerType::Network]
        .map(|kind| elb!(world, CreateLoadBalancer(balancer(&network, kind, kind.name()))).arn);
    assert_eq!(elb_refused!(world, RegisterTargets(of(&alb, [network_one.as_str()]))), "InvalidTarget");
    elb_done!(world, RegisterTargets(of(&alb, [inner.as_str()])));
    let targets = elb!(world, DescribeTargetHealth(of(&alb, []))).items;
    assert_eq!(targets[0].target.id, inner.as_str());
}

// Facts: 9-target-health
#[test]
fn all_targets_of_a_group_come_in_one_list_each_with_its_health() {
    let mut balanced = balanced();
    let target = |port| TargetWish { id: balanced.instance.to_string(), port: Some(port), zone: None };
    let many = OfTargets { group: balanced.group.clone(), targets: (1000..1500).map(target).collect() };
    elb_done!(balanced.world, RegisterTargets(many));
    pass(&mut balanced.world, 151);
    let all = elb!(balanced.world, DescribeTargetHealth(of(&balanced.group, [])));
    assert_eq!((all.items.len(), all.next), (501, None));
    assert!(all.items.iter().all(|it| it.state == TargetState::Healthy));
}

#[test]
fn a_function_behind_a_load_balancer_is_unavailable_for_it_is_not_checked() {
    let Balanced { mut world, network, .. } = balanced();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Application, "front")));
    let function = elb!(world, CreateTargetGroup(functions(&network)));
    elb!(world, CreateListener(listener(&made, Protocol::Http, 80, &function)));
    let group = function.group.arn;
    elb_done!(world, RegisterTargets(of(&group, [FUNCTION])));
    let health = elb!(world, DescribeTargetHealth(of(&group, []))).items.remove(0);
    assert_eq!((health.state, health.reason), (TargetState::Unavailable, Some("Target.HealthCheckDisabled")));
}

#[test]
fn only_a_running_instance_of_the_vpc_can_be_registered() {
    let Balanced { mut world, group, .. } = balanced();
    let pending = instance().launch(&mut world).unwrap();
    for id in [pending.as_str(), "i-0"] {
        assert_eq!(elb_refused!(world, RegisterTargets(of(&group, [id]))), "InvalidTarget");
    }
    let nowhere = of(&"arn:gone".into(), [pending.as_str()]);
    assert_eq!(elb_refused!(world, RegisterTargets(nowhere)), "TargetGroupNotFound");
}

// Facts: 9-health-checks
#[test]
fn health_is_never_checked_by_udp() {
    let Balanced { mut world, network, .. } = balanced();
    let sensors = group(&network, "sensors", Protocol::Udp, 4789);
    let check = HealthCheckWish { protocol: Some(Protocol::Udp), ..HealthCheckWish::default() };
    let wish = CreateTargetGroup { health_check: check, ..sensors.clone() };
    assert_eq!(elb_refused!(world, CreateTargetGroup(wish)), "ValidationError");
    let made = elb!(world, CreateTargetGroup(sensors)).group;
    assert_eq!(made.health_check.unwrap().protocol, Protocol::Tcp);
}
