//! Takes security groups, by EC2's API; gives sentences about what is made of them, listed and refused. Never reads a document.

use super::permissions::{DENIED, allow, where_alice_may};
use super::*;
use crate::api::{Came, Lag, Rates};

/// A world with a group of no rules but the two that let everything out.
pub(super) fn grouped() -> (World, Network, SecurityGroupId) {
    let mut world = empty_world();
    let network = network(&mut world);
    let group = world.add_security_group(&network.vpc, "web");
    (world, network, group)
}

/// A rule for TCP from here.
pub(super) fn wish(peer: Peer, from: i32, to: i32) -> GroupRuleWish {
    GroupRuleWish { protocol: Some(6), from: Some(from), to: Some(to), peer, description: None }
}

pub(super) fn block(block: &str) -> Peer {
    Peer::Block(block.parse().unwrap())
}

pub(super) fn authorize(
    group: &SecurityGroupId,
    rules: impl IntoIterator<Item = GroupRuleWish>,
) -> AuthorizeSecurityGroup {
    AuthorizeSecurityGroup { group: group.clone(), rules: rules.into_iter().collect(), tags: Tags::new() }
}

fn revoke(group: &SecurityGroupId, ids: &[SecurityGroupRuleId]) -> RevokeSecurityGroup {
    RevokeSecurityGroup { group: group.clone(), rules: Vec::new(), ids: ids.to_vec() }
}

pub(super) fn rules(world: &mut World, asked: Describe<SecurityGroupRuleId>) -> Vec<SecurityGroupRule> {
    call!(world, DescribeSecurityGroupRules(asked)).items
}

// Facts: 8-group-changes
#[test]
fn a_rule_is_added_once_found_by_its_group_and_taken_away_by_its_id() {
    let (mut world, network, group) = grouped();
    world.add_security_group(&network.vpc, "other");
    let added = authorize(&group, [wish(block("10.0.0.9/8"), 80, 443)]);
    let made = call!(world, AuthorizeSecurityGroupIngress(added.clone()));
    assert_eq!(refused!(world, AuthorizeSecurityGroupIngress(added)), "InvalidPermission.Duplicate");
    let of_group = Describe::all().filtered("group-id", &group.to_string());
    let found = rules(&mut world, of_group.clone());
    assert_eq!((found.len(), rules(&mut world, Describe::all()).len()), (3, 5));
    let there = found.iter().find(|rule| rule.id == made[0].id).unwrap();
    assert_eq!(there.rule, GroupRule::all(Direction::Ingress, block("10.0.0.0/8")).of_protocol(6).on_ports(80, 443));
    let by_id = revoke(&group, &[made[0].id.clone()]);
    assert_eq!(refused!(world, RevokeSecurityGroupEgress(by_id.clone())), "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(call!(world, RevokeSecurityGroupIngress(by_id.clone())), made);
    assert_eq!(refused!(world, RevokeSecurityGroupIngress(by_id)), "InvalidSecurityGroupRuleId.NotFound");
    assert_eq!(rules(&mut world, of_group).len(), 2);
}

// Facts: 8-group-changes
#[test]
fn a_call_adds_and_takes_away_all_of_its_rules_or_none() {
    let (mut world, _, group) = grouped();
    let (one, other) = (wish(block("10.0.0.0/8"), 80, 80), wish(block("::/0"), 22, 22));
    let before = rules(&mut world, Describe::all());
    let twice = authorize(&group, [one.clone(), one.clone()]);
    assert_eq!(refused!(world, AuthorizeSecurityGroupEgress(twice)), "InvalidPermission.Duplicate");
    assert_eq!(rules(&mut world, Describe::all()), before);
    call!(world, AuthorizeSecurityGroupEgress(authorize(&group, [one.clone()])));
    let both = RevokeSecurityGroup { rules: vec![one.clone(), other], ..revoke(&group, &[]) };
    assert_eq!(refused!(world, RevokeSecurityGroupEgress(both)), "InvalidPermission.NotFound");
    assert_eq!(rules(&mut world, Describe::all()).len(), before.len() + 1);
    let only = RevokeSecurityGroup { rules: vec![one], ..revoke(&group, &[]) };
    assert_eq!(call!(world, RevokeSecurityGroupEgress(only)).len(), 1);
}

// Facts: 8-group-peers
#[test]
fn a_peer_has_to_be_there_and_in_the_same_network() {
    let (mut world, network, group) = grouped();
    let elsewhere = world.add_vpc("10.9.0.0/16".parse().unwrap(), None);
    let foreign = world.add_security_group(&elsewhere, "foreign");
    let list = world.add_prefix_list(["192.0.2.0/24".parse().unwrap()]);
    let near = world.add_security_group(&network.vpc, "near");
    for (peer, code) in [
        (Peer::Group("sg-0".into()), "InvalidGroup.NotFound"),
        (Peer::Group(foreign), "InvalidGroup.NotFound"),
        (Peer::PrefixList("pl-0".into()), "InvalidPrefixListID.NotFound"),
    ] {
        let added = authorize(&group, [wish(peer, 1, 1)]);
        assert_eq!(refused!(world, AuthorizeSecurityGroupIngress(added)), code);
    }
    for peer in [Peer::Group(near), Peer::Group(group.clone()), Peer::PrefixList(list)] {
        call!(world, AuthorizeSecurityGroupIngress(authorize(&group, [wish(peer, 1, 1)])));
    }
}

#[test]
fn a_rule_that_is_added_lets_in_what_it_says_and_no_more_once_it_is_gone() {
    let mut setting = setting();
    call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1)));
    call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    let group = setting.world.add_security_group(&setting.network.vpc, "web");
    setting.world.set_security_groups(&setting.interface, std::slice::from_ref(&group)).unwrap();
    let flow = Flow {
        protocol: 6,
        source: "198.51.100.1".parse().unwrap(),
        destination: "10.0.0.4".parse().unwrap(),
        source_port: Some(40_000),
        destination_port: Some(443),
    };
    let packet = Packet {
        interface: setting.interface.clone(),
        direction: Direction::Ingress,
        content: Content::Ip(flow),
        length: 60,
        answers: false,
    };
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::SecurityGroup));
    let added = authorize(&group, [wish(block("198.51.100.0/24"), 443, 443)]);
    let made = call!(setting.world, AuthorizeSecurityGroupIngress(added));
    assert!(setting.world.mirrored(&packet).is_ok());
    call!(setting.world, RevokeSecurityGroupIngress(revoke(&group, &[made[0].id.clone()])));
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::SecurityGroup));
}

