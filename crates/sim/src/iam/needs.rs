//! Takes a request; gives all that AWS wants permission for before it acts: an action on a resource, once for each resource. Never asks a
//! policy.
//!
//! Source: "Actions, resources, and condition keys for Amazon EC2" and "… for Amazon Resource Group Tagging API", Service Authorization
//! Reference; on tags at creation: "Grant permission to tag Amazon EC2 resources during creation", Amazon EC2 User Guide. What ELB's
//! actions need, `balancing` says.

use mirror_core::ids::RuleId;
use mirror_core::inventory::{Resource as Receiver, Tags};

use super::balancing;
use super::context::Context;
use super::guarding;
use super::resources::Resource;
use crate::api::{Thing, named};
use crate::request::{
    CreateTags, CreateTrafficMirrorSession, CreateTrafficMirrorTarget, DeleteTags,
    ModifyTrafficMirrorFilterNetworkServices, ModifyTrafficMirrorFilterRule, ModifyTrafficMirrorSession, Request,
    RuleField, RunInstances, SessionField,
};
use crate::world::World;

/// What a call needs: to do this with that.
#[derive(Clone, Debug)]
pub(crate) struct Need {
    /// `ec2:CreateTags`.
    pub(crate) action: String,
    /// An ARN, or `*`.
    pub(crate) resource: String,
    /// What is known of the resource, and of what the request does to it.
    pub(crate) keys: Context,
}

/// All that a request needs, in the order in which it is asked for.
pub(crate) fn needs(world: &World, request: &Request) -> Vec<Need> {
    let need = |action: &str, Resource { arn, keys }| Need { action: permission(action), resource: arn, keys };
    let action = request.action();
    let resources = resources(world, request).into_iter().map(|resource| need(action, resource));
    let tagging = tagged_at_creation(request)
        .into_iter()
        .filter(|(_, tags)| !tags.is_empty())
        .map(|(kind, tags)| need("CreateTags", Resource::made(world, kind, tags).with("ec2:CreateAction", action)));
    let balancing = match request {
        Request::Elb(request) => balancing::tagged_at_creation(world, request),
        Request::Classic(request) => guarding::tagged_at_creation(world, request),
        _ => None,
    };
    let beside = match request {
        Request::Waf(request) => guarding::beside_waf(world, request),
        _ => balancing.map(|made| ("elasticloadbalancing:AddTags", made)),
    };
    resources.chain(tagging).chain(beside.map(|(action, on)| need(action, on))).collect()
}

/// An action as policies name it: those of EC2 come without their API, and those of ELB's first API with another name than the other's.
pub(super) fn permission(action: &str) -> String {
    if let Some(name) = action.strip_prefix("elb:") {
        return format!("elasticloadbalancing:{name}");
    }
    if action.contains(':') { action.into() } else { format!("ec2:{action}") }
}

/// The resources on which a request's action must be allowed. None: the action needs no permission, or its own kind.
#[rustfmt::skip]
fn resources(world: &World, request: &Request) -> Vec<Resource> {
    use Request as Q;
    let made = |kind, tags| Resource::made(world, kind, tags);
    match request {
        Q::DryRun(request) => resources(world, request),
        // "No permissions are required to perform this operation." Source: GetCallerIdentity, AWS STS API Reference. And a role is asked
        // for itself who may take it on.
        Q::GetCallerIdentity | Q::AssumeRole(_) => Vec::new(),
        Q::DescribeAvailabilityZones(_) | Q::DescribeVpcs(_) | Q::DescribeSubnets(_) | Q::DescribeInstances(_)
        | Q::DescribeNetworkInterfaces(_) | Q::DescribeTags(_) | Q::DescribeTrafficMirrorFilters(_)
        | Q::DescribeTrafficMirrorFilterRules(_) | Q::DescribeTrafficMirrorTargets(_)
        | Q::DescribeTrafficMirrorSessions(_) | Q::DescribeSecurityGroups(_) | Q::DescribeSecurityGroupRules(_)
        | Q::DescribeNetworkAcls(_) | Q::DescribeManagedPrefixLists(_) | Q::GetResources(_) => vec![Resource::any()],
        Q::GetManagedPrefixListEntries(asked) => vec![Resource::there(world, &Thing::PrefixList(asked.list.clone()))],
        Q::Elb(request) => balancing::resources(world, request),
        Q::Classic(request) => guarding::of_classic(world, request),
        Q::Waf(request) => guarding::of_waf(world, request),
        Q::RunInstances(wish) => launch(world, wish),
        Q::CreateNetworkInterface(wish) => [made("network-interface", &wish.tags)].into_iter().chain(standing(world, request)).collect(),
        Q::StartInstances(_) | Q::StopInstances(_) | Q::TerminateInstances(_) | Q::AttachNetworkInterface(_)
        | Q::DetachNetworkInterface(_) | Q::DeleteNetworkInterface(_) | Q::AssignIpv6Addresses(_) | Q::UnassignIpv6Addresses(_)
        | Q::AssignPrivateIpAddresses(_) | Q::UnassignPrivateIpAddresses(_) | Q::ModifyInstanceAttribute(_)
        | Q::ModifyNetworkInterfaceAttribute(_) | Q::AuthorizeSecurityGroupIngress(_) | Q::AuthorizeSecurityGroupEgress(_)
        | Q::RevokeSecurityGroupIngress(_) | Q::RevokeSecurityGroupEgress(_) | Q::DeleteSecurityGroup(_)
        | Q::DeleteTrafficMirrorFilter(_) | Q::DeleteTrafficMirrorFilterRule(_) | Q::DeleteTrafficMirrorTarget(_)
        | Q::DeleteTrafficMirrorSession(_) => standing(world, request),
        // The default VPC, of which no group needs to say anything, is none of the resources of the action.
        Q::CreateSecurityGroup(wish) => {
            let vpc = wish.vpc.iter().map(|id| Resource::there(world, &Thing::Vpc(id.clone())));
            [made("security-group", &wish.tags)].into_iter().chain(vpc).collect()
        }
        Q::CreateTags(wish) => create_tags(world, wish),
        Q::DeleteTags(wish) => delete_tags(world, wish),
        Q::CreateTrafficMirrorFilter(wish) => vec![made("traffic-mirror-filter", &wish.tags)],
        Q::ModifyTrafficMirrorFilterNetworkServices(change) => vec![modified_services(world, change)],
        Q::CreateTrafficMirrorFilterRule(wish) => standing(world, request).into_iter().chain([made("traffic-mirror-filter-rule", &wish.tags)]).collect(),
        Q::ModifyTrafficMirrorFilterRule(change) => modified_rule(world, change),
        Q::CreateTrafficMirrorTarget(wish) => target(world, wish),
        Q::CreateTrafficMirrorSession(wish) => session(world, request, wish),
        Q::ModifyTrafficMirrorSession(change) => modified_session(world, change),
    }
}

