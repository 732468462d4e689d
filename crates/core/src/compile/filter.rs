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
        Rule { action, direction, number, protocol, source, destination, source_ports, destination_ports }
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
mod tests {
    use super::*;
    use crate::testing::strategy;

    fn rules(options: &str, ipv6: bool) -> (Vec<String>, usize) {
        let capture = crate::testing::capture(&strategy(options));
        let Filtered { spec, widened } = filter(&capture, ipv6);
        (spec.rules.iter().map(Rule::to_string).collect(), widened.len())
    }

    #[test]
    fn everything_is_two_rules_for_ipv4_two_more_for_ipv6_and_the_resolvers_dns() {
        assert_eq!(
            rules("{}", false).0,
            [
                "ingress 100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
                "egress 100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
            ]
        );
        assert_eq!(rules("{}", true).0.len(), 4);
        let all = filter(&crate::testing::capture(&strategy("{}")), false);
        assert!(all.spec.services.contains(AMAZON_DNS));
    }

    #[test]
    fn what_is_excepted_is_rejected_before_everything_else_is_accepted() {
        assert_eq!(
            rules("{except: [10.9.0.0/16, tcp/2049]}", false).0,
            [
                "ingress 100 reject protocol 6 from 0.0.0.0/0 port 2049-2049 to 0.0.0.0/0",
                "ingress 200 reject protocol 6 from 0.0.0.0/0 to 0.0.0.0/0 port 2049-2049",
                "ingress 300 reject all protocols from 10.9.0.0/16 to 0.0.0.0/0",
                "egress 100 reject protocol 6 from 0.0.0.0/0 to 0.0.0.0/0 port 2049-2049",
                "egress 200 reject protocol 6 from 0.0.0.0/0 port 2049-2049 to 0.0.0.0/0",
                "egress 300 reject all protocols from 0.0.0.0/0 to 10.9.0.0/16",
                "ingress 400 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
                "egress 400 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
            ]
        );
    }

    #[test]
    fn a_filter_never_takes_more_rules_than_aws_allows() {
        let options = [
            "{}",
            "{except: [tcp/2049, tcp/22]}",
            "{except: [tcp/2049, 10.0.0.0/8, '2001:db8::/32']}",
            "{except: [udp]}",
        ];
        for (first, second) in options.iter().flat_map(|first| options.map(|second| (first, second))) {
            let left = crate::testing::capture(&strategy(first)).except;
            let behind = Capture { only: Some(left), ..crate::testing::capture(&strategy(second)) };
            for capture in [crate::testing::capture(&strategy(first)), behind] {
                for ipv6 in [false, true] {
                    let rules = filter(&capture, ipv6).spec.rules.len();
                    assert!(rules <= RULES_PER_FILTER, "{rules} rules: {capture:?}");
                }
            }
        }
    }

    #[test]
    fn behind_another_lane_only_what_that_leaves_is_accepted_and_no_resolver() {
        let left = crate::testing::capture(&strategy("{except: [udp/514]}")).except;
        let Filtered { spec, widened } =
            filter(&Capture { only: Some(left), except: BTreeSet::new(), packet_length: None }, false);
        assert_eq!(spec.rules.len(), 4);
        assert!(spec.rules.iter().all(|rule| rule.action == RuleAction::Accept && rule.protocol == Some(17)));
        assert!(spec.services.is_empty() && widened.is_empty());
    }

    #[test]
    fn where_ipv6_does_not_fit_too_more_is_mirrored_and_said() {
        assert_eq!((rules("{except: [tcp/2049]}", true).0.len(), rules("{except: [tcp/2049]}", true).1), (8, 1));
        assert_eq!((rules("{except: [tcp]}", true).0.len(), rules("{except: [tcp]}", true).1), (8, 0));
        let (rules, widened) = rules("{except: [tcp/2049, tcp/22]}", false);
        assert_eq!((rules.len(), widened), (10, 0));
    }
}
