//! Takes one packet at a time; gives sentences about which session mirrors it, and why none does. Never counts packets.

use super::*;

const TCP: u8 = 6;
const UDP: u8 = 17;

/// An interface with a filter that accepts all IPv4 both ways, and a session of it.
pub(super) fn mirrored_setting() -> (Setting, MirrorSession) {
    let mut setting = setting();
    let egress = {
        let mut rule = rule(&setting.filter, 10);
        rule.rule.direction = Direction::Egress;
        rule
    };
    call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 10)));
    call!(setting.world, CreateTrafficMirrorFilterRule(egress));
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    (setting, session)
}

/// A packet of 1,000 bytes that arrives from the internet.
fn arriving(interface: &InterfaceId, protocol: u8, from: (&str, u16), to: (&str, u16)) -> Packet {
    let flow = Flow {
        protocol,
        source: from.0.parse().unwrap(),
        destination: to.0.parse().unwrap(),
        source_port: Some(from.1),
        destination_port: Some(to.1),
    };
    Packet {
        interface: interface.clone(),
        direction: Direction::Ingress,
        content: Content::Ip(flow),
        length: 1000,
        answers: false,
    }
}

pub(super) fn web_request(interface: &InterfaceId) -> Packet {
    arriving(interface, TCP, ("198.51.100.7", 40_000), ("10.0.0.4", 443))
}

fn leaving(packet: Packet) -> Packet {
    let Content::Ip(flow) = packet.content else { panic!("no flow") };
    Packet { direction: Direction::Egress, content: Content::Ip(flow.reversed()), ..packet }
}

// Facts: 1.5-never-metadata, 1.5-never-ntp, 1.5-never-windows-activation, 1.3-dns-by-service, 1.3-dns-both-ways
#[test]
fn what_aws_exempts_is_never_mirrored_and_dns_only_by_the_network_service() {
    let (mut setting, _) = mirrored_setting();
    let interface = setting.interface.clone();
    let host = "10.0.0.4";
    let table = [
        ("web", TCP, ("198.51.100.7", 443), Ok(())),
        ("instance metadata", TCP, ("169.254.169.254", 80), Err(NotMirrored::Exempt)),
        ("Amazon's time", UDP, ("169.254.169.123", 123), Err(NotMirrored::Exempt)),
        ("anyone's time", UDP, ("198.51.100.7", 123), Err(NotMirrored::Exempt)),
        ("TCP on the port of NTP", TCP, ("198.51.100.7", 123), Ok(())),
        ("Windows activation", TCP, ("169.254.169.250", 1688), Err(NotMirrored::Exempt)),
        ("a licence server of one's own", TCP, ("10.0.9.9", 1688), Ok(())),
        ("the resolver's address", UDP, ("169.254.169.253", 53), Err(NotMirrored::NotAccepted)),
        ("the VPC's base plus two", UDP, ("10.0.0.2", 53), Err(NotMirrored::NotAccepted)),
        ("another resolver", UDP, ("198.51.100.53", 53), Ok(())),
    ];
    for (what, protocol, peer, expected) in table {
        let answer = arriving(&interface, protocol, peer, (host, 40_000));
        assert_eq!(setting.world.mirrored(&answer).map(|_| ()), expected, "{what}, inbound");
        assert_eq!(setting.world.mirrored(&leaving(answer)).map(|_| ()), expected, "{what}, outbound");
    }
    let wish = ModifyTrafficMirrorFilterNetworkServices {
        filter: setting.filter.clone(),
        add: [String::from("amazon-dns")].into(),
        remove: Default::default(),
    };
    call!(setting.world, ModifyTrafficMirrorFilterNetworkServices(wish));
    for resolver in ["169.254.169.253", "10.0.0.2"] {
        let answer = arriving(&interface, UDP, (resolver, 53), (host, 40_000));
        assert!(setting.world.mirrored(&answer).is_ok());
        assert!(setting.world.mirrored(&leaving(answer)).is_ok());
    }
}

