//! Takes the machine's clock and a speed; gives the time of an embedded cloud: as fast as real time, faster, or standing still until it
//! is told to move. Never goes back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::SignedDuration;
use mirror_core::Time;
use tokio::time::Instant;

/// The fastest that an embedded cloud can run: a day in nine seconds. Faster, its own auto scaling would leave no time for calls.
pub const FASTEST: f64 = 10_000.0;

/// The farthest that time can be moved at once. What happens in between happens before the next call is answered.
pub const FARTHEST: SignedDuration = SignedDuration::from_hours(24);

/// The time of an embedded cloud. Clones are the same time.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The time in there when it was last set.
    at: Time,
    since: Instant,
    speed: f64,
    stopped: bool,
}

impl Pace {
    /// The wall clock's time, as fast as it goes.
    pub fn real() -> Self {
        Self::from(Time::now(), 1.0, false)
    }

    /// Begins at a time; goes so many times as fast as real time, or stands still.
    pub fn from(at: Time, speed: f64, stopped: bool) -> Self {
        Self(Arc::new(Mutex::new(State { at, since: Instant::now(), speed, stopped })))
    }

    /// Now, in there.
    pub fn now(&self) -> Time {
        self.state().now()
    }

    /// Seconds in there for each real one, when it does not stand still.
    pub fn speed(&self) -> f64 {
        self.state().speed
    }

    /// Whether it stands still.
    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    /// From now on goes so fast.
    pub fn go(&self, speed: f64) {
        self.state().settle().speed = speed;
    }

    /// From now on stands still, or goes on.
    pub fn stop(&self, stopped: bool) {
        self.state().settle().stopped = stopped;
    }

    /// Moves on by so much at once.
    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.state();
        let state = state.settle();
        state.at = state.at.saturating_add(by).unwrap_or(Time::MAX);
    }

    /// How long something really takes that takes so long in there. Where time stands still, it takes as long as it says: an answer that
    /// waited for somebody to move the time would keep him from doing so.
    pub fn real_time(&self, took: SignedDuration) -> Duration {
        let took = took.max(SignedDuration::ZERO).unsigned_abs();
        let state = self.state();
        if state.stopped { took } else { took.div_f64(state.speed) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn now(&self) -> Time {
        if self.stopped {
            return self.at;
        }
        let passed = SignedDuration::try_from_secs_f64(self.since.elapsed().as_secs_f64() * self.speed);
        self.at.saturating_add(passed.unwrap_or(SignedDuration::ZERO)).unwrap_or(Time::MAX)
    }

    /// Begins anew from now: what is changed then changes nothing that has passed.
    fn settle(&mut self) -> &mut Self {
        self.at = self.now();
        self.since = Instant::now();
        self
    }
}
