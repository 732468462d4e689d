//! What each query asks, and what its page holds.

use std::collections::BTreeMap;

use mirror_core::cloud::{Cloud, Items, Page, Query};
use mirror_core::inventory::{
    Attachment, Direction, Filter, Instance, InstanceState, Kind, NetworkInterface, Platform, PortRange, Resource,
    Rule, RuleAction, Session, Target,
};

use super::wire::{Answer, answered, form, sdk};

/// Asks, and gives the page beside the parameters that asked for it.
async fn ask(query: Query, inside: &str) -> (Page, BTreeMap<String, String>) {
    let (sdk, wire) = answered(query.action(), inside).await;
    let page = sdk.read(&query).await.unwrap();
    (page, wire.parameters())
}

fn first(kind: Kind) -> Query {
    Query::List(kind, None)
}

#[tokio::test]
async fn the_caller_is_who_sts_says() {
    let body = r#"<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>arn:aws:sts::111122223333:assumed-role/vpc-mirror/1</Arn><UserId>AROA:1</UserId><Account>111122223333</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>"#;
    let (sdk, wire) = sdk(Answer::Http(200, body.into())).await;
    let page = sdk.read(&Query::Identity).await.unwrap();
    assert_eq!(page, Page { items: Items::Identity("111122223333".into()), next: None });
    assert_eq!(wire.parameters(), form(&[("Action", "GetCallerIdentity")]));
}

#[tokio::test]
async fn instances_are_read_whoever_manages_and_reserved_them() {
    let (page, parameters) = ask(
        first(Kind::Instances),
        r#"<reservationSet>
  <item><reservationId>r-1</reservationId><ownerId>111122223333</ownerId><instancesSet>
    <item>
      <instanceId>i-0a</instanceId><instanceState><code>16</code><name>running</name></instanceState>
      <platform>windows</platform><instanceType>m5.large</instanceType>
      <tagSet><item><key>mirror</key><value>crown-jewel</value></item><item><key>empty</key><value/></item></tagSet>
    </item>
    <item>
      <instanceId>i-0b</instanceId><instanceState><code>32</code><name>shutting-down</name></instanceState>
      <instanceType>u-99tb1.112xlarge</instanceType>
    </item>
  </instancesSet></item>
  <item><ownerId>111122223333</ownerId><instancesSet>
    <item><instanceId>i-0c</instanceId><instanceState><code>80</code><name>stopped</name></instanceState>
      <instanceType>t2.micro</instanceType><tagSet/></item>
  </instancesSet></item>
</reservationSet>
<nextToken>eyJ2IjoiMiJ9</nextToken>"#,
    )
    .await;
    let tags = form(&[("empty", ""), ("mirror", "crown-jewel")]);
    let instance = |id: &str, instance_type: &str, platform, state, tags| {
        let (id, instance_type) = (id.into(), instance_type.into());
        Instance { id, owner: "111122223333".into(), instance_type, platform, state, tags }
    };
    let instances = vec![
        instance("i-0a", "m5.large", Platform::Windows, InstanceState::Running, tags),
        instance("i-0b", "u-99tb1.112xlarge", Platform::Linux, InstanceState::ShuttingDown, form(&[])),
        instance("i-0c", "t2.micro", Platform::Linux, InstanceState::Stopped, form(&[])),
    ];
    assert_eq!(page, Page { items: Items::Instances(instances), next: Some("eyJ2IjoiMiJ9".into()) });
    let action = ("Action", "DescribeInstances");
    assert_eq!(parameters, form(&[action, ("IncludeManagedResources", "true"), ("MaxResults", "1000")]));
}

#[tokio::test]
async fn an_interface_keeps_what_decides_whether_it_can_be_mirrored() {
    let (page, parameters) = ask(
        first(Kind::Interfaces),
        r#"<networkInterfaceSet>
  <item>
    <networkInterfaceId>eni-0a</networkInterfaceId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>
    <availabilityZone>eu-west-1b</availabilityZone><ownerId>111122223333</ownerId><requesterManaged>false</requesterManaged>
    <status>in-use</status><interfaceType>interface</interfaceType>
    <groupSet><item><groupId>sg-2</groupId><groupName>b</groupName></item><item><groupId>sg-1</groupId></item></groupSet>
    <attachment>
      <attachmentId>eni-attach-1</attachmentId><instanceId>i-0a</instanceId><instanceOwnerId>111122223333</instanceOwnerId>
      <deviceIndex>1</deviceIndex><status>attached</status>
    </attachment>
    <privateIpAddressesSet>
      <item><privateIpAddress>10.0.0.4</privateIpAddress><primary>true</primary></item>
      <item><privateIpAddress>10.0.0.9</privateIpAddress><primary>false</primary></item>
    </privateIpAddressesSet>
    <ipv4PrefixSet><item><ipv4Prefix>10.0.0.16/28</ipv4Prefix></item></ipv4PrefixSet>
    <ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address></item></ipv6AddressesSet>
    <tagSet><item><key>mirror</key><value>off</value></item></tagSet>
  </item>
</networkInterfaceSet>"#,
    )
    .await;
    let interface = NetworkInterface {
        id: "eni-0a".into(),
        vpc: "vpc-1".into(),
        subnet: "subnet-1".into(),
        zone: "eu-west-1b".into(),
        interface_type: "interface".into(),
        requester_managed: false,
        attachment: Some(Attachment {
            id: "eni-attach-1".into(),
            instance: Some("i-0a".into()),
            device_index: 1,
            attached: true,
        }),
        security_groups: ["sg-1", "sg-2"].map(Into::into).into(),
        addresses: ["10.0.0.4/32", "10.0.0.9/32", "10.0.0.16/28", "2001:db8::1/128"]
            .map(|it| it.parse().unwrap())
            .into(),
        ipv6: true,
        tags: form(&[("mirror", "off")]),
    };
    assert_eq!(page, Page { items: Items::Interfaces(vec![interface]), next: None });
    let action = ("Action", "DescribeNetworkInterfaces");
    assert_eq!(parameters, form(&[action, ("IncludeManagedResources", "true"), ("MaxResults", "1000")]));
}

