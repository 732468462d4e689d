//! Takes policy documents and what is asked of them; gives what they decide, as tables. Never calls a world.

use super::*;
use crate::iam::{Context, Decision, Need, decide};

const TAGS: &str = "ec2:CreateTags";
const SESSION: &str = "arn:aws:ec2:eu-west-1:123456789012:traffic-mirror-session/tms-1";

fn policy(name: &str, statements: &str) -> Policy {
    let document = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
    Policy::identity(name, &document).unwrap_or_else(|error| panic!("{error}: {document}"))
}

fn context(keys: &[(&str, &str)]) -> Context {
    keys.iter().fold(Context::default(), |context, (key, value)| context.with(key, value))
}

fn asked(policies: &[Policy], controls: &[Policy], action: &str, resource: &str, known: &Context) -> Decision {
    let need = Need { action: action.into(), resource: resource.into(), keys: Context::default() };
    decide(policies, controls, &need, known)
}

/// Whether a statement allows the action on the resource, of a call of which so much is known.
fn allows(statement: &str, action: &str, resource: &str, keys: &[(&str, &str)]) -> bool {
    matches!(asked(&[policy("p", statement)], &[], action, resource, &context(keys)), Decision::Allowed(_))
}

fn allow_if(condition: &str) -> String {
    format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {{{condition}}}}}"#)
}

