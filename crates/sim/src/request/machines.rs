//! Takes nothing; gives the parameters of the calls that make and change instances, interfaces and their addresses. Never checks them.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use mirror_core::cloud::ClientToken;
use mirror_core::ids::{AttachmentId, InstanceId, InterfaceId};
use mirror_core::inventory::Tags;

use crate::network::SubnetId;
use crate::security_groups::SecurityGroupId;
use crate::spot::SpotOptions;

/// `RunInstances`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunInstances {
    /// The machine image.
    pub image: String,
    /// Such as `m5.large`.
    pub instance_type: String,
    /// The subnet; none for a default one.
    pub subnet: Option<SubnetId>,
    /// Fewer than this, and nothing is launched.
    pub min_count: i32,
    /// How many to launch.
    pub max_count: i32,
    /// IPv6 addresses of each primary interface.
    pub ipv6_addresses: i32,
    /// Tags of the instances.
    pub instance_tags: Tags,
    /// Tags of the interfaces that are made with them.
    pub interface_tags: Tags,
    /// Their interfaces; empty for one in the subnet.
    pub interfaces: Vec<LaunchInterface>,
    /// As spot instances; none for on-demand ones.
    pub spot: Option<SpotOptions>,
    /// Idempotency token.
    pub token: Option<ClientToken>,
}

/// `CreateNetworkInterface`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateNetworkInterface {
    /// Where.
    pub subnet: SubnetId,
    /// What for.
    pub description: String,
    /// IPv6 addresses, beside the IPv4 one.
    pub ipv6_addresses: i32,
    /// `efa`, `efa-only`, `trunk` or `branch`; none for `interface`.
    pub interface_type: Option<String>,
    /// What it gets beside its primary address.
    pub private_addresses: Option<PrivateAddresses>,
    /// IPv6 prefixes, each a /80.
    pub ipv6_prefixes: i32,
    /// Tags.
    pub tags: Tags,
    /// Idempotency token.
    pub token: Option<ClientToken>,
}

impl CreateNetworkInterface {
    /// A plain one in this subnet.
    pub fn in_subnet(subnet: &SubnetId) -> Self {
        Self {
            subnet: subnet.clone(),
            description: String::new(),
            ipv6_addresses: 0,
            interface_type: None,
            private_addresses: None,
            ipv6_prefixes: 0,
            tags: Tags::new(),
            token: None,
        }
    }
}

/// `AttachNetworkInterface`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachNetworkInterface {
    /// The interface.
    pub interface: InterfaceId,
    /// The instance, in the same zone.
    pub instance: InstanceId,
    /// A free place on the network card: 0 on the first one is the primary interface.
    pub device_index: i32,
    /// The network card; most instances have one, which is 0.
    pub network_card: i32,
}

/// `AssignIpv6Addresses`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignIpv6Addresses {
    /// The interface.
    pub interface: InterfaceId,
    /// How many addresses to add.
    pub count: i32,
    /// How many prefixes to add instead.
    pub prefix_count: i32,
}

/// An interface of `RunInstances`: one that is made with the instance, or one that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchInterface {
    /// Its place on its network card: 0 on card 0 is the primary interface.
    pub device_index: i32,
    /// Its network card.
    pub network_card: i32,
    /// One that is there, and is attached; none for a new one.
    pub interface: Option<InterfaceId>,
    /// Where a new one is made; none for the subnet of the launch.
    pub subnet: Option<SubnetId>,
    /// `efa` or `efa-only`; none for `interface`.
    pub interface_type: Option<String>,
    /// What a new one is for.
    pub description: String,
    /// IPv6 addresses of a new one.
    pub ipv6_addresses: i32,
    /// Whether it goes with the instance; none for AWS's default: a new one does, one that was there does not.
    pub delete_on_termination: Option<bool>,
}

/// What `ModifyInstanceAttribute` changes: one attribute at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceAttribute {
    /// Another type, for an instance that is stopped.
    InstanceType(String),
    /// Other security groups, for the only interface.
    Groups(Vec<SecurityGroupId>),
}

/// `ModifyInstanceAttribute`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyInstanceAttribute {
    /// The instance.
    pub instance: InstanceId,
    /// What becomes of it.
    pub attribute: InstanceAttribute,
}

/// What `ModifyNetworkInterfaceAttribute` changes: one attribute at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InterfaceAttribute {
    /// Another description.
    Description(String),
    /// Other security groups: at least one.
    Groups(Vec<SecurityGroupId>),
    /// Whether it goes with its instance, by this attachment.
    DeleteOnTermination(AttachmentId, bool),
}

/// `ModifyNetworkInterfaceAttribute`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyNetworkInterfaceAttribute {
    /// The interface.
    pub interface: InterfaceId,
    /// What becomes of it.
    pub attribute: InterfaceAttribute,
}

/// `AssignPrivateIpAddresses`: one of the four ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssignPrivateIpAddresses {
    /// The interface.
    pub interface: InterfaceId,
    /// What it gets.
    pub wanted: PrivateAddresses,
}

/// What an interface shall get beside its primary address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrivateAddresses {
    /// These addresses.
    Addresses(Vec<Ipv4Addr>),
    /// So many addresses.
    AddressCount(i32),
    /// These prefixes, each a /28.
    Prefixes(Vec<Ipv4Net>),
    /// So many prefixes.
    PrefixCount(i32),
}

/// `UnassignPrivateIpAddresses`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnassignPrivateIpAddresses {
    /// The interface.
    pub interface: InterfaceId,
    /// Secondary addresses that it has.
    pub addresses: Vec<Ipv4Addr>,
    /// Prefixes that it has.
    pub prefixes: Vec<Ipv4Net>,
}

/// `UnassignIpv6Addresses`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnassignIpv6Addresses {
    /// The interface.
    pub interface: InterfaceId,
    /// Addresses that it has.
    pub addresses: Vec<Ipv6Addr>,
    /// Prefixes that it has.
    pub prefixes: Vec<Ipv6Net>,
}
