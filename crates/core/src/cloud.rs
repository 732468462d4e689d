//! Takes nothing; gives the words that are spoken at the cloud's edge, and the one trait: a query is one page, a step is one call.
//! Never speaks them.

mod codes;
mod query;

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;

use serde::{Deserialize, Serialize};
use strum::{EnumDiscriminants, VariantArray};

pub use self::codes::{classify, counted};
pub use self::query::{
    BALANCED_PAGE_SIZE, Items, PAGE_SIZE, Page, Query, TAGGED_PAGE_SIZE, WEB_ACLS_PAGE_SIZE, actions,
};
use crate::ids::{FilterId, InterfaceId, RuleId, SessionId, TargetId};
use crate::inventory::{Resource, Rule, Tags};

/// The cloud's edge, in one account and Region. Each call is exactly one AWS call: it neither retries nor waits nor decides.
pub trait Cloud: Send + Sync {
    /// Asks for one page.
    fn read(&self, query: &Query) -> impl Future<Output = Result<Page, CloudError>> + Send;
    /// Makes one change. An error may hide that the change took effect.
    fn apply(&self, step: &Step) -> impl Future<Output = Result<Outcome, CloudError>> + Send;
}

/// The name of an AWS API action, as AWS writes it: what is throttled, granted, counted and logged.
pub type Action = &'static str;

/// What makes a create that is sent twice one create: up to 64 ASCII characters. Source: "Ensuring idempotency in Amazon EC2 API
/// requests", EC2 Developer Guide. How long AWS remembers one is not documented, so that nothing may rest on it alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientToken(pub String);

/// One change: one AWS call. It names only what exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[strum_discriminants(name(StepKind), vis(pub(self)), derive(VariantArray))]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Makes an empty filter, which mirrors nothing.
    CreateFilter {
        /// Idempotency token.
        token: ClientToken,
        /// Our tags.
        tags: Tags,
    },
    /// Adds a rule to a filter.
    CreateRule {
        /// Idempotency token.
        token: ClientToken,
        /// The filter.
        filter: FilterId,
        /// The rule.
        rule: Rule,
    },
    /// Makes a filter mirror network services beside its rules.
    AddServices {
        /// The filter.
        filter: FilterId,
        /// The services to add.
        services: BTreeSet<String>,
    },
    /// Makes a target.
    CreateTarget {
        /// Idempotency token.
        token: ClientToken,
        /// What receives the packets.
        resource: Resource,
        /// Our tags.
        tags: Tags,
    },
    /// Starts mirroring an interface.
    CreateSession {
        /// Idempotency token.
        token: ClientToken,
        /// The source.
        interface: InterfaceId,
        /// Where the packets go.
        target: TargetId,
        /// Which packets go.
        filter: FilterId,
        /// The session number.
        number: u16,
        /// Bytes of each packet that it sends; none is all.
        packet_length: Option<u16>,
        /// The VXLAN network identifier.
        vni: u32,
        /// Our tags.
        tags: Tags,
    },
    /// Changes a session in place, without an interruption.
    ModifySession {
        /// The session.
        session: SessionId,
        /// What becomes of it.
        change: SessionChange,
    },
    /// Stops mirroring.
    DeleteSession {
        /// The session.
        session: SessionId,
    },
    /// Removes a rule from a filter.
    DeleteRule {
        /// The filter.
        filter: FilterId,
        /// The rule.
        rule: RuleId,
    },
    /// Removes a filter that no session uses.
    DeleteFilter {
        /// The filter.
        filter: FilterId,
    },
    /// Removes a target that no session uses.
    DeleteTarget {
        /// The target.
        target: TargetId,
    },
    /// Adds tags to a session that stands, and changes nothing else of it: with ours it is ours.
    TagSession {
        /// The session.
        session: SessionId,
        /// Our tags.
        tags: Tags,
    },
}

impl Step {
    /// The AWS action that carries it out.
    pub fn action(&self) -> Action {
        StepKind::from(self).action()
    }

    /// The actions that carry out steps.
    pub fn actions() -> impl Iterator<Item = Action> {
        StepKind::VARIANTS.iter().map(|kind| kind.action())
    }
}

impl StepKind {
    fn action(self) -> Action {
        match self {
            Self::CreateFilter => "CreateTrafficMirrorFilter",
            Self::CreateRule => "CreateTrafficMirrorFilterRule",
            Self::AddServices => "ModifyTrafficMirrorFilterNetworkServices",
            Self::CreateTarget => "CreateTrafficMirrorTarget",
            Self::CreateSession => "CreateTrafficMirrorSession",
            Self::ModifySession => "ModifyTrafficMirrorSession",
            Self::DeleteSession => "DeleteTrafficMirrorSession",
            Self::DeleteRule => "DeleteTrafficMirrorFilterRule",
            Self::DeleteFilter => "DeleteTrafficMirrorFilter",
            Self::DeleteTarget => "DeleteTrafficMirrorTarget",
            Self::TagSession => "CreateTags",
        }
    }
}

