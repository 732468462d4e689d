//! Takes an account; gives what other people have there that concerns mirroring: sessions, filters, targets, and what is behind a load
//! balancer. Never acts as the daemon.

use mirror_core::ids::{FilterId, InterfaceId, TargetId};
use mirror_core::inventory::{Direction, Resource, RuleAction, Tags};
use mirror_sim::fleet::instance;
use mirror_sim::{
    CreateTargetGroup, CreateTrafficMirrorFilter, CreateTrafficMirrorFilterRule, CreateTrafficMirrorSession,
    CreateTrafficMirrorTarget, DescribeListeners, ElbRequest, ElbResponse, HealthCheckWish, MirrorSession,
    ModifyListener, Protocol, Request, Response, RuleWish, TargetType,
};

use crate::account::Account;

/// What somebody makes, and how the answer is called.
macro_rules! call {
    ($account:expr, $action:ident($input:expr)) => {
        match $account.call(Request::$action($input)) {
            Response::$action(answer) => answer,
            other => panic!("{other:?}"),
        }
    };
}

fn elb(account: &Account, request: ElbRequest) -> ElbResponse {
    call!(account, Elb(request))
}

/// The sensor's load balancer gets a target group.
pub(crate) fn sends_on(account: &Account) {
    let vpc = call!(account, DescribeVpcs(mirror_sim::Describe::all())).items[0].id.clone();
    let group = CreateTargetGroup {
        name: "zeek".into(),
        kind: TargetType::Instance,
        protocol: Some(Protocol::Udp),
        port: Some(4789),
        vpc: Some(vpc),
        health_check: HealthCheckWish::default(),
        tags: Tags::new(),
    };
    let ElbResponse::CreateTargetGroup(group) = elb(account, ElbRequest::CreateTargetGroup(group)) else {
        panic!("no group");
    };
    let asked = DescribeListeners { load_balancer: Some(account.sensor.clone()), ..DescribeListeners::default() };
    let ElbResponse::DescribeListeners(page) = elb(account, ElbRequest::DescribeListeners(asked)) else {
        panic!("no listener");
    };
    let forwards_to = Some(vec![group.group.arn]);
    let listener = page.items[0].arn.clone();
    elb(account, ElbRequest::ModifyListener(ModifyListener { listener, protocol: None, port: None, forwards_to }));
}

/// The interface of an instance that nothing chooses.
pub(crate) fn a_plain_interface(account: &Account) -> InterfaceId {
    account.interfaces_of(&account.runs(instance().tagged("mirror", "off"))).remove(0)
}

/// A target of somebody else's.
pub(crate) fn target(account: &Account, resource: Resource, tags: Tags) -> TargetId {
    let wish = CreateTrafficMirrorTarget { resource, description: None, tags, token: None };
    call!(account, CreateTrafficMirrorTarget(wish)).id
}

/// A filter of somebody else's, with a rule.
pub(crate) fn filter(account: &Account, tags: Tags) -> FilterId {
    let wish = CreateTrafficMirrorFilter { tags, ..CreateTrafficMirrorFilter::default() };
    let filter = call!(account, CreateTrafficMirrorFilter(wish)).id;
    let rule = RuleWish {
        direction: Direction::Ingress,
        number: 1,
        action: RuleAction::Accept,
        protocol: None,
        source: "0.0.0.0/0".parse().unwrap(),
        destination: "0.0.0.0/0".parse().unwrap(),
        source_ports: None,
        destination_ports: None,
    };
    let wish = CreateTrafficMirrorFilterRule {
        filter: filter.clone(),
        rule,
        description: None,
        tags: Tags::new(),
        token: None,
    };
    call!(account, CreateTrafficMirrorFilterRule(wish));
    filter
}

/// A session, with its filter and its target, of somebody who puts these tags on what he makes.
pub(crate) fn strangers(account: &Account, tags: &Tags) -> MirrorSession {
    let wish = CreateTrafficMirrorSession {
        interface: a_plain_interface(account),
        target: target(account, Resource::NetworkInterface(a_plain_interface(account)), tags.clone()),
        filter: filter(account, tags.clone()),
        number: 1,
        packet_length: None,
        vni: None,
        description: None,
        tags: tags.clone(),
        token: None,
    };
    call!(account, CreateTrafficMirrorSession(wish))
}
