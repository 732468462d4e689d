//! Takes all of a round; gives what the next one has to know. Never forgets a write before a read has shown it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::rates::backoff;
use super::{Memory, Object, Predecessor, ProofOfAbsence, Refusal, Written, kind_of, later};
use crate::Time;
use crate::cloud::{Class, CloudError, Outcome, Step};
use crate::digest::digest;
use crate::inventory::{Inventory, Kind, Overlay};
use crate::objects::{ObjectId, ObjectKey};
use crate::plan::{Plan, Planned};

/// A step that was carried out, and what came of it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Done {
    /// The step, as planned.
    pub planned: Planned,
    /// When the call was answered, or given up.
    pub at: Time,
    /// The answer.
    pub result: Result<Outcome, CloudError>,
}

impl Done {
    /// Whether the cloud is now as the step wanted it. Removing what is gone already is no failure.
    pub fn succeeded(&self) -> bool {
        match &self.result {
            Ok(_) => true,
            Err(error) => error.class == Class::Gone && removed(&self.planned.step).is_some(),
        }
    }
}

/// What is to be remembered after a round.
pub fn remember(memory: Memory, inventory: &Inventory, plan: &Plan, done: &[Done], now: Time) -> Memory {
    let Memory { inventory: before, mut written, mut predecessors, mut unwanted, mut refused, rates } = memory;
    let fresh: BTreeSet<Kind> =
        Kind::ALL.into_iter().filter(|kind| inventory.read.get(kind) > before.read.get(kind)).collect();

    note_absences(&mut predecessors, &before, inventory, &written, &fresh);
    forget_what_was_seen(&mut written, inventory, &fresh);
    note_unwanted(&mut unwanted, inventory, plan, now);
    refused.retain(|_, refusal| later(refusal.until, LONGEST_REFUSAL) > now);
    for Done { planned, at, result } in done {
        let refusal = (planned.step.action().to_owned(), planned.key.clone());
        match result {
            Ok(outcome) => {
                refused.remove(&refusal);
                if let Some((id, state)) = wrote(&planned.step, outcome) {
                    note_written(&mut written, &mut predecessors, planned, id, state, *at);
                }
            }
            Err(error) => {
                if error.class == Class::Gone
                    && let Some(id) = removed(&planned.step)
                {
                    note_written(&mut written, &mut predecessors, planned, id, None, *at);
                    continue;
                }
                if error.code == "IdempotentParameterMismatch" {
                    note_mismatch(&mut predecessors, planned, *at);
                }
                let strikes = refused.get(&refusal).map_or(0, |refusal| refusal.strikes);
                let until = later(*at, backoff(first_refusal(error.class), strikes, LONGEST_REFUSAL));
                let strikes = strikes.saturating_add(1);
                refused.insert(refusal, Refusal { class: error.class, said: error.to_string(), strikes, until });
            }
        }
    }
    prune(&mut predecessors, inventory, &fresh);
    Memory { inventory: inventory.clone(), written, predecessors, unwanted, refused, rates }
}

/// The longest that a refused step waits.
const LONGEST_REFUSAL: SignedDuration = SignedDuration::from_mins(10);

/// How long a step waits after its first refusal; each one in a row doubles it.
fn first_refusal(class: Class) -> SignedDuration {
    SignedDuration::from_secs(match class {
        Class::Retry | Class::Throttled | Class::Gone => 1,
        Class::Conflict => 5,
        Class::Denied => 30,
        Class::Quota | Class::Bug => 60,
    })
}

