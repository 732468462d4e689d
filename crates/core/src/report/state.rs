//! Takes what was decided of an interface and what stands; gives where it is, in one word. Never decides.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};

use crate::decide::{Decision, Reason};
use crate::ids::{InterfaceId, Lane, SessionId};
use crate::inventory::{Inventory, Kind};

/// Where an interface is on the way from a tag to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum State {
    /// Every session that is wanted stands.
    Mirrored,
    /// Not every one stands yet.
    Starting,
    /// A session of somebody else sends what is wanted to the same sensor.
    Covered,
    /// A session of ours stands that is not wanted any more.
    Ending,
    /// A tag opts out.
    OptedOut,
    /// Something concerns it, and it is not mirrored.
    NotMirrored,
    /// Not enough could be seen; what is mirrored stays.
    Undecided,
    /// No tag and no selector concerns it.
    Unconcerned,
}

impl State {
    /// Every state.
    pub const ALL: &[Self] = Self::VARIANTS;
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padded where a width is asked for.
        f.pad(match self {
            Self::Mirrored => "mirrored",
            Self::Starting => "starting",
            Self::Covered => "covered",
            Self::Ending => "ending",
            Self::OptedOut => "opted out",
            Self::NotMirrored => "not mirrored",
            Self::Undecided => "undecided",
            Self::Unconcerned => "unconcerned",
        })
    }
}

/// Where an interface is.
pub(super) fn state(inventory: &Inventory, interface: &InterfaceId, decision: Option<&Decision>) -> State {
    let stands = |lane: &Lane| standing(inventory, interface, lane).is_some();
    let Some(decision) = decision else {
        // The tags of its subnet and VPC may concern it, if they cannot be seen: then what stands is not ending.
        let (instances, tags) = (inventory.is_complete(Kind::Instances), inventory.is_complete(Kind::Tagged));
        return match (ours(inventory, interface), instances && tags) {
            (true, _) if tags => State::Ending,
            (false, true) => State::Unconcerned,
            _ => State::Undecided,
        };
    };
    let has = |wanted: fn(&Reason) -> bool| decision.reasons.iter().any(wanted);
    match () {
        () if !decision.lanes.is_empty() && decision.lanes.keys().all(stands) => State::Mirrored,
        () if !decision.lanes.is_empty() => State::Starting,
        () if decision.doubt => State::Undecided,
        () if ours(inventory, interface) => State::Ending,
        () if has(|reason| matches!(reason, Reason::CoveredByForeign { .. })) => State::Covered,
        () if has(|it| matches!(it, Reason::OptedOut { .. }))
            && !has(|it| matches!(it, Reason::OptOutForbidden { .. })) =>
        {
            State::OptedOut
        }
        () => State::NotMirrored,
    }
}

fn ours(inventory: &Inventory, interface: &InterfaceId) -> bool {
    let first = (interface.clone(), Lane::from(""));
    inventory.ours.sessions.range(first..).next().is_some_and(|((at, _), _)| at == interface)
}

/// The session of ours that stands for a lane.
pub(super) fn standing(inventory: &Inventory, interface: &InterfaceId, lane: &Lane) -> Option<SessionId> {
    inventory.standing(&(interface.clone(), lane.clone())).first().map(|session| session.id.clone())
}

/// A reason, and how a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The reason, with its name in `reason`.
    #[serde(flatten)]
    pub reason: Reason,
    /// How a person reads it.
    pub text: String,
}

impl From<&Reason> for Said {
    fn from(reason: &Reason) -> Self {
        Self { reason: reason.clone(), text: reason.to_string() }
    }
}

/// A reason's name, as it stands in JSON: `optedOut`.
pub(super) fn name(reason: &Reason) -> &'static str {
    reason.into()
}
