//! Takes auto scaling groups; gives sentences about how they grow, shrink and replace. Never looks at what they run on.

use std::collections::{BTreeMap, BTreeSet};

use mirror_core::ids::Zone;
use mirror_core::inventory::InstanceState::{self, Pending, Running, ShuttingDown, Stopped};

use super::*;
use crate::Lifecycle::{InService, WarmedPending, WarmedRunning, WarmedStopped};

const GROUP: &str = "web";

fn world_with(shape: impl FnOnce(ScalingGroup) -> ScalingGroup) -> World {
    let mut world = empty_world();
    let network = network(&mut world);
    let group = ScalingGroup::of(GROUP, 6, instance().template(), &network.subnets);
    world.add_scaling_group(shape(group)).unwrap();
    pass(&mut world, 3);
    world
}

fn members(world: &mut World) -> Vec<Instance> {
    let asked = Describe::all().filtered("tag:aws:autoscaling:groupName", GROUP);
    call!(world, DescribeInstances(asked)).items.into_iter().map(|detail| detail.instance).collect()
}

fn in_state(world: &mut World, state: InstanceState) -> Vec<Instance> {
    members(world).into_iter().filter(|instance| instance.state == state).collect()
}

fn ids(instances: &[Instance]) -> BTreeSet<InstanceId> {
    instances.iter().map(|instance| instance.id.clone()).collect()
}

/// How many instances there are of each lifecycle.
fn lifecycles(world: &World) -> BTreeMap<Lifecycle, usize> {
    let mut counts = BTreeMap::new();
    for (_, lifecycle) in world.scaling_instances(GROUP).unwrap() {
        *counts.entry(lifecycle).or_default() += 1;
    }
    counts
}

fn by_zone(instances: &[Instance]) -> BTreeMap<Zone, usize> {
    let mut counts = BTreeMap::new();
    for instance in instances {
        *counts.entry(instance.zone.clone()).or_default() += 1;
    }
    counts
}

#[test]
fn a_group_spreads_its_instances_over_its_zones() {
    let mut world = world_with(|group| group);
    assert!(by_zone(&in_state(&mut world, Running)).into_values().eq([2, 2, 2]));
}

// Facts: 8-group-tag, 8-other-reserved-tags
#[test]
fn the_instances_of_a_group_say_which_group_and_which_template_made_them() {
    let mut world = world_with(|group| group);
    world.set_launch_template(GROUP, instance().of_type("c5.large").template()).unwrap();
    world.set_desired_capacity(GROUP, 7).unwrap();
    pass(&mut world, 3);
    let tag = |instance: &Instance, key: &str| instance.tags[&format!("aws:{key}")].clone();
    let all = members(&mut world);
    assert!(all.iter().all(|it| tag(it, "autoscaling:groupName") == GROUP));
    assert!(all.iter().all(|it| tag(it, "ec2launchtemplate:id").starts_with("lt-")));
    let second: Vec<_> = all.iter().filter(|it| tag(it, "ec2launchtemplate:version") == "2").collect();
    assert_eq!((second.len(), second[0].instance_type.as_str()), (1, "c5.large"));
}

#[test]
fn a_group_scales_out_to_where_it_has_the_fewest() {
    let mut world = world_with(|group| group);
    world.set_desired_capacity(GROUP, 9).unwrap();
    pass(&mut world, 0);
    assert_eq!(in_state(&mut world, Pending).len(), 3);
    pass(&mut world, 3);
    assert!(by_zone(&in_state(&mut world, Running)).into_values().eq([3, 3, 3]));
}

#[test]
fn a_scale_in_takes_the_oldest_of_the_fullest_zone() {
    let mut world = world_with(|group| ScalingGroup { desired: 3, ..group });
    let old = ids(&members(&mut world));
    world.set_desired_capacity(GROUP, 4).unwrap();
    pass(&mut world, 3);
    let fullest = by_zone(&members(&mut world)).into_iter().max_by_key(|(_, count)| *count).unwrap().0;
    world.set_desired_capacity(GROUP, 3).unwrap();
    pass(&mut world, 1);
    let gone = in_state(&mut world, ShuttingDown);
    assert_eq!((gone.len(), &gone[0].zone), (1, &fullest));
    assert!(old.contains(&gone[0].id));
}

#[test]
fn a_scale_in_takes_the_oldest_template_before_the_oldest_instance() {
    let mut world = world_with(|group| ScalingGroup { desired: 3, ..group });
    let old = ids(&members(&mut world));
    world.set_launch_template(GROUP, instance().of_type("c5.large").template()).unwrap();
    world.set_desired_capacity(GROUP, 6).unwrap();
    pass(&mut world, 3);
    world.set_desired_capacity(GROUP, 3).unwrap();
    pass(&mut world, 1);
    assert_eq!(ids(&in_state(&mut world, ShuttingDown)), old);
}

