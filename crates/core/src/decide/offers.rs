//! Takes a lane and an interface; gives the targets that its session could have, with what speaks for and against each: for whoever
//! asks why. Never chooses.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::target::{Candidate, TargetChoice, Targets};
use crate::Time;
use crate::ids::{Lane, ResourceId, Zone};
use crate::inventory::{Inventory, NetworkInterface};
use crate::lessons::Lessons;
use crate::policy::Policy;

/// A target that a session could have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The target.
    pub choice: TargetChoice,
    /// What it sends to.
    pub resource: ResourceId,
    /// How far it is.
    pub reach: Reach,
    /// What it bears.
    #[serde(flatten)]
    pub load: Load,
}

/// What a target bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    /// How many interfaces send to it, as far as this account shows.
    pub used: usize,
    /// How many may; none is any number.
    pub most: Option<usize>,
    /// Whether AWS has said that it takes no more.
    pub refused: bool,
    /// Whether what it sends to is gone.
    pub gone: bool,
}

/// How far a target is from an interface: traffic between zones is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reach {
    /// In the same zone.
    SameZone,
    /// It serves all zones alike.
    AllZones,
    /// In another zone.
    OtherZone,
}

/// The targets of all lanes, as they stand.
pub struct Offers(Targets);

impl Offers {
    /// Looks at the targets of every sensor.
    pub fn new(policy: &Policy, inventory: &Inventory, lessons: &Lessons, now: Time) -> Self {
        Self(Targets::new(policy, inventory, lessons, now))
    }

    /// What a lane offers to an interface, in the order in which a new session would take them.
    pub fn of(&self, lane: &Lane, interface: &NetworkInterface) -> Vec<Offer> {
        let offer = |candidate: &Candidate| Offer {
            choice: candidate.choice.clone(),
            resource: candidate.resource.clone(),
            reach: reach(candidate, &interface.zone),
            load: self.load(candidate),
        };
        let mut offers: Vec<Offer> = self.0.candidates(lane).map(offer).collect();
        offers.sort_by_key(|offer| (offer.load.gone, offer.load.is_full(), offer.reach, offer.load.used));
        offers
    }

    /// What each target of a lane bears, in the policy's order.
    pub fn loads(&self, lane: &Lane) -> impl Iterator<Item = Load> {
        self.0.candidates(lane).map(|candidate| self.load(candidate))
    }

    fn load(&self, candidate: &Candidate) -> Load {
        Load {
            used: self.0.sources.get(&candidate.resource).map_or(0, BTreeSet::len),
            most: (candidate.most < usize::MAX).then_some(candidate.most),
            refused: candidate.full,
            gone: candidate.gone,
        }
    }
}

fn reach(candidate: &Candidate, zone: &Zone) -> Reach {
    match candidate.distance(zone) {
        0 => Reach::SameZone,
        1 => Reach::AllZones,
        _ => Reach::OtherZone,
    }
}

impl Load {
    /// Whether it takes no further source.
    pub fn is_full(&self) -> bool {
        self.refused || self.most.is_some_and(|most| self.used >= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[test]
    fn a_lane_offers_its_targets_with_their_load_the_nearest_first() {
        let policy = policy_of(
            "sensors: {sta: {targets: [{networkInterface: eni-b}, {networkInterface: eni-a}]}}\n\
             strategies: [{name: crown-jewel, importance: {}}]",
        );
        let facts = one_mirrored_jewel()
            .instance("i-a", &[])
            .interface("eni-a", "i-a")
            .instance("i-b", &[])
            .interface_with("eni-b", "i-b", |it| it.zone = "eu-west-1b".into())
            .target("tmt-1", crate::inventory::Resource::NetworkInterface("eni-a".into()))
            .read(0);
        let offers = Offers::new(&policy, &facts, &Lessons::default(), at(0));
        let offers = offers.of(&"sta".into(), &facts.interfaces[&"eni-1".into()]);
        let seen: Vec<_> = offers
            .iter()
            .map(|it| (it.resource.as_str(), it.reach, it.load.used, it.load.most, it.load.is_full()))
            .collect();
        let expected =
            [("eni-a", Reach::SameZone, 1, Some(10), false), ("eni-b", Reach::OtherZone, 0, Some(10), false)];
        assert_eq!(seen, expected);
    }
}
