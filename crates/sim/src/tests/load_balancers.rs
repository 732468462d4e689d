//! Takes a network; gives sentences about load balancers in it, and about the mirror targets that send to them. Never says how healthy
//! what stands behind them is.

use mirror_core::ids::LoadBalancerArn;

use super::*;

/// Calls the ELB API, and gives the answer's content.
macro_rules! elb {
    ($world:expr, $action:ident($input:expr)) => {
        match $world.call(Request::Elb(ElbRequest::$action($input))) {
            Ok(Response::Elb(ElbResponse::$action(answer))) => answer,
            other => panic!("{other:?}"),
        }
    };
}

/// Calls the ELB API for an answer without content.
macro_rules! elb_done {
    ($world:expr, $action:ident($input:expr)) => {
        assert_eq!($world.call(Request::Elb(ElbRequest::$action($input))), Ok(Response::Elb(ElbResponse::$action)))
    };
}

/// Calls the ELB API, and gives the code of the error.
macro_rules! elb_refused {
    ($world:expr, $action:ident($input:expr)) => {
        $world.call(Request::Elb(ElbRequest::$action($input))).unwrap_err().code
    };
}

pub(super) use {elb, elb_done, elb_refused};

pub(super) fn balancer(network: &Network, kind: LoadBalancerType, name: &str) -> CreateLoadBalancer {
    CreateLoadBalancer {
        name: name.into(),
        kind,
        scheme: None,
        subnets: network.subnets.clone(),
        security_groups: Vec::new(),
        tags: Tags::new(),
    }
}

pub(super) fn group(network: &Network, name: &str, protocol: Protocol, port: i32) -> CreateTargetGroup {
    CreateTargetGroup {
        name: name.into(),
        kind: TargetType::Instance,
        protocol: Some(protocol),
        port: Some(port),
        vpc: Some(network.vpc.clone()),
        health_check: HealthCheckWish::default(),
        tags: Tags::new(),
    }
}

pub(super) fn listener(
    balancer: &LoadBalancer,
    protocol: Protocol,
    port: i32,
    to: &TargetGroupDetail,
) -> CreateListener {
    CreateListener {
        load_balancer: balancer.arn.clone(),
        protocol: Some(protocol),
        port: Some(port),
        forwards_to: vec![to.group.arn.clone()],
        tags: Tags::new(),
    }
}

fn world_with_network() -> (World, Network) {
    let mut world = empty_world();
    let network = network(&mut world);
    (world, network)
}

fn found(world: &mut World, arn: &LoadBalancerArn) -> LoadBalancer {
    let only = DescribeLoadBalancers { arns: vec![arn.clone()], ..DescribeLoadBalancers::default() };
    elb!(world, DescribeLoadBalancers(only)).items.remove(0)
}

#[test]
fn a_load_balancer_is_provisioned_and_then_active() {
    let (mut world, network) = world_with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    assert_eq!(made.state, LoadBalancerState::Provisioning);
    assert!(
        made.arn.as_str().starts_with("arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/net/sensor/")
    );
    pass(&mut world, 121);
    assert_eq!(found(&mut world, &made.arn).state, LoadBalancerState::Active);
}

// Facts: 1.1-other-managed-interfaces
#[test]
fn a_load_balancer_keeps_an_interface_in_each_zone_that_cannot_be_mirrored() {
    let mut setting = setting();
    for (kind, interface_type) in [
        (LoadBalancerType::Application, "load_balancer"),
        (LoadBalancerType::Network, "network_load_balancer"),
        (LoadBalancerType::Gateway, "gateway_load_balancer"),
    ] {
        let wish = balancer(&setting.network, kind, interface_type.split('_').next().unwrap());
        let made = elb!(setting.world, CreateLoadBalancer(wish));
        let asked = Describe::all().filtered("interface-type", interface_type);
        let interfaces = call!(setting.world, DescribeNetworkInterfaces(asked)).items;
        assert_eq!(interfaces.len(), 3);
        assert!(interfaces.iter().all(|it| it.requester_managed && it.description.starts_with("ELB ")));
        let session = CreateTrafficMirrorSession { interface: interfaces[0].id.clone(), ..setting.session(1) };
        assert_eq!(refused!(setting.world, CreateTrafficMirrorSession(session)), "NetworkInterfaceNotSupported");
        elb_done!(setting.world, DeleteLoadBalancer(made.arn));
        let asked = Describe::all().filtered("interface-type", interface_type);
        assert_eq!(call!(setting.world, DescribeNetworkInterfaces(asked)).items, []);
    }
}

