//! Takes the policy and the facts; gives a decision for every interface that anything concerns, with its reasons. Never fails: what
//! cannot be mirrored has a reason too.
//!
//! For one interface: who chooses it (`importance`) → may it be a source (`eligibility`) → what does each lane capture (`capture`) →
//! which slot and number does it get beside other people's sessions (`slots`, `foreign`) → where do its packets go (`target`). Then,
//! for all together: is it too much (`budget`).

mod behind;
mod budget;
mod capture;
mod eligibility;
mod evidence;
mod foreign;
mod importance;
mod offers;
mod reason;
mod rebalance;
mod risk;
mod sample;
mod slots;
mod target;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::capture::Capture;
use self::eligibility::Eligibility;
pub use self::evidence::{Evidence, SelectorsSeen, TagSeen, evidence};
pub(crate) use self::foreign::sends_to;
use self::importance::Chosen;
pub use self::offers::{Offer, Offers, Reach};
pub use self::reason::{Place, Reason};
pub use self::rebalance::{Move, rebalance};
use self::slots::Slots;
pub use self::target::TargetChoice;
use self::target::{NoTarget, Targets};
use crate::Time;
use crate::digest::digest;
use crate::ids::{InstanceId, InterfaceId, Lane, VpcId};
use crate::inventory::{Inventory, NetworkInterface};
use crate::lessons::Lessons;
use crate::policy::{Except, Policy, Strategy};

/// What is decided, by interface. An interface that no tag and no selector concerns is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    /// The decisions.
    pub interfaces: BTreeMap<InterfaceId, Decision>,
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
    pub capture: Capture,
}

/// Decides. `lessons` are what AWS has taught by refusing; `now` is for what counts until a time.
pub fn decide(policy: &Policy, inventory: &Inventory, lessons: &Lessons, now: Time) -> Decisions {
    let mut deciding = Deciding {
        policy,
        inventory,
        now,
        eligibility: Eligibility::new(policy, inventory, lessons),
        targets: Targets::new(policy, inventory, lessons, now),
        slots: Slots::new(inventory, lessons, now),
    };
    let mut concerned: Vec<Concerned<'_>> =
        inventory.interfaces.values().filter_map(|interface| deciding.concerned(interface)).collect();
    // Where targets are short, the most important get what there is.
    concerned.sort_by_key(|it| policy.strategies.iter().position(|strategy| it.strategies.contains(&strategy.name)));
    let mut decisions = Decisions::default();
    for Concerned { interface, strategies, mut decision } in concerned {
        deciding.lanes(interface, &strategies, &mut decision);
        decisions.interfaces.insert(interface.id.clone(), decision);
    }
    budget::cut(policy, inventory, &mut decisions);
    decisions
}

/// What deciding takes.
struct Deciding<'a> {
    policy: &'a Policy,
    inventory: &'a Inventory,
    now: Time,
    eligibility: Eligibility<'a>,
    targets: Targets,
    slots: Slots<'a>,
}

/// An interface that something concerns.
struct Concerned<'a> {
    interface: &'a NetworkInterface,
    /// The strategies that choose it; none where it cannot be a source.
    strategies: BTreeSet<String>,
    decision: Decision,
}

impl<'a> Deciding<'a> {
    /// Who chooses an interface, and whether it can be a source; none if nothing concerns it.
    fn concerned(&self, interface: &'a NetworkInterface) -> Option<Concerned<'a>> {
        let Self { policy, inventory, now, .. } = *self;
        let id = interface.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref());
        let instance = id.and_then(|id| inventory.instances.get(id));
        let Chosen { mut strategies, reasons } = importance::choose(policy, inventory, interface, instance, now);
        // Without its instance nobody knows the tags that count for an interface: that none concerns it is no decision then.
        let unseen = id.is_some() && instance.is_none();
        if reasons.is_empty() && !unseen {
            return None;
        }
        let mut decision = Decision { instance: id.cloned(), reasons, lanes: BTreeMap::new(), doubt: false };
        if (!strategies.is_empty() || unseen)
            && let Some(refusal) = self.eligibility.refusal(interface, instance)
        {
            decision.refuse(refusal);
            strategies.clear();
        }
        Some(Concerned { interface, strategies, decision })
    }

    /// Gives each lane its session, the most important first.
    fn lanes(&mut self, interface: &'a NetworkInterface, chosen: &BTreeSet<String>, decision: &mut Decision) {
        let mut free = self.slots.of(&interface.id);
        let mut left: Option<BTreeSet<Except>> = None;
        let mut before_foreign = true;
        for (lane, strategies) in lanes_of(self.policy, chosen) {
            let Some(sensor) = self.policy.sensors.get(lane.as_str()) else { continue };
            let Some((rank, _)) = strategies.first() else { continue };
            let capture = Capture::of(strategies.iter().map(|(_, strategy)| *strategy), left.as_ref());
            if capture.is_empty() {
                decision.refuse(Reason::Shadowed { lane: lane.to_string() });
                continue;
            }
            // It comes behind the more important ones, and so behind strangers if one of those has to.
            before_foreign &= strategies.iter().any(|(_, strategy)| strategy.before_foreign);
            let number = match free.number(&lane, self.policy.lane_rank(lane.as_str()), before_foreign) {
                Ok(number) => number,
                Err(refusal) => {
                    decision.refuse(refusal);
                    continue;
                }
            };
            if let Some(reason) = free.shadow(&lane, number, sensor, &capture, interface.ipv6) {
                decision.reasons.push(reason);
                // One that stands is kept: it is seen again as soon as the other goes.
                if !free.stands(&lane) {
                    continue;
                }
            }
            free.take(number);
            match self.targets.choose(&lane, interface) {
                Ok(target) => {
                    if self.targets.is_gone(&lane, &target) {
                        decision.reasons.push(Reason::TargetGone { sensor: lane.to_string() });
                    }
                    left = Some(capture.leaves());
                    let vni = sensor.vni.unwrap_or_else(|| vni_of(&interface.vpc));
                    let wish = LaneWish { rank: *rank, target, number, vni, ipv6: interface.ipv6, capture };
                    decision.lanes.insert(lane, wish);
                }
                Err(NoTarget::Unseen) => decision.refuse(Reason::NoTarget { sensor: lane.to_string() }),
                Err(NoTarget::Gone) => decision.refuse(Reason::TargetGone { sensor: lane.to_string() }),
                Err(NoTarget::Full) => {
                    // One that stands has nowhere to go, and stays.
                    decision.doubt |= free.stands(&lane);
                    decision.refuse(Reason::TargetsFull { sensor: lane.to_string() });
                }
            }
        }
    }
}

impl Decision {
    fn refuse(&mut self, refusal: Reason) {
        self.doubt |= refusal.is_doubt();
        self.reasons.push(refusal);
    }
}

/// The lanes of the chosen strategies, each with its strategies and their places: by importance, so that the first of a lane's
/// strategies gives the lane its place.
fn lanes_of<'a>(policy: &'a Policy, chosen: &BTreeSet<String>) -> Vec<(Lane, Vec<(usize, &'a Strategy)>)> {
    let mut lanes: Vec<(Lane, Vec<(usize, &Strategy)>)> = Vec::new();
    for (rank, strategy) in policy.strategies.iter().enumerate().filter(|(_, it)| chosen.contains(&it.name)) {
        match lanes.iter_mut().find(|(lane, _)| lane.as_str() == strategy.sensor) {
            Some((_, strategies)) => strategies.push((rank, strategy)),
            None => lanes.push((Lane::from(&strategy.sensor), vec![(rank, strategy)])),
        }
    }
    lanes
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
