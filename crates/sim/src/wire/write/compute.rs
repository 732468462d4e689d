//! Takes instances, interfaces, networks and tags; gives their XML. Never writes what the world does not have: groups, keys, disks.

use std::collections::BTreeMap;

use mirror_core::ids::AccountId;
use mirror_core::inventory::InstanceState;

use super::tag_set;
use crate::compute::{InstanceDetail, StateChange};
use crate::interfaces::{Attachment, NetworkInterface};
use crate::network::{AvailabilityZone, Subnet, Vpc};
use crate::tags::TagDescription;
use crate::wire::element::Element;
use crate::world::World;

pub(super) fn zone(zone: &AvailabilityZone) -> Element {
    let AvailabilityZone { name, id, region } = zone;
    Element::new("item")
        .text("zoneName", name)
        .text("zoneId", id)
        .text("zoneState", "available")
        .text("zoneType", "availability-zone")
        .text("regionName", region)
        .text("groupName", region)
        .text("networkBorderGroup", region)
        .text("optInStatus", "opt-in-not-required")
}

pub(super) fn vpc(vpc: &Vpc) -> Element {
    let element = Element::new("item")
        .text("vpcId", &vpc.id)
        .text("ownerId", &vpc.owner)
        .text("state", "available")
        .text("cidrBlock", vpc.cidr)
        .set("ipv6CidrBlockAssociationSet", vpc.ipv6_cidr.iter().map(ipv6_block))
        .text("instanceTenancy", "default")
        .text("isDefault", vpc.is_default);
    tag_set(element, &vpc.tags)
}

pub(super) fn subnet(world: &World, subnet: &Subnet) -> Element {
    let zone_id = world.zones.get(&subnet.zone).map(|zone| &zone.id);
    let element = Element::new("item")
        .text("subnetId", &subnet.id)
        .text("vpcId", &subnet.vpc)
        .text("ownerId", &subnet.owner)
        .text("state", "available")
        .text("availabilityZone", &subnet.zone)
        .optional("availabilityZoneId", zone_id)
        .text("cidrBlock", subnet.cidr)
        .set("ipv6CidrBlockAssociationSet", subnet.ipv6_cidr.iter().map(ipv6_block))
        .text("availableIpAddressCount", subnet.available_addresses())
        .text("defaultForAz", subnet.is_default)
        .text("mapPublicIpOnLaunch", false)
        .text("assignIpv6AddressOnCreation", false);
    tag_set(element, &subnet.tags)
}

fn ipv6_block(block: &ipnet::Ipv6Net) -> Element {
    let state = Element::new("ipv6CidrBlockState").text("state", "associated");
    Element::new("item").text("ipv6CidrBlock", block).child(state)
}

/// Instances, by the launch that they came from.
pub(super) fn reservations(instances: &[InstanceDetail]) -> Vec<Element> {
    let mut by_reservation: BTreeMap<&str, Vec<&InstanceDetail>> = BTreeMap::new();
    for detail in instances {
        by_reservation.entry(&detail.instance.reservation).or_default().push(detail);
    }
    let item = |(reservation, details): (&str, Vec<&InstanceDetail>)| {
        Element::new("item")
            .text("reservationId", reservation)
            .optional("ownerId", details.first().map(|detail| &detail.instance.owner))
            .set("groupSet", [])
            .set("instancesSet", details.into_iter().map(instance))
    };
    by_reservation.into_iter().map(item).collect()
}

/// The one reservation of a launch: the answer itself.
pub(super) fn launched(root: Element, instances: &[InstanceDetail]) -> Element {
    let first = instances.first().map(|detail| &detail.instance);
    root.optional("reservationId", first.map(|instance| &instance.reservation))
        .optional("ownerId", first.map(|instance| &instance.owner))
        .set("groupSet", [])
        .set("instancesSet", instances.iter().map(instance))
}

