//! What EC2 is asked about subnets and rules of security groups, what its pages hold, and what spoils them.

use std::collections::BTreeMap;

use mirror_core::cloud::{Class, Cloud, Items, Page, Query};
use mirror_core::inventory::{Direction, GroupPeer, GroupRule, Kind, PortRange, Subnet};

use super::wire::{answered, form, refusal, sdk};

/// Asks for the page after `here`, and gives it beside the parameters that asked for it.
async fn ask(kind: Kind, inside: &str) -> (Page, BTreeMap<String, String>) {
    let query = Query::List(kind, Some("here".into()));
    let (sdk, wire) = answered(query.action(), inside).await;
    let page = sdk.read(&query).await.unwrap();
    (page, wire.parameters())
}

/// The rules of a page that holds these.
async fn rules(items: &[String]) -> Vec<GroupRule> {
    let inside = format!("<securityGroupRuleSet>{}</securityGroupRuleSet>", items.concat());
    let Items::GroupRules(rules) = ask(Kind::GroupRules, &inside).await.0.items else { panic!("not rules") };
    rules
}

/// The page of `kind` that holds these in `set` cannot be read, and says `why`.
async fn refused(kind: Kind, set: &str, items: &[&str], why: &str) {
    let query = Query::List(kind, None);
    let (sdk, _) = answered(query.action(), &format!("<{set}>{}</{set}>", items.concat())).await;
    let error = sdk.read(&query).await.unwrap_err();
    assert_eq!((error.action.as_str(), error.code.as_str()), (query.action(), "UnreadableAnswer"), "{error}");
    assert_eq!(error.class, Class::Bug);
    assert!(error.message.starts_with(why), "{error}");
}

const SUBNET: &str = "<item><subnetId>subnet-0a</subnetId><vpcId>vpc-1</vpcId><cidrBlock>10.0.1.0/24</cidrBlock>\
    <ipv6CidrBlockAssociationSet><item><ipv6CidrBlock>2001:db8::/64</ipv6CidrBlock></item></ipv6CidrBlockAssociationSet></item>";

/// The page that holds a whole subnet and then `spoiled` cannot be read, and says `why`.
async fn refused_subnet(spoiled: &str, why: &str) {
    refused(Kind::Subnets, "subnetSet", &[SUBNET, spoiled], why).await;
}

const RULE: &str = "<item><securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress>\
    <ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>80</toPort><cidrIpv4>10.0.0.0/8</cidrIpv4></item>";

/// The page that holds a whole rule and then `spoiled` cannot be read, and says `why`.
async fn refused_rule(spoiled: &str, why: &str) {
    refused(Kind::GroupRules, "securityGroupRuleSet", &[RULE, spoiled], why).await;
}

fn networks<const N: usize>(vpc: &str, networks: [&str; N]) -> Subnet {
    Subnet { vpc: vpc.into(), networks: networks.map(|it| it.parse().unwrap()).into() }
}

