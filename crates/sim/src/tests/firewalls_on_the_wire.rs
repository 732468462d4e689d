//! Takes security groups, network ACLs and prefix lists; gives sentences about what clients of EC2 read of them. Never asks what gets past
//! them.

use super::on_the_wire::{ask, code, inside};
use super::security_groups::{authorize, block, grouped, rules, wish};
use super::shapes::below;
use super::*;

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
