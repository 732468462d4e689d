//! Takes how many instances a VPC is for; gives the VPC, with subnets that they fit in, security groups, and the interfaces that AWS
//! services put there. Never launches an instance.

use std::collections::BTreeMap;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use mirror_core::ids::{VpcId, Zone};
use mirror_core::inventory::Direction;

use super::dice::Dice;
use crate::error::ApiError;
use crate::fleet::shape::Shape;
use crate::network::SubnetId;
use crate::request::CreateTags;
use crate::security_groups::{GroupRule, Peer, SecurityGroupId};
use crate::world::World;

/// Interfaces that an instance has at most, and a quarter more for groups that grow.
const ADDRESSES_PER_INSTANCE: usize = 5;

/// Kinds of subnets, and how many bits longer their prefixes are than the largest one's.
const TIERS: [(&str, u8); 3] = [("private", 0), ("data", 3), ("public", 3)];

/// What each role's instances can be reached by: protocol TCP, ports, and the role that comes from; none for everyone.
const DOORS: [(&str, u16, Option<&str>); 8] = [
    ("web", 443, None),
    ("app", 8080, Some("web")),
    ("batch", 8080, Some("app")),
    ("cache", 6379, Some("app")),
    ("db", 5432, Some("app")),
    ("monitor", 9090, Some("app")),
    ("node", 10250, Some("node")),
    ("bastion", 22, None),
];

/// What AWS services put into each public subnet.
const STRANGERS: [&str; 4] = ["network_load_balancer", "nat_gateway", "vpc_endpoint", "lambda"];

/// A VPC, and what is in it before the instances are.
pub(super) struct Site {
    pub(super) vpc: VpcId,
    pub(super) environment: &'static str,
    pub(super) number: usize,
    pub(super) has_ipv6: bool,
    /// Which of the blocks for IPv6 it has: no two VPCs have the same, whoever owns them.
    ipv6_block: usize,
    tiers: BTreeMap<&'static str, Vec<SubnetId>>,
    guards: BTreeMap<&'static str, SecurityGroupId>,
}

impl Site {
    pub(super) fn new(
        world: &mut World,
        shape: &Shape,
        dice: &mut Dice,
        environment: &'static str,
        number: usize,
        size: usize,
    ) -> Result<Self, ApiError> {
        let has_ipv6 = dice.percent(shape.dual_stack);
        // A Region's VPCs can have the same addresses: there are more of them than blocks.
        let second = u8::try_from(number % 256).unwrap_or_default();
        let block = Ipv4Net::new_assert([10, second, 0, 0].into(), 16);
        let others = world.vpcs.len();
        let vpc = world.add_vpc(block, has_ipv6.then(|| ipv6_block(others, 0, 56)));
        let (tiers, guards) = (BTreeMap::new(), BTreeMap::new());
        let mut site = Self { vpc, environment, number, has_ipv6, ipv6_block: others, tiers, guards };
        site.add_subnets(world, block, size)?;
        site.add_guards(world)?;
        for subnet in site.subnets("public").to_vec() {
            for kind in STRANGERS {
                world.add_requester_managed_interface(&subnet, kind)?;
            }
        }
        Ok(site)
    }

    /// The subnets of a tier, one in each zone.
    pub(super) fn subnets(&self, tier: &str) -> &[SubnetId] {
        self.tiers.get(tier).map_or(&[], Vec::as_slice)
    }

    /// The security group of a role.
    pub(super) fn guard(&self, role: &str) -> Vec<SecurityGroupId> {
        self.guards.get(role).into_iter().cloned().collect()
    }

    fn add_subnets(&mut self, world: &mut World, block: Ipv4Net, size: usize) -> Result<(), ApiError> {
        let zones: Vec<Zone> = world.zones().cloned().collect();
        let largest = prefix_for((size * ADDRESSES_PER_INSTANCE).div_ceil(zones.len().max(1)));
        let (mut next, mut count) = (u32::from(block.network()), 0);
        self.name(world, self.vpc.to_string(), format!("{}-{}", self.environment, self.number))?;
        for (tier, longer) in TIERS {
            for zone in &zones {
                let subnet_block = Ipv4Net::new_assert(next.into(), largest + longer);
                // The larger ones come first, so that each begins where it can.
                next += 1 << (32 - u32::from(subnet_block.prefix_len()));
                let ipv6 = self.has_ipv6.then(|| ipv6_block(self.ipv6_block, count, 64));
                count += 1;
                let subnet = world.add_subnet(&self.vpc, zone, subnet_block, ipv6);
                self.name(world, subnet.to_string(), format!("{}-{tier}-{zone}", self.environment))?;
                self.tiers.entry(tier).or_default().push(subnet);
            }
        }
        Ok(())
    }

    fn name(&self, world: &mut World, resource: String, name: String) -> Result<(), ApiError> {
        let tags = [("Name", name), ("env", self.environment.into())].map(|(key, value)| (key.into(), value));
        world.create_tags(&CreateTags { resources: vec![resource], tags: tags.into() })
    }

    fn add_guards(&mut self, world: &mut World) -> Result<(), ApiError> {
        for (role, ..) in DOORS {
            let guard = world.add_security_group(&self.vpc, &format!("{}-{role}", self.environment));
            self.guards.insert(role, guard);
        }
        for (role, port, from) in DOORS {
            let everyone = Peer::Block(IpNet::V4(Ipv4Net::default()));
            let peer = from.and_then(|from| self.guards.get(from)).map_or(everyone, |from| Peer::Group(from.clone()));
            let rule = GroupRule::all(Direction::Ingress, peer).of_protocol(6).on_ports(port, port);
            for guard in self.guard(role) {
                world.add_group_rule(&guard, rule.clone())?;
            }
        }
        Ok(())
    }
}

/// The prefix length of the smallest block with so many addresses: a /24 at least, a /18 at most, of which four make a VPC.
fn prefix_for(addresses: usize) -> u8 {
    (18..=24).rev().find(|prefix| (1_usize << (32 - prefix)) >= addresses).unwrap_or(18)
}

/// A part of the block that is set aside for documentation. Source: RFC 3849.
fn ipv6_block(number: usize, subnet: u16, prefix_length: u8) -> Ipv6Net {
    let [third, fourth] = [number / 256, number % 256 * 256].map(|part| u16::try_from(part).unwrap_or_default());
    Ipv6Net::new_assert([0x2001, 0xdb8, third, fourth + subnet, 0, 0, 0, 0].into(), prefix_length)
}