#[tokio::test]
async fn a_type_of_interface_that_nobody_knew_survives() {
    let (page, _) = ask(
        first(Kind::Interfaces),
        r#"<networkInterfaceSet>
  <item>
    <networkInterfaceId>eni-0b</networkInterfaceId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><availabilityZone>eu-west-1a</availabilityZone>
    <requesterManaged>true</requesterManaged><interfaceType>quantum_gateway</interfaceType>
    <attachment><attachmentId>ela-attach-1</attachmentId><status>detaching</status></attachment>
    <ipv6PrefixSet><item><ipv6Prefix>2001:db8::/80</ipv6Prefix></item></ipv6PrefixSet>
  </item>
</networkInterfaceSet>"#,
    )
    .await;
    let Items::Interfaces(interfaces) = page.items else { panic!("not interfaces") };
    let [interface] = &interfaces[..] else { panic!("not one") };
    assert_eq!(interface.interface_type, "quantum_gateway");
    assert!(interface.requester_managed);
    assert!(interface.ipv6, "a prefix is as good as an address");
    let attachment = Attachment { id: "ela-attach-1".into(), instance: None, device_index: 0, attached: false };
    assert_eq!(interface.attachment, Some(attachment));
}

#[tokio::test]
async fn each_kind_of_target_is_known_by_its_resource() {
    let (page, parameters) = ask(
        first(Kind::Targets),
        r#"<trafficMirrorTargetSet>
  <item><trafficMirrorTargetId>tmt-1</trafficMirrorTargetId><networkInterfaceId>eni-9</networkInterfaceId>
    <type>network-interface</type><ownerId>111122223333</ownerId></item>
  <item><trafficMirrorTargetId>tmt-2</trafficMirrorTargetId><networkInterfaceId/>
    <networkLoadBalancerArn>arn:aws:elasticloadbalancing:x</networkLoadBalancerArn>
    <type>network-load-balancer</type><ownerId>111122223333</ownerId></item>
  <item><trafficMirrorTargetId>traf-mir-target-3</trafficMirrorTargetId>
    <gatewayLoadBalancerEndpointId>vpce-9</gatewayLoadBalancerEndpointId>
    <type>gateway-load-balancer-endpoint</type><ownerId>444455556666</ownerId>
    <tagSet><item><key>shared</key><value>yes</value></item></tagSet></item>
</trafficMirrorTargetSet>
<nextToken></nextToken>"#,
    )
    .await;
    let target = |id: &str, owner: &str, resource, tags: &[(&str, &str)]| Target {
        id: id.into(),
        owner: owner.into(),
        resource,
        tags: form(tags),
    };
    let balancer = Resource::NetworkLoadBalancer("arn:aws:elasticloadbalancing:x".into());
    let endpoint = Resource::GatewayLoadBalancerEndpoint("vpce-9".into());
    let targets = vec![
        target("tmt-1", "111122223333", Resource::NetworkInterface("eni-9".into()), &[]),
        target("tmt-2", "111122223333", balancer, &[]),
        target("traf-mir-target-3", "444455556666", endpoint, &[("shared", "yes")]),
    ];
    assert_eq!(page, Page { items: Items::Targets(targets), next: None }, "an empty token is none");
    assert_eq!(parameters, form(&[("Action", "DescribeTrafficMirrorTargets"), ("MaxResults", "1000")]));
}

