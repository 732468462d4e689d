//! Takes what was read and what we have just written; lets stand what a read that is behind does not show. Never writes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::Time;
use crate::inventory::{Filter, Inventory, Overlay};
use crate::memory::{Object, STALE_READS, Written, kind_of, later};
use crate::objects::ObjectId;

/// Lets what we wrote stand where the reads do not show it; says which objects that are.
///
/// A read that began before the write says nothing about it. One that began later may be behind. What it shows of an object that we
/// made is believed: there was nothing before. That it does not show it at all is believed after a second such read, a settle time
/// later; and what it shows of a change or removal after [`STALE_READS`].
pub(super) fn overlay(
    inventory: &mut Inventory,
    written: &BTreeMap<ObjectId, Written>,
    settle: SignedDuration,
) -> BTreeMap<ObjectId, Overlay> {
    let mut overlaid = BTreeMap::new();
    for (id, Written { at, state, created, missed }) in written {
        let shown = state_of(inventory, id);
        let read = inventory.read.get(&kind_of(id)).copied().unwrap_or(Time::MIN);
        if shown == *state || (*created && shown.is_some() && read > *at) {
            continue;
        }
        let how = if shown.is_none() { Overlay::Unseen } else { Overlay::Behind };
        let believed = match (how, missed) {
            (Overlay::Unseen, Some(missed)) => read >= later(*missed, settle),
            (Overlay::Unseen, None) => false,
            (Overlay::Behind, _) => read >= later(*at, STALE_READS),
        };
        if !believed {
            set_state(inventory, id, state.clone());
            overlaid.insert(id.clone(), how);
        }
    }
    overlaid
}

/// A mirror object as the inventory has it.
fn state_of(inventory: &Inventory, id: &ObjectId) -> Option<Object> {
    match id {
        ObjectId::Session(id) => inventory.sessions.get(id).cloned().map(Object::Session),
        ObjectId::Target(id) => inventory.targets.get(id).cloned().map(Object::Target),
        ObjectId::Filter(id) => inventory.filters.get(id).map(|filter| Object::Filter(filter.tags.clone())),
        ObjectId::Rule(filter, id) => inventory.filters.get(filter)?.rules.get(id).cloned().map(Object::Rule),
        ObjectId::Services(filter) => {
            inventory.filters.get(filter).map(|filter| Object::Services(filter.services.clone()))
        }
    }
}

fn set_state(inventory: &mut Inventory, id: &ObjectId, state: Option<Object>) {
    match (id, state) {
        (ObjectId::Session(id), Some(Object::Session(session))) => {
            inventory.sessions.insert(id.clone(), session);
        }
        (ObjectId::Session(id), _) => {
            inventory.sessions.remove(id);
        }
        (ObjectId::Target(id), Some(Object::Target(target))) => {
            inventory.targets.insert(id.clone(), target);
        }
        (ObjectId::Target(id), _) => {
            inventory.targets.remove(id);
        }
        (ObjectId::Filter(id), Some(Object::Filter(tags))) => {
            let empty =
                Filter { id: id.clone(), rules: BTreeMap::new(), services: BTreeSet::new(), tags: tags.clone() };
            inventory.filters.entry(id.clone()).or_insert(empty).tags = tags;
        }
        (ObjectId::Filter(id), _) => {
            inventory.filters.remove(id);
        }
        // A filter that is gone has neither rules nor services, whatever we wrote into it.
        (ObjectId::Rule(filter, id), state) => {
            let Some(filter) = inventory.filters.get_mut(filter) else { return };
            match state {
                Some(Object::Rule(rule)) => filter.rules.insert(id.clone(), rule),
                _ => filter.rules.remove(id),
            };
        }
        (ObjectId::Services(filter), Some(Object::Services(services))) => {
            if let Some(filter) = inventory.filters.get_mut(filter) {
                filter.services = services;
            }
        }
        (ObjectId::Services(_), _) => {}
    }
}
