//! Takes what a round found that somebody else had done to objects of ours; logs it, and counts it by kind. Never puts an id into a
//! metric.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use mirror_core::report::{self, TamperingReport};
use tracing::{info, warn};

use super::metrics::{Labels, Metrics};
use crate::round::Round;

/// What is remembered of it.
#[derive(Default)]
pub(super) struct Tampering {
    /// What was left alone after the last round: who fights is named once, not every few seconds.
    left_alone: Mutex<BTreeSet<String>>,
}

impl Tampering {
    /// Writes down what a round found.
    pub(super) fn round(&self, round: &Round, metrics: &Metrics, place: Labels<'_>) {
        let TamperingReport { open: _, latest, counts, fights, fights_begun: _ } =
            report::tampering(&round.memory, round.ended);
        for line in &latest {
            warn!("somebody else: {line}");
        }
        let [account, region] = place;
        for (kind, count) in counts {
            let counter = metrics.tampering.with_label_values(&[account, region, &kind.to_string()]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
        metrics.fights.with_label_values(&place).set(i64::try_from(fights.len()).unwrap_or(i64::MAX));
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
