//! Takes random sessions, filters and packets; holds the world against an evaluator that knows nothing of it, and tries every session
//! number and every rule number in turn. Never shares a line with what it tests.

use std::net::IpAddr;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const BLOCKS: [&str; 6] = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.4/32", "198.51.0.0/17", "::/0", "2001:db8::/33"];
const ADDRESSES: [&str; 6] = ["10.0.0.4", "10.9.0.4", "198.51.1.1", "198.51.200.1", "2001:db8::1", "2001:db8:8000::1"];
const RANGES: [Option<(u16, u16)>; 4] = [None, Some((0, 79)), Some((80, 80)), Some((80, 65_535))];
const PORTS: [u16; 5] = [0, 79, 80, 81, 65_535];

type Session = (u16, Vec<RuleWish>);

// ---- the evaluator: 40 lines at most ----

fn expected(sessions: &[Session], packet: &Packet) -> Option<u16> {
    for number in 1..=4 {
        for (_, rules) in sessions.iter().filter(|session| session.0 == number) {
            for rule_number in 1..=6 {
                let hit = rules.iter().find(|it| it.number == rule_number && fits(it, packet));
                match hit.map(|rule| rule.action) {
                    Some(RuleAction::Accept) => return Some(number),
                    Some(RuleAction::Reject) => break,
                    None => {}
                }
            }
        }
    }
    None
}

fn fits(rule: &RuleWish, packet: &Packet) -> bool {
    let Content::Ip(flow) = packet.content else { return false };
    rule.direction == packet.direction
        && rule.protocol.unwrap_or(i32::from(flow.protocol)) == i32::from(flow.protocol)
        && within(&rule.source.to_string(), flow.source)
        && within(&rule.destination.to_string(), flow.destination)
        && within_ports(rule.source_ports, flow.source_port)
        && within_ports(rule.destination_ports, flow.destination_port)
}

fn within(block: &str, address: IpAddr) -> bool {
    let (network, length) = block.split_once('/').unwrap();
    let bits = |address: IpAddr| match address {
        IpAddr::V4(it) => it.octets().iter().map(|byte| format!("{byte:08b}")).collect::<String>(),
        IpAddr::V6(it) => it.octets().iter().map(|byte| format!("{byte:08b}")).collect(),
    };
    let (network, address, length) = (bits(network.parse().unwrap()), bits(address), length.parse().unwrap());
    network.len() == address.len() && network[..length] == address[..length]
}

fn within_ports(range: Option<Ports>, port: Option<u16>) -> bool {
    range.is_none() || (range.unwrap().from..=range.unwrap().to).contains(&port.map_or(-1, i32::from))
}

// ---- the chance ----

fn any_rule() -> impl Strategy<Value = RuleWish> {
    let ports = || select(&RANGES[..]).prop_map(|it| it.map(|(from, to)| Ports { from: from.into(), to: to.into() }));
    let direction = select(vec![Direction::Ingress, Direction::Egress]);
    let action = select(vec![RuleAction::Accept, RuleAction::Reject]);
    let protocol = select(vec![None, Some(6), Some(17), Some(1)]);
    let blocks = (select(&BLOCKS[..]), select(&BLOCKS[..]));
    (direction, 1..=6, action, protocol, blocks, ports(), ports()).prop_map(
        |(direction, number, action, protocol, (source, destination), source_ports, destination_ports)| RuleWish {
            direction,
            number,
            action,
            protocol,
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            source_ports,
            destination_ports,
        },
    )
}

fn any_flow() -> impl Strategy<Value = (Direction, Flow)> {
    let direction = select(vec![Direction::Ingress, Direction::Egress]);
    let end = || (select(&ADDRESSES[..]), select(&PORTS[..]));
    (direction, select(vec![6, 17, 1]), end(), end()).prop_map(|(direction, protocol, from, to)| {
        let port = |port| (protocol != 1).then_some(port);
        let flow = Flow {
            protocol,
            source: from.0.parse().unwrap(),
            destination: to.0.parse().unwrap(),
            source_port: port(from.1),
            destination_port: port(to.1),
        };
        (direction, flow)
    })
}

/// Makes a session with a filter of its own; gives what the world has accepted of it.
fn made(setting: &mut Setting, number: u16, wishes: Vec<RuleWish>) -> Session {
    let filter = call!(setting.world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let make = |wish: &RuleWish| {
        let request = CreateTrafficMirrorFilterRule { rule: wish.clone(), ..rule(&filter, 1) };
        setting.world.call(Request::CreateTrafficMirrorFilterRule(request)).is_ok()
    };
    let accepted = wishes.into_iter().filter(make).collect();
    setting.filter = filter;
    call!(setting.world, CreateTrafficMirrorSession(setting.session(number.into())));
    (number, accepted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    // Facts: 1.3-lowest-number-decides, 1.3-reject, 1.3-blocks-of-the-packet, 1.3-ports-match, 1.3-protocol-omitted
    // Facts: 1.4-lowest-number-first
    #[test]
    fn the_world_and_brute_force_agree_on_who_mirrors_a_packet(
        rules in prop::collection::vec((1..=4u16, prop::collection::vec(any_rule(), 0..12)), 0..4),
        flows in prop::collection::vec(any_flow(), 20),
    ) {
        let mut setting = setting();
        let by_number: std::collections::BTreeMap<_, _> = rules.into_iter().take(3).collect();
        let sessions: Vec<_> = by_number.into_iter().map(|(number, rules)| made(&mut setting, number, rules)).collect();
        let numbers: std::collections::BTreeMap<_, _> =
            setting.sessions().into_iter().map(|session| (session.id, session.number)).collect();
        for (direction, flow) in flows {
            let content = Content::Ip(flow);
            let packet = Packet { interface: setting.interface.clone(), direction, content, length: 64, answers: false };
            let taken = setting.world.mirrored(&packet).ok().map(|copy| numbers[&copy.session]);
            prop_assert_eq!(taken, expected(&sessions, &packet), "{:?}", packet);
        }
    }
}
