//! Takes calls of ELB's first API; gives sentences about Classic Load Balancers and the instances behind them. Never asks the other API,
//! but to see that it does not know them.

use super::http::{Reply, SIGNED, answer};
use super::on_the_wire::inside;
use super::permissions::{allow, where_alice_may};
use super::shapes::below;
use super::*;
use crate::api::{Came, Effect, Fault, Rates};

fn ask(world: &mut World, body: &str) -> Reply {
    let signed = SIGNED.replace("/ec2/", "/elasticloadbalancing/");
    answer(world, Some(&signed), &format!("Version=2012-06-01&{body}"))
}

fn code(world: &mut World, body: &str) -> String {
    inside(&ask(world, body), "Code").to_owned()
}

fn create(name: &str, network: &Network) -> CreateClassicLoadBalancer {
    let http = ClassicProtocol::Http;
    let listener =
        ClassicListener { protocol: http, port: 80, instance_protocol: http, instance_port: 8080, certificate: None };
    CreateClassicLoadBalancer {
        name: name.into(),
        listeners: vec![listener],
        subnets: network.subnets.clone(),
        ..CreateClassicLoadBalancer::default()
    }
}

fn classic(world: &mut World, request: ClassicRequest) -> Result<ClassicResponse, ApiError> {
    match world.call(Request::Classic(request)) {
        Ok(Response::Classic(response)) => Ok(response),
        Err(error) => Err(error),
        other => panic!("{other:?}"),
    }
}

/// A world with a load balancer `web`.
fn balanced() -> (World, Network) {
    let mut world = empty_world();
    let network = network(&mut world);
    let wish = CreateClassicLoadBalancer { tags: tags_of([("team", "red")]), ..create("web", &network) };
    classic(&mut world, ClassicRequest::CreateLoadBalancer(wish)).unwrap();
    (world, network)
}

// Facts: 9-classic
#[test]
fn instances_are_registered_described_and_taken_off_over_the_wire() {
    let mut world = empty_world();
    let network = network(&mut world);
    let subnet = &network.subnets[0];
    let listener =
        "Listeners.member.1.Protocol=http&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=8080";
    let made = ask(
        &mut world,
        &format!("Action=CreateLoadBalancer&LoadBalancerName=web&{listener}&Subnets.member.1={subnet}&Scheme=internal"),
    );
    let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><CreateLoadBalancerResponse \
                 xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/\"><CreateLoadBalancerResult><DNSName>internal-web-";
    assert!(made.body.starts_with(start), "{}", made.body);
    let instance = running(&mut world, instance());
    let named = format!("LoadBalancerName=web&Instances.member.1.InstanceId={instance}");
    let registered = ask(&mut world, &format!("Action=RegisterInstancesWithLoadBalancer&{named}"));
    assert_eq!(inside(&registered, "Instances"), format!("<member><InstanceId>{instance}</InstanceId></member>"));
    let read = ask(&mut world, "Action=DescribeLoadBalancers&LoadBalancerNames.member.1=web");
    assert_eq!(below(&read, "LoadBalancerDescriptions"), ["member"]);
    for (element, value) in [
        ("LoadBalancerName", "web"),
        ("VPCId", network.vpc.as_str()),
        ("Subnets", &format!("<member>{subnet}</member>")),
        ("InstanceId", instance.as_str()),
        ("Scheme", "internal"),
        ("InstanceProtocol", "HTTP"),
        ("InstancePort", "8080"),
    ] {
        assert_eq!(inside(&read, element), value);
    }
    assert_eq!(ask(&mut world, &format!("Action=DeregisterInstancesFromLoadBalancer&{named}")).status, 200);
    assert!(!ask(&mut world, "Action=DescribeLoadBalancers").body.contains("InstanceId"));
    for _ in 0..2 {
        assert_eq!(
            ask(&mut world, "Action=DeleteLoadBalancer&LoadBalancerName=web").status,
            200,
            "once gone, it is gone"
        );
    }
    assert_eq!(inside(&ask(&mut world, "Action=DescribeLoadBalancers"), "LoadBalancerDescriptions"), "");
}

