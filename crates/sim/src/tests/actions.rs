//! Takes all fifteen traffic mirror actions as clients send them; gives sentences that are true of each. Never looks at what is in an
//! answer.

use super::on_the_wire::{ask, code, inside};
use super::*;

/// Each action, what it has to be given, and all that it can be given beside: the model's parameters, in which words in capitals stand
/// for ids. The resource of a target is one of three.
#[rustfmt::skip]
const ACTIONS: [(&str, &[&str], &[&str]); 15] = [
    ("CreateTrafficMirrorFilter", &[], &["Description=d", "TAGS=traffic-mirror-filter", "ClientToken=t"]),
    ("CreateTrafficMirrorFilterRule",
        &["TrafficMirrorFilterId=FILTER", "TrafficDirection=egress", "RuleNumber=1", "RuleAction=reject",
          "DestinationCidrBlock=0.0.0.0/0", "SourceCidrBlock=0.0.0.0/0"],
        &["Protocol=6", "DestinationPortRange.FromPort=1", "DestinationPortRange.ToPort=2", "SourcePortRange.FromPort=1",
          "SourcePortRange.ToPort=2", "Description=d", "TAGS=traffic-mirror-filter-rule", "ClientToken=t"]),
    ("ModifyTrafficMirrorFilterRule", &["TrafficMirrorFilterRuleId=RULE"],
        &["TrafficDirection=egress", "RuleNumber=2", "RuleAction=reject", "DestinationPortRange.FromPort=1",
          "DestinationPortRange.ToPort=2", "SourcePortRange.FromPort=1", "SourcePortRange.ToPort=2", "Protocol=17",
          "DestinationCidrBlock=10.0.0.0/8", "SourceCidrBlock=10.0.0.0/8", "Description=e",
          "RemoveField.1=protocol"]),
    ("ModifyTrafficMirrorFilterNetworkServices", &["TrafficMirrorFilterId=FILTER"],
        &["AddNetworkService.1=amazon-dns", "RemoveNetworkService.1=amazon-dns"]),
    ("DeleteTrafficMirrorFilter", &["TrafficMirrorFilterId=SPARE"], &[]),
    ("DeleteTrafficMirrorFilterRule", &["TrafficMirrorFilterRuleId=RULE"], &[]),
    ("CreateTrafficMirrorTarget", &[],
        &["NetworkLoadBalancerArn=BALANCER", "Description=d", "TAGS=traffic-mirror-target", "ClientToken=t"]),
    ("DeleteTrafficMirrorTarget", &["TrafficMirrorTargetId=UNUSED"], &[]),
    ("CreateTrafficMirrorSession",
        &["NetworkInterfaceId=SOURCE", "TrafficMirrorTargetId=TARGET", "TrafficMirrorFilterId=FILTER", "SessionNumber=2"],
        &["PacketLength=100", "VirtualNetworkId=7", "Description=d", "TAGS=traffic-mirror-session", "ClientToken=t"]),
    ("ModifyTrafficMirrorSession", &["TrafficMirrorSessionId=SESSION"],
        &["TrafficMirrorTargetId=UNUSED", "TrafficMirrorFilterId=SPARE", "PacketLength=100", "SessionNumber=3",
          "VirtualNetworkId=8", "Description=e", "RemoveField.1=packet-length"]),
    ("DeleteTrafficMirrorSession", &["TrafficMirrorSessionId=SESSION"], &[]),
    ("DescribeTrafficMirrorSessions", &[],
        &["Filter.1.Name=session-number", "Filter.1.Value.1=1", "Filter.1.Value.2=2", "MaxResults=5"]),
    ("DescribeTrafficMirrorTargets", &[], &["TrafficMirrorTargetId.1=TARGET", "TrafficMirrorTargetId.2=UNUSED"]),
    ("DescribeTrafficMirrorFilters", &[], &["TrafficMirrorFilterId.1=FILTER", "Filter.1.Name=description", "Filter.1.Value.1=*"]),
    ("DescribeTrafficMirrorFilterRules", &[], &["TrafficMirrorFilterRuleId.1=RULE", "TrafficMirrorFilterId=FILTER"]),
];

