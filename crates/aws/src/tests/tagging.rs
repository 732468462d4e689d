//! What the tagging API is asked, what its pages hold, and what becomes of those that are not whole.

use mirror_core::cloud::{Class, Cloud, CloudError, Items, Page, Query};
use mirror_core::inventory::{Kind, Tagged};

use super::wire::{form, json};

fn by_key(token: Option<&str>) -> Query {
    Query::Tagged("mirror".into(), token.map(str::to_owned))
}

/// The error of a call that is answered so.
async fn fails(status: u16, body: &str) -> CloudError {
    let (sdk, wire) = json(status, body).await;
    let error = sdk.read(&by_key(None)).await.unwrap_err();
    assert_eq!((error.action.as_str(), wire.count()), ("GetResources", 1), "{error}");
    error
}

#[tokio::test]
async fn tagged_subnets_and_vpcs_are_asked_for_by_the_key_and_named_by_their_arns() {
    let body = r#"{"PaginationToken": "there", "ResourceTagMappingList": [
        {"ResourceARN": "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-0a",
         "Tags": [{"Key": "mirror", "Value": "crown-jewel"}, {"Key": "mirror-until", "Value": ""}]},
        {"ResourceARN": "arn:aws-cn:ec2:cn-north-1:111122223333:vpc/vpc-0a", "Tags": [{"Key": "mirror", "Value": "off"}]}]}"#;
    let (sdk, wire) = json(200, body).await;
    let page = sdk.read(&by_key(Some("here"))).await.unwrap();
    let tagged = Tagged {
        subnets: [("subnet-0a".into(), form(&[("mirror", "crown-jewel"), ("mirror-until", "")]))].into(),
        vpcs: [("vpc-0a".into(), form(&[("mirror", "off")]))].into(),
    };
    assert_eq!(page, Page { items: Items::Tagged(tagged), next: Some("there".into()) });
    wire.only(|request| {
        assert_eq!(request.headers().get("x-amz-target"), Some("ResourceGroupsTaggingAPI_20170126.GetResources"));
        let signed = request.headers().get("authorization").unwrap();
        assert!(signed.contains("/eu-west-1/tagging/"), "{signed}");
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        for part in [
            r#""PaginationToken":"here""#,
            r#""TagFilters":[{"Key":"mirror"}]"#,
            r#""ResourceTypeFilters":["ec2:subnet","ec2:vpc"]"#,
            r#""ResourcesPerPage":100"#,
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
    });
}

#[tokio::test]
async fn the_last_page_has_an_empty_token_and_may_hold_nothing() {
    let (sdk, _) = json(200, r#"{"PaginationToken": "", "ResourceTagMappingList": []}"#).await;
    for query in [by_key(None), Query::List(Kind::Tagged, None)] {
        let page = sdk.read(&query).await.unwrap();
        assert_eq!(page, Page { items: Items::Tagged(Tagged::default()), next: None });
    }
}

#[tokio::test]
async fn an_answer_that_is_empty_cut_short_or_of_something_else_never_passes_for_an_empty_list() {
    let whole = r#"{"ResourceTagMappingList": [{"ResourceARN": "arn:aws:ec2:x:1:vpc/vpc-1", "Tags": []}]}"#;
    let bodies = (0..whole.len()).map(|end| &whole[..end]);
    for body in bodies.chain(["{}", r#"{"hello": 1}"#, "<html>Welcome</html>"]) {
        let error = fails(200, body).await;
        assert_eq!(error.code, "UnreadableAnswer", "{body}");
    }
}

#[tokio::test]
async fn what_is_neither_a_subnet_nor_a_vpc_spoils_the_page() {
    let body = r#"{"ResourceTagMappingList": [{"ResourceARN": "arn:aws:ec2:eu-west-1:1:instance/i-1", "Tags": []}]}"#;
    let error = fails(200, body).await;
    assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug));
    assert!(error.message.contains("instance/i-1"), "{error}");
    let error = fails(200, r#"{"ResourceTagMappingList": [{"Tags": []}]}"#).await;
    assert!(error.message.starts_with("a tagged resource has no `ResourceARN`"), "{error}");
}

#[tokio::test]
async fn a_denial_says_to_grant_the_permission_by_the_name_that_iam_has_for_it() {
    let denied = r#"{"__type": "AccessDeniedException", "Message": "no"}"#;
    let error = fails(400, denied).await;
    assert_eq!((error.message.as_str(), error.class), ("grant tag:GetResources: no", Class::Denied));
}

#[tokio::test]
async fn throttling_is_told_from_other_failures() {
    let error = fails(400, r#"{"__type": "ThrottledException", "Message": "Rate exceeded"}"#).await;
    assert_eq!((error.code.as_str(), error.class), ("ThrottledException", Class::Throttled));
}
