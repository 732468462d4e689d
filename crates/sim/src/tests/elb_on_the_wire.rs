//! Takes requests as clients of ELB and of the tagging API send them; gives sentences about what they get back, and about what befalls
//! them on the way. Never parses more than it asks for.

use super::http::{Reply, SIGNED, answer};
use super::*;
use crate::api::{Came, Effect, Fault, Lag};
use crate::wire;

fn signed_for(api: &str) -> String {
    SIGNED.replace("/ec2/", &format!("/{api}/"))
}

fn ask(world: &mut World, body: &str) -> Reply {
    answer(world, Some(&signed_for("elasticloadbalancing")), &format!("Version=2015-12-01&{body}"))
}

/// What stands between the first `<name>` and its end.
fn inside<'a>(reply: &'a Reply, name: &str) -> &'a str {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let rest = reply.body.split_once(&start).unwrap_or_else(|| panic!("no {name} in {}", reply.body)).1;
    rest.split_once(&end).unwrap().0
}

/// What the tagging API answers: status and body.
fn tagging(world: &World, target: &str, body: &str) -> (u16, serde_json::Value) {
    let mut request = super::http::request(Some(&signed_for("tagging")), body);
    request.headers_mut().insert("x-amz-target", target.parse().unwrap());
    let reply = wire::answer(&mut Api::new(world.clone(), 1), &request).reply.unwrap();
    assert_eq!(reply.headers()["content-type"], "application/x-amz-json-1.1");
    assert!(reply.headers().contains_key("x-amzn-requestid"));
    (reply.status().as_u16(), serde_json::from_slice(reply.body()).unwrap())
}

#[test]
fn everything_is_made_described_and_deleted_over_the_wire() {
    let mut world = empty_world();
    let network = network(&mut world);
    let subnets: String =
        (1..).zip(&network.subnets).map(|(place, id)| format!("&Subnets.member.{place}={id}")).collect();
    let made = ask(&mut world, &format!("Action=CreateLoadBalancer&Name=sensor&Type=network&Scheme=internal{subnets}"));
    let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><CreateLoadBalancerResponse \
                 xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><CreateLoadBalancerResult>\
                 <LoadBalancers><member><LoadBalancerArn>arn:aws:elasticloadbalancing:";
    assert!(made.body.starts_with(start), "{}", made.body);
    assert_eq!(inside(&made, "ResponseMetadata").matches("RequestId").count(), 2);
    let arn = inside(&made, "LoadBalancerArn");
    let vpc = &network.vpc;
    let group = ask(
        &mut world,
        &format!("Action=CreateTargetGroup&Name=sensors&Protocol=UDP&Port=4789&VpcId={vpc}&HealthCheckProtocol=TCP"),
    );
    let group = inside(&group, "TargetGroupArn");
    let listener = ask(
        &mut world,
        &format!(
            "Action=CreateListener&LoadBalancerArn={arn}&Protocol=UDP&Port=4789&DefaultActions.member.1.Type=forward\
             &DefaultActions.member.1.TargetGroupArn={group}"
        ),
    );
    assert_eq!(inside(&listener, "TargetGroupArn"), group);
    let instance = running(&mut world, instance());
    let target = format!("TargetGroupArn={group}&Targets.member.1.Id={instance}");
    assert_eq!(ask(&mut world, &format!("Action=RegisterTargets&{target}")).status, 200);
    let health = ask(&mut world, &format!("Action=DescribeTargetHealth&TargetGroupArn={group}"));
    assert_eq!((inside(&health, "State"), inside(&health, "Port")), ("initial", "4789"));
    let groups = ask(&mut world, &format!("Action=DescribeTargetGroups&LoadBalancerArn={arn}"));
    assert_eq!(inside(&groups, "LoadBalancerArns"), format!("<member>{arn}</member>"));
    let read = ask(&mut world, "Action=DescribeLoadBalancers&Names.member.1=sensor&PageSize=1");
    assert_eq!((inside(&read, "Code"), inside(&read, "Type")), ("provisioning", "network"));
    let rules = ask(&mut world, &format!("Action=DescribeRules&ListenerArn={}", inside(&listener, "ListenerArn")));
    assert_eq!((inside(&rules, "Priority"), inside(&rules, "IsDefault")), ("default", "true"));
    assert_eq!(ask(&mut world, &format!("Action=DeleteLoadBalancer&LoadBalancerArn={arn}")).status, 200);
    assert_eq!(ask(&mut world, &format!("Action=DeleteTargetGroup&TargetGroupArn={group}")).status, 200);
}

