//! Takes the interfaces that a launch describes; gives them, made or found, each with its place on the instance. Never launches, and
//! never takes an address before all of them can have one.
//!
//! ```text
//!  network card 0:  index 0 (primary), index 1 …      network card 1:  index 1 …
//! ```
//!
//! Sources: botocore `ec2/2016-11-15`, `InstanceNetworkInterfaceSpecification`; "Network cards" and "Elastic Fabric Adapter", Amazon EC2
//! User Guide.

use std::collections::{BTreeMap, BTreeSet};

use mirror_core::ids::{InstanceId, InterfaceId};

use crate::error::ApiError;
use crate::interfaces::{EFA_ONLY, NetworkInterface};
use crate::listing::Listed;
use crate::network::{Subnet, SubnetId};
use crate::request::{LaunchInterface, RunInstances};
use crate::trunks::BRANCH;
use crate::world::World;

/// Instance types with more than one network card. Source: "Network cards", Amazon EC2 User Guide. All others have one.
const NETWORK_CARDS: [(&str, i32); 16] = [
    ("c6in.32xlarge", 2),
    ("dl1.24xlarge", 4),
    ("hpc6id.32xlarge", 2),
    ("hpc7a.96xlarge", 2),
    ("m6idn.32xlarge", 2),
    ("m6in.32xlarge", 2),
    ("p4d.24xlarge", 4),
    ("p4de.24xlarge", 4),
    ("p5.48xlarge", 32),
    ("p5e.48xlarge", 32),
    ("r6idn.32xlarge", 2),
    ("r6in.32xlarge", 2),
    ("trn1.32xlarge", 8),
    ("trn1n.32xlarge", 16),
    ("u7in-16tb.224xlarge", 2),
    ("u7in-32tb.224xlarge", 2),
];

/// Where an interface hangs on an instance, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) device_index: i32,
    pub(crate) network_card: i32,
    pub(crate) delete_on_termination: bool,
}

/// How many network cards an instance of this type has.
pub(crate) fn network_cards(instance_type: &str) -> i32 {
    NETWORK_CARDS.iter().find(|(name, _)| *name == instance_type).map_or(1, |(_, cards)| *cards)
}

impl RunInstances {
    /// The interfaces of each instance: one, unless the launch says more.
    fn interfaces(&self) -> Vec<LaunchInterface> {
        match self.interfaces.as_slice() {
            [] => vec![LaunchInterface { ipv6_addresses: self.ipv6_addresses, ..LaunchInterface::default() }],
            these => these.to_vec(),
        }
    }

    /// Refuses what no world could launch.
    pub(crate) fn check_interfaces(&self) -> Result<(), ApiError> {
        if self.interfaces.is_empty() {
            return Ok(());
        }
        if self.subnet.is_some() || self.ipv6_addresses != 0 {
            return Err(ApiError::invalid_combination(
                "Network interfaces and an instance-level subnet ID may not be specified on the same request",
            ));
        }
        if self.max_count > 1 && self.interfaces.iter().any(|it| it.interface.is_some()) {
            return Err(ApiError::invalid_combination("One interface cannot be attached to several instances"));
        }
        let found: Vec<_> = self.interfaces.iter().filter_map(|it| it.interface.as_ref()).collect();
        if found.iter().collect::<BTreeSet<_>>().len() < found.len() {
            return Err(ApiError::invalid_value("One interface cannot be attached at several places"));
        }
        let places: BTreeSet<_> = self.interfaces.iter().map(|it| (it.network_card, it.device_index)).collect();
        if places.len() < self.interfaces.len() || !places.contains(&(0, 0)) {
            return Err(ApiError::invalid_value("Each interface has a place of its own, and one has device index 0"));
        }
        let wrong = |it: &&LaunchInterface| !(0..network_cards(&self.instance_type)).contains(&it.network_card);
        if self.interfaces.iter().any(|it| it.device_index < 0) || self.interfaces.iter().find(wrong).is_some() {
            return Err(no_such_place(&self.instance_type));
        }
        self.interfaces.iter().try_for_each(check_type)
    }
}

/// An EFA-only interface has no address, so that it can be no primary one.
fn check_type(interface: &LaunchInterface) -> Result<(), ApiError> {
    let LaunchInterface { device_index, network_card, interface_type, ipv6_addresses, .. } = interface;
    match interface_type.as_deref() {
        None | Some("interface" | "efa") => Ok(()),
        Some(EFA_ONLY) if (*device_index, *network_card) != (0, 0) && *ipv6_addresses == 0 => Ok(()),
        Some(EFA_ONLY) => Err(without_address()),
        Some(other) => Err(ApiError::invalid_value(format!("Invalid value '{other}' for InterfaceType"))),
    }
}

