//! Takes nothing; gives what a network interface (ENI) is, and what filters see of it. Never makes one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use mirror_core::Time;
use mirror_core::ids::{AccountId, AttachmentId, InstanceId, InterfaceId, VpcId, Zone};
use mirror_core::inventory::Tags;

use crate::accounts::Owned;
use crate::error::ApiError;
use crate::listing::Listed;
use crate::network::SubnetId;
use crate::operators::Operator;
use crate::security_groups::SecurityGroupId;
use crate::world::World;

/// The only type of interface that can be mirrored. Source: Traffic Mirroring guide, "Traffic mirror sources".
pub(crate) const PLAIN: &str = "interface";

/// A type of interface that has no IP address. Source: "EFA and ENA interfaces", Amazon EC2 User Guide.
pub(crate) const EFA_ONLY: &str = "efa-only";

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

    /// Whether it is not about to end.
    pub(crate) fn stays(self) -> bool {
        self != Self::Detaching
    }
}

/// How an interface hangs on an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The instance; none for a machine of AWS's own.
    pub instance: Option<InstanceId>,
    /// Whose machine that is, if it is one of AWS's own: `amazon-elb`, say; none for the account itself.
    pub instance_owner: Option<String>,
    /// 0 on the first network card is the primary interface.
    pub device_index: i32,
    /// The network card; most instances have one, which is 0.
    pub network_card: i32,
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
    /// The alias or account that made it, if another than the owner did.
    pub requester: Option<String>,
    /// The service that manages it for the customer.
    pub operator: Option<Operator>,
    /// What for.
    pub description: String,
    /// Its primary address; none in an IPv6-only subnet, nor on an `efa-only` interface.
    pub address: Option<Ipv4Addr>,
    /// Its other addresses.
    pub secondary_addresses: Vec<Ipv4Addr>,
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

    /// Its primary address and its others, as far as AWS lists them: not those in prefixes.
    pub fn ipv4_addresses(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.address.into_iter().chain(self.secondary_addresses.iter().copied())
    }

    /// Whether it drops what is neither from nor for it: a NAT gateway's must not. Source: botocore, `SourceDestCheck`.
    pub(crate) fn source_dest_check(&self) -> bool {
        self.interface_type != "nat_gateway"
    }

    fn values_of_attachment(&self, filter: &str) -> Vec<String> {
        let Some(attachment) = &self.attachment else {
            return if filter == "status" { vec!["detached".into()] } else { Vec::new() };
        };
        vec![match filter {
            "instance-id" => return attachment.instance.iter().map(ToString::to_string).collect(),
            "attachment-id" => attachment.id.to_string(),
            "attach-time" => attachment.attached_at.to_string(),
            "delete-on-termination" => attachment.delete_on_termination.to_string(),
            "device-index" => attachment.device_index.to_string(),
            _ => attachment.status.name().into(),
        }]
    }

    /// A locally administered address, one for each interface.
    pub(crate) fn mac_address(&self) -> String {
        let bytes = self.address.map_or_else(|| self.id.as_str().bytes().rev().collect(), |it| it.octets().to_vec());
        let bytes = bytes.iter().take(4).map(|byte| format!(":{byte:02x}"));
        bytes.fold(String::from("06:00"), |address, byte| address + &byte)
    }

    /// The instance that it hangs on, by whatever status.
    pub fn instance(&self) -> Option<&InstanceId> {
        self.attachment.as_ref().and_then(|attachment| attachment.instance.as_ref())
    }

    /// Its network card there, and its place on that.
    pub(crate) fn place(&self) -> Option<(i32, i32)> {
        self.attachment.as_ref().map(|attachment| (attachment.network_card, attachment.device_index))
    }

    /// Its place on that instance.
    pub fn device_index(&self) -> Option<i32> {
        self.attachment.as_ref().map(|attachment| attachment.device_index)
    }

    /// Whether an address is its own, or in one of its prefixes.
    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => {
                self.ipv4_addresses().any(|own| own == address)
                    || self.ipv4_prefixes.iter().any(|prefix| prefix.contains(&address))
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

impl Owned for NetworkInterface {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Listed for NetworkInterface {
    type Id = InterfaceId;
    const KIND: &str = "network-interface";
    #[rustfmt::skip]
    const FILTERS: &[&str] = &[
        "network-interface-id", "owner-id", "attachment.instance-id", "attachment.status",
        "attachment.attachment-id", "attachment.attach-time", "attachment.delete-on-termination", "attachment.device-index",
        "addresses.private-ip-address", "addresses.primary", "private-ip-address", "ipv6-addresses.ipv6-address",
        "interface-type", "requester-managed", "requester-id", "operator.managed", "operator.principal", "status",
        "subnet-id", "vpc-id", "availability-zone", "group-id", "mac-address", "source-dest-check", "description",
        "tag-key", "tag:",
    ];

    fn values(&self, filter: &str) -> Vec<String> {
        if let Some(of_attachment) = filter.strip_prefix("attachment.") {
            return self.values_of_attachment(of_attachment);
        }
        vec![match filter {
            "network-interface-id" => self.id.to_string(),
            "owner-id" => self.owner.to_string(),
            // All of them, though not those in prefixes.
            "addresses.private-ip-address" | "private-ip-address" => {
                return self.ipv4_addresses().map(|address| address.to_string()).collect();
            }
            "addresses.primary" => {
                let primary = self.address.map(|_| "true".into());
                let others = self.secondary_addresses.first().map(|_| "false".into());
                return primary.into_iter().chain(others).collect();
            }
            "ipv6-addresses.ipv6-address" => return self.ipv6_addresses.iter().map(ToString::to_string).collect(),
            "interface-type" => self.interface_type.clone(),
            "requester-managed" => self.requester_managed.to_string(),
            "requester-id" => return self.requester.iter().cloned().collect(),
            "operator.managed" => Operator::managed(self.operator.as_ref()),
            "operator.principal" => return self.operator.iter().map(|it| it.principal.clone()).collect(),
            "status" => self.status().into(),
            "subnet-id" => self.subnet.to_string(),
            "vpc-id" => self.vpc.to_string(),
            "availability-zone" => self.zone.to_string(),
            "group-id" => return self.security_groups.iter().map(ToString::to_string).collect(),
            "mac-address" => self.mac_address(),
            "source-dest-check" => self.source_dest_check().to_string(),
            _ => self.description.clone(),
        }]
    }

    fn tags(&self) -> &Tags {
        &self.tags
    }

    /// The owner of a subnet sees the interfaces of participants in it, and no participant those of anybody else.
    fn shared(&self, world: &World) -> Option<Self> {
        let host = world.subnets.get(&self.subnet).filter(|subnet| world.owns(*subnet));
        host.map(|_| Self { tags: world.tags_of_another(&self.tags), ..self.clone() })
    }

    fn is_hidden(&self) -> bool {
        Operator::hides(self.operator.as_ref())
    }

    fn not_found(id: &InterfaceId) -> ApiError {
        ApiError::new("InvalidNetworkInterfaceID.NotFound", format!("The networkInterface ID '{id}' does not exist"))
    }
}
