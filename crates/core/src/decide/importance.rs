//! Takes an interface; says whether it is a crown jewel, or leads to one. Never asks for tags that name the strategy.
//!
//! Takes the whole fleet; says through which security groups another way leads to a jewel: whoever gets into one of their hosts is one step
//! from the jewel, and is not seen there. Never says so of networks: who is in those, their rules do not say.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::access_path::inbound;
use super::{Decisions, Reason};
use crate::ids::{InterfaceId, SecurityGroupId};
use crate::inventory::{GroupPeer, Inventory};
use crate::policy::{Choice, Policy, Ports, Strategy};

/// Why the strategy selects an interface, given which of its selectors match; none if it does not.
pub(super) fn selects(strategy: &Strategy, select: bool, jump_boxes: bool) -> Option<Reason> {
    let strategy = || strategy.name.clone();
    match (select, jump_boxes) {
        (true, _) => Some(Reason::Selected { strategy: strategy() }),
        (false, true) => Some(Reason::JumpBox { strategy: strategy() }),
        (false, false) => None,
    }
}

/// A way to crown jewels that nobody watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WayIn {
    /// The strategy whose jewels they are.
    pub strategy: String,
    /// The security group that is let in.
    pub group: SecurityGroupId,
    /// To which ports.
    pub ports: BTreeSet<String>,
    /// The jewels.
    pub jewels: BTreeSet<InterfaceId>,
    /// The interfaces in the group that are not mirrored.
    pub unseen: BTreeSet<InterfaceId>,
}

/// The ways to crown jewels that nobody watches, as far as the rules of security groups are known.
pub fn ways_in(policy: &Policy, inventory: &Inventory, decisions: &Decisions) -> Vec<WayIn> {
    let is_seen = |id: &InterfaceId| decisions.interfaces.get(id).is_some_and(|decision| !decision.lanes.is_empty());
    let mut members: BTreeMap<&SecurityGroupId, BTreeSet<InterfaceId>> = BTreeMap::new();
    for interface in inventory.interfaces.values().filter(|interface| !is_seen(&interface.id)) {
        for group in &interface.security_groups {
            members.entry(group).or_default().insert(interface.id.clone());
        }
    }
    let mut ways: Vec<WayIn> = Vec::new();
    for strategy in policy.strategies.iter().filter(|it| matches!(it.choice, Choice::Importance { .. })) {
        let mut groups: BTreeMap<&SecurityGroupId, WayIn> = BTreeMap::new();
        let is_jewel = |id: &InterfaceId| {
            let lanes = decisions.interfaces.get(id).into_iter().flat_map(|decision| decision.lanes.values());
            lanes.into_iter().any(|wish| wish.capture.wishes.contains_key(&strategy.name))
        };
        for jewel in inventory.interfaces.values().filter(|interface| is_jewel(&interface.id)) {
            for rule in inbound(&inventory.group_rules, jewel) {
                let GroupPeer::Group(group) = &rule.peer else { continue };
                let Some(unseen) = members.get(group) else { continue };
                let way = groups.entry(group).or_insert_with(|| WayIn {
                    strategy: strategy.name.clone(),
                    group: group.clone(),
                    ports: BTreeSet::new(),
                    jewels: BTreeSet::new(),
                    unseen: unseen.clone(),
                });
                let ports = rule.protocol.map(|protocol| Ports { protocol, range: rule.ports }.to_string());
                way.ports.insert(ports.unwrap_or_else(|| "all traffic".into()));
                way.jewels.insert(jewel.id.clone());
            }
        }
        ways.extend(groups.into_values());
    }
    ways
}
