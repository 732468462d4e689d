//! Takes an interface; gives it secondary addresses and prefixes, and takes them away again. Never touches its primary address: that goes
//! only with the interface.
//!
//! Sources: botocore `ec2/2016-11-15`, `AssignPrivateIpAddresses` and its like; "Error codes for the Amazon EC2 API".

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use mirror_core::ids::InterfaceId;

use crate::error::ApiError;
use crate::interfaces::EFA_ONLY;
use crate::request::{
    AssignIpv6Addresses, AssignPrivateIpAddresses, PrivateAddresses, UnassignIpv6Addresses, UnassignPrivateIpAddresses,
};
use crate::world::World;

/// Addresses and prefixes of one version on an interface, the primary one counted: as many as the largest instances have. Source: "IP
/// addresses per network interface per instance type", Amazon EC2 User Guide. What a smaller type has is not simulated.
const MOST: usize = 50;

/// What an interface was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignedAddresses<A, P> {
    /// The interface.
    pub interface: InterfaceId,
    /// Single addresses.
    pub addresses: Vec<A>,
    /// Prefixes.
    pub prefixes: Vec<P>,
}

impl World {
    pub(crate) fn assign_private_ip_addresses(
        &mut self,
        wish: &AssignPrivateIpAddresses,
    ) -> Result<AssignedAddresses<Ipv4Addr, Ipv4Net>, ApiError> {
        self.check_assignable(&wish.interface)?;
        if self.interface(&wish.interface)?.address.is_none() {
            let message = format!("The interface '{}' can have no private IPv4 address", wish.interface);
            return Err(ApiError::invalid_combination(message));
        }
        self.check_room_on(&wish.interface, wanted(&wish.wanted)?)?;
        let id = &self.interface(&wish.interface)?.subnet.clone();
        // Changed in a copy, so that what fails half-way has changed nothing.
        let mut subnet = self.subnet_mut(id)?.clone();
        let (mut addresses, mut prefixes) = (Vec::new(), Vec::new());
        match &wish.wanted {
            PrivateAddresses::Addresses(these) => {
                these.iter().try_for_each(|address| subnet.take_this_address(*address))?;
                addresses.clone_from(these);
            }
            PrivateAddresses::AddressCount(count) => {
                addresses = (0..*count).map(|_| subnet.take_address()).collect::<Result<_, _>>()?;
            }
            PrivateAddresses::Prefixes(these) => {
                these.iter().try_for_each(|prefix| subnet.take_this_prefix(*prefix))?;
                prefixes.clone_from(these);
            }
            PrivateAddresses::PrefixCount(count) => {
                prefixes = (0..*count).map(|_| subnet.take_ipv4_prefix()).collect::<Result<_, _>>()?;
            }
        }
        *self.subnet_mut(id)? = subnet;
        let interface = self.interface_mut(&wish.interface)?;
        interface.secondary_addresses.extend(&addresses);
        interface.ipv4_prefixes.extend(&prefixes);
        Ok(AssignedAddresses { interface: wish.interface.clone(), addresses, prefixes })
    }

    /// Interfaces of AWS's are AWS's to change, and an `efa-only` one carries no IP at all.
    fn check_assignable(&self, id: &InterfaceId) -> Result<(), ApiError> {
        let interface = self.interface(id)?;
        if interface.requester_managed {
            let message = "You are not allowed to modify a network interface that is managed by an AWS service.";
            return Err(ApiError::new("OperationNotPermitted", message));
        }
        if interface.interface_type == EFA_ONLY {
            return Err(ApiError::invalid_combination(format!("The efa-only interface '{id}' has no IP address")));
        }
        Ok(())
    }

    fn check_room_on(&self, id: &InterfaceId, more: usize) -> Result<(), ApiError> {
        let interface = self.interface(id)?;
        let taken = 1 + interface.secondary_addresses.len() + interface.ipv4_prefixes.len();
        if taken.saturating_add(more) > MOST {
            let message = format!("Number of private addresses will exceed limit of {MOST} on interface '{id}'");
            return Err(ApiError::new("PrivateIpAddressLimitExceeded", message));
        }
        Ok(())
    }

