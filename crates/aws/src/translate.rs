//! Takes the SDK's types; gives core's, whole, or says which item and field makes them unreadable. Never skips an item: half a page
//! would look like a whole one.
//!
//! Fields are named as on the wire, which is what a capture or a trace shows.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::types;
use aws_sdk_ec2::types::{
    AttachmentStatus, InstanceStateName, NetworkInterfaceAttachment, PlatformValues, Tag, TrafficDirection,
    TrafficMirrorFilter, TrafficMirrorFilterRule, TrafficMirrorPortRange, TrafficMirrorRuleAction,
    TrafficMirrorSession, TrafficMirrorTarget,
};
use aws_sdk_resourcegroupstagging::operation::get_resources::GetResourcesOutput;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput;
use ipnet::IpNet;
use mirror_core::ids::{AccountId, RuleId};
use mirror_core::inventory::{
    Attachment, Direction, Filter, Instance, InstanceState, NetworkInterface, Platform, PortRange, Resource, Rule,
    RuleAction, Session, Tagged, Tags, Target,
};

use crate::errors::Unreadable;
use crate::fields::{Item, given};

/// Every item of a list, or why one of them is unreadable.
pub(crate) fn all<T, U>(list: Option<Vec<T>>, read: fn(T) -> Result<U, Unreadable>) -> Result<Vec<U>, Unreadable> {
    list.unwrap_or_default().into_iter().map(read).collect()
}

pub(crate) fn account(answer: GetCallerIdentityOutput) -> Result<AccountId, Unreadable> {
    Ok(Item::new("caller", "Account", answer.account)?.id().into())
}

/// The instances of all reservations: who reserved what together does not matter here.
pub(crate) fn instances(answer: DescribeInstancesOutput) -> Result<Vec<Instance>, Unreadable> {
    let reserved = |reservation: types::Reservation| {
        let owner = reservation.owner_id;
        reservation.instances.unwrap_or_default().into_iter().map(move |it| instance(owner.clone(), it))
    };
    answer.reservations.unwrap_or_default().into_iter().flat_map(reserved).collect()
}

fn instance(owner: Option<String>, it: types::Instance) -> Result<Instance, Unreadable> {
    let item = Item::new("instance", "instanceId", it.instance_id)?;
    let state = match item.needs("instanceState", it.state.and_then(|state| state.name))? {
        InstanceStateName::Pending => InstanceState::Pending,
        InstanceStateName::Running => InstanceState::Running,
        InstanceStateName::ShuttingDown => InstanceState::ShuttingDown,
        InstanceStateName::Terminated => InstanceState::Terminated,
        InstanceStateName::Stopping => InstanceState::Stopping,
        InstanceStateName::Stopped => InstanceState::Stopped,
        unknown => return Err(item.odd("instanceState", unknown.as_str())),
    };
    Ok(Instance {
        id: item.id().into(),
        owner: item.needs("ownerId", owner)?.into(),
        instance_type: item.needs("instanceType", it.instance_type)?.as_str().into(),
        platform: platform(it.platform.as_ref()),
        state,
        tags: tags(&item, it.tags)?,
    })
}

/// Absent for whatever is not Windows. The wire says `windows`, the model `Windows`, so that the SDK does not know its own word.
fn platform(said: Option<&PlatformValues>) -> Platform {
    match said {
        Some(said) if said.as_str().eq_ignore_ascii_case("windows") => Platform::Windows,
        _ => Platform::Linux,
    }
}

