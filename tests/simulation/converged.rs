//! Converged: takes a cloud, and what a policy asks for; says what is not as it should be. It looks at what sensors receive, not at
//! what the daemon thinks, and shares no line with it.
//!
//! | an interface | then |
//! |---|---|
//! | is wanted | every packet that crosses it reaches the sensor, or a session of somebody else that comes first, or has its slots full of such |
//! | is not | no session of ours is on it |
//! | has two sessions of ours for one sensor | never |
//! | filters of ours | each is used, or asked for by sessions that keep another one, which has all that is asked and little more |

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use mirror_core::ids::{InstanceId, InterfaceId, LoadBalancerArn, SessionId};
use mirror_core::inventory::{Direction, InstanceState, Resource, Tags};
use mirror_sim::{Api, AttachmentStatus, Content, Flow, Instance, MirrorSession, NetworkInterface, Packet};

use super::judge::Made;
use super::listed::{filters, instances, sessions, targets};

/// What a policy asks for: crown jewels by tag, vaults by tag or selector and whoever is behind a load balancer, each to a sensor, or not
/// at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) owner: &'static str,
    pub(crate) jewels: Option<LoadBalancerArn>,
    pub(crate) vaults: Option<LoadBalancerArn>,
}

impl Wish {
    /// The sensor that is to see an interface of an instance. Crown jewels come first, and take everything.
    pub(crate) fn of(
        &self,
        instance: &Instance,
        interface: &NetworkInterface,
        registered: &BTreeSet<InstanceId>,
    ) -> Option<&LoadBalancerArn> {
        let attached = interface.attachment.as_ref().is_some_and(|at| at.status == AttachmentStatus::Attached);
        let kind = interface.interface_type == "interface" && !interface.requester_managed;
        // No T2 instance can be mirrored. Source: "Traffic Mirroring limitations", Amazon VPC guide.
        let can =
            kind && attached && instance.state == InstanceState::Running && !instance.instance_type.starts_with("t2.");
        let tag = interface.tags.get("mirror").or_else(|| instance.tags.get("mirror"));
        let names = |name: &str| tag.is_some_and(|tag| tag.split('+').any(|part| part == name));
        let vault = names("vault") || instance.tags.get("app").is_some_and(|app| app == "vault");
        // Who opts out is no junction.
        let passed = registered.contains(&instance.id) && tag.is_none_or(|tag| tag != "off");
        match &self.jewels {
            _ if !can => None,
            Some(sensor) if names("crown-jewel") => Some(sensor),
            _ if vault || passed => self.vaults.as_ref(),
            _ => None,
        }
    }
}

/// What is said of a packet that a session of ours takes to another sensor.
const ELSEWHERE: &str = ": a packet goes to ";

/// What is wrong; nothing if all is as it should be.
pub(crate) fn differences(api: &mut Api, wish: &Wish, made: &Made, registered: &BTreeSet<InstanceId>) -> Vec<String> {
    let mut wrong = Vec::new();
    let (sessions, our_sessions) = (sessions(api), ours(api, wish, made));
    let is_ours = |session: &MirrorSession| our_sessions.contains(&session.id);
    let mut on: BTreeMap<InterfaceId, Vec<&MirrorSession>> = BTreeMap::new();
    for session in &sessions {
        on.entry(session.interface.clone()).or_default().push(session);
    }
    for detail in instances(api) {
        for interface in &detail.interfaces {
            let there = on.remove(&interface.id).unwrap_or_default();
            let (ours, others): (Vec<_>, Vec<_>) = there.into_iter().partition(|session| is_ours(session));
            match wish.of(&detail.instance, interface, registered) {
                None => wrong.extend(ours.iter().map(|it| format!("{} on {} is not wanted", it.id, interface.id))),
                Some(_) if others.len() >= 3 => {}
                Some(sensor) => {
                    let unseen = unseen(api, interface, sensor, &our_sessions);
                    // Behind somebody else's session nothing new is begun, and what stands is kept, whatever it is for.
                    let is_wrong = |packet: &String| others.is_empty() || !packet.contains(ELSEWHERE);
                    wrong.extend(unseen.into_iter().filter(is_wrong));
                }
            }
            if let Some(twice) = twice(&ours) {
                wrong.push(format!("{} has two sessions {twice}", interface.id));
            }
        }
    }
    for (interface, there) in on {
        let ours = there.into_iter().filter(|session| is_ours(session));
        wrong.extend(ours.map(|session| format!("{} on {interface}, which is on no instance", session.id)));
    }
    let keeps = sessions.iter().any(|session| is_ours(session) && made.filters.contains(&session.filter));
    for filter in filters(api).into_iter().filter(|_| !keeps) {
        let used = sessions.iter().any(|session| session.filter == filter.id);
        if marked(&filter.tags, wish) && made.filters.contains(&filter.id) && !used {
            wrong.push(format!("nobody uses {}", filter.id));
        }
    }
    wrong
}

