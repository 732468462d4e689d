//! What AWS WAF is asked about web ACLs and what they protect, what its pages hold, and what becomes of those that are not whole.

use mirror_core::cloud::{Class, Cloud, CloudError, Items, Page, Query};

use super::wire::{Wire, json};

const ACL: &str = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/front/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
const BALANCER: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/1";

fn acls(marker: Option<&str>) -> Query {
    Query::WebAcls(marker.map(str::to_owned))
}

fn protected() -> Query {
    Query::Protected(ACL.into())
}

/// What is answered to a query.
async fn ask(query: Query, body: &str) -> (Page, Wire) {
    let (sdk, wire) = json(200, body).await;
    (sdk.read(&query).await.unwrap(), wire)
}

/// The one request asked WAF for `action` in JSON; gives its body.
fn sent(wire: &Wire, action: &str) -> String {
    wire.only(|request| {
        let target = format!("AWSWAF_20190729.{action}");
        assert_eq!(request.headers().get("x-amz-target"), Some(target.as_str()));
        assert_eq!(request.headers().get("content-type"), Some("application/x-amz-json-1.1"));
        let signed = request.headers().get("authorization").unwrap();
        assert!(signed.contains("/eu-west-1/wafv2/"), "{signed}");
        String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap()
    })
}

async fn fails(query: Query, status: u16, body: &str) -> CloudError {
    let (sdk, wire) = json(status, body).await;
    let error = sdk.read(&query).await.unwrap_err();
    assert_eq!((error.action.as_str(), wire.count()), (query.action(), 1), "{error}");
    error
}

fn refusal(code: &str, message: &str) -> String {
    format!(r#"{{"__type": "{code}", "Message": "{message}"}}"#)
}

#[tokio::test]
async fn web_acls_of_the_region_are_listed_by_their_arns_with_their_names() {
    let body = r#"{"NextMarker": "there", "WebACLs": [
        {"ARN": "arn:aws:wafv2:eu-west-1:1:regional/webacl/front/1", "Name": "front", "Id": "1", "LockToken": "a", "Description": ""},
        {"ARN": "arn:aws:wafv2:eu-west-1:1:regional/webacl/FMManagedWebACLV2-all/2", "Name": "FMManagedWebACLV2-all", "Id": "2"}]}"#;
    let (page, wire) = ask(acls(Some("here")), body).await;
    let all = vec![
        ("arn:aws:wafv2:eu-west-1:1:regional/webacl/front/1".into(), "front".into()),
        ("arn:aws:wafv2:eu-west-1:1:regional/webacl/FMManagedWebACLV2-all/2".into(), "FMManagedWebACLV2-all".into()),
    ];
    assert_eq!(page, Page { items: Items::WebAcls(all), next: Some("there".into()) });
    let body = sent(&wire, "ListWebACLs");
    for part in [r#""Scope":"REGIONAL""#, r#""NextMarker":"here""#, r#""Limit":100"#] {
        assert!(body.contains(part), "{part}: {body}");
    }
}

