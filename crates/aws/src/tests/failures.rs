//! Calls that fail: what each failure is called, what it means for us, and what its one line tells a person to do.

use mirror_core::cloud::{Class, Cloud, CloudError, Query, Step};
use mirror_core::inventory::Kind;

use super::wire::{Answer, refusal, sdk};

/// Reads sessions from whatever answers so, by exactly one request.
async fn fails(answer: Answer) -> CloudError {
    let (sdk, wire) = sdk(answer).await;
    let error = sdk.read(&Query::List(Kind::Sessions, None)).await.unwrap_err();
    assert_eq!(wire.count(), 1, "{error}");
    assert_eq!(error.action, "DescribeTrafficMirrorSessions");
    assert!(!error.message.contains('\n'), "{error}");
    error
}

#[tokio::test]
async fn an_error_of_aws_keeps_its_code_and_words() {
    let error = fails(refusal(400, "InvalidParameterValue", "Value (x)\n for parameter y is invalid.")).await;
    assert_eq!(
        error.to_string(),
        "DescribeTrafficMirrorSessions: InvalidParameterValue: Value (x) for parameter y is invalid."
    );
    assert_eq!(error.class, Class::Bug);
}

#[tokio::test]
async fn throttling_and_server_errors_are_not_tried_again_here() {
    let error = fails(refusal(503, "RequestLimitExceeded", "Request limit exceeded.")).await;
    assert_eq!((error.code.as_str(), error.class), ("RequestLimitExceeded", Class::Throttled));
    let error = fails(refusal(500, "InternalError", "An internal error has occurred")).await;
    assert_eq!((error.code.as_str(), error.class), ("InternalError", Class::Retry));
}

#[tokio::test]
async fn a_step_that_fails_is_sent_once() {
    let (sdk, wire) = sdk(refusal(400, "InvalidTrafficMirrorSessionId.NotFound", "does not exist")).await;
    let error = sdk.apply(&Step::DeleteSession { session: "tms-1".into() }).await.unwrap_err();
    assert_eq!((error.class, wire.count()), (Class::Gone, 1));
}

#[tokio::test]
async fn a_denial_begins_with_what_to_grant() {
    let error = fails(refusal(403, "UnauthorizedOperation", "You are not authorized to perform this operation.")).await;
    assert_eq!(error.class, Class::Denied);
    let expected = "grant ec2:DescribeTrafficMirrorSessions: You are not authorized to perform this operation.";
    assert_eq!(error.message, expected);
}

#[tokio::test]
async fn a_denial_that_names_another_permission_is_believed_and_its_encoded_part_left_out() {
    let message = "You are not authorized to perform this operation. User: arn:aws:sts::1:assumed-role/r/s is not \
        authorized to perform: ec2:CreateTags on resource: arn:aws:ec2:x because no identity-based policy allows the \
        ec2:CreateTags action. Encoded authorization failure message: bm90IGZvciBwZW9wbGU";
    let (sdk, _) = sdk(refusal(403, "UnauthorizedOperation", message)).await;
    let step = Step::CreateFilter { token: mirror_core::cloud::ClientToken("t".into()), tags: [].into() };
    let error = sdk.apply(&step).await.unwrap_err();
    assert!(error.message.starts_with("grant ec2:CreateTags: You are not authorized"), "{error}");
    assert!(error.message.ends_with("allows the ec2:CreateTags action."), "{error}");
}

#[tokio::test]
async fn sts_denies_in_its_own_name() {
    let body = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
        <Code>AccessDenied</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>";
    let (sdk, _) = sdk(Answer::Http(403, body.into())).await;
    let error = sdk.read(&Query::Identity).await.unwrap_err();
    assert_eq!((error.message.as_str(), error.class), ("grant sts:GetCallerIdentity: no", Class::Denied));
}

#[tokio::test]
async fn an_error_without_words_gives_its_status() {
    let error = fails(refusal(400, "Blocked", "")).await;
    assert_eq!(error.message, "HTTP 400, without a message");
}

#[tokio::test]
async fn words_without_end_are_cut() {
    let error = fails(refusal(400, "InvalidParameterValue", &"ä".repeat(10_000))).await;
    assert!(error.message.chars().count() < 500 && error.message.ends_with('…'), "{error}");
}

#[tokio::test]
async fn a_failure_that_is_not_aws_speaking_is_the_servers_fault_from_500_on() {
    let page = "<html>Bad Gateway</html>";
    let error = fails(Answer::Http(502, page.into())).await;
    assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Retry));
    assert!(error.message.starts_with("HTTP 502"), "{error}");
    let error = fails(Answer::Http(404, page.into())).await;
    assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_worth_another_call() {
    let error = fails(Answer::BreaksOff).await;
    assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Retry), "{error}");
}

#[tokio::test]
async fn nobody_there_names_the_place_and_what_to_check() {
    let error = fails(Answer::Refused).await;
    assert_eq!((error.code.as_str(), error.class), ("Unreachable", Class::Retry));
    let expected = "cannot reach `http://127.0.0.1:4566`: connection refused; check AWS_REGION and AWS_ENDPOINT_URL";
    assert_eq!(error.message, expected);
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let error = fails(Answer::Silence).await;
    assert_eq!((error.code.as_str(), error.class), ("Timeout", Class::Retry));
}
