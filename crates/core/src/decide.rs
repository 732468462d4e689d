//! Takes the policy and the facts; gives a decision for every interface that anything concerns, with its reasons. Never fails: what
//! cannot be mirrored has a reason too.
//!
//! For one interface: who chooses it (`importance`) → may it be a source (`eligibility`) → where do its packets go (`target`) → which
//! slot and number does each lane get (`slots`).

mod eligibility;
mod importance;
mod reason;
mod slots;
mod target;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::importance::Chosen;
pub use self::reason::{Place, Reason};
use self::slots::Slots;
pub use self::target::TargetChoice;
use self::target::Targets;
use crate::digest::digest;
use crate::ids::{InstanceId, InterfaceId, Lane, VpcId};
use crate::inventory::{Inventory, NetworkInterface};
use crate::policy::Policy;

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
    /// Its session number.
    pub number: u16,
    /// Its VXLAN network identifier.
    pub vni: u32,
    /// Whether there can be IPv6 packets.
    pub ipv6: bool,
}

/// Decides.
pub fn decide(policy: &Policy, inventory: &Inventory) -> Decisions {
    let mut targets = Targets::new(policy, inventory);
    let slots = Slots::new(inventory);
    let mut decisions = Decisions::default();
    for interface in inventory.interfaces.values() {
        let chosen = importance::choose(policy, inventory, interface);
        // Without its instance nobody knows the tags that count for an interface: that none concerns it is no decision then.
        if !chosen.reasons.is_empty() || eligibility::unseen_instance(inventory, interface).is_some() {
            let decision = decide_one(policy, inventory, interface, chosen, &mut targets, &slots);
            decisions.interfaces.insert(interface.id.clone(), decision);
        }
    }
    decisions
}

fn decide_one(
    policy: &Policy,
    inventory: &Inventory,
    interface: &NetworkInterface,
    chosen: Chosen,
    targets: &mut Targets,
    slots: &Slots<'_>,
) -> Decision {
    let mut decision = Decision {
        instance: interface.attachment.as_ref().and_then(|attachment| attachment.instance.clone()),
        reasons: chosen.reasons,
        lanes: BTreeMap::new(),
        doubt: false,
    };
    if let Some(refusal) = eligibility::refusal(policy, inventory, interface) {
        decision.doubt = refusal.is_doubt();
        decision.reasons.push(refusal);
        return decision;
    }
    // Lanes by importance: the first of a lane's strategies gives it its place.
    let mut wanted: Vec<(Lane, usize)> = Vec::new();
    for (rank, strategy) in policy.strategies.iter().enumerate().filter(|(_, s)| chosen.strategies.contains(&s.name)) {
        let lane = Lane::from(&strategy.sensor);
        if wanted.iter().all(|(known, _)| *known != lane) {
            wanted.push((lane, rank));
        }
    }
    let mut free = slots.of(&interface.id);
    for (lane, rank) in wanted {
        let Some(sensor) = policy.sensors.get(lane.as_str()) else { continue };
        let number = match free.take(&lane, policy.lane_rank(lane.as_str())) {
            Ok(number) => number,
            Err(refusal) => {
                decision.reasons.push(refusal);
                continue;
            }
        };
        let Some(target) = targets.choose(&lane, interface) else {
            decision.doubt = true;
            decision.reasons.push(Reason::NoTarget { sensor: lane.to_string() });
            continue;
        };
        let vni = sensor.vni.unwrap_or_else(|| vni_of(&interface.vpc));
        let wish = LaneWish { rank, target, number, vni, ipv6: interface.ipv6 };
        decision.lanes.insert(lane, wish);
    }
    decision
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
