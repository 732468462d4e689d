//! Takes what is known of an interface and its instance; says whether a selector matches it. Never looks anything up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{SecurityGroupId, SubnetId, VpcId, Zone};
use crate::inventory::{Platform, Tags};

/// Matches interfaces. Everything in it must hold; an empty one matches every interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// Tags of the interface or its instance: each key must be there, with a value that one of the patterns matches.
    pub tags: BTreeMap<String, Vec<Pattern>>,
    /// One of these VPCs; empty is any.
    pub vpcs: BTreeSet<VpcId>,
    /// One of these subnets; empty is any.
    pub subnets: BTreeSet<SubnetId>,
    /// One of these Availability Zones; empty is any.
    pub zones: BTreeSet<Zone>,
    /// The instance's platform.
    pub platform: Option<Platform>,
    /// One of these instance types; empty is any.
    pub instance_types: Vec<Pattern>,
    /// The interface is in one of these security groups; empty is in any.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// The instance belongs to one of these auto scaling groups; empty is to any, or none.
    pub auto_scaling_groups: Vec<Pattern>,
    /// All of these match.
    pub all: Vec<Selector>,
    /// One of these matches; empty is no condition.
    pub any: Vec<Selector>,
    /// This one does not match.
    pub not: Option<Box<Selector>>,
}

/// What a selector sees of an interface.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// The tags that count for it, the nearest first: its own, its instance's.
    pub tags: Vec<&'a Tags>,
    /// Its VPC.
    pub vpc: &'a VpcId,
    /// Its subnet.
    pub subnet: &'a SubnetId,
    /// Its zone.
    pub zone: &'a Zone,
    /// Its security groups.
    pub security_groups: &'a BTreeSet<SecurityGroupId>,
    /// Its instance's platform; none without an instance that is listed.
    pub platform: Option<Platform>,
    /// Its instance's type; none likewise.
    pub instance_type: Option<&'a str>,
    /// The auto scaling group of its instance; none likewise, or if it has none.
    pub auto_scaling_group: Option<&'a str>,
}

impl Selector {
    /// Whether it matches.
    pub fn matches(&self, subject: &Subject<'_>) -> bool {
        let Self {
            tags,
            vpcs,
            subnets,
            zones,
            platform,
            instance_types,
            security_groups,
            auto_scaling_groups,
            all,
            any,
            not,
        } = self;
        let tag = |key: &String| subject.tags.iter().find_map(|tags| tags.get(key));
        tags.iter().all(|(key, patterns)| tag(key).is_some_and(|value| one_matches(patterns, value)))
            && one_of(vpcs, subject.vpc)
            && one_of(subnets, subject.subnet)
            && one_of(zones, subject.zone)
            && platform.is_none_or(|platform| subject.platform == Some(platform))
            && (instance_types.is_empty() || subject.instance_type.is_some_and(|it| one_matches(instance_types, it)))
            && (security_groups.is_empty() || !security_groups.is_disjoint(subject.security_groups))
            && (auto_scaling_groups.is_empty()
                || subject.auto_scaling_group.is_some_and(|it| one_matches(auto_scaling_groups, it)))
            && all.iter().all(|selector| selector.matches(subject))
            && (any.is_empty() || any.iter().any(|selector| selector.matches(subject)))
            && not.as_ref().is_none_or(|selector| !selector.matches(subject))
    }
}

fn one_of<T: Ord>(wanted: &BTreeSet<T>, found: &T) -> bool {
    wanted.is_empty() || wanted.contains(found)
}

fn one_matches(patterns: &[Pattern], text: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(text))
}

/// A text in which `*` stands for any text, none included.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Pattern {
    /// Whether it matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        let Some((start, rest)) = self.0.split_once('*') else { return self.0 == text };
        let Some(mut text) = text.strip_prefix(start) else { return false };
        // The shortest text for each star but the last leaves the most for those behind it.
        let mut parts = rest.split('*').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return text.ends_with(part);
            }
            let Some(at) = text.find(part) else { return false };
            text = text.get(at + part.len()..).unwrap_or_default();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, matches) in [
            ("web", "web", true),
            ("web", "web-1", false),
            ("web-*", "web-", true),
            ("web-*", "web-1", true),
            ("*", "", true),
            ("*-db", "orders-db", true),
            ("*-db", "orders-dbs", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("a*a", "a", false),
            ("m5.*large", "m5.12xlarge", true),
        ] {
            assert_eq!(Pattern(pattern.into()).matches(text), matches, "{pattern} {text}");
        }
    }

    fn subject<'a>(own: &'a Tags, instance: &'a Tags, groups: &'a BTreeSet<SecurityGroupId>) -> Subject<'a> {
        Subject {
            tags: vec![own, instance],
            vpc: Box::leak(Box::new("vpc-1".into())),
            subnet: Box::leak(Box::new("subnet-1".into())),
            zone: Box::leak(Box::new("eu-west-1a".into())),
            security_groups: groups,
            platform: Some(Platform::Windows),
            instance_type: Some("m5.large"),
            auto_scaling_group: Some("web-fleet"),
        }
    }

    fn matches(yaml: &str) -> bool {
        let text = format!(
            "apiVersion: vpc-mirror/v1\nkind: Policy\nowner: o\nsensors: {{s: {{targets: [{{existing: tmt-1}}]}}}}\n\
             strategies: [{{name: n, importance: {{select: {yaml}}}}}]\n"
        );
        let policy = super::super::parse("p", &text).unwrap_or_else(|error| panic!("{error}"));
        let super::super::Choice::Importance { select, .. } = &policy.strategies[0].choice else { panic!("another") };
        let own = Tags::from([("tier".into(), "swift".into())]);
        let instance = Tags::from([("tier".into(), "web".into()), ("role".into(), "db-1".into())]);
        select.as_ref().unwrap().matches(&subject(&own, &instance, &BTreeSet::from(["sg-1".into()])))
    }

    #[test]
    fn everything_that_a_selector_says_must_hold() {
        for (yaml, expected) in [
            ("{}", true),
            ("{tags: {tier: swift}}", true),
            ("{tags: {tier: web}}", false),
            ("{tags: {tier: [web, swift], role: db-*}}", true),
            ("{tags: {owner: '*'}}", false),
            ("{vpcs: [vpc-1, vpc-2], zones: [eu-west-1a]}", true),
            ("{vpcs: [vpc-2]}", false),
            ("{subnets: [subnet-1], platform: windows}", true),
            ("{platform: linux}", false),
            ("{instanceTypes: [t3.micro, m5.*]}", true),
            ("{instanceTypes: [m5]}", false),
            ("{securityGroups: [sg-1, sg-9]}", true),
            ("{securityGroups: [sg-9]}", false),
            ("{autoScalingGroups: [web-*]}", true),
            ("{autoScalingGroups: [db]}", false),
            ("{any: [{platform: linux}, {tags: {tier: swift}}]}", true),
            ("{any: [{platform: linux}, {tags: {tier: web}}]}", false),
            ("{all: [{platform: windows}, {zones: [eu-west-1b]}]}", false),
            ("{not: {platform: linux}}", true),
            ("{tags: {tier: swift}, not: {instanceTypes: [m5.*]}}", false),
        ] {
            assert_eq!(matches(yaml), expected, "{yaml}");
        }
    }
}
