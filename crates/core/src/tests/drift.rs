//! Takes somebody who changes and deletes what is ours; gives sentences about what is put right, how it is counted, and when it is left
//! alone.

use super::*;
use crate::inventory::{Rule, Session};
use crate::memory::DriftKind;
use crate::report::{TamperingReport, tampering};
use crate::testing::at;

/// Rounds until all is well again; what they report, with the lines of all of them.
fn repaired(cloud: &mut Cloud, ours: &mut Reconciler, from: i64) -> TamperingReport {
    let mut latest = Vec::new();
    for seconds in (from..from + 300).step_by(10) {
        ours.round(cloud, seconds);
        latest.extend(tampering(&ours.memory, at(seconds)).latest);
    }
    assert!(ours.plan.is_empty(), "{:?}", ours.plan);
    TamperingReport { latest, ..tampering(&ours.memory, at(from + 300)) }
}

fn counted(report: &TamperingReport) -> Vec<(DriftKind, u64)> {
    report.counts.iter().filter(|(_, count)| *count > 0).copied().collect()
}

fn change_session(cloud: &mut Cloud, change: impl FnOnce(&mut Session)) {
    change(cloud.facts.0.sessions.values_mut().next().unwrap());
}

fn delete_session(cloud: &mut Cloud) {
    cloud.facts.0.sessions.pop_first().unwrap();
}

fn rules(cloud: &mut Cloud) -> &mut std::collections::BTreeMap<crate::ids::RuleId, Rule> {
    &mut cloud.facts.0.filters.values_mut().next().unwrap().rules
}

#[test]
fn what_somebody_changes_of_a_session_is_put_right_named_and_counted() {
    let (mut cloud, mut ours, now) = mirrored(1);
    let vni = cloud.facts.0.sessions.values().next().unwrap().vni.unwrap();
    change_session(&mut cloud, |session| (session.vni, session.packet_length) = (Some(9), Some(64)));
    let report = repaired(&mut cloud, &mut ours, now + 10);
    assert_eq!(counted(&report), [(DriftKind::SessionChanged, 1)]);
    assert_eq!(report.latest.len(), 1);
    let named =
        format!("session of eni-0000 to sta: session-changed tms-0005: bytes 8500, VNI {vni} → bytes 64, VNI 9");
    assert!(report.latest[0].starts_with(&named), "{}", report.latest[0]);
    assert!(report.latest[0].contains("repaired 2027-"));
}

#[test]
fn a_session_that_somebody_deletes_is_made_again_and_counted() {
    let (mut cloud, mut ours, now) = mirrored(2);
    delete_session(&mut cloud);
    ours.round(&mut cloud, now + 10);
    assert_eq!(tampering(&ours.memory, at(now + 10)).open.len(), 1, "seen, and not settled yet");
    let report = repaired(&mut cloud, &mut ours, now + 20);
    assert_eq!((counted(&report), report.open.len()), (vec![(DriftKind::SessionDeleted, 1)], 0));
    assert_eq!(cloud.facts.0.sessions.len(), 2);
}

#[test]
fn a_session_that_goes_with_its_interface_is_nobodys_doing() {
    let (mut cloud, mut ours, now) = mirrored(2);
    cloud.terminate("i-0000", "eni-0000");
    assert_eq!(counted(&repaired(&mut cloud, &mut ours, now + 10)), []);
}

#[test]
fn what_we_do_ourselves_is_no_drift() {
    let (mut cloud, mut ours, now) = mirrored(3);
    ours.policy = to_load_balancer("arn:aws:x:loadbalancer/net/other/2");
    cloud.change(|facts| facts.instance("i-0000", &[]));
    assert_eq!(counted(&repaired(&mut cloud, &mut ours, now + 10)), []);
}

#[test]
fn what_another_process_with_the_same_policy_does_is_no_drift() {
    let (mut cloud, mut ours, now) = mirrored(3);
    let mut standby = Reconciler::new(ours.policy.clone());
    standby.settle(&mut cloud, now + 10);
    for it in [&mut ours, &mut standby] {
        it.policy = to_load_balancer("arn:aws:x:loadbalancer/net/other/2");
    }
    for seconds in (now + 20..now + 200).step_by(10) {
        ours.round(&mut cloud, seconds);
        standby.round(&mut cloud, seconds + 5);
    }
    for it in [&ours, &standby] {
        assert!(it.plan.is_empty());
        assert_eq!(counted(&tampering(&it.memory, at(now + 200))), []);
    }
}

#[test]
fn a_rule_that_somebody_deletes_comes_back_and_one_that_he_changes_or_adds_makes_another_filter() {
    let (mut cloud, mut ours, now) = mirrored(1);
    rules(&mut cloud).pop_first();
    let report = repaired(&mut cloud, &mut ours, now + 10);
    assert_eq!((counted(&report), cloud.count("CreateTrafficMirrorFilter")), (vec![(DriftKind::RuleDeleted, 1)], 1));

    rules(&mut cloud).values_mut().next().unwrap().source = "10.0.0.0/8".parse().unwrap();
    let report = repaired(&mut cloud, &mut ours, now + 400);
    assert!(counted(&report).contains(&(DriftKind::FilterChanged, 1)));
    let named =
        "100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0 → egress 100 accept all protocols from 10.0.0.0/8";
    assert!(report.latest[0].contains(named), "{}", report.latest[0]);
    assert_eq!((cloud.count("CreateTrafficMirrorFilter"), cloud.facts.0.filters.len()), (2, 1));

    let mut added = rules(&mut cloud).values().next().unwrap().clone();
    added.number = 7;
    rules(&mut cloud).insert("tmfr-x".into(), added);
    let report = repaired(&mut cloud, &mut ours, now + 800);
    assert!(counted(&report).contains(&(DriftKind::FilterChanged, 2)));
}

