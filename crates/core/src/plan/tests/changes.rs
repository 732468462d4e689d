//! Takes sessions that stand otherwise than they should; gives sentences about what becomes of them.

use super::*;

#[test]
fn whole_packets_that_somebody_cut_short_are_made_whole_at_once() {
    let facts = one_mirrored_jewel().change_session("tms-1", |session| session.packet_length = Some(100));
    let plan = planned(&facts.read(0), &nothing_remembered(), 1);
    assert_eq!(steps(&plan), ["change tms-1: whole packets"]);
}

#[test]
fn shorter_packets_are_a_loss_and_settle_and_longer_ones_do_not() {
    let with_length = |bytes| {
        let mut policy = policy();
        policy.strategies[0].packet_length = Some(bytes);
        policy
    };
    let facts = |length| one_mirrored_jewel().change_session("tms-1", move |session| session.packet_length = length);
    let plan = |facts: Facts, memory| planned_for(&with_length(128), &facts.read(31), &memory, 31);
    assert!(plan(facts(None), nothing_remembered()).steps.is_empty());
    assert!(plan(facts(Some(8500)), nothing_remembered()).steps.is_empty());
    let settled = unwanted_since(0, ObjectId::Session("tms-1".into()));
    assert_eq!(steps(&plan(facts(None), settled)), ["change tms-1: 128 bytes of each packet"]);
    assert_eq!(steps(&plan(facts(Some(64)), nothing_remembered())), ["change tms-1: 128 bytes of each packet"]);
    assert!(plan(facts(Some(128)), nothing_remembered()).is_empty());
}

#[test]
fn a_new_session_gets_the_packet_length_of_the_policy() {
    let mut policy = policy();
    policy.strategies[0].packet_length = Some(128);
    let plan = planned_for(&policy, &one_mirrored_jewel().without_session("tms-1").read(0), &nothing_remembered(), 1);
    assert!(steps(&plan)[0].ends_with(", 128 bytes of each packet"), "{:?}", steps(&plan));
}

#[test]
fn a_less_important_session_moves_behind_once_that_has_settled() {
    let facts = one_mirrored_jewel().instance("i-1", &[("mirror", "crown-jewel+vault")]).filter("tmf-2");
    let key = ObjectKey::Session("eni-1".into(), "zeek".into());
    let tags = facts.tags(&key);
    let facts =
        facts.change_session("tms-1", |session| session.number = 200).tagged_session("tms-2", "eni-1", 100, tags);
    let mut policy = policy();
    policy.strategies[0].except = strategy("{except: [udp/514]}").except;
    let number = |memory| {
        let plan = planned_for(&policy, &facts.clone().read(31), &memory, 31);
        steps(&plan).into_iter().filter(|step| step.contains(" number ")).collect::<Vec<_>>()
    };
    assert!(number(nothing_remembered()).is_empty());
    let settled = unwanted_since(0, ObjectId::Session("tms-2".into()));
    assert_eq!(number(settled), ["change tms-2: number 300 VNI 7"]);
}
