//! Takes a cloud, a policy and what is remembered; gives one round: everything that was seen, decided, planned and done. Never
//! decides: core does. The order of a round is the function `round`.

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::{Action, Class, Cloud};
use mirror_core::compile::{Desired, compile};
use mirror_core::decide::{Decisions, decide};
use mirror_core::memory::{Done, Memory, Rates, notice, remember};
use mirror_core::observe::{Hints, Walk};
use mirror_core::plan::{Plan, Planned, plan};
use mirror_core::policy::Policy;
use serde::Serialize;

use crate::clock::Clock;

/// For how long a round goes on making calls. Short: a crown jewel that appears while thousands of sessions are still to be made is
/// in the next plan, and next in line.
const ROUND: SignedDuration = SignedDuration::from_secs(2);

/// What a round may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permit {
    /// End: the process is to stop.
    Nothing,
    /// See, decide and plan.
    Read,
    /// Carry out the plan.
    Apply,
}

/// Whoever a round answers to.
pub trait Watcher: Sync {
    /// What the round may still do; asked before each call.
    fn permit(&self) -> Permit;
    /// A call has read something, or failed to.
    fn read(&self, _read: &Read) {}
    /// A step has been carried out, or refused, and the call took so long.
    fn done(&self, _done: &Done, _took: SignedDuration) {}
}

/// A round: serialised, it is the bug report.
#[derive(Clone, Debug, Serialize)]
pub struct Round {
    /// When it began.
    pub began: Time,
    /// When it ended.
    pub ended: Time,
    /// The facts, and what was remembered when they had been seen: with the policy, all that the plan was made from.
    pub seen: Memory,
    /// What they mean under the policy.
    pub decisions: Decisions,
    /// What is to stand.
    pub desired: Desired,
    /// How to get there.
    pub plan: Plan,
    /// What was done, and what came of it.
    pub done: Vec<Done>,
    /// Steps that the rate did not allow within the round.
    pub undone: Vec<Planned>,
    /// What the next round has to know.
    pub memory: Memory,
}

impl Round {
    /// Whether anything was changed, or learned from a refusal: then the next round has something to go on with. What is learned is
    /// decided otherwise, so that nothing can be learned without end.
    pub fn progressed(&self) -> bool {
        self.done.iter().any(Done::succeeded) || (!self.done.is_empty() && self.memory.lessons != self.seen.lessons)
    }
}

/// A call that read something.
#[derive(Clone, Debug)]
pub struct Read {
    /// The AWS action.
    pub action: Action,
    /// How long it took.
    pub took: SignedDuration,
    /// How it failed, if it did, and with which of AWS's codes.
    pub failed: Option<(Class, String)>,
}

/// One round.
pub async fn round<C: Cloud>(
    cloud: &C,
    policy: &Policy,
    mut memory: Memory,
    hints: &Hints,
    watcher: &impl Watcher,
    clock: &impl Clock,
) -> Round {
    let began = clock.now();
    let share = policy.limits.api_share;
    let mut walk = Walk::due(policy, &memory, hints, began);
    while let Some(query) = walk.ask() {
        let action = query.action();
        clock.sleep_until(memory.rates.next(action, share, clock.now())).await;
        if watcher.permit() < Permit::Read {
            break;
        }
        let asked = clock.now();
        memory.rates.spend(action, share, asked);
        let answer = cloud.read(&query).await;
        let answered = clock.now();
        let failed = answer.as_ref().err().map(|error| (error.class, error.code.clone()));
        walk.take(query, answer, &mut memory.rates, answered);
        watcher.read(&Read { action, took: answered.duration_since(asked), failed });
    }
    let inventory = walk.finish(&memory);
    let mut seen = notice(memory, inventory);
    seen.approve(&policy.approve, &hints.approved, clock.now());
    let decisions = decide(policy, &seen.inventory, &seen.lessons, &mut seen.fits, clock.now());
    let desired = compile(policy, &decisions, &mut seen.fits);
    let plan = plan(&desired, &seen.inventory, &seen, clock.now());
    let mut memory = seen.clone();
    let (done, undone) = carry_out(cloud, &plan, share, &mut memory.rates, watcher, clock).await;
    let memory = remember(memory, &plan, &done, clock.now());
    Round { began, ended: clock.now(), seen, decisions, desired, plan, done, undone, memory }
}

/// Makes the calls of a plan in their order, as many as the rate allows within [`ROUND`]. One that fails never stops the others.
pub(crate) async fn carry_out<C: Cloud>(
    cloud: &C,
    plan: &Plan,
    share: f64,
    rates: &mut Rates,
    watcher: &impl Watcher,
    clock: &impl Clock,
) -> (Vec<Done>, Vec<Planned>) {
    let (mut done, mut undone) = (Vec::new(), Vec::new());
    let end = clock.now().saturating_add(ROUND).unwrap_or(Time::MAX);
    for planned in &plan.steps {
        let action = planned.step.action();
        let at = rates.next(action, share, clock.now());
        if at > end {
            undone.push(planned.clone());
            continue;
        }
        clock.sleep_until(at).await;
        // Asked after the wait: much can happen in two seconds.
        if watcher.permit() < Permit::Apply {
            break;
        }
        let asked = clock.now();
        rates.spend(action, share, asked);
        let result = cloud.apply(&planned.step).await;
        let at = clock.now();
        rates.answered(action, result.as_ref().err().map(|error| error.class), at);
        done.push(Done { planned: planned.clone(), at, result });
        done.last().into_iter().for_each(|done| watcher.done(done, at.duration_since(asked)));
    }
    (done, undone)
}