// Facts: 9-mirror-listener, 10-silent-failures
#[test]
fn what_a_load_balancer_hears_shows_in_its_listeners_alone() {
    let mut world = empty_world();
    let arn = world.add_network_load_balancer("sensor");
    let without_id = |reply: Reply| reply.body.split_once("<ResponseMetadata>").unwrap().0.to_owned();
    let balancers = without_id(ask(&mut world, "Action=DescribeLoadBalancers"));
    let asked = format!("Action=DescribeListeners&LoadBalancerArn={arn}");
    let listeners = ask(&mut world, &asked);
    assert_eq!((inside(&listeners, "Protocol"), inside(&listeners, "Port")), ("UDP", "4789"));
    let deleted = format!("Action=DeleteListener&ListenerArn={}", inside(&listeners, "ListenerArn"));
    assert_eq!(ask(&mut world, &deleted).status, 200);
    assert_eq!(inside(&ask(&mut world, &asked), "Listeners"), "");
    assert_eq!(without_id(ask(&mut world, "Action=DescribeLoadBalancers")), balancers);
}

#[test]
fn an_error_of_elb_has_the_form_of_query_and_a_code_of_its_own() {
    let mut world = empty_world();
    let reply = ask(&mut world, "Action=DescribeLoadBalancers&Names.member.1=none");
    assert!(reply.body.contains("<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\">"));
    assert_eq!((reply.status, inside(&reply, "Type"), inside(&reply, "Code")), (400, "Sender", "LoadBalancerNotFound"));
    for (body, code) in [
        ("Action=DeleteLoadBalancer", "ValidationError"),
        ("Action=DescribeLoadBalancers&PageSize=many", "ValidationError"),
        ("Action=DescribeLoadBalancers&Colour=red", "ValidationError"),
        ("Action=DescribeInstances", "InvalidAction"),
        ("Action=CreateListener&LoadBalancerArn=a&DefaultActions.member.1.Type=redirect", "ValidationError"),
    ] {
        assert_eq!(inside(&ask(&mut world, body), "Code"), code, "{body}");
    }
}

#[test]
fn a_list_that_is_required_names_something() {
    let mut world = empty_world();
    let balancer = world.add_network_load_balancer("sensor");
    let of_balancer = format!("LoadBalancerArn={balancer}");
    let tagged = format!("ResourceArns.member.1={balancer}");
    for (body, missing) in [
        ("Action=DescribeTags".into(), "ResourceArns"),
        (format!("Action=AddTags&{tagged}"), "Tags"),
        ("Action=AddTags&Tags.member.1.Key=k".into(), "ResourceArns"),
        (format!("Action=RemoveTags&{tagged}"), "TagKeys"),
        ("Action=RemoveTags&TagKeys.member.1=k".into(), "ResourceArns"),
        (format!("Action=ModifyLoadBalancerAttributes&{of_balancer}"), "Attributes"),
        (format!("Action=CreateListener&{of_balancer}&Protocol=UDP&Port=53"), "DefaultActions"),
        ("Action=RegisterTargets&TargetGroupArn=none".into(), "Targets"),
        ("Action=DeregisterTargets&TargetGroupArn=none".into(), "Targets"),
    ] {
        let reply = ask(&mut world, &body);
        assert_eq!((reply.status, inside(&reply, "Code")), (400, "ValidationError"), "{body}");
        assert!(inside(&reply, "Message").contains(missing), "{body}: {}", reply.body);
    }
}

#[test]
fn the_api_is_the_one_that_a_request_is_signed_for() {
    let mut world = empty_world();
    let tags = "Action=DescribeTags";
    let balancer = world.add_network_load_balancer("sensor");
    assert!(answer(&mut world, Some(SIGNED), tags).body.contains("<tagSet>"));
    assert!(ask(&mut world, &format!("{tags}&ResourceArns.member.1={balancer}")).body.contains("<TagDescriptions>"));
    let other = answer(&mut world, Some(&signed_for("s3")), tags);
    assert_eq!((other.status, inside(&other, "Code")), (403, "SignatureDoesNotMatch"));
    assert!(other.body.contains("s3"), "{}", other.body);
    let unsigned = answer(&mut world, None, "Action=DescribeTags&Version=2015-12-01");
    assert!(unsigned.body.contains("<ErrorResponse "), "{}", unsigned.body);
    for version in ["2016-11-15", "2011-06-15"] {
        let body = format!("Action=DescribeTags&Version={version}");
        let other = answer(&mut world, Some(&signed_for("elasticloadbalancing")), &body);
        assert_eq!((other.status, inside(&other, "Code")), (403, "SignatureDoesNotMatch"), "{version}");
    }
}

