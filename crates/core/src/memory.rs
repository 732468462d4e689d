//! Takes what was seen and done; gives what is remembered. Never holds what could not be lost: a restart only slows us down.

mod allowance;
mod approvals;
mod drift;
mod learn;
mod most;
mod notice;
mod rates;
mod remember;
mod sizes;
mod tampering;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use self::allowance::Allowance;
pub use self::approvals::{APPROVED, Approvals, Held, Loss};
pub use self::drift::{Drift, DriftKind, Drifts, Fight, Tampering};
pub use self::notice::notice;
pub use self::rates::Rates;
pub use self::remember::{Done, remember};
pub(crate) use self::sizes::again;
pub use self::sizes::{BELIEVED, Sizes};
use crate::Time;
use crate::decide::Fits;
use crate::ids::{InterfaceId, Region};
use crate::inventory::{Inventory, Kind, Rule, Session, Tags, Target};
use crate::lessons::Lessons;
use crate::objects::{ObjectId, ObjectKey};
use crate::pairs;

/// How long a read may contradict a change or removal of ours before the read is believed. Source: "Eventual consistency in the
/// Amazon EC2 API" tells clients to wait for up to five minutes.
pub const STALE_READS: SignedDuration = SignedDuration::from_mins(5);

/// How long complete reads must show no object of ours after AWS knew our client token from a call with other parameters. As long as
/// a settle time can be: the object that the token made may only be slow to appear.
pub const AFTER_MISMATCH: SignedDuration = SignedDuration::from_secs(300);

/// All that survives a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// What is known, each kind with the age of its read. Lost: everything is read again.
    pub inventory: Arc<Inventory>,
    /// What we wrote and no read has shown yet. Lost: a read that is behind may make us write again what stands; the client tokens
    /// and session numbers catch that.
    #[serde(with = "pairs")]
    pub written: BTreeMap<ObjectId, Written>,
    /// For keys whose object is gone: which object that was. Lost: a create may be answered with the object that is gone, which
    /// costs one settle time to find out.
    #[serde(with = "pairs")]
    pub predecessors: BTreeMap<ObjectKey, Predecessor>,
    /// Since when an object of ours has been seen and not wanted. Lost: it settles again.
    #[serde(with = "pairs")]
    pub unwanted: BTreeMap<ObjectId, Time>,
    /// Steps that AWS refused. Lost: they are tried again.
    #[serde(with = "pairs")]
    pub refused: BTreeMap<(String, ObjectKey), Refusal>,
    /// When interfaces became sources in the last hour, where the policy limits that. Lost: as many may again, a minute's share at once.
    pub sources: BTreeMap<InterfaceId, Time>,
    /// How many sessions may lose packets by our doing. Lost: five may, and more within the hour.
    pub allowance: Allowance,
    /// What is held, and what a person has approved of it. Lost: it is held again, and is approved again, by the same digest if it is the same.
    pub approvals: Approvals,
    /// What somebody else did to objects of ours. Lost: what is open is repaired without being counted, and a fight begins anew.
    pub drift: Drifts,
    /// What AWS has taught by refusing. Lost: it is asked again, and refuses again.
    pub lessons: Lessons,
    /// How long the lists were lately. Lost: the next ones are believed, however short.
    pub sizes: Sizes,
    /// How many calls AWS lets us make. Lost: a full bucket is assumed, and throttling corrects it.
    pub rates: Rates,
    /// How captures fit into filters. Lost: it is found out again, which takes some milliseconds for each.
    #[serde(skip)]
    pub fits: Fits,
}

impl Memory {
    /// What is remembered at the start: nothing.
    pub fn new(region: Region) -> Self {
        Self {
            inventory: Arc::new(Inventory::empty(region)),
            written: BTreeMap::new(),
            predecessors: BTreeMap::new(),
            unwanted: BTreeMap::new(),
            refused: BTreeMap::new(),
            sources: BTreeMap::new(),
            allowance: Allowance::default(),
            approvals: Approvals::default(),
            drift: Drifts::default(),
            lessons: Lessons::default(),
            sizes: Sizes::default(),
            rates: Rates::default(),
            fits: Fits::default(),
        }
    }

