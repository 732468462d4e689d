//! Takes the parameters of an action that changes an instance or an interface; gives its request. Never lets a parameter pass that it
//! does not understand.
//!
//! Source of the names: botocore `ec2/2016-11-15`.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};

use super::{tags, token};
use crate::error::ApiError;
use crate::request::{
    AssignIpv6Addresses, AssignPrivateIpAddresses, AttachNetworkInterface, CreateNetworkInterface, InstanceAttribute,
    InterfaceAttribute, LaunchInterface, ModifyInstanceAttribute, ModifyNetworkInterfaceAttribute, PrivateAddresses,
    Request, UnassignIpv6Addresses, UnassignPrivateIpAddresses,
};
use crate::spot::{Interruption, SpotOptions};
use crate::wire::params::Params;

/// The request of an action; none if this is no action of this kind.
pub(super) fn request(action: &str, params: &mut Params) -> Result<Option<Request>, ApiError> {
    Ok(Some(match action {
        "ModifyInstanceAttribute" => Request::ModifyInstanceAttribute(ModifyInstanceAttribute {
            instance: params.id("InstanceId")?,
            attribute: instance_attribute(params)?,
        }),
        "ModifyNetworkInterfaceAttribute" => {
            Request::ModifyNetworkInterfaceAttribute(ModifyNetworkInterfaceAttribute {
                interface: params.id("NetworkInterfaceId")?,
                attribute: interface_attribute(params)?,
            })
        }
        "CreateNetworkInterface" => Request::CreateNetworkInterface(create_network_interface(params)?),
        "AttachNetworkInterface" => Request::AttachNetworkInterface(AttachNetworkInterface {
            interface: params.id("NetworkInterfaceId")?,
            instance: params.id("InstanceId")?,
            device_index: params.required_number("DeviceIndex")?,
            network_card: params.number("NetworkCardIndex")?.unwrap_or_default(),
        }),
        "AssignPrivateIpAddresses" => Request::AssignPrivateIpAddresses(AssignPrivateIpAddresses {
            interface: params.id("NetworkInterfaceId")?,
            wanted: private_addresses(params)?
                .ok_or_else(|| params.missing("PrivateIpAddress, SecondaryPrivateIpAddressCount or Ipv4PrefixCount"))?,
        }),
        "UnassignPrivateIpAddresses" => Request::UnassignPrivateIpAddresses(UnassignPrivateIpAddresses {
            interface: params.id("NetworkInterfaceId")?,
            addresses: parsed_list::<Ipv4Addr>(params, "PrivateIpAddress")?,
            prefixes: parsed_list::<Ipv4Net>(params, "Ipv4Prefix")?,
        }),
        "AssignIpv6Addresses" => Request::AssignIpv6Addresses(AssignIpv6Addresses {
            interface: params.id("NetworkInterfaceId")?,
            count: params.number("Ipv6AddressCount")?.unwrap_or_default(),
            prefix_count: params.number("Ipv6PrefixCount")?.unwrap_or_default(),
        }),
        "UnassignIpv6Addresses" => Request::UnassignIpv6Addresses(UnassignIpv6Addresses {
            interface: params.id("NetworkInterfaceId")?,
            addresses: parsed_list::<Ipv6Addr>(params, "Ipv6Addresses")?,
            prefixes: parsed_list::<Ipv6Net>(params, "Ipv6Prefix")?,
        }),
        _ => return Ok(None),
    }))
}

/// The one attribute that is there. `Attribute` and `Value` are the old way to name one.
fn instance_attribute(params: &mut Params) -> Result<InstanceAttribute, ApiError> {
    let instance_type = match params.optional("Attribute").as_deref() {
        Some("instanceType") => Some(params.required("Value")?),
        Some(other) => {
            return Err(ApiError::invalid_value(format!("Value ({other}) for parameter attribute is invalid.")));
        }
        None => params.structure("InstanceType", |inner| inner.required("Value"))?,
    };
    let groups = params.ids("GroupId");
    match (instance_type, groups.is_empty()) {
        (Some(instance_type), true) => Ok(InstanceAttribute::InstanceType(instance_type)),
        (None, false) => Ok(InstanceAttribute::Groups(groups)),
        (Some(_), false) => Err(one_attribute()),
        (None, true) => Err(no_attribute()),
    }
}

fn interface_attribute(params: &mut Params) -> Result<InterfaceAttribute, ApiError> {
    let description = params.structure("Description", |inner| inner.required("Value"))?;
    let groups = params.ids("SecurityGroupId");
    let attachment = params.structure("Attachment", |inner| {
        let goes = inner.required_parsed("DeleteOnTermination", |value| value.to_ascii_lowercase().parse().ok())?;
        Ok((inner.id("AttachmentId")?, goes))
    })?;
    let groups = (!groups.is_empty()).then_some(InterfaceAttribute::Groups(groups));
    let attributes = [
        description.map(InterfaceAttribute::Description),
        groups,
        attachment.map(|(id, goes)| InterfaceAttribute::DeleteOnTermination(id, goes)),
    ];
    let mut attributes = attributes.into_iter().flatten();
    let first = attributes.next().ok_or_else(no_attribute)?;
    if attributes.next().is_some() { Err(one_attribute()) } else { Ok(first) }
}

