//! Takes subnets and VPCs with tags; gives sentences about what is known of them when they were read, and when they were not.

use super::*;
use crate::inventory::{Tagged, Tags};
use crate::memory::later;
use crate::policy::Policy;

/// What the tagging API answers: what carries the key, first subnets and then, on another page, VPCs.
pub(super) fn tagged(facts: &Inventory, key: &str, token: Option<&str>) -> Page {
    let Tagged { mut subnets, mut vpcs } = facts.tagged.clone();
    subnets.retain(|_, tags| tags.contains_key(key));
    vpcs.retain(|_, tags| tags.contains_key(key));
    let next = (token.is_none() && !vpcs.is_empty()).then(|| "2".into());
    let tagged = match token {
        None => Tagged { subnets, ..Tagged::default() },
        Some(_) => Tagged { vpcs, ..Tagged::default() },
    };
    Page { items: Items::Tagged(tagged), next }
}

/// An instance without a tag of its own, mirrored since its subnet is tagged.
fn mirrored_by_its_subnet() -> Facts {
    one_mirrored_jewel().change_instance("i-1", |it| it.tags = Tags::new()).subnet(&[("mirror", "crown-jewel")])
}

/// One who has seen that once.
fn who_saw_it() -> Memory {
    let facts = mirrored_by_its_subnet().read(0);
    seen(nothing_remembered(), &walk(&nothing_remembered(), &facts, 0, truth), &[], 0)
}

/// The same, and another subnet that stays tagged.
fn two_subnets(tags: &[(&str, &str)]) -> Facts {
    let mut facts = mirrored_by_its_subnet().subnet(tags);
    facts.0.tagged.subnets.insert("subnet-2".into(), tags_of(&[("mirror", "crown-jewel")]));
    facts
}

fn tags_denied(query: &Query) -> Option<Result<Page, CloudError>> {
    matches!(query, Query::Tagged(..)).then(|| denied(query))
}

/// Looks every half minute for so many seconds, and does nothing; gives what is planned in the end.
fn goes_on(
    mut memory: Memory,
    facts: &Inventory,
    until: i64,
    lie: fn(&Query) -> Option<Result<Page, CloudError>>,
) -> Vec<String> {
    let mut planned_at_last = Vec::new();
    for seconds in (30..=until).step_by(30) {
        let inventory = walk(&memory, facts, seconds, lie);
        let noticed = notice(memory, inventory);
        let plan = planned(&noticed.inventory, &noticed, seconds);
        planned_at_last = steps(&plan);
        memory = remember(noticed, &plan, &[], at(seconds));
    }
    planned_at_last
}

#[test]
fn subnets_and_vpcs_are_asked_for_by_the_policys_key_page_by_page() {
    let mut facts = mirrored_by_its_subnet();
    facts.0.tagged.subnets.insert("subnet-2".into(), tags_of(&[("Name", "other")]));
    facts.0.tagged.vpcs.insert("vpc-1".into(), tags_of(&[("mirror", "off"), ("Name", "main")]));
    let inventory = walk(&nothing_remembered(), &facts.read(0), 5, truth);
    assert_eq!(inventory.tagged.subnets, [("subnet-1".into(), tags_of(&[("mirror", "crown-jewel")]))].into());
    assert_eq!(inventory.tagged.vpcs[&"vpc-1".into()], tags_of(&[("mirror", "off"), ("Name", "main")]));
    assert_eq!((inventory.tagged_by.as_str(), inventory.complete_since()), ("mirror", Some(at(5))));
}

#[test]
fn what_a_subnet_is_tagged_for_stays_mirrored() {
    assert_eq!(goes_on(who_saw_it(), &mirrored_by_its_subnet().read(0), 1200, truth), Vec::<String>::new());
}

#[test]
fn a_subnet_that_is_untagged_ends_what_only_it_has_chosen() {
    let untagged = mirrored_by_its_subnet().subnet(&[("Name", "front")]).read(0);
    let before = notice(who_saw_it(), two_subnets(&[("mirror", "crown-jewel")]).read(1));
    assert_eq!(goes_on(before, &two_subnets(&[]).read(0), 90, truth)[0], "delete tms-1");
    assert_eq!(
        goes_on(who_saw_it(), &untagged, 600, truth),
        Vec::<String>::new(),
        "nothing tagged at all: is that true?"
    );
    assert_eq!(goes_on(who_saw_it(), &untagged, 690, truth)[0], "delete tms-1");
}

#[test]
fn where_the_last_tag_is_gone_nobody_knows_at_once_whether_that_is_true() {
    let untagged = mirrored_by_its_subnet().subnet(&[]).read(0);
    let inventory = walk(&who_saw_it(), &untagged, 30, truth);
    assert_eq!((inventory.is_complete(Kind::Tagged), inventory.tagged.subnets.len()), (false, 1));
}

#[test]
fn while_tags_of_subnets_cannot_be_read_what_they_have_chosen_stays() {
    let untagged = mirrored_by_its_subnet().subnet(&[]).read(0);
    assert_eq!(goes_on(who_saw_it(), &untagged, 1200, tags_denied), Vec::<String>::new());
    // Nor does one who has just begun, and has never seen the tag, know that there is none.
    assert_eq!(goes_on(nothing_remembered(), &untagged, 1200, tags_denied), Vec::<String>::new());
    let inventory = walk(&who_saw_it(), &untagged, 30, tags_denied);
    assert_eq!(inventory.tagged.subnets.len(), 1, "what was known stays");
    assert_eq!(inventory.gaps[&Kind::Tagged].why, "GetResources: UnauthorizedOperation: no");
}

#[test]
fn another_key_in_the_policy_makes_the_tags_unknown_until_they_are_read_by_it() {
    let memory = who_saw_it();
    let other = Policy { tag_key: "watch".into(), ..policy() };
    let mut walk = Walk::due(&other, &memory, &Hints::default(), at(1));
    let asked = walk.ask();
    assert_eq!(asked, Some(Query::Tagged("watch".into(), None)));
    let unanswered = walk.finish(&memory);
    assert!(!unanswered.is_complete(Kind::Tagged), "what the old key said is no answer");
    let mut walk = Walk::due(&other, &memory, &Hints::default(), at(1));
    let answer = Ok(tagged(&memory.inventory, "watch", None));
    let query = walk.ask().unwrap();
    walk.take(query, answer, &mut Rates::default(), at(1));
    let memory = seen(memory.clone(), &walk.finish(&memory), &[], 1);
    assert!(memory.inventory.is_complete(Kind::Tagged));
    assert_eq!(memory.inventory.tagged, Tagged::default());
    assert_eq!(Walk::due(&other, &memory, &Hints::default(), at(2)).ask(), None, "once is enough");
}

#[test]
fn tags_are_asked_for_fifteen_times_a_second_at_most() {
    let (mut rates, mut now) = (Rates::default(), at(0));
    for _ in 0..30 {
        now = rates.next("GetResources", 1.0, now);
        rates.spend("GetResources", 1.0, now);
    }
    assert!(now >= at(1) && now < later(at(1), SignedDuration::from_millis(50)), "{now}");
}
