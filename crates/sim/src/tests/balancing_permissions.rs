//! Takes a user with a policy, and calls of his to ELB and to the tagging API; gives which of them AWS lets him make. Never reads a
//! signature.

use super::load_balancers::{balancer, elb, group};
use super::permissions::{US, allow, code, message, result, where_alice_may};
use super::*;

const DENIED: &str = "AccessDenied";

/// An ARN of ELB, or a pattern for several.
fn arn(path: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-west-1:{US}:{path}")
}

/// A statement that allows these actions of ELB.
fn may(actions: &str, resources: &str, condition: &str) -> String {
    let actions: Vec<_> = actions.split(' ').map(|name| format!("elasticloadbalancing:{name}")).collect();
    allow(&actions.join(" "), resources, condition)
}

fn with_network() -> (World, Network) {
    let mut world = empty_world();
    let network = network(&mut world);
    (world, network)
}

fn make(network: &Network, name: &str, tags: Tags) -> Request {
    let wish = balancer(network, LoadBalancerType::Network, name);
    Request::Elb(ElbRequest::CreateLoadBalancer(CreateLoadBalancer { tags, ..wish }))
}

#[test]
fn lists_of_load_balancers_are_granted_on_everything_or_not_at_all() {
    let list = || Request::Elb(ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers::default()));
    let one = where_alice_may(empty_world(), &may("Describe*", &arn("loadbalancer/*"), ""));
    let all = where_alice_may(empty_world(), &may("Describe*", "*", ""));
    assert_eq!([one, all].map(|mut api| code(&mut api, list())), [DENIED, ""]);
}

#[test]
fn a_refusal_names_the_caller_the_action_and_the_resource() {
    let mut api = where_alice_may(empty_world(), &may("Describe*", "*", ""));
    let arn = arn("loadbalancer/net/sensor/1");
    let request = Request::Elb(ElbRequest::DeleteLoadBalancer(arn.as_str().into()));
    assert_eq!(result(&mut api, request.clone()).unwrap_err().status, 403);
    let said = format!(
        "User: arn:aws:iam::{US}:user/alice is not authorized to perform: elasticloadbalancing:DeleteLoadBalancer on resource: {arn}"
    );
    assert!(message(&mut api, request).starts_with(&said));
}

#[test]
fn a_load_balancer_is_made_by_its_name_its_scheme_and_its_subnets() {
    let (world, network) = with_network();
    let [first, ..] = &network.subnets[..] else { panic!("a network has subnets") };
    for (resource, condition, expected) in [
        (arn("loadbalancer/net/sensor/*"), String::new(), ""),
        (arn("loadbalancer/app/sensor/*"), String::new(), DENIED),
        (arn("loadbalancer/net/other/*"), String::new(), DENIED),
        ("*".into(), r#""StringEquals": {"elasticloadbalancing:Scheme": "internet-facing"}"#.into(), ""),
        ("*".into(), r#""StringEquals": {"elasticloadbalancing:Scheme": "internal"}"#.into(), DENIED),
        ("*".into(), format!(r#""ForAllValues:StringEquals": {{"elasticloadbalancing:Subnet": "{first}"}}"#), DENIED),
    ] {
        let mut api = where_alice_may(world.clone(), &may("CreateLoadBalancer", &resource, &condition));
        assert_eq!(code(&mut api, make(&network, "sensor", Tags::new())), expected, "{resource} {condition}");
    }
}

#[test]
fn tags_at_creation_need_add_tags_beside_it() {
    let (world, network) = with_network();
    let create = may("CreateLoadBalancer", "*", "");
    let tagged = make(&network, "sensor", tags_of([("owner", "prod")]));
    let by = |action: &str| {
        let condition = format!(r#""StringEquals": {{"elasticloadbalancing:CreateAction": "{action}"}}"#);
        format!("{create}, {}", may("AddTags", &arn("loadbalancer/net/*"), &condition))
    };
    for (statements, expected) in
        [(create.clone(), DENIED), (by("CreateListener"), DENIED), (by("CreateLoadBalancer"), "")]
    {
        assert_eq!(code(&mut where_alice_may(world.clone(), &statements), tagged.clone()), expected, "{statements}");
    }
    let untagged = make(&network, "sensor", Tags::new());
    assert_eq!(code(&mut where_alice_may(world, &create), untagged), "");
}

#[test]
fn what_stands_is_changed_by_its_tags() {
    let (mut world, network) = with_network();
    let [ours, theirs] = ["prod", "dev"].map(|owner| {
        let tags = tags_of([("owner", owner)]);
        let wish = CreateLoadBalancer { tags, ..balancer(&network, LoadBalancerType::Network, owner) };
        elb!(world, CreateLoadBalancer(wish)).arn
    });
    for key in ["aws:ResourceTag/owner", "elasticloadbalancing:ResourceTag/owner"] {
        let condition = format!(r#""StringEquals": {{"{key}": "prod"}}"#);
        let mut api = where_alice_may(world.clone(), &may("DeleteLoadBalancer RemoveTags", "*", &condition));
        let delete = |arn: &_| Request::Elb(ElbRequest::DeleteLoadBalancer(Clone::clone(arn)));
        let untag = |arn: &mirror_core::ids::LoadBalancerArn| {
            let arns = vec![arn.to_string()];
            Request::Elb(ElbRequest::RemoveTags(RemoveTags { arns, keys: vec!["owner".into()] }))
        };
        assert_eq!(code(&mut api, untag(&theirs)), DENIED);
        assert_eq!(code(&mut api, delete(&theirs)), DENIED);
        assert_eq!(code(&mut api, delete(&ours)), "");
    }
}

#[test]
fn a_listener_is_made_by_what_it_speaks() {
    let (mut world, network) = with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    let to = elb!(world, CreateTargetGroup(group(&network, "sensors", Protocol::TcpUdp, 4789)));
    let condition = r#""StringEquals": {"elasticloadbalancing:ListenerProtocol": "UDP"}"#;
    let mut api = where_alice_may(world, &may("CreateListener", &arn("loadbalancer/net/*"), condition));
    for (protocol, expected) in [(Protocol::Tcp, DENIED), (Protocol::Udp, "")] {
        let wish = super::load_balancers::listener(&made, protocol, 4789, &to);
        assert_eq!(code(&mut api, Request::Elb(ElbRequest::CreateListener(wish))), expected);
    }
}

#[test]
fn tagged_resources_are_listed_to_whoever_may_list_them() {
    let list = || Request::GetResources(GetResources::default());
    let mut api = where_alice_may(empty_world(), &allow("tag:GetResources", "*", ""));
    assert_eq!(code(&mut api, list()), "");
    let mut api = where_alice_may(empty_world(), &allow("ec2:*", "*", ""));
    let refused = result(&mut api, list()).unwrap_err();
    assert_eq!((refused.code.as_str(), refused.status), ("AccessDeniedException", 400));
}
