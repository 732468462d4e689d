//! Takes a set of packets; gives how much of everything it is, by a stated measure. Never knows how many bytes pass: nobody tells before
//! they are mirrored.
//!
//! | the measure of | is |
//! |---|---|
//! | directions and IP versions | as much for each that the interface has |
//! | protocols | a third TCP, a third UDP, a third all others together |
//! | addresses, ports | the part of all of them |
//!
//! That says little of ports on which much is known to pass: those are asked for one by one.

use std::collections::BTreeSet;

use super::block::{ALL_PORTS, Block};
use super::rules::WITH_PORTS;
use super::{PacketSet, Plane, Span};

/// Ports on which most of what a network carries passes, over TCP or UDP: HTTP, HTTPS, NFS, MySQL, PostgreSQL.
pub const BUSY_PORTS: [u16; 5] = [80, 443, 2049, 3306, 5432];

/// An end that has fewer ports than this open to a busy one is not its clients: those take whatever port is free. It is what a service at
/// a few ports of its own leaves, whose other end may be on any port, 443 included.
const PORTS_OF_CLIENTS: u128 = 1024;

/// The protocols of a box that are neither TCP nor UDP are a third together, of so many.
const OTHER_PROTOCOLS: f64 = 254.0;

impl PacketSet {
    /// Its part of all packets that an interface can have, with IPv6 or without: 0 to 1. The resolver's DNS weighs nothing here.
    pub fn share(&self, ipv6: bool) -> f64 {
        let planes = Plane::ALL.iter().filter(|plane| ipv6 || !plane.ipv6).count();
        let of_its_plane: f64 = self.possible(ipv6).blocks().into_iter().map(share_of_plane).sum();
        // At most four.
        of_its_plane / f64::from(u8::try_from(planes).unwrap_or(u8::MAX))
    }

    /// The busy ports whose services it has packets of, whoever serves them and to however few addresses: some clients' ports at one
    /// end, the busy port at the other.
    pub fn busy_ports(&self) -> BTreeSet<u16> {
        let with_ports = |block: &Block| WITH_PORTS.iter().any(|protocol| block.protocols.holds(*protocol));
        let blocks: Vec<Block> = self.blocks().into_iter().filter(with_ports).collect();
        let is_served = |port: &u16| {
            let ways = blocks.iter().flat_map(served_and_clients).filter(|(served, _)| served.holds(*port));
            covered(ways.map(|(_, clients)| clients).collect()) >= PORTS_OF_CLIENTS
        };
        BUSY_PORTS.into_iter().filter(is_served).collect()
    }
}

/// Either end may serve, and the other one is its client then.
fn served_and_clients(block: &Block) -> [(Span, Span); 2] {
    let Block { source_ports, destination_ports, .. } = *block;
    [(source_ports, destination_ports), (destination_ports, source_ports)]
}

fn share_of_plane(block: Block) -> f64 {
    let Block { plane, protocols, sources, destinations, source_ports, destination_ports } = block;
    let named = WITH_PORTS.iter().filter(|protocol| protocols.holds(**protocol)).count();
    let named = u128::try_from(named).unwrap_or_default();
    let others = protocols.last - protocols.first + 1 - named;
    let thirds = [(named, 1.0), (others, OTHER_PROTOCOLS)];
    // At most 256.
    let third = |(count, of): (u128, f64)| f64::from(u16::try_from(count).unwrap_or(u16::MAX)) / of;
    let protocols: f64 = thirds.into_iter().map(third).sum::<f64>() / 3.0;
    let addresses = [sources, destinations].map(|side| side.share_of(plane.addresses()));
    let ports = [source_ports, destination_ports].map(|side| side.share_of(ALL_PORTS));
    addresses.into_iter().chain(ports).product::<f64>() * protocols
}

/// How many numbers are in any of these ranges.
fn covered(mut spans: Vec<Span>) -> u128 {
    spans.sort();
    let (mut count, mut next) = (0_u128, 0_u128);
    for Span { first, last } in spans {
        let first = first.max(next);
        if first <= last {
            count = count.saturating_add(last - first).saturating_add(1);
            next = last.saturating_add(1);
        }
    }
    count
}
