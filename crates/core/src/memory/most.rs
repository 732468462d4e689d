//! Takes a number again and again; gives the largest of the last hour.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::later;
use crate::Time;

/// For how long a number counts.
pub(super) const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The numbers that may still become the largest: when each was, only where there was never as large a one since.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Most(BTreeMap<Time, usize>);

impl Most {
    /// The largest; 0 before the first.
    pub(super) fn get(&self) -> usize {
        self.0.values().max().copied().unwrap_or_default()
    }

    /// Takes note of how many there are now.
    pub(super) fn note(&mut self, number: usize, now: Time) {
        self.0.retain(|at, other| *other > number && later(*at, HOUR) > now);
        self.0.insert(now, number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn the_largest_number_of_the_last_hour_is_told() {
        let mut most = Most::default();
        assert_eq!(most.get(), 0);
        let told = [(0, 100), (1800, 50), (3599, 40), (3600, 30), (3601, 60)].map(|(seconds, number)| {
            most.note(number, at(seconds));
            most.get()
        });
        assert_eq!(told, [100, 100, 100, 50, 60]);
    }

    #[test]
    fn a_number_that_stays_the_same_takes_no_more_room_for_it() {
        let mut most = Most::default();
        (0..60).for_each(|minute| most.note(7, at(minute * 60)));
        assert_eq!((most.get(), most.0.len()), (7, 1));
    }
}
