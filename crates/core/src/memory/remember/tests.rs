//! Takes steps and what came of them; gives sentences about what the next round knows of it.

use super::*;
use crate::cloud::ClientToken;
use crate::inventory::{Gap, Kind, Tags};
use crate::memory::DriftKind;
use crate::plan::{Wait, Waiting};
use crate::testing::*;

fn key() -> ObjectKey {
    ObjectKey::Session("eni-1".into(), "sta".into())
}

fn create() -> Step {
    Step::CreateSession {
        token: ClientToken(String::new()),
        interface: "eni-1".into(),
        target: "tmt-1".into(),
        filter: "tmf-1".into(),
        number: 100,
        packet_length: Some(128),
        vni: 1,
        tags: Tags::new(),
    }
}

fn modify(change: SessionChange) -> Step {
    Step::ModifySession { session: "tms-1".into(), change }
}

fn delete() -> Step {
    Step::DeleteSession { session: "tms-1".into() }
}

fn planned_as(key: ObjectKey, step: Step) -> Planned {
    Planned { step, key, incarnation: "eni-attach-eni-1".into(), rank: 0, why: String::new() }
}

/// A step of the session that AWS has answered at that second with this code, or carried out.
fn answered(step: Step, code: Option<&str>, seconds: i64) -> Done {
    let result = match code {
        Some(code) => Err(CloudError::answered(step.action(), code, "no", if code == LOST { 500 } else { 400 })),
        None => Ok(match step {
            Step::CreateSession { .. } => Outcome::Session("tms-1".into()),
            _ => Outcome::Done,
        }),
    };
    Done { planned: planned_as(key(), step), at: at(seconds), result }
}

/// One who knows this and nothing else.
fn who_knows(facts: Facts) -> Memory {
    Memory { inventory: facts.read(0).into(), ..nothing_remembered() }
}

fn who_did(done: Done) -> Memory {
    remember(who_knows(one_mirrored_jewel()), &Plan::default(), &[done], at(0))
}

/// AWS's answers to one who wants too much, comes too fast, names what is gone, and whose answer is lost.
const REFUSED: &str = "SomethingNew";
const THROTTLED: &str = "RequestLimitExceeded";
const GONE: &str = "InvalidTrafficMirrorSessionId.NotFound";
const LOST: &str = "InternalError";
const MISMATCH: &str = "IdempotentParameterMismatch";

#[test]
fn a_step_has_succeeded_if_the_cloud_is_as_it_wanted_it() {
    let succeeded = |step: Step, code| answered(step, code, 0).succeeded();
    assert_eq!([delete(), create()].map(|step| succeeded(step, None)), [true, true]);
    assert_eq!([delete(), create()].map(|step| succeeded(step, Some(GONE))), [true, false]);
    assert_eq!([delete(), create()].map(|step| succeeded(step, Some(REFUSED))), [false, false]);
}

#[test]
fn each_refusal_in_a_row_doubles_the_wait_up_to_ten_minutes_and_what_came_too_fast_is_none() {
    let mut memory = who_knows(one_mirrored_jewel());
    let mut waits = Vec::new();
    for _ in 0..6 {
        memory = remember(memory, &Plan::default(), &[answered(create(), Some(REFUSED), 0)], at(0));
        waits.extend(memory.refused.values().map(|refusal| refusal.until.duration_since(at(0)).as_secs()));
    }
    assert_eq!(waits, [60, 120, 240, 480, 600, 600]);
    assert!(who_did(answered(create(), Some(THROTTLED), 0)).refused.is_empty());
    let first =
        |code| who_did(answered(create(), Some(code), 0)).refused.into_values().map(|it| it.until).collect::<Vec<_>>();
    assert_eq!([GONE, LOST, "UnauthorizedOperation"].map(first), [1, 1, 30].map(|seconds| vec![at(seconds)]));
    assert!(remember(memory, &Plan::default(), &[answered(create(), None, 0)], at(0)).refused.is_empty());
}

#[test]
fn a_refusal_is_forgotten_ten_minutes_after_its_wait_unless_the_step_is_still_to_be_made() {
    let kept = |plan: &Plan, seconds| {
        let memory = who_did(answered(create(), Some(REFUSED), 0));
        !remember(memory, plan, &[], at(seconds)).refused.is_empty()
    };
    assert_eq!([659, 660].map(|seconds| kept(&Plan::default(), seconds)), [true, false]);
    let step = Plan { steps: vec![planned_as(key(), create())], ..Plan::default() };
    let waits = Plan { waiting: vec![Waiting { key: key(), what: String::new(), on: Wait::Slot }], ..Plan::default() };
    assert!(kept(&step, 6000) && kept(&waits, 6000));
}

