//! Takes subnets; gives network interfaces (ENIs) in them, and takes them away again, with whatever AWS takes away with them. Never
//! attaches one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use mirror_core::Time;
use mirror_core::ids::{AccountId, AttachmentId, InstanceId, InterfaceId, VpcId, Zone};
use mirror_core::inventory::Tags;

use crate::error::ApiError;
use crate::index::SessionBy;
use crate::listing::Listed;
use crate::network::SubnetId;
use crate::request::{AssignIpv6Addresses, CreateNetworkInterface};
use crate::security_groups::SecurityGroupId;
use crate::tags;
use crate::world::World;

/// The only type of interface that can be mirrored. Source: Traffic Mirroring guide, "Traffic mirror sources".
pub(crate) const PLAIN: &str = "interface";

/// How far an attachment has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentStatus {
    /// On its way in.
    Attaching,
    /// There.
    Attached,
    /// On its way out.
    Detaching,
}

impl AttachmentStatus {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Attaching => "attaching",
            Self::Attached => "attached",
            Self::Detaching => "detaching",
        }
    }
}

/// How an interface hangs on an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The instance; none for a machine of AWS's own.
    pub instance: Option<InstanceId>,
    /// 0 is the primary interface.
    pub device_index: i32,
    /// How far it has come.
    pub status: AttachmentStatus,
    /// Whether the interface goes when the instance is terminated.
    pub delete_on_termination: bool,
    /// Since when.
    pub attached_at: Time,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkInterface {
    /// Its id.
    pub id: InterfaceId,
    /// The account that made it.
    pub owner: AccountId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its zone.
    pub zone: Zone,
    /// `interface`, `network_load_balancer` …
    pub interface_type: String,
    /// Whether an AWS service made it and keeps it.
    pub requester_managed: bool,
    /// What for.
    pub description: String,
    /// Its primary address.
    pub address: Ipv4Addr,
    /// Its IPv6 addresses.
    pub ipv6_addresses: Vec<Ipv6Addr>,
    /// IPv4 prefixes, each a /28, whose addresses its host gives out by itself.
    pub ipv4_prefixes: Vec<Ipv4Net>,
    /// IPv6 prefixes, each a /80.
    pub ipv6_prefixes: Vec<Ipv6Net>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// The trunk interface that a branch interface belongs to.
    pub trunk: Option<InterfaceId>,
    /// To what it is attached.
    pub attachment: Option<Attachment>,
    /// Tags.
    pub tags: Tags,
}

impl NetworkInterface {
    /// `available` or `in-use`, as AWS writes it.
    pub fn status(&self) -> &'static str {
        if self.attachment.is_some() || self.trunk.is_some() { "in-use" } else { "available" }
    }

    /// The instance that it hangs on, by whatever status.
    pub fn instance(&self) -> Option<&InstanceId> {
        self.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref())
    }

    /// Its place on that instance.
    pub fn device_index(&self) -> Option<i32> {
        self.attachment.as_ref().map(|attachment| attachment.device_index)
    }

    /// Whether an address is its own, or in one of its prefixes.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => {
                self.address == address || self.ipv4_prefixes.iter().any(|prefix| prefix.contains(&address))
            }
            IpAddr::V6(address) => {
                self.ipv6_addresses.contains(&address) || self.ipv6_prefixes.iter().any(|it| it.contains(&address))
            }
        }
    }

    /// The instance that it is attached to by now.
    pub(crate) fn attached_instance(&self) -> Option<&InstanceId> {
        let attachment = self.attachment.as_ref().filter(|attachment| attachment.status == AttachmentStatus::Attached);
        attachment.and_then(|attachment| attachment.instance.as_ref())
    }
}

impl World {
    pub(crate) fn create_network_interface(
        &mut self,
        wish: &CreateNetworkInterface,
    ) -> Result<NetworkInterface, ApiError> {
        let CreateNetworkInterface { subnet, description, ipv6_addresses, tags, token: _ } = wish;
        tags::check(tags)?;
        let mut interface = self.new_interface(subnet, *ipv6_addresses)?;
        interface.description.clone_from(description);
        interface.tags.clone_from(tags);
        self.interfaces.insert(interface.id.clone(), interface.clone());
        Ok(interface)
    }

    /// Adds an interface that an AWS service made for itself, such as a `network_load_balancer`'s: attached to no instance of ours.
    ///
    /// # Errors
    ///
    /// The subnet does not exist, or is full.
    pub fn add_requester_managed_interface(
        &mut self,
        subnet: &SubnetId,
        interface_type: &str,
    ) -> Result<InterfaceId, ApiError> {
        let mut interface = self.new_interface(subnet, 0)?;
        interface.interface_type = interface_type.into();
        interface.requester_managed = true;
        interface.attachment = Some(Attachment {
            id: self.mint.id("eni-attach").into(),
            instance: None,
            device_index: 1,
            status: AttachmentStatus::Attached,
            delete_on_termination: false,
            attached_at: self.now,
        });
        let id = interface.id.clone();
        self.interfaces.insert(id.clone(), interface);
        Ok(id)
    }

