//! Takes the policy and the facts; gives a decision for every interface that anything concerns, with its reasons. Never fails: what
//! cannot be mirrored has a reason too.
//!
//! For the whole fleet: who is registered where, whom the lot falls on (`fleet`). For one interface: who chooses it, and what of it
//! (`choose`, and a file for each kind of strategy) → may it be a source (`eligibility`) → which ends of data paths (`risk`) → what does each
//! lane capture, and does that fit into a filter (`capture`, `captures`) → which slot and number does it get beside other people's sessions
//! (`slots`, `foreign`) → where do its packets go (`target`). Then, for all together: is it too much (`budget`).

mod access_path;
mod alike;
mod behind;
mod budget;
mod capture;
mod captures;
mod choose;
mod eligibility;
mod evidence;
mod extras;
mod fits;
mod fleet;
mod foreign;
mod importance;
mod junction;
mod lanes;
mod offers;
mod reason;
mod rebalance;
mod risk;
mod sample;
mod slots;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::budget::allowed;
pub use self::capture::{Capture, Wish};
use self::captures::Captures;
pub(crate) use self::captures::widen;
use self::choose::{Chosen, Considered, choose, considered};
use self::eligibility::Eligibility;
pub use self::evidence::{Evidence, SelectorsSeen, TagSeen, evidence};
pub use self::fits::Fits;
use self::fleet::Fleet;
pub use self::fleet::{Drawn, candidates, strata};
pub(crate) use self::foreign::sends_to;
pub use self::importance::{WayIn, ways_in};
pub use self::offers::{Load, Offer, Offers, Reach};
pub use self::reason::{Place, Reason};
pub use self::rebalance::{Move, rebalance};
use self::risk::Risk;
pub use self::sample::detection;
use self::slots::Slots;
pub use self::target::TargetChoice;
use self::target::Targets;
use crate::Time;
use crate::digest::digest;
use crate::ids::{InstanceId, InterfaceId, Lane, VpcId};
use crate::inventory::{Inventory, Kind, NetworkInterface};
use crate::lessons::Lessons;
use crate::policy::{Choice, Policy, Strategy};

/// What is decided, by interface. An interface that no tag and no selector concerns is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    /// The decisions.
    pub interfaces: BTreeMap<InterfaceId, Decision>,
    /// What is wanted and nobody can see, or what the policy names and nobody has.
    pub blind: BTreeSet<Blind>,
}

/// Something that a strategy wants and no interface shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Blind {
    /// The strategy.
    pub strategy: String,
    /// What, and why.
    pub what: String,
}

/// What is decided for one interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The instance that it is attached to.
    pub instance: Option<InstanceId>,
    /// Why, in the order in which it was found: who chose it, then what became of that.
    pub reasons: Vec<Reason>,
    /// What is wanted, by lane; empty when nothing is.
    pub lanes: BTreeMap<Lane, LaneWish>,
    /// Whether the facts do not suffice to say that nothing is wanted: what stands, stays.
    pub doubt: bool,
}

/// One session that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneWish {
    /// The place in the policy of the most important strategy that wants it: 0 comes first.
    pub rank: usize,
    /// Where its packets go.
    pub target: TargetChoice,
    /// Its session number: that of the session that stands, unless it has to move behind a more important one.
    pub number: u16,
    /// Its VXLAN network identifier.
    pub vni: u32,
    /// Whether there can be IPv6 packets.
    pub ipv6: bool,
    /// Which packets.
    pub capture: Arc<Capture>,
}

/// Decides. `lessons` are what AWS has taught by refusing; `fits` is what was found out when it was decided last; `now` is for what counts
/// until a time.
pub fn decide(policy: &Policy, inventory: &Inventory, lessons: &Lessons, fits: &mut Fits, now: Time) -> Decisions {
    fits.begin();
    let eligibility = Eligibility::new(policy, inventory, lessons);
    let considered = considered(policy, inventory, now);
    let mut blind = Vec::new();
    let chosen = chosen(policy, inventory, &eligibility, &considered, now, &mut blind);
    blind.extend(unused(policy, inventory, &chosen));
    let mut deciding = Deciding {
        policy,
        targets: Targets::new(policy, inventory, lessons, now),
        slots: Slots::new(inventory, lessons, now),
        captures: Captures::new(policy, inventory, fits),
    };
    let concerned = considered.iter().zip(chosen);
    let mut concerned: Vec<Concerned<'_>> =
        concerned.filter_map(|(considered, chosen)| concern(&eligibility, considered, chosen)).collect();
    // Where targets are short, the most important get what there is.
    concerned.sort_by_key(|it| it.wishes.keys().next().copied().unwrap_or(usize::MAX));
    let mut decisions = Decisions { interfaces: BTreeMap::new(), blind: blind.into_iter().collect() };
    for Concerned { interface, wishes, mut decision } in concerned {
        deciding.lanes(interface, &wishes, &mut decision);
        decisions.interfaces.insert(interface.id.clone(), decision);
    }
    budget::cut(policy, inventory, &mut decisions);
    decisions
}

