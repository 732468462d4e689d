//! Takes the sessions that stand; says which of them to move so that the sources are spread over the targets as the policy's order of
//! choice has it. Never moves one for nothing: to a nearer target, or from the most used to one with at least two sources fewer.
//!
//! A session that stands is sticky, so that zones and targets that were added later stay empty until somebody asks for this.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Decisions;
use super::target::{Candidate, TargetChoice, Targets};
use crate::Time;
use crate::ids::{InterfaceId, Lane, ResourceId, TargetId};
use crate::inventory::{Inventory, NetworkInterface};
use crate::lessons::Lessons;
use crate::policy::Policy;

/// A session that is to send to another target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// The interface that is mirrored.
    pub interface: InterfaceId,
    /// The lane.
    pub lane: Lane,
    /// Where its packets go now.
    pub from: TargetId,
    /// Where they are to go.
    pub to: TargetChoice,
    /// Why, for a person.
    pub why: String,
}

/// The interfaces that send to each resource.
type Sources = BTreeMap<ResourceId, BTreeSet<InterfaceId>>;

/// A session that stands and is wanted.
struct Standing<'a> {
    interface: &'a NetworkInterface,
    lane: &'a Lane,
    from: &'a TargetId,
    began: usize,
    /// The place of its target among the lane's candidates.
    at: usize,
    /// Whether another session of its interface sends to the same resource: then moving this one relieves nobody.
    bound: bool,
}

/// The fewest moves that this way of looking finds: session by session, until none has a better place.
pub fn rebalance(
    policy: &Policy,
    inventory: &Inventory,
    lessons: &Lessons,
    now: Time,
    decisions: &Decisions,
) -> Vec<Move> {
    let Targets { lanes, mut sources, .. } = Targets::new(policy, inventory, lessons, now);
    let before = sources.clone();
    let crowd = crowd(inventory);
    let mut standing: Vec<Standing<'_>> = Vec::new();
    for (id, decision) in &decisions.interfaces {
        for lane in decision.lanes.keys() {
            standing.extend(stands(inventory, &lanes, &crowd, id, lane));
        }
    }
    // Each move shortens a way, or evens two targets out: there is an end.
    loop {
        let mut moved = false;
        for session in standing.iter_mut().filter(|session| !session.bound) {
            let Some(candidates) = lanes.get(&Lane::from(session.lane.sensor())) else { continue };
            if let Some(to) = better(session, candidates, &sources) {
                carry(&mut sources, candidates.get(session.at), &session.interface.id, false);
                carry(&mut sources, candidates.get(to), &session.interface.id, true);
                session.at = to;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    standing
        .iter()
        .filter_map(|session| moved(session, lanes.get(&Lane::from(session.lane.sensor()))?, &before))
        .collect()
}

/// How many sessions of one interface send to a resource.
type Crowd<'a> = BTreeMap<(&'a InterfaceId, ResourceId), usize>;

fn crowd(inventory: &Inventory) -> Crowd<'_> {
    let mut crowd = Crowd::new();
    for session in inventory.sessions.values() {
        if let Some(target) = inventory.targets.get(&session.target) {
            *crowd.entry((&session.interface, target.resource.id())).or_default() += 1;
        }
    }
    crowd
}

fn stands<'a>(
    inventory: &'a Inventory,
    lanes: &'a BTreeMap<Lane, Vec<Candidate>>,
    crowd: &Crowd<'a>,
    id: &InterfaceId,
    lane: &'a Lane,
) -> Option<Standing<'a>> {
    let session = *inventory.standing(&(id.clone(), lane.clone())).first()?;
    let interface = inventory.interfaces.get(id)?;
    let to = inventory.targets.get(&session.target)?.resource.id();
    let candidates = lanes.get(&Lane::from(lane.sensor()))?;
    let made = TargetChoice::Made(session.target.clone());
    let at = candidates.iter().position(|it| it.choice == made || it.resource == to)?;
    let bound = crowd.get(&(&session.interface, to)).is_some_and(|sessions| *sessions > 1);
    Some(Standing { interface, lane, from: &session.target, began: at, at, bound })
}

/// The place of a target that is nearer, or as near as the most used one where it is now and used less by two at least.
fn better(session: &Standing<'_>, candidates: &[Candidate], sources: &Sources) -> Option<usize> {
    let used = |candidate: &Candidate| sources.get(&candidate.resource).map_or(0, BTreeSet::len);
    let here = candidates.get(session.at)?;
    let zone = &session.interface.zone;
    let room = |candidate: &Candidate| !candidate.gone && !candidate.full && used(candidate) < candidate.most;
    let others = candidates.iter().enumerate().filter(|(at, _)| *at != session.at);
    let free = others.filter(|(_, candidate)| candidate.resource != here.resource && room(candidate));
    let (at, best) = free.min_by_key(|(_, candidate)| (candidate.distance(zone), used(candidate)))?;
    let (far, near) = (here.distance(zone), best.distance(zone));
    // Only from the most used: what leaves another would be followed by what leaves that one.
    let alike = candidates.iter().filter(|candidate| candidate.distance(zone) == far);
    let fullest = alike.map(used).max().unwrap_or_default();
    let evens = near == far && used(here) == fullest && used(here) >= used(best).saturating_add(2);
    (near < far || evens || here.gone).then_some(at)
}

