//! Takes captures; gives sentences about the filters that they become.

use std::collections::BTreeSet;

use ipnet::IpNet;
use proptest::prelude::{Just, Strategy as _, any as anything, prop_oneof, proptest};

use super::*;
use crate::decide::Wish;
use crate::inventory::{Direction, PortRange, RuleAction};
use crate::packets::{Flow, PacketSet};
use crate::policy::{Except, Ports};
use crate::ruleset::Widen;
use crate::testing::everything;

/// What a lane captures that wants everything but this, behind one that takes everything but that.
fn capture(except: &BTreeSet<Except>, left: Option<&BTreeSet<Except>>) -> Capture {
    let wish = |except: &BTreeSet<Except>| Wish { flows: [Flow::EVERYTHING].into(), except: except.clone() };
    Capture {
        wishes: [("jewel".to_owned(), wish(except))].into(),
        behind: left.map(wish).into_iter().collect(),
        packet_length: None,
    }
}

fn excepts_of(texts: &[&str]) -> BTreeSet<Except> {
    texts.iter().map(|text| Except::read(text).unwrap()).collect()
}

fn filtered(except: &BTreeSet<Except>, left: Option<&BTreeSet<Except>>, ipv6: bool) -> (FilterSpec, PacketSet) {
    let capture = capture(except, left);
    let fitted = capture.fitted(ipv6, Widen::NeverBusy).unwrap();
    (Filter::of(&capture, &fitted).spec, fitted.added)
}

/// The rules for everything but these, and whether more is mirrored.
fn rules(texts: &[&str], ipv6: bool) -> (Vec<String>, bool) {
    let (spec, added) = filtered(&excepts_of(texts), None, ipv6);
    (spec.rules.iter().map(Rule::to_string).collect(), !added.is_empty())
}

#[test]
fn filters_that_mirror_the_same_have_the_same_key_and_others_do_not() {
    assert_eq!(everything(true).key(), everything(true).key());
    assert_ne!(everything(true).key(), everything(false).key());
}

#[test]
fn everything_is_two_rules_for_ipv4_two_more_for_ipv6_and_the_resolvers_dns() {
    assert_eq!(
        rules(&[], false).0,
        [
            "ingress 100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
            "egress 100 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
        ]
    );
    assert_eq!(rules(&[], true).0.len(), 4);
    assert!(everything(false).services.contains(AMAZON_DNS));
}

#[test]
fn what_is_excepted_is_rejected_before_everything_else_is_accepted() {
    assert_eq!(
        rules(&["10.9.0.0/16", "tcp/2049"], false).0,
        [
            "ingress 100 reject protocol 6 from 0.0.0.0/0 port 2049-2049 to 0.0.0.0/0",
            "ingress 200 reject protocol 6 from 0.0.0.0/0 to 0.0.0.0/0 port 2049-2049",
            "ingress 300 reject all protocols from 10.9.0.0/16 to 0.0.0.0/0",
            "egress 100 reject protocol 6 from 0.0.0.0/0 to 0.0.0.0/0 port 2049-2049",
            "egress 200 reject protocol 6 from 0.0.0.0/0 port 2049-2049 to 0.0.0.0/0",
            "egress 300 reject all protocols from 0.0.0.0/0 to 10.9.0.0/16",
            "ingress 400 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
            "egress 400 accept all protocols from 0.0.0.0/0 to 0.0.0.0/0",
        ]
    );
}

#[test]
fn a_filter_never_takes_more_rules_than_aws_allows() {
    let all: [&[&str]; 4] = [&[], &["tcp/2049", "tcp/22"], &["tcp/2049", "10.0.0.0/8", "2001:db8::/32"], &["udp"]];
    let all = all.map(excepts_of);
    for (first, second) in all.iter().flat_map(|first| all.iter().map(move |second| (first, second))) {
        for left in [None, Some(first)] {
            for ipv6 in [false, true] {
                let rules = filtered(second, left, ipv6).0.rules.len();
                assert!(rules <= RULES_PER_FILTER, "{rules} rules: {second:?} behind {left:?}");
            }
        }
    }
}

#[test]
fn behind_another_lane_only_what_that_leaves_is_accepted_and_no_resolver() {
    let (spec, added) = filtered(&BTreeSet::new(), Some(&excepts_of(&["udp/514"])), false);
    assert_eq!(spec.rules.len(), 4);
    assert!(spec.rules.iter().all(|rule| rule.action == RuleAction::Accept && rule.protocol == Some(17)));
    assert!(spec.services.is_empty() && added.is_empty());
}

#[test]
fn where_ipv6_does_not_fit_too_more_is_mirrored_and_said() {
    let (more, said) = rules(&["tcp/2049"], true);
    assert!(more.len() <= 10 && said, "{more:?}");
    assert_eq!((rules(&["tcp"], true).0.len(), rules(&["tcp"], true).1), (8, false));
    let (both, said) = rules(&["tcp/2049", "tcp/22"], false);
    assert_eq!((both.len(), said), (10, false));
}

/// A packet, seen from the mirrored interface.
#[derive(Clone, Copy, Debug)]
struct Packet {
    direction: Direction,
    ipv6: bool,
    /// Which of a few peers of each IP version.
    peer: usize,
    protocol: u8,
    peer_port: u16,
    own_port: u16,
}

