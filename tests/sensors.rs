//! One account, one daemon, and a sensor behind a load balancer or an endpoint: who is registered there, or may be, is never a source, and
//! what the load balancer does not hear is sent elsewhere. Time passes only when somebody waits.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod account;

use account::{Account, Fate, policy};
use mirror_core::ids::{InstanceId, LoadBalancerArn, VpcId};
use mirror_core::inventory::{Resource, Tags};
use mirror_core::policy::{Policy, parse};
use mirror_core::report;
use mirror_sim::fleet::instance;
use mirror_sim::{
    CreateListener, CreateLoadBalancer, CreateTargetGroup, CreateTrafficMirrorTarget, Describe, DescribeListeners,
    ElbRequest, ElbResponse, HealthCheckWish, ListenerArn, LoadBalancerType, ModifyListener, NetworkInterface,
    OfTargets, Protocol, Request, Response, TargetGroupArn, TargetType, TargetWish,
};

/// Longer than the evidence settles, with the resync that finds it.
const SETTLED: i64 = 200;
/// Longer than a deregistered target drains.
const DRAINED: i64 = 400;
/// Longer than it takes to believe that nobody is behind a load balancer any more.
const BELIEVED: i64 = 660;
/// What reads the load balancers that are named.
const READS: [&str; 3] = ["DescribeListeners", "DescribeTargetGroups", "DescribeTargetHealth"];

/// What lists all load balancers, where an endpoint takes mirrored packets.
const LISTS: &str = "DescribeLoadBalancers";

