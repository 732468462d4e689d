//! Takes a policy document; gives the policy, or what is wrong with it. Never guesses what was meant: a statement that is not understood
//! grants what nobody wanted, or denies it.
//!
//! Source: "Grammar of the IAM JSON policy language", IAM User Guide. What this grammar has and nothing in here can know of (`IpAddress`,
//! `NotPrincipal`) is refused too.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::condition::{Condition, Operator};
use super::policy::{Effect, Named, Policy, Statement, Trusted};
use crate::error::ApiError;

/// The version with variables, and the one without, which is meant when none is named.
const VERSIONS: [&str; 2] = ["2012-10-17", "2008-10-17"];

impl Policy {
    /// A policy for what hangs on a principal or an account: managed, inline, or of service control.
    ///
    /// # Errors
    ///
    /// `MalformedPolicyDocument`, with what is wrong.
    pub fn identity(name: &str, document: &str) -> Result<Self, ApiError> {
        let statements = statements(document, identity_statement).map_err(malformed)?;
        Ok(Self { name: name.into(), statements })
    }

    /// A policy that says who may take on a role.
    ///
    /// # Errors
    ///
    /// `MalformedPolicyDocument`, with what is wrong.
    pub fn trust(document: &str) -> Result<Self, ApiError> {
        Ok(Self { name: "trust".into(), statements: statements(document, trust_statement).map_err(malformed)? })
    }
}

fn malformed(problem: String) -> ApiError {
    ApiError::new("MalformedPolicyDocument", problem)
}

type Fields = Map<String, Value>;

fn statements(document: &str, read: fn(&Fields, bool) -> Result<Statement, String>) -> Result<Vec<Statement>, String> {
    let syntax = |error| format!("Syntax errors in policy: {error}.");
    let document: Value = serde_json::from_str(document).map_err(syntax)?;
    let document = document.as_object().ok_or("Syntax errors in policy: it is not an object.")?;
    known_fields(document, &["Version", "Id", "Statement"])?;
    let version = document.get("Version").map_or(Some("2008-10-17"), Value::as_str);
    let version = version.filter(|version| VERSIONS.contains(version));
    let variables = version.ok_or("Policy document must be version 2012-10-17 or greater.")? == "2012-10-17";
    let mut ids = BTreeSet::new();
    let list: Vec<&Value> = match document.get("Statement") {
        Some(Value::Array(list)) if !list.is_empty() => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => return Err("Syntax errors in policy: it has no statement.".into()),
    };
    let mut statements = Vec::new();
    for statement in list {
        let fields = statement.as_object().ok_or("Syntax errors in policy: a statement is not an object.")?;
        if let Some(id) = fields.get("Sid") {
            let id = id.as_str().ok_or("Syntax errors in policy: a statement ID is not a string.")?;
            if !id.chars().all(|it| it.is_ascii_alphanumeric()) {
                return Err(format!("Statement IDs (SID) must be alpha-numeric: {id}."));
            }
            if !id.is_empty() && !ids.insert(id) {
                return Err("Statement IDs (SID) in a single policy must be unique.".into());
            }
        }
        statements.push(read(fields, variables)?);
    }
    Ok(statements)
}

fn identity_statement(fields: &Fields, variables: bool) -> Result<Statement, String> {
    if fields.contains_key("Principal") || fields.contains_key("NotPrincipal") {
        return Err("Policy document should not specify a principal.".into());
    }
    known_fields(fields, &["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"])?;
    let resources = named(fields, "Resource", "resources")?;
    let (Named::These(patterns) | Named::AllBut(patterns)) = &resources;
    if let Some(wrong) = patterns.iter().find(|it| *it != "*" && !it.starts_with("arn:")) {
        return Err(format!("Resource {wrong} must be in ARN format or \"*\"."));
    }
    statement(fields, Some(resources), Vec::new(), variables)
}

fn trust_statement(fields: &Fields, variables: bool) -> Result<Statement, String> {
    if fields.contains_key("Resource") || fields.contains_key("NotResource") {
        return Err("Has prohibited field Resource.".into());
    }
    known_fields(fields, &["Sid", "Effect", "Action", "NotAction", "Principal", "Condition"])?;
    let principal = fields.get("Principal").ok_or("Missing required field Principal.")?;
    statement(fields, None, trusted(principal)?, variables)
}

