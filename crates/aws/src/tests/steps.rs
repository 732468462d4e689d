//! What each step sends, and what it leaves.

use std::collections::BTreeMap;

use mirror_core::cloud::{Class, ClientToken, Cloud, Outcome, PacketLength, SessionChange, Step};
use mirror_core::inventory::{Direction, PortRange, Resource, Rule, RuleAction, Tags};

use super::wire::{answered, form};

/// Takes the step, and gives what it left beside the parameters that it sent.
async fn take(step: Step, inside: &str) -> (Outcome, BTreeMap<String, String>) {
    let (sdk, wire) = answered(step.action(), inside).await;
    let outcome = sdk.apply(&step).await.unwrap();
    (outcome, wire.parameters())
}

fn token() -> ClientToken {
    ClientToken("0123abcd".into())
}

fn tags() -> Tags {
    form(&[("vpc-mirror/key", "sta"), ("vpc-mirror/owner", "prod")])
}

/// What says on the wire that an object of this type is made with our tags.
fn with_tags(resource: &'static str, pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let tags = [
        ("ClientToken", "0123abcd"),
        ("TagSpecification.1.ResourceType", resource),
        ("TagSpecification.1.Tag.1.Key", "vpc-mirror/key"),
        ("TagSpecification.1.Tag.1.Value", "sta"),
        ("TagSpecification.1.Tag.2.Key", "vpc-mirror/owner"),
        ("TagSpecification.1.Tag.2.Value", "prod"),
    ];
    form(&[&tags, pairs].concat())
}

const TAG_SET: &str = "<tagSet><item><key>vpc-mirror/key</key><value>sta</value></item>\
                       <item><key>vpc-mirror/owner</key><value>prod</value></item></tagSet>";

#[tokio::test]
async fn a_filter_is_made_with_its_tags() {
    let (outcome, parameters) = take(
        Step::CreateFilter { token: token(), tags: tags() },
        &format!(
            "<trafficMirrorFilter><trafficMirrorFilterId>tmf-1</trafficMirrorFilterId><ingressFilterRuleSet/>\
             <egressFilterRuleSet/><networkServiceSet/>{TAG_SET}</trafficMirrorFilter><clientToken>0123abcd</clientToken>"
        ),
    )
    .await;
    assert_eq!(outcome, Outcome::Filter("tmf-1".into()));
    assert_eq!(parameters, with_tags("traffic-mirror-filter", &[("Action", "CreateTrafficMirrorFilter")]));
}

#[tokio::test]
async fn a_rule_says_all_that_it_says() {
    let rule = Rule {
        action: RuleAction::Accept,
        direction: Direction::Ingress,
        number: 10,
        protocol: Some(17),
        source: "0.0.0.0/0".parse().unwrap(),
        destination: "10.1.0.0/16".parse().unwrap(),
        source_ports: Some(PortRange { from: 53, to: 53 }),
        destination_ports: Some(PortRange { from: 1024, to: 65535 }),
    };
    let (outcome, parameters) = take(
        Step::CreateRule { token: token(), filter: "tmf-1".into(), rule },
        "<trafficMirrorFilterRule><trafficMirrorFilterRuleId>tmfr-1</trafficMirrorFilterRuleId>\
         <trafficMirrorFilterId>tmf-1</trafficMirrorFilterId><trafficDirection>ingress</trafficDirection>\
         <ruleNumber>10</ruleNumber><ruleAction>accept</ruleAction><protocol>17</protocol>\
         <sourcePortRange><fromPort>53</fromPort><toPort>53</toPort></sourcePortRange>\
         <destinationPortRange><fromPort>1024</fromPort><toPort>65535</toPort></destinationPortRange>\
         <sourceCidrBlock>0.0.0.0/0</sourceCidrBlock><destinationCidrBlock>10.1.0.0/16</destinationCidrBlock>\
         </trafficMirrorFilterRule>",
    )
    .await;
    assert_eq!(outcome, Outcome::Rule("tmfr-1".into()));
    let sent = form(&[
        ("Action", "CreateTrafficMirrorFilterRule"),
        ("ClientToken", "0123abcd"),
        ("TrafficMirrorFilterId", "tmf-1"),
        ("TrafficDirection", "ingress"),
        ("RuleNumber", "10"),
        ("RuleAction", "accept"),
        ("Protocol", "17"),
        ("SourceCidrBlock", "0.0.0.0/0"),
        ("DestinationCidrBlock", "10.1.0.0/16"),
        ("SourcePortRange.FromPort", "53"),
        ("SourcePortRange.ToPort", "53"),
        ("DestinationPortRange.FromPort", "1024"),
        ("DestinationPortRange.ToPort", "65535"),
    ]);
    assert_eq!(parameters, sent);
}

