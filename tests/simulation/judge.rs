//! Takes every change that a process makes, and the cloud before and after it; says which of them must never be. Never looks into a
//! process.
//!
//! | never | is |
//! |---|---|
//! | foreign | a change or removal of what that owner has not made |
//! | double | two sessions of one owner for one sensor on one interface, where AWS refuses two of one number, or lists do not lie |
//! | denied | a change of what is there and has its owner's tag, by AWS, under the document that the policy asks for |
//! | loss | a packet that reached its sensor and no longer does, of an interface that has been wanted all the time |

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::{CloudError, Step};
use mirror_core::ids::{FilterId, InterfaceId, LoadBalancerArn, SessionId, TargetId};
use mirror_sim::{Api, MirrorSession, NetworkInterface, TargetGroupArn, Verdict};

use super::converged::{Wish, ours, unseen};
use super::listed::{filters, instances, registered, sessions, targets};
use super::people::MOVED;
use super::stage::Which;

/// For how long an interface has to have been wanted before its loss is one: old reads, and the settle time, are over then.
const LONG: SignedDuration = SignedDuration::from_mins(6);

/// The objects that one owner has made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) sessions: BTreeSet<SessionId>,
    pub(crate) filters: BTreeSet<FilterId>,
    pub(crate) targets: BTreeSet<TargetId>,
}

/// What an interface is wanted for, and since when.
type Truth = BTreeMap<InterfaceId, (Option<LoadBalancerArn>, Time)>;

#[derive(Default)]
pub(crate) struct Judge {
    /// Who is behind the load balancer `edge`.
    edge: Option<TargetGroupArn>,
    /// What must not be, once it has been.
    pub(crate) verdict: Option<String>,
    /// How many times packets were lost that were wanted, where that is only counted.
    pub(crate) losses: Option<u32>,
    /// What has happened, a line each, if it is kept.
    pub(crate) story: Option<Vec<String>>,
    /// How often somebody has laid hands on what a process has made, and when last.
    pub(crate) tampered: u32,
    pub(crate) last_tampered: Option<Time>,
    /// Whether a double counts although AWS takes a number twice.
    pub(crate) doubles: bool,
    /// Whether lists lie for longer than AWS calls eventual: what they hide may be made again, until it is seen.
    pub(crate) lied_to: bool,
    wishes: BTreeMap<Which, Wish>,
    made: BTreeMap<&'static str, Made>,
    truth: BTreeMap<&'static str, Truth>,
    /// Of the change that is being made: what there was, and whether packets arrived.
    there: Made,
    seen: Option<(NetworkInterface, LoadBalancerArn)>,
}

impl Judge {
    /// Of an account whose load balancer `edge` has this target group.
    pub(crate) fn of(edge: TargetGroupArn) -> Self {
        Self { edge: Some(edge), ..Self::default() }
    }

