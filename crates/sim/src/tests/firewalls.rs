//! Takes security groups and network ACLs; gives sentences about what gets past them. Never mirrors anything else.

use super::*;

/// A world in which whatever gets in is mirrored.
fn open_setting() -> Setting {
    let mut setting = setting();
    call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1)));
    let mut ipv6 = rule(&setting.filter, 2);
    (ipv6.rule.source, ipv6.rule.destination) = ("::/0".parse().unwrap(), "::/0".parse().unwrap());
    call!(setting.world, CreateTrafficMirrorFilterRule(ipv6));
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    setting
}

/// A setting whose interface is in a group with these ingress rules.
fn guarded_by(rules: impl IntoIterator<Item = GroupRule>) -> Setting {
    let mut setting = open_setting();
    let group = setting.world.add_security_group(&setting.network.vpc, "web");
    setting.world.set_security_groups(&setting.interface, std::slice::from_ref(&group)).unwrap();
    for rule in rules {
        setting.world.add_group_rule(&group, rule).unwrap();
    }
    setting
}

fn tcp(setting: &Setting, source: &str, port: u16, answers: bool) -> Packet {
    let destination = if source.contains(':') { "2001:db8::4" } else { "10.0.0.4" };
    let flow = Flow {
        protocol: 6,
        source: source.parse().unwrap(),
        destination: destination.parse().unwrap(),
        source_port: Some(40_000),
        destination_port: Some(port),
    };
    Packet {
        interface: setting.interface.clone(),
        direction: Direction::Ingress,
        content: Content::Ip(flow),
        length: 60,
        answers,
    }
}

fn gets_in(setting: &Setting, source: &str, port: u16) -> bool {
    setting.world.mirrored(&tcp(setting, source, port, false)).is_ok()
}

fn block(block: &str) -> Peer {
    Peer::Block(block.parse().unwrap())
}

// Facts: 8-group-rules
#[test]
fn a_rule_lets_in_its_protocol_on_its_ports_from_its_block() {
    let web = GroupRule::all(Direction::Ingress, block("198.51.100.0/24")).of_protocol(6).on_ports(80, 443);
    let setting = guarded_by([web]);
    assert!(gets_in(&setting, "198.51.100.1", 80) && gets_in(&setting, "198.51.100.1", 443));
    assert!(!gets_in(&setting, "198.51.100.1", 444) && !gets_in(&setting, "198.51.101.1", 443));
    assert!(!gets_in(
        &guarded_by([GroupRule::all(Direction::Ingress, block("0.0.0.0/0")).of_protocol(17)]),
        "1.1.1.1",
        1
    ));
}

// Facts: 8-group-ip-versions
#[test]
fn ipv4_rules_do_not_let_in_ipv6() {
    let setting = guarded_by([GroupRule::all(Direction::Ingress, block("0.0.0.0/0"))]);
    assert!(!gets_in(&setting, "2001:db8:1::1", 443));
    let setting = guarded_by([GroupRule::all(Direction::Ingress, block("::/0"))]);
    assert!(gets_in(&setting, "2001:db8:1::1", 443));
}

// Facts: 8-group-peers
#[test]
fn a_rule_may_name_another_group_and_means_the_addresses_of_its_interfaces() {
    let mut setting = guarded_by([]);
    let (group, clients) = {
        let Setting { world, network, interface, .. } = &mut setting;
        let group = world.interface(interface).unwrap().security_groups[0].clone();
        (group, world.add_security_group(&network.vpc, "clients"))
    };
    let from_clients = GroupRule::all(Direction::Ingress, Peer::Group(clients.clone()));
    setting.world.add_group_rule(&group, from_clients).unwrap();
    let client = running(&mut setting.world, instance());
    let client = seen(&mut setting.world, &client).interfaces.remove(0);
    let address = client.address.unwrap().to_string();
    assert!(!gets_in(&setting, &address, 443));
    setting.world.set_security_groups(&client.id, &[clients]).unwrap();
    assert!(gets_in(&setting, &address, 443));
}

// Facts: 8-group-peers
#[test]
fn a_rule_may_name_a_prefix_list() {
    let mut setting = guarded_by([]);
    let group = setting.world.interface(&setting.interface).unwrap().security_groups[0].clone();
    let list = setting.world.add_prefix_list(["203.0.113.0/24".parse().unwrap()]);
    setting.world.add_group_rule(&group, GroupRule::all(Direction::Ingress, Peer::PrefixList(list))).unwrap();
    assert!(gets_in(&setting, "203.0.113.9", 443) && !gets_in(&setting, "203.0.114.9", 443));
}

// Facts: 8-groups-remember
#[test]
fn a_security_group_lets_in_the_answer_to_what_it_let_out() {
    let mut setting = guarded_by([]);
    let answer = tcp(&setting, "198.51.100.1", 40_000, true);
    assert!(setting.world.mirrored(&answer).is_ok());
    let group = setting.world.interface(&setting.interface).unwrap().security_groups[0].clone();
    setting.world.clear_group_rules(&group, Direction::Egress).unwrap();
    assert_eq!(setting.world.mirrored(&answer), Err(NotMirrored::SecurityGroup));
}

// Facts: 8-several-groups
#[test]
fn one_of_several_groups_is_enough() {
    let mut setting = guarded_by([]);
    let closed = setting.world.interface(&setting.interface).unwrap().security_groups[0].clone();
    let open = setting.world.add_security_group(&setting.network.vpc, "open");
    setting.world.add_group_rule(&open, GroupRule::all(Direction::Ingress, block("0.0.0.0/0"))).unwrap();
    setting.world.set_security_groups(&setting.interface, &[closed, open]).unwrap();
    assert!(gets_in(&setting, "198.51.100.1", 443));
}

// Facts: 8-acls
#[test]
fn the_lowest_entry_of_an_acl_that_matches_decides_and_answers_are_no_exception() {
    let mut setting = open_setting();
    let acl = setting.world.add_network_acl(&setting.network.vpc);
    setting.world.associate_network_acl(&acl, &setting.network.subnets[0]).unwrap();
    let everywhere = "0.0.0.0/0".parse().unwrap();
    let entries = [
        (100, AclEntry::deny("198.51.100.0/24".parse().unwrap())),
        (200, AclEntry::allow(everywhere).of_protocol(6).on_ports(443, 443)),
        (300, AclEntry::deny(everywhere)),
        (400, AclEntry::allow(everywhere)),
    ];
    for (number, entry) in entries {
        setting.world.set_acl_entry(&acl, Direction::Ingress, number, entry).unwrap();
    }
    assert!(gets_in(&setting, "203.0.113.1", 443));
    assert!(!gets_in(&setting, "203.0.113.1", 444) && !gets_in(&setting, "198.51.100.1", 443));
    let answer = tcp(&setting, "203.0.113.1", 40_000, true);
    assert_eq!(setting.world.mirrored(&answer), Err(NotMirrored::NetworkAcl));
}

#[test]
fn groups_and_acls_that_are_not_there_are_refused() {
    let Setting { mut world, network, interface, .. } = setting();
    let code = |refused: Result<(), ApiError>| refused.unwrap_err().code;
    assert_eq!(code(world.set_security_groups(&interface, &["sg-0".into()])), "InvalidGroup.NotFound");
    let acl = world.add_network_acl(&network.vpc);
    assert_eq!(code(world.associate_network_acl(&acl, &"subnet-0".into())), "InvalidSubnetID.NotFound");
    assert_eq!(code(world.associate_network_acl(&"acl-0".into(), &network.subnets[0])), "InvalidNetworkAclID.NotFound");
}
