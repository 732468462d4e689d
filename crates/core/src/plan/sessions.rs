//! Takes the sessions that are wanted; plans those that are missing or differ, and the removal of ours that are not wanted. Never
//! touches a foreign one, nor one on an interface that is not to be seen: AWS removes a session with its interface, so that a session
//! without one shows a read that is not whole.
//!
//! | wanted | ours stand | then |
//! |---|---|---|
//! | yes | none | create |
//! | yes | one | change what differs, or nothing |
//! | yes | several | keep the lowest number, then the lowest id; remove the others, once settled and the one that stays is right |
//! | no | any | remove, once settled |
//! | yes, without a slot | any | remove the least important as soon as one that is wanted more can be made but for the slot |
//! | unknown | any | nothing |

use std::collections::{BTreeMap, BTreeSet};

use super::losses::is_idle;
use super::rollout::Rollout;
use super::{Draft, Wait};
use crate::cloud::{PacketLength, SessionChange, Step};
use crate::compile::SessionSpec;
use crate::decide::TargetChoice;
use crate::ids::{FilterId, FilterKey, InterfaceId, Lane, ResourceId, TargetId};
use crate::inventory::{Kind, Session};
use crate::limits::{MAX_PACKET_LENGTH, SESSIONS_PER_INTERFACE};
use crate::memory::Loss;
use crate::objects::{ObjectId, ObjectKey};
use crate::ownership::Owner;

pub(super) type Key = (InterfaceId, Lane);

/// Plans sessions, given the targets of ours, the complete filters that stand, and the filters that sessions keep.
pub(super) fn plan(
    draft: &mut Draft<'_>,
    owner: Owner<'_>,
    targets: &BTreeMap<ResourceId, TargetId>,
    filters: &BTreeMap<FilterKey, FilterId>,
    keeping: &BTreeMap<Key, FilterId>,
) {
    let mut used: BTreeMap<&InterfaceId, usize> = BTreeMap::new();
    for session in draft.inventory.sessions.values() {
        *used.entry(&session.interface).or_default() += 1;
    }
    let mut rollout = Rollout::new(draft.desired.new_sources_per_hour, draft.inventory, draft.memory, draft.now);
    // AWS tries sessions by number between any two calls, and any call may fail: what moves next is planned from where the first is.
    let mut moved: BTreeSet<&InterfaceId> = BTreeSet::new();
    // By importance, for where slots are short the plan must not depend on ids.
    let mut wanted: Vec<(&Key, &SessionSpec)> = draft.desired.sessions.iter().collect();
    wanted.sort_by_key(|(_, spec)| spec.rank);
    for (key, spec) in wanted {
        let target = match &spec.target {
            TargetChoice::Made(id) => Some(id),
            TargetChoice::ToMake(resource) => targets.get(&resource.id()),
        };
        let filter = keeping.get(key).or_else(|| filters.get(&spec.filter));
        let inventory = draft.inventory;
        let mut standing = inventory.standing(key).into_iter();
        match standing.next() {
            Some(session) => {
                // The others go only when the one that stays does what they do.
                let may_move = !moved.contains(&key.0);
                if session.number != spec.number && !moved.insert(&key.0) {
                    // Its turn comes, and the evidence settles meanwhile.
                    draft.unwanted.insert(ObjectId::Session(session.id.clone()));
                    if !draft.is_repair(&object_key(key)) {
                        let loss = draft.change_to(session, spec);
                        draft.foresee(&loss);
                    }
                }
                if change(draft, key, spec, session, (target, filter), may_move) == Change::None {
                    for double in standing {
                        let step = (object_key(key), Step::DeleteSession { session: double.id.clone() });
                        let why = "another session of ours serves the same lane";
                        draft.remove(ObjectId::Session(double.id.clone()), object_key(key), why, vec![step]);
                    }
                }
            }
            None => {
                let (interface, object) = (&key.0, object_key(key));
                if let Some(until) = rollout.turn(&object, interface) {
                    draft.wait(object, format!("mirror: {}", spec.why), Wait::Turn(until));
                    continue;
                }
                let slots = used.entry(interface).or_default();
                if create(draft, owner, key, spec, (target, filter), *slots) {
                    *slots += 1;
                    rollout.starts(&object, interface);
                }
            }
        }
    }
    draft.starting = rollout.starting();
    remove(draft);
}