// Facts: 1.5-never-arp, 1.5-never-dhcp
#[test]
fn arp_and_dhcp_are_never_mirrored() {
    let (setting, _) = mirrored_setting();
    let arp = Packet { content: Content::Arp, ..web_request(&setting.interface) };
    assert_eq!(setting.world.mirrored(&arp), Err(NotMirrored::Exempt));
    let dhcp = arriving(&setting.interface, UDP, ("10.0.0.1", 67), ("10.0.0.4", 68));
    assert_eq!(setting.world.mirrored(&dhcp), Err(NotMirrored::Exempt));
}

// Facts: 1.3-empty-filter, 1.3-no-outbound-rules, 1.3-ingress, 1.3-egress, 1.3-protocol-omitted
#[test]
fn an_empty_filter_mirrors_nothing_and_one_without_egress_rules_nothing_outbound() {
    let mut setting = setting();
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let packet = web_request(&setting.interface);
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::NotAccepted));
    call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 10)));
    assert!(setting.world.mirrored(&packet).is_ok());
    assert_eq!(setting.world.mirrored(&leaving(packet)), Err(NotMirrored::NotAccepted));
}

// Facts: 1.3-lowest-number-decides, 1.3-reject
#[test]
fn the_rule_with_the_lowest_number_that_matches_decides() {
    let (mut setting, _) = mirrored_setting();
    let mut reject = rule(&setting.filter, 9);
    reject.rule.action = RuleAction::Reject;
    reject.rule.source = "198.51.100.0/24".parse().unwrap();
    call!(setting.world, CreateTrafficMirrorFilterRule(reject.clone()));
    assert_eq!(setting.world.mirrored(&web_request(&setting.interface)), Err(NotMirrored::NotAccepted));
    let from_elsewhere = arriving(&setting.interface, TCP, ("203.0.113.1", 1), ("10.0.0.4", 443));
    assert!(setting.world.mirrored(&from_elsewhere).is_ok());
}

// Facts: 1.3-two-rules-for-dual-stack, 1.1-ipv6-packets
#[test]
fn rules_for_ipv4_say_nothing_of_ipv6() {
    let (mut setting, _) = mirrored_setting();
    let packet = arriving(&setting.interface, TCP, ("2001:db8:1::1", 1), ("2001:db8::4", 443));
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::NotAccepted));
    let mut ipv6 = rule(&setting.filter, 11);
    (ipv6.rule.source, ipv6.rule.destination) = ("::/0".parse().unwrap(), "::/0".parse().unwrap());
    call!(setting.world, CreateTrafficMirrorFilterRule(ipv6));
    assert!(setting.world.mirrored(&packet).is_ok());
}

// Facts: 1.4-lowest-number-first, 1.4-mirrored-once, 1.4-filter-changes, 1.3-ports-match
#[test]
fn a_packet_is_mirrored_once_by_the_lowest_session_whose_filter_accepts_it() {
    let (mut setting, first) = mirrored_setting();
    let only_web = call!(setting.world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let mut web = rule(&only_web, 1);
    web.rule.protocol = Some(i32::from(TCP));
    web.rule.destination_ports = Some(Ports { from: 443, to: 443 });
    call!(setting.world, CreateTrafficMirrorFilterRule(web));
    let change = ModifyTrafficMirrorSession {
        session: first.id.clone(),
        target: None,
        filter: Some(only_web),
        number: None,
        packet_length: None,
        vni: None,
        description: None,
        remove: Vec::new(),
    };
    call!(setting.world, ModifyTrafficMirrorSession(change));
    let second = call!(setting.world, CreateTrafficMirrorSession(setting.session(2)));
    let taker = |packet: &Packet| setting.world.mirrored(packet).unwrap().session;
    assert_eq!(taker(&web_request(&setting.interface)), first.id);
    let database = arriving(&setting.interface, TCP, ("198.51.100.7", 40_000), ("10.0.0.4", 5432));
    assert_eq!(taker(&database), second.id);
}

// Facts: 3-stopped, 3-resumed-by-start
#[test]
fn nothing_is_mirrored_without_a_session_of_a_running_instance_that_the_interface_is_attached_to() {
    let (mut setting, session) = mirrored_setting();
    let packet = web_request(&setting.interface);
    assert_eq!(setting.world.mirrored(&web_request(&"eni-0".into())), Err(NotMirrored::NoInterface));
    let loose = call!(setting.world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    assert_eq!(setting.world.mirrored(&web_request(&loose)), Err(NotMirrored::NotAttached));
    call!(setting.world, StopInstances(vec![setting.instance.clone()]));
    pass(&mut setting.world, 3);
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::NotRunning));
    call!(setting.world, StartInstances(vec![setting.instance.clone()]));
    pass(&mut setting.world, 3);
    assert!(setting.world.mirrored(&packet).is_ok());
    call!(setting.world, DeleteTrafficMirrorSession(session.id));
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::NoSession));
}