/// A world in which every action can be taken, and what the words in capitals stand for there.
fn ready() -> (World, [(&'static str, String); 8]) {
    let mut setting = setting();
    let rule = call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1))).id;
    let session = call!(setting.world, CreateTrafficMirrorSession(setting.session(1))).id;
    let spare = call!(setting.world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let endpoint = Resource::GatewayLoadBalancerEndpoint(setting.world.add_gateway_load_balancer_endpoint());
    let unused = call!(setting.world, CreateTrafficMirrorTarget(target_for(endpoint))).id;
    let balancer = setting.world.add_network_load_balancer("sensor");
    let Setting { world, interface, filter, target, .. } = setting;
    let ids = [
        ("FILTER", filter.to_string()),
        ("RULE", rule.to_string()),
        ("SPARE", spare.to_string()),
        ("TARGET", target.to_string()),
        ("UNUSED", unused.to_string()),
        ("SESSION", session.to_string()),
        ("SOURCE", interface.to_string()),
        ("BALANCER", balancer.to_string()),
    ];
    (world, ids)
}

/// What a client sends.
fn body<'a>(action: &str, parameters: impl IntoIterator<Item = &'a &'a str>, ids: &[(&str, String)]) -> String {
    let filled = |parameter: &&str| match parameter.split_once('=').unwrap() {
        ("TAGS", kind) => format!("&{}", tagged_as(kind)),
        (name, value) => {
            let id = ids.iter().find(|(word, _)| *word == value).map_or(value, |(_, id)| id);
            format!("&{name}={id}")
        }
    };
    let parameters: String = parameters.into_iter().map(filled).collect();
    format!("Action={action}&Version=2016-11-15{parameters}")
}

fn tagged_as(kind: &str) -> String {
    let tag = "TagSpecification.1.Tag.1";
    format!("TagSpecification.1.ResourceType={kind}&{tag}.Key=k&{tag}.Value=v")
}

// Facts: 4-create-filter, 4-create-rule, 4-modify-rule, 4-modify-services, 4-delete-filter, 4-delete-rule, 4-create-target
// Facts: 4-delete-target, 4-create-session, 4-modify-session, 4-delete-session, 4-describes
#[test]
fn every_action_takes_all_that_the_model_gives_it() {
    for (action, required, optional) in ACTIONS {
        let (mut world, ids) = ready();
        let reply = ask(&mut world, &body(action, required.iter().chain(optional), &ids));
        assert_eq!(reply.status, 200, "{action}: {}", reply.body);
    }
}

// Facts: 4-required, 3.1-missing-parameter, 1.3-both-blocks
#[test]
fn whatever_the_model_requires_is_named_when_it_is_missing() {
    for (action, required, _) in ACTIONS {
        for missing in required {
            let (mut world, ids) = ready();
            let reply = ask(&mut world, &body(action, required.iter().filter(|it| *it != missing), &ids));
            let name = missing.split('=').next().unwrap();
            assert_eq!(inside(&reply, "Code"), "MissingParameter", "{action} without {name}");
            assert_eq!(inside(&reply, "Message"), format!("The request must contain the parameter {name}"));
        }
    }
}

// Facts: 3.2-dry-runs, 3.1-dry-run
#[test]
fn a_dry_run_of_any_action_does_nothing() {
    for (action, required, optional) in ACTIONS {
        let (mut world, ids) = ready();
        let stands =
            |world: &World| format!("{:?}", (&world.filters, &world.targets, &world.sessions, &world.answered));
        let before = stands(&world);
        let reply = ask(&mut world, &(body(action, required.iter().chain(optional), &ids) + "&DryRun=true"));
        assert_eq!((reply.status, inside(&reply, "Code")), (412, "DryRunOperation"), "{action}");
        assert_eq!(stands(&world), before, "{action}");
    }
}

// Facts: 3.2-no-token-elsewhere, 3.2-no-tags-elsewhere, 3.1-unknown-parameter
#[test]
fn only_creations_take_tokens_and_tags() {
    for (action, required, _) in ACTIONS.iter().filter(|(action, ..)| !action.starts_with("Create")) {
        for extra in ["ClientToken=t".to_owned(), tagged_as("traffic-mirror-session")] {
            let (mut world, ids) = ready();
            let body = format!("{}&{extra}", body(action, *required, &ids));
            assert_eq!(code(&mut world, &body), "UnknownParameter", "{action} with {extra}");
        }
    }
}

/// The four creations, without the tags that they take.
fn creations() -> impl Iterator<Item = (&'static str, Vec<&'static str>, &'static str)> {
    ACTIONS.iter().filter(|(action, ..)| action.starts_with("Create")).map(|(action, required, optional)| {
        let tags = optional.iter().find_map(|parameter| parameter.strip_prefix("TAGS=")).unwrap();
        let others = optional.iter().filter(|parameter| !parameter.starts_with("TAGS="));
        (*action, required.iter().chain(others).copied().collect(), tags)
    })
}

