//! Takes security groups, network ACLs and prefix lists, over EC2's API; gives sentences about what is made, listed and refused. Never
//! asks what gets past them.

use super::on_the_wire::{ask, code, inside};
use super::permissions::{DENIED, allow, where_alice_may};
use super::shapes::below;
use super::*;
use crate::api::{Came, Lag, Rates};

/// A world with a group of no rules but the two that let everything out.
fn grouped() -> (World, Network, SecurityGroupId) {
    let mut world = empty_world();
    let network = network(&mut world);
    let group = world.add_security_group(&network.vpc, "web");
    (world, network, group)
}

/// A rule for TCP from here.
fn wish(peer: Peer, from: i32, to: i32) -> GroupRuleWish {
    GroupRuleWish { protocol: Some(6), from: Some(from), to: Some(to), peer, description: None }
}

fn block(block: &str) -> Peer {
    Peer::Block(block.parse().unwrap())
}

fn authorize(group: &SecurityGroupId, rules: impl IntoIterator<Item = GroupRuleWish>) -> AuthorizeSecurityGroup {
    AuthorizeSecurityGroup { group: group.clone(), rules: rules.into_iter().collect(), tags: Tags::new() }
}

fn revoke(group: &SecurityGroupId, ids: &[SecurityGroupRuleId]) -> RevokeSecurityGroup {
    RevokeSecurityGroup { group: group.clone(), rules: Vec::new(), ids: ids.to_vec() }
}

