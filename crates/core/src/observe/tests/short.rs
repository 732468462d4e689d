//! Takes lists that are much shorter than a while ago; gives sentences about what is believed of them.

use super::*;
use crate::inventory::Inventory;
use crate::testing::cloud::{Cloud, Reconciler};
use crate::wake::wake;

/// So many jewels, mirrored, and one who has just looked.
fn mirrored(count: usize) -> (Cloud, Reconciler, i64) {
    let facts = (0..count).fold(Facts::new(), |facts, n| {
        let (instance, interface) = (format!("i-{n:04}"), format!("eni-{n:04}"));
        facts.instance(&instance, &[("mirror", "crown-jewel")]).interface(&interface, &instance)
    });
    let mut cloud = Cloud::new(facts);
    let mut ours = Reconciler::new(policy());
    let now = ours.settle(&mut cloud, 0);
    (cloud, ours, now)
}

fn gap(inventory: &Inventory, kind: Kind) -> Option<String> {
    inventory.gaps.get(&kind).map(|gap| gap.why.clone())
}

#[test]
fn sessions_that_vanish_by_the_dozen_are_missed_for_ten_minutes_and_then_made_again() {
    let (mut cloud, mut ours, now) = mirrored(20);
    cloud.facts.0.sessions.clear();
    ours.round(&mut cloud, now + 10);
    let inventory = &ours.memory.inventory;
    assert_eq!(inventory.sessions.len(), 20, "what was known stays known");
    let why =
        format!("0 mirror sessions are listed where there were 20: believed if it is so until {:.0}", at(now + 610));
    assert_eq!(gap(inventory, Kind::Sessions), Some(why));
    let again = wake(&ours.policy, &ours.memory, &ours.plan, &[], SignedDuration::from_mins(5), at(now + 10));
    assert_eq!(again, at(now + 70), "it is read again after a minute, and not at once");
    for seconds in (20..=600).step_by(10) {
        assert_eq!(ours.round(&mut cloud, now + seconds), 0);
    }
    ours.settle(&mut cloud, now + 610);
    assert_eq!(cloud.facts.0.sessions.len(), 20);
}

#[test]
fn new_machines_are_seen_and_mirrored_while_most_of_the_others_have_vanished() {
    let (mut cloud, mut ours, now) = mirrored(20);
    let facts = std::mem::replace(&mut cloud.facts, Facts::new());
    let facts = (0..19).fold(facts, |facts, n| facts.without_interface(&format!("eni-{n:04}")));
    cloud.facts = facts.instance("i-new", &[("mirror", "crown-jewel")]).interface("eni-new", "i-new");
    for seconds in (10..=60).step_by(10) {
        ours.round(&mut cloud, now + seconds);
    }
    assert!(
        gap(&ours.memory.inventory, Kind::Interfaces).unwrap().starts_with("2 network interfaces are listed where")
    );
    assert!(cloud.facts.0.sessions.values().any(|session| session.interface == "eni-new".into()));
    assert_eq!(cloud.facts.0.sessions.len(), 21, "and nothing is removed");
}

#[test]
fn a_list_that_grows_again_is_believed_at_once_and_one_that_shrinks_on_is_not() {
    let (mut cloud, mut ours, now) = mirrored(20);
    let sessions = std::mem::take(&mut cloud.facts.0.sessions);
    let mut shows = |count: usize, seconds: i64| {
        cloud.facts.0.sessions = sessions.clone().into_iter().take(count).collect();
        ours.memory = ours.observe(&cloud, now + seconds);
        ours.memory.inventory.sessions.len()
    };
    assert_eq!([shows(9, 10), shows(8, 300), shows(10, 400), shows(9, 500), shows(8, 1090)], [20, 20, 10, 10, 10]);
    assert_eq!([shows(8, 1100), shows(4, 1200), shows(2, 1300)], [8, 4, 4]);
}
