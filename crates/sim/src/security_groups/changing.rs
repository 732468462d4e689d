//! Takes wishes for security groups and their rules; makes them, and takes them away. Never lets half of a call take effect.
//!
//! | a call                            | or                                                                      |
//! |-----------------------------------|-------------------------------------------------------------------------|
//! | makes a group of a new name       | `InvalidGroup.Duplicate`                                                |
//! | deletes a group that nobody uses  | `DependencyViolation`                                                   |
//! | adds a rule that is not there     | `InvalidPermission.Duplicate`                                           |
//! | takes away a rule that is there   | `InvalidPermission.NotFound`, `InvalidSecurityGroupRuleId.NotFound`     |
//! | says ports of TCP and UDP         | `InvalidParameterValue`                                                 |
//!
//! Sources: "Error codes for the Amazon EC2 API"; botocore `ec2/2016-11-15`, `IpPermission`. ICMP's types and codes are not simulated: a
//! rule for some of them is refused, so that none is taken for a rule for all.

use std::collections::BTreeSet;

use mirror_core::inventory::{Direction, PortRange, Tags};

use super::{GroupRule, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule};
use crate::error::ApiError;
use crate::index::InterfaceBy;
use crate::listing::Listed;
use crate::network::Vpc;
use crate::prefix_lists::PrefixList;
use crate::request::{AuthorizeSecurityGroup, CreateSecurityGroup, GroupRuleWish, RevokeSecurityGroup};
use crate::tags;
use crate::world::World;

/// Characters of a name and of a description. Source: botocore, `CreateSecurityGroup`.
const LONGEST_NAME: usize = 255;

/// IANA protocol numbers.
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;

impl World {
    pub(crate) fn create_security_group(&mut self, wish: &CreateSecurityGroup) -> Result<SecurityGroup, ApiError> {
        let CreateSecurityGroup { name, description, vpc, tags } = wish;
        tags::check(tags)?;
        check_text("GroupName", name)?;
        check_text("GroupDescription", description)?;
        if name.starts_with("sg-") || name.to_lowercase() == "default" {
            return Err(ApiError::invalid_value(format!("Cannot use reserved security group name: {name}")));
        }
        let default = || self.vpcs.values().find(|vpc| vpc.is_default && self.owns(*vpc));
        let vpc = match vpc {
            Some(id) => self.seen(&self.vpcs, id)?,
            None => default().ok_or_else(|| ApiError::new("VPCIdNotSpecified", "No default VPC for this user"))?,
        };
        let vpc = vpc.id.clone();
        let same = |group: &&SecurityGroup| self.owns(*group) && group.vpc == vpc && group.name == *name;
        if self.security_groups.values().any(|group| same(&group)) {
            let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
            return Err(ApiError::new("InvalidGroup.Duplicate", message));
        }
        let id = self.add_security_group(&vpc, name);
        let group = self.group_mut(&id)?;
        (group.description, group.tags) = (description.clone(), tags.clone());
        Ok(group.clone())
    }

    /// Takes away a group that no interface is in and that no other group's rule names.
    pub(crate) fn delete_security_group(&mut self, id: &SecurityGroupId) -> Result<SecurityGroupId, ApiError> {
        self.own(&self.security_groups, id)?;
        let names = |rule: &SecurityGroupRule| rule.rule.peer == Peer::Group(id.clone());
        let mut others = self.security_groups.values().filter(|group| group.id != *id);
        let in_use = self.interfaces.found(&InterfaceBy::SecurityGroup(id.clone())).next().is_some()
            || self.load_balancers.values().any(|balancer| balancer.security_groups.contains(id))
            || others.any(|group| group.rules.values().any(names));
        if in_use {
            return Err(ApiError::new("DependencyViolation", format!("resource {id} has a dependent object")));
        }
        self.security_groups.remove(id);
        Ok(id.clone())
    }

