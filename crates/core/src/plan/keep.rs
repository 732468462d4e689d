//! Takes the sessions that stand and the filters that they are to have; gives those that stay with the filter that they have, for it
//! mirrors all that is asked and little more. Never keeps one that mirrors less, nor one that is not what its key says.
//!
//! A fleet that grows and shrinks asks for other packets all day, and each change of a filter is a call for each session, of which AWS
//! allows five a second. What nobody asks for any more costs little while it is little; [`MOST_EXCESS`] says how little.
//!
//! | the filter that a session has | then |
//! |---|---|
//! | lacks something that is asked | it gets the one that is asked, at once if that loses nothing |
//! | has all, and no more than the excess beyond | it stays; nothing is planned |
//! | has all, and more than that | it gets the one that is asked, once that has settled |
//! | cannot be told, is spoiled, or is somebody's doing | it gets the one that is asked, as if this rule were not |
//!
//! Nothing goes to and fro by this: what a session gets is just what is asked, so that the same wish never moves it twice; and a wish that
//! shrinks within the excess and grows again never moves it at all. What is beyond is always measured against what is asked now, so that
//! many small steps do not add up.

use std::collections::{BTreeMap, BTreeSet};

use super::sessions::Key;
use super::{Draft, Surplus};
use crate::compile::{FilterSpec, SessionSpec};
use crate::ids::{FilterId, FilterKey, InterfaceId, Lane};
use crate::inventory::{Filter, Inventory, RuleAction, Session};
use crate::memory::DriftKind;
use crate::objects::ObjectKey;
use crate::packets::{PacketSet, Unknown};

/// The part of all packets of an interface that its session may mirror beyond what is asked, by the measure of
/// [`PacketSet::share`]: about a thousand ports of TCP to anybody. It is no policy field: who wants something not to be mirrored excepts
/// it, and that is never kept.
pub const MOST_EXCESS: f64 = 0.01;

/// Says which sessions keep which filter.
pub(super) fn plan(draft: &mut Draft<'_>) -> BTreeMap<Key, FilterId> {
    let candidates = candidates(draft);
    if candidates.is_empty() {
        return BTreeMap::new();
    }
    let behind = Behind::new(draft.inventory);
    // Few filters serve many sessions: each pair is looked at once.
    let mut known: BTreeMap<Question<'_>, Option<Vec<String>>> = BTreeMap::new();
    let mut keeping = BTreeMap::new();
    let mut kept: BTreeMap<(&FilterId, &FilterKey, bool), Surplus> = BTreeMap::new();
    for Candidate { key, session, stands, wanted, number } in candidates {
        let Some(interface) = draft.inventory.interfaces.get(&key.0) else { continue };
        let others = behind.of(draft, key, session, number);
        let question = Question { filter: &session.filter, stands, wanted, ipv6: interface.ipv6, others };
        let answer = known.entry(question).or_insert_with_key(|question| question.more(draft).unwrap_or_default());
        let Some(more) = answer else {
            draft.leaving.insert(session.filter.clone());
            continue;
        };
        keeping.insert(key.clone(), session.filter.clone());
        let same = (&session.filter, wanted, interface.ipv6);
        let new = || Surplus { filter: session.filter.clone(), sessions: BTreeSet::new(), more: more.clone() };
        kept.entry(same).or_insert_with(new).sessions.insert(session.id.clone());
    }
    draft.surplus = kept.into_values().collect();
    keeping
}

/// A session with a filter of ours that is another one than is asked.
struct Candidate<'a> {
    key: &'a Key,
    session: &'a Session,
    stands: &'a FilterKey,
    wanted: &'a FilterKey,
    /// The number that it is to have.
    number: u16,
}

fn candidates<'a>(draft: &Draft<'a>) -> Vec<Candidate<'a>> {
    let (desired, inventory) = (draft.desired, draft.inventory);
    let keys: BTreeMap<&FilterId, &FilterKey> =
        inventory.ours.filters.iter().flat_map(|(key, ids)| ids.iter().map(move |id| (id, key))).collect();
    let candidate = |(key, spec): (&'a Key, &'a SessionSpec)| {
        let session = *inventory.standing(key).first()?;
        let stands = keys.get(&session.filter).copied().filter(|stands| **stands != spec.filter)?;
        // Whoever points a session of ours elsewhere has not kept anything: that is repaired, and counted.
        let drift = draft.memory.drift.open.get(&ObjectKey::Session(key.0.clone(), key.1.clone()));
        let somebodys_doing = drift.is_some_and(|drift| drift.kind == DriftKind::SessionChanged);
        let candidate = Candidate { key, session, stands, wanted: &spec.filter, number: spec.number };
        (!somebodys_doing).then_some(candidate)
    };
    desired.sessions.iter().filter_map(candidate).collect()
}

