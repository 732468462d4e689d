//! Takes an interface; says which strategies choose it, by tag or by what they select, and what they want of it. Never asks whether it can
//! be mirrored.
//!
//! The nearest tag decides: the interface's own, then its instance's, its subnet's, its VPC's; `off` included.
//!
//! | the nearest tag | chosen by |
//! |---|---|
//! | none | the strategies that select it: by selector, as a jump box, behind a load balancer, by lot |
//! | `crown-jewel` | that strategy, and those that select it |
//! | `crown-jewel+other` | both, and those that select it |
//! | `off` | those that select it and forbid opting out |
//! | `off+crown-jewel` | as `crown-jewel`; the `off` is reported |
//! | an unknown name | those that select it; the name is reported |
//! | any, with a `mirror-until` beside it that has passed | as none |

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::alike::{Alike, Matched};
use super::capture::Wish;
use super::eligibility::Eligibility;
use super::fleet::Fleet;
use super::{Place, Reason, access_path, extras, importance};
use crate::Time;
use crate::ids::InstanceId;
use crate::inventory::{Instance, Inventory, NetworkInterface, Tags};
use crate::policy::{Choice, Expect, Interfaces, OptOut, Policy, Strategy, Subject, nearest};

/// Opts out.
const OFF: &str = "off";

/// What is added to the key of the tag that chooses, for the tag that says until when.
pub(super) const UNTIL: &str = "-until";

/// An interface, and what is known of it before anybody chooses.
pub(super) struct Considered<'a> {
    pub(super) interface: &'a NetworkInterface,
    pub(super) instance: Option<&'a Instance>,
    /// The place of its instance among all of them: it goes by their ids.
    pub(super) host: Option<usize>,
    /// Which selectors match it.
    pub(super) matched: Arc<Matched>,
    /// The nearest tag that chooses or opts out.
    pub(super) tag: Option<(Place, &'a str)>,
    /// What is to be said of its tags.
    said: Vec<Reason>,
    /// Why it cannot be a source, once somebody has asked.
    refusal: OnceCell<Option<Reason>>,
}

/// Instances with their places among all of them, by id.
type Hosts<'a> = BTreeMap<&'a InstanceId, (usize, &'a Instance)>;

fn hosts(inventory: &Inventory) -> Hosts<'_> {
    inventory.instances.iter().enumerate().map(|(place, (id, instance))| (id, (place, instance))).collect()
}

/// Every interface, by id.
pub(super) fn considered<'a>(policy: &Policy, inventory: &'a Inventory, now: Time) -> Vec<Considered<'a>> {
    let (hosts, mut alike) = (hosts(inventory), Alike::new(policy));
    let all = inventory.interfaces.values();
    all.map(|interface| Considered::of(policy, inventory, interface, now, (&hosts, &mut alike))).collect()
}

impl<'a> Considered<'a> {
    /// One alone.
    pub(super) fn new(policy: &Policy, inventory: &'a Inventory, interface: &'a NetworkInterface, now: Time) -> Self {
        Self::of(policy, inventory, interface, now, (&hosts(inventory), &mut Alike::new(policy)))
    }

    fn of(
        policy: &Policy,
        inventory: &'a Inventory,
        interface: &'a NetworkInterface,
        now: Time,
        (hosts, alike): (&Hosts<'a>, &mut Alike<'_, 'a>),
    ) -> Self {
        let id = interface.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref());
        let (host, instance) = id.and_then(|id| hosts.get(id)).copied().unzip();
        let mut said = Vec::new();
        let tag = nearest_tag(policy, inventory, interface, instance, now, &mut said);
        let matched = alike.matched(&subject(interface, instance));
        Self { interface, instance, host, matched, tag, said, refusal: OnceCell::new() }
    }

    /// Why it cannot be a source; none if nothing speaks against it. Whoever asks first says of which policy and facts.
    pub(super) fn refusal(&self, eligibility: &Eligibility<'_>) -> Option<&Reason> {
        self.refusal.get_or_init(|| eligibility.refusal(self.interface, self.instance)).as_ref()
    }

    /// Where a tag opts it out, if one does.
    pub(super) fn off(&self) -> Option<Place> {
        self.tag.filter(|(_, value)| *value == OFF).map(|(place, _)| place)
    }

