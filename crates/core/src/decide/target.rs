//! Takes the sensors' targets; gives each session one of them. Never moves a session that stands on one that its sensor still has, but
//! off one whose interface is gone, whose load balancer has no listener for UDP 4789, or that has more sources than AWS allows.
//!
//! For a resource that the policy names: our target, else someone's for the same resource, else one to be made. Of several the same
//! zone comes first, since traffic between zones is billed; then those that serve all zones alike (load balancers, endpoints); then
//! the least used; then the policy's order. One that is full gets nobody new.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{InterfaceId, Lane, ResourceId, TargetId, Zone};
use crate::inventory::{Inventory, Kind, NetworkInterface, Resource, Target};
use crate::lessons::Lessons;
use crate::policy::{Policy, SensorTarget, Way};
use crate::support::sources_per_interface_target;

/// The target of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TargetChoice {
    /// One that stands.
    Made(TargetId),
    /// One that has to be made for this resource.
    ToMake(Resource),
}

/// Why there is no target for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoTarget {
    /// None of them is to be seen.
    Unseen,
    /// What those send to that are to be seen is gone.
    Gone,
    /// All that are to be seen have as many sources as AWS allows.
    Full,
}

pub(super) struct Candidate {
    pub(super) choice: TargetChoice,
    pub(super) resource: ResourceId,
    zones: BTreeSet<Zone>,
    /// How many interfaces may send to it.
    pub(super) most: usize,
    /// Whether AWS has said that it takes no more.
    pub(super) full: bool,
    /// Whether the interface that it sends to is gone, or its load balancer hears nothing. AWS reports neither.
    pub(super) gone: bool,
}

/// The candidates of every lane, and how much each resource is used.
pub(super) struct Targets {
    pub(super) lanes: BTreeMap<Lane, Vec<Candidate>>,
    /// The interfaces that send to a resource, whoever's their sessions are.
    pub(super) sources: BTreeMap<ResourceId, BTreeSet<InterfaceId>>,
    /// The interfaces whose sessions of ours have been decided to stay on a resource.
    kept: BTreeMap<ResourceId, BTreeSet<InterfaceId>>,
    /// Where our sessions point now.
    standing: BTreeMap<(InterfaceId, Lane), (TargetId, Option<ResourceId>)>,
}

impl Targets {
    pub(super) fn new(policy: &Policy, inventory: &Inventory, lessons: &Lessons, now: Time) -> Self {
        // Thousands of sessions have few targets.
        let resources: BTreeMap<&TargetId, ResourceId> =
            inventory.targets.iter().map(|(id, target)| (id, target.resource.id())).collect();
        let resource = |target: &TargetId| resources.get(target).cloned();
        let mut sources: BTreeMap<ResourceId, BTreeSet<InterfaceId>> = BTreeMap::new();
        for session in inventory.sessions.values() {
            if let Some(resource) = resource(&session.target) {
                sources.entry(resource).or_default().insert(session.interface.clone());
            }
        }
        let candidate = |target: &Target, zones: &BTreeSet<Zone>| made(target, zones, inventory, lessons, now);
        let lanes = policy.sensors.iter().map(|(name, sensor)| {
            // Of what a policy for several places names, each place makes only its own: elsewhere AWS would refuse it for ever.
            let own = |resource: &Resource| policy.places.is_empty() || may_be_here(resource, inventory);
            let candidates = sensor.targets.iter().flat_map(|named| candidates(named, inventory, &own, &candidate));
            (Lane::from(name), candidates.collect())
        });
        let standing = inventory.ours.sessions.keys().filter_map(|key| {
            let target = inventory.standing(key).first()?.target.clone();
            let resource = resource(&target);
            Some((key.clone(), (target, resource)))
        });
        Self { lanes: lanes.collect(), sources, kept: BTreeMap::new(), standing: standing.collect() }
    }

    /// The target for a lane's session on an interface. Interfaces ask by importance, so that the least important go without.
    pub(super) fn choose(&mut self, lane: &Lane, interface: &NetworkInterface) -> Result<TargetChoice, NoTarget> {
        let Self { lanes, sources, kept, standing } = self;
        let candidates = lanes.get(&Lane::from(lane.sensor())).ok_or(NoTarget::Unseen)?;
        if candidates.is_empty() {
            return Err(NoTarget::Unseen);
        }
        let used = |candidate: &Candidate| sources.get(&candidate.resource).map_or(0, BTreeSet::len);
        let here = standing.get(&(interface.id.clone(), lane.clone())).and_then(|(target, resource)| {
            let stays = TargetChoice::Made(target.clone());
            let named = |it: &&Candidate| it.choice == stays || Some(&it.resource) == resource.as_ref();
            Some((target, candidates.iter().find(named)?))
        });
        if let Some((target, candidate)) = here {
            let stay = kept.entry(candidate.resource.clone()).or_default();
            let has_room = stay.contains(&interface.id) || stay.len() < candidate.most;
            if !candidate.gone && (used(candidate) <= candidate.most || has_room) {
                stay.insert(interface.id.clone());
                return Ok(TargetChoice::Made(target.clone()));
            }
        }
        let free = candidates.iter().filter(|it| !it.gone && !it.full && used(it) < it.most);
        let best = free.min_by_key(|candidate| (candidate.distance(&interface.zone), used(candidate)));
        match (best, here) {
            (Some(best), _) => {
                if let Some((_, left)) = here {
                    sources.entry(left.resource.clone()).or_default().remove(&interface.id);
                }
                sources.entry(best.resource.clone()).or_default().insert(interface.id.clone());
                Ok(best.choice.clone())
            }
            // Nowhere to go: it stays.
            (None, Some((target, _))) => Ok(TargetChoice::Made(target.clone())),
            (None, None) if candidates.iter().all(|candidate| candidate.gone) => Err(NoTarget::Gone),
            (None, None) => Err(NoTarget::Full),
        }
    }

