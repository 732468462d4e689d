//! Takes all policies that apply to a call, and one thing that it needs; gives whether it is allowed, and what decided. Never asks which
//! policies those are.
//!
//! ```text
//!  denied by a service control policy? ── denied by the principal's? ── allowed by the principal's? ── otherwise not
//! ```
//!
//! Source: "Policy evaluation logic", IAM User Guide: an explicit deny wins, and what nobody allows is denied.

use super::context::Context;
use super::needs::Need;
use super::policy::{Effect, Policy};

/// What came of asking, with the name of the policy that said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// A policy of the principal allows it.
    Allowed(String),
    /// A policy of the principal denies it.
    Denied(String),
    /// A service control policy of the account denies it.
    Controlled(String),
    /// No policy of the principal allows it.
    NotAllowed,
}

/// What they say of one need. The context has what is known of the caller, too.
pub(crate) fn decide(policies: &[Policy], controls: &[Policy], need: &Need, context: &Context) -> Decision {
    let by = |policies: &[Policy], effect| {
        let speaks = |policy: &&Policy| !policy.speaking(effect, &need.action, &need.resource, context).is_empty();
        policies.iter().find(speaks).map(|policy| policy.name.clone())
    };
    let controlled = by(controls, Effect::Deny).map(Decision::Controlled);
    let denied = || by(policies, Effect::Deny).map(Decision::Denied);
    let allowed = || by(policies, Effect::Allow).map(Decision::Allowed);
    controlled.or_else(denied).or_else(allowed).unwrap_or(Decision::NotAllowed)
}
