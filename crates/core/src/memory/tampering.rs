//! Takes what was known and what a read shows now; gives what differs on objects of ours without our doing. Never looks at what we
//! have just written and no read has shown, nor says whether a difference matters: the plan does.

use std::collections::{BTreeMap, BTreeSet};

use super::{Drift, DriftKind, Object, Written, kind_of};
use crate::Time;
use crate::ids::{FilterId, FilterKey};
use crate::inventory::{Filter, Inventory, Kind, Rule, Session};
use crate::limits::MAX_PACKET_LENGTH;
use crate::objects::{ObjectId, ObjectKey};

/// What was known, what is seen, and what we did between.
pub(super) struct Comparison<'a> {
    pub(super) before: &'a Inventory,
    pub(super) now: &'a Inventory,
    pub(super) written: &'a BTreeMap<ObjectId, Written>,
    /// The kinds that were read in between.
    pub(super) fresh: &'a BTreeSet<Kind>,
}

/// What differs, by the key of the object that a repair would make or change.
pub(super) fn tampering(comparison: &Comparison<'_>) -> Vec<(ObjectKey, Drift)> {
    let mut found = Vec::new();
    if comparison.fresh.contains(&Kind::Sessions) {
        sessions(comparison, &mut found);
    }
    if comparison.fresh.contains(&Kind::Filters) {
        filters(comparison, &mut found);
    }
    if comparison.fresh.contains(&Kind::Targets) {
        targets(comparison, &mut found);
    }
    found
}

type Found = Vec<(ObjectKey, Drift)>;

impl Comparison<'_> {
    /// What we have written of an object; none if nothing.
    fn wrote(&self, id: &ObjectId) -> Option<&Option<Object>> {
        self.written.get(id).map(|written| &written.state)
    }

    fn removed(&self, id: &ObjectId) -> bool {
        self.wrote(id).is_some_and(Option::is_none)
    }

    fn drift(&self, kind: DriftKind, id: ObjectId, from: impl Into<String>, to: impl Into<String>) -> Drift {
        let since = self.now.read.get(&kind_of(&id)).copied().unwrap_or(Time::MIN);
        Drift { kind, id, from: from.into(), to: to.into(), since }
    }
}

fn sessions(comparison: &Comparison<'_>, found: &mut Found) {
    let Comparison { before, now, .. } = comparison;
    for ((interface, lane), ids) in &before.ours.sessions {
        let key = || ObjectKey::Session(interface.clone(), lane.clone());
        for id in ids {
            let object = ObjectId::Session(id.clone());
            if comparison.removed(&object) {
                continue;
            }
            let expected = match comparison.wrote(&object) {
                Some(Some(Object::Session(session))) => Some(session),
                _ => before.sessions.get(id),
            };
            let Some(expected) = expected else { continue };
            match now.sessions.get(id) {
                None => {
                    let drift = comparison.drift(DriftKind::SessionDeleted, object, describe(expected), "gone");
                    found.push((key(), drift));
                }
                Some(_) if !now.ours.sessions.values().any(|ids| ids.contains(id)) => {
                    let drift = comparison.drift(DriftKind::SessionStripped, object, "our tags", "foreign");
                    found.push((key(), drift));
                }
                Some(session) => {
                    let (from, to) = differences(expected, session);
                    if !from.is_empty() {
                        found.push((key(), comparison.drift(DriftKind::SessionChanged, object, from, to)));
                    }
                }
            }
        }
    }
}

fn describe(session: &Session) -> String {
    let Session { id: _, owner: _, interface, target, filter, number, packet_length: _, vni: _, tags: _ } = session;
    format!("{interface} to {target} through {filter}, number {number}")
}

/// What differs, as it was and as it is. What AWS fills in where nothing was said is no difference.
fn differences(from: &Session, to: &Session) -> (String, String) {
    let Session { id: _, owner: _, interface: _, target, filter, number, packet_length, vni, tags: _ } = from;
    let bytes = |length: Option<u32>| length.unwrap_or(MAX_PACKET_LENGTH.into()).to_string();
    let text = |vni: Option<u32>| vni.map_or("any".into(), |vni| vni.to_string());
    let vni_is = if vni.is_some() && to.vni.is_some() { text(to.vni) } else { text(*vni) };
    let fields = [
        ("target", target.to_string(), to.target.to_string()),
        ("filter", filter.to_string(), to.filter.to_string()),
        ("number", number.to_string(), to.number.to_string()),
        ("bytes", bytes(*packet_length), bytes(to.packet_length)),
        ("VNI", text(*vni), vni_is),
    ];
    let differing: Vec<_> = fields.into_iter().filter(|(_, was, is)| was != is).collect();
    let join = |side: fn(&(&str, String, String)) -> String| differing.iter().map(side).collect::<Vec<_>>().join(", ");
    (join(|(name, was, _)| format!("{name} {was}")), join(|(name, _, is)| format!("{name} {is}")))
}