// Facts: 8-group-names, 8-group-in-use
#[test]
fn a_group_has_a_name_of_its_own_and_is_deleted_once_nobody_uses_it() {
    let (mut world, network, group) = grouped();
    let create = |name: &str, vpc: &mirror_core::ids::VpcId| CreateSecurityGroup {
        name: name.into(),
        description: "d".into(),
        vpc: Some(vpc.clone()),
        tags: tags_of([("k", "v")]),
    };
    let vpc = &network.vpc;
    for (wish, code) in [
        (create("web", vpc), "InvalidGroup.Duplicate"),
        (create("default", vpc), "InvalidParameterValue"),
        (create("ü", vpc), "InvalidParameterValue"),
        (create("db", &"vpc-0".into()), "InvalidVpcID.NotFound"),
    ] {
        assert_eq!(refused!(world, CreateSecurityGroup(wish)), code);
    }
    let made = call!(world, CreateSecurityGroup(create("db", vpc)));
    assert!(made.rules.values().all(|rule| rule.rule.direction == Direction::Egress) && made.rules.len() == 2);
    let added = authorize(&group, [wish(Peer::Group(made.id.clone()), 1, 1)]);
    let rule = call!(world, AuthorizeSecurityGroupIngress(added)).remove(0);
    assert_eq!(refused!(world, DeleteSecurityGroup(made.id.clone())), "DependencyViolation");
    call!(world, RevokeSecurityGroupIngress(revoke(&group, &[rule.id])));
    let interface = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    world.set_security_groups(&interface, std::slice::from_ref(&made.id)).unwrap();
    assert_eq!(refused!(world, DeleteSecurityGroup(made.id.clone())), "DependencyViolation");
    world.set_security_groups(&interface, &[group]).unwrap();
    assert_eq!(call!(world, DeleteSecurityGroup(made.id.clone())), made.id);
    assert_eq!(refused!(world, DescribeSecurityGroups(Describe::only([made.id]))), "InvalidGroup.NotFound");
}

