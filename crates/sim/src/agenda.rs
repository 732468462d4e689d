//! Takes what will happen and when; gives it back when its time has come, in a fixed order. Never makes it happen.

use std::collections::BTreeMap;

use mirror_core::Time;
use mirror_core::ids::{AccountId, AttachmentId, InstanceId, InterfaceId};

use crate::elb;

/// Something that time brings. It may have been overtaken by then (an instance that is terminated while it starts): whoever acts on
/// it looks first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A pending instance runs.
    Runs(InstanceId),
    /// A stopping instance has stopped.
    Stops(InstanceId),
    /// An instance that shuts down is terminated.
    Terminates(InstanceId),
    /// A terminated instance is no longer listed.
    Vanishes(InstanceId),
    /// An interface that is being attached is attached.
    Attaches(InterfaceId, AttachmentId),
    /// An interface that is being detached is detached.
    Detaches(InterfaceId, AttachmentId),
    /// The CNI deletes an interface that it has detached.
    Removes(InterfaceId),
    /// A spot instance that was warned is interrupted.
    Interrupts(InstanceId),
    /// An account's auto scaling group replaces its oldest instance.
    Replaces(AccountId, String),
    /// Something happens to a load balancer or a target.
    Balancing(elb::Event),
    /// An account's auto scaling group looks after itself.
    LooksAfter(AccountId, String),
}

/// What will happen, by time; at the same time, what was entered first happens first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    entries: BTreeMap<(Time, u64), Event>,
    entered: u64,
}

impl Agenda {
    pub(crate) fn enter(&mut self, at: Time, event: Event) {
        self.entered += 1;
        self.entries.insert((at, self.entered), event);
    }

    /// The next event that is due at `until` or before, and when it was due.
    pub(crate) fn next(&mut self, until: Time) -> Option<(Time, Event)> {
        let entry = self.entries.first_entry()?;
        if entry.key().0 > until {
            return None;
        }
        let ((at, _), event) = entry.remove_entry();
        Some((at, event))
    }
}
