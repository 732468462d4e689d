//! Takes policies that take packets away; gives sentences about how many sessions lose them in an hour, and what does not count.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::*;
use crate::compile::compile;
use crate::decide::{Fits, decide};
use crate::inventory::{Gap, InstanceState, Kind};
use crate::plan::{Wait, plan};
use crate::testing::at;

const HOUR: i64 = 3600;

/// So many jewels, mirrored for more than an hour, under a policy of which a tenth of the sessions may lose packets in an hour.
fn long_mirrored(count: usize) -> (Cloud, Reconciler, i64) {
    let (mut cloud, mut ours, now) = mirrored(count);
    ours.policy.limits.max_losses = 0.1;
    ours.round(&mut cloud, now + HOUR);
    ours.round(&mut cloud, now + 2 * HOUR);
    (cloud, ours, now + 2 * HOUR)
}

/// How many of a hundred sessions are left after each quarter of an hour of two hours.
fn left(cloud: &mut Cloud, ours: &mut Reconciler, now: i64) -> Vec<usize> {
    let mut left = Vec::new();
    for seconds in (10..=2 * HOUR).step_by(10) {
        ours.round(cloud, now + seconds);
        if seconds % 900 == 0 {
            left.push(cloud.facts.0.sessions.len());
        }
    }
    left
}

#[test]
fn a_policy_that_wants_nothing_any_more_takes_a_tenth_at_once_and_a_tenth_in_an_hour() {
    let (mut cloud, mut ours, now) = long_mirrored(100);
    ours.policy.strategies.clear();
    let left = left(&mut cloud, &mut ours, now);
    assert_eq!((left[0], left[3], left[7]), (88, 81, 72), "{left:?}");
    let held = |waiting: &&crate::plan::Waiting| matches!(waiting.on, Wait::Allowance(_));
    assert_eq!(ours.plan.waiting.iter().filter(held).count(), 72, "and the others are shown");
    assert!(ours.plan.retry_at().is_some());
}

#[test]
fn all_of_them_may_go_at_once_where_the_policy_says_so() {
    let (mut cloud, mut ours, now) = mirrored(100);
    assert_eq!(ours.policy.limits.max_losses, 1.0);
    ours.round(&mut cloud, now + HOUR);
    ours.policy.strategies.clear();
    let now = now + HOUR;
    assert_eq!(left(&mut cloud, &mut ours, now)[0], 0);
}

#[test]
fn five_may_go_right_after_the_start() {
    let (mut cloud, mut ours, now) = mirrored(20);
    ours.policy.limits.max_losses = 0.0;
    ours.policy.strategies.clear();
    for seconds in (10..=60).step_by(10) {
        ours.round(&mut cloud, now + seconds);
    }
    assert_eq!(cloud.facts.0.sessions.len(), 15);
}

#[test]
fn who_begins_anew_again_and_again_as_one_whose_lease_comes_and_goes_loses_no_more_than_five() {
    let (mut cloud, mut ours, now) = mirrored(40);
    ours.policy.limits.max_losses = 0.0;
    ours.policy.strategies.clear();
    for term in 0..5 {
        for seconds in (10..=60).step_by(10) {
            ours.round(&mut cloud, now + 60 * term + seconds);
        }
        ours.memory = ours.memory.clone().anew("eu-west-1".into());
    }
    assert_eq!(cloud.facts.0.sessions.len(), 35);
}

#[test]
fn what_stands_on_stopped_instances_goes_and_does_not_count() {
    let (mut cloud, mut ours, now) = long_mirrored(40);
    for n in 0..40 {
        let instance = format!("i-{n:04}");
        cloud.change(|facts| facts.instance_in(&instance, InstanceState::Stopped, &[("mirror", "jewel")]));
    }
    assert_eq!(left(&mut cloud, &mut ours, now)[0], 0);
}

#[test]
fn what_is_sent_to_a_load_balancer_without_its_listener_moves_once_that_has_settled_and_does_not_count() {
    let (mut cloud, mut ours, now) = long_mirrored(40);
    let was = cloud.facts.0.sessions.values().next().unwrap().target.clone();
    cloud.change(|facts| facts.behind(&[]).deaf());
    let to = |resource| crate::testing::to_resource(resource);
    let other = crate::inventory::Resource::NetworkLoadBalancer("arn:aws:x:loadbalancer/net/other/1".into());
    ours.policy.sensors.get_mut("sta").unwrap().targets.push(to(other));
    ours.round(&mut cloud, now + 10);
    ours.round(&mut cloud, now + 20);
    assert!(cloud.facts.0.sessions.values().all(|session| session.target == was), "not before it has settled");
    for seconds in (30..=120).step_by(10) {
        ours.round(&mut cloud, now + seconds);
    }
    assert!(cloud.facts.0.sessions.values().all(|session| session.target != was));
    assert_eq!(cloud.count("ModifyTrafficMirrorSession"), 40, "each in place, and once");
}

