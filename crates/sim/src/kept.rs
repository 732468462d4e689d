//! Takes the objects of a kind, as they come, change and go; gives them as they are, and what is needed to see them as they were. Never
//! remembers longer than it is told, and nothing at all unless it is told to.
//!
//! What a change replaces is written down, with the time of the change:
//!
//! ```text
//!  objects   a₂ b₁ c₁                      now
//!  replaced  (3 s, a → a₁) (5 s, c → –)    undone from the latest to the earliest: a₁ b₁, as of 2 s
//! ```
//!
//! A copy of everything at each change would cost the number of objects every time; this costs one object, and is why there is no way
//! to change an object in here that is not written down.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Deref;

use jiff::SignedDuration;
use mirror_core::Time;

/// What some objects were before: none for one that was not there.
pub(crate) type Before<K, V> = BTreeMap<K, Option<V>>;

/// The objects of a kind, by id.
#[derive(Clone, Debug)]
pub(crate) struct Kept<K, V> {
    objects: BTreeMap<K, V>,
    /// What was replaced, and when, the earliest first.
    replaced: VecDeque<(Time, K, Option<V>)>,
    /// What was replaced at a time that nobody has told yet.
    undated: Vec<(K, Option<V>)>,
    /// For how long it is remembered; none for not at all.
    memory: Option<SignedDuration>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { objects: BTreeMap::new(), replaced: VecDeque::new(), undated: Vec::new(), memory: None }
    }
}

/// Looking changes nothing, so that it is done as in any map.
impl<K, V> Deref for Kept<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.objects
    }
}

impl<K: Ord + Clone, V: Clone> Kept<K, V> {
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.objects.insert(key.clone(), value);
        if self.memory.is_some() {
            self.undated.push((key, before.clone()));
        }
        before
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let before = self.objects.remove(key)?;
        if self.memory.is_some() {
            self.undated.push((key.clone(), Some(before.clone())));
        }
        Some(before)
    }

    /// An object to be changed. That it is changed is taken for granted.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let object = self.objects.get_mut(key)?;
        if self.memory.is_some() {
            self.undated.push((key.clone(), Some(object.clone())));
        }
        Some(object)
    }

    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&K, &V) -> bool) {
        let gone = self.objects.extract_if(.., |key, object| !stays(key, object));
        let gone = gone.map(|(key, object)| (key, Some(object)));
        match self.memory {
            Some(_) => self.undated.extend(gone),
            None => gone.for_each(drop),
        }
    }

    /// From now on remembers for so long what each change replaces; what was before stays as it is now for ever.
    pub(crate) fn remember(&mut self, memory: SignedDuration) {
        self.memory = Some(memory);
    }

    /// Dates what has changed since the last time, and forgets what is too old.
    pub(crate) fn date(&mut self, now: Time) {
        let Some(memory) = self.memory else { return };
        self.replaced.extend(self.undated.drain(..).map(|(key, before)| (now, key, before)));
        let oldest = now.checked_sub(memory).unwrap_or(Time::MIN);
        while self.replaced.pop_front_if(|(at, ..)| *at <= oldest).is_some() {}
    }

    /// What the objects that have changed after `then` were at that time.
    pub(crate) fn before(&self, then: Time) -> Before<K, V> {
        let later = self.replaced.partition_point(|(at, ..)| *at <= then);
        let mut before = Before::new();
        for (_, key, object) in self.replaced.range(later..) {
            before.entry(key.clone()).or_insert_with(|| object.clone());
        }
        before
    }

    /// Puts each of the `others` in the place of what is there, which becomes the other: done twice, nothing has changed. Nothing of it
    /// is remembered.
    pub(crate) fn swap(&mut self, others: &mut Before<K, V>) {
        for (key, other) in others {
            let present = match other.take() {
                Some(object) => self.objects.insert(key.clone(), object),
                None => self.objects.remove(key),
            };
            *other = present;
        }
    }

    /// How many changes are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.replaced.len() + self.undated.len()
    }
}
