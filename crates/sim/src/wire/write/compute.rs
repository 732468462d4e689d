//! Takes instances, interfaces, networks and tags; gives their XML. Never writes what the world does not have: groups, keys, disks.

use std::collections::BTreeMap;

use mirror_core::inventory::InstanceState;

use super::interfaces::{groups, interface_of_instance, operator};
use super::tag_set;
use crate::compute::{InstanceDetail, StateChange};
use crate::describing::state_code;
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
        .optional("cidrBlock", subnet.cidr)
        .set("ipv6CidrBlockAssociationSet", subnet.ipv6_cidr.iter().map(ipv6_block))
        .text("availableIpAddressCount", subnet.available_addresses())
        .text("defaultForAz", subnet.is_default)
        .text("mapPublicIpOnLaunch", false)
        .text("assignIpv6AddressOnCreation", subnet.cidr.is_none())
        .text("ipv6Native", subnet.cidr.is_none());
    tag_set(element, &subnet.tags)
}

fn ipv6_block(block: &ipnet::Ipv6Net) -> Element {
    let state = Element::new("ipv6CidrBlockState").text("state", "associated");
    Element::new("item").text("ipv6CidrBlock", block).child(state)
}

/// Instances, by the launch that they came from.
pub(super) fn reservations(world: &World, instances: &[InstanceDetail]) -> Vec<Element> {
    let mut by_reservation: BTreeMap<&str, Vec<&InstanceDetail>> = BTreeMap::new();
    for detail in instances {
        by_reservation.entry(&detail.instance.reservation).or_default().push(detail);
    }
    let item = |(reservation, details): (&str, Vec<&InstanceDetail>)| {
        Element::new("item")
            .text("reservationId", reservation)
            .optional("ownerId", details.first().map(|detail| &detail.instance.owner))
            .set("groupSet", [])
            .set("instancesSet", details.into_iter().map(|detail| instance(world, detail)))
    };
    by_reservation.into_iter().map(item).collect()
}

/// The one reservation of a launch: the answer itself.
pub(super) fn launched(root: Element, world: &World, instances: &[InstanceDetail]) -> Element {
    let first = instances.first().map(|detail| &detail.instance);
    root.optional("reservationId", first.map(|instance| &instance.reservation))
        .optional("ownerId", first.map(|instance| &instance.owner))
        .set("groupSet", [])
        .set("instancesSet", instances.iter().map(|detail| instance(world, detail)))
}

fn instance(world: &World, InstanceDetail { instance, interfaces }: &InstanceDetail) -> Element {
    let primary = interfaces.iter().find(|interface| interface.place() == Some((0, 0)));
    let groups_of_primary = primary.map(|interface| groups(world, &interface.security_groups));
    let placement = Element::new("placement")
        .text("availabilityZone", &instance.zone)
        .optional("availabilityZoneId", world.zones.get(&instance.zone).map(|zone| &zone.id))
        .text("groupName", "")
        .text("tenancy", "default");
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
        .optional("privateIpAddress", primary.and_then(|interface| interface.address))
        .optional("ipv6Address", primary.and_then(|interface| interface.ipv6_addresses.first()))
        .set("groupSet", groups_of_primary.unwrap_or_default())
        .text("architecture", "x86_64")
        .text("hypervisor", "xen")
        .text("virtualizationType", "hvm")
        .optional("platform", instance.platform.name())
        .text("platformDetails", instance.platform.details)
        .text("usageOperation", instance.platform.usage_operation)
        .optional("instanceLifecycle", instance.spot.as_ref().map(|_| "spot"))
        .optional("spotInstanceRequestId", instance.spot.as_ref().map(|spot| &spot.request))
        .child(operator(instance.operator.as_ref()))
        .optional("clientToken", instance.token.as_ref().map(|token| &token.0))
        .set("networkInterfaceSet", interfaces.iter().map(|it| interface_of_instance(world, it, "item")));
    tag_set(element, &instance.tags)
}

/// Source of the codes: botocore, `InstanceState`.
fn state(name: &str, state: InstanceState) -> Element {
    Element::new(name).text("code", state_code(state)).text("name", state)
}

pub(super) fn state_change(change: &StateChange) -> Element {
    let StateChange { instance, before, after } = change;
    let element = Element::new("item").text("instanceId", instance);
    element.child(state("currentState", *after)).child(state("previousState", *before))
}

pub(super) fn tag_description(tag: &TagDescription) -> Element {
    Element::new("item")
        .text("resourceId", &tag.resource)
        .text("resourceType", tag.resource_type)
        .text("key", &tag.key)
        .text("value", &tag.value)
}
