//! Takes a fleet whose wishes grow and shrink; gives sentences about how few calls that takes, and that nothing goes to and fro.

use std::collections::BTreeSet;

use super::*;
use crate::cloud::Step;
use crate::compile::{Desired, FilterSpec};
use crate::inventory::{Direction, PortRange, Rule, RuleAction};
use crate::memory::DriftKind;
use crate::packets::PacketSet;

const MINUTE: i64 = 60;

/// What arrives at a service from so many groups of peers.
fn from_groups(count: u16) -> FilterSpec {
    let rule = |number: u16| Rule {
        action: RuleAction::Accept,
        direction: Direction::Ingress,
        number,
        protocol: Some(6),
        source: format!("10.1.{number}.0/24").parse().unwrap(),
        destination: "0.0.0.0/0".parse().unwrap(),
        source_ports: None,
        destination_ports: Some(PortRange { from: 8443, to: 8443 }),
    };
    FilterSpec { rules: (1..=count).map(rule).collect(), services: BTreeSet::new() }
}

/// Every session asks for this filter.
fn asking(spec: &FilterSpec) -> impl Fn(&mut Desired) {
    move |desired| {
        desired.filters = [(spec.key(), spec.clone())].into();
        desired.sessions.values_mut().for_each(|session| session.filter = spec.key());
    }
}

/// Whether every session mirrors all of that.
fn all_mirror(cloud: &Cloud, spec: &FilterSpec) -> bool {
    let asked = PacketSet::of_filter(&spec.rules, &spec.services).unwrap();
    cloud.facts.0.sessions.values().all(|session| {
        let filter = &cloud.facts.0.filters[&session.filter];
        asked.is_subset(&PacketSet::of_filter(filter.rules.values(), &filter.services).unwrap()).unwrap()
    })
}

fn changed(cloud: &Cloud) -> usize {
    cloud.calls.iter().filter(|(_, step)| matches!(step, Step::ModifySession { .. })).count()
}

#[test]
fn a_fleet_of_peers_that_scales_in_and_out_for_a_day_re_points_each_session_once_for_each_new_height() {
    const SESSIONS: usize = 40;
    let (mut cloud, mut ours, mut now) = mirrored(SESSIONS);
    ours.settle(&mut cloud, now + 60 * MINUTE);
    let (mut dice, mut heights, mut highest) = (0x9e37_79b9_7f4a_7c15_u64, 0, 0);
    now += 120 * MINUTE;
    // From everything to what one group sends: a loss, which settles.
    let one = from_groups(1);
    for _ in 0..10 {
        now += MINUTE;
        ours.round_for(&mut cloud, now, asking(&one));
    }
    assert_eq!(changed(&cloud), SESSIONS);
    for _ in 0..24 * 6 {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        let groups = u16::try_from(1 + dice % 10).unwrap();
        (heights, highest) = (heights + usize::from(groups > highest.max(1)), highest.max(groups));
        let asked = from_groups(groups);
        for _ in 0..8 {
            now += MINUTE;
            ours.round_for(&mut cloud, now, asking(&asked));
        }
        assert!(ours.plan.is_empty(), "{:?}", ours.plan);
        assert!(all_mirror(&cloud, &asked), "{groups} groups: never less than asked");
        assert_eq!(changed(&cloud), SESSIONS * (1 + heights), "{groups} groups");
    }
    assert_eq!((highest, cloud.facts.0.filters.values().filter(|it| it.rules.len() == 10).count()), (10, 1));
    assert!(ours.memory.drift.counts.is_empty(), "{:?}", ours.memory.drift.counts);
}

#[test]
fn ipv6_that_comes_and_goes_re_points_each_session_once() {
    let (mut cloud, mut ours, now) = mirrored(20);
    for hour in 1..=24 {
        let now = now + hour * 60 * MINUTE;
        for n in 0..20 {
            let (instance, interface) = (format!("i-{n:04}"), format!("eni-{n:04}"));
            cloud.change(|facts| facts.interface_with(&interface, &instance, |it| it.ipv6 = hour % 2 == 1));
        }
        ours.settle(&mut cloud, now);
        assert_eq!(changed(&cloud), 20, "hour {hour}");
    }
    let filters: Vec<usize> = cloud.facts.0.filters.values().map(|filter| filter.rules.len()).collect();
    assert_eq!(filters, [4], "and the one that is kept is all there is");
}

#[test]
fn a_thousand_sessions_that_lose_ipv6_take_no_call() {
    let (mut cloud, mut ours, now) = mirrored(0);
    let dual_stack = |facts: Facts, ipv6| {
        (0..1000).fold(facts, |facts, n| {
            let (instance, interface) = (format!("i-{n:04}"), format!("eni-{n:04}"));
            let facts = facts.instance(&instance, &[("mirror", "jewel")]);
            facts.interface_with(&interface, &instance, |it| it.ipv6 = ipv6)
        })
    };
    cloud.change(|facts| dual_stack(facts, true));
    let now = ours.settle(&mut cloud, now + MINUTE);
    let calls = cloud.calls.len();
    cloud.change(|facts| dual_stack(facts, false));
    for minute in 1..=60 {
        assert_eq!(ours.round(&mut cloud, now + minute * MINUTE), 0);
        assert!(ours.plan.is_empty());
    }
    assert_eq!((cloud.calls.len(), ours.plan.surplus[0].sessions.len()), (calls, 1000));
}

#[test]
fn a_session_that_somebody_points_at_a_wider_filter_of_ours_is_pointed_back_and_counted() {
    let (mut cloud, mut ours, now) = mirrored(2);
    cloud.change(|facts| facts.interface_with("eni-0001", "i-0001", |it| it.ipv6 = true));
    let now = ours.settle(&mut cloud, now + MINUTE);
    let filter = |n: usize| cloud.facts.0.sessions.values().nth(n).unwrap().filter.clone();
    let (narrow, wide) = (filter(0), filter(1));
    assert_ne!(narrow, wide);
    cloud.facts.0.sessions.values_mut().next().unwrap().filter = wide;
    ours.settle(&mut cloud, now + MINUTE);
    assert_eq!(cloud.facts.0.sessions.values().next().unwrap().filter, narrow);
    assert_eq!(ours.memory.drift.counts.get(&DriftKind::SessionChanged), Some(&1));
}

#[test]
fn a_rule_that_somebody_deletes_from_a_filter_that_is_kept_is_counted_and_the_sessions_leave_it() {
    let (mut cloud, mut ours, now) = mirrored(3);
    let dual_stack = |cloud: &mut Cloud, ipv6| {
        for n in 0..3 {
            let (instance, interface) = (format!("i-{n:04}"), format!("eni-{n:04}"));
            cloud.change(|facts| facts.interface_with(&interface, &instance, |it| it.ipv6 = ipv6));
        }
    };
    dual_stack(&mut cloud, true);
    let now = ours.settle(&mut cloud, now + MINUTE);
    dual_stack(&mut cloud, false);
    let now = ours.settle(&mut cloud, now + MINUTE);
    assert_eq!(ours.plan.surplus.len(), 1);
    let kept = ours.plan.surplus[0].filter.clone();
    cloud.facts.0.filters.get_mut(&kept).unwrap().rules.pop_first();
    ours.settle(&mut cloud, now + MINUTE);
    assert!(cloud.facts.0.sessions.values().all(|session| session.filter != kept));
    let counts: Vec<_> = ours.memory.drift.counts.iter().map(|(kind, count)| (*kind, *count)).collect();
    assert_eq!((counts, ours.memory.drift.open.len()), (vec![(DriftKind::RuleDeleted, 1)], 0));
}