fn object_key((interface, lane): &Key) -> ObjectKey {
    ObjectKey::Session(interface.clone(), lane.clone())
}

/// Whether a create was planned.
fn create(
    draft: &mut Draft<'_>,
    owner: Owner<'_>,
    key: &Key,
    spec: &SessionSpec,
    parts: (Option<&TargetId>, Option<&FilterId>),
    slots_used: usize,
) -> bool {
    let (interface, _) = key;
    let what = || format!("mirror: {}", spec.why);
    let (target, filter) = match parts {
        (Some(target), Some(filter)) => (target, filter),
        (None, _) => {
            draft.wait(object_key(key), what(), Wait::Target);
            return false;
        }
        (_, None) => {
            draft.wait(object_key(key), what(), Wait::Filter);
            return false;
        }
    };
    if !draft.inventory.is_complete(Kind::LoadBalancers) {
        // It might be behind a sensor: then it would be sent what it sends, again and again. What stands has been looked at before.
        draft.wait(object_key(key), what(), Wait::Read(Kind::LoadBalancers));
        return false;
    }
    let attachment = draft.inventory.interfaces.get(interface).and_then(|interface| interface.attachment.as_ref());
    let Some(attachment) = attachment else { return false };
    let before = draft.creates.len();
    draft.create(
        owner,
        object_key(key),
        Kind::Sessions,
        attachment.id.as_str(),
        (spec.rank, &spec.why),
        |token, tags| Step::CreateSession {
            token,
            interface: interface.clone(),
            target: target.clone(),
            filter: filter.clone(),
            number: spec.number,
            packet_length: spec.packet_length,
            vni: spec.vni,
            tags,
        },
    );
    if draft.creates.len() > before && slots_used >= SESSIONS_PER_INTERFACE {
        // It comes in the next round, once the slot is free: AWS would refuse it if the removal failed.
        draft.creates.truncate(before);
        displace(draft, key, spec);
        draft.wait(object_key(key), what(), Wait::Slot);
    }
    draft.creates.len() > before
}

/// Removes the least important session of ours that has no slot beside a more important one. That one is wanted is no doubt that could
/// settle; but it must be seen whole.
fn displace(draft: &mut Draft<'_>, (interface, lane): &Key, spec: &SessionSpec) {
    let (desired, inventory) = (draft.desired, draft.inventory);
    if inventory.complete_since().is_none() || desired.doubtful.contains(interface) {
        return;
    }
    let crowded_out = desired.crowded_out.iter().filter(|(there, _)| there == interface);
    let standing = crowded_out.flat_map(|key| inventory.standing(key).into_iter().map(move |session| (key, session)));
    let there = standing.filter(|(_, session)| !draft.displaced.contains(&session.id));
    let Some((key, session)) = there.max_by_key(|(_, session)| session.number) else { return };
    let (key, loss) = (object_key(key), Loss::removal(&session.id));
    let why = format!("makes room for the session to {lane}, which is wanted more");
    let what = format!("remove {}: {why}", session.id);
    draft.foresee(&loss);
    draft.displaced.insert(session.id.clone());
    if draft.may_lose(session, &loss, &key, "DeleteTrafficMirrorSession", &what) {
        draft.change(key, spec.rank, why, Step::DeleteSession { session: session.id.clone() });
    }
}

/// Whether a session needs a change.
#[derive(PartialEq)]
enum Change {
    None,
    Some,
}

