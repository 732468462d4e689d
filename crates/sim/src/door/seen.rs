//! Takes what the world shows; gives core's nouns for it. Never asks the world.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;
use mirror_core::ids::{SubnetId, TargetGroupArn, WebAclArn};
use mirror_core::inventory::{
    Attachment, ClassicBalancer, Filter, GroupPeer, GroupRule, Instance, Listener, NetworkInterface, Platform,
    Registered, Session, Subnet, Tagged, Target, TargetGroup,
};

use crate::classic::ClassicLoadBalancer;
use crate::compute::InstanceDetail;
use crate::elb::{self, TargetGroupDetail, TargetHealth};
use crate::interfaces::{self, AttachmentStatus};
use crate::mirror::{MirrorFilter, MirrorSession, MirrorTarget};
use crate::network;
use crate::security_groups::{self, Peer, SecurityGroupRule};
use crate::tagging::TaggedResource;
use crate::waf;

pub(super) fn instance(InstanceDetail { instance, interfaces: _ }: InstanceDetail) -> Instance {
    Instance {
        id: instance.id,
        owner: instance.owner,
        instance_type: instance.instance_type,
        platform: if instance.platform.name().is_some() { Platform::Windows } else { Platform::Linux },
        state: instance.state,
        tags: instance.tags,
    }
}

pub(super) fn interface(seen: interfaces::NetworkInterface) -> NetworkInterface {
    let addresses = addresses(&seen);
    NetworkInterface {
        id: seen.id,
        vpc: seen.vpc,
        subnet: seen.subnet.to_string().into(),
        zone: seen.zone,
        interface_type: seen.interface_type,
        requester_managed: seen.requester_managed,
        attachment: seen.attachment.map(|at| Attachment {
            id: at.id,
            instance: at.instance,
            device_index: at.device_index,
            attached: at.status == AttachmentStatus::Attached,
        }),
        security_groups: seen.security_groups.iter().map(|id| id.to_string().into()).collect(),
        addresses,
        ipv6: !seen.ipv6_addresses.is_empty() || !seen.ipv6_prefixes.is_empty(),
        tags: seen.tags,
    }
}

/// Addresses, each as the network of one, and prefixes.
fn addresses(seen: &interfaces::NetworkInterface) -> BTreeSet<IpNet> {
    let ipv4 = seen.ipv4_addresses().map(|address| IpNet::from(IpAddr::V4(address)));
    let ipv6 = seen.ipv6_addresses.iter().map(|address| IpNet::from(IpAddr::V6(*address)));
    let prefixes = seen.ipv4_prefixes.iter().copied().map(IpNet::V4);
    ipv4.chain(ipv6).chain(prefixes).chain(seen.ipv6_prefixes.iter().copied().map(IpNet::V6)).collect()
}

pub(super) fn listener(elb::Listener { protocol, port, .. }: elb::Listener) -> Listener {
    let protocol = protocol.map(|protocol| protocol.name().to_owned()).unwrap_or_default();
    Listener { protocol, port: port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default() }
}

pub(super) fn target_group(
    TargetGroupDetail { group, load_balancers: _ }: TargetGroupDetail,
) -> (TargetGroupArn, TargetGroup) {
    (group.arn.as_str().into(), TargetGroup { vpc: group.vpc, ..TargetGroup::default() })
}

pub(super) fn registered(TargetHealth { target, zone, .. }: TargetHealth) -> Registered {
    Registered::named(&target.id, zone.as_ref().map(|zone| zone.as_str()))
}

pub(super) fn classic(it: ClassicLoadBalancer) -> (String, ClassicBalancer) {
    (it.name, ClassicBalancer { vpc: Some(it.vpc), instances: it.instances, emptied: None })
}

pub(super) fn web_acl(it: waf::WebAcl) -> (WebAclArn, String) {
    (it.arn.to_string().into(), it.name)
}

pub(super) fn subnet(it: network::Subnet) -> (SubnetId, Subnet) {
    let networks = it.cidr.map(IpNet::V4).into_iter().chain(it.ipv6_cidr.map(IpNet::V6)).collect();
    (it.id.to_string().into(), Subnet { vpc: it.vpc, networks })
}

pub(super) fn group_rule(it: SecurityGroupRule) -> GroupRule {
    let security_groups::GroupRule { direction, protocol, ports, peer } = it.rule;
    let peer = match peer {
        Peer::Block(network) => GroupPeer::Network(network.trunc()),
        Peer::Group(id) => GroupPeer::Group(id.to_string().into()),
        Peer::PrefixList(id) => GroupPeer::PrefixList(id.to_string()),
    };
    GroupRule { group: it.group.to_string().into(), direction, protocol, ports, peer }
}

/// By what their ARNs end with; none if anything else is among them.
pub(super) fn tagged(resources: Vec<TaggedResource>) -> Option<Tagged> {
    let mut tagged = Tagged::default();
    for TaggedResource { arn, tags } in resources {
        match arn.rsplit(':').next()?.split_once('/')? {
            ("subnet", id) => _ = tagged.subnets.insert(id.into(), tags),
            ("vpc", id) => _ = tagged.vpcs.insert(id.into(), tags),
            _ => return None,
        }
    }
    Some(tagged)
}

pub(super) fn filter(MirrorFilter { id, owner: _, description: _, rules, services, tags }: MirrorFilter) -> Filter {
    let rules = rules.into_iter().map(|(id, rule)| (id, rule.rule)).collect();
    Filter { id, rules, services, tags }
}

pub(super) fn target(MirrorTarget { id, owner, resource, description: _, tags }: MirrorTarget) -> Target {
    Target { id, owner, resource, tags }
}

pub(super) fn session(made: MirrorSession) -> Session {
    let MirrorSession { id, owner, interface, target, filter, number, packet_length, vni, description: _, tags } = made;
    Session { id, owner, interface, target, filter, number, packet_length, vni: Some(vni), tags }
}