fn statement(
    fields: &Fields,
    resources: Option<Named>,
    trusted: Vec<Trusted>,
    variables: bool,
) -> Result<Statement, String> {
    let effect = match fields.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(other) => return Err(format!("Invalid effect: {other}.")),
        None => return Err("Missing required field Effect.".into()),
    };
    let mut actions = named(fields, "Action", "actions")?;
    let (Named::These(patterns) | Named::AllBut(patterns)) = &mut actions;
    for action in patterns {
        if action != "*" && !action.contains(':') {
            return Err(format!(
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {action}."
            ));
        }
        *action = action.to_lowercase();
    }
    let conditions = conditions(fields.get("Condition"), variables)?;
    Ok(Statement { effect, actions, resources, trusted, conditions, variables })
}

/// `Action` or `NotAction`, say: one of the two.
fn named(fields: &Fields, name: &str, many: &str) -> Result<Named, String> {
    let other = format!("Not{name}");
    match (fields.get(name), fields.get(&other)) {
        (Some(_), Some(_)) => Err(format!("Statement must not have both {name} and {other}.")),
        (Some(value), None) => texts(value, name).map(Named::These),
        (None, Some(value)) => texts(value, &other).map(Named::AllBut),
        (None, None) => Err(format!("Policy statement must contain {many}.")),
    }
}

fn conditions(value: Option<&Value>, variables: bool) -> Result<Vec<Condition>, String> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let operators = value.as_object().ok_or("Syntax errors in policy: Condition is not an object.")?;
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let operator = Operator::named(name).ok_or_else(|| format!("Invalid Condition type: {name}."))?;
        let keys = keys.as_object().ok_or_else(|| format!("Syntax errors in policy: {name} is not an object."))?;
        for (key, wanted) in keys {
            if !key.contains(':') {
                return Err(format!(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.: {key}."
                ));
            }
            let wanted = texts(wanted, key)?;
            if let Some(wrong) = wanted.iter().find(|wanted| !operator.accepts(wanted)) {
                return Err(format!("Invalid value {wrong} of {key} for {name}."));
            }
            conditions.push(Condition { operator, key: key.clone(), wanted, variables });
        }
    }
    Ok(conditions)
}

fn trusted(value: &Value) -> Result<Vec<Trusted>, String> {
    let kinds = match value {
        Value::String(all) if all == "*" => return Ok(vec![Trusted::Anybody]),
        Value::Object(kinds) if !kinds.is_empty() => kinds,
        _ => return Err("Invalid principal in policy.".into()),
    };
    let mut trusted = Vec::new();
    for (kind, names) in kinds {
        for name in texts(names, kind)? {
            trusted.push(match kind.as_str() {
                "AWS" => aws_principal(name)?,
                "Federated" => Trusted::Provider(name),
                // A service takes on roles for itself; no service in here does.
                "Service" => continue,
                _ => return Err(format!("Invalid principal in policy: \"{kind}\".")),
            });
        }
    }
    Ok(trusted)
}

/// Source: "AWS JSON policy elements: Principal". A wildcard in an ARN is refused there.
fn aws_principal(name: String) -> Result<Trusted, String> {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|it| it.is_ascii_digit());
    if name == "*" {
        return Ok(Trusted::Anybody);
    }
    if is_account(&name) {
        return Ok(Trusted::Account(name));
    }
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] if is_account(account) => Ok(Trusted::Account((*account).into())),
        ["arn", _, "iam" | "sts", "", account, rest] if is_account(account) && !rest.contains('*') => {
            Ok(Trusted::Principal(name))
        }
        _ => Err(format!("Invalid principal in policy: \"AWS\":\"{name}\".")),
    }
}

/// A text or a list of texts. Numbers and truth values are as good as their texts.
fn texts(value: &Value, name: &str) -> Result<Vec<String>, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        _ => Err(format!("Syntax errors in policy: {name} is neither a string nor a list of strings.")),
    };
    match value {
        Value::Array(list) if list.is_empty() => Err(format!("Syntax errors in policy: {name} is empty.")),
        Value::Array(list) => list.iter().map(text).collect(),
        one => Ok(vec![text(one)?]),
    }
}

fn known_fields(fields: &Fields, known: &[&str]) -> Result<(), String> {
    match fields.keys().find(|field| !known.contains(&field.as_str())) {
        Some(field) => Err(format!("Syntax errors in policy: unknown field {field}.")),
        None => Ok(()),
    }
}
