//! Takes nothing; gives the names of the mirror objects that we make: by AWS's id, and by the key that says what each is for.
//! Never says whose an object is: `ownership` does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{FilterId, FilterKey, InterfaceId, Lane, ResourceId, RuleId, SessionId, TargetId};
use crate::inventory::Rule;
use crate::pairs;

/// A mirror object as it stands in AWS: what a step changes, and what Memory keeps until a read shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectId {
    /// A session.
    Session(SessionId),
    /// A filter, without its rules and services.
    Filter(FilterId),
    /// A rule of a filter.
    Rule(FilterId, RuleId),
    /// The network services of a filter.
    Services(FilterId),
    /// A target.
    Target(TargetId),
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session(id) => id.as_str(),
            Self::Filter(id) | Self::Services(id) => id.as_str(),
            Self::Rule(_, id) => id.as_str(),
            Self::Target(id) => id.as_str(),
        })
    }
}

/// What an object of ours is for. At most one object of a key is wanted; whatever comes after one that is gone has the same key
/// and another id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ObjectKey {
    /// The session of a lane on an interface.
    Session(InterfaceId, Lane),
    /// The filter that mirrors just what the digest stands for.
    Filter(FilterKey),
    /// A rule of one filter.
    Rule(FilterId, Rule),
    /// The network services of one filter.
    Services(FilterId),
    /// The target that sends to a resource.
    Target(ResourceId),
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(interface, lane) => write!(f, "session of {interface} to {lane}"),
            Self::Filter(key) => write!(f, "filter {key}"),
            Self::Rule(filter, rule) => write!(f, "rule of {filter}: {rule}"),
            Self::Services(filter) => write!(f, "network services of {filter}"),
            Self::Target(resource) => write!(f, "target for {resource}"),
        }
    }
}

/// The mirror objects that are ours, by key. Where a set holds several, all but one are too many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ours {
    /// Sessions.
    #[serde(with = "pairs")]
    pub sessions: BTreeMap<(InterfaceId, Lane), BTreeSet<SessionId>>,
    /// Filters.
    pub filters: BTreeMap<FilterKey, BTreeSet<FilterId>>,
    /// Targets.
    pub targets: BTreeMap<ResourceId, BTreeSet<TargetId>>,
}
