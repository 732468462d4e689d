//! Takes auto scaling groups of several accounts in one Region; gives sentences about whose they and their instances are. Never has two
//! accounts know of each other's groups.

use std::collections::BTreeSet;

use mirror_core::inventory::InstanceState::{self, Running, Stopped};

use super::*;
use crate::Lifecycle::{InService, WarmedStopped};
use crate::fleet::{Shape, generate};

const GROUP: &str = "web";

fn one() -> AccountId {
    "123456789012".into()
}

fn other() -> AccountId {
    "210987654321".into()
}

/// A world in which both accounts have a group of the same name, of so many instances each.
fn both_with(sizes: [usize; 2], shape: impl Fn(ScalingGroup) -> ScalingGroup) -> World {
    let mut world = empty_world();
    for (account, size) in [one(), other()].iter().zip(sizes) {
        world.acting_for(account, |world| {
            let subnets = network(world).subnets;
            world.add_scaling_group(shape(ScalingGroup::of(GROUP, size, instance().template(), &subnets))).unwrap();
        });
    }
    pass(&mut world, 6);
    world
}

/// What an account lists of instances in this state.
fn listed(world: &mut World, account: &AccountId, state: InstanceState) -> BTreeSet<InstanceId> {
    world.acting_for(account, |world| {
        let asked = Describe::all().filtered("instance-state-name", &state.to_string());
        let details = call!(world, DescribeInstances(asked)).items;
        assert!(details.iter().all(|detail| detail.instance.owner == *account));
        assert!(details.iter().flat_map(|it| &it.interfaces).all(|interface| interface.owner == *account));
        details.into_iter().map(|detail| detail.instance.id).collect()
    })
}

#[test]
fn a_group_is_told_things_by_its_account_alone_whatever_others_call_theirs() {
    let mut world = both_with([2, 3], |group| group);
    world.acting_for(&other(), |world| world.set_desired_capacity(GROUP, 5)).unwrap();
    pass(&mut world, 3);
    assert_eq!([one(), other()].map(|account| listed(&mut world, &account, Running).len()), [2, 5]);
}

#[test]
fn a_group_of_another_account_is_not_found() {
    let mut world = empty_world();
    world.acting_for(&other(), |world| {
        let subnets = network(world).subnets;
        world.add_scaling_group(ScalingGroup::of(GROUP, 1, instance().template(), &subnets)).unwrap();
    });
    assert_eq!(world.set_desired_capacity(GROUP, 1).unwrap_err().code, "ValidationError");
    assert_eq!(world.set_warm_pool(GROUP, None).unwrap_err().code, "ValidationError");
    assert_eq!(world.scaling_instances(GROUP).unwrap_err().code, "ValidationError");
    assert!(!world.is_refreshing(GROUP));
}

#[test]
fn what_dies_is_replaced_by_the_group_and_in_the_account_that_it_belonged_to() {
    let mut world = both_with([2, 2], |group| group);
    let before = listed(&mut world, &one(), Running);
    let dying = listed(&mut world, &other(), Running);
    world.call_as(&other(), Request::TerminateInstances(dying.iter().cloned().collect())).unwrap();
    pass(&mut world, 20);
    assert_eq!(listed(&mut world, &one(), Running), before);
    let after = listed(&mut world, &other(), Running);
    assert!(after.len() == 2 && after.is_disjoint(&dying));
}

#[test]
fn a_warm_pool_waits_in_the_account_of_its_group() {
    let mut world = both_with([1, 2], |group| group.with_warm_pool(WarmPool::up_to(3)));
    assert_eq!([one(), other()].map(|account| listed(&mut world, &account, Stopped).len()), [2, 1]);
    let warm = listed(&mut world, &other(), Stopped);
    let lifecycles = world.acting_for(&other(), |world| {
        world.set_desired_capacity(GROUP, 3).unwrap();
        pass(world, 3);
        world.scaling_instances(GROUP).unwrap().into_iter().map(|(_, lifecycle)| lifecycle).collect::<Vec<_>>()
    });
    assert_eq!(lifecycles, [InService; 3]);
    assert!(listed(&mut world, &other(), Running).is_superset(&warm));
    assert_eq!(world.scaling_instances(GROUP).unwrap().iter().filter(|(_, it)| *it == WarmedStopped).count(), 2);
}

#[test]
fn a_refresh_replaces_the_instances_of_one_account_and_leaves_the_others_theirs() {
    let mut world = both_with([2, 2], |group| group);
    let [ours, theirs] = [one(), other()].map(|account| listed(&mut world, &account, Running));
    let wish = InstanceRefresh { min_healthy_percentage: 0, warmup: SignedDuration::from_secs(5) };
    world.acting_for(&other(), |world| world.start_instance_refresh(GROUP, wish)).unwrap();
    pass(&mut world, 30);
    assert_eq!(listed(&mut world, &one(), Running), ours);
    let fresh = listed(&mut world, &other(), Running);
    assert!(fresh.len() == 2 && fresh.is_disjoint(&theirs));
}

#[test]
fn a_group_in_a_shared_subnet_makes_instances_of_its_own_account_and_interfaces_that_the_host_sees() {
    let mut world = empty_world();
    let vpc = world.add_vpc("10.0.0.0/16".parse().unwrap(), None);
    let subnet = world.add_subnet(&vpc, &"eu-west-1a".into(), "10.0.0.0/24".parse().unwrap(), None);
    world.share_subnet(&subnet, &other()).unwrap();
    let group = ScalingGroup::of(GROUP, 2, instance().template(), std::slice::from_ref(&subnet));
    world.acting_for(&other(), |world| world.add_scaling_group(group)).unwrap();
    pass(&mut world, 3);
    assert_eq!([one(), other()].map(|account| listed(&mut world, &account, Running).len()), [0, 2]);
    let interfaces = call!(world, DescribeNetworkInterfaces(Describe::all())).items;
    assert!(interfaces.len() == 2 && interfaces.iter().all(|interface| interface.owner == other()));
}

#[test]
fn generated_fleets_of_two_accounts_are_listed_each_by_its_own() {
    let mut world = empty_world();
    for (account, size) in [(one(), 300), (other(), 200)] {
        let generated = world.acting_for(&account, |world| generate(world, &Shape::of(size), 1)).unwrap();
        assert!(world.acting_for(&account, |world| world.scaling_instances(&generated.groups[0])).is_ok());
    }
    for (account, size) in [(one(), 300), (other(), 200)] {
        assert_eq!(listed(&mut world, &account, Running).len() + listed(&mut world, &account, Stopped).len(), size);
    }
    let blocks: Vec<_> = world.vpcs.values().filter_map(|vpc| vpc.ipv6_cidr).collect();
    assert_eq!(blocks.iter().collect::<BTreeSet<_>>().len(), blocks.len(), "{blocks:?}");
}
