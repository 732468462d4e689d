//! Takes nothing; gives the parameters of the calls about mirror filters, rules, targets and sessions. Never checks what depends on the
//! world.

use std::collections::BTreeSet;

use ipnet::IpNet;
use mirror_core::cloud::ClientToken;
use mirror_core::ids::{FilterId, InterfaceId, RuleId, SessionId, TargetId};
use mirror_core::inventory::{Direction, Resource, RuleAction, Tags};

use super::Describe;

/// `CreateTrafficMirrorFilter`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateTrafficMirrorFilter {
    /// What for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Idempotency token.
    pub token: Option<ClientToken>,
}

/// `ModifyTrafficMirrorFilterNetworkServices`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyTrafficMirrorFilterNetworkServices {
    /// The filter.
    pub filter: FilterId,
    /// To mirror from now on.
    pub add: BTreeSet<String>,
    /// To mirror no longer.
    pub remove: BTreeSet<String>,
}

/// Ports, both ends included, as they were sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The first.
    pub from: i32,
    /// The last.
    pub to: i32,
}

/// A filter rule as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleWish {
    /// For packets that go this way.
    pub direction: Direction,
    /// Unique per filter and direction.
    pub number: i32,
    /// Mirror, or do not.
    pub action: RuleAction,
    /// IANA protocol number; none for all.
    pub protocol: Option<i32>,
    /// Where packets come from.
    pub source: IpNet,
    /// Where they go.
    pub destination: IpNet,
    /// TCP and UDP only.
    pub source_ports: Option<Ports>,
    /// TCP and UDP only.
    pub destination_ports: Option<Ports>,
}

/// `CreateTrafficMirrorFilterRule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTrafficMirrorFilterRule {
    /// The filter.
    pub filter: FilterId,
    /// The rule.
    pub rule: RuleWish,
    /// What for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Idempotency token.
    pub token: Option<ClientToken>,
}

/// `DescribeTrafficMirrorFilterRules`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeTrafficMirrorFilterRules {
    /// Only this filter's.
    pub filter: Option<FilterId>,
    /// Which of them.
    pub rules: Describe<RuleId>,
}

/// A field of a rule that can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleField {
    /// `destination-port-range`.
    DestinationPortRange,
    /// `source-port-range`.
    SourcePortRange,
    /// `protocol`.
    Protocol,
    /// `description`.
    Description,
}

/// `ModifyTrafficMirrorFilterRule`: what is none stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyTrafficMirrorFilterRule {
    /// The rule.
    pub rule: RuleId,
    /// Another direction.
    pub direction: Option<Direction>,
    /// Another number.
    pub number: Option<i32>,
    /// Another action.
    pub action: Option<RuleAction>,
    /// Another protocol.
    pub protocol: Option<i32>,
    /// Another source.
    pub source: Option<IpNet>,
    /// Another destination.
    pub destination: Option<IpNet>,
    /// Other source ports.
    pub source_ports: Option<Ports>,
    /// Other destination ports.
    pub destination_ports: Option<Ports>,
    /// Another description.
    pub description: Option<String>,
    /// To be removed.
    pub remove: Vec<RuleField>,
}

/// `CreateTrafficMirrorTarget`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTrafficMirrorTarget {
    /// What receives the packets.
    pub resource: Resource,
    /// What for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Idempotency token.
    pub token: Option<ClientToken>,
}

/// `CreateTrafficMirrorSession`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTrafficMirrorSession {
    /// The source.
    pub interface: InterfaceId,
    /// Where the packets go.
    pub target: TargetId,
    /// Which packets go.
    pub filter: FilterId,
    /// 1 to 32766, unique per interface.
    pub number: i32,
    /// Bytes of each packet; none for all.
    pub packet_length: Option<i32>,
    /// VXLAN network identifier; none for a random one.
    pub vni: Option<i32>,
    /// What for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
    /// Idempotency token.
    pub token: Option<ClientToken>,
}

/// A field of a session that can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionField {
    /// `packet-length`.
    PacketLength,
    /// `description`.
    Description,
    /// `virtual-network-id`.
    VirtualNetworkId,
}

/// `ModifyTrafficMirrorSession`: what is none stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyTrafficMirrorSession {
    /// The session.
    pub session: SessionId,
    /// Another target.
    pub target: Option<TargetId>,
    /// Another filter.
    pub filter: Option<FilterId>,
    /// Another number.
    pub number: Option<i32>,
    /// Another packet length.
    pub packet_length: Option<i32>,
    /// Another VXLAN network identifier.
    pub vni: Option<i32>,
    /// Another description.
    pub description: Option<String>,
    /// To be removed.
    pub remove: Vec<SessionField>,
}
