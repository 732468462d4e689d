//! Takes packets and the headers around their copies; gives sentences about how long a copy is, and between which addresses it goes.
//! Never asks which session made it.

use super::*;

const UDP: u8 = 17;

/// A setting whose filter accepts everything, both ways and of both IP versions, and whose session sends to a sensor in the second zone.
fn before_a_sensor() -> (Setting, InterfaceId) {
    let mut setting = setting();
    for (number, direction, block) in [
        (1, Direction::Ingress, "0.0.0.0/0"),
        (2, Direction::Ingress, "::/0"),
        (1, Direction::Egress, "0.0.0.0/0"),
        (2, Direction::Egress, "::/0"),
    ] {
        let mut wish = rule(&setting.filter, number);
        (wish.rule.direction, wish.rule.source) = (direction, block.parse().unwrap());
        wish.rule.destination = wish.rule.source;
        call!(setting.world, CreateTrafficMirrorFilterRule(wish));
    }
    let sensor = running(&mut setting.world, instance().in_subnet(&setting.network.subnets[1]));
    let sensor = primary_interface(&mut setting.world, &sensor);
    let endpoint = setting.target.clone();
    let wish = target_for(Resource::NetworkInterface(sensor.clone()));
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    setting.target = endpoint;
    (setting, sensor)
}

fn arriving(interface: &InterfaceId, source: &str, destination: &str) -> Packet {
    let flow = Flow {
        protocol: 6,
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        source_port: Some(40_000),
        destination_port: Some(443),
    };
    Packet {
        interface: interface.clone(),
        direction: Direction::Ingress,
        content: Content::Ip(flow),
        length: 9001,
        answers: false,
    }
}

fn address(world: &mut World, interface: &InterfaceId) -> std::net::Ipv4Addr {
    call!(world, DescribeNetworkInterfaces(Describe::only([interface.clone()]))).items.remove(0).address.unwrap()
}

// Facts: 1.5-overhead-ipv4, 1.5-overhead-ipv6, 1.5-interface-longest, 1.2-endpoint-longest-ipv4, 1.2-endpoint-longest-ipv6
#[test]
fn a_copy_of_ipv6_leaves_twenty_bytes_less_than_one_of_ipv4() {
    let (mut setting, _) = before_a_sensor();
    let ipv4 = arriving(&setting.interface, "198.51.100.7", "10.0.0.4");
    let ipv6 = arriving(&setting.interface, "2001:db8:1::1", "2001:db8::4");
    let lengths = |world: &World| [&ipv4, &ipv6].map(|packet| world.mirrored(packet).unwrap().length);
    assert_eq!(lengths(&setting.world), [8947, 8927], "to an interface");
    let session = setting.sessions().remove(0);
    let to_endpoint =
        ModifyTrafficMirrorSession { target: Some(setting.target.clone()), ..no_session_change(&session) };
    call!(setting.world, ModifyTrafficMirrorSession(to_endpoint));
    assert_eq!(lengths(&setting.world), [8446, 8426], "to an endpoint");
}

// Facts: 1.5-outer-source, 1.5-target-lets-in, 1.5-vxlan
#[test]
fn copies_come_from_the_primary_address_of_their_source() {
    let (mut setting, sensor) = before_a_sensor();
    let source = address(&mut setting.world, &setting.interface);
    let packet = arriving(&setting.interface, "198.51.100.7", "10.0.0.4");
    let session = setting.sessions().remove(0).id;
    for (block, heard) in [("198.51.100.0/24".to_owned(), false), (format!("{source}/32"), true)] {
        let group = setting.world.add_security_group(&setting.network.vpc, "sensor");
        let from = Peer::Block(block.parse().unwrap());
        let vxlan = GroupRule::all(Direction::Ingress, from).of_protocol(UDP).on_ports(4789, 4789);
        setting.world.add_group_rule(&group, vxlan).unwrap();
        setting.world.set_security_groups(&sensor, &[group]).unwrap();
        match setting.world.mirrored(&packet) {
            Ok(copy) => assert_eq!((copy.session, heard), (session.clone(), true)),
            Err(why) => assert_eq!((why, heard), (NotMirrored::TargetUnreachable(session.clone()), false)),
        }
    }
}

// Facts: 1.5-outer-destination, 1.5-acls-let-through
#[test]
fn copies_go_to_the_primary_address_of_their_target() {
    let (mut setting, sensor) = before_a_sensor();
    let sensor = address(&mut setting.world, &sensor);
    let neighbour = setting.network.subnets[1].clone();
    let acl = setting.world.add_network_acl(&setting.network.vpc);
    let everywhere = "0.0.0.0/0".parse().unwrap();
    for direction in [Direction::Ingress, Direction::Egress] {
        setting.world.set_acl_entry(&acl, direction, 100, AclEntry::allow(everywhere)).unwrap();
    }
    setting.world.associate_network_acl(&acl, &setting.network.subnets[0]).unwrap();
    assert_ne!(neighbour, setting.network.subnets[0]);
    let packet = arriving(&setting.interface, "198.51.100.7", "10.0.0.4");
    assert!(setting.world.mirrored(&packet).is_ok());
    let deny = AclEntry::deny(format!("{sensor}/32").parse().unwrap());
    setting.world.set_acl_entry(&acl, Direction::Egress, 1, deny).unwrap();
    let session = setting.sessions().remove(0).id;
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::TargetUnreachable(session)));
}

// Facts: 1.3-all-but-local, 1.3-blocks-of-the-packet, 1.3-reject, 1.3-ingress, 1.3-egress
#[test]
fn the_guides_filter_for_all_but_local_traffic_leaves_out_the_vpc_at_the_far_end() {
    let mut setting = setting();
    let vpc = "10.0.0.0/16".parse().unwrap();
    for (number, direction, action) in [
        (10, Direction::Ingress, RuleAction::Reject),
        (20, Direction::Ingress, RuleAction::Accept),
        (10, Direction::Egress, RuleAction::Reject),
        (20, Direction::Egress, RuleAction::Accept),
    ] {
        let mut wish = rule(&setting.filter, number);
        (wish.rule.direction, wish.rule.action) = (direction, action);
        match (direction, action) {
            (_, RuleAction::Accept) => {}
            (Direction::Ingress, _) => wish.rule.source = vpc,
            (Direction::Egress, _) => wish.rule.destination = vpc,
        }
        call!(setting.world, CreateTrafficMirrorFilterRule(wish));
    }
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    for (peer, mirrored) in [("198.51.100.7", true), ("10.0.99.9", false)] {
        let inbound = arriving(&setting.interface, peer, "10.0.0.4");
        let Content::Ip(flow) = inbound.content else { panic!("no flow") };
        let outbound =
            Packet { direction: Direction::Egress, content: Content::Ip(flow.reversed()), ..inbound.clone() };
        for packet in [inbound, outbound] {
            assert_eq!(setting.world.mirrored(&packet).is_ok(), mirrored, "{packet:?}");
        }
    }
}
