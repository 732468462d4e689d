//! Takes what was seen; gives what is remembered once it is compared with what was known. Comes before planning: what a read does not
//! show any more must not be made again before that has settled. Never takes one read's word for an absence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::tampering::{Comparison, tampering};
use super::{Memory, Predecessor, ProofOfAbsence, Written, kind_of};
use crate::inventory::{Inventory, Kind, Overlay};
use crate::lessons::Lessons;
use crate::objects::{ObjectId, ObjectKey};

/// What is to be remembered of what was seen.
pub fn notice(memory: Memory, inventory: Inventory) -> Memory {
    if is_another_world(&memory.inventory, &inventory) || is_another_account(&inventory) {
        return memory.anew(inventory.region);
    }
    let Memory {
        inventory: before,
        mut written,
        mut predecessors,
        unwanted,
        refused,
        sources,
        allowance,
        approvals,
        mut drift,
        mut lessons,
        mut sizes,
        rates,
        fits,
    } = memory;
    let fresh: BTreeSet<Kind> =
        Kind::ALL.into_iter().filter(|kind| inventory.read.get(kind) > before.read.get(kind)).collect();
    let comparison = Comparison { before: &before, now: &inventory, written: &written, fresh: &fresh };
    drift.see(tampering(&comparison));
    note_absences(&mut predecessors, &before, &inventory, &written, &fresh);
    note_numbers(&mut lessons, &predecessors, &before, &inventory);
    forget_what_was_seen(&mut written, &inventory, &fresh);
    prune(&mut predecessors, &inventory, &fresh);
    fresh.iter().filter_map(|kind| Some((*kind, *inventory.read.get(kind)?))).for_each(|(kind, read)| {
        sizes.note(kind, inventory.items(kind), read);
    });
    Memory {
        inventory: Arc::new(inventory),
        written,
        predecessors,
        unwanted,
        refused,
        sources,
        allowance,
        approvals,
        drift,
        lessons,
        sizes,
        rates,
        fits,
    }
}

/// Whether a read shows none of the interfaces that were known: then it is the answer of another account, or of nobody's. All that is
/// known is forgotten, whose account it is included, and asked for again; nothing is written from what was seen of two worlds.
fn is_another_world(before: &Inventory, inventory: &Inventory) -> bool {
    !before.interfaces.is_empty() && before.interfaces.keys().all(|id| !inventory.interfaces.contains_key(id))
}

/// Whether the credentials have turned out to be of another account than that whose instances are known.
fn is_another_account(inventory: &Inventory) -> bool {
    let Some(account) = &inventory.account else { return false };
    inventory.instances.values().any(|instance| instance.owner != *account)
}

/// An object of ours that stood before and that a complete read does not show any more, or not as ours, is a predecessor: its key
/// may get another object once that is settled. One that is shown again has only been missed. Of a filter's key others may stand, which
/// are spoiled: what was there is to be known all the same, or the next one would get the token of one that is gone.
fn note_absences(
    predecessors: &mut BTreeMap<ObjectKey, Predecessor>,
    before: &Inventory,
    inventory: &Inventory,
    written: &BTreeMap<ObjectId, Written>,
    fresh: &BTreeSet<Kind>,
) {
    let now = objects(inventory);
    predecessors.retain(|key, predecessor| match (key, now.get(key)) {
        (_, None) => true,
        (ObjectKey::Filter(_), Some(ids)) => ids.iter().all(|id| !predecessor.was.contains(&id.to_string())),
        (_, Some(_)) => false,
    });
    for (key, ids) in objects(before) {
        let there = now.get(&key);
        let gone = |id: &&ObjectId| there.is_none_or(|now| matches!(key, ObjectKey::Filter(_)) && !now.contains(*id));
        let gone: Vec<&ObjectId> = ids.iter().filter(gone).collect();
        let Some(id) = gone.first() else { continue };
        let kind = kind_of(id);
        let Some(read) = inventory.read.get(&kind).filter(|_| fresh.contains(&kind)) else { continue };
        let since = written.get(*id).and_then(|written| written.missed).unwrap_or(*read);
        let was = gone.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
        if predecessors.get(&key).is_none_or(|known| known.was != was) {
            predecessors.insert(key, Predecessor { was, since, proof: ProofOfAbsence::Settled });
        }
    }
}

