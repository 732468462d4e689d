//! Takes the whole fleet; gives what cannot be said of one interface alone: who is registered where, and whom the lot has fallen on. Never
//! decides about one.

use std::collections::BTreeMap;

use super::choose::{Considered, may_choose};
use super::eligibility::Eligibility;
use super::junction::Passing;
use super::sample::{self, Sampling};
use super::{Blind, Reason};
use crate::Time;
use crate::ids::{InstanceId, Lane};
use crate::inventory::{GroupRules, Inventory, Kind, NetworkInterface, Part};
use crate::lessons::Lessons;
use crate::policy::{Choice, Policy, Sample, Strategy, Stratum};

/// The whole fleet, as strategies see it. Strategies go by their place in the policy.
pub(super) struct Fleet<'a> {
    /// The rules of security groups, as far as they are known.
    pub(super) rules: &'a GroupRules,
    /// Whether they are.
    pub(super) knows_rules: bool,
    junctions: BTreeMap<usize, Passing>,
    /// Who is drawn, and for which stratum.
    samples: BTreeMap<usize, BTreeMap<&'a InstanceId, String>>,
}

impl<'a> Fleet<'a> {
    /// Looks at everybody. Tells what is to be said of whom nobody can see.
    pub(super) fn new(
        policy: &Policy,
        inventory: &'a Inventory,
        eligibility: &Eligibility<'_>,
        considered: &[Considered<'a>],
        now: Time,
        blind: &mut Vec<Blind>,
    ) -> Self {
        let (mut junctions, mut samples) = (BTreeMap::new(), BTreeMap::new());
        for (rank, strategy) in policy.strategies.iter().enumerate() {
            match &strategy.choice {
                Choice::Junction(junction) => {
                    junctions.insert(rank, Passing::new(strategy, junction, inventory, blind));
                }
                Choice::Sample(sample) => {
                    let drawn = draw(policy, inventory, eligibility, considered, (strategy, sample), now);
                    samples.insert(rank, drawn);
                }
                Choice::Importance { .. }
                | Choice::Risk { .. }
                | Choice::AccessPath { .. }
                | Choice::Dns { .. }
                | Choice::Tripwire { .. } => {}
            }
        }
        let knows_rules = inventory.parts.contains(&Part::GroupRules);
        Self { rules: &inventory.group_rules, knows_rules, junctions, samples }
    }

    /// With which load balancer of a junction an interface is registered; none if with none.
    pub(super) fn registered(&self, rank: usize, strategy: &Strategy, considered: &Considered<'_>) -> Option<Reason> {
        let balancer = self.junctions.get(&rank)?.registered(considered)?.to_owned();
        Some(Reason::Registered { strategy: strategy.name.clone(), balancer })
    }

    /// For which stratum of a sample an interface is drawn; none if it is not.
    pub(super) fn drawn(&self, rank: usize, strategy: &Strategy, considered: &Considered<'_>) -> Option<Reason> {
        let drawn = self.samples.get(&rank)?;
        let stratum = drawn.get(&considered.instance?.id)?.clone();
        Some(Reason::Drawn { strategy: strategy.name.clone(), stratum })
    }
}

/// Whom the lot falls on, among those that can be mirrored.
fn draw<'a>(
    policy: &Policy,
    inventory: &Inventory,
    eligibility: &Eligibility<'_>,
    considered: &[Considered<'a>],
    (strategy, sample): (&Strategy, &Sample),
    now: Time,
) -> BTreeMap<&'a InstanceId, String> {
    let Some(key) = &policy.sample_key else { return BTreeMap::new() };
    let members = members(inventory, eligibility, considered, strategy, sample);
    let by_text: BTreeMap<&str, Vec<String>> =
        members.iter().map(|(id, (_, labels))| (id.as_str(), labels.clone())).collect();
    let Sample { fraction, at_least, rotate, .. } = sample;
    let sampling = Sampling { fraction: *fraction, at_least: *at_least, rotate: *rotate };
    let drawn = sample::chosen(key, &strategy.name, &sampling, &by_text, now);
    let drawn = drawn.into_iter().filter_map(|id| members.get(&InstanceId::from(id)));
    // Who is missing from a list that is not whole makes room for others, who must not be mirrored for that.
    let all = inventory.is_complete(Kind::Instances) && inventory.is_complete(Kind::Interfaces);
    let lane = Lane::from(&strategy.sensor);
    let stands = |id: &InstanceId| {
        let of = considered.iter().filter(|it| it.instance.is_some_and(|instance| instance.id == *id));
        of.into_iter().any(|it| inventory.ours.sessions.contains_key(&(it.interface.id.clone(), lane.clone())))
    };
    drawn.filter(|(id, _)| all || stands(id)).map(|(id, labels)| (*id, stratum(labels))).collect()
}

