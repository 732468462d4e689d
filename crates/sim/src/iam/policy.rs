//! Takes a policy that has been read; gives which of its statements speak of a call. Never says what follows from that.

use super::condition::Condition;
use super::context::{Context, is_like};

/// A policy: a name, and what it allows and denies. Read one with [`Policy::identity`] or [`Policy::trust`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(super) name: String,
    pub(super) statements: Vec<Statement>,
}

impl Policy {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The statements with this effect that speak of the call.
    pub(super) fn speaking(&self, effect: Effect, action: &str, resource: &str, context: &Context) -> Vec<&Statement> {
        let action = action.to_lowercase();
        let speaks = |it: &&Statement| it.effect == effect && it.speaks_of(&action, resource, context);
        self.statements.iter().filter(speaks).collect()
    }
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// A list of patterns, or all that none of them fits: `Action` and `NotAction`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    These(Vec<String>),
    AllBut(Vec<String>),
}

impl Named {
    fn is_met(&self, fits: impl Fn(&String) -> bool) -> bool {
        match self {
            Self::These(patterns) => patterns.iter().any(fits),
            Self::AllBut(patterns) => !patterns.iter().any(fits),
        }
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    /// In lower case: actions are not case-sensitive. Source: "IAM JSON policy elements: Action".
    pub(super) actions: Named,
    /// None in a trust policy, which is about the role that it hangs on.
    pub(super) resources: Option<Named>,
    /// In a trust policy, who is meant.
    pub(super) trusted: Vec<Trusted>,
    pub(super) conditions: Vec<Condition>,
    /// Whether `${…}` is a variable.
    pub(super) variables: bool,
}

/// Whom a trust policy means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trusted {
    /// Whoever it is.
    Anybody,
    /// Whoever an account lets: its id.
    Account(String),
    /// A user, a role with all its sessions, or one session: the ARN.
    Principal(String),
    /// Those for whom an identity provider speaks: its ARN.
    Provider(String),
}

impl Statement {
    /// The action in lower case.
    fn speaks_of(&self, action: &str, resource: &str, context: &Context) -> bool {
        let fits = |pattern: &String| {
            let pattern = if self.variables { context.fill_in(pattern) } else { Some(pattern.into()) };
            pattern.is_some_and(|pattern| is_like(&pattern, resource))
        };
        self.actions.is_met(|pattern| is_like(pattern, action))
            && self.resources.as_ref().is_none_or(|resources| resources.is_met(fits))
            && self.conditions.iter().all(|condition| condition.holds(context))
    }
}
