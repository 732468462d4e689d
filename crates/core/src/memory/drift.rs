//! Takes what somebody else did to objects of ours; gives what is open, what was repaired, and what is being fought over. Never takes
//! a difference for tampering because it is one: only if we put it right.
//!
//! ```text
//!  seen (notice) ─→ open ─ the plan has no remedy for it: it is as wanted, whoever did it ─→ forgotten
//!                     └── a step of ours puts it right ─→ repaired, counted ─ three times in an hour ─→ a fight: left alone for
//!                                                                              10 minutes, then twice as long each time, up to 6 hours
//! ```

use std::collections::BTreeMap;
use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::later;
use crate::Time;
use crate::ids::FilterId;
use crate::objects::{ObjectId, ObjectKey};
use crate::pairs;

/// So many repairs of one object in [`FIGHT_WITHIN`] are a fight.
const REPAIRS_OF_A_FIGHT: usize = 3;
const FIGHT_WITHIN: SignedDuration = SignedDuration::from_hours(1);

/// How long an object is left alone when a fight begins; each further repair of it doubles that.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(10);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);

/// What somebody else can do to an object of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftKind {
    /// A session was pointed elsewhere, cut short, renumbered …
    SessionChanged,
    /// A session is gone, and its interface is not.
    SessionDeleted,
    /// A session lost the tags that make it ours: nothing repairs that, it is foreign from then on.
    SessionStripped,
    /// A filter has other rules or network services than its key stands for: another is made.
    FilterChanged,
    /// A filter lacks a rule.
    RuleDeleted,
    /// A filter lacks network services.
    ServicesRemoved,
    /// A filter is gone.
    FilterDeleted,
    /// A filter lost the tags that make it ours.
    FilterStripped,
    /// A target is gone.
    TargetDeleted,
    /// A target lost the tags that make it ours.
    TargetStripped,
}

impl DriftKind {
    /// Every kind, so that all can be counted from 0.
    pub const ALL: [Self; 10] = [
        Self::SessionChanged,
        Self::SessionDeleted,
        Self::SessionStripped,
        Self::FilterChanged,
        Self::RuleDeleted,
        Self::ServicesRemoved,
        Self::FilterDeleted,
        Self::FilterStripped,
        Self::TargetDeleted,
        Self::TargetStripped,
    ];

    /// Whether the object is not ours any more, so that nothing of ours can repair it.
    pub(super) fn is_stripped(self) -> bool {
        matches!(self, Self::SessionStripped | Self::FilterStripped | Self::TargetStripped)
    }
}

/// For metrics' labels and logs: `session-changed`.
impl fmt::Display for DriftKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionChanged => "session-changed",
            Self::SessionDeleted => "session-deleted",
            Self::SessionStripped => "session-stripped",
            Self::FilterChanged => "filter-changed",
            Self::RuleDeleted => "rule-deleted",
            Self::ServicesRemoved => "services-removed",
            Self::FilterDeleted => "filter-deleted",
            Self::FilterStripped => "filter-stripped",
            Self::TargetDeleted => "target-deleted",
            Self::TargetStripped => "target-stripped",
        })
    }
}

/// A difference that is not ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// What was done.
    pub kind: DriftKind,
    /// The object to which it was done.
    pub id: ObjectId,
    /// What of it is not as it was.
    pub from: String,
    /// How that is now.
    pub to: String,
    /// When the first read began that showed it.
    pub since: Time,
}

impl Drift {
    /// The filter that was changed, itself or what belongs to it; none for another object.
    pub(super) fn filter(&self) -> Option<&FilterId> {
        match &self.id {
            ObjectId::Filter(filter) | ObjectId::Rule(filter, _) | ObjectId::Services(filter) => Some(filter),
            ObjectId::Session(_) | ObjectId::Target(_) => None,
        }
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, id, from, to, since: _ } = self;
        write!(f, "{kind} {id}: {from} → {to}")
    }
}

/// A drift that is done with: repaired, or beyond repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tampering {
    /// What the object is for.
    pub key: ObjectKey,
    /// What was done to it.
    pub drift: Drift,
    /// When it was put right; none where nothing can.
    pub repaired: Option<Time>,
}

