//! Takes filters by chance; holds what core says they mirror against what the simulated cloud mirrors, packet for packet. The two were
//! written from the same guide by nobody who looked at the other.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod account;
mod support;

use std::collections::BTreeSet;
use std::net::IpAddr;

use account::Account;
use mirror_core::ids::{FilterId, InterfaceId};
use mirror_core::inventory::{Direction, PortRange, Rule, RuleAction, Tags};
use mirror_core::packets::{Block, Flow as Wanted, PacketSet, Plane, Span};
use mirror_core::policy::Except;
use mirror_core::ruleset::{Widen, fit};
use mirror_sim::fleet::instance;
use mirror_sim::{
    Content, CreateTrafficMirrorFilter, CreateTrafficMirrorFilterRule, CreateTrafficMirrorSession, Flow, NotMirrored,
    Packet, Ports, Request, Response, RuleWish,
};
use support::dice::Dice;

const NETWORKS: [[&str; 4]; 2] = [
    ["0.0.0.0/0", "10.0.0.0/16", "10.0.64.0/18", "198.51.100.0/25"],
    ["::/0", "2001:db8::/32", "2001:db8:0:1::/64", "2001:db8::7/128"],
];
const HOSTS: [[&str; 4]; 2] = [
    ["10.0.1.9", "10.0.65.1", "198.51.100.1", "198.51.100.200"],
    ["2001:db8::7", "2001:db8:0:1::9", "2001:db8:ff::1", "2001:db9::1"],
];
const RANGES: [Option<(u16, u16)>; 4] = [None, Some((443, 443)), Some((400, 8443)), Some((8443, u16::MAX))];
const PORTS: [u16; 5] = [399, 400, 443, 8443, 50_000];

fn one_of<T: Copy>(dice: &mut Dice, all: &[T]) -> T {
    all[usize::try_from(dice.roll(0..all.len().try_into().unwrap())).unwrap()]
}

fn way(dice: &mut Dice) -> Plane {
    one_of(dice, &Plane::ALL)
}

fn some_rule(dice: &mut Dice, number: u16) -> Rule {
    let Plane { direction, ipv6 } = way(dice);
    let protocol = one_of(dice, &[None, Some(1), Some(6), Some(17)]);
    let mut range = || {
        let range = one_of(dice, &RANGES).filter(|_| matches!(protocol, Some(6 | 17)));
        range.map(|(from, to)| PortRange { from, to })
    };
    let (source_ports, destination_ports) = (range(), range());
    let mut network = || one_of(dice, &NETWORKS[usize::from(ipv6)]).parse().unwrap();
    let (source, destination) = (network(), network());
    let action = one_of(dice, &[RuleAction::Accept, RuleAction::Reject]);
    Rule { action, direction, number, protocol, source, destination, source_ports, destination_ports }
}

/// A filter of these rules, with the one session of the interface.
fn mirrors_through(account: &Account, interface: &InterfaceId, rules: &[Rule]) {
    let wish = CreateTrafficMirrorFilter::default();
    let Response::CreateTrafficMirrorFilter(filter) = account.call(Request::CreateTrafficMirrorFilter(wish)) else {
        panic!("no filter");
    };
    for rule in rules {
        add(account, &filter.id, rule);
    }
    for session in account.sessions() {
        account.call(Request::DeleteTrafficMirrorSession(session.id));
        account.call(Request::DeleteTrafficMirrorFilter(session.filter));
    }
    account.call(Request::CreateTrafficMirrorSession(CreateTrafficMirrorSession {
        interface: interface.clone(),
        target: account.targets()[0].id.clone(),
        filter: filter.id,
        number: 1,
        packet_length: None,
        vni: Some(7),
        description: None,
        tags: Tags::new(),
        token: None,
    }));
}

fn add(account: &Account, filter: &FilterId, rule: &Rule) {
    let ports = |range: Option<PortRange>| range.map(|it| Ports { from: it.from.into(), to: it.to.into() });
    let rule = RuleWish {
        direction: rule.direction,
        number: rule.number.into(),
        action: rule.action,
        protocol: rule.protocol.map(i32::from),
        source: rule.source,
        destination: rule.destination,
        source_ports: ports(rule.source_ports),
        destination_ports: ports(rule.destination_ports),
    };
    account.call(Request::CreateTrafficMirrorFilterRule(CreateTrafficMirrorFilterRule {
        filter: filter.clone(),
        rule,
        description: None,
        tags: Tags::new(),
        token: None,
    }));
}

fn some_packet(dice: &mut Dice) -> (Plane, Flow) {
    let plane = way(dice);
    let protocol = one_of(dice, &[1, 6, 17]);
    let mut host = || one_of(dice, &HOSTS[usize::from(plane.ipv6)]).parse().unwrap();
    let (source, destination) = (host(), host());
    let mut port = || Some(one_of(dice, &PORTS)).filter(|_| protocol != 1);
    let (source_port, destination_port) = (port(), port());
    (plane, Flow { protocol, source, destination, source_port, destination_port })
}

/// What strategies may want of an interface: all, or what some ports serve or ask for, of some networks; less some of that.
fn some_wish(dice: &mut Dice) -> PacketSet {
    let ports = |dice: &mut Dice| {
        let range = one_of(dice, &RANGES).map(|(from, to)| PortRange { from, to });
        mirror_core::policy::Ports { protocol: one_of(dice, &[6, 17]), range }
    };
    let peer = |dice: &mut Dice| {
        let networks = one_of(dice, &NETWORKS);
        Some(one_of(dice, &networks).parse().unwrap()).filter(|_| dice.roll(0..2) == 0)
    };
    let mut flows: BTreeSet<Wanted> = BTreeSet::new();
    for _ in 0..dice.roll(0..10) {
        let flow = one_of(dice, &[Wanted::served, Wanted::asked])(ports(dice));
        flows.insert(Wanted { peer: peer(dice), ..flow });
    }
    if flows.is_empty() {
        flows.insert(Wanted::EVERYTHING);
    }
    let except = (0..dice.roll(0..4)).map(|_| {
        let peer = peer(dice);
        Except { peer, ports: Some(ports(dice)).filter(|_| peer.is_none() || dice.roll(0..2) == 0) }
    });
    let except: BTreeSet<Except> = except.collect();
    PacketSet::of_flows(&flows).unwrap().difference(&PacketSet::named(&except).unwrap()).unwrap()
}

