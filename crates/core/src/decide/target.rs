//! Takes the sensors' targets; gives each session one of them. Never moves a session that stands on one that its sensor still has.
//!
//! For a resource that the policy names: our target, else someone's for the same resource, else one to be made. Of several the same
//! zone comes first, since traffic between zones is billed; then those without a zone (load balancers, endpoints); then the least
//! used; then the policy's order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{InterfaceId, Lane, TargetId, Zone};
use crate::inventory::{Inventory, NetworkInterface, Resource, Target};
use crate::policy::{Policy, SensorTarget};

/// The target of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TargetChoice {
    /// One that stands.
    Made(TargetId),
    /// One that has to be made for this resource.
    ToMake(Resource),
}

struct Candidate {
    choice: TargetChoice,
    resource: Option<Resource>,
    zone: Option<Zone>,
    sessions: usize,
}

/// The candidates of every lane, and how much each is used.
pub(super) struct Targets {
    lanes: BTreeMap<Lane, Vec<Candidate>>,
    /// Where our sessions point now.
    standing: BTreeMap<(InterfaceId, Lane), (TargetId, Option<Resource>)>,
}

impl Targets {
    pub(super) fn new(policy: &Policy, inventory: &Inventory) -> Self {
        let mut users: BTreeMap<&TargetId, usize> = BTreeMap::new();
        for session in inventory.sessions.values() {
            *users.entry(&session.target).or_default() += 1;
        }
        let lanes = policy.sensors.iter().map(|(name, sensor)| {
            let candidates = sensor.targets.iter().filter_map(|target| candidate(target, inventory, &users)).collect();
            (Lane::from(name), candidates)
        });
        let standing = inventory.ours.sessions.keys().filter_map(|key| {
            let target = inventory.standing(key).first()?.target.clone();
            let resource = inventory.targets.get(&target).map(|target| target.resource.clone());
            Some((key.clone(), (target, resource)))
        });
        Self { lanes: lanes.collect(), standing: standing.collect() }
    }

    /// The target for a lane's session on an interface; none while none is to be seen.
    pub(super) fn choose(&mut self, lane: &Lane, interface: &NetworkInterface) -> Option<TargetChoice> {
        let candidates = self.lanes.get_mut(lane)?;
        if let Some((target, resource)) = self.standing.get(&(interface.id.clone(), lane.clone())) {
            let named = |candidate: &Candidate| {
                candidate.choice == TargetChoice::Made(target.clone())
                    || (resource.is_some() && candidate.resource == *resource)
            };
            if candidates.iter().any(named) {
                return Some(TargetChoice::Made(target.clone()));
            }
        }
        let best =
            candidates.iter_mut().min_by_key(|candidate| (distance(candidate, interface), candidate.sessions))?;
        best.sessions += 1;
        Some(best.choice.clone())
    }
}

fn distance(candidate: &Candidate, interface: &NetworkInterface) -> u8 {
    match &candidate.zone {
        Some(zone) if *zone == interface.zone => 0,
        None => 1,
        Some(_) => 2,
    }
}

/// None for a target that the policy names and that is not to be seen: not made yet, or not shared with us.
fn candidate(named: &SensorTarget, inventory: &Inventory, users: &BTreeMap<&TargetId, usize>) -> Option<Candidate> {
    let made = match named {
        SensorTarget::Existing(id) => Some(inventory.targets.get(id)?),
        SensorTarget::Resource(resource) => made_for(resource, inventory),
    };
    let resource = match named {
        SensorTarget::Existing(_) => made.map(|target| target.resource.clone()),
        SensorTarget::Resource(resource) => Some(resource.clone()),
    };
    let zone = match &resource {
        Some(Resource::NetworkInterface(id)) => inventory.interfaces.get(id).map(|interface| interface.zone.clone()),
        _ => None,
    };
    let choice = match (made, &resource) {
        (Some(target), _) => TargetChoice::Made(target.id.clone()),
        (None, resource) => TargetChoice::ToMake(resource.clone()?),
    };
    let sessions = made.and_then(|target| users.get(&target.id)).copied().unwrap_or(0);
    Some(Candidate { choice, resource, zone, sessions })
}

fn made_for<'a>(resource: &Resource, inventory: &'a Inventory) -> Option<&'a Target> {
    let ours = inventory.ours.targets.get(&resource.id()).and_then(|ids| ids.first());
    ours.and_then(|id| inventory.targets.get(id))
        .or_else(|| inventory.targets.values().find(|target| target.resource == *resource))
}
