//! Takes interfaces; gives their XML. Never says in an instance's description of one what AWS says only in its own: tags, and who made
//! it.

use super::tag_set;
use crate::interfaces::{Attachment, NetworkInterface};
use crate::operators::Operator;
use crate::security_groups::SecurityGroupId;
use crate::wire::element::Element;
use crate::world::World;

/// An interface as it describes itself: with what an instance's description of it lacks.
pub(super) fn interface(world: &World, interface: &NetworkInterface, name: &str) -> Element {
    let zone_id = world.zones.get(&interface.zone).map(|zone| &zone.id);
    let element = interface_of_instance(world, interface, name)
        .text("availabilityZone", &interface.zone)
        .optional("availabilityZoneId", zone_id)
        .optional("requesterId", interface.requester.as_ref())
        .text("requesterManaged", interface.requester_managed);
    tag_set(element, &interface.tags)
}

/// An interface as its instance describes it: without tags, and without saying who manages it.
pub(super) fn interface_of_instance(world: &World, interface: &NetworkInterface, name: &str) -> Element {
    let ipv6 = |address| Element::new("item").text("ipv6Address", address).text("isPrimaryIpv6", false);
    let address = |address| {
        let primary = interface.address == Some(address);
        Element::new("item").text("privateIpAddress", address).text("primary", primary)
    };
    let element = Element::new(name)
        .text("networkInterfaceId", &interface.id)
        .text("subnetId", &interface.subnet)
        .text("vpcId", &interface.vpc)
        .text("description", &interface.description)
        .text("ownerId", &interface.owner)
        .text("status", interface.status())
        .text("macAddress", interface.mac_address())
        .optional("privateIpAddress", interface.address)
        .text("sourceDestCheck", interface.source_dest_check())
        .set("groupSet", groups(world, &interface.security_groups))
        .children(interface.attachment.iter().map(|it| attachment(interface, it)))
        .set("privateIpAddressesSet", interface.ipv4_addresses().map(address))
        .set("ipv6AddressesSet", interface.ipv6_addresses.iter().map(ipv6));
    prefixes(element, interface)
        .text("interfaceType", &interface.interface_type)
        .child(operator(interface.operator.as_ref()))
}

/// Absent where there is none, as AWS leaves them out.
fn prefixes(element: Element, interface: &NetworkInterface) -> Element {
    let ipv4 = interface.ipv4_prefixes.iter().map(|prefix| Element::new("item").text("ipv4Prefix", prefix));
    let ipv6 = interface.ipv6_prefixes.iter().map(|prefix| Element::new("item").text("ipv6Prefix", prefix));
    let element = if interface.ipv4_prefixes.is_empty() { element } else { element.set("ipv4PrefixSet", ipv4) };
    if interface.ipv6_prefixes.is_empty() { element } else { element.set("ipv6PrefixSet", ipv6) }
}

pub(super) fn groups(world: &World, groups: &[SecurityGroupId]) -> Vec<Element> {
    let item = |id: &SecurityGroupId| {
        let name = world.security_groups.get(id).map(|group| &group.name);
        Element::new("item").text("groupId", id).optional("groupName", name)
    };
    groups.iter().map(item).collect()
}

/// Who manages a resource: always there, and says so of nobody too.
pub(super) fn operator(operator: Option<&Operator>) -> Element {
    let element = Element::new("operator").text("managed", operator.is_some());
    match operator {
        Some(Operator { principal, hidden_by_default }) => {
            element.text("principal", principal).text("hiddenByDefault", hidden_by_default)
        }
        None => element,
    }
}

fn attachment(interface: &NetworkInterface, attachment: &Attachment) -> Element {
    let Attachment { id, instance, instance_owner, device_index, network_card, .. } = attachment;
    Element::new("attachment")
        .text("attachmentId", id)
        .optional("instanceId", instance.as_ref())
        .text("instanceOwnerId", instance_owner.as_deref().unwrap_or_else(|| interface.owner.as_str()))
        .text("deviceIndex", device_index)
        .text("networkCardIndex", network_card)
        .text("status", attachment.status.name())
        .text("attachTime", attachment.attached_at)
        .text("deleteOnTermination", attachment.delete_on_termination)
}