// Facts: 8-group-rule-pages
#[test]
fn rules_come_in_pages_of_five_to_a_thousand_each_once() {
    let (mut world, _, group) = grouped();
    let many = (1..=11).map(|port| wish(block("0.0.0.0/0"), port, port));
    call!(world, AuthorizeSecurityGroupIngress(authorize(&group, many)));
    let mut ids = std::collections::BTreeSet::new();
    let (mut token, mut sizes) = (None, Vec::new());
    loop {
        let page = call!(world, DescribeSecurityGroupRules(Describe::page(5, token)));
        sizes.push(page.items.len());
        ids.extend(page.items.into_iter().map(|rule| rule.id));
        token = page.next;
        if token.is_none() {
            break;
        }
    }
    assert_eq!((sizes, ids.len()), (vec![5, 5, 3], 13));
    for size in [4, 1001] {
        assert_eq!(refused!(world, DescribeSecurityGroupRules(Describe::page(size, None))), "InvalidParameterValue");
    }
    let missing = Describe::only([SecurityGroupRuleId::from("sgr-0")]);
    assert_eq!(refused!(world, DescribeSecurityGroupRules(missing)), "InvalidSecurityGroupRuleId.NotFound");
    let unknown = Describe::all().filtered("vpc-id", "x");
    assert_eq!(refused!(world, DescribeSecurityGroupRules(unknown)), "InvalidParameterValue");
}

#[test]
fn another_account_sees_neither_the_groups_nor_their_rules() {
    let (mut world, _, group) = grouped();
    world.acting_for(&"999999999999".into(), |world| {
        assert_eq!(rules(world, Describe::all()), []);
        assert_eq!(call!(world, DescribeSecurityGroups(Describe::all())).items, []);
        let added = authorize(&group, [wish(block("0.0.0.0/0"), 1, 1)]);
        assert_eq!(refused!(world, AuthorizeSecurityGroupIngress(added)), "InvalidGroup.NotFound");
    });
}

fn answered(api: &mut Api, caller: &Caller, request: Request) -> Result<Response, ApiError> {
    match api.call(caller, request).came {
        Came::Whole(result) => result,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_may_not_be_seen_at_once() {
    let (world, _, group) = grouped();
    let mut api = Api::new(world, 1);
    let us = Caller::simulated("123456789012".into());
    api.lag(Some(Lag { names_are_unknown_at_first: false, ..Lag::up_to(SignedDuration::from_secs(60)) }));
    api.advance(api.world().now() + SignedDuration::from_secs(100));
    let added = authorize(&group, [wish(block("0.0.0.0/0"), 1, 1)]);
    answered(&mut api, &us, Request::AuthorizeSecurityGroupIngress(added)).unwrap();
    api.advance(api.world().now() + SignedDuration::from_secs(5));
    let mut seen = |age: i64| {
        api.next_reads_are([SignedDuration::from_secs(age)]);
        match answered(&mut api, &us, Request::DescribeSecurityGroupRules(Describe::all())) {
            Ok(Response::DescribeSecurityGroupRules(page)) => page.items.len(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([seen(10), seen(1)], [2, 3]);
}

// Facts: 6-reads
#[test]
fn firewalls_are_read_a_hundred_times_in_a_row() {
    let (world, ..) = grouped();
    let mut api = Api::new(world, 1);
    api.limit_rates(Some(Rates::documented()));
    let us = Caller::simulated("123456789012".into());
    for request in [
        Request::DescribeSecurityGroups(Describe::all()),
        Request::DescribeSecurityGroupRules(Describe::all()),
        Request::DescribeNetworkAcls(Describe::all()),
        Request::DescribeManagedPrefixLists(Describe::all()),
    ] {
        let passed = (0..200).take_while(|_| answered(&mut api, &us, request.clone()).is_ok()).count();
        assert_eq!(passed, 100, "{}", request.action());
    }
}

// Facts: 10-group-rules
#[test]
fn rules_are_listed_with_a_permission_for_everything_and_changed_with_one_for_their_group() {
    let (world, _, group) = grouped();
    let lists = allow("ec2:DescribeSecurityGroupRules", "*", "");
    let on_group = allow("ec2:AuthorizeSecurityGroupIngress", &format!("arn:aws:ec2:*:*:security-group/{group}"), "");
    let mut api = where_alice_may(world, &[lists, on_group].join(","));
    let permitted = super::permissions::code;
    assert_eq!(permitted(&mut api, Request::DescribeSecurityGroupRules(Describe::all())), "");
    assert_eq!(permitted(&mut api, Request::DescribeSecurityGroups(Describe::all())), DENIED);
    let added = authorize(&group, [wish(block("0.0.0.0/0"), 1, 1)]);
    assert_eq!(permitted(&mut api, Request::AuthorizeSecurityGroupIngress(added.clone())), "");
    assert_eq!(permitted(&mut api, Request::AuthorizeSecurityGroupEgress(added.clone())), DENIED);
    let tagged =
        AuthorizeSecurityGroup { tags: tags_of([("k", "v")]), rules: vec![wish(block("::/0"), 1, 1)], ..added };
    assert_eq!(permitted(&mut api, Request::AuthorizeSecurityGroupIngress(tagged)), DENIED, "its tags need their own");
}
