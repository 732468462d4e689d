//! Takes the demo fleet; gives sentences about what it is made of, and how it changes. Never counts to the last instance.

use std::collections::BTreeSet;

use mirror_core::inventory::InstanceState::{Pending, Running, ShuttingDown};

use super::*;

fn demo(instances: usize) -> (World, fleet::Demo) {
    let mut world = empty_world();
    let demo = fleet::demo(&mut world, instances).unwrap();
    pass(&mut world, 3);
    (world, demo)
}

fn found(world: &mut World, filter: &str, value: &str) -> Vec<InstanceDetail> {
    let asked = Describe::all().filtered(filter, value).filtered("instance-state-name", "running");
    call!(world, DescribeInstances(asked)).items
}

#[test]
fn the_demo_has_as_many_instances_as_it_was_asked_for_and_about_half_are_jewels() {
    for size in [1, 30, 200] {
        let (mut world, _) = demo(size);
        assert_eq!(call!(world, DescribeInstances(Describe::all())).items.len(), size);
    }
    let (mut world, _) = demo(200);
    let jewels = found(&mut world, "tag:mirror", "crown-jewel").len();
    assert!((80..=120).contains(&jewels), "{jewels}");
}

#[test]
fn the_demo_has_every_role_in_every_zone() {
    let (mut world, _) = demo(60);
    for role in ["web", "app", "db", "bastion"] {
        let zones: BTreeSet<_> = found(&mut world, "tag:role", role).into_iter().map(|it| it.instance.zone).collect();
        assert!(zones.len() >= 2, "{role}: {zones:?}");
    }
}

#[test]
fn some_of_the_demo_has_a_second_interface_or_an_ipv6_address() {
    let (mut world, _) = demo(60);
    let all = call!(world, DescribeInstances(Describe::all())).items;
    assert!(all.iter().any(|detail| detail.interfaces.len() == 2));
    assert!(all.iter().any(|detail| !detail.interfaces[0].ipv6_addresses.is_empty()));
}

#[test]
fn the_sensor_of_the_demo_can_be_a_target_and_its_interfaces_no_source() {
    let (mut world, demo) = demo(10);
    call!(world, CreateTrafficMirrorTarget(target_for(Resource::NetworkLoadBalancer(demo.sensor))));
    let of_aws = Describe::all().filtered("requester-managed", "true");
    let interfaces = call!(world, DescribeNetworkInterfaces(of_aws)).items;
    assert_eq!(interfaces.len(), demo.network.subnets.len());
    assert!(interfaces.iter().all(|interface| interface.interface_type == "network_load_balancer"));
}

#[test]
fn the_group_replaces_its_oldest_instance_and_keeps_its_size() {
    let (mut world, demo) = demo(30);
    let group = |world: &mut World| found(world, "tag:aws:autoscaling:groupName", &demo.group);
    let before = group(&mut world);
    pass(&mut world, 8);
    let after = group(&mut world);
    let ids = |fleet: &[InstanceDetail]| fleet.iter().map(|it| it.instance.id.clone()).collect::<BTreeSet<_>>();
    assert_eq!((before.len(), after.len()), (3, 3));
    assert_eq!(ids(&before).intersection(&ids(&after)).count(), 2);
    assert!(after.iter().all(|it| it.instance.tags["mirror"] == "crown-jewel"));
}

#[test]
fn the_new_instance_starts_while_the_old_one_shuts_down() {
    let (mut world, demo) = demo(30);
    pass(&mut world, 6);
    let group = Describe::all().filtered("tag:aws:autoscaling:groupName", &demo.group);
    let mut states: Vec<_> = call!(world, DescribeInstances(group)).items.iter().map(|it| it.instance.state).collect();
    states.sort_by_key(ToString::to_string);
    assert_eq!(states, [Pending, Running, Running, ShuttingDown]);
}

#[test]
fn the_group_makes_up_for_what_others_terminate() {
    let (mut world, demo) = demo(30);
    let group = |world: &mut World| found(world, "tag:aws:autoscaling:groupName", &demo.group);
    let ids = group(&mut world).into_iter().map(|it| it.instance.id).collect();
    call!(world, TerminateInstances(ids));
    pass(&mut world, 25);
    assert_eq!(group(&mut world).len(), 3);
}

#[test]
fn a_fleet_that_has_run_for_a_day_is_as_large_as_before() {
    let (mut world, _) = demo(30);
    pass(&mut world, 86_400);
    let running = Describe::all().filtered("instance-state-name", "running");
    assert!((29..=30).contains(&call!(world, DescribeInstances(running)).items.len()));
    assert!(call!(world, DescribeInstances(Describe::all())).items.len() < 30 + 2 * 450);
}
