//! Takes a packet at an interface; says which session mirrors it, to where and how much of it, or why none does. Never sends one: it is
//! the judge of what a sensor really sees.
//!
//! ```text
//!  packet → exempt? → interface attached, instance runs? → dropped on its way in? → first session whose filter accepts it
//!                                                                                       ↓
//!                                        as many bytes as the session and the target take ← does anyone receive it?
//! ```
//!
//! Source, unless a line says another: Traffic Mirroring guide (2026).

mod exempt;
mod filtering;
mod firewall;
mod mirrored;
mod receiving;

use std::net::IpAddr;

use mirror_core::ids::{InterfaceId, SessionId, TargetId};
use mirror_core::inventory::Direction;

/// A packet, at the moment when it arrives at an interface or leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The interface.
    pub interface: InterfaceId,
    /// Which way it goes.
    pub direction: Direction,
    /// What it is.
    pub content: Content,
    /// How many bytes it has.
    pub length: u32,
    /// Whether it answers a packet that went the other way just before, so that security groups, which remember connections, ask
    /// whether that one was let through.
    pub answers: bool,
}

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Asks for or tells a hardware address.
    Arp,
    /// IPv4 or IPv6.
    Ip(Flow),
}

/// From where to where a packet goes, and by which protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// IANA protocol number: 6 is TCP, 17 UDP, 1 ICMP.
    pub protocol: u8,
    /// Where it comes from.
    pub source: IpAddr,
    /// Where it goes. Of the same IP version.
    pub destination: IpAddr,
    /// TCP and UDP only.
    pub source_port: Option<u16>,
    /// TCP and UDP only.
    pub destination_port: Option<u16>,
}

impl Flow {
    /// The way back.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self {
            protocol: self.protocol,
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }

    /// The other end, seen from the interface.
    fn peer(&self, direction: Direction) -> IpAddr {
        match direction {
            Direction::Ingress => self.source,
            Direction::Egress => self.destination,
        }
    }
}

/// The copy of a packet that a sensor receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirroredPacket {
    /// The session that takes it: no other one sees it.
    pub session: SessionId,
    /// Where it goes.
    pub target: TargetId,
    /// VXLAN network identifier.
    pub vni: u32,
    /// How many of the packet's bytes there are after the VXLAN header.
    pub length: u32,
}

/// Why no sensor receives a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMirrored {
    /// The interface does not exist.
    NoInterface,
    /// AWS never mirrors ARP, DHCP, instance metadata, NTP and Windows activation.
    Exempt,
    /// The interface is not attached to an instance by now.
    NotAttached,
    /// The instance does not run, so that there is no such packet.
    NotRunning,
    /// No security group of the interface lets it in.
    SecurityGroup,
    /// The network ACL of the subnet drops it on its way in.
    NetworkAcl,
    /// The interface has no session.
    NoSession,
    /// No session's filter accepts it.
    NotAccepted,
    /// This session takes it, and its target's resource does not exist any more.
    TargetGone(SessionId),
    /// This session takes it, and nobody is there to receive it: the sensor's interface is not attached, its instance does not run, or
    /// the load balancer has no UDP listener on port 4789.
    TargetSilent(SessionId),
    /// This session takes it, and its target is another account's, which no longer shares it.
    TargetUnshared(SessionId),
    /// This session takes it, and a security group or network ACL stands between the source and the sensor.
    TargetUnreachable(SessionId),
}
