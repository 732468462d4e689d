//! Takes a response; gives the XML that clients of AWS parse. Never leaves out an element that a client needs to tell one thing from
//! another. Source of the element names: botocore `ec2/2016-11-15` and `sts/2011-06-15`.

mod classic;
mod compute;
mod elb;
mod firewalls;
mod interfaces;
mod mirror;
mod sts;

use std::fmt;

use mirror_core::inventory::Tags;

pub(super) use self::classic::NAMESPACE as CLASSIC_NAMESPACE;
pub(super) use self::elb::NAMESPACE as ELB_NAMESPACE;
use super::element::Element;
use crate::addresses::AssignedAddresses;
use crate::listing::Page;
use crate::request::{Request, UnassignIpv6Addresses};
use crate::response::Response;
use crate::world::World;

const EC2_NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// The document that answers a request.
pub(super) fn response(world: &World, request: &Request, response: &Response, request_id: &str) -> Element {
    match response {
        Response::GetCallerIdentity(identity) => return sts::caller_identity(identity, request_id),
        Response::AssumeRole(session) => return sts::assumed_role(session, request_id),
        _ => {}
    }
    if let (Request::Elb(request), Response::Elb(response)) = (request, response) {
        return elb::response(request, response, request_id);
    }
    if let (Request::Classic(request), Response::Classic(response)) = (request, response) {
        return classic::response(request, response, request_id);
    }
    let root = Element::new(format!("{}Response", request.action()));
    let root = root.namespace(EC2_NAMESPACE).text("requestId", request_id);
    content(root, world, response).optional("clientToken", request.token().map(|token| &token.0))
}