// Facts: 9-classic-errors
#[test]
fn what_is_wrong_has_the_codes_of_the_model() {
    let (mut world, network) = balanced();
    let elsewhere = world.add_vpc("10.9.0.0/16".parse().unwrap(), None);
    let far = world.add_subnet(&elsewhere, &"eu-west-1a".into(), "10.9.0.0/24".parse().unwrap(), None);
    let http =
        "Listeners.member.1.Protocol=HTTP&Listeners.member.1.LoadBalancerPort=80&Listeners.member.1.InstancePort=80";
    let subnet = format!("Subnets.member.1={}", network.subnets[0]);
    let make = "Action=CreateLoadBalancer&LoadBalancerName";
    for (body, expected) in [
        ("Action=DescribeLoadBalancers&LoadBalancerNames.member.1=none".into(), "LoadBalancerNotFound"),
        ("Action=DescribeTags&LoadBalancerNames.member.1=none".into(), "LoadBalancerNotFound"),
        ("Action=DescribeLoadBalancers&PageSize=401".into(), "ValidationError"),
        ("Action=DescribeLoadBalancers&Names.member.1=web".into(), "ValidationError"),
        ("Action=DescribeTargetGroups".into(), "InvalidAction"),
        (format!("{make}=web&{http}&{subnet}"), "DuplicateLoadBalancerName"),
        (format!("{make}=-x&{http}&{subnet}"), "ValidationError"),
        (format!("{make}=new&{subnet}"), "ValidationError"),
        (format!("{make}=new&{http}"), "ValidationError"),
        (format!("{make}=new&{http}&Subnets.member.1=subnet-0"), "SubnetNotFound"),
        (format!("{make}=new&{http}&{subnet}&Subnets.member.2={far}"), "InvalidConfigurationRequest"),
        (format!("{make}=new&{http}&{subnet}&SecurityGroups.member.1=sg-0"), "InvalidSecurityGroup"),
        (
            "Action=RegisterInstancesWithLoadBalancer&LoadBalancerName=web&Instances.member.1.InstanceId=i-0".into(),
            "InvalidInstance",
        ),
        ("Action=RegisterInstancesWithLoadBalancer&LoadBalancerName=web".into(), "ValidationError"),
    ] {
        assert_eq!(code(&mut world, &body), expected, "{body}");
    }
    assert!(
        ask(&mut world, "Action=X")
            .body
            .contains("<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/\">")
    );
}

// Facts: 9-classic-instances
#[test]
fn an_instance_that_does_not_run_or_is_elsewhere_is_not_registered() {
    let (mut world, _) = balanced();
    let stopped = running(&mut world, instance());
    world.call(Request::StopInstances(vec![stopped.clone()])).unwrap();
    pass(&mut world, 60);
    let vpc = world.add_vpc("10.9.0.0/16".parse().unwrap(), None);
    let far = world.add_subnet(&vpc, &"eu-west-1a".into(), "10.9.0.0/24".parse().unwrap(), None);
    let launch = RunInstances {
        image: "ami-1".into(),
        instance_type: "m5.large".into(),
        subnet: Some(far),
        min_count: 1,
        max_count: 1,
        ..RunInstances::default()
    };
    let far = call!(world, RunInstances(launch)).remove(0).instance.id;
    for id in [stopped, far] {
        let wish = OfInstances { name: "web".into(), instances: vec![id] };
        let refused = classic(&mut world, ClassicRequest::RegisterInstancesWithLoadBalancer(wish)).unwrap_err();
        assert_eq!(refused.code, "InvalidInstance");
    }
}

#[test]
fn pages_lead_from_name_to_name() {
    let (mut world, network) = balanced();
    for name in ["a", "b", "c"] {
        classic(&mut world, ClassicRequest::CreateLoadBalancer(create(name, &network))).unwrap();
    }
    let mut page = |marker| {
        let pages = Pages { size: Some(3), marker };
        let asked = DescribeClassicLoadBalancers { names: Vec::new(), pages };
        match classic(&mut world, ClassicRequest::DescribeLoadBalancers(asked)) {
            Ok(ClassicResponse::DescribeLoadBalancers(page)) => page,
            other => panic!("{other:?}"),
        }
    };
    let first = page(None);
    let second = page(first.next.clone());
    let names: Vec<_> = first.items.iter().chain(&second.items).map(|it| it.name.as_str()).collect();
    assert_eq!((names, second.next), (vec!["a", "b", "c", "web"], None));
}

