//! Takes an account and a number; does in it what the number says: what people, their tools and AWS do to a fleet and to other
//! people's mirroring. Never asks whether that was wise.

use std::collections::BTreeSet;
use std::ops::Range;

use mirror_core::ids::{FilterId, Lane, LoadBalancerArn, TargetId, VpcId};
use mirror_core::inventory::{Direction, InstanceState, Resource, RuleAction, Tags};
use mirror_core::objects::ObjectKey;
use mirror_core::ownership::{self, KEY_TAG, Owner};
use mirror_sim::fleet::{instance, network};
use mirror_sim::{
    Api, AssignIpv6Addresses, AttachNetworkInterface, CreateListener, CreateNetworkInterface, CreateTags,
    CreateTargetGroup, CreateTrafficMirrorFilter, CreateTrafficMirrorFilterRule, CreateTrafficMirrorSession,
    CreateTrafficMirrorTarget, DeleteTags, ElbRequest, ElbResponse, HealthCheckWish, InstanceDetail, MirrorFilter,
    MirrorSession, ModifyTrafficMirrorSession, NetworkInterface, OfTargets, Protocol, Request, Response, RuleWish,
    TargetGroupArn, TargetType, TargetWish, UnassignIpv6Addresses, World,
};

use super::judge::{Judge, Made};
use super::listed::{filters, instances, interfaces, sessions, targets};
use crate::support::dice::Dice;

/// The most instances of a fleet: every state of a small one is met more often than any of a large one.
const MOST: usize = 8;

/// What gives an interface addresses, or takes them away.
const READDRESSES: Range<u64> = 20..21;

/// The number that somebody gives a session that is not his.
pub(crate) const MOVED: u16 = 777;

/// What people have, and look after.
pub(crate) struct People {
    /// Where the daemons' sensors listen.
    pub(crate) sensors: Vec<LoadBalancerArn>,
    target: TargetId,
    /// One that accepts everything, and one that accepts nothing.
    filters: [FilterId; 2],
    subnet: mirror_sim::SubnetId,
    /// Who is behind the load balancer `edge`.
    pub(crate) edge: TargetGroupArn,
    /// Whether they send to our targets, too.
    pub(crate) guests: bool,
    /// Whether they leave the fleet alone, and lay hands on what mirrors it.
    pub(crate) meddling: bool,
    /// Whether they give interfaces addresses and take them away again most of the time.
    pub(crate) readdressing: bool,
}

/// Calls, and gives the content of the answer.
macro_rules! call {
    ($world:expr, $action:ident($input:expr)) => {
        match $world.call(Request::$action($input)) {
            Ok(Response::$action(answer)) => answer,
            other => panic!("{other:?}"),
        }
    };
}

impl People {
    /// Moves into an empty world: a network, two sensors, a product of somebody else's with its own.
    pub(crate) fn move_in(world: &mut World) -> Self {
        let mut network = network(world);
        let edge = edge(world, &network.vpc);
        let subnet = network.subnets.remove(0);
        let sensors = ["sta", "zeek"].map(|name| world.add_network_load_balancer(name)).into();
        let theirs: Tags = [("team".to_owned(), "forensics".to_owned())].into();
        let endpoint = world.add_gateway_load_balancer_endpoint();
        let target = CreateTrafficMirrorTarget {
            resource: Resource::GatewayLoadBalancerEndpoint(endpoint),
            description: None,
            tags: theirs.clone(),
            token: None,
        };
        let target = call!(world, CreateTrafficMirrorTarget(target)).id;
        let filters = [(); 2].map(|()| {
            let wish = CreateTrafficMirrorFilter { tags: theirs.clone(), ..CreateTrafficMirrorFilter::default() };
            call!(world, CreateTrafficMirrorFilter(wish)).id
        });
        for direction in [Direction::Ingress, Direction::Egress] {
            let rule = everything(&filters[0], direction, 10);
            call!(world, CreateTrafficMirrorFilterRule(rule));
        }
        Self { sensors, target, filters, subnet, edge, guests: false, meddling: false, readdressing: false }
    }

