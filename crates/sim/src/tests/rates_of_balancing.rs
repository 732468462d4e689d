//! Takes calls of ELB and of the tagging API that come faster than AWS lets them; gives sentences about which are refused. Never waits:
//! time is told.

use super::*;
use crate::api::{Came, Limit, Rates};

const ACCOUNT: &str = "123456789012";

fn limited() -> Api {
    let mut api = Api::new(empty_world(), 1);
    api.limit_rates(Some(Rates::documented()));
    api
}

fn elb(request: ElbRequest) -> Request {
    Request::Elb(request)
}

fn read() -> Request {
    elb(ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers::default()))
}

fn change() -> Request {
    elb(ElbRequest::DeleteLoadBalancer("arn".into()))
}

fn resources() -> Request {
    Request::GetResources(GetResources::default())
}

/// How many calls in a row are let through before one is refused for its rate, and with which code.
fn let_through(api: &mut Api, request: &Request) -> (usize, String) {
    let mut passed = 0;
    loop {
        match api.call(&Caller::simulated(ACCOUNT.into()), request.clone()).came {
            Came::Whole(Err(error)) if error.message == "Rate exceeded" => return (passed, error.code),
            _ => passed += 1,
        }
    }
}

/// How many calls fit in full buckets, and how many more after so many seconds.
fn bucket(request: &Request, seconds: i64) -> [usize; 2] {
    let mut api = limited();
    let burst = let_through(&mut api, request).0;
    api.advance(api.world().now() + SignedDuration::from_secs(seconds));
    [burst, let_through(&mut api, request).0]
}

// Facts: 6-elb-reads
#[test]
fn load_balancers_are_read_forty_times_and_ten_more_each_second() {
    assert_eq!(bucket(&read(), 1), [40, 10]);
    assert_eq!(bucket(&elb(ElbRequest::DescribeTags(Vec::new())), 1), [40, 10]);
}

// Facts: 6-elb-changes
#[test]
fn load_balancers_are_changed_twenty_times_and_three_more_each_second() {
    assert_eq!(bucket(&change(), 1), [20, 3]);
    assert_eq!(bucket(&elb(ElbRequest::DeleteTargetGroup("arn".into())), 1), [20, 3]);
    let mut api = limited();
    let_through(&mut api, &change());
    let other = elb(ElbRequest::DeleteTargetGroup("arn".into()));
    assert_eq!(let_through(&mut api, &other).0, 0, "all changes draw from one bucket");
}

// Facts: 6-elb-targets
#[test]
fn targets_are_registered_and_deregistered_twenty_times_and_four_more_each_second() {
    let targets = OfTargets { group: "arn".into(), targets: Vec::new() };
    assert_eq!(bucket(&elb(ElbRequest::RegisterTargets(targets.clone())), 1), [20, 4]);
    assert_eq!(bucket(&elb(ElbRequest::DeregisterTargets(targets)), 1), [20, 4]);
}

// Facts: 6-elb-creations
#[test]
fn load_balancers_are_made_and_moved_ten_times_and_once_more_in_five_seconds() {
    let subnets = SetSubnets { load_balancer: "arn".into(), subnets: Vec::new() };
    let make = CreateLoadBalancer {
        name: "sensor".into(),
        kind: LoadBalancerType::Network,
        scheme: None,
        subnets: Vec::new(),
        security_groups: Vec::new(),
        tags: Tags::new(),
    };
    assert_eq!(bucket(&elb(ElbRequest::SetSubnets(subnets)), 5), [10, 1]);
    assert_eq!(bucket(&elb(ElbRequest::CreateLoadBalancer(make)), 4), [10, 0]);
}

// Facts: 6-elb-account
#[test]
fn all_calls_of_an_account_to_load_balancers_draw_from_one_bucket_too() {
    let mut api = limited();
    assert_eq!(let_through(&mut api, &change()).0, 20);
    assert_eq!(let_through(&mut api, &read()).0, 19, "40 for all of them, and one was refused");
    api.advance(api.world().now() + SignedDuration::from_secs(1));
    assert_eq!(let_through(&mut api, &read()).0, 10);
    let them = Caller::new("999999999999".into(), "user/mallory");
    assert!(matches!(api.call(&them, read()).came, Came::Whole(Ok(_))), "another account has its own");
    let ec2 = api.call(&Caller::simulated(ACCOUNT.into()), Request::DescribeTags(Describe::all()));
    assert!(matches!(ec2.came, Came::Whole(Ok(_))), "EC2's bucket is another");
}

// Facts: 6-elb-error
#[test]
fn load_balancers_refuse_with_the_code_that_clients_have_seen_or_with_the_documented_one() {
    let mut api = limited();
    assert_eq!(let_through(&mut api, &read()).1, "Throttling");
    api.world_mut().unknowns.codes = Codes::AsDocumented;
    assert_eq!(let_through(&mut api, &read()).1, "ThrottlingException");
}

// Facts: 6-tagging-rate
#[test]
fn the_tagging_api_takes_fifteen_calls_a_second() {
    assert_eq!(bucket(&resources(), 1), [15, 15]);
    assert_eq!(let_through(&mut limited(), &resources()).1, "ThrottledException");
}

// Facts: 6-raised-rates
#[test]
fn a_granted_limit_is_one_actions() {
    let mut api = limited();
    let limit = Limit { burst: 3, per_second: 1 };
    api.limit_rates(Some(Rates::documented().with("elasticloadbalancing:DescribeLoadBalancers", limit)));
    assert_eq!(let_through(&mut api, &read()).0, 3);
    assert!(let_through(&mut api, &elb(ElbRequest::DescribeTags(Vec::new()))).0 > 3);
}