#[test]
fn a_size_beyond_the_limits_is_refused() {
    let mut world = world_with(|group| ScalingGroup { min: 2, max: 8, ..group });
    for desired in [1, 9] {
        assert_eq!(world.set_desired_capacity(GROUP, desired).unwrap_err().code, "ValidationError");
    }
    assert_eq!(world.set_desired_capacity("none", 3).unwrap_err().code, "ValidationError");
    assert_eq!(members(&mut world).len(), 6);
}

#[test]
fn a_group_notices_after_a_while_that_instances_are_gone_and_replaces_them_all_at_once() {
    let mut world = world_with(|group| group);
    let dying: Vec<_> = ids(&members(&mut world)).into_iter().take(4).collect();
    call!(world, TerminateInstances(dying));
    pass(&mut world, 9);
    assert_eq!((in_state(&mut world, Running).len(), in_state(&mut world, Pending).len()), (2, 0));
    pass(&mut world, 1);
    assert_eq!((in_state(&mut world, Running).len(), in_state(&mut world, Pending).len()), (2, 4));
    pass(&mut world, 2);
    assert_eq!(in_state(&mut world, Running).len(), 6);
}

#[test]
fn an_instance_that_stops_is_not_healthy_and_is_terminated() {
    let mut world = world_with(|group| group);
    let stopped = members(&mut world).remove(0).id;
    call!(world, StopInstances(vec![stopped.clone()]));
    pass(&mut world, 10);
    assert_eq!(seen(&mut world, &stopped).instance.state, ShuttingDown);
    pass(&mut world, 3);
    assert_eq!(in_state(&mut world, Running).len(), 6);
}

#[test]
fn a_group_without_room_tries_again_until_there_is_some() {
    let mut world = empty_world();
    let vpc = world.add_vpc("10.0.0.0/16".parse().unwrap(), None);
    let subnet = world.add_subnet(&vpc, &"eu-west-1a".into(), "10.0.0.0/28".parse().unwrap(), None);
    world.add_scaling_group(ScalingGroup::of(GROUP, 11, instance().template(), std::slice::from_ref(&subnet))).unwrap();
    world.set_desired_capacity(GROUP, 12).unwrap();
    pass(&mut world, 60);
    assert_eq!(in_state(&mut world, Running).len(), 11);
    let other = world.add_subnet(&vpc, &"eu-west-1b".into(), "10.0.1.0/28".parse().unwrap(), None);
    world.set_scaling_subnets(GROUP, vec![subnet, other]).unwrap();
    pass(&mut world, 15);
    assert_eq!(in_state(&mut world, Running).len(), 12);
}

#[test]
fn a_refresh_replaces_everything_and_keeps_what_it_shall_healthy() {
    let mut world = world_with(|group| group);
    let old = ids(&members(&mut world));
    world.set_launch_template(GROUP, instance().of_type("c5.large").template()).unwrap();
    let wish = InstanceRefresh { min_healthy_percentage: 50, warmup: SignedDuration::from_secs(5) };
    world.start_instance_refresh(GROUP, wish).unwrap();
    assert_eq!(world.start_instance_refresh(GROUP, wish).unwrap_err().code, "InstanceRefreshInProgress");
    for _ in 0..40 {
        pass(&mut world, 1);
        assert!(in_state(&mut world, Running).len() >= 3);
    }
    let new = in_state(&mut world, Running);
    assert_eq!(new.len(), 6);
    assert!(ids(&new).is_disjoint(&old) && new.iter().all(|it| it.instance_type == "c5.large"));
    assert!(!world.is_refreshing(GROUP));
}

#[test]
fn a_refresh_waits_until_a_batch_is_warm() {
    let mut world = world_with(|group| group);
    let old = ids(&members(&mut world));
    let wish = InstanceRefresh { min_healthy_percentage: 50, warmup: SignedDuration::from_secs(60) };
    world.start_instance_refresh(GROUP, wish).unwrap();
    pass(&mut world, 61);
    assert_eq!(ids(&in_state(&mut world, Running)).intersection(&old).count(), 3);
    pass(&mut world, 1);
    assert_eq!(ids(&in_state(&mut world, Running)).intersection(&old).count(), 0);
}

#[test]
fn a_refresh_that_shall_keep_all_healthy_replaces_one_at_a_time() {
    let mut world = world_with(|group| group);
    let wish = InstanceRefresh { min_healthy_percentage: 100, warmup: SignedDuration::ZERO };
    world.start_instance_refresh(GROUP, wish).unwrap();
    for _ in 0..20 {
        pass(&mut world, 1);
        assert!(in_state(&mut world, Running).len() >= 5);
    }
    assert!(!world.is_refreshing(GROUP));
}

