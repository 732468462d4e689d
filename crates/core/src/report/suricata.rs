//! Takes a policy; gives its tripwires as rules for Suricata, which sees them wherever they are mirrored. Never asks who is selected: that
//! changes with the fleet, and a tripwire is one wherever it is hit.
//!
//! Each port has one rule for each protocol: whoever hits it is inside the network or outside, and the sensor sees both. A first packet is
//! enough: `flow:to_server` and, of TCP, a SYN. Source: Suricata User Guide, "Rules Format", "Header Keywords" and "Flow Keywords".

use std::fmt::Write;

use crate::inventory::PortRange;
use crate::policy::{Choice, Policy, Ports};

/// Of TCP and UDP there are ports; of all others Suricata knows `icmp` and `ip`.
const PROTOCOLS: [(u8, &str); 3] = [(6, "tcp"), (17, "udp"), (1, "icmp")];

/// The rules, a line each, the first with this id; a comment for each tripwire.
pub fn suricata(policy: &Policy, first: u32) -> String {
    let mut text = format!("# tripwires of owner {}: traffic that should never happen\n", policy.owner);
    let mut sid = first;
    for strategy in &policy.strategies {
        let Choice::Tripwire { ports, .. } = &strategy.choice else { continue };
        // Writing to a string cannot fail.
        _ = writeln!(text, "\n# {}", strategy.name);
        for ports in ports {
            _ = writeln!(text, "{}", rule(&strategy.name, *ports, sid));
            sid = sid.saturating_add(1);
        }
    }
    text
}

fn rule(tripwire: &str, ports: Ports, sid: u32) -> String {
    let Ports { protocol, range } = ports;
    let name = PROTOCOLS.iter().find(|(number, _)| *number == protocol).map_or("ip", |(_, name)| name);
    let to = match range {
        None => String::from("any"),
        Some(PortRange { from, to }) if from == to => from.to_string(),
        Some(PortRange { from, to }) => format!("{from}:{to}"),
    };
    let first_packet = match (protocol, name) {
        (6, _) => " flags:S,CE;",
        (17, _) => " flow:to_server;",
        (number, "ip") => &format!(" ip_proto:{number};"),
        _ => "",
    };
    format!(
        "alert {name} any any -> any {to} (msg:\"vpc-mirror tripwire {tripwire}: {ports}\";{first_packet} classtype:policy-violation; \
         sid:{sid}; rev:1;)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::policy_of;

    #[test]
    fn each_port_of_a_tripwire_is_a_rule_with_an_id_of_its_own() {
        let policy = policy_of(
            "sensors: {sta: {targets: [{existing: tmt-1}]}}\n\
             strategies: [{name: jewel, importance: {}}]\n\
             extras: {tripwires: [{name: smb, select: {platform: linux}, ports: [tcp/445, udp/137-138, icmpv6]}]}",
        );
        let text = suricata(&policy, 7_100_001);
        let rules: Vec<&str> = text.lines().filter(|line| line.starts_with("alert")).collect();
        let expected = [
            "alert tcp any any -> any 445 (msg:\"vpc-mirror tripwire smb: tcp/445\"; flags:S,CE; classtype:policy-violation; sid:7100001; rev:1;)",
            "alert udp any any -> any 137:138 (msg:\"vpc-mirror tripwire smb: udp/137-138\"; flow:to_server; classtype:policy-violation; \
             sid:7100002; rev:1;)",
            "alert ip any any -> any any (msg:\"vpc-mirror tripwire smb: icmpv6\"; ip_proto:58; classtype:policy-violation; sid:7100003; rev:1;)",
        ];
        assert_eq!(rules, expected);
    }
}
