//! Takes what other people make so that it looks like ours; holds us to it that nothing of it is ever touched: the cloud panics if it is.
//!
//! `HISTORIES=1000000 cargo test -p mirror-core what_looks_like_ours` plays so many.

use super::*;
use crate::ids::AccountId;
use crate::inventory::{Filter, Resource, Session, Tags, Target};
use crate::objects::ObjectKey;
use crate::ownership::{self, KEY_TAG, OWNER_TAG, Owner, PROOF_TAG};
use crate::testing::{ACCOUNT, REGION, policy, tags_of};

const ELSEWHERE: &str = "999999999999";

/// What the policy of the tests wants, or nothing.
const TAGS: [&[(&str, &str)]; 4] = [&[("mirror", "crown-jewel")], &[("app", "vault")], &[("mirror", "off")], &[]];

fn pick<T: Clone>(dice: &mut Dice, from: &[T]) -> T {
    let n = dice.roll(u64::try_from(from.len()).unwrap());
    from[usize::try_from(n).unwrap()].clone()
}

/// Tags of ours that are not the object's own: `key` is what it would be for, `others` what else there is.
fn forged(dice: &mut Dice, key: &ObjectKey, others: &[ObjectKey]) -> Tags {
    let (account, region): (AccountId, _) = (ACCOUNT.into(), REGION.into());
    let (another, far) = (ELSEWHERE.into(), "us-east-1".into());
    let here = Owner { name: "prod", account: &account, region: &region };
    let mut tags = match dice.roll(6) {
        0 => ownership::tags(Owner { account: &another, ..here }, key),
        1 => ownership::tags(Owner { region: &far, ..here }, key),
        2 => ownership::tags(Owner { name: pick(dice, &["blue", "Prod", "prod ", ""]), ..here }, key),
        3 => {
            // The tags of a session of ours on the same interface would make another of ours of it: nobody could tell.
            let could_be = |other: &ObjectKey| match (other, key) {
                (ObjectKey::Session(there, _), ObjectKey::Session(here, _)) => there == here,
                _ => other == key,
            };
            let other = others.iter().find(|other| !could_be(other));
            other.map(|other| ownership::tags(here, other)).unwrap_or_default()
        }
        4 => {
            let mut tags = ownership::tags(here, key);
            tags.remove(pick(dice, &[OWNER_TAG, KEY_TAG, PROOF_TAG]));
            tags
        }
        _ => {
            let mut tags = ownership::tags(here, key);
            let changed = pick(dice, &[OWNER_TAG, KEY_TAG, PROOF_TAG]);
            tags.entry(changed.into()).and_modify(|value| value.push('x'));
            tags
        }
    };
    // Somebody who says that it is ours, and nothing that shows it.
    if dice.roll(8) == 0 {
        tags.insert(OWNER_TAG.into(), "prod".into());
        tags.remove(PROOF_TAG);
    }
    tags
}

/// One of them appears.
fn appears(cloud: &mut Cloud, dice: &mut Dice, n: u64) {
    let interfaces: Vec<_> = cloud.facts.0.interfaces.keys().cloned().collect();
    let interface = pick(dice, &interfaces);
    let session = |interface, lane: &str| ObjectKey::Session(interface, lane.into());
    let nlb = Resource::NetworkLoadBalancer(NLB.into());
    let filters = cloud.facts.0.ours.filters.keys().map(|key| ObjectKey::Filter(key.clone()));
    let others: Vec<ObjectKey> = interfaces
        .iter()
        .flat_map(|it| ["sta", "zeek"].map(|lane| session(it.clone(), lane)))
        .chain([ObjectKey::Target(nlb.id()), ObjectKey::Filter("none".into())])
        .chain(filters)
        .collect();
    match dice.roll(3) {
        0 => {
            let key = session(interface.clone(), pick(dice, &["sta", "zeek"]));
            // All of it, but made by another account.
            let (owner, tags) = match dice.roll(4) {
                0 => {
                    let (account, region) = (ACCOUNT.into(), REGION.into());
                    let here = Owner { name: "prod", account: &account, region: &region };
                    (ELSEWHERE, ownership::tags(here, &key))
                }
                _ => (ACCOUNT, forged(dice, &key, &others)),
            };
            let number = pick(dice, &[1, 99, 100, 101, 200, 300]);
            let there = cloud.facts.0.sessions.values().filter(|it| it.interface == interface);
            let numbers: Vec<u16> = there.map(|it| it.number).collect();
            if numbers.len() < 3 && !numbers.contains(&number) {
                let id = format!("tms-theirs-{n}");
                let target = cloud.facts.0.targets.keys().next().cloned().unwrap_or_else(|| "tmt-theirs".into());
                let filter = cloud.facts.0.filters.keys().next().cloned().unwrap_or_else(|| "tmf-theirs".into());
                let (owner, packet_length, vni) = (owner.into(), None, Some(7));
                let theirs = Session {
                    id: id.as_str().into(),
                    owner,
                    interface,
                    target,
                    filter,
                    number,
                    packet_length,
                    vni,
                    tags,
                };
                cloud.facts.0.sessions.insert(id.as_str().into(), theirs);
            }
        }
        1 => {
            let key = others.iter().rfind(|key| matches!(key, ObjectKey::Filter(_))).cloned();
            let tags = key.map(|key| forged(dice, &key, &others)).unwrap_or_default();
            let id = format!("tmf-theirs-{n}");
            let like = cloud.facts.0.filters.values().next().map(|it| (it.rules.clone(), it.services.clone()));
            let (rules, services) = like.unwrap_or_default();
            let theirs = Filter { id: id.as_str().into(), rules, services, tags };
            cloud.facts.0.filters.insert(id.as_str().into(), theirs);
        }
        _ => {
            let resource = match dice.roll(2) {
                0 => nlb,
                _ => Resource::NetworkInterface(interface),
            };
            let key = ObjectKey::Target(resource.id());
            let tags = forged(dice, &key, &others);
            let id = format!("tmt-theirs-{n}");
            let theirs = Target { id: id.as_str().into(), owner: ACCOUNT.into(), resource, tags };
            cloud.facts.0.targets.insert(id.as_str().into(), theirs);
        }
    }
}

/// A few machines that come to be wanted and not; somebody who makes such things before us, after us and in between.
fn history(seed: u64) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let fleet = 1 + dice.roll(3);
    let mut cloud = Cloud::new((0..fleet).fold(Facts::new(), |facts, n| {
        let (instance, interface) = (format!("i-{n}"), format!("eni-{n}"));
        facts.instance(&instance, pick(&mut dice, &TAGS)).interface(&interface, &instance)
    }));
    let mut ours = Reconciler::new(policy());
    let mut made = 0;
    for seconds in [0, 10, 20, 30, 70, 110, 150] {
        for _ in 0..dice.roll(3) {
            made += 1;
            appears(&mut cloud, &mut dice, made);
        }
        if dice.roll(2) == 0 {
            let (instance, tags) = (format!("i-{}", dice.roll(fleet)), pick(&mut dice, &TAGS));
            cloud.change(|facts| facts.change_instance(&instance, |it| it.tags = tags_of(tags)));
        }
        ours.round(&mut cloud, seconds);
    }
}

#[test]
fn what_looks_like_ours_and_is_not_is_never_touched() {
    let histories = std::env::var("HISTORIES").ok().and_then(|number| number.parse().ok()).unwrap_or(3_000);
    for seed in 0..histories {
        std::panic::catch_unwind(|| history(seed)).unwrap_or_else(|_| panic!("history {seed}"));
    }
}
