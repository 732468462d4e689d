//! Takes one who knows an account, and the lists that he sees next; gives sentences about what he remembers.

use super::*;
use crate::inventory::Instance;
use crate::memory::Rates;
use crate::testing::*;

/// One who knows this and nothing else.
fn who_knows(facts: Facts) -> Memory {
    Memory { inventory: facts.read(0).into(), ..nothing_remembered() }
}

/// What is known of this was read before, and is not read again.
fn unread(mut inventory: Inventory, kind: Kind) -> Inventory {
    inventory.read.insert(kind, at(0));
    inventory
}

fn session_key() -> ObjectKey {
    ObjectKey::Session("eni-1".into(), "sta".into())
}

/// One who knows a mirrored jewel, has lost three sessions by his own doing, and has just made a call.
fn who_has_a_past() -> Memory {
    let mut memory = who_knows(one_mirrored_jewel());
    memory.allowance.note(1000, 0, 3, at(0));
    memory.rates.spend("CreateTrafficMirrorSession", 1.0, at(0));
    memory.drift.fights_begun = 1;
    memory
}

fn forgets_all_but_its_own_doing(inventory: Inventory) -> bool {
    let Memory { inventory, rates, allowance, drift, .. } = notice(who_has_a_past(), inventory);
    let forgotten = *inventory == Inventory::empty(REGION.into()) && drift.fights_begun == 0;
    assert_eq!(forgotten, drift.fights_begun == 0, "all or nothing");
    assert!(rates != Rates::default() && allowance.left(0.0, at(0)).0 == 2, "what was done is not undone by a list");
    forgotten
}

#[test]
fn lists_of_another_world_or_account_make_it_forget_all_but_its_own_doing() {
    let other_interfaces = || jewel_with(|_| {}).without_interface("eni-1").interface("eni-x", "i-1");
    assert!(forgets_all_but_its_own_doing(other_interfaces().read(60)));
    let mut short = unread(other_interfaces().read(60), Kind::Interfaces);
    short.short.insert(Kind::Interfaces, at(60));
    assert!(forgets_all_but_its_own_doing(short), "though nobody believes that the others are gone");
    let others = |instance: &mut Instance| instance.owner = "999999999999".into();
    assert!(forgets_all_but_its_own_doing(one_mirrored_jewel().change_instance("i-1", others).read(60)));
    assert!(!forgets_all_but_its_own_doing(one_mirrored_jewel().interface("eni-2", "i-1").read(60)));
    assert!(!forgets_all_but_its_own_doing(one_mirrored_jewel().without_instance("i-1").read(60)));
}

#[test]
fn who_has_known_no_interface_comes_to_know_the_first() {
    let memory = notice(who_knows(Facts::new()), one_mirrored_jewel().read(60));
    assert_eq!(memory.inventory.interfaces.len(), 1);
}

/// What is remembered of a key's object that is gone.
fn predecessor(memory: &Memory, key: &ObjectKey) -> Option<(String, crate::Time, ProofOfAbsence)> {
    memory.predecessors.get(key).map(|it| (it.was.clone(), it.since, it.proof))
}

#[test]
fn of_filters_with_one_key_those_that_are_gone_are_known_until_they_are_seen_again() {
    let key = ObjectKey::Filter(everything(false).key());
    let both = || one_mirrored_jewel().filter("tmf-2");
    let without = |facts: Facts, ids: &[&str]| {
        let mut facts = facts;
        facts.0.filters.retain(|id, _| !ids.contains(&id.as_str()));
        facts
    };
    let missing = notice(who_knows(both()), without(both(), &["tmf-2"]).read(60));
    let gone = Some(("tmf-2".to_owned(), at(60), ProofOfAbsence::Settled));
    assert_eq!(predecessor(&missing, &key), gone);
    let still = notice(missing, without(both(), &["tmf-2"]).read(90));
    assert_eq!(predecessor(&still, &key), gone, "since it was missed first");
    assert_eq!(predecessor(&notice(still.clone(), both().read(120)), &key), None, "it was only missed");
    let none = notice(still, without(both(), &["tmf-1", "tmf-2"]).read(120));
    assert_eq!(predecessor(&none, &key), Some(("tmf-1".to_owned(), at(120), ProofOfAbsence::Settled)));
}

/// One who knows a mirrored jewel, and has removed its session at 10.
fn who_has_removed_it() -> Memory {
    let mut memory = who_knows(one_mirrored_jewel());
    let removed = Predecessor { was: "tms-1".into(), since: at(10), proof: ProofOfAbsence::Removed };
    memory.predecessors.insert(session_key(), removed);
    let written = Written { at: at(10), state: None, created: false, missed: None };
    memory.written.insert(ObjectId::Session("tms-1".into()), written);
    memory
}

#[test]
fn what_we_have_removed_ourselves_needs_no_other_proof_and_leaves_no_number() {
    let without = one_mirrored_jewel().without_session("tms-1").read(60);
    let ours = notice(who_has_removed_it(), without.clone());
    assert_eq!(predecessor(&ours, &session_key()), Some(("tms-1".into(), at(10), ProofOfAbsence::Removed)));
    assert!(ours.lessons.had.is_empty());
    let somebodys = notice(who_knows(one_mirrored_jewel()), without);
    assert_eq!(predecessor(&somebodys, &session_key()), Some(("tms-1".into(), at(60), ProofOfAbsence::Settled)));
    assert_eq!(somebodys.lessons.had_number(&"eni-1".into(), &"sta".into(), at(60)), Some(100));
    let again = notice(somebodys, one_mirrored_jewel().read(90));
    assert!(again.predecessors.is_empty() && again.lessons.had.is_empty(), "it was only missed");
}

#[test]
fn a_number_that_aws_says_is_taken_is_nothing_to_believe_once_a_list_shows_by_whom() {
    let mut memory = who_knows(one_mirrored_jewel());
    memory.lessons.numbers.insert("eni-1".into(), [(7, at(0)), (8, at(0))].into());
    let memory = notice(memory, one_mirrored_jewel().foreign_session("tms-f", "eni-1", 7).read(60));
    assert_eq!([7, 8].map(|number| memory.lessons.has_number(&"eni-1".into(), number, at(60))), [false, true]);
}

#[test]
fn what_goes_with_its_interface_or_filter_need_not_be_known_once_that_is_seen_to_be_gone() {
    let rule = everything(false).rules.pop_first().unwrap();
    let rule_key = ObjectKey::Rule("tmf-9".into(), rule);
    let two = || one_mirrored_jewel().interface("eni-2", "i-1");
    let known = || {
        let mut memory = Memory { inventory: two().read(0).into(), ..who_has_removed_it() };
        let gone = Predecessor { was: "tmfr-9".into(), since: at(0), proof: ProofOfAbsence::Settled };
        memory.predecessors.insert(rule_key.clone(), gone);
        memory
    };
    let remembered = |inventory: Inventory| {
        let memory = notice(known(), inventory);
        [&session_key(), &rule_key].map(|key| memory.predecessors.contains_key(key))
    };
    let beside = || two().without_session("tms-1");
    let lacking = beside().filter("tmf-9").change_filter("tmf-9", |filter| _ = filter.rules.pop_first());
    assert_eq!(remembered(lacking.without_interface("eni-1").read(60)), [false, true]);
    assert_eq!(remembered(beside().read(60)), [true, false]);
    // A list that is too short to be true shows what there is, and nothing of what there is not.
    let short = unread(beside().without_interface("eni-1").read(60), Kind::Interfaces);
    assert_eq!(remembered(short), [true, false]);
}