fn instance(InstanceDetail { instance, interfaces }: &InstanceDetail) -> Element {
    let primary = interfaces.iter().find(|interface| interface.device_index() == Some(0));
    let placement = Element::new("placement").text("availabilityZone", &instance.zone).text("tenancy", "default");
    let element = Element::new("item")
        .text("instanceId", &instance.id)
        .text("imageId", &instance.image)
        .child(state("instanceState", instance.state))
        .text("amiLaunchIndex", instance.launch_index)
        .text("instanceType", &instance.instance_type)
        .text("launchTime", instance.launched)
        .child(placement)
        .child(Element::new("monitoring").text("state", "disabled"))
        // Where it is; nowhere once its primary interface is gone.
        .optional("vpcId", primary.map(|interface| &interface.vpc))
        .optional("subnetId", primary.map(|interface| &interface.subnet))
        .optional("privateIpAddress", primary.map(|interface| interface.address))
        .text("architecture", "x86_64")
        .text("hypervisor", "xen")
        .text("virtualizationType", "hvm")
        .text("platformDetails", "Linux/UNIX")
        .optional("clientToken", instance.token.as_ref().map(|token| &token.0))
        .set("networkInterfaceSet", interfaces.iter().map(|it| interface_of_instance(it, "item")));
    tag_set(element, &instance.tags)
}

/// Source of the codes: botocore, `InstanceState`.
fn state(name: &str, state: InstanceState) -> Element {
    let code = match state {
        InstanceState::Pending => 0,
        InstanceState::Running => 16,
        InstanceState::ShuttingDown => 32,
        InstanceState::Terminated => 48,
        InstanceState::Stopping => 64,
        InstanceState::Stopped => 80,
    };
    Element::new(name).text("code", code).text("name", state)
}

pub(super) fn state_change(change: &StateChange) -> Element {
    let StateChange { instance, before, after } = change;
    let element = Element::new("item").text("instanceId", instance);
    element.child(state("currentState", *after)).child(state("previousState", *before))
}

/// An interface as it describes itself: with what an instance's description of it lacks.
pub(super) fn interface(interface: &NetworkInterface, name: &str) -> Element {
    let element = interface_of_instance(interface, name)
        .text("availabilityZone", &interface.zone)
        .text("requesterManaged", interface.requester_managed);
    tag_set(element, &interface.tags)
}

/// An interface as its instance describes it: without tags, and without saying who manages it.
fn interface_of_instance(interface: &NetworkInterface, name: &str) -> Element {
    let address = Element::new("item").text("privateIpAddress", interface.address).text("primary", true);
    let ipv6 = |address| Element::new("item").text("ipv6Address", address).text("isPrimaryIpv6", false);
    Element::new(name)
        .text("networkInterfaceId", &interface.id)
        .text("subnetId", &interface.subnet)
        .text("vpcId", &interface.vpc)
        .text("description", &interface.description)
        .text("ownerId", &interface.owner)
        .text("status", interface.status())
        .text("macAddress", mac_address(interface))
        .text("privateIpAddress", interface.address)
        .text("sourceDestCheck", true)
        .set("groupSet", [])
        .children(interface.attachment.iter().map(|it| attachment(&interface.owner, it)))
        .set("privateIpAddressesSet", [address])
        .set("ipv6AddressesSet", interface.ipv6_addresses.iter().map(ipv6))
        .text("interfaceType", &interface.interface_type)
}

fn attachment(owner: &AccountId, attachment: &Attachment) -> Element {
    let Attachment { id, instance, device_index, status, delete_on_termination, attached_at } = attachment;
    Element::new("attachment")
        .text("attachmentId", id)
        .optional("instanceId", instance.as_ref())
        .text("instanceOwnerId", instance.as_ref().map_or("amazon-elb", |_| owner.as_str()))
        .text("deviceIndex", device_index)
        .text("networkCardIndex", 0)
        .text("status", status.name())
        .text("attachTime", attached_at)
        .text("deleteOnTermination", delete_on_termination)
}

/// A locally administered address, one for each private address.
fn mac_address(interface: &NetworkInterface) -> String {
    let [a, b, c, d] = interface.address.octets();
    format!("06:00:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

pub(super) fn tag_description(tag: &TagDescription) -> Element {
    Element::new("item")
        .text("resourceId", &tag.resource)
        .text("resourceType", tag.resource_type)
        .text("key", &tag.key)
        .text("value", &tag.value)
}
