//! Takes who calls, and what came of it; gives them names. Never makes a call.

use jiff::SignedDuration;
use mirror_core::cloud::Action;
use mirror_core::ids::AccountId;

use crate::error::ApiError;
use crate::response::Response;

/// Who calls: a principal of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    /// The account, which is also the one that it acts for.
    pub account: AccountId,
    /// The end of the principal's ARN: `user/alice`, `assumed-role/mirror/session`.
    pub principal: String,
}

impl Caller {
    /// A principal of an account.
    pub fn new(account: AccountId, principal: &str) -> Self {
        Self { account, principal: principal.into() }
    }

    /// The principal of whom the world speaks when nobody says who they are.
    pub fn simulated(account: AccountId) -> Self {
        Self::new(account, "assumed-role/simulated/session")
    }

    /// The principal's ARN. A role that is assumed belongs to STS, everything else to IAM. Source: "IAM identifiers", IAM User Guide.
    pub fn arn(&self) -> String {
        let service = if self.principal.starts_with("assumed-role/") { "sts" } else { "iam" };
        format!("arn:aws:{service}::{}:{}", self.account, self.principal)
    }

    /// The same response; if it says who calls, it says that it is this one. The account stays: it is the one that has answered.
    pub(super) fn named_in(&self, response: Response) -> Response {
        match response {
            Response::GetCallerIdentity(mut identity) => {
                identity.arn = Self::new(identity.account.clone(), &self.principal).arn();
                Response::GetCallerIdentity(identity)
            }
            other => other,
        }
    }
}

/// What reached the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How long it took, in virtual time. For a call that nobody answers: how long the call itself took; how long to wait for an answer
    /// is the client's to know.
    pub took: SignedDuration,
    /// The account that answered.
    pub account: AccountId,
    /// What came.
    pub came: Came,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// AWS's answer, or its error.
    Whole(Result<Response, ApiError>),
    /// The same, but the body ends after so many bytes.
    Broken(Result<Response, ApiError>, usize),
    /// Nothing. Whether the call took effect is not to be seen from outside.
    Nothing,
}

/// The answer to a call that is not allowed. Sources: "Error codes for the Amazon EC2 API" (the code and its status); "Troubleshoot
/// access denied error messages", IAM User Guide (the words). What is encoded can only be read by AWS: here it is a digest.
pub(super) fn unauthorized(caller: &Caller, action: Action) -> ApiError {
    let arn = caller.arn();
    let encoded = blake3::hash(format!("{arn} {action}").as_bytes());
    let message = format!(
        "You are not authorized to perform this operation. User: {arn} is not authorized to perform: ec2:{action} because no \
         identity-based policy allows the ec2:{action} action. Encoded authorization failure message: {encoded}"
    );
    ApiError::new("UnauthorizedOperation", message).with_status(403)
}
