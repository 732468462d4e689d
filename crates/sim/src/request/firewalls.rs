//! Takes nothing; gives the parameters of the calls about security groups and prefix lists. Never checks what depends on the world.

use mirror_core::ids::VpcId;
use mirror_core::inventory::Tags;

use super::Describe;
use crate::security_groups::{Peer, PrefixListId, SecurityGroupId, SecurityGroupRuleId};

/// `CreateSecurityGroup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateSecurityGroup {
    /// Unique in its VPC, 255 characters at most.
    pub name: String,
    /// What for: 255 characters at most.
    pub description: String,
    /// Its VPC; none for the account's default one.
    pub vpc: Option<VpcId>,
    /// Tags.
    pub tags: Tags,
}

/// A rule of a security group as it was asked for. What has several peers on the wire is several of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRuleWish {
    /// IANA protocol number; none for all traffic.
    pub protocol: Option<u8>,
    /// The first destination port; the type, of ICMP.
    pub from: Option<i32>,
    /// The last destination port; the code, of ICMP.
    pub to: Option<i32>,
    /// Where ingress comes from, or egress goes to.
    pub peer: Peer,
    /// What for.
    pub description: Option<String>,
}

/// `AuthorizeSecurityGroupIngress` and `AuthorizeSecurityGroupEgress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizeSecurityGroup {
    /// The group.
    pub group: SecurityGroupId,
    /// All of these, or none.
    pub rules: Vec<GroupRuleWish>,
    /// Tags of each rule.
    pub tags: Tags,
}

/// `RevokeSecurityGroupIngress` and `RevokeSecurityGroupEgress`: rules by what they say, or by their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokeSecurityGroup {
    /// The group.
    pub group: SecurityGroupId,
    /// All of these, or none.
    pub rules: Vec<GroupRuleWish>,
    /// All of these, or none.
    pub ids: Vec<SecurityGroupRuleId>,
}

/// `GetManagedPrefixListEntries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetManagedPrefixListEntries {
    /// The prefix list.
    pub list: PrefixListId,
    /// Its version; none for the last.
    pub version: Option<i32>,
    /// Which page.
    pub entries: Describe<String>,
}
