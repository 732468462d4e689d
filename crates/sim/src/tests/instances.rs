//! Takes instances through their lives; gives sentences about them. Never mirrors one.

use mirror_core::inventory::InstanceState::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};

use super::*;

fn wish(min_count: i32, max_count: i32) -> RunInstances {
    RunInstances {
        image: "ami-1".into(),
        instance_type: "m5.large".into(),
        min_count,
        max_count,
        instance_tags: tags_of([("role", "web")]),
        interface_tags: tags_of([("made-by", "launch")]),
        ..RunInstances::default()
    }
}

// Facts: 8-states
#[test]
fn an_instance_is_pending_for_two_seconds_and_then_runs() {
    let mut world = empty_world();
    network(&mut world);
    let id = instance().launch(&mut world).unwrap();
    assert_eq!(seen(&mut world, &id).instance.state, Pending);
    pass(&mut world, 1);
    assert_eq!(seen(&mut world, &id).instance.state, Pending);
    pass(&mut world, 1);
    assert_eq!(seen(&mut world, &id).instance.state, Running);
}

// Facts: 8-launch-tags
#[test]
fn a_launch_tags_its_instances_and_their_interfaces() {
    let mut world = empty_world();
    network(&mut world);
    let launched = call!(world, RunInstances(wish(1, 3)));
    assert_eq!(launched.len(), 3);
    for detail in launched {
        assert_eq!(detail.instance.tags, tags_of([("role", "web")]));
        assert_eq!(detail.interfaces[0].tags, tags_of([("made-by", "launch")]));
    }
}

// Facts: 8-default-subnet
#[test]
fn a_launch_without_a_subnet_needs_a_default_one() {
    assert_eq!(refused!(empty_world(), RunInstances(wish(1, 1))), "MissingInput");
}

// Facts: 8-launch-counts
#[test]
fn a_launch_wants_at_least_one_and_at_least_the_least() {
    let mut world = empty_world();
    network(&mut world);
    assert_eq!(refused!(world, RunInstances(wish(0, 1))), "InvalidParameterValue");
    assert_eq!(refused!(world, RunInstances(wish(3, 2))), "InvalidParameterValue");
}

// Facts: 8-full-subnet
#[test]
fn a_launch_is_cut_to_what_the_subnet_can_take() {
    let mut world = empty_world();
    let vpc = world.add_vpc("10.0.0.0/16".parse().unwrap(), None);
    world.add_subnet(&vpc, &"eu-west-1a".into(), "10.0.0.0/28".parse().unwrap(), None);
    world.make_default(&vpc);
    assert_eq!(refused!(world, RunInstances(wish(12, 20))), "InsufficientFreeAddressesInSubnet");
    assert_eq!(call!(world, RunInstances(wish(11, 20))).len(), 11);
}

// Facts: 8-states
#[test]
fn an_instance_stops_and_starts_and_keeps_its_interface() {
    let Setting { mut world, instance, interface, .. } = setting();
    let change = call!(world, StopInstances(vec![instance.clone()])).remove(0);
    assert_eq!((change.before, change.after), (Running, Stopping));
    pass(&mut world, 3);
    assert_eq!(seen(&mut world, &instance).instance.state, Stopped);
    assert_eq!(seen(&mut world, &instance).interfaces[0].id, interface);
    let change = call!(world, StartInstances(vec![instance.clone()])).remove(0);
    assert_eq!((change.before, change.after), (Stopped, Pending));
    pass(&mut world, 3);
    assert_eq!(seen(&mut world, &instance).instance.state, Running);
}

// Facts: 8-states-for-calls
#[test]
fn a_pending_instance_cannot_be_stopped_nor_a_terminated_one_started() {
    let Setting { mut world, instance: old, .. } = setting();
    let new = instance().launch(&mut world).unwrap();
    assert_eq!(refused!(world, StopInstances(vec![new])), "IncorrectInstanceState");
    call!(world, TerminateInstances(vec![old.clone()]));
    assert_eq!(refused!(world, StartInstances(vec![old])), "IncorrectInstanceState");
}

// Facts: 8-states
#[test]
fn an_instance_that_is_terminated_while_it_starts_never_runs() {
    let mut world = empty_world();
    network(&mut world);
    let id = instance().launch(&mut world).unwrap();
    pass(&mut world, 1);
    call!(world, TerminateInstances(vec![id.clone()]));
    pass(&mut world, 1);
    assert_eq!(seen(&mut world, &id).instance.state, ShuttingDown);
    pass(&mut world, 1);
    assert_eq!(seen(&mut world, &id).instance.state, Terminated);
}

// Facts: 6-terminated-instances, 6-unknown-instance
#[test]
fn a_terminated_instance_is_listed_for_an_hour_without_a_place() {
    let Setting { mut world, network, instance, .. } = setting();
    call!(world, TerminateInstances(vec![instance.clone()]));
    pass(&mut world, 3);
    assert_eq!(seen(&mut world, &instance).interfaces, []);
    let in_vpc = Describe::all().filtered("vpc-id", network.vpc.as_str());
    assert_eq!(call!(world, DescribeInstances(in_vpc)).items, []);
    pass(&mut world, 3600 - 4);
    assert_eq!(seen(&mut world, &instance).instance.state, Terminated);
    pass(&mut world, 4);
    assert_eq!(refused!(world, DescribeInstances(Describe::only([instance]))), "InvalidInstanceID.NotFound");
}

// Facts: 6-unknown-instance
#[test]
fn one_unknown_instance_fails_the_call_for_all() {
    let Setting { mut world, instance, .. } = setting();
    let ids = vec![instance.clone(), "i-0".into()];
    assert_eq!(refused!(world, TerminateInstances(ids)), "InvalidInstanceID.NotFound");
    assert_eq!(seen(&mut world, &instance).instance.state, Running);
}
