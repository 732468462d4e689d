//! Takes what strategies want of an interface; gives what a lane captures: the union of that, less what earlier lanes take. Never asks for
//! whom.
//!
//! Each strategy's excepts take from its own wish alone, so that another may want just those packets. AWS mirrors a packet once, by the
//! first session that matches: a lane behind another captures what that leaves.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::inventory::PortRange;
use crate::packets::{Flow, PacketSet, Unknown};
use crate::policy::{Except, Ports, Strategy};
use crate::ruleset::{self, Fitted, Widen};

/// DNS: UDP, and TCP for what is long. Source: RFC 1035, RFC 7766.
pub(super) const DNS: [Ports; 2] = [port(17, 53), port(6, 53)];

/// One port.
pub(super) const fn port(protocol: u8, port: u16) -> Ports {
    Ports { protocol, range: Some(PortRange { from: port, to: port }) }
}

/// What a strategy wants of an interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wish {
    /// These.
    pub flows: BTreeSet<Flow>,
    /// But not these.
    pub except: BTreeSet<Except>,
}

impl Wish {
    /// What a strategy wants that has no packets of its own: the ports that it names, at whichever end, or everything.
    pub(super) fn usual(strategy: &Strategy) -> Self {
        let flows = match &strategy.ports {
            None => [Flow::EVERYTHING].into(),
            Some(ports) => ports.iter().flat_map(|ports| [Flow::served(*ports), Flow::asked(*ports)]).collect(),
        };
        Self::of(strategy, flows)
    }

    /// These packets, less what the strategy excepts.
    pub(super) fn of(strategy: &Strategy, flows: BTreeSet<Flow>) -> Self {
        let needed = |one: &&Flow| !flows.iter().any(|other| other != *one && other.covers(one));
        Self { flows: flows.iter().filter(needed).copied().collect(), except: strategy.except.clone() }
    }

    fn is_everything(&self) -> bool {
        self.except.is_empty() && self.flows.contains(&Flow::EVERYTHING)
    }

    /// Whether it takes DNS to the Amazon resolver: what asks others on port 53, unless all of that is excepted.
    fn wants_resolver(&self) -> bool {
        let excepted = |ports: Ports| {
            let dns = Except { peer: None, ports: Some(ports) };
            self.except.iter().any(|except| except.covers(&dns))
        };
        let asked = |ports: Ports| self.flows.iter().any(|flow| flow.covers(&Flow::asked(ports)));
        DNS.into_iter().any(asked) && !DNS.into_iter().all(excepted)
    }

    /// The packets themselves.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes to say.
    pub fn packets(&self) -> Result<PacketSet, Unknown> {
        let wanted = PacketSet::of_flows(&self.flows)?.difference(&PacketSet::named(&self.except)?)?;
        if self.wants_resolver() { wanted.union(&PacketSet::resolver_alone()) } else { Ok(wanted) }
    }
}

/// What a lane captures.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capture {
    /// What its strategies want, by name.
    pub wishes: BTreeMap<String, Wish>,
    /// What the lanes before it take.
    pub behind: BTreeSet<Wish>,
    /// How many bytes of each packet; none is all.
    pub packet_length: Option<u16>,
}

impl Capture {
    /// What these strategies want together, behind what is wanted by the lanes before.
    pub(super) fn of<'a>(wishes: impl IntoIterator<Item = (&'a Strategy, &'a Wish)>, behind: &BTreeSet<Wish>) -> Self {
        let mut capture = Self { behind: behind.clone(), packet_length: Some(0), ..Self::default() };
        for (strategy, wish) in wishes {
            capture.packet_length =
                capture.packet_length.zip(strategy.packet_length).map(|(one, other)| one.max(other));
            capture.wishes.insert(strategy.name.clone(), wish.clone());
        }
        capture
    }

    /// The packets themselves, of an interface with IPv6 or without.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes to say.
    pub fn packets(&self, ipv6: bool) -> Result<PacketSet, Unknown> {
        let everything = self.wishes.values().any(Wish::is_everything);
        let mut packets = if everything { PacketSet::everything() } else { union(self.wishes.values())? };
        if !self.behind.is_empty() {
            packets = packets.difference(&union(&self.behind)?)?;
        }
        Ok(packets.possible(ipv6))
    }

    /// The filter for it: what is left by the lanes before; or, where that takes fewer rules, with what those take, since it is gone anyway.
    /// None where no filter takes it without packets of busy services that must not be taken beside it. Who wants everything but some of it
    /// gets some of that rather than nothing: what is not seen of a crown jewel is worse than what is seen too much.
    pub(crate) fn fitted(&self, ipv6: bool, widen: Widen) -> Option<Fitted> {
        let everything = self.wishes.values().any(|wish| wish.flows.contains(&Flow::EVERYTHING));
        let widen = if everything { Widen::Any } else { widen };
        let of = |capture: &Self| ruleset::fit(&capture.packets(ipv6).ok()?, ipv6, widen).ok()?;
        let fitted = of(self);
        if self.behind.is_empty() || fitted.as_ref().is_some_and(|fitted| fitted.added.is_empty()) {
            return fitted;
        }
        let whole = of(&Self { behind: BTreeSet::new(), ..self.clone() });
        whole.filter(|whole| whole.added.is_empty()).or(fitted)
    }

    /// Whether it takes DNS to the Amazon resolver. A lane behind another leaves that to the other.
    pub(crate) fn wants_resolver(&self) -> bool {
        self.wishes.values().any(Wish::wants_resolver) && !self.behind.iter().any(Wish::wants_resolver)
    }
}

