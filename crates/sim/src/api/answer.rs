//! Takes who calls, and what came of it; gives them names. Never makes a call.

use jiff::SignedDuration;
use mirror_core::ids::AccountId;

use crate::error::ApiError;
use crate::response::Response;

/// Who calls: a principal of an account, by name. What else is known of him (his unique id, his tags, what he may), the directory of
/// principals says, so that a fault can be one caller's without all that.
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
    pub(super) fn named_in(&self, response: Response, user_id: Option<String>) -> Response {
        match response {
            Response::GetCallerIdentity(mut identity) => {
                identity.arn = Self::new(identity.account.clone(), &self.principal).arn();
                identity.user_id = user_id.unwrap_or(identity.user_id);
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
