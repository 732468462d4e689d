//! A simulated EC2: one Region with many accounts, in memory. It has no runtime, no sockets, no clock and no randomness of its own: it
//! is a state machine that follows from its seed, from the calls that it gets and from the times that it is told.
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
mod agenda;
pub mod api;
mod attaching;
mod codes;
mod compute;
mod door;
mod error;
pub mod fleet;
mod iam;
mod index;
mod interfaces;
mod kept;
mod listeners;
mod listing;
mod long_lists;
mod mint;
mod mirror;
mod network;
mod network_acls;
mod pace;
mod packets;
mod past;
mod quotas;
mod request;
mod response;
mod scaling;
mod security_groups;
mod shares;
mod tags;
#[cfg(test)]
mod tests;
mod tokens;
mod unknowns;
pub mod wire;
mod world;

pub use self::api::{Api, Caller};
pub use self::compute::{Instance, InstanceDetail, StateChange};
pub use self::door::Door;
pub use self::error::ApiError;
pub use self::iam::{AssumeRole, AssumedRole, Directory, Policy, Principal, Rejected};
pub use self::interfaces::{Attachment, AttachmentStatus, NetworkInterface};
pub use self::listing::{Filter, Page};
pub use self::mirror::{MirrorFilter, MirrorRule, MirrorSession, MirrorTarget};
pub use self::network::{AvailabilityZone, Subnet, SubnetId, Vpc};
pub use self::network_acls::{AclEntry, NetworkAcl};
pub use self::pace::{Pace, Span};
pub use self::packets::{Content, Flow, MirroredPacket, NotMirrored, Packet};
pub use self::quotas::Quotas;
pub use self::request::{
    AssignIpv6Addresses, AttachNetworkInterface, CreateNetworkInterface, CreateTags, CreateTrafficMirrorFilter,
    CreateTrafficMirrorFilterRule, CreateTrafficMirrorSession, CreateTrafficMirrorTarget, DeleteTags, Describe,
    DescribeTrafficMirrorFilterRules, ModifyTrafficMirrorFilterNetworkServices, ModifyTrafficMirrorFilterRule,
    ModifyTrafficMirrorSession, Ports, Request, RuleField, RuleWish, RunInstances, SessionField,
};
pub use self::response::{Identity, Response};
pub use self::scaling::{InstanceRefresh, Lifecycle, PoolState, ScalingGroup, WarmPool};
pub use self::security_groups::{GroupRule, NetworkAclId, Peer, PrefixListId, SecurityGroup, SecurityGroupId};
pub use self::tags::TagDescription;
pub use self::unknowns::{
    Codes, HostBits, QuotaScope, RulesQuota, Standing, TargetLimit, TokenMemory, Unknowns, Verdict,
};
pub use self::world::World;