/// The sessions of an owner: made by it, and still marked.
pub(crate) fn ours(api: &mut Api, wish: &Wish, made: &Made) -> BTreeSet<SessionId> {
    let ours = |session: &MirrorSession| made.sessions.contains(&session.id) && marked(&session.tags, wish);
    sessions(api).into_iter().filter(ours).map(|session| session.id).collect()
}

/// Whether an object still carries the three tags: what somebody has taken one of them from is foreign from then on.
fn marked(tags: &Tags, wish: &Wish) -> bool {
    let owner = tags.get("vpc-mirror/owner").is_some_and(|owner| owner == wish.owner);
    owner && ["vpc-mirror/key", "vpc-mirror/proof"].iter().all(|tag| tags.contains_key(*tag))
}

/// The lane of which one interface has two of our sessions.
fn twice(ours: &[&MirrorSession]) -> Option<String> {
    let mut lanes: Vec<_> = ours.iter().filter_map(|session| session.tags.get("vpc-mirror/key")).collect();
    lanes.sort();
    lanes.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0].clone())
}

/// The packets of an interface that neither its sensor nor a session of somebody else sees.
pub(crate) fn unseen(
    api: &mut Api,
    interface: &NetworkInterface,
    sensor: &LoadBalancerArn,
    ours: &BTreeSet<SessionId>,
) -> Vec<String> {
    let resources: BTreeMap<_, _> = targets(api).into_iter().map(|target| (target.id, target.resource)).collect();
    let wrong = |packet: &Packet| match api.world().mirrored(packet) {
        Ok(mirrored) if !ours.contains(&mirrored.session) => None,
        Ok(mirrored) => match resources.get(&mirrored.target) {
            Some(Resource::NetworkLoadBalancer(at)) if at == sensor => None,
            elsewhere => Some(format!("{}{ELSEWHERE}{elsewhere:?}", interface.id)),
        },
        Err(why) => {
            Some(format!("{}: {:?} {:?} is not mirrored: {why:?}", interface.id, packet.direction, packet.content))
        }
    };
    packets(interface).iter().filter_map(wrong).collect()
}

/// Packets of every kind that a filter can tell apart: directions, families, protocols. Of those that arrive only answers, which no
/// security group drops.
fn packets(interface: &NetworkInterface) -> Vec<Packet> {
    let four = interface.address.map(IpAddr::V4).map(|at| (at, "198.51.100.7".parse().unwrap()));
    let six = interface.ipv6_addresses.first().map(|at| (IpAddr::V6(*at), "2001:db8:ffff::7".parse().unwrap()));
    let mut packets = Vec::new();
    for (here, there) in four.into_iter().chain(six) {
        for (protocol, port) in [(6, Some(443)), (17, Some(53)), (1, None)] {
            let out = Flow {
                protocol,
                source: here,
                destination: there,
                source_port: port.map(|_| 40_000),
                destination_port: port,
            };
            let ways = [(Direction::Egress, out, false), (Direction::Ingress, out.reversed(), true)];
            packets.extend(ways.map(|(direction, flow, answers)| Packet {
                interface: interface.id.clone(),
                direction,
                content: Content::Ip(flow),
                length: 1000,
                answers,
            }));
        }
    }
    packets
}
