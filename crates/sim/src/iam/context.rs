//! Takes what is known of a call; gives it by condition key, and puts it into patterns. Never decides anything.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::listing::fits;

/// What stands for a `*` and a `?` that are only text: characters for private use, which no id, ARN or tag has.
const LITERAL: [(char, char); 2] = [('*', '\u{e000}'), ('?', '\u{e001}')];

/// Condition keys and their values. A key that is not there has no value: that is not the same as an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Context {
    /// By key in lower case: "Condition keys are not case-sensitive", and neither is the tag's key in `aws:ResourceTag/<key>`. Source:
    /// "IAM JSON policy elements: Condition". Two tags whose keys differ in case alone are therefore one key of two values.
    values: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// The same, with one value more.
    #[must_use]
    pub(crate) fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.add(key, value.to_string());
        self
    }

    pub(crate) fn add(&mut self, key: &str, value: String) {
        self.values.entry(key.to_lowercase()).or_default().push(value);
    }

    pub(super) fn extend(&mut self, other: &Self) {
        self.values.extend(other.values.clone());
    }

    pub(super) fn values(&self, key: &str) -> &[String] {
        self.values.get(&key.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// A pattern with the values of its variables in it: `${aws:PrincipalTag/team}`, `${aws:username, 'nobody'}`. None if a variable has
    /// not exactly one value and no default: such a pattern fits nothing. Source: "IAM policy elements: Variables and tags".
    pub(super) fn fill_in<'a>(&self, pattern: &'a str) -> Option<Cow<'a, str>> {
        if !pattern.contains("${") {
            return Some(pattern.into());
        }
        let mut filled = String::new();
        let mut rest = pattern;
        while let Some((before, after)) = rest.split_once("${") {
            let (variable, behind) = after.split_once('}')?;
            filled.push_str(before);
            filled.push_str(&literal(&self.value_of(variable)?));
            rest = behind;
        }
        filled.push_str(rest);
        Some(filled.into())
    }

    fn value_of(&self, variable: &str) -> Option<String> {
        let (name, default) = match variable.split_once(',') {
            Some((name, default)) => (name, Some(default.trim().trim_matches('\''))),
            None => (variable, None),
        };
        match (name.trim(), self.values(name.trim())) {
            (text @ ("*" | "?" | "$"), _) => Some(text.into()),
            (_, [value]) => Some(value.clone()),
            (_, []) => default.map(Into::into),
            _ => None,
        }
    }
}

/// Whether a text fits a pattern whose variables are filled in. What looks like a wildcard in the text is text.
pub(super) fn is_like(pattern: &str, text: &str) -> bool {
    fits(pattern, &literal(text))
}

/// Whether a text is the same as one without wildcards, whose variables are filled in.
pub(super) fn is_same(plain: &str, text: &str) -> bool {
    literal(plain) == literal(text)
}

fn literal(text: &str) -> Cow<'_, str> {
    let mut literal = Cow::Borrowed(text);
    for (wild, plain) in LITERAL {
        if literal.contains(wild) {
            literal = literal.replace(wild, &plain.to_string()).into();
        }
    }
    literal
}
