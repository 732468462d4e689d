//! Takes what the SDK gives in place of an answer; gives the cloud's error: code, class, and one line that says what to do. Never
//! decides whether to try again.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ConnectorError, ErrorMetadata, ProvideErrorMetadata};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use mirror_core::cloud::{Action, Class, CloudError, actions};
use mirror_core::inventory::Kind;

use crate::whole::NotWhole;

pub(crate) type SdkError<E> = aws_sdk_ec2::error::SdkError<E, HttpResponse>;

/// What every operation's error is.
pub(crate) trait Answered: ProvideErrorMetadata + Error + 'static {}
impl<E: ProvideErrorMetadata + Error + 'static> Answered for E {}

/// Longest text of others that goes into a message: what a person reads, not a page of HTML from a proxy.
const LONGEST: usize = 400;

/// What begins the part of a denial that only `aws sts decode-authorization-message` can read, and that is longer than the rest.
const ENCODED: &str = "Encoded authorization failure message";

/// Where AWS says which permission is missing: for a create it may be `ec2:CreateTags`.
const PERFORM: &str = "not authorized to perform: ";

/// What the SDK says once for every place where it has looked for credentials, before it says why there are none.
const NOT_ENABLED: &str = "the credential provider was not enabled: ";

/// What to look at when a call goes to the wrong place, or to none.
const CHECK: &str = "check AWS_REGION and AWS_ENDPOINT_URL";

/// Why an answer cannot be used.
#[derive(Debug)]
pub(crate) struct Unreadable(String);

impl Unreadable {
    /// What is wrong with the answer.
    pub(crate) fn new(why: String) -> Self {
        Self(why)
    }

    /// The error of the call that was answered so.
    pub(crate) fn of(self, action: Action) -> CloudError {
        let message =
            format!("{}; nothing of this answer is used, since a part of it would pass for all of it", self.0);
        error(action, "UnreadableAnswer", Class::Bug, &message)
    }
}

/// Nobody said which Region.
pub(crate) fn no_region() -> CloudError {
    error("Connect", "NoRegion", Class::Denied, "set AWS_REGION, or `region` in the profile")
}

/// The request cannot be written.
pub(crate) fn unsendable(action: Action, why: &str) -> CloudError {
    error(action, "UnsendableRequest", Class::Bug, why)
}

/// The error of a call to `place`.
pub(crate) fn failed<E: Answered>(action: Action, place: &str, failure: &SdkError<E>) -> CloudError {
    let cause = cause(failure);
    match failure {
        SdkError::ServiceError(answer) => answered(action, answer.err(), answer.raw().status().as_u16(), &cause),
        SdkError::ResponseError(answer) => unreadable(action, failure, answer.raw().status().as_u16(), &cause),
        SdkError::TimeoutError(_) => timeout(action, place),
        SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => timeout(action, place),
        SdkError::DispatchFailure(_) => match find::<CredentialsError>(failure) {
            Some(why) => no_role(action, why, &cause).unwrap_or_else(|| no_credentials(action, why, &cause)),
            None => unreachable(action, place, &cause),
        },
        // The SDK's list may grow: whatever else there is was not sent.
        SdkError::ConstructionFailure(_) | _ => unsendable(action, &format!("{cause}; {CHECK}")),
    }
}

/// An error that was answered; one without a code is no answer of AWS.
fn answered(action: Action, answer: &impl ProvideErrorMetadata, status: u16, cause: &str) -> CloudError {
    let Some(code) = answer.code() else {
        let class = if status >= 500 { Class::Retry } else { Class::Bug };
        return error(action, "UnreadableAnswer", class, &format!("HTTP {status}: {cause}"));
    };
    let said = one_line(answer.message().unwrap_or_default());
    let message = match code {
        "UnauthorizedOperation" | "AccessDenied" | "AccessDeniedException" => denial(action, &said),
        _ if said.is_empty() => format!("HTTP {status}, without a message"),
        _ => said,
    };
    CloudError::answered(action, code, message, status)
}

