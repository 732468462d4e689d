//! Takes all of a round; gives what a person reads. Never decides.

mod acts;
mod coverage;
mod explain;
mod mistakes;
mod numbers;
mod plan;
mod rules;
mod sources;
mod state;
mod suricata;
mod tampering;
mod text;
mod way;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use self::acts::{ActReport, Left};
pub use self::coverage::{Coverage, StrategyCoverage, StratumCoverage, coverage};
pub use self::explain::{Explanation, InstanceReport, InterfaceReport, LaneReport, Seen, SlotReport, explain};
pub use self::mistakes::{Checked, MistakeReport};
pub use self::numbers::{Covered, Numbers, Progress, Purpose, SensorLoad, numbers};
pub use self::plan::{Amount, Change, PlanReport, StepReport, SurplusReport, WaitingReport, plan};
pub use self::rules::RuleReport;
pub use self::sources::{OptOut, Source, SourceLane, Sources, UnknownValue, sources};
pub use self::state::{Said, State};
pub use self::suricata::suricata;
pub use self::tampering::{TamperingReport, tampering};
pub use self::text::{Text, Tone};
use crate::compile::Desired;
use crate::decide::Decisions;
use crate::inventory::Inventory;
use crate::plan::Plan;

/// How things stand, in numbers: of interfaces, without naming any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Interfaces that are listed.
    pub interfaces: usize,
    /// Sessions that are wanted.
    pub wanted: usize,
    /// Those of them that stand.
    pub mirrored: usize,
    /// Interfaces that something chose and that cannot be mirrored, or of which it is not known.
    pub refused: usize,
    /// Sessions of others.
    pub foreign: usize,
    /// Things that wait for something.
    pub waiting: usize,
    /// Sessions that are to lose packets, more than may now: they are held.
    pub held: usize,
    /// Lists that could not be read to their end, or are too short to be true.
    pub gaps: usize,
}

/// Counts.
pub fn summary(inventory: &Inventory, decisions: &Decisions, desired: &Desired, plan: &Plan) -> Summary {
    let ours: usize = inventory.ours.sessions.values().map(BTreeSet::len).sum();
    Summary {
        interfaces: inventory.interfaces.len(),
        wanted: desired.sessions.len(),
        mirrored: desired.sessions.keys().filter(|key| inventory.ours.sessions.contains_key(key)).count(),
        refused: decisions.interfaces.values().filter(|decision| decision.lanes.is_empty()).count(),
        foreign: inventory.sessions.len().saturating_sub(ours),
        waiting: plan.waiting.len(),
        held: plan.held.as_ref().map_or(0, |held| held.losses.len()),
        gaps: inventory.gaps.len() + usize::from(inventory.identity_gap.is_some()),
    }
}

/// What could not be seen, a line each.
pub fn gaps(inventory: &Inventory) -> Vec<String> {
    let identity = inventory.identity_gap.iter().map(|gap| gap.why.clone());
    identity.chain(inventory.gaps.values().map(|gap| gap.why.clone())).collect()
}

#[cfg(test)]
mod tests;
