//! Takes a flow at an interface; says whether its security groups and its subnet's network ACL let it through. Never counts one.
//!
//! | who             | remembers connections                     | several of them           | what nothing matches |
//! |-----------------|-------------------------------------------|---------------------------|----------------------|
//! | security groups | yes: an answer passes if the question did | one that allows is enough | is dropped           |
//! | network ACL     | no                                        | one per subnet            | is dropped           |
//!
//! Source: "Compare security groups and network ACLs", Amazon VPC User Guide.

use std::net::IpAddr;

use mirror_core::inventory::Direction;

use super::filtering::is_on;
use super::{Flow, NotMirrored};
use crate::index::InterfaceBy;
use crate::interfaces::NetworkInterface;
use crate::network_acls::AclEntry;
use crate::security_groups::{GroupRule, Peer};
use crate::world::World;

impl World {
    /// Why a flow does not get in, if it does not.
    pub(super) fn dropped_on_the_way_in(
        &self,
        interface: &NetworkInterface,
        flow: &Flow,
        answers: bool,
    ) -> Option<NotMirrored> {
        // The ACL stands before the subnet, and so comes first.
        if !self.acl_allows(interface, Direction::Ingress, flow) {
            return Some(NotMirrored::NetworkAcl);
        }
        let (direction, first) =
            if answers { (Direction::Egress, flow.reversed()) } else { (Direction::Ingress, *flow) };
        (!self.groups_allow(interface, direction, &first)).then_some(NotMirrored::SecurityGroup)
    }

    pub(super) fn groups_allow(&self, interface: &NetworkInterface, direction: Direction, flow: &Flow) -> bool {
        let groups = interface.security_groups.iter().filter_map(|id| self.security_groups.get(id));
        let mut rules = groups.flat_map(|group| group.rules.values());
        interface.security_groups.is_empty() || rules.any(|rule| self.lets_through(&rule.rule, direction, flow))
    }

    fn lets_through(&self, rule: &GroupRule, direction: Direction, flow: &Flow) -> bool {
        rule.direction == direction
            && rule.protocol.is_none_or(|protocol| protocol == flow.protocol)
            && is_on(rule.ports, flow.destination_port)
            && self.is_peer(&rule.peer, flow.peer(direction))
    }

    fn is_peer(&self, peer: &Peer, address: IpAddr) -> bool {
        match peer {
            Peer::Block(block) => block.contains(&address),
            Peer::Group(group) => {
                let mut members = self.interfaces.found(&InterfaceBy::SecurityGroup(group.clone()));
                members.any(|member| member.holds(address))
            }
            Peer::PrefixList(list) => {
                self.prefix_lists.get(list).is_some_and(|list| list.blocks.iter().any(|block| block.contains(&address)))
            }
        }
    }

    /// What stays inside a subnet does not meet its ACL.
    pub(super) fn acl_allows(&self, interface: &NetworkInterface, direction: Direction, flow: &Flow) -> bool {
        let peer = flow.peer(direction);
        let inside = self.subnets.get(&interface.subnet).is_some_and(|subnet| subnet.holds(peer));
        let acl = self.network_acls.found(&interface.subnet).next();
        let Some(acl) = acl.filter(|_| !inside) else { return true };
        let matches = |entry: &&AclEntry| {
            let AclEntry { allows: _, protocol, ports, block } = entry;
            protocol.is_none_or(|protocol| protocol == flow.protocol)
                && is_on(*ports, flow.destination_port)
                && block.contains(&peer)
        };
        let this_way = acl.entries.range((direction, 0)..=(direction, u16::MAX)).map(|(_, entry)| entry);
        this_way.into_iter().find(matches).is_some_and(|entry| entry.allows)
    }
}