pub(crate) fn interface(it: types::NetworkInterface) -> Result<NetworkInterface, Unreadable> {
    let item = Item::new("network interface", "networkInterfaceId", it.network_interface_id)?;
    fn texts<T>(list: Option<Vec<T>>, text: fn(T) -> Option<String>) -> Vec<Option<String>> {
        list.unwrap_or_default().into_iter().map(text).collect()
    }
    let fields = [
        ("privateIpAddress", texts(it.private_ip_addresses, |it| it.private_ip_address)),
        ("ipv6Address", texts(it.ipv6_addresses, |it| it.ipv6_address)),
        ("ipv4Prefix", texts(it.ipv4_prefixes, |it| it.ipv4_prefix)),
        ("ipv6Prefix", texts(it.ipv6_prefixes, |it| it.ipv6_prefix)),
    ];
    let addresses = addresses(&item, fields)?;
    Ok(NetworkInterface {
        id: item.id().into(),
        vpc: item.text("vpcId", it.vpc_id)?.into(),
        subnet: item.text("subnetId", it.subnet_id)?.into(),
        zone: item.text("availabilityZone", it.availability_zone)?.into(),
        interface_type: item.needs("interfaceType", it.interface_type)?.as_str().into(),
        // Whoever does not say so does not keep it; and AWS refuses to mirror one that it keeps, whatever we think.
        requester_managed: it.requester_managed.unwrap_or_default(),
        attachment: it.attachment.map(|it| attachment(&item, it)).transpose()?,
        security_groups: it
            .groups
            .unwrap_or_default()
            .into_iter()
            .filter_map(|it| given(it.group_id))
            .map(Into::into)
            .collect(),
        ipv6: addresses.iter().any(|network| matches!(network, IpNet::V6(_))),
        addresses,
        tags: tags(&item, it.tag_set)?,
    })
}