// Facts: 1.2-load-balancer-listener, 9-mirror-listener
#[test]
fn a_network_load_balancer_hears_mirrored_packets_while_it_is_active_and_listens_on_udp_4789() {
    let (mut world, network) = world_with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    let group = elb!(world, CreateTargetGroup(group(&network, "sensors", Protocol::TcpUdp, 4789)));
    let tcp = elb!(world, CreateListener(listener(&made, Protocol::Tcp, 4789, &group)));
    pass(&mut world, 121);
    assert!(!world.has_mirror_listener(&made.arn), "TCP is not UDP");
    let change =
        ModifyListener { listener: tcp.arn.clone(), protocol: Some(Protocol::TcpUdp), port: None, forwards_to: None };
    elb!(world, ModifyListener(change.clone()));
    assert!(world.has_mirror_listener(&made.arn));
    elb!(world, ModifyListener(ModifyListener { protocol: None, port: Some(4790), ..change.clone() }));
    assert!(!world.has_mirror_listener(&made.arn), "another port is not it");
    elb!(world, ModifyListener(ModifyListener { port: Some(4789), ..change }));
    assert!(world.has_mirror_listener(&made.arn));
    elb_done!(world, DeleteListener(tcp.arn));
    assert!(!world.has_mirror_listener(&made.arn));
}

// Facts: 10-silent-failures
#[test]
fn a_target_and_its_sessions_outlive_their_load_balancer_and_no_call_of_ec2_fails_for_it() {
    let mut setting = setting();
    let wish = balancer(&setting.network, LoadBalancerType::Network, "sensor");
    let made = elb!(setting.world, CreateLoadBalancer(wish));
    let resource = Resource::NetworkLoadBalancer(made.arn.clone());
    let target = call!(setting.world, CreateTrafficMirrorTarget(target_for(resource.clone())));
    let wish = CreateTrafficMirrorSession { target: target.id.clone(), ..setting.session(1) };
    let session = call!(setting.world, CreateTrafficMirrorSession(wish));
    elb_done!(setting.world, DeleteLoadBalancer(made.arn));
    assert_eq!(call!(setting.world, DescribeTrafficMirrorTargets(Describe::all())).items.len(), 2);
    assert_eq!(setting.sessions(), [session]);
    let again = refused!(setting.world, CreateTrafficMirrorTarget(target_for(resource)));
    assert_eq!(again, "NetworkLoadBalancerNotFoundException");
}

#[test]
fn only_a_network_load_balancer_can_be_a_mirror_target() {
    let (mut world, network) = world_with_network();
    for kind in [LoadBalancerType::Application, LoadBalancerType::Gateway] {
        let made = elb!(world, CreateLoadBalancer(balancer(&network, kind, kind.name())));
        let wish = target_for(Resource::NetworkLoadBalancer(made.arn));
        assert_eq!(refused!(world, CreateTrafficMirrorTarget(wish)), "NetworkLoadBalancerNotFoundException");
    }
}

#[test]
fn the_same_wish_twice_makes_one_load_balancer_and_another_wish_of_that_name_is_refused() {
    let (mut world, network) = world_with_network();
    let wish = balancer(&network, LoadBalancerType::Network, "sensor");
    let made = elb!(world, CreateLoadBalancer(wish.clone()));
    assert_eq!(elb!(world, CreateLoadBalancer(wish.clone())).arn, made.arn);
    let other = CreateLoadBalancer { scheme: Some(Scheme::Internal), ..wish };
    assert_eq!(elb_refused!(world, CreateLoadBalancer(other)), "DuplicateLoadBalancerName");
}

#[test]
fn a_load_balancer_stands_in_subnets_of_one_vpc_each_in_a_zone_of_its_own() {
    let (mut world, network) = world_with_network();
    let one = &network.subnets[0];
    let zone = world.zones().next().unwrap().clone();
    let neighbour = world.add_subnet(&network.vpc, &zone, "10.0.240.0/24".parse().unwrap(), None);
    for (kind, subnets, code) in [
        (LoadBalancerType::Network, vec![], "ValidationError"),
        (LoadBalancerType::Application, vec![one.clone()], "ValidationError"),
        (LoadBalancerType::Network, vec![one.clone(), neighbour], "InvalidConfigurationRequest"),
        (LoadBalancerType::Network, vec!["subnet-0".into()], "SubnetNotFound"),
    ] {
        let wish = CreateLoadBalancer { subnets, ..balancer(&network, kind, "sensor") };
        assert_eq!(elb_refused!(world, CreateLoadBalancer(wish)), code);
    }
    let asked = Describe::all().filtered("requester-managed", "true");
    assert_eq!(call!(world, DescribeNetworkInterfaces(asked)).items, [], "what is refused takes nothing");
}