    /// Whether its tag names a strategy.
    pub(super) fn names(&self, strategy: &Strategy) -> bool {
        self.tag.is_some_and(|(_, value)| value.split('+').any(|name| name.trim() == strategy.name))
    }

    /// What selectors see of it.
    pub(super) fn subject(&self) -> Subject<'a> {
        subject(self.interface, self.instance)
    }

    /// Whether a strategy wants it, as far as it only wants primary interfaces.
    pub(super) fn is_of(&self, strategy: &Strategy) -> bool {
        let device = self.interface.attachment.as_ref().map_or(0, |attachment| attachment.device_index);
        match strategy.interfaces {
            Interfaces::All => true,
            Interfaces::Primary => device == 0,
        }
    }
}

/// What is wanted of an interface.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// By the place of the strategy in the policy.
    pub(super) wishes: BTreeMap<usize, Arc<Wish>>,
    /// Empty when nothing concerns the interface.
    pub(super) reasons: Vec<Reason>,
}

/// Who chooses an interface, and what of it. The paths of sensitive data come later: they depend on who is mirrored anyway.
pub(super) fn choose(policy: &Policy, fleet: &Fleet<'_>, considered: &Considered<'_>) -> Chosen {
    let mut chosen = Chosen { reasons: considered.said.clone(), ..Chosen::default() };
    let tagged = by_tag(policy, considered, &mut chosen.reasons);
    for (rank, strategy) in policy.strategies.iter().enumerate() {
        let is_tagged = tagged.contains(&strategy.name.as_str());
        let selected = if is_tagged { None } else { selects(fleet, rank, strategy, considered) };
        if let (Choice::Sample(_), None) = (&strategy.choice, &policy.sample_key)
            && considered.matched.by(rank, 0)
        {
            chosen.reasons.push(Reason::NoSampleKey { strategy: strategy.name.clone() });
        }
        if !is_tagged && selected.is_none() {
            continue;
        }
        if !is_tagged && !may_choose(strategy, considered, &mut chosen.reasons) {
            continue;
        }
        chosen.reasons.extend(selected);
        if !considered.is_of(strategy) {
            chosen.reasons.push(Reason::NotPrimary { strategy: strategy.name.clone() });
            continue;
        }
        if let Some(wish) = wish(fleet, (rank, strategy), considered, &mut chosen.reasons) {
            chosen.wishes.insert(rank, wish);
        }
    }
    chosen
}

/// Whether a strategy may choose an interface that a tag opts out. Where it may although, that is said.
pub(super) fn may_choose(strategy: &Strategy, considered: &Considered<'_>, reasons: &mut Vec<Reason>) -> bool {
    match (considered.off(), strategy.opt_out) {
        (None, _) => true,
        (Some(_), OptOut::Allowed) => false,
        (Some(place), OptOut::Forbidden) => {
            reasons.push(Reason::OptOutForbidden { strategy: strategy.name.clone(), place });
            true
        }
    }
}

/// Why a strategy chooses an interface without a tag; none if it does not.
fn selects(fleet: &Fleet<'_>, rank: usize, strategy: &Strategy, considered: &Considered<'_>) -> Option<Reason> {
    let matches = |selector| considered.matched.by(rank, selector);
    let selected = || matches(0).then(|| Reason::Selected { strategy: strategy.name.clone() });
    match &strategy.choice {
        Choice::Importance { .. } => importance::selects(strategy, matches(0), matches(1)),
        Choice::Risk { .. } => None,
        Choice::Junction(_) => selected().or_else(|| fleet.registered(rank, strategy, considered)),
        Choice::AccessPath { .. } | Choice::Dns { .. } | Choice::Tripwire { .. } => selected(),
        Choice::Sample(_) => fleet.drawn(rank, strategy, considered),
    }
}

