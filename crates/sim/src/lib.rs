//! A simulated EC2, with STS, ELB and the tagging API: one Region with many accounts, in memory. It has no runtime, no sockets, no clock
//! and no randomness of its own: it is a state machine that follows from its seed, from the calls that it gets and from the times that it
//! is told.
//!
//! ```text
//!  Cloud (core's trait) ── Door ──┐       faults, rates, permissions, old reads
//!                                 ├─ Request → Api::call → World::call → Response, or ApiError
//!  http::Request ────────── wire ─┘                            ↑
//!                                                        World::advance(to)
//! ```
//!
//! Every call of either door goes through [`World::call`]; with an [`Api`] before it, it meets there what AWS does to calls, and `iam`
//! says who calls and whether he may. The rules are transcribed from the AWS documentation, never taken from
//! what vpc-mirror believes of them: a world that shared our mistakes would confirm them. Where AWS says nothing, the world is the
//! harsher of the possible ones, and a comment says so.

mod accounts;
mod addresses;
mod agenda;
pub mod api;
mod attaching;
mod classic;
mod codes;
mod compute;
mod creating;
mod describing;
mod door;
mod eks;
mod elb;
mod error;
pub mod fleet;
mod iam;
mod index;
mod interfaces;
mod kept;
mod launching;
mod listing;
mod long_lists;
mod mint;
mod mirror;
mod modifying;
mod network;
mod network_acls;
mod operators;
mod pace;
mod packets;
mod past;
mod platforms;
mod prefix_lists;
mod prefixes;
mod quotas;
mod request;
mod requesters;
mod response;
mod scaling;
mod security_groups;
mod shares;
mod spot;
mod tagging;
mod tags;
#[cfg(test)]
mod tests;
mod tokens;
mod trunks;
mod unknowns;
mod waf;
pub mod wire;
mod world;

pub use self::addresses::AssignedAddresses;
pub use self::api::{Api, Caller};
pub use self::classic::{
    ClassicListener, ClassicLoadBalancer, ClassicProtocol, ClassicRequest, ClassicResponse, CreateClassicLoadBalancer,
    DescribeClassicLoadBalancers, OfInstances,
};
pub use self::compute::{Instance, InstanceDetail, StateChange};
pub use self::door::Door;
pub use self::eks::{EksNode, PodAddresses};
pub use self::elb::{
    AddTags, CreateListener, CreateLoadBalancer, CreateRule, CreateTargetGroup, DescribeListeners,
    DescribeLoadBalancers, DescribeRules, DescribeTargetGroups, ElbRequest, ElbResponse, HealthCheck, HealthCheckWish,
    Listener, ListenerArn, LoadBalancer, LoadBalancerState, LoadBalancerType, ModifyListener,
    ModifyLoadBalancerAttributes, OfTargets, Pages, Progress, Protocol, RemoveTags, Rule, RuleArn, Scheme, SetSubnets,
    Target, TargetGroup, TargetGroupArn, TargetGroupDetail, TargetHealth, TargetKey, TargetState, TargetType,
    TargetWish, ZoneOfBalancer,
};
pub use self::error::ApiError;
pub use self::iam::{AssumeRole, AssumedRole, Directory, Policy, Principal, Rejected};
pub use self::interfaces::{Attachment, AttachmentStatus, NetworkInterface};
pub use self::listing::{Filter, Page};
pub use self::mirror::{MirrorFilter, MirrorRule, MirrorSession, MirrorTarget};
pub use self::network::{AvailabilityZone, Subnet, SubnetId, Vpc};
pub use self::network_acls::{AclEntry, NetworkAcl};
pub use self::operators::Operator;
pub use self::pace::{Pace, Span};
pub use self::packets::{Content, Flow, MirroredPacket, NotMirrored, Packet};
pub use self::platforms::Platform;
pub use self::prefix_lists::{PrefixList, PrefixListEntry};
pub use self::quotas::Quotas;
pub use self::request::{
    AssignIpv6Addresses, AssignPrivateIpAddresses, AttachNetworkInterface, AuthorizeSecurityGroup,
    CreateNetworkInterface, CreateSecurityGroup, CreateTags, CreateTrafficMirrorFilter, CreateTrafficMirrorFilterRule,
    CreateTrafficMirrorSession, CreateTrafficMirrorTarget, DeleteTags, Describe, DescribeTrafficMirrorFilterRules,
    GetManagedPrefixListEntries, GroupRuleWish, InstanceAttribute, InterfaceAttribute, LaunchInterface,
    ModifyInstanceAttribute, ModifyNetworkInterfaceAttribute, ModifyTrafficMirrorFilterNetworkServices,
    ModifyTrafficMirrorFilterRule, ModifyTrafficMirrorSession, Ports, PrivateAddresses, Request, RevokeSecurityGroup,
    RuleField, RuleWish, RunInstances, SessionField, UnassignIpv6Addresses, UnassignPrivateIpAddresses,
};
pub use self::requesters::Requester;
pub use self::response::{Identity, Response};
pub use self::scaling::{InstanceRefresh, Lifecycle, PoolState, ScalingGroup, WarmPool};
pub use self::security_groups::{
    GroupRule, NetworkAclId, Peer, PrefixListId, SecurityGroup, SecurityGroupId, SecurityGroupRule, SecurityGroupRuleId,
};
pub use self::spot::{Interruption, Spot, SpotOptions};
pub use self::tagging::{GetResources, TaggedResource};
pub use self::tags::TagDescription;
pub use self::unknowns::{
    Codes, HostBits, QuotaScope, RulesQuota, Standing, TargetLimit, TokenMemory, Unknowns, Verdict,
};
pub use self::waf::{
    AssociateWebAcl, CreateWebAcl, GuardedResource, ListResourcesForWebAcl, ListWebAcls, WafRequest, WafResponse,
    WafScope, WebAcl, WebAclArn,
};
pub use self::world::World;
