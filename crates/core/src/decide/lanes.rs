//! Takes what strategies want of one interface; gives the sessions for it, the most important first. Never asks who chose what.
//!
//! All strategies that share a sensor are one lane, with one session. Where ten rules do not take all that they want, the extras move to a
//! session of their own behind all others, if the interface has a slot for it; else the filter is widened; and what does not fit even so
//! without packets of busy services is left out, the least important first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::capture::Wish;
use super::captures::{Captures, Numbered};
use super::target::NoTarget;
use super::{Deciding, Decision, LaneWish, Reason, vni_of};
use crate::ids::Lane;
use crate::inventory::NetworkInterface;
use crate::policy::{Policy, Strategy};

/// What a strategy wants, with its place in the policy.
type Member<'a> = (usize, &'a Strategy, &'a Wish);

impl<'a> Deciding<'a> {
    /// Gives each lane its session, the most important first.
    pub(super) fn lanes(
        &mut self,
        interface: &'a NetworkInterface,
        wishes: &BTreeMap<usize, Arc<Wish>>,
        decision: &mut Decision,
    ) {
        let policy = self.policy;
        let mut lanes = lanes_of(policy, wishes);
        let mut free = self.slots.of(&interface.id);
        split(&mut self.captures, interface, free.beside(lanes.len()), &mut lanes, decision);
        let mut behind: BTreeSet<Wish> = BTreeSet::new();
        let mut before_foreign = true;
        for (lane, mut members) in lanes {
            let Some(sensor) = policy.sensors.get(lane.sensor()) else { continue };
            let fitting = fit(&mut self.captures, interface, &lane, (&mut members, &behind), decision);
            let (Some(numbered), Some((rank, ..))) = (fitting, members.first()) else { continue };
            let capture = numbered.capture.clone();
            if self.captures.is_empty(&numbered, interface.ipv6) {
                decision.refuse(Reason::Shadowed { lane: lane.to_string() });
                continue;
            }
            // It comes behind the more important ones, and so behind strangers if one of those has to.
            before_foreign &= members.iter().any(|(_, strategy, _)| strategy.before_foreign);
            let number = match free.number(&lane, policy.lane_rank(&lane), before_foreign) {
                Ok(number) => number,
                Err(refusal) => {
                    decision.refuse(refusal);
                    continue;
                }
            };
            let takes_all = |session: &_| self.captures.are_within(&numbered, session, interface.ipv6);
            if let Some(reason) = free.shadow(&lane, number, sensor, &capture, takes_all) {
                decision.reasons.push(reason);
                // One that stands is kept: it is seen again as soon as the other goes.
                if !free.stands(&lane) {
                    continue;
                }
            }
            free.take(number);
            match self.targets.choose(&lane, interface) {
                Ok(target) => {
                    if self.targets.is_gone(&lane, &target) {
                        decision.reasons.push(Reason::TargetGone { sensor: lane.sensor().to_owned() });
                    }
                    behind.extend(capture.wishes.values().cloned());
                    let vni = sensor.vni.unwrap_or_else(|| vni_of(&interface.vpc));
                    let wish = LaneWish { rank: *rank, target, number, vni, ipv6: interface.ipv6, capture };
                    decision.lanes.insert(lane, wish);
                }
                Err(NoTarget::Unseen) => decision.refuse(Reason::NoTarget { sensor: lane.sensor().to_owned() }),
                Err(NoTarget::Gone) => decision.refuse(Reason::TargetGone { sensor: lane.sensor().to_owned() }),
                Err(NoTarget::Full) => {
                    // One that stands has nowhere to go, and stays.
                    decision.doubt |= free.stands(&lane);
                    decision.refuse(Reason::TargetsFull { sensor: lane.sensor().to_owned() });
                }
            }
        }
    }
}

/// Moves the extras of lanes that are too much for one filter to lanes of their own, as many as there are slots for.
fn split(
    captures: &mut Captures<'_>,
    interface: &NetworkInterface,
    mut slots: usize,
    lanes: &mut Vec<(Lane, Vec<Member<'_>>)>,
    decision: &mut Decision,
) {
    let mut split: Vec<(Lane, Vec<Member<'_>>)> = Vec::new();
    for (lane, members) in lanes.iter_mut() {
        let is_extra = |(_, strategy, _): &Member<'_>| strategy.choice.is_extra();
        let alone = members.iter().all(is_extra) || !members.iter().any(is_extra);
        if slots == 0 || alone {
            continue;
        }
        let together = captures.of(members, &BTreeSet::new());
        if !captures.fits(&together, interface.ipv6).is_some_and(|fit| fit.exactly) {
            slots -= 1;
            let (extras, others) = members.drain(..).partition(is_extra);
            *members = others;
            split.push((lane.extras(), extras));
            decision.reasons.push(Reason::SplitOff { lane: lane.to_string() });
        }
    }
    lanes.extend(split);
}

/// Leaves out what does not fit into a filter; gives what is left, if anything.
fn fit(
    captures: &mut Captures<'_>,
    interface: &NetworkInterface,
    lane: &Lane,
    (members, behind): (&mut Vec<Member<'_>>, &BTreeSet<Wish>),
    decision: &mut Decision,
) -> Option<Numbered> {
    while !members.is_empty() {
        let capture = captures.of(members, behind);
        if captures.fits(&capture, interface.ipv6).is_some() {
            return Some(capture);
        }
        if let Some((_, strategy, _)) = members.pop() {
            let (strategy, lane) = (strategy.name.clone(), lane.to_string());
            decision.refuse(Reason::DoesNotFit { strategy, lane });
        }
    }
    None
}

/// The lanes of what is wanted, each with its strategies: by importance, so that the first of a lane's strategies gives the lane its place.
fn lanes_of<'b>(policy: &'b Policy, wishes: &'b BTreeMap<usize, Arc<Wish>>) -> Vec<(Lane, Vec<Member<'b>>)> {
    let mut lanes: Vec<(Lane, Vec<Member<'b>>)> = Vec::new();
    for (rank, wish) in wishes {
        let Some(strategy) = policy.strategies.get(*rank) else { continue };
        let member = (*rank, strategy, &**wish);
        match lanes.iter_mut().find(|(lane, _)| lane.as_str() == strategy.sensor) {
            Some((_, members)) => members.push(member),
            None => lanes.push((Lane::from(&strategy.sensor), vec![member])),
        }
    }
    lanes
}