#[test]
fn the_tagging_api_refuses_in_json_whoever_has_not_signed_or_is_nobody() {
    let mut api = Api::new(empty_world(), 1);
    api.iam_mut().add(&"123456789012".into(), "user/alice", Principal::user());
    let refused = |api: &mut Api, signature: Option<&str>| {
        let mut request = super::http::request(signature, "{}");
        let target = "ResourceGroupsTaggingAPI_20170126.GetResources".parse().unwrap();
        request.headers_mut().insert("x-amz-target", target);
        let reply = wire::answer(api, &request).reply.unwrap();
        let body: serde_json::Value = serde_json::from_slice(reply.body()).unwrap();
        (reply.status().as_u16(), body["__type"].as_str().unwrap().to_owned())
    };
    assert_eq!(refused(&mut api, None), (403, "MissingAuthenticationToken".into()));
    assert_eq!(refused(&mut api, Some(&signed_for("tagging"))), (403, "InvalidClientTokenId".into()));
    assert_eq!(refused(&mut api, Some(&signed_for("elasticloadbalancing"))), (403, "SignatureDoesNotMatch".into()));
}

#[test]
fn get_resources_speaks_json() {
    let mut world = empty_world();
    network(&mut world);
    let id = running(&mut world, instance().tagged("role", "web"));
    let target = "ResourceGroupsTaggingAPI_20170126.GetResources";
    let body = r#"{"TagFilters":[{"Key":"role","Values":["web"]}],"ResourceTypeFilters":["ec2:instance"],"ResourcesPerPage":100}"#;
    let (status, answer) = tagging(&world, target, body);
    assert_eq!((status, &answer["PaginationToken"]), (200, &"".into()));
    let found = &answer["ResourceTagMappingList"][0];
    assert_eq!(found["ResourceARN"], format!("arn:aws:ec2:eu-west-1:123456789012:instance/{id}"));
    assert_eq!(found["Tags"], serde_json::json!([{"Key": "role", "Value": "web"}]));
    for (target, body, code) in [
        (target, "", "SerializationException"),
        (target, r#"{"ResourcesPerPage":"x"}"#, "SerializationException"),
        (target, r#"{"ResourcesPerPage":0}"#, "InvalidParameterException"),
        (target, r#"{"Colour":"red"}"#, "InvalidParameterException"),
        ("ResourceGroupsTaggingAPI_20170126.TagResources", "{}", "UnknownOperationException"),
    ] {
        let (status, answer) = tagging(&world, target, body);
        assert_eq!((status, &answer["__type"]), (400, &code.into()), "{body}");
    }
}

fn caller() -> Caller {
    Caller::simulated("123456789012".into())
}

fn described() -> Request {
    Request::Elb(ElbRequest::DescribeLoadBalancers(DescribeLoadBalancers::default()))
}

#[test]
fn a_fault_for_an_action_of_ec2_never_befalls_one_of_elb_with_the_same_name() {
    let mut api = Api::new(empty_world(), 1);
    api.add_fault(Fault::new(Effect::Denied).on("DescribeTags"));
    let elb = api.call(&caller(), Request::Elb(ElbRequest::DescribeTags(Vec::new()))).came;
    assert!(matches!(elb, Came::Whole(Ok(_))));
    api.add_fault(Fault::new(Effect::Denied).on("elasticloadbalancing:*"));
    let elb = api.call(&caller(), Request::Elb(ElbRequest::DescribeTags(Vec::new()))).came;
    assert!(matches!(elb, Came::Whole(Err(error)) if error.code == "AccessDenied" && error.status == 403));
}

#[test]
fn lists_of_elb_and_of_the_tagging_api_can_be_cut_and_old() {
    let mut world = empty_world();
    (0..3).for_each(|number| drop(world.add_network_load_balancer(&format!("lb-{number}"))));
    let mut api = Api::new(world, 1);
    let seen = |api: &mut Api| match api.call(&caller(), described()).came {
        Came::Whole(Ok(Response::Elb(ElbResponse::DescribeLoadBalancers(page)))) => {
            (page.items.len(), page.next.is_some())
        }
        other => panic!("{other:?}"),
    };
    let short = api.add_fault(Fault::new(Effect::ShortPage(1)));
    assert_eq!(seen(&mut api), (1, true));
    assert!(api.end_fault(short));
    api.add_fault(Fault::new(Effect::CutPage(2)));
    assert_eq!(seen(&mut api), (2, false));
    api.end_faults();
    api.lag(Some(Lag::up_to(SignedDuration::from_secs(60))));
    api.advance(api.world().now() + SignedDuration::from_secs(100));
    api.world_mut().add_network_load_balancer("new");
    let sizes: Vec<_> = (0..20).map(|_| seen(&mut api).0).collect();
    assert!(sizes.contains(&3), "a new one may not be seen yet: {sizes:?}");
}