/// The repairs of one object in short succession.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fight {
    /// The last of them, at most [`REPAIRS_OF_A_FIGHT`].
    repairs: Vec<Time>,
    /// How often it was left alone.
    pauses: u32,
    /// Until when it is left alone; none before the fight has begun.
    until: Option<Time>,
}

/// All of it. Bounded by the objects of ours: one drift and one fight for each key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drifts {
    /// Seen, and neither repaired nor known to be harmless.
    #[serde(with = "pairs")]
    pub open: BTreeMap<ObjectKey, Drift>,
    /// What the last round was done with.
    pub latest: Vec<Tampering>,
    /// How many there were of each kind.
    #[serde(with = "pairs")]
    pub counts: BTreeMap<DriftKind, u64>,
    /// How many fights have begun.
    pub fights_begun: u64,
    #[serde(with = "pairs")]
    fights: BTreeMap<ObjectKey, Fight>,
}

impl Drifts {
    /// Until when nobody repairs an object, since somebody undoes it each time; none if it may be.
    pub fn left_alone(&self, key: &ObjectKey, now: Time) -> Option<Time> {
        // Only what is undone again: that the policy wants the object otherwise is no repair.
        self.open.get(key)?;
        self.fights.get(key)?.until.filter(|until| *until > now)
    }

    /// The objects that are left alone, and until when.
    pub fn fights(&self, now: Time) -> impl Iterator<Item = (&ObjectKey, Time)> {
        self.fights.keys().filter_map(move |key| Some((key, self.left_alone(key, now)?)))
    }

    /// Takes in what was seen. What is stripped of our tags is done with at once.
    pub(super) fn see(&mut self, seen: Vec<(ObjectKey, Drift)>) {
        self.latest.clear();
        for (key, drift) in seen {
            if drift.kind.is_stripped() {
                self.done_with(Tampering { key, drift, repaired: None });
            } else {
                self.open.entry(key).or_insert(drift);
            }
        }
    }

    /// Forgets what needs no remedy: it is as wanted again, or is wanted no more.
    pub(super) fn keep(&mut self, needs_remedy: impl Fn(&ObjectKey, &Drift) -> bool) {
        self.open.retain(|key, drift| needs_remedy(key, drift));
    }

    /// Takes note of a session that has left this filter: whatever was done to that concerns it no more.
    pub(super) fn left(&mut self, filter: &FilterId, at: Time) {
        let concerns = |(_, drift): &(&ObjectKey, &Drift)| drift.filter() == Some(filter);
        let keys: Vec<ObjectKey> = self.open.iter().filter(concerns).map(|(key, _)| key.clone()).collect();
        keys.iter().for_each(|key| self.repaired(key, at));
    }

    /// Takes note of a step that put right what this key is for.
    pub(super) fn repaired(&mut self, key: &ObjectKey, at: Time) {
        let Some(drift) = self.open.remove(key) else { return };
        self.done_with(Tampering { key: key.clone(), drift, repaired: Some(at) });
        let fight = self.fights.entry(key.clone()).or_default();
        fight.repairs.retain(|repair| later(*repair, FIGHT_WITHIN) > at);
        fight.repairs.push(at);
        if fight.repairs.len() >= REPAIRS_OF_A_FIGHT || fight.until.is_some() {
            self.fights_begun += u64::from(fight.until.is_none());
            fight.until = Some(later(at, pause(fight.pauses)));
            fight.pauses = fight.pauses.saturating_add(1);
            fight.repairs.clear();
        }
    }

    /// Forgets fights that nobody goes on with.
    pub(super) fn forget(&mut self, now: Time) {
        let Self { open, latest: _, counts: _, fights_begun: _, fights } = self;
        fights.retain(|key, Fight { repairs, pauses, until }| {
            let quiet = until.map(|until| later(later(until, pause(pauses.saturating_sub(1))), FIGHT_WITHIN));
            let last = repairs.last().map(|repair| later(*repair, FIGHT_WITHIN));
            open.contains_key(key) || quiet.max(last).is_some_and(|end| end > now)
        });
    }

    fn done_with(&mut self, tampering: Tampering) {
        let count = self.counts.entry(tampering.drift.kind).or_default();
        *count = count.saturating_add(1);
        self.latest.push(tampering);
    }
}

fn pause(pauses: u32) -> SignedDuration {
    super::rates::backoff(FIRST_PAUSE, pauses, LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