/// What a request makes with tags, by kind: each needs `ec2:CreateTags` beside the creation itself.
fn tagged_at_creation(request: &Request) -> Vec<(&'static str, &Tags)> {
    use Request as Q;
    match request {
        Q::DryRun(request) => tagged_at_creation(request),
        Q::RunInstances(wish) => {
            vec![("instance", &wish.instance_tags), ("network-interface", &wish.interface_tags)]
        }
        Q::CreateNetworkInterface(wish) => vec![("network-interface", &wish.tags)],
        Q::CreateSecurityGroup(wish) => vec![("security-group", &wish.tags)],
        Q::AuthorizeSecurityGroupIngress(wish) | Q::AuthorizeSecurityGroupEgress(wish) => {
            vec![("security-group-rule", &wish.tags)]
        }
        Q::CreateTrafficMirrorFilter(wish) => vec![("traffic-mirror-filter", &wish.tags)],
        Q::CreateTrafficMirrorFilterRule(wish) => vec![("traffic-mirror-filter-rule", &wish.tags)],
        Q::CreateTrafficMirrorTarget(wish) => vec![("traffic-mirror-target", &wish.tags)],
        Q::CreateTrafficMirrorSession(wish) => vec![("traffic-mirror-session", &wish.tags)],
        _ => Vec::new(),
    }
}

/// All that the request names. What does not lead to anything (an attachment that is not there) must not be free for all.
fn standing(world: &World, request: &Request) -> Vec<Resource> {
    let things: Vec<_> = named(world, request).iter().map(|thing| Resource::there(world, thing)).collect();
    if things.is_empty() { vec![Resource::any()] } else { things }
}

/// Seven kinds of resources. That a launch has a volume and a security group is true of every image and VPC, and their ids are not known
/// to the simulated world.
fn launch(world: &World, wish: &RunInstances) -> Vec<Resource> {
    let subnet = wish.subnet.as_ref().or_else(|| world.default_subnet().map(|subnet| &subnet.id));
    let placed = |resource: Resource| match subnet.and_then(|id| world.subnets.get(id)) {
        Some(subnet) => resource.in_network_of(world, subnet),
        None => resource,
    };
    let instance = Resource::made(world, "instance", &wish.instance_tags).with("ec2:InstanceType", &wish.instance_type);
    let interface = placed(Resource::made(world, "network-interface", &wish.interface_tags));
    let interface = match subnet {
        Some(id) => {
            interface.with("ec2:Subnet", super::resources::arn(world, &world.account, "subnet", &id.to_string()))
        }
        None => interface,
    };
    let outside = ["security-group", "volume"].map(|kind| Resource::outside(world, kind, "*"));
    [Resource::image(world, &wish.image), placed(instance), interface]
        .into_iter()
        .chain(subnet.map(|id| Resource::there(world, &Thing::Subnet(id.clone()))))
        .chain(outside)
        .collect()
}

