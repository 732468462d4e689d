//! Takes filters and rules; gives sentences about which AWS accepts. Never mirrors a packet.

use mirror_core::inventory::PortRange;

use super::*;

/// A rule that differs from one that would be accepted.
fn changed(filter: &FilterId, change: impl FnOnce(&mut RuleWish)) -> CreateTrafficMirrorFilterRule {
    let mut wish = rule(filter, 1);
    change(&mut wish.rule);
    wish
}

fn seen_filter(world: &mut World, id: &FilterId) -> MirrorFilter {
    call!(world, DescribeTrafficMirrorFilters(Describe::only([id.clone()]))).items.remove(0)
}

// Facts: 4-rules-inline, 3.2-rules-of-a-filter
#[test]
fn a_filter_lists_its_rules_inline() {
    let Setting { mut world, filter, .. } = setting();
    let made = call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 1)));
    assert_eq!(seen_filter(&mut world, &filter).rules.values().collect::<Vec<_>>(), [&made]);
    let alone = DescribeTrafficMirrorFilterRules { filter: Some(filter), rules: Describe::all() };
    assert_eq!(call!(world, DescribeTrafficMirrorFilterRules(alone)).items, [made]);
}

// Facts: 1.3-number-once-in-a-direction, 3.1-rule-exists
#[test]
fn a_rule_number_is_taken_once_in_each_direction() {
    let Setting { mut world, filter, .. } = setting();
    call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 1)));
    let again = rule(&filter, 1);
    assert_eq!(refused!(world, CreateTrafficMirrorFilterRule(again)), "TrafficMirrorFilterRuleAlreadyExists");
    let other_direction = changed(&filter, |rule| rule.direction = Direction::Egress);
    call!(world, CreateTrafficMirrorFilterRule(other_direction));
}

// Facts: 1.3-ten-rules, 3.1-rule-limit
#[test]
fn a_filter_has_ten_rules_at_most_in_both_directions_together() {
    let Setting { mut world, filter, .. } = setting();
    for number in 1..=10 {
        let mut wish = rule(&filter, number);
        wish.rule.direction = if number % 2 == 0 { Direction::Ingress } else { Direction::Egress };
        call!(world, CreateTrafficMirrorFilterRule(wish));
    }
    let one_more = rule(&filter, 11);
    assert_eq!(refused!(world, CreateTrafficMirrorFilterRule(one_more)), "TrafficMirrorFilterRuleLimitExceeded");
}

// Facts: 1.3-one-ip-version
#[test]
fn a_rule_has_addresses_of_one_ip_version() {
    let Setting { mut world, filter, .. } = setting();
    let mixed = changed(&filter, |rule| rule.source = "::/0".parse().unwrap());
    assert_eq!(refused!(world, CreateTrafficMirrorFilterRule(mixed)), "InvalidParameterValue");
}

// Facts: 1.3-ports-of-tcp-and-udp
#[test]
fn only_tcp_and_udp_have_ports() {
    let Setting { mut world, filter, .. } = setting();
    let https = Some(Ports { from: 443, to: 443 });
    for protocol in [None, Some(1)] {
        let wrong = changed(&filter, |rule| (rule.protocol, rule.destination_ports) = (protocol, https));
        assert_eq!(refused!(world, CreateTrafficMirrorFilterRule(wrong)), "InvalidParameterValue");
    }
    let right = changed(&filter, |rule| (rule.protocol, rule.destination_ports) = (Some(6), https));
    let made = call!(world, CreateTrafficMirrorFilterRule(right));
    assert_eq!(made.rule.destination_ports, Some(PortRange { from: 443, to: 443 }));
}

// Facts: 1.3-rule-number-range, 1.3-protocol-number, 3.1-invalid-value
#[test]
fn numbers_out_of_range_are_refused() {
    let Setting { mut world, filter, .. } = setting();
    for wrong in [
        changed(&filter, |rule| rule.number = 0),
        changed(&filter, |rule| rule.number = 32767),
        changed(&filter, |rule| rule.protocol = Some(256)),
        changed(&filter, |rule| (rule.protocol, rule.source_ports) = (Some(6), Some(Ports { from: 0, to: 65536 }))),
        changed(&filter, |rule| (rule.protocol, rule.source_ports) = (Some(6), Some(Ports { from: 2, to: 1 }))),
    ] {
        assert_eq!(refused!(world, CreateTrafficMirrorFilterRule(wrong)), "InvalidParameterValue");
    }
}

