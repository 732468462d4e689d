//! Takes sets of packets, written as a policy writes them; gives what rules mean, as AWS tries them, and sentences about those they get.

mod agreement;
mod alone;
mod costs;
mod several;
mod widen;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::*;
use crate::inventory::{Direction, PortRange, RuleAction};
use crate::packets::Span;
use crate::policy::Except;

/// A packet, seen from the interface.
#[derive(Clone, Copy, Debug)]
struct Packet {
    direction: Direction,
    protocol: u8,
    source: IpAddr,
    destination: IpAddr,
    source_port: u16,
    destination_port: u16,
}

/// Whether AWS mirrors it: by number, the first rule of its direction that matches decides, and none is no.
fn is_mirrored(packet: &Packet, rules: &BTreeSet<Rule>) -> bool {
    let has_ports = matches!(packet.protocol, 6 | 17);
    let on = |range: Option<PortRange>, port: u16| range.is_none_or(|it| has_ports && it.from <= port && port <= it.to);
    let matches = |rule: &&Rule| {
        rule.direction == packet.direction
            && rule.protocol.is_none_or(|protocol| protocol == packet.protocol)
            && rule.source.contains(&packet.source)
            && rule.destination.contains(&packet.destination)
            && on(rule.source_ports, packet.source_port)
            && on(rule.destination_ports, packet.destination_port)
    };
    let first = rules.iter().filter(matches).min_by_key(|rule| rule.number);
    first.is_some_and(|rule| rule.action == RuleAction::Accept)
}

impl Packet {
    fn is_in(&self, blocks: &[Block]) -> bool {
        let number = |address: IpAddr| match address {
            IpAddr::V4(address) => u128::from(address.to_bits()),
            IpAddr::V6(address) => address.to_bits(),
        };
        let is_in = |block: &Block| {
            block.plane == Plane { direction: self.direction, ipv6: self.source.is_ipv6() }
                && block.protocols.holds(self.protocol)
                && block.sources.holds(number(self.source))
                && block.destinations.holds(number(self.destination))
                && block.source_ports.holds(self.source_port)
                && block.destination_ports.holds(self.destination_port)
        };
        blocks.iter().any(is_in)
    }
}

/// Numbers by chance, the same ones each time. Source: Marsaglia, "Xorshift RNGs", 2003.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % u64::try_from(end).unwrap()).unwrap()
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A packet; three in four of its numbers are where something begins or ends in these blocks.
    fn packet(&mut self, blocks: &[Block]) -> Packet {
        let plane = self.of(&Plane::ALL);
        let ends = |sides: &dyn Fn(&Block) -> [Span; 2]| -> Vec<u128> {
            let spans = blocks.iter().filter(|block| block.plane == plane).flat_map(sides);
            let ends = spans.flat_map(|it| {
                [it.first, it.first.saturating_sub(1), it.last, it.last.saturating_add(1), it.first / 2 + it.last / 2]
            });
            ends.collect()
        };
        let addresses = ends(&|block| [block.sources, block.destinations]);
        let ports = ends(&|block| [block.source_ports, block.destination_ports]);
        let mut number = |ends: &[u128]| match self.below(4) {
            0 => {
                (u128::try_from(self.below(usize::MAX)).unwrap() << 64)
                    | u128::try_from(self.below(usize::MAX)).unwrap()
            }
            _ if ends.is_empty() => 0,
            _ => self.of(ends),
        };
        let mut address = || -> IpAddr {
            let bits = number(&addresses);
            if plane.ipv6 { Ipv6Addr::from_bits(bits).into() } else { Ipv4Addr::from_bits(bits as u32).into() }
        };
        let (source, destination) = (address(), address());
        let (source_port, destination_port) = (number(&ports) as u16, number(&ports) as u16);
        let protocol = self.of(&[1, 6, 6, 6, 17, 17, 47, 58]);
        Packet { direction: plane.direction, protocol, source, destination, source_port, destination_port }
    }
}

/// Packets as a policy writes them: `tcp/22, 10.0.0.0/8`, and `tcp/22 with 10.0.0.0/8`. A text that begins with `all but` is the rest.
fn packets(text: &str) -> PacketSet {
    let (all, text) = text.strip_prefix("all but ").map_or((false, text), |rest| (true, rest));
    let named = |text: &str| {
        let (ports, peer) = text.split_once(" with ").map_or((text, None), |(ports, peer)| (ports, Some(peer)));
        let read = |text: &str| crate::testing::strategy(&format!("{{except: ['{text}']}}")).except.first().cloned();
        let mut named = read(ports).unwrap();
        named.peer = peer.map_or(named.peer, |peer| Some(peer.parse().unwrap()));
        named
    };
    let named: BTreeSet<Except> = text.split(", ").filter(|text| !text.is_empty()).map(named).collect();
    let named = PacketSet::named(&named).unwrap();
    if all || text.is_empty() { PacketSet::everything().difference(&named).unwrap() } else { named }
}

/// Those at a port of TCP that our own end serves.
fn served_by_us(port: u16) -> PacketSet {
    let block = |plane: Plane| {
        let (protocols, port) = (Span::one(6_u8), Span::one(port));
        match plane.direction {
            Direction::Ingress => Block { protocols, destination_ports: port, ..Block::whole(plane) },
            Direction::Egress => Block { protocols, source_ports: port, ..Block::whole(plane) },
        }
    };
    set(Plane::ALL.map(block))
}

fn set(blocks: impl IntoIterator<Item = Block>) -> PacketSet {
    blocks.into_iter().fold(PacketSet::default(), |all, block| all.union(&PacketSet::of(block)).unwrap())
}

fn words(rules: &BTreeSet<Rule>) -> Vec<String> {
    rules.iter().map(Rule::to_string).collect()
}

/// So many of a kind, or as many as the environment says.
fn cases(few: usize) -> usize {
    std::env::var("CAPTURES").ok().map_or(few, |text| text.parse().unwrap())
}
