//! Takes an interface; gives what deciding about it saw, step by step, also where nothing came of it: for whoever asks why. Never
//! decides: it asks those who do.

use serde::{Deserialize, Serialize};

use super::choose::{self, Considered};
use super::eligibility::Eligibility;
use super::{Place, Reason};
use crate::Time;
use crate::inventory::{Inventory, NetworkInterface};
use crate::lessons::Lessons;
use crate::policy::{Choice, DataPath, Policy, Selector};

/// What deciding saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// The tag that chooses, in each place where it can be, the nearest first.
    pub tags: Vec<TagSeen>,
    /// Every strategy's selectors.
    pub selectors: Vec<SelectorsSeen>,
    /// Why it cannot be a source; none if it can. Asked also of one that nothing chooses.
    pub refusal: Option<Reason>,
}

/// A place where the tag that chooses can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagSeen {
    /// The place.
    pub place: Place,
    /// The tag's value; none if it is not there.
    pub value: Option<String>,
    /// Until when it chooses, as the tag beside it says.
    pub until: Option<String>,
    /// Whether it is the one that counts: the nearest that has not expired.
    pub counts: bool,
}

/// What a strategy's selectors say; none where the strategy has no such selector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectorsSeen {
    /// The strategy.
    pub strategy: String,
    /// Each selector that it may have, by its name in the policy, and whether it matches.
    pub selectors: Vec<(String, Option<bool>)>,
}

/// The selectors that a way to choose may have, by their names in the policy.
pub(super) fn selectors(choice: &Choice) -> Vec<(String, Option<&Selector>)> {
    let one = |name: &str, selector| (name.to_owned(), selector);
    match choice {
        Choice::Importance { select, jump_boxes } => {
            vec![one("select", select.as_ref()), one("jumpBoxes", jump_boxes.as_ref())]
        }
        Choice::Risk { paths } => {
            let ends = paths.iter().enumerate().flat_map(|(at, DataPath { from, to, .. })| {
                let path = at + 1;
                [(format!("from of path {path}"), Some(from)), (format!("to of path {path}"), Some(to))]
            });
            ends.collect()
        }
        Choice::Junction(junction) => vec![one("select", junction.select.as_ref())],
        Choice::AccessPath { select, .. } => vec![one("select", select.as_ref())],
        Choice::Sample(sample) => vec![one("select", Some(&sample.select))],
        Choice::Dns { select, .. } | Choice::Tripwire { select, .. } => vec![one("select", Some(select))],
    }
}

/// What deciding about an interface sees.
pub fn evidence(
    policy: &Policy,
    inventory: &Inventory,
    lessons: &Lessons,
    interface: &NetworkInterface,
    now: Time,
) -> Evidence {
    let id = interface.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref());
    let instance = id.and_then(|id| inventory.instances.get(id));
    let considered = Considered::new(policy, inventory, interface, now);
    let nearest = considered.tag;
    let until = format!("{}{}", policy.tag_key, choose::UNTIL);
    let tags = choose::places(inventory, interface, instance).map(|(place, tags)| TagSeen {
        place,
        value: tags.and_then(|tags| tags.get(&policy.tag_key)).cloned(),
        until: tags.and_then(|tags| tags.get(&until)).cloned(),
        counts: nearest.is_some_and(|(nearest, _)| nearest == place),
    });
    let subject = considered.subject();
    let selectors = policy.strategies.iter().map(|strategy| {
        let seen = selectors(&strategy.choice).into_iter();
        let matches = seen.map(|(name, selector)| (name, selector.map(|it| it.matches(&subject))));
        SelectorsSeen { strategy: strategy.name.clone(), selectors: matches.collect() }
    });
    Evidence {
        tags: tags.into(),
        selectors: selectors.collect(),
        refusal: Eligibility::new(policy, inventory, lessons).refusal(interface, instance),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::*;

    #[test]
    fn every_place_of_the_tag_is_shown_and_the_one_that_counts() {
        let facts = jewel_with(|interface| {
            interface.tags = tags_of(&[("mirror", "vault"), ("mirror-until", "2001-01-01T00:00:00Z")])
        });
        let mut facts = facts.read(0);
        facts.tagged.vpcs.insert("vpc-1".into(), tags_of(&[("mirror", "off")]));
        let interface = &facts.interfaces[&"eni-1".into()];
        let seen = evidence(&policy(), &facts, &Lessons::default(), interface, at(0));
        let tags: Vec<_> = seen.tags.iter().map(|tag| (tag.place, tag.value.as_deref(), tag.counts)).collect();
        let expected = [
            (Place::Interface, Some("vault"), false),
            (Place::Instance, Some("crown-jewel"), true),
            (Place::Subnet, None, false),
            (Place::Vpc, Some("off"), false),
        ];
        assert_eq!(tags, expected);
        assert_eq!(seen.tags[0].until.as_deref(), Some("2001-01-01T00:00:00Z"));
    }

    #[test]
    fn selectors_and_the_refusal_are_shown_although_nothing_chooses_it() {
        let facts = Facts::new().instance("i-1", &[]).interface_with("eni-1", "i-1", |it| it.requester_managed = true);
        let facts = facts.read(0);
        let seen = evidence(&policy(), &facts, &Lessons::default(), &facts.interfaces[&"eni-1".into()], at(0));
        let matched: Vec<_> =
            seen.selectors.iter().map(|it| (it.strategy.as_str(), it.selectors[0].1, it.selectors[1].1)).collect();
        assert_eq!(matched, [("crown-jewel", None, None), ("vault", Some(false), None)]);
        assert_eq!(seen.refusal, Some(Reason::RequesterManaged));
    }
}