#[test]
fn an_explicit_deny_wins_and_what_nobody_allows_is_denied() {
    let allow = || policy("may", r#"{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}"#);
    let deny = || policy("not-tags", r#"{"Effect": "Deny", "Action": "ec2:CreateTags", "Resource": "*"}"#);
    let decided =
        |policies: &[Policy], controls: &[Policy]| asked(policies, controls, TAGS, SESSION, &Context::default());
    assert_eq!(decided(&[], &[]), Decision::NotAllowed);
    assert_eq!(decided(&[allow()], &[]), Decision::Allowed("may".into()));
    for policies in [[allow(), deny()], [deny(), allow()]] {
        assert_eq!(decided(&policies, &[]), Decision::Denied("not-tags".into()));
    }
    assert_eq!(decided(&[allow()], &[deny()]), Decision::Controlled("not-tags".into()));
    assert_eq!(decided(&[allow(), deny()], &[deny()]), Decision::Controlled("not-tags".into()));
    assert_eq!(decided(&[], &[allow()]), Decision::NotAllowed, "a service control policy grants nothing");
}

#[test]
fn actions_are_patterns_without_case_and_resources_patterns_with_it() {
    let sessions = "arn:aws:ec2:*:*:traffic-mirror-session/*";
    let made = "arn:aws:ec2:eu-west-1:123456789012:traffic-mirror-session/*";
    for (action, resource, asked_action, asked_resource, allowed) in [
        ("\"ec2:createtags\"", "\"*\"", TAGS, SESSION, true),
        ("\"EC2:Create*\"", "\"*\"", TAGS, SESSION, true),
        ("\"ec2:CreateTag?\"", "\"*\"", TAGS, SESSION, true),
        ("\"ec2:CreateTag\"", "\"*\"", TAGS, SESSION, false),
        ("\"*\"", "\"*\"", "sts:AssumeRole", "*", true),
        ("\"ec2:*\"", "\"*\"", "sts:AssumeRole", "*", false),
        ("[\"ec2:DeleteTags\", \"ec2:CreateTags\"]", "\"*\"", TAGS, SESSION, true),
        ("\"ec2:*\"", sessions, TAGS, SESSION, true),
        ("\"ec2:*\"", sessions, TAGS, made, true),
        ("\"ec2:*\"", sessions, TAGS, "*", false),
        ("\"ec2:*\"", SESSION, TAGS, made, false),
        ("\"ec2:*\"", "arn:aws:ec2:*:*:Traffic-Mirror-Session/*", TAGS, SESSION, false),
        ("\"ec2:*\"", "arn:aws:ec2:eu-west-2:*:*", TAGS, SESSION, false),
    ] {
        let resource = if resource.starts_with('"') { resource.to_owned() } else { format!("\"{resource}\"") };
        let statement = format!(r#"{{"Effect": "Allow", "Action": {action}, "Resource": {resource}}}"#);
        assert_eq!(allows(&statement, asked_action, asked_resource, &[]), allowed, "{statement} {asked_resource}");
    }
}

#[test]
fn what_is_excluded_is_all_that_is_not_meant() {
    let statement =
        r#"{"Effect": "Allow", "NotAction": ["ec2:Delete*", "iam:*"], "NotResource": "arn:aws:ec2:*:*:instance/*"}"#;
    assert!(allows(statement, TAGS, SESSION, &[]));
    assert!(!allows(statement, "ec2:DeleteTags", SESSION, &[]));
    assert!(!allows(statement, TAGS, "arn:aws:ec2:eu-west-1:1:instance/i-1", &[]));
}

#[test]
fn a_condition_compares_as_its_operator_says() {
    let key = "aws:ResourceTag/Owner";
    for (operator, wanted, value, holds) in [
        ("StringEquals", "prod", Some("prod"), true),
        ("StringEquals", "prod", Some("Prod"), false),
        ("StringEquals", "pr*", Some("prod"), false),
        ("StringEquals", "prod", None, false),
        ("StringEqualsIfExists", "prod", None, true),
        ("StringEqualsIfExists", "prod", Some("test"), false),
        ("StringNotEquals", "prod", Some("test"), true),
        ("StringNotEquals", "prod", Some("prod"), false),
        ("StringNotEquals", "prod", None, true),
        ("StringEqualsIgnoreCase", "PROD", Some("prod"), true),
        ("StringNotEqualsIgnoreCase", "PROD", Some("prod"), false),
        ("StringLike", "p?o*", Some("prod"), true),
        ("StringLike", "*", None, false),
        ("StringNotLike", "p*", Some("prod"), false),
        ("StringNotLike", "p*", Some("test"), true),
        ("ArnEquals", "arn:aws:ec2:*:*:vpc/vpc-?", Some("arn:aws:ec2:eu-west-1:1:vpc/vpc-1"), true),
        ("ArnLike", "arn:aws:*:vpc/vpc-1", Some("arn:aws:ec2:eu-west-1:1:vpc/vpc-1"), false),
        ("ArnNotLike", "arn:aws:ec2:*:*:vpc/*", Some("arn:aws:ec2:eu-west-1:1:subnet/s"), true),
        ("Bool", "true", Some("True"), true),
        ("Bool", "true", Some("false"), false),
        ("Bool", "false", None, false),
        ("Null", "true", None, true),
        ("Null", "true", Some(""), false),
        ("Null", "false", Some("x"), true),
        ("NumericEquals", "1", Some("1.0"), true),
        ("NumericNotEquals", "1", Some("2"), true),
        ("NumericLessThan", "10", Some("9"), true),
        ("NumericLessThanEquals", "10", Some("10"), true),
        ("NumericGreaterThan", "10", Some("10"), false),
        ("NumericGreaterThanEquals", "10", Some("many"), false),
        ("DateLessThan", "2026-01-01T00:00:00Z", Some("2025-12-31T23:59:59Z"), true),
        ("DateGreaterThan", "0", Some("2025-12-31T23:59:59Z"), true),
    ] {
        // Neither the case of the key nor that of the tag in it counts.
        let statement = allow_if(&format!(r#""{operator}": {{"AWS:resourcetag/OWNER": "{wanted}"}}"#));
        let keys: Vec<_> = value.map(|value| (key, value)).into_iter().collect();
        assert_eq!(allows(&statement, TAGS, SESSION, &keys), holds, "{operator} {wanted} {value:?}");
    }
}

#[test]
fn one_value_must_fit_and_every_condition_must_hold() {
    let values = allow_if(r#""StringEquals": {"a:b": ["x", "y"]}"#);
    assert!(allows(&values, TAGS, SESSION, &[("a:b", "y")]));
    let none = allow_if(r#""StringNotEquals": {"a:b": ["x", "y"]}"#);
    assert!(!allows(&none, TAGS, SESSION, &[("a:b", "y")]));
    let both = allow_if(r#""StringEquals": {"a:b": "x", "a:c": "y"}, "Bool": {"a:d": true}"#);
    assert!(allows(&both, TAGS, SESSION, &[("a:b", "x"), ("a:c", "y"), ("a:d", "true")]));
    assert!(!allows(&both, TAGS, SESSION, &[("a:b", "x"), ("a:c", "y")]));
}

#[test]
fn a_key_of_several_values_is_a_set() {
    let (one, two): (&[_], &[_]) = (&[("aws:TagKeys", "owner")], &[("aws:TagKeys", "owner"), ("aws:TagKeys", "name")]);
    for (operator, wanted, keys, holds) in [
        ("ForAllValues:StringEquals", r#"["owner"]"#, one, true),
        ("ForAllValues:StringEquals", r#"["owner"]"#, two, false),
        ("ForAllValues:StringEquals", r#"["owner", "name"]"#, two, true),
        ("ForAllValues:StringEquals", r#"["owner"]"#, &[], true),
        ("ForAllValues:StringLike", r#""o*""#, two, false),
        ("ForAnyValue:StringEquals", r#"["owner"]"#, two, true),
        ("ForAnyValue:StringEquals", r#"["owner"]"#, &[], false),
        ("ForAnyValue:StringLike", r#""na*""#, two, true),
        ("ForAnyValue:StringNotEquals", r#""owner""#, two, true),
        ("ForAnyValue:StringEqualsIfExists", r#""owner""#, &[], true),
        ("StringEquals", r#""owner""#, one, true),
        ("StringEquals", r#""owner""#, two, false),
        ("StringNotEquals", r#""owner""#, two, false),
    ] {
        let statement = allow_if(&format!(r#""{operator}": {{"aws:TagKeys": {wanted}}}"#));
        assert_eq!(allows(&statement, TAGS, SESSION, keys), holds, "{operator} {wanted} {keys:?}");
    }
}

#[test]
fn a_variable_is_what_is_known_of_the_caller() {
    let team = allow_if(r#""StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}"#);
    let (red, blue) = (("aws:ResourceTag/team", "red"), ("aws:PrincipalTag/team", "blue"));
    assert!(allows(&team, TAGS, SESSION, &[red, ("aws:PrincipalTag/team", "red")]));
    assert!(!allows(&team, TAGS, SESSION, &[red, blue]));
    assert!(!allows(&team, TAGS, SESSION, &[red]), "a variable without a value fits nothing");
    let wild = allow_if(r#""StringLike": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}"#);
    assert!(!allows(&wild, TAGS, SESSION, &[red, ("aws:PrincipalTag/team", "*")]), "nobody tags himself a wildcard");
    let fallback = allow_if(r#""StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team, 'red'}"}"#);
    assert!(allows(&fallback, TAGS, SESSION, &[red]));
    let star = allow_if(r#""StringLike": {"aws:ResourceTag/team": "${*}"}"#);
    assert!(!allows(&star, TAGS, SESSION, &[red]));
    assert!(allows(&star, TAGS, SESSION, &[("aws:ResourceTag/team", "*")]));
    let own = r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::${aws:username}/*"}"#;
    assert!(allows(own, TAGS, "arn:aws:s3:::alice/x", &[("aws:username", "alice")]));
    let old = r#"{"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*",
                 "Condition": {"StringEquals": {"a:b": "${a:c}"}}}}"#;
    let known = context(&[("a:b", "${a:c}"), ("a:c", "x")]);
    let old = [Policy::identity("old", old).unwrap()];
    assert!(
        matches!(asked(&old, &[], TAGS, SESSION, &known), Decision::Allowed(_)),
        "the old version has no variables"
    );
}

#[test]
fn a_malformed_document_is_refused_with_what_is_wrong() {
    let statement = |inner: &str| format!(r#"{{"Version": "2012-10-17", "Statement": [{{{inner}}}]}}"#);
    let rest = r#""Action": "ec2:*", "Resource": "*""#;
    let with = |condition: &str| statement(&format!(r#""Effect": "Allow", {rest}, "Condition": {condition}"#));
    for (document, part) in [
        ("{".to_owned(), "Syntax errors in policy"),
        ("[]".to_owned(), "not an object"),
        (r#"{"Version": "2012-10-17"}"#.to_owned(), "no statement"),
        (r#"{"Version": "2012-10-17", "Statement": []}"#.to_owned(), "no statement"),
        (r#"{"Version": "2024-01-01", "Statement": []}"#.to_owned(), "must be version 2012-10-17"),
        (statement(rest), "Missing required field Effect"),
        (statement(&format!(r#""Effect": "allow", {rest}"#)), "Invalid effect: allow"),
        (statement(r#""Effect": "Allow", "Resource": "*""#), "must contain actions"),
        (statement(r#""Effect": "Allow", "Action": "ec2:*""#), "must contain resources"),
        (statement(r#""Effect": "Allow", "Action": [], "Resource": "*""#), "Action is empty"),
        (statement(r#""Effect": "Allow", "Action": {}, "Resource": "*""#), "neither a string"),
        (statement(r#""Effect": "Allow", "Action": "CreateTags", "Resource": "*""#), "prefaced by a vendor"),
        (
            statement(r#""Effect": "Allow", "Action": "ec2:*", "Resource": "eni-1""#),
            "Resource eni-1 must be in ARN format",
        ),
        (statement(&format!(r#""Effect": "Allow", {rest}, "NotAction": "a:b""#)), "both Action and NotAction"),
        (statement(&format!(r#""Effect": "Allow", {rest}, "Principal": "*""#)), "should not specify a principal"),
        (statement(&format!(r#""Effect": "Allow", {rest}, "Actions": "*""#)), "unknown field Actions"),
        (statement(&format!(r#""Effect": "Allow", {rest}, "Sid": "a b""#)), "alpha-numeric"),
        (with(r#"{"StringMatches": {"a:b": "c"}}"#), "Invalid Condition type: StringMatches"),
        (with(r#"{"NullIfExists": {"a:b": "true"}}"#), "Invalid Condition type: NullIfExists"),
        (with(r#"{"StringEquals": {"owner": "c"}}"#), "prefaced by a vendor"),
        (with(r#"{"StringEquals": {"a:b": []}}"#), "a:b is empty"),
        (with(r#"{"Bool": {"a:b": "yes"}}"#), "Invalid value yes"),
        (with(r#"{"NumericEquals": {"a:b": "one"}}"#), "Invalid value one"),
    ] {
        let error = Policy::identity("p", &document).unwrap_err();
        assert_eq!(error.code, "MalformedPolicyDocument", "{document}");
        assert!(error.message.contains(part), "{document}: {}", error.message);
    }
    let twice = format!(
        r#"{{"Statement": [{{"Sid": "A", "Effect": "Allow", {rest}}}, {{"Sid": "A", "Effect": "Deny", {rest}}}]}}"#
    );
    assert!(Policy::identity("p", &twice).unwrap_err().message.contains("must be unique"));
}

#[test]
fn a_malformed_trust_policy_is_refused_with_what_is_wrong() {
    for (fields, part) in [
        ("", "Missing required field Principal"),
        (r#", "Principal": "*", "Resource": "*""#, "prohibited field Resource"),
        (r#", "Principal": "123456789012""#, "Invalid principal"),
        (r#", "Principal": {"AWS": "alice"}"#, "Invalid principal in policy: \"AWS\":\"alice\""),
        (r#", "Principal": {"AWS": "arn:aws:iam::123456789012:role/*"}"#, "Invalid principal"),
        (r#", "Principal": {"Aws": "*"}"#, "Invalid principal"),
    ] {
        let document = format!(r#"{{"Statement": {{"Effect": "Allow", "Action": "sts:AssumeRole"{fields}}}}}"#);
        let error = Policy::trust(&document).unwrap_err();
        assert!(error.message.contains(part), "{document}: {}", error.message);
    }
}