#[test]
fn what_somebody_else_has_pointed_elsewhere_comes_back_and_does_not_count() {
    let (mut cloud, mut ours, now) = long_mirrored(40);
    cloud.change(|facts| facts.target("tmt-x", crate::inventory::Resource::NetworkLoadBalancer("arn:x".into())));
    cloud.facts.0.targets.get_mut(&"tmt-x".into()).unwrap().tags.clear();
    cloud.facts.0.sessions.values_mut().for_each(|session| session.target = "tmt-x".into());
    for seconds in (10..=120).step_by(10) {
        ours.round(&mut cloud, now + seconds);
    }
    assert!(cloud.facts.0.sessions.values().all(|session| session.target.as_str() != "tmt-x"));
    assert!(ours.plan.is_empty(), "{:?}", ours.plan);
}

#[test]
fn what_is_new_never_waits_for_the_allowance() {
    let (mut cloud, mut ours, now) = long_mirrored(20);
    for n in 0..20 {
        cloud.change(|facts| facts.instance(&format!("i-{n:04}"), &[]));
    }
    for n in 100..150 {
        let (instance, interface) = (format!("i-{n:04}"), format!("eni-{n:04}"));
        cloud.change(|facts| facts.instance(&instance, &[("mirror", "jewel")]).interface(&interface, &instance));
    }
    ours.round(&mut cloud, now + 10);
    assert_eq!(cloud.facts.0.sessions.len(), 70);
}

/// The digest of what is held.
fn digest(ours: &Reconciler) -> String {
    ours.plan.held.as_ref().unwrap().digest.clone()
}

#[test]
fn what_is_held_is_shown_from_the_first_look_and_keeps_its_digest_while_the_hours_work_it_off() {
    let (mut cloud, mut ours, now) = long_mirrored(100);
    ours.policy.strategies.clear();
    ours.round(&mut cloud, now + 10);
    let (held, shown) = (ours.plan.held.clone().unwrap(), digest(&ours));
    assert_eq!((held.losses.len(), cloud.facts.0.sessions.len()), (100, 100), "all of them, before the first has gone");
    left(&mut cloud, &mut ours, now);
    let held = ours.plan.held.clone().unwrap();
    assert_eq!((held.losses.len(), digest(&ours)), (73, shown), "with the one that goes in this round");
}

#[test]
fn what_a_person_approves_goes_at_once_and_takes_nothing_from_the_allowance() {
    let (mut cloud, mut ours, now) = long_mirrored(100);
    ours.policy.strategies.clear();
    ours.round(&mut cloud, now + 10);
    ours.policy.approve.insert(digest(&ours), at(now + HOUR));
    let allowance = |ours: &Reconciler| ours.memory.allowance.left(0.1, at(now + 10)).0;
    let before = allowance(&ours);
    for seconds in (20..=60).step_by(10) {
        ours.round(&mut cloud, now + seconds);
    }
    assert_eq!((cloud.facts.0.sessions.len(), ours.plan.held.clone(), allowance(&ours)), (0, None, before));
}

#[test]
fn an_approval_that_a_person_says_is_heard_once_and_counts_as_one_of_the_policy_does() {
    let (mut cloud, mut ours, now) = long_mirrored(100);
    ours.policy.strategies.clear();
    ours.round(&mut cloud, now + 10);
    ours.memory.approve(&ours.policy.approve, &BTreeSet::from([digest(&ours)]), at(now + 10));
    for seconds in (20..=60).step_by(10) {
        ours.round(&mut cloud, now + seconds);
    }
    assert_eq!(cloud.facts.0.sessions.len(), 0);
}

#[test]
fn an_approval_does_not_cover_what_comes_to_it_nor_anything_else() {
    let (mut cloud, mut ours, now) = long_mirrored(100);
    ours.policy.limits.max_losses = 0.0;
    ours.policy.approve.insert("0".repeat(32), at(now + HOUR));
    let off = |cloud: &mut Cloud, some: std::ops::Range<usize>| {
        let instances = Arc::make_mut(&mut cloud.facts.0.instances).values_mut();
        let some = instances.skip(some.start).take(some.len());
        some.for_each(|instance| _ = instance.tags.insert("mirror".into(), "off".into()));
    };
    off(&mut cloud, 0..10);
    ours.round(&mut cloud, now + 10);
    ours.policy.approve.insert(digest(&ours), at(now + HOUR));
    ours.round(&mut cloud, now + 20);
    off(&mut cloud, 10..20);
    for seconds in (30..=100).step_by(10) {
        ours.round(&mut cloud, now + seconds);
    }
    assert_eq!(cloud.facts.0.sessions.len(), 100 - 10 - 5, "the approved ten, and the five that may always go");
    assert_eq!(ours.plan.held.unwrap().losses.len(), 5);
}

#[test]
fn nothing_is_held_where_nobody_knows_all_that_is_to_be_lost() {
    let (cloud, mut ours, now) = long_mirrored(100);
    ours.policy.strategies.clear();
    let mut memory = ours.observe(&cloud, now + 10);
    let gap = Gap { why: "denied".into(), at: at(now + 10) };
    Arc::make_mut(&mut memory.inventory).gaps.insert(Kind::Instances, gap);
    let mut fits = Fits::default();
    let decisions = decide(&ours.policy, &memory.inventory, &memory.lessons, &mut fits, at(now + 10));
    let plan = plan(&compile(&ours.policy, &decisions, &mut fits), &memory.inventory, &memory, at(now + 10));
    assert_eq!((plan.held, plan.steps.len()), (None, 0));
}