/// Changes what differs in place: the session goes on mirroring meanwhile. What is not there yet is changed to later.
fn change(
    draft: &mut Draft<'_>,
    key: &Key,
    spec: &SessionSpec,
    session: &Session,
    (wanted_target, wanted_filter): (Option<&TargetId>, Option<&FilterId>),
    may_move: bool,
) -> Change {
    let Session { id, owner: _, interface: _, target, filter, number, packet_length, vni, tags: _ } = session;
    let change = SessionChange {
        target: wanted_target.filter(|wanted| *wanted != target).cloned(),
        filter: wanted_filter.filter(|wanted| *wanted != filter).cloned(),
        number: Some(spec.number).filter(|wanted| wanted != number && may_move),
        packet_length: other_length(spec.packet_length, *packet_length),
        // One that AWS does not tell is what it was made with.
        vni: Some(spec.vni).filter(|wanted| vni.is_some_and(|vni| vni != *wanted)),
    };
    let unready = wanted_target.is_none() || wanted_filter.is_none();
    if change == SessionChange::default() {
        return if unready { Change::Some } else { Change::None };
    }
    let what = format!("change {id}: {}", spec.why);
    if loses(draft, session, &change) {
        let rest = SessionChange { target: None, ..change.clone() };
        let rest_loses = loses(draft, session, &rest);
        let loss = draft.change_to(session, spec);
        let counts = draft.change_counts(session, &object_key(key), rest_loses);
        if counts {
            draft.foresee(&loss);
        }
        if !draft.settled(ObjectId::Session(id.clone()), &object_key(key), &what)
            || (counts && !draft.may_lose(session, &loss, &object_key(key), "ModifyTrafficMirrorSession", &what))
        {
            return Change::Some;
        }
    } else if draft.inventory.complete_since().is_none() {
        draft.wait(object_key(key), what, Wait::Everything);
        return Change::Some;
    }
    draft.change(object_key(key), spec.rank, spec.why.clone(), Step::ModifySession { session: id.clone(), change });
    Change::Some
}

/// How much of each packet a session has to send, if it sends another part than is wanted. Whole packets are what AWS makes of an omitted
/// length, be it none or the longest.
fn other_length(wanted: Option<u16>, stands: Option<u32>) -> Option<PacketLength> {
    match (wanted, stands) {
        (Some(bytes), stands) if stands != Some(bytes.into()) => Some(PacketLength::Bytes(bytes)),
        (None, Some(stands)) if stands < MAX_PACKET_LENGTH.into() => Some(PacketLength::Whole),
        _ => None,
    }
}

/// Whether a packet, or a part of one, may go unseen that is seen now: another target, a place behind other sessions, fewer bytes, or a
/// filter that has not all that the present one has.
fn loses(draft: &mut Draft<'_>, session: &Session, change: &SessionChange) -> bool {
    let SessionChange { target, filter, number, packet_length, vni: _ } = change;
    let shortens = |length: &PacketLength| match length {
        PacketLength::Whole => false,
        PacketLength::Bytes(bytes) => session.packet_length.is_none_or(|stands| stands > u32::from(*bytes)),
    };
    target.is_some()
        || number.is_some()
        || packet_length.as_ref().is_some_and(shortens)
        || filter.as_ref().is_some_and(|filter| draft.narrows(&session.filter, filter))
}

fn remove(draft: &mut Draft<'_>) {
    let inventory = draft.inventory;
    for (key, ids) in &inventory.ours.sessions {
        let (interface, _) = key;
        if draft.desired.sessions.contains_key(key)
            || draft.desired.crowded_out.contains(key)
            || draft.desired.doubtful.contains(interface)
            || !inventory.interfaces.contains_key(interface)
        {
            continue;
        }
        for session in ids.iter().filter_map(|id| inventory.sessions.get(id)) {
            let (object, key) = (ObjectId::Session(session.id.clone()), object_key(key));
            let why = "nothing wants the interface mirrored any more";
            let what = format!("remove {object}: {why}");
            let (counts, loss) = (!is_idle(inventory, interface), Loss::removal(&session.id));
            if counts {
                draft.foresee(&loss);
            }
            if draft.settled(object.clone(), &key, &what)
                && (!counts || draft.may_lose(session, &loss, &key, "DeleteTrafficMirrorSession", &what))
            {
                let step = Step::DeleteSession { session: session.id.clone() };
                draft.remove(object, key.clone(), why, vec![(key, step)]);
            }
        }
    }
}