    /// Adds rules of one direction to a group.
    pub(crate) fn authorize(
        &mut self,
        direction: Direction,
        wish: &AuthorizeSecurityGroup,
    ) -> Result<Vec<SecurityGroupRule>, ApiError> {
        let AuthorizeSecurityGroup { group: id, rules, tags } = wish;
        tags::check(tags)?;
        let group = self.own(&self.security_groups, id)?;
        let mut added: Vec<GroupRule> = Vec::new();
        for wish in rules {
            let rule = checked(direction, wish)?;
            self.check_peer(group, &rule.peer)?;
            let mut there = group.rules.values().map(|it| &it.rule).chain(&added);
            if there.any(|other| other.is_same_as(&rule)) {
                let message = format!("the specified rule \"{}\" already exists", rule.named());
                return Err(ApiError::new("InvalidPermission.Duplicate", message));
            }
            added.push(rule);
        }
        let mut made = Vec::new();
        for (rule, GroupRuleWish { description, .. }) in added.into_iter().zip(rules) {
            let new = self.new_group_rule(id, rule);
            made.push(SecurityGroupRule { description: description.clone(), tags: tags.clone(), ..new });
        }
        self.group_mut(id)?.rules.extend(made.iter().map(|rule| (rule.id.clone(), rule.clone())));
        Ok(made)
    }

    /// Takes rules of one direction from a group, and gives what they were.
    pub(crate) fn revoke(
        &mut self,
        direction: Direction,
        wish: &RevokeSecurityGroup,
    ) -> Result<Vec<SecurityGroupRule>, ApiError> {
        let RevokeSecurityGroup { group: id, rules, ids } = wish;
        let group = self.own(&self.security_groups, id)?;
        let mut gone = BTreeSet::new();
        for id in ids {
            if group.rules.get(id).is_none_or(|rule| rule.rule.direction != direction) {
                return Err(SecurityGroupRule::not_found(id));
            }
            gone.insert(id.clone());
        }
        for wish in rules {
            let rule = checked(direction, wish)?;
            let there = group.rules.values().find(|other| other.rule.is_same_as(&rule));
            let missing = || {
                ApiError::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
            };
            gone.insert(there.ok_or_else(missing)?.id.clone());
        }
        let group = self.group_mut(id)?;
        Ok(gone.iter().filter_map(|id| group.rules.remove(id)).collect())
    }

    /// Refuses a peer that is not there, or in another network: none is peered with another in here.
    fn check_peer(&self, group: &SecurityGroup, peer: &Peer) -> Result<(), ApiError> {
        match peer {
            Peer::Block(_) => Ok(()),
            Peer::PrefixList(list) => self.seen(&self.prefix_lists, list).map(|_: &PrefixList| ()),
            // It may be another account's, in a network that is shared.
            Peer::Group(other) => {
                let near = self.security_groups.get(other).filter(|other| other.vpc == group.vpc);
                near.map(|_| ()).ok_or_else(|| SecurityGroup::not_found(other))
            }
        }
    }

    /// A rule of one of the account's groups.
    pub(crate) fn group_rule(&self, id: &super::SecurityGroupRuleId) -> Option<&SecurityGroupRule> {
        let group = self.security_groups.found(id).find(|group| self.owns(*group));
        group.and_then(|group| group.rules.get(id))
    }

    /// The tags of a rule of one of the account's groups.
    pub(crate) fn tags_of_group_rule(&mut self, id: &super::SecurityGroupRuleId) -> Result<&mut Tags, ApiError> {
        let group = self.group_rule(id).map(|rule| rule.group.clone());
        let group = group.and_then(|group| self.security_groups.get_mut(&group));
        let rule = group.and_then(|group| group.rules.get_mut(id));
        rule.map(|rule| &mut rule.tags).ok_or_else(|| SecurityGroupRule::not_found(id))
    }

    /// The VPC of a security group.
    pub(crate) fn vpc_of_group(&self, id: &SecurityGroupId) -> Option<&Vpc> {
        self.security_groups.get(id).and_then(|group| self.vpcs.get(&group.vpc))
    }
}