// Facts: 9-tagged-balancers
#[test]
fn the_tagging_api_lists_load_balancers_of_both_apis_by_their_arns() {
    let (mut world, _) = balanced();
    let network_balancer = world.add_network_load_balancer("sensor").to_string();
    let wish = AddTags { arns: vec![network_balancer.clone()], tags: tags_of([("team", "red")]) };
    world.call(Request::Elb(ElbRequest::AddTags(wish))).unwrap();
    let asked = GetResources {
        tags: vec![("team".into(), vec!["red".into()])],
        types: vec!["elasticloadbalancing:loadbalancer".into()],
        ..GetResources::default()
    };
    let found: Vec<_> = call!(world, GetResources(asked)).items.into_iter().map(|it| it.arn).collect();
    let classic = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/web".to_owned();
    assert_eq!(found, [network_balancer, classic.clone()]);
    let other = ElbRequest::DescribeTags(vec![classic]);
    assert_eq!(world.call(Request::Elb(other)).unwrap_err().code, "LoadBalancerNotFound");
    assert!(ask(&mut world, "Action=DescribeTags&LoadBalancerNames.member.1=web").body.contains("<Value>red</Value>"));
}

fn answered(api: &mut Api, request: ClassicRequest) -> Result<Response, ApiError> {
    match api.call(&Caller::simulated("123456789012".into()), Request::Classic(request)).came {
        Came::Whole(result) => result,
        other => panic!("{other:?}"),
    }
}

fn described() -> ClassicRequest {
    ClassicRequest::DescribeLoadBalancers(DescribeClassicLoadBalancers::default())
}

#[test]
fn a_fault_befalls_the_calls_of_one_api_and_rates_those_of_both() {
    let (world, _) = balanced();
    let mut api = Api::new(world, 1);
    api.add_fault(Fault::new(Effect::EmptyList).on("elasticloadbalancing:*"));
    let Ok(Response::Classic(ClassicResponse::DescribeLoadBalancers(page))) = answered(&mut api, described()) else {
        panic!("no list")
    };
    assert_eq!(page.items.len(), 1);
    api.add_fault(Fault::new(Effect::EmptyList).on("elb:Describe*"));
    let Ok(Response::Classic(ClassicResponse::DescribeLoadBalancers(page))) = answered(&mut api, described()) else {
        panic!("no list")
    };
    assert_eq!(page.items, []);
    api.limit_rates(Some(Rates::documented()));
    let elb = Request::Elb(ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers::default()));
    (0..30).for_each(|_| drop(api.call(&Caller::simulated("123456789012".into()), elb.clone())));
    let passed = (0..40).take_while(|_| answered(&mut api, described()).is_ok()).count();
    assert_eq!(passed, 10, "40 for both");
}

// Facts: 10-classic
#[test]
fn a_load_balancer_is_changed_with_a_permission_for_it_and_tagged_with_another() {
    let (world, network) = balanced();
    let arn = "arn:aws:elasticloadbalancing:*:*:loadbalancer/web";
    let mut api = where_alice_may(world, &allow("elasticloadbalancing:*", arn, ""));
    let mut permitted = |request| super::permissions::code(&mut api, Request::Classic(request));
    assert_eq!(permitted(described()), "AccessDenied", "lists are granted on everything");
    assert_eq!(permitted(ClassicRequest::DeleteLoadBalancer("db".into())), "AccessDenied");
    assert_eq!(permitted(ClassicRequest::DeleteLoadBalancer("web".into())), "");
    assert_eq!(permitted(ClassicRequest::CreateLoadBalancer(create("web", &network))), "");
    let only = allow("elasticloadbalancing:CreateLoadBalancer", "*", "");
    let mut api = where_alice_may(balanced().0, &only);
    let tagged = CreateClassicLoadBalancer { tags: tags_of([("k", "v")]), ..create("new", &network) };
    let why = super::permissions::message(&mut api, Request::Classic(ClassicRequest::CreateLoadBalancer(tagged)));
    assert!(why.contains("elasticloadbalancing:AddTags"), "{why}");
}
