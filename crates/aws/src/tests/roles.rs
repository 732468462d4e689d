//! What is sent and signed where a role is to be acted as, and what is said where it may not be.

use mirror_core::cloud::{Class, Cloud, Query};
use mirror_core::policy::Role;

use super::wire::{Answer, Wire, ambient, options};
use crate::{Sdk, loader};

/// What STS answers: a session that ends long after these tests. Source: "AssumeRole", AWS STS API Reference, "Examples".
const SESSION: &str = r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::444455556666:assumed-role/vpc-mirror/vpc-mirror-prod</Arn><AssumedRoleId>AROA:vpc-mirror-prod</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>not a secret</SecretAccessKey><SessionToken>token</SessionToken>
<Expiration>2199-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"#;

/// AWS on a wire that answers so, as a role of another account, in another Region than the one at hand.
async fn as_role(answer: Answer, owner: &str) -> (Sdk, Wire) {
    let wire = Wire::that_answers(answer);
    let ambient = ambient(loader(options(), wire.client())).await;
    let role = Role { arn: "arn:aws:iam::444455556666:role/vpc-mirror".into(), external_id: Some("4711".into()) };
    (ambient.at(&"eu-central-1".into(), Some(&role), owner).await, wire)
}

/// What STS answers when it refuses.
fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::Http(
        status,
        format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        ),
    )
}

#[tokio::test]
async fn a_role_is_assumed_once_by_the_first_call_and_signs_all_of_them() {
    let (sdk, wire) = as_role(Answer::Http(200, SESSION.into()), "prod").await;
    assert_eq!((sdk.region().as_str(), wire.count()), ("eu-central-1", 0));
    // The answers are no good: every request of this wire is answered alike.
    let _ = sdk.read(&Query::Identity).await;
    let _ = sdk.read(&Query::Identity).await;
    let sent = wire.each(|request| {
        let body = String::from_utf8(request.body().bytes().unwrap().to_vec()).unwrap();
        let action = body.split('&').next().unwrap().to_owned();
        let key = request.headers().get("authorization").unwrap().split(['=', '/']).nth(1).unwrap().to_owned();
        (action, key, request.headers().get("x-amz-security-token").map(str::to_owned))
    });
    let call = ("Action=GetCallerIdentity".to_owned(), "ASIAEXAMPLE".to_owned(), Some("token".to_owned()));
    assert_eq!(sent, [("Action=AssumeRole".into(), "AKIDEXAMPLE".into(), None), call.clone(), call]);
    let assumed =
        wire.each(|request| form_urlencoded::parse(request.body().bytes().unwrap()).into_owned().collect::<Vec<_>>());
    for (name, value) in [
        ("RoleArn", "arn:aws:iam::444455556666:role/vpc-mirror"),
        ("RoleSessionName", "vpc-mirror-prod"),
        ("ExternalId", "4711"),
    ] {
        assert!(assumed[0].contains(&(name.into(), value.into())), "{assumed:?}");
    }
    assert!(
        wire.each(|request| request.headers().get("authorization").unwrap().contains("/eu-central-1/sts/"))
            .iter()
            .all(|it| *it)
    );
}

#[tokio::test]
async fn the_longest_owner_still_makes_a_name_for_the_session() {
    let (sdk, wire) = as_role(refusal(403, "AccessDenied", "no"), &"o".repeat(63)).await;
    let _ = sdk.read(&Query::Identity).await;
    assert_eq!(wire.parameters()["RoleSessionName"], format!("vpc-mirror-{}", "o".repeat(53)));
}

#[tokio::test]
async fn a_role_that_may_not_be_assumed_is_a_denial_that_says_what_to_allow() {
    let said = "User: arn:aws:iam::111122223333:user/demo is not authorized to perform: sts:AssumeRole on resource: x";
    let (sdk, _) = as_role(refusal(403, "AccessDenied", said), "prod").await;
    let error = sdk.read(&Query::Identity).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.class), ("AccessDenied", Class::Denied));
    assert!(error.message.starts_with(&format!("the role cannot be assumed: AccessDenied: {said}; let ")), "{error}");
    assert!(error.message.ends_with("check roleArn and externalId"), "{error}");
}

#[tokio::test]
async fn an_sts_that_is_throttled_or_away_is_worth_another_call() {
    let (sdk, _) = as_role(refusal(400, "Throttling", "Rate exceeded"), "prod").await;
    assert_eq!(sdk.read(&Query::Identity).await.unwrap_err().class, Class::Throttled);
    let (sdk, _) = as_role(refusal(500, "InternalFailure", "try again"), "prod").await;
    assert_eq!(sdk.read(&Query::Identity).await.unwrap_err().class, Class::Retry);
    let (sdk, _) = as_role(Answer::Refused, "prod").await;
    assert_eq!(sdk.read(&Query::Identity).await.unwrap_err().class, Class::Retry);
}
