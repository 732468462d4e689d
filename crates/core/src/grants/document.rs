//! Takes statements; gives an IAM document that is written the same way each time. Never says what ought to be in it.
//!
//! Source: "Grammar of the IAM JSON policy language", IAM User Guide.

use std::collections::BTreeMap;

use serde::Serialize;

/// Operator, key, values: all operators and keys must hold, and of the values of a key one.
pub type Conditions = BTreeMap<&'static str, BTreeMap<String, Vec<String>>>;

/// An IAM document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Document {
    /// The version of the language.
    pub version: &'static str,
    /// What is granted.
    pub statement: Vec<Statement>,
}

/// A statement of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// What it is for: JSON has no comments. Letters and digits alone.
    pub sid: String,
    /// What it does.
    pub effect: Effect,
    /// Which actions.
    pub action: Vec<String>,
    /// On what: ARNs with wildcards.
    pub resource: Vec<String>,
    /// On which conditions.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub condition: Conditions,
}

/// What a statement does. Nothing here denies: what no statement allows is denied anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// It allows.
    Allow,
}

impl Document {
    pub(super) fn of(statement: Vec<Statement>) -> Self {
        Self { version: "2012-10-17", statement }
    }
}

impl Statement {
    /// Allows these actions, each with its API (`ec2:…`), on these resources.
    pub(super) fn allow<A: Into<String>>(
        sid: &str,
        actions: impl IntoIterator<Item = A>,
        resources: impl IntoIterator<Item = String>,
    ) -> Self {
        let action = actions.into_iter().map(Into::into).collect();
        let resource = resources.into_iter().collect();
        Self { sid: sid.into(), effect: Effect::Allow, action, resource, condition: Conditions::new() }
    }

    /// The same, only where this holds. What somebody has written in a policy goes through [`literal`] before.
    pub(super) fn only_if<V: AsRef<str>>(
        mut self,
        operator: &'static str,
        key: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        self.condition.entry(operator).or_default().insert(key.into(), values);
        self
    }
}

/// A text in which nothing is a wildcard or a variable: an id `eni-*` must not grant every interface. Source: "IAM policy elements:
/// Variables and tags", IAM User Guide: `${*}`, `${?}` and `${$}` are these three characters.
pub(super) fn literal(text: &str) -> String {
    let escape = |it: char| match it {
        '*' | '?' | '$' => format!("${{{it}}}"),
        it => it.into(),
    };
    text.chars().map(escape).collect()
}
