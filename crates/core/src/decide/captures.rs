//! Takes captures and other people's filters; says of each what takes long to find out, once: whether anything is left, whether it fits into
//! a filter, whether a session takes all of it. Never forgets within a round: thousands of interfaces have few captures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::capture::{Capture, Wish};
use super::foreign;
use crate::ids::FilterId;
use crate::inventory::{Inventory, Session};
use crate::packets::PacketSet;
use crate::policy::{Policy, Strategy};
use crate::ruleset::Widen;

/// What may be mirrored beside what is asked, where ten rules do not suffice.
pub(crate) fn widen(policy: &Policy) -> Widen {
    if policy.limits.widen_over_busy_ports { Widen::Any } else { Widen::NeverBusy }
}

/// How a capture fits into a filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Whether nothing has to be mirrored beside it.
    pub(super) exactly: bool,
}

/// What is known of captures, each with IPv6 or without.
pub(super) struct Captures<'a> {
    inventory: &'a Inventory,
    widen: Widen,
    all: BTreeSet<Arc<Capture>>,
    packets: BTreeMap<(Arc<Capture>, bool), Option<Arc<PacketSet>>>,
    fits: BTreeMap<(Arc<Capture>, bool), Option<Fit>>,
    filters: BTreeMap<FilterId, Option<PacketSet>>,
    within: BTreeMap<(FilterId, Arc<Capture>, bool), bool>,
}

impl<'a> Captures<'a> {
    pub(super) fn new(policy: &Policy, inventory: &'a Inventory) -> Self {
        Self {
            inventory,
            widen: widen(policy),
            all: BTreeSet::new(),
            packets: BTreeMap::new(),
            fits: BTreeMap::new(),
            filters: BTreeMap::new(),
            within: BTreeMap::new(),
        }
    }

    /// What these want together, behind what is wanted by the lanes before.
    pub(super) fn of(&mut self, members: &[(usize, &Strategy, &Wish)], behind: &BTreeSet<Wish>) -> Arc<Capture> {
        let capture = Capture::of(members.iter().map(|(_, strategy, wish)| (*strategy, *wish)), behind);
        if let Some(known) = self.all.get(&capture) {
            return known.clone();
        }
        let new = Arc::new(capture);
        self.all.insert(new.clone());
        new
    }

    /// Whether nothing of it is left by the lanes before.
    pub(super) fn is_empty(&mut self, capture: &Arc<Capture>, ipv6: bool) -> bool {
        // What is too much to be said is something.
        self.packets(capture, ipv6).is_some_and(|packets| packets.is_empty())
    }

    /// How it fits into a filter; none if it does not.
    pub(super) fn fits(&mut self, capture: &Arc<Capture>, ipv6: bool) -> Option<Fit> {
        let key = (capture.clone(), ipv6);
        if let Some(known) = self.fits.get(&key) {
            return *known;
        }
        let fit = capture.fitted(ipv6, self.widen).map(|fitted| Fit { exactly: fitted.added.is_empty() });
        self.fits.insert(key, fit);
        fit
    }

    /// Whether a session takes every packet of it, so that AWS has none left for the sessions behind.
    pub(super) fn are_within(&mut self, capture: &Arc<Capture>, session: &Session, ipv6: bool) -> bool {
        let key = (session.filter.clone(), capture.clone(), ipv6);
        if let Some(known) = self.within.get(&key) {
            return *known;
        }
        let packets = self.packets(capture, ipv6);
        let inventory = self.inventory;
        let taken = self.filters.entry(session.filter.clone()).or_insert_with_key(|id| foreign::taken(inventory, id));
        let within = packets.zip(taken.as_ref()).is_some_and(|(ours, taken)| ours.is_subset(taken).unwrap_or(false));
        self.within.insert(key, within);
        within
    }

    fn packets(&mut self, capture: &Arc<Capture>, ipv6: bool) -> Option<Arc<PacketSet>> {
        let packets = self.packets.entry((capture.clone(), ipv6));
        packets.or_insert_with(|| capture.packets(ipv6).ok().map(Arc::new)).clone()
    }
}
