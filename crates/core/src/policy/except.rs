//! Takes a text such as `tcp/2049` or `10.0.0.0/8`; gives the packets that it means. Never decides what becomes of them.

use std::collections::BTreeSet;
use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::inventory::PortRange;

/// Packets that a strategy does not capture: those to and from a peer, at ports of either end. Without a peer, any; without ports, all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Except {
    /// The other end.
    pub peer: Option<IpNet>,
    /// The protocol, and the ports that one of the ends serves.
    pub ports: Option<Ports>,
}

/// Ports of a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Ports {
    /// The IANA protocol number.
    pub protocol: u8,
    /// The ports; none is all, and the only choice but for TCP and UDP.
    pub range: Option<PortRange>,
}

/// The protocols that have a name here, by their IANA numbers.
const PROTOCOLS: [(&str, u8); 4] = [("icmp", 1), ("tcp", 6), ("udp", 17), ("icmpv6", 58)];
/// Those that have ports.
const WITH_PORTS: [u8; 2] = [6, 17];

impl Ports {
    /// Reads `tcp/443`, `udp/137-138`, `tcp`, `icmp`; none for anything else.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (name, ports) = text.split_once('/').map_or((text, None), |(name, ports)| (name, Some(ports)));
        let (_, protocol) = PROTOCOLS.into_iter().find(|(known, _)| *known == name)?;
        let Some(ports) = ports else { return Some(Self { protocol, range: None }) };
        let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
        let range = PortRange { from: from.parse().ok()?, to: to.parse().ok()? };
        (WITH_PORTS.contains(&protocol) && range.from <= range.to).then_some(Self { protocol, range: Some(range) })
    }
}

impl Ports {
    /// What was probably meant by a range that begins behind its end; none for anything else.
    pub(super) fn turned_around(text: &str) -> Option<Self> {
        let (name, ports) = text.split_once('/')?;
        let (from, to) = ports.split_once('-')?;
        Self::read(&format!("{name}/{to}-{from}"))
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, range } = self;
        match PROTOCOLS.iter().find(|(_, number)| number == protocol) {
            Some((name, _)) => f.write_str(name)?,
            None => write!(f, "protocol {protocol}")?,
        }
        match range {
            None => Ok(()),
            Some(PortRange { from, to }) if from == to => write!(f, "/{from}"),
            Some(PortRange { from, to }) => write!(f, "/{from}-{to}"),
        }
    }
}

impl Except {
    /// Reads a CIDR, or ports; none for anything else.
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text.parse::<IpNet>() {
            Ok(peer) => Some(Self { peer: Some(peer.trunc()), ports: None }),
            Err(_) => Ports::read(text).map(|ports| Self { peer: None, ports: Some(ports) }),
        }
    }

    /// The packets that are in both; none if there are none.
    ///
    /// Of ports that one of the ends serves, the common ones: a packet between a port of the one and a port of the other is in both
    /// too, and left out here. Who excepts such packets mirrors one too many; none is missed but those between two excepted services.
    pub fn meet(&self, other: &Self) -> Option<Self> {
        let peer = both(self.peer, other.peer, |a, b| match (a, b) {
            _ if a.contains(&b) => Some(b),
            _ if b.contains(&a) => Some(a),
            _ => None,
        })?;
        let ports = both(self.ports, other.ports, |a: Ports, b| {
            let range = both(a.range, b.range, |a, b| {
                let range = PortRange { from: a.from.max(b.from), to: a.to.min(b.to) };
                (range.from <= range.to).then_some(range)
            })?;
            (a.protocol == b.protocol).then_some(Ports { protocol: a.protocol, range })
        })?;
        Some(Self { peer, ports })
    }

    /// Whether all of the other's packets are in it.
    pub fn covers(&self, other: &Self) -> bool {
        self.meet(other).as_ref() == Some(other)
    }

    /// How many rules of a filter it takes in IPv4, and in IPv6: one for each direction, and for ports one more for each direction,
    /// since either end may serve them.
    pub fn rules(&self) -> [usize; 2] {
        let rules = if self.ports.is_some_and(|ports| ports.range.is_some()) { 4 } else { 2 };
        match self.peer {
            None => [rules, rules],
            Some(IpNet::V4(_)) => [rules, 0],
            Some(IpNet::V6(_)) => [0, rules],
        }
    }
}

/// The narrower of two conditions, of which none is no condition; outer none if nothing meets both.
fn both<T>(one: Option<T>, other: Option<T>, meet: impl FnOnce(T, T) -> Option<T>) -> Option<Option<T>> {
    match (one, other) {
        (Some(a), Some(b)) => meet(a, b).map(Some),
        (a, b) => Some(a.or(b)),
    }
}

/// The same packets, without those entries that others cover: each entry costs rules.
pub(crate) fn fewest(packets: BTreeSet<Except>) -> BTreeSet<Except> {
    let needed = |one: &&Except| !packets.iter().any(|other| other != *one && other.covers(one));
    packets.iter().filter(needed).cloned().collect()
}

impl fmt::Display for Except {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.peer, &self.ports) {
            (Some(peer), Some(ports)) => write!(f, "{ports} with {peer}"),
            (Some(peer), None) => write!(f, "{peer}"),
            (None, Some(ports)) => write!(f, "{ports}"),
            (None, None) => f.write_str("everything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_the_same_way() {
        for text in ["tcp/2049", "udp/137-138", "tcp", "icmp", "10.0.0.0/8", "2001:db8::/32"] {
            assert_eq!(Except::read(text).unwrap().to_string(), text);
        }
        assert_eq!(Except::read("10.1.2.3/8").unwrap().to_string(), "10.0.0.0/8");
    }

    #[test]
    fn what_is_covered_by_another_costs_no_rules() {
        let all = ["10.0.0.0/8", "10.9.0.0/16", "tcp/2049", "tcp", "udp/53"].map(|text| Except::read(text).unwrap());
        let texts: Vec<String> = fewest(all.into()).iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["tcp", "udp/53", "10.0.0.0/8"]);
    }

    #[test]
    fn packets_meet_where_their_networks_protocols_and_ports_do() {
        let meet = |one: &str, other: &str| {
            let read = |text| Except::read(text).unwrap();
            read(one).meet(&read(other)).map(|both| both.to_string())
        };
        assert_eq!(meet("tcp/2000-2100", "tcp/2049-3000").unwrap(), "tcp/2049-2100");
        assert_eq!(meet("tcp/2049", "10.0.0.0/8").unwrap(), "tcp/2049 with 10.0.0.0/8");
        assert_eq!(meet("tcp", "tcp/22").unwrap(), "tcp/22");
        for (one, other) in [("tcp", "udp"), ("tcp/1-2", "tcp/3"), ("10.0.0.0/8", "11.0.0.0/8"), ("10.0.0.0/8", "::/0")]
        {
            assert_eq!(meet(one, other), None, "{one} {other}");
        }
    }

    #[test]
    fn what_means_nothing_is_not_read() {
        for text in ["", "2049", "tcp/", "tcp/70000", "tcp/9-8", "icmp/8", "sctp/1", "10.0.0.0", "10.0.0.0/40"] {
            assert_eq!(Except::read(text), None, "{text}");
        }
    }
}
