//! Pages that look well from afar: each names the item and the field that spoil it, and nothing of it is used.

use mirror_core::cloud::{Class, Cloud, CloudError, Query};
use mirror_core::inventory::Kind;

use super::wire::{Answer, answered, sdk, success};

const SESSION: &str = "<item><trafficMirrorSessionId>tms-1</trafficMirrorSessionId>\
    <trafficMirrorTargetId>tmt-1</trafficMirrorTargetId><trafficMirrorFilterId>tmf-1</trafficMirrorFilterId>\
    <networkInterfaceId>eni-0a</networkInterfaceId><ownerId>111122223333</ownerId><sessionNumber>1</sessionNumber>\
    <virtualNetworkId>7</virtualNetworkId></item>";

/// The page of `kind` whose inside is `inside` cannot be read.
async fn refused(kind: Kind, inside: &str) -> CloudError {
    let query = Query::List(kind, None);
    let (sdk, _) = answered(query.action(), inside).await;
    let error = sdk.read(&query).await.unwrap_err();
    assert_eq!((error.action.as_str(), error.code.as_str()), (query.action(), "UnreadableAnswer"));
    assert_eq!(error.class, Class::Bug);
    error
}

/// The page that holds a whole session and then `spoiled` cannot be read, and says `why`.
async fn refused_session(spoiled: &str, why: &str) {
    let inside = format!("<trafficMirrorSessionSet>{SESSION}{spoiled}</trafficMirrorSessionSet>");
    let error = refused(Kind::Sessions, &inside).await;
    assert!(error.message.starts_with(why), "{error}");
}

#[tokio::test]
async fn one_session_without_an_id_or_a_number_spoils_the_page() {
    let id = "<trafficMirrorSessionId>tms-1</trafficMirrorSessionId>";
    refused_session(&SESSION.replace(id, ""), "a mirror session has no `trafficMirrorSessionId`").await;
    let number = "<sessionNumber>1</sessionNumber>";
    refused_session(&SESSION.replace(number, ""), "mirror session `tms-1` has no `sessionNumber`").await;
    let owner = SESSION.replace("111122223333", "");
    refused_session(&owner, "mirror session `tms-1` has no `ownerId`").await;
}

#[tokio::test]
async fn a_number_out_of_range_spoils_the_page() {
    let number = SESSION.replace(">1</sessionNumber>", ">65536</sessionNumber>");
    refused_session(&number, "mirror session `tms-1` has `65536` as its `sessionNumber`").await;
    let vni = SESSION.replace(">7<", ">-7<");
    refused_session(&vni, "mirror session `tms-1` has `-7` as its `virtualNetworkId`").await;
}

#[tokio::test]
async fn a_number_that_is_none_spoils_the_page() {
    let inside = format!("<trafficMirrorSessionSet>{}</trafficMirrorSessionSet>", SESSION.replace(">7<", ">seven<"));
    refused(Kind::Sessions, &inside).await;
}

#[tokio::test]
async fn an_instance_in_a_state_that_nobody_knew_spoils_the_page() {
    let inside = "<reservationSet><item><ownerId>111122223333</ownerId><instancesSet><item><instanceId>i-0a</instanceId>\
        <instanceState><name>dreaming</name></instanceState></item></instancesSet></item></reservationSet>";
    let error = refused(Kind::Instances, inside).await;
    assert!(error.message.starts_with("instance `i-0a` has `dreaming` as its `instanceState`"), "{error}");
}

#[tokio::test]
async fn an_interface_without_a_vpc_spoils_the_page() {
    let inside =
        "<networkInterfaceSet><item><networkInterfaceId>eni-0a</networkInterfaceId></item></networkInterfaceSet>";
    let error = refused(Kind::Interfaces, inside).await;
    assert!(error.message.starts_with("network interface `eni-0a` has no `vpcId`"), "{error}");
}

#[tokio::test]
async fn a_target_for_nothing_or_for_two_things_spoils_the_page() {
    let target = |resources: &str| {
        format!(
            "<trafficMirrorTargetSet><item><trafficMirrorTargetId>tmt-1</trafficMirrorTargetId>\
             <ownerId>111122223333</ownerId>{resources}</item></trafficMirrorTargetSet>"
        )
    };
    let error = refused(Kind::Targets, &target("")).await;
    assert!(error.message.starts_with("mirror target `tmt-1` has no `networkInterfaceId"), "{error}");
    let two = "<networkInterfaceId>eni-9</networkInterfaceId>\
               <gatewayLoadBalancerEndpointId>vpce-9</gatewayLoadBalancerEndpointId>";
    let error = refused(Kind::Targets, &target(two)).await;
    assert!(error.message.starts_with("mirror target `tmt-1` has `vpce-9` as its `second resource`"), "{error}");
}

#[tokio::test]
async fn a_rule_with_half_a_port_range_or_no_cidr_block_spoils_the_page() {
    let filter = |fields: &str| {
        format!(
            "<trafficMirrorFilterSet><item><trafficMirrorFilterId>tmf-1</trafficMirrorFilterId><ingressFilterRuleSet><item>\
             <trafficMirrorFilterRuleId>tmfr-1</trafficMirrorFilterRuleId><ruleAction>accept</ruleAction>\
             <trafficDirection>ingress</trafficDirection><ruleNumber>1</ruleNumber>\
             <sourceCidrBlock>0.0.0.0/0</sourceCidrBlock>{fields}</item></ingressFilterRuleSet></item>\
             </trafficMirrorFilterSet>"
        )
    };
    let half = "<destinationCidrBlock>10.0.0.0/8</destinationCidrBlock>\
                <destinationPortRange><fromPort>80</fromPort></destinationPortRange>";
    let error = refused(Kind::Filters, &filter(half)).await;
    assert!(error.message.starts_with("filter rule `tmfr-1` has no `toPort`"), "{error}");
    let error = refused(Kind::Filters, &filter("<destinationCidrBlock>anywhere</destinationCidrBlock>")).await;
    assert!(error.message.starts_with("filter rule `tmfr-1` has `anywhere` as its `destinationCidrBlock`"), "{error}");
}

#[tokio::test]
async fn a_page_cut_short_never_passes_for_a_shorter_one() {
    let query = Query::List(Kind::Sessions, None);
    let whole = success(
        query.action(),
        &format!("<trafficMirrorSessionSet>{SESSION}{SESSION}</trafficMirrorSessionSet><nextToken>2</nextToken>"),
    );
    for end in [whole.find("</item>").unwrap(), whole.find("<nextToken>").unwrap(), whole.trim_end().len() - 1] {
        let (sdk, _) = sdk(Answer::Http(200, whole[..end].into())).await;
        let error = sdk.read(&query).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug), "{error}");
    }
}

#[tokio::test]
async fn an_answer_of_something_else_is_unreadable() {
    for body in ["", "<html><body>Welcome to the hotel</body></html>", "{\"hello\": 1}"] {
        let (sdk, _) = sdk(Answer::Http(200, body.into())).await;
        let error = sdk.read(&Query::List(Kind::Sessions, None)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.class), ("UnreadableAnswer", Class::Bug), "{error}");
    }
}
