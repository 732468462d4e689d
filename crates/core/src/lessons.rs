//! Takes AWS's refusals; gives what they teach about interfaces, instance types and targets. Never takes one refusal for a rule: a
//! type of instance is known to be unsupported only after three of its interfaces were refused and none was accepted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::Time;
use crate::ids::{AttachmentId, InterfaceId, Lane, TargetId};

/// How many interfaces of one instance type must have been refused before the type is.
const ENOUGH: usize = 3;

/// How long a session number is believed to be taken.
const NUMBER: SignedDuration = SignedDuration::from_hours(1);

/// For how long a list may lack a session that stands. Source: "Eventual consistency in the Amazon EC2 API" tells clients to wait for up
/// to five minutes.
const UNSEEN: SignedDuration = SignedDuration::from_mins(5);

/// What AWS has taught us by refusing. A time is that until which it is believed, unless something else is said: what took the place may
/// go without a sign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lessons {
    /// Interfaces that AWS refused as sources, while they were attached and their instances ran.
    pub unsupported: BTreeMap<InterfaceId, Unsupported>,
    /// Instance types of which AWS has accepted an interface.
    pub accepted: BTreeSet<String>,
    /// Targets that took no further source: who uses a shared target is not to be seen.
    pub full: BTreeMap<TargetId, Time>,
    /// Interfaces on which AWS saw no free slot where we did.
    pub no_slot: BTreeMap<InterfaceId, Time>,
    /// Session numbers that AWS refused on an interface, and when: sessions that we cannot see have them.
    pub numbers: BTreeMap<InterfaceId, BTreeMap<u16, Time>>,
    /// The numbers of sessions of ours that the lists no longer show, though we have not removed them, and since when. Should one of them
    /// stand all the same, AWS refuses another with its number.
    pub had: BTreeMap<InterfaceId, BTreeMap<Lane, (u16, Time)>>,
}

/// An interface that AWS refused as a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsupported {
    /// How it was attached then: attached again, it may be to something else.
    pub attachment: AttachmentId,
    /// The type of the instance then: it can be changed while the instance is stopped.
    pub instance_type: String,
}

impl Lessons {
    /// Whether AWS refused this interface, attached as it is to an instance of this type.
    pub fn refused(&self, interface: &InterfaceId, attachment: &AttachmentId, instance_type: &str) -> bool {
        self.unsupported
            .get(interface)
            .is_some_and(|lesson| lesson.attachment == *attachment && lesson.instance_type == instance_type)
    }

    /// Whether AWS mirrors no instance of this type, as far as it has shown.
    pub fn refused_type(&self, instance_type: &str) -> bool {
        let refused = self.unsupported.values().filter(|lesson| lesson.instance_type == instance_type).count();
        refused >= ENOUGH && !self.accepted.contains(instance_type)
    }

    /// Whether a target takes no further source.
    pub fn is_full(&self, target: &TargetId, now: Time) -> bool {
        self.full.get(target).is_some_and(|until| *until > now)
    }

    /// Whether an interface has no free slot.
    pub fn has_no_slot(&self, interface: &InterfaceId, now: Time) -> bool {
        self.no_slot.get(interface).is_some_and(|until| *until > now)
    }

    /// Whether a session number is taken on an interface.
    pub fn has_number(&self, interface: &InterfaceId, number: u16, now: Time) -> bool {
        self.numbers
            .get(interface)
            .and_then(|numbers| numbers.get(&number))
            .is_some_and(|at| now.duration_since(*at) < NUMBER)
    }

    /// The number that a session of ours had which the lists have not shown for so short a while that it may stand.
    pub fn had_number(&self, interface: &InterfaceId, lane: &Lane, now: Time) -> Option<u16> {
        let (number, since) = self.had.get(interface)?.get(lane)?;
        (now.duration_since(*since) < UNSEEN).then_some(*number)
    }

    /// The numbers on an interface of which AWS said so short a while ago that they are taken that no list need show by whom.
    pub fn numbers_unseen(&self, interface: &InterfaceId, now: Time) -> impl Iterator<Item = u16> {
        let numbers = self.numbers.get(interface).into_iter().flatten();
        numbers.filter(move |(_, at)| now.duration_since(**at) < UNSEEN).map(|(number, _)| *number)
    }

    /// Forgets the numbers that are not believed to be taken any more.
    pub fn forget_numbers(&mut self, now: Time) {
        self.numbers.values_mut().for_each(|numbers| numbers.retain(|_, at| now.duration_since(*at) < NUMBER));
        self.numbers.retain(|_, numbers| !numbers.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn refused(interfaces: usize) -> Lessons {
        let mut lessons = Lessons::default();
        for n in 0..interfaces {
            let lesson = Unsupported { attachment: format!("eni-attach-{n}").into(), instance_type: "x9.large".into() };
            lessons.unsupported.insert(format!("eni-{n}").into(), lesson);
        }
        lessons
    }

    #[test]
    fn a_type_is_refused_after_three_interfaces_and_none_accepted() {
        assert!(!refused(2).refused_type("x9.large"));
        assert!(refused(3).refused_type("x9.large"));
        assert!(!refused(3).refused_type("x9.xlarge"));
        let mut once_accepted = refused(3);
        once_accepted.accepted.insert("x9.large".into());
        assert!(!once_accepted.refused_type("x9.large"));
    }

    #[test]
    fn an_interface_is_refused_as_long_as_it_is_attached_as_it_was() {
        let lessons = refused(1);
        assert!(lessons.refused(&"eni-0".into(), &"eni-attach-0".into(), "x9.large"));
        assert!(!lessons.refused(&"eni-0".into(), &"eni-attach-7".into(), "x9.large"));
        assert!(!lessons.refused(&"eni-0".into(), &"eni-attach-0".into(), "m5.large"));
    }

    #[test]
    fn what_may_end_without_a_sign_is_believed_only_for_a_while() {
        let mut lessons = Lessons::default();
        lessons.full.insert("tmt-1".into(), at(10));
        lessons.no_slot.insert("eni-1".into(), at(10));
        let believed = |seconds| {
            let now = at(seconds);
            [lessons.is_full(&"tmt-1".into(), now), lessons.has_no_slot(&"eni-1".into(), now)]
        };
        assert_eq!(believed(9), [true; 2]);
        assert_eq!(believed(10), [false; 2]);
    }

    #[test]
    fn a_number_is_taken_for_an_hour_and_for_five_minutes_no_list_need_show_by_whom() {
        let mut lessons = Lessons::default();
        lessons.numbers.entry("eni-1".into()).or_default().insert(100, at(0));
        let taken = |lessons: &Lessons, number, seconds| lessons.has_number(&"eni-1".into(), number, at(seconds));
        let unseen = |seconds| lessons.numbers_unseen(&"eni-1".into(), at(seconds)).count();
        assert_eq!((unseen(299), unseen(300)), (1, 0));
        assert!(taken(&lessons, 100, 3599) && !taken(&lessons, 100, 3600) && !taken(&lessons, 200, 0));
        lessons.forget_numbers(at(3599));
        assert_eq!(lessons.numbers.len(), 1);
        lessons.forget_numbers(at(3600));
        assert!(lessons.numbers.is_empty());
    }
}
