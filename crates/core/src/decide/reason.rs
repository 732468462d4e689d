//! Takes nothing; gives the reasons of decisions, and how a person reads them. Never decides.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::InstanceId;
use crate::inventory::InstanceState;

/// Where a tag was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// On the network interface.
    Interface,
    /// On its instance.
    Instance,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interface => "on the interface",
            Self::Instance => "on the instance",
        })
    }
}

/// Why an interface is mirrored, or is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "reason")]
pub enum Reason {
    /// A tag names the strategy.
    Tagged {
        /// The strategy.
        strategy: String,
        /// The tag, `key=value`.
        tag: String,
        /// Where it was found.
        place: Place,
    },
    /// The strategy's selector matches.
    Selected {
        /// The strategy.
        strategy: String,
    },
    /// A tag opts out.
    OptedOut {
        /// The tag, `key=value`.
        tag: String,
        /// Where it was found.
        place: Place,
    },
    /// A tag opts out of a strategy that does not allow it.
    OptOutForbidden {
        /// The strategy.
        strategy: String,
        /// Where the tag was found.
        place: Place,
    },
    /// A tag names a strategy that the policy does not have.
    UnknownStrategy {
        /// What the tag says.
        value: String,
        /// Where it was found.
        place: Place,
    },
    /// It is attached to nothing, or is being attached or detached.
    NotAttached,
    /// AWS mirrors only interfaces of type `interface`.
    NotMirrorable {
        /// The interface's type.
        interface_type: String,
    },
    /// An AWS service keeps it.
    RequesterManaged,
    /// It receives mirrored packets itself.
    IsTarget,
    /// Its instance is not listed.
    InstanceUnseen {
        /// The instance.
        instance: InstanceId,
    },
    /// Its instance does not run.
    NotRunning {
        /// The instance's state.
        state: InstanceState,
    },
    /// Other people's sessions take all slots.
    NoSlot {
        /// The lane that gets none.
        lane: String,
        /// Sessions of others on the interface.
        foreign: usize,
    },
    /// No session number is left behind other people's.
    NoNumber {
        /// The lane that gets none.
        lane: String,
    },
    /// None of the sensor's targets is to be seen.
    NoTarget {
        /// The sensor.
        sensor: String,
    },
}

impl Reason {
    /// Whether it rather says that something could not be seen than that nothing is wanted.
    pub fn is_doubt(&self) -> bool {
        matches!(self, Self::InstanceUnseen { .. } | Self::NoTarget { .. })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tagged { strategy, tag, place } => write!(f, "{strategy}: tag {tag} {place}"),
            Self::Selected { strategy } => write!(f, "{strategy}: its selector matches"),
            Self::OptedOut { tag, place } => write!(f, "opted out by tag {tag} {place}"),
            Self::OptOutForbidden { strategy, place } => {
                write!(f, "{strategy}: does not allow the opting out that is tagged {place}")
            }
            Self::UnknownStrategy { value, place } => {
                write!(f, "the tag {place} names `{value}`, which is no strategy of the policy")
            }
            Self::NotAttached => f.write_str("not mirrored: the interface is not attached to an instance"),
            Self::NotMirrorable { interface_type } => {
                write!(f, "not mirrored: AWS does not mirror interfaces of type {interface_type}")
            }
            Self::RequesterManaged => f.write_str("not mirrored: the interface belongs to an AWS service"),
            Self::IsTarget => {
                f.write_str("not mirrored: the interface receives mirrored packets, and mirrors of mirrors loop")
            }
            Self::InstanceUnseen { instance } => {
                write!(f, "undecided: {instance}, whose tags count, is not listed; what is mirrored stays")
            }
            Self::NotRunning { state } => write!(f, "not mirrored: the instance is {state}"),
            Self::NoSlot { lane, foreign } => write!(
                f,
                "not mirrored to {lane}: {foreign} session(s) of others leave no slot of the 3 that AWS allows on an interface"
            ),
            Self::NoNumber { lane } => {
                write!(f, "not mirrored to {lane}: other people's sessions leave no session number up to 32766")
            }
            Self::NoTarget { sensor } => write!(
                f,
                "undecided: no target of sensor {sensor} is to be seen; what is mirrored stays: check that it exists and is shared with this account"
            ),
        }
    }
}
