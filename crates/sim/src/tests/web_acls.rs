//! Takes calls of WAF; gives sentences about which load balancers a web ACL guards. Never asks what it would let through.

use serde_json::{Value, json};

use super::http::SIGNED;
use super::permissions::{allow, where_alice_may};
use super::*;
use crate::api::{Came, Lag, Rates};
use crate::wire;

/// What WAF answers: status and body.
fn ask(world: &mut World, action: &str, body: &Value) -> (u16, Value) {
    let mut request = super::http::request(Some(&SIGNED.replace("/ec2/", "/wafv2/")), &body.to_string());
    request.headers_mut().insert("x-amz-target", format!("AWSWAF_20190729.{action}").parse().unwrap());
    let mut api = Api::new(world.clone(), 1);
    let reply = wire::answer(&mut api, &request).reply.unwrap();
    *world = api.world().clone();
    assert_eq!(reply.headers()["content-type"], "application/x-amz-json-1.1");
    (reply.status().as_u16(), serde_json::from_slice(reply.body()).unwrap())
}

/// A world with an Application Load Balancer and a web ACL.
fn guarded() -> (World, mirror_core::ids::LoadBalancerArn, WebAclArn) {
    let mut world = empty_world();
    let network = network(&mut world);
    let wish = CreateLoadBalancer {
        name: "web".into(),
        kind: LoadBalancerType::Application,
        scheme: None,
        subnets: network.subnets,
        security_groups: Vec::new(),
        tags: Tags::new(),
    };
    let Ok(Response::Elb(ElbResponse::CreateLoadBalancer(made))) =
        world.call(Request::Elb(ElbRequest::CreateLoadBalancer(wish)))
    else {
        panic!("no load balancer")
    };
    let acl = world.add_web_acl("edge");
    (world, made.arn, acl)
}

fn associate(acl: &WebAclArn, resource: &mirror_core::ids::LoadBalancerArn) -> Request {
    Request::Waf(WafRequest::AssociateWebACL(AssociateWebAcl { acl: acl.clone(), resource: resource.clone() }))
}

fn listed(acl: &WebAclArn) -> Request {
    let kind = GuardedResource::ApplicationLoadBalancer;
    Request::Waf(WafRequest::ListResourcesForWebACL(ListResourcesForWebAcl { acl: acl.clone(), kind }))
}