fn without_address() -> ApiError {
    ApiError::invalid_combination("An efa-only interface has no IP address")
}

pub(crate) fn no_such_place(instance_type: &str) -> ApiError {
    ApiError::invalid_value(format!("An instance of type {instance_type} has no such network card or device index"))
}

impl World {
    /// Where the interfaces of a launch are made, and how many of them in each subnet.
    pub(crate) fn wanted_in_subnets(&self, wish: &RunInstances) -> Result<BTreeMap<SubnetId, usize>, ApiError> {
        let mut wanted = BTreeMap::new();
        let mut zones = BTreeSet::new();
        for interface in wish.interfaces() {
            let subnet = self.subnet_for(wish, &interface)?;
            zones.insert(self.subnets.get(&subnet).map(|subnet| &subnet.zone));
            let addresses = usize::from(interface.interface.is_none() && !is_without_address(&interface));
            *wanted.entry(subnet).or_default() += addresses;
        }
        if zones.len() > 1 {
            return Err(ApiError::invalid_combination("The interfaces of an instance are in one Availability Zone"));
        }
        Ok(wanted)
    }

    fn subnet_for(&self, wish: &RunInstances, interface: &LaunchInterface) -> Result<SubnetId, ApiError> {
        if let Some(id) = &interface.interface {
            let found = self.interface(id)?;
            if found.attachment.is_some() || found.interface_type == BRANCH {
                return Err(ApiError::new("InvalidNetworkInterface.InUse", format!("Interface: [{id}] in use.")));
            }
            if found.interface_type == EFA_ONLY && (interface.network_card, interface.device_index) == (0, 0) {
                return Err(without_address());
            }
            return Ok(found.subnet.clone());
        }
        let subnet = match interface.subnet.as_ref().or(wish.subnet.as_ref()) {
            Some(id) => self.subnets.get(id).ok_or_else(|| Subnet::not_found(id))?,
            None => self.default_subnet().ok_or_else(|| {
                ApiError::new("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")
            })?,
        };
        subnet.check_ipv6(interface.ipv6_addresses)?;
        Ok(subnet.id.clone())
    }

    /// Makes the interfaces of one instance, and finds those that are there; the primary one comes first.
    pub(crate) fn interfaces_for(&mut self, wish: &RunInstances) -> Result<Vec<(InterfaceId, Place)>, ApiError> {
        let mut wanted = wish.interfaces();
        wanted.sort_by_key(|it| (it.network_card, it.device_index));
        let mut interfaces = Vec::new();
        for interface in wanted {
            let LaunchInterface { device_index, network_card, delete_on_termination, .. } = interface;
            let made = interface.interface.is_none();
            let place =
                Place { device_index, network_card, delete_on_termination: delete_on_termination.unwrap_or(made) };
            let id = match &interface.interface {
                Some(id) => id.clone(),
                None => self.interface_of_launch(wish, &interface)?,
            };
            interfaces.push((id, place));
        }
        Ok(interfaces)
    }

    fn interface_of_launch(&mut self, wish: &RunInstances, wanted: &LaunchInterface) -> Result<InterfaceId, ApiError> {
        let subnet = self.subnet_for(wish, wanted)?;
        let mut made = match is_without_address(wanted) {
            true => self.interface_without_address(&subnet)?,
            false => self.new_interface(&subnet, wanted.ipv6_addresses)?,
        };
        if let Some(interface_type) = &wanted.interface_type {
            made.interface_type.clone_from(interface_type);
        }
        made.description.clone_from(&wanted.description);
        made.tags.clone_from(&wish.interface_tags);
        let id = made.id.clone();
        self.interfaces.insert(id.clone(), made);
        Ok(id)
    }

    /// The lowest device index on the first network card from which on nothing hangs.
    pub(crate) fn next_place_on(&self, instance: &InstanceId) -> i32 {
        let here = self.interfaces.values().filter(|interface| interface.instance() == Some(instance));
        here.filter_map(NetworkInterface::device_index).max().map_or(0, |index| index + 1)
    }
}

fn is_without_address(interface: &LaunchInterface) -> bool {
    interface.interface_type.as_deref() == Some(EFA_ONLY)
}
