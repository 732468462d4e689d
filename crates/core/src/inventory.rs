//! Takes nothing; gives the facts: what the cloud said it has, when it was asked, and what could not be seen. Never decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{
    AccountId, AttachmentId, EndpointId, FilterId, InstanceId, InterfaceId, Lane, LoadBalancerArn, Region, ResourceId,
    RuleId, SessionId, TargetId, VpcId, Zone,
};
use crate::objects::{ObjectId, Ours};
use crate::pairs;

/// Tags, by key. AWS allows 50 on a resource.
pub type Tags = BTreeMap<String, String>;

/// Where an EC2 instance is in its life. Source: "Instance lifecycle", Amazon EC2 User Guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// Being started.
    Pending,
    /// Running.
    Running,
    /// Being terminated; its interfaces go with it unless told otherwise.
    ShuttingDown,
    /// Terminated; still listed for up to an hour.
    Terminated,
    /// Being stopped.
    Stopping,
    /// Stopped; sessions on its interfaces stay, and cost.
    Stopped,
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        })
    }
}

/// An EC2 instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// Where it is in its life.
    pub state: InstanceState,
    /// Its tags.
    pub tags: Tags,
}

/// How a network interface hangs on an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The attachment's id.
    pub id: AttachmentId,
    /// The instance; none for what AWS attaches to machines of its own (load balancers, NAT gateways …).
    pub instance: Option<InstanceId>,
    /// Whether it is attached, and not attaching, detaching or detached.
    pub attached: bool,
}

/// A network interface (ENI).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// Its id.
    pub id: InterfaceId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its Availability Zone.
    pub zone: Zone,
    /// `interface`, `trunk`, `branch`, `efa`, `network_load_balancer` …: a string, since AWS adds kinds.
    pub interface_type: String,
    /// Whether an AWS service made it and keeps it.
    pub requester_managed: bool,
    /// To what it is attached.
    pub attachment: Option<Attachment>,
    /// Whether it has an IPv6 address or prefix.
    pub ipv6: bool,
    /// Its tags.
    pub tags: Tags,
}

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

/// The lists that the cloud can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// EC2 instances.
    Instances,
    /// Network interfaces.
    Interfaces,
    /// Traffic mirror targets.
    Targets,
    /// Traffic mirror filters, with their rules.
    Filters,
    /// Traffic mirror sessions.
    Sessions,
}

impl Kind {
    /// Every kind, in the order in which they are read: sessions last, so that whatever a session names was listed before it.
    pub const ALL: [Self; 5] = [Self::Instances, Self::Interfaces, Self::Targets, Self::Filters, Self::Sessions];
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instances => "instances",
            Self::Interfaces => "network interfaces",
            Self::Targets => "mirror targets",
            Self::Filters => "mirror filters",
            Self::Sessions => "mirror sessions",
        })
    }
}

/// Something that could not be seen: what is known of it is old, or nothing. A gap is never an absence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Why, for a person: the call, the code, and what to do.
    pub why: String,
    /// When the read that failed began.
    pub at: Time,
}

/// How the latest read differs from what we have just written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlay {
    /// It does not show the object at all.
    Unseen,
    /// It shows the object as it was before, or still shows one that we removed.
    Behind,
}

/// All that is known of one (account, Region), by id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// The Region that was asked.
    pub region: Region,
    /// The account that answered; none until it has said so.
    pub account: Option<AccountId>,
    /// Instances. Shared with the inventory before where they were not read again: there may be a hundred thousand.
    pub instances: Arc<BTreeMap<InstanceId, Instance>>,
    /// Network interfaces, shared likewise.
    pub interfaces: Arc<BTreeMap<InterfaceId, NetworkInterface>>,
    /// Mirror targets, shared ones included.
    pub targets: BTreeMap<TargetId, Target>,
    /// Mirror filters.
    pub filters: BTreeMap<FilterId, Filter>,
    /// Mirror sessions, those of other accounts that use our targets included.
    pub sessions: BTreeMap<SessionId, Session>,
    /// When the last complete read of each kind began.
    pub read: BTreeMap<Kind, Time>,
    /// The kinds whose latest read was not complete; their objects are those of the last complete one.
    pub gaps: BTreeMap<Kind, Gap>,
    /// Why the account is not known.
    pub identity_gap: Option<Gap>,
    /// The just-written objects that stand here as they were written, since the latest read does not show them so.
    #[serde(with = "pairs")]
    pub overlaid: BTreeMap<ObjectId, Overlay>,
    /// Which of the mirror objects are ours.
    pub ours: Ours,
}

impl Inventory {
    /// Nothing known yet.
    pub fn empty(region: Region) -> Self {
        Self {
            region,
            account: None,
            instances: Arc::default(),
            interfaces: Arc::default(),
            targets: BTreeMap::new(),
            filters: BTreeMap::new(),
            sessions: BTreeMap::new(),
            read: BTreeMap::new(),
            gaps: BTreeMap::new(),
            identity_gap: None,
            overlaid: BTreeMap::new(),
            ours: Ours::default(),
        }
    }

    /// Whether everything that is known of `kind` comes from one complete read, and no later one failed.
    pub fn is_complete(&self, kind: Kind) -> bool {
        self.read.contains_key(&kind) && !self.gaps.contains_key(&kind)
    }

    /// Our sessions for a lane of an interface. The first is the one that stays: the lowest number, then the lowest id.
    pub fn standing(&self, key: &(InterfaceId, Lane)) -> Vec<&Session> {
        let ids = self.ours.sessions.get(key).into_iter().flatten();
        let mut sessions: Vec<&Session> = ids.filter_map(|id| self.sessions.get(id)).collect();
        sessions.sort_by_key(|session| session.number);
        sessions
    }

    /// When the oldest of the complete reads that this inventory stands on began; none while any kind has a gap.
    pub fn complete_since(&self) -> Option<Time> {
        Kind::ALL.iter().try_fold(Time::MAX, |oldest, kind| {
            if self.is_complete(*kind) { self.read.get(kind).map(|read| oldest.min(*read)) } else { None }
        })
    }
}