#[tokio::test]
async fn a_filter_comes_with_the_rules_of_both_directions() {
    let (page, parameters) = ask(
        first(Kind::Filters),
        r#"<trafficMirrorFilterSet>
  <item>
    <trafficMirrorFilterId>tmf-1</trafficMirrorFilterId>
    <ingressFilterRuleSet><item>
      <trafficMirrorFilterRuleId>tmfr-1</trafficMirrorFilterRuleId><trafficMirrorFilterId>tmf-1</trafficMirrorFilterId>
      <trafficDirection>ingress</trafficDirection><ruleNumber>100</ruleNumber><ruleAction>reject</ruleAction>
      <protocol>6</protocol><sourceCidrBlock>10.0.0.0/8</sourceCidrBlock><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock>
      <sourcePortRange><fromPort>1024</fromPort><toPort>65535</toPort></sourcePortRange>
      <destinationPortRange><fromPort>443</fromPort><toPort>443</toPort></destinationPortRange>
    </item></ingressFilterRuleSet>
    <egressFilterRuleSet><item>
      <trafficMirrorFilterRuleId>tmfr-2</trafficMirrorFilterRuleId><trafficMirrorFilterId>tmf-1</trafficMirrorFilterId>
      <trafficDirection>egress</trafficDirection><ruleNumber>1</ruleNumber><ruleAction>accept</ruleAction>
      <protocol>-1</protocol><sourceCidrBlock>::/0</sourceCidrBlock><destinationCidrBlock>::/0</destinationCidrBlock>
    </item></egressFilterRuleSet>
    <networkServiceSet><item>amazon-dns</item></networkServiceSet>
  </item>
</trafficMirrorFilterSet>"#,
    )
    .await;
    let reject = Rule {
        action: RuleAction::Reject,
        direction: Direction::Ingress,
        number: 100,
        protocol: Some(6),
        source: "10.0.0.0/8".parse().unwrap(),
        destination: "0.0.0.0/0".parse().unwrap(),
        source_ports: Some(PortRange { from: 1024, to: 65535 }),
        destination_ports: Some(PortRange { from: 443, to: 443 }),
    };
    let accept = Rule {
        action: RuleAction::Accept,
        direction: Direction::Egress,
        number: 1,
        protocol: None,
        source: "::/0".parse().unwrap(),
        destination: "::/0".parse().unwrap(),
        source_ports: None,
        destination_ports: None,
    };
    let filter = Filter {
        id: "tmf-1".into(),
        rules: [("tmfr-1".into(), reject), ("tmfr-2".into(), accept)].into(),
        services: ["amazon-dns".into()].into(),
        tags: form(&[]),
    };
    assert_eq!(page, Page { items: Items::Filters(vec![filter]), next: None });
    assert_eq!(parameters, form(&[("Action", "DescribeTrafficMirrorFilters"), ("MaxResults", "1000")]));
}

#[tokio::test]
async fn a_session_is_read_whoever_owns_it() {
    let (page, parameters) = ask(
        first(Kind::Sessions),
        r#"<trafficMirrorSessionSet>
  <item>
    <trafficMirrorSessionId>tms-1</trafficMirrorSessionId><trafficMirrorTargetId>tmt-1</trafficMirrorTargetId>
    <trafficMirrorFilterId>tmf-1</trafficMirrorFilterId><networkInterfaceId>eni-0a</networkInterfaceId>
    <ownerId>111122223333</ownerId><packetLength>128</packetLength><sessionNumber>32766</sessionNumber>
    <virtualNetworkId>16777215</virtualNetworkId><description/>
    <tagSet><item><key>owner</key><value>prod</value></item></tagSet>
  </item>
  <item>
    <trafficMirrorSessionId>tms-2</trafficMirrorSessionId><trafficMirrorTargetId>tmt-1</trafficMirrorTargetId>
    <trafficMirrorFilterId>tmf-1</trafficMirrorFilterId><networkInterfaceId>eni-0b</networkInterfaceId>
    <ownerId>444455556666</ownerId><sessionNumber>1</sessionNumber>
  </item>
</trafficMirrorSessionSet>"#,
    )
    .await;
    let ours = Session {
        id: "tms-1".into(),
        owner: "111122223333".into(),
        interface: "eni-0a".into(),
        target: "tmt-1".into(),
        filter: "tmf-1".into(),
        number: 32766,
        packet_length: Some(128),
        vni: Some(16_777_215),
        tags: form(&[("owner", "prod")]),
    };
    let theirs = Session {
        id: "tms-2".into(),
        owner: "444455556666".into(),
        interface: "eni-0b".into(),
        number: 1,
        packet_length: None,
        vni: None,
        tags: form(&[]),
        ..ours.clone()
    };
    assert_eq!(page, Page { items: Items::Sessions(vec![ours, theirs]), next: None });
    assert_eq!(parameters, form(&[("Action", "DescribeTrafficMirrorSessions"), ("MaxResults", "1000")]));
}

/// The lists that EC2 does not have.
const OF_OTHERS: [Kind; 3] = [Kind::Tagged, Kind::Directory, Kind::LoadBalancers];

#[tokio::test]
async fn every_list_leads_on_by_its_token() {
    for kind in Kind::ALL.into_iter().filter(|kind| !OF_OTHERS.contains(kind)) {
        let (page, parameters) = ask(Query::List(kind, Some("here".into())), "<nextToken>there</nextToken>").await;
        assert_eq!(page.next.as_deref(), Some("there"), "{kind}");
        assert!(parameters["NextToken"] == "here", "{kind}");
    }
}

#[tokio::test]
async fn an_empty_list_is_a_page_without_items() {
    for kind in Kind::ALL.into_iter().filter(|kind| !OF_OTHERS.contains(kind)) {
        let (page, _) = ask(first(kind), "").await;
        assert_eq!(page.next, None, "{kind}");
    }
}
