//! Takes what is remembered and what has been heard; says which pages to ask for, and makes an inventory of the answers. Never asks.
//!
//! | a kind was | its objects are | its age | gap |
//! |---|---|---|---|
//! | read to the last page | those of the pages | that of this walk | none |
//! | asked for, and failed or cut short | those of the last complete read | as it was | why |
//! | not asked for | those of the last complete read | as it was | as it was |
//!
//! Upon that, what we have just written stands as we wrote it until a read shows it: a read that is behind must not make us write
//! it again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::take;
use std::sync::Arc;

use jiff::SignedDuration;

use crate::Time;
use crate::cloud::{Class, CloudError, Items, Page, Query};
use crate::ids::AccountId;
use crate::inventory::{Filter, Gap, Inventory, Kind, Overlay, Tagged};
use crate::memory::{Done, Memory, Object, Rates, STALE_READS, Written, kind_of, later};
use crate::objects::ObjectId;
use crate::ownership;
use crate::policy::Policy;

/// What has been heard: the kinds that have to be read again. Losing one costs time, until the next resync.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The kinds.
    pub kinds: BTreeSet<Kind>,
}

impl Hints {
    /// The kinds whose last complete read began at least `interval` ago.
    pub fn resync(memory: &Memory, interval: SignedDuration, now: Time) -> Self {
        let old = |kind: &Kind| memory.inventory.read.get(kind).is_none_or(|read| later(*read, interval) <= now);
        Self { kinds: Kind::ALL.into_iter().filter(old).collect() }
    }

    /// Everything, when AWS has contradicted what we thought was there. Only by the first refusal of a step: what is refused again and
    /// again must not read everything again and again.
    pub fn after(done: &[Done], memory: &Memory) -> Self {
        let contradicts = |done: &Done| match &done.result {
            Err(error) if matches!(error.class, Class::Gone | Class::Conflict) => {
                let refusal = memory.refused.get(&(error.action.clone(), done.planned.key.clone()));
                refusal.is_none_or(|refusal| refusal.strikes <= 1)
            }
            _ => false,
        };
        Self { kinds: if done.iter().any(contradicts) { Kind::ALL.into() } else { BTreeSet::new() } }
    }
}

/// A walk through the pages that are due.
#[derive(Debug)]
pub struct Walk {
    owner: String,
    tag_key: String,
    settle: SignedDuration,
    /// All reads count from here: what is read later may be newer than we say, never older.
    began: Time,
    pending: VecDeque<Query>,
    /// The page tokens that were given out: one that comes back leads in a circle.
    tokens: BTreeSet<(Kind, String)>,
    /// How many more failed pages are asked for again.
    patience: u32,
    seen: Inventory,
    complete: BTreeSet<Kind>,
    /// The account whose lists are expected, once it is known, and what has contradicted that.
    account: Option<AccountId>,
    contradiction: Option<Gap>,
}

/// How many pages of a walk are asked for again when they fail. Without it a long list of which a page is throttled now and then would
/// never be read to its end.
const PATIENCE: u32 = 10;

/// How long a walk waits for a page that failed. Longer, and everything else would wait with it.
const PAGE_WAIT: SignedDuration = SignedDuration::from_secs(4);

