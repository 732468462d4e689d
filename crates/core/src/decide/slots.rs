//! Takes the sessions that stand; gives each lane of an interface a slot and a session number beside other people's. Never moves
//! anyone: a session that stands keeps its number.
//!
//! A new session's number is 100 × (lane's rank + 1), or the next multiple of 100 above the largest number of a foreign session, so
//! that AWS evaluates us later: a packet goes to the first session that matches, and theirs must not lose any by our coming.
//! Source: Traffic Mirroring guide, "Traffic mirror sessions".

use std::collections::BTreeMap;

use super::Reason;
use crate::ids::{InterfaceId, Lane};
use crate::inventory::{Inventory, Session};
use crate::limits::{MAX_SESSION_NUMBER, SESSIONS_PER_INTERFACE};

/// The sessions of all interfaces.
pub(super) struct Slots<'a> {
    inventory: &'a Inventory,
    by_interface: BTreeMap<&'a InterfaceId, Vec<&'a Session>>,
}

impl<'a> Slots<'a> {
    pub(super) fn new(inventory: &'a Inventory) -> Self {
        let mut by_interface: BTreeMap<&InterfaceId, Vec<&Session>> = BTreeMap::new();
        for session in inventory.sessions.values() {
            by_interface.entry(&session.interface).or_default().push(session);
        }
        Self { inventory, by_interface }
    }

    /// What is free on an interface.
    pub(super) fn of(&self, interface: &InterfaceId) -> Free {
        let mut standing: BTreeMap<Lane, u16> = BTreeMap::new();
        let mut foreign = Vec::new();
        for session in self.by_interface.get(interface).into_iter().flatten() {
            match self.lane_of(session) {
                // Of two for one lane the one with the lower number stays.
                Some(lane) => {
                    let number = standing.entry(lane).or_insert(session.number);
                    *number = session.number.min(*number);
                }
                None => foreign.push(session.number),
            }
        }
        Free { standing, foreign, taken: Vec::new() }
    }

    fn lane_of(&self, session: &Session) -> Option<Lane> {
        let lane = Lane::from(session.tags.get(crate::ownership::KEY_TAG)?);
        let ours = self.inventory.ours.sessions.get(&(session.interface.clone(), lane.clone()))?;
        ours.contains(&session.id).then_some(lane)
    }
}

/// What is free on one interface.
pub(super) struct Free {
    standing: BTreeMap<Lane, u16>,
    foreign: Vec<u16>,
    taken: Vec<u16>,
}

impl Free {
    /// The number of the lane's session. Lanes ask by importance, so that the least important go without.
    pub(super) fn take(&mut self, lane: &Lane, rank: usize) -> Result<u16, Reason> {
        if self.foreign.len() + self.taken.len() >= SESSIONS_PER_INTERFACE {
            return Err(Reason::NoSlot { lane: lane.to_string(), foreign: self.foreign.len() });
        }
        let number = match self.standing.get(lane) {
            Some(number) => *number,
            None => self.new_number(rank).ok_or_else(|| Reason::NoNumber { lane: lane.to_string() })?,
        };
        self.taken.push(number);
        Ok(number)
    }

    fn new_number(&self, rank: usize) -> Option<u16> {
        let highest_foreign = self.foreign.iter().copied().max().unwrap_or(0);
        let first = u16::try_from(rank).ok()?.checked_add(1)?.checked_mul(100)?;
        let mut number = first.max((highest_foreign / 100).checked_add(1)?.checked_mul(100)?);
        if highest_foreign == 0 {
            number = first;
        }
        while self.taken.contains(&number) || self.standing.values().any(|standing| *standing == number) {
            number = number.checked_add(100)?;
        }
        (number <= MAX_SESSION_NUMBER).then_some(number)
    }
}
