//! Takes sessions that are to lose packets, which has settled; gives sentences about which of them count, and which wait.

use std::sync::Arc;

use super::*;
use crate::ids::LoadBalancerArn;
use crate::inventory::{InstanceState, LoadBalancer};
use crate::memory::{Drift, DriftKind, remember};

/// What is planned where so many sessions are not wanted any more, by one who has just begun: five may go.
fn ending(count: i64, refused: Option<Refusal>, seconds: i64) -> Plan {
    let (facts, mut memory) = unwanted(count);
    let first = ("DeleteTrafficMirrorSession".into(), ObjectKey::Session("eni-0".into(), "sta".into()));
    refused.into_iter().for_each(|refusal| _ = memory.refused.insert(first.clone(), refusal));
    planned(&facts.read(100), &memory, seconds)
}

/// So many sessions of an instance that is not wanted any more, and one who has seen that long enough.
fn unwanted(count: i64) -> (Facts, Memory) {
    let mut memory = nothing_remembered();
    let facts = (0..count).fold(Facts::new().instance("i-1", &[]), |facts, n| {
        let (interface, session) = (format!("eni-{n}"), format!("tms-{n}"));
        memory.unwanted.insert(ObjectId::Session(session.as_str().into()), at(0));
        facts.interface(&interface, "i-1").session(&session, &interface, 100)
    });
    (facts, memory)
}

#[test]
fn five_go_and_of_six_the_last_waits_and_all_of_them_are_held() {
    let five = ending(5, None, 101);
    assert_eq!((five.steps.len(), five.losing.len(), five.held), (5, 5, None));
    let six = ending(6, None, 101);
    assert_eq!((six.steps.len(), six.losing.len(), six.held.unwrap().losses.len()), (5, 5, 6));
    assert!(matches!(six.waiting[..], [Waiting { on: Wait::Allowance(_), .. }]), "{:?}", six.waiting);
}

#[test]
fn what_aws_has_just_refused_takes_nobodys_place_until_it_is_tried_again() {
    let refused = || Some(Refusal { code: "Surprise".into(), said: "no".into(), strikes: 1, until: at(200) });
    let meanwhile = ending(6, refused(), 199);
    assert_eq!(steps(&meanwhile), [1, 2, 3, 4, 5].map(|n| format!("delete tms-{n}")));
    for seconds in [200, 300] {
        let again = ending(6, refused(), seconds);
        assert_eq!((again.steps.len(), again.losing.len()), (5, 5));
    }
}

#[test]
fn what_a_person_approves_does_not_count_and_is_not_held_and_nothing_is_where_not_everything_is_seen() {
    let (facts, memory) = unwanted(6);
    let held = planned(&facts.clone().read(100), &memory, 101);
    let digest = held.held.clone().unwrap().digest;
    let (by_policy, by_word) = ([(digest.clone(), at(1000))].into(), [digest].into());
    for (named, heard) in [(by_policy, BTreeSet::new()), (BTreeMap::new(), by_word)] {
        let mut approved = remember(memory.clone(), &held, &[], at(101));
        approved.approve(&named, &heard, at(101));
        let plan = planned(&facts.clone().read(100), &approved, 101);
        assert_eq!((plan.steps.len(), plan.losing.len(), plan.held), (6, 0, None));
    }
    let mut gap = facts.read(100);
    gap.gaps.insert(Kind::Targets, crate::inventory::Gap { why: "denied".into(), at: at(100) });
    assert_eq!(planned(&gap, &memory, 101).held, None);
}

#[test]
fn only_of_instances_that_are_seen_to_have_stopped_all_sessions_go() {
    let going = |state, attached| {
        let (mut facts, memory) = unwanted(6);
        facts = facts.instance_in("i-1", state, &[]);
        for interface in Arc::make_mut(&mut facts.0.interfaces).values_mut() {
            interface.attachment.as_mut().unwrap().attached = attached;
        }
        let plan = planned(&facts.read(100), &memory, 101);
        (plan.steps.len(), plan.losing.len())
    };
    let states = [InstanceState::Running, InstanceState::Stopping, InstanceState::Stopped, InstanceState::Terminated];
    assert_eq!(states.map(|state| going(state, true)), [(5, 5), (5, 5), (6, 0), (6, 0)]);
    assert_eq!(going(InstanceState::Stopped, false), (5, 5), "attachments may be missing from the list");
}

/// Whether a change of the jewel's session counts, once it has settled.
fn counts(facts: Facts, drift: Option<DriftKind>) -> bool {
    let mut memory = unwanted_since(0, ObjectId::Session("tms-1".into()));
    if let Some(kind) = drift {
        let (from, to) = (String::new(), String::new());
        let drift = Drift { kind, id: ObjectId::Session("tms-1".into()), from, to, since: at(0) };
        memory.drift.open.insert(ObjectKey::Session("eni-1".into(), "sta".into()), drift);
    }
    let plan = planned(&facts.read(100), &memory, 101);
    assert!(matches!(&steps(&plan)[..], [step] if step.starts_with("change tms-1: ")), "{plan:?}");
    plan.losing.contains(&"tms-1".into())
}

#[test]
fn a_change_counts_unless_nothing_is_lost_by_it_or_somebody_else_has_begun() {
    let to_another = || one_mirrored_jewel().change_session("tms-1", |session| session.target = "tmt-9".into());
    let sensor = |facts: Facts, interface: &str| facts.target("tmt-9", Resource::NetworkInterface(interface.into()));
    let there = || sensor(to_another(), "eni-sensor").instance("i-s", &[]).interface("eni-sensor", "i-s");
    assert!(counts(there(), None));
    assert!(!counts(there(), Some(DriftKind::SessionChanged)), "it is put right");
    assert!(counts(there(), Some(DriftKind::SessionDeleted)), "that is another matter");
    assert!(!counts(to_another(), None), "there is no such target");
    assert!(!counts(sensor(to_another(), "eni-gone"), None), "nothing hears what is sent there");
    let other: LoadBalancerArn = "arn:aws:x:loadbalancer/net/other/1".into();
    let balanced = || to_another().target("tmt-9", Resource::NetworkLoadBalancer(other.clone()));
    assert!(counts(balanced(), None));
    let mut deaf = balanced();
    deaf.0.balancers.insert(other.clone(), LoadBalancer::default());
    assert!(!counts(deaf, None), "it has no listener");
    let of_others = |mut facts: Facts| {
        facts.0.targets.get_mut(&"tmt-9".into()).unwrap().owner = "999999999999".into();
        facts
    };
    assert!(counts(of_others(sensor(to_another(), "eni-gone")), None), "their interfaces are not to be seen");
    let unseen_filter = |session: &mut crate::inventory::Session| session.filter = "tmf-unseen".into();
    assert!(counts(to_another().change_session("tms-1", unseen_filter), None), "another filter loses by itself");
}
