//! Takes what AWS answered to a step; gives what that teaches. Never looks at messages: AWS rewords them.
//!
//! | AWS refuses a session with | it teaches that | for |
//! |---|---|---|
//! | `NetworkInterfaceNotSupported`, where the interface is attached and the instance runs | this interface, so attached, is no source | as long as that stays so |
//! | `…SourcesPerTargetLimitExceeded`, `…SessionsPerTargetLimitExceeded` | the target is full | [`PLACE`] |
//! | `…SessionsPerInterfaceLimitExceeded` | the interface has no slot left | [`PLACE`] |
//! | `InvalidParameterValue` | the number is taken: all else that we send is within AWS's bounds | [`NUMBER`] |
//!
//! Sources: "Error codes for the Amazon EC2 API"; the code for a number that is taken is not documented, and so not trusted: the step
//! waits as after any other refusal.

use jiff::SignedDuration;

use super::later;
use crate::Time;
use crate::cloud::{CloudError, Step};
use crate::ids::{InterfaceId, TargetId};
use crate::inventory::{Instance, InstanceState, Inventory};
use crate::lessons::{Lessons, Unsupported};

/// How long a full target or interface is believed to be full.
const PLACE: SignedDuration = SignedDuration::from_mins(10);

/// How long a session number is believed to be taken.
const NUMBER: SignedDuration = SignedDuration::from_hours(1);

/// Learns from a step that AWS carried out: it mirrors instances of that type.
pub(super) fn accepted(lessons: &mut Lessons, inventory: &Inventory, step: &Step) {
    let Step::CreateSession { interface, .. } = step else { return };
    lessons.unsupported.remove(interface);
    if let Some(instance) = instance_of(inventory, interface) {
        lessons.accepted.insert(instance.instance_type.clone());
    }
}

/// Learns from a step that AWS refused; says whether the lesson keeps the step from being planned again as it was.
pub(super) fn refused(lessons: &mut Lessons, inventory: &Inventory, step: &Step, error: &CloudError, at: Time) -> bool {
    let Some((interface, target, number)) = tried(step, inventory) else { return false };
    match error.code.as_str() {
        "NetworkInterfaceNotSupported" => unsupported(lessons, inventory, interface),
        "TrafficMirrorSourcesPerTargetLimitExceeded" | "TrafficMirrorSessionsPerTargetLimitExceeded" => {
            target.is_some_and(|target| lessons.full.insert(target.clone(), later(at, PLACE)).is_none())
        }
        "TrafficMirrorSessionsPerInterfaceLimitExceeded" => {
            lessons.no_slot.insert(interface.clone(), later(at, PLACE));
            true
        }
        "InvalidParameterValue" => {
            if let Some(number) = number {
                lessons.numbers.entry(interface.clone()).or_default().insert(number, later(at, NUMBER));
            }
            false
        }
        _ => false,
    }
}

/// What a step wanted of AWS that it may have refused: a source, a place at a target, a number.
fn tried<'a>(step: &'a Step, inventory: &'a Inventory) -> Option<(&'a InterfaceId, Option<&'a TargetId>, Option<u16>)> {
    match step {
        Step::CreateSession { interface, target, number, .. } => Some((interface, Some(target), Some(*number))),
        Step::ModifySession { session, change } => {
            let session = inventory.sessions.get(session)?;
            Some((&session.interface, change.target.as_ref(), change.number))
        }
        Step::CreateFilter { .. }
        | Step::CreateRule { .. }
        | Step::AddServices { .. }
        | Step::CreateTarget { .. }
        | Step::DeleteSession { .. }
        | Step::DeleteRule { .. }
        | Step::DeleteFilter { .. }
        | Step::DeleteTarget { .. } => None,
    }
}

/// An instance that was not running, or is seen attached otherwise by now, would be refused whatever its type.
fn unsupported(lessons: &mut Lessons, inventory: &Inventory, interface: &InterfaceId) -> bool {
    let attachment = inventory.interfaces.get(interface).and_then(|it| it.attachment.as_ref()).filter(|it| it.attached);
    let running = instance_of(inventory, interface).filter(|instance| instance.state == InstanceState::Running);
    let (Some(attachment), Some(instance)) = (attachment, running) else { return false };
    let lesson = Unsupported { attachment: attachment.id.clone(), instance_type: instance.instance_type.clone() };
    lessons.unsupported.insert(interface.clone(), lesson);
    true
}

fn instance_of<'a>(inventory: &'a Inventory, interface: &InterfaceId) -> Option<&'a Instance> {
    let attachment = inventory.interfaces.get(interface)?.attachment.as_ref()?;
    inventory.instances.get(attachment.instance.as_ref()?)
}

/// Forgets what is not believed any more, and interfaces that are not listed any more.
pub(super) fn forget(lessons: &mut Lessons, inventory: &Inventory, now: Time) {
    let Lessons { unsupported, accepted: _, full, no_slot, numbers } = lessons;
    unsupported.retain(|interface, _| inventory.interfaces.contains_key(interface));
    full.retain(|_, until| *until > now);
    no_slot.retain(|_, until| *until > now);
    numbers.values_mut().for_each(|numbers| numbers.retain(|_, until| *until > now));
    numbers.retain(|_, numbers| !numbers.is_empty());
}
