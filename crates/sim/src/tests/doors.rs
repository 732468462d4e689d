//! Takes the door for core; gives sentences about what is seen and done through it. Never waits: a future that does is a failure here.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use mirror_core::cloud::{Class, Cloud, Items, Outcome, Query, SessionChange, Step};
use mirror_core::inventory::{InstanceState, Kind, Registered, Rule, Session};

use super::load_balancers::{balancer, elb, elb_done, group, listener};
use super::*;

fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the door waits"),
    }
}

fn opened(setting: Setting) -> (Door, Arc<Mutex<World>>, CreateTrafficMirrorSession) {
    let wish = setting.session(1);
    let world = Arc::new(Mutex::new(setting.world));
    (Door::new(world.clone()), world, wish)
}

fn create_session(wish: &CreateTrafficMirrorSession) -> Step {
    Step::CreateSession {
        token: ClientToken("t".into()),
        interface: wish.interface.clone(),
        target: wish.target.clone(),
        filter: wish.filter.clone(),
        number: 100,
        packet_length: None,
        vni: 4242,
        tags: tags_of([("owner", "prod")]),
    }
}

fn items(door: &Door, kind: Kind) -> Items {
    at_once(door.read(&Query::List(kind, None))).unwrap().items
}

fn sessions(door: &Door) -> Vec<Session> {
    match items(door, Kind::Sessions) {
        Items::Sessions(sessions) => sessions,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_door_says_whose_account_it_is() {
    let (door, ..) = opened(setting());
    let page = at_once(door.read(&Query::Identity)).unwrap();
    assert_eq!(page.items, Items::Identity("123456789012".into()));
}

#[test]
fn the_door_shows_instances_and_how_their_interfaces_hang_on_them() {
    let setting = setting();
    let (instance, interface) = (setting.instance.clone(), setting.interface.clone());
    let (door, ..) = opened(setting);
    let Items::Instances(instances) = items(&door, Kind::Instances) else { panic!("no instances") };
    assert_eq!((&instances[0].id, instances[0].state), (&instance, InstanceState::Running));
    let Items::Interfaces(interfaces) = items(&door, Kind::Interfaces) else { panic!("no interfaces") };
    let attachment = interfaces[0].attachment.clone().unwrap();
    assert_eq!((&interfaces[0].id, attachment.instance, attachment.attached), (&interface, Some(instance), true));
}

#[test]
fn the_door_shows_the_tags_of_subnets_and_vpcs_that_carry_the_key() {
    let setting = setting();
    let mut world = setting.world;
    let subnets = call!(world, DescribeSubnets(Describe::all())).items;
    let (subnet, vpc) = (subnets[0].id.to_string(), subnets[0].vpc.to_string());
    for (resource, key) in [(&subnet, "mirror"), (&vpc, "Name")] {
        let tags = tags_of([(key, "crown-jewel")]);
        world.call(Request::CreateTags(CreateTags { resources: vec![resource.clone()], tags })).unwrap();
    }
    let door = Door::new(Arc::new(Mutex::new(world)));
    let tags = |query| match at_once(door.read(&query)).unwrap().items {
        Items::Tagged(tagged) => tagged,
        other => panic!("{other:?}"),
    };
    let tagged = tags(Query::Tagged("mirror".into(), None));
    assert_eq!(tagged.subnets, [(subnet.as_str().into(), tags_of([("mirror", "crown-jewel")]))].into());
    assert_eq!(tagged.vpcs.len(), 0);
    let all = tags(Query::List(Kind::Tagged, None));
    assert_eq!((all.subnets, all.vpcs.len()), (tagged.subnets, 1));
}

#[test]
fn the_door_shows_where_a_load_balancer_listens_and_who_is_behind_it() {
    let mut world = empty_world();
    let network = network(&mut world);
    let instance = running(&mut world, instance());
    let made = elb!(world, CreateLoadBalancer(balancer(&network, LoadBalancerType::Network, "sensor")));
    let detail = elb!(world, CreateTargetGroup(group(&network, "zeek", Protocol::TcpUdp, 4789)));
    elb!(world, CreateListener(listener(&made, Protocol::TcpUdp, 4789, &detail)));
    let wish = TargetWish { id: instance.to_string(), port: None, zone: None };
    elb_done!(world, RegisterTargets(OfTargets { group: detail.group.arn.clone(), targets: vec![wish] }));
    let door = Door::new(Arc::new(Mutex::new(world)));
    let shown = |query| at_once(door.read(&query)).unwrap().items;
    assert_eq!(shown(Query::LoadBalancers(None)), Items::LoadBalancers(vec![made.arn.clone()]));
    let hears = mirror_core::inventory::Listener { protocol: "TCP_UDP".into(), port: 4789 };
    assert_eq!(shown(Query::Listeners(made.arn.clone(), None)), Items::Listeners(vec![hears]));
    let arn = mirror_core::ids::TargetGroupArn::from(detail.group.arn.as_str());
    let empty = mirror_core::inventory::TargetGroup { vpc: Some(network.vpc), ..Default::default() };
    assert_eq!(shown(Query::TargetGroups(made.arn.clone(), None)), Items::TargetGroups(vec![(arn.clone(), empty)]));
    let registered = Registered::Instance(instance);
    assert_eq!(shown(Query::TargetHealth(made.arn.clone(), arn)), Items::TargetHealth(vec![registered]));
    let gone = Query::Listeners("arn:aws:elasticloadbalancing:eu-west-1:1:loadbalancer/net/gone/1".into(), None);
    assert_eq!(at_once(door.read(&gone)).unwrap_err().class, Class::Gone);
    let list = at_once(door.read(&Query::List(Kind::LoadBalancers, None))).unwrap_err();
    assert_eq!(list.code, "UnsendableRequest");
}

#[test]
fn the_door_shows_the_addresses_and_prefixes_of_an_interface() {
    let setting = setting();
    let id = setting.interface.clone();
    let (door, ..) = opened(setting);
    let Items::Interfaces(interfaces) = items(&door, Kind::Interfaces) else { panic!("no interfaces") };
    let shown = interfaces.iter().find(|interface| interface.id == id).unwrap();
    let ipv4 = shown.addresses.iter().filter(|network| network.addr().is_ipv4());
    assert!(ipv4.clone().count() >= 1 && ipv4.clone().all(|network| network.prefix_len() == 32), "{shown:?}");
    assert_eq!(shown.ipv6, shown.addresses.iter().any(|network| network.addr().is_ipv6()));
}

#[test]
fn who_may_not_list_what_is_tagged_is_told_which_permission_that_is() {
    let statements = super::permissions::allow("ec2:*", "*", "");
    let api = super::permissions::where_alice_may(setting().world, &statements);
    let door = Door::through(Arc::new(Mutex::new(api)), Caller::new("123456789012".into(), "user/alice"));
    let error = at_once(door.read(&Query::Tagged("mirror".into(), None))).unwrap_err();
    assert_eq!((error.action.as_str(), error.class), ("GetResources", Class::Denied));
    assert!(error.message.contains("not authorized to perform: tag:GetResources"), "{error}");
}

#[test]
fn what_the_door_makes_stands_in_the_world_and_is_seen_through_the_wire() {
    let (door, world, wish) = opened(setting());
    let Outcome::Session(made) = at_once(door.apply(&create_session(&wish))).unwrap() else { panic!("no session") };
    let body = "Action=DescribeTrafficMirrorSessions&Version=2016-11-15";
    let reply = http::answer(&mut world.lock().unwrap(), Some(http::SIGNED), body);
    assert!(reply.body.contains(made.as_str()), "{}", reply.body);
    let stands = sessions(&door).remove(0);
    assert_eq!((stands.id, stands.number, stands.vni), (made, 100, Some(4242)));
    assert_eq!(stands.tags, tags_of([("owner", "prod")]));
}

#[test]
fn what_the_wire_makes_is_seen_through_the_door() {
    let (door, world, wish) = opened(setting());
    let CreateTrafficMirrorSession { interface, target, filter, .. } = wish;
    let body = format!(
        "Action=CreateTrafficMirrorSession&Version=2016-11-15&NetworkInterfaceId={interface}&TrafficMirrorTargetId={target}\
         &TrafficMirrorFilterId={filter}&SessionNumber=5&VirtualNetworkId=77"
    );
    assert_eq!(http::answer(&mut world.lock().unwrap(), Some(http::SIGNED), &body).status, 200);
    assert_eq!((sessions(&door)[0].number, sessions(&door)[0].vni), (5, Some(77)));
}

fn accept_everything() -> Rule {
    Rule {
        action: RuleAction::Accept,
        direction: Direction::Ingress,
        number: 1,
        protocol: None,
        source: "0.0.0.0/0".parse().unwrap(),
        destination: "0.0.0.0/0".parse().unwrap(),
        source_ports: None,
        destination_ports: None,
    }
}

#[test]
fn a_filter_is_built_step_by_step() {
    let (door, ..) = opened(setting());
    let apply = |step: Step| at_once(door.apply(&step)).unwrap();
    let token = |text: &str| ClientToken(text.into());
    let Outcome::Filter(filter) = apply(Step::CreateFilter { token: token("f"), tags: Tags::new() }) else { panic!() };
    let step = Step::CreateRule { token: token("r"), filter: filter.clone(), rule: accept_everything() };
    let Outcome::Rule(rule) = apply(step) else { panic!() };
    let services = BTreeSet::from(["amazon-dns".to_owned()]);
    assert_eq!(apply(Step::AddServices { filter: filter.clone(), services: services.clone() }), Outcome::Done);
    let Items::Filters(filters) = items(&door, Kind::Filters) else { panic!() };
    let made = filters.into_iter().find(|it| it.id == filter).unwrap();
    assert_eq!(made.rules, [(rule.clone(), accept_everything())].into());
    assert_eq!(made.services, services);
    assert_eq!(apply(Step::DeleteRule { filter: filter.clone(), rule }), Outcome::Done);
    assert_eq!(apply(Step::DeleteFilter { filter }), Outcome::Done);
}

#[test]
fn a_session_is_moved_to_another_target_and_removed() {
    let mut setting = setting();
    let arn = setting.world.add_network_load_balancer("sensor");
    let (door, _, wish) = opened(setting);
    let apply = |step: Step| at_once(door.apply(&step)).unwrap();
    let token = ClientToken("target".into());
    let create_target = Step::CreateTarget { token, resource: Resource::NetworkLoadBalancer(arn), tags: Tags::new() };
    let Outcome::Target(target) = apply(create_target) else { panic!() };
    let Outcome::Session(session) = apply(create_session(&wish)) else { panic!() };
    let change = SessionChange { target: Some(target.clone()), vni: Some(7), ..SessionChange::default() };
    assert_eq!(apply(Step::ModifySession { session: session.clone(), change }), Outcome::Done);
    let moved = sessions(&door).remove(0);
    assert_eq!((&moved.target, &moved.filter, moved.vni), (&target, &wish.filter, Some(7)));
    assert_eq!(apply(Step::DeleteSession { session }), Outcome::Done);
    assert_eq!(apply(Step::DeleteTarget { target }), Outcome::Done);
    assert_eq!(sessions(&door), []);
}

#[test]
fn an_error_names_its_action_and_what_it_means() {
    let (door, ..) = opened(setting());
    let error = at_once(door.apply(&Step::DeleteSession { session: "tms-0".into() })).unwrap_err();
    assert_eq!((error.action.as_str(), error.class), ("DeleteTrafficMirrorSession", Class::Gone));
    let error = at_once(door.read(&Query::List(Kind::Filters, Some("?".into())))).unwrap_err();
    assert_eq!((error.code.as_str(), error.class), ("InvalidNextToken", Class::Bug));
}

#[test]
fn a_list_of_more_than_a_page_comes_in_pages() {
    let mut setting = setting();
    for _ in 0..1001 {
        call!(setting.world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default()));
    }
    let (door, ..) = opened(setting);
    let first = at_once(door.read(&Query::List(Kind::Filters, None))).unwrap();
    let second = at_once(door.read(&Query::List(Kind::Filters, first.next))).unwrap();
    let (Items::Filters(first), Items::Filters(rest)) = (first.items, second.items) else { panic!("no filters") };
    assert_eq!((first.len(), rest.len(), second.next), (1000, 2, None));
}
