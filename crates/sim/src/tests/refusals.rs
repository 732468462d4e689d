//! Takes calls that AWS refuses or answers oddly, through no fault of who called; gives sentences about what is seen of it. Never looks at
//! a rule of traffic mirroring.

use super::*;
use crate::api::{Came, Effect, Fault};

const ACCOUNT: &str = "123456789012";

fn result(api: &mut Api, caller: &Caller, request: Request) -> Result<Response, ApiError> {
    match api.call(caller, request).came {
        Came::Whole(result) => result,
        other => panic!("{other:?}"),
    }
}

fn new_filter() -> Request {
    Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())
}

// Facts: 10-denials-tell-the-caller, 10-caller, 3.1-unauthorized
#[test]
fn a_denial_names_who_called_and_for_what() {
    let mut api = Api::new(setting().world, 3);
    api.add_fault(Fault::new(Effect::Denied).on("Create*"));
    for (principal, arn) in [
        ("assumed-role/mirror/session", "arn:aws:sts::123456789012:assumed-role/mirror/session"),
        ("user/alice", "arn:aws:iam::123456789012:user/alice"),
    ] {
        let error = result(&mut api, &Caller::new(ACCOUNT.into(), principal), new_filter()).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), ("UnauthorizedOperation", 403));
        let words = format!("User: {arn} is not authorized to perform: ec2:CreateTrafficMirrorFilter");
        assert!(error.message.contains(&words), "{}", error.message);
    }
}

// Facts: 3.1-server-errors
#[test]
fn a_failure_of_awss_own_has_a_status_of_500_or_more_and_no_effect() {
    for (code, status) in [("InternalError", 500), ("Unavailable", 503), ("ServiceUnavailable", 503)] {
        let mut api = Api::new(empty_world(), 3);
        api.add_fault(Fault::new(Effect::Error(ApiError::new(code, "try again").with_status(status))).on("Create*"));
        let error = result(&mut api, &Caller::simulated(ACCOUNT.into()), new_filter()).unwrap_err();
        assert_eq!((error.code.as_str(), error.status), (code, status));
        let list = Request::DescribeTrafficMirrorFilters(Describe::all());
        let Ok(Response::DescribeTrafficMirrorFilters(page)) = api.world_mut().call(list) else { panic!() };
        assert_eq!(page.items, []);
    }
}

/// The filters on the first page of seven, in the order in which they come.
fn listed(api: &mut Api) -> Vec<FilterId> {
    let asked = Request::DescribeTrafficMirrorFilters(Describe::page(7, None));
    match result(api, &Caller::simulated(ACCOUNT.into()), asked) {
        Ok(Response::DescribeTrafficMirrorFilters(page)) => page.items.into_iter().map(|filter| filter.id).collect(),
        other => panic!("{other:?}"),
    }
}

// Facts: 6-order
#[test]
fn a_list_may_come_in_another_order_each_time_and_holds_the_same() {
    let mut world = empty_world();
    (0..9).for_each(|_| drop(world.call(new_filter())));
    let mut api = Api::new(world, 3);
    let usual = listed(&mut api);
    assert_eq!(listed(&mut api), usual);
    api.add_fault(Fault::new(Effect::Shuffled));
    let mut orders = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let mut order = listed(&mut api);
        orders.insert(order.clone());
        order.sort();
        assert_eq!(order, usual);
    }
    assert!(orders.len() > 15, "{}", orders.len());
}

// Facts: 6-unbounded-lists-fail
#[test]
fn many_interfaces_are_listed_only_in_pages_by_filters_or_by_id() {
    let Setting { mut world, network, interface, .. } = setting();
    let wish = loose_interface(&network);
    (1..1000).for_each(|_| drop(call!(world, CreateNetworkInterface(wish.clone()))));
    assert_eq!(call!(world, DescribeNetworkInterfaces(Describe::all())).items.len(), 1000);
    call!(world, CreateNetworkInterface(wish));
    assert_eq!(refused!(world, DescribeNetworkInterfaces(Describe::all())), "OperationNotPermitted");
    assert_eq!(call!(world, DescribeNetworkInterfaces(Describe::page(1000, None))).items.len(), 1000);
    let free = Describe::all().filtered("status", "available");
    assert_eq!(call!(world, DescribeNetworkInterfaces(free)).items.len(), 1000);
    assert_eq!(call!(world, DescribeNetworkInterfaces(Describe::only([interface]))).items.len(), 1);
    world.unknowns.most_interfaces_at_once = usize::MAX;
    assert_eq!(call!(world, DescribeNetworkInterfaces(Describe::all())).items.len(), 1001);
}
