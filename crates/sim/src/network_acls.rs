//! Takes network ACLs and the subnets that they stand before; gives which entry decides. Never remembers a packet: an ACL has no state.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use mirror_core::ids::{AccountId, VpcId};
use mirror_core::inventory::{Direction, PortRange, Tags};

use crate::accounts::Owned;
use crate::error::ApiError;
use crate::index::Indexed;
use crate::listing::Listed;
use crate::network::{Subnet, SubnetId};
use crate::security_groups::NetworkAclId;
use crate::world::World;

/// An entry of a network ACL. Entries are tried by ascending number, per direction; the first that matches decides. Source: "Network
/// ACL rules", Amazon VPC User Guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// Whether it lets through what it describes, or drops it.
    pub allows: bool,
    /// IANA protocol number; none for all traffic.
    pub protocol: Option<u8>,
    /// Destination ports, TCP and UDP only; none for all.
    pub ports: Option<PortRange>,
    /// Where ingress comes from, or egress goes to.
    pub block: IpNet,
}

impl AclEntry {
    /// Lets everything through, from or to this block.
    pub fn allow(block: IpNet) -> Self {
        Self { allows: true, protocol: None, ports: None, block }
    }

    /// Drops everything, from or to this block.
    pub fn deny(block: IpNet) -> Self {
        Self { allows: false, ..Self::allow(block) }
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

/// The number of the entry that drops what no other matches, of IPv4; that of IPv6 has the next. Nobody can change them. Source: "Network
/// ACL basics", Amazon VPC User Guide; botocore, `CreateNetworkAclEntry`: entries have up to 32766.
const LAST: u16 = 32767;

/// The number of the entry of a default ACL that lets all of IPv4 through; that of IPv6 has the next. Source: "Default network ACL",
/// Amazon VPC User Guide.
const FIRST: u16 = 100;

/// A network ACL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAcl {
    /// Its id.
    pub id: NetworkAclId,
    /// The account that made it.
    pub owner: AccountId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its entries, by direction and number. What none of them matches is dropped.
    pub entries: BTreeMap<(Direction, u16), AclEntry>,
    /// The subnets that it stands before, each with the id of their association: `aclassoc-…`.
    pub subnets: BTreeMap<SubnetId, String>,
    /// Whether it is its VPC's default: new subnets are before it.
    pub is_default: bool,
    /// Tags.
    pub tags: Tags,
}

impl NetworkAcl {
    /// Its entries with those that drop what no other matches, in the order in which they are tried, one direction after the other.
    pub(crate) fn all_entries(&self, of_ipv6: bool) -> Vec<(Direction, u16, AclEntry)> {
        let last = |direction| {
            let ipv6 = Some((direction, LAST + 1, AclEntry::deny(Ipv6Net::default().into()))).filter(|_| of_ipv6);
            [(direction, LAST, AclEntry::deny(Ipv4Net::default().into()))].into_iter().chain(ipv6)
        };
        let given = self.entries.iter().map(|((direction, number), entry)| (*direction, *number, *entry));
        let mut all: Vec<_> = given.chain([Direction::Ingress, Direction::Egress].into_iter().flat_map(last)).collect();
        all.sort_by_key(|(direction, number, _)| (*direction, *number));
        all
    }
}

impl World {
    /// Adds a network ACL that drops everything, as AWS makes one. Source: "Custom network ACLs", Amazon VPC User Guide.
    pub fn add_network_acl(&mut self, vpc: &VpcId) -> NetworkAclId {
        let id = NetworkAclId::from(self.mint.id("acl"));
        let acl = NetworkAcl {
            id: id.clone(),
            owner: self.account.clone(),
            vpc: vpc.clone(),
            entries: BTreeMap::new(),
            subnets: BTreeMap::new(),
            is_default: false,
            tags: Tags::new(),
        };
        self.network_acls.insert(id.clone(), acl);
        id
    }

