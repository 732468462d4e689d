//! Takes sessions, rules and targets that stand; gives a sentence for each field that can be changed or removed. Never makes one anew.

use mirror_core::inventory::{PortRange, Rule};

use super::*;

/// A session to a load balancer, of which nothing is left out.
fn whole_session() -> (Setting, MirrorSession) {
    let mut setting = setting();
    let arn = setting.world.add_network_load_balancer("sensor");
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(target_for(Resource::NetworkLoadBalancer(arn)))).id;
    let description = Some("d".into());
    let wish = CreateTrafficMirrorSession { packet_length: Some(100), vni: Some(7), description, ..setting.session(1) };
    let made = call!(setting.world, CreateTrafficMirrorSession(wish));
    (setting, made)
}

/// Makes a change, of which nothing but this may be seen.
fn changes(setting: &mut Setting, change: ModifyTrafficMirrorSession, expected: MirrorSession) {
    let now = call!(setting.world, ModifyTrafficMirrorSession(change));
    assert_eq!(now, expected);
    assert_eq!(setting.sessions(), [expected]);
}

// Facts: 1.4-target-changes
#[test]
fn a_session_gets_another_target_and_nothing_else_changes() {
    let (mut setting, made) = whole_session();
    let endpoint = Resource::GatewayLoadBalancerEndpoint(setting.world.add_gateway_load_balancer_endpoint());
    let target = call!(setting.world, CreateTrafficMirrorTarget(target_for(endpoint))).id;
    let change = ModifyTrafficMirrorSession { target: Some(target.clone()), ..no_session_change(&made) };
    changes(&mut setting, change, MirrorSession { target, ..made });
}

// Facts: 1.4-filter-changes
#[test]
fn a_session_gets_another_filter_and_nothing_else_changes() {
    let (mut setting, made) = whole_session();
    let filter = call!(setting.world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let change = ModifyTrafficMirrorSession { filter: Some(filter.clone()), ..no_session_change(&made) };
    changes(&mut setting, change, MirrorSession { filter, ..made });
}

// Facts: 1.4-number-changes
#[test]
fn a_session_gets_another_number_and_nothing_else_changes() {
    let (mut setting, made) = whole_session();
    let change = ModifyTrafficMirrorSession { number: Some(32766), ..no_session_change(&made) };
    changes(&mut setting, change, MirrorSession { number: 32766, ..made });
}

// Facts: 1.4-length-changes
#[test]
fn a_session_gets_another_packet_length_and_nothing_else_changes() {
    let (mut setting, made) = whole_session();
    let change = ModifyTrafficMirrorSession { packet_length: Some(35), ..no_session_change(&made) };
    changes(&mut setting, change, MirrorSession { packet_length: Some(35), ..made });
}

// Facts: 1.4-vni-changes
#[test]
fn a_session_gets_another_network_identifier_and_nothing_else_changes() {
    let (mut setting, made) = whole_session();
    let change = ModifyTrafficMirrorSession { vni: Some(9), ..no_session_change(&made) };
    changes(&mut setting, change, MirrorSession { vni: 9, ..made });
}

// Facts: 1.4-description-changes
#[test]
fn a_session_gets_another_description_and_nothing_else_changes() {
    let (mut setting, made) = whole_session();
    let change = ModifyTrafficMirrorSession { description: Some("e".into()), ..no_session_change(&made) };
    changes(&mut setting, change, MirrorSession { description: Some("e".into()), ..made });
}

// Facts: 4-changes
#[test]
fn a_change_that_names_nothing_changes_nothing() {
    let (mut setting, made) = whole_session();
    changes(&mut setting, no_session_change(&made), made);
}

fn removal(made: &MirrorSession, field: SessionField) -> ModifyTrafficMirrorSession {
    ModifyTrafficMirrorSession { remove: vec![field], ..no_session_change(made) }
}

// Facts: 1.4-removed-length
#[test]
fn a_removed_packet_length_is_that_of_a_load_balancer_or_none() {
    let (mut setting, made) = whole_session();
    let change = removal(&made, SessionField::PacketLength);
    changes(&mut setting, change, MirrorSession { packet_length: Some(8500), ..made });
    let mut setting = super::setting();
    let wish = CreateTrafficMirrorSession { packet_length: Some(100), ..setting.session(1) };
    let made = call!(setting.world, CreateTrafficMirrorSession(wish));
    let change = removal(&made, SessionField::PacketLength);
    changes(&mut setting, change, MirrorSession { packet_length: None, ..made });
}

// Facts: 1.4-removed-vni
#[test]
fn a_removed_network_identifier_is_another_one() {
    let (mut setting, made) = whole_session();
    let now = call!(setting.world, ModifyTrafficMirrorSession(removal(&made, SessionField::VirtualNetworkId)));
    assert_ne!(now.vni, made.vni);
    assert_eq!(now, MirrorSession { vni: now.vni, ..made });
    assert_eq!(setting.sessions(), [now]);
}

// Facts: 1.4-removed-description
#[test]
fn a_removed_description_is_none() {
    let (mut setting, made) = whole_session();
    let change = removal(&made, SessionField::Description);
    changes(&mut setting, change, MirrorSession { description: None, ..made });
}

// Facts: 1.4-tags-later
#[test]
fn a_session_is_tagged_and_untagged_later() {
    let (mut setting, made) = whole_session();
    let resources = vec![made.id.to_string()];
    let tags = CreateTags { resources: resources.clone(), tags: tags_of([("a", "1"), ("b", "2")]) };
    setting.world.call(Request::CreateTags(tags)).unwrap();
    assert_eq!(setting.sessions()[0].tags, tags_of([("a", "1"), ("b", "2")]));
    let tags = DeleteTags { resources, tags: vec![("a".into(), None)] };
    setting.world.call(Request::DeleteTags(tags)).unwrap();
    assert_eq!(setting.sessions()[0].tags, tags_of([("b", "2")]));
}

/// A rule of which nothing is left out, in a filter that a session uses.
fn whole_rule() -> (Setting, MirrorRule) {
    let mut setting = setting();
    let mut wish = rule(&setting.filter, 1);
    (wish.rule.protocol, wish.description) = (Some(6), Some("d".into()));
    wish.rule.source_ports = Some(Ports { from: 1, to: 2 });
    wish.rule.destination_ports = Some(Ports { from: 3, to: 4 });
    let made = call!(setting.world, CreateTrafficMirrorFilterRule(wish));
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    (setting, made)
}

// Facts: 1.3-rules-of-a-filter-in-use
#[test]
fn each_field_of_a_rule_can_be_changed_while_a_session_uses_its_filter() {
    let (mut setting, made) = whole_rule();
    let change = ModifyTrafficMirrorFilterRule {
        direction: Some(Direction::Egress),
        number: Some(32766),
        action: Some(RuleAction::Reject),
        protocol: Some(17),
        source: Some("2001:db8::/32".parse().unwrap()),
        destination: Some("::/0".parse().unwrap()),
        source_ports: Some(Ports { from: 5, to: 5 }),
        destination_ports: Some(Ports { from: 0, to: 65_535 }),
        description: Some("e".into()),
        ..no_rule_change(&made)
    };
    let rule = Rule {
        action: RuleAction::Reject,
        direction: Direction::Egress,
        number: 32766,
        protocol: Some(17),
        source: "2001:db8::/32".parse().unwrap(),
        destination: "::/0".parse().unwrap(),
        source_ports: Some(PortRange { from: 5, to: 5 }),
        destination_ports: Some(PortRange { from: 0, to: 65_535 }),
    };
    let expected = MirrorRule { rule, description: Some("e".into()), ..made };
    assert_eq!(call!(setting.world, ModifyTrafficMirrorFilterRule(change)), expected);
    let filter = call!(setting.world, DescribeTrafficMirrorFilters(Describe::all())).items.remove(0);
    assert_eq!(filter.rules.into_values().collect::<Vec<_>>(), [expected]);
}

// Facts: 1.3-rules-of-a-filter-in-use
#[test]
fn a_session_follows_the_rules_of_its_filter_at_once() {
    let (mut setting, made) = whole_rule();
    let flow = Flow {
        protocol: 6,
        source: "198.51.100.7".parse().unwrap(),
        destination: "10.0.0.4".parse().unwrap(),
        source_port: Some(2),
        destination_port: Some(3),
    };
    let packet = Packet {
        interface: setting.interface.clone(),
        direction: Direction::Ingress,
        content: Content::Ip(flow),
        length: 60,
        answers: false,
    };
    assert!(setting.world.mirrored(&packet).is_ok());
    let change = ModifyTrafficMirrorFilterRule { protocol: Some(17), ..no_rule_change(&made) };
    call!(setting.world, ModifyTrafficMirrorFilterRule(change));
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::NotAccepted));
    call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 2)));
    assert!(setting.world.mirrored(&packet).is_ok());
}