    /// What is left of it where nothing that was known is believed any more: how many calls AWS lets us make, and how many sessions may lose
    /// packets, for to begin anew must not be a way to get more of either; and what follows from captures alone.
    #[must_use]
    pub fn anew(self, region: Region) -> Self {
        Self { allowance: self.allowance.anew(), rates: self.rates, fits: self.fits, ..Self::new(region) }
    }

    /// Takes note of what a person approves: the digests that the policy names, each until when, and those that were heard in this moment.
    /// What nobody holds is not approved by that.
    pub fn approve(&mut self, named: &BTreeMap<String, Time>, heard: &BTreeSet<String>, now: Time) {
        self.approvals.named(named, now);
        heard.iter().for_each(|digest| self.approvals.approve(digest, now));
    }

    /// The times at which something will have settled, and a read of that time or later is needed to act on it.
    pub fn settled_at(&self, settle: SignedDuration) -> impl Iterator<Item = Time> {
        let read = self.inventory.complete_since().unwrap_or(Time::MIN);
        let losses = self.unwanted.values().map(move |since| later(*since, settle));
        let returns = self.predecessors.values().map(move |predecessor| predecessor.settled_at(settle));
        let missed = self.written.values().filter_map(move |written| Some(later(written.missed?, settle)));
        losses.chain(returns).chain(missed).filter(move |at| *at > read)
    }
}

/// `at` and a while after it. Ends at the end of time instead of overflowing.
pub(crate) fn later(at: Time, by: SignedDuration) -> Time {
    at.saturating_add(by).unwrap_or(Time::MAX)
}

/// A change of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    /// When the call was answered.
    pub at: Time,
    /// What stands since then; none when it was removed.
    pub state: Option<Object>,
    /// Whether the call made it. A read that shows it at all then shows it as it is: there was nothing before.
    pub created: bool,
    /// When the first complete read began after the call that did not show the object at all.
    pub missed: Option<Time>,
}

/// A mirror object as we wrote it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Object {
    /// A session.
    Session(Session),
    /// A filter without rules and services, which are written on their own.
    Filter(Tags),
    /// A rule of a filter.
    Rule(Rule),
    /// The network services of a filter.
    Services(BTreeSet<String>),
    /// A target.
    Target(Target),
}

/// The object that had a key before: its id is what makes the client token of its successor another one. Without that, AWS could
/// answer the create of the successor with the object that is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Predecessor {
    /// Its id; after a mismatch of tokens, when nobody knows it, a digest.
    pub was: String,
    /// When the first complete read began that did not show it, or when we removed it.
    pub since: Time,
    /// What has to be waited for.
    pub proof: ProofOfAbsence,
}

/// What shows that an object is really gone, and that no read is merely behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProofOfAbsence {
    /// AWS has confirmed that it removed the object.
    Removed,
    /// A second complete read, a settle time later.
    Settled,
    /// Complete reads for [`AFTER_MISMATCH`].
    Mismatch,
}

impl Predecessor {
    /// A complete read that begins at this time or later, and does not show the object, shows that it is gone.
    pub fn settled_at(&self, settle: SignedDuration) -> Time {
        match self.proof {
            ProofOfAbsence::Removed => self.since,
            ProofOfAbsence::Settled => later(self.since, settle),
            ProofOfAbsence::Mismatch => later(self.since, AFTER_MISMATCH),
        }
    }
}

/// A step that AWS refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// AWS's error code.
    pub code: String,
    /// What AWS said.
    pub said: String,
    /// How many times in a row.
    pub strikes: u32,
    /// It is not tried again before.
    pub until: Time,
}

/// The kind of list that shows an object.
pub(crate) fn kind_of(id: &ObjectId) -> Kind {
    match id {
        ObjectId::Session(_) => Kind::Sessions,
        ObjectId::Filter(_) | ObjectId::Rule(..) | ObjectId::Services(_) => Kind::Filters,
        ObjectId::Target(_) => Kind::Targets,
    }
}
