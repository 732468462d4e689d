//! Takes generated fleets; gives sentences about what is in them. Never looks at one machine for itself.

use std::collections::{BTreeMap, BTreeSet};

use mirror_core::inventory::InstanceState::{self, Pending, Running, Stopped};

use super::http::{SIGNED, answer};
use super::*;
use crate::fleet::{Generated, Shape, generate};

fn fleet_of(instances: usize, seed: u64) -> (World, Generated) {
    let mut world = empty_world();
    // Not every list in here comes in pages.
    world.unknowns.most_interfaces_at_once = usize::MAX;
    let generated = generate(&mut world, &Shape::of(instances), seed).unwrap();
    (world, generated)
}

/// All instances, page by page, and how many pages there were.
fn listed(world: &mut World) -> (Vec<InstanceDetail>, usize) {
    let (mut all, mut pages, mut token) = (Vec::new(), 0, None);
    loop {
        let page = call!(world, DescribeInstances(Describe::page(1000, token)));
        all.extend(page.items);
        pages += 1;
        token = page.next;
        if token.is_none() {
            return (all, pages);
        }
    }
}

fn in_state(all: &[InstanceDetail], state: InstanceState) -> usize {
    all.iter().filter(|detail| detail.instance.state == state).count()
}

fn on_the_wire(world: &mut World, action: &str) -> String {
    answer(world, Some(SIGNED), &format!("Action={action}&Version=2016-11-15")).body
}

