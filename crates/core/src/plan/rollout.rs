//! Takes when interfaces became sources in the last hour; says which may become one now. Never holds back what is or was mirrored: a
//! session that somebody deleted comes back at once.
//!
//! A policy's number for an hour is spread over it: in any minute a sixtieth of it, at least one. So whoever watches the sensor can
//! stop a rollout before all of it has begun, and so can a restart, which forgets the hour, not begin all of it at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::Time;
use crate::ids::InterfaceId;
use crate::inventory::Inventory;
use crate::memory::{Memory, later};
use crate::objects::ObjectKey;

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

/// Who may still become a source.
pub(super) struct Rollout<'a> {
    memory: &'a Memory,
    /// The interfaces on which a session of ours stands.
    sources: BTreeSet<&'a InterfaceId>,
    /// How many others may begin, and when more may; none is all of them.
    room: Option<(usize, Time)>,
    starting: BTreeSet<InterfaceId>,
}

impl<'a> Rollout<'a> {
    pub(super) fn new(per_hour: Option<u32>, inventory: &'a Inventory, memory: &'a Memory, now: Time) -> Self {
        let room = per_hour.map(|per_hour| {
            let hour = room(per_hour, HOUR, &memory.sources, now);
            let minute = room(per_hour.div_ceil(60), MINUTE, &memory.sources, now);
            let room = hour.0.min(minute.0);
            // Once so many have begun, one of them is full, or both are: then the later end counts.
            let ends = [hour, minute].into_iter().filter(|(left, _)| *left == room).map(|(_, end)| end);
            (room, ends.max().unwrap_or(now))
        });
        let sources = inventory.ours.sessions.keys().map(|(interface, _)| interface).collect();
        Self { memory, sources, room, starting: BTreeSet::new() }
    }

    /// Until when an interface has to wait for its turn; none if it need not.
    pub(super) fn turn(&self, key: &ObjectKey, interface: &InterfaceId) -> Option<Time> {
        let (room, until) = self.room?;
        (self.starting.len() >= room && self.counts(key, interface)).then_some(until)
    }

    /// Takes note that an interface begins.
    pub(super) fn starts(&mut self, key: &ObjectKey, interface: &InterfaceId) {
        if self.room.is_some() && self.counts(key, interface) {
            self.starting.insert(interface.clone());
        }
    }

    /// The interfaces that begin, where that is limited.
    pub(super) fn starting(self) -> BTreeSet<InterfaceId> {
        self.starting
    }

    fn counts(&self, key: &ObjectKey, interface: &InterfaceId) -> bool {
        !self.sources.contains(interface)
            && !self.starting.contains(interface)
            && !self.memory.predecessors.contains_key(key)
    }
}

/// How many may begin if `most` may within a time, and when the first of those who did within it leaves it, or else of those who do now.
fn room(most: u32, within: SignedDuration, sources: &BTreeMap<InterfaceId, Time>, now: Time) -> (usize, Time) {
    let ends = sources.values().map(|began| later(*began, within)).filter(|end| *end > now);
    let (count, first) = ends.fold((0_usize, later(now, within)), |(count, first), end| (count + 1, first.min(end)));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    (most.saturating_sub(count), first)
}