fn union<'a>(wishes: impl IntoIterator<Item = &'a Wish>) -> Result<PacketSet, Unknown> {
    wishes.into_iter().try_fold(PacketSet::default(), |all, wish| all.union(&wish.packets()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::strategy;

    fn capture(strategies: &[Strategy], behind: &BTreeSet<Wish>) -> Capture {
        let mut named = strategies.to_vec();
        (1..).zip(&mut named).for_each(|(number, strategy)| strategy.name = format!("s{number}"));
        let wishes: Vec<Wish> = named.iter().map(Wish::usual).collect();
        Capture::of(named.iter().zip(&wishes), behind)
    }

    fn packets(strategies: &[Strategy]) -> PacketSet {
        capture(strategies, &BTreeSet::new()).packets(true).unwrap()
    }

    fn wishes(strategies: &[Strategy]) -> BTreeSet<Wish> {
        strategies.iter().map(Wish::usual).collect()
    }

    #[test]
    fn what_one_strategy_excepts_another_may_want() {
        let both = packets(&[strategy("{except: [tcp/2049, 10.0.0.0/8]}"), strategy("{except: [tcp/2000-2100]}")]);
        let common = Except::read("tcp/2049").unwrap();
        assert_eq!(both.intersection(&PacketSet::named([&common]).unwrap()).unwrap(), PacketSet::default());
        let neither = ["tcp/2050", "10.0.0.0/8"].map(|text| Except::read(text).unwrap());
        let wanted = PacketSet::named(&neither)
            .unwrap()
            .difference(&PacketSet::named([&Except::read("tcp/2000-2100").unwrap()]).unwrap());
        assert!(wanted.unwrap().is_subset(&both).unwrap());
        assert_eq!(packets(&[strategy("{except: [tcp/2049]}"), strategy("{}")]), PacketSet::everything());
    }

    #[test]
    fn ports_are_those_of_either_end() {
        let named = Except::read("tcp/443").unwrap();
        assert_eq!(packets(&[strategy("{ports: [tcp/443]}")]), PacketSet::named([&named]).unwrap());
    }

    #[test]
    fn who_excepts_dns_altogether_wants_none_of_the_resolvers_and_who_asks_for_it_does() {
        let cases = [
            ("{}", true),
            ("{except: [udp/53]}", true),
            ("{except: [udp/1-100, tcp/53]}", false),
            ("{ports: [udp/53]}", true),
            ("{ports: [tcp/443]}", false),
        ];
        for (options, wants) in cases {
            assert_eq!(packets(&[strategy(options)]).has_resolver(), wants, "{options}");
        }
    }

    #[test]
    fn the_longest_packets_win() {
        let length = |a: &str, b: &str| capture(&[strategy(a), strategy(b)], &BTreeSet::new()).packet_length;
        assert_eq!(length("{packetLength: 100}", "{packetLength: 200}"), Some(200));
        assert_eq!(length("{packetLength: 100}", "{}"), None);
    }

    #[test]
    fn behind_a_lane_that_takes_everything_nothing_is_left() {
        let second = capture(&[strategy("{}")], &wishes(&[strategy("{}")]));
        assert!(second.packets(true).unwrap().is_empty());
    }

    #[test]
    fn behind_a_lane_with_excepts_those_are_left_less_its_own() {
        let first = wishes(&[strategy("{except: [tcp/2049, 10.9.0.0/16]}")]);
        let second = capture(&[strategy("{except: [tcp/2049]}")], &first).packets(true).unwrap();
        let nfs = PacketSet::named([&Except::read("tcp/2049").unwrap()]).unwrap();
        let network = PacketSet::named([&Except::read("10.9.0.0/16").unwrap()]).unwrap();
        assert_eq!(second, network.difference(&nfs).unwrap());
    }
}
