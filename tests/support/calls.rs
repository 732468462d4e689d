//! Takes calls as they come and go; gives their number, their order, and which of them are in flight. Never looks into one.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;

/// Every call that has arrived at the cloud, by its AWS action.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    arrived: Vec<String>,
    in_flight: BTreeSet<usize>,
    effective: BTreeSet<usize>,
    throttled: BTreeSet<usize>,
}

impl Calls {
    /// All of them, in the order in which they arrived.
    pub(crate) fn arrived(&self) -> &[String] {
        &self.arrived
    }

    /// How many of an action have arrived.
    pub(crate) fn count(&self, action: &str) -> usize {
        self.arrived.iter().filter(|arrived| *arrived == action).count()
    }

    /// How many that change something have arrived.
    pub(crate) fn writes(&self) -> usize {
        self.arrived.iter().filter(|action| is_write(action)).count()
    }

    /// How many of such actions have arrived, and are not answered to a client that is still there.
    pub(crate) fn in_flight(&self, such: impl Fn(&str) -> bool) -> usize {
        self.in_flight.iter().filter(|call| self.arrived.get(**call).is_some_and(|arrived| such(arrived))).count()
    }

    /// How many of an action have taken effect, whether or not their client has heard of it.
    pub(crate) fn effective(&self, action: &str) -> usize {
        self.effective.iter().filter(|call| self.is(**call, action)).count()
    }

    /// How many of an action came too fast.
    pub(crate) fn throttled(&self, action: &str) -> usize {
        self.throttled.iter().filter(|call| self.is(**call, action)).count()
    }

    /// Whether the last of an action came too fast.
    pub(crate) fn last_was_throttled(&self, action: &str) -> bool {
        self.arrived.iter().rposition(|arrived| arrived == action).is_some_and(|call| self.throttled.contains(&call))
    }

    /// Whether every call is answered, or its client gone.
    pub(crate) fn none_in_flight(&self) -> bool {
        self.in_flight.is_empty()
    }

    fn is(&self, call: usize, action: &str) -> bool {
        self.arrived.get(call).is_some_and(|arrived| arrived == action)
    }
}

/// Whether an action changes something.
pub(crate) fn is_write(action: &str) -> bool {
    !action.starts_with("Describe") && !action.starts_with("Get")
}

/// A call on its way. Dropped when it is answered, and just as well when the connection breaks.
pub(crate) struct InFlight {
    calls: Arc<watch::Sender<Calls>>,
    call: usize,
}

impl InFlight {
    pub(crate) fn new(calls: Arc<watch::Sender<Calls>>, action: &str) -> Self {
        let mut call = 0;
        calls.send_modify(|calls| {
            call = calls.arrived.len();
            calls.arrived.push(action.into());
            calls.in_flight.insert(call);
        });
        Self { calls, call }
    }

    /// How many calls had arrived before.
    pub(crate) fn number(&self) -> usize {
        self.call
    }

    /// It has taken effect; its client does not know yet.
    pub(crate) fn took_effect(&self) {
        self.calls.send_modify(|calls| _ = calls.effective.insert(self.call));
    }

    /// It came too fast.
    pub(crate) fn was_throttled(&self) {
        self.calls.send_modify(|calls| _ = calls.throttled.insert(self.call));
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.calls.send_modify(|calls| _ = calls.in_flight.remove(&self.call));
    }
}