impl Walk {
    /// A walk through what was hinted at, what is missing (tags by a key that the policy did not have before, too), and, when something
    /// has settled, everything. Actions that are left alone because they failed are left out.
    pub fn due(policy: &Policy, memory: &Memory, hints: &Hints, now: Time) -> Self {
        let settled = memory.settled_at(policy.settle).any(|at| at <= now);
        let known = &memory.inventory;
        let another_key = |kind: Kind| kind == Kind::Tagged && known.tagged_by != policy.tag_key;
        let lists = Kind::ALL
            .into_iter()
            .filter(|kind| settled || hints.kinds.contains(kind) || !known.is_complete(*kind) || another_key(*kind))
            .map(|kind| Query::first(kind, &policy.tag_key));
        let identity = known.account.is_none().then_some(Query::Identity);
        let open = |query: &Query| memory.rates.closed_until(query.action(), now).is_none();
        let pending = match identity {
            Some(identity) if !open(&identity) => VecDeque::new(),
            _ => identity.into_iter().chain(lists).filter(open).collect(),
        };
        Self {
            owner: policy.owner.clone(),
            tag_key: policy.tag_key.clone(),
            settle: policy.settle,
            began: now,
            pending,
            tokens: BTreeSet::new(),
            patience: PATIENCE,
            seen: Inventory::empty(known.region.clone()),
            complete: BTreeSet::new(),
            account: known.account.clone(),
            contradiction: None,
        }
    }

    /// The next page to ask for; none when the walk is over.
    pub fn ask(&mut self) -> Option<Query> {
        self.pending.pop_front()
    }

    /// Takes the answer to a query, and lets `rates` know of it; says how it failed, if it is of no use. A page that was throttled or
    /// lost is asked for again when that is soon allowed.
    pub fn take(
        &mut self,
        query: Query,
        answer: Result<Page, CloudError>,
        rates: &mut Rates,
        now: Time,
    ) -> Option<Class> {
        let action = query.action();
        let useless = self.understand(&query, answer).err();
        rates.answered(action, useless.as_ref().map(|(_, class)| *class), now);
        let (why, class) = useless?;
        let soon = rates.closed_until(action, now).is_none_or(|until| until <= later(now, PAGE_WAIT));
        if soon && self.patience > 0 && class != Class::Denied {
            self.patience -= 1;
            self.pending.push_front(query);
            return Some(class);
        }
        let gap = Gap { why, at: self.began };
        match query.kind() {
            // Whoever we are not allowed to be, we are not allowed to see anything either: one error says it.
            None => {
                self.pending.clear();
                self.seen.identity_gap = Some(gap);
            }
            Some(kind) => _ = self.seen.gaps.insert(kind, gap),
        }
        Some(class)
    }

    /// Puts an answer where it belongs, or says why it is of no use, and what that means for asking again.
    fn understand(&mut self, query: &Query, answer: Result<Page, CloudError>) -> Result<(), (String, Class)> {
        let Page { items, next } = answer.map_err(|error| match error.class {
            Class::Throttled | Class::Denied => (error.to_string(), error.class),
            _ => (error.to_string(), Class::Retry),
        })?;
        let odd = |what: &str| (format!("{}: the answer {what}", query.action()), Class::Retry);
        match (query.kind(), items) {
            (None, Items::Identity(account)) => {
                self.account = Some(account.clone());
                self.seen.account = Some(account);
            }
            (None, _) => return Err(odd("was a list")),
            (Some(kind), items) => {
                if next.as_ref().is_some_and(|next| self.tokens.contains(&(kind, next.clone()))) {
                    return Err(odd("leads back to a page that was there before"));
                }
                if let Some(others) = self.of_another_account(&items) {
                    let why = format!("{}: the answer lists instances of account {others}", query.action());
                    self.contradiction = Some(Gap { why: why.clone(), at: self.began });
                    return Err((why, Class::Retry));
                }
                if !insert(&mut self.seen, kind, items) {
                    return Err(odd("was another list"));
                }
                match next {
                    Some(next) => {
                        self.tokens.insert((kind, next.clone()));
                        self.pending.push_front(query.after(next));
                    }
                    None => _ = self.complete.insert(kind),
                }
            }
        }
        Ok(())
    }

    /// The account whose instances these are, if that is not the one that the credentials were said to be of. One of the two answers is
    /// wrong, and nobody knows which.
    fn of_another_account(&self, items: &Items) -> Option<AccountId> {
        let (Items::Instances(instances), Some(account)) = (items, &self.account) else { return None };
        instances.iter().map(|instance| &instance.owner).find(|owner| *owner != account).cloned()
    }