#[test]
fn a_fleet_of_five_thousand_is_listed_whole_and_everything_once() {
    let (mut world, _) = fleet_of(5000, 1);
    let (all, pages) = listed(&mut world);
    let ids: BTreeSet<_> = all.iter().map(|detail| &detail.instance.id).collect();
    assert_eq!((all.len(), ids.len(), pages), (5000, 5000, 5));
    let hanging: BTreeSet<_> = all.iter().flat_map(|it| &it.interfaces).map(|interface| interface.id.clone()).collect();
    let interfaces = call!(world, DescribeNetworkInterfaces(Describe::all())).items;
    let attached: BTreeSet<_> =
        interfaces.iter().filter(|interface| interface.instance().is_some()).map(|it| it.id.clone()).collect();
    assert_eq!(hanging, attached);
    assert!(interfaces.len() > attached.len());
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_another_fleet() {
    let bytes = |seed: u64| {
        let (mut world, _) = fleet_of(300, seed);
        ["DescribeInstances", "DescribeNetworkInterfaces", "DescribeSubnets", "DescribeVpcs", "DescribeTags"]
            .map(|action| on_the_wire(&mut world, action))
    };
    assert!(bytes(1) == bytes(1));
    let (one, other) = (bytes(1), bytes(2));
    assert!(one.iter().zip(&other).take(2).all(|(one, other)| one != other));
}

#[test]
fn every_size_has_as_many_instances_as_it_was_asked_for() {
    for size in [0, 1, 2, 17, 400] {
        let (mut world, _) = fleet_of(size, 3);
        assert_eq!(listed(&mut world).0.len(), size);
    }
}

#[test]
fn a_fleet_stands_at_once_and_stays_as_it_is() {
    let (mut world, _) = fleet_of(1000, 4);
    let before = listed(&mut world).0;
    assert_eq!(in_state(&before, Pending), 0);
    assert!((30..200).contains(&in_state(&before, Stopped)));
    pass(&mut world, 3600);
    assert!(listed(&mut world).0 == before);
    assert!(before.iter().map(|it| it.instance.launched).collect::<BTreeSet<_>>().len() > 900);
}

#[test]
fn a_fleet_has_something_of_everything() {
    let (mut world, generated) = fleet_of(2000, 5);
    let all = listed(&mut world).0;
    let with = |has: &dyn Fn(&InstanceDetail) -> bool| all.iter().filter(|detail| has(detail)).count();
    let tag = |detail: &InstanceDetail, key: &str| detail.instance.tags.get(key).cloned().unwrap_or_default();
    assert!((100..800).contains(&with(&|it| tag(it, "mirror") == "crown-jewel")));
    assert!((500..700).contains(&with(&|it| it.instance.tags.contains_key("eks:cluster-name"))));
    assert!((1200..1400).contains(&with(&|it| it.instance.tags.contains_key("aws:autoscaling:groupName"))));
    assert!((5..100).contains(&with(&|it| it.instance.tags.is_empty())));
    assert!(with(&|it| it.instance.instance_type.starts_with("t2.")) > 0);
    assert!(with(&|it| it.interfaces.len() > 1) > 300);
    assert!(with(&|it| it.interfaces.iter().any(|interface| interface.description.starts_with("aws-K8S-i-"))) > 300);
    let mut interfaces = all.iter().flat_map(|detail| &detail.interfaces);
    assert!(interfaces.all(|interface| !interface.security_groups.is_empty()));
    let environments: BTreeSet<_> = all.iter().map(|it| tag(it, "env")).filter(|it| !it.is_empty()).collect();
    assert_eq!((environments.len(), generated.vpcs.len()), (3, 3));
}

// Facts: 8-other-reserved-tags
#[test]
fn whatever_makes_machines_tags_them_with_keys_that_nobody_else_can_set_or_remove() {
    let (mut world, _) = fleet_of(600, 6);
    let keys = [
        "aws:autoscaling:groupName",
        "aws:ec2launchtemplate:id",
        "aws:ec2launchtemplate:version",
        "aws:ec2:fleet-id",
        "aws:cloudformation:stack-name",
        "aws:cloudformation:stack-id",
        "aws:cloudformation:logical-id",
        "aws:eks:cluster-name",
    ];
    for key in keys {
        let tagged = call!(world, DescribeTags(Describe::all().filtered("key", key))).items;
        let resource = tagged[0].resource.clone();
        let mine = CreateTags { resources: vec![resource.clone()], tags: tags_of([(key, "mine")]) };
        assert_eq!(refused!(world, CreateTags(mine)), "InvalidParameterValue");
        let none = DeleteTags { resources: vec![resource], tags: vec![(key.into(), None)] };
        world.call(Request::DeleteTags(none)).unwrap();
        assert_eq!(call!(world, DescribeTags(Describe::all().filtered("key", key))).items, tagged);
    }
}

#[test]
fn some_fleet_has_ipv6() {
    let mut with_and_without = BTreeSet::new();
    for seed in 1..6 {
        let all = listed(&mut fleet_of(200, seed).0).0;
        let interfaces = all.iter().flat_map(|detail| &detail.interfaces);
        with_and_without.extend(interfaces.map(|interface| interface.ipv6_addresses.is_empty()));
    }
    assert_eq!(with_and_without.len(), 2);
}

#[test]
fn the_groups_of_a_fleet_live_on() {
    let (mut world, generated) = fleet_of(600, 7);
    let sizes: BTreeMap<_, _> =
        generated.groups.iter().map(|name| (name, world.scaling_instances(name).unwrap().len())).collect();
    let victims: Vec<_> = sizes.keys().map(|name| world.scaling_instances(name).unwrap().remove(0).0).collect();
    call!(world, TerminateInstances(victims));
    pass(&mut world, 60);
    for (name, size) in sizes {
        assert_eq!(world.scaling_instances(name).unwrap().len(), size, "{name}");
    }
    assert!(in_state(&listed(&mut world).0, Running) > 400);
}

#[test]
fn subnets_lie_in_their_vpc_beside_each_other_and_have_room() {
    for size in [1, 150, 4000] {
        let (mut world, generated) = fleet_of(size, 8);
        for vpc in generated.vpcs {
            let block = call!(world, DescribeVpcs(Describe::only([vpc.clone()]))).items.remove(0).cidr;
            let subnets = call!(world, DescribeSubnets(Describe::all().filtered("vpc-id", vpc.as_str()))).items;
            let mut blocks: Vec<_> = subnets.iter().map(|subnet| subnet.cidr.unwrap()).collect();
            blocks.sort();
            assert!(blocks.iter().all(|it| block.contains(it) && it.trunc() == *it));
            assert!(blocks.windows(2).all(|pair| pair[0].broadcast() < pair[1].network()));
            assert!(subnets.iter().all(|subnet| subnet.available_addresses() > 0));
        }
    }
}