    /// Gives a VPC its default ACL, which lets everything through.
    pub(crate) fn add_default_network_acl(&mut self, vpc: &VpcId, of_ipv6: bool) {
        let id = self.add_network_acl(vpc);
        let Some(acl) = self.network_acls.get_mut(&id) else { return };
        acl.is_default = true;
        for direction in [Direction::Ingress, Direction::Egress] {
            acl.entries.insert((direction, FIRST), AclEntry::allow(Ipv4Net::default().into()));
            if of_ipv6 {
                acl.entries.insert((direction, FIRST + 1), AclEntry::allow(Ipv6Net::default().into()));
            }
        }
    }

    /// Puts the default ACL of its VPC before a new subnet.
    pub(crate) fn stand_before_new(&mut self, vpc: &VpcId, subnet: &SubnetId) {
        let default =
            self.network_acls.values().find(|acl| acl.is_default && acl.vpc == *vpc).map(|acl| acl.id.clone());
        let association = self.mint.id("aclassoc");
        if let Some(acl) = default.and_then(|id| self.network_acls.get_mut(&id)) {
            acl.subnets.insert(subnet.clone(), association);
        }
    }

    /// Adds an entry to a network ACL, or puts another in its place.
    ///
    /// # Errors
    ///
    /// The ACL does not exist.
    pub fn set_acl_entry(
        &mut self,
        acl: &NetworkAclId,
        direction: Direction,
        number: u16,
        entry: AclEntry,
    ) -> Result<(), ApiError> {
        let acl = self.network_acls.get_mut(acl).ok_or_else(|| NetworkAcl::not_found(acl))?;
        acl.entries.insert((direction, number), entry);
        Ok(())
    }

    /// Puts a network ACL before a subnet, in the place of the one that was there: of the default one, at first.
    ///
    /// # Errors
    ///
    /// The ACL or the subnet does not exist.
    pub fn associate_network_acl(&mut self, acl: &NetworkAclId, subnet: &SubnetId) -> Result<(), ApiError> {
        if !self.network_acls.contains_key(acl) {
            return Err(NetworkAcl::not_found(acl));
        }
        if !self.subnets.contains_key(subnet) {
            return Err(Subnet::not_found(subnet));
        }
        let before: Vec<_> = self.network_acls.found(subnet).map(|acl| acl.id.clone()).collect();
        for other in before {
            self.network_acls.get_mut(&other).into_iter().for_each(|acl| drop(acl.subnets.remove(subnet)));
        }
        let association = self.mint.id("aclassoc");
        let acl = self.network_acls.get_mut(acl).ok_or_else(|| NetworkAcl::not_found(acl))?;
        acl.subnets.insert(subnet.clone(), association);
        Ok(())
    }
}

impl Owned for NetworkAcl {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Indexed for NetworkAcl {
    type By = SubnetId;

    fn found_by(&self) -> Vec<SubnetId> {
        self.subnets.keys().cloned().collect()
    }
}

impl Listed for NetworkAcl {
    type Id = NetworkAclId;
    const KIND: &str = "network-acl";
    #[rustfmt::skip]
    const FILTERS: &[&str] = &[
        "association.association-id", "association.network-acl-id", "association.subnet-id", "default", "network-acl-id",
        "owner-id", "vpc-id", "tag-key", "tag:",
    ];

    fn values(&self, filter: &str) -> Vec<String> {
        vec![match filter {
            "association.association-id" => return self.subnets.values().cloned().collect(),
            "association.network-acl-id" => return self.subnets.keys().map(|_| self.id.to_string()).collect(),
            "association.subnet-id" => return self.subnets.keys().map(ToString::to_string).collect(),
            "default" => self.is_default.to_string(),
            "network-acl-id" => self.id.to_string(),
            "owner-id" => self.owner.to_string(),
            _ => self.vpc.to_string(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn not_found(id: &NetworkAclId) -> ApiError {
        ApiError::new("InvalidNetworkAclID.NotFound", format!("The networkAcl ID '{id}' does not exist"))
    }
}