/// The interface of a sensor in the second zone, and a session to it in the place of the one to the endpoint.
fn with_a_sensor(setting: &mut Setting, session: &MirrorSession) -> (InstanceId, InterfaceId) {
    let sensor = running(&mut setting.world, instance().in_subnet(&setting.network.subnets[1]));
    let interface = primary_interface(&mut setting.world, &sensor);
    let wish = target_for(Resource::NetworkInterface(interface.clone()));
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
    call!(setting.world, DeleteTrafficMirrorSession(session.id.clone()));
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    (sensor, interface)
}

// Facts: 1.2-resource-gone
#[test]
fn a_target_that_is_gone_or_stopped_takes_the_packet_and_nobody_sees_it() {
    let (mut setting, session) = mirrored_setting();
    let (sensor, _) = with_a_sensor(&mut setting, &session);
    let packet = web_request(&setting.interface);
    let session = setting.world.mirrored(&packet).unwrap().session;
    call!(setting.world, StopInstances(vec![sensor.clone()]));
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::TargetSilent(session.clone())));
    call!(setting.world, TerminateInstances(vec![sensor]));
    pass(&mut setting.world, 3);
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::TargetGone(session)));
}

// Facts: 1.5-vxlan, 1.5-target-lets-in, 1.5-acls-let-through, 1.5-same-vpc, 10-silent-failures
#[test]
fn a_sensor_must_let_in_udp_4789_and_the_acls_on_the_way_as_well() {
    let (mut setting, session) = mirrored_setting();
    let (_, interface) = with_a_sensor(&mut setting, &session);
    let packet = web_request(&setting.interface);
    let session = setting.world.mirrored(&packet).unwrap().session;
    let unreachable = Err(NotMirrored::TargetUnreachable(session));
    let group = setting.world.add_security_group(&setting.network.vpc, "sensor");
    setting.world.set_security_groups(&interface, std::slice::from_ref(&group)).unwrap();
    assert_eq!(setting.world.mirrored(&packet), unreachable);
    let vpc = Peer::Block("10.0.0.0/16".parse().unwrap());
    let vxlan = GroupRule::all(Direction::Ingress, vpc).of_protocol(UDP).on_ports(4789, 4789);
    setting.world.add_group_rule(&group, vxlan).unwrap();
    assert!(setting.world.mirrored(&packet).is_ok());
    let acl = setting.world.add_network_acl(&setting.network.vpc);
    setting.world.associate_network_acl(&acl, &setting.network.subnets[1]).unwrap();
    assert_eq!(setting.world.mirrored(&packet), unreachable);
}

