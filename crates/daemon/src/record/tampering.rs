//! Takes what a round found that somebody else had done to objects of ours; logs it, and counts it by kind. Never puts an id into a
//! metric.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use mirror_core::memory::DriftKind;
use mirror_core::report::{self, TamperingReport};
use prometheus::core::Collector;
use prometheus::{IntCounterVec, IntGauge, Opts};
use tracing::{info, warn};

use crate::round::Round;

/// What is written down of it.
pub(super) struct Tampering {
    found: IntCounterVec,
    fights: IntGauge,
    /// What was left alone after the last round: who fights is named once, not every few seconds.
    left_alone: Mutex<BTreeSet<String>>,
}

impl Tampering {
    pub(super) fn new() -> prometheus::Result<Self> {
        let record = Self {
            found: IntCounterVec::new(
                Opts::new(
                    "vpc_mirror_tampering_total",
                    "What somebody else changed or deleted of ours since the start, by kind.",
                ),
                &["kind"],
            )?,
            fights: IntGauge::new(
                "vpc_mirror_fights",
                "Objects of ours that are left alone for a while, since somebody undoes each repair.",
            )?,
            left_alone: Mutex::default(),
        };
        for kind in DriftKind::ALL {
            record.found.with_label_values(&[kind.to_string().as_str()]);
        }
        Ok(record)
    }

    pub(super) fn metrics(&self) -> [Box<dyn Collector>; 2] {
        [Box::new(self.found.clone()), Box::new(self.fights.clone())]
    }

    /// Writes down what a round found.
    pub(super) fn round(&self, round: &Round) {
        let TamperingReport { open: _, latest, counts, fights, fights_begun: _ } =
            report::tampering(&round.memory, round.ended);
        for line in &latest {
            warn!("somebody else: {line}");
        }
        for (kind, count) in counts {
            let counter = self.found.with_label_values(&[kind.to_string().as_str()]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
        self.fights.set(i64::try_from(fights.len()).unwrap_or(i64::MAX));
        let fights = fights.into_iter().collect();
        let mut left_alone = self.left_alone.lock().unwrap_or_else(PoisonError::into_inner);
        for line in BTreeSet::difference(&fights, &left_alone) {
            warn!("somebody undoes each repair of {line}");
        }
        if fights.is_empty() && !left_alone.is_empty() {
            info!("nothing is left alone any more");
        }
        *left_alone = fights;
    }
}
