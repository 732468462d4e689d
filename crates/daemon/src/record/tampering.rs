//! Takes what a round found that somebody else had done to objects of ours; logs it, and counts it by kind. Never puts an id into a
//! metric.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use mirror_core::report::{self, TamperingReport};
use tracing::{info, warn};

use crate::announce::News;
use crate::metrics::{Series, table};
use crate::round::Round;

/// What is remembered of it.
#[derive(Default)]
pub(super) struct Tampering {
    /// What was left alone after the last round: who fights is named once, not every few seconds.
    left_alone: Mutex<BTreeSet<String>>,
}

impl Tampering {
    /// Writes down what a round found.
    pub(super) fn round(&self, round: &Round, series: &mut Series, say: &impl Fn(News, String)) {
        let TamperingReport { open: _, latest, counts, fights, fights_begun: _ } =
            report::tampering(&round.memory, round.ended);
        for line in &latest {
            warn!("somebody else: {line}");
            say(News::Tampering, line.to_string());
        }
        for (kind, count) in counts {
            series.count_to(&table::TAMPERING, [&kind.to_string()], count as f64);
        }
        series.set(&table::FIGHTS, [], fights.len() as f64);
        let fights = fights.into_iter().collect();
        let mut left_alone = self.left_alone.lock().unwrap_or_else(PoisonError::into_inner);
        for line in BTreeSet::difference(&fights, &left_alone) {
            warn!("somebody undoes each repair of {line}");
            say(News::Fight, format!("somebody undoes each repair of {line}"));
        }
        if fights.is_empty() && !left_alone.is_empty() {
            info!("nothing is left alone any more");
        }
        *left_alone = fights;
    }
}
