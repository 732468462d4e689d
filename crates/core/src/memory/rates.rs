//! Takes the calls that were made and what came of them; gives the time at which the next one may be made. Never waits.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::later;
use crate::Time;
use crate::cloud::{Action, Class};
use crate::limits::request_rate;

/// The longest that an action is left alone after it failed.
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_secs(60);

/// A token bucket per action, as AWS keeps them, scaled to our share; and the back-off of actions that fail.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates(BTreeMap<String, Bucket>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Bucket {
    /// Calls left at `at`; below 1 no call may be made.
    level: f64,
    at: Time,
    strikes: u32,
    closed_until: Option<Time>,
}

impl Rates {
    /// Until when an action is left alone because it failed; none while it is not.
    pub fn closed_until(&self, action: Action, now: Time) -> Option<Time> {
        self.0.get(action)?.closed_until.filter(|until| *until > now)
    }

    /// When the next call of an action may be made: `now`, or later.
    pub fn next(&self, action: Action, share: f64, now: Time) -> Time {
        let Some(bucket) = self.0.get(action) else { return now };
        let lacking = 1.0 - bucket.level_at(action, share, now);
        let refilled = if lacking > 0.0 {
            // Rounded up to whole milliseconds: a call that is made too early is throttled.
            let millis = (lacking / (request_rate(action).per_second * share) * 1000.0).ceil();
            later(now, SignedDuration::from_millis(millis as i64))
        } else {
            now
        };
        refilled.max(bucket.closed_until.unwrap_or(now))
    }

    /// The calls that each action's bucket allows at once, of those that have been made.
    pub fn levels(&self, share: f64, now: Time) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(move |(action, bucket)| (action.as_str(), bucket.level_at(action, share, now)))
    }

    /// Takes a call out of the action's bucket.
    pub fn spend(&mut self, action: Action, share: f64, now: Time) {
        let bucket = self.0.entry(action.into()).or_insert_with(|| Bucket::full(action, share, now));
        bucket.level = bucket.level_at(action, share, now) - 1.0;
        bucket.at = now;
    }

    /// Takes note of what came of a call. Throttling means that others use the bucket too, so it is taken to be empty. Server errors
    /// and denials close the action for a while that doubles from failure to failure: what is wrong is wrong for every call of it.
    pub fn answered(&mut self, action: Action, failed: Option<Class>, now: Time) {
        let Some(bucket) = self.0.get_mut(action) else { return };
        let first = match failed {
            Some(Class::Throttled) => {
                bucket.level = 0.0;
                bucket.at = now;
                SignedDuration::from_secs(1)
            }
            Some(Class::Retry) => SignedDuration::from_secs(1),
            Some(Class::Denied) => SignedDuration::from_secs(5),
            Some(Class::Gone | Class::Conflict | Class::Quota | Class::Bug) | None => {
                bucket.strikes = 0;
                bucket.closed_until = None;
                return;
            }
        };
        bucket.closed_until = Some(later(now, backoff(first, bucket.strikes, LONGEST_BACKOFF)));
        bucket.strikes = bucket.strikes.saturating_add(1);
    }
}

impl Bucket {
    fn full(action: &str, share: f64, now: Time) -> Self {
        Self { level: capacity(action, share), at: now, strikes: 0, closed_until: None }
    }

    fn level_at(&self, action: &str, share: f64, now: Time) -> f64 {
        let seconds = now.duration_since(self.at).as_secs_f64().max(0.0);
        (self.level + seconds * request_rate(action).per_second * share).min(capacity(action, share))
    }
}

/// A share so small that it holds no whole call would stop everything: one call always fits.
fn capacity(action: &str, share: f64) -> f64 {
    (request_rate(action).burst * share).max(1.0)
}

/// `first`, doubled for every failure before, up to `longest`.
pub(super) fn backoff(first: SignedDuration, strikes: u32, longest: SignedDuration) -> SignedDuration {
    2_i32.checked_pow(strikes).and_then(|factor| first.checked_mul(factor)).map_or(longest, |wait| wait.min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: Action = "CreateTrafficMirrorSession";

    fn at(seconds: i64) -> Time {
        Time::from_second(1_800_000_000 + seconds).unwrap()
    }

    /// Calls as often as the bucket allows, and says when the last one was made.
    fn call(rates: &mut Rates, times: usize, share: f64) -> f64 {
        let mut now = at(0);
        for _ in 0..times {
            now = rates.next(CREATE, share, now);
            rates.spend(CREATE, share, now);
        }
        now.duration_since(at(0)).as_secs_f64()
    }

    #[test]
    fn a_burst_of_fifty_writes_goes_at_once_and_then_five_a_second() {
        let mut rates = Rates::default();
        assert_eq!(call(&mut rates, 50, 1.0), 0.0);
        let ten_more = call(&mut rates, 10, 1.0);
        assert!((2.0..2.02).contains(&ten_more), "{ten_more}");
    }

    #[test]
    fn what_is_left_of_each_bucket_that_was_used_is_told_and_fills_again() {
        let mut rates = Rates::default();
        assert_eq!(rates.levels(1.0, at(0)).count(), 0, "of what was never called nothing is known");
        (0..20).for_each(|_| rates.spend(CREATE, 1.0, at(0)));
        let left = |seconds| rates.levels(1.0, at(seconds)).collect::<Vec<_>>();
        assert_eq!([left(0), left(2), left(60)], [30.0, 40.0, 50.0].map(|level| vec![(CREATE, level)]));
    }

    #[test]
    fn half_a_share_is_half_the_burst_and_half_the_rate() {
        let seconds = call(&mut Rates::default(), 30, 0.5);
        assert!((2.0..2.02).contains(&seconds), "{seconds}");
        let mut smallest = Rates::default();
        smallest.spend(CREATE, 0.001, at(0));
        let next = smallest.next(CREATE, 0.001, at(0));
        assert_eq!(smallest.next(CREATE, 0.001, next), next, "one call fits into the smallest");
    }

    #[test]
    fn throttling_empties_the_bucket_and_doubles_the_pause_each_time() {
        let mut rates = Rates::default();
        rates.spend(CREATE, 1.0, at(0));
        rates.answered(CREATE, Some(Class::Throttled), at(0));
        assert_eq!(rates.next(CREATE, 1.0, at(0)), at(1));
        rates.answered(CREATE, Some(Class::Throttled), at(1));
        assert_eq!(rates.next(CREATE, 1.0, at(1)), at(3));
        assert_eq!([2, 3].map(|seconds| rates.closed_until(CREATE, at(seconds))), [Some(at(3)), None]);
        rates.answered(CREATE, None, at(3));
        assert_eq!(rates.closed_until(CREATE, at(2)), None);
        rates.answered(CREATE, Some(Class::Retry), at(3));
        assert_eq!(rates.closed_until(CREATE, at(3)), Some(at(4)), "and then it begins anew");
    }

    #[test]
    fn the_pause_ends_growing_at_a_minute() {
        let mut rates = Rates::default();
        for _ in 0..100 {
            rates.spend(CREATE, 1.0, at(0));
            rates.answered(CREATE, Some(Class::Retry), at(0));
        }
        assert_eq!(rates.closed_until(CREATE, at(0)), Some(at(60)));
    }
}