// Facts: 4-removed-fields-of-a-rule
#[test]
fn each_field_that_can_be_removed_is_removed_by_itself() {
    for field in [RuleField::DestinationPortRange, RuleField::SourcePortRange, RuleField::Description] {
        let (mut setting, made) = whole_rule();
        let change = ModifyTrafficMirrorFilterRule { remove: vec![field], ..no_rule_change(&made) };
        let now = call!(setting.world, ModifyTrafficMirrorFilterRule(change));
        let mut expected = made;
        match field {
            RuleField::DestinationPortRange => expected.rule.destination_ports = None,
            RuleField::SourcePortRange => expected.rule.source_ports = None,
            RuleField::Description => expected.description = None,
            RuleField::Protocol => {}
        }
        assert_eq!(now, expected);
    }
}

// Facts: 4-removed-protocol, 1.3-ports-of-tcp-and-udp
#[test]
fn a_protocol_is_removed_with_its_ports_and_not_without() {
    let (mut setting, made) = whole_rule();
    let alone = ModifyTrafficMirrorFilterRule { remove: vec![RuleField::Protocol], ..no_rule_change(&made) };
    assert_eq!(refused!(setting.world, ModifyTrafficMirrorFilterRule(alone)), "InvalidParameterValue");
    let remove = vec![RuleField::Protocol, RuleField::SourcePortRange, RuleField::DestinationPortRange];
    let together = ModifyTrafficMirrorFilterRule { remove, ..no_rule_change(&made) };
    let now = call!(setting.world, ModifyTrafficMirrorFilterRule(together));
    assert_eq!((now.rule.protocol, now.rule.source_ports, now.rule.destination_ports), (None, None, None));
}

// Facts: 1.3-services-after-creation
#[test]
fn a_new_filter_has_no_network_service_until_one_is_added() {
    let Setting { mut world, filter, .. } = setting();
    let stands = |world: &mut World| {
        call!(world, DescribeTrafficMirrorFilters(Describe::only([filter.clone()]))).items.remove(0).services
    };
    assert_eq!(stands(&mut world), [].into());
    let wish = ModifyTrafficMirrorFilterNetworkServices {
        filter: filter.clone(),
        add: ["amazon-dns".into()].into(),
        remove: [].into(),
    };
    call!(world, ModifyTrafficMirrorFilterNetworkServices(wish));
    assert_eq!(stands(&mut world), ["amazon-dns".into()].into());
}
