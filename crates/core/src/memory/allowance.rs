//! Takes how many sessions of ours stood in the last hour, and which of them lost packets by our doing; gives how many more may.
//! Never counts what is no loss, nor what we are not to blame for: the plan knows.
//!
//! A bucket: it holds `maxLosses` of the most sessions that stood in the last hour, but never fewer than five; it fills up within an
//! hour, and starts with five. So a mistake in a policy, or in us, takes a part of the sessions in an hour, and somebody sees it.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::later;
use super::most::{HOUR, Most};
use crate::Time;

/// So many sessions may always lose packets: in a small account a part of them would be none.
const FEWEST: usize = 5;

/// The bucket.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Allowance {
    /// Losses left at that time; none before the first round.
    left: Option<(f64, Time)>,
    /// How many sessions stood.
    stood: Most,
}

impl Allowance {
    /// How many losses an hour allows, if that part of the sessions may be lost.
    pub fn an_hour(&self, share: f64) -> usize {
        // A number of sessions is far below where a float counts no further; none is negative.
        FEWEST.max((share * self.stood.get() as f64).floor() as usize)
    }

    /// How many losses are left, and when there is one more.
    pub fn left(&self, share: f64, now: Time) -> (usize, Time) {
        let an_hour = self.an_hour(share) as f64;
        let left = self.level(an_hour, now);
        let lacking = (1.0 - left.fract()) / an_hour * HOUR.as_secs_f64();
        let next = later(now, SignedDuration::from_secs(lacking.ceil() as i64));
        (left.floor() as usize, next)
    }

    fn level(&self, an_hour: f64, now: Time) -> f64 {
        let Some((left, at)) = self.left else { return FEWEST as f64 };
        let hours = now.duration_since(at).as_secs_f64().max(0.0) / HOUR.as_secs_f64();
        (left + hours * an_hour).min(an_hour).max(0.0)
    }

    /// Takes note of how many sessions stand, and of how many losses there were.
    pub(super) fn note(&mut self, sessions: usize, an_hour: usize, losses: usize, now: Time) {
        let left = self.level(FEWEST.max(an_hour) as f64, now) - losses as f64;
        self.left = Some((left.max(0.0), now));
        self.stood.note(sessions, now);
    }

    /// What is left of it where nothing that was known is believed any more: a list of nobody's must not be a way to get five more.
    pub(super) fn anew(&self) -> Self {
        let left = self.left.map(|(left, at)| (left.min(FEWEST as f64), at));
        Self { left, stood: Most::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    /// A bucket of an account in which so many sessions stand.
    fn bucket(sessions: usize) -> Allowance {
        let mut allowance = Allowance::default();
        allowance.note(sessions, 0, 0, at(0));
        allowance
    }

    #[test]
    fn it_starts_with_five_and_holds_a_part_of_the_sessions_after_an_hour() {
        assert_eq!(Allowance::default().left(0.1, at(0)).0, 5);
        let allowance = bucket(1000);
        let left = |seconds| allowance.left(0.1, at(seconds)).0;
        assert_eq!([left(0), left(1800), left(3600), left(36_000)], [5, 55, 100, 100]);
    }

    #[test]
    fn five_are_always_allowed_in_an_hour() {
        assert_eq!((bucket(3).an_hour(0.1), bucket(1000).an_hour(0.0), bucket(1000).an_hour(1.0)), (5, 5, 1000));
    }

    #[test]
    fn what_is_lost_is_not_left_and_comes_back_within_the_hour() {
        let mut allowance = bucket(1000);
        allowance.note(900, 100, 100, at(3600));
        assert_eq!(allowance.left(0.1, at(3600)), (0, at(3640)), "one in 40 seconds: 90 an hour");
        assert_eq!(allowance.left(0.1, at(3610)), (0, at(3640)), "however often one asks");
        assert_eq!(allowance.left(0.1, at(3640)).0, 1);
        assert_eq!(allowance.left(0.1, at(7200)).0, 90);
    }

    #[test]
    fn who_forgets_everything_else_does_not_forget_what_was_lost() {
        let mut allowance = bucket(1000);
        allowance.note(1000, 100, 3, at(0));
        assert_eq!(allowance.anew().left(0.1, at(0)).0, 2);
        assert_eq!(bucket(1000).anew().left(0.1, at(36_000)).0, 5);
    }

    #[test]
    fn the_most_sessions_of_the_last_hour_count_and_not_what_is_left_of_them() {
        let mut allowance = bucket(1000);
        allowance.note(500, 100, 0, at(1800));
        assert_eq!(allowance.an_hour(0.1), 100);
        allowance.note(400, 100, 0, at(3601));
        assert_eq!(allowance.an_hour(0.1), 50);
        allowance.note(600, 100, 0, at(3700));
        assert_eq!(allowance.an_hour(0.1), 60);
    }
}
