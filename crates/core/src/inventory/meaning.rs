//! Takes filter rules as somebody wrote them, or as AWS gives them back; gives the one form of all that mean the same. Never compares
//! rules by how they are written: a difference that means nothing would be repaired for ever.
//!
//! | written | means |
//! |---|---|
//! | `10.9.1.7/16` | `10.9.0.0/16`: bits behind the prefix mean nothing, and AWS takes them away |
//! | ports 0 to 65535 | any port |
//! | ports 90 to 80 | ports 80 to 90 |
//!
//! That `2001:DB8:0::/32` is `2001:db8::/32`, and protocol -1 every protocol, is known where the answer is read.

use super::{PortRange, Rule};

/// Every port.
const ALL_PORTS: PortRange = PortRange { from: 0, to: u16::MAX };

impl Rule {
    /// The rule in the form that all rules have which mean the same at the same number.
    pub fn meaning(&self) -> Self {
        let Self { action, direction, number, protocol, source, destination, source_ports, destination_ports } = *self;
        Self {
            action,
            direction,
            number,
            protocol,
            source: source.trunc(),
            destination: destination.trunc(),
            source_ports: ports(source_ports),
            destination_ports: ports(destination_ports),
        }
    }
}

fn ports(range: Option<PortRange>) -> Option<PortRange> {
    let PortRange { from, to } = range?;
    Some(PortRange { from: from.min(to), to: from.max(to) }).filter(|range| *range != ALL_PORTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Direction, RuleAction};

    fn rule(source: &str, ports: Option<(u16, u16)>) -> Rule {
        Rule {
            action: RuleAction::Accept,
            direction: Direction::Ingress,
            number: 100,
            protocol: Some(6),
            source: source.parse().unwrap(),
            destination: "0.0.0.0/0".parse().unwrap(),
            source_ports: None,
            destination_ports: ports.map(|(from, to)| PortRange { from, to }),
        }
    }

    #[test]
    fn bits_behind_the_prefix_mean_nothing() {
        assert_eq!(rule("10.9.1.7/16", None).meaning(), rule("10.9.0.0/16", None));
        assert_eq!(rule("0.0.0.9/0", None).meaning(), rule("0.0.0.0/0", None));
    }

    #[test]
    fn one_ipv6_network_has_many_spellings() {
        assert_eq!(rule("2001:0DB8:0:0::1/32", None).meaning(), rule("2001:db8::/32", None).meaning());
    }

    #[test]
    fn every_port_is_any_port_and_a_range_has_no_direction() {
        assert_eq!(rule("10.0.0.0/8", Some((0, 65_535))).meaning(), rule("10.0.0.0/8", None));
        assert_eq!(rule("10.0.0.0/8", Some((90, 80))).meaning(), rule("10.0.0.0/8", Some((80, 90))));
        assert_ne!(rule("10.0.0.0/8", Some((0, 65_534))).meaning(), rule("10.0.0.0/8", None));
    }
}
