//! What ELB and the tagging API are asked to find the load balancers that a policy names, what their pages hold, and what becomes of those
//! that are not whole.

use std::collections::BTreeMap;

use mirror_core::cloud::{Class, Cloud, CloudError, Items, Page, Query};
use mirror_core::inventory::{ClassicBalancer, Kind};

use super::wire::{Answer, form, json, sdk};

fn classic(marker: Option<&str>) -> Query {
    Query::Classic(marker.map(str::to_owned))
}

fn tags(token: Option<&str>) -> Query {
    Query::BalancerTags(token.map(str::to_owned))
}

fn success(inside: &str) -> String {
    format!(
        r#"<DescribeLoadBalancersResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2012-06-01/"><DescribeLoadBalancersResult>{inside}</DescribeLoadBalancersResult>
<ResponseMetadata><RequestId>83c88b9d</RequestId></ResponseMetadata></DescribeLoadBalancersResponse>"#
    )
}

/// What is answered to a question for Classic Load Balancers, and with which parameters it was asked.
async fn ask(marker: Option<&str>, inside: &str) -> (Page, BTreeMap<String, String>) {
    let (sdk, wire) = sdk(Answer::Http(200, success(inside))).await;
    let page = sdk.read(&classic(marker)).await.unwrap();
    wire.only(|request| {
        let signed = request.headers().get("authorization").unwrap();
        assert!(signed.contains("/eu-west-1/elasticloadbalancing/"), "{signed}");
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        assert!(body.contains("Version=2012-06-01"), "the other API has an action of this name: {body}");
    });
    (page, wire.parameters())
}

async fn fails(query: Query, status: u16, body: &str) -> CloudError {
    let (sdk, wire) = sdk(Answer::Http(status, body.into())).await;
    let error = sdk.read(&query).await.unwrap_err();
    assert_eq!((error.action.as_str(), wire.count()), (query.action(), 1), "{error}");
    error
}

fn refusal(code: &str) -> String {
    format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>")
}

#[tokio::test]
async fn classic_load_balancers_go_by_their_names_and_come_with_who_is_registered() {
    let (page, parameters) = ask(
        Some("here"),
        "<LoadBalancerDescriptions>
  <member>
    <LoadBalancerName>web</LoadBalancerName><DNSName>web-1234567890.eu-west-1.elb.amazonaws.com</DNSName>
    <CanonicalHostedZoneNameID>Z32O12XQLNTSW2</CanonicalHostedZoneNameID><VPCId>vpc-1</VPCId>
    <Instances>
      <member><InstanceId>i-0b</InstanceId></member>
      <member><InstanceId>i-0a</InstanceId></member>
    </Instances>
    <AvailabilityZones><member>eu-west-1a</member></AvailabilityZones><Subnets><member>subnet-0a</member></Subnets>
    <SecurityGroups><member>sg-1</member></SecurityGroups><Scheme>internet-facing</Scheme>
  </member>
  <member><LoadBalancerName>idle</LoadBalancerName><VPCId>vpc-2</VPCId><Instances/></member>
  <member><LoadBalancerName>bare</LoadBalancerName><VPCId/></member>
</LoadBalancerDescriptions><NextMarker>there</NextMarker>",
    )
    .await;
    let balancer = |vpc: Option<&str>, instances: &[&str]| ClassicBalancer {
        vpc: vpc.map(Into::into),
        instances: instances.iter().map(|id| (*id).into()).collect(),
        emptied: None,
    };
    let all = vec![
        ("web".into(), balancer(Some("vpc-1"), &["i-0a", "i-0b"])),
        ("idle".into(), balancer(Some("vpc-2"), &[])),
        ("bare".into(), balancer(None, &[])),
    ];
    assert_eq!(page, Page { items: Items::Classic(all), next: Some("there".into()) });
    assert_eq!(parameters, form(&[("Action", "DescribeLoadBalancers"), ("PageSize", "400"), ("Marker", "here")]));
}

#[tokio::test]
async fn the_first_page_is_asked_for_without_a_marker_and_the_last_has_an_empty_one() {
    for inside in ["<LoadBalancerDescriptions/><NextMarker/>", "<LoadBalancerDescriptions/>"] {
        let (page, parameters) = ask(None, inside).await;
        assert_eq!(page, Page { items: Items::Classic(vec![]), next: None });
        assert_eq!(parameters, form(&[("Action", "DescribeLoadBalancers"), ("PageSize", "400")]));
    }
}

#[tokio::test]
async fn a_classic_load_balancer_without_a_name_or_with_an_instance_without_an_id_spoils_the_page() {
    let whole = "<member><LoadBalancerName>web</LoadBalancerName></member>";
    for (spoiled, why) in [
        ("<member><VPCId>vpc-1</VPCId></member>", "a classic load balancer has no `LoadBalancerName`"),
        ("<member><LoadBalancerName/></member>", "a classic load balancer has no `LoadBalancerName`"),
        (
            "<member><LoadBalancerName>api</LoadBalancerName><Instances><member/></Instances></member>",
            "a registered instance has no `InstanceId`",
        ),
    ] {
        let body = success(&format!("<LoadBalancerDescriptions>{whole}{spoiled}</LoadBalancerDescriptions>"));
        let error = fails(classic(None), 200, &body).await;
        assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug));
        assert!(error.message.starts_with(why), "{error}");
    }
}

#[tokio::test]
async fn no_list_of_classic_load_balancers_is_no_empty_one() {
    let error = fails(classic(None), 200, &success("")).await;
    assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug));
    assert!(error.message.contains("the answer has no `LoadBalancerDescriptions`"), "{error}");
    let whole = success("<LoadBalancerDescriptions></LoadBalancerDescriptions>");
    for end in [0, whole.len() / 2, whole.len() - 1] {
        assert_eq!(fails(classic(None), 200, &whole[..end]).await.code, "UnreadableAnswer", "{end}");
    }
}

