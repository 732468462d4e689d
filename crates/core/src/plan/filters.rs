//! Takes the filters that sessions want; plans those that are missing or unfinished, and the removal of ours that nobody uses. Never
//! changes a filter that a session may use.
//!
//! | a filter of ours with key K has | it is | and then |
//! |---|---|---|
//! | just the rules and services of K | complete | used; of several the lowest id |
//! | a part of them, and nothing else | unfinished | completed, rejects first |
//! | any other rule or service | spoiled | another is made with key K; it goes when nothing uses it |
//!
//! One that is wanted by nobody but sessions which keep another filter is used if it is complete, and not made if it is not.

use std::collections::{BTreeMap, BTreeSet};

use super::Draft;
use super::sessions::Key;
use crate::cloud::Step;
use crate::compile::FilterSpec;
use crate::ids::{FilterId, FilterKey, RuleId};
use crate::inventory::{Filter, Kind, Rule};
use crate::objects::{ObjectId, ObjectKey};
use crate::ownership::Owner;

/// A session uses the filter. Sources: "Error codes for the Amazon EC2 API"; the second is what one SDK's specification lists.
const IN_USE: [&str; 2] = ["TrafficMirrorFilterInUse", "InvalidTrafficMirrorFilter.InUse"];

/// Plans filters; gives the complete ones, by key.
pub(super) fn plan(
    draft: &mut Draft<'_>,
    owner: Owner<'_>,
    keeping: &BTreeMap<Key, FilterId>,
) -> BTreeMap<FilterKey, FilterId> {
    let mut ranks: BTreeMap<&FilterKey, usize> = BTreeMap::new();
    for (_, spec) in draft.desired.sessions.iter().filter(|(key, _)| !keeping.contains_key(*key)) {
        let rank = ranks.entry(&spec.filter).or_insert(spec.rank);
        *rank = spec.rank.min(*rank);
    }
    let mut complete = BTreeMap::new();
    let mut kept: BTreeSet<FilterId> = keeping.values().cloned().collect();
    for (key, spec) in &draft.desired.filters {
        let ours: Vec<&Filter> = draft
            .inventory
            .ours
            .filters
            .get(key)
            .into_iter()
            .flatten()
            .filter_map(|id| draft.inventory.filters.get(id))
            .collect();
        if let Some(filter) = ours.iter().find(|filter| state(filter, spec) == State::Complete) {
            complete.insert(key.clone(), filter.id.clone());
            kept.insert(filter.id.clone());
            continue;
        }
        let Some(rank) = ranks.get(key).copied() else { continue };
        if let Some(filter) = ours.iter().find(|filter| state(filter, spec) == State::Unfinished) {
            kept.insert(filter.id.clone());
            finish(draft, owner, filter, spec, rank);
        } else {
            // All of them, for the newest has no mark: with the token that made it, AWS would answer with it for ever.
            let spoiled = ours.iter().map(|filter| filter.id.as_str()).collect::<Vec<_>>().join("+");
            let why = format!("sessions need a filter of {} rules", spec.rules.len());
            let key = ObjectKey::Filter(key.clone());
            draft.create(owner, key, Kind::Filters, &spoiled, (rank, &why), |token, tags| Step::CreateFilter {
                token,
                tags,
            });
        }
    }
    remove(draft, &kept);
    complete
}

#[derive(PartialEq)]
enum State {
    Complete,
    Unfinished,
    Spoiled,
}

fn state(filter: &Filter, spec: &FilterSpec) -> State {
    let rules: BTreeSet<&Rule> = filter.rules.values().collect();
    let wanted: BTreeSet<&Rule> = spec.rules.iter().collect();
    // As many rules as different ones: a rule that is there twice under two numbers would be two different ones.
    if !rules.is_subset(&wanted) || !filter.services.is_subset(&spec.services) {
        State::Spoiled
    } else if rules == wanted && filter.services == spec.services {
        State::Complete
    } else {
        State::Unfinished
    }
}

/// Adds what is missing: rules in their order, rejects first, so that it never mirrors too much; network services last.
fn finish(draft: &mut Draft<'_>, owner: Owner<'_>, filter: &Filter, spec: &FilterSpec, rank: usize) {
    let there: BTreeSet<&Rule> = filter.rules.values().collect();
    for rule in spec.rules.iter().filter(|rule| !there.contains(rule)) {
        let key = ObjectKey::Rule(filter.id.clone(), rule.clone());
        draft.create(owner, key, Kind::Filters, "", (rank, "the filter lacks it"), |token, _| Step::CreateRule {
            token,
            filter: filter.id.clone(),
            rule: rule.clone(),
        });
    }
    let services: BTreeSet<String> = spec.services.difference(&filter.services).cloned().collect();
    if !services.is_empty() && draft.inventory.is_complete(Kind::Filters) {
        let step = Step::AddServices { filter: filter.id.clone(), services };
        draft.change(ObjectKey::Services(filter.id.clone()), rank, "the filter lacks them".into(), step);
    }
}

/// The filter goes at once, for AWS refuses to remove one that a session uses, which no list can promise. Only where AWS has refused
/// for another reason, as it may while the filter has rules, the rules go first. Nothing goes while anything is in doubt.
fn remove(draft: &mut Draft<'_>, kept: &BTreeSet<FilterId>) {
    let inventory = draft.inventory;
    if !draft.desired.doubtful.is_empty() {
        return;
    }
    for (key, ids) in &inventory.ours.filters {
        for filter in ids.iter().filter(|id| !kept.contains(*id)).filter_map(|id| inventory.filters.get(id)) {
            if inventory.sessions.values().any(|session| session.filter == filter.id) {
                continue;
            }
            let id = &filter.id;
            let key = ObjectKey::Filter(key.clone());
            let whole = Step::DeleteFilter { filter: id.clone() };
            let refusal = draft.memory.refused.get(&(whole.action().to_owned(), key.clone()));
            let rules_first = refusal.is_some_and(|refusal| !IN_USE.contains(&refusal.code.as_str()));
            let removal = |(rule, says): (&RuleId, &Rule)| {
                let step = Step::DeleteRule { filter: id.clone(), rule: rule.clone() };
                (ObjectKey::Rule(id.clone(), says.clone()), step)
            };
            let steps = match rules_first && !filter.rules.is_empty() {
                true => filter.rules.iter().map(removal).collect(),
                false => vec![(key.clone(), whole)],
            };
            let why = "no session uses it, and none needs what it mirrors";
            draft.remove(ObjectId::Filter(id.clone()), key, why, steps);
        }
    }
}
