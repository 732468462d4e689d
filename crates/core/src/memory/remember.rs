//! Takes what was planned and done; gives what the next round has to know of it. Never takes an error for a no: what a failed call has
//! left is for the next read to show. That holds for a removal, too, that AWS refuses since nothing is there: it says so of what is new.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::rates::backoff;
use super::{Drift, Drifts, Memory, Object, Predecessor, ProofOfAbsence, Refusal, Written, later, learn};
use crate::Time;
use crate::cloud::{Class, CloudError, Outcome, PacketLength, SessionChange, Step};
use crate::digest::digest;
use crate::ids::InterfaceId;
use crate::inventory::{Inventory, Session, Target};
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

/// What is to be remembered of what was planned and done.
pub fn remember(memory: Memory, plan: &Plan, done: &[Done], now: Time) -> Memory {
    let Memory {
        inventory,
        mut written,
        mut predecessors,
        mut unwanted,
        mut refused,
        mut sources,
        mut allowance,
        mut approvals,
        mut drift,
        mut lessons,
        sizes,
        rates,
        fits,
    } = memory;
    note_unwanted(&mut unwanted, &inventory, plan, now);
    // A step that is still to be made keeps its strikes, or it would come first again and again, before steps that could succeed.
    let planned: BTreeSet<&ObjectKey> =
        plan.steps.iter().map(|planned| &planned.key).chain(plan.waiting.iter().map(|waiting| &waiting.key)).collect();
    refused.retain(|(_, key), refusal| later(refusal.until, LONGEST_REFUSAL) > now || planned.contains(key));
    learn::forget(&mut lessons, &inventory, now);
    note_sources(&mut sources, plan, done, now);
    let standing = inventory.ours.sessions.values().map(BTreeSet::len).sum();
    let lost = done.iter().filter(|done| lost(plan, done)).count();
    allowance.note(standing, plan.losses_an_hour, lost, now);
    plan.held.iter().for_each(|held| approvals.note(held, now));
    note_repairs(&mut drift, &inventory, plan, &planned, done, now);
    for done in done {
        let Done { planned, at, result } = done;
        let refusal = (planned.step.action().to_owned(), planned.key.clone());
        match result {
            Ok(outcome) => {
                refused.remove(&refusal);
                learn::accepted(&mut lessons, &inventory, &planned.step);
                if let Some((id, state)) = wrote(&planned.step, outcome, &inventory) {
                    note_written(&mut written, planned, id.clone(), state, *at);
                    note_removal(&mut predecessors, planned, &id, &inventory, *at);
                }
            }
            Err(error) => {
                // Nobody has looked at the step itself; the action is left alone for a while as it is.
                if error.class == Class::Throttled {
                    continue;
                }
                // What is decided next is decided otherwise: there is nothing to wait for.
                if learn::refused(&mut lessons, &inventory, &planned.step, error, *at) {
                    refused.remove(&refusal);
                    continue;
                }
                if error.code == "IdempotentParameterMismatch" {
                    note_mismatch(&mut predecessors, planned, *at);
                }
                let strikes = refused.get(&refusal).map_or(0, |refusal| refusal.strikes);
                let until = later(*at, backoff(first_refusal(error.class), strikes, LONGEST_REFUSAL));
                let strikes = strikes.saturating_add(1);
                refused.insert(refusal, Refusal { code: error.code.clone(), said: error.to_string(), strikes, until });
            }
        }
    }
    Memory {
        inventory,
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

/// Whether a step has taken packets from a session, as far as that counts. One whose answer was lost may have.
fn lost(plan: &Plan, done: &Done) -> bool {
    let happened = done.result.as_ref().map_or_else(|error| error.class == Class::Retry, |_| true);
    match &done.planned.step {
        Step::ModifySession { session, .. } | Step::DeleteSession { session } => {
            happened && plan.losing.contains(session)
        }
        _ => false,
    }
}

/// What was put right, and what needs nothing of the kind: another leader of ours, or whoever did it, has left it as it is wanted.
/// A filter that a session kept, and that somebody spoiled, is not repaired: the session leaves it.
fn note_repairs(
    drift: &mut Drifts,
    inventory: &Inventory,
    plan: &Plan,
    planned: &BTreeSet<&ObjectKey>,
    done: &[Done],
    now: Time,
) {
    if inventory.complete_since().is_some() {
        let is_left = |drift: &Drift| drift.filter().is_some_and(|filter| plan.leaving.contains(filter));
        drift.keep(|key, drift| planned.contains(key) || is_left(drift));
    }
    for done in done.iter().filter(|done| done.succeeded() && removed(&done.planned.step).is_none()) {
        drift.repaired(&done.planned.key, done.at);
        if let Step::ModifySession { session, change } = &done.planned.step
            && change.filter.is_some()
            && let Some(session) = inventory.sessions.get(session)
        {
            drift.left(&session.filter, done.at);
        }
    }
    drift.forget(now);
}

/// Which interfaces became sources, where that is limited. A create whose answer was lost may have made one.
fn note_sources(sources: &mut BTreeMap<InterfaceId, Time>, plan: &Plan, done: &[Done], now: Time) {
    sources.retain(|_, began| later(*began, SignedDuration::from_hours(1)) > now);
    for Done { planned, at, result } in done {
        let began = result.as_ref().map_or_else(|error| error.class == Class::Retry, |_| true);
        if let Step::CreateSession { interface, .. } = &planned.step
            && began
            && plan.starting.contains(interface)
        {
            sources.insert(interface.clone(), *at);
        }
    }
}

/// The longest that a refused step waits.
const LONGEST_REFUSAL: SignedDuration = SignedDuration::from_mins(10);

/// How long a step waits after its first refusal; each one in a row doubles it.
fn first_refusal(class: Class) -> SignedDuration {
    SignedDuration::from_secs(match class {
        Class::Retry | Class::Gone | Class::Throttled => 1,
        Class::Conflict => 5,
        Class::Denied => 30,
        Class::Quota | Class::Bug => 60,
    })
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
    planned: &Planned,
    id: ObjectId,
    state: Option<Object>,
    at: Time,
) {
    let created = match planned.step {
        Step::CreateFilter { .. }
        | Step::CreateRule { .. }
        | Step::CreateTarget { .. }
        | Step::CreateSession { .. } => true,
        Step::AddServices { .. }
        | Step::ModifySession { .. }
        | Step::DeleteSession { .. }
        | Step::DeleteRule { .. }
        | Step::DeleteFilter { .. }
        | Step::DeleteTarget { .. }
        | Step::TagSession { .. } => false,
    };
    written.insert(id, Written { at, state, created, missed: None });
}

/// What we removed is the predecessor of what may have its key next; but not while another of ours has the key, for then nothing is
/// to be made, and a read that only misses the other must not look like a removal of ours.
fn note_removal(
    predecessors: &mut BTreeMap<ObjectKey, Predecessor>,
    planned: &Planned,
    id: &ObjectId,
    inventory: &Inventory,
    at: Time,
) {
    let others = match &planned.key {
        ObjectKey::Session(interface, lane) => {
            inventory.ours.sessions.get(&(interface.clone(), lane.clone())).map_or(0, BTreeSet::len)
        }
        ObjectKey::Filter(key) => inventory.ours.filters.get(key).map_or(0, BTreeSet::len),
        ObjectKey::Target(resource) => inventory.ours.targets.get(resource).map_or(0, BTreeSet::len),
        ObjectKey::Rule(..) | ObjectKey::Services(_) => 0,
    };
    if removed(&planned.step).is_some() && others <= 1 {
        let removal = Predecessor { was: id.to_string(), since: at, proof: ProofOfAbsence::Removed };
        predecessors.insert(planned.key.clone(), removal);
    }
}

/// AWS knows our token from a call with other parameters: what that call made may be slow to appear, or long gone. The next token is
/// made from this one's incarnation, so that two leaders come to the same.
fn note_mismatch(predecessors: &mut BTreeMap<ObjectKey, Predecessor>, planned: &Planned, at: Time) {
    let was = digest([planned.incarnation.as_str()]);
    let mismatch = Predecessor { was, since: at, proof: ProofOfAbsence::Mismatch };
    predecessors.insert(planned.key.clone(), mismatch);
}

/// What a step that was carried out has written: none in place of what it removed.
fn wrote(step: &Step, outcome: &Outcome, inventory: &Inventory) -> Option<(ObjectId, Option<Object>)> {
    let account = inventory.account.clone()?;
    Some(match (step.clone(), outcome.clone()) {
        (Step::CreateFilter { token: _, tags }, Outcome::Filter(id)) => {
            (ObjectId::Filter(id), Some(Object::Filter(tags)))
        }
        (Step::CreateRule { token: _, filter, rule }, Outcome::Rule(id)) => {
            (ObjectId::Rule(filter, id), Some(Object::Rule(rule)))
        }
        (Step::AddServices { filter, mut services }, _) => {
            services.extend(inventory.filters.get(&filter)?.services.clone());
            (ObjectId::Services(filter), Some(Object::Services(services)))
        }
        (Step::CreateTarget { token: _, resource, tags }, Outcome::Target(id)) => {
            let target = Target { id: id.clone(), owner: account, resource, tags };
            (ObjectId::Target(id), Some(Object::Target(target)))
        }
        (
            Step::CreateSession { token: _, interface, target, filter, number, packet_length, vni, tags },
            Outcome::Session(id),
        ) => {
            let (owner, vni, packet_length) = (account, Some(vni), packet_length.map(u32::from));
            let session =
                Session { id: id.clone(), owner, interface, target, filter, number, packet_length, vni, tags };
            (ObjectId::Session(id), Some(Object::Session(session)))
        }
        (Step::ModifySession { session: id, change }, _) => {
            let SessionChange { target, filter, number, packet_length, vni } = change;
            let mut session = inventory.sessions.get(&id)?.clone();
            session.target = target.unwrap_or(session.target);
            session.filter = filter.unwrap_or(session.filter);
            session.number = number.unwrap_or(session.number);
            session.packet_length = match packet_length {
                None => session.packet_length,
                Some(PacketLength::Whole) => None,
                Some(PacketLength::Bytes(bytes)) => Some(bytes.into()),
            };
            session.vni = vni.or(session.vni);
            (ObjectId::Session(id), Some(Object::Session(session)))
        }
        (Step::TagSession { session: id, tags }, _) => {
            let mut session = inventory.sessions.get(&id)?.clone();
            session.tags.extend(tags);
            (ObjectId::Session(id), Some(Object::Session(session)))
        }
        (step, _) => (removed(&step)?, None),
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
        | Step::ModifySession { .. }
        | Step::TagSession { .. } => None,
    }
}

#[cfg(test)]
mod tests;
