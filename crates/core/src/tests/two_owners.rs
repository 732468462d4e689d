//! Takes two of ours with policies of their own on one fleet, and people who change it all day; gives sentences about how they get on.
//!
//! The small cloud itself stops whoever touches what another has made.

use super::*;
use crate::cloud::Step;
use crate::policy::parse;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// A policy that leaves others something, to a sensor of its own.
fn policy_by(owner: &str, tag: &str, except: &str) -> Policy {
    let text = format!(
        "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: {owner}
tagKey: {tag}
sensors: {{s-{owner}: {{targets: [{{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/{owner}/1'}}]}}}}
strategies: [{{name: jewel, importance: {{select: {{tags: {{app: vault}}}}}}, except: [{except}], optOut: allowed}}]
"
    );
    parse("test", &text).unwrap_or_else(|error| panic!("{error}"))
}

/// One thing that happens on the fleet. Ids never come back, as they never do in AWS.
fn churn(cloud: &mut Cloud, dice: &mut Dice, event: i64) {
    let fleet = &cloud.facts.0.interfaces;
    let one_of = |dice: &mut Dice| {
        let n = dice.roll(u64::try_from(fleet.len()).unwrap().max(1));
        fleet
            .values()
            .nth(usize::try_from(n).unwrap())
            .map(|it| (it.id.to_string(), it.id.to_string().replace("eni", "i")))
    };
    let tags: &[(&str, &str)] = match dice.roll(5) {
        0 => &[("mirror", "jewel")],
        1 => &[("watch", "jewel")],
        2 => &[("app", "vault")],
        3 => &[("app", "vault"), ("mirror", "off")],
        _ => &[],
    };
    let Some((interface, instance)) =
        one_of(dice).filter(|_| fleet.len() > 10 && (fleet.len() > 25 || dice.roll(4) > 0))
    else {
        let (interface, instance) = (format!("eni-{event}"), format!("i-{event}"));
        return cloud.change(|facts| facts.instance(&instance, tags).interface(&interface, &instance));
    };
    match dice.roll(6) {
        0 => cloud.terminate(&instance, &interface),
        1 => cloud.change(|facts| facts.instance_in(&instance, crate::inventory::InstanceState::Stopped, tags)),
        2 | 3 => cloud.change(|facts| facts.instance(&instance, tags)),
        4 => mirror_by_hand(cloud, &interface, &format!("tms-f{event}"), u16::try_from(1 + dice.roll(1000)).unwrap()),
        _ => {
            let by_hand = |it: &&crate::inventory::Session| it.tags.is_empty();
            let id = cloud.facts.0.sessions.values().find(by_hand).map(|session| session.id.clone());
            id.into_iter().for_each(|id| _ = cloud.facts.0.sessions.remove(&id));
        }
    }
}

/// Somebody mirrors an interface by hand, where there is room.
fn mirror_by_hand(cloud: &mut Cloud, interface: &str, id: &str, number: u16) {
    let on_it = || cloud.facts.0.sessions.values().filter(|it| it.interface.as_str() == interface);
    if on_it().count() < 3 && on_it().all(|it| it.number != number) {
        cloud.change(|facts| facts.foreign_session(id, interface, number));
    }
}

fn renumbered(cloud: &Cloud) -> usize {
    let is = |step: &Step| matches!(step, Step::ModifySession { change, .. } if change.number.is_some());
    cloud.calls.iter().filter(|(_, step)| is(step)).count()
}

fn a_day(seed: u64) {
    let mut cloud = Cloud::new(Facts::new());
    let mut dice = Dice(seed);
    let policies = [policy_by("prod", "mirror", "10.9.0.0/16"), policy_by("staging", "watch", "10.8.0.0/16")];
    let mut both = policies.map(Reconciler::new);
    for minute in 0..DAY / MINUTE {
        churn(&mut cloud, &mut dice, minute);
        for (index, ours) in (0_i64..).zip(&mut both) {
            // They do not know of each other, and never look at the same moment.
            ours.round(&mut cloud, minute * MINUTE + 20 * index);
        }
    }
    // The fleet rests: both come to rest too, and then write nothing any more.
    let mut quiet = 0;
    for minute in DAY / MINUTE..DAY / MINUTE + 30 {
        let writes: usize =
            (0_i64..).zip(&mut both).map(|(index, ours)| ours.round(&mut cloud, minute * MINUTE + 20 * index)).sum();
        quiet = if writes == 0 { quiet + 1 } else { 0 };
    }
    assert!(quiet > 15, "seed {seed}: writes until {quiet} minutes before the end: {:?}", cloud.calls.last());
    for ours in &both {
        assert!(ours.plan.is_empty(), "seed {seed}: {} still has {:?}", ours.policy.owner, ours.plan);
        let wanted: usize = ours.decisions.interfaces.values().map(|decision| decision.lanes.len()).sum();
        assert_eq!(ours.memory.inventory.ours.sessions.len(), wanted, "seed {seed}");
        assert!(ours.memory.inventory.ours.sessions.values().all(|ids| ids.len() == 1), "seed {seed}: no doubles");
        assert!(ours.memory.drift.counts.is_empty(), "seed {seed}: {:?}", ours.memory.drift.counts);
    }
    assert!(cloud.calls.len() > 100, "seed {seed}: a day in which something happens");
    assert_eq!(renumbered(&cloud), 0, "seed {seed}: nobody renumbers for a stranger");
}

#[test]
fn two_owners_on_one_fleet_for_a_day_touch_nothing_of_each_other_and_both_converge() {
    for seed in 1..=4 {
        a_day(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
    }
}

#[test]
fn when_one_leaves_the_fleet_the_other_loses_nothing() {
    let mut cloud = Cloud::new(Facts::new().instance("i-1", &[("app", "vault")]).interface("eni-1", "i-1"));
    let mut prod = Reconciler::new(policy_by("prod", "mirror", "10.9.0.0/16"));
    let mut staging = Reconciler::new(policy_by("staging", "watch", "10.8.0.0/16"));
    let now = prod.settle(&mut cloud, 0);
    let now = staging.settle(&mut cloud, now);
    assert_eq!(cloud.facts.0.sessions.len(), 2);
    prod.policy.strategies.clear();
    let now = prod.settle(&mut cloud, now + 10);
    assert_eq!((cloud.facts.0.sessions.len(), cloud.facts.0.filters.len()), (1, 1));
    staging.settle(&mut cloud, now + 20);
    assert_eq!(cloud.facts.0.sessions.len(), 1);
}