#[test]
fn after_a_mismatch_of_tokens_the_next_is_made_from_the_one_before() {
    let after = |code| who_did(answered(create(), Some(code), 5)).predecessors.remove(&key());
    let mismatch = after(MISMATCH).unwrap();
    assert_eq!((mismatch.proof, mismatch.since), (ProofOfAbsence::Mismatch, at(5)));
    assert_ne!(mismatch.was, "eni-attach-eni-1");
    assert_eq!(after(REFUSED), None);
}

#[test]
fn a_loss_counts_where_it_has_happened_or_may_have_and_the_plan_says_that_it_is_one() {
    let left = |losing: bool, done: Done| {
        let losing = losing.then(|| "tms-1".into()).into_iter().collect();
        let plan = Plan { losing, ..Plan::default() };
        remember(who_knows(one_mirrored_jewel()), &plan, &[done], at(0)).allowance.left(0.0, at(0)).0
    };
    let to_another = SessionChange { target: Some("tmt-2".into()), ..SessionChange::default() };
    for step in [delete(), modify(to_another)] {
        let counts = |losing, code| left(losing, answered(step.clone(), code, 0)) < 5;
        assert!(counts(true, None) && counts(true, Some(LOST)), "{step}");
        assert!(!counts(true, Some(REFUSED)) && !counts(false, None), "{step}");
    }
}

#[test]
fn interfaces_that_may_have_begun_are_sources_for_an_hour_where_that_is_limited() {
    let plan =
        |starting: bool| Plan { starting: starting.then(|| "eni-1".into()).into_iter().collect(), ..Plan::default() };
    let began = |starting, step: Step, code, seconds| {
        let memory = remember(nothing_remembered(), &plan(starting), &[answered(step, code, 0)], at(0));
        !remember(memory, &Plan::default(), &[], at(seconds)).sources.is_empty()
    };
    assert_eq!([3599, 3600].map(|seconds| began(true, create(), None, seconds)), [true, false]);
    assert!(began(true, create(), Some(LOST), 0) && !began(true, create(), Some(REFUSED), 0));
    assert!(!began(false, create(), None, 0) && !began(true, delete(), None, 0));
}

/// One who has seen something done to a session and to the filter that it has.
fn who_has_seen_drift() -> Memory {
    let mut memory = who_knows(one_mirrored_jewel());
    let drift = |kind, id| Drift { kind, id, from: String::new(), to: String::new(), since: at(0) };
    let session = drift(DriftKind::SessionChanged, ObjectId::Session("tms-1".into()));
    let filter = drift(DriftKind::FilterChanged, ObjectId::Filter("tmf-1".into()));
    memory.drift.open.insert(key(), session);
    memory.drift.open.insert(ObjectKey::Filter(everything(false).key()), filter);
    memory
}

fn both() -> Plan {
    let waiting = |key| Waiting { key, what: String::new(), on: Wait::Everything };
    Plan { waiting: vec![waiting(key()), waiting(ObjectKey::Filter(everything(false).key()))], ..Plan::default() }
}

#[test]
fn what_is_put_right_is_repaired_and_what_a_session_leaves_with_it() {
    let repaired = |done: Done| remember(who_has_seen_drift(), &both(), &[done], at(0)).drift.latest.len();
    let narrower = || modify(SessionChange { vni: Some(9), ..SessionChange::default() });
    let off_it = || modify(SessionChange { filter: Some("tmf-2".into()), ..SessionChange::default() });
    assert_eq!([narrower(), off_it()].map(|step| repaired(answered(step, None, 0))), [1, 2]);
    assert_eq!(repaired(answered(narrower(), Some(REFUSED), 0)), 0);
    assert_eq!(repaired(answered(delete(), None, 0)), 0, "it is not wanted any more: that is no repair");
}

#[test]
fn what_needs_no_remedy_is_no_drift_where_everything_is_seen() {
    let open = |facts: Facts, gap: bool, plan: &Plan| {
        let mut inventory = facts.read(0);
        if gap {
            inventory.gaps.insert(Kind::Instances, Gap { why: "denied".into(), at: at(0) });
        }
        let memory = Memory { inventory: inventory.into(), ..who_has_seen_drift() };
        remember(memory, plan, &[], at(0)).drift.open.len()
    };
    assert_eq!(open(one_mirrored_jewel(), false, &both()), 2);
    assert_eq!(open(one_mirrored_jewel(), false, &Plan::default()), 0);
    assert_eq!(open(one_mirrored_jewel(), true, &Plan::default()), 2, "nobody knows what needs one");
    let leaving = Plan { leaving: ["tmf-1".into()].into(), ..Plan::default() };
    assert_eq!(open(one_mirrored_jewel(), false, &leaving), 1, "a filter that is to be left is still spoiled");
}

