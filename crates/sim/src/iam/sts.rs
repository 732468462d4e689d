//! Takes a wish to act as a role; gives keys that go by themselves, if the role trusts whoever wishes. Never lets one act for longer than
//! the role says.
//!
//! ```text
//!                    role of the same account             role of another account
//!  trust names       the caller: enough                   the caller or his account,
//!                    his account: his policy must allow   and his policy must allow
//! ```
//!
//! Sources: "AssumeRole", AWS STS API Reference; "Cross-account policy evaluation logic", IAM User Guide.

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::AccountId;

use super::context::Context;
use super::decision::Decision;
use super::denial;
use super::directory::{Directory, context};
use super::keys::AccessKey;
use super::needs::Need;
use super::policy::{Effect, Policy, Statement, Trusted};
use super::principal::{Principal, unique_id, user_id};
use crate::api::Caller;
use crate::error::ApiError;
use crate::world::World;

const ACTION: &str = "sts:AssumeRole";

/// How long a session lasts if nobody says: an hour. It is also all that a session of another session can have ("role chaining").
const HOUR: i32 = 3600;

/// How long a session can be asked to last, in seconds: fifteen minutes to twelve hours.
const DURATIONS: std::ops::RangeInclusive<i32> = 900..=43_200;

/// `AssumeRole`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role: String,
    /// What the session is called: 2 to 64 letters, digits and `_+=,.@-`.
    pub session: String,
    /// For how many seconds, 900 to 43200; none for an hour.
    pub duration: Option<i32>,
    /// What the role's account wants to hear, against the confused deputy.
    pub external_id: Option<String>,
}

impl AssumeRole {
    /// What is answered where there are no roles at all.
    pub(crate) fn no_such_role(&self) -> ApiError {
        ApiError::new("AccessDenied", format!("Not authorized to perform {ACTION} on {}", self.role)).with_status(403)
    }
}

/// A session of a role, with the keys to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumedRole {
    /// The id of the access key.
    pub key: String,
    /// The secret, which nobody in here checks.
    pub secret: String,
    /// What every request must carry beside the signature.
    pub token: String,
    /// From when on it is refused.
    pub expires: Time,
    /// Who it is.
    pub caller: Caller,
    /// The session's unique id.
    pub id: String,
}

impl Directory {
    /// Gives the caller keys for a session of a role.
    ///
    /// # Errors
    ///
    /// `ValidationError`; `AccessDenied`, also when there is no such role: AWS does not tell which.
    pub(crate) fn assume_role(
        &mut self,
        world: &mut World,
        caller: &Caller,
        wish: &AssumeRole,
    ) -> Result<AssumedRole, ApiError> {
        check_form(wish)?;
        let need = Need { action: ACTION.into(), resource: wish.role.clone(), keys: Context::default() };
        let denied = |decision: &Decision| denial::refusal(caller, &need, decision);
        let (account, name, role) = self.role_at(&wish.role).ok_or_else(|| denied(&Decision::NotAllowed))?;
        self.check_trusted(world, caller, wish, &account, role).map_err(|decision| denied(&decision))?;
        let lasts = duration(caller, role, wish)?;
        let session = Caller::new(account, &format!("assumed-role/{}/{}", last_of(name), wish.session));
        let id = user_id(&session, &wish.role, role);
        let expires = world.now.checked_add(lasts).unwrap_or(Time::MAX);
        let made = keys(world, session, id, expires);
        let key = AccessKey { caller: made.caller.clone(), session: Some((made.token.clone(), expires)) };
        self.keys.insert(made.key.clone(), key);
        Ok(made)
    }

    /// What stands in the way of the caller.
    fn check_trusted(
        &self,
        world: &World,
        caller: &Caller,
        wish: &AssumeRole,
        account: &AccountId,
        role: &Principal,
    ) -> Result<(), Decision> {
        let (arn, principal) = self.principal(caller).ok_or(Decision::NotAllowed)?;
        let keys = Context::default().with("sts:RoleSessionName", &wish.session);
        let keys = wish.external_id.iter().fold(keys, |keys, id| keys.with("sts:ExternalId", id));
        let keys = role.tags.iter().fold(keys.with("aws:ResourceAccount", account), |keys, (key, value)| {
            keys.with(&format!("aws:ResourceTag/{key}"), value).with(&format!("iam:ResourceTag/{key}"), value)
        });
        let need = Need { action: ACTION.into(), resource: wish.role.clone(), keys };
        let known = context(world, principal.keys(caller, &arn), &need);
        let trust = role.trust.as_ref().ok_or(Decision::NotAllowed)?;
        let trust_by = trusts(trust, caller, &arn, &need, &known)?;
        let decision = self.decision(world, caller, (&arn, principal), &need);
        match (&decision, trust_by) {
            (Decision::Denied(_) | Decision::Controlled(_), _) => Err(decision),
            (Decision::Allowed(_), _) => Ok(()),
            (Decision::NotAllowed, By::Name) if *account == caller.account => Ok(()),
            (Decision::NotAllowed, _) => Err(decision),
        }
    }
}