fn elb(account: &Account, request: ElbRequest) -> ElbResponse {
    match account.call(Request::Elb(request)) {
        Response::Elb(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn interface_of(account: &Account, id: &InstanceId) -> NetworkInterface {
    let only = Describe::only(account.interfaces_of(id));
    let Response::DescribeNetworkInterfaces(page) = account.call(Request::DescribeNetworkInterfaces(only)) else {
        panic!("no interfaces");
    };
    page.items.into_iter().next().unwrap()
}

fn listener(account: &Account, of: &LoadBalancerArn) -> ListenerArn {
    let asked = DescribeListeners { load_balancer: Some(of.clone()), ..DescribeListeners::default() };
    let ElbResponse::DescribeListeners(page) = elb(account, ElbRequest::DescribeListeners(asked)) else {
        panic!("no listeners");
    };
    page.items[0].arn.clone()
}

fn new_group(account: &Account, name: &str, vpc: VpcId, kind: TargetType, to: (Protocol, i32)) -> TargetGroupArn {
    let wish = CreateTargetGroup {
        name: name.into(),
        kind,
        protocol: Some(to.0),
        port: Some(to.1),
        vpc: Some(vpc),
        health_check: HealthCheckWish::default(),
        tags: Tags::new(),
    };
    let ElbResponse::CreateTargetGroup(made) = elb(account, ElbRequest::CreateTargetGroup(wish)) else {
        panic!("no group");
    };
    made.group.arn
}

/// A target group that the sensor's load balancer sends mirrored packets to.
fn group(account: &Account, vpc: VpcId, kind: TargetType) -> TargetGroupArn {
    let arn = new_group(account, "zeek", vpc, kind, (Protocol::Udp, 4789));
    let listener = listener(account, &account.sensor);
    let change = ModifyListener { listener, protocol: None, port: None, forwards_to: Some(vec![arn.clone()]) };
    elb(account, ElbRequest::ModifyListener(change));
    arn
}

fn targets(group: &TargetGroupArn, id: &str) -> OfTargets {
    OfTargets { group: group.clone(), targets: vec![TargetWish { id: id.into(), port: None, zone: None }] }
}

fn register(account: &Account, group: &TargetGroupArn, id: &str) {
    elb(account, ElbRequest::RegisterTargets(targets(group, id)));
}

/// A Gateway Load Balancer with this instance for an appliance. No endpoint says that it leads there.
fn put_behind_a_gateway(account: &Account, appliance: &InstanceId) -> TargetGroupArn {
    let NetworkInterface { vpc, subnet, .. } = interface_of(account, appliance);
    let wish = CreateLoadBalancer {
        name: "firewalls".into(),
        kind: LoadBalancerType::Gateway,
        scheme: None,
        subnets: vec![subnet],
        security_groups: Vec::new(),
        tags: Tags::new(),
    };
    let ElbResponse::CreateLoadBalancer(made) = elb(account, ElbRequest::CreateLoadBalancer(wish)) else {
        panic!("no load balancer");
    };
    let group = new_group(account, "inspection", vpc, TargetType::Instance, (Protocol::Geneve, 6081));
    let forwards_to = vec![group.clone()];
    let wish = CreateListener { load_balancer: made.arn, protocol: None, port: None, forwards_to, tags: Tags::new() };
    elb(account, ElbRequest::CreateListener(wish));
    register(account, &group, appliance.as_str());
    group
}

/// Crown jewels by tag, to an endpoint that has just been made.
fn policy_to_an_endpoint(account: &Account) -> Policy {
    let endpoint = account.world().add_gateway_load_balancer_endpoint();
    policy_to(&format!("{{gatewayLoadBalancerEndpoint: {endpoint}}}"))
}

/// The last thing that is said of an instance's interface.
async fn said(account: &mut Account, id: &InstanceId) -> String {
    let interface = account.interfaces_of(id).remove(0);
    let round = account.round().await;
    round.decisions.interfaces[&interface].reasons.last().unwrap().to_string()
}

fn denied(account: &Account, action: &'static str) {
    account.fate(move |called| if called == action { Fate::Denied } else { Fate::Answered });
}

fn policy_to(targets: &str) -> Policy {
    let text = format!(
        "apiVersion: vpc-mirror/v1\nkind: Policy\nowner: prod\nsensors: {{sta: {{targets: [{targets}]}}}}\n\
         strategies: [{{name: crown-jewel, importance: {{}}}}]\nlimits: {{apiShare: 100%}}\n"
    );
    parse("policy", &text).unwrap()
}

#[tokio::test]
async fn an_instance_that_is_registered_behind_the_sensor_is_no_source_until_it_is_deregistered_and_drained() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    assert_eq!(account.sessions().len(), 1);
    let group = group(&account, interface_of(&account, &jewel).vpc, TargetType::Instance);
    register(&account, &group, jewel.as_str());
    account.goes_on_for(SETTLED).await;
    assert_eq!(account.sessions().len(), 0, "what it is sent would be mirrored to it again");
    let reason = "it is behind the sensor's load balancer sensor, in target group zeek, and mirrors of mirrors loop";
    assert_eq!(said(&mut account, &jewel).await, format!("not mirrored: {reason}"));
    elb(&account, ElbRequest::DeregisterTargets(targets(&group, jewel.as_str())));
    account.goes_on_for(120).await;
    assert_eq!(account.sessions().len(), 0, "it still gets packets while it is draining");
    account.goes_on_for(DRAINED).await;
    assert_eq!(account.sessions().len(), 0, "nobody at all is behind it now: is that true?");
    account.goes_on_for(BELIEVED).await;
    assert_eq!(account.mirrored(), account.interfaces_of(&jewel).into_iter().collect());
}

#[tokio::test]
async fn an_instance_whose_address_is_registered_behind_the_sensor_is_never_a_source() {
    let mut account = Account::new();
    let sensor = account.runs(instance().tagged("mirror", "crown-jewel"));
    let interface = interface_of(&account, &sensor);
    let group = group(&account, interface.vpc.clone(), TargetType::Ip);
    register(&account, &group, &interface.address.unwrap().to_string());
    let jewel = account.runs_a_jewel();
    account.goes_on_for(SETTLED).await;
    assert_eq!(account.mirrored(), account.interfaces_of(&jewel).into_iter().collect());
    assert!(said(&mut account, &sensor).await.contains("in target group zeek"));
}

#[tokio::test]
async fn a_load_balancer_costs_two_calls_in_a_resync_and_one_for_each_group_and_no_load_balancer_none() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    let interface = interface_of(&account, &jewel);
    group(&account, interface.vpc, TargetType::Instance);
    account.goes_on_for(10).await;
    account.calls();
    account.goes_on_for(3600).await;
    let calls = account.calls();
    let counts = READS.map(|action| calls.iter().filter(|called| **called == action).count());
    assert_eq!((calls.len(), counts), (60 * 9, [60; 3]));
    let mut account = Account::new();
    account.policy = policy_to(&format!("{{networkInterface: {}}}", interface.id));
    account.goes_on_for(3600).await;
    assert!(!account.calls().iter().any(|action| READS.contains(action)));
}

#[tokio::test]
async fn sessions_move_off_a_load_balancer_that_lost_its_listener_once_that_has_settled() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    let before = account.sessions();
    let second = account.world().add_network_load_balancer("second");
    account.policy =
        policy_to(&format!("{{networkLoadBalancer: '{}'}}, {{networkLoadBalancer: '{second}'}}", account.sensor));
    account.goes_on_for(SETTLED).await;
    assert_eq!(account.sessions(), before, "it stays where it is");
    let listener = listener(&account, &account.sensor);
    elb(&account, ElbRequest::DeleteListener(listener));
    account.goes_on_for(70).await;
    assert_eq!(account.sessions(), before, "one read may be wrong");
    account.goes_on_for(SETTLED).await;
    let after = account.sessions();
    assert_eq!((after.len(), &after[0].id), (1, &before[0].id), "in place");
    let target = account.targets().into_iter().find(|target| target.id == after[0].target).unwrap();
    assert_eq!(target.resource.id().as_str(), second.as_str());
    account.calls();
    account.goes_on_for(3600).await;
    assert_eq!(account.writes(), Vec::<&str>::new(), "and there it stays");
    assert_eq!(account.mirrored(), account.interfaces_of(&jewel).into_iter().collect());
}

