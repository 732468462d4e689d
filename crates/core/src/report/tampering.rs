//! Takes what is remembered of what somebody else did to objects of ours; gives it as a person reads it, and as it is counted. Never
//! says who did it: AWS's objects do not tell, CloudTrail does.

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::memory::{DriftKind, Memory, Tampering};

/// What somebody else did to objects of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TamperingReport {
    /// Seen and not repaired yet, a line each.
    pub open: Vec<String>,
    /// What the last round was done with, a line each: for the log.
    pub latest: Vec<String>,
    /// How many there were of each kind since the start, every kind from 0.
    pub counts: Vec<(DriftKind, u64)>,
    /// What is left alone since somebody undoes it each time, a line each: for an alert.
    pub fights: Vec<String>,
    /// How many fights have begun since the start.
    pub fights_begun: u64,
}

/// Reports.
pub fn tampering(memory: &Memory, now: Time) -> TamperingReport {
    let drift = &memory.drift;
    TamperingReport {
        open: drift.open.iter().map(|(key, drift)| format!("{key}: {drift}, since {:.0}", drift.since)).collect(),
        latest: drift.latest.iter().map(line).collect(),
        counts: DriftKind::ALL.map(|kind| (kind, drift.counts.get(&kind).copied().unwrap_or_default())).into(),
        fights: drift.fights(now).map(|(key, until)| format!("{key}: left alone until {until:.0}")).collect(),
        fights_begun: drift.fights_begun,
    }
}

fn line(tampering: &Tampering) -> String {
    let Tampering { key, drift, repaired } = tampering;
    match repaired {
        Some(at) => format!("{key}: {drift}, seen {:.0}, repaired {at:.0}", drift.since),
        None => format!("{key}: {drift}, seen {:.0}, foreign from now on: adopt takes it over again", drift.since),
    }
}