/// What a strategy wants of an interface that it chooses; none, and why, if that is nothing.
fn wish(
    fleet: &Fleet<'_>,
    (rank, strategy): (usize, &Strategy),
    considered: &Considered<'_>,
    reasons: &mut Vec<Reason>,
) -> Option<Arc<Wish>> {
    let flows = match &strategy.choice {
        Choice::Importance { .. }
        | Choice::Risk { .. }
        | Choice::Junction(_)
        | Choice::Sample(_)
        | Choice::Dns { .. } => return fleet.same_wish(rank),
        Choice::AccessPath { expect: Expect::SecurityGroups, .. } if !fleet.knows_rules => {
            reasons.push(Reason::GroupsUnseen { strategy: strategy.name.clone() });
            return None;
        }
        Choice::AccessPath { expect, .. } => access_path::flows(expect, fleet.rules, considered.interface),
        Choice::Tripwire { ports, .. } => extras::tripwire(strategy, ports, fleet, considered.interface, reasons),
    };
    if flows.is_empty() {
        reasons.push(Reason::NothingServed { strategy: strategy.name.clone() });
        return None;
    }
    Some(Wish::of(strategy, flows).into())
}

/// The places whose tags count for an interface, the nearest first; none where nothing is known of one.
pub(super) fn places<'a>(
    inventory: &'a Inventory,
    interface: &'a NetworkInterface,
    instance: Option<&'a Instance>,
) -> [(Place, Option<&'a Tags>); 4] {
    [
        (Place::Interface, Some(&interface.tags)),
        (Place::Instance, instance.map(|instance| &instance.tags)),
        (Place::Subnet, inventory.tagged.subnets.get(&interface.subnet)),
        (Place::Vpc, inventory.tagged.vpcs.get(&interface.vpc)),
    ]
}

/// The nearest tag that chooses or opts out, and has not expired.
pub(super) fn nearest_tag<'a>(
    policy: &Policy,
    inventory: &'a Inventory,
    interface: &'a NetworkInterface,
    instance: Option<&'a Instance>,
    now: Time,
    said: &mut Vec<Reason>,
) -> Option<(Place, &'a str)> {
    let places = places(inventory, interface, instance).into_iter();
    let mut places = places.filter_map(|(place, tags)| Some((place, tags?)));
    places.find_map(|(place, tags)| {
        let value = tags.get(&policy.tag_key)?.trim();
        let until_key = format!("{}{UNTIL}", policy.tag_key);
        let Some(until) = tags.get(&until_key) else { return Some((place, value)) };
        match until.parse::<Time>() {
            Ok(until) if until <= now => {
                said.push(Reason::Expired { tag: format!("{}={value}", policy.tag_key), until, place });
                None
            }
            Ok(_) => Some((place, value)),
            // Doubt keeps what is chosen.
            Err(_) => {
                said.push(Reason::UnreadableUntil { tag: format!("{until_key}={until}"), place });
                Some((place, value))
            }
        }
    })
}

/// The strategies that an interface's tag names.
fn by_tag<'a>(policy: &'a Policy, considered: &Considered<'_>, reasons: &mut Vec<Reason>) -> Vec<&'a str> {
    let mut tagged: Vec<&str> = Vec::new();
    let Some((place, value)) = considered.tag else { return tagged };
    let tag = format!("{}={value}", policy.tag_key);
    if value == OFF {
        reasons.push(Reason::OptedOut { tag, place });
        return tagged;
    }
    for name in value.split('+').map(str::trim) {
        match policy.strategy(name) {
            Some(strategy) if tagged.contains(&strategy.name.as_str()) => {}
            Some(strategy) => {
                tagged.push(&strategy.name);
                reasons.push(Reason::Tagged { strategy: strategy.name.clone(), tag: tag.clone(), place });
            }
            None if name == OFF => reasons.push(Reason::OffBesideOthers { tag: tag.clone(), place }),
            None => {
                let names = policy.strategies.iter().map(|strategy| strategy.name.as_str()).chain([OFF]);
                let meant = nearest(name, names).map(str::to_owned);
                reasons.push(Reason::UnknownStrategy { value: name.into(), meant, place });
            }
        }
    }
    tagged
}

/// What selectors see of an interface.
fn subject<'a>(interface: &'a NetworkInterface, instance: Option<&'a Instance>) -> Subject<'a> {
    let tags: Vec<&Tags> = [&interface.tags].into_iter().chain(instance.map(|instance| &instance.tags)).collect();
    Subject {
        tags,
        vpc: &interface.vpc,
        subnet: &interface.subnet,
        zone: &interface.zone,
        security_groups: &interface.security_groups,
        platform: instance.map(|instance| instance.platform),
        instance_type: instance.map(|instance| instance.instance_type.as_str()),
        auto_scaling_group: instance.and_then(Instance::auto_scaling_group),
    }
}