#[tokio::test]
async fn a_rule_for_every_protocol_names_none() {
    let rule = Rule {
        action: RuleAction::Reject,
        direction: Direction::Egress,
        number: 1,
        protocol: None,
        source: "::/0".parse().unwrap(),
        destination: "2001:db8::/32".parse().unwrap(),
        source_ports: None,
        destination_ports: None,
    };
    let (outcome, parameters) = take(
        Step::CreateRule { token: token(), filter: "tmf-1".into(), rule },
        "<trafficMirrorFilterRule><trafficMirrorFilterRuleId>tmfr-2</trafficMirrorFilterRuleId>\
         <trafficDirection>egress</trafficDirection><ruleNumber>1</ruleNumber><ruleAction>reject</ruleAction>\
         <sourceCidrBlock>::/0</sourceCidrBlock><destinationCidrBlock>2001:db8::/32</destinationCidrBlock>\
         </trafficMirrorFilterRule>",
    )
    .await;
    assert_eq!(outcome, Outcome::Rule("tmfr-2".into()));
    let sent = form(&[
        ("Action", "CreateTrafficMirrorFilterRule"),
        ("ClientToken", "0123abcd"),
        ("TrafficMirrorFilterId", "tmf-1"),
        ("TrafficDirection", "egress"),
        ("RuleNumber", "1"),
        ("RuleAction", "reject"),
        ("SourceCidrBlock", "::/0"),
        ("DestinationCidrBlock", "2001:db8::/32"),
    ]);
    assert_eq!(parameters, sent);
}

#[tokio::test]
async fn services_are_added_and_none_removed() {
    let (outcome, parameters) = take(
        Step::AddServices { filter: "tmf-1".into(), services: ["amazon-dns".into()].into() },
        "<trafficMirrorFilter><trafficMirrorFilterId>tmf-1</trafficMirrorFilterId>\
         <networkServiceSet><item>amazon-dns</item></networkServiceSet></trafficMirrorFilter>",
    )
    .await;
    assert_eq!(outcome, Outcome::Done);
    let sent = form(&[
        ("Action", "ModifyTrafficMirrorFilterNetworkServices"),
        ("TrafficMirrorFilterId", "tmf-1"),
        ("AddNetworkService.1", "amazon-dns"),
    ]);
    assert_eq!(parameters, sent);
}

#[tokio::test]
async fn a_target_is_made_for_one_resource() {
    let resources = [
        (Resource::NetworkInterface("eni-9".into()), "NetworkInterfaceId", "networkInterfaceId", "eni-9"),
        (Resource::NetworkLoadBalancer("arn:x".into()), "NetworkLoadBalancerArn", "networkLoadBalancerArn", "arn:x"),
        (
            Resource::GatewayLoadBalancerEndpoint("vpce-9".into()),
            "GatewayLoadBalancerEndpointId",
            "gatewayLoadBalancerEndpointId",
            "vpce-9",
        ),
    ];
    for (resource, parameter, element, id) in resources {
        let (outcome, parameters) = take(
            Step::CreateTarget { token: token(), resource, tags: tags() },
            &format!(
                "<trafficMirrorTarget><trafficMirrorTargetId>tmt-1</trafficMirrorTargetId><{element}>{id}</{element}>\
                 <ownerId>111122223333</ownerId>{TAG_SET}</trafficMirrorTarget>"
            ),
        )
        .await;
        assert_eq!(outcome, Outcome::Target("tmt-1".into()));
        let sent = [("Action", "CreateTrafficMirrorTarget"), (parameter, id)];
        assert_eq!(parameters, with_tags("traffic-mirror-target", &sent));
    }
}

const SESSION: &str = "<trafficMirrorSession><trafficMirrorSessionId>tms-1</trafficMirrorSessionId>\
    <trafficMirrorTargetId>tmt-1</trafficMirrorTargetId><trafficMirrorFilterId>tmf-1</trafficMirrorFilterId>\
    <networkInterfaceId>eni-0a</networkInterfaceId><ownerId>111122223333</ownerId><packetLength>8500</packetLength>\
    <sessionNumber>100</sessionNumber><virtualNetworkId>4242</virtualNetworkId></trafficMirrorSession>";