#[tokio::test]
async fn a_subnet_has_its_networks_of_both_ip_versions_or_of_ipv6_alone() {
    let (page, parameters) = ask(
        Kind::Subnets,
        r#"<subnetSet>
  <item>
    <subnetId>subnet-0a</subnetId><subnetArn>arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-0a</subnetArn>
    <state>available</state><ownerId>111122223333</ownerId><vpcId>vpc-1</vpcId><cidrBlock>10.0.1.0/24</cidrBlock>
    <ipv6CidrBlockAssociationSet>
      <item><ipv6CidrBlock>2001:db8:0:2::/64</ipv6CidrBlock><associationId>subnet-cidr-assoc-2</associationId>
        <ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState></item>
      <item><ipv6CidrBlock>2001:db8:0:1::/64</ipv6CidrBlock><associationId>subnet-cidr-assoc-1</associationId>
        <ipv6CidrBlockState><state>associating</state></ipv6CidrBlockState></item>
    </ipv6CidrBlockAssociationSet>
    <availableIpAddressCount>250</availableIpAddressCount><availabilityZone>eu-west-1a</availabilityZone>
    <availabilityZoneId>euw1-az1</availabilityZoneId><defaultForAz>false</defaultForAz><ipv6Native>false</ipv6Native>
    <tagSet><item><key>mirror</key><value>off</value></item></tagSet>
  </item>
  <item>
    <subnetId>subnet-0b</subnetId><state>available</state><ownerId>444455556666</ownerId><vpcId>vpc-2</vpcId>
    <cidrBlock>10.1.0.0/20</cidrBlock><ipv6CidrBlockAssociationSet/>
  </item>
  <item>
    <subnetId>subnet-0c</subnetId><state>available</state><ownerId>111122223333</ownerId><vpcId>vpc-1</vpcId>
    <ipv6CidrBlockAssociationSet><item><ipv6CidrBlock>2001:db8:0:3::/64</ipv6CidrBlock>
      <ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState></item></ipv6CidrBlockAssociationSet>
    <ipv6Native>true</ipv6Native>
  </item>
</subnetSet>
<nextToken>there</nextToken>"#,
    )
    .await;
    let subnets = vec![
        ("subnet-0a".into(), networks("vpc-1", ["10.0.1.0/24", "2001:db8:0:1::/64", "2001:db8:0:2::/64"])),
        ("subnet-0b".into(), networks("vpc-2", ["10.1.0.0/20"])),
        ("subnet-0c".into(), networks("vpc-1", ["2001:db8:0:3::/64"])),
    ];
    assert_eq!(page, Page { items: Items::Subnets(subnets), next: Some("there".into()) });
    assert_eq!(parameters, form(&[("Action", "DescribeSubnets"), ("MaxResults", "1000"), ("NextToken", "here")]));
}

#[tokio::test]
async fn a_block_that_is_no_longer_the_subnets_or_never_was_is_left_out() {
    let block = |state: &str, third: u8| {
        format!(
            "<item><ipv6CidrBlock>2001:db8:0:{third}::/64</ipv6CidrBlock>\
             <ipv6CidrBlockState><state>{state}</state></ipv6CidrBlockState></item>"
        )
    };
    let blocks =
        [block("disassociated", 1), block("failing", 2), block("failed", 3), block("disassociating", 4)].concat();
    let inside = format!(
        "<subnetSet><item><subnetId>subnet-0a</subnetId><vpcId>vpc-1</vpcId><cidrBlock>10.0.1.0/24</cidrBlock>\
         <ipv6CidrBlockAssociationSet>{blocks}</ipv6CidrBlockAssociationSet></item></subnetSet>"
    );
    let (page, _) = ask(Kind::Subnets, &inside).await;
    let subnet = networks("vpc-1", ["10.0.1.0/24", "2001:db8:0:4::/64"]);
    assert_eq!(page, Page { items: Items::Subnets(vec![("subnet-0a".into(), subnet)]), next: None });
}

#[tokio::test]
async fn a_subnet_with_a_network_that_is_none_or_without_an_id_or_a_vpc_spoils_the_page() {
    let ipv4 = SUBNET.replace("10.0.1.0/24", "10.0.1.0/33");
    refused_subnet(&ipv4, "subnet `subnet-0a` has `10.0.1.0/33` as its `cidrBlock`").await;
    let ipv6 = SUBNET.replace("2001:db8::/64", "2001:db8::/129");
    refused_subnet(&ipv6, "subnet `subnet-0a` has `2001:db8::/129` as its `ipv6CidrBlock`").await;
    let id = SUBNET.replace("<subnetId>subnet-0a</subnetId>", "");
    refused_subnet(&id, "a subnet has no `subnetId`").await;
    refused_subnet(&SUBNET.replace("vpc-1", ""), "subnet `subnet-0a` has no `vpcId`").await;
}

