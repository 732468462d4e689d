//! Takes nothing; gives the facts: what the cloud said it has, when it was asked, and what could not be seen. Never decides.

mod balancers;
mod directory;
mod groups;
mod machines;
mod meaning;
mod mirror;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

pub use self::balancers::{Listener, LoadBalancer, Registered, TargetGroup, is_gateway};
pub use self::directory::{ClassicBalancer, Directory, Part, Protection};
pub use self::groups::{GroupPeer, GroupRule, GroupRules, Subnet};
pub use self::machines::{Attachment, Instance, InstanceState, NetworkInterface, Platform};
pub use self::mirror::{AMAZON_DNS, Direction, Filter, PortRange, Resource, Rule, RuleAction, Session, Target};
use crate::Time;
use crate::ids::{
    AccountId, FilterId, InstanceId, InterfaceId, Lane, LoadBalancerArn, Region, SessionId, SubnetId, TargetId, VpcId,
};
use crate::objects::{ObjectId, Ours};
use crate::pairs;

/// Tags, by key. AWS allows 50 on a resource.
pub type Tags = BTreeMap<String, String>;

/// The lists that the cloud can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Kind {
    /// EC2 instances.
    Instances,
    /// Network interfaces.
    Interfaces,
    /// The tags of subnets and VPCs.
    Tagged,
    /// Subnets, with their networks.
    Subnets,
    /// The rules of security groups.
    GroupRules,
    /// Traffic mirror targets.
    Targets,
    /// Which load balancers there are, by what a policy names them.
    Directory,
    /// The load balancers that take mirrored packets, or may, and those that a policy names as junctions: their listeners, and who is
    /// registered behind them.
    LoadBalancers,
    /// Traffic mirror filters, with their rules.
    Filters,
    /// Traffic mirror sessions.
    Sessions,
}

impl Kind {
    /// Every kind, in the order in which they are read: sessions last, so that whatever a session names was listed before it; load
    /// balancers after the targets and the directory that name them.
    pub const ALL: [Self; 10] = [
        Self::Instances,
        Self::Interfaces,
        Self::Tagged,
        Self::Subnets,
        Self::GroupRules,
        Self::Targets,
        Self::Directory,
        Self::LoadBalancers,
        Self::Filters,
        Self::Sessions,
    ];
}

