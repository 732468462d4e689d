//! Takes nothing; gives the nouns of Traffic Mirroring: filters and their rules, targets, sessions. Never says whose they are.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Tags;
use crate::ids::{
    AccountId, EndpointId, FilterId, InterfaceId, LoadBalancerArn, ResourceId, RuleId, SessionId, TargetId,
};

/// Which way a packet goes, seen from the mirrored interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Arriving at the interface.
    Ingress,
    /// Leaving it.
    Egress,
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        })
    }
}

/// What a filter rule does with a packet that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleAction {
    /// The packet is not mirrored. Sorts first: an unfinished filter gets its rejects first, so that it never mirrors too much.
    Reject,
    /// The packet is mirrored.
    Accept,
}

impl fmt::Display for RuleAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reject => "reject",
            Self::Accept => "accept",
        })
    }
}

/// Ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortRange {
    /// The first.
    pub from: u16,
    /// The last.
    pub to: u16,
}

/// What a filter rule says, without its id. Rules are tried by ascending number, per direction; the first that matches decides.
/// Source: Traffic Mirroring guide, "Traffic mirror filters and filter rules".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Mirror, or do not.
    pub action: RuleAction,
    /// For packets that go this way.
    pub direction: Direction,
    /// Unique per filter and direction.
    pub number: u16,
    /// The IANA protocol number; none is every protocol.
    pub protocol: Option<u8>,
    /// Where the packet comes from. Same IP version as the destination.
    pub source: IpNet,
    /// Where the packet goes.
    pub destination: IpNet,
    /// Source ports, TCP and UDP only.
    pub source_ports: Option<PortRange>,
    /// Destination ports, TCP and UDP only.
    pub destination_ports: Option<PortRange>,
}

/// Filters are named by the digest of their rules as they are written here: another form re-points every session there is.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, direction, number, protocol, source, destination, source_ports, destination_ports } = self;
        write!(f, "{direction} {number} {action} ")?;
        match protocol {
            Some(protocol) => write!(f, "protocol {protocol}")?,
            None => f.write_str("all protocols")?,
        }
        write!(f, " from {source}")?;
        if let Some(PortRange { from, to }) = source_ports {
            write!(f, " port {from}-{to}")?;
        }
        write!(f, " to {destination}")?;
        if let Some(PortRange { from, to }) = destination_ports {
            write!(f, " port {from}-{to}")?;
        }
        Ok(())
    }
}

/// The only network service that a filter can mirror: DNS to the Amazon resolver, both ways.
pub const AMAZON_DNS: &str = "amazon-dns";

/// A traffic mirror filter. AWS does not say who owns one, but shows an account only its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Its id.
    pub id: FilterId,
    /// Its rules, both directions.
    pub rules: BTreeMap<RuleId, Rule>,
    /// Network services that it mirrors beside its rules: [`AMAZON_DNS`], or nothing.
    pub services: BTreeSet<String>,
    /// Its tags.
    pub tags: Tags,
}

/// What receives mirrored packets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Resource {
    /// A network interface of a sensor.
    NetworkInterface(InterfaceId),
    /// A Network Load Balancer with a UDP listener on 4789.
    NetworkLoadBalancer(LoadBalancerArn),
    /// A Gateway Load Balancer endpoint.
    GatewayLoadBalancerEndpoint(EndpointId),
}

impl Resource {
    /// The resource's id or ARN, whatever it is.
    pub fn id(&self) -> ResourceId {
        match self {
            Self::NetworkInterface(id) => id.as_str().into(),
            Self::NetworkLoadBalancer(arn) => arn.as_str().into(),
            Self::GatewayLoadBalancerEndpoint(id) => id.as_str().into(),
        }
    }
}

/// A traffic mirror target. Immutable but for its tags: AWS has no call that modifies one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its id.
    pub id: TargetId,
    /// The account that made it: another one's when it is shared through RAM.
    pub owner: AccountId,
    /// What receives the packets.
    pub resource: Resource,
    /// Its tags.
    pub tags: Tags,
}

impl Target {
    /// Whether it carries all of these tags.
    pub fn carries(&self, tags: &Tags) -> bool {
        tags.iter().all(|(key, value)| self.tags.get(key) == Some(value))
    }
}

/// A traffic mirror session. AWS gives it no state and no creation time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The account that made it: the owner of a shared target sees the sessions of others.
    pub owner: AccountId,
    /// The mirrored interface. Cannot be changed.
    pub interface: InterfaceId,
    /// Where the packets go.
    pub target: TargetId,
    /// Which packets go.
    pub filter: FilterId,
    /// 1 to 32766, unique per interface; a packet goes to the lowest number whose filter matches, and only there.
    pub number: u16,
    /// Bytes of each packet that are sent; none is all.
    pub packet_length: Option<u32>,
    /// VXLAN network identifier; AWS picks one where the creator did not.
    pub vni: Option<u32>,
    /// Its tags.
    pub tags: Tags,
}
