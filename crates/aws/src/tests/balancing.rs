//! What ELB is asked about load balancers, what its pages hold, and what becomes of those that are not whole.

use mirror_core::cloud::{Class, Cloud, CloudError, Items, Page, Query};
use mirror_core::inventory::{Kind, Listener, Registered, TargetGroup};

use super::wire::{Answer, form, sdk};

const SENSOR: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/sta/1";
const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/zeek/1";

fn balancers(token: Option<&str>) -> Query {
    Query::LoadBalancers(token.map(str::to_owned))
}

fn listeners(token: Option<&str>) -> Query {
    Query::Listeners(SENSOR.into(), token.map(str::to_owned))
}

fn groups(token: Option<&str>) -> Query {
    Query::TargetGroups(SENSOR.into(), token.map(str::to_owned))
}

fn health() -> Query {
    Query::TargetHealth(SENSOR.into(), GROUP.into())
}

fn success(action: &str, inside: &str) -> String {
    format!(
        r#"<{action}Response xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><{action}Result>{inside}</{action}Result>
<ResponseMetadata><RequestId>59dbff89</RequestId></ResponseMetadata></{action}Response>"#
    )
}

/// What is answered to a query, and with which parameters it was asked.
async fn ask(query: Query, inside: &str) -> (Page, std::collections::BTreeMap<String, String>) {
    let (sdk, wire) = sdk(Answer::Http(200, success(query.action(), inside))).await;
    let page = sdk.read(&query).await.unwrap();
    wire.only(|request| {
        let signed = request.headers().get("authorization").unwrap();
        assert!(signed.contains("/eu-west-1/elasticloadbalancing/"), "{signed}");
    });
    (page, wire.parameters())
}

async fn fails(query: Query, status: u16, body: String) -> CloudError {
    let (sdk, wire) = sdk(Answer::Http(status, body)).await;
    let error = sdk.read(&query).await.unwrap_err();
    assert_eq!((error.action.as_str(), wire.count()), (query.action(), 1), "{error}");
    error
}

fn refusal(code: &str) -> String {
    format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>")
}

#[tokio::test]
async fn load_balancers_are_listed_by_their_arns_whatever_their_type() {
    let (page, parameters) = ask(
        balancers(Some("here")),
        "<LoadBalancers>
  <member><LoadBalancerArn>arn:x:loadbalancer/gwy/a/1</LoadBalancerArn><LoadBalancerName>a</LoadBalancerName><Type>gateway</Type>
    <AvailabilityZones><member><ZoneName>eu-west-1a</ZoneName></member></AvailabilityZones><State><Code>active</Code></State></member>
  <member><LoadBalancerArn>arn:x:loadbalancer/net/b/1</LoadBalancerArn><Type>network</Type></member>
</LoadBalancers><NextMarker>there</NextMarker>",
    )
    .await;
    let all = ["gwy/a", "net/b"].map(|it| format!("arn:x:loadbalancer/{it}/1").into()).into();
    assert_eq!(page, Page { items: Items::LoadBalancers(all), next: Some("there".into()) });
    assert_eq!(parameters, form(&[("Action", "DescribeLoadBalancers"), ("PageSize", "400"), ("Marker", "here")]));
}

#[tokio::test]
async fn a_load_balancer_without_an_arn_spoils_the_page() {
    let inside = "<LoadBalancers><member><Type>gateway</Type></member></LoadBalancers>";
    let error = fails(balancers(None), 200, success("DescribeLoadBalancers", inside)).await;
    assert!(error.message.starts_with("a load balancer has no `LoadBalancerArn`"), "{error}");
}

#[tokio::test]
async fn listeners_are_asked_for_by_their_load_balancer_and_keep_protocol_and_port() {
    let (page, parameters) = ask(
        listeners(Some("here")),
        "<Listeners>
  <member><ListenerArn>a</ListenerArn><LoadBalancerArn>x</LoadBalancerArn><Port>4789</Port><Protocol>UDP</Protocol>
    <DefaultActions><member><Type>forward</Type></member></DefaultActions></member>
  <member><ListenerArn>b</ListenerArn><Port>443</Port><Protocol>TCP_QUIC</Protocol></member>
  <member><ListenerArn>c</ListenerArn></member>
</Listeners><NextMarker>there</NextMarker>",
    )
    .await;
    let listener = |protocol: &str, port| Listener { protocol: protocol.into(), port };
    let all = vec![listener("UDP", 4789), listener("TCP_QUIC", 443), listener("", 0)];
    assert_eq!(page, Page { items: Items::Listeners(all), next: Some("there".into()) });
    let of = ("LoadBalancerArn", SENSOR);
    assert_eq!(parameters, form(&[("Action", "DescribeListeners"), of, ("PageSize", "400"), ("Marker", "here")]));
}