    /// Launches an instance; the number says of which kind.
    pub(crate) fn launch(&self, world: &mut World, dice: &mut Dice) -> String {
        let plain = instance().in_subnet(&self.subnet);
        let (what, mut new) = match dice.roll(0..8) {
            0..3 => ("a jewel", plain.tagged("mirror", "crown-jewel")),
            3 => ("a vault", plain.tagged("app", "vault")),
            4 => ("a jewel that is a vault", plain.tagged("app", "vault").tagged("mirror", "crown-jewel+vault")),
            5 => ("a misspelt one", plain.tagged("mirror", "crown-jewl")),
            6 => ("a jewel of a type that cannot", plain.of_type("t2.micro").tagged("mirror", "crown-jewel")),
            _ => ("a plain one", plain),
        };
        if dice.roll(0..3) == 0 {
            new = new.dual_stack();
        }
        match new.launch(world) {
            Ok(id) => format!("somebody launches {what}: {id}"),
            Err(error) => format!("somebody cannot launch {what}: {error}"),
        }
    }

    /// Launches a crown jewel.
    pub(crate) fn launch_jewel(&self, world: &mut World) {
        instance().in_subnet(&self.subnet).tagged("mirror", "crown-jewel").launch(world).unwrap();
    }

    /// Does something; says what.
    pub(crate) fn act(&self, api: &mut Api, judge: &mut Judge, what: u64) -> String {
        let mut dice = Dice::new(what);
        let (instances, interfaces) = (instances(api), interfaces(api));
        let world = api.world_mut();
        let living = |it: &&InstanceDetail| {
            !matches!(it.instance.state, InstanceState::Terminated | InstanceState::ShuttingDown)
        };
        let living: Vec<&InstanceDetail> = instances.iter().filter(living).collect();
        if living.len() < 2 {
            return self.launch(world, &mut dice);
        }
        let one = pick(&mut dice, &living).unwrap();
        let id = one.instance.id.clone();
        let plain: Vec<&NetworkInterface> = interfaces.iter().filter(|it| it.interface_type == "interface").collect();
        let acts = match (self.meddling, self.readdressing && dice.roll(0..4) > 0) {
            (true, _) => 21..46,
            (false, true) => READDRESSES,
            (false, false) => 0..38,
        };
        match dice.roll(acts) {
            0..4 if living.len() < MOST => self.launch(world, &mut dice),
            0..5 => done(world, Request::TerminateInstances(vec![id])),
            5 => done(world, Request::StopInstances(vec![id])),
            6..8 => done(world, Request::StartInstances(vec![id])),
            8..11 => tag(world, id.as_str(), "mirror", "crown-jewel"),
            11 => tag(world, id.as_str(), "mirror", "off"),
            12 => tag(world, id.as_str(), "mirror", "vault"),
            13..15 => untag(world, id.as_str(), "mirror"),
            15 => tag(world, id.as_str(), "app", "vault"),
            16 => untag(world, id.as_str(), "app"),
            17 => self.attach(world, one),
            18 => match one.interfaces.iter().filter_map(|it| it.attachment.as_ref()).find(|at| at.device_index > 0) {
                Some(at) => done(world, Request::DetachNetworkInterface(at.id.clone())),
                None => self.attach(world, one),
            },
            19 => match pick(&mut dice, &plain) {
                Some(it) => tag(world, it.id.as_str(), "mirror", "crown-jewel"),
                None => "nothing".into(),
            },
            20 => match pick(&mut dice, &plain) {
                Some(it) if it.ipv6_addresses.is_empty() => {
                    let wish = AssignIpv6Addresses { interface: it.id.clone(), count: 1, prefix_count: 0 };
                    done(world, Request::AssignIpv6Addresses(wish))
                }
                Some(it) => {
                    let wish = UnassignIpv6Addresses {
                        interface: it.id.clone(),
                        addresses: it.ipv6_addresses.clone(),
                        prefixes: Vec::new(),
                    };
                    done(world, Request::UnassignIpv6Addresses(wish))
                }
                None => "nothing".into(),
            },
            21..25 => match pick(&mut dice, &plain) {
                Some(it) => self.mirror(api, &judge.made_by_any(), it, &mut dice),
                None => "nothing".into(),
            },
            25 => {
                let made = judge.made_by_any();
                let theirs: Vec<MirrorSession> =
                    sessions(api).into_iter().filter(|it| !made.sessions.contains(&it.id)).collect();
                match pick(&mut dice, &theirs) {
                    Some(it) => done(api.world_mut(), Request::DeleteTrafficMirrorSession(it.id.clone())),
                    None => "nothing".into(),
                }
            }
            34..38 if !self.meddling => {
                let targets = vec![TargetWish { id: id.to_string(), port: None, zone: None }];
                let which = OfTargets { group: self.edge.clone(), targets };
                done(
                    world,
                    Request::Elb(match dice.roll(0..2) {
                        0 => ElbRequest::RegisterTargets(which),
                        _ => ElbRequest::DeregisterTargets(which),
                    }),
                )
            }
            34..40 => self.looks_alike(api, &judge.made_by_any(), &mut dice),
            40 => tag(world, id.as_str(), "mirror", "crown-jewel"),
            41 => untag(world, id.as_str(), "mirror"),
            _ => {
                judge.tampered += 1;
                judge.last_tampered = Some(api.world().now());
                self.tamper(api, &judge.made_by_any(), &mut dice)
            }
        }
    }

