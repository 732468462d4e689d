//! Takes security groups, their rules, network ACLs and prefix lists; gives their XML. Never says what they let through. Source: botocore
//! `ec2/2016-11-15`.

use std::collections::BTreeMap;

use ipnet::IpNet;
use mirror_core::inventory::Direction;

use super::tag_set;
use crate::network_acls::{AclEntry, NetworkAcl};
use crate::prefix_lists::{PrefixList, PrefixListEntry};
use crate::security_groups::{GroupRule, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule};
use crate::wire::element::Element;
use crate::world::World;

/// The rules of a permission: those that only differ in their peers.
type Alike<'a> = Vec<&'a SecurityGroupRule>;

pub(super) fn group(world: &World, group: &SecurityGroup) -> Element {
    let SecurityGroup { id, owner, vpc, name, description, rules: _, tags } = group;
    let element = Element::new("item")
        .text("groupId", id)
        .text("groupName", name)
        .text("groupDescription", description)
        .text("ownerId", owner)
        .text("vpcId", vpc)
        .text("securityGroupArn", arn(world, group))
        .set("ipPermissions", permissions(world, group, Direction::Ingress))
        .set("ipPermissionsEgress", permissions(world, group, Direction::Egress));
    tag_set(element, tags)
}

pub(super) fn created(root: Element, world: &World, group: &SecurityGroup) -> Element {
    tag_set(root.text("groupId", &group.id).text("securityGroupArn", arn(world, group)), &group.tags)
}

fn arn(world: &World, SecurityGroup { id, owner, .. }: &SecurityGroup) -> String {
    format!("arn:aws:ec2:{}:{owner}:security-group/{id}", world.region)
}

/// Rules of one direction with the same protocol and ports are one permission with many peers.
fn permissions(world: &World, group: &SecurityGroup, direction: Direction) -> Vec<Element> {
    let mut alike: BTreeMap<_, Alike<'_>> = BTreeMap::new();
    for rule in group.rules_for(direction) {
        alike.entry((rule.rule.protocol_said(), rule.rule.ports_said())).or_default().push(rule);
    }
    alike.into_iter().map(|((protocol, ports), rules)| permission(world, &protocol, ports, &rules)).collect()
}

/// All traffic has no ports here, though its rule says -1.
fn permission(world: &World, protocol: &str, (from, to): (i32, i32), rules: &Alike<'_>) -> Element {
    let ported = protocol.parse::<i32>().is_err();
    let peers = |peer: fn(&World, &Peer) -> Option<Element>| {
        let described = |rule: &&SecurityGroupRule| {
            Some(peer(world, &rule.rule.peer)?.optional("description", rule.description.as_ref()))
        };
        rules.iter().filter_map(described).collect::<Vec<_>>()
    };
    Element::new("item")
        .text("ipProtocol", protocol)
        .optional("fromPort", Some(from).filter(|_| ported))
        .optional("toPort", Some(to).filter(|_| ported))
        .set("groups", peers(group_of))
        .set("ipRanges", peers(|_, peer| Some(Element::new("item").text("cidrIp", ipv4(peer)?))))
        .set("ipv6Ranges", peers(|_, peer| Some(Element::new("item").text("cidrIpv6", ipv6(peer)?))))
        .set(
            "prefixListIds",
            peers(|_, peer| match peer {
                Peer::PrefixList(id) => Some(Element::new("item").text("prefixListId", id)),
                _ => None,
            }),
        )
}

fn ipv4(peer: &Peer) -> Option<IpNet> {
    if let Peer::Block(block @ IpNet::V4(_)) = peer { Some(*block) } else { None }
}

fn ipv6(peer: &Peer) -> Option<IpNet> {
    if let Peer::Block(block @ IpNet::V6(_)) = peer { Some(*block) } else { None }
}

fn group_of(world: &World, peer: &Peer) -> Option<Element> {
    let Peer::Group(id) = peer else { return None };
    Some(Element::new("item").optional("userId", owner_of(world, id)).text("groupId", id))
}

fn owner_of(world: &World, id: &SecurityGroupId) -> Option<String> {
    world.security_groups.get(id).map(|group| group.owner.to_string())
}

