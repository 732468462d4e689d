//! Takes captures and other people's filters; says of each what takes long to find out, once: whether anything is left, whether it fits into
//! a filter, whether a session takes all of it. Never forgets within a round: thousands of interfaces have few captures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::capture::{Capture, Wish};
use super::fits::Fits;
use super::foreign;
use crate::ids::FilterId;
use crate::inventory::{Inventory, Session};
use crate::packets::PacketSet;
use crate::policy::{Policy, Strategy};
use crate::ruleset::{Fitted, Widen};

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

/// A capture, with its place among those of the round: comparing captures takes longer than comparing numbers.
#[derive(Clone)]
pub(super) struct Numbered {
    pub(super) capture: Arc<Capture>,
    place: usize,
}

/// Strategies with what each wants, and what the lanes before take; wishes by their places.
type Asked = (Vec<(usize, usize)>, BTreeSet<usize>);

/// What is known of captures in a round, each with IPv6 or without.
pub(super) struct Captures<'a> {
    inventory: &'a Inventory,
    widen: Widen,
    fits: &'a mut Fits,
    /// Wishes, with their places.
    wishes: BTreeMap<Wish, usize>,
    all: BTreeMap<Asked, Numbered>,
    packets: BTreeMap<(usize, bool), Option<Arc<PacketSet>>>,
    fitted: BTreeMap<(usize, bool), Option<Fit>>,
    filters: BTreeMap<FilterId, Option<PacketSet>>,
    within: BTreeMap<(FilterId, usize, bool), bool>,
}

impl<'a> Captures<'a> {
    pub(super) fn new(policy: &Policy, inventory: &'a Inventory, fits: &'a mut Fits) -> Self {
        Self {
            inventory,
            widen: widen(policy),
            fits,
            wishes: BTreeMap::new(),
            all: BTreeMap::new(),
            packets: BTreeMap::new(),
            fitted: BTreeMap::new(),
            filters: BTreeMap::new(),
            within: BTreeMap::new(),
        }
    }

    /// What these want together, behind what is wanted by the lanes before.
    pub(super) fn of(&mut self, members: &[(usize, &Strategy, &Wish)], behind: &BTreeSet<Wish>) -> Numbered {
        let asked = members.iter().map(|(rank, _, wish)| (*rank, self.place(wish))).collect();
        let asked = (asked, behind.iter().map(|wish| self.place(wish)).collect());
        let place = self.all.len();
        let wishes = members.iter().map(|(_, strategy, wish)| (*strategy, *wish));
        let new = || Numbered { capture: Arc::new(Capture::of(wishes, behind)), place };
        self.all.entry(asked).or_insert_with(new).clone()
    }

    fn place(&mut self, wish: &Wish) -> usize {
        if let Some(known) = self.wishes.get(wish) {
            return *known;
        }
        let place = self.wishes.len();
        self.wishes.insert(wish.clone(), place);
        place
    }

    /// Whether nothing of it is left by the lanes before.
    pub(super) fn is_empty(&mut self, capture: &Numbered, ipv6: bool) -> bool {
        // What is too much to be said is something.
        self.packets(capture, ipv6).is_some_and(|packets| packets.is_empty())
    }

    /// How it fits into a filter; none if it does not.
    pub(super) fn fits(&mut self, capture: &Numbered, ipv6: bool) -> Option<Fit> {
        let Self { fits, fitted, widen, .. } = self;
        let fit = |fitted: Arc<Fitted>| Fit { exactly: fitted.added.is_empty() };
        let find = || fits.fitted(&capture.capture, ipv6, *widen).map(fit);
        *fitted.entry((capture.place, ipv6)).or_insert_with(find)
    }

    /// Whether a session takes every packet of it, so that AWS has none left for the sessions behind.
    pub(super) fn are_within(&mut self, capture: &Numbered, session: &Session, ipv6: bool) -> bool {
        let key = (session.filter.clone(), capture.place, ipv6);
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

    fn packets(&mut self, capture: &Numbered, ipv6: bool) -> Option<Arc<PacketSet>> {
        let Self { fits, packets, .. } = self;
        packets.entry((capture.place, ipv6)).or_insert_with(|| fits.packets(&capture.capture, ipv6)).clone()
    }
}