#[rustfmt::skip]
fn content(root: Element, world: &World, response: &Response) -> Element {
    use Response as A;
    match response {
        // These have documents of their own.
        A::GetCallerIdentity(_) | A::AssumeRole(_) | A::Elb(_) | A::Classic(_) | A::Waf(_) | A::GetResources(_) => root,
        A::DescribeAvailabilityZones(zones) => page(root, "availabilityZoneInfo", zones, compute::zone),
        A::DescribeVpcs(vpcs) => page(root, "vpcSet", vpcs, compute::vpc),
        A::DescribeSubnets(subnets) => page(root, "subnetSet", subnets, |subnet| compute::subnet(world, subnet)),
        A::DescribeInstances(page) => root
            .set("reservationSet", compute::reservations(world, &page.items))
            .optional("nextToken", page.next.as_ref()),
        A::RunInstances(launched) => compute::launched(root, world, launched),
        A::StartInstances(changes) | A::StopInstances(changes) | A::TerminateInstances(changes) => {
            root.set("instancesSet", changes.iter().map(compute::state_change))
        }
        A::DescribeNetworkInterfaces(found) => page(root, "networkInterfaceSet", found, |it| interfaces::interface(world, it, "item")),
        A::CreateNetworkInterface(made) => root.child(interfaces::interface(world, made, "networkInterface")),
        A::AttachNetworkInterface(id) => {
            let card = world.interface_attached_by(id).and_then(|it| it.place()).map_or(0, |(card, _)| card);
            root.text("attachmentId", id).text("networkCardIndex", card)
        }
        A::DetachNetworkInterface | A::DeleteNetworkInterface | A::CreateTags | A::DeleteTags | A::ModifyInstanceAttribute
        | A::ModifyNetworkInterfaceAttribute | A::UnassignPrivateIpAddresses => root.text("return", true),
        A::AssignPrivateIpAddresses(AssignedAddresses { interface, addresses, prefixes }) => root
            .text("networkInterfaceId", interface)
            .set("assignedPrivateIpAddressesSet", addresses.iter().map(|it| Element::new("item").text("privateIpAddress", it)))
            .set("assignedIpv4PrefixSet", prefixes.iter().map(|it| Element::new("item").text("ipv4Prefix", it))),
        A::AssignIpv6Addresses(AssignedAddresses { interface, addresses, prefixes }) => root
            .text("networkInterfaceId", interface)
            .child(texts("assignedIpv6Addresses", addresses))
            .child(texts("assignedIpv6PrefixSet", prefixes)),
        A::UnassignIpv6Addresses(UnassignIpv6Addresses { interface, addresses, prefixes }) => root
            .text("networkInterfaceId", interface)
            .child(texts("unassignedIpv6Addresses", addresses))
            .child(texts("unassignedIpv6PrefixSet", prefixes)),
        A::CreateSecurityGroup(made) => firewalls::created(root, world, made),
        A::DescribeSecurityGroups(found) => page(root, "securityGroupInfo", found, |it| firewalls::group(world, it)),
        A::DescribeSecurityGroupRules(found) => page(root, "securityGroupRuleSet", found, |it| firewalls::rule(world, it)),
        A::AuthorizeSecurityGroupIngress(rules) | A::AuthorizeSecurityGroupEgress(rules) => root
            .text("return", true)
            .set("securityGroupRuleSet", rules.iter().map(|it| firewalls::rule(world, it))),
        A::RevokeSecurityGroupIngress(rules) | A::RevokeSecurityGroupEgress(rules) => root
            .text("return", true)
            .set("unknownIpPermissionSet", [])
            .set("revokedSecurityGroupRuleSet", rules.iter().map(firewalls::revoked)),
        A::DeleteSecurityGroup(id) => root.text("return", true).text("groupId", id),
        A::DescribeNetworkAcls(found) => page(root, "networkAclSet", found, |it| firewalls::network_acl(world, it)),
        A::DescribeManagedPrefixLists(found) => page(root, "prefixListSet", found, |it| firewalls::prefix_list(world, it)),
        A::GetManagedPrefixListEntries(found) => page(root, "entrySet", found, firewalls::prefix_list_entry),
        A::DescribeTags(tags) => page(root, "tagSet", tags, compute::tag_description),
        A::CreateTrafficMirrorFilter(made) => root.child(mirror::filter(made, "trafficMirrorFilter")),
        A::DescribeTrafficMirrorFilters(found) => page(root, "trafficMirrorFilterSet", found, |it| mirror::filter(it, "item")),
        A::ModifyTrafficMirrorFilterNetworkServices(it) => root.child(mirror::filter(it, "trafficMirrorFilter")),
        A::DeleteTrafficMirrorFilter(id) => root.text("trafficMirrorFilterId", id),
        A::CreateTrafficMirrorFilterRule(made) => root.child(mirror::rule(made, "trafficMirrorFilterRule")),
        A::DescribeTrafficMirrorFilterRules(found) => page(root, "trafficMirrorFilterRuleSet", found, |it| mirror::rule(it, "item")),
        A::ModifyTrafficMirrorFilterRule(it) => root.child(mirror::rule_without_tags(it, "trafficMirrorFilterRule")),
        A::DeleteTrafficMirrorFilterRule(id) => root.text("trafficMirrorFilterRuleId", id),
        A::CreateTrafficMirrorTarget(made) => root.child(mirror::target(made, "trafficMirrorTarget")),
        A::DescribeTrafficMirrorTargets(found) => page(root, "trafficMirrorTargetSet", found, |it| mirror::target(it, "item")),
        A::DeleteTrafficMirrorTarget(id) => root.text("trafficMirrorTargetId", id),
        A::CreateTrafficMirrorSession(made) => root.child(mirror::session(made, "trafficMirrorSession")),
        A::DescribeTrafficMirrorSessions(found) => page(root, "trafficMirrorSessionSet", found, |it| mirror::session(it, "item")),
        A::ModifyTrafficMirrorSession(it) => root.child(mirror::session(it, "trafficMirrorSession")),
        A::DeleteTrafficMirrorSession(id) => root.text("trafficMirrorSessionId", id),
    }
}

fn page<T>(root: Element, set: &str, page: &Page<T>, item: impl Fn(&T) -> Element) -> Element {
    root.set(set, page.items.iter().map(item)).optional("nextToken", page.next.as_ref())
}

/// A list of texts.
fn texts(name: &str, items: &[impl fmt::Display]) -> Element {
    items.iter().fold(Element::new(name), |set, item| set.text("item", item))
}

/// `<tagSet>`, always there.
fn tag_set(element: Element, tags: &Tags) -> Element {
    element.set("tagSet", tags.iter().map(|(key, value)| Element::new("item").text("key", key).text("value", value)))
}
