//! Takes boxes of packets in the order in which they are tried; gives the rules of a filter, numbered. Never gives two orders of rules
//! that could stand in either.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::grid::{PORTS, block, sides};
use crate::inventory::{Direction, PortRange, Rule, RuleAction};
use crate::packets::{Block, Span, Unknown};

/// A rule without its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) action: RuleAction,
    pub(super) block: Block,
}

/// The distance of numbers, where it leaves room for all.
const STEP: usize = 100;

/// Lines of any planes, each plane in its order, in the one order of all that mean the same.
///
/// A rule stands as early as it can: behind those rules of the other action that match some of its packets. So rejects of what is
/// excepted come first, then what is accepted.
pub(super) fn ordered(lines: &[Line]) -> Vec<Line> {
    let mut rows: Vec<(usize, Line)> = Vec::new();
    for line in lines {
        let first = usize::from(line.action == RuleAction::Accept);
        let behind = |(row, before): &(usize, Line)| {
            (before.action != line.action && meets(&before.block, &line.block)).then_some(row + 1)
        };
        let row = rows.iter().filter_map(behind).fold(first, usize::max);
        rows.push((row, *line));
    }
    rows.sort_by_key(|(row, line)| (*row, line.block.plane.ipv6, key(&line.block)));
    rows.into_iter().map(|(_, line)| line).collect()
}

/// Lines of any planes as rules, numbered in their order.
///
/// # Errors
///
/// When there are more than numbers.
pub(super) fn numbered(lines: &[Line]) -> Result<BTreeSet<Rule>, Unknown> {
    let ordered = ordered(lines);
    let mut rules = BTreeSet::new();
    for direction in [Direction::Ingress, Direction::Egress] {
        let lines = || ordered.iter().filter(|line| line.block.plane.direction == direction);
        let step = if lines().count() * STEP > usize::from(u16::MAX) { 1 } else { STEP };
        for (at, line) in lines().enumerate() {
            let number = u16::try_from((at + 1) * step).map_err(|_| Unknown::TooManyBoxes)?;
            rules.insert(rule(line, number).ok_or(Unknown::TooManyBoxes)?);
        }
    }
    Ok(rules)
}

/// Whether two boxes of a plane have packets in common.
pub(super) fn meets(one: &Block, other: &Block) -> bool {
    let meet = |one: &Span, other: &Span| one.first <= other.last && other.first <= one.last;
    one.plane == other.plane
        && meet(&one.protocols, &other.protocols)
        && sides(one).iter().zip(sides(other).iter()).all(|(one, other)| meet(one, other))
}

/// Whether all of the other's packets are in a box.
pub(super) fn contains(one: &Block, other: &Block) -> bool {
    let within = |one: &Span, other: &Span| one.first <= other.first && other.last <= one.last;
    one.plane == other.plane
        && within(&one.protocols, &other.protocols)
        && sides(one).iter().zip(sides(other).iter()).all(|(one, other)| within(one, other))
}

/// The smallest box over two of a plane that a rule can match.
pub(super) fn over(one: &Block, other: &Block) -> Block {
    let whole = Block::whole(one.plane);
    let network = |one: Span, other: Span| {
        let (first, last) = (one.first.min(other.first), one.last.max(other.last));
        // All bits behind the first in which they differ.
        let bits = u128::MAX.checked_shr((first ^ last).leading_zeros()).unwrap_or(0);
        Span { first: first & !bits, last: last | bits }
    };
    let ports = |one: Span, other: Span| Span { first: one.first.min(other.first), last: one.last.max(other.last) };
    let (a, b) = (sides(one), sides(other));
    let ([peer, own, peer_ports, own_ports], [other_peer, other_own, other_peer_ports, other_own_ports]) = (a, b);
    let (peers, owns) = (network(peer, other_peer), network(own, other_own));
    if one.protocols != other.protocols {
        return block(one.plane, whole.protocols, [peers, owns, PORTS, PORTS]);
    }
    let sides = [peers, owns, ports(peer_ports, other_peer_ports), ports(own_ports, other_own_ports)];
    block(one.plane, one.protocols, sides)
}

/// Ports before networks, those of the peer before our own.
fn key(block: &Block) -> impl Ord + use<> {
    let whole = Block::whole(block.plane);
    let [all, ..] = sides(&whole);
    let [peers, owns, peer_ports, own_ports] = sides(block);
    // By the first address, the larger before the smaller.
    let network = |span: Span| (span != all).then_some((span.first, Reverse(span.last)));
    let ports = |span: Span| (span != PORTS).then_some(span);
    let (peer_ports, own_ports) = (ports(peer_ports), ports(own_ports));
    let protocol = (block.protocols != whole.protocols).then_some(block.protocols);
    (network(peers), network(owns), protocol, peer_ports.or(own_ports), peer_ports.is_none(), own_ports)
}

/// The rule of a line; none if AWS has no such rule.
fn rule(line: &Line, number: u16) -> Option<Rule> {
    let Line { action, block } = *line;
    let Block { plane, protocols, sources, destinations, source_ports, destination_ports } = block;
    let protocol = match protocols {
        all if all == Block::whole(plane).protocols => None,
        one if one.is_one() => Some(u8::try_from(one.first).ok()?),
        _ => return None,
    };
    let ports = |span: Span| {
        Some(PortRange { from: u16::try_from(span.first).ok()?, to: u16::try_from(span.last).ok()? })
            .filter(|_| span != PORTS)
    };
    let rule = Rule {
        action,
        direction: plane.direction,
        number,
        protocol,
        source: network(sources, plane.ipv6)?,
        destination: network(destinations, plane.ipv6)?,
        source_ports: ports(source_ports),
        destination_ports: ports(destination_ports),
    };
    // As it will be read: a rule that reads back otherwise would spoil its filter.
    Some(rule.meaning())
}

fn network(span: Span, ipv6: bool) -> Option<IpNet> {
    let bits = u8::try_from((span.first ^ span.last).count_ones()).ok()?;
    Some(match ipv6 {
        true => Ipv6Net::new(Ipv6Addr::from_bits(span.first), 128_u8.checked_sub(bits)?).ok()?.into(),
        false => {
            let first = Ipv4Addr::from_bits(u32::try_from(span.first).ok()?);
            Ipv4Net::new(first, 32_u8.checked_sub(bits)?).ok()?.into()
        }
    })
}
