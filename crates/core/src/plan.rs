//! Takes what is to stand and what stands; gives the single calls that lead from the one to the other, and what waits for what.
//! Never acts, and never names what does not exist: a new filter this round, its rules the next, the session after that.
//!
//! | step | comes | needs |
//! |---|---|---|
//! | create a target, filter, rule, session | by the importance of the session that needs it | a complete read of what stands there |
//! | change a session so that it loses nothing | likewise | everything read completely |
//! | change it so that it may lose packets | likewise | the same, twice, at least the settle time apart |
//! | none: its filter mirrors all that is asked, and little more | | |
//! | remove a session to make room for one that is wanted more | right before that one | everything read completely |
//! | remove a session, a target, a filter and its rules | last | the same, twice, at least the settle time apart |

mod adopt;
mod filters;
mod keep;
mod losses;
mod rebalance;
mod rollout;
mod sessions;
mod targets;
mod teardown;
mod token;
mod wait;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::adopt::{Adoption, NotAdopted, adopt};
pub use self::keep::MOST_EXCESS;
pub use self::rebalance::rebalance;
pub use self::teardown::{Kept, Teardown, teardown};
pub use self::wait::Wait;
use crate::Time;
use crate::cloud::{ClientToken, Step};
use crate::compile::Desired;
use crate::ids::{FilterId, InterfaceId, SessionId};
use crate::inventory::{Inventory, Kind, Tags};
use crate::memory::{Held, Loss, Memory, ProofOfAbsence, later};
use crate::objects::{ObjectId, ObjectKey};
use crate::ownership::{Owner, tags};

/// What to do now, and what has to wait.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The calls, in the order in which they are made. Any of them may fail without harm to the others.
    pub steps: Vec<Planned>,
    /// What cannot be done yet, and why.
    pub waiting: Vec<Waiting>,
    /// Objects of ours that are seen and not wanted.
    pub unwanted: BTreeSet<ObjectId>,
    /// Interfaces that become sources by these calls, where the policy limits how many may in an hour.
    pub starting: BTreeSet<InterfaceId>,
    /// Sessions that lose packets by these calls, where that counts against the policy's allowance.
    pub losing: BTreeSet<SessionId>,
    /// How many an hour allows.
    pub losses_an_hour: usize,
    /// What is more than may be lost now, and waits for the hours to pass, or for a person's word.
    pub held: Option<Held>,
    /// Sessions that stay with a filter that is another one than is asked, since it mirrors all of that and little more.
    pub surplus: Vec<Surplus>,
    /// Filters of ours that sessions are to leave for others that mirror something else.
    pub leaving: BTreeSet<FilterId>,
}

impl Plan {
    /// Whether nothing is left to do: what stands is what is wanted.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.waiting.is_empty()
    }

    /// The earliest time at which a step that AWS refused, or whose turn had not come, may be tried.
    pub fn retry_at(&self) -> Option<Time> {
        self.waiting.iter().filter_map(|waiting| waiting.on.retry_at()).min()
    }
}

/// Sessions that stay with a filter which mirrors more than is asked, all of them the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surplus {
    /// The filter.
    pub filter: FilterId,
    /// The sessions.
    pub sessions: BTreeSet<SessionId>,
    /// What it mirrors beyond what is asked, in words; nothing where it only says the same by other rules.
    pub more: Vec<String>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The call.
    pub step: Step,
    /// What it is for.
    pub key: ObjectKey,
    /// What made its client token: the attachment, or the object that had this key before. Empty for steps without token.
    pub incarnation: String,
    /// The place of the strategy that needs it most.
    pub rank: usize,
    /// Why, for a person.
    pub why: String,
}

/// Something that cannot be done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// What it is for.
    pub key: ObjectKey,
    /// What is to be done, and why.
    pub what: String,
    /// What it waits for.
    pub on: Wait,
}

/// Plans.
pub fn plan(desired: &Desired, inventory: &Inventory, memory: &Memory, now: Time) -> Plan {
    let mut draft = Draft::new(desired, inventory, memory, now);
    let Some(account) = inventory.account.clone() else {
        draft.wait_for_the_account();
        return draft.finish();
    };
    let owner = Owner { name: &desired.owner, account: &account, region: &inventory.region };
    let targets = targets::plan(&mut draft, owner);
    let keeping = keep::plan(&mut draft);
    let filters = filters::plan(&mut draft, owner, &keeping);
    sessions::plan(&mut draft, owner, &targets, &filters, &keeping);
    draft.finish()
}

/// A plan that is being made.
struct Draft<'a> {
    desired: &'a Desired,
    inventory: &'a Inventory,
    memory: &'a Memory,
    now: Time,
    creates: Vec<Planned>,
    removals: Vec<Planned>,
    waiting: Vec<Waiting>,
    unwanted: BTreeSet<ObjectId>,
    starting: BTreeSet<InterfaceId>,
    losing: BTreeSet<SessionId>,
    /// Sessions that make room by these calls.
    displaced: BTreeSet<SessionId>,
    /// What is to be lost sooner or later, counts, and is not approved.
    losses: BTreeSet<Loss>,
    surplus: Vec<Surplus>,
    leaving: BTreeSet<FilterId>,
    /// Whether the second filter lacks packets of the first, where that was asked before.
    narrowings: BTreeMap<(FilterId, FilterId), bool>,
}

impl<'a> Draft<'a> {
    fn new(desired: &'a Desired, inventory: &'a Inventory, memory: &'a Memory, now: Time) -> Self {
        Self {
            desired,
            inventory,
            memory,
            now,
            creates: Vec::new(),
            removals: Vec::new(),
            waiting: Vec::new(),
            unwanted: BTreeSet::new(),
            starting: BTreeSet::new(),
            losing: BTreeSet::new(),
            displaced: BTreeSet::new(),
            losses: BTreeSet::new(),
            surplus: Vec::new(),
            leaving: BTreeSet::new(),
            narrowings: BTreeMap::new(),
        }
    }