#[tokio::test]
async fn where_the_sensor_has_no_other_place_a_session_stays_and_says_so_and_none_is_added_until_it_listens_again() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    let before = account.sessions();
    let sensor = account.sensor.clone();
    account.world().remove_mirror_listener(&sensor);
    account.goes_on_for(SETTLED).await;
    let late = account.runs_a_jewel();
    account.goes_on_for(3600).await;
    assert_eq!(account.sessions(), before);
    for instance in [&jewel, &late] {
        let said = said(&mut account, instance).await;
        assert!(said.contains("its load balancer has no listener for UDP 4789"), "{said}");
    }
    let other = account.world().add_network_load_balancer("other");
    account.policy = policy(&other);
    account.goes_on_for(SETTLED).await;
    assert_eq!(account.mirrored().len(), 2);
}

#[tokio::test]
async fn while_load_balancers_may_not_be_read_for_a_day_nothing_ends_and_nothing_new_begins() {
    for action in READS {
        let mut account = Account::new();
        let jewel = account.runs_a_jewel();
        let sensor = account.runs_a_jewel();
        let group = group(&account, interface_of(&account, &jewel).vpc, TargetType::Instance);
        register(&account, &group, sensor.as_str());
        account.goes_on_for(30).await;
        let mirrored = account.mirrored();
        assert_eq!(mirrored, account.interfaces_of(&jewel).into_iter().collect());
        denied(&account, action);
        elb(&account, ElbRequest::DeregisterTargets(targets(&group, sensor.as_str())));
        account.runs_a_jewel();
        account.tag(jewel.as_str(), "mirror", "off");
        account.calls();
        account.goes_on_for(24 * 3600).await;
        let calls = account.calls();
        assert!(calls.iter().filter(|called| **called == action).count() <= 24 * 60 + 10, "{action}");
        assert_eq!(account.mirrored(), mirrored, "{action}: neither ends what stands, nor begins what may loop");
        let round = account.round().await;
        let gaps = report::gaps(&round.seen.inventory);
        assert!(gaps.iter().any(|gap| gap.starts_with(action)), "{gaps:?}");
        account.fate(|_| Fate::Answered);
        account.goes_on_for(BELIEVED + SETTLED).await;
        assert_eq!(account.mirrored().len(), 2, "{action}: what was behind the sensor, and the new one");
    }
}