/// What comes behind a session on its interface, and gets what that leaves.
struct Behind<'a> {
    foreign: BTreeMap<&'a InterfaceId, Vec<&'a Session>>,
}

/// A filter behind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Other<'a> {
    /// Of a lane of ours, as it is to be.
    Wanted(&'a FilterKey),
    /// Of somebody else's session.
    Foreign(&'a FilterId),
}

impl<'a> Behind<'a> {
    fn new(inventory: &'a Inventory) -> Self {
        let ours: BTreeSet<_> = inventory.ours.sessions.values().flatten().collect();
        let mut foreign: BTreeMap<&InterfaceId, Vec<&Session>> = BTreeMap::new();
        for session in inventory.sessions.values().filter(|session| !ours.contains(&session.id)) {
            foreign.entry(&session.interface).or_default().push(session);
        }
        Self { foreign }
    }

    fn of(&self, draft: &Draft<'a>, key: &Key, session: &Session, number: u16) -> BTreeSet<Other<'a>> {
        let (interface, lane) = key;
        // Wherever it stands until it has moved.
        let number = number.min(session.number);
        let from = (interface.clone(), Lane::from(""));
        let lanes = draft.desired.sessions.range(from..).take_while(|((it, _), _)| it == interface);
        let wanted = lanes.filter(|((_, it), spec)| it != lane && spec.number > number);
        let foreign = self.foreign.get(interface).into_iter().flatten().filter(|it| it.number > number);
        let wanted = wanted.map(|(_, spec)| Other::Wanted(&spec.filter));
        wanted.chain(foreign.map(|it| Other::Foreign(&it.filter))).collect()
    }
}

/// Whether sessions with this filter may keep it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Question<'a> {
    filter: &'a FilterId,
    stands: &'a FilterKey,
    wanted: &'a FilterKey,
    ipv6: bool,
    others: BTreeSet<Other<'a>>,
}

impl Question<'_> {
    /// What the filter mirrors beyond what is asked, if it may be kept; none if not.
    fn more(&self, draft: &Draft<'_>) -> Result<Option<Vec<String>>, Unknown> {
        let filter = draft.inventory.filters.get(self.filter);
        let wanted = draft.desired.filters.get(self.wanted);
        let (Some(filter), Some(wanted)) = (filter.filter(|it| is_as_its_key_says(it, self.stands)), wanted) else {
            return Ok(None);
        };
        let has = PacketSet::of_filter(filter.rules.values(), &filter.services)?;
        let asked = PacketSet::of_filter(&wanted.rules, &wanted.services)?;
        let beyond = has.difference(&asked)?;
        // What the interface cannot have weighs nothing: nobody sees it.
        let seen = beyond.possible(self.ipv6);
        // A rule that rejects is a packet that the policy names as not wanted. What no rule names is only not asked for.
        let rejects = wanted.rules.iter().filter(|rule| rule.action == RuleAction::Reject);
        let excepted = PacketSet::matched_by(rejects)?;
        let is_little = asked.is_subset(&has)?
            && !seen.has_resolver()
            && seen.busy_ports().is_empty()
            && seen.share(self.ipv6) <= MOST_EXCESS
            && seen.intersection(&excepted)?.is_empty()
            && self.leaves_to_others(draft, &seen)?;
        Ok(is_little.then(|| words(&beyond, &seen)))
    }

    /// Whether nobody behind gets less: AWS mirrors a packet once, by the first session that matches.
    fn leaves_to_others(&self, draft: &Draft<'_>, seen: &PacketSet) -> Result<bool, Unknown> {
        for other in &self.others {
            let set = match other {
                Other::Wanted(key) => {
                    draft.desired.filters.get(*key).map(|it| (it.rules.iter().collect(), &it.services))
                }
                Other::Foreign(id) => {
                    draft.inventory.filters.get(*id).map(|it| (it.rules.values().collect::<Vec<_>>(), &it.services))
                }
            };
            // A filter that cannot be seen may want anything.
            let Some((rules, services)) = set else { return Ok(seen.is_empty()) };
            if !seen.intersection(&PacketSet::of_filter(rules, services)?)?.is_empty() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn is_as_its_key_says(filter: &Filter, key: &FilterKey) -> bool {
    let spec = FilterSpec { rules: filter.rules.values().cloned().collect(), services: filter.services.clone() };
    spec.key() == *key
}

fn words(beyond: &PacketSet, seen: &PacketSet) -> Vec<String> {
    let mut words = seen.words();
    if beyond != seen {
        words.push("IPv6, of which the interface has none".into());
    }
    words
}