    /// What is known now.
    pub fn finish(self, memory: &Memory) -> Inventory {
        let Self { owner, tag_key, settle, began, mut seen, complete, contradiction, .. } = self;
        let mut inventory = Inventory::clone(&memory.inventory);
        inventory.account = seen.account.or(inventory.account);
        inventory.identity_gap = if inventory.account.is_some() { None } else { seen.identity_gap };
        if let Some(gap) = contradiction {
            // Whose credentials these are is asked again: until then nothing is made, whose proof no later run would accept.
            inventory.account = None;
            inventory.identity_gap = Some(gap);
        }
        inventory.gaps.extend(seen.gaps);
        for kind in complete {
            inventory.read.insert(kind, began);
            inventory.gaps.remove(&kind);
            match kind {
                Kind::Instances => inventory.instances = take(&mut seen.instances),
                Kind::Interfaces => inventory.interfaces = take(&mut seen.interfaces),
                Kind::Tagged => {
                    inventory.tagged = take(&mut seen.tagged);
                    inventory.tagged_by.clone_from(&tag_key);
                }
                Kind::Targets => inventory.targets = take(&mut seen.targets),
                Kind::Filters => inventory.filters = take(&mut seen.filters),
                Kind::Sessions => inventory.sessions = take(&mut seen.sessions),
            }
        }
        if inventory.tagged_by != tag_key {
            // Tags by the key that the policy had before say nothing of those by this one: no tag seen is no tag missing.
            inventory.gaps.entry(Kind::Tagged).or_insert_with(|| Gap { why: unread(&tag_key), at: began });
        }
        inventory.overlaid = overlay(&mut inventory, &memory.written, settle);
        inventory.ours = ownership::index(&inventory, &owner);
        inventory
    }
}

fn unread(tag_key: &str) -> String {
    format!("GetResources: the tags of subnets and VPCs with the key {tag_key} have not been read yet")
}

/// Puts the items of a page where they belong; false when they are not of the kind that was asked for. An item that two pages show
/// is one item.
fn insert(seen: &mut Inventory, kind: Kind, items: Items) -> bool {
    match (kind, items) {
        (Kind::Instances, Items::Instances(items)) => {
            Arc::make_mut(&mut seen.instances).extend(items.into_iter().map(|item| (item.id.clone(), item)));
        }
        (Kind::Interfaces, Items::Interfaces(items)) => {
            Arc::make_mut(&mut seen.interfaces).extend(items.into_iter().map(|item| (item.id.clone(), item)));
        }
        (Kind::Tagged, Items::Tagged(Tagged { subnets, vpcs })) => {
            seen.tagged.subnets.extend(subnets);
            seen.tagged.vpcs.extend(vpcs);
        }
        (Kind::Targets, Items::Targets(items)) => {
            seen.targets.extend(items.into_iter().map(|item| (item.id.clone(), item)));
        }
        (Kind::Filters, Items::Filters(items)) => {
            seen.filters.extend(items.into_iter().map(|item| (item.id.clone(), by_meaning(item))));
        }
        (Kind::Sessions, Items::Sessions(items)) => {
            seen.sessions.extend(items.into_iter().map(|item| (item.id.clone(), item)));
        }
        _ => return false,
    }
    true
}

/// The filter with its rules in the form that means what they say: everything that compares them compares meanings.
fn by_meaning(mut filter: Filter) -> Filter {
    filter.rules.values_mut().for_each(|rule| *rule = rule.meaning());
    filter
}

/// Lets what we wrote stand where the reads do not show it; says which objects that are.
///
/// A read that began before the write says nothing about it. One that began later may be behind. What it shows of an object that we
/// made is believed: there was nothing before. That it does not show it at all is believed after a second such read, a settle time
/// later; and what it shows of a change or removal after [`STALE_READS`].
fn overlay(
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

#[cfg(test)]
mod tests;