impl Kind {
    /// Whether it is read only where a policy needs it.
    pub fn is_by_need(self) -> bool {
        match self {
            Self::Subnets | Self::GroupRules | Self::Directory => true,
            Self::Instances
            | Self::Interfaces
            | Self::Tagged
            | Self::Targets
            | Self::LoadBalancers
            | Self::Filters
            | Self::Sessions => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instances => "instances",
            Self::Interfaces => "network interfaces",
            Self::Tagged => "tags of subnets and VPCs",
            Self::Subnets => "subnets",
            Self::GroupRules => "rules of security groups",
            Self::Targets => "mirror targets",
            Self::Directory => "load balancers and web ACLs",
            Self::LoadBalancers => "what is behind load balancers",
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

/// Tags of subnets and VPCs that carry the key that chooses strategies. Those of a VPC that another account shares with this one are
/// missing: `GetResources` lists the resources of the account that asks. Source: "GetResources", Resource Groups Tagging API Reference;
/// it does not speak of shared ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tagged {
    /// Of subnets.
    pub subnets: BTreeMap<SubnetId, Tags>,
    /// Of VPCs.
    pub vpcs: BTreeMap<VpcId, Tags>,
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
    /// Subnets, where the policy needs them.
    pub subnets: BTreeMap<SubnetId, Subnet>,
    /// The rules of security groups, likewise.
    pub group_rules: GroupRules,
    /// Mirror targets, shared ones included.
    pub targets: BTreeMap<TargetId, Target>,
    /// Which load balancers there are, where the policy needs that.
    pub directory: Directory,
    /// What is known of that which is read only where a policy needs it.
    pub parts: BTreeSet<Part>,
    /// The load balancers that the policy or a mirror target names, as far as they are of this account and Region.
    pub balancers: BTreeMap<LoadBalancerArn, LoadBalancer>,
    /// Whether all Gateway Load Balancers of the account are among them, without their listeners. They are where the policy or a mirror
    /// target names an endpoint of one.
    pub gateways: bool,
    /// Mirror filters.
    pub filters: BTreeMap<FilterId, Filter>,
    /// Mirror sessions, those of other accounts that use our targets included.
    pub sessions: BTreeMap<SessionId, Session>,
    /// The tags of what has no list of its own here.
    pub tagged: Tagged,
    /// The key by which they were asked for: what is tagged with another one is not among them.
    pub tagged_by: String,
    /// When the last complete read of each kind began.
    pub read: BTreeMap<Kind, Time>,
    /// The kinds whose latest read was not complete; their objects are those of the last complete one.
    pub gaps: BTreeMap<Kind, Gap>,
    /// Since when a kind's lists are too short to be true. What is shown of instances and interfaces is known all the same, for new ones are
    /// among them, and nothing follows from those that are missing; of the others, the last list that was believed.
    pub short: BTreeMap<Kind, Time>,
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
            subnets: BTreeMap::new(),
            group_rules: Arc::default(),
            targets: BTreeMap::new(),
            directory: Directory::default(),
            parts: BTreeSet::new(),
            balancers: BTreeMap::new(),
            gateways: false,
            filters: BTreeMap::new(),
            sessions: BTreeMap::new(),
            tagged: Tagged::default(),
            tagged_by: String::new(),
            read: BTreeMap::new(),
            gaps: BTreeMap::new(),
            short: BTreeMap::new(),
            identity_gap: None,
            overlaid: BTreeMap::new(),
            ours: Ours::default(),
        }
    }

    /// How many items of a kind are known.
    pub fn items(&self, kind: Kind) -> usize {
        match kind {
            Kind::Instances => self.instances.len(),
            Kind::Interfaces => self.interfaces.len(),
            Kind::Tagged => self.tagged.subnets.len() + self.tagged.vpcs.len(),
            Kind::Subnets => self.subnets.len(),
            Kind::GroupRules => self.group_rules.values().map(BTreeSet::len).sum(),
            Kind::Targets => self.targets.len(),
            Kind::Directory => self.directory.balancers.len() + self.directory.classic.len(),
            Kind::LoadBalancers => self.balancers.len(),
            Kind::Filters => self.filters.len(),
            Kind::Sessions => self.sessions.len(),
        }
    }

    /// Whether everything that is known of `kind` comes from one complete read, and no later one failed.
    pub fn is_complete(&self, kind: Kind) -> bool {
        self.read.contains_key(&kind) && !self.gaps.contains_key(&kind)
    }

    /// Whether a load balancer can be asked about: its ARN says that it is of this account and Region. What ELB says of others is that they
    /// are not there. Source: "Amazon Resource Names (ARNs)", IAM User Guide: `arn:partition:service:region:account:resource`.
    pub fn can_see(&self, load_balancer: &LoadBalancerArn) -> bool {
        let mut parts = load_balancer.as_str().split(':').skip(3);
        let (region, account) = (parts.next(), parts.next());
        region == Some(self.region.as_str())
            && account.is_some()
            && account == self.account.as_ref().map(|it| it.as_str())
    }

    /// Whether a load balancer is seen to have no listener that hears mirrored packets, or not to be there: then AWS drops what is sent to
    /// it, and says so nowhere.
    pub fn is_deaf(&self, load_balancer: &LoadBalancerArn) -> bool {
        self.is_complete(Kind::LoadBalancers)
            && self.balancers.get(load_balancer).is_some_and(|it| !it.hears_mirrored_packets())
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
