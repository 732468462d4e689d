//! Takes decisions; gives the mirror objects that they amount to, fully specified. Never looks at what stands.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::decide::{Decision, Decisions, LaneWish, TargetChoice};
use crate::digest::digest;
use crate::ids::{FilterKey, InterfaceId, Lane, ResourceId, TargetId};
use crate::inventory::{AMAZON_DNS, Direction, Rule, RuleAction};
use crate::pairs;
use crate::policy::{Policy, SensorTarget};

/// Everything that is to stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// The owner of all of it.
    pub owner: String,
    /// How long evidence against what stands must have held.
    pub settle: SignedDuration,
    /// Filters, by the digest of what they mirror.
    pub filters: BTreeMap<FilterKey, FilterSpec>,
    /// Resources whose targets may stand: those that the policy names.
    pub targets: BTreeSet<ResourceId>,
    /// Targets that may stand whatever they send to, since the policy names themselves.
    pub existing: BTreeSet<TargetId>,
    /// Sessions.
    #[serde(with = "pairs")]
    pub sessions: BTreeMap<(InterfaceId, Lane), SessionSpec>,
    /// Interfaces of which it is not known what is wanted: what stands there, stays.
    pub doubtful: BTreeSet<InterfaceId>,
}

/// A filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterSpec {
    /// Its rules.
    pub rules: BTreeSet<Rule>,
    /// Its network services.
    pub services: BTreeSet<String>,
}

impl FilterSpec {
    /// What it is named by: the digest of what it mirrors. A filter is never changed; one that is to mirror something else is another.
    pub fn key(&self) -> FilterKey {
        let rules: Vec<String> = self.rules.iter().map(Rule::to_string).collect();
        let parts = rules.iter().map(String::as_str).chain(self.services.iter().map(String::as_str));
        digest(parts).into()
    }
}

/// A session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionSpec {
    /// Where its packets go.
    pub target: TargetChoice,
    /// Which packets go.
    pub filter: FilterKey,
    /// Its number, if it is new.
    pub number: u16,
    /// Its VXLAN network identifier.
    pub vni: u32,
    /// The place of the strategy that wants it most: 0 comes first.
    pub rank: usize,
    /// Why, for a person.
    pub why: String,
}

/// Compiles.
pub fn compile(policy: &Policy, decisions: &Decisions) -> Desired {
    let mut desired = Desired {
        owner: policy.owner.clone(),
        settle: policy.settle,
        filters: BTreeMap::new(),
        targets: BTreeSet::new(),
        existing: BTreeSet::new(),
        sessions: BTreeMap::new(),
        doubtful: BTreeSet::new(),
    };
    for target in policy.sensors.values().flat_map(|sensor| &sensor.targets) {
        match target {
            SensorTarget::Existing(id) => _ = desired.existing.insert(id.clone()),
            SensorTarget::Resource(resource) => _ = desired.targets.insert(resource.id()),
        }
    }
    // Few filters serve many sessions: each is compiled once.
    let compiled = [false, true].map(everything).map(|filter| (filter.key(), filter));
    for (interface, decision) in &decisions.interfaces {
        if decision.doubt {
            desired.doubtful.insert(interface.clone());
        }
        for (lane, wish) in &decision.lanes {
            let [ipv4_only, dual_stack] = &compiled;
            let (key, filter) = if wish.ipv6 { dual_stack } else { ipv4_only };
            desired.filters.entry(key.clone()).or_insert_with(|| filter.clone());
            desired.sessions.insert((interface.clone(), lane.clone()), session(decision, wish, key));
        }
    }
    desired
}

fn session(decision: &Decision, wish: &LaneWish, filter: &FilterKey) -> SessionSpec {
    let LaneWish { rank, target, number, vni, ipv6: _ } = wish;
    let why: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    SessionSpec {
        target: target.clone(),
        filter: filter.clone(),
        number: *number,
        vni: *vni,
        rank: *rank,
        why: why.join("; "),
    }
}

/// The filter that mirrors every packet, DNS to the Amazon resolver included, which no rule can express.
///
/// A rule has CIDRs of one IP version, so that IPv6 takes rules of its own: only where there is IPv6, for AWS allows ten.
/// Source: Traffic Mirroring guide, "Traffic mirror filters and filter rules".
pub(crate) fn everything(ipv6: bool) -> FilterSpec {
    let mut rules = BTreeSet::new();
    let families = [(100, IpNet::V4(Ipv4Net::default()))].into_iter();
    for (number, any) in families.chain(ipv6.then_some((200, IpNet::V6(Ipv6Net::default())))) {
        for direction in [Direction::Ingress, Direction::Egress] {
            rules.insert(Rule {
                action: RuleAction::Accept,
                direction,
                number,
                protocol: None,
                source: any,
                destination: any,
                source_ports: None,
                destination_ports: None,
            });
        }
    }
    FilterSpec { rules, services: [AMAZON_DNS.to_owned()].into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_two_rules_for_ipv4_two_more_for_ipv6_and_the_resolvers_dns() {
        let four = everything(false);
        let rules: Vec<String> = four.rules.iter().map(Rule::to_string).collect();
        assert_eq!(
            rules,
            [
                "ingress 100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
                "egress 100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
            ]
        );
        assert_eq!(everything(true).rules.len(), 4);
        assert!(four.services.contains(AMAZON_DNS));
    }

    #[test]
    fn filters_that_mirror_the_same_have_the_same_key_and_others_do_not() {
        assert_eq!(everything(true).key(), everything(true).key());
        assert_ne!(everything(true).key(), everything(false).key());
    }
}