#[test]
fn a_refresh_goes_on_when_instances_die_meanwhile() {
    let mut world = world_with(|group| group);
    let old = ids(&members(&mut world));
    let wish = InstanceRefresh { min_healthy_percentage: 50, warmup: SignedDuration::from_secs(5) };
    world.start_instance_refresh(GROUP, wish).unwrap();
    pass(&mut world, 4);
    let running = ids(&in_state(&mut world, Running)).into_iter().take(2).collect();
    call!(world, TerminateInstances(running));
    pass(&mut world, 60);
    assert!(!world.is_refreshing(GROUP));
    let new = ids(&in_state(&mut world, Running));
    assert!(new.len() == 6 && new.is_disjoint(&old));
}

#[test]
fn instances_of_a_warm_pool_are_launched_and_then_stopped() {
    let mut world = world_with(|group| group.with_warm_pool(WarmPool::up_to(8)));
    assert_eq!(lifecycles(&world), [(InService, 6), (WarmedPending, 2)].into());
    assert_eq!(in_state(&mut world, InstanceState::Stopping).len(), 2);
    pass(&mut world, 3);
    assert_eq!(lifecycles(&world), [(InService, 6), (WarmedStopped, 2)].into());
    assert_eq!(in_state(&mut world, Stopped).len(), 2);
}

#[test]
fn a_scale_out_starts_what_is_warm_and_fills_the_pool_again() {
    let pool = WarmPool { max_prepared: None, min_size: 2, ..WarmPool::up_to(0) };
    let mut world = world_with(|group| ScalingGroup { max: 8, ..group }.with_warm_pool(pool));
    pass(&mut world, 3);
    let warm = ids(&in_state(&mut world, Stopped));
    world.set_desired_capacity(GROUP, 8).unwrap();
    pass(&mut world, 3);
    assert!(ids(&in_state(&mut world, Running)).is_superset(&warm));
    pass(&mut world, 6);
    assert_eq!(lifecycles(&world), [(InService, 8), (WarmedStopped, 2)].into());
}

#[test]
fn a_scale_in_returns_instances_to_a_pool_that_takes_them_and_ends_the_others() {
    for reuses_on_scale_in in [true, false] {
        let pool = WarmPool { reuses_on_scale_in, ..WarmPool::up_to(6) };
        let mut world = world_with(|group| group.with_warm_pool(pool));
        let before = ids(&members(&mut world));
        world.set_desired_capacity(GROUP, 4).unwrap();
        pass(&mut world, 10);
        assert_eq!(lifecycles(&world), [(InService, 4), (WarmedStopped, 2)].into());
        let warm = ids(&in_state(&mut world, Stopped));
        assert_eq!(warm.is_subset(&before), reuses_on_scale_in);
    }
}

#[test]
fn a_pool_can_wait_running_and_goes_when_it_is_taken_away() {
    let pool = WarmPool { state: PoolState::Running, ..WarmPool::up_to(8) };
    let mut world = world_with(|group| group.with_warm_pool(pool));
    assert_eq!(lifecycles(&world), [(InService, 6), (WarmedRunning, 2)].into());
    world.set_warm_pool(GROUP, None).unwrap();
    pass(&mut world, 1);
    assert_eq!(in_state(&mut world, ShuttingDown).len(), 2);
}

#[test]
fn how_long_an_instance_is_pending_and_shutting_down_is_drawn_from_the_seed() {
    let at_pace = |seed: u64| {
        let mut world = World::new("123456789012".into(), "eu-west-1".into(), seed, Time::UNIX_EPOCH);
        world.pace.pending = [5, 60].map(SignedDuration::from_secs);
        world.pace.shutting_down = [20, 90].map(SignedDuration::from_secs);
        let network = network(&mut world);
        world.add_scaling_group(ScalingGroup::of(GROUP, 30, instance().template(), &network.subnets)).unwrap();
        let running = |world: &mut World| in_state(world, Running).len();
        let seconds: Vec<usize> = (0..61)
            .map(|_| {
                pass(&mut world, 1);
                running(&mut world)
            })
            .collect();
        world.set_desired_capacity(GROUP, 0).unwrap();
        pass(&mut world, 19);
        assert_eq!(in_state(&mut world, ShuttingDown).len(), 30);
        pass(&mut world, 72);
        assert_eq!(in_state(&mut world, InstanceState::Terminated).len(), 30);
        seconds
    };
    let seconds = at_pace(7);
    assert_eq!((seconds[3], seconds[60]), (0, 30));
    assert!(seconds[30] > 0 && seconds[30] < 30);
    assert_eq!(seconds, at_pace(7));
    assert_ne!(seconds, at_pace(8));
}
