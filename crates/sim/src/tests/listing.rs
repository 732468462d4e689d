//! Takes lists; gives sentences about what is on their pages. Never cares what is listed.

use std::collections::BTreeSet;

use super::*;

fn crowd(size: usize) -> World {
    let mut world = empty_world();
    network(&mut world);
    for index in 0..size {
        instance().tagged("Name", &format!("web-{index}")).launch(&mut world).unwrap();
    }
    world
}

#[test]
fn without_a_page_size_everything_comes_at_once() {
    let page = call!(crowd(12), DescribeInstances(Describe::all()));
    assert_eq!((page.items.len(), page.next), (12, None));
}

// Facts: 3.2-pages
#[test]
fn pages_hold_everything_once_even_while_things_come_and_go() {
    let mut world = crowd(12);
    let first = call!(world, DescribeInstances(Describe::page(5, None)));
    world.call(Request::DescribeInstances(Describe::all())).unwrap();
    instance().launch(&mut world).unwrap();
    let second = call!(world, DescribeInstances(Describe::page(1000, first.next.clone())));
    let ids: BTreeSet<_> = first.items.iter().chain(&second.items).map(|detail| &detail.instance.id).collect();
    assert_eq!(first.items.len(), 5);
    assert_eq!(ids.len(), first.items.len() + second.items.len());
    assert!(ids.len() >= 12);
    assert_eq!(second.next, None);
}

// Facts: 3.2-pages
#[test]
fn a_page_that_is_just_full_is_the_last() {
    assert_eq!(call!(crowd(5), DescribeInstances(Describe::page(5, None))).next, None);
}

// Facts: 3.2-wrong-token
#[test]
fn a_token_that_no_page_gave_is_refused() {
    let mut world = crowd(6);
    let token = call!(world, DescribeInstances(Describe::page(5, None))).next.unwrap();
    let other = World::new("1".into(), "eu-west-1".into(), 8, Time::UNIX_EPOCH);
    let of_another_kind = Describe::page(5, Some(token.clone()));
    assert_eq!(refused!(world, DescribeNetworkInterfaces(of_another_kind)), "InvalidNextToken");
    for (mut world, token) in [(world.clone(), "x".into()), (world, format!("{token}00")), (other, token)] {
        assert_eq!(refused!(world, DescribeInstances(Describe::page(5, Some(token)))), "InvalidNextToken");
    }
}

// Facts: 6-page-size
#[test]
fn a_page_has_five_to_a_thousand_items() {
    for size in [-1, 0, 4, 1001] {
        assert_eq!(refused!(crowd(1), DescribeInstances(Describe::page(size, None))), "InvalidParameterValue");
    }
}

// Facts: 6-ids-or-page-size
#[test]
fn a_page_size_and_ids_do_not_go_together() {
    let Setting { mut world, instance, .. } = setting();
    let both = Describe { max_results: Some(5), ..Describe::only([instance]) };
    assert_eq!(refused!(world, DescribeInstances(both)), "InvalidParameterCombination");
}

// Facts: 3.2-undocumented-filters
#[test]
fn an_unknown_filter_is_refused_even_where_there_is_nothing_to_filter() {
    let error = empty_world().call(Request::DescribeInstances(Describe::all().filtered("colour", "red"))).unwrap_err();
    assert_eq!(error.to_string(), "InvalidParameterValue: The filter 'colour' is invalid");
    let undocumented = Describe::all().filtered("tag:owner", "prod");
    assert_eq!(refused!(empty_world(), DescribeTrafficMirrorSessions(undocumented)), "InvalidParameterValue");
}

// Facts: 3.2-any-value, 3.2-all-filters, 3.2-case, 3.2-wildcards
#[test]
fn values_of_a_filter_are_alternatives_and_filters_are_conditions() {
    let mut world = crowd(12);
    let mut names = |patterns: &[&str]| {
        let values = patterns.iter().map(ToString::to_string).collect();
        let by_name = Filter { name: "tag:Name".into(), values };
        let asked = Describe { filters: vec![by_name], ..Describe::all() }.filtered("instance-state-name", "pending");
        call!(world, DescribeInstances(asked)).items.len()
    };
    assert_eq!(names(&["web-1", "web-3"]), 2);
    assert_eq!(names(&["web-1*"]), 3);
    assert_eq!(names(&["web-1?"]), 2);
    assert_eq!(names(&["*"]), 12);
    assert_eq!(names(&["WEB-1"]), 0);
}