fn one_attribute() -> ApiError {
    ApiError::invalid_combination("Fields for multiple attribute types specified")
}

fn no_attribute() -> ApiError {
    ApiError::invalid_combination("No attributes specified.")
}

fn create_network_interface(params: &mut Params) -> Result<CreateNetworkInterface, ApiError> {
    params.ignore(&["SecurityGroupId"]);
    Ok(CreateNetworkInterface {
        subnet: params.id("SubnetId")?,
        description: params.optional("Description").unwrap_or_default(),
        ipv6_addresses: params.number("Ipv6AddressCount")?.unwrap_or_default(),
        interface_type: params.optional("InterfaceType"),
        private_addresses: additional_addresses(params)?,
        ipv6_prefixes: params.number("Ipv6PrefixCount")?.unwrap_or_default(),
        tags: tags(params, "network-interface")?,
        token: token(params),
    })
}

/// What an interface gets at its creation: by count only. Addresses that are chosen have parameters of another form there.
fn additional_addresses(params: &mut Params) -> Result<Option<PrivateAddresses>, ApiError> {
    let addresses = params.number("SecondaryPrivateIpAddressCount")?;
    let prefixes = params.number("Ipv4PrefixCount")?;
    one_way([addresses.map(PrivateAddresses::AddressCount), prefixes.map(PrivateAddresses::PrefixCount)])
}

fn private_addresses(params: &mut Params) -> Result<Option<PrivateAddresses>, ApiError> {
    let addresses = parsed_list(params, "PrivateIpAddress")?;
    let prefixes = parsed_list(params, "Ipv4Prefix")?;
    one_way([
        (!addresses.is_empty()).then_some(PrivateAddresses::Addresses(addresses)),
        (!prefixes.is_empty()).then_some(PrivateAddresses::Prefixes(prefixes)),
        additional_addresses(params)?,
    ])
}

/// AWS takes one way of asking for addresses in a call. Source: botocore, `AssignPrivateIpAddresses`.
fn one_way(ways: impl IntoIterator<Item = Option<PrivateAddresses>>) -> Result<Option<PrivateAddresses>, ApiError> {
    let mut ways = ways.into_iter().flatten();
    let first = ways.next();
    if ways.next().is_some() {
        return Err(ApiError::invalid_combination("Addresses, prefixes and their counts exclude each other"));
    }
    Ok(first)
}

fn parsed_list<T: FromStr>(params: &mut Params, name: &str) -> Result<Vec<T>, ApiError> {
    let read = |value: String| {
        value.parse().map_err(|_| ApiError::invalid_value(format!("Value ({value}) for parameter {name} is invalid.")))
    };
    params.list(name).into_iter().map(read).collect()
}

/// The interfaces of a launch.
pub(super) fn launch_interfaces(params: &mut Params) -> Result<Vec<LaunchInterface>, ApiError> {
    params.structures("NetworkInterface", |inner| {
        // Groups of interfaces that are launched are as without effect as those of launches.
        inner.ignore(&["SecurityGroupId", "AssociatePublicIpAddress"]);
        Ok(LaunchInterface {
            device_index: inner.required_number("DeviceIndex")?,
            network_card: inner.number("NetworkCardIndex")?.unwrap_or_default(),
            interface: inner.optional_id("NetworkInterfaceId"),
            subnet: inner.optional_id("SubnetId"),
            interface_type: inner.optional("InterfaceType"),
            description: inner.optional("Description").unwrap_or_default(),
            ipv6_addresses: inner.number("Ipv6AddressCount")?.unwrap_or_default(),
            delete_on_termination: inner
                .parsed("DeleteOnTermination", |value| value.to_ascii_lowercase().parse().ok())?,
        })
    })
}

/// Whether the instances of a launch are spot instances. What they may cost is without effect: nothing has a price in here.
pub(super) fn spot_options(params: &mut Params) -> Result<Option<SpotOptions>, ApiError> {
    let options = params.structure("InstanceMarketOptions", |market| {
        market.required_parsed("MarketType", |value| (value == "spot").then_some(()))?;
        let read = |spot: &mut Params| {
            spot.ignore(&["MaxPrice", "ValidUntil"]);
            let persistent = spot.parsed("SpotInstanceType", |value| match value {
                "one-time" => Some(false),
                "persistent" => Some(true),
                _ => None,
            })?;
            let interruption = spot.parsed("InstanceInterruptionBehavior", interruption)?;
            Ok(SpotOptions {
                persistent: persistent.unwrap_or_default(),
                interruption: interruption.unwrap_or(Interruption::Terminate),
            })
        };
        let one_time = SpotOptions { persistent: false, interruption: Interruption::Terminate };
        Ok(market.structure("SpotOptions", read)?.unwrap_or(one_time))
    })?;
    Ok(options)
}

fn interruption(value: &str) -> Option<Interruption> {
    Some(match value {
        "terminate" => Interruption::Terminate,
        "stop" => Interruption::Stop,
        "hibernate" => Interruption::Hibernate,
        _ => return None,
    })
}
