//! Takes answers of the traffic mirror actions; gives sentences about the elements in them: all that there are, and no others. Never
//! asks what is refused.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::http::Reply;
use super::on_the_wire::{ask, inside};
use super::*;

/// The names of the elements right below the first element of this name.
pub(super) fn below(reply: &Reply, name: &str) -> Vec<String> {
    let mut reader = Reader::from_str(&reply.body);
    let (mut path, mut names, mut depth) = (Vec::new(), Vec::new(), None);
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                let tag: String = tag.name().as_ref().to_owned();
                if depth == Some(path.len()) {
                    names.push(tag.clone());
                }
                path.push(tag);
                if depth.is_none() && path.last().is_some_and(|last| last == name) {
                    depth = Some(path.len());
                }
            }
            Event::End(_) if depth == Some(path.len()) => return names,
            Event::End(_) => drop(path.pop()),
            Event::Eof => panic!("no {name} in {}", reply.body),
            _ => {}
        }
    }
}

/// A world with one filter, one rule, one target and one session, of which nothing is left out.
struct Everything {
    world: World,
    session: MirrorSession,
    rule: MirrorRule,
}

fn everything() -> Everything {
    let mut setting = setting();
    let (description, tags) = (Some("d".to_owned()), tags_of([("k", "v")]));
    let filter = CreateTrafficMirrorFilter { description: description.clone(), tags: tags.clone(), token: None };
    setting.filter = call!(setting.world, CreateTrafficMirrorFilter(filter)).id;
    let mut wish = rule(&setting.filter, 1);
    (wish.rule.protocol, wish.description, wish.tags) = (Some(6), description.clone(), tags.clone());
    wish.rule.source_ports = Some(Ports { from: 1, to: 2 });
    wish.rule.destination_ports = Some(Ports { from: 3, to: 4 });
    let rule = call!(setting.world, CreateTrafficMirrorFilterRule(wish));
    let endpoint = Resource::GatewayLoadBalancerEndpoint(setting.world.add_gateway_load_balancer_endpoint());
    let target = target_for(endpoint);
    let target = CreateTrafficMirrorTarget { description: description.clone(), tags: tags.clone(), ..target };
    setting.target = call!(setting.world, CreateTrafficMirrorTarget(target)).id;
    let wish = CreateTrafficMirrorSession { packet_length: Some(100), description, tags, ..setting.session(1) };
    let session = call!(setting.world, CreateTrafficMirrorSession(wish));
    Everything { world: setting.world, session, rule }
}

// Facts: 4-session-elements, 4-no-state, 4-sets
#[test]
fn a_session_has_these_elements_and_no_state() {
    let Everything { mut world, .. } = everything();
    let reply = ask(&mut world, "Action=DescribeTrafficMirrorSessions");
    assert_eq!(below(&reply, "trafficMirrorSessionSet"), ["item"]);
    let elements = [
        "trafficMirrorSessionId",
        "trafficMirrorTargetId",
        "trafficMirrorFilterId",
        "networkInterfaceId",
        "ownerId",
        "packetLength",
        "sessionNumber",
        "virtualNetworkId",
        "description",
        "tagSet",
    ];
    assert_eq!(below(&reply, "item"), elements);
    assert_eq!(inside(&reply, "ownerId"), "123456789012");
    assert_eq!(inside(&reply, "tagSet"), "<item><key>k</key><value>v</value></item>");
}

// Facts: 4-target-elements, 4-target-types, 1.2-endpoint-target, 4-sets
#[test]
fn a_target_has_the_element_of_its_resource_and_says_its_type() {
    let Setting { mut world, network, .. } = setting();
    let interface = call!(world, CreateNetworkInterface(loose_interface(&network))).id;
    let load_balancer = world.add_network_load_balancer("sensor");
    let endpoint = world.add_gateway_load_balancer_endpoint();
    assert!(endpoint.as_str().starts_with("vpce-"));
    for (resource, element, kind) in [
        (Resource::NetworkInterface(interface), "networkInterfaceId", "network-interface"),
        (Resource::NetworkLoadBalancer(load_balancer), "networkLoadBalancerArn", "network-load-balancer"),
        (
            Resource::GatewayLoadBalancerEndpoint(endpoint),
            "gatewayLoadBalancerEndpointId",
            "gateway-load-balancer-endpoint",
        ),
    ] {
        let id = resource.id().to_string();
        let wish = CreateTrafficMirrorTarget { description: Some("d".into()), ..target_for(resource) };
        let target = call!(world, CreateTrafficMirrorTarget(wish)).id;
        let reply = ask(&mut world, &format!("Action=DescribeTrafficMirrorTargets&TrafficMirrorTargetId.1={target}"));
        assert_eq!(below(&reply, "trafficMirrorTargetSet"), ["item"]);
        let elements = ["trafficMirrorTargetId", element, "type", "description", "ownerId", "tagSet"];
        assert_eq!(below(&reply, "item"), elements);
        assert_eq!((inside(&reply, element), inside(&reply, "type")), (id.as_str(), kind));
    }
}

