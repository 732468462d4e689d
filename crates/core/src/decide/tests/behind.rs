//! Takes instances and addresses that are registered with a sensor's load balancer; gives sentences about what can be no source then.

use super::*;
use crate::inventory::{Gap, Kind, NetworkInterface, Registered};

const REFUSED: &str =
    "not mirrored: it is behind the sensor's load balancer sta, in target group zeek, and mirrors of mirrors loop";

/// Whether the jewel's interface, changed like this, is refused when this is registered.
fn refused(registered: Registered, change: impl FnOnce(&mut NetworkInterface)) -> bool {
    let facts = jewel_with(change).behind(&[registered]);
    match reasons(facts).last().map(String::as_str) {
        Some(REFUSED) => true,
        Some("crown-jewel: tag mirror=crown-jewel on the instance") => false,
        other => panic!("{other:?}"),
    }
}

fn has(addresses: &[&str]) -> impl FnOnce(&mut NetworkInterface) {
    let addresses = addresses.iter().map(|it| it.parse().unwrap()).collect();
    move |interface| interface.addresses = addresses
}

fn address(address: &str) -> Registered {
    Registered::named(address, Some("eu-west-1a"))
}

#[test]
fn an_instance_behind_the_sensors_load_balancer_is_no_source_with_any_of_its_interfaces() {
    assert!(refused(Registered::Instance("i-1".into()), |_| {}));
    assert!(refused(Registered::Instance("i-1".into()), |it| it.attachment.as_mut().unwrap().device_index = 1));
    assert!(!refused(Registered::Instance("i-2".into()), |_| {}));
}

#[test]
fn an_address_behind_it_is_that_of_an_interface_or_of_a_prefix_that_is_given_to_pods() {
    assert!(refused(address("10.0.0.9"), has(&["10.0.0.4/32", "10.0.0.9/32"])));
    assert!(refused(address("10.0.0.21"), has(&["10.0.0.4/32", "10.0.0.16/28"])));
    assert!(refused(address("2001:db8::9"), has(&["2001:db8::9/128"])));
    assert!(!refused(address("10.0.0.32"), has(&["10.0.0.4/32", "10.0.0.16/28"])));
}

#[test]
fn an_address_is_one_of_the_target_groups_vpc_unless_it_is_said_to_be_elsewhere() {
    let in_another_vpc = |interface: &mut NetworkInterface| {
        has(&["10.0.0.9/32"])(interface);
        interface.vpc = "vpc-2".into();
    };
    assert!(!refused(address("10.0.0.9"), in_another_vpc));
    assert!(refused(Registered::named("10.0.0.9", Some("all")), in_another_vpc));
}

#[test]
fn an_address_behind_it_makes_all_of_its_instance_no_source() {
    let facts = jewel_with(|_| {}).behind(&[address("10.0.0.9")]);
    let facts = facts.interface_with("eni-2", "i-1", has(&["10.0.0.9/32"]));
    assert_eq!(reasons(facts).last().unwrap(), REFUSED);
}

#[test]
fn another_load_balancer_that_is_registered_concerns_nobody() {
    assert!(!refused(Registered::named("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/app/x/1", None), |_| {}));
}

#[test]
fn an_appliance_behind_a_gateway_load_balancer_is_no_source_and_both_are_named() {
    let said = "not mirrored: it is behind the Gateway Load Balancer firewalls, in target group inspection: \
                a sensor's endpoint may lead there, and mirrors of mirrors loop";
    for appliance in [Registered::Instance("i-1".into()), address("10.0.0.9")] {
        let facts = jewel_with(has(&["10.0.0.9/32"])).appliances(&[appliance]);
        assert_eq!(reasons(facts).last().unwrap(), said);
    }
    let others = jewel_with(has(&["10.0.0.9/32"])).appliances(&[Registered::Instance("i-2".into())]);
    assert_eq!(reasons(others).last().unwrap(), "crown-jewel: tag mirror=crown-jewel on the instance");
}

#[test]
fn who_is_behind_it_is_no_source_also_while_it_cannot_be_read_and_that_is_no_doubt() {
    let mut facts = jewel_with(|_| {}).behind(&[Registered::Instance("i-1".into())]).read(0);
    facts.gaps.insert(Kind::LoadBalancers, Gap { why: "denied".into(), at: at(0) });
    let decision = &decisions(&facts).interfaces[&"eni-1".into()];
    assert!(decision.lanes.is_empty() && !decision.doubt);
}