    pub(crate) fn tells(&mut self, now: Time, what: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{now:.3} {}", what()));
        }
    }

    /// A process wants something else from now on.
    pub(crate) fn follows(&mut self, which: Which, now: Time, wish: Wish) {
        // What it wanted before is wanted no longer, even where it is the same: the process may need a while to know.
        let truth = self.truth.entry(wish.owner).or_default();
        truth.values_mut().for_each(|(_, since)| *since = now);
        self.wishes.insert(which, wish);
    }

    /// What the processes want.
    pub(crate) fn wishes(&self) -> BTreeMap<&'static str, Wish> {
        self.wishes.values().map(|wish| (wish.owner, wish.clone())).collect()
    }

    /// What an owner has made.
    pub(crate) fn made(&self, owner: &str) -> Made {
        self.made.get(owner).cloned().unwrap_or_default()
    }

    /// What any owner has made.
    pub(crate) fn made_by_any(&self) -> Made {
        let mut all = Made::default();
        for made in self.made.values() {
            all.sessions.extend(made.sessions.iter().cloned());
            all.filters.extend(made.filters.iter().cloned());
            all.targets.extend(made.targets.iter().cloned());
        }
        all
    }

    /// Takes note of what is wanted now.
    pub(crate) fn looks(&mut self, api: &mut Api, now: Time) {
        let instances = instances(api);
        let registered = self.edge.as_ref().map(|edge| registered(api, edge)).unwrap_or_default();
        for wish in self.wishes.values() {
            let truth = self.truth.entry(wish.owner).or_default();
            let mut before = std::mem::take(truth);
            for detail in &instances {
                for interface in &detail.interfaces {
                    let wanted = wish.of(&detail.instance, interface, &registered).cloned();
                    let since = match before.remove(&interface.id) {
                        Some((then, since)) if then == wanted => since,
                        _ => now,
                    };
                    truth.insert(interface.id.clone(), (wanted, since));
                }
            }
        }
    }

    /// A process is about to make a change.
    pub(crate) fn before(&mut self, api: &mut Api, process: Which, step: &Step, now: Time) {
        self.looks(api, now);
        self.seen = None;
        let Some(wish) = self.wishes.get(&process) else { return };
        let made = self.made.get(wish.owner).cloned().unwrap_or_default();
        let there = everything(api);
        if touches_foreign(&there, &made, step) && self.verdict.is_none() {
            self.verdict = Some(format!("{} touches what it has not made: {step}", wish.owner));
        }
        self.there = there;
        match step {
            Step::ModifySession { session, .. } | Step::DeleteSession { session } => {
                self.seen = self.arriving(api, session, wish, &made, now);
            }
            _ => {}
        }
    }

    /// The interface of a session, and its sensor, if that receives all that it has long been to receive.
    fn arriving(
        &self,
        api: &mut Api,
        session: &SessionId,
        wish: &Wish,
        made: &Made,
        now: Time,
    ) -> Option<(NetworkInterface, LoadBalancerArn)> {
        let session = sessions(api).into_iter().find(|it| it.id == *session)?;
        let (wanted, since) = self.truth.get(wish.owner)?.get(&session.interface)?;
        // Who moves to a filter of its own that somebody has spoiled in this moment cannot know.
        let is_long = |since: Time| now.duration_since(since) > LONG;
        let sensor = wanted.clone().filter(|_| is_long(*since) && self.last_tampered.is_none_or(is_long))?;
        let mut interfaces = instances(api).into_iter().flat_map(|detail| detail.interfaces);
        let interface = interfaces.find(|interface| interface.id == session.interface)?;
        let ours = ours(api, wish, made);
        unseen(api, &interface, &sensor, &ours).is_empty().then_some((interface, sensor))
    }

    /// A process was not allowed to make a change.
    pub(crate) fn denied(&mut self, api: &mut Api, process: Which, step: &Step, denial: &CloudError) {
        let Some(wish) = self.wishes.get(&process) else { return };
        if is_in_reach(api, wish.owner, denial) && self.verdict.is_none() {
            self.verdict = Some(format!("{} is not granted what it needs: {step}: {denial}", wish.owner));
        }
    }

    /// A process has made a change.
    pub(crate) fn after(&mut self, api: &mut Api, process: Which, step: &Step) {
        let Some(wish) = self.wishes.get(&process) else { return };
        let (owner, mut wrong) = (wish.owner, None);
        let made = self.made.entry(owner).or_default();
        if let Some((interface, sensor)) = self.seen.take() {
            let ours = ours(api, wish, made);
            let unseen = unseen(api, &interface, &sensor, &ours);
            if let Some(losses) = self.losses.as_mut().filter(|_| !unseen.is_empty()) {
                *losses += 1;
                return;
            }
            wrong = unseen.first().map(|packet| format!("{owner} loses packets that are wanted by: {step}: {packet}"));
        }
        if let Step::CreateFilter { .. } | Step::CreateTarget { .. } | Step::CreateSession { .. } = step {
            let Made { sessions, filters, targets } = everything(api);
            for id in sessions.difference(&self.there.sessions) {
                made.sessions.insert(id.clone());
            }
            for id in filters.difference(&self.there.filters) {
                made.filters.insert(id.clone());
            }
            for id in targets.difference(&self.there.targets) {
                made.targets.insert(id.clone());
            }
        }
        if let Step::CreateSession { interface, tags, .. } = step
            && !self.lied_to
            && (self.doubles || matches!(api.world().unknowns.duplicate_session_number, Verdict::Refused(_)))
        {
            let there = sessions(api);
            // One that somebody has given another number meanwhile, no number can keep from being made again.
            let is_twin = |it: &&MirrorSession| it.interface == *interface && it.tags == *tags && it.number != MOVED;
            let twins = there.iter().filter(is_twin);
            if twins.filter(|it| made.sessions.contains(&it.id)).count() > 1 {
                wrong = wrong.or_else(|| Some(format!("{owner} doubles: {step}")));
            }
        }
        self.verdict = self.verdict.take().or(wrong);
    }
}

/// Whether a step names something that is there and that its owner has not made.
fn touches_foreign(there: &Made, made: &Made, step: &Step) -> bool {
    match step {
        Step::CreateFilter { .. } | Step::CreateTarget { .. } | Step::CreateSession { .. } => false,
        Step::CreateRule { filter, .. }
        | Step::AddServices { filter, .. }
        | Step::DeleteRule { filter, .. }
        | Step::DeleteFilter { filter } => there.filters.contains(filter) && !made.filters.contains(filter),
        Step::ModifySession { session, .. } | Step::DeleteSession { session } | Step::TagSession { session, .. } => {
            there.sessions.contains(session) && !made.sessions.contains(session)
        }
        Step::DeleteTarget { target } => there.targets.contains(target) && !made.targets.contains(target),
    }
}

/// Whether a denial is about something that is yet to be made, or is there with its owner's tag. One that names nothing is a fault.
fn is_in_reach(api: &mut Api, owner: &str, denial: &CloudError) -> bool {
    let Some((_, rest)) = denial.message.split_once(" on resource: ") else { return false };
    let id = rest.split(' ').next().and_then(|arn| arn.rsplit('/').next()).unwrap_or_default();
    let tags = filters(api).into_iter().find(|it| it.id.as_str() == id).map(|it| it.tags);
    let tags = tags.or_else(|| sessions(api).into_iter().find(|it| it.id.as_str() == id).map(|it| it.tags));
    let tags = tags.or_else(|| targets(api).into_iter().find(|it| it.id.as_str() == id).map(|it| it.tags));
    id == "*" || tags.is_some_and(|tags| tags.get("vpc-mirror/owner").is_some_and(|it| it == owner))
}

fn everything(api: &mut Api) -> Made {
    Made {
        sessions: sessions(api).into_iter().map(|it| it.id).collect(),
        filters: filters(api).into_iter().map(|it| it.id).collect(),
        targets: targets(api).into_iter().map(|it| it.id).collect(),
    }
}
