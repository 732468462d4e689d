//! Takes what an instance is doing; gives how long it is at it. Never says when anything else happens.

use jiff::SignedDuration;
use mirror_core::inventory::InstanceState;

use crate::world::World;

/// From the shortest to the longest that something takes.
pub type Span = [SignedDuration; 2];

/// How long an instance is in between its states: as long as the world draws from its seed, anew for each. AWS documents none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Pending. An instance takes seconds to run, one of bare metal minutes.
    pub pending: Span,
    /// Stopping. An operating system that shuts down properly takes its time.
    pub stopping: Span,
    /// Shutting down.
    pub shutting_down: Span,
    /// Until auto scaling notices that an instance is not healthy, or tries a launch again that has failed.
    pub noticing: Span,
}

impl Default for Pace {
    /// Always two seconds, and ten until something is noticed.
    fn default() -> Self {
        let [always, noticing] = [2, 10].map(|seconds| [SignedDuration::from_secs(seconds); 2]);
        Self { pending: always, stopping: always, shutting_down: always, noticing }
    }
}

impl World {
    /// How long an instance that has come into this state stays in it by itself.
    pub(crate) fn lasting(&mut self, state: InstanceState) -> SignedDuration {
        let Pace { pending, stopping, shutting_down, noticing: _ } = self.pace;
        match state {
            InstanceState::Pending => self.drawn(pending, "pending"),
            InstanceState::Stopping => self.drawn(stopping, "stopping"),
            InstanceState::ShuttingDown => self.drawn(shutting_down, "shutting-down"),
            // These last until somebody ends them.
            InstanceState::Running | InstanceState::Stopped | InstanceState::Terminated => SignedDuration::MAX,
        }
    }

    /// A duration in this span, nanosecond for nanosecond. One that is always the same is not drawn: it leaves the others as they are.
    pub(crate) fn drawn(&mut self, [shortest, longest]: Span, purpose: &'static str) -> SignedDuration {
        let shortest = shortest.max(SignedDuration::ZERO);
        let room = longest.saturating_sub(shortest);
        if room <= SignedDuration::ZERO {
            return shortest;
        }
        let more = self.mint.draw(purpose) % (room.as_nanos().unsigned_abs() + 1);
        shortest.saturating_add(SignedDuration::from_nanos(i64::try_from(more).unwrap_or(i64::MAX)))
    }
}
