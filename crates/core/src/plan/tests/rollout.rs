//! Takes policies that hold back; gives sentences about who begins and when.

use super::*;
use crate::memory::{Done, remember};
use crate::policy::Policy;

fn jewels(count: usize) -> Facts {
    let start = Facts::new().target("tmt-1", nlb()).filter("tmf-1");
    (0..count).fold(start, |facts, n| {
        let (instance, interface) = (format!("i-{n:03}"), format!("eni-{n:03}"));
        facts.instance(&instance, &[("mirror", "crown-jewel")]).interface(&interface, &instance)
    })
}

fn at_most(per_hour: u32) -> Policy {
    let mut policy = policy();
    policy.limits.new_sources_per_hour = Some(per_hour);
    policy
}

/// Plans and carries out, every ten seconds for that long; says how many sessions stand after each minute.
fn rolled_out(policy: &Policy, mut facts: Facts, minutes: i64) -> Vec<usize> {
    let mut memory = nothing_remembered();
    let mut standing = Vec::new();
    for seconds in (0..minutes * 60).step_by(10) {
        let inventory = facts.clone().read(seconds);
        let plan = planned_for(policy, &inventory, &memory, seconds);
        let mut done = Vec::new();
        for planned in &plan.steps {
            let ObjectKey::Session(interface, _) = &planned.key else { panic!("{planned:?}") };
            let id = format!("tms-{interface}");
            facts = facts.session(&id, interface.as_str(), 100);
            let result = Ok(crate::cloud::Outcome::Session(id.as_str().into()));
            done.push(Done { planned: planned.clone(), at: at(seconds), result });
        }
        memory = remember(memory, &plan, &done, at(seconds));
        if seconds % 60 == 50 {
            standing.push(facts.0.sessions.len());
        }
    }
    standing
}

#[test]
fn so_many_interfaces_become_sources_in_an_hour_and_a_sixtieth_in_a_minute() {
    let standing = rolled_out(&at_most(120), jewels(200), 61);
    assert_eq!(standing[..3], [2, 4, 6]);
    assert_eq!((standing[59], standing[60]), (120, 122));
    let standing = rolled_out(&at_most(3), jewels(10), 64);
    assert_eq!((standing[0], standing[1], standing[2], standing[59], standing[63]), (1, 2, 3, 3, 6));
}

#[test]
fn the_most_important_begin_first_and_the_others_know_when_their_turn_is() {
    let facts = jewels(3).instance("i-000", &[("mirror", "vault")]).instance("i-002", &[]);
    let facts = facts.instance("i-zeek", &[]).interface("eni-zeek", "i-zeek");
    let facts = facts.target("tmt-2", Resource::NetworkInterface("eni-zeek".into()));
    let plan = planned_for(&at_most(1), &facts.read(0), &nothing_remembered(), 0);
    assert_eq!(steps(&plan).iter().filter(|step| step.starts_with("mirror")).count(), 1);
    assert!(plan.starting.contains(&"eni-001".into()));
    let mut memory = nothing_remembered();
    memory.sources.insert("eni-9".into(), at(-10));
    let plan = planned_for(&at_most(1), &jewels(1).read(0), &memory, 0);
    assert!(plan.steps.is_empty());
    assert_eq!(plan.retry_at(), Some(at(3590)));
}

#[test]
fn a_turn_comes_when_both_the_hour_and_the_minute_have_room() {
    let turn_of = |count, per_hour, began: &[i64]| {
        let mut memory = nothing_remembered();
        memory.sources = (0..).zip(began).map(|(n, began)| (format!("eni-9{n}").as_str().into(), at(*began))).collect();
        planned_for(&at_most(per_hour), &jewels(count).read(0), &memory, 0).retry_at()
    };
    let turn = |per_hour, began: &[i64]| turn_of(1, per_hour, began);
    assert_eq!(turn(120, &[-20, -10]), Some(at(40)), "the minute is full, and not the hour");
    assert_eq!(turn(3, &[-3595, -1800, -10]), Some(at(50)), "both are, and the minute for longer");
    assert_eq!(turn(3, &[-3595, -1800, -100]), Some(at(5)), "the hour is full, and not the minute");
    assert_eq!([turn(1, &[-3600]), turn(60, &[-60])], [None, None], "what began an hour ago, or a minute, is over");
    let full_by_the_first = [turn_of(2, 1, &[]), turn_of(2, 3, &[]), turn_of(2, 3, &[-1800, -1700])];
    assert_eq!(full_by_the_first, [3600, 60, 1800].map(|seconds| Some(at(seconds))));
}

#[test]
fn who_has_to_wait_for_something_else_takes_nobodys_turn() {
    let mut memory = nothing_remembered();
    let refused = ("CreateTrafficMirrorSession".into(), ObjectKey::Session("eni-000".into(), "sta".into()));
    memory.refused.insert(refused, Refusal { code: "Surprise".into(), said: "no".into(), strikes: 1, until: at(60) });
    let plan = planned_for(&at_most(1), &jewels(2).read(1), &memory, 1);
    assert!(matches!(&steps(&plan)[..], [one] if one.starts_with("mirror eni-001")), "{plan:?}");
    assert_eq!(plan.starting, ["eni-001".into()].into());
}

#[test]
fn what_was_mirrored_before_comes_back_at_once() {
    let mut memory = nothing_remembered();
    memory.sources.insert("eni-9".into(), at(0));
    let predecessor = Predecessor { was: "tms-0".into(), since: at(0), proof: ProofOfAbsence::Removed };
    memory.predecessors.insert(ObjectKey::Session("eni-000".into(), "sta".into()), predecessor);
    // On the third stands a session of ours for another lane.
    let facts = jewels(3);
    let other = facts.tags(&ObjectKey::Session("eni-002".into(), "old".into()));
    let plan = planned_for(&at_most(1), &facts.tagged_session("tms-2", "eni-002", 7, other).read(1), &memory, 1);
    let begin = |interface| steps(&plan).iter().any(|step| step.starts_with(&format!("mirror {interface} ")));
    assert_eq!(["eni-000", "eni-001", "eni-002"].map(begin), [true, false, true], "{plan:?}");
    assert!(plan.starting.is_empty());
}

#[test]
fn a_paused_policy_plans_everything_and_does_nothing() {
    let mut policy = policy();
    policy.paused = true;
    let facts = jewels(1).session("tms-9", "eni-9", 100).instance("i-9", &[]).interface("eni-9", "i-9").read(31);
    let memory = unwanted_since(0, ObjectId::Session("tms-9".into()));
    let running = planned_for(&crate::testing::policy(), &facts, &memory, 31);
    let paused = planned_for(&policy, &facts, &memory, 31);
    assert!(paused.steps.is_empty() && !paused.is_empty());
    assert_eq!(paused.unwanted, running.unwanted, "evidence goes on settling");
    let expected: Vec<String> = steps(&running);
    assert_eq!(expected.len(), 2);
    for step in expected {
        let waits = paused.waiting.iter().any(|it| it.on == Wait::Pause && it.what.starts_with(&step));
        assert!(waits, "{step}: {paused:?}");
    }
}
