//! Takes what a strategy wants, as seen from the mirrored interface: who serves, where, and which way; gives the set of packets. Never asks
//! who wants it.

use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::block::{addresses, ports};
use super::{Block, PacketSet, Plane, Span, Unknown};
use crate::inventory::{Direction, PortRange};
use crate::policy::Ports;

/// Packets of one interface. What is none is any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Flow {
    /// Which way.
    pub direction: Option<Direction>,
    /// Of IPv6, or of IPv4.
    pub ipv6: Option<bool>,
    /// The other end.
    pub peer: Option<IpNet>,
    /// The IANA protocol number.
    pub protocol: Option<u8>,
    /// Ports of the interface, TCP and UDP only.
    pub own_ports: Option<PortRange>,
    /// Ports of the other end, likewise.
    pub peer_ports: Option<PortRange>,
}

impl Flow {
    /// Every packet.
    pub const EVERYTHING: Self =
        Self { direction: None, ipv6: None, peer: None, protocol: None, own_ports: None, peer_ports: None };

    /// What comes to these ports of the interface, and what they answer.
    pub fn served(Ports { protocol, range }: Ports) -> Self {
        Self { protocol: Some(protocol), own_ports: range, ..Self::EVERYTHING }
    }

    /// What goes to these ports of others, and what they answer.
    pub fn asked(Ports { protocol, range }: Ports) -> Self {
        Self { protocol: Some(protocol), peer_ports: range, ..Self::EVERYTHING }
    }

    /// Whether all packets of the other are among its own. It may be that they are though this says no: never the other way round.
    pub fn covers(&self, other: &Self) -> bool {
        fn wider<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
            one.is_none() || one == other
        }
        let within = |one: Option<PortRange>, other: Option<PortRange>| match (one, other) {
            (None, _) => true,
            (Some(one), Some(other)) => one.from <= other.from && other.to <= one.to,
            (Some(_), None) => false,
        };
        let peer = match (self.peer, other.peer) {
            (None, _) => true,
            (Some(one), Some(other)) => one.contains(&other),
            (Some(_), None) => false,
        };
        wider(self.direction, other.direction)
            && wider(self.ipv6, other.ipv6)
            && peer
            && wider(self.protocol, other.protocol)
            && within(self.own_ports, other.own_ports)
            && within(self.peer_ports, other.peer_ports)
    }

    fn blocks(&self) -> impl Iterator<Item = Block> {
        let Self { direction, ipv6, peer, protocol, own_ports, peer_ports } = *self;
        let possible = move |plane: &Plane| {
            direction.is_none_or(|it| it == plane.direction)
                && ipv6.is_none_or(|it| it == plane.ipv6)
                && peer.is_none_or(|it| matches!(it, IpNet::V6(_)) == plane.ipv6)
        };
        Plane::ALL.into_iter().filter(possible).map(move |plane| {
            let whole = Block::whole(plane);
            let peer = peer.map_or(plane.addresses(), addresses);
            let protocols = protocol.map_or(whole.protocols, Span::one);
            let (own, others) = (ports(own_ports), ports(peer_ports));
            match plane.direction {
                Direction::Ingress => {
                    Block { protocols, sources: peer, source_ports: others, destination_ports: own, ..whole }
                }
                Direction::Egress => {
                    Block { protocols, destinations: peer, source_ports: own, destination_ports: others, ..whole }
                }
            }
        })
    }
}

impl PacketSet {
    /// All packets of these flows. The resolver's DNS is not among them: a network service takes that, or none of it.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes.
    pub fn of_flows<'a>(flows: impl IntoIterator<Item = &'a Flow>) -> Result<Self, Unknown> {
        let mut all = Self::default();
        for block in flows.into_iter().flat_map(Flow::blocks) {
            all = all.union(&Self::of(block))?;
        }
        Ok(all)
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { direction, ipv6, peer, protocol, own_ports, peer_ports } = *self;
        let named = |range| protocol.map(|protocol| Ports { protocol, range });
        match (named(own_ports.or(peer_ports)), own_ports, peer_ports) {
            (None, ..) => f.write_str("everything")?,
            (Some(ports), Some(_), None) => write!(f, "{ports} served here")?,
            (Some(ports), None, Some(_)) => write!(f, "{ports} of others")?,
            (Some(ports), Some(_), Some(PortRange { from, to })) => {
                write!(f, "{ports} served here to ports {from}-{to}")?;
            }
            (Some(ports), None, None) => write!(f, "{ports}")?,
        }
        if let Some(peer) = peer {
            write!(f, " with {peer}")?;
        }
        match direction {
            None => {}
            Some(Direction::Ingress) => f.write_str(", arriving")?,
            Some(Direction::Egress) => f.write_str(", leaving")?,
        }
        match ipv6 {
            None => Ok(()),
            Some(true) => f.write_str(", IPv6 alone"),
            Some(false) => f.write_str(", IPv4 alone"),
        }
    }
}
