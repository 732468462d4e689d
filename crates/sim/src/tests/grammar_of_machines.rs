//! Takes a world and dice; gives parameters of launches and of interfaces that belong together. Never makes a call.

use super::dice::Dice;
use super::grammar::{Drawing, Drawn};
use super::*;

impl Drawing {
    /// What a word of the grammar says alone, if it is one about machines.
    pub(super) fn group_of_machines(&mut self, world: &World, word: &str, drawn: &mut Drawn) -> bool {
        let mut add = |name: &str, value: &str| drawn.push((name.into(), value.into()));
        match word {
            "market" => {
                add("InstanceMarketOptions.MarketType", "spot");
                let behavior = self.dice.among(&["terminate", "stop", "hibernate", "sleep"]);
                add("InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior", behavior);
                let lasts = self.dice.among(&["one-time", "persistent"]);
                add("InstanceMarketOptions.SpotOptions.SpotInstanceType", lasts);
            }
            "cards" => {
                add("NetworkInterface.1.DeviceIndex", "0");
                add("NetworkInterface.2.DeviceIndex", self.dice.among(&["1", "2", "0"]));
                add("NetworkInterface.2.InterfaceType", self.dice.among(&["interface", "efa", "efa-only", "trunk"]));
                if let Some(loose) = self.value(world, "loose").filter(|_| self.dice.one_in(3)) {
                    add("NetworkInterface.3.DeviceIndex", "3");
                    add("NetworkInterface.3.NetworkInterfaceId", &loose);
                }
            }
            "changed" => match self.dice.below(3) {
                0 => add("SecurityGroupId.1", "sg-0"),
                1 => {
                    add("Attachment.AttachmentId", &self.value(world, "attachment").unwrap_or_default());
                    add("Attachment.DeleteOnTermination", self.dice.among(&["true", "false"]));
                }
                _ => add("Description.Value", &self.value(world, "text").unwrap_or_default()),
            },
            "addresses" => match self.dice.below(4) {
                0 => add("SecondaryPrivateIpAddressCount", self.dice.among(&["1", "2", "9", "50", "0"])),
                1 => add("Ipv4PrefixCount", self.dice.among(&["1", "2", "50"])),
                2 => add("PrivateIpAddress.1", self.dice.among(&["10.0.9.9", "10.0.0.4", "10.0.200.1", "192.0.2.1"])),
                _ => add("Ipv4Prefix.1", self.dice.among(&["10.0.9.16/28", "10.0.9.0/24", "10.0.9.17/28"])),
            },
            "secondary" => {
                let has = |it: &&NetworkInterface| !it.secondary_addresses.is_empty() || !it.ipv4_prefixes.is_empty();
                let Some(found) = picked(world, has, &mut self.dice) else { return true };
                add("NetworkInterfaceId", found.id.as_str());
                found.secondary_addresses.first().iter().for_each(|it| add("PrivateIpAddress.1", &it.to_string()));
                found.ipv4_prefixes.first().iter().for_each(|it| add("Ipv4Prefix.1", &it.to_string()));
            }
            "ipv6" => {
                let has = |it: &&NetworkInterface| !it.ipv6_addresses.is_empty() || !it.ipv6_prefixes.is_empty();
                let Some(found) = picked(world, has, &mut self.dice) else { return true };
                add("NetworkInterfaceId", found.id.as_str());
                found.ipv6_addresses.first().iter().for_each(|it| add("Ipv6Addresses.1", &it.to_string()));
                found.ipv6_prefixes.first().iter().for_each(|it| add("Ipv6Prefix.1", &it.to_string()));
            }
            _ => return false,
        }
        true
    }
}

/// One of the interfaces that are so.
fn picked<'a>(
    world: &'a World,
    is_so: impl Fn(&&NetworkInterface) -> bool,
    dice: &mut Dice,
) -> Option<&'a NetworkInterface> {
    let all: Vec<_> = world.interfaces.values().filter(is_so).collect();
    if all.is_empty() { None } else { all.get(dice.below(all.len())).copied() }
}