    /// Makes something of his own that looks like ours: with the tags of one of our objects of another kind or for another interface, or
    /// with those that our owner's would have in another account, in another Region, or under another name.
    fn looks_alike(&self, api: &mut Api, made: &Made, dice: &mut Dice) -> String {
        let (sessions, filters, targets, interfaces) = (sessions(api), filters(api), targets(api), interfaces(api));
        let Some(interface) = pick(dice, &interfaces).map(|it| it.id.clone()) else { return "nothing".into() };
        let session = sessions.iter().find(|it| made.sessions.contains(&it.id) && it.interface != interface);
        let filter = filters.iter().find(|it| made.filters.contains(&it.id));
        let target = targets.iter().find(|it| made.targets.contains(&it.id));
        let (session, filter, target) =
            (session.map(|it| &it.tags), filter.map(|it| &it.tags), target.map(|it| &it.tags));
        let key = session.or(filter).or(target).and_then(|tags| tags.get(KEY_TAG)).cloned().unwrap_or_default();
        let (account, region) = ("111122223333".into(), super::stage::REGION.into());
        let (elsewhere, far) = ("999999999999".into(), "us-east-1".into());
        let owner = [
            Owner { name: "prod", account: &elsewhere, region: &region },
            Owner { name: "prod", account: &account, region: &far },
            Owner { name: "Prod", account: &account, region: &region },
        ][index(dice, 3)];
        let whose = dice.roll(0..2) == 0;
        let world = api.world_mut();
        match dice.roll(0..3) {
            0 => {
                let forged = || ownership::tags(owner, &ObjectKey::Session(interface.clone(), Lane::from(&key)));
                let tags = session.or(filter).filter(|_| whose).cloned().unwrap_or_else(forged);
                let wish = CreateTrafficMirrorSession {
                    interface: interface.clone(),
                    target: self.target.clone(),
                    filter: self.filters[index(dice, 2)].clone(),
                    number: [99, 100, 101, 200][index(dice, 4)],
                    packet_length: None,
                    vni: None,
                    description: Some("vpc-mirror".into()),
                    tags,
                    token: None,
                };
                done(world, Request::CreateTrafficMirrorSession(wish))
            }
            1 => {
                // A filter with all tags of one of ours could not be told apart.
                let tags = session.or(target).filter(|_| whose).cloned();
                let tags = tags.unwrap_or_else(|| ownership::tags(owner, &ObjectKey::Filter(key.as_str().into())));
                let wish = CreateTrafficMirrorFilter { tags, ..CreateTrafficMirrorFilter::default() };
                done(world, Request::CreateTrafficMirrorFilter(wish))
            }
            _ => {
                let resource = Resource::NetworkInterface(interface.clone());
                let forged = || ownership::tags(owner, &ObjectKey::Target(resource.id()));
                let tags = session.or(filter).or(target).filter(|_| whose).cloned().unwrap_or_else(forged);
                let wish = CreateTrafficMirrorTarget { resource, description: None, tags, token: None };
                done(world, Request::CreateTrafficMirrorTarget(wish))
            }
        }
    }

