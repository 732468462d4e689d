//! Takes security groups; gives groups of rules, and which interfaces are in them. Never looks at a subnet, and never remembers a
//! connection: whoever asks says which packet answers another.

mod changing;
mod describing;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use mirror_core::ids::{AccountId, InterfaceId, VpcId};
use mirror_core::inventory::{Direction, PortRange, Tags};

pub(crate) use self::changing::protocol_named;
use crate::error::ApiError;
use crate::listing::Listed;
use crate::world::World;

macro_rules! network_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl<S: AsRef<str>> From<S> for $name {
            fn from(id: S) -> Self {
                Self(Arc::from(id.as_ref()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

network_ids! {
    /// A security group's id: `sg-…`.
    SecurityGroupId;
    /// The id of a security group's rule: `sgr-…`.
    SecurityGroupRuleId;
    /// A prefix list's id: `pl-…`.
    PrefixListId;
    /// A network ACL's id: `acl-…`.
    NetworkAclId;
}

/// The other end of what a security group's rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Addresses, IPv4 or IPv6.
    Block(IpNet),
    /// The interfaces in a security group, by their private addresses and prefixes.
    Group(SecurityGroupId),
    /// The blocks in a prefix list.
    PrefixList(PrefixListId),
}

/// A rule of a security group: it lets through what it describes. None forbids anything. Source: "Security group rules", Amazon VPC
/// User Guide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRule {
    /// For packets that go this way.
    pub direction: Direction,
    /// IANA protocol number; none for all traffic.
    pub protocol: Option<u8>,
    /// Destination ports, TCP and UDP only; none for all.
    pub ports: Option<PortRange>,
    /// Where ingress comes from, or egress goes to.
    pub peer: Peer,
}

impl GroupRule {
    /// Begins a sentence such as `GroupRule::all(Direction::Ingress, peer).of_protocol(6).on_ports(80, 443)`.
    pub fn all(direction: Direction, peer: Peer) -> Self {
        Self { direction, protocol: None, ports: None, peer }
    }

    /// Of this IANA protocol only.
    #[must_use]
    pub fn of_protocol(self, protocol: u8) -> Self {
        Self { protocol: Some(protocol), ..self }
    }

    /// To these destination ports only.
    #[must_use]
    pub fn on_ports(self, from: u16, to: u16) -> Self {
        Self { ports: Some(PortRange { from, to }), ..self }
    }
}

/// A rule in its security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroupRule {
    /// Its id.
    pub id: SecurityGroupRuleId,
    /// Its group.
    pub group: SecurityGroupId,
    /// The account that made the group.
    pub owner: AccountId,
    /// What it lets through.
    pub rule: GroupRule,
    /// What for.
    pub description: Option<String>,
    /// Tags.
    pub tags: Tags,
}

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// The account that made it.
    pub owner: AccountId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its name, unique in its VPC.
    pub name: String,
    /// What for.
    pub description: String,
    /// What it lets through.
    pub rules: BTreeMap<SecurityGroupRuleId, SecurityGroupRule>,
    /// Tags.
    pub tags: Tags,
}

impl World {
    /// Adds a security group that lets everything out and nothing in, as AWS makes one. Source: "Security groups", Amazon VPC User
    /// Guide.
    pub fn add_security_group(&mut self, vpc: &VpcId, name: &str) -> SecurityGroupId {
        let id = SecurityGroupId::from(self.mint.id("sg"));
        let everywhere = [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        let everything = everywhere.map(|block| GroupRule::all(Direction::Egress, Peer::Block(block)));
        let group = SecurityGroup {
            id: id.clone(),
            owner: self.account.clone(),
            vpc: vpc.clone(),
            name: name.into(),
            description: name.into(),
            rules: everything.map(|rule| self.new_group_rule(&id, rule)).map(|rule| (rule.id.clone(), rule)).into(),
            tags: Tags::new(),
        };
        self.security_groups.insert(id.clone(), group);
        id
    }

    /// Adds a rule to a security group, and gives its id. Whether there is such a rule already, or a peer, nobody asks:
    /// `AuthorizeSecurityGroupIngress` does.
    ///
    /// # Errors
    ///
    /// The group does not exist.
    pub fn add_group_rule(
        &mut self,
        group: &SecurityGroupId,
        rule: GroupRule,
    ) -> Result<SecurityGroupRuleId, ApiError> {
        self.group_mut(group)?;
        let rule = self.new_group_rule(group, rule);
        let id = rule.id.clone();
        self.group_mut(group)?.rules.insert(id.clone(), rule);
        Ok(id)
    }

    /// A rule of the account that acts, which is in no group yet.
    fn new_group_rule(&mut self, group: &SecurityGroupId, rule: GroupRule) -> SecurityGroupRule {
        SecurityGroupRule {
            id: self.mint.id("sgr").into(),
            group: group.clone(),
            owner: self.account.clone(),
            rule,
            description: None,
            tags: Tags::new(),
        }
    }

    /// Takes all rules of one direction from a security group: then it lets nothing through that way.
    ///
    /// # Errors
    ///
    /// The group does not exist.
    pub fn clear_group_rules(&mut self, group: &SecurityGroupId, direction: Direction) -> Result<(), ApiError> {
        let group = self.group_mut(group)?;
        group.rules.retain(|_, rule| rule.rule.direction != direction);
        Ok(())
    }

    /// Puts an interface into these security groups, and out of all others. In none, which AWS does not have and this world has until
    /// it is told, everything gets through.
    ///
    /// # Errors
    ///
    /// The interface or one of the groups does not exist.
    pub fn set_security_groups(&mut self, interface: &InterfaceId, groups: &[SecurityGroupId]) -> Result<(), ApiError> {
        groups.iter().try_for_each(|group| self.group_mut(group).map(|_| ()))?;
        self.interface_mut(interface)?.security_groups = groups.to_vec();
        Ok(())
    }

    /// A group of the account that acts. Source: "Responsibilities and permissions for owners and participants", Amazon VPC User Guide.
    fn group_mut(&mut self, id: &SecurityGroupId) -> Result<&mut SecurityGroup, ApiError> {
        self.own(&self.security_groups, id)?;
        self.security_groups.get_mut(id).ok_or_else(|| SecurityGroup::not_found(id))
    }
}
