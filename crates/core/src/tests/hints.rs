//! Takes hints that are lost, doubled, and late beyond their turn; gives sentences about what that changes: when, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use super::*;
use crate::ids::InterfaceId;
use crate::inventory::{Kind, Rule};
use crate::observe::Hints;
use crate::testing::at;

/// How often everything is read, heard of or not.
const RESYNC: i64 = 300;

/// For how long machines come and go, and how long they rest after that.
const BUSY: std::ops::Range<i64> = 600..7800;
const END: i64 = 9600;

/// What becomes of the hint of a change: after how many seconds it is heard, each time that it is.
type Fate = fn(i64) -> Vec<i64>;

/// What stands: whose packets, by which rules, with which number, to where.
type Standing = BTreeSet<(InterfaceId, u16, BTreeSet<Rule>, String)>;

/// Every minute a machine comes and another is tagged off or goes. Gives what stands in the end, and how long the slowest of those that came
/// had to wait.
fn play(fate: Fate) -> (Standing, i64) {
    let mut cloud = Cloud::new(jewels(20));
    let mut ours = Reconciler::new(to_load_balancer(NLB));
    let (mut heard, mut came, mut slowest) = (BTreeMap::<i64, usize>::new(), BTreeMap::new(), 0);
    for seconds in (0..END).step_by(10) {
        if BUSY.contains(&seconds) && seconds % 60 == 0 {
            let minute = seconds / 60;
            came.insert(change(&mut cloud, minute), seconds);
            fate(minute).into_iter().for_each(|later| *heard.entry(seconds + later).or_default() += 1);
        }
        ours.hints = Hints::resync(&ours.memory, SignedDuration::from_secs(RESYNC), at(seconds));
        if heard.remove(&seconds).is_some() {
            ours.hints.kinds.extend([Kind::Instances, Kind::Interfaces]);
        }
        ours.round(&mut cloud, seconds);
        let mirrored: BTreeSet<_> = cloud.facts.0.sessions.values().map(|session| session.interface.clone()).collect();
        came.retain(|interface, since| {
            let there = mirrored.contains(interface);
            slowest = slowest.max(if there { seconds - *since } else { 0 });
            !there
        });
    }
    let facts = &cloud.facts.0;
    let standing = facts.sessions.values().map(|session| {
        let rules = facts.filters[&session.filter].rules.values().cloned().collect();
        (session.interface.clone(), session.number, rules, facts.targets[&session.target].resource.id().to_string())
    });
    (standing.collect(), slowest)
}

/// A machine comes, and one of those that were there first is tagged off, or goes. Gives the interface of the new one.
fn change(cloud: &mut Cloud, minute: i64) -> InterfaceId {
    let (instance, interface) = (format!("i-new-{minute}"), format!("eni-new-{minute}"));
    cloud.change(|facts| facts.instance(&instance, &[("mirror", "jewel")]).interface(&interface, &instance));
    let old = (minute % 20, format!("i-{:04}", minute % 20), format!("eni-{:04}", minute % 20));
    match Arc::make_mut(&mut cloud.facts.0.instances).get_mut(&old.1.as_str().into()) {
        Some(instance) if old.0 % 2 == 0 => _ = instance.tags.insert("mirror".into(), "off".into()),
        Some(_) => cloud.terminate(&old.1, &old.2),
        None => {}
    }
    interface.as_str().into()
}

#[test]
fn hints_that_are_lost_doubled_or_late_change_only_when_it_happens() {
    let (all, at_once) = play(|_| vec![0]);
    let (none, by_resync) = play(|_| Vec::new());
    assert!(at_once <= 20 && (200..=RESYNC + 20).contains(&by_resync), "{at_once} s, {by_resync} s");
    assert!(all.len() > 100 && all.iter().all(|(interface, ..)| !interface.as_str().starts_with("eni-0000")));
    assert_eq!(all, none);
    let fates: [(&str, Fate); 4] = [
        ("every other one is lost", |minute| if minute % 2 == 0 { vec![0] } else { Vec::new() }),
        ("each comes three times", |_| vec![0, 10, 200]),
        ("each overtakes the one before", |minute| vec![(3 - minute % 4) * 80]),
        ("some are lost, the others come twice and late", |minute| match minute * 7 % 5 {
            0 | 3 => Vec::new(),
            n => vec![n * 50, n * 130],
        }),
    ];
    for (what, fate) in fates {
        let (standing, slowest) = play(fate);
        assert_eq!(standing, all, "{what}");
        assert!(slowest <= RESYNC + 20, "{what}: {slowest} s");
    }
}
