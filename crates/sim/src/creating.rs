//! Takes subnets; gives network interfaces (ENIs) in them, and takes them away again, with whatever AWS takes away with them. Never
//! attaches one.

use mirror_core::ids::{InstanceId, InterfaceId};
use mirror_core::inventory::Tags;

use crate::error::ApiError;
use crate::index::SessionBy;
use crate::interfaces::{EFA_ONLY, NetworkInterface, PLAIN};
use crate::listing::Listed;
use crate::network::SubnetId;
use crate::request::{AssignIpv6Addresses, AssignPrivateIpAddresses, CreateNetworkInterface};
use crate::tags;
use crate::trunks::{BRANCH, TRUNK};
use crate::world::World;

/// Types that `CreateNetworkInterface` makes beside the plain one. Source: botocore, `NetworkInterfaceCreationType`.
const CREATED: [&str; 4] = ["efa", EFA_ONLY, BRANCH, TRUNK];

impl World {
    pub(crate) fn create_network_interface(
        &mut self,
        wish: &CreateNetworkInterface,
    ) -> Result<NetworkInterface, ApiError> {
        let CreateNetworkInterface { subnet, description, ipv6_addresses, interface_type, tags, .. } = wish;
        tags::check(tags)?;
        let interface_type = interface_type.as_deref().unwrap_or(PLAIN);
        if interface_type != PLAIN && !CREATED.contains(&interface_type) {
            return Err(ApiError::invalid_value(format!("Invalid value '{interface_type}' for InterfaceType.")));
        }
        let before = self.subnet_mut(subnet)?.clone();
        let mut interface = match (interface_type, ipv6_addresses) {
            (EFA_ONLY, 0) => self.interface_without_address(subnet)?,
            (EFA_ONLY, _) => return Err(ApiError::invalid_combination("An efa-only interface has no IP address")),
            _ => self.new_interface(subnet, *ipv6_addresses)?,
        };
        interface.interface_type = interface_type.into();
        interface.description.clone_from(description);
        interface.tags.clone_from(tags);
        let id = interface.id.clone();
        self.interfaces.insert(id.clone(), interface);
        if let Err(error) = self.add_addresses_of(wish, &id) {
            // What cannot have all that it was to have is not made, and has never been.
            self.remove_interface(&id);
            *self.subnet_mut(subnet)? = before;
            return Err(error);
        }
        self.interface(&id).cloned()
    }

    /// What an interface gets at its creation beside its primary address.
    fn add_addresses_of(&mut self, wish: &CreateNetworkInterface, id: &InterfaceId) -> Result<(), ApiError> {
        if let Some(wanted) = wish.private_addresses.clone() {
            self.assign_private_ip_addresses(&AssignPrivateIpAddresses { interface: id.clone(), wanted })?;
        }
        if wish.ipv6_prefixes != 0 {
            let prefix_count = wish.ipv6_prefixes;
            self.assign_ipv6_addresses(&AssignIpv6Addresses { interface: id.clone(), count: 0, prefix_count })?;
        }
        Ok(())
    }

    /// An interface with addresses, not yet in the world. In an IPv6-only subnet it has an IPv6 address even if none is asked for.
    pub(crate) fn new_interface(&mut self, subnet: &SubnetId, ipv6: i32) -> Result<NetworkInterface, ApiError> {
        self.seen(&self.subnets, subnet)?;
        let place = self.subnet_mut(subnet)?;
        // Looked at before anything is taken: an IPv4 address that nobody owns would never come back.
        place.check_ipv6(ipv6)?;
        let address = place.cidr.is_some().then(|| place.take_address()).transpose()?;
        let ipv6_addresses = place.take_ipv6_addresses(if address.is_some() { ipv6 } else { ipv6.max(1) })?;
        Ok(NetworkInterface { address, ipv6_addresses, ..self.interface_without_address(subnet)? })
    }

    /// An interface without any address, not yet in the world.
    pub(crate) fn interface_without_address(&mut self, subnet: &SubnetId) -> Result<NetworkInterface, ApiError> {
        let place = self.seen(&self.subnets, subnet)?;
        let (subnet, vpc, zone) = (place.id.clone(), place.vpc.clone(), place.zone.clone());
        Ok(NetworkInterface {
            id: self.mint.id("eni").into(),
            owner: self.account.clone(),
            subnet,
            vpc,
            zone,
            interface_type: PLAIN.into(),
            requester_managed: false,
            requester: None,
            operator: None,
            description: String::new(),
            address: None,
            secondary_addresses: Vec::new(),
            ipv6_addresses: Vec::new(),
            ipv4_prefixes: Vec::new(),
            ipv6_prefixes: Vec::new(),
            security_groups: Vec::new(),
            trunk: None,
            attachment: None,
            tags: Tags::new(),
        })
    }

    pub(crate) fn delete_network_interface(&mut self, id: &InterfaceId) -> Result<(), ApiError> {
        let interface = self.interface(id)?;
        if interface.attachment.is_some() || interface.trunk.is_some() {
            return Err(ApiError::invalid_value(format!("Network interface '{id}' is currently in use.")));
        }
        self.remove_interface(id);
        Ok(())
    }

    /// Takes an interface away, and its sessions with it. A target for it stays, and receives nothing any more. Source: Traffic
    /// Mirroring guide, "Delete a traffic mirror session" and "Traffic mirror targets".
    pub(crate) fn remove_interface(&mut self, id: &InterfaceId) {
        let Some(interface) = self.interfaces.remove(id) else { return };
        if let Some(subnet) = self.subnets.get_mut(&interface.subnet) {
            interface.ipv4_addresses().for_each(|address| subnet.give_back(address));
            interface.ipv4_prefixes.iter().for_each(|prefix| subnet.give_prefix_back(*prefix));
        }
        if interface.interface_type == TRUNK {
            self.release_branches(id);
        }
        let of_it = self.sessions.found(&SessionBy::Interface(id.clone()));
        for session in of_it.map(|session| session.id.clone()).collect::<Vec<_>>() {
            self.sessions.remove(&session);
        }
    }

    pub(crate) fn interface(&self, id: &InterfaceId) -> Result<&NetworkInterface, ApiError> {
        self.own(&self.interfaces, id)
    }

    pub(crate) fn interface_mut(&mut self, id: &InterfaceId) -> Result<&mut NetworkInterface, ApiError> {
        self.interface(id)?;
        self.interfaces.get_mut(id).ok_or_else(|| NetworkInterface::not_found(id))
    }

    /// The interfaces that hang on an instance.
    pub(crate) fn interfaces_of(&self, instance: &InstanceId) -> Vec<InterfaceId> {
        self.hanging_on(instance).map(|interface| interface.id.clone()).collect()
    }
}