#[tokio::test]
async fn one_who_has_just_begun_and_may_not_read_load_balancers_ends_nothing_and_begins_nothing() {
    let mut account = Account::new();
    account.runs_a_jewel();
    account.goes_on_for(10).await;
    denied(&account, "DescribeTargetGroups");
    account.restart();
    account.runs_a_jewel();
    account.calls();
    account.goes_on_for(3600).await;
    assert_eq!((account.sessions().len(), account.writes()), (1, Vec::new()));
}

#[tokio::test]
async fn an_appliance_behind_any_gateway_load_balancer_is_no_source_while_an_endpoint_takes_mirrored_packets() {
    let mut account = Account::new();
    let [jewel, firewall] = [account.runs_a_jewel(), account.runs_a_jewel()];
    put_behind_a_gateway(&account, &firewall);
    account.goes_on_for(SETTLED).await;
    assert_eq!(account.mirrored().len(), 2, "no sensor is behind an endpoint");
    assert!(!account.calls().contains(&LISTS), "and nobody asks");
    account.policy = policy_to_an_endpoint(&account);
    account.goes_on_for(SETTLED).await;
    assert_eq!(account.mirrored(), account.interfaces_of(&jewel).into_iter().collect());
    let reason = "it is behind the Gateway Load Balancer firewalls, in target group inspection: a sensor's endpoint may lead there";
    assert_eq!(said(&mut account, &firewall).await, format!("not mirrored: {reason}, and mirrors of mirrors loop"));
    account.policy = policy(&account.sensor);
    account.goes_on_for(2 * SETTLED).await;
    assert_eq!(account.mirrored().len(), 2, "once nothing leads to the endpoint any more");
}

#[tokio::test]
async fn somebodys_mirror_target_for_an_endpoint_has_gateway_load_balancers_read_with_one_list_and_two_calls_for_each()
{
    let mut account = Account::new();
    let [jewel, firewall] = [account.runs_a_jewel(), account.runs_a_jewel()];
    put_behind_a_gateway(&account, &firewall);
    let endpoint = account.world().add_gateway_load_balancer_endpoint();
    let resource = Resource::GatewayLoadBalancerEndpoint(endpoint);
    let theirs = CreateTrafficMirrorTarget { resource, description: None, tags: Tags::new(), token: None };
    account.call(Request::CreateTrafficMirrorTarget(theirs));
    account.goes_on_for(10).await;
    assert_eq!(account.mirrored(), account.interfaces_of(&jewel).into_iter().collect(), "the firewall never was");
    account.calls();
    account.goes_on_for(3600).await;
    let calls = account.calls();
    let count = |action: &str| calls.iter().filter(|called| **called == action).count();
    assert_eq!((calls.len(), count(LISTS), READS.map(count)), (60 * 11, 60, [60, 120, 60]));
}

#[tokio::test]
async fn while_gateway_load_balancers_may_not_be_listed_nothing_ends_and_nothing_new_begins() {
    let mut account = Account::new();
    account.policy = policy_to_an_endpoint(&account);
    let [jewel, firewall] = [account.runs_a_jewel(), account.runs_a_jewel()];
    let group = put_behind_a_gateway(&account, &firewall);
    account.goes_on_for(30).await;
    let mirrored = account.mirrored();
    assert_eq!(mirrored, account.interfaces_of(&jewel).into_iter().collect());
    denied(&account, LISTS);
    elb(&account, ElbRequest::DeregisterTargets(targets(&group, firewall.as_str())));
    account.runs_a_jewel();
    account.tag(jewel.as_str(), "mirror", "off");
    account.calls();
    account.goes_on_for(3600).await;
    account.restart();
    account.goes_on_for(3600).await;
    let calls = account.calls();
    assert!(calls.iter().filter(|called| **called == LISTS).count() <= 2 * 60 + 10);
    assert_eq!(account.mirrored(), mirrored, "neither ends what stands, nor begins what may loop");
    let gaps = report::gaps(&account.round().await.seen.inventory);
    assert!(gaps.iter().any(|gap| gap.starts_with(LISTS)), "{gaps:?}");
    account.fate(|_| Fate::Answered);
    account.goes_on_for(SETTLED).await;
    assert_eq!(account.mirrored().len(), 2, "what was an appliance, and the new one");
}
