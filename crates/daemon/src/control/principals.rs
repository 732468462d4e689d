//! Takes users, roles and what they may, in JSON; registers them in an embedded cloud, lists them and takes them out again. Never asks for
//! a secret: nobody in there checks that a signature is true.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::SignedDuration;
use mirror_core::ids::AccountId;
use mirror_core::inventory::Tags;
use mirror_sim::{ApiError, Caller, Policy, Principal};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::lasting::Lasting;
use super::{Answer, Control, Refusal, answered, check_account, first_account, said};

/// How long sessions of a role can be allowed to last. Source: "CreateRole", AWS IAM API Reference, `MaxSessionDuration`.
const SESSIONS: std::ops::RangeInclusive<SignedDuration> =
    SignedDuration::from_hours(1)..=SignedDuration::from_hours(12);

/// A user or a role. What is not said it has not.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PrincipalWish {
    /// The end of the ARN: `user/alice`, `role/mirror`, with a path or without.
    principal: String,
    #[serde(default = "first_account")]
    account: AccountId,
    /// Policy documents, by name.
    #[serde(default)]
    policies: BTreeMap<String, Value>,
    #[serde(default)]
    tags: Tags,
    /// A user's: the ids of access keys.
    #[serde(default)]
    keys: BTreeSet<String>,
    /// A role's: the document that says who may take it on.
    #[serde(skip_serializing_if = "Option::is_none")]
    trust: Option<Value>,
    /// A role's: an hour, unless it is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    longest_session: Option<Lasting>,
}

/// Who is registered, by ARN. Nobody else registers anybody: it is true of the API.
pub(super) type Registered = BTreeMap<String, PrincipalWish>;

pub(super) async fn list(State(control): State<Control>) -> Answer {
    let set = control.set();
    let listed: Vec<_> =
        set.principals.iter().map(|(arn, principal)| json!({ "arn": arn, "principal": principal })).collect();
    answered(&json!({ "principals": listed }))
}

pub(super) async fn register(State(control): State<Control>, body: Bytes) -> Answer {
    let wish: PrincipalWish = said(&body)?;
    let principal = principal(&wish)?;
    let mut set = control.set();
    check_alone(&wish, &set.principals)?;
    let mut api = control.embedded.now();
    let iam = api.iam_mut();
    let arn = iam.add(&wish.account, &wish.principal, principal);
    // Who is registered once more has the keys that are named now, and no others.
    let before = set.principals.insert(arn.clone(), wish.clone());
    before.iter().flat_map(|before| &before.keys).for_each(|key| iam.delete_key(key));
    let caller = Caller::new(wish.account.clone(), &wish.principal);
    wish.keys.iter().for_each(|key| iam.add_key(key, &caller));
    answered(&json!({ "arn": arn, "principal": wish }))
}

pub(super) async fn remove(State(control): State<Control>, Path(arn): Path<String>) -> Answer {
    let mut set = control.set();
    let Some(PrincipalWish { account, principal, .. }) = set.principals.remove(&arn) else {
        let known: Vec<&str> = set.principals.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "there are none".into() } else { format!("there are {}", known.join(", ")) };
        return Err(Refusal::new(StatusCode::NOT_FOUND, format!("there is no principal `{arn}`: {known}")));
    };
    control.embedded.now().iam_mut().remove(&account, &principal);
    answered(&json!({ "removed": [arn] }))
}

pub(super) async fn remove_all(State(control): State<Control>) -> Answer {
    let mut set = control.set();
    let removed = std::mem::take(&mut set.principals);
    let mut api = control.embedded.now();
    for PrincipalWish { account, principal, .. } in removed.values() {
        api.iam_mut().remove(account, principal);
    }
    answered(&json!({ "removed": removed.keys().collect::<Vec<_>>() }))
}

fn principal(wish: &PrincipalWish) -> Result<Principal, Refusal> {
    let PrincipalWish { principal: name, account, policies: documents, tags, keys, trust, longest_session } = wish;
    check_account("account", account)?;
    check_name(name)?;
    let bare = match (name.starts_with("role/"), trust) {
        (true, Some(trust)) => role(keys, trust, *longest_session)?,
        (true, None) => return Err(Refusal::wrong("`trust` is missing: nobody could take on this role")),
        (false, None) => user(keys, *longest_session)?,
        (false, Some(_)) => return Err(Refusal::wrong("`trust` is a role's: nobody takes on a user")),
    };
    let principal = policies(documents)?.into_iter().fold(bare, Principal::with);
    Ok(tags.iter().fold(principal, |principal, (key, value)| principal.tagged(key, value)))
}