fn rules(world: &mut World, asked: Describe<SecurityGroupRuleId>) -> Vec<SecurityGroupRule> {
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

// Facts: 8-group-rule-elements
#[test]
fn a_rule_has_the_elements_of_its_peer_and_no_others() {
    let (mut world, _, group) = grouped();
    let list = world.add_prefix_list(["192.0.2.0/24".parse().unwrap()]);
    let head = ["securityGroupRuleId", "groupId", "groupOwnerId", "isEgress", "ipProtocol", "fromPort", "toPort"];
    for (peer, element, value) in [
        (block("10.0.0.0/8"), "cidrIpv4", "10.0.0.0/8".to_owned()),
        (block("2001:db8::/32"), "cidrIpv6", "2001:db8::/32".into()),
        (Peer::PrefixList(list.clone()), "prefixListId", list.to_string()),
        (
            Peer::Group(group.clone()),
            "referencedGroupInfo",
            format!("<groupId>{group}</groupId><userId>123456789012</userId>"),
        ),
    ] {
        let made = call!(world, AuthorizeSecurityGroupIngress(authorize(&group, [wish(peer, 80, 443)]))).remove(0);
        let reply = ask(&mut world, &format!("Action=DescribeSecurityGroupRules&SecurityGroupRuleId.1={}", made.id));
        assert_eq!(below(&reply, "item"), [&head[..], &[element, "securityGroupRuleArn", "tagSet"]].concat());
        assert_eq!((inside(&reply, element), inside(&reply, "toPort")), (value.as_str(), "443"));
    }
    let egress = format!("Action=DescribeSecurityGroupRules&Filter.1.Name=group-id&Filter.1.Value.1={group}");
    let all = ask(&mut world, &egress).body;
    let everything = "<isEgress>true</isEgress><ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>";
    assert_eq!(all.matches(everything).count(), 2, "{all}");
}

// Facts: 8-group-permissions
#[test]
fn rules_are_made_and_taken_away_by_permissions_on_the_wire() {
    let (mut world, network, group) = grouped();
    let permission = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443\
                      &IpPermissions.1.IpRanges.1.CidrIp=10.0.0.9%2F8&IpPermissions.1.IpRanges.1.Description=office\
                      &IpPermissions.1.Ipv6Ranges.1.CidrIpv6=%3A%3A%2F0";
    let added = ask(&mut world, &format!("Action=AuthorizeSecurityGroupIngress&GroupId={group}&{permission}"));
    assert_eq!((inside(&added, "return"), inside(&added, "cidrIpv4")), ("true", "10.0.0.0/8"));
    assert_eq!(added.body.matches("<securityGroupRuleId>").count(), 2);
    let described = ask(&mut world, &format!("Action=DescribeSecurityGroups&GroupId.1={group}"));
    assert_eq!(
        inside(&described, "ipPermissions"),
        "<item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort><groups></groups>\
         <ipRanges><item><cidrIp>10.0.0.0/8</cidrIp><description>office</description></item></ipRanges>\
         <ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges><prefixListIds></prefixListIds></item>"
    );
    assert!(!inside(&described, "ipPermissionsEgress").contains("fromPort"));
    assert_eq!((inside(&described, "vpcId"), inside(&described, "groupName")), (network.vpc.as_str(), "web"));
    let gone = ask(&mut world, &format!("Action=RevokeSecurityGroupIngress&GroupId={group}&{permission}"));
    assert_eq!(
        below(&gone, "RevokeSecurityGroupIngressResponse")[1..],
        ["return", "unknownIpPermissionSet", "revokedSecurityGroupRuleSet"]
    );
    assert_eq!(gone.body.matches("<securityGroupRuleId>").count(), 2);
    let alone = "IpProtocol=udp&FromPort=53&ToPort=53&CidrIp=0.0.0.0%2F0";
    assert_eq!(ask(&mut world, &format!("Action=AuthorizeSecurityGroupIngress&GroupId={group}&{alone}")).status, 200);
}

// Facts: 8-group-permissions
#[test]
fn a_permission_that_makes_no_sense_is_refused() {
    let (mut world, _, group) = grouped();
    let before = rules(&mut world, Describe::all());
    let range = "IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%2F0";
    for (wrong, expected) in [
        ("", "MissingParameter"),
        (range, "MissingParameter"),
        ("IpPermissions.1.IpProtocol=-1", "MissingParameter"),
        (&format!("IpPermissions.1.IpProtocol=tcp&{range}"), "InvalidParameterValue"),
        (&format!("IpPermissions.1.IpProtocol=256&{range}"), "InvalidParameterValue"),
        (&format!("IpPermissions.1.IpProtocol=gre&{range}"), "InvalidParameterValue"),
        (&format!("IpPermissions.1.IpProtocol=icmp&{range}"), "InvalidParameterValue"),
        (
            &format!("IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=2&IpPermissions.1.ToPort=1&{range}"),
            "InvalidParameterValue",
        ),
        ("IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=::%2F0", "InvalidParameterValue"),
        (&format!("IpPermissions.1.IpProtocol=-1&IpPermissions.1.Colour=red&{range}"), "UnknownParameter"),
    ] {
        let body = format!("Action=AuthorizeSecurityGroupIngress&GroupId={group}&{wrong}");
        assert_eq!(code(&mut world, &body), expected, "{wrong}");
    }
    assert_eq!(code(&mut world, "Action=RevokeSecurityGroupIngress&GroupId=sg-0"), "MissingParameter");
    assert_eq!(rules(&mut world, Describe::all()), before);
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

// Facts: 8-subnet-blocks
#[test]
fn a_subnet_says_its_blocks() {
    let mut world = empty_world();
    let vpc = world.add_vpc("10.0.0.0/16".parse().unwrap(), Some("2001:db8::/56".parse().unwrap()));
    let block = Some("2001:db8::/64".parse().unwrap());
    world.add_subnet(&vpc, &"eu-west-1a".into(), "10.0.1.0/24".parse().unwrap(), block);
    let reply = ask(&mut world, "Action=DescribeSubnets");
    assert_eq!((inside(&reply, "cidrBlock"), inside(&reply, "ipv6CidrBlock")), ("10.0.1.0/24", "2001:db8::/64"));
}

// Facts: 8-default-acl, 8-acl-elements
#[test]
fn a_subnet_is_before_the_default_acl_until_another_is_put_there() {
    let mut world = empty_world();
    let network = network(&mut world);
    let subnet = &network.subnets[0];
    let before = |world: &mut World| {
        let asked = Describe::all().filtered("association.subnet-id", &subnet.to_string());
        call!(world, DescribeNetworkAcls(asked)).items.remove(0)
    };
    let default = before(&mut world);
    assert!(default.is_default && default.entries.values().all(|entry| entry.allows));
    let other = world.add_network_acl(&network.vpc);
    let ssh = AclEntry::allow("10.0.0.0/8".parse().unwrap()).of_protocol(6).on_ports(22, 22);
    world.set_acl_entry(&other, Direction::Ingress, 100, ssh).unwrap();
    world.associate_network_acl(&other, subnet).unwrap();
    assert_eq!(before(&mut world).id, other);
    let reply = ask(&mut world, &format!("Action=DescribeNetworkAcls&NetworkAclId.1={other}"));
    let entries = inside(&reply, "entrySet");
    let first = "<item><ruleNumber>100</ruleNumber><protocol>6</protocol><ruleAction>allow</ruleAction>\
                 <egress>false</egress><cidrBlock>10.0.0.0/8</cidrBlock><portRange><from>22</from><to>22</to></portRange></item>";
    assert!(entries.starts_with(first), "{entries}");
    assert_eq!(entries.matches("<ruleNumber>32767</ruleNumber><protocol>-1</protocol><ruleAction>deny").count(), 2);
    assert!(inside(&reply, "associationSet").contains(&format!("<subnetId>{subnet}</subnetId>")));
    assert_eq!(inside(&reply, "default"), "false");
    assert_eq!(code(&mut world, "Action=DescribeNetworkAcls&NetworkAclId.1=acl-0"), "InvalidNetworkAclID.NotFound");
}

// Facts: 8-prefix-lists
#[test]
fn a_prefix_list_has_versions_and_its_entries_come_in_pages_of_a_hundred() {
    let mut world = empty_world();
    let blocks = |count: u8| (0..count).map(|number| format!("10.{number}.0.0/16").parse().unwrap());
    let list = world.add_prefix_list(blocks(3));
    let described = ask(&mut world, "Action=DescribeManagedPrefixLists");
    assert_eq!((inside(&described, "addressFamily"), inside(&described, "version")), ("IPv4", "1"));
    let entries = ask(&mut world, &format!("Action=GetManagedPrefixListEntries&PrefixListId={list}"));
    assert_eq!(entries.body.matches("<cidr>10.").count(), 3);
    world.set_prefix_list(&list, blocks(150)).unwrap();
    let asked = |version, page| GetManagedPrefixListEntries { list: list.clone(), version, entries: page };
    assert_eq!(refused!(world, GetManagedPrefixListEntries(asked(Some(1), Describe::all()))), "InvalidParameterValue");
    let first = call!(world, GetManagedPrefixListEntries(asked(Some(2), Describe::page(100, None))));
    let rest = call!(world, GetManagedPrefixListEntries(asked(None, Describe::page(1, first.next))));
    assert_eq!((first.items.len(), rest.items.len(), rest.next.is_some()), (100, 1, true));
    let large = asked(None, Describe::page(101, None));
    assert_eq!(refused!(world, GetManagedPrefixListEntries(large)), "InvalidParameterValue");
    let other = "Action=GetManagedPrefixListEntries&PrefixListId=pl-0";
    assert_eq!(code(&mut world, other), "InvalidPrefixListID.NotFound");
}

#[test]
fn groups_rules_acls_and_prefix_lists_are_tagged_as_everything_else_is() {
    let (mut world, network, group) = grouped();
    let rule = rules(&mut world, Describe::all()).remove(0).id;
    let list = world.add_prefix_list(["192.0.2.0/24".parse().unwrap()]);
    let acl = world.add_network_acl(&network.vpc);
    let resources = vec![group.to_string(), rule.to_string(), list.to_string(), acl.to_string()];
    world.call(Request::CreateTags(CreateTags { resources, tags: tags_of([("k", "v")]) })).unwrap();
    let kinds = ["network-acl", "prefix-list", "security-group", "security-group-rule"];
    let tags = call!(world, DescribeTags(Describe::all())).items;
    assert_eq!(tags.iter().map(|tag| tag.resource_type).collect::<Vec<_>>(), kinds, "in the order of their ids");
    let found = call!(world, GetResources(GetResources::default())).items;
    assert_eq!(found.len(), 4);
    let asked = Describe::all().filtered("tag:k", "v");
    assert_eq!(rules(&mut world, asked).len(), 1);
}