// Facts: 4-filter-elements, 4-no-owner, 4-rules-inline, 4-sets
#[test]
fn a_filter_has_these_elements_and_no_owner() {
    let Everything { mut world, rule, .. } = everything();
    let filter = &rule.filter;
    ask(
        &mut world,
        &format!(
            "Action=ModifyTrafficMirrorFilterNetworkServices&TrafficMirrorFilterId={filter}\
             &AddNetworkService.1=amazon-dns"
        ),
    );
    let reply = ask(&mut world, &format!("Action=DescribeTrafficMirrorFilters&TrafficMirrorFilterId.1={filter}"));
    assert_eq!(below(&reply, "trafficMirrorFilterSet"), ["item"]);
    let elements = [
        "trafficMirrorFilterId",
        "ingressFilterRuleSet",
        "egressFilterRuleSet",
        "networkServiceSet",
        "description",
        "tagSet",
    ];
    assert_eq!(below(&reply, "item"), elements);
    assert_eq!(below(&reply, "ingressFilterRuleSet"), ["item"]);
    assert_eq!(inside(&reply, "egressFilterRuleSet"), "");
    assert_eq!(inside(&reply, "networkServiceSet"), "<item>amazon-dns</item>");
}

/// The elements of a rule, but for its tags.
const OF_A_RULE: [&str; 11] = [
    "trafficMirrorFilterRuleId",
    "trafficMirrorFilterId",
    "trafficDirection",
    "ruleNumber",
    "ruleAction",
    "protocol",
    "destinationPortRange",
    "sourcePortRange",
    "destinationCidrBlock",
    "sourceCidrBlock",
    "description",
];

// Facts: 4-rule-elements, 4-sets
#[test]
fn a_rule_has_these_elements() {
    let Everything { mut world, rule, .. } = everything();
    let rule = format!("Action=DescribeTrafficMirrorFilterRules&TrafficMirrorFilterRuleId.1={}", rule.id);
    let reply = ask(&mut world, &rule);
    assert_eq!(below(&reply, "trafficMirrorFilterRuleSet"), ["item"]);
    assert_eq!(below(&reply, "item"), [&OF_A_RULE[..], &["tagSet"]].concat());
    assert_eq!(inside(&reply, "destinationPortRange"), "<fromPort>3</fromPort><toPort>4</toPort>");
    assert_eq!(inside(&reply, "sourcePortRange"), "<fromPort>1</fromPort><toPort>2</toPort>");
}

// Facts: 4-modified-rule, 4-changes
#[test]
fn a_changed_rule_is_answered_without_its_tags() {
    let Everything { mut world, rule, .. } = everything();
    let change = format!("Action=ModifyTrafficMirrorFilterRule&TrafficMirrorFilterRuleId={}&RuleNumber=9", rule.id);
    let reply = ask(&mut world, &change);
    assert_eq!(below(&reply, "ModifyTrafficMirrorFilterRuleResponse"), ["requestId", "trafficMirrorFilterRule"]);
    assert_eq!(below(&reply, "trafficMirrorFilterRule"), OF_A_RULE);
}

// Facts: 4-changes
#[test]
fn a_change_answers_with_the_whole_object() {
    let Everything { mut world, session, .. } = everything();
    let change = format!("Action=ModifyTrafficMirrorSession&TrafficMirrorSessionId={}&SessionNumber=9", session.id);
    let reply = ask(&mut world, &change);
    assert_eq!(below(&reply, "ModifyTrafficMirrorSessionResponse"), ["requestId", "trafficMirrorSession"]);
    assert_eq!(below(&reply, "trafficMirrorSession").len(), 10);
    let add = "Action=ModifyTrafficMirrorFilterNetworkServices&AddNetworkService.1=amazon-dns";
    let reply = ask(&mut world, &format!("{add}&TrafficMirrorFilterId={}", session.filter));
    let root = below(&reply, "ModifyTrafficMirrorFilterNetworkServicesResponse");
    assert_eq!(root, ["requestId", "trafficMirrorFilter"]);
    assert_eq!(below(&reply, "trafficMirrorFilter").len(), 6);
}