#[test]
fn what_is_not_wanted_is_so_since_it_was_first_seen_and_begins_anew_once_it_is_wanted() {
    let plan = |ids: &[&str]| Plan {
        unwanted: ids.iter().map(|id| ObjectId::Session((*id).into())).collect(),
        ..Plan::default()
    };
    let mut memory = remember(who_knows(one_mirrored_jewel()), &plan(&["tms-1"]), &[], at(0));
    memory = remember(memory, &plan(&["tms-1", "tms-2"]), &[], at(10));
    let since = |memory: &Memory| memory.unwanted.values().copied().collect::<Vec<_>>();
    assert_eq!(since(&memory), [at(0), at(10)]);
    let mut gap = Inventory::clone(&memory.inventory);
    gap.gaps.insert(Kind::Instances, Gap { why: "denied".into(), at: at(20) });
    let blind = Memory { inventory: gap.into(), ..memory.clone() };
    assert_eq!(since(&remember(blind, &plan(&["tms-2", "tms-3"]), &[], at(20))), [at(0), at(10)]);
    assert_eq!(since(&remember(memory, &plan(&["tms-2"]), &[], at(20))), [at(10)]);
}

#[test]
fn what_we_remove_is_the_predecessor_of_what_comes_next_if_nothing_else_has_its_key() {
    let after = |facts: Facts, step: Step, key: ObjectKey| {
        let done = Done { planned: planned_as(key.clone(), step), at: at(5), result: Ok(Outcome::Done) };
        remember(who_knows(facts), &Plan::default(), &[done], at(5))
            .predecessors
            .remove(&key)
            .map(|it| (it.was, it.proof))
    };
    let filter = || (Step::DeleteFilter { filter: "tmf-1".into() }, ObjectKey::Filter(everything(false).key()));
    let removed = |was: &str| Some((was.to_owned(), ProofOfAbsence::Removed));
    assert_eq!(after(one_mirrored_jewel(), delete(), key()), removed("tms-1"));
    assert_eq!(after(one_mirrored_jewel(), filter().0, filter().1), removed("tmf-1"));
    assert_eq!(after(one_mirrored_jewel().session("tms-0", "eni-1", 200), delete(), key()), None);
    assert_eq!(after(one_mirrored_jewel().filter("tmf-2"), filter().0, filter().1), None);
    let change = modify(SessionChange { vni: Some(9), ..SessionChange::default() });
    assert_eq!(after(one_mirrored_jewel(), change, key()), None, "what is changed is still there");
}

#[test]
fn what_was_written_stands_as_it_was_asked_for() {
    let wrote = |step: Step| match who_did(answered(step, None, 0)).written.into_values().next().unwrap().state {
        Some(Object::Session(session)) => session,
        other => panic!("{other:?}"),
    };
    let stands = one_mirrored_jewel().0.sessions.pop_first().unwrap().1;
    let everything_else = SessionChange {
        target: Some("tmt-2".into()),
        filter: Some("tmf-2".into()),
        number: Some(200),
        packet_length: Some(PacketLength::Bytes(64)),
        vni: Some(9),
    };
    let changed = Session {
        target: "tmt-2".into(),
        filter: "tmf-2".into(),
        number: 200,
        packet_length: Some(64),
        vni: Some(9),
        ..stands.clone()
    };
    assert_eq!(wrote(modify(everything_else)), changed);
    let whole = SessionChange { packet_length: Some(PacketLength::Whole), ..SessionChange::default() };
    assert_eq!(wrote(modify(whole)), Session { packet_length: None, ..stands.clone() });
    assert_eq!(wrote(modify(SessionChange::default())), stands);
    let mut tagged = stands.clone();
    tagged.tags.insert("more".into(), "so".into());
    let tags = Tags::from([("more".into(), "so".into())]);
    assert_eq!(wrote(Step::TagSession { session: "tms-1".into(), tags }), tagged);
    let made = Session { packet_length: Some(128), vni: Some(1), tags: Tags::new(), ..stands };
    assert_eq!(wrote(create()), made);
    let services = Step::AddServices { filter: "tmf-1".into(), services: ["dhcp".into()].into() };
    let written = who_did(answered(services, None, 0)).written.into_values().next().unwrap().state;
    assert_eq!(written, Some(Object::Services(["amazon-dns".into(), "dhcp".into()].into())), "beside what is there");
}

#[test]
fn a_fight_of_yesterday_is_none_of_today() {
    // Seen again, put right, and seen once more.
    let repaired = |mut memory: Memory, seconds| {
        memory.drift.open = who_has_seen_drift().drift.open;
        let change = modify(SessionChange { vni: Some(9), ..SessionChange::default() });
        let mut after = remember(memory, &both(), &[answered(change, None, seconds)], at(seconds));
        after.drift.open = who_has_seen_drift().drift.open;
        after
    };
    let fought = (0..3).fold(who_has_seen_drift(), repaired);
    assert!(fought.drift.left_alone(&key(), at(3)).is_some());
    let quiet = remember(fought, &Plan::default(), &[], at(86_400));
    assert_eq!(repaired(quiet, 86_401).drift.left_alone(&key(), at(86_401)), None);
}