/// What to grant, then what AWS said.
fn denial(action: Action, said: &str) -> String {
    let named = said.split_once(PERFORM).and_then(|(_, rest)| rest.split([' ', ',']).next());
    let service = match action {
        "GetCallerIdentity" => "sts",
        // The service's name, `tagging`, is not what its actions begin with. Source: "Actions, resources, and condition keys for
        // Amazon Resource Group Tagging API", Service Authorization Reference.
        "GetResources" => "tag",
        "ListWebACLs" | "ListResourcesForWebACL" => "wafv2",
        _ if actions(Kind::LoadBalancers).contains(&action) => "elasticloadbalancing",
        _ => "ec2",
    };
    let lacking = named.map_or_else(|| format!("{service}:{action}"), str::to_owned);
    format!("grant {lacking}: {said}")
}

/// An answer that broke off is worth another call; one that is not what EC2 writes is not.
fn unreadable(action: Action, failure: &(dyn Error + 'static), status: u16, cause: &str) -> CloudError {
    let class = match find::<NotWhole>(failure) {
        Some(_) if status < 500 => Class::Bug,
        _ => Class::Retry,
    };
    error(action, "UnreadableAnswer", class, &format!("HTTP {status}: {cause}"))
}

fn timeout(action: Action, place: &str) -> CloudError {
    error(action, "Timeout", Class::Retry, &format!("{place} did not answer in time"))
}

fn unreachable(action: Action, place: &str, cause: &str) -> CloudError {
    error(action, "Unreachable", Class::Retry, &format!("cannot reach {place}: {cause}; {CHECK}"))
}

/// Where STS has answered that we may not act as a role, or not now: its own code says which.
fn no_role(action: Action, why: &CredentialsError, cause: &str) -> Option<CloudError> {
    let SdkError::ServiceError(answer) = find::<SdkError<AssumeRoleError>>(why)? else { return None };
    let message = format!(
        "the role cannot be assumed: {cause}; let its trust policy, and where it is another account's ours too, allow sts:AssumeRole, and \
         check roleArn and externalId"
    );
    Some(CloudError::answered(action, answer.err().code()?, message, answer.raw().status().as_u16()))
}

/// Where nobody has credentials for us, somebody must give us some; where the one who has them does not answer, he may yet.
fn no_credentials(action: Action, why: &CredentialsError, cause: &str) -> CloudError {
    let unanswered = matches!(why, CredentialsError::ProviderTimedOut(_)) || find::<ConnectorError>(why).is_some();
    let class = if unanswered { Class::Retry } else { Class::Denied };
    let message = format!(
        "{cause}; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the pod a role (EKS Pod Identity, or \
         web identity: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE), or the machine an instance profile"
    );
    error(action, "NoCredentials", class, &message)
}

fn error(action: Action, code: &str, class: Class, message: &str) -> CloudError {
    CloudError { action: action.into(), code: code.into(), message: message.into(), class }
}

/// The innermost reason: the outer ones only say that there is one.
fn cause(error: &(dyn Error + 'static)) -> String {
    let root = chain(error).last().unwrap_or(error);
    match root.downcast_ref::<ErrorMetadata>() {
        Some(answer) => {
            let (code, message) = (answer.code().unwrap_or_default(), answer.message().unwrap_or_default());
            one_line(&format!("{code}: {message}"))
        }
        None => one_line(&root.to_string().replace(NOT_ENABLED, "")),
    }
}

fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    chain(error).find_map(|error| error.downcast_ref())
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// On one line, and no longer than a person reads.
fn one_line(text: &str) -> String {
    let text = text.split_once(ENCODED).map_or(text, |(readable, _)| readable);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => line.get(..end).map(|start| format!("{start} …")).unwrap_or_default(),
        None => line,
    }
}
