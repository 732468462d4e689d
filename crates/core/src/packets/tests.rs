//! Takes small universes of packets; gives sentences about sets of them, and what naive reading says of every packet.

mod algebra;
mod measure;
mod worst;

use std::collections::BTreeSet;

use proptest::prelude::{Strategy, any as anything};
use proptest::sample::select;

use super::*;
use crate::inventory::{AMAZON_DNS, Direction, PortRange, RuleAction};

/// A rule, as it is written: `accept ingress tcp 10.0.0.0/31 2-3 > 0.0.0.0/0 *`; its number is its place.
fn rules(texts: &[&str]) -> Vec<Rule> {
    let read = |(at, text): (usize, &&str)| {
        let words: Vec<&str> = text.split(' ').collect();
        let [action, direction, protocol, source, source_ports, ">", destination, destination_ports] = words[..] else {
            panic!("{text}")
        };
        Rule {
            action: if action == "accept" { RuleAction::Accept } else { RuleAction::Reject },
            direction: if direction == "ingress" { Direction::Ingress } else { Direction::Egress },
            number: u16::try_from(at).unwrap(),
            protocol: match protocol {
                "all" => None,
                "tcp" => Some(6),
                "udp" => Some(17),
                number => Some(number.parse().unwrap()),
            },
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            source_ports: ports(source_ports),
            destination_ports: ports(destination_ports),
        }
    };
    texts.iter().enumerate().map(read).collect()
}

fn ports(text: &str) -> Option<PortRange> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    (text != "*").then(|| PortRange { from: from.parse().unwrap(), to: to.parse().unwrap() })
}

fn filter(texts: &[&str]) -> PacketSet {
    PacketSet::of_filter(&rules(texts), &BTreeSet::new()).unwrap()
}

fn words(set: &PacketSet) -> Vec<String> {
    set.blocks().iter().map(Block::to_string).collect()
}

/// A packet of a universe that is small enough to look at all of it.
#[derive(Clone, Copy, Debug)]
struct Packet {
    plane: Plane,
    protocol: u8,
    source: u128,
    destination: u128,
    /// Source and destination port, where the protocol has them.
    ports: Option<(u16, u16)>,
}

/// The addresses of 10.0.0.0/30, and of 2001:db8::/127.
fn hosts(ipv6: bool) -> Vec<u128> {
    let first = if ipv6 { 0x2001_0db8 << 96 } else { 0x0a00_0000 };
    (0..if ipv6 { 2 } else { 4 }).map(|host| first + host).collect()
}

/// All packets between these hosts of TCP and UDP on the ports 0 to 3, and of ICMP.
fn universe() -> Vec<Packet> {
    let mut all = Vec::new();
    for plane in Plane::ALL {
        for source in hosts(plane.ipv6) {
            for destination in hosts(plane.ipv6) {
                let mut add = |protocol, ports| all.push(Packet { plane, protocol, source, destination, ports });
                add(1, None);
                for (one, other) in (0..4).flat_map(|one| (0..4).map(move |other| (one, other))) {
                    add(6, Some((one, other)));
                    add(17, Some((one, other)));
                }
            }
        }
    }
    all
}

impl Packet {
    /// Whether a rule matches it, read as AWS reads it.
    fn matches(&self, rule: &Rule) -> bool {
        let is_in = |network: ipnet::IpNet, number: u128| match network {
            ipnet::IpNet::V4(network) => {
                !self.plane.ipv6 && network.contains(&std::net::Ipv4Addr::from_bits(u32::try_from(number).unwrap()))
            }
            ipnet::IpNet::V6(network) => self.plane.ipv6 && network.contains(&std::net::Ipv6Addr::from_bits(number)),
        };
        let is_on = |range: Option<PortRange>, port: Option<u16>| {
            range.is_none_or(|PortRange { from, to }| port.is_some_and(|port| (from..=to).contains(&port)))
        };
        rule.direction == self.plane.direction
            && rule.protocol.is_none_or(|protocol| protocol == self.protocol)
            && is_in(rule.source, self.source)
            && is_in(rule.destination, self.destination)
            && is_on(rule.source_ports, self.ports.map(|ports| ports.0))
            && is_on(rule.destination_ports, self.ports.map(|ports| ports.1))
    }

    /// Whether a filter mirrors it: the first rule that matches decides, and none is no.
    fn is_mirrored(&self, rules: &[Rule]) -> bool {
        let first = rules.iter().filter(|rule| self.matches(rule)).min_by_key(|rule| rule.number);
        first.is_some_and(|rule| rule.action == RuleAction::Accept)
    }

    fn is_in_block(&self, block: &Block) -> bool {
        let (source_port, destination_port) = self.ports.unwrap_or_default();
        block.plane == self.plane
            && block.protocols.holds(self.protocol)
            && block.sources.holds(self.source)
            && block.destinations.holds(self.destination)
            && block.source_ports.holds(source_port)
            && block.destination_ports.holds(destination_port)
    }

    fn is_in(&self, set: &PacketSet) -> bool {
        set.blocks().iter().any(|block| self.is_in_block(block))
    }
}

/// Up to ten rules that tell the packets of the universe apart.
fn some_rules() -> impl Strategy<Value = Vec<Rule>> {
    let networks = |ipv6| {
        let texts: &[&str] = match ipv6 {
            false => &["0.0.0.0/0", "10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/31", "10.0.0.1/32", "10.0.0.2/32"],
            true => &["::/0", "2001:db8::/127", "2001:db8::/128", "2001:db8::1/128"],
        };
        let networks: Vec<ipnet::IpNet> = texts.iter().map(|text| text.parse().unwrap()).collect();
        (select(networks.clone()), select(networks))
    };
    let ends = anything::<bool>().prop_flat_map(networks);
    let ranges = || {
        let ranges = [None, Some((0, 0)), Some((1, 2)), Some((2, 3)), Some((3, 3)), Some((0, 2)), Some((2, 65_535))];
        select(ranges.to_vec()).prop_map(|range| range.map(|(from, to)| PortRange { from, to }))
    };
    let way = (select(vec![Direction::Ingress, Direction::Egress]), anything::<bool>());
    let rule = (way, ends, select(vec![None, Some(1_u8), Some(6), Some(17)]), ranges(), ranges()).prop_map(
        |((direction, accepts), (source, destination), protocol, source_ports, destination_ports)| {
            let has_ports = matches!(protocol, Some(6 | 17));
            Rule {
                action: if accepts { RuleAction::Accept } else { RuleAction::Reject },
                direction,
                number: 0,
                protocol,
                source,
                destination,
                source_ports: source_ports.filter(|_| has_ports),
                destination_ports: destination_ports.filter(|_| has_ports),
            }
        },
    );
    proptest::collection::vec(rule, 0..=10).prop_map(|mut rules| {
        rules.iter_mut().zip(1..).for_each(|(rule, number)| rule.number = number);
        rules
    })
}
