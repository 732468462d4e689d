//! Takes the whole fleet; gives what cannot be said of one interface alone: who is registered where, and whom the lot has fallen on. Never
//! decides about one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::capture::Wish;
use super::choose::{Considered, considered, may_choose};
use super::eligibility::Eligibility;
use super::junction::Passing;
use super::sample::{self, Sampling};
use super::{Blind, Reason, extras};
use crate::Time;
use crate::ids::InterfaceId;
use crate::inventory::{GroupRules, Inventory, Kind, NetworkInterface, Part};
use crate::lessons::Lessons;
use crate::policy::{Choice, Expect, Policy, Sample, Strategy, Stratum, Subject};

/// The whole fleet, as strategies see it. Strategies go by their place in the policy.
pub(super) struct Fleet<'a> {
    /// The rules of security groups, as far as they are known.
    pub(super) rules: &'a GroupRules,
    /// Whether they are.
    pub(super) knows_rules: bool,
    junctions: BTreeMap<usize, Passing>,
    /// Who is drawn, by the place among all instances, and for which stratum.
    samples: BTreeMap<usize, BTreeMap<usize, String>>,
    /// What a strategy wants of whomever it chooses, where that is the same of all.
    same: Vec<Option<Arc<Wish>>>,
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
                    let drawn = draw(policy, inventory, eligibility, considered, (rank, strategy, sample), now);
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
        let same = policy.strategies.iter().map(|strategy| same(strategy).map(Arc::new)).collect();
        Self { rules: &inventory.group_rules, knows_rules, junctions, samples, same }
    }

    /// What a strategy wants of whomever it chooses; none where that depends on whom.
    pub(super) fn same_wish(&self, rank: usize) -> Option<Arc<Wish>> {
        self.same.get(rank)?.clone()
    }

    /// With which load balancer of a junction an interface is registered; none if with none.
    pub(super) fn registered(&self, rank: usize, strategy: &Strategy, considered: &Considered<'_>) -> Option<Reason> {
        let balancer = self.junctions.get(&rank)?.registered(considered)?.to_owned();
        Some(Reason::Registered { strategy: strategy.name.clone(), balancer })
    }

    /// For which stratum of a sample an interface is drawn; none if it is not.
    pub(super) fn drawn(&self, rank: usize, strategy: &Strategy, considered: &Considered<'_>) -> Option<Reason> {
        let drawn = self.samples.get(&rank)?;
        let stratum = drawn.get(&considered.host?)?.clone();
        Some(Reason::Drawn { strategy: strategy.name.clone(), stratum })
    }
}

/// What a strategy wants of whomever it chooses; none where that depends on whom.
fn same(strategy: &Strategy) -> Option<Wish> {
    match &strategy.choice {
        Choice::Importance { .. } | Choice::Risk { .. } | Choice::Junction(_) | Choice::Sample(_) => {
            Some(Wish::usual(strategy))
        }
        Choice::Dns { over_tls, .. } => Some(Wish::of(strategy, extras::dns(*over_tls))),
        Choice::AccessPath { expect: Expect::SecurityGroups | Expect::Ports(_), .. } | Choice::Tripwire { .. } => None,
    }
}