fn create_tags(world: &World, CreateTags { resources, tags }: &CreateTags) -> Vec<Resource> {
    resources.iter().map(|id| with_id(world, id).requested(tags)).collect()
}

/// Of the tags that may have any value, the keys alone are known.
fn delete_tags(world: &World, DeleteTags { resources, tags }: &DeleteTags) -> Vec<Resource> {
    let named = |resource: Resource, (key, value): &(String, Option<String>)| match value {
        Some(value) => resource.requested(&Tags::from([(key.clone(), value.clone())])),
        None => resource.with("aws:TagKeys", key),
    };
    resources.iter().map(|id| tags.iter().fold(with_id(world, id), named)).collect()
}

fn with_id(world: &World, id: &str) -> Resource {
    Thing::with_id(id).map_or_else(|| Resource::outside(world, "*", id), |thing| Resource::there(world, &thing))
}

fn modified_services(world: &World, change: &ModifyTrafficMirrorFilterNetworkServices) -> Resource {
    let ModifyTrafficMirrorFilterNetworkServices { filter, add, remove } = change;
    let filter = Resource::there(world, &Thing::Filter(filter.clone()));
    let filter = add.iter().fold(filter, |it, service| it.setting("AddNetworkServices", Some(service)));
    remove.iter().fold(filter, |it, service| it.setting("RemoveNetworkServices", Some(service)))
}

/// The rule and its filter, each with the attributes that change. What they are called, no source lists: by the parameters of the call.
fn modified_rule(world: &World, change: &ModifyTrafficMirrorFilterRule) -> Vec<Resource> {
    let range = |ports: Option<crate::request::Ports>| ports.map(|ports| format!("{}-{}", ports.from, ports.to));
    let changed = |resource: Resource| {
        let resource = resource
            .setting("TrafficDirection", change.direction.map(|it| format!("{it:?}").to_lowercase()))
            .setting("RuleNumber", change.number)
            .setting("RuleAction", change.action.map(|it| format!("{it:?}").to_lowercase()))
            .setting("Protocol", change.protocol)
            .setting("SourceCidrBlock", change.source)
            .setting("DestinationCidrBlock", change.destination)
            .setting("SourcePortRange", range(change.source_ports))
            .setting("DestinationPortRange", range(change.destination_ports))
            .setting("Description", change.description.as_ref());
        change.remove.iter().fold(resource, |it, field| {
            let name = match field {
                RuleField::DestinationPortRange => "destination-port-range",
                RuleField::SourcePortRange => "source-port-range",
                RuleField::Protocol => "protocol",
                RuleField::Description => "description",
            };
            it.setting("RemoveFields", Some(name))
        })
    };
    rule_and_filter(world, &change.rule).into_iter().map(changed).collect()
}

fn rule_and_filter(world: &World, rule: &RuleId) -> Vec<Resource> {
    standing(world, &Request::DeleteTrafficMirrorFilterRule(rule.clone()))
}

fn target(world: &World, wish: &CreateTrafficMirrorTarget) -> Vec<Resource> {
    let made = Resource::made(world, "traffic-mirror-target", &wish.tags);
    let receiver = match &wish.resource {
        Receiver::NetworkInterface(id) => Some(Resource::interface_alone(world, id)),
        Receiver::GatewayLoadBalancerEndpoint(id) => Some(Resource::there(world, &Thing::Endpoint(id.clone()))),
        // A load balancer is not among the resources of the action.
        Receiver::NetworkLoadBalancer(_) => None,
    };
    [made].into_iter().chain(receiver).collect()
}

fn session(world: &World, request: &Request, wish: &CreateTrafficMirrorSession) -> Vec<Resource> {
    let made = Resource::made(world, "traffic-mirror-session", &wish.tags);
    standing(world, request).into_iter().chain([made]).collect()
}

/// The session with the attributes that change, and what it is to use from now on.
fn modified_session(world: &World, change: &ModifyTrafficMirrorSession) -> Vec<Resource> {
    let session = Resource::there(world, &Thing::Session(change.session.clone()))
        .setting("TrafficMirrorTargetId", change.target.as_ref())
        .setting("TrafficMirrorFilterId", change.filter.as_ref())
        .setting("PacketLength", change.packet_length)
        .setting("SessionNumber", change.number)
        .setting("VirtualNetworkId", change.vni)
        .setting("Description", change.description.as_ref());
    let session = change.remove.iter().fold(session, |it, field| {
        let name = match field {
            SessionField::PacketLength => "packet-length",
            SessionField::Description => "description",
            SessionField::VirtualNetworkId => "virtual-network-id",
        };
        it.setting("RemoveFields", Some(name))
    });
    let used = change.filter.clone().map(Thing::Filter).into_iter().chain(change.target.clone().map(Thing::Target));
    [session].into_iter().chain(used.map(|thing| Resource::there(world, &thing))).collect()
}
