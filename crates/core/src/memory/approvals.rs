//! Takes losses that are held, and what a person approves; says which of them may happen all the same. Never takes an approval for more
//! than was shown: it names the digest of just those losses.
//!
//! A set of losses is known from the first round that held it, and keeps its digest while it is worked off: what is left of it is among
//! them, and may be named by a digest of its own. What comes to it later is another set, with another digest.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::later;
use crate::Time;
use crate::digest::digest;
use crate::ids::{ResourceId, SessionId};

/// The longest that an approval counts, and that losses which are held no more are known.
pub const APPROVED: SignedDuration = SignedDuration::from_hours(24);

/// A session of ours that is to lose packets, and by what: for a person, and always the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Loss(String);

impl Loss {
    /// It is removed.
    pub fn removal(session: &SessionId) -> Self {
        Self(format!("remove {session}"))
    }

    /// It becomes what `to` says, sending to `target`. Who approves that approves every step on the way.
    pub fn change(session: &SessionId, target: &ResourceId, to: &str) -> Self {
        Self(format!("change {session} to {target}, {to}"))
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Losses that are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What an approval names: 32 hexadecimal digits.
    pub digest: String,
    /// The digest of just those that are left: whoever has not seen the others knows them by that.
    pub left: String,
    /// The losses that are left of those that it stands for.
    pub losses: BTreeSet<Loss>,
}

/// The sets of losses that have been held lately, by digest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Approvals(BTreeMap<String, Known>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    losses: BTreeSet<Loss>,
    /// The digest of those that were left last.
    left: String,
    /// When any of them was held last.
    held: Time,
    /// Since when they are approved, and until when.
    approved: Option<(Time, Time)>,
}

/// So many sets are known at most: where a fleet changes all the time, each may be another one.
const MOST: usize = 16;

impl Approvals {
    /// Whether a person has approved a loss.
    pub fn allow(&self, loss: &Loss, now: Time) -> bool {
        self.0.values().any(|known| known.counts(now) && known.losses.contains(loss))
    }

    /// How losses that are held are called: as the latest set that has all of them, else by themselves. A set whose approval has run out
    /// is not asked for again by its name.
    pub fn held(&self, losses: BTreeSet<Loss>) -> Held {
        let open = self.0.iter().filter(|(_, known)| known.approved.is_none() && losses.is_subset(&known.losses));
        let left = digest(losses.iter().map(|loss| loss.0.as_str()));
        let latest = open.max_by_key(|(_, known)| known.held).map(|(digest, _)| digest.clone());
        Held { digest: latest.unwrap_or_else(|| left.clone()), left, losses }
    }

    /// The digests that stand for losses which have been held lately.
    pub fn digests(&self) -> BTreeSet<&str> {
        self.0.iter().flat_map(|(digest, known)| [digest.as_str(), known.left.as_str()]).collect()
    }

    /// Takes note of what is held.
    pub(super) fn note(&mut self, held: &Held, now: Time) {
        let Held { digest, left, losses } = held;
        let new = || Known { losses: losses.clone(), left: left.clone(), held: now, approved: None };
        let known = self.0.entry(digest.clone()).or_insert_with(new);
        (known.held, known.left) = (now, left.clone());
        while self.0.len() > MOST {
            let unapproved = self.0.iter().filter(|(_, known)| !known.counts(now));
            let Some(oldest) = unapproved.min_by_key(|(_, known)| known.held).map(|(digest, _)| digest.clone()) else {
                return;
            };
            self.0.remove(&oldest);
        }
    }

    /// Takes note of what the policy approves, until when; an approval that stays there counts once. Forgets what is neither held nor named
    /// any more.
    pub(super) fn named(&mut self, named: &BTreeMap<String, Time>, now: Time) {
        self.0.retain(|digest, known| {
            let is_named = named.contains_key(digest) || named.contains_key(&known.left);
            later(known.held, APPROVED) > now || known.counts(now) || is_named
        });
        for (digest, until) in named.iter().filter(|(_, until)| **until > now) {
            if let Some(known) = self.called(digest) {
                let since = known.approved.map_or(now, |(since, _)| since);
                known.approved = Some((since, (*until).min(later(since, APPROVED))));
            }
        }
    }

    /// Takes note of what a person approves in this moment.
    pub(super) fn approve(&mut self, digest: &str, now: Time) {
        if let Some(known) = self.called(digest) {
            known.approved = Some((now, later(now, APPROVED)));
        }
    }

    /// The losses that are called so. What is left of some that were approved may be held again by itself: what stays in the policy has
    /// approved the former.
    fn called(&mut self, called: &str) -> Option<&mut Known> {
        let called = self.0.iter_mut().filter(|(digest, known)| *digest == called || known.left == called);
        called.map(|(_, known)| known).max_by_key(|known| known.approved)
    }
}

