//! Takes the rules of a filter; gives the packets that it mirrors. Never makes up a meaning: a rule that AWS does not allow makes the
//! whole filter unknown.
//!
//! Rules are tried by ascending number, per direction; the first that matches decides, and what none matches is not mirrored. Source:
//! Traffic Mirroring guide, "Traffic mirror filters and filter rules". Read backwards, each rule has the last word on what it matches:
//! an accept adds that to what the rules behind it mirror, a reject takes it away.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::block::{addresses, ports};
use super::{Block, PacketSet, Plane, Span, Unknown};
use crate::inventory::{AMAZON_DNS, Direction, Rule, RuleAction};

/// TCP and UDP: the protocols that rules may name ports of. Source: EC2 API reference, CreateTrafficMirrorFilterRule.
pub(crate) const WITH_PORTS: [u8; 2] = [6, 17];

impl PacketSet {
    /// What a filter mirrors that has these rules and network services.
    ///
    /// # Errors
    ///
    /// When a rule is one of which AWS does not say what it means, or it takes too many boxes.
    pub fn of_filter<'a>(
        rules: impl IntoIterator<Item = &'a Rule>,
        services: &BTreeSet<String>,
    ) -> Result<Self, Unknown> {
        let mut ordered: BTreeMap<(Direction, u16), &Rule> = BTreeMap::new();
        for rule in rules {
            // Which of two with one number comes first, nobody knows.
            if ordered.insert((rule.direction, rule.number), rule).is_some() {
                return Err(Unknown::Rule(rule.clone()));
            }
        }
        let mut mirrored = Self { resolver: services.contains(AMAZON_DNS), ..Self::default() };
        for rule in ordered.into_values().rev() {
            let matched = Self::of(Block::matched_by(rule)?);
            mirrored = match rule.action {
                RuleAction::Accept => mirrored.union(&matched)?,
                RuleAction::Reject => mirrored.difference(&matched)?,
            };
        }
        Ok(mirrored)
    }

    /// What rules of one action match, whatever the others do: what a filter names as not wanted, for rejects.
    ///
    /// # Errors
    ///
    /// As for a filter.
    pub fn matched_by<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> Result<Self, Unknown> {
        let mut matched = Self::default();
        for rule in rules {
            matched = matched.union(&Self::of(Block::matched_by(rule)?))?;
        }
        Ok(matched)
    }
}

impl Block {
    /// The packets that a rule matches.
    ///
    /// # Errors
    ///
    /// When AWS does not say which those are: networks of both IP versions in one rule, or ports of a protocol that has none.
    pub fn matched_by(rule: &Rule) -> Result<Self, Unknown> {
        let meaning = rule.meaning();
        let Rule { action: _, direction, number: _, protocol, source, destination, source_ports, destination_ports } =
            meaning;
        let ipv6 = matches!(source, IpNet::V6(_));
        let has_ports = protocol.is_some_and(|protocol| WITH_PORTS.contains(&protocol));
        if ipv6 != matches!(destination, IpNet::V6(_)) || (source_ports.or(destination_ports).is_some() && !has_ports) {
            return Err(Unknown::Rule(meaning));
        }
        let whole = Self::whole(Plane { direction, ipv6 });
        Ok(Self {
            protocols: protocol.map_or(whole.protocols, Span::one),
            sources: addresses(source),
            destinations: addresses(destination),
            source_ports: ports(source_ports),
            destination_ports: ports(destination_ports),
            ..whole
        })
    }
}
