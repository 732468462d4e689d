//! Takes what is known of a user or a role; gives its unique id and its condition keys. Never decides what it may.

use jiff::SignedDuration;
use mirror_core::inventory::Tags;

use super::context::Context;
use super::policy::Policy;
use crate::api::Caller;

/// How long a session of a role lasts at most, unless the role says otherwise. Source: "Update the maximum session duration for a role",
/// IAM User Guide.
const USUAL_SESSION: SignedDuration = SignedDuration::from_hours(1);

/// What has policies: a user or a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub(super) policies: Vec<Policy>,
    pub(super) tags: Tags,
    /// Who may take it on; none for a user.
    pub(super) trust: Option<Policy>,
    pub(super) longest_session: SignedDuration,
}

impl Principal {
    /// A user, who may nothing yet.
    pub fn user() -> Self {
        Self { policies: Vec::new(), tags: Tags::new(), trust: None, longest_session: USUAL_SESSION }
    }

    /// A role, which may nothing yet and can be taken on by those whom it trusts.
    pub fn role(trust: Policy) -> Self {
        Self { trust: Some(trust), ..Self::user() }
    }

    /// The same with one policy more.
    #[must_use]
    pub fn with(mut self, policy: Policy) -> Self {
        self.policies.push(policy);
        self
    }

    /// The same with one tag more: `aws:PrincipalTag/<key>`.
    #[must_use]
    pub fn tagged(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.into(), value.into());
        self
    }

    /// The same role, for sessions of another length at most: one hour to twelve.
    #[must_use]
    pub fn for_at_most(self, longest_session: SignedDuration) -> Self {
        Self { longest_session, ..self }
    }

    /// What is known of whoever calls as this principal. `arn` is its own: a session's is its role's. Source: "AWS global condition
    /// context keys", IAM User Guide.
    pub(super) fn keys(&self, caller: &Caller, arn: &str) -> Context {
        let kind = if self.trust.is_some() { "AssumedRole" } else { "User" };
        let keys = Context::default()
            .with("aws:PrincipalArn", arn)
            .with("aws:PrincipalAccount", &caller.account)
            .with("aws:PrincipalType", kind)
            .with("aws:userid", user_id(caller, arn, self));
        let keys = match caller.principal.strip_prefix("user/") {
            Some(name) => keys.with("aws:username", name.rsplit('/').next().unwrap_or(name)),
            None => keys,
        };
        let tag =
            |keys: Context, (key, value): (&String, &String)| keys.with(&format!("aws:PrincipalTag/{key}"), value);
        self.tags.iter().fold(keys, tag)
    }
}

/// A user's unique id, or a role's with the session's name. Source: "IAM identifiers", IAM User Guide.
pub(super) fn user_id(caller: &Caller, arn: &str, principal: &Principal) -> String {
    match (&principal.trust, caller.principal.rsplit('/').next()) {
        (Some(_), Some(session)) => format!("{}:{session}", unique_id("AROA", arn)),
        _ => unique_id("AIDA", arn),
    }
}

/// An id of 21 capital letters and digits, of which the first four say what it is of: the same for the same text.
pub(super) fn unique_id(kind: &str, of: &str) -> String {
    const DIGITS: [char; 32] = [
        'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V',
        'W', 'X', 'Y', 'Z', '2', '3', '4', '5', '6', '7',
    ];
    let digest = blake3::hash(of.as_bytes());
    let digits = digest.as_bytes().iter().take(17).filter_map(|byte| DIGITS.get(usize::from(byte % 32)));
    kind.chars().chain(digits.copied()).collect()
}