#[tokio::test]
async fn a_rule_has_a_network_a_group_or_a_prefix_list_at_its_other_end() {
    let (page, parameters) = ask(
        Kind::GroupRules,
        r#"<securityGroupRuleSet>
  <item>
    <securityGroupRuleId>sgr-1</securityGroupRuleId><groupId>sg-1</groupId><groupOwnerId>111122223333</groupOwnerId>
    <isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>8443</toPort>
    <cidrIpv4>10.0.0.7/8</cidrIpv4><description>from inside</description><tagSet/>
  </item>
  <item>
    <securityGroupRuleId>sgr-2</securityGroupRuleId><groupId>sg-1</groupId><groupOwnerId>111122223333</groupOwnerId>
    <isEgress>true</isEgress><ipProtocol>-1</ipProtocol><fromPort>-1</fromPort><toPort>-1</toPort>
    <cidrIpv6>::/0</cidrIpv6><tagSet/>
  </item>
  <item>
    <securityGroupRuleId>sgr-3</securityGroupRuleId><groupId>sg-1</groupId><groupOwnerId>111122223333</groupOwnerId>
    <isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort>
    <referencedGroupInfo>
      <groupId>sg-9</groupId><userId>444455556666</userId><vpcId>vpc-9</vpcId>
      <vpcPeeringConnectionId>pcx-9</vpcPeeringConnectionId><peeringStatus>active</peeringStatus>
    </referencedGroupInfo>
  </item>
  <item>
    <securityGroupRuleId>sgr-4</securityGroupRuleId><groupId>sg-2</groupId><groupOwnerId>444455556666</groupOwnerId>
    <isEgress>true</isEgress><ipProtocol>udp</ipProtocol><fromPort>123</fromPort><toPort>123</toPort>
    <prefixListId>pl-4</prefixListId>
  </item>
</securityGroupRuleSet>
<nextToken>there</nextToken>"#,
    )
    .await;
    let rule = |group: &str, direction, protocol, ports: Option<(u16, u16)>, peer| {
        let ports = ports.map(|(from, to)| PortRange { from, to });
        GroupRule { group: group.into(), direction, protocol, ports, peer }
    };
    let (inside, everybody) = ("10.0.0.0/8".parse().unwrap(), "::/0".parse().unwrap());
    let rules = vec![
        rule("sg-1", Direction::Ingress, Some(6), Some((443, 8443)), GroupPeer::Network(inside)),
        rule("sg-1", Direction::Egress, None, None, GroupPeer::Network(everybody)),
        rule("sg-1", Direction::Ingress, Some(6), Some((22, 22)), GroupPeer::Group("sg-9".into())),
        rule("sg-2", Direction::Egress, Some(17), Some((123, 123)), GroupPeer::PrefixList("pl-4".into())),
    ];
    assert_eq!(page, Page { items: Items::GroupRules(rules), next: Some("there".into()) });
    let action = ("Action", "DescribeSecurityGroupRules");
    assert_eq!(parameters, form(&[action, ("MaxResults", "1000"), ("NextToken", "here")]));
}

#[tokio::test]
async fn a_protocol_goes_by_its_name_or_its_number_and_minus_one_is_all() {
    let cases = [
        ("tcp", Some(6_u8)),
        ("udp", Some(17)),
        ("icmp", Some(1)),
        ("icmpv6", Some(58)),
        ("6", Some(6)),
        ("58", Some(58)),
        ("50", Some(50)),
        ("255", Some(255)),
        ("0", Some(0)),
        ("-1", None),
    ];
    let read = rules(&cases.map(|(name, _)| RULE.replace("tcp", name))).await;
    assert_eq!(read.into_iter().map(|rule| rule.protocol).collect::<Vec<_>>(), cases.map(|(_, number)| number));
}

#[tokio::test]
async fn only_tcp_and_udp_have_ports_and_minus_one_is_any() {
    let range = |from, to| Some(PortRange { from, to });
    let cases = [
        (("tcp", "22", "80"), range(22, 80)),
        (("6", "0", "65535"), range(0, 65535)),
        (("udp", "53", "53"), range(53, 53)),
        (("17", "53", "53"), range(53, 53)),
        (("tcp", "-1", "-1"), None),
        (("udp", "-1", "-1"), None),
        // A type and a code.
        (("icmp", "8", "0"), None),
        (("icmp", "3", "-1"), None),
        (("icmpv6", "128", "-1"), None),
        (("58", "-1", "-1"), None),
        // Source: botocore `ec2/2016-11-15`, IpPermission: of other protocols all ports pass, whatever the range.
        (("132", "9", "9"), None),
        (("-1", "-1", "-1"), None),
        (("-1", "80", "80"), None),
    ];
    let read = rules(&cases.map(|((protocol, from, to), _)| {
        RULE.replace("tcp", protocol).replace(">22<", &format!(">{from}<")).replace(">80<", &format!(">{to}<"))
    }))
    .await;
    assert_eq!(read.into_iter().map(|rule| rule.ports).collect::<Vec<_>>(), cases.map(|(_, ports)| ports));
}