// Facts: 1.3-host-bits
#[test]
fn host_bits_are_cut_off_a_cidr_block() {
    let Setting { mut world, filter, .. } = setting();
    let wish = changed(&filter, |rule| rule.source = "10.1.2.3/8".parse().unwrap());
    assert_eq!(call!(world, CreateTrafficMirrorFilterRule(wish)).rule.source, "10.0.0.0/8".parse().unwrap());
}

// Facts: 4-removed-fields-of-a-rule, 4-changes
#[test]
fn a_modified_rule_keeps_what_was_not_named_and_loses_what_was_removed() {
    let Setting { mut world, filter, .. } = setting();
    let mut wish =
        changed(&filter, |rule| (rule.protocol, rule.source_ports) = (Some(17), Some(Ports { from: 53, to: 53 })));
    wish.description = Some("dns".into());
    let made = call!(world, CreateTrafficMirrorFilterRule(wish));
    let change = ModifyTrafficMirrorFilterRule {
        number: Some(9),
        remove: vec![RuleField::SourcePortRange, RuleField::Description],
        ..no_rule_change(&made)
    };
    let now = call!(world, ModifyTrafficMirrorFilterRule(change));
    assert_eq!((now.rule.number, now.rule.protocol, now.rule.source_ports), (9, Some(17), None));
    assert_eq!(now.description, None);
    assert_eq!(seen_filter(&mut world, &filter).rules[&made.id], now);
}

#[test]
fn a_modification_that_would_make_a_wrong_rule_changes_nothing() {
    let Setting { mut world, filter, .. } = setting();
    call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 1)));
    let made = call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 2)));
    let taken = ModifyTrafficMirrorFilterRule { number: Some(1), ..no_rule_change(&made) };
    assert_eq!(refused!(world, ModifyTrafficMirrorFilterRule(taken)), "TrafficMirrorFilterRuleAlreadyExists");
    let mixed = ModifyTrafficMirrorFilterRule { source: Some("::/0".parse().unwrap()), ..no_rule_change(&made) };
    assert_eq!(refused!(world, ModifyTrafficMirrorFilterRule(mixed)), "InvalidParameterValue");
    assert_eq!(seen_filter(&mut world, &filter).rules[&made.id], made);
}

// Facts: 1.3-only-amazon-dns, 1.3-services-are-removed
#[test]
fn the_amazon_resolver_is_the_only_network_service() {
    let Setting { mut world, filter, .. } = setting();
    let services = |add: &str| ModifyTrafficMirrorFilterNetworkServices {
        filter: filter.clone(),
        add: [add.into()].into(),
        remove: [].into(),
    };
    let now = call!(world, ModifyTrafficMirrorFilterNetworkServices(services("amazon-dns")));
    assert_eq!(now.services, ["amazon-dns".into()].into());
    let unknown = services("amazon-ntp");
    assert_eq!(refused!(world, ModifyTrafficMirrorFilterNetworkServices(unknown)), "InvalidParameterValue");
    let removal = ModifyTrafficMirrorFilterNetworkServices {
        filter: filter.clone(),
        add: [].into(),
        remove: ["amazon-dns".into()].into(),
    };
    assert_eq!(call!(world, ModifyTrafficMirrorFilterNetworkServices(removal)).services, [].into());
}

#[test]
fn a_filter_takes_its_rules_with_it() {
    let Setting { mut world, filter, .. } = setting();
    let made = call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 1)));
    call!(world, DeleteTrafficMirrorFilter(filter.clone()));
    assert_eq!(refused!(world, DeleteTrafficMirrorFilterRule(made.id)), "InvalidTrafficMirrorFilterRuleId.NotFound");
    assert_eq!(refused!(world, DeleteTrafficMirrorFilter(filter)), "InvalidTrafficMirrorFilterId.NotFound");
}

// Facts: 3-filter-in-use, 3.1-filter-in-use
#[test]
fn a_filter_that_a_session_uses_cannot_be_deleted() {
    let mut setting = setting();
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    assert_eq!(refused!(setting.world, DeleteTrafficMirrorFilter(setting.filter)), "TrafficMirrorFilterInUse");
}

// Facts: 1.3-rules-of-a-filter-in-use
#[test]
fn a_rule_of_a_filter_in_use_can_be_deleted() {
    let mut setting = setting();
    let made = call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1)));
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    assert_eq!(call!(setting.world, DeleteTrafficMirrorFilterRule(made.id.clone())), made.id);
}