// Facts: 9-web-acls, 9-web-acl-of-a-resource
#[test]
fn a_web_acl_lists_the_load_balancers_that_it_guards_and_each_names_its_own() {
    let (mut world, balancer, _) = guarded();
    let create = json!({
        "Name": "inner", "Scope": "REGIONAL", "DefaultAction": {"Block": {}},
        "VisibilityConfig": {"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": "m"},
    });
    let (status, made) = ask(&mut world, "CreateWebACL", &create);
    let acl = made["Summary"]["ARN"].as_str().unwrap().to_owned();
    assert_eq!(status, 200);
    assert!(acl.starts_with("arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/inner/"), "{acl}");
    let (_, all) = ask(&mut world, "ListWebACLs", &json!({"Scope": "REGIONAL"}));
    let names: Vec<_> = all["WebACLs"].as_array().unwrap().iter().map(|it| it["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["edge", "inner"]);
    let of_balancer = json!({"ResourceArn": balancer.as_str()});
    assert_eq!(ask(&mut world, "GetWebACLForResource", &of_balancer), (200, json!({})));
    let both = json!({"WebACLArn": acl, "ResourceArn": balancer.as_str()});
    assert_eq!(ask(&mut world, "AssociateWebACL", &both), (200, json!({})));
    let (_, found) = ask(&mut world, "GetWebACLForResource", &of_balancer);
    assert_eq!((&found["WebACL"]["ARN"], &found["WebACL"]["DefaultAction"]), (&json!(acl), &json!({"Block": {}})));
    let of_acl = json!({"WebACLArn": acl});
    assert_eq!(ask(&mut world, "ListResourcesForWebACL", &of_acl).1, json!({"ResourceArns": [balancer.as_str()]}));
    let gateways = json!({"WebACLArn": acl, "ResourceType": "API_GATEWAY"});
    assert_eq!(ask(&mut world, "ListResourcesForWebACL", &gateways).1, json!({"ResourceArns": []}));
    assert_eq!(ask(&mut world, "DisassociateWebACL", &of_balancer), (200, json!({})));
    assert_eq!(ask(&mut world, "ListResourcesForWebACL", &of_acl).1, json!({"ResourceArns": []}));
}

// Facts: 9-one-web-acl
#[test]
fn a_load_balancer_has_one_web_acl_and_none_once_it_is_gone() {
    let (mut world, balancer, edge) = guarded();
    let inner = world.add_web_acl("inner");
    let guarded_by = |world: &mut World, acl: &WebAclArn| match world.call(listed(acl)) {
        Ok(Response::Waf(WafResponse::ListResourcesForWebACL(page))) => page.items.len(),
        other => panic!("{other:?}"),
    };
    world.call(associate(&edge, &balancer)).unwrap();
    world.call(associate(&inner, &balancer)).unwrap();
    assert_eq!([&edge, &inner].map(|acl| guarded_by(&mut world, acl)), [0, 1]);
    world.call(Request::Elb(ElbRequest::DeleteLoadBalancer(balancer))).unwrap();
    assert_eq!([&edge, &inner].map(|acl| guarded_by(&mut world, acl)), [0, 0]);
}

// Facts: 9-waf-errors
#[test]
fn what_is_not_there_and_what_makes_no_sense_have_codes_of_their_own() {
    let (mut world, balancer, acl) = guarded();
    let sensor = world.add_network_load_balancer("sensor");
    let gone = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/none/1";
    let none = "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/none/1";
    let (absent, wrong) = ("WAFNonexistentItemException", "WAFInvalidParameterException");
    for (action, body, code) in [
        ("ListWebACLs", json!({}), wrong),
        ("ListWebACLs", json!({"Scope": "GLOBAL"}), wrong),
        ("ListWebACLs", json!({"Scope": "CLOUDFRONT"}), wrong),
        ("ListWebACLs", json!({"Scope": "REGIONAL", "Limit": 101}), wrong),
        ("ListWebACLs", json!({"Scope": "REGIONAL", "NextMarker": "x"}), wrong),
        ("ListWebACLs", json!({"Scope": "REGIONAL", "Colour": "red"}), wrong),
        ("ListWebACLs", json!({"Scope": 1}), "SerializationException"),
        ("ListResourcesForWebACL", json!({"WebACLArn": none}), absent),
        ("ListResourcesForWebACL", json!({"WebACLArn": "edge"}), wrong),
        ("ListResourcesForWebACL", json!({"WebACLArn": acl.to_string(), "ResourceType": "LAMBDA"}), wrong),
        ("GetWebACLForResource", json!({"ResourceArn": gone}), absent),
        ("GetWebACLForResource", json!({"ResourceArn": sensor.as_str()}), wrong),
        ("AssociateWebACL", json!({"WebACLArn": none, "ResourceArn": balancer.as_str()}), absent),
        ("AssociateWebACL", json!({"WebACLArn": acl.to_string(), "ResourceArn": gone}), absent),
        ("DeleteWebACL", json!({}), "UnknownOperationException"),
        (
            "CreateWebACL",
            json!({"Name": "edge", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": {}}),
            "WAFDuplicateItemException",
        ),
    ] {
        let (status, answer) = ask(&mut world, action, &body);
        assert_eq!((status, &answer["__type"]), (400, &code.into()), "{action} {body}");
    }
}

// Facts: 9-waf-pages
#[test]
fn web_acls_come_in_pages_of_up_to_a_hundred() {
    let (mut world, ..) = guarded();
    ["a", "b", "c"].into_iter().for_each(|name| drop(world.add_web_acl(name)));
    let mut page = |marker: &Value| {
        ask(&mut world, "ListWebACLs", &json!({"Scope": "REGIONAL", "Limit": 3, "NextMarker": marker})).1
    };
    let first = page(&Value::Null);
    let second = page(&first["NextMarker"]);
    assert_eq!(first["WebACLs"].as_array().unwrap().len(), 3);
    assert_eq!((second["WebACLs"].as_array().unwrap().len(), second.get("NextMarker")), (1, None));
}

#[test]
fn another_account_sees_no_web_acl() {
    let (mut world, balancer, acl) = guarded();
    world.acting_for(&"999999999999".into(), |world| {
        assert_eq!(world.call(listed(&acl)).unwrap_err().code, "WAFNonexistentItemException");
        assert_eq!(world.call(associate(&acl, &balancer)).unwrap_err().code, "WAFNonexistentItemException");
    });
}

fn answered(api: &mut Api, request: Request) -> Result<Response, ApiError> {
    match api.call(&Caller::simulated("123456789012".into()), request).came {
        Came::Whole(result) => result,
        other => panic!("{other:?}"),
    }
}

// Facts: 6-waf-rates
#[test]
fn web_acls_are_listed_five_times_and_asked_for_one_by_one() {
    let (world, balancer, acl) = guarded();
    let mut api = Api::new(world, 1);
    api.limit_rates(Some(Rates::documented()));
    let lists = ListWebAcls { scope: WafScope::Regional, marker: None, limit: None };
    for (request, burst, in_two_seconds) in
        [(Request::Waf(WafRequest::ListWebACLs(lists)), 5, 5), (listed(&acl), 1, 1), (associate(&acl, &balancer), 1, 1)]
    {
        let passed = |api: &mut Api| (0..9).take_while(|_| answered(api, request.clone()).is_ok()).count();
        assert_eq!(passed(&mut api), burst, "{}", request.action());
        assert_eq!(answered(&mut api, request.clone()).unwrap_err().code, "ThrottlingException");
        api.advance(api.world().now() + SignedDuration::from_secs(2));
        assert_eq!(passed(&mut api), in_two_seconds, "{}", request.action());
    }
}

#[test]
fn what_a_web_acl_guards_may_not_be_seen_at_once() {
    let (world, balancer, acl) = guarded();
    let mut api = Api::new(world, 1);
    api.lag(Some(Lag { names_are_unknown_at_first: false, ..Lag::up_to(SignedDuration::from_secs(60)) }));
    api.advance(api.world().now() + SignedDuration::from_secs(100));
    answered(&mut api, associate(&acl, &balancer)).unwrap();
    api.advance(api.world().now() + SignedDuration::from_secs(5));
    let mut seen = |age: i64| {
        api.next_reads_are([SignedDuration::from_secs(age)]);
        match answered(&mut api, listed(&acl)) {
            Ok(Response::Waf(WafResponse::ListResourcesForWebACL(page))) => page.items.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([seen(10), seen(1)], [0, 1]);
}

// Facts: 10-waf
#[test]
fn the_web_acl_of_a_load_balancer_is_shown_to_whoever_may_see_it_too() {
    let (mut world, balancer, acl) = guarded();
    world.call(associate(&acl, &balancer)).unwrap();
    let asked = Request::Waf(WafRequest::GetWebACLForResource(balancer.clone()));
    let of_balancer = allow("wafv2:GetWebACLForResource", "arn:aws:elasticloadbalancing:*:*:loadbalancer/app/*", "");
    let of_acl = allow("wafv2:GetWebACL", "arn:aws:wafv2:*:*:regional/webacl/*", "");
    let mut api = where_alice_may(world.clone(), &of_balancer);
    let why = super::permissions::result(&mut api, asked.clone()).unwrap_err();
    assert_eq!((why.code.as_str(), why.status), ("AccessDeniedException", 400));
    assert!(why.message.contains("wafv2:GetWebACL on resource: arn:aws:wafv2:"), "{why}");
    let mut api = where_alice_may(world.clone(), &[of_balancer, of_acl].join(","));
    assert_eq!(super::permissions::code(&mut api, asked), "");
    let mut api = where_alice_may(world, &allow("wafv2:AssociateWebACL", "*", ""));
    let why = super::permissions::message(&mut api, associate(&acl, &balancer));
    assert!(why.contains("elasticloadbalancing:SetWebAcl"), "{why}");
}
