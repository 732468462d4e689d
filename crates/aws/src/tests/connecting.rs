//! What connecting takes from its options, and what it says where something is missing.

use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_ec2::error::{ConnectorError, ErrorMetadata};
use mirror_core::cloud::{Class, Cloud, CloudError, Query};
use mirror_core::inventory::Kind;
use mirror_core::lease::{LASTS, RENEWAL};

use super::wire::{Answer, Wire, ambient, options, refusal, sdk};
use crate::{CALL_TIMEOUT, CONNECT_TIMEOUT, STEP_TIMEOUT, loader};

/// Who should give us credentials, and fails with this.
#[derive(Debug)]
struct Fails(fn() -> CredentialsError);

impl ProvideCredentials for Fails {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(self.0()))
    }
}

/// What a call gives when credentials fail so; it sends nothing.
async fn without_credentials(why: fn() -> CredentialsError) -> CloudError {
    let wire = Wire::that_answers(Answer::Refused);
    let sdk = ambient(loader(options(), wire.client()).credentials_provider(Fails(why))).await.here().unwrap();
    let error = sdk.read(&Query::Identity).await.unwrap_err();
    assert_eq!(wire.count(), 0);
    assert_eq!(error.code, "NoCredentials");
    error
}

#[tokio::test]
async fn options_win_over_the_environment() {
    let (sdk, wire) = sdk(refusal(400, "Whatever", "")).await;
    assert_eq!(sdk.region().as_str(), "eu-west-1");
    let _ = sdk.read(&Query::Identity).await;
    wire.only(|request| {
        assert_eq!(request.uri(), "http://127.0.0.1:4566/");
        let signed = request.headers().get("authorization").unwrap();
        assert!(signed.contains("Credential=AKIDEXAMPLE/") && signed.contains("/eu-west-1/sts/"), "{signed}");
    });
}

#[tokio::test]
async fn every_call_carries_our_name() {
    let (sdk, wire) = sdk(refusal(400, "Whatever", "")).await;
    let _ = sdk.read(&Query::List(Kind::Sessions, None)).await;
    wire.only(|request| {
        let agent = request.headers().get("user-agent").unwrap();
        assert!(agent.contains(concat!("lib/vpc-mirror/", env!("CARGO_PKG_VERSION"))), "{agent}");
    });
}

#[tokio::test]
async fn a_call_is_bounded_in_time_and_made_once() {
    let config = loader(options(), Wire::that_answers(Answer::Silence).client()).load().await;
    let timeouts = config.timeout_config().unwrap();
    assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
    assert_eq!(timeouts.operation_timeout(), Some(CALL_TIMEOUT));
    assert_eq!(config.retry_config().unwrap().max_attempts(), 1);
}

#[tokio::test]
async fn a_change_is_given_up_so_soon_that_a_lease_that_was_just_renewed_outlasts_it() {
    let wire = Wire::that_answers(Answer::Silence);
    let sdk = ambient(loader(options(), wire.client())).await.here().unwrap();
    let of = |client: &aws_sdk_ec2::Client| client.config().timeout_config().unwrap().clone();
    assert_eq!(of(&sdk.ec2).operation_timeout(), Some(CALL_TIMEOUT));
    assert_eq!(of(&sdk.steps).operation_timeout(), Some(STEP_TIMEOUT));
    assert_eq!(of(&sdk.steps).connect_timeout(), Some(CONNECT_TIMEOUT));
    assert!(STEP_TIMEOUT + Duration::try_from(RENEWAL).unwrap() < Duration::try_from(LASTS).unwrap());
}

#[tokio::test]
async fn without_a_region_it_says_where_to_set_one() {
    let wire = Wire::that_answers(Answer::Refused);
    let error = ambient(loader(options(), wire.client()).region(None)).await.here().unwrap_err();
    assert_eq!(error.code, "NoRegion");
    assert_eq!(error.message, "set AWS_REGION, or `region` in the profile");
}

#[tokio::test]
async fn without_credentials_nothing_is_sent_and_it_says_what_to_set() {
    let error = without_credentials(|| {
        CredentialsError::not_loaded("Attempted:\n  Environment: the credential provider was not enabled: no variable")
    })
    .await;
    assert_eq!(error.class, Class::Denied);
    assert!(error.message.starts_with("Attempted: Environment: no variable; set AWS_PROFILE, or "), "{error}");
}

#[tokio::test]
async fn a_role_that_sts_refuses_is_a_denial_in_its_words() {
    let error = without_credentials(|| {
        let answer = ErrorMetadata::builder().code("AccessDenied").message("not for you").build();
        CredentialsError::provider_error(answer)
    })
    .await;
    assert_eq!(error.class, Class::Denied);
    assert!(error.message.starts_with("AccessDenied: not for you; set "), "{error}");
}

#[tokio::test]
async fn credentials_that_may_come_yet_are_worth_another_call() {
    let late = || CredentialsError::provider_timed_out(Duration::from_secs(5));
    assert_eq!(without_credentials(late).await.class, Class::Retry);
    let lost = || CredentialsError::provider_error(ConnectorError::io("connection refused".into()));
    assert_eq!(without_credentials(lost).await.class, Class::Retry);
}

#[test]
fn a_secret_is_never_printed() {
    assert!(!format!("{:?}", options()).contains("not a secret"));
}
