//! Takes a fleet that is mirrored; gives sentences about how few calls a change of the policy takes, and that no change takes none.

use super::*;
use crate::cloud::{SessionChange, Step};

const OTHER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/other/2";

#[test]
fn another_load_balancer_in_the_policy_takes_one_change_for_each_session_and_two_calls_for_the_targets() {
    let (mut cloud, mut ours, now) = mirrored(1000);
    // The allowance of all of them is full after an hour.
    let now = now + 3600;
    ours.round(&mut cloud, now);
    let before = cloud.calls.len();
    ours.policy = to_load_balancer(OTHER);
    let end = ours.settle(&mut cloud, now + 10);
    assert!(end - now <= 120, "{} seconds", end - now);
    let calls = &cloud.calls[before..];
    assert_eq!(calls.len(), 1002);
    assert!(matches!(&calls[0].1, Step::CreateTarget { .. }), "{}", calls[0].1);
    assert!(matches!(&calls[1001].1, Step::DeleteTarget { .. }), "{}", calls[1001].1);
    // In place, and nothing but the target: no packet goes unseen.
    for (_, step) in &calls[1..1001] {
        let Step::ModifySession { change, .. } = step else { panic!("{step}") };
        let SessionChange { target, filter, number, packet_length, vni } = change;
        assert!(target.is_some() && filter.is_none() && number.is_none() && packet_length.is_none() && vni.is_none());
    }
}

#[test]
fn a_fleet_is_made_with_one_call_for_each_session_and_those_for_what_they_share() {
    let (cloud, _, _) = mirrored(1000);
    assert_eq!(cloud.count("CreateTrafficMirrorSession"), 1000);
    assert_eq!(cloud.calls.len(), 1000 + 5, "a target, a filter, its two rules, its network service");
}

#[test]
fn ten_thousand_quiet_rounds_write_nothing() {
    let (mut cloud, mut ours, now) = mirrored(20);
    let before = cloud.calls.len();
    for round in 1..=10_000 {
        assert_eq!(ours.round(&mut cloud, now + 60 * round), 0);
        assert!(ours.plan.is_empty(), "round {round}: {:?}", ours.plan);
    }
    assert_eq!(cloud.calls.len(), before);
}