fn user(keys: &BTreeSet<String>, longest_session: Option<Lasting>) -> Result<Principal, Refusal> {
    if longest_session.is_some() {
        return Err(Refusal::wrong("`longestSession` is a role's: a user has no sessions"));
    }
    match keys.iter().find(|key| !is_key(key)) {
        Some(key) => Err(Refusal::wrong(format!(
            "`keys` has `{key}`: write up to 128 letters, digits and `_`, of which the first four are not `ASIA`"
        ))),
        None => Ok(Principal::user()),
    }
}

/// Source: "AccessKey", AWS IAM API Reference, for the longest and the letters; "IAM identifiers", IAM User Guide, for those that begin with
/// `ASIA`: they are temporary, and `AssumeRole` gives them. AWS's have at least 16 letters; a person may make up shorter ones.
fn is_key(key: &str) -> bool {
    let is_word = key.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    (1..=128).contains(&key.len()) && is_word && !key.starts_with("ASIA")
}

fn role(keys: &BTreeSet<String>, trust: &Value, longest_session: Option<Lasting>) -> Result<Principal, Refusal> {
    if !keys.is_empty() {
        return Err(Refusal::wrong("`keys` are a user's: those of a role come from AssumeRole"));
    }
    let trust = Policy::trust(&trust.to_string()).map_err(|error| malformed("trust", &error))?;
    match longest_session {
        None => Ok(Principal::role(trust)),
        Some(Lasting(longest)) if SESSIONS.contains(&longest) => Ok(Principal::role(trust).for_at_most(longest)),
        Some(other) => Err(Refusal::wrong(format!("`longestSession` is {other}: write a duration from 1h to 12h"))),
    }
}

/// Policies, from documents by name.
pub(super) fn policies(documents: &BTreeMap<String, Value>) -> Result<Vec<Policy>, Refusal> {
    let read = |(name, document): (&String, &Value)| {
        Policy::identity(name, &document.to_string()).map_err(|error| malformed(name, &error))
    };
    documents.iter().map(read).collect()
}

fn malformed(name: &str, error: &ApiError) -> Refusal {
    Refusal::wrong(format!("`{name}`: {error}"))
}

/// Sources: "CreateUser" and "CreateRole", AWS IAM API Reference. Of what a path may have there, only what a name may have.
fn check_name(principal: &str) -> Result<(), Refusal> {
    let is_plain = |part: &str| {
        let is_of_names = |it: u8| it.is_ascii_alphanumeric() || b"_+=,.@-".contains(&it);
        (1..=64).contains(&part.len()) && part.bytes().all(is_of_names)
    };
    match principal.split_once('/') {
        Some(("user" | "role", name)) if name.split('/').all(is_plain) => Ok(()),
        _ => Err(Refusal::wrong(format!(
            "`principal` is `{principal}`: write `user/…` or `role/…`, and then up to 64 letters, digits and `_+=,.@-`"
        ))),
    }
}

/// An error, if somebody else has the name or a key. Source: "IAM and AWS STS quotas", IAM User Guide: a name is given once in an account,
/// whatever its path and case.
fn check_alone(wish: &PrincipalWish, registered: &Registered) -> Result<(), Refusal> {
    let PrincipalWish { principal, account, keys, .. } = wish;
    for (arn, other) in registered.iter().filter(|(_, it)| (&it.account, &it.principal) != (account, principal)) {
        if other.account == *account && bare_name(&other.principal) == bare_name(principal) {
            return Err(Refusal::wrong(format!("`principal` is `{principal}`, and there is {arn}")));
        }
        if let Some(key) = keys.intersection(&other.keys).next() {
            return Err(Refusal::wrong(format!("`keys` has `{key}`, which is a key of {arn}")));
        }
    }
    Ok(())
}

/// What it is, and its name without the path.
fn bare_name(principal: &str) -> (Option<&str>, Option<String>) {
    (principal.split('/').next(), principal.rsplit('/').next().map(str::to_lowercase))
}
