//! Takes nothing; gives the calls that the world understands: one variant for each AWS action, with typed parameters. Never checks
//! what depends on the world. Numbers are as wide as AWS's model has them (32 bits): the ranges are the world's to refuse.

mod machines;

use std::collections::BTreeSet;

use ipnet::IpNet;
use mirror_core::cloud::{Action, ClientToken};
use mirror_core::ids::{AttachmentId, FilterId, InstanceId, InterfaceId, RuleId, SessionId, TargetId, VpcId, Zone};
use mirror_core::inventory::{Direction, Resource, RuleAction, Tags};

pub use self::machines::{
    AssignIpv6Addresses, AssignPrivateIpAddresses, AttachNetworkInterface, CreateNetworkInterface, InstanceAttribute,
    InterfaceAttribute, LaunchInterface, ModifyInstanceAttribute, ModifyNetworkInterfaceAttribute, PrivateAddresses,
    RunInstances, UnassignIpv6Addresses, UnassignPrivateIpAddresses,
};
use crate::iam::AssumeRole;
use crate::listing::Filter;
use crate::network::SubnetId;

macro_rules! requests {
    ($($action:ident $(($input:ty))?,)*) => {
        /// A call: an AWS action with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Request {
            $(
                #[doc = concat!("`", stringify!($action), "`.")]
                $action $(($input))?,
            )*
            /// Any call with `DryRun` set: whether it would be allowed.
            DryRun(Box<Request>),
        }

        impl Request {
            /// Every AWS action that there is in here.
            pub const ACTIONS: &'static [Action] = &[$(stringify!($action)),*];

            /// The AWS action.
            pub fn action(&self) -> Action {
                match self {
                    $(Self::$action { .. } => stringify!($action),)*
                    Self::DryRun(request) => request.action(),
                }
            }
        }
    };
}

requests! {
    GetCallerIdentity,
    AssumeRole(AssumeRole),
    DescribeAvailabilityZones(Describe<Zone>),
    DescribeVpcs(Describe<VpcId>),
    DescribeSubnets(Describe<SubnetId>),
    DescribeInstances(Describe<InstanceId>),
    RunInstances(RunInstances),
    StartInstances(Vec<InstanceId>),
    StopInstances(Vec<InstanceId>),
    TerminateInstances(Vec<InstanceId>),
    ModifyInstanceAttribute(ModifyInstanceAttribute),
    DescribeNetworkInterfaces(Describe<InterfaceId>),
    CreateNetworkInterface(CreateNetworkInterface),
    AttachNetworkInterface(AttachNetworkInterface),
    DetachNetworkInterface(AttachmentId),
    DeleteNetworkInterface(InterfaceId),
    ModifyNetworkInterfaceAttribute(ModifyNetworkInterfaceAttribute),
    AssignPrivateIpAddresses(AssignPrivateIpAddresses),
    UnassignPrivateIpAddresses(UnassignPrivateIpAddresses),
    AssignIpv6Addresses(AssignIpv6Addresses),
    UnassignIpv6Addresses(UnassignIpv6Addresses),
    CreateTags(CreateTags),
    DeleteTags(DeleteTags),
    DescribeTags(Describe<String>),
    CreateTrafficMirrorFilter(CreateTrafficMirrorFilter),
    DescribeTrafficMirrorFilters(Describe<FilterId>),
    ModifyTrafficMirrorFilterNetworkServices(ModifyTrafficMirrorFilterNetworkServices),
    DeleteTrafficMirrorFilter(FilterId),
    CreateTrafficMirrorFilterRule(CreateTrafficMirrorFilterRule),
    DescribeTrafficMirrorFilterRules(DescribeTrafficMirrorFilterRules),
    ModifyTrafficMirrorFilterRule(ModifyTrafficMirrorFilterRule),
    DeleteTrafficMirrorFilterRule(RuleId),
    CreateTrafficMirrorTarget(CreateTrafficMirrorTarget),
    DescribeTrafficMirrorTargets(Describe<TargetId>),
    DeleteTrafficMirrorTarget(TargetId),
    CreateTrafficMirrorSession(CreateTrafficMirrorSession),
    DescribeTrafficMirrorSessions(Describe<SessionId>),
    ModifyTrafficMirrorSession(ModifyTrafficMirrorSession),
    DeleteTrafficMirrorSession(SessionId),
}

impl Request {
    /// The idempotency token, of the actions that take one.
    pub fn token(&self) -> Option<&ClientToken> {
        match self {
            Self::RunInstances(request) => request.token.as_ref(),
            Self::CreateNetworkInterface(request) => request.token.as_ref(),
            Self::CreateTrafficMirrorFilter(request) => request.token.as_ref(),
            Self::CreateTrafficMirrorFilterRule(request) => request.token.as_ref(),
            Self::CreateTrafficMirrorTarget(request) => request.token.as_ref(),
            Self::CreateTrafficMirrorSession(request) => request.token.as_ref(),
            _ => None,
        }
    }
}

/// What every describe call can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Describe<Id> {
    /// Only these. One that is not there fails the call.
    pub ids: Vec<Id>,
    /// Only what matches all of these.
    pub filters: Vec<Filter>,
    /// At most so many on a page, 5 to 1000; none for everything.
    pub max_results: Option<i32>,
    /// The `next` of the page before.
    pub next_token: Option<String>,
    /// Also what a service of AWS manages and hides (`IncludeManagedResources`).
    pub include_managed: bool,
}

impl<Id> Describe<Id> {
    /// Everything, in one answer.
    pub fn all() -> Self {
        Self { ids: Vec::new(), filters: Vec::new(), max_results: None, next_token: None, include_managed: false }
    }

    /// A page of everything.
    pub fn page(size: i32, token: Option<String>) -> Self {
        Self { max_results: Some(size), next_token: token, ..Self::all() }
    }

    /// Only these, all or an error.
    pub fn only(ids: impl IntoIterator<Item = Id>) -> Self {
        Self { ids: ids.into_iter().collect(), ..Self::all() }
    }

    /// With what a service of AWS manages and hides.
    #[must_use]
    pub fn with_managed(self) -> Self {
        Self { include_managed: true, ..self }
    }

    /// Only what has this value.
    #[must_use]
    pub fn filtered(mut self, name: &str, value: &str) -> Self {
        self.filters.push(Filter { name: name.into(), values: vec![value.into()] });
        self
    }
}

/// `CreateTags`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTags {
    /// Ids of any kind.
    pub resources: Vec<String>,
    /// Added to the tags of each, or put in their place.
    pub tags: Tags,
}

/// `DeleteTags`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTags {
    /// Ids of any kind.
    pub resources: Vec<String>,
    /// Keys, each with the value that it must have to be removed, or with none for any value. No keys: all tags go.
    pub tags: Vec<(String, Option<String>)>,
}

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