// Facts: 4-creations, 4-ids, 4-absent
#[test]
fn a_creation_answers_with_the_object_and_the_token() {
    let Setting { mut world, interface, .. } = setting();
    let balancer = world.add_network_load_balancer("sensor");
    let mut made = |action: &str, parameters: &str, object: &str, prefix: &str| {
        let reply = ask(&mut world, &format!("Action={action}&ClientToken=t{parameters}"));
        assert_eq!(below(&reply, &format!("{action}Response")), ["requestId", object, "clientToken"]);
        assert!(!below(&reply, object).contains(&"description".into()), "what is absent has no element");
        let id = inside(&reply, &format!("{object}Id")).to_owned();
        assert!(id.starts_with(prefix) && id.len() == prefix.len() + 17, "{id}");
        id
    };
    let filter = made("CreateTrafficMirrorFilter", "", "trafficMirrorFilter", "tmf-");
    let rule = format!(
        "&TrafficMirrorFilterId={filter}&TrafficDirection=ingress&RuleNumber=1&RuleAction=accept\
         &DestinationCidrBlock=0.0.0.0/0&SourceCidrBlock=0.0.0.0/0"
    );
    made("CreateTrafficMirrorFilterRule", &rule, "trafficMirrorFilterRule", "tmfr-");
    let balancer = format!("&NetworkLoadBalancerArn={balancer}");
    let target = made("CreateTrafficMirrorTarget", &balancer, "trafficMirrorTarget", "tmt-");
    let ends = format!("&NetworkInterfaceId={interface}&TrafficMirrorTargetId={target}&TrafficMirrorFilterId={filter}");
    made("CreateTrafficMirrorSession", &format!("{ends}&SessionNumber=1"), "trafficMirrorSession", "tms-");
}

// Facts: 4-deletions
#[test]
fn a_deletion_answers_with_the_id_alone() {
    let Everything { mut world, session, rule } = everything();
    for (kind, id) in [
        ("Session", session.id.as_str()),
        ("Target", session.target.as_str()),
        ("FilterRule", rule.id.as_str()),
        ("Filter", session.filter.as_str()),
    ] {
        let reply = ask(&mut world, &format!("Action=DeleteTrafficMirror{kind}&TrafficMirror{kind}Id={id}"));
        let element = format!("trafficMirror{kind}Id");
        assert_eq!(below(&reply, &format!("DeleteTrafficMirror{kind}Response")), ["requestId", element.as_str()]);
        assert_eq!(inside(&reply, &element), id);
    }
}

// Facts: 1.1-hypervisor-says-nothing
#[test]
fn every_instance_says_that_its_hypervisor_is_xen() {
    let mut world = empty_world();
    network(&mut world);
    for kind in ["m4.large", "m5.large", "m5.metal", "t2.micro"] {
        let id = running(&mut world, instance().of_type(kind));
        let reply = ask(&mut world, &format!("Action=DescribeInstances&InstanceId.1={id}"));
        assert_eq!(inside(&reply, "hypervisor"), "xen", "{kind}");
    }
}

// Facts: 8-interface-itself, 8-interface-statuses
#[test]
fn an_interface_describes_itself_with_its_tags_and_who_manages_it() {
    let Setting { mut world, network, interface, .. } = setting();
    let wish = CreateNetworkInterface { tags: tags_of([("k", "v")]), ..loose_interface(&network) };
    let loose = call!(world, CreateNetworkInterface(wish)).id;
    let managed = world.add_requester_managed_interface(&network.subnets[0], "network_load_balancer").unwrap();
    for (id, status, managed, tags) in [
        (loose, "available", "false", "<item><key>k</key><value>v</value></item>"),
        (interface, "in-use", "false", ""),
        (managed, "in-use", "true", ""),
    ] {
        let reply = ask(&mut world, &format!("Action=DescribeNetworkInterfaces&NetworkInterfaceId.1={id}"));
        assert_eq!((inside(&reply, "status"), inside(&reply, "requesterManaged")), (status, managed));
        assert_eq!(inside(&reply, "tagSet"), tags);
    }
}