    /// An interface with addresses, not yet in the world.
    pub(crate) fn new_interface(&mut self, subnet: &SubnetId, ipv6: i32) -> Result<NetworkInterface, ApiError> {
        self.seen(&self.subnets, subnet)?;
        let subnet = self.subnet_mut(subnet)?;
        // Looked at before anything is taken: an IPv4 address that nobody owns would never come back.
        subnet.check_ipv6(ipv6)?;
        let address = subnet.take_address()?;
        let ipv6_addresses = subnet.take_ipv6_addresses(ipv6)?;
        let (subnet, vpc, zone) = (subnet.id.clone(), subnet.vpc.clone(), subnet.zone.clone());
        Ok(NetworkInterface {
            id: self.mint.id("eni").into(),
            owner: self.account.clone(),
            subnet,
            vpc,
            zone,
            interface_type: PLAIN.into(),
            requester_managed: false,
            description: String::new(),
            address,
            ipv6_addresses,
            ipv4_prefixes: Vec::new(),
            ipv6_prefixes: Vec::new(),
            security_groups: Vec::new(),
            trunk: None,
            attachment: None,
            tags: Tags::new(),
        })
    }

    pub(crate) fn delete_network_interface(&mut self, id: &InterfaceId) -> Result<(), ApiError> {
        if self.interface(id)?.attachment.is_some() {
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
            subnet.give_back(interface.address);
        }
        let of_it = self.sessions.found(&SessionBy::Interface(id.clone()));
        for session in of_it.map(|session| session.id.clone()).collect::<Vec<_>>() {
            self.sessions.remove(&session);
        }
    }

    pub(crate) fn assign_ipv6_addresses(&mut self, wish: &AssignIpv6Addresses) -> Result<Vec<Ipv6Addr>, ApiError> {
        let subnet = self.interface(&wish.interface)?.subnet.clone();
        if wish.count < 1 {
            return Err(ApiError::invalid_value("Ipv6AddressCount must be at least 1"));
        }
        let addresses = self.subnet_mut(&subnet)?.take_ipv6_addresses(wish.count)?;
        self.interface_mut(&wish.interface)?.ipv6_addresses.extend(&addresses);
        Ok(addresses)
    }

    pub(crate) fn interface(&self, id: &InterfaceId) -> Result<&NetworkInterface, ApiError> {
        self.own(&self.interfaces, id)
    }

    pub(crate) fn interface_mut(&mut self, id: &InterfaceId) -> Result<&mut NetworkInterface, ApiError> {
        self.interface(id)?;
        self.interfaces.get_mut(id).ok_or_else(|| NetworkInterface::not_found(id))
    }
}

impl Listed for NetworkInterface {
    type Id = InterfaceId;
    const KIND: &str = "network-interface";
    #[rustfmt::skip]
    const FILTERS: &[&str] = &[
        "network-interface-id", "owner-id", "attachment.instance-id", "attachment.status", "addresses.private-ip-address",
        "private-ip-address", "interface-type", "requester-managed", "status", "subnet-id", "vpc-id", "availability-zone",
        "description", "tag-key", "tag:",
    ];

    fn values(&self, filter: &str) -> Vec<String> {
        let attachment = self.attachment.as_ref();
        vec![match filter {
            "network-interface-id" => self.id.to_string(),
            "owner-id" => self.owner.to_string(),
            "attachment.instance-id" => return self.instance().map(ToString::to_string).into_iter().collect(),
            "attachment.status" => attachment.map_or("detached", |attachment| attachment.status.name()).into(),
            "addresses.private-ip-address" | "private-ip-address" => self.address.to_string(),
            "interface-type" => self.interface_type.clone(),
            "requester-managed" => self.requester_managed.to_string(),
            "status" => self.status().into(),
            "subnet-id" => self.subnet.to_string(),
            "vpc-id" => self.vpc.to_string(),
            "availability-zone" => self.zone.to_string(),
            _ => self.description.clone(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }

    /// The owner of a subnet sees the interfaces of participants in it, and no participant those of anybody else.
    fn shared(&self, world: &World) -> Option<Self> {
        let host = world.subnets.get(&self.subnet).filter(|subnet| world.owns(*subnet));
        host.map(|_| Self { tags: world.tags_of_another(&self.tags), ..self.clone() })
    }

    fn not_found(id: &InterfaceId) -> ApiError {
        ApiError::new("InvalidNetworkInterfaceID.NotFound", format!("The networkInterface ID '{id}' does not exist"))
    }
}
