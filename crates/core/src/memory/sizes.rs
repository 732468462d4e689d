//! Takes how long each list was; says of the next one whether it is too short to be true at once. Never says so of one that has been as
//! short for [`BELIEVED`]: then it has become true.
//!
//! Instances do vanish by the hundred; so does the rest of an answer that was cut. Compared with the longest list of the last hour, so that
//! lists which are a half of the one before, again and again, do not add up.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::later;
use super::most::Most;
use crate::Time;
use crate::inventory::{Inventory, Kind};

/// For how long a list must have been as short before it is believed.
pub const BELIEVED: SignedDuration = SignedDuration::from_mins(10);

/// How soon a list that was too short is read again.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// So many may always be missing: they are what anybody takes away by hand. As many sessions may always be lost.
const FEW: usize = 5;

/// How long the lists were in the last hour, as far as they were believed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sizes(BTreeMap<Kind, Most>);

impl Sizes {
    /// With how many items it must be compared, if a list with so many is too short: less than a half is left, and more than a few are
    /// missing. Of tags, which hang on a few subnets and choose everything in them, none must not be left where there were any.
    pub fn too_short(&self, kind: Kind, items: usize) -> Option<usize> {
        let most = self.0.get(&kind)?.get();
        let short = match kind {
            Kind::Tagged => items == 0 && most > 0,
            // What is behind a load balancer is looked at group by group.
            Kind::LoadBalancers => false,
            Kind::Instances
            | Kind::Interfaces
            | Kind::Subnets
            | Kind::GroupRules
            | Kind::Targets
            | Kind::Directory
            | Kind::Filters
            | Kind::Sessions => most.saturating_sub(items) > FEW && items.saturating_mul(2) < most,
        };
        short.then_some(most)
    }

    /// Takes note of a list that is believed. One that was too short until now is what the next is compared with.
    pub(super) fn note(&mut self, kind: Kind, items: usize, read: Time) {
        if self.too_short(kind, items).is_some() {
            self.0.remove(&kind);
        }
        self.0.entry(kind).or_default().note(items, read);
    }
}

/// When a list that was too short is to be read again; none for one that was not. In the moment in which it is to be believed, at the latest.
pub(crate) fn again(inventory: &Inventory, kind: Kind) -> Option<Time> {
    let (since, gap) = inventory.short.get(&kind).zip(inventory.gaps.get(&kind))?;
    Some(later(gap.at, AGAIN).min(later(*since, BELIEVED)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn known(kind: Kind, items: &[usize]) -> Sizes {
        let mut sizes = Sizes::default();
        (0..).zip(items).for_each(|(minute, items)| sizes.note(kind, *items, at(minute * 60)));
        sizes
    }

    #[test]
    fn less_than_a_half_is_too_short_where_more_than_a_few_are_missing() {
        let short = |most, items| known(Kind::Sessions, &[most]).too_short(Kind::Sessions, items);
        assert_eq!([short(100, 50), short(100, 49), short(100, 0)], [None, Some(100), Some(100)]);
        assert_eq!([short(5, 0), short(6, 0), short(11, 5)], [None, Some(6), Some(11)]);
        assert_eq!(Sizes::default().too_short(Kind::Sessions, 0), None, "nothing is known yet");
    }

    #[test]
    fn the_last_tag_must_not_vanish_at_once_and_all_but_one_may() {
        let short = |items| known(Kind::Tagged, &[3]).too_short(Kind::Tagged, items);
        assert_eq!([short(1), short(0)], [None, Some(3)]);
    }

    #[test]
    fn halves_do_not_add_up() {
        let sizes = known(Kind::Instances, &[1000, 600]);
        assert_eq!(sizes.too_short(Kind::Instances, 400), Some(1000));
    }

    #[test]
    fn what_was_too_short_is_read_again_after_a_minute_and_in_the_moment_in_which_it_is_believed() {
        let mut inventory = Inventory::empty("eu-west-1".into());
        let mut again_after = |seconds| {
            let gap = crate::inventory::Gap { why: "short".into(), at: at(seconds) };
            inventory.gaps.insert(Kind::Sessions, gap);
            let denied = again(&inventory, Kind::Sessions);
            inventory.short.insert(Kind::Sessions, at(0));
            let short = again(&inventory, Kind::Sessions);
            inventory.short.clear();
            (denied, short)
        };
        assert_eq!([0, 570].map(&mut again_after), [(None, Some(at(60))), (None, Some(at(600)))]);
    }

    #[test]
    fn what_is_believed_is_what_the_next_is_compared_with() {
        let sizes = known(Kind::Instances, &[1000, 10]);
        assert_eq!([10, 6, 4].map(|items| sizes.too_short(Kind::Instances, items)), [None, None, Some(10)]);
    }
}