/// How a trust policy means somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    /// As one of an account, which lets whom it will.
    Account,
    /// By name.
    Name,
}

fn trusts(trust: &Policy, caller: &Caller, arn: &str, need: &Need, known: &Context) -> Result<By, Decision> {
    let meant = |effect| {
        let statements = trust.speaking(effect, &need.action, &need.resource, known);
        statements.into_iter().filter_map(|statement| means(statement, caller, arn)).max()
    };
    // AWS says of a denial in a trust policy no more than that the caller may not.
    if meant(Effect::Deny).is_some() {
        Err(Decision::NotAllowed)
    } else {
        meant(Effect::Allow).ok_or(Decision::NotAllowed)
    }
}

fn means(statement: &Statement, caller: &Caller, arn: &str) -> Option<By> {
    let by = |trusted: &Trusted| match trusted {
        Trusted::Anybody => Some(By::Name),
        Trusted::Account(id) => (id == caller.account.as_str()).then_some(By::Account),
        Trusted::Principal(name) => (name == arn || *name == caller.arn()).then_some(By::Name),
        Trusted::Provider(_) => None,
    };
    statement.trusted.iter().filter_map(by).max()
}

fn check_form(wish: &AssumeRole) -> Result<(), ApiError> {
    let AssumeRole { role, session, duration, external_id } = wish;
    let invalid = |what: &str, value: &dyn std::fmt::Display| {
        Err(ApiError::new(
            "ValidationError",
            format!("1 validation error detected: Value '{value}' at '{what}' is invalid"),
        ))
    };
    let plain = |text: &str, more: &str| text.chars().all(|it| it.is_ascii_alphanumeric() || more.contains(it));
    if !(2..=64).contains(&session.len()) || !plain(session, "_+=,.@-") {
        return invalid("roleSessionName", session);
    }
    if !(20..=2048).contains(&role.len()) || !role.starts_with("arn:") {
        return Err(ApiError::new("ValidationError", format!("{role} is invalid")));
    }
    if let Some(seconds) = duration.filter(|seconds| !DURATIONS.contains(seconds)) {
        return invalid("durationSeconds", &seconds);
    }
    match external_id {
        Some(id) if !(2..=1224).contains(&id.len()) || !plain(id, "_+=,.@:/-") => invalid("externalId", id),
        _ => Ok(()),
    }
}

fn duration(caller: &Caller, role: &Principal, wish: &AssumeRole) -> Result<SignedDuration, ApiError> {
    let seconds = wish.duration.unwrap_or(HOUR);
    let too_long =
        |why: &str| Err(ApiError::new("ValidationError", format!("The requested DurationSeconds exceeds the {why}")));
    if caller.principal.starts_with("assumed-role/") && seconds > HOUR {
        return too_long("1 hour session limit for roles assumed by role chaining.");
    }
    match SignedDuration::from_secs(seconds.into()) {
        asked if asked > role.longest_session => too_long("MaxSessionDuration set for this role."),
        asked => Ok(asked),
    }
}

/// Keys that nobody has had before. Temporary ones begin with `ASIA`. Source: "IAM identifiers", IAM User Guide.
fn keys(world: &mut World, caller: Caller, id: String, expires: Time) -> AssumedRole {
    let mut drawn = |kind| format!("{:032x}{:032x}", world.mint.draw(kind), world.mint.draw(kind));
    let key: String = unique_id("ASIA", &drawn("access key")).chars().take(20).collect();
    let secret = drawn("secret access key").chars().take(40).collect();
    let token = format!("IQoJb3JpZ2luX2Vj{}", drawn("session token"));
    AssumedRole { key, secret, token, expires, caller, id }
}

fn last_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