#[test]
fn subnets_that_are_set_replace_the_others_and_their_interfaces() {
    let (mut world, network) = world_with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    let change = SetSubnets { load_balancer: made.arn.clone(), subnets: network.subnets[1..].to_vec() };
    let zones = elb!(world, SetSubnets(change));
    assert_eq!(zones, made.zones[1..]);
    let asked = Describe::all().filtered("interface-type", "network_load_balancer");
    assert_eq!(call!(world, DescribeNetworkInterfaces(asked)).items.len(), 2);
    let all = SetSubnets { load_balancer: made.arn, subnets: network.subnets };
    assert_eq!(elb!(world, SetSubnets(all)).len(), 3);
}

#[test]
fn cross_zone_is_off_for_a_network_load_balancer_until_it_is_switched_on() {
    let (mut world, network) = world_with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    let key = String::from("load_balancing.cross_zone.enabled");
    let read = elb!(world, DescribeLoadBalancerAttributes(made.arn.clone()));
    assert!(read.contains(&(key.clone(), "false".into())));
    let change =
        ModifyLoadBalancerAttributes { load_balancer: made.arn, attributes: vec![(key.clone(), "true".into())] };
    assert!(elb!(world, ModifyLoadBalancerAttributes(change)).contains(&(key, "true".into())));
}

#[test]
fn a_protected_load_balancer_is_not_deleted_and_one_that_is_not_there_is_not_missed() {
    let (mut world, network) = world_with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    let protect = |value: &str| ModifyLoadBalancerAttributes {
        load_balancer: made.arn.clone(),
        attributes: vec![("deletion_protection.enabled".into(), value.into())],
    };
    elb!(world, ModifyLoadBalancerAttributes(protect("true")));
    assert_eq!(elb_refused!(world, DeleteLoadBalancer(made.arn.clone())), "OperationNotPermitted");
    elb!(world, ModifyLoadBalancerAttributes(protect("false")));
    elb_done!(world, DeleteLoadBalancer(made.arn.clone()));
    elb_done!(world, DeleteLoadBalancer(made.arn));
}

#[test]
fn a_listener_speaks_what_its_load_balancer_and_its_group_speak_on_a_port_of_its_own() {
    let (mut world, network) = world_with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    let other = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "other")));
    let udp = elb!(world, CreateTargetGroup(group(&network, "udp", Protocol::Udp, 4789)));
    for (protocol, code) in [(Protocol::Http, "UnsupportedProtocol"), (Protocol::Tcp, "IncompatibleProtocols")] {
        assert_eq!(elb_refused!(world, CreateListener(listener(&made, protocol, 4789, &udp))), code);
    }
    elb!(world, CreateListener(listener(&made, Protocol::Udp, 4789, &udp)));
    assert_eq!(elb_refused!(world, CreateListener(listener(&made, Protocol::Udp, 4789, &udp))), "DuplicateListener");
    let elsewhere = listener(&other, Protocol::Udp, 4789, &udp);
    assert_eq!(elb_refused!(world, CreateListener(elsewhere)), "TargetGroupAssociationLimit");
    let gone = CreateListener { forwards_to: vec!["arn:gone".into()], ..listener(&made, Protocol::Udp, 1, &udp) };
    assert_eq!(elb_refused!(world, CreateListener(gone)), "TargetGroupNotFound");
}