    /// Takes the tag off one instance.
    pub(crate) fn tag_one_off(&self, api: &mut Api) {
        let one = instances(api).remove(0).instance.id;
        untag(api.world_mut(), one.as_str(), "mirror");
    }

    fn attach(&self, world: &mut World, to: &InstanceDetail) -> String {
        if to.interfaces.len() > 1 {
            return "nothing".into();
        }
        let new = CreateNetworkInterface::in_subnet(&self.subnet);
        let made = call!(world, CreateNetworkInterface(new));
        let attach = AttachNetworkInterface {
            interface: made.id,
            instance: to.instance.id.clone(),
            device_index: 1,
            network_card: 0,
        };
        done(world, Request::AttachNetworkInterface(attach))
    }

    /// A session of another product, or by hand.
    fn mirror(&self, api: &mut Api, made: &Made, interface: &NetworkInterface, dice: &mut Dice) -> String {
        let number = [1, 50, 100, 101, 200, 250, 300][index(dice, 7)];
        let stolen = dice.roll(0..4) == 0;
        let mut tags: Tags = [("team".to_owned(), "forensics".to_owned())].into();
        if stolen {
            tags.insert("vpc-mirror/owner".into(), "prod".into());
            tags.insert("vpc-mirror/key".into(), "sta".into());
        }
        let is_ours = |id: &TargetId| self.guests && made.targets.contains(id);
        let ours = targets(api).into_iter().map(|it| it.id).find(is_ours);
        let wish = CreateTrafficMirrorSession {
            interface: interface.id.clone(),
            target: ours.unwrap_or_else(|| self.target.clone()),
            filter: self.filters[index(dice, 2)].clone(),
            number,
            packet_length: None,
            vni: None,
            description: None,
            tags,
            token: None,
        };
        done(api.world_mut(), Request::CreateTrafficMirrorSession(wish))
    }

    /// Lays hands on what a daemon has made.
    fn tamper(&self, api: &mut Api, made: &Made, dice: &mut Dice) -> String {
        let (sessions, filters, targets) = (sessions(api), filters(api), targets(api));
        let world = api.world_mut();
        let ours: Vec<&MirrorSession> = sessions.iter().filter(|it| made.sessions.contains(&it.id)).collect();
        let others: Vec<&MirrorSession> = sessions.iter().filter(|it| !made.sessions.contains(&it.id)).collect();
        let our_filters: Vec<&MirrorFilter> = filters.iter().filter(|it| made.filters.contains(&it.id)).collect();
        let Some(one) = pick(dice, &ours) else { return "nothing".into() };
        let change = |change: fn(&mut ModifyTrafficMirrorSession)| {
            let mut wish = ModifyTrafficMirrorSession {
                session: one.id.clone(),
                target: None,
                filter: None,
                number: None,
                packet_length: None,
                vni: None,
                description: None,
                remove: Vec::new(),
            };
            change(&mut wish);
            wish
        };
        match dice.roll(0..12) {
            0..2 => done(world, Request::DeleteTrafficMirrorSession(one.id.clone())),
            2 => {
                let wish = ModifyTrafficMirrorSession { target: Some(self.target.clone()), ..change(|_| {}) };
                done(world, Request::ModifyTrafficMirrorSession(wish))
            }
            3 => {
                let wish = ModifyTrafficMirrorSession { filter: Some(self.filters[1].clone()), ..change(|_| {}) };
                done(world, Request::ModifyTrafficMirrorSession(wish))
            }
            4 => done(world, Request::ModifyTrafficMirrorSession(change(|it| it.number = Some(MOVED.into())))),
            5 => done(world, Request::ModifyTrafficMirrorSession(change(|it| it.packet_length = Some(64)))),
            6 => untag(world, one.id.as_str(), "vpc-mirror/proof"),
            7 => match pick(dice, &others) {
                // All of our tags, upon a session that is not ours, on whichever interface.
                Some(it) => {
                    let copy = CreateTags { resources: vec![it.id.to_string()], tags: one.tags.clone() };
                    match it.interface == one.interface {
                        // There it could not be told apart.
                        true => "nothing".into(),
                        false => done(world, Request::CreateTags(copy)),
                    }
                }
                None => "nothing".into(),
            },
            8 => match pick(dice, &our_filters) {
                Some(filter) => match filter.rules.keys().next() {
                    Some(rule) => done(world, Request::DeleteTrafficMirrorFilterRule(rule.clone())),
                    None => "nothing".into(),
                },
                None => "nothing".into(),
            },
            9 => match pick(dice, &our_filters) {
                Some(filter) => {
                    let rule = everything(&filter.id, Direction::Ingress, 7);
                    done(world, Request::CreateTrafficMirrorFilterRule(rule))
                }
                None => "nothing".into(),
            },
            10 => match pick(dice, &our_filters) {
                Some(filter) => untag(world, filter.id.as_str(), "vpc-mirror/owner"),
                None => "nothing".into(),
            },
            _ => {
                let unused = |id: &&TargetId| made.targets.contains(*id) && sessions.iter().all(|it| it.target != **id);
                match targets.iter().map(|it| &it.id).find(unused) {
                    Some(target) => done(world, Request::DeleteTrafficMirrorTarget(target.clone())),
                    None => "nothing".into(),
                }
            }
        }
    }
}