/// Addresses, each as the network of one, and prefixes, from the fields that have them.
fn addresses<const N: usize>(
    item: &Item,
    fields: [(&'static str, Vec<Option<String>>); N],
) -> Result<BTreeSet<IpNet>, Unreadable> {
    let network = |(field, text): (&'static str, String)| {
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(|network| network.trunc()).map_err(|_| item.odd(field, text))
    };
    let texts = fields.into_iter().flat_map(|(field, texts)| texts.into_iter().map(move |text| (field, text)));
    texts.filter_map(|(field, text)| Some((field, given(text)?))).map(network).collect()
}

fn attachment(item: &Item, it: NetworkInterfaceAttachment) -> Result<Attachment, Unreadable> {
    Ok(Attachment {
        id: item.text("attachmentId", it.attachment_id)?.into(),
        instance: given(it.instance_id).map(Into::into),
        // What AWS attaches to machines of its own may have none. As the primary one it is rather mirrored than not.
        device_index: it.device_index.unwrap_or_default(),
        attached: it.status == Some(AttachmentStatus::Attached),
    })
}

/// Subnets and VPCs, by what their ARNs end with: `…:subnet/subnet-0a`. An answer without the list is no empty one: of a body that got
/// lost the SDK makes an answer without anything.
pub(crate) fn tagged(answer: GetResourcesOutput) -> Result<Tagged, Unreadable> {
    let list = answer.resource_tag_mapping_list;
    let list = list.ok_or_else(|| Unreadable::new("the answer has no `ResourceTagMappingList`".into()))?;
    let mut tagged = Tagged::default();
    for it in list {
        let item = Item::new("tagged resource", "ResourceARN", it.resource_arn)?;
        let tags = it.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
        match item.id().rsplit(':').next().and_then(|resource| resource.split_once('/')) {
            Some(("subnet", id)) => _ = tagged.subnets.insert(id.into(), tags),
            Some(("vpc", id)) => _ = tagged.vpcs.insert(id.into(), tags),
            _ => return Err(item.odd("ResourceARN", item.id())),
        }
    }
    Ok(tagged)
}

pub(crate) fn target(it: TrafficMirrorTarget) -> Result<Target, Unreadable> {
    let item = Item::new("mirror target", "trafficMirrorTargetId", it.traffic_mirror_target_id)?;
    let interface = given(it.network_interface_id).map(|id| Resource::NetworkInterface(id.into()));
    let balancer = given(it.network_load_balancer_arn).map(|arn| Resource::NetworkLoadBalancer(arn.into()));
    let endpoint =
        given(it.gateway_load_balancer_endpoint_id).map(|id| Resource::GatewayLoadBalancerEndpoint(id.into()));
    let mut resources = [interface, balancer, endpoint].into_iter().flatten();
    let resource =
        item.needs("networkInterfaceId, networkLoadBalancerArn or gatewayLoadBalancerEndpointId", resources.next())?;
    if let Some(second) = resources.next() {
        return Err(item.odd("second resource", second.id()));
    }
    let owner = item.text("ownerId", it.owner_id)?.into();
    Ok(Target { id: item.id().into(), owner, resource, tags: tags(&item, it.tags)? })
}

pub(crate) fn filter(it: TrafficMirrorFilter) -> Result<Filter, Unreadable> {
    let item = Item::new("mirror filter", "trafficMirrorFilterId", it.traffic_mirror_filter_id)?;
    let mut rules = BTreeMap::new();
    for list in [it.ingress_filter_rules, it.egress_filter_rules] {
        rules.extend(all(list, rule)?);
    }
    let services = it.network_services.unwrap_or_default();
    Ok(Filter {
        id: item.id().into(),
        rules,
        services: services.iter().map(|service| service.as_str().into()).collect(),
        tags: tags(&item, it.tags)?,
    })
}

pub(crate) fn rule(it: TrafficMirrorFilterRule) -> Result<(RuleId, Rule), Unreadable> {
    let item = Item::new("filter rule", "trafficMirrorFilterRuleId", it.traffic_mirror_filter_rule_id)?;
    let action = match item.needs("ruleAction", it.rule_action)? {
        TrafficMirrorRuleAction::Accept => RuleAction::Accept,
        TrafficMirrorRuleAction::Reject => RuleAction::Reject,
        unknown => return Err(item.odd("ruleAction", unknown.as_str())),
    };
    let direction = match item.needs("trafficDirection", it.traffic_direction)? {
        TrafficDirection::Ingress => Direction::Ingress,
        TrafficDirection::Egress => Direction::Egress,
        unknown => return Err(item.odd("trafficDirection", unknown.as_str())),
    };
    let number = item.needs("ruleNumber", it.rule_number)?;
    // -1 is how EC2 says "every protocol" elsewhere (security groups, network ACLs): one rule of a stranger that says so must not
    // hide every filter.
    let protocol = it.protocol.filter(|protocol| *protocol != -1);
    let rule = Rule {
        action,
        direction,
        number: item.number("ruleNumber", number)?,
        protocol: protocol.map(|protocol| item.number("protocol", protocol)).transpose()?,
        // Bits behind the prefix mean nothing, and rules are compared by what they mean.
        source: item.parse::<IpNet>("sourceCidrBlock", it.source_cidr_block)?.trunc(),
        destination: item.parse::<IpNet>("destinationCidrBlock", it.destination_cidr_block)?.trunc(),
        source_ports: ports(&item, it.source_port_range)?,
        destination_ports: ports(&item, it.destination_port_range)?,
    };
    Ok((item.id().into(), rule))
}

fn ports(item: &Item, range: Option<TrafficMirrorPortRange>) -> Result<Option<PortRange>, Unreadable> {
    let Some(range) = range else { return Ok(None) };
    let from = item.needs("fromPort", range.from_port)?;
    let to = item.needs("toPort", range.to_port)?;
    Ok(Some(PortRange { from: item.number("fromPort", from)?, to: item.number("toPort", to)? }))
}

pub(crate) fn session(it: TrafficMirrorSession) -> Result<Session, Unreadable> {
    let item = Item::new("mirror session", "trafficMirrorSessionId", it.traffic_mirror_session_id)?;
    let number = item.needs("sessionNumber", it.session_number)?;
    Ok(Session {
        id: item.id().into(),
        owner: item.text("ownerId", it.owner_id)?.into(),
        interface: item.text("networkInterfaceId", it.network_interface_id)?.into(),
        target: item.text("trafficMirrorTargetId", it.traffic_mirror_target_id)?.into(),
        filter: item.text("trafficMirrorFilterId", it.traffic_mirror_filter_id)?.into(),
        number: item.number("sessionNumber", number)?,
        packet_length: it.packet_length.map(|bytes| item.number("packetLength", bytes)).transpose()?,
        vni: it.virtual_network_id.map(|vni| item.number("virtualNetworkId", vni)).transpose()?,
        tags: tags(&item, it.tags)?,
    })
}

fn tags(item: &Item, list: Option<Vec<Tag>>) -> Result<Tags, Unreadable> {
    let list = list.unwrap_or_default().into_iter();
    list.map(|tag| Ok((item.text("key", tag.key)?, tag.value.unwrap_or_default()))).collect()
}