pub(super) fn rule(world: &World, rule: &SecurityGroupRule) -> Element {
    let SecurityGroupRule { id, group, owner, rule: said, description, tags } = rule;
    let element =
        Element::new("item").text("securityGroupRuleId", id).text("groupId", group).text("groupOwnerId", owner);
    let element = transport(element, said);
    let element = match &said.peer {
        Peer::Block(block @ IpNet::V4(_)) => element.text("cidrIpv4", block),
        Peer::Block(block @ IpNet::V6(_)) => element.text("cidrIpv6", block),
        Peer::PrefixList(id) => element.text("prefixListId", id),
        Peer::Group(id) => {
            let info = Element::new("referencedGroupInfo").text("groupId", id);
            element.child(info.optional("userId", owner_of(world, id)))
        }
    };
    let arn = format!("arn:aws:ec2:{}:{owner}:security-group-rule/{id}", world.region);
    tag_set(element.optional("description", description.as_ref()).text("securityGroupRuleArn", arn), tags)
}

/// A rule that is gone: it has neither an owner nor tags, and names a group by its id alone.
pub(super) fn revoked(rule: &SecurityGroupRule) -> Element {
    let SecurityGroupRule { id, group, owner: _, rule: said, description, tags: _ } = rule;
    let element = transport(Element::new("item").text("securityGroupRuleId", id).text("groupId", group), said);
    let element = match &said.peer {
        Peer::Block(block @ IpNet::V4(_)) => element.text("cidrIpv4", block),
        Peer::Block(block @ IpNet::V6(_)) => element.text("cidrIpv6", block),
        Peer::PrefixList(id) => element.text("prefixListId", id),
        Peer::Group(id) => element.text("referencedGroupId", id),
    };
    element.optional("description", description.as_ref())
}

fn transport(element: Element, rule: &GroupRule) -> Element {
    let (from, to) = rule.ports_said();
    element
        .text("isEgress", rule.direction == Direction::Egress)
        .text("ipProtocol", rule.protocol_said())
        .text("fromPort", from)
        .text("toPort", to)
}

pub(super) fn network_acl(world: &World, acl: &NetworkAcl) -> Element {
    let of_ipv6 = world.vpcs.get(&acl.vpc).is_some_and(|vpc| vpc.ipv6_cidr.is_some());
    let association = |(subnet, id): (&crate::network::SubnetId, &String)| {
        Element::new("item").text("networkAclAssociationId", id).text("networkAclId", &acl.id).text("subnetId", subnet)
    };
    let element = Element::new("item")
        .text("networkAclId", &acl.id)
        .text("vpcId", &acl.vpc)
        .text("ownerId", &acl.owner)
        .text("default", acl.is_default)
        .set("entrySet", acl.all_entries(of_ipv6).into_iter().map(acl_entry))
        .set("associationSet", acl.subnets.iter().map(association));
    tag_set(element, &acl.tags)
}

/// An entry writes every protocol as its number. Source: botocore, `NetworkAclEntry`.
fn acl_entry((direction, number, entry): (Direction, u16, AclEntry)) -> Element {
    let AclEntry { allows, protocol, ports, block } = entry;
    let (ipv4, ipv6) = match block {
        IpNet::V4(block) => (Some(block), None),
        IpNet::V6(block) => (None, Some(block)),
    };
    let element = Element::new("item")
        .text("ruleNumber", number)
        .text("protocol", protocol.map_or(-1, i32::from))
        .text("ruleAction", if allows { "allow" } else { "deny" })
        .text("egress", direction == Direction::Egress)
        .optional("cidrBlock", ipv4)
        .optional("ipv6CidrBlock", ipv6);
    // Entries for all of TCP or UDP say so.
    let all = matches!(protocol, Some(6 | 17)).then_some((0, u16::MAX));
    match ports.map(|ports| (ports.from, ports.to)).or(all) {
        Some((from, to)) => element.child(Element::new("portRange").text("from", from).text("to", to)),
        None => element,
    }
}

/// How many entries it may have nobody says in here: as many as it has.
pub(super) fn prefix_list(world: &World, list: &PrefixList) -> Element {
    let PrefixList { id, owner, name, version, blocks, tags } = list;
    let element = Element::new("item")
        .text("prefixListId", id)
        .text("addressFamily", list.family())
        .text("state", if *version == 1 { "create-complete" } else { "modify-complete" })
        .text("prefixListArn", format!("arn:aws:ec2:{}:{owner}:prefix-list/{id}", world.region))
        .text("prefixListName", name)
        .text("maxEntries", blocks.len().max(1))
        .text("version", version)
        .text("ownerId", owner);
    tag_set(element, tags)
}

pub(super) fn prefix_list_entry(PrefixListEntry { block }: &PrefixListEntry) -> Element {
    Element::new("item").text("cidr", block)
}
