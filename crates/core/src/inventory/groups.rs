//! Takes nothing; gives the nouns of who may speak to whom: rules of security groups, and the networks of subnets. Never says what passes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Direction, PortRange};
use crate::ids::{SecurityGroupId, VpcId};

/// Rules of security groups, by group. Shared with the inventory before where they were not read again.
pub type GroupRules = Arc<BTreeMap<SecurityGroupId, BTreeSet<GroupRule>>>;

/// A rule of a security group: it lets through what it describes, and none forbids anything. Source: "Security group rules", Amazon VPC User
/// Guide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupRule {
    /// The group that it belongs to.
    pub group: SecurityGroupId,
    /// For connections that are opened this way: their answers pass too.
    pub direction: Direction,
    /// The IANA protocol number; none is every protocol.
    pub protocol: Option<u8>,
    /// Destination ports, TCP and UDP only; none is all.
    pub ports: Option<PortRange>,
    /// The other end.
    pub peer: GroupPeer,
}

/// The other end of a security group's rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupPeer {
    /// A network.
    Network(IpNet),
    /// Whoever is in a security group.
    Group(SecurityGroupId),
    /// The networks of a prefix list, `pl-…`, of IPv4 or of IPv6: which, the list says.
    PrefixList(String),
}

impl GroupRule {
    /// Whether it lets through anything of an IP version. Groups and prefix lists may hold either.
    pub fn has_version(&self, ipv6: bool) -> bool {
        match &self.peer {
            GroupPeer::Network(network) => matches!(network, IpNet::V6(_)) == ipv6,
            GroupPeer::Group(_) | GroupPeer::PrefixList(_) => true,
        }
    }
}

/// A subnet, as far as paths go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subnet {
    /// Its VPC.
    pub vpc: VpcId,
    /// Its networks: at most one of IPv4, and any of IPv6.
    pub networks: BTreeSet<IpNet>,
}
