//! Takes security groups and prefix lists; gives groups of rules, and which interfaces are in them. Never looks at a subnet, and never
//! remembers a connection: whoever asks says which packet answers another.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use mirror_core::ids::{AccountId, InterfaceId, VpcId};
use mirror_core::inventory::{Direction, PortRange};

use crate::error::ApiError;
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

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Its id.
    pub id: SecurityGroupId,
    /// The account that made it.
    pub owner: AccountId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its name.
    pub name: String,
    /// What it lets through.
    pub rules: Vec<GroupRule>,
}

impl World {
    /// Adds a security group that lets everything out and nothing in, as AWS makes one. Source: "Security groups", Amazon VPC User
    /// Guide.
    pub fn add_security_group(&mut self, vpc: &VpcId, name: &str) -> SecurityGroupId {
        let id = SecurityGroupId::from(self.mint.id("sg"));
        let everywhere = [IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        let rules = everywhere.map(|block| GroupRule::all(Direction::Egress, Peer::Block(block))).into();
        let owner = self.account.clone();
        let group = SecurityGroup { id: id.clone(), owner, vpc: vpc.clone(), name: name.into(), rules };
        self.security_groups.insert(id.clone(), group);
        id
    }

    /// Adds a rule to a security group.
    ///
    /// # Errors
    ///
    /// The group does not exist.
    pub fn add_group_rule(&mut self, group: &SecurityGroupId, rule: GroupRule) -> Result<(), ApiError> {
        let group = self.group_mut(group)?;
        group.rules.push(rule);
        Ok(())
    }

    /// Takes all rules of one direction from a security group: then it lets nothing through that way.
    ///
    /// # Errors
    ///
    /// The group does not exist.
    pub fn clear_group_rules(&mut self, group: &SecurityGroupId, direction: Direction) -> Result<(), ApiError> {
        let group = self.group_mut(group)?;
        group.rules.retain(|rule| rule.direction != direction);
        Ok(())
    }

    /// Adds a prefix list.
    pub fn add_prefix_list(&mut self, blocks: impl IntoIterator<Item = IpNet>) -> PrefixListId {
        let id = PrefixListId::from(self.mint.id("pl"));
        self.prefix_lists.insert(id.clone(), blocks.into_iter().collect::<BTreeSet<_>>());
        id
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
        let group = self.security_groups.get_mut(id).filter(|group| group.owner == self.account);
        group.ok_or_else(|| group_not_found(id))
    }
}

fn group_not_found(id: &SecurityGroupId) -> ApiError {
    ApiError::new("InvalidGroup.NotFound", format!("The security group '{id}' does not exist"))
}
