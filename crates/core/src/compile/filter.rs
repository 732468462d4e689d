//! Takes what a lane captures; gives the rules that AWS needs for it. Never mirrors less than asked: where the rules do not suffice it
//! mirrors more, and says what.
//!
//! Rules are tried by ascending number, the first that matches decides: rejects of what is excepted come first, then what is accepted.
//! A rule has CIDRs of one IP version, so that IPv6 takes rules of its own: only where there is IPv6, for AWS allows ten. The side of
//! the mirrored interface is any address. Source: Traffic Mirroring guide, "Traffic mirror filters and filter rules".

use std::collections::BTreeSet;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::FilterSpec;
use crate::decide::Capture;
use crate::inventory::{AMAZON_DNS, Direction, PortRange, Rule, RuleAction};
use crate::limits::RULES_PER_FILTER;
use crate::policy::Except;

/// A filter, and what it mirrors beyond what was asked.
#[derive(Clone, Debug)]
pub(super) struct Filtered {
    pub(super) spec: FilterSpec,
    /// Excepted, and mirrored nevertheless: in IPv6 where it is so marked, else in IPv4.
    pub(super) widened: Vec<(Except, bool)>,
}

/// The filter of a capture.
pub(super) fn filter(capture: &Capture, ipv6: bool) -> Filtered {
    let all = BTreeSet::from([Except { peer: None, ports: None }]);
    let accepted = capture.only.as_ref().unwrap_or(&all);
    // What the lanes before this one take is gone anyway: where its remains take too many rules, everything means the same.
    let fit = |accepted| shapes(accepted, ipv6).len() + shapes(&capture.except, ipv6).len() <= RULES_PER_FILTER;
    let accepted = if fit(accepted) { accepted } else { &all };
    let accepts = shapes(accepted, ipv6);
    let (mut rejects, mut widened) = (Vec::new(), Vec::new());
    for ipv6 in families(ipv6) {
        for except in &capture.except {
            let more = shapes_of(except, ipv6);
            if accepts.len() + rejects.len() + more.len() <= RULES_PER_FILTER {
                rejects.extend(more);
            } else {
                widened.push((except.clone(), ipv6));
            }
        }
    }
    let numbered = rejects.iter().map(|shape| (RuleAction::Reject, shape));
    let numbered = numbered.chain(accepts.iter().map(|shape| (RuleAction::Accept, shape)));
    let mut spec = FilterSpec { rules: BTreeSet::new(), services: BTreeSet::new() };
    let mut next = [100, 100];
    for (action, shape) in numbered {
        let [ingress, egress] = &mut next;
        let number = if shape.direction == Direction::Ingress { ingress } else { egress };
        spec.rules.insert(shape.rule(action, *number));
        *number += 100;
    }
    // No rule can express DNS to the Amazon resolver.
    if capture.wants_resolver() {
        spec.services.insert(AMAZON_DNS.to_owned());
    }
    Filtered { spec, widened }
}

/// A rule without its action and number.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    direction: Direction,
    protocol: Option<u8>,
    peer: IpNet,
    /// Ports that the peer serves.
    peer_ports: Option<PortRange>,
    /// Ports that the mirrored interface serves.
    own_ports: Option<PortRange>,
}

impl Shape {
    fn rule(&self, action: RuleAction, number: u16) -> Rule {
        let Self { direction, protocol, peer, peer_ports, own_ports } = *self;
        let own = any(matches!(peer, IpNet::V6(_)));
        let (source, destination, source_ports, destination_ports) = match direction {
            Direction::Ingress => (peer, own, peer_ports, own_ports),
            Direction::Egress => (own, peer, own_ports, peer_ports),
        };
        // As it will be read: a rule that reads back otherwise would spoil its filter.
        Rule { action, direction, number, protocol, source, destination, source_ports, destination_ports }.meaning()
    }
}

/// The rules that some packets take in IPv4, and in IPv6 if asked.
fn shapes(packets: &BTreeSet<Except>, ipv6: bool) -> Vec<Shape> {
    families(ipv6).flat_map(|ipv6| packets.iter().flat_map(move |it| shapes_of(it, ipv6))).collect()
}

/// The IP versions, IPv4 first: whether each is IPv6.
fn families(ipv6: bool) -> impl Iterator<Item = bool> {
    [Some(false), ipv6.then_some(true)].into_iter().flatten()
}

/// The rules that packets take in one IP version: none where their peer has the other.
fn shapes_of(packets: &Except, ipv6: bool) -> Vec<Shape> {
    let peer = packets.peer.unwrap_or_else(|| any(ipv6));
    if matches!(peer, IpNet::V6(_)) != ipv6 {
        return Vec::new();
    }
    let protocol = packets.ports.map(|ports| ports.protocol);
    let served = match packets.ports.and_then(|ports| ports.range) {
        None => vec![(None, None)],
        // Either end may serve them.
        Some(range) => vec![(Some(range), None), (None, Some(range))],
    };
    let directions = [Direction::Ingress, Direction::Egress];
    let shape = |direction, (peer_ports, own_ports)| Shape { direction, protocol, peer, peer_ports, own_ports };
    directions.into_iter().flat_map(|direction| served.iter().map(move |ports| shape(direction, *ports))).collect()
}

fn any(ipv6: bool) -> IpNet {
    if ipv6 { IpNet::V6(Ipv6Net::default()) } else { IpNet::V4(Ipv4Net::default()) }
}

#[cfg(test)]
mod tests;