    pub(crate) fn unassign_private_ip_addresses(&mut self, wish: &UnassignPrivateIpAddresses) -> Result<(), ApiError> {
        let interface = self.interface(&wish.interface)?;
        let subnet = interface.subnet.clone();
        let has = wish.addresses.iter().all(|address| interface.secondary_addresses.contains(address))
            && wish.prefixes.iter().all(|prefix| interface.ipv4_prefixes.contains(prefix));
        if !has {
            return Err(not_assigned(&wish.interface));
        }
        let interface = self.interface_mut(&wish.interface)?;
        interface.secondary_addresses.retain(|address| !wish.addresses.contains(address));
        interface.ipv4_prefixes.retain(|prefix| !wish.prefixes.contains(prefix));
        let subnet = self.subnet_mut(&subnet)?;
        wish.addresses.iter().for_each(|address| subnet.give_back(*address));
        wish.prefixes.iter().for_each(|prefix| subnet.give_prefix_back(*prefix));
        Ok(())
    }

    pub(crate) fn assign_ipv6_addresses(
        &mut self,
        wish: &AssignIpv6Addresses,
    ) -> Result<AssignedAddresses<Ipv6Addr, Ipv6Net>, ApiError> {
        self.check_assignable(&wish.interface)?;
        let id = self.interface(&wish.interface)?.subnet.clone();
        match (wish.count, wish.prefix_count) {
            (1.., 0) | (0, 1..=50) => {}
            (0, _) => return Err(ApiError::invalid_value("Ipv6AddressCount must be at least 1")),
            _ => return Err(ApiError::invalid_combination("Either Ipv6AddressCount or Ipv6PrefixCount")),
        }
        let mut subnet = self.subnet_mut(&id)?.clone();
        let addresses = subnet.take_ipv6_addresses(wish.count)?;
        let prefixes = (0..wish.prefix_count).map(|_| subnet.take_ipv6_prefix()).collect::<Result<Vec<_>, _>>()?;
        *self.subnet_mut(&id)? = subnet;
        let interface = self.interface_mut(&wish.interface)?;
        interface.ipv6_addresses.extend(&addresses);
        interface.ipv6_prefixes.extend(&prefixes);
        Ok(AssignedAddresses { interface: wish.interface.clone(), addresses, prefixes })
    }

    pub(crate) fn unassign_ipv6_addresses(&mut self, wish: &UnassignIpv6Addresses) -> Result<(), ApiError> {
        let interface = self.interface(&wish.interface)?;
        let has = wish.addresses.iter().all(|address| interface.ipv6_addresses.contains(address))
            && wish.prefixes.iter().all(|prefix| interface.ipv6_prefixes.contains(prefix));
        if !has {
            return Err(not_assigned(&wish.interface));
        }
        let interface = self.interface_mut(&wish.interface)?;
        interface.ipv6_addresses.retain(|address| !wish.addresses.contains(address));
        interface.ipv6_prefixes.retain(|prefix| !wish.prefixes.contains(prefix));
        Ok(())
    }
}

/// How many addresses or prefixes these are; none at all is no wish.
fn wanted(wanted: &PrivateAddresses) -> Result<usize, ApiError> {
    let count = match wanted {
        PrivateAddresses::Addresses(these) => these.len(),
        PrivateAddresses::Prefixes(these) => these.len(),
        PrivateAddresses::AddressCount(count) | PrivateAddresses::PrefixCount(count) => {
            usize::try_from(*count).unwrap_or_default()
        }
    };
    if count == 0 {
        Err(ApiError::invalid_value("At least one address or prefix must be asked for"))
    } else {
        Ok(count)
    }
}

fn not_assigned(interface: &InterfaceId) -> ApiError {
    ApiError::invalid_value(format!("Some of the specified addresses are not assigned to interface {interface}"))
}