impl GroupRule {
    /// Whether it lets through what another does, however that was written.
    fn is_same_as(&self, other: &Self) -> bool {
        let Self { direction, protocol, ports: _, peer } = self;
        *direction == other.direction
            && *protocol == other.protocol
            && self.ports_said() == other.ports_said()
            && *peer == other.peer
    }

    /// As AWS names it in errors.
    fn named(&self) -> String {
        let (from, to) = self.ports_said();
        format!("peer: {}, {}, from port: {from}, to port: {to}, ALLOW", self.peer, self.protocol_said().to_uppercase())
    }

    /// Its protocol as AWS writes it: four have names, all others numbers, and all together are -1. Source: botocore, `IpPermission`.
    pub(crate) fn protocol_said(&self) -> String {
        match self.protocol {
            None => "-1".into(),
            Some(TCP) => "tcp".into(),
            Some(UDP) => "udp".into(),
            Some(ICMP) => "icmp".into(),
            Some(58) => "icmpv6".into(),
            Some(other) => other.to_string(),
        }
    }

    /// Its ports as AWS writes them: -1 where there are none to choose from. Source: botocore, `SecurityGroupRule`.
    pub(crate) fn ports_said(&self) -> (i32, i32) {
        match (self.protocol, self.ports) {
            (Some(TCP | UDP), None) => (0, i32::from(u16::MAX)),
            (_, Some(PortRange { from, to })) => (from.into(), to.into()),
            (_, None) => (-1, -1),
        }
    }
}

/// The number of a protocol as a client writes it; none for all protocols. An error for what is none.
pub(crate) fn protocol_named(name: &str) -> Result<Option<u8>, ApiError> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "-1" => None,
        "tcp" => Some(TCP),
        "udp" => Some(UDP),
        "icmp" => Some(ICMP),
        "icmpv6" => Some(58),
        other => {
            let wrong =
                || ApiError::invalid_value(format!("Invalid value '{name}' for IP protocol. Unknown protocol."));
            Some(other.parse().map_err(|_| wrong())?)
        }
    })
}

/// A rule that AWS would accept, whatever is there.
fn checked(direction: Direction, wish: &GroupRuleWish) -> Result<GroupRule, ApiError> {
    let GroupRuleWish { protocol, from, to, peer, description } = wish;
    if let Some(text) = description {
        check_text("Description", text)?;
    }
    let wrong = |what: &str| ApiError::invalid_value(format!("Invalid value '{what}' for portRange."));
    let ports = match protocol {
        Some(TCP | UDP) => {
            let (Some(from), Some(to)) = (from, to) else {
                return Err(wrong("Must specify both from and to ports with TCP/UDP."));
            };
            match (u16::try_from(*from), u16::try_from(*to)) {
                (Ok(from), Ok(to)) if from <= to => Some(PortRange { from, to }),
                _ => return Err(wrong(&format!("{from}-{to}"))),
            }
        }
        Some(ICMP | 58) if from.is_some_and(|it| it != -1) || to.is_some_and(|it| it != -1) => {
            return Err(wrong("Types of ICMP are not simulated."));
        }
        Some(ICMP) if from.is_none() || to.is_none() => {
            return Err(wrong("Must specify both ICMP type and code."));
        }
        // "Specifying -1 or a protocol number other than tcp, udp, icmp, or icmpv6 allows traffic on all ports, regardless of any port
        // range you specify." Source: botocore, `IpPermission`.
        _ => None,
    };
    let peer = match peer {
        Peer::Block(block) => Peer::Block(block.trunc()),
        other => other.clone(),
    };
    Ok(GroupRule { direction, protocol: *protocol, ports, peer })
}

/// Source: botocore, `CreateSecurityGroup` and `IpRange`: "a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*".
fn check_text(name: &str, text: &str) -> Result<(), ApiError> {
    let allowed = |it: char| it.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(it);
    if text.chars().count() > LONGEST_NAME || !text.chars().all(allowed) {
        return Err(ApiError::invalid_value(format!("Value ({text}) for parameter {name} is invalid.")));
    }
    Ok(())
}