#[tokio::test]
async fn target_groups_are_asked_for_by_their_load_balancer_and_keep_their_vpc() {
    let (page, parameters) = ask(
        groups(None),
        "<TargetGroups>
  <member><TargetGroupArn>a</TargetGroupArn><TargetGroupName>zeek</TargetGroupName><VpcId>vpc-1</VpcId><TargetType>ip</TargetType></member>
  <member><TargetGroupArn>b</TargetGroupArn></member>
</TargetGroups>",
    )
    .await;
    let in_vpc = TargetGroup { vpc: Some("vpc-1".into()), ..TargetGroup::default() };
    let all = vec![("a".into(), in_vpc), ("b".into(), TargetGroup::default())];
    assert_eq!(page, Page { items: Items::TargetGroups(all), next: None });
    let of = ("LoadBalancerArn", SENSOR);
    assert_eq!(parameters, form(&[("Action", "DescribeTargetGroups"), of, ("PageSize", "400")]));
}

#[tokio::test]
async fn whoever_is_registered_is_listed_in_whatever_health() {
    let (page, parameters) = ask(
        health(),
        "<TargetHealthDescriptions>
  <member><Target><Id>i-0a</Id><Port>4789</Port></Target><TargetHealth><State>draining</State></TargetHealth></member>
  <member><Target><Id>10.0.0.9</Id><AvailabilityZone>eu-west-1a</AvailabilityZone></Target></member>
  <member><Target><Id>10.9.0.9</Id><AvailabilityZone>all</AvailabilityZone></Target></member>
</TargetHealthDescriptions>",
    )
    .await;
    let all = vec![
        Registered::Instance("i-0a".into()),
        Registered::Address("10.0.0.9".parse().unwrap()),
        Registered::AddressElsewhere("10.9.0.9".parse().unwrap()),
    ];
    assert_eq!(page, Page { items: Items::TargetHealth(all), next: None });
    assert_eq!(parameters, form(&[("Action", "DescribeTargetHealth"), ("TargetGroupArn", GROUP)]));
}

#[tokio::test]
async fn an_empty_list_is_a_page_without_items_and_no_list_is_none() {
    for (query, list) in [
        (balancers(None), "LoadBalancers"),
        (listeners(None), "Listeners"),
        (groups(None), "TargetGroups"),
        (health(), "TargetHealthDescriptions"),
    ] {
        let (page, _) = ask(query.clone(), &format!("<{list}/><NextMarker></NextMarker>")).await;
        assert_eq!(page.next, None);
        let error = fails(query.clone(), 200, success(query.action(), "")).await;
        assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug));
        assert!(error.message.contains(&format!("the answer has no `{list}`")), "{error}");
        let whole = success(query.action(), &format!("<{list}></{list}>"));
        for end in [0, whole.len() / 2, whole.len() - 1] {
            assert_eq!(fails(query.clone(), 200, whole[..end].to_owned()).await.code, "UnreadableAnswer", "{end}");
        }
    }
}

#[tokio::test]
async fn a_target_without_an_id_spoils_the_page() {
    let inside = "<TargetHealthDescriptions><member><Target/></member></TargetHealthDescriptions>";
    let error = fails(health(), 200, success("DescribeTargetHealth", inside)).await;
    assert!(error.message.starts_with("a registered target has no `Id`"), "{error}");
}

#[tokio::test]
async fn a_denial_says_to_grant_the_permission_by_the_name_that_iam_has_for_it() {
    for query in [balancers(None), listeners(None), groups(None), health()] {
        let error = fails(query.clone(), 403, refusal("AccessDenied")).await;
        let expected = format!("grant elasticloadbalancing:{}: no", query.action());
        assert_eq!((error.message, error.class), (expected, Class::Denied));
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_comes_too_often_are_told_from_other_failures() {
    for (code, class) in [
        ("LoadBalancerNotFound", Class::Gone),
        ("TargetGroupNotFound", Class::Gone),
        ("Throttling", Class::Throttled),
        ("ValidationError", Class::Bug),
    ] {
        assert_eq!(fails(health(), 400, refusal(code)).await.class, class, "{code}");
    }
}

#[tokio::test]
async fn what_counts_of_load_balancers_is_no_list() {
    let (sdk, wire) = sdk(Answer::Silence).await;
    let error = sdk.read(&Query::List(Kind::LoadBalancers, None)).await.unwrap_err();
    assert_eq!((error.code.as_str(), wire.count()), ("UnsendableRequest", 0));
}
