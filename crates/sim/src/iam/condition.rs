//! Takes one condition of a statement and what is known of a call; gives whether it holds. Never reads JSON.
//!
//! | the key is      | `StringEquals` | `StringNotEquals` | `…IfExists` | `ForAllValues:` | `ForAnyValue:` | `Null: "true"` |
//! |-----------------|----------------|-------------------|-------------|-----------------|----------------|----------------|
//! | absent          | no             | yes               | yes         | yes             | no             | yes            |
//! | there           | any of its values fits | none fits | as without  | each value fits | one value fits | no             |
//!
//! Sources: "IAM JSON policy elements: Condition operators", "Set operators for multivalued context keys", IAM User Guide. A key of several
//! values under an operator without a set is not documented: it fits no positive condition, which grants the least.

use std::cmp::Ordering;

use jiff::Timestamp;

use super::context::{Context, is_like, is_same};

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equals,
    EqualsIgnoringCase,
    Like,
    /// `ArnEquals` and `ArnLike` are the same: each of the six parts may have wildcards.
    Arn,
    Bool,
    Number(&'static [Ordering]),
    Date(&'static [Ordering]),
    Null,
}

const SAME: &[Ordering] = &[Ordering::Equal];
const LESS: &[Ordering] = &[Ordering::Less];
const AT_MOST: &[Ordering] = &[Ordering::Less, Ordering::Equal];
const GREATER: &[Ordering] = &[Ordering::Greater];
const AT_LEAST: &[Ordering] = &[Ordering::Greater, Ordering::Equal];

/// The operators: their names, what they compare, and whether they hold when it does not fit. Case matters in here: AWS does not say, and
/// writes them so.
#[rustfmt::skip]
const OPERATORS: [(&str, Test, bool); 24] = [
    ("StringEquals", Test::Equals, false), ("StringNotEquals", Test::Equals, true),
    ("StringEqualsIgnoreCase", Test::EqualsIgnoringCase, false), ("StringNotEqualsIgnoreCase", Test::EqualsIgnoringCase, true),
    ("StringLike", Test::Like, false), ("StringNotLike", Test::Like, true),
    ("ArnEquals", Test::Arn, false), ("ArnNotEquals", Test::Arn, true),
    ("ArnLike", Test::Arn, false), ("ArnNotLike", Test::Arn, true),
    ("Bool", Test::Bool, false), ("Null", Test::Null, false),
    ("NumericEquals", Test::Number(SAME), false), ("NumericNotEquals", Test::Number(SAME), true),
    ("NumericLessThan", Test::Number(LESS), false), ("NumericLessThanEquals", Test::Number(AT_MOST), false),
    ("NumericGreaterThan", Test::Number(GREATER), false), ("NumericGreaterThanEquals", Test::Number(AT_LEAST), false),
    ("DateEquals", Test::Date(SAME), false), ("DateNotEquals", Test::Date(SAME), true),
    ("DateLessThan", Test::Date(LESS), false), ("DateLessThanEquals", Test::Date(AT_MOST), false),
    ("DateGreaterThan", Test::Date(GREATER), false), ("DateGreaterThanEquals", Test::Date(AT_LEAST), false),
];

/// Which values of a key of several have to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    All,
    Any,
}

/// What a condition is called: `ForAllValues:StringLikeIfExists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    set: Option<Set>,
    test: Test,
    negated: bool,
    if_exists: bool,
}

impl Operator {
    /// The operator of this name, if there is one.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (set, rest) = match name.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Set::All), rest),
            Some(("ForAnyValue", rest)) => (Some(Set::Any), rest),
            Some(_) => return None,
            None => (None, name),
        };
        let (base, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
        let (_, test, negated) = OPERATORS.into_iter().find(|(known, ..)| *known == base)?;
        if test == Test::Null && (if_exists || set.is_some()) {
            return None;
        }
        Some(Self { set, test, negated, if_exists })
    }

    /// Whether a value in a policy can be compared at all.
    pub(super) fn accepts(self, wanted: &str) -> bool {
        // A variable is only known when somebody calls.
        if wanted.contains("${") {
            return true;
        }
        match self.test {
            Test::Bool | Test::Null => boolean(wanted).is_some(),
            Test::Number(_) => wanted.parse::<f64>().is_ok(),
            Test::Date(_) => date(wanted).is_some(),
            Test::Equals | Test::EqualsIgnoringCase | Test::Like | Test::Arn => true,
        }
    }
}

/// One operator, one key, and the values of which one has to fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) operator: Operator,
    pub(super) key: String,
    pub(super) wanted: Vec<String>,
    /// Whether `${…}` is a variable: in documents before version 2012-10-17 it is text.
    pub(super) variables: bool,
}

impl Condition {
    pub(super) fn holds(&self, context: &Context) -> bool {
        let Operator { set, test, negated, if_exists } = self.operator;
        let values = context.values(&self.key);
        if test == Test::Null {
            return self.wanted.iter().any(|wanted| boolean(wanted) == Some(values.is_empty()));
        }
        if values.is_empty() && if_exists {
            return true;
        }
        let holds = |value: &String| self.fits(context, value) != negated;
        match (set, values) {
            (Some(Set::All), values) => values.iter().all(holds),
            (Some(Set::Any), values) => values.iter().any(holds),
            (None, []) => negated,
            (None, [value]) => holds(value),
            (None, several) => negated && several.iter().all(holds),
        }
    }

    /// Whether one of the wanted values is this one.
    fn fits(&self, context: &Context, value: &str) -> bool {
        self.wanted.iter().any(|wanted| {
            let wanted = if self.variables { context.fill_in(wanted) } else { Some(wanted.into()) };
            wanted.is_some_and(|wanted| compares(self.operator.test, &wanted, value))
        })
    }
}

fn compares(test: Test, wanted: &str, value: &str) -> bool {
    match test {
        Test::Equals => is_same(wanted, value),
        Test::EqualsIgnoringCase => is_same(&wanted.to_lowercase(), &value.to_lowercase()),
        Test::Like => is_like(wanted, value),
        Test::Arn => arn_is_like(wanted, value),
        Test::Bool => boolean(wanted).is_some_and(|wanted| boolean(value) == Some(wanted)),
        Test::Number(orders) => {
            let numbers = (value.parse::<f64>(), wanted.parse::<f64>());
            matches!(numbers, (Ok(value), Ok(wanted)) if value.partial_cmp(&wanted).is_some_and(|it| orders.contains(&it)))
        }
        Test::Date(orders) => {
            matches!((date(value), date(wanted)), (Some(value), Some(wanted)) if orders.contains(&value.cmp(&wanted)))
        }
        Test::Null => false,
    }
}

/// "Each of the six colon-delimited components of the ARN is checked separately."
fn arn_is_like(pattern: &str, arn: &str) -> bool {
    let (patterns, parts): (Vec<_>, Vec<_>) = (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    patterns.len() == parts.len() && patterns.into_iter().zip(parts).all(|(pattern, part)| is_like(pattern, part))
}

fn boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

/// A date as ISO 8601 has it, or as seconds since 1970.
fn date(text: &str) -> Option<Timestamp> {
    let seconds = text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    seconds.or_else(|| text.parse().ok())
}