#[test]
fn rules_and_listeners_lead_from_a_load_balancer_to_its_target_groups() {
    let (mut world, network) = world_with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Application, "web")));
    let [web, api] =
        ["web", "api"].map(|name| elb!(world, CreateTargetGroup(group(&network, name, Protocol::Http, 80))));
    let listening = elb!(world, CreateListener(listener(&made, Protocol::Http, 80, &web)));
    let rule = CreateRule {
        listener: listening.arn.clone(),
        priority: 10,
        conditions: vec![("path-pattern".into(), vec!["/api/*".into()])],
        forwards_to: vec![api.group.arn.clone()],
    };
    let made_rule = elb!(world, CreateRule(rule.clone()));
    assert_eq!(elb_refused!(world, CreateRule(rule)), "PriorityInUse");
    let asked = DescribeRules { listener: Some(listening.arn), ..DescribeRules::default() };
    let rules = elb!(world, DescribeRules(asked)).items;
    let mut priorities: Vec<_> = rules.iter().map(|rule| rule.priority).collect();
    priorities.sort();
    assert_eq!(priorities, [None, Some(10)]);
    let behind = DescribeTargetGroups { load_balancer: Some(made.arn.clone()), ..DescribeTargetGroups::default() };
    let groups = elb!(world, DescribeTargetGroups(behind.clone())).items;
    assert!(groups.iter().all(|it| it.load_balancers == [made.arn.clone()]) && groups.len() == 2);
    assert_eq!(elb_refused!(world, DeleteTargetGroup(api.group.arn.clone())), "ResourceInUse");
    elb_done!(world, DeleteRule(made_rule.arn));
    elb_done!(world, DeleteTargetGroup(api.group.arn));
    assert_eq!(elb!(world, DescribeTargetGroups(behind)).items.len(), 1);
}

// Facts: 9-load-balancers
#[test]
fn load_balancers_come_in_pages_of_1_to_400_and_at_most_20_can_be_named() {
    let (mut world, network) = world_with_network();
    let arns: Vec<_> = ["a", "b", "c"]
        .map(|name| elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, name))).arn)
        .into();
    let page =
        |size, marker| DescribeLoadBalancers { pages: Pages { size, marker }, ..DescribeLoadBalancers::default() };
    let (mut read, mut marker) = (Vec::new(), None);
    loop {
        let answer = elb!(world, DescribeLoadBalancers(page(Some(2), marker)));
        read.extend(answer.items.into_iter().map(|it| it.arn));
        marker = answer.next;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(read, arns);
    for size in [0, 401] {
        assert_eq!(elb_refused!(world, DescribeLoadBalancers(page(Some(size), None))), "ValidationError");
    }
    assert_eq!(elb_refused!(world, DescribeLoadBalancers(page(None, Some("é".into())))), "ValidationError");
    let named = |arns| DescribeLoadBalancers { arns, ..DescribeLoadBalancers::default() };
    let many = vec![arns[0].clone(); 21];
    assert_eq!(elb_refused!(world, DescribeLoadBalancers(named(many))), "ValidationError");
    let strange = vec![arns[0].clone(), "arn:gone".into()];
    assert_eq!(elb_refused!(world, DescribeLoadBalancers(named(strange))), "LoadBalancerNotFound");
    let by_name = DescribeLoadBalancers { names: vec!["z".into()], ..DescribeLoadBalancers::default() };
    assert_eq!(elb_refused!(world, DescribeLoadBalancers(by_name)), "LoadBalancerNotFound");
}

#[test]
fn load_balancers_target_groups_and_listeners_have_tags() {
    let (mut world, network) = world_with_network();
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    let group = elb!(world, CreateTargetGroup(group(&network, "sensors", Protocol::Udp, 4789)));
    let listening = elb!(world, CreateListener(listener(&made, Protocol::Udp, 4789, &group)));
    let arns = vec![made.arn.to_string(), group.group.arn.to_string(), listening.arn.to_string()];
    elb_done!(world, AddTags(AddTags { arns: arns.clone(), tags: tags_of([("team", "net")]) }));
    let read = elb!(world, DescribeTags(arns.clone()));
    assert!(read.iter().all(|(_, tags)| *tags == tags_of([("team", "net")])) && read.len() == 3);
    elb_done!(world, RemoveTags(RemoveTags { arns: arns.clone(), keys: vec!["team".into()] }));
    assert!(elb!(world, DescribeTags(arns)).iter().all(|(_, tags)| tags.is_empty()));
    let reserved = AddTags { arns: vec![made.arn.to_string()], tags: tags_of([("aws:x", "y")]) };
    assert_eq!(elb_refused!(world, AddTags(reserved)), "ValidationError");
    let many = vec![made.arn.to_string(); 21];
    assert_eq!(elb_refused!(world, DescribeTags(many)), "ValidationError");
}