fn carry(sources: &mut Sources, candidate: Option<&Candidate>, interface: &InterfaceId, there: bool) {
    let Some(candidate) = candidate else { return };
    let sources = sources.entry(candidate.resource.clone()).or_default();
    if there {
        sources.insert(interface.clone());
    } else {
        sources.remove(interface);
    }
}

fn moved(session: &Standing<'_>, candidates: &[Candidate], before: &Sources) -> Option<Move> {
    let Standing { interface, lane, from, began, at, bound: _ } = session;
    if began == at {
        return None;
    }
    let (left, found) = (candidates.get(*began)?, candidates.get(*at)?);
    let used = |candidate: &Candidate| before.get(&candidate.resource).map_or(0, BTreeSet::len);
    let zone = &interface.zone;
    let why = if left.gone {
        format!("what {from} sends to is gone")
    } else if found.distance(zone) < left.distance(zone) {
        format!("{} is nearer to {zone} than {}: traffic between zones is billed", found.resource, left.resource)
    } else {
        format!("{} has {} sources, and {} has {}", left.resource, used(left), found.resource, used(found))
    };
    Some(Move {
        interface: interface.id.clone(),
        lane: (*lane).clone(),
        from: (*from).clone(),
        to: found.choice.clone(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Resource;
    use crate::objects::ObjectKey;
    use crate::testing::*;

    /// So many jewels in zone a, that send to `tmt-a`.
    fn crowded(count: usize) -> Facts {
        let facts = (0..count).fold(Facts::new(), |facts, n| {
            let (instance, interface) = (format!("i-{n:02}"), format!("eni-{n:02}"));
            let tags = facts.tags(&ObjectKey::Session(interface.as_str().into(), "sta".into()));
            facts
                .instance(&instance, &[("mirror", "jewel")])
                .interface(&interface, &instance)
                .tagged_session(&format!("tms-{n:02}"), &interface, 100, tags)
                .change_session(&format!("tms-{n:02}"), |session| session.target = "tmt-a".into())
        });
        sensor(facts, "a", "eu-west-1a")
    }

    fn sensor(facts: Facts, name: &str, zone: &str) -> Facts {
        let (interface, instance) = (format!("eni-{name}"), format!("i-{name}"));
        let facts = facts.instance(&instance, &[]).interface_with(&interface, &instance, |it| it.zone = zone.into());
        facts.target(&format!("tmt-{name}"), Resource::NetworkInterface(interface.into()))
    }

    /// How many move to each target, with the first reason.
    fn moves(facts: Facts, names: &[&str]) -> (BTreeMap<String, usize>, String) {
        let targets: Vec<String> = names.iter().map(|name| format!("{{networkInterface: eni-{name}}}")).collect();
        let policy = policy_of(&format!(
            "sensors: {{sta: {{targets: [{}]}}}}\nstrategies: [{{name: jewel, importance: {{}}}}]",
            targets.join(", ")
        ));
        let facts = facts.read(0);
        let moves = rebalance(&policy, &facts, &Lessons::default(), at(0), &decided(&policy, &facts));
        let mut counts = BTreeMap::new();
        for one in &moves {
            let TargetChoice::Made(to) = &one.to else { panic!("{one:?}") };
            *counts.entry(to.to_string()).or_default() += 1;
        }
        (counts, moves.first().map(|one| one.why.clone()).unwrap_or_default())
    }

    #[test]
    fn a_target_that_was_added_in_the_same_zone_gets_its_half() {
        let (counts, why) = moves(sensor(crowded(8), "b", "eu-west-1a"), &["a", "b"]);
        assert_eq!(counts, [("tmt-b".to_owned(), 4)].into());
        assert_eq!(why, "eni-a has 8 sources, and eni-b has 0");
    }

    #[test]
    fn a_target_in_another_zone_gets_nobody_from_here() {
        assert!(moves(sensor(crowded(8), "b", "eu-west-1b"), &["a", "b"]).0.is_empty());
    }

    #[test]
    fn what_sends_to_another_zone_comes_home_as_far_as_there_is_room() {
        let facts = crowded(8);
        let far = sensor(facts, "b", "eu-west-1b");
        let far = (0..8).fold(far, |facts, n| {
            facts.change_session(&format!("tms-{n:02}"), |session| session.target = "tmt-b".into())
        });
        let (counts, why) = moves(far, &["a", "b"]);
        assert_eq!(counts, [("tmt-a".to_owned(), 8)].into());
        assert_eq!(why, "eni-a is nearer to eu-west-1a than eni-b: traffic between zones is billed");
    }

    #[test]
    fn three_targets_are_evened_out_with_the_fewest_moves_and_then_rest() {
        let facts = sensor(sensor(crowded(10), "b", "eu-west-1a"), "c", "eu-west-1a");
        let facts = (7..10).fold(facts, |facts, n| {
            facts.change_session(&format!("tms-{n:02}"), |session| session.target = "tmt-b".into())
        });
        let (counts, _) = moves(facts, &["a", "b", "c"]);
        assert_eq!(counts, [("tmt-c".to_owned(), 3)].into(), "7, 3 and 0 become 4, 3 and 3");
        assert!(moves(crowded(8), &["a"]).0.is_empty());
    }
}