// Facts: 1.2-endpoint-longest-ipv4, 1.2-load-balancer-length, 1.4-length-after-the-header, 1.5-interface-longest
// Facts: 1.5-overhead-ipv4
#[test]
fn a_copy_is_as_long_as_the_session_and_the_target_allow() {
    let (mut setting, session) = mirrored_setting();
    let source = setting.interface.clone();
    let of_length = |length| Packet { length, ..web_request(&source) };
    let copied = |world: &World, length| world.mirrored(&of_length(length)).unwrap().length;
    let lengths = |world: &World| [1000, 8446, 8500, 9001].map(|length| copied(world, length));
    assert_eq!(lengths(&setting.world), [1000, 8446, 8446, 8446], "to an endpoint");
    with_a_sensor(&mut setting, &session);
    assert_eq!(lengths(&setting.world), [1000, 8446, 8500, 8947], "to an interface");
    let arn = setting.world.add_network_load_balancer("sensor");
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(target_for(Resource::NetworkLoadBalancer(arn)))).id;
    let other = setting.sessions().remove(0).id;
    call!(setting.world, DeleteTrafficMirrorSession(other));
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    assert_eq!(lengths(&setting.world), [1000, 8446, 8500, 8500], "to a load balancer");
    let other = setting.sessions().remove(0).id;
    call!(setting.world, DeleteTrafficMirrorSession(other));
    let short = CreateTrafficMirrorSession { packet_length: Some(96), ..setting.session(1) };
    call!(setting.world, CreateTrafficMirrorSession(short));
    assert_eq!(lengths(&setting.world), [96; 4]);
}

// Facts: 1.2-load-balancer-listener, 1.2-lost-listener-is-silent
#[test]
fn a_load_balancer_that_lost_its_listener_receives_nothing_and_no_call_says_so() {
    let (mut setting, session) = mirrored_setting();
    let arn = setting.world.add_network_load_balancer("sensor");
    let wish = target_for(Resource::NetworkLoadBalancer(arn.clone()));
    let target = Some(call!(setting.world, CreateTrafficMirrorTarget(wish)).id);
    let change = ModifyTrafficMirrorSession { target, ..no_session_change(&session) };
    call!(setting.world, ModifyTrafficMirrorSession(change));
    assert!(setting.world.mirrored(&web_request(&setting.interface)).is_ok());
    setting.world.remove_mirror_listener(&arn);
    assert_eq!(setting.sessions().len(), 1);
    let seen = setting.world.mirrored(&web_request(&setting.interface));
    assert_eq!(seen, Err(NotMirrored::TargetSilent(session.id)));
}

// Facts: 1.4-vni-of-copies
#[test]
fn a_copy_names_its_session_its_target_and_its_network() {
    let (setting, session) = mirrored_setting();
    let copy = setting.world.mirrored(&web_request(&setting.interface)).unwrap();
    assert_eq!((copy.session, copy.target, copy.vni), (session.id, setting.target, session.vni));
}

// Facts: 1.3-security-group-drops, 1.3-outbound-copies
#[test]
fn what_a_security_group_drops_inbound_is_not_mirrored_and_outbound_it_is_not_asked() {
    let (mut setting, _) = mirrored_setting();
    let Setting { world, network, interface, .. } = &mut setting;
    let group = world.add_security_group(&network.vpc, "closed");
    world.set_security_groups(interface, std::slice::from_ref(&group)).unwrap();
    assert_eq!(world.mirrored(&web_request(interface)), Err(NotMirrored::SecurityGroup));
    world.clear_group_rules(&group, Direction::Egress).unwrap();
    assert!(world.mirrored(&leaving(web_request(interface))).is_ok());
}

// Facts: 1.3-network-acl-drops
#[test]
fn what_a_network_acl_drops_inbound_is_not_mirrored() {
    let (mut setting, _) = mirrored_setting();
    let Setting { world, network, interface, .. } = &mut setting;
    let acl = world.add_network_acl(&network.vpc);
    world.associate_network_acl(&acl, &network.subnets[0]).unwrap();
    assert_eq!(world.mirrored(&web_request(interface)), Err(NotMirrored::NetworkAcl));
    let neighbour = arriving(interface, TCP, ("10.0.0.9", 40_000), ("10.0.0.4", 443));
    assert!(world.mirrored(&neighbour).is_ok(), "a neighbour in the subnet does not pass its ACL");
}