/// The numbers of sessions of ours that a read does not show any more, and that we have not removed.
fn note_numbers(
    lessons: &mut Lessons,
    predecessors: &BTreeMap<ObjectKey, Predecessor>,
    before: &Inventory,
    inventory: &Inventory,
) {
    for ((interface, lane), ids) in &before.ours.sessions {
        let key = ObjectKey::Session(interface.clone(), lane.clone());
        let missed = predecessors.get(&key).filter(|it| it.proof != ProofOfAbsence::Removed);
        let numbers = ids.iter().filter_map(|id| before.sessions.get(id)).map(|session| session.number);
        if let (Some(number), Some(missed)) = (numbers.min(), missed) {
            lessons.had.entry(interface.clone()).or_default().insert(lane.clone(), (number, missed.since));
        }
    }
    for (interface, lanes) in &mut lessons.had {
        lanes.retain(|lane, _| !inventory.ours.sessions.contains_key(&(interface.clone(), lane.clone())));
    }
    lessons.had.retain(|_, lanes| !lanes.is_empty());
    // Who has a number is seen: nothing has to be believed about it any more.
    for session in inventory.sessions.values() {
        if let Some(numbers) = lessons.numbers.get_mut(&session.interface) {
            numbers.remove(&session.number);
        }
    }
}

/// Our objects by key, rules included.
fn objects(inventory: &Inventory) -> BTreeMap<ObjectKey, BTreeSet<ObjectId>> {
    let mut all: BTreeMap<ObjectKey, BTreeSet<ObjectId>> = BTreeMap::new();
    for ((interface, lane), ids) in &inventory.ours.sessions {
        let key = ObjectKey::Session(interface.clone(), lane.clone());
        all.insert(key, ids.iter().cloned().map(ObjectId::Session).collect());
    }
    for (resource, ids) in &inventory.ours.targets {
        all.insert(ObjectKey::Target(resource.clone()), ids.iter().cloned().map(ObjectId::Target).collect());
    }
    for (key, ids) in &inventory.ours.filters {
        all.insert(ObjectKey::Filter(key.clone()), ids.iter().cloned().map(ObjectId::Filter).collect());
        for filter in ids.iter().filter_map(|id| inventory.filters.get(id)) {
            for (id, rule) in &filter.rules {
                let key = ObjectKey::Rule(filter.id.clone(), rule.clone());
                all.entry(key).or_default().insert(ObjectId::Rule(filter.id.clone(), id.clone()));
            }
        }
    }
    all
}

/// A write need not be remembered once a complete read that began after it agrees with it, or is believed against it.
fn forget_what_was_seen(written: &mut BTreeMap<ObjectId, Written>, inventory: &Inventory, fresh: &BTreeSet<Kind>) {
    written.retain(|id, written| {
        let kind = kind_of(id);
        let Some(read) = inventory.read.get(&kind).filter(|read| fresh.contains(&kind) && **read > written.at) else {
            return true;
        };
        match inventory.overlaid.get(id) {
            Some(Overlay::Unseen) => {
                written.missed.get_or_insert(*read);
                true
            }
            Some(Overlay::Behind) => {
                written.missed = None;
                true
            }
            None => false,
        }
    });
}

/// Interfaces and filters never come back under the same id, so that what was on one that is gone need not be known.
fn prune(predecessors: &mut BTreeMap<ObjectKey, Predecessor>, inventory: &Inventory, fresh: &BTreeSet<Kind>) {
    predecessors.retain(|key, _| match key {
        ObjectKey::Session(interface, _) => {
            !fresh.contains(&Kind::Interfaces) || inventory.interfaces.contains_key(interface)
        }
        ObjectKey::Rule(filter, _) | ObjectKey::Services(filter) => inventory.filters.contains_key(filter),
        ObjectKey::Filter(_) | ObjectKey::Target(_) => true,
    });
}

#[cfg(test)]
mod tests;
