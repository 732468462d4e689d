//! Takes load balancers of two accounts; gives what each sees of the other's. Never shares more than a subnet.

use super::accounts::other;
use super::load_balancers::{balancer, elb, elb_refused, group};
use super::*;

/// What the other account gets.
fn as_other(world: &mut World, request: ElbRequest) -> Result<ElbResponse, ApiError> {
    match world.call_as(&other(), Request::Elb(request))? {
        Response::Elb(response) => Ok(response),
        response => panic!("{response:?}"),
    }
}

/// What is there for both: a load balancer and a target group of the first account.
fn balanced() -> (World, LoadBalancer, TargetGroupDetail) {
    let mut world = empty_world();
    let network = network(&mut world);
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "web")));
    let group = elb!(world, CreateTargetGroup(group(&network, "web", Protocol::Tcp, 80)));
    (world, made, group)
}

#[test]
fn load_balancers_and_target_groups_are_listed_to_their_owner_alone() {
    let (mut world, made, group) = balanced();
    let balancers = ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers::default());
    let groups = ElbRequest::DescribeTargetGroups(DescribeTargetGroups::default());
    assert_eq!(
        as_other(&mut world, balancers),
        Ok(ElbResponse::DescribeLoadBalancers(Page { items: Vec::new(), next: None }))
    );
    assert_eq!(
        as_other(&mut world, groups),
        Ok(ElbResponse::DescribeTargetGroups(Page { items: Vec::new(), next: None }))
    );
    let arn = made.arn.to_string();
    let tags = tags_of([("k", "v")]);
    let health = OfTargets { group: group.group.arn.clone(), targets: Vec::new() };
    for (request, code) in [
        (ElbRequest::DescribeTags(vec![arn.clone()]), "LoadBalancerNotFound"),
        (ElbRequest::AddTags(AddTags { arns: vec![arn], tags }), "LoadBalancerNotFound"),
        (ElbRequest::DescribeLoadBalancerAttributes(made.arn.clone()), "LoadBalancerNotFound"),
        (ElbRequest::DescribeTargetHealth(health.clone()), "TargetGroupNotFound"),
        (ElbRequest::RegisterTargets(health), "TargetGroupNotFound"),
    ] {
        assert_eq!(as_other(&mut world, request).unwrap_err().code, code);
    }
}

#[test]
fn a_load_balancer_of_another_account_is_deleted_like_one_that_is_not_there() {
    let (mut world, made, group) = balanced();
    assert_eq!(
        as_other(&mut world, ElbRequest::DeleteLoadBalancer(made.arn.clone())),
        Ok(ElbResponse::DeleteLoadBalancer)
    );
    assert_eq!(
        as_other(&mut world, ElbRequest::DeleteTargetGroup(group.group.arn)),
        Ok(ElbResponse::DeleteTargetGroup)
    );
    let all = Request::Elb(ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers::default()));
    let expected = ElbResponse::DescribeLoadBalancers(Page { items: vec![made], next: None });
    assert_eq!(world.call(all), Ok(Response::Elb(expected)));
}

#[test]
fn a_marker_is_good_for_the_account_that_got_it() {
    let (mut world, ..) = balanced();
    world.add_network_load_balancer("more");
    let page =
        |marker| DescribeLoadBalancers { pages: Pages { size: Some(1), marker }, ..DescribeLoadBalancers::default() };
    let first = elb!(world, DescribeLoadBalancers(page(None)));
    let next = ElbRequest::DescribeLoadBalancers(page(first.next.clone()));
    assert_eq!(as_other(&mut world, next).unwrap_err().code, "ValidationError");
    assert_eq!(elb!(world, DescribeLoadBalancers(page(first.next))).items.len(), 1);
}

#[test]
fn a_participant_balances_in_a_subnet_that_is_shared_with_it_and_in_no_other() {
    let mut world = empty_world();
    // Subnets of a default VPC cannot be shared.
    let vpc = world.add_vpc("10.1.0.0/16".parse().unwrap(), None);
    let zone = world.zones().next().cloned().unwrap();
    let subnet = world.add_subnet(&vpc, &zone, "10.1.0.0/24".parse().unwrap(), None);
    let network = Network { vpc, subnets: vec![subnet.clone()] };
    let wish = ElbRequest::CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "web"));
    assert_eq!(as_other(&mut world, wish.clone()).unwrap_err().code, "SubnetNotFound");
    world.share_subnet(&subnet, &other()).unwrap();
    let Ok(ElbResponse::CreateLoadBalancer(made)) = as_other(&mut world, wish) else { panic!("it is shared") };
    assert_eq!(made.owner, other());
    assert_eq!(elb_refused!(world, DescribeLoadBalancerAttributes(made.arn)), "LoadBalancerNotFound");
    let wish = group(&network, "web", Protocol::Tcp, 80);
    assert!(as_other(&mut world, ElbRequest::CreateTargetGroup(wish)).is_ok(), "its VPC is seen then");
}

#[test]
fn tagged_resources_are_listed_to_their_owner_alone() {
    let (mut world, made, _) = balanced();
    let arns = vec![made.arn.to_string()];
    let tagged = |tags| Request::Elb(ElbRequest::AddTags(AddTags { arns: arns.clone(), tags }));
    world.call(tagged(tags_of([("team", "net")]))).unwrap();
    running(&mut world, instance().tagged("role", "web"));
    assert_eq!(call!(world, GetResources(GetResources::default())).items.len(), 2);
    let theirs = world.call_as(&other(), Request::GetResources(GetResources::default()));
    assert_eq!(theirs, Ok(Response::GetResources(Page { items: Vec::new(), next: None })));
}
