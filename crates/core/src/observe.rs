//! Takes what is remembered and what has been heard; says which pages to ask for, and makes an inventory of the answers. Never asks.
//!
//! | a kind was | its objects are | its age | gap |
//! |---|---|---|---|
//! | read to the last page | those of the pages | that of this walk | none |
//! | read to the last page, and is too short to be true | those of the last complete read; of machines, those of the pages | as it was | why |
//! | asked for, and failed or cut short | those of the last complete read | as it was | why |
//! | not asked for | those of the last complete read | as it was | as it was |
//!
//! Upon that, what we have just written stands as we wrote it until a read shows it: a read that is behind must not make us write
//! it again.

mod balancers;
mod directory;
mod overlay;
mod short;

use std::collections::{BTreeSet, VecDeque};
use std::mem::take;
use std::sync::Arc;

use jiff::SignedDuration;

use self::balancers::{Balancers, nothing_there};
use self::overlay::overlay;
use crate::Time;
use crate::cloud::{Class, CloudError, Items, Page, Query, actions};
use crate::ids::AccountId;
use crate::inventory::{Filter, Gap, Inventory, Kind, Part, Tagged};
use crate::memory::{Done, Memory, Rates, again, later};
use crate::ownership;
use crate::policy::Policy;

/// What has been heard. Losing one costs time, until the next resync, or until a person says it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// The kinds that have to be read again.
    pub kinds: BTreeSet<Kind>,
    /// The digests of held losses that a person has just approved.
    pub approved: BTreeSet<String>,
}

impl Hints {
    /// The kinds whose last complete read began at least `interval` ago.
    pub fn resync(memory: &Memory, interval: SignedDuration, now: Time) -> Self {
        let old = |kind: &Kind| memory.inventory.read.get(kind).is_none_or(|read| later(*read, interval) <= now);
        Self { kinds: Kind::ALL.into_iter().filter(old).collect(), approved: BTreeSet::new() }
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
        let kinds = if done.iter().any(contradicts) { Kind::ALL.into() } else { BTreeSet::new() };
        Self { kinds, approved: BTreeSet::new() }
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
    pending: VecDeque<Next>,
    /// The pages that tokens have led to: one that comes back leads in a circle.
    led_to: BTreeSet<Query>,
    /// What is read only since the policy needs it.
    needs: BTreeSet<Part>,
    directory: directory::Names,
    balancers: Balancers,
    /// How many more failed pages are asked for again.
    patience: u32,
    seen: Inventory,
    complete: BTreeSet<Kind>,
    /// The account whose lists are expected, once it is known, and what has contradicted that.
    account: Option<AccountId>,
    contradiction: Option<Gap>,
}

/// What comes next in a walk.
#[derive(Debug)]
enum Next {
    /// A page.
    Page(Query),
    /// Whatever has to be asked about load balancers: which ones these are is known once the targets are.
    LoadBalancers,
}

/// How many pages of a walk are asked for again when they fail. Without it a long list of which a page is throttled now and then would
/// never be read to its end.
const PATIENCE: u32 = 10;

/// How long a walk waits for a page that failed. Longer, and everything else would wait with it.
const PAGE_WAIT: SignedDuration = SignedDuration::from_secs(4);

impl Walk {
    /// A walk through what was hinted at, what is missing (tags by a key that the policy did not have before, and load balancers that
    /// nothing named before, too), and, when something has settled, everything. Actions that are left alone because they failed are left out.
    pub fn due(policy: &Policy, memory: &Memory, hints: &Hints, now: Time) -> Self {
        let settled = memory.settled_at(policy.settle).any(|at| at <= now);
        let known = &memory.inventory;
        let another_key = |kind: Kind| kind == Kind::Tagged && known.tagged_by != policy.tag_key;
        let needs = policy.needs();
        let lacks_part = |kind: Kind| needs.iter().any(|part| part.kind() == kind && !known.parts.contains(part));
        let is_missing = |kind: Kind| !known.is_complete(kind) && again(known, kind).is_none_or(|again| again <= now);
        let is_due = |kind: Kind| {
            settled || hints.kinds.contains(&kind) || is_missing(kind) || another_key(kind) || lacks_part(kind)
        };
        let open = |action| memory.rates.closed_until(action, now).is_none();
        let due = |kind: Kind| -> Vec<Next> {
            let queries = match kind {
                Kind::LoadBalancers if actions(kind).iter().copied().all(open) => return vec![Next::LoadBalancers],
                Kind::LoadBalancers => return Vec::new(),
                kind if kind.is_by_need() => directory::queries(kind, &needs),
                kind => vec![Query::first(kind, &policy.tag_key)],
            };
            // Half of a list is none.
            let asked = is_due(kind) && queries.iter().all(|query| open(query.action()));
            queries.into_iter().filter(|_| asked).map(Next::Page).collect()
        };
        let needless = |kind: &Kind| kind.is_by_need() && !needs.iter().any(|part| part.kind() == *kind);
        let mut names = directory::Names::new(policy);
        let identity = known.account.is_none().then_some(Query::Identity);
        let pending = match identity {
            Some(identity) if !open(identity.action()) => VecDeque::new(),
            _ => identity.into_iter().map(Next::Page).chain(Kind::ALL.into_iter().flat_map(due)).collect(),
        };
        let of_directory = |next: &&Next| matches!(next, Next::Page(query) if query.kind() == Some(Kind::Directory));
        names.left = VecDeque::iter(&pending).filter(of_directory).count();
        Self {
            owner: policy.owner.clone(),
            tag_key: policy.tag_key.clone(),
            settle: policy.settle,
            began: now,
            pending,
            led_to: BTreeSet::new(),
            directory: names,
            balancers: Balancers::new(policy, known, is_due(Kind::LoadBalancers)),
            patience: PATIENCE,
            seen: Inventory::empty(known.region.clone()),
            complete: Kind::ALL.into_iter().filter(needless).collect(),
            needs,
            account: known.account.clone(),
            contradiction: None,
        }
    }

