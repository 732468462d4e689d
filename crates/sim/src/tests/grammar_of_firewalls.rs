//! Takes a world and dice; gives parameters about rules of security groups that belong together. Never makes a call.

use super::grammar::{Drawing, Drawn};
use super::*;

impl Drawing {
    /// What a word of the grammar says alone, if it is one about security groups.
    pub(super) fn group_of_firewalls(&mut self, world: &World, word: &str, drawn: &mut Drawn) -> bool {
        let mut add = |name: &str, value: &str| drawn.push((name.into(), value.into()));
        match word {
            "permission" => {
                add("IpPermissions.1.IpProtocol", self.dice.among(&["tcp", "udp", "6", "icmp", "-1", "47", "x"]));
                let port = self.dice.below(66_000).to_string();
                add("IpPermissions.1.FromPort", &port);
                add("IpPermissions.1.ToPort", if self.dice.one_in(8) { "80" } else { &port });
                match self.dice.below(5) {
                    0 => add("IpPermissions.1.Ipv6Ranges.1.CidrIpv6", self.dice.among(&["::/0", "2001:db8::/56"])),
                    1 => {
                        let group = self.value(world, "group").unwrap_or_default();
                        add("IpPermissions.1.Groups.1.GroupId", &group);
                    }
                    2 => {
                        let list = self.value(world, "prefix-list").unwrap_or_default();
                        add("IpPermissions.1.PrefixListIds.1.PrefixListId", &list);
                    }
                    _ => add("IpPermissions.1.IpRanges.1.CidrIp", self.dice.among(&["0.0.0.0/0", "10.0.0.0/8"])),
                }
            }
            "revoked-ingress" => self.revoked(world, Direction::Ingress, &mut add),
            "revoked-egress" => self.revoked(world, Direction::Egress, &mut add),
            _ => return false,
        }
        true
    }

    fn revoked(&mut self, world: &World, direction: Direction, add: &mut impl FnMut(&str, &str)) {
        let rules = world.security_groups.values().flat_map(|group| group.rules.values());
        let rules: Vec<_> = rules.filter(|rule| rule.rule.direction == direction).collect();
        if rules.is_empty() {
            return;
        }
        let rule = rules[self.dice.below(rules.len())];
        add("GroupId", &rule.group.to_string());
        add("SecurityGroupRuleId.1", &rule.id.to_string());
    }
}
