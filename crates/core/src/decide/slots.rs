//! Takes the sessions that stand; gives each lane of an interface a slot and a session number beside other people's. Never moves
//! anyone for a stranger: a session that stands keeps its number, whoever comes.
//!
//! A new session's number is 100 × (lane's rank + 1), or the next multiple of 100 above the largest number of a foreign session, so
//! that AWS evaluates us later: a packet goes to the first session that matches, and theirs must not lose any by our coming.
//! Source: Traffic Mirroring guide, "Traffic mirror sessions".
//!
//! One that the lists have not shown for a moment is made again with the number that it had: should it stand all the same, AWS refuses
//! the double.
//!
//! Of our own sessions the more important comes first: where one stands before it, that one moves behind.

use std::collections::BTreeMap;

use super::{Capture, Reason, foreign};
use crate::Time;
use crate::ids::{InterfaceId, Lane};
use crate::inventory::{Inventory, Session};
use crate::lessons::Lessons;
use crate::limits::{MAX_SESSION_NUMBER, SESSIONS_PER_INTERFACE};
use crate::ownership::lane_of;
use crate::policy::Sensor;

/// The sessions of all interfaces.
pub(super) struct Slots<'a> {
    inventory: &'a Inventory,
    lessons: &'a Lessons,
    now: Time,
    by_interface: BTreeMap<&'a InterfaceId, Vec<&'a Session>>,
}

impl<'a> Slots<'a> {
    pub(super) fn new(inventory: &'a Inventory, lessons: &'a Lessons, now: Time) -> Self {
        let mut by_interface: BTreeMap<&InterfaceId, Vec<&Session>> = BTreeMap::new();
        for session in inventory.sessions.values() {
            by_interface.entry(&session.interface).or_default().push(session);
        }
        Self { inventory, lessons, now, by_interface }
    }

    /// What is free on an interface.
    pub(super) fn of(&self, interface: &'a InterfaceId) -> Free<'_> {
        let mut standing: BTreeMap<Lane, u16> = BTreeMap::new();
        let mut foreign = Vec::new();
        for session in self.by_interface.get(interface).into_iter().flatten() {
            match lane_of(self.inventory, session) {
                // Of two for one lane the one with the lower number stays.
                Some(lane) => {
                    let number = standing.entry(lane).or_insert(session.number);
                    *number = session.number.min(*number);
                }
                None => foreign.push(*session),
            }
        }
        foreign.sort_by_key(|session| session.number);
        Free { all: self, interface, standing, foreign, taken: Vec::new() }
    }
}

/// What is free on one interface.
pub(super) struct Free<'a> {
    all: &'a Slots<'a>,
    interface: &'a InterfaceId,
    standing: BTreeMap<Lane, u16>,
    /// By number.
    foreign: Vec<&'a Session>,
    /// The numbers of the lanes that have a slot, the most important first.
    taken: Vec<u16>,
}

