//! Takes the targets that sessions want; plans those that are missing, and the removal of ours that the policy does not name any
//! more. Never touches one that a session uses.

use std::collections::BTreeMap;

use super::Draft;
use crate::cloud::Step;
use crate::decide::TargetChoice;
use crate::ids::{ResourceId, TargetId};
use crate::inventory::{Kind, Resource, Tags};
use crate::objects::{ObjectId, ObjectKey};
use crate::ownership::Owner;

/// Plans targets; gives those of ours that stand, by resource.
pub(super) fn plan(draft: &mut Draft<'_>, owner: Owner<'_>) -> BTreeMap<ResourceId, TargetId> {
    let standing: BTreeMap<ResourceId, TargetId> = draft
        .inventory
        .ours
        .targets
        .iter()
        .filter_map(|(resource, ids)| Some((resource.clone(), ids.first()?.clone())))
        .collect();
    let mut missing: BTreeMap<ResourceId, (&Resource, usize)> = BTreeMap::new();
    for spec in draft.desired.sessions.values() {
        if let TargetChoice::ToMake(resource) = &spec.target
            && !standing.contains_key(&resource.id())
        {
            let (_, rank) = missing.entry(resource.id()).or_insert((resource, spec.rank));
            *rank = spec.rank.min(*rank);
        }
    }
    for (id, (resource, rank)) in missing {
        let why = format!("the policy names {id}, and nobody has a mirror target for it");
        draft.create(owner, ObjectKey::Target(id), Kind::Targets, "", (rank, &why), |token, tags| Step::CreateTarget {
            token,
            resource: resource.clone(),
            tags,
        });
    }
    remove(draft, &standing);
    standing
}

fn remove(draft: &mut Draft<'_>, standing: &BTreeMap<ResourceId, TargetId>) {
    let inventory = draft.inventory;
    for (resource, ids) in &inventory.ours.targets {
        for id in ids {
            let named = draft.desired.targets.contains(resource);
            let carried = |tags: &Tags| inventory.targets.get(id).is_some_and(|target| target.carries(tags));
            let desired = draft.desired;
            let wanted = desired.existing.contains(id)
                || desired.tagged.iter().any(carried)
                || (named && standing.get(resource) == Some(id));
            if !wanted && !inventory.sessions.values().any(|session| session.target == *id) {
                let key = ObjectKey::Target(resource.clone());
                let why = match named {
                    true => "another target of ours serves the same resource, and no session uses this one",
                    false => "the policy does not name its resource, and no session uses it",
                };
                let step = (key.clone(), Step::DeleteTarget { target: id.clone() });
                draft.remove(ObjectId::Target(id.clone()), key, why, vec![step]);
            }
        }
    }
}