#[tokio::test]
async fn the_last_page_may_have_a_marker_and_an_empty_page_ends_the_list() {
    let last = r#"{"NextMarker": "tail", "WebACLs": [{"ARN": "arn:x:webacl/front/1", "Name": "front"}]}"#;
    let (page, wire) = ask(acls(None), last).await;
    assert_eq!(page.next.as_deref(), Some("tail"), "whether it is the last, it does not say");
    assert!(!sent(&wire, "ListWebACLs").contains("NextMarker"), "the first page has no marker");
    let (page, _) = ask(acls(Some("tail")), r#"{"NextMarker": "tail", "WebACLs": []}"#).await;
    assert_eq!(page, Page { items: Items::WebAcls(vec![]), next: None });
}

#[tokio::test]
async fn a_page_without_a_marker_is_the_last() {
    for marker in ["", r#""NextMarker": null, "#, r#""NextMarker": "", "#] {
        let body = format!(r#"{{{marker}"WebACLs": [{{"ARN": "arn:x:webacl/front/1", "Name": "front"}}]}}"#);
        let (page, _) = ask(acls(None), &body).await;
        let all = vec![("arn:x:webacl/front/1".into(), "front".into())];
        assert_eq!(page, Page { items: Items::WebAcls(all), next: None }, "{marker}");
    }
}

#[tokio::test]
async fn a_web_acl_without_an_arn_or_a_name_spoils_the_page() {
    for (spoiled, why) in [
        (r#"{"Name": "back"}"#, "a web ACL has no `ARN`"),
        (r#"{"ARN": "", "Name": "back"}"#, "a web ACL has no `ARN`"),
        (r#"{"ARN": "arn:x:webacl/back/2"}"#, "web ACL `arn:x:webacl/back/2` has no `Name`"),
    ] {
        let body = format!(r#"{{"WebACLs": [{{"ARN": "arn:x:webacl/front/1", "Name": "front"}}, {spoiled}]}}"#);
        let error = fails(acls(None), 200, &body).await;
        assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug));
        assert!(error.message.starts_with(why), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_is_empty_cut_short_or_of_something_else_never_passes_for_an_empty_list() {
    let whole = r#"{"WebACLs": [{"ARN": "arn:x:webacl/front/1", "Name": "front"}]}"#;
    let bodies = (0..whole.len()).map(|end| &whole[..end]);
    for body in bodies.chain(["{}", r#"{"hello": 1}"#, r#"{"NextMarker": "there"}"#, "<html>Welcome</html>"]) {
        assert_eq!(fails(acls(None), 200, body).await.code, "UnreadableAnswer", "{body}");
    }
    let error = fails(acls(None), 200, "{}").await;
    assert!(error.message.contains("the answer has no `WebACLs`"), "{error}");
}

#[tokio::test]
async fn what_a_web_acl_protects_is_asked_for_by_its_arn_and_only_application_load_balancers_are() {
    let body = format!(r#"{{"ResourceArns": ["{BALANCER}", "arn:x:loadbalancer/app/api/2"]}}"#);
    let (page, wire) = ask(protected(), &body).await;
    let all = vec![BALANCER.into(), "arn:x:loadbalancer/app/api/2".into()];
    assert_eq!(page, Page { items: Items::Protected(all), next: None });
    let body = sent(&wire, "ListResourcesForWebACL");
    for part in [format!(r#""WebACLArn":"{ACL}""#), r#""ResourceType":"APPLICATION_LOAD_BALANCER""#.into()] {
        assert!(body.contains(&part), "{part}: {body}");
    }
}

#[tokio::test]
async fn a_web_acl_that_protects_nothing_lists_nothing_or_has_no_list() {
    for body in [r#"{"ResourceArns": []}"#, r#"{"ResourceArns": null}"#, "{}"] {
        let (page, _) = ask(protected(), body).await;
        assert_eq!(page, Page { items: Items::Protected(vec![]), next: None }, "{body}");
    }
}

#[tokio::test]
async fn a_list_of_what_is_protected_that_is_cut_short_or_of_something_else_is_unreadable() {
    let whole = format!(r#"{{"ResourceArns": ["{BALANCER}"]}}"#);
    let bodies = (1..whole.len()).map(|end| &whole[..end]);
    for body in bodies.chain([r#"{"ResourceArns": [null]}"#, r#"{"ResourceArns": "all"}"#, "<html>Welcome</html>"]) {
        assert_eq!(fails(protected(), 200, body).await.code, "UnreadableAnswer", "{body}");
    }
}

#[tokio::test]
async fn a_denial_says_to_grant_the_permission_by_the_name_that_iam_has_for_it() {
    for query in [acls(None), protected()] {
        let error = fails(query.clone(), 400, &refusal("AccessDeniedException", "no")).await;
        let expected = format!("grant wafv2:{}: no", query.action());
        assert_eq!((error.message, error.class), (expected, Class::Denied));
    }
    let said = "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: wafv2:ListWebACLs on resource: \
        arn:aws:wafv2:eu-west-1:1:regional/webacl/*/* because no identity-based policy allows the wafv2:ListWebACLs action";
    let error = fails(acls(None), 400, &refusal("AccessDeniedException", said)).await;
    assert_eq!(error.message, format!("grant wafv2:ListWebACLs: {said}"));
}

#[tokio::test]
async fn a_web_acl_that_is_not_there_and_calls_that_come_too_often_are_told_from_other_failures() {
    for (status, code, class) in [
        (400, "WAFNonexistentItemException", Class::Gone),
        (400, "ThrottlingException", Class::Throttled),
        (400, "WAFInvalidParameterException", Class::Bug),
        (400, "WAFInvalidOperationException", Class::Bug),
        (500, "WAFInternalErrorException", Class::Retry),
    ] {
        let error = fails(protected(), status, &refusal(code, "no")).await;
        assert_eq!((error.code.as_str(), error.message.as_str(), error.class), (code, "no", class));
    }
}
