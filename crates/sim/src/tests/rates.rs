//! Takes calls that come faster than AWS lets them; gives sentences about which are refused. Never waits: time is told.

use super::*;
use crate::api::{Came, Limit, Rates};

const ACCOUNT: &str = "123456789012";

fn limited(rates: Rates) -> Api {
    let mut api = Api::new(setting().world, 3);
    api.limit_rates(Some(rates));
    api
}

fn us() -> Caller {
    Caller::simulated(ACCOUNT.into())
}

fn result(api: &mut Api, caller: &Caller, request: Request) -> Result<Response, ApiError> {
    match api.call(caller, request).came {
        Came::Whole(result) => result,
        other => panic!("{other:?}"),
    }
}

/// How many calls in a row are not refused for their rate.
fn let_through(api: &mut Api, request: &Request) -> usize {
    let refused = |api: &mut Api| {
        let error = result(api, &us(), request.clone()).err();
        error.is_some_and(|error| error.code == "RequestLimitExceeded" && error.status == 503)
    };
    (0..1000).take_while(|_| !refused(api)).count()
}

/// How many calls fit in a full bucket, and how many more after a second.
fn bucket(request: &Request) -> [usize; 2] {
    let mut api = limited(Rates::documented());
    let burst = let_through(&mut api, request);
    api.advance(api.world().now() + SignedDuration::from_secs(1));
    [burst, let_through(&mut api, request)]
}

fn new_filter() -> Request {
    Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())
}

// Facts: 6-reads
#[test]
fn every_list_of_mirror_objects_is_read_a_hundred_times_and_twenty_more_each_second() {
    let rules = DescribeTrafficMirrorFilterRules { filter: None, rules: Describe::all() };
    for request in [
        Request::DescribeTrafficMirrorSessions(Describe::all()),
        Request::DescribeTrafficMirrorTargets(Describe::all()),
        Request::DescribeTrafficMirrorFilters(Describe::page(1000, None)),
        Request::DescribeTrafficMirrorFilterRules(rules),
        Request::DescribeTags(Describe::all()),
        Request::DescribeInstances(Describe::page(1000, None)),
        Request::DescribeNetworkInterfaces(Describe::all().filtered("status", "in-use")),
    ] {
        assert_eq!(bucket(&request), [100, 20], "{}", request.action());
    }
}

// Facts: 6-unbounded-reads
#[test]
fn instances_and_interfaces_are_listed_without_bounds_fifty_times_and_ten_more_each_second() {
    assert_eq!(bucket(&Request::DescribeInstances(Describe::all())), [50, 10]);
    assert_eq!(bucket(&Request::DescribeNetworkInterfaces(Describe::all())), [50, 10]);
}

// Facts: 6-changes
#[test]
fn every_change_of_a_mirror_object_is_made_fifty_times_and_five_more_each_second() {
    for request in [
        new_filter(),
        Request::CreateTrafficMirrorFilterRule(rule(&"tmf-0".into(), 1)),
        Request::DeleteTrafficMirrorFilter("tmf-0".into()),
        Request::DeleteTrafficMirrorFilterRule("tmfr-0".into()),
        Request::DeleteTrafficMirrorTarget("tmt-0".into()),
        Request::DeleteTrafficMirrorSession("tms-0".into()),
        Request::CreateTrafficMirrorTarget(target_for(Resource::NetworkInterface("eni-0".into()))),
        Request::CreateTrafficMirrorSession(setting().session(0)),
    ] {
        assert_eq!(bucket(&request), [50, 5], "{}", request.action());
    }
}

// Facts: 6-tag-changes
#[test]
fn tags_are_changed_a_hundred_times_and_ten_more_each_second() {
    let resources = vec!["tms-0".to_owned()];
    let create = CreateTags { resources: resources.clone(), tags: tags_of([("k", "v")]) };
    assert_eq!(bucket(&Request::CreateTags(create)), [100, 10]);
    assert_eq!(bucket(&Request::DeleteTags(DeleteTags { resources, tags: Vec::new() })), [100, 10]);
}

// Facts: 6-interface-changes
#[test]
fn interfaces_are_made_and_deleted_a_hundred_times_and_five_more_each_second() {
    let create = Request::CreateNetworkInterface(loose_interface(&setting().network));
    assert_eq!(bucket(&create), [100, 5]);
    assert_eq!(bucket(&Request::DeleteNetworkInterface("eni-0".into())), [100, 5]);
}

// Facts: 6-bucket-of-an-action
#[test]
fn an_action_whose_bucket_is_empty_stops_no_other() {
    let mut api = limited(Rates::documented());
    assert_eq!(let_through(&mut api, &new_filter()), 50);
    let other = Request::DeleteTrafficMirrorFilter("tmf-0".into());
    assert_eq!(let_through(&mut api, &other), 50);
}

// Facts: 6-shared-by-all
#[test]
fn all_callers_of_an_account_draw_from_one_bucket() {
    let mut api = limited(Rates::documented());
    assert_eq!(let_through(&mut api, &new_filter()), 50);
    let alice = Caller::new(ACCOUNT.into(), "user/alice");
    assert_eq!(result(&mut api, &alice, new_filter()).unwrap_err().code, "RequestLimitExceeded");
}

// Facts: 6-raised-rates
#[test]
fn an_account_may_have_been_granted_more() {
    let mut api = limited(Rates::documented().with("CreateTrafficMirrorFilter", Limit { burst: 200, per_second: 50 }));
    assert_eq!(let_through(&mut api, &new_filter()), 200);
}