impl Known {
    fn counts(&self, now: Time) -> bool {
        self.approved.is_some_and(|(_, until)| until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    const DAY: i64 = 24 * 3600;

    fn losses(ids: &[&str]) -> BTreeSet<Loss> {
        ids.iter().map(|id| Loss::removal(&(*id).into())).collect()
    }

    /// Approvals that know of these losses, held at the beginning, and their digest.
    fn held(ids: &[&str]) -> (Approvals, String) {
        let mut approvals = Approvals::default();
        let held = approvals.held(losses(ids));
        approvals.note(&held, at(0));
        (approvals, held.digest)
    }

    fn allowed(approvals: &Approvals, id: &str, seconds: i64) -> bool {
        approvals.allow(&Loss::removal(&id.into()), at(seconds))
    }

    #[test]
    fn what_is_left_of_a_set_keeps_its_digest_and_what_comes_to_it_has_another() {
        let (approvals, digest) = held(&["tms-1", "tms-2"]);
        assert_eq!(approvals.held(losses(&["tms-2"])).digest, digest);
        assert_ne!(approvals.held(losses(&["tms-2", "tms-3"])).digest, digest);
        assert_eq!(held(&["tms-2", "tms-1"]).1, digest, "the same losses, the same digest");
        for n in 0..8 {
            let (mut approvals, _) = held(&["tms-1", &format!("tms-2{n}")]);
            let latest = approvals.held(losses(&["tms-1", &format!("tms-3{n}")]));
            approvals.note(&latest, at(60));
            assert_eq!(approvals.held(losses(&["tms-1"])).digest, latest.digest, "of two sets, the latest");
        }
    }

    #[test]
    fn an_approval_counts_for_what_was_held_under_its_digest_for_a_day_and_for_nothing_else() {
        let (mut approvals, digest) = held(&["tms-1"]);
        assert!(!allowed(&approvals, "tms-1", 0));
        approvals.approve(&digest, at(0));
        approvals.approve("another", at(0));
        assert!(allowed(&approvals, "tms-1", DAY - 1));
        assert!(!allowed(&approvals, "tms-1", DAY));
        assert!(!allowed(&approvals, "tms-2", 0));
    }

    #[test]
    fn who_has_only_seen_what_is_left_may_approve_that() {
        let (mut approvals, _) = held(&["tms-1", "tms-2"]);
        let left = approvals.held(losses(&["tms-2"]));
        approvals.note(&left, at(60));
        assert_eq!(left.left, held(&["tms-2"]).1);
        let mut by_policy = approvals.clone();
        by_policy.named(&BTreeMap::from([(left.left.clone(), at(3600))]), at(60));
        approvals.approve(&left.left, at(60));
        assert!(allowed(&approvals, "tms-2", 60) && allowed(&by_policy, "tms-2", 60));
    }

    #[test]
    fn an_approval_of_the_policy_ends_when_it_says_and_after_a_day_though_it_stays_there() {
        let (mut approvals, digest) = held(&["tms-1"]);
        let named = |until| BTreeMap::from([(digest.clone(), at(until))]);
        approvals.named(&named(60), at(0));
        assert_eq!([59, 60].map(|seconds| allowed(&approvals, "tms-1", seconds)), [true, false]);
        let (mut late, of_two) = held(&["tms-1", "tms-2"]);
        late.named(&BTreeMap::from([(of_two.clone(), at(60))]), at(60));
        assert_eq!(late.held(losses(&["tms-2"])).digest, of_two, "one that has ended before it is read is none");
        let week = named(7 * DAY);
        for hour in 0..48 {
            approvals.named(&week, at(hour * 3600));
            approvals.note(&approvals.held(losses(&["tms-1"])), at(hour * 3600));
        }
        assert_eq!([DAY - 1, DAY].map(|seconds| allowed(&approvals, "tms-1", seconds)), [true, false]);
        approvals.approve(&digest, at(2 * DAY));
        assert!(allowed(&approvals, "tms-1", 2 * DAY), "a person may say it again");
    }

    #[test]
    fn what_is_held_no_more_is_forgotten_after_a_day() {
        let (mut approvals, digest) = held(&["tms-1"]);
        approvals.named(&BTreeMap::new(), at(DAY - 1));
        assert!(approvals.digests().contains(digest.as_str()));
        approvals.named(&BTreeMap::new(), at(DAY));
        assert!(!approvals.digests().contains(digest.as_str()));
    }

    #[test]
    fn what_is_approved_is_known_although_nobody_holds_it_and_an_approval_that_stays_there_counts_once() {
        for n in 0..8 {
            // What is left comes before all of them, by its digest, or behind.
            let left_over = format!("tms-{n}");
            let left_over = left_over.as_str();
            let (mut approvals, digest) = held(&["tms-gone", left_over]);
            let left = approvals.held(losses(&[left_over]));
            approvals.note(&left, at(0));
            let mut by_a_person = approvals.clone();
            by_a_person.approve(&digest, at(DAY - 1));
            by_a_person.named(&BTreeMap::new(), at(2 * DAY - 2));
            assert!(allowed(&by_a_person, left_over, 2 * DAY - 2));
            for (name, held_again) in [(digest, &["tms-gone", left_over][..]), (left.left, &[left_over])] {
                let named = BTreeMap::from([(name, at(7 * DAY))]);
                let mut by_policy = approvals.clone();
                for day in 0..3 {
                    by_policy.named(&named, at(day * DAY));
                }
                by_policy.note(&by_policy.held(losses(held_again)), at(3 * DAY));
                by_policy.named(&named, at(3 * DAY));
                assert!(!allowed(&by_policy, left_over, 3 * DAY), "{held_again:?}");
            }
        }
    }

    #[test]
    fn of_many_sets_the_latest_are_known_and_the_approved_ones() {
        let (mut approvals, first) = held(&["tms-0"]);
        approvals.approve(&first, at(0));
        for n in 1..100 {
            let held = approvals.held(losses(&[&format!("tms-{n}")]));
            approvals.note(&held, at(n));
        }
        assert_eq!(approvals.0.len(), MOST);
        assert!(
            allowed(&approvals, "tms-0", 100)
                && approvals.digests().contains(&*approvals.held(losses(&["tms-99"])).left)
        );
    }
}