/// Who may be drawn: by id, with the labels of its stratum.
fn members<'a>(
    inventory: &Inventory,
    eligibility: &Eligibility<'_>,
    considered: &[Considered<'a>],
    strategy: &Strategy,
    sample: &Sample,
) -> BTreeMap<InstanceId, (&'a InstanceId, Vec<String>)> {
    let mut members: BTreeMap<InstanceId, (&InstanceId, Vec<String>)> = BTreeMap::new();
    for it in considered {
        let Some(instance) = it.instance else { continue };
        let may_be = it.is_of(strategy)
            && sample.select.matches(&it.subject())
            && may_choose(strategy, it, &mut Vec::new())
            && eligibility.refusal(it.interface, it.instance).is_none();
        if may_be && !members.contains_key(&instance.id) {
            let labels = sample.by.iter().map(|by| label(by, inventory, it)).collect();
            members.insert(instance.id.clone(), (&instance.id, labels));
        }
    }
    members
}

/// What a stratum is called, for a person.
fn stratum(labels: &[String]) -> String {
    if labels.is_empty() { "all alike".into() } else { labels.join(" ") }
}

fn label(by: &Stratum, inventory: &Inventory, considered: &Considered<'_>) -> String {
    let subject = considered.subject();
    match by {
        Stratum::Account => inventory.account.as_ref().map(ToString::to_string),
        Stratum::Region => Some(inventory.region.to_string()),
        Stratum::Zone => Some(subject.zone.to_string()),
        Stratum::Subnet => Some(subject.subnet.to_string()),
        Stratum::Vpc => Some(subject.vpc.to_string()),
        Stratum::AutoScalingGroup => subject.auto_scaling_group.map(str::to_owned),
        Stratum::InstanceType => subject.instance_type.map(str::to_owned),
        Stratum::Platform => subject.platform.map(|platform| platform.to_string()),
        Stratum::Tag(key) => subject.tags.iter().find_map(|tags| tags.get(key)).cloned(),
    }
    .unwrap_or_else(|| "-".into())
}

/// A stratum of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The strategy.
    pub strategy: String,
    /// What the stratum is called.
    pub stratum: String,
    /// How many hosts are in it.
    pub hosts: usize,
    /// How many of them are drawn.
    pub drawn: usize,
}

/// Every stratum of every sample.
pub fn strata(policy: &Policy, inventory: &Inventory, lessons: &Lessons, now: Time) -> Vec<Drawn> {
    let eligibility = Eligibility::new(policy, inventory, lessons);
    let considered = Considered::everybody(policy, inventory, now);
    let mut strata = Vec::new();
    for strategy in &policy.strategies {
        let Choice::Sample(sample) = &strategy.choice else { continue };
        let members = members(inventory, &eligibility, &considered, strategy, sample);
        let drawn = draw(policy, inventory, &eligibility, &considered, (strategy, sample), now);
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (id, labels) in members.values() {
            let (hosts, of_them) = counts.entry(stratum(labels)).or_default();
            *hosts += 1;
            *of_them += usize::from(drawn.contains_key(id));
        }
        strata.extend(counts.into_iter().map(|(stratum, (hosts, drawn))| Drawn {
            strategy: strategy.name.clone(),
            stratum,
            hosts,
            drawn,
        }));
    }
    strata
}

/// How many interfaces could be mirrored.
pub fn candidates(policy: &Policy, inventory: &Inventory, lessons: &Lessons) -> usize {
    let eligibility = Eligibility::new(policy, inventory, lessons);
    let instance = |it: &NetworkInterface| {
        it.attachment.as_ref().and_then(|attachment| inventory.instances.get(attachment.instance.as_ref()?))
    };
    inventory.interfaces.values().filter(|it| eligibility.refusal(it, instance(it)).is_none()).count()
}