/// Whether one of these boxes has the packet. One of a protocol without ports is on all of them.
fn is_in(blocks: &[Block], plane: Plane, flow: &Flow) -> bool {
    let on = |ports: Span, port: Option<u16>| port.is_none_or(|port| ports.holds(port));
    blocks.iter().any(|it| {
        it.plane == plane
            && it.protocols.holds(flow.protocol)
            && it.sources.holds(number(flow.source))
            && it.destinations.holds(number(flow.destination))
            && on(it.source_ports, flow.source_port)
            && on(it.destination_ports, flow.destination_port)
    })
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The packet as a set of its own.
fn alone(plane: Plane, flow: &Flow) -> PacketSet {
    let whole = Block::whole(plane);
    PacketSet::of(Block {
        plane,
        protocols: Span::one(flow.protocol),
        sources: Span::one(number(flow.source)),
        destinations: Span::one(number(flow.destination)),
        source_ports: flow.source_port.map_or(whole.source_ports, Span::one),
        destination_ports: flow.destination_port.map_or(whole.destination_ports, Span::one),
    })
}

/// Whether the session takes it: where the packet ends after that does not matter here. None where it does not come so far.
fn taken(account: &Account, packet: &Packet) -> Option<bool> {
    match account.world().mirrored(packet) {
        Ok(_)
        | Err(NotMirrored::TargetGone(_) | NotMirrored::TargetSilent(_))
        | Err(NotMirrored::TargetUnreachable(_) | NotMirrored::TargetUnshared(_)) => Some(true),
        Err(NotMirrored::NotAccepted) => Some(false),
        Err(NotMirrored::SecurityGroup | NotMirrored::NetworkAcl) => None,
        Err(other) => panic!("{other:?}: {packet:?}"),
    }
}

/// An interface with both IP versions, and its account.
async fn interface() -> (Account, InterfaceId) {
    let mut account = Account::new();
    let id = account.runs(instance().tagged("mirror", "crown-jewel").dual_stack());
    account.goes_on_for(10).await;
    let interface = account.interfaces_of(&id).remove(0);
    (account, interface)
}

#[tokio::test]
async fn the_simulated_cloud_mirrors_what_strategies_want_and_beside_it_what_the_compiler_says() {
    let (account, interface) = interface().await;
    let many = std::env::var("CAPTURES").ok().map(|text| text.parse().unwrap());
    let (captures, packets) = (many.unwrap_or(100), if many.is_some() { 1000 } else { 100 });
    let mut dice = Dice::new(11);
    let (mut widened, mut refused, mut compared) = (0, 0, [0, 0]);
    for _ in 0..captures {
        let (wish, widen) = (some_wish(&mut dice), one_of(&mut dice, &[Widen::NeverBusy, Widen::Any]));
        let Some(fitted) = fit(&wish, true, widen).unwrap() else {
            refused += 1;
            continue;
        };
        widened += usize::from(!fitted.added.is_empty());
        mirrors_through(&account, &interface, &fitted.rules.iter().cloned().collect::<Vec<_>>());
        let mirrored: Vec<Block> = [wish.blocks(), fitted.added.blocks()].concat();
        for _ in 0..packets {
            let (plane, flow) = some_packet(&mut dice);
            let (interface, content) = (interface.clone(), Content::Ip(flow));
            let packet = Packet { interface, direction: plane.direction, content, length: 64, answers: true };
            let Some(taken) = taken(&account, &packet) else { continue };
            assert_eq!(is_in(&mirrored, plane, &flow), taken, "{packet:?} by {:#?}", fitted.rules);
            compared[usize::from(taken)] += 1;
        }
    }
    println!(
        "{captures} captures: {widened} widened, {refused} not without busy ports; not mirrored, mirrored: {compared:?} packets"
    );
    assert!(widened > captures / 20 && compared.iter().all(|count| *count > captures * packets / 10), "{compared:?}");
}

#[tokio::test]
async fn core_and_the_simulated_cloud_agree_on_every_packet_of_every_filter() {
    let (account, interface) = interface().await;
    let mut dice = Dice::new(7);
    let mut compared = [[0, 0], [0, 0]];
    for _ in 0..60 {
        let rules: Vec<Rule> = (1..=10).map(|number| some_rule(&mut dice, number)).collect();
        mirrors_through(&account, &interface, &rules);
        let mirrored = PacketSet::of_filter(&rules, &BTreeSet::new()).unwrap();
        for _ in 0..100 {
            let (plane, flow) = some_packet(&mut dice);
            let direction = plane.direction;
            let packet = Packet {
                interface: interface.clone(),
                direction,
                content: Content::Ip(flow),
                length: 64,
                answers: true,
            };
            let Some(taken) = taken(&account, &packet) else { continue };
            assert_eq!(alone(plane, &flow).is_subset(&mirrored).unwrap(), taken, "{packet:?} by {rules:#?}");
            compared[usize::from(direction == Direction::Egress)][usize::from(taken)] += 1;
        }
    }
    assert!(compared.as_flattened().iter().all(|count| *count > 300), "{compared:?}");
}
