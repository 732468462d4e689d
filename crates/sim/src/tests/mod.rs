//! Takes a world that is small enough to hold in one's head; gives sentences about it that are true. Never tests how it is done.

mod accounts;
mod actions;
mod addressing;
mod api;
mod balancers_of_accounts;
mod balancing_permissions;
mod changes;
mod classic_load_balancers;
mod copies;
mod denied;
mod determinism;
mod dice;
mod doors;
mod eks;
mod elb_on_the_wire;
mod ends;
mod filters;
mod finding;
mod firewalls;
mod firewalls_on_the_wire;
mod found;
mod fuzzing;
mod generate;
mod grammar;
mod grammar_of_balancing;
mod grammar_of_firewalls;
mod grammar_of_machines;
mod groups_of_accounts;
mod http;
mod iam;
mod idempotency;
mod instances;
mod interfaces;
mod launching;
mod limits;
mod listing;
mod living;
mod load_balancers;
mod machines;
mod on_the_wire;
mod outliving;
mod packets;
mod packets_by_brute_force;
mod page_by_page;
mod permissions;
mod principals;
mod quotas;
mod rates;
mod rates_of_balancing;
mod reading_back;
mod refusals;
mod registering;
mod requester_managed;
mod scaling;
mod security_groups;
mod sent;
mod sessions;
mod shapes;
mod shared_networks;
mod sharing;
mod signatures;
mod sources;
mod stirring;
mod tagging_api;
mod tags;
mod target_health;
mod targets;
mod unknowns;
mod web_acls;
mod well_formed;
mod zones_of_balancers;

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::ClientToken;
use mirror_core::ids::{AccountId, FilterId, InstanceId, InterfaceId, SessionId, TargetId};
use mirror_core::inventory::{Direction, Resource, RuleAction, Tags};

use crate::fleet::{Network, NewInstance, instance, network};
use crate::*;

/// Calls, and gives the answer's content.
macro_rules! call {
    ($world:expr, $action:ident $(($input:expr))?) => {
        match $world.call($crate::Request::$action $(($input))?) {
            Ok($crate::Response::$action(answer)) => answer,
            other => panic!("{other:?}"),
        }
    };
}

/// Calls, and gives the code of the error.
macro_rules! refused {
    ($world:expr, $action:ident($input:expr)) => {
        $world.call($crate::Request::$action($input)).unwrap_err().code
    };
}

use {call, refused};

fn empty_world() -> World {
    World::new("123456789012".into(), "eu-west-1".into(), 7, Time::UNIX_EPOCH)
}

/// A network, an interface that can be mirrored, and all that a session needs.
struct Setting {
    world: World,
    network: Network,
    instance: InstanceId,
    interface: InterfaceId,
    filter: FilterId,
    target: TargetId,
}

fn setting() -> Setting {
    let mut world = empty_world();
    let network = network(&mut world);
    let instance = running(&mut world, instance());
    let interface = primary_interface(&mut world, &instance);
    let filter = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
    let endpoint = world.add_gateway_load_balancer_endpoint();
    let target =
        call!(world, CreateTrafficMirrorTarget(target_for(Resource::GatewayLoadBalancerEndpoint(endpoint)))).id;
    Setting { world, network, instance, interface, filter, target }
}

impl Setting {
    fn session(&self, number: i32) -> CreateTrafficMirrorSession {
        CreateTrafficMirrorSession {
            interface: self.interface.clone(),
            target: self.target.clone(),
            filter: self.filter.clone(),
            number,
            packet_length: None,
            vni: None,
            description: None,
            tags: Tags::new(),
            token: None,
        }
    }

    fn sessions(&mut self) -> Vec<MirrorSession> {
        call!(self.world, DescribeTrafficMirrorSessions(Describe::all())).items
    }
}

fn running(world: &mut World, new: NewInstance) -> InstanceId {
    let id = new.launch(world).unwrap();
    pass(world, 3);
    id
}

fn pass(world: &mut World, seconds: i64) {
    world.advance(world.now() + SignedDuration::from_secs(seconds));
}

fn seen(world: &mut World, id: &InstanceId) -> InstanceDetail {
    call!(world, DescribeInstances(Describe::only([id.clone()]))).items.remove(0)
}

fn primary_interface(world: &mut World, id: &InstanceId) -> InterfaceId {
    seen(world, id).interfaces.remove(0).id
}

fn loose_interface(network: &Network) -> CreateNetworkInterface {
    CreateNetworkInterface::in_subnet(&network.subnets[0])
}

fn target_for(resource: Resource) -> CreateTrafficMirrorTarget {
    CreateTrafficMirrorTarget { resource, description: None, tags: Tags::new(), token: None }
}

/// A change of a session that changes nothing.
fn no_session_change(session: &MirrorSession) -> ModifyTrafficMirrorSession {
    ModifyTrafficMirrorSession {
        session: session.id.clone(),
        target: None,
        filter: None,
        number: None,
        packet_length: None,
        vni: None,
        description: None,
        remove: Vec::new(),
    }
}

/// A change of a rule that changes nothing.
fn no_rule_change(rule: &MirrorRule) -> ModifyTrafficMirrorFilterRule {
    ModifyTrafficMirrorFilterRule {
        rule: rule.id.clone(),
        direction: None,
        number: None,
        action: None,
        protocol: None,
        source: None,
        destination: None,
        source_ports: None,
        destination_ports: None,
        description: None,
        remove: Vec::new(),
    }
}

/// An ingress rule that accepts everything.
fn rule(filter: &FilterId, number: i32) -> CreateTrafficMirrorFilterRule {
    CreateTrafficMirrorFilterRule {
        filter: filter.clone(),
        rule: RuleWish {
            direction: Direction::Ingress,
            number,
            action: RuleAction::Accept,
            protocol: None,
            source: "0.0.0.0/0".parse().unwrap(),
            destination: "0.0.0.0/0".parse().unwrap(),
            source_ports: None,
            destination_ports: None,
        },
        description: None,
        tags: Tags::new(),
        token: None,
    }
}

fn tags_of<const N: usize>(tags: [(&str, &str); N]) -> Tags {
    tags.map(|(key, value)| (key.into(), value.into())).into()
}

fn token(text: &str) -> Option<ClientToken> {
    Some(ClientToken(text.into()))
}
