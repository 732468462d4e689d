//! Takes the machine's clock; gives the time of the rounds. Never goes back.

use std::future::Future;
use std::time::Duration;

use mirror_core::Time;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Time, as the rounds see it.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Time;
    /// Comes back at that time, at once when it has passed, or earlier when the process is to stop.
    fn sleep_until(&self, at: Time) -> impl Future<Output = ()> + Send;
}

/// The wall clock at the start, and the monotonic one from there: a wall clock that is set back must not let evidence settle late, nor
/// one that is set forward let it settle early.
#[derive(Clone, Debug)]
pub struct Monotonic {
    wall: Time,
    started: Instant,
    stop: CancellationToken,
}

impl Monotonic {
    /// A clock that starts at the wall clock's time, and wakes whoever sleeps at `stop`.
    pub fn new(stop: CancellationToken) -> Self {
        Self { wall: Time::now(), started: Instant::now(), stop }
    }

    /// The same time, for whoever is woken by this `stop` instead.
    pub fn until(&self, stop: CancellationToken) -> Self {
        Self { stop, ..self.clone() }
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Time {
        self.wall.saturating_add(self.started.elapsed()).unwrap_or(Time::MAX)
    }

    async fn sleep_until(&self, at: Time) {
        let left = at.duration_since(self.now());
        tokio::select! {
            () = tokio::time::sleep(Duration::try_from(left).unwrap_or(Duration::ZERO)) => {}
            () = self.stop.cancelled() => {}
        }
    }
}
