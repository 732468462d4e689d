//! Takes network ACLs and the subnets that they stand before; gives which entry decides. Never remembers a packet: an ACL has no state.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use mirror_core::ids::{AccountId, VpcId};
use mirror_core::inventory::{Direction, PortRange};

use crate::error::ApiError;
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
    /// The subnets that it stands before.
    pub subnets: BTreeSet<SubnetId>,
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
            subnets: BTreeSet::new(),
        };
        self.network_acls.insert(id.clone(), acl);
        id
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
        let acl = self.network_acls.get_mut(acl).ok_or_else(|| acl_not_found(acl))?;
        acl.entries.insert((direction, number), entry);
        Ok(())
    }

    /// Puts a network ACL before a subnet, in the place of the one that was there. A subnet without one, which is before a default ACL
    /// on AWS, lets everything through.
    ///
    /// # Errors
    ///
    /// The ACL or the subnet does not exist.
    pub fn associate_network_acl(&mut self, acl: &NetworkAclId, subnet: &SubnetId) -> Result<(), ApiError> {
        if !self.network_acls.contains_key(acl) {
            return Err(acl_not_found(acl));
        }
        if !self.subnets.contains_key(subnet) {
            return Err(<Subnet as crate::listing::Listed>::not_found(subnet));
        }
        for candidate in self.network_acls.values_mut() {
            candidate.subnets.remove(subnet);
            if candidate.id == *acl {
                candidate.subnets.insert(subnet.clone());
            }
        }
        Ok(())
    }
}

fn acl_not_found(id: &NetworkAclId) -> ApiError {
    ApiError::new("InvalidNetworkAclID.NotFound", format!("The networkAcl ID '{id}' does not exist"))
}