/// What everybody wants of each interface, in their order.
fn chosen<'a>(
    policy: &Policy,
    inventory: &'a Inventory,
    eligibility: &Eligibility<'_>,
    considered: &[Considered<'a>],
    now: Time,
    blind: &mut Vec<Blind>,
) -> Vec<Chosen> {
    let fleet = Fleet::new(policy, inventory, eligibility, considered, now, blind);
    let mut chosen: Vec<Chosen> = considered.iter().map(|it| choose(policy, &fleet, it)).collect();
    let risk = Risk { policy, inventory, eligibility, considered };
    for (rank, strategy) in policy.strategies.iter().enumerate() {
        if let Choice::Risk { paths } = &strategy.choice {
            risk.choose(rank, strategy, paths, &mut chosen, blind);
        }
    }
    chosen
}

/// The strategies that choose nobody although everybody is listed: a typing mistake, perhaps.
fn unused(policy: &Policy, inventory: &Inventory, chosen: &[Chosen]) -> Vec<Blind> {
    if !inventory.is_complete(Kind::Instances) || !inventory.is_complete(Kind::Interfaces) {
        return Vec::new();
    }
    let used: BTreeSet<usize> = chosen.iter().flat_map(|chosen| chosen.wishes.keys().copied()).collect();
    let unused = policy.strategies.iter().enumerate().filter(|(rank, _)| !used.contains(rank));
    let what = |strategy: &Strategy| format!("chooses nobody here (line {}, column {})", strategy.at.0, strategy.at.1);
    unused.map(|(_, it)| Blind { strategy: it.name.clone(), what: what(it) }).collect()
}

/// What deciding takes.
struct Deciding<'a> {
    policy: &'a Policy,
    targets: Targets,
    slots: Slots<'a>,
    captures: Captures<'a>,
}

/// An interface that something concerns.
struct Concerned<'a> {
    interface: &'a NetworkInterface,
    /// What is wanted of it, by the place of the strategy; nothing where it cannot be a source.
    wishes: BTreeMap<usize, Arc<Wish>>,
    decision: Decision,
}

/// Whether an interface that is chosen can be a source; none if nothing concerns it.
fn concern<'a>(eligibility: &Eligibility<'_>, considered: &Considered<'a>, chosen: Chosen) -> Option<Concerned<'a>> {
    let Considered { interface, instance, .. } = considered;
    let Chosen { mut wishes, reasons } = chosen;
    let id = interface.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref());
    // Without its instance nobody knows the tags that count for an interface: that none concerns it is no decision then.
    let unseen = id.is_some() && instance.is_none();
    if reasons.is_empty() && !unseen {
        return None;
    }
    let doubt = reasons.iter().any(Reason::is_doubt);
    let mut decision = Decision { instance: id.cloned(), reasons, lanes: BTreeMap::new(), doubt };
    if (!wishes.is_empty() || unseen)
        && let Some(refusal) = considered.refusal(eligibility)
    {
        decision.refuse(refusal.clone());
        wishes.clear();
    }
    Some(Concerned { interface, wishes, decision })
}

impl Decision {
    /// The strategies that choose it.
    pub fn choosers(&self) -> BTreeSet<&str> {
        self.reasons.iter().filter_map(Reason::chooser).collect()
    }

    fn refuse(&mut self, refusal: Reason) {
        self.doubt |= refusal.is_doubt();
        self.reasons.push(refusal);
    }
}

/// A VXLAN network identifier for a VPC: always the same, 1 to 2^24 - 1. Two VPCs of one sensor rarely share one; a sensor that must
/// tell them apart for certain is given a `vni`.
pub(crate) fn vni_of(vpc: &VpcId) -> u32 {
    let digits = digest([vpc.as_str()]);
    let number = u32::from_str_radix(digits.get(..6).unwrap_or_default(), 16).unwrap_or_default();
    number.max(1)
}

#[cfg(test)]
mod tests;