impl Free<'_> {
    /// How many slots are left beside other people's sessions and so many lanes.
    pub(super) fn beside(&self, lanes: usize) -> usize {
        SESSIONS_PER_INTERFACE.saturating_sub(self.foreign.len()).saturating_sub(lanes)
    }

    /// Whether a session of ours stands for the lane.
    pub(super) fn stands(&self, lane: &Lane) -> bool {
        self.standing.contains_key(lane)
    }

    /// The number that the lane's session has, or would have. Lanes ask by importance, so that the least important go without.
    pub(super) fn number(&self, lane: &Lane, rank: usize, before_foreign: bool) -> Result<u16, Reason> {
        let no_slot = || Reason::NoSlot { lane: lane.to_string(), foreign: self.foreign.len() };
        if self.foreign.len() + self.taken.len() >= SESSIONS_PER_INTERFACE {
            return Err(no_slot());
        }
        if let Some(number) = self.standing.get(lane) {
            return Ok(self.moved(*number).unwrap_or(*number));
        }
        if self.all.lessons.has_no_slot(self.interface, self.all.now) {
            return Err(no_slot());
        }
        if let Some(number) = self.unseen() {
            return Err(Reason::NumberUnseen { lane: lane.to_string(), number });
        }
        // Of ours a list that is behind may show one with this number that is gone: AWS knows better.
        let is_free = |number: &u16| !self.taken.contains(number) && !self.is_foreign(*number);
        if let Some(number) = self.all.lessons.had_number(self.interface, lane, self.all.now).filter(is_free) {
            return Ok(number);
        }
        let before = if before_foreign { self.number_before_foreign(rank) } else { None };
        before.or_else(|| self.number_behind_foreign(rank)).ok_or_else(|| Reason::NoNumber { lane: lane.to_string() })
    }

    /// A number that is taken by a session that no list shows. With another number beside it, ours could stand twice.
    fn unseen(&self) -> Option<u16> {
        let is_seen = |number: &u16| {
            let foreign = self.foreign.iter().any(|session| session.number == *number);
            foreign || self.standing.values().any(|standing| standing == number)
        };
        let mut unseen = self.all.lessons.numbers_unseen(self.interface, self.all.now);
        unseen.find(|number| !is_seen(number))
    }

    /// The foreign session before this number that leaves nothing of a capture, if one does: whether it sends to the lane's sensor makes
    /// all the difference.
    pub(super) fn shadow(
        &self,
        lane: &Lane,
        number: u16,
        sensor: &Sensor,
        capture: &Capture,
        mut takes_all: impl FnMut(&Session) -> bool,
    ) -> Option<Reason> {
        let inventory = self.all.inventory;
        let mut before = self.foreign.iter().filter(|session| session.number < number);
        let by = before.find(|session| takes_all(session))?;
        let (lane, session) = (lane.to_string(), by.id.clone());
        Some(if foreign::covers(inventory, by, sensor, capture) {
            Reason::CoveredByForeign { lane, session }
        } else {
            Reason::ShadowedByForeign { lane, session }
        })
    }

    /// Gives the next lane its slot.
    pub(super) fn take(&mut self, number: u16) {
        self.taken.push(number);
    }

    /// Where a session stands before that of a more important lane: a number right behind that, so that nobody else has to move; where
    /// there is none, behind all. None where it need not move, and where it would pass a foreign session, which could take its packets.
    fn moved(&self, standing: u16) -> Option<u16> {
        let last = *self.taken.iter().max().filter(|last| **last > standing)?;
        let others = || self.standing.values().copied().chain(self.foreign.iter().map(|session| session.number));
        let between = others().filter(|number| *number > last).min().map(|next| last.midpoint(next));
        let after = |last: u16| (last / 100).checked_add(1)?.checked_mul(100);
        let behind = after(others().max()?.max(last))?;
        let behind = (behind..=MAX_SESSION_NUMBER).step_by(100);
        let passes = |number: u16| self.foreign.iter().any(|it| (standing..number).contains(&it.number));
        between.into_iter().chain(behind).find(|number| !self.is_taken(*number)).filter(|number| !passes(*number))
    }

    fn number_behind_foreign(&self, rank: usize) -> Option<u16> {
        let first = usual(rank)?;
        let behind = match self.foreign.last() {
            Some(last) => first.max((last.number / 100).checked_add(1)?.checked_mul(100)?),
            None => first,
        };
        (behind..=MAX_SESSION_NUMBER).step_by(100).find(|number| !self.is_taken(*number))
    }

    /// None where the first foreign session leaves no room: then ours comes behind it, like any other.
    fn number_before_foreign(&self, rank: usize) -> Option<u16> {
        let (first, lowest) = (usual(rank)?, self.foreign.first()?.number);
        let down_from = if first < lowest { first } else { lowest.saturating_sub(1) };
        (1..=down_from).rev().find(|number| !self.is_taken(*number))
    }

    fn is_taken(&self, number: u16) -> bool {
        self.taken.contains(&number)
            || self.standing.values().any(|standing| *standing == number)
            || self.is_foreign(number)
    }

    /// Whether somebody else's session has a number, as far as a list or AWS has said so.
    fn is_foreign(&self, number: u16) -> bool {
        self.foreign.iter().any(|session| session.number == number)
            || self.all.lessons.has_number(self.interface, number, self.all.now)
    }
}

/// The number of a lane that nobody is beside.
fn usual(rank: usize) -> Option<u16> {
    u16::try_from(rank).ok()?.checked_add(1)?.checked_mul(100)
}