    /// The next page to ask for; none when the walk is over.
    pub fn ask(&mut self) -> Option<Query> {
        loop {
            match self.pending.pop_front()? {
                Next::Page(query) => return Some(query),
                Next::LoadBalancers => {
                    let targets = self.complete.contains(&Kind::Targets).then_some(&self.seen.targets);
                    if self.complete.contains(&Kind::Directory) {
                        // What is kept of a part that is not believed is asked about, too: else nobody would be known to be behind it.
                        let parts = self.needs.iter().filter(|part| part.kind() == Kind::Directory).copied().collect();
                        directory::keep(&mut self.seen.directory, self.balancers.directory(), &parts, self.began);
                    }
                    let directory = self.complete.contains(&Kind::Directory).then_some(&self.seen.directory);
                    let queries = self.balancers.queries(self.seen.account.as_ref(), targets, directory);
                    self.balancers.left += queries.len();
                    self.answered(Kind::LoadBalancers);
                    queries.into_iter().rev().for_each(|query| self.pending.push_front(Next::Page(query)));
                }
            }
        }
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
        let answer = answer.or_else(|error| nothing_there(&query, error));
        let useless = self.understand(&query, answer).err();
        rates.answered(action, useless.as_ref().map(|(_, class)| *class), now);
        let (why, class) = useless?;
        let soon = rates.closed_until(action, now).is_none_or(|until| until <= later(now, PAGE_WAIT));
        if soon && self.patience > 0 && class != Class::Denied {
            self.patience -= 1;
            self.pending.push_front(Next::Page(query));
            return Some(class);
        }
        let gap = Gap { why, at: self.began };
        match query.kind() {
            // Whoever we are not allowed to be, we are not allowed to see anything either: one error says it.
            None => {
                self.pending.clear();
                self.seen.identity_gap = Some(gap);
            }
            Some(kind) => {
                // What is wrong with one load balancer's call is wrong with all of them.
                self.pending.retain(|next| !matches!(next, Next::Page(query) if query.action() == action));
                let said = self.seen.gaps.entry(kind).or_insert_with(|| gap.clone());
                if said.why != gap.why {
                    said.why = format!("{}; {}", said.why, gap.why);
                }
            }
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
                let next = next.map(|token| query.after(token));
                if next.as_ref().is_some_and(|next| self.led_to.contains(next)) {
                    return Err(odd("leads back to a page that was there before"));
                }
                if let Some(others) = self.of_another_account(&items) {
                    let why = format!("{}: the answer lists instances of account {others}", query.action());
                    self.contradiction = Some(Gap { why: why.clone(), at: self.began });
                    return Err((why, Class::Retry));
                }
                let followed = match kind {
                    Kind::Directory => self.directory.follow(&items),
                    _ => self.balancers.follow(query, &items),
                };
                if !insert(&mut self.seen, query, items) {
                    return Err(odd("was another list"));
                }
                if let Some(left) = self.left(kind) {
                    *left = (*left + followed.len()).saturating_sub(usize::from(next.is_none()));
                }
                followed.into_iter().rev().for_each(|query| self.pending.push_front(Next::Page(query)));
                match next {
                    Some(next) => {
                        self.led_to.insert(next.clone());
                        self.pending.push_front(Next::Page(next));
                    }
                    None => self.answered(kind),
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

    /// The last page of a list is there; of what takes several lists, of all of them.
    fn answered(&mut self, kind: Kind) {
        let asked = kind != Kind::LoadBalancers || self.balancers.asked;
        if asked && self.left(kind).is_none_or(|left| *left == 0) {
            self.complete.insert(kind);
        }
    }

    /// How many lists of a kind that takes several have not been answered to their end.
    fn left(&mut self, kind: Kind) -> Option<&mut usize> {
        match kind {
            Kind::LoadBalancers => Some(&mut self.balancers.left),
            Kind::Directory => Some(&mut self.directory.left),
            Kind::Instances
            | Kind::Interfaces
            | Kind::Tagged
            | Kind::Subnets
            | Kind::GroupRules
            | Kind::Targets
            | Kind::Filters
            | Kind::Sessions => None,
        }
    }

    /// What is known now.
    pub fn finish(self, memory: &Memory) -> Inventory {
        let Self { owner, tag_key, settle, began, needs, balancers, mut seen, complete, contradiction, .. } = self;
        let mut inventory = Inventory::clone(&memory.inventory);
        inventory.account = seen.account.take().or(inventory.account);
        inventory.identity_gap = if inventory.account.is_some() { None } else { seen.identity_gap.take() };
        if let Some(gap) = contradiction {
            // Whose credentials these are is asked again: until then nothing is made, whose proof no later run would accept.
            inventory.account = None;
            inventory.identity_gap = Some(gap);
        }
        inventory.gaps.append(&mut seen.gaps);
        for kind in complete {
            let needed = |part: &&Part| part.kind() == kind;
            let parts: BTreeSet<Part> = needs.iter().filter(needed).copied().collect();
            let as_before = parts == inventory.parts.iter().filter(needed).copied().collect();
            // Of more parts, or fewer, there are more items, or fewer.
            let doubt = as_before.then(|| short::doubt(memory, &seen, kind, &tag_key, began)).flatten();
            if let Some(gap) = doubt {
                short::show(&mut inventory, &mut seen, kind, gap);
                continue;
            }
            inventory.parts.retain(|part| part.kind() != kind);
            inventory.parts.extend(&parts);
            inventory.short.remove(&kind);
            inventory.read.insert(kind, began);
            inventory.gaps.remove(&kind);
            match kind {
                Kind::Instances => inventory.instances = take(&mut seen.instances),
                Kind::Interfaces => inventory.interfaces = take(&mut seen.interfaces),
                Kind::Tagged => {
                    inventory.tagged = take(&mut seen.tagged);
                    inventory.tagged_by.clone_from(&tag_key);
                }
                Kind::Subnets => inventory.subnets = take(&mut seen.subnets),
                Kind::GroupRules => inventory.group_rules = take(&mut seen.group_rules),
                Kind::Targets => inventory.targets = take(&mut seen.targets),
                Kind::Directory => {
                    directory::keep(&mut seen.directory, &memory.inventory.directory, &parts, began);
                    inventory.directory = take(&mut seen.directory);
                }
                Kind::LoadBalancers => {
                    balancers::keep(&mut seen.balancers, &memory.inventory, began);
                    inventory.balancers = take(&mut seen.balancers);
                    inventory.gateways = seen.gateways;
                }
                Kind::Filters => inventory.filters = take(&mut seen.filters),
                Kind::Sessions => inventory.sessions = take(&mut seen.sessions),
            }
        }
        if inventory.tagged_by != tag_key {
            // Tags by the key that the policy had before say nothing of those by this one: no tag seen is no tag missing.
            inventory.gaps.entry(Kind::Tagged).or_insert_with(|| Gap { why: unread(&tag_key), at: began });
        }
        for part in
            needs.iter().filter(|part| !memory.inventory.parts.contains(part) && !inventory.parts.contains(part))
        {
            inventory.gaps.entry(part.kind()).or_insert_with(|| Gap { why: directory::unread(*part), at: began });
        }
        if let Some(why) = balancers.unread(&inventory) {
            // Nobody knows who is behind it, nor whether it hears anything.
            inventory.gaps.entry(Kind::LoadBalancers).or_insert(Gap { why, at: began });
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
fn insert(seen: &mut Inventory, query: &Query, items: Items) -> bool {
    match (query, items) {
        (Query::List(Kind::Instances, _), Items::Instances(items)) => {
            Arc::make_mut(&mut seen.instances).extend(items.into_iter().map(|item| (item.id.clone(), item)));
        }
        (Query::List(Kind::Interfaces, _), Items::Interfaces(items)) => {
            Arc::make_mut(&mut seen.interfaces).extend(items.into_iter().map(|item| (item.id.clone(), item)));
        }
        (Query::List(Kind::Tagged, _) | Query::Tagged(..), Items::Tagged(Tagged { subnets, vpcs })) => {
            seen.tagged.subnets.extend(subnets);
            seen.tagged.vpcs.extend(vpcs);
        }
        (Query::List(Kind::Subnets, _), Items::Subnets(items)) => seen.subnets.extend(items),
        (Query::List(Kind::GroupRules, _), Items::GroupRules(items)) => {
            let rules = Arc::make_mut(&mut seen.group_rules);
            items.into_iter().for_each(|rule| _ = rules.entry(rule.group.clone()).or_default().insert(rule));
        }
        (Query::Balancers(_), Items::LoadBalancers(items)) => seen.directory.balancers.extend(items),
        (Query::Classic(_), Items::Classic(items)) => seen.directory.classic.extend(items),
        (Query::BalancerTags(_), Items::BalancerTags(items)) => seen.directory.tags.extend(items),
        (Query::WebAcls(_), Items::WebAcls(items)) => {
            for (arn, name) in items {
                seen.directory.web_acls.entry(arn).or_default().name = name;
            }
        }
        (Query::Protected(of), Items::Protected(items)) => {
            seen.directory.web_acls.entry(of.clone()).or_default().balancers.extend(items);
        }
        (Query::List(Kind::Targets, _), Items::Targets(items)) => {
            seen.targets.extend(items.into_iter().map(|item| (item.id.clone(), item)));
        }
        (Query::LoadBalancers(_), Items::LoadBalancers(_)) => seen.gateways = true,
        (Query::Listeners(of, _), Items::Listeners(items)) => {
            seen.balancers.entry(of.clone()).or_default().listeners.extend(items);
        }
        (Query::TargetGroups(of, _), Items::TargetGroups(items)) => {
            seen.balancers.entry(of.clone()).or_default().groups.extend(items);
        }
        (Query::TargetHealth(of, group), Items::TargetHealth(items)) => {
            let balancer = seen.balancers.entry(of.clone()).or_default();
            balancer.groups.entry(group.clone()).or_default().targets.extend(items);
        }
        (Query::List(Kind::Filters, _), Items::Filters(items)) => {
            seen.filters.extend(items.into_iter().map(|item| (item.id.clone(), by_meaning(item))));
        }
        (Query::List(Kind::Sessions, _), Items::Sessions(items)) => {
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

#[cfg(test)]
mod tests;
