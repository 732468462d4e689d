//! Takes what strategies except; gives what a lane captures: the union of what its strategies want, less what earlier lanes take. Never
//! asks for whom.
//!
//! Each strategy wants everything but its own excepts, so that a lane wants everything but what all of its strategies except. AWS
//! mirrors a packet once, by the first session that matches: behind a lane that takes everything but some packets, only those are left.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::inventory::PortRange;
use crate::packets::{PacketSet, Unknown};
use crate::policy::{Except, Ports, Strategy, fewest};

/// The protocols and ports of DNS: UDP, and TCP for what is long. Source: RFC 1035, RFC 7766.
const DNS: [(u8, u16); 2] = [(17, 53), (6, 53)];

/// What a lane captures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Capture {
    /// Of these packets only; none is of all.
    pub only: Option<BTreeSet<Except>>,
    /// Not these.
    pub except: BTreeSet<Except>,
    /// How many bytes of each packet; none is all.
    pub packet_length: Option<u16>,
}

impl Capture {
    /// What all of these strategies want together, behind lanes that leave only the packets of `left`.
    pub(super) fn of<'a>(strategies: impl IntoIterator<Item = &'a Strategy>, left: Option<&BTreeSet<Except>>) -> Self {
        let mut strategies = strategies.into_iter();
        let first = strategies.next();
        let (mut except, mut packet_length) =
            first.map(|strategy| (strategy.except.clone(), strategy.packet_length)).unwrap_or_default();
        for strategy in strategies {
            except = common(&except, &strategy.except);
            packet_length = packet_length.zip(strategy.packet_length).map(|(a, b)| a.max(b));
        }
        Self { only: left.cloned(), except, packet_length }
    }

    /// The packets themselves, of an interface with IPv6 or without.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes to say.
    pub fn packets(&self, ipv6: bool) -> Result<PacketSet, Unknown> {
        let wanted = self.only.as_ref().map_or_else(|| Ok(PacketSet::everything()), PacketSet::named)?;
        let mut unwanted = PacketSet::named(&self.except)?;
        if !self.wants_resolver() {
            unwanted = unwanted.union(&PacketSet::resolver_alone())?;
        }
        Ok(wanted.difference(&unwanted)?.possible(ipv6))
    }

    /// Whether nothing is left to capture.
    pub(super) fn is_empty(&self) -> bool {
        let covered = |packets: &Except| self.except.iter().any(|except| except.covers(packets));
        self.only.as_ref().is_some_and(|only| only.iter().all(covered))
    }

    /// Whether it takes DNS to the Amazon resolver. A lane behind another leaves that to the other; and whoever excepts DNS altogether
    /// wants none of it.
    pub(crate) fn wants_resolver(&self) -> bool {
        let dns = DNS.map(|(protocol, port)| {
            let range = Some(PortRange { from: port, to: port });
            Except { peer: None, ports: Some(Ports { protocol, range }) }
        });
        self.only.is_none() && !dns.iter().all(|dns| self.except.iter().any(|except| except.covers(dns)))
    }

    /// What this leaves of `left` to the lanes behind it.
    pub(super) fn leaves(&self) -> BTreeSet<Except> {
        match &self.only {
            None => self.except.clone(),
            Some(only) => common(only, &self.except),
        }
    }
}

/// The packets that are in both.
fn common(one: &BTreeSet<Except>, other: &BTreeSet<Except>) -> BTreeSet<Except> {
    fewest(one.iter().flat_map(|a| other.iter().filter_map(move |b| a.meet(b))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::strategy;

    fn texts(packets: &BTreeSet<Except>) -> Vec<String> {
        packets.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_lane_excepts_what_all_of_its_strategies_except() {
        let both = [strategy("{except: [tcp/2049, 10.0.0.0/8]}"), strategy("{except: [tcp/2000-2100, 10.9.0.0/16]}")];
        let capture = Capture::of(&both, None);
        assert_eq!(texts(&capture.except), ["tcp/2049", "tcp/2000-2100 with 10.0.0.0/8", "10.9.0.0/16"]);
        let one_wants_all = [strategy("{except: [tcp/2049]}"), strategy("{}")];
        assert!(Capture::of(&one_wants_all, None).except.is_empty());
    }

    #[test]
    fn who_excepts_dns_altogether_wants_none_of_the_resolvers() {
        for (options, wants) in [("{}", true), ("{except: [udp/53]}", true), ("{except: [udp/1-100, tcp/53]}", false)] {
            assert_eq!(Capture::of(&[strategy(options)], None).wants_resolver(), wants, "{options}");
        }
    }

    #[test]
    fn the_longest_packets_win() {
        let length = |a: &str, b: &str| Capture::of(&[strategy(a), strategy(b)], None).packet_length;
        assert_eq!(length("{packetLength: 100}", "{packetLength: 200}"), Some(200));
        assert_eq!(length("{packetLength: 100}", "{}"), None);
    }

    #[test]
    fn behind_a_lane_that_takes_everything_nothing_is_left() {
        let first = Capture::of(&[strategy("{}")], None);
        assert!(Capture::of(&[strategy("{}")], Some(&first.leaves())).is_empty());
    }

    #[test]
    fn behind_a_lane_with_excepts_those_are_left_less_its_own() {
        let first = Capture::of(&[strategy("{except: [tcp/2049, 10.9.0.0/16]}")], None);
        let second = Capture::of(&[strategy("{except: [tcp/2049]}")], Some(&first.leaves()));
        assert_eq!(texts(second.only.as_ref().unwrap()), ["tcp/2049", "10.9.0.0/16"]);
        assert!(!second.is_empty());
        let third = Capture::of(&[strategy("{except: [tcp]}")], Some(&second.leaves()));
        assert!(third.is_empty(), "{third:?}");
    }
}