// Facts: 3.2-tags-of-creations
#[test]
fn a_creation_takes_tags_for_what_it_makes_and_for_nothing_else() {
    for (action, parameters, own) in creations() {
        for (_, _, kind) in creations() {
            let (mut world, ids) = ready();
            let reply = ask(&mut world, &format!("{}&{}", body(action, &parameters, &ids), tagged_as(kind)));
            match kind == own {
                true => assert_eq!(inside(&reply, "tagSet"), "<item><key>k</key><value>v</value></item>", "{action}"),
                false => assert_eq!(inside(&reply, "Code"), "InvalidParameterValue", "{action} for {kind}"),
            }
        }
    }
}

// Facts: 3.2-tokens-of-creations, 3.2-same-token, 3.1-token-mismatch, 4-creations
#[test]
fn each_creation_answers_a_token_with_what_it_made_and_refuses_it_with_other_parameters() {
    for (action, parameters, _) in creations() {
        let (mut world, ids) = ready();
        let same = body(action, &parameters, &ids);
        let [first, again] = [(); 2].map(|()| ask(&mut world, &same));
        assert_eq!(inside(&first, "clientToken"), "t", "{action}");
        let answer = |reply: &super::http::Reply| reply.body.split_once("</requestId>").unwrap().1.to_owned();
        assert_eq!(answer(&again), answer(&first), "{action}");
        let other = same.replace("Description=d", "Description=e");
        assert_eq!(code(&mut world, &other), "IdempotentParameterMismatch", "{action}");
    }
}

// Facts: 3.2-token-case
#[test]
fn tokens_are_told_apart_by_case() {
    let mut world = empty_world();
    for text in ["t", "T"] {
        let wish = CreateTrafficMirrorFilter { token: token(text), ..CreateTrafficMirrorFilter::default() };
        call!(world, CreateTrafficMirrorFilter(wish));
    }
    assert_eq!(call!(world, DescribeTrafficMirrorFilters(Describe::all())).items.len(), 2);
}

// Facts: 1.2-immutable-targets, 3.1-unknown-action
#[test]
fn no_action_changes_a_target() {
    let (mut world, ids) = ready();
    let change = body("ModifyTrafficMirrorTarget", &["TrafficMirrorTargetId=TARGET", "Description=e"], &ids);
    assert_eq!(code(&mut world, &change), "InvalidAction");
}

// Facts: 1.4-interface-stays
#[test]
fn no_action_changes_the_interface_of_a_session() {
    let (mut world, ids) = ready();
    let change = &["TrafficMirrorSessionId=SESSION", "NetworkInterfaceId=SOURCE"];
    assert_eq!(code(&mut world, &body("ModifyTrafficMirrorSession", change, &ids)), "UnknownParameter");
}

// Facts: 4-numbers
#[test]
fn a_number_that_does_not_fit_in_32_bits_is_refused_and_not_cut_to_them() {
    for wrong in ["SessionNumber=4294967299", "PacketLength=4294967396", "VirtualNetworkId=4294967303"] {
        let (mut world, ids) = ready();
        let change = ["TrafficMirrorSessionId=SESSION", wrong];
        let change = body("ModifyTrafficMirrorSession", &change, &ids);
        assert_eq!(code(&mut world, &change), "InvalidParameterValue", "{wrong}");
    }
}

// Facts: 4-removed-fields-of-a-rule, 4-removed-fields-of-a-session
#[test]
fn only_the_fields_that_the_model_lists_can_be_removed() {
    let of_a_rule = ["destination-port-range", "source-port-range", "protocol", "description"];
    let of_a_session = ["packet-length", "description", "virtual-network-id"];
    for (action, id, listed) in [
        ("ModifyTrafficMirrorFilterRule", "TrafficMirrorFilterRuleId=RULE", &of_a_rule[..]),
        ("ModifyTrafficMirrorSession", "TrafficMirrorSessionId=SESSION", &of_a_session[..]),
    ] {
        for field in of_a_rule.iter().chain(&of_a_session).chain(&["rule-number", "session-number", ""]) {
            let (mut world, ids) = ready();
            let remove = format!("RemoveField.1={field}");
            let reply = ask(&mut world, &body(action, &[id, &remove], &ids));
            assert_eq!(reply.status == 200, listed.contains(field), "{action} {field}");
        }
    }
}