/// For logs and plans: the call in words, without its token and tags.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateFilter { .. } => f.write_str("create a filter"),
            Self::CreateRule { filter, rule, .. } => write!(f, "add to {filter}: {rule}"),
            Self::AddServices { filter, services } => {
                write!(f, "add to {filter}: {}", services.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            Self::CreateTarget { resource, .. } => write!(f, "create a target for {}", resource.id()),
            Self::CreateSession { interface, target, filter, number, packet_length, vni, .. } => {
                write!(f, "mirror {interface} to {target} through {filter}, number {number}, VNI {vni}")?;
                packet_length.iter().try_for_each(|bytes| write!(f, ", {bytes} bytes of each packet"))
            }
            Self::ModifySession { session, change: SessionChange { target, filter, number, packet_length, vni } } => {
                write!(f, "change {session}:")?;
                target.iter().try_for_each(|target| write!(f, " target {target}"))?;
                filter.iter().try_for_each(|filter| write!(f, " filter {filter}"))?;
                number.iter().try_for_each(|number| write!(f, " number {number}"))?;
                packet_length.iter().try_for_each(|length| write!(f, " {length}"))?;
                vni.iter().try_for_each(|vni| write!(f, " VNI {vni}"))
            }
            Self::DeleteSession { session } => write!(f, "delete {session}"),
            Self::DeleteRule { filter, rule } => write!(f, "delete {rule} of {filter}"),
            Self::DeleteFilter { filter } => write!(f, "delete {filter}"),
            Self::DeleteTarget { target } => write!(f, "delete {target}"),
            Self::TagSession { session, .. } => write!(f, "take over {session}"),
        }
    }
}

/// The fields of a session that a change sets; none leaves one as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionChange {
    /// Another target.
    pub target: Option<TargetId>,
    /// Another filter.
    pub filter: Option<FilterId>,
    /// Another session number.
    pub number: Option<u16>,
    /// Another packet length.
    pub packet_length: Option<PacketLength>,
    /// Another VXLAN network identifier.
    pub vni: Option<u32>,
}

/// How much of each packet a session sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PacketLength {
    /// All of it, or what AWS takes for all: 8500 bytes to a Network Load Balancer. Source: botocore `ec2/2016-11-15`,
    /// ModifyTrafficMirrorSession: `RemoveFields` sets a field back to its default.
    Whole,
    /// So many bytes.
    Bytes(u16),
}

impl fmt::Display for PacketLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole packets"),
            Self::Bytes(bytes) => write!(f, "{bytes} bytes of each packet"),
        }
    }
}

/// What AWS calls the object that a step has made. The rest of it is what the step said: that is what we know to stand, whatever else
/// the answer repeats or leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// A filter was made.
    Filter(FilterId),
    /// A rule was added to a filter.
    Rule(RuleId),
    /// A target was made.
    Target(TargetId),
    /// A session was made.
    Session(SessionId),
    /// What stood was changed or removed.
    Done,
}

/// What an error means for us, and so what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The call may succeed if it is made again: server errors, time-outs, lost connections. It may have taken effect.
    Retry,
    /// Too many calls of this action in this account and Region.
    Throttled,
    /// What the call named is not there.
    Gone,
    /// What the call asked for contradicts what is there: in use, already there, another call with the same token.
    Conflict,
    /// Not allowed, or not known who asks.
    Denied,
    /// A quota of AWS, or a source that AWS does not support.
    Quota,
    /// The call itself is wrong, or the answer could not be read: a mistake of ours, or of whoever answered.
    Bug,
}

impl Class {
    /// Every class.
    pub const ALL: &[Self] = Self::VARIANTS;
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retry => "retry",
            Self::Throttled => "throttled",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Quota => "quota",
            Self::Bug => "bug",
        })
    }
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{action}: {code}: {message}")]
pub struct CloudError {
    /// The AWS action; `Connect` where none was called yet.
    pub action: String,
    /// AWS's error code, or ours where AWS gave none: `NoRegion`, `NoCredentials`, `Unreachable`, `Timeout`, `UnreadableAnswer`,
    /// `UnsendableRequest`.
    pub code: String,
    /// What AWS said, or what to do.
    pub message: String,
    /// What it means for us.
    pub class: Class,
}

impl CloudError {
    /// An error that AWS answered, with its class by [`classify`].
    pub fn answered(action: Action, code: impl Into<String>, message: impl Into<String>, status: u16) -> Self {
        let code = code.into();
        let class = classify(&code, status);
        Self { action: action.into(), code, message: message.into(), class }
    }
}
