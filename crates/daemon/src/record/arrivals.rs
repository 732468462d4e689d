//! Takes rounds; tells how long each session that was made had been missing. Never longer than a reader could know: it counts from the last
//! complete look at which nobody wanted the session yet.

use std::collections::BTreeMap;

use mirror_core::Time;
use mirror_core::cloud::Step;
use mirror_core::ids::{InterfaceId, Lane};

use crate::metrics::{Series, table};
use crate::round::Round;

/// What is waited for.
#[derive(Default)]
pub(super) struct Arrivals {
    /// When the last complete observation began.
    looked: Option<Time>,
    missing: BTreeMap<(InterfaceId, Lane), Missing>,
}

struct Missing {
    /// The last complete look without it; none for what was missing when this process came.
    since: Option<Time>,
    /// When it was first seen that it is missing.
    seen: Time,
    /// Whether it has been asked for here: what another makes is nobody's figure.
    asked: bool,
}

impl Arrivals {
    /// Notes what a round wants and misses, and what it made.
    pub(super) fn round(&mut self, round: &Round, series: &mut Series) {
        let Self { looked, missing } = self;
        let standing = &round.seen.inventory.ours.sessions;
        // An answer that was lost: it shows that it stands after all.
        for (key, it) in
            missing.extract_if(.., |key, _| standing.contains_key(key) || !round.desired.sessions.contains_key(key))
        {
            if standing.contains_key(&key) {
                it.stands(round.ended, series);
            }
        }
        for key in round.desired.sessions.keys().filter(|key| !standing.contains_key(key)) {
            missing.entry(key.clone()).or_insert(Missing { since: *looked, seen: round.ended, asked: false });
        }
        for done in &round.done {
            let Step::CreateSession { .. } = &done.planned.step else { continue };
            let mirror_core::objects::ObjectKey::Session(interface, lane) = &done.planned.key else { continue };
            let key = (interface.clone(), lane.clone());
            if let Some(it) = missing.get_mut(&key) {
                it.asked = true;
            }
            if done.result.is_ok() {
                missing.remove(&key).into_iter().for_each(|it| it.stands(done.at, series));
            }
        }
        let longest = missing.values().map(|it| round.ended.duration_since(it.seen)).max().unwrap_or_default();
        series.set(&table::LONGEST_MISSING, [], longest.as_secs_f64());
        *looked = round.seen.inventory.complete_since().or(*looked);
    }
}

impl Missing {
    fn stands(self, now: Time, series: &mut Series) {
        if let (Some(since), true) = (self.since, self.asked) {
            series.observe(&table::TIME_TO_MIRROR, [], now.duration_since(since).as_secs_f64());
        }
    }
}