fn everything(filter: &FilterId, direction: Direction, number: i32) -> CreateTrafficMirrorFilterRule {
    let any = "0.0.0.0/0".parse().unwrap();
    CreateTrafficMirrorFilterRule {
        filter: filter.clone(),
        rule: RuleWish {
            direction,
            number,
            action: RuleAction::Accept,
            protocol: None,
            source: any,
            destination: any,
            source_ports: None,
            destination_ports: None,
        },
        description: None,
        tags: Tags::new(),
        token: None,
    }
}

fn index(dice: &mut Dice, below: u64) -> usize {
    usize::try_from(dice.roll(0..below)).unwrap()
}

fn pick<'a, T>(dice: &mut Dice, from: &'a [T]) -> Option<&'a T> {
    let below = u64::try_from(from.len()).unwrap();
    (below > 0).then(|| &from[index(dice, below)])
}

fn done(world: &mut World, request: Request) -> String {
    let said = format!("somebody: {request:?}");
    match world.call(request) {
        Ok(_) => said,
        Err(error) => format!("{said}: {error}"),
    }
}

fn tag(world: &mut World, resource: &str, key: &str, value: &str) -> String {
    let tags: Tags = [(key.to_owned(), value.to_owned())].into();
    done(world, Request::CreateTags(CreateTags { resources: vec![resource.into()], tags }))
}

fn untag(world: &mut World, resource: &str, key: &str) -> String {
    let gone = BTreeSet::from([(key.to_owned(), None)]).into_iter().collect();
    done(world, Request::DeleteTags(DeleteTags { resources: vec![resource.into()], tags: gone }))
}

/// A load balancer called `edge`, and the group of whoever is behind it.
fn edge(world: &mut World, vpc: &VpcId) -> TargetGroupArn {
    let load_balancer = world.add_network_load_balancer("edge");
    let wish = CreateTargetGroup {
        name: "edge".into(),
        kind: TargetType::Instance,
        protocol: Some(Protocol::Tcp),
        port: Some(443),
        vpc: Some(vpc.clone()),
        health_check: HealthCheckWish::default(),
        tags: Tags::new(),
    };
    let group = match world.call(Request::Elb(ElbRequest::CreateTargetGroup(wish))) {
        Ok(Response::Elb(ElbResponse::CreateTargetGroup(made))) => made.group.arn,
        other => panic!("{other:?}"),
    };
    let listener = CreateListener {
        load_balancer,
        protocol: Some(Protocol::Tcp),
        port: Some(443),
        forwards_to: vec![group.clone()],
        tags: Tags::new(),
    };
    world.call(Request::Elb(ElbRequest::CreateListener(listener))).unwrap();
    group
}