/// An object of ours that stood before and that a complete read does not show any more, or not as ours, is a predecessor: its key
/// may get another object once that is settled. One that is shown again has only been missed.
fn note_absences(
    predecessors: &mut BTreeMap<ObjectKey, Predecessor>,
    before: &Inventory,
    inventory: &Inventory,
    written: &BTreeMap<ObjectId, Written>,
    fresh: &BTreeSet<Kind>,
) {
    let now = objects(inventory);
    for key in now.keys() {
        predecessors.remove(key);
    }
    for (key, ids) in objects(before) {
        let Some(id) = ids.last().filter(|_| !now.contains_key(&key)) else { continue };
        let kind = kind_of(id);
        let Some(read) = inventory.read.get(&kind).filter(|_| fresh.contains(&kind)) else { continue };
        let since = written.get(id).and_then(|written| written.missed).unwrap_or(*read);
        let absence = Predecessor { was: id.to_string(), since, proof: ProofOfAbsence::Settled };
        predecessors.entry(key).or_insert(absence);
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

/// What is wanted again, or gone, starts anew; what is not seen completely neither starts nor ends.
fn note_unwanted(unwanted: &mut BTreeMap<ObjectId, Time>, inventory: &Inventory, plan: &Plan, now: Time) {
    if inventory.complete_since().is_none() {
        return;
    }
    unwanted.retain(|id, _| plan.unwanted.contains(id));
    for id in &plan.unwanted {
        unwanted.entry(id.clone()).or_insert(now);
    }
}

fn note_written(
    written: &mut BTreeMap<ObjectId, Written>,
    predecessors: &mut BTreeMap<ObjectKey, Predecessor>,
    planned: &Planned,
    id: ObjectId,
    state: Option<Object>,
    at: Time,
) {
    if state.is_none() {
        let removal = Predecessor { was: id.to_string(), since: at, proof: ProofOfAbsence::Removed };
        predecessors.insert(planned.key.clone(), removal);
    }
    written.insert(id, Written { at, state, missed: None });
}

/// AWS knows our token from a call with other parameters: what that call made may be slow to appear, or long gone. The next token is
/// made from this one's incarnation, so that two leaders come to the same.
fn note_mismatch(predecessors: &mut BTreeMap<ObjectKey, Predecessor>, planned: &Planned, at: Time) {
    let was = digest([planned.incarnation.as_str()]);
    let mismatch = Predecessor { was, since: at, proof: ProofOfAbsence::Mismatch };
    predecessors.insert(planned.key.clone(), mismatch);
}

/// What a step that was carried out has written: none in place of what it removed.
fn wrote(step: &Step, outcome: &Outcome) -> Option<(ObjectId, Option<Object>)> {
    Some(match outcome {
        Outcome::Filter(filter) => (ObjectId::Filter(filter.id.clone()), Some(Object::Filter(filter.tags.clone()))),
        Outcome::Rule(filter, id, rule) => {
            (ObjectId::Rule(filter.clone(), id.clone()), Some(Object::Rule(rule.clone())))
        }
        Outcome::Services(filter, services) => {
            (ObjectId::Services(filter.clone()), Some(Object::Services(services.clone())))
        }
        Outcome::Target(target) => (ObjectId::Target(target.id.clone()), Some(Object::Target(target.clone()))),
        Outcome::Session(session) => (ObjectId::Session(session.id.clone()), Some(Object::Session(session.clone()))),
        Outcome::Removed => (removed(step)?, None),
    })
}

/// What a step removes.
fn removed(step: &Step) -> Option<ObjectId> {
    match step {
        Step::DeleteSession { session } => Some(ObjectId::Session(session.clone())),
        Step::DeleteRule { filter, rule } => Some(ObjectId::Rule(filter.clone(), rule.clone())),
        Step::DeleteFilter { filter } => Some(ObjectId::Filter(filter.clone())),
        Step::DeleteTarget { target } => Some(ObjectId::Target(target.clone())),
        Step::CreateFilter { .. }
        | Step::CreateRule { .. }
        | Step::AddServices { .. }
        | Step::CreateTarget { .. }
        | Step::CreateSession { .. }
        | Step::ModifySession { .. } => None,
    }
}

/// Interfaces and filters never come back under the same id, so that what was on one that is gone need not be known.
fn prune(predecessors: &mut BTreeMap<ObjectKey, Predecessor>, inventory: &Inventory, fresh: &BTreeSet<Kind>) {
    predecessors.retain(|key, _| match key {
        ObjectKey::Session(interface, _) => {
            !fresh.contains(&Kind::Interfaces) || inventory.interfaces.contains_key(interface)
        }
        ObjectKey::Rule(filter, _) | ObjectKey::Services(filter) => {
            !fresh.contains(&Kind::Filters) || inventory.filters.contains_key(filter)
        }
        ObjectKey::Filter(_) | ObjectKey::Target(_) => true,
    });
}
