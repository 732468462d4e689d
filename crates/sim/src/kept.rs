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
//!
//! For the same reason it is counted here how many each account has, and the [index](crate::index) by which objects are found is kept. An
//! object that was given out to be changed is indexed anew when the next one is asked for; until then, whoever looks also looks at that
//! one.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::ops::Deref;

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::AccountId;

use crate::index::{Index, Indexed};

/// What some objects were before: none for one that was not there.
pub(crate) type Before<K, V> = BTreeMap<K, Option<V>>;

/// The objects of a kind, by id.
#[derive(Clone)]
pub(crate) struct Kept<K, V: Indexed> {
    objects: BTreeMap<K, V>,
    index: Index<K, V::By>,
    /// How many objects each account has.
    owned: BTreeMap<AccountId, usize>,
    /// The object that was given out to be changed last, and what it was found by before.
    given_out: Option<(K, Vec<V::By>)>,
    /// What was replaced, and when, the earliest first.
    replaced: VecDeque<(Time, K, Option<V>)>,
    /// What was replaced at a time that nobody has told yet.
    undated: Vec<(K, Option<V>)>,
    /// For how long it is remembered; none for not at all.
    memory: Option<SignedDuration>,
}

impl<K, V: Indexed> Default for Kept<K, V> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            index: Index::default(),
            owned: BTreeMap::new(),
            given_out: None,
            replaced: VecDeque::new(),
            undated: Vec::new(),
            memory: None,
        }
    }
}

/// Without the index and the counts, which say nothing that the objects do not: how far they have been brought up to date is not to be
/// seen.
impl<K: fmt::Debug, V: fmt::Debug + Indexed> fmt::Debug for Kept<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { objects, index: _, owned: _, given_out: _, replaced, undated, memory } = self;
        let mut shown = f.debug_struct("Kept");
        shown.field("objects", objects).field("replaced", replaced).field("undated", undated);
        shown.field("memory", memory).finish()
    }
}

/// Looking changes nothing, so that it is done as in any map.
impl<K, V: Indexed> Deref for Kept<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.objects
    }
}

impl<K: Ord + Clone, V: Clone + Indexed> Kept<K, V> {
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        let before = self.put(&key, Some(value));
        if self.memory.is_some() {
            self.undated.push((key, before.clone()));
        }
        before
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let before = self.put(key, None)?;
        if self.memory.is_some() {
            self.undated.push((key.clone(), Some(before.clone())));
        }
        Some(before)
    }

    /// An object to be changed. That it is changed is taken for granted, and that its owner is not: nothing of AWS's changes hands.
    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.take_back();
        let object = self.objects.get_mut(key)?;
        if self.memory.is_some() {
            self.undated.push((key.clone(), Some(object.clone())));
        }
        self.given_out = Some((key.clone(), object.found_by()));
        Some(object)
    }

    /// The objects that are found by this, in the order of their ids.
    pub(crate) fn found<'a>(&'a self, by: &V::By) -> impl Iterator<Item = &'a V> + use<'a, K, V> {
        let mut keys: Vec<&K> = self.index.keys(by).collect();
        if let Some((out, _)) = &self.given_out {
            keys.retain(|key| *key != out);
            if self.objects.get(out).is_some_and(|object| object.found_by().contains(by)) {
                keys.push(out);
                keys.sort();
            }
        }
        keys.into_iter().filter_map(|key| self.objects.get(key))
    }

    /// All by which objects are found, from this on or from the first, in order, each with its object.
    pub(crate) fn found_from<'a>(
        &'a self,
        from: Option<&V::By>,
    ) -> impl Iterator<Item = (V::By, &'a V)> + use<'a, K, V> {
        let out = self.given_out.as_ref().map(|(key, _)| key);
        let mut anew = Vec::new();
        if let Some((key, object)) = out.and_then(|key| self.objects.get_key_value(key)) {
            let found_by = object.found_by().into_iter().filter(|by| from.is_none_or(|from| by >= from));
            anew.extend(found_by.map(|by| (by, key)));
            anew.sort();
        }
        let indexed = self.index.from(from).filter(move |(_, key)| Some(*key) != out);
        let (mut indexed, mut anew) = (indexed.peekable(), anew.into_iter().peekable());
        let merged = std::iter::from_fn(move || {
            let is_indexed = match (indexed.peek(), anew.peek()) {
                (Some((by, key)), Some((other_by, other_key))) => (*by, *key) < (other_by, *other_key),
                (one, _) => one.is_some(),
            };
            if is_indexed { indexed.next().map(|(by, key)| (by.clone(), key)) } else { anew.next() }
        });
        merged.filter_map(|(by, key)| Some((by, self.objects.get(key)?)))
    }

    /// How many objects an account has.
    pub(crate) fn owned_by(&self, account: &AccountId) -> usize {
        self.owned.get(account).copied().unwrap_or_default()
    }

    /// Puts an object, or none, in the place of what is there, which it gives.
    fn put(&mut self, key: &K, object: Option<V>) -> Option<V> {
        self.take_back();
        let now = object.as_ref().map(V::found_by).unwrap_or_default();
        if let Some(owner) = object.as_ref().and_then(V::owner) {
            *self.owned.entry(owner.clone()).or_default() += 1;
        }
        let before = match object {
            Some(object) => self.objects.insert(key.clone(), object),
            None => self.objects.remove(key),
        };
        if let Some(count) = before.as_ref().and_then(V::owner).and_then(|owner| self.owned.get_mut(owner)) {
            *count = count.saturating_sub(1);
        }
        self.index.change(key, before.as_ref().map(V::found_by).unwrap_or_default(), now);
        before
    }

    /// Indexes the object that was given out last, which nobody can be changing any more.
    fn take_back(&mut self) {
        let Some((key, before)) = self.given_out.take() else { return };
        let now = self.objects.get(&key).map(V::found_by).unwrap_or_default();
        self.index.change(&key, before, now);
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
            *other = self.put(key, other.take());
        }
    }

    /// How many changes are remembered.
    #[cfg(test)]
    pub(crate) fn remembered(&self) -> usize {
        self.replaced.len() + self.undated.len()
    }
}
