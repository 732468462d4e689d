//! Takes the SDK's subnets and rules of security groups; gives core's, whole, or says which item and field makes them unreadable. Never
//! skips an item: half a page would look like a whole one.

use std::collections::BTreeSet;

use aws_sdk_ec2::types;
use ipnet::IpNet;
use mirror_core::ids::SubnetId;
use mirror_core::inventory::{Direction, GroupPeer, GroupRule, PortRange, Subnet};

use crate::errors::Unreadable;
use crate::fields::{Item, given};

pub(crate) fn subnet(it: types::Subnet) -> Result<(SubnetId, Subnet), Unreadable> {
    let item = Item::new("subnet", "subnetId", it.subnet_id)?;
    let associated = it.ipv6_cidr_block_association_set.unwrap_or_default().into_iter().filter(is_there);
    let mut networks = BTreeSet::new();
    // An IPv6-only subnet has no other.
    if let Some(network) = given(it.cidr_block) {
        networks.insert(item.parse::<IpNet>("cidrBlock", Some(network))?);
    }
    for network in associated.filter_map(|it| given(it.ipv6_cidr_block)) {
        networks.insert(item.parse::<IpNet>("ipv6CidrBlock", Some(network))?);
    }
    let vpc = item.text("vpcId", it.vpc_id)?.into();
    Ok((item.id().into(), Subnet { vpc, networks }))
}

/// Whether a block of IPv6 is the subnet's: those that were, or never came to be, may be listed too, and another subnet may have them by now.
/// Source: botocore `ec2/2016-11-15`, SubnetCidrBlockStateCode.
fn is_there(it: &types::SubnetIpv6CidrBlockAssociation) -> bool {
    use types::SubnetCidrBlockStateCode::{Disassociated, Failed, Failing};
    let state = it.ipv6_cidr_block_state.as_ref().and_then(|it| it.state.as_ref());
    !matches!(state, Some(Disassociated | Failing | Failed))
}

/// The protocols that a rule may have by name. Source: EC2 API reference, SecurityGroupRule: `tcp`, `udp`, `icmp`, `icmpv6`, -1 for all, or a
/// number.
const PROTOCOLS: [(&str, u8); 4] = [("tcp", 6), ("udp", 17), ("icmp", 1), ("icmpv6", 58)];

/// Those of which ports are ports: of ICMP they are types and codes.
const WITH_PORTS: [u8; 2] = [6, 17];

/// The fields of which a rule has one: the other end.
const PEERS: &str = "cidrIpv4, cidrIpv6, referencedGroupInfo or prefixListId";

pub(crate) fn rule(it: types::SecurityGroupRule) -> Result<GroupRule, Unreadable> {
    let item = Item::new("security group rule", "securityGroupRuleId", it.security_group_rule_id)?;
    let direction = if item.needs("isEgress", it.is_egress)? { Direction::Egress } else { Direction::Ingress };
    let protocol = protocol(&item, it.ip_protocol)?;
    let ports = match (protocol.filter(|it| WITH_PORTS.contains(it)), it.from_port, it.to_port) {
        // -1 is any.
        (None, ..) | (Some(_), None, None) | (Some(_), Some(-1), _) => None,
        // Half a range is none: taken for any port, it would let through what the rule does not.
        (Some(_), from, to) => {
            let (from, to) = (item.needs("fromPort", from)?, item.needs("toPort", to)?);
            Some(PortRange { from: item.number("fromPort", from)?, to: item.number("toPort", to)? })
        }
    };
    let ipv6 = given(it.cidr_ipv6).map(|network| ("cidrIpv6", network));
    let network = given(it.cidr_ipv4).map(|network| ("cidrIpv4", network)).or(ipv6);
    let group = it.referenced_group_info.and_then(|it| given(it.group_id));
    let peer = match (network, group, given(it.prefix_list_id)) {
        (Some((field, network)), ..) => GroupPeer::Network(item.parse::<IpNet>(field, Some(network))?.trunc()),
        (None, Some(group), _) => GroupPeer::Group(group.into()),
        (None, None, list) => GroupPeer::PrefixList(item.needs(PEERS, list)?),
    };
    Ok(GroupRule { group: item.text("groupId", it.group_id)?.into(), direction, protocol, ports, peer })
}

fn protocol(item: &Item, name: Option<String>) -> Result<Option<u8>, Unreadable> {
    let name = item.text("ipProtocol", name)?;
    if name == "-1" {
        return Ok(None);
    }
    match PROTOCOLS.into_iter().find(|(known, _)| *known == name) {
        Some((_, number)) => Ok(Some(number)),
        None => item.parse("ipProtocol", Some(name)).map(Some),
    }
}