fn create_session(vni: u32) -> Step {
    Step::CreateSession {
        token: token(),
        interface: "eni-0a".into(),
        target: "tmt-1".into(),
        filter: "tmf-1".into(),
        number: 100,
        packet_length: Some(128),
        vni,
        tags: tags(),
    }
}

#[tokio::test]
async fn a_session_is_made_with_its_tags() {
    let (outcome, parameters) = take(create_session(4242), SESSION).await;
    assert_eq!(outcome, Outcome::Session("tms-1".into()));
    let sent = [
        ("Action", "CreateTrafficMirrorSession"),
        ("NetworkInterfaceId", "eni-0a"),
        ("TrafficMirrorTargetId", "tmt-1"),
        ("TrafficMirrorFilterId", "tmf-1"),
        ("SessionNumber", "100"),
        ("PacketLength", "128"),
        ("VirtualNetworkId", "4242"),
    ];
    assert_eq!(parameters, with_tags("traffic-mirror-session", &sent));
}

#[tokio::test]
async fn a_vni_that_the_api_cannot_say_is_not_sent() {
    let (sdk, wire) = answered("CreateTrafficMirrorSession", SESSION).await;
    let error = sdk.apply(&create_session(u32::MAX)).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Bug, "UnsendableRequest"));
    assert_eq!(wire.count(), 0);
}

#[tokio::test]
async fn a_change_of_a_session_names_only_what_changes() {
    let changes = [
        (SessionChange { target: Some("tmt-2".into()), ..Default::default() }, ("TrafficMirrorTargetId", "tmt-2")),
        (SessionChange { filter: Some("tmf-2".into()), ..Default::default() }, ("TrafficMirrorFilterId", "tmf-2")),
        (SessionChange { number: Some(300), ..Default::default() }, ("SessionNumber", "300")),
        (
            SessionChange { packet_length: Some(PacketLength::Bytes(128)), ..Default::default() },
            ("PacketLength", "128"),
        ),
        (
            SessionChange { packet_length: Some(PacketLength::Whole), ..Default::default() },
            ("RemoveField.1", "packet-length"),
        ),
        (SessionChange { vni: Some(7), ..Default::default() }, ("VirtualNetworkId", "7")),
    ];
    for (change, sent) in changes {
        let (outcome, parameters) = take(Step::ModifySession { session: "tms-1".into(), change }, SESSION).await;
        assert_eq!(outcome, Outcome::Done);
        let action = ("Action", "ModifyTrafficMirrorSession");
        assert_eq!(parameters, form(&[action, ("TrafficMirrorSessionId", "tms-1"), sent]));
    }
}

#[tokio::test]
async fn a_removal_names_what_is_removed() {
    let removals = [
        (Step::DeleteSession { session: "tms-1".into() }, "TrafficMirrorSessionId", "tms-1"),
        (Step::DeleteRule { filter: "tmf-1".into(), rule: "tmfr-1".into() }, "TrafficMirrorFilterRuleId", "tmfr-1"),
        (Step::DeleteFilter { filter: "tmf-1".into() }, "TrafficMirrorFilterId", "tmf-1"),
        (Step::DeleteTarget { target: "tmt-1".into() }, "TrafficMirrorTargetId", "tmt-1"),
    ];
    for (step, parameter, id) in removals {
        let action = step.action();
        let (outcome, parameters) = take(step, "").await;
        assert_eq!(outcome, Outcome::Done);
        assert_eq!(parameters, form(&[("Action", action), (parameter, id)]));
    }
}

#[tokio::test]
async fn a_session_is_taken_over_by_its_tags_alone() {
    let (outcome, parameters) =
        take(Step::TagSession { session: "tms-1".into(), tags: tags() }, "<return>true</return>").await;
    assert_eq!(outcome, Outcome::Done);
    let sent = [
        ("Action", "CreateTags"),
        ("ResourceId.1", "tms-1"),
        ("Tag.1.Key", "vpc-mirror/key"),
        ("Tag.1.Value", "sta"),
        ("Tag.2.Key", "vpc-mirror/owner"),
        ("Tag.2.Value", "prod"),
    ];
    assert_eq!(parameters, form(&sent));
}

#[tokio::test]
async fn a_create_that_does_not_say_what_it_made_is_unreadable() {
    let step = Step::CreateFilter { token: token(), tags: tags() };
    let (sdk, _) = answered(step.action(), "").await;
    let error = sdk.apply(&step).await.unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (Class::Bug, "UnreadableAnswer"));
    assert!(error.message.contains("`trafficMirrorFilterId`"), "{error}");
}