/// Whom the lot falls on, among those that can be mirrored: by the place among all instances, each with what its stratum is called.
fn draw(
    policy: &Policy,
    inventory: &Inventory,
    eligibility: &Eligibility<'_>,
    considered: &[Considered<'_>],
    (rank, strategy, sample): (usize, &Strategy, &Sample),
    now: Time,
) -> BTreeMap<usize, String> {
    let Some(key) = &policy.sample_key else { return BTreeMap::new() };
    let Sample { fraction, at_least, rotate, .. } = sample;
    let sampling = Sampling { fraction: *fraction, at_least: *at_least, rotate: *rotate };
    let mut drawn: BTreeMap<usize, String> = BTreeMap::new();
    for (labels, members) in members(inventory, eligibility, considered, (rank, strategy, sample)) {
        let labels: Vec<String> = labels.into_iter().map(Cow::into_owned).collect();
        // Both in the order of ids.
        let (places, ids): (Vec<usize>, Vec<&str>) = members.into_iter().unzip();
        let of_stratum = sample::of_stratum(key, &strategy.name, &sampling, &labels, &ids, now);
        let places = of_stratum.into_iter().filter_map(|id| places.get(ids.binary_search(&id).ok()?));
        drawn.extend(places.map(|place| (*place, stratum(&labels))));
    }
    // Who is missing from a list that is not whole makes room for others, who must not be mirrored for that.
    if !inventory.is_complete(Kind::Instances) || !inventory.is_complete(Kind::Interfaces) {
        let sessions = inventory.ours.sessions.keys().filter(|(_, lane)| lane.as_str() == strategy.sensor);
        let mirrored: BTreeSet<&InterfaceId> = sessions.map(|(interface, _)| interface).collect();
        let standing = considered.iter().filter(|it| mirrored.contains(&it.interface.id));
        let standing: BTreeSet<usize> = standing.filter_map(|it| it.host).collect();
        drawn.retain(|host, _| standing.contains(host));
    }
    drawn
}

/// Who may be drawn, by the labels of the stratum: ids, by the place among all instances.
fn members<'a>(
    inventory: &'a Inventory,
    eligibility: &Eligibility<'_>,
    considered: &[Considered<'a>],
    (rank, strategy, sample): (usize, &Strategy, &Sample),
) -> BTreeMap<Vec<Cow<'a, str>>, BTreeMap<usize, &'a str>> {
    let mut strata: BTreeMap<Vec<Cow<'a, str>>, BTreeMap<usize, &'a str>> = BTreeMap::new();
    let mut seen = vec![false; inventory.instances.len()];
    for it in considered {
        let (Some(host), Some(instance)) = (it.host, it.instance) else { continue };
        let Some(seen) = seen.get_mut(host).filter(|seen| !**seen) else { continue };
        let may_be = it.is_of(strategy)
            && it.matched.by(rank, 0)
            && may_choose(strategy, it, &mut Vec::new())
            && it.refusal(eligibility).is_none();
        if may_be {
            // The first of its interfaces says in which stratum it is.
            *seen = true;
            let subject = it.subject();
            let labels = sample.by.iter().map(|by| label(by, inventory, &subject)).collect();
            strata.entry(labels).or_default().insert(host, instance.id.as_str());
        }
    }
    strata
}

/// What a stratum is called, for a person.
fn stratum(labels: &[String]) -> String {
    if labels.is_empty() { "all alike".into() } else { labels.join(" ") }
}

fn label<'a>(by: &Stratum, inventory: &'a Inventory, subject: &Subject<'a>) -> Cow<'a, str> {
    let label = match by {
        Stratum::Account => inventory.account.as_ref().map(|account| account.as_str()),
        Stratum::Region => Some(inventory.region.as_str()),
        Stratum::Zone => Some(subject.zone.as_str()),
        Stratum::Subnet => Some(subject.subnet.as_str()),
        Stratum::Vpc => Some(subject.vpc.as_str()),
        Stratum::AutoScalingGroup => subject.auto_scaling_group,
        Stratum::InstanceType => subject.instance_type,
        Stratum::Platform => return subject.platform.map_or("-".into(), |platform| platform.to_string().into()),
        Stratum::Tag(key) => subject.tags.iter().find_map(|tags| tags.get(key)).map(String::as_str),
    };
    label.unwrap_or("-").into()
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
    let considered = considered(policy, inventory, now);
    let mut strata = Vec::new();
    for (rank, strategy) in policy.strategies.iter().enumerate() {
        let Choice::Sample(sample) = &strategy.choice else { continue };
        let sampled = (rank, strategy, sample);
        let drawn = draw(policy, inventory, &eligibility, &considered, sampled, now);
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for (labels, members) in members(inventory, &eligibility, &considered, sampled) {
            let labels: Vec<String> = labels.into_iter().map(Cow::into_owned).collect();
            let (hosts, of_them) = counts.entry(stratum(&labels)).or_default();
            *hosts += members.len();
            *of_them += members.keys().filter(|host| drawn.contains_key(host)).count();
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