fn filters(comparison: &Comparison<'_>, found: &mut Found) {
    let Comparison { before, now, .. } = comparison;
    for (key, ids) in &before.ours.filters {
        for known in ids.iter().filter_map(|id| before.filters.get(id)) {
            let object = ObjectId::Filter(known.id.clone());
            if comparison.removed(&object) {
                continue;
            }
            match now.filters.get(&known.id) {
                None => {
                    let drift = comparison.drift(DriftKind::FilterDeleted, object, format!("filter {key}"), "gone");
                    found.push((ObjectKey::Filter(key.clone()), drift));
                }
                Some(_) if !now.ours.filters.get(key).is_some_and(|ids| ids.contains(&known.id)) => {
                    let drift = comparison.drift(DriftKind::FilterStripped, object, "our tags", "foreign");
                    found.push((ObjectKey::Filter(key.clone()), drift));
                }
                Some(filter) => {
                    rules(comparison, key, known, filter, found);
                    services(comparison, key, known, filter, found);
                }
            }
        }
    }
}

fn rules(comparison: &Comparison<'_>, key: &FilterKey, known: &Filter, filter: &Filter, found: &mut Found) {
    let id_of = |rule| ObjectId::Rule(known.id.clone(), rule);
    for (id, rule) in &known.rules {
        if comparison.removed(&id_of(id.clone())) {
            continue;
        }
        match filter.rules.get(id) {
            Some(same) if same == rule => {}
            Some(other) => {
                let (from, to) = (rule.to_string(), other.to_string());
                let drift = comparison.drift(DriftKind::FilterChanged, id_of(id.clone()), from, to);
                found.push((ObjectKey::Filter(key.clone()), drift));
            }
            None => {
                let drift = comparison.drift(DriftKind::RuleDeleted, id_of(id.clone()), rule.to_string(), "gone");
                found.push((ObjectKey::Rule(known.id.clone(), rule.clone()), drift));
            }
        }
    }
    let added = |(id, rule): (_, &Rule)| (id_of(id), rule.to_string());
    for (id, rule) in filter.rules.iter().filter(|(id, _)| !known.rules.contains_key(*id)) {
        let (id, text) = added((id.clone(), rule));
        if comparison.wrote(&id).is_none() {
            let drift = comparison.drift(DriftKind::FilterChanged, id, "no such rule", text);
            found.push((ObjectKey::Filter(key.clone()), drift));
        }
    }
}

fn services(comparison: &Comparison<'_>, key: &FilterKey, known: &Filter, filter: &Filter, found: &mut Found) {
    let id: FilterId = known.id.clone();
    let expected = match comparison.wrote(&ObjectId::Services(id.clone())) {
        Some(Some(Object::Services(services))) => services,
        _ => &known.services,
    };
    let list = |services: &BTreeSet<String>| match services.is_empty() {
        true => "no network services".to_owned(),
        false => services.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
    };
    let (kind, repair) = match (filter.services.is_superset(expected), filter.services.is_subset(expected)) {
        (true, true) => return,
        (_, false) => (DriftKind::FilterChanged, ObjectKey::Filter(key.clone())),
        (false, true) => (DriftKind::ServicesRemoved, ObjectKey::Services(id.clone())),
    };
    let drift = comparison.drift(kind, ObjectId::Services(id), list(expected), list(&filter.services));
    found.push((repair, drift));
}

fn targets(comparison: &Comparison<'_>, found: &mut Found) {
    let Comparison { before, now, .. } = comparison;
    for (resource, ids) in &before.ours.targets {
        let key = ObjectKey::Target(resource.clone());
        for id in ids {
            let object = ObjectId::Target(id.clone());
            let stays = now.ours.targets.get(resource).is_some_and(|ids| ids.contains(id));
            if stays || comparison.removed(&object) {
                continue;
            }
            let drift = match now.targets.contains_key(id) {
                true => comparison.drift(DriftKind::TargetStripped, object, "our tags", "foreign"),
                false => comparison.drift(DriftKind::TargetDeleted, object, format!("target for {resource}"), "gone"),
            };
            found.push((key.clone(), drift));
        }
    }
}

#[cfg(test)]
mod tests;