impl Packet {
    fn peer(&self) -> IpNet {
        let peers = match self.ipv6 {
            false => ["10.9.0.1/32", "10.1.0.1/32", "192.0.2.1/32"],
            true => ["2001:db8::1/128", "2001:db8:1::1/128", "2001:db9::1/128"],
        };
        peers[self.peer].parse().unwrap()
    }

    /// Whether it is among these packets.
    fn is_in(&self, packets: &BTreeSet<Except>) -> bool {
        packets.iter().any(|Except { peer, ports }| {
            let ports_match = |Ports { protocol, range }: &Ports| {
                let within = |range: &PortRange| {
                    [self.peer_port, self.own_port].iter().any(|port| (range.from..=range.to).contains(port))
                };
                *protocol == self.protocol && range.as_ref().is_none_or(within)
            };
            peer.is_none_or(|network| network.contains(&self.peer())) && ports.as_ref().is_none_or(ports_match)
        })
    }

    /// Whether AWS mirrors it: the first rule that matches decides, and none is no.
    fn is_accepted_by(&self, rules: &BTreeSet<Rule>) -> bool {
        let mut rules: Vec<&Rule> = rules.iter().filter(|rule| rule.direction == self.direction).collect();
        rules.sort_by_key(|rule| rule.number);
        rules.into_iter().find(|rule| self.matches(rule)).is_some_and(|rule| rule.action == RuleAction::Accept)
    }

    fn matches(&self, rule: &Rule) -> bool {
        let (peer, peer_ports, own_ports) = match self.direction {
            Direction::Ingress => (rule.source, rule.source_ports, rule.destination_ports),
            Direction::Egress => (rule.destination, rule.destination_ports, rule.source_ports),
        };
        let within = |port: u16, range: Option<PortRange>| range.is_none_or(|it| (it.from..=it.to).contains(&port));
        rule.protocol.is_none_or(|protocol| protocol == self.protocol)
            && peer.contains(&self.peer())
            && within(self.peer_port, peer_ports)
            && within(self.own_port, own_ports)
    }
}

fn packets() -> impl proptest::strategy::Strategy<Value = Packet> {
    let ports = || proptest::sample::select(vec![22_u16, 514, 2049, 2050, 40_000]);
    let protocols = proptest::sample::select(vec![1_u8, 6, 17]);
    let directions = prop_oneof![Just(Direction::Ingress), Just(Direction::Egress)];
    (directions, anything::<bool>(), 0..3_usize, protocols, ports(), ports()).prop_map(
        |(direction, ipv6, peer, protocol, peer_port, own_port)| Packet {
            direction,
            ipv6,
            peer,
            protocol,
            peer_port,
            own_port,
        },
    )
}

fn excepts() -> impl proptest::strategy::Strategy<Value = BTreeSet<Except>> {
    let networks = ["10.0.0.0/8", "10.9.0.0/16", "192.0.2.0/24", "2001:db8::/32"];
    let networks = networks.map(|network| network.parse::<IpNet>().unwrap());
    let ranges = [None, Some((22, 22)), Some((2049, 2050)), Some((500, 2049))];
    let ports = (proptest::sample::select(vec![6_u8, 17]), proptest::sample::select(ranges.to_vec()))
        .prop_map(|(protocol, range)| Ports { protocol, range: range.map(|(from, to)| PortRange { from, to }) });
    let except = (proptest::option::of(proptest::sample::select(networks.to_vec())), proptest::option::of(ports))
        .prop_filter("something", |(peer, ports)| peer.is_some() || ports.is_some())
        .prop_map(|(peer, ports)| Except { peer, ports });
    proptest::collection::btree_set(except, 0..4)
}

proptest! {
    #[test]
    fn what_a_filter_mirrors_beyond_what_is_asked_is_what_it_says_packet_for_packet(
        except in excepts(),
        only in proptest::option::of(excepts()),
        ipv6 in anything::<bool>(),
    ) {
        let asked = capture(&except, only.as_ref()).packets(ipv6).unwrap();
        let (spec, added) = filtered(&except, only.as_ref(), ipv6);
        let mirrored = PacketSet::of_filter(&spec.rules, &spec.services).unwrap();
        assert!(asked.is_subset(&mirrored).unwrap(), "never less");
        // Behind another lane more may be accepted: those packets have gone to that one.
        if only.is_none() {
            assert_eq!(mirrored.difference(&asked).unwrap(), added);
        }
    }

    #[test]
    fn a_filter_mirrors_what_is_asked_never_less_and_more_only_where_it_says_so(
        except in excepts(),
        only in proptest::option::of(excepts()),
        ipv6 in anything::<bool>(),
        packet in packets(),
    ) {
        let (spec, added) = filtered(&except, only.as_ref(), ipv6);
        assert!(spec.rules.len() <= RULES_PER_FILTER, "{} rules", spec.rules.len());
        let possible = ipv6 || !packet.ipv6;
        let asked = only.as_ref().is_none_or(|only| packet.is_in(only)) && !packet.is_in(&except);
        let mirrored = packet.is_accepted_by(&spec.rules);
        if possible && asked {
            assert!(mirrored, "asked and not mirrored");
        }
        // Behind another lane more may be accepted: those packets have gone to that one.
        if mirrored && only.is_none() {
            assert!(asked || !added.is_empty(), "mirrored, not asked and not said");
        }
    }
}