    /// Whether what was chosen sends nowhere: a session that has no other place stays there.
    pub(super) fn is_gone(&self, lane: &Lane, choice: &TargetChoice) -> bool {
        self.candidates(lane).any(|candidate| candidate.gone && candidate.choice == *choice)
    }

    /// Where a lane's packets may go.
    pub(super) fn candidates(&self, lane: &Lane) -> impl Iterator<Item = &Candidate> {
        self.lanes.get(&Lane::from(lane.sensor())).into_iter().flatten()
    }
}

impl Candidate {
    /// 0 in that zone, 1 for all zones alike, 2 in another.
    pub(super) fn distance(&self, zone: &Zone) -> u8 {
        match (self.zones.contains(zone), self.zones.is_empty()) {
            (true, _) => 0,
            (_, true) => 1,
            _ => 2,
        }
    }
}

/// The targets that a policy's entry means. None for what is not to be seen: not made yet, or not shared with us.
fn candidates(
    named: &SensorTarget,
    inventory: &Inventory,
    own: &impl Fn(&Resource) -> bool,
    made: &impl Fn(&Target, &BTreeSet<Zone>) -> Candidate,
) -> Vec<Candidate> {
    let SensorTarget { to, zones } = named;
    match to {
        Way::Existing(id) => inventory.targets.get(id).map(|target| made(target, zones)).into_iter().collect(),
        Way::Tagged(tags) => {
            let carrying = inventory.targets.values().filter(|target| target.carries(tags));
            carrying.map(|target| made(target, zones)).collect()
        }
        Way::Resource(resource) => match made_for(resource, inventory) {
            Some(target) => vec![made(target, zones)],
            None if own(resource) => vec![to_make(resource, zones, inventory)],
            None => Vec::new(),
        },
    }
}

/// Whether a target for a resource can be made in this account and Region, as far as anybody can tell. Of an endpoint nobody can.
fn may_be_here(resource: &Resource, inventory: &Inventory) -> bool {
    match resource {
        // Source: "Resource types defined by Elastic Load Balancing V2", Service Authorization Reference: Region and account are in the ARN.
        Resource::NetworkLoadBalancer(arn) => match arn.as_str().split(':').collect::<Vec<_>>().as_slice() {
            [_, _, _, region, account, ..] => {
                *region == inventory.region.as_str()
                    && inventory.account.as_ref().is_none_or(|it| it.as_str() == *account)
            }
            _ => true,
        },
        Resource::NetworkInterface(id) => {
            !inventory.is_complete(Kind::Interfaces) || inventory.interfaces.contains_key(id)
        }
        Resource::GatewayLoadBalancerEndpoint(_) => true,
    }
}

fn made(target: &Target, zones: &BTreeSet<Zone>, inventory: &Inventory, lessons: &Lessons, now: Time) -> Candidate {
    let Target { id, owner, resource, tags: _ } = target;
    // Interfaces of another account are never listed: that one is not does not mean that it is gone.
    let listed = inventory.account.as_ref() == Some(owner) && inventory.is_complete(Kind::Interfaces);
    let gone = match resource {
        Resource::NetworkInterface(id) => listed && !inventory.interfaces.contains_key(id),
        Resource::NetworkLoadBalancer(arn) => inventory.is_deaf(arn),
        Resource::GatewayLoadBalancerEndpoint(_) => false,
    };
    let choice = TargetChoice::Made(id.clone());
    Candidate { choice, full: lessons.is_full(id, now), gone, ..to_make(resource, zones, inventory) }
}

fn to_make(resource: &Resource, zones: &BTreeSet<Zone>, inventory: &Inventory) -> Candidate {
    let interface = match resource {
        Resource::NetworkInterface(id) => inventory.interfaces.get(id),
        Resource::NetworkLoadBalancer(_) | Resource::GatewayLoadBalancerEndpoint(_) => None,
    };
    let zones = match interface {
        Some(interface) if zones.is_empty() => BTreeSet::from([interface.zone.clone()]),
        _ => zones.clone(),
    };
    let most = match resource {
        Resource::NetworkInterface(_) => capacity(interface, inventory),
        Resource::NetworkLoadBalancer(_) | Resource::GatewayLoadBalancerEndpoint(_) => usize::MAX,
    };
    // An interface that is not there is refused by AWS, with a word; a load balancer that hears nothing is not.
    let gone = match resource {
        Resource::NetworkLoadBalancer(arn) => inventory.is_deaf(arn),
        Resource::NetworkInterface(_) | Resource::GatewayLoadBalancerEndpoint(_) => false,
    };
    let choice = TargetChoice::ToMake(resource.clone());
    Candidate { choice, resource: resource.id(), zones, most, full: false, gone }
}

/// How many sources an interface can be the target of: it goes by the type of its instance.
fn capacity(interface: Option<&NetworkInterface>, inventory: &Inventory) -> usize {
    let attachment = interface.and_then(|interface| interface.attachment.as_ref());
    let instance = attachment.and_then(|attachment| inventory.instances.get(attachment.instance.as_ref()?));
    sources_per_interface_target(instance.map(|instance| instance.instance_type.as_str()))
}

fn made_for<'a>(resource: &Resource, inventory: &'a Inventory) -> Option<&'a Target> {
    let ours = inventory.ours.targets.get(&resource.id()).and_then(|ids| ids.first());
    ours.and_then(|id| inventory.targets.get(id))
        .or_else(|| inventory.targets.values().find(|target| target.resource == *resource))
}
