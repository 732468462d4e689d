//! Takes what AWS answered to a step; gives what that teaches. Never looks at messages: AWS rewords them.
//!
//! | AWS refuses a session with | it teaches that | for |
//! |---|---|---|
//! | `NetworkInterfaceNotSupported` at its creation, where the interface is attached and the instance runs | this interface, so attached, is no source | as long as that stays so |
//! | `…SourcesPerTargetLimitExceeded`, `…SessionsPerTargetLimitExceeded` | the target is full | [`PLACE`] |
//! | `…SessionsPerInterfaceLimitExceeded` | the interface has no slot left | [`PLACE`] |
//! | `InvalidParameterValue` | the number is taken: all else that we send is within AWS's bounds | an hour; while no list shows by whom, it may be by a session of ours |
//!
//! Sources: "Error codes for the Amazon EC2 API"; the code for a number that is taken is not documented, and so not trusted: the step
//! waits as after any other refusal.

use jiff::SignedDuration;

use super::later;
use crate::Time;
use crate::cloud::{CloudError, Step};
use crate::ids::{InterfaceId, TargetId};
use crate::inventory::{Instance, InstanceState, Inventory, Kind};
use crate::lessons::{Lessons, Unsupported};

/// How long a full target or interface is believed to be full.
const PLACE: SignedDuration = SignedDuration::from_mins(10);

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
        // Only of a create: a session that stands must not go because a change of it was refused.
        "NetworkInterfaceNotSupported" if matches!(step, Step::CreateSession { .. }) => {
            unsupported(lessons, inventory, interface)
        }
        "TrafficMirrorSourcesPerTargetLimitExceeded" | "TrafficMirrorSessionsPerTargetLimitExceeded" => {
            target.into_iter().for_each(|target| _ = lessons.full.insert(target.clone(), later(at, PLACE)));
            target.is_some()
        }
        "TrafficMirrorSessionsPerInterfaceLimitExceeded" => {
            lessons.no_slot.insert(interface.clone(), later(at, PLACE));
            true
        }
        "InvalidParameterValue" => {
            if let Some(number) = number {
                lessons.numbers.entry(interface.clone()).or_default().insert(number, at);
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
        | Step::DeleteTarget { .. }
        | Step::TagSession { .. } => None,
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

/// Forgets what is not believed any more, and interfaces that are seen to be gone: one that a list lacks which is too short to be true may
/// have a session that no list shows, and the number that it had is what keeps us from doubling it.
pub(super) fn forget(lessons: &mut Lessons, inventory: &Inventory, now: Time) {
    lessons.forget_numbers(now);
    let Lessons { unsupported, accepted: _, full, no_slot, numbers: _, had } = lessons;
    if inventory.is_complete(Kind::Interfaces) {
        unsupported.retain(|interface, _| inventory.interfaces.contains_key(interface));
        had.retain(|interface, _| inventory.interfaces.contains_key(interface));
    }
    full.retain(|_, until| *until > now);
    no_slot.retain(|_, until| *until > now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::SessionChange;
    use crate::inventory::Gap;
    use crate::memory::{Done, Memory, remember};
    use crate::objects::ObjectKey;
    use crate::plan::{Plan, Planned};
    use crate::testing::{Facts, at, jewel_with, nothing_remembered, one_mirrored_jewel};

    fn create(number: u16) -> Step {
        Step::CreateSession {
            token: crate::cloud::ClientToken(String::new()),
            interface: "eni-1".into(),
            target: "tmt-1".into(),
            filter: "tmf-1".into(),
            number,
            packet_length: None,
            vni: 1,
            tags: crate::inventory::Tags::new(),
        }
    }

    /// What is remembered once AWS has answered a step with this code; with none, it carried it out.
    fn answered(facts: Facts, step: Step, code: Option<&str>) -> Memory {
        answer(Memory { inventory: facts.read(0).into(), ..nothing_remembered() }, step, code)
    }

    /// The same, of one who has learned before.
    fn answer(memory: Memory, step: Step, code: Option<&str>) -> Memory {
        let action = step.action();
        let result = match code {
            Some(code) => Err(CloudError::answered(action, code, "no", 400)),
            None => Ok(crate::cloud::Outcome::Session("tms-1".into())),
        };
        let key = ObjectKey::Session("eni-1".into(), "sta".into());
        let planned = Planned { step, key, incarnation: String::new(), rank: 0, why: String::new() };
        remember(memory, &Plan::default(), &[Done { planned, at: at(0), result }], at(0))
    }

    const NOT_SUPPORTED: &str = "NetworkInterfaceNotSupported";

    #[test]
    fn a_source_that_aws_does_not_support_is_remembered_as_it_was_attached() {
        let memory = answered(jewel_with(|_| {}), create(100), Some(NOT_SUPPORTED));
        assert!(memory.lessons.refused(&"eni-1".into(), &"eni-attach-eni-1".into(), "m5.large"));
        assert!(memory.refused.is_empty(), "the next decision is another: nothing waits");
    }

    #[test]
    fn of_an_interface_that_was_not_attached_or_whose_instance_did_not_run_nothing_is_learned() {
        let detached = jewel_with(|interface| interface.attachment.as_mut().unwrap().attached = false);
        let stopped = jewel_with(|_| {}).instance_in("i-1", InstanceState::Stopping, &[]);
        for facts in [detached, stopped, Facts::new()] {
            let memory = answered(facts, create(100), Some(NOT_SUPPORTED));
            assert!(memory.lessons.unsupported.is_empty());
            assert_eq!(memory.refused.len(), 1, "it waits as after any other refusal");
        }
    }

    #[test]
    fn an_accepted_session_shows_that_its_type_is_mirrored() {
        let mut memory = answered(jewel_with(|_| {}), create(100), Some(NOT_SUPPORTED));
        memory = answer(memory, create(100), None);
        assert!(memory.lessons.accepted.contains("m5.large") && memory.lessons.unsupported.is_empty());
    }

    #[test]
    fn a_full_target_and_a_full_interface_are_believed_for_ten_minutes() {
        for code in ["TrafficMirrorSourcesPerTargetLimitExceeded", "TrafficMirrorSessionsPerTargetLimitExceeded"] {
            let memory = answered(jewel_with(|_| {}), create(100), Some(code));
            assert_eq!(memory.lessons.full.get(&"tmt-1".into()), Some(&at(600)));
            assert!(memory.refused.is_empty(), "the next one goes elsewhere, or says that all are full");
            let memory = remember(memory, &Plan::default(), &[], at(599));
            assert!(memory.lessons.is_full(&"tmt-1".into(), at(599)));
            let memory = remember(memory, &Plan::default(), &[], at(600));
            assert!(memory.lessons.full.is_empty());
        }
        let code = "TrafficMirrorSessionsPerInterfaceLimitExceeded";
        let memory = answered(jewel_with(|_| {}), create(100), Some(code));
        let memory = remember(memory, &Plan::default(), &[], at(599));
        assert!(memory.lessons.has_no_slot(&"eni-1".into(), at(599)));
        assert!(remember(memory, &Plan::default(), &[], at(600)).lessons.no_slot.is_empty());
    }

    #[test]
    fn a_change_of_target_that_finds_it_full_teaches_the_same() {
        let change = SessionChange { target: Some("tmt-2".into()), ..SessionChange::default() };
        let step = Step::ModifySession { session: "tms-1".into(), change };
        let memory = answered(one_mirrored_jewel(), step, Some("TrafficMirrorSourcesPerTargetLimitExceeded"));
        assert!(memory.lessons.is_full(&"tmt-2".into(), at(0)));
        let change = SessionChange { vni: Some(7), ..SessionChange::default() };
        let step = Step::ModifySession { session: "tms-1".into(), change };
        let memory = answered(one_mirrored_jewel(), step, Some("TrafficMirrorSourcesPerTargetLimitExceeded"));
        assert_eq!((memory.lessons.full.len(), memory.refused.len()), (0, 1), "it names none, and waits");
    }

    #[test]
    fn a_change_that_aws_refuses_says_nothing_of_the_source() {
        let change = SessionChange { vni: Some(7), ..SessionChange::default() };
        let step = Step::ModifySession { session: "tms-1".into(), change };
        let memory = answered(one_mirrored_jewel(), step, Some(NOT_SUPPORTED));
        assert!(memory.lessons.unsupported.is_empty(), "its session would go for it");
    }

    #[test]
    fn a_number_that_is_taken_is_not_tried_again_at_once_and_the_next_attempt_waits() {
        let memory = answered(jewel_with(|_| {}), create(100), Some("InvalidParameterValue"));
        assert!(memory.lessons.has_number(&"eni-1".into(), 100, at(3599)));
        assert_eq!(memory.refused.len(), 1, "the code may mean something else");
        assert!(remember(memory, &Plan::default(), &[], at(3600)).lessons.numbers.is_empty());
    }

    #[test]
    fn an_interface_that_is_gone_teaches_nothing_any_more() {
        let mut memory = answered(jewel_with(|_| {}), create(100), Some(NOT_SUPPORTED));
        memory.lessons.had.insert("eni-1".into(), [("sta".into(), (100, at(0)))].into());
        memory.inventory = Facts::new().read(1).into();
        let lessons = remember(memory, &Plan::default(), &[], at(1)).lessons;
        assert!(lessons.unsupported.is_empty() && lessons.had.is_empty());
    }

    #[test]
    fn an_interface_that_is_missing_from_a_list_too_short_to_be_true_has_the_number_that_it_had() {
        let mut memory = answered(jewel_with(|_| {}), create(100), Some(NOT_SUPPORTED));
        memory.lessons.had.insert("eni-1".into(), [("sta".into(), (100, at(0)))].into());
        let mut short = Facts::new().read(1);
        short.gaps.insert(Kind::Interfaces, Gap { why: "too short to be true".into(), at: at(1) });
        memory.inventory = short.into();
        let lessons = remember(memory, &Plan::default(), &[], at(1)).lessons;
        assert_eq!(lessons.had_number(&"eni-1".into(), &"sta".into(), at(1)), Some(100));
        assert_eq!(lessons.unsupported.len(), 1);
    }
}
