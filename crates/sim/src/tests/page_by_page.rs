//! Takes accounts that have much; gives sentences about lists that are read page by page and lie in no one place. Never measures how
//! long that takes.

use std::collections::BTreeSet;

use super::*;

/// A filter with seven rules.
fn filter_with_rules(world: &mut World) -> (FilterId, Vec<String>) {
    let filter = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let wishes = (1..=7).map(|number| rule(&filter, number));
    let rules = wishes.map(|wish| call!(world, CreateTrafficMirrorFilterRule(wish)).id.to_string()).collect();
    (filter, rules)
}

/// Tags by resource and key, as pages of five bring them.
fn tags_in_pages(world: &mut World) -> Vec<(String, String)> {
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let page = call!(world, DescribeTags(Describe::page(5, token)));
        all.extend(page.items.into_iter().map(|tag| (tag.resource, tag.key)));
        token = page.next;
        if token.is_none() {
            return all;
        }
    }
}

#[test]
fn the_tags_of_every_kind_come_each_once() {
    let mut setting = setting();
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1))).id;
    let Setting { mut world, network, instance, interface, filter, target, .. } = setting;
    let (other_filter, rules) = filter_with_rules(&mut world);
    let mut resources = vec![instance.to_string(), interface.to_string(), network.vpc.to_string()];
    resources.extend(network.subnets.iter().map(ToString::to_string));
    resources.extend([filter, other_filter].map(|filter| filter.to_string()));
    resources.extend([target.to_string(), session.to_string()]);
    resources.extend(rules);
    let tags = tags_of([("a", "1"), ("a\tb", "2"), ("z", "3")]);
    let mut expected = BTreeSet::new();
    for resource in &resources {
        let wish = CreateTags { resources: vec![resource.clone()], tags: tags.clone() };
        world.call(Request::CreateTags(wish)).unwrap();
        expected.extend(tags.keys().map(|key| (resource.clone(), key.clone())));
    }
    let listed = tags_in_pages(&mut world);
    assert_eq!(listed.len(), expected.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn the_tags_of_others_are_between_no_two_pages() {
    let mut world = empty_world();
    let other: AccountId = "210987654321".into();
    for account in ["123456789012".into(), other.clone()].iter().cycle().take(8) {
        world.acting_for(account, |world| {
            let wish = CreateTrafficMirrorFilter { tags: tags_of([("a", "1"), ("b", "2")]), ..Default::default() };
            call!(world, CreateTrafficMirrorFilter(wish));
        });
    }
    for account in ["123456789012".into(), other] {
        let owned = |world: &World, id: &str| world.filters.get(&FilterId::from(id)).unwrap().owner == account;
        let listed = world.acting_for(&account, tags_in_pages);
        assert!(listed.len() == 8 && listed.iter().all(|(resource, _)| owned(&world, resource)));
    }
}

#[test]
fn the_rules_of_all_filters_come_each_once_though_the_last_of_a_page_is_deleted() {
    let mut world = empty_world();
    let mut rules: BTreeSet<_> = (0..4).flat_map(|_| filter_with_rules(&mut world).1).collect();
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let wanted = Describe::page(5, token);
        let asked = DescribeTrafficMirrorFilterRules { filter: None, rules: wanted };
        let page = call!(world, DescribeTrafficMirrorFilterRules(asked));
        let last = page.items.last().unwrap().id.clone();
        all.extend(page.items.into_iter().map(|rule| rule.id.to_string()));
        call!(world, DeleteTrafficMirrorFilterRule(last));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(all.len(), 28);
    rules.retain(|rule| !all.contains(rule));
    assert!(rules.is_empty(), "{rules:?}");
}

#[test]
fn rules_that_are_named_come_alone_and_those_of_others_are_not_found() {
    let mut world = empty_world();
    let (_, rules) = filter_with_rules(&mut world);
    let two = [&rules[4], &rules[1]].map(|id| id.as_str().into());
    let asked = |ids| DescribeTrafficMirrorFilterRules { filter: None, rules: Describe::only(ids) };
    let listed = call!(world, DescribeTrafficMirrorFilterRules(asked(two.clone()))).items;
    let listed: BTreeSet<_> = listed.into_iter().map(|rule| rule.id).collect();
    assert_eq!(listed, two.clone().into());
    let theirs = world.call_as(&"210987654321".into(), Request::DescribeTrafficMirrorFilterRules(asked(two)));
    assert_eq!(theirs.unwrap_err().code, "InvalidTrafficMirrorFilterRuleId.NotFound");
}