#[test]
fn network_services_that_somebody_removes_are_added_again() {
    let (mut cloud, mut ours, now) = mirrored(1);
    cloud.facts.0.filters.values_mut().next().unwrap().services.clear();
    let report = repaired(&mut cloud, &mut ours, now + 10);
    assert_eq!(counted(&report), [(DriftKind::ServicesRemoved, 1)]);
    assert!(report.latest[0].contains("amazon-dns → no network services"), "{}", report.latest[0]);
}

#[test]
fn a_session_that_loses_our_tags_is_foreign_and_that_is_counted_at_once() {
    let (mut cloud, mut ours, now) = mirrored(1);
    change_session(&mut cloud, |session| session.tags.clear());
    let calls = cloud.calls.len();
    let report = repaired(&mut cloud, &mut ours, now + 10);
    assert_eq!(counted(&report), [(DriftKind::SessionStripped, 1)]);
    assert!(report.latest[0].ends_with("foreign from now on: adopt takes it over again"), "{}", report.latest[0]);
    assert_eq!(cloud.calls.len(), calls, "it sends the same packets to the same sensor");
}

#[test]
fn a_target_that_somebody_deletes_is_made_again() {
    let (mut cloud, mut ours, now) = mirrored(1);
    cloud.facts.0.targets.clear();
    let report = repaired(&mut cloud, &mut ours, now + 10);
    assert_eq!(counted(&report), [(DriftKind::TargetDeleted, 1)]);
}

#[test]
fn what_aws_fills_in_or_leaves_out_is_no_drift_and_changes_nothing() {
    let (mut cloud, mut ours, now) = mirrored(1);
    let calls = cloud.calls.len();
    change_session(&mut cloud, |session| session.packet_length = Some(8500));
    assert_eq!(counted(&repaired(&mut cloud, &mut ours, now + 10)), []);
    change_session(&mut cloud, |session| session.vni = None);
    assert_eq!(counted(&repaired(&mut cloud, &mut ours, now + 400)), []);
    assert_eq!(cloud.calls.len(), calls);
}

/// A day in which somebody deletes the session whenever he sees it; how often we made it again, and what is reported at the end.
fn a_day_of_deleting() -> (Cloud, Reconciler, usize, i64) {
    let (mut cloud, mut ours, mut now) = mirrored(1);
    let before = cloud.count("CreateTrafficMirrorSession");
    for _ in 0..24 * 60 {
        now += 60;
        cloud.facts.0.sessions.clear();
        ours.round(&mut cloud, now);
    }
    let made = cloud.count("CreateTrafficMirrorSession") - before;
    (cloud, ours, made, now)
}

#[test]
fn whoever_undoes_a_repair_again_and_again_is_left_alone_for_a_growing_while() {
    let (_, ours, made, now) = a_day_of_deleting();
    assert!((8..=14).contains(&made), "{made} times in a day");
    let report = tampering(&ours.memory, at(now));
    assert_eq!((report.fights.len(), report.fights_begun), (1, 1));
    assert!(report.fights[0].starts_with("session of eni-0000 to sta: left alone until 2027-"), "{:?}", report.fights);
    let waits: Vec<String> = ours.plan.waiting.iter().map(|waiting| waiting.on.to_string()).collect();
    assert!(waits[0].ends_with("somebody undoes it each time, so that it is left alone for a while"), "{waits:?}");
    assert_eq!(ours.plan.retry_at().map(|until| until > at(now)), Some(true));
}

#[test]
fn when_the_other_gives_up_it_is_repaired_once_more_and_the_fight_is_forgotten() {
    let (mut cloud, mut ours, _, now) = a_day_of_deleting();
    for minutes in 1..=60 * 24 {
        ours.round(&mut cloud, now + 60 * minutes);
    }
    assert_eq!(cloud.facts.0.sessions.len(), 1);
    let end = now + 60 * 60 * 24;
    assert!(ours.plan.is_empty() && tampering(&ours.memory, at(end)).fights.is_empty());
    assert_eq!(
        ours.memory.drift.left_alone(&crate::objects::ObjectKey::Session("eni-0000".into(), "sta".into()), at(end)),
        None
    );
}

#[test]
fn a_fight_over_one_session_keeps_no_other_from_being_repaired() {
    let (mut cloud, mut ours, mut now) = mirrored(2);
    for _ in 0..60 {
        now += 60;
        cloud.facts.0.sessions.retain(|_, session| session.interface.as_str() != "eni-0000");
        ours.round(&mut cloud, now);
    }
    assert_eq!(tampering(&ours.memory, at(now)).fights.len(), 1);
    cloud.facts.0.sessions.clear();
    for _ in 0..3 {
        now += 60;
        ours.round(&mut cloud, now);
    }
    assert!(cloud.facts.0.sessions.values().any(|session| session.interface.as_str() == "eni-0001"));
}

#[test]
fn what_is_fought_over_goes_all_the_same_when_nothing_wants_it_any_more() {
    let (mut cloud, mut ours, mut now) = mirrored(1);
    let mut rounds = |ours: &mut Reconciler, count| {
        for _ in 0..count {
            now += 60;
            cloud.facts.0.sessions.values_mut().for_each(|session| session.vni = Some(9));
            ours.round(&mut cloud, now);
        }
        (tampering(&ours.memory, at(now)).fights.len(), cloud.facts.0.sessions.len())
    };
    assert!((0..60).any(|_| rounds(&mut ours, 1) == (1, 1)), "it is left alone");
    ours.policy.strategies.clear();
    assert_eq!(rounds(&mut ours, 3).1, 0);
}