#[tokio::test]
async fn a_rule_without_ports_is_for_all_of_them() {
    let without = RULE.replace("<fromPort>22</fromPort><toPort>80</toPort>", "");
    let read = rules(&[without.clone(), without.replace("tcp", "icmpv6"), without.replace("tcp", "-1")]).await;
    assert_eq!(read.into_iter().map(|rule| rule.ports).collect::<Vec<_>>(), [None; 3]);
}

#[tokio::test]
async fn a_rule_without_a_peer_or_with_a_network_that_is_none_spoils_the_page() {
    let network = "<cidrIpv4>10.0.0.0/8</cidrIpv4>";
    let none = "security group rule `sgr-1` has no `cidrIpv4, cidrIpv6, referencedGroupInfo or prefixListId`";
    for nothing in ["", "<cidrIpv4/><prefixListId/>", "<referencedGroupInfo/>"] {
        refused_rule(&RULE.replace(network, nothing), none).await;
    }
    let ipv4 = RULE.replace("/8<", "/33<");
    refused_rule(&ipv4, "security group rule `sgr-1` has `10.0.0.0/33` as its `cidrIpv4`").await;
    let ipv6 = RULE.replace(network, "<cidrIpv6>anywhere</cidrIpv6>");
    refused_rule(&ipv6, "security group rule `sgr-1` has `anywhere` as its `cidrIpv6`").await;
}

#[tokio::test]
async fn a_rule_without_an_id_a_group_or_a_direction_spoils_the_page() {
    let id = RULE.replace("<securityGroupRuleId>sgr-1</securityGroupRuleId>", "");
    refused_rule(&id, "a security group rule has no `securityGroupRuleId`").await;
    refused_rule(&RULE.replace("sg-1", ""), "security group rule `sgr-1` has no `groupId`").await;
    let direction = RULE.replace("<isEgress>false</isEgress>", "");
    refused_rule(&direction, "security group rule `sgr-1` has no `isEgress`").await;
}

#[tokio::test]
async fn a_protocol_that_is_none_half_a_range_and_a_port_out_of_range_spoil_the_page() {
    refused_rule(&RULE.replace("tcp", ""), "security group rule `sgr-1` has no `ipProtocol`").await;
    for odd in ["pigeon", "256", "-2"] {
        let why = format!("security group rule `sgr-1` has `{odd}` as its `ipProtocol`");
        refused_rule(&RULE.replace("tcp", odd), &why).await;
    }
    let (from, to) = ("<fromPort>22</fromPort>", "<toPort>80</toPort>");
    refused_rule(&RULE.replace(from, ""), "security group rule `sgr-1` has no `fromPort`").await;
    refused_rule(&RULE.replace(to, ""), "security group rule `sgr-1` has no `toPort`").await;
    let low = RULE.replace(">22<", ">-2<");
    refused_rule(&low, "security group rule `sgr-1` has `-2` as its `fromPort`").await;
    let high = RULE.replace(">80<", ">65536<");
    refused_rule(&high, "security group rule `sgr-1` has `65536` as its `toPort`").await;
}

#[tokio::test]
async fn a_denial_says_to_grant_the_permission_by_the_name_that_iam_has_for_it() {
    for kind in [Kind::Subnets, Kind::GroupRules] {
        let query = Query::List(kind, None);
        let (sdk, wire) = sdk(refusal(403, "UnauthorizedOperation", "no")).await;
        let error = sdk.read(&query).await.unwrap_err();
        let expected = format!("grant ec2:{}: no", query.action());
        assert_eq!((error.message, error.class, wire.count()), (expected, Class::Denied, 1));
    }
}