    fn finish(mut self) -> Plan {
        let held = self.held();
        let (surplus, leaving) = (self.surplus, self.leaving);
        let Self { desired, mut creates, removals, mut waiting, unwanted, starting, losing, memory, .. } = self;
        let losses_an_hour = memory.allowance.an_hour(desired.max_losses);
        // What AWS has refused before comes after what it has not: a step that fails for ever must not keep the others from being made.
        // Stable: what one session needs stays in the order in which it was planned, target and filter before the session.
        let strikes = |planned: &Planned| {
            let refusal = memory.refused.get(&(planned.step.action().to_owned(), planned.key.clone()));
            refusal.map_or(0, |refusal| refusal.strikes)
        };
        creates.sort_by_key(|planned| (strikes(planned), planned.rank));
        let steps: Vec<Planned> = creates.into_iter().chain(removals).collect();
        if !desired.paused {
            return Plan { steps, waiting, unwanted, starting, losing, losses_an_hour, held, surplus, leaving };
        }
        // A paused plan has no steps: then nothing can carry one out.
        waiting.extend(steps.into_iter().map(|Planned { step, key, why, .. }| {
            let what = format!("{step}: {why}");
            Waiting { key, what, on: Wait::Pause }
        }));
        let (starting, losing) = (BTreeSet::new(), BTreeSet::new());
        Plan { steps: Vec::new(), waiting, unwanted, starting, losing, losses_an_hour, held, surplus, leaving }
    }

    fn wait_for_the_account(&mut self) {
        for (key, spec) in &self.desired.sessions {
            let key = ObjectKey::Session(key.0.clone(), key.1.clone());
            self.wait(key, format!("mirror: {}", spec.why), Wait::Account);
        }
    }

    fn wait(&mut self, key: ObjectKey, what: impl Into<String>, on: Wait) {
        self.waiting.push(Waiting { key, what: what.into(), on });
    }

    /// Plans a create, unless what stands there is not known for certain. `first` is the incarnation of the first object of the key.
    fn create(
        &mut self,
        owner: Owner<'_>,
        key: ObjectKey,
        kind: Kind,
        first: &str,
        (rank, why): (usize, &str),
        step: impl FnOnce(ClientToken, Tags) -> Step,
    ) {
        let Some(read) = self.inventory.read.get(&kind).filter(|_| self.inventory.is_complete(kind)) else {
            return self.wait(key, format!("create: {why}"), Wait::Read(kind));
        };
        let incarnation = match self.memory.predecessors.get(&key) {
            None => first.to_owned(),
            Some(predecessor) => {
                let settled_at = predecessor.settled_at(self.desired.settle);
                // Our own removal is certain at once; any other absence only once a read as late as this does not show it either.
                if *read < settled_at && predecessor.proof != ProofOfAbsence::Removed {
                    return self.wait(key, format!("create again: {why}"), Wait::Settling(settled_at));
                }
                match &key {
                    // Spoiled ones stand beside what is gone, and AWS would answer with either for the token that made it; or with
                    // what was made beside a spoiled one before that was gone.
                    ObjectKey::Filter(_) => format!("{}+{first}", predecessor.was),
                    _ => predecessor.was.clone(),
                }
            }
        };
        let step = step(token::token(owner, &key, &incarnation), tags(owner, &key));
        self.step(Planned { step, key, incarnation, rank, why: why.to_owned() }, false);
    }

    /// Plans a change of what stands.
    fn change(&mut self, key: ObjectKey, rank: usize, why: String, step: Step) {
        self.step(Planned { step, key, incarnation: String::new(), rank, why }, false);
    }

    /// Whether an object of ours that is not wanted as it stands may be changed or removed: the evidence has held for the settle time,
    /// and everything was read completely after that. Else it waits.
    fn settled(&mut self, id: ObjectId, key: &ObjectKey, what: &str) -> bool {
        let since = self.memory.unwanted.get(&id).copied().unwrap_or(self.now);
        let settled_at = later(since, self.desired.settle);
        self.unwanted.insert(id);
        let on = match self.inventory.complete_since() {
            None => Wait::Everything,
            Some(read) if read < settled_at => Wait::Settling(settled_at),
            Some(_) => return true,
        };
        self.wait(key.clone(), what, on);
        false
    }

    /// Plans the removal of an object of ours that is seen and not wanted, once that has settled.
    fn remove(&mut self, id: ObjectId, key: ObjectKey, why: &str, steps: Vec<(ObjectKey, Step)>) {
        if self.settled(id.clone(), &key, &format!("remove {id}: {why}")) {
            for (key, step) in steps {
                let why = why.to_owned();
                self.step(Planned { step, key, incarnation: String::new(), rank: usize::MAX, why }, true);
            }
        }
    }

    fn step(&mut self, planned: Planned, removal: bool) {
        if let Some(until) = self.memory.drift.left_alone(&planned.key, self.now).filter(|_| !removal) {
            return self.wait(planned.key, planned.why, Wait::Fight(until));
        }
        let refusal = self.memory.refused.get(&(planned.step.action().to_owned(), planned.key.clone()));
        match refusal.filter(|refusal| refusal.until > self.now) {
            Some(refusal) => {
                let on = Wait::Refused(refusal.until, refusal.said.clone());
                self.wait(planned.key, planned.why, on);
            }
            None if removal => self.removals.push(planned),
            None => self.creates.push(planned),
        }
    }
}

#[cfg(test)]
mod tests;
