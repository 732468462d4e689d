//! Takes ranges of addresses, protocols and ports; gives one box of packets, and its words. Never holds two boxes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Span;
use crate::inventory::{Direction, PortRange};

/// Every protocol.
const ALL_PROTOCOLS: Span = Span { first: 0, last: 255 };
/// Every port. A packet of a protocol without ports is on all of them.
pub(super) const ALL_PORTS: Span = Span { first: 0, last: 65_535 };
const ALL_IPV4: Span = Span { first: 0, last: 0xffff_ffff };
const ALL_IPV6: Span = Span { first: 0, last: u128::MAX };

/// The protocols that have a name here, by their IANA numbers.
const NAMES: [(u8, &str); 4] = [(1, "icmp"), (6, "tcp"), (17, "udp"), (58, "icmpv6")];

/// A direction and an IP version: what a rule of a filter has exactly one of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Plane {
    /// Which way, seen from the interface.
    pub direction: Direction,
    /// IPv6, or else IPv4.
    pub ipv6: bool,
}

impl Plane {
    /// All four.
    pub const ALL: [Self; 4] = [
        Self { direction: Direction::Ingress, ipv6: false },
        Self { direction: Direction::Ingress, ipv6: true },
        Self { direction: Direction::Egress, ipv6: false },
        Self { direction: Direction::Egress, ipv6: true },
    ];

    /// Every address.
    pub(super) fn addresses(self) -> Span {
        if self.ipv6 { ALL_IPV6 } else { ALL_IPV4 }
    }
}

/// A box of packets.
///
/// Protocols without ports are on every port, so that a box has fewer ports than all only where its protocol is TCP or UDP alone: no rule
/// that AWS allows makes another. A fragment of a packet behind the first has no ports either, and AWS does not say what a rule with
/// ports makes of it: it is taken for a packet with the ports of its first part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// Direction and IP version.
    pub plane: Plane,
    /// IANA protocol numbers.
    pub protocols: Span,
    /// Source addresses, as numbers.
    pub sources: Span,
    /// Destination addresses, as numbers.
    pub destinations: Span,
    /// Source ports.
    pub source_ports: Span,
    /// Destination ports.
    pub destination_ports: Span,
}

impl Block {
    /// Everything of a direction and IP version.
    pub fn whole(plane: Plane) -> Self {
        Self {
            plane,
            protocols: ALL_PROTOCOLS,
            sources: plane.addresses(),
            destinations: plane.addresses(),
            source_ports: ALL_PORTS,
            destination_ports: ALL_PORTS,
        }
    }

    /// The protocol first, for ports are cut only where it is one alone.
    pub(super) fn sides(self) -> [Span; 5] {
        let Self { plane: _, protocols, sources, destinations, source_ports, destination_ports } = self;
        [protocols, sources, destinations, source_ports, destination_ports]
    }

    /// The box with these sides; none if they are not as many as a box has.
    pub(super) fn on(plane: Plane, sides: &[Span]) -> Option<Self> {
        let [protocols, sources, destinations, source_ports, destination_ports] = *sides else { return None };
        Some(Self { plane, protocols, sources, destinations, source_ports, destination_ports })
    }
}

/// The addresses of a network.
pub(super) fn addresses(network: IpNet) -> Span {
    match network {
        IpNet::V4(network) => Span::new(network.network().to_bits(), network.broadcast().to_bits()),
        IpNet::V6(network) => Span::new(network.network().to_bits(), network.broadcast().to_bits()),
    }
}

/// The ports of a range; all where there is none.
pub(super) fn ports(range: Option<PortRange>) -> Span {
    range.map_or(ALL_PORTS, |PortRange { from, to }| Span::new(from, to))
}

/// For a person: `arriving IPv4 tcp from 10.1.2.0/24 to any port 8443`.
impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plane, protocols, sources, destinations, source_ports, destination_ports } = *self;
        f.write_str(match plane.direction {
            Direction::Ingress => "arriving ",
            Direction::Egress => "leaving ",
        })?;
        f.write_str(if plane.ipv6 { "IPv6 " } else { "IPv4 " })?;
        let name = NAMES.into_iter().find(|(number, _)| protocols == Span::one(*number));
        match (name, protocols) {
            (Some((_, name)), _) => f.write_str(name)?,
            (None, ALL_PROTOCOLS) => f.write_str("of all protocols")?,
            (None, Span { first, last }) if first == last => write!(f, "protocol {first}")?,
            (None, Span { first, last }) => write!(f, "protocols {first}-{last}")?,
        }
        for (word, addresses, ports) in [("from", sources, source_ports), ("to", destinations, destination_ports)] {
            write!(f, " {word} {}", Addresses { addresses, ipv6: plane.ipv6 })?;
            match ports {
                ALL_PORTS => {}
                Span { first, last } if first == last => write!(f, " port {first}")?,
                Span { first, last } => write!(f, " port {first}-{last}")?,
            }
        }
        Ok(())
    }
}

/// A range of addresses, for a person.
struct Addresses {
    addresses: Span,
    ipv6: bool,
}

impl Addresses {
    fn address(&self, number: u128) -> IpAddr {
        match u32::try_from(number) {
            Ok(number) if !self.ipv6 => Ipv4Addr::from_bits(number).into(),
            _ => Ipv6Addr::from_bits(number).into(),
        }
    }

    /// The network that it is; none for a range that is none.
    fn network(&self) -> Option<IpNet> {
        let Span { first, last } = self.addresses;
        let bits = u8::try_from((first ^ last).count_ones()).ok()?;
        let network = match self.address(first) {
            IpAddr::V4(first) => IpNet::V4(Ipv4Net::new(first, 32_u8.checked_sub(bits)?).ok()?),
            IpAddr::V6(first) => IpNet::V6(Ipv6Net::new(first, 128_u8.checked_sub(bits)?).ok()?),
        };
        (addresses(network) == self.addresses).then_some(network)
    }
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span { first, last } = self.addresses;
        match self.network() {
            Some(network) if network.prefix_len() == 0 => f.write_str("any"),
            Some(network) => write!(f, "{network}"),
            None => write!(f, "{} to {}", self.address(first), self.address(last)),
        }
    }
}
