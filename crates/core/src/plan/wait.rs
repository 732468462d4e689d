//! Takes nothing; gives what a step can wait for, and how a person reads it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::inventory::Kind;

/// What something waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Wait {
    /// A complete read of this kind.
    Read(Kind),
    /// A complete read of everything.
    Everything,
    /// To know whose account this is.
    Account,
    /// Its filter, which is being made.
    Filter,
    /// Its target, which is being made.
    Target,
    /// One of the interface's three slots.
    Slot,
    /// The evidence to hold until then.
    Settling(Time),
    /// Its turn then: the policy limits how many interfaces become sources in an hour.
    Turn(Time),
    /// The policy's allowance: as many sessions have lost packets by our doing as may in an hour. Then there is one more.
    Allowance(Time),
    /// The end of the policy's pause.
    Pause,
    /// The end of the pause: somebody undoes what we do to it each time.
    Fight(Time),
    /// The next attempt, after AWS has refused.
    Refused(Time, String),
}

impl Wait {
    /// When a step that was refused, or whose turn had not come, may be tried again. What settles waits for a read of that time, and Memory knows when that is due.
    pub(super) fn retry_at(&self) -> Option<Time> {
        match self {
            Self::Refused(until, _) | Self::Turn(until) | Self::Allowance(until) | Self::Fight(until) => Some(*until),
            Self::Read(_)
            | Self::Everything
            | Self::Account
            | Self::Filter
            | Self::Target
            | Self::Slot
            | Self::Pause
            | Self::Settling(_) => None,
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(kind) => write!(f, "a complete list of {kind}"),
            Self::Everything => f.write_str("complete lists of everything"),
            Self::Account => f.write_str("the account to be known"),
            Self::Filter => f.write_str("its filter"),
            Self::Target => f.write_str("its target"),
            Self::Slot => f.write_str("a free slot on the interface"),
            Self::Settling(until) => write!(f, "the evidence to hold until {until:.0}"),
            Self::Turn(until) => {
                write!(f, "its turn at {until:.0}: the policy limits how many interfaces start in an hour")
            }
            Self::Allowance(until) => {
                write!(
                    f,
                    "{until:.0}, or a person's approval: limits.maxLosses allows no further session to lose packets"
                )
            }
            Self::Pause => f.write_str("the end of the pause that the policy says"),
            Self::Fight(until) => {
                write!(f, "{until:.0}: somebody undoes it each time, so that it is left alone for a while")
            }
            Self::Refused(until, said) => write!(f, "another attempt at {until:.0}, since AWS said {said}"),
        }
    }
}