#[tokio::test]
async fn a_refusal_of_classic_load_balancers_is_told_by_its_code() {
    let error = fails(classic(None), 403, &refusal("AccessDenied")).await;
    let expected = "grant elasticloadbalancing:DescribeLoadBalancers: no";
    assert_eq!((error.message.as_str(), error.class), (expected, Class::Denied));
    for (code, class) in [
        ("LoadBalancerNotFound", Class::Gone),
        ("Throttling", Class::Throttled),
        ("DependencyThrottle", Class::Throttled),
        ("ValidationError", Class::Bug),
    ] {
        assert_eq!(fails(classic(None), 400, &refusal(code)).await.class, class, "{code}");
    }
}

#[tokio::test]
async fn load_balancers_of_the_other_types_are_listed_by_the_newer_version_of_the_api() {
    let body = r#"<DescribeLoadBalancersResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/">
<DescribeLoadBalancersResult><LoadBalancers>
  <member><LoadBalancerArn>arn:x:loadbalancer/app/a/1</LoadBalancerArn><Type>application</Type></member>
</LoadBalancers><NextMarker>there</NextMarker></DescribeLoadBalancersResult></DescribeLoadBalancersResponse>"#;
    let (sdk, wire) = sdk(Answer::Http(200, body.into())).await;
    let page = sdk.read(&Query::Balancers(Some("here".into()))).await.unwrap();
    let all = vec!["arn:x:loadbalancer/app/a/1".into()];
    assert_eq!(page, Page { items: Items::LoadBalancers(all), next: Some("there".into()) });
    let action = ("Action", "DescribeLoadBalancers");
    assert_eq!(wire.parameters(), form(&[action, ("PageSize", "400"), ("Marker", "here")]));
    wire.only(|request| {
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        assert!(body.contains("Version=2015-12-01"), "{body}");
    });
}

#[tokio::test]
async fn load_balancers_of_all_types_come_with_their_tags_whatever_the_keys() {
    let body = r#"{"PaginationToken": "there", "ResourceTagMappingList": [
        {"ResourceARN": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/1",
         "Tags": [{"Key": "team", "Value": "shop"}, {"Key": "empty", "Value": ""}]},
        {"ResourceARN": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/old", "Tags": []}]}"#;
    let (sdk, wire) = json(200, body).await;
    let page = sdk.read(&tags(Some("here"))).await.unwrap();
    let arn = |name: &str| format!("arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/{name}");
    let all = vec![(arn("app/web/1"), form(&[("team", "shop"), ("empty", "")])), (arn("old"), form(&[]))];
    assert_eq!(page, Page { items: Items::BalancerTags(all), next: Some("there".into()) });
    wire.only(|request| {
        assert_eq!(request.headers().get("x-amz-target"), Some("ResourceGroupsTaggingAPI_20170126.GetResources"));
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        for part in [
            r#""PaginationToken":"here""#,
            r#""ResourceTypeFilters":["elasticloadbalancing:loadbalancer"]"#,
            r#""ResourcesPerPage":100"#,
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
        assert!(!body.contains("TagFilters"), "{body}");
    });
}

#[tokio::test]
async fn the_last_page_of_tagged_load_balancers_has_an_empty_token_and_may_hold_nothing() {
    for body in [r#"{"PaginationToken": "", "ResourceTagMappingList": []}"#, r#"{"ResourceTagMappingList": []}"#] {
        let (sdk, wire) = json(200, body).await;
        let page = sdk.read(&tags(None)).await.unwrap();
        assert_eq!(page, Page { items: Items::BalancerTags(vec![]), next: None });
        wire.only(|request| {
            let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
            assert!(!body.contains("PaginationToken"), "{body}");
        });
    }
}

#[tokio::test]
async fn an_answer_about_tags_that_is_empty_cut_short_or_of_something_else_never_passes_for_an_empty_list() {
    let whole = r#"{"ResourceTagMappingList": [{"ResourceARN": "arn:x:loadbalancer/web", "Tags": []}]}"#;
    let bodies = (0..whole.len()).map(|end| &whole[..end]);
    for body in bodies.chain(["{}", r#"{"hello": 1}"#, "<html>Welcome</html>"]) {
        assert_eq!(fails(tags(None), 200, body).await.code, "UnreadableAnswer", "{body}");
    }
}

#[tokio::test]
async fn a_tagged_load_balancer_without_an_arn_spoils_the_page() {
    let body = r#"{"ResourceTagMappingList": [{"ResourceARN": "arn:x:loadbalancer/web", "Tags": []}, {"Tags": []}]}"#;
    let error = fails(tags(None), 200, body).await;
    assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug));
    assert!(error.message.starts_with("a tagged load balancer has no `ResourceARN`"), "{error}");
}

#[tokio::test]
async fn the_tags_of_load_balancers_are_denied_by_the_name_that_iam_has_for_it() {
    let error = fails(tags(None), 400, r#"{"__type": "AccessDeniedException", "Message": "no"}"#).await;
    assert_eq!((error.message.as_str(), error.class), ("grant tag:GetResources: no", Class::Denied));
}

#[tokio::test]
async fn what_a_policy_finds_load_balancers_by_is_no_list() {
    let (sdk, wire) = sdk(Answer::Silence).await;
    let error = sdk.read(&Query::List(Kind::Directory, None)).await.unwrap_err();
    assert_eq!((error.code.as_str(), wire.count()), ("UnsendableRequest", 0));
}
