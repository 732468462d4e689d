//! Takes security groups; says by which filters they and their rules are found, and lists all rules. Never changes one.
//!
//! Source: botocore `ec2/2016-11-15`, the filters of `DescribeSecurityGroups` and `DescribeSecurityGroupRules`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use ipnet::IpNet;
use mirror_core::ids::AccountId;
use mirror_core::inventory::{Direction, Tags};

use super::{Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule, SecurityGroupRuleId};
use crate::accounts::Owned;
use crate::error::ApiError;
use crate::index::Indexed;
use crate::listing::{Listed, Page, list, list_after};
use crate::request::Describe;
use crate::world::World;

/// What begins the names of filters that look at the rules for what comes in, and at those for what goes out.
const INGRESS: &str = "ip-permission.";
const EGRESS: &str = "egress.ip-permission.";

impl World {
    /// The page of rules that is asked for, of all groups of the account that acts.
    pub(crate) fn describe_group_rules(
        &self,
        asked: &Describe<SecurityGroupRuleId>,
    ) -> Result<Page<SecurityGroupRule>, ApiError> {
        if !asked.ids.is_empty() {
            let named = asked.ids.iter().filter_map(|id| self.group_rule(id).cloned());
            let named: BTreeMap<_, _> = named.map(|rule| (rule.id.clone(), rule)).collect();
            return list(&named, asked, self);
        }
        list_after(&[], asked, self, |after: Option<SecurityGroupRuleId>| {
            let rules = self.security_groups.found_from(after.as_ref()).filter(|(_, group)| self.owns(*group));
            rules
                .filter(move |(id, _)| after.as_ref() != Some(id))
                .filter_map(|(id, group)| group.rules.get_key_value(&id))
                .map(|(id, rule)| (Cow::Borrowed(id), Cow::Borrowed(rule)))
        })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(block) => block.fmt(f),
            Self::Group(id) => id.fmt(f),
            Self::PrefixList(id) => id.fmt(f),
        }
    }
}

impl SecurityGroup {
    /// Its rules for what goes this way, in the order of their ids.
    pub(crate) fn rules_for(&self, direction: Direction) -> impl Iterator<Item = &SecurityGroupRule> {
        self.rules.values().filter(move |rule| rule.rule.direction == direction)
    }

    /// What its rules of one direction have under a name.
    fn permitted(&self, direction: Direction, name: &str) -> Vec<String> {
        let value = |rule: &SecurityGroupRule| {
            let (from, to) = rule.rule.ports_said();
            match (name, &rule.rule.peer) {
                ("protocol", _) => Some(rule.rule.protocol_said()),
                ("from-port", _) => Some(from.to_string()),
                ("to-port", _) => Some(to.to_string()),
                ("cidr", Peer::Block(IpNet::V4(block))) => Some(block.to_string()),
                ("ipv6-cidr", Peer::Block(IpNet::V6(block))) => Some(block.to_string()),
                ("group-id", Peer::Group(id)) => Some(id.to_string()),
                ("prefix-list-id", Peer::PrefixList(id)) => Some(id.to_string()),
                _ => None,
            }
        };
        self.rules_for(direction).filter_map(value).collect()
    }
}

impl Owned for SecurityGroup {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Indexed for SecurityGroup {
    type By = SecurityGroupRuleId;

    fn found_by(&self) -> Vec<SecurityGroupRuleId> {
        self.rules.keys().cloned().collect()
    }
}

impl Listed for SecurityGroup {
    type Id = SecurityGroupId;
    const KIND: &str = "security-group";
    #[rustfmt::skip]
    const FILTERS: &[&str] = &[
        "description", "group-id", "group-name", "owner-id", "vpc-id", "tag-key", "tag:",
        "ip-permission.cidr", "ip-permission.from-port", "ip-permission.group-id", "ip-permission.ipv6-cidr",
        "ip-permission.prefix-list-id", "ip-permission.protocol", "ip-permission.to-port",
        "egress.ip-permission.cidr", "egress.ip-permission.from-port", "egress.ip-permission.group-id",
        "egress.ip-permission.ipv6-cidr", "egress.ip-permission.prefix-list-id", "egress.ip-permission.protocol",
        "egress.ip-permission.to-port",
    ];

    fn values(&self, filter: &str) -> Vec<String> {
        if let Some(name) = filter.strip_prefix(EGRESS) {
            return self.permitted(Direction::Egress, name);
        }
        if let Some(name) = filter.strip_prefix(INGRESS) {
            return self.permitted(Direction::Ingress, name);
        }
        vec![match filter {
            "description" => self.description.clone(),
            "group-id" => self.id.to_string(),
            "group-name" => self.name.clone(),
            "owner-id" => self.owner.to_string(),
            _ => self.vpc.to_string(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn not_found(id: &SecurityGroupId) -> ApiError {
        ApiError::new("InvalidGroup.NotFound", format!("The security group '{id}' does not exist"))
    }
}

impl Owned for SecurityGroupRule {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Listed for SecurityGroupRule {
    type Id = SecurityGroupRuleId;
    const KIND: &str = "security-group-rule";
    const FILTERS: &[&str] = &["group-id", "security-group-rule-id", "tag:"];

    fn values(&self, filter: &str) -> Vec<String> {
        vec![match filter {
            "group-id" => self.group.to_string(),
            _ => self.id.to_string(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn not_found(id: &SecurityGroupRuleId) -> ApiError {
        let message = format!("The security group rule ID '{id}' does not exist");
        ApiError::new("InvalidSecurityGroupRuleId.NotFound", message)
    }
}
