//! Takes places, their policy and what a person asks for beyond the policy: to spread sources anew, to take sessions over, to remove
//! everything. Shows it first, and does it only if told so. Never decides which calls that takes: core plans them, and they go through
//! the one door for writes.
//!
//! It acts by itself: it takes no lease, and asks no daemon. What it does stands for a running daemon like what anybody else does: it
//! carries the same owner's tags.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::bail;
use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::Cloud;
use mirror_core::compile::compile;
use mirror_core::decide::{decide, rebalance as moves};
use mirror_core::ids::SessionId;
use mirror_core::memory::{Done, Memory, remember};
use mirror_core::plan::{self, Plan};
use mirror_core::report::{ActReport, gaps};
use serde::Serialize;

use crate::ask::{On, look};
use crate::clock::Clock;
use crate::ends::Ends;
use crate::place::There;
use crate::round::{Permit, Round, Watcher, carry_out};
use crate::show::{Output, print};

/// How often what is left is looked at again: a target is made before sessions move to it, and AWS may be behind. What is left then
/// is left for the next time.
const PASSES: usize = 20;

/// What a command makes of what it sees: the report, and the calls.
type Draft = (ActReport, Plan);

/// Spreads the sources over the targets.
///
/// # Errors
///
/// When not everything could be seen, or not everything could be done.
pub async fn rebalance<C: Cloud + Sync>(on: On<'_, C, impl Clock>, yes: bool) -> anyhow::Result<ExitCode> {
    let On { policy, .. } = on;
    let draft = |round: &Round| {
        let (seen, inventory, now) = (&round.seen, &round.seen.inventory, round.ended);
        let moves = moves(policy, inventory, &seen.lessons, now, &round.decisions);
        let plan = plan::rebalance(&moves, &round.desired, inventory, seen, now);
        (ActReport::of(&policy.owner, inventory, &plan), plan)
    };
    act(on, if yes { Consent::Given } else { Consent::Withheld }, draft).await
}

/// Takes over sessions that somebody else made.
///
/// # Errors
///
/// When not everything could be seen, or not everything could be done.
pub async fn adopt<C: Cloud + Sync>(
    on: On<'_, C, impl Clock>,
    named: &BTreeSet<SessionId>,
    yes: bool,
) -> anyhow::Result<ExitCode> {
    let On { policy, .. } = on;
    let draft = |round: &Round| {
        let (seen, inventory, now) = (&round.seen, &round.seen.inventory, round.ended);
        let adoption = plan::adopt(named, policy, inventory, &round.decisions);
        let after = adoption.carried_out(inventory, &policy.owner);
        let mut fits = seen.fits.clone();
        let then = decide(policy, &after, &seen.lessons, &mut fits, now);
        let then = compile(policy, &then, &mut fits);
        let then = plan::plan(&then, &after, seen, now);
        (ActReport::adoption(&policy.owner, inventory, &adoption, &then), adoption.plan)
    };
    act(on, if yes { Consent::Given } else { Consent::Withheld }, draft).await
}

/// Removes everything that is ours.
///
/// # Errors
///
/// When not everything could be seen, or not everything could be done.
pub async fn teardown<C: Cloud + Sync>(on: On<'_, C, impl Clock>, yes: bool) -> anyhow::Result<ExitCode> {
    let On { policy, output, .. } = on;
    let draft = |round: &Round| {
        let inventory = &round.seen.inventory;
        let teardown = plan::teardown(inventory);
        (ActReport::teardown(&policy.owner, inventory, &teardown), teardown.plan)
    };
    let consent = match (yes, output) {
        (true, _) => Consent::Given,
        (false, Output::Text) => Consent::Asked,
        // A program that reads the answer does not answer questions.
        (false, Output::Json) => Consent::Withheld,
    };
    act(on, consent, draft).await
}

/// Whether it is to be done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Consent {
    /// It is.
    Given,
    /// If the owner's name is written.
    Asked,
    /// It is only shown.
    Withheld,
}

/// What is said of a command as JSON.
#[derive(Serialize)]
struct Acted<'a> {
    #[serde(flatten)]
    report: &'a ActReport,
    /// What was done; nothing where it was only shown.
    done: Vec<Said>,
}

/// A call that was made.
#[derive(Serialize)]
struct Said {
    call: String,
    error: Option<String>,
}

/// Shows it in each place and does it there, before it goes on to the next.
async fn act<C: Cloud + Sync, K: Clock>(
    on: On<'_, C, K>,
    consent: Consent,
    draft: impl Fn(&Round) -> Draft,
) -> anyhow::Result<ExitCode> {
    let mut ends = on.ends();
    for there in on.places {
        let went = act_there(on, there, consent, &draft, &mut ends).await;
        ends.note(there, went);
    }
    ends.end()
}

/// In one place; gives whether something would be done and was only shown.
async fn act_there<C: Cloud + Sync, K: Clock>(
    on: On<'_, C, K>,
    there: &There<C>,
    consent: Consent,
    draft: &impl Fn(&Round) -> Draft,
    ends: &mut Ends,
) -> anyhow::Result<bool> {
    let On { policy, clock, output, .. } = on;
    let round = look(there, policy, Memory::new(there.region().clone()), clock).await;
    let (mut report, mut plan) = draft(&round);
    report.account = report.account.or_else(|| there.account().get().cloned());
    if output == Output::Text {
        ends.say(&report, ActReport::text)?;
    }
    let unseen = gaps(&round.seen.inventory);
    if round.seen.inventory.complete_since().is_none() || round.seen.inventory.account.is_none() {
        bail!("not everything could be seen, so that nothing is done:\n{}", unseen.join("\n"));
    }
    let agreed = remaining(&plan) > 0 && agreed(consent, &policy.owner)?;
    let mut all = Vec::new();
    if agreed {
        (all, plan) = carry_through(on, there, plan, round.memory, draft).await;
    }
    if output == Output::Json {
        let done = all.iter().map(|done| Said { call: done.planned.step.to_string(), error: failure(done) });
        ends.say(&Acted { report: &report, done: done.collect() }, |acted| acted.report.text())?;
    }
    match remaining(&plan) {
        0 => Ok(false),
        left if agreed => bail!("{left} changes are left to be made: look at what AWS says, and run it again"),
        _ => {
            let how =
                if consent == Consent::Asked { "write the owner's name, or say --yes" } else { "say --yes to do it" };
            eprintln!("nothing is done: {how}");
            Ok(true)
        }
    }
}

/// What is still to be done: now, or once something else is.
fn remaining(plan: &Plan) -> usize {
    plan.steps.len() + plan.waiting.len()
}

/// Makes the calls of a plan, looks again and makes those that are left, until none is or none succeeds; gives what was done, and what
/// is left.
async fn carry_through<C: Cloud + Sync, K: Clock>(
    on: On<'_, C, K>,
    there: &There<C>,
    mut plan: Plan,
    mut memory: Memory,
    draft: &impl Fn(&Round) -> Draft,
) -> (Vec<Done>, Plan) {
    let On { policy, clock, .. } = on;
    let mut all = Vec::new();
    for _ in 0..PASSES {
        let done = all_of(on, there, &plan, &mut memory).await;
        let progress = done.iter().any(Done::succeeded);
        memory = remember(memory, &plan, &done, clock.now());
        all.extend(done);
        if !progress {
            break;
        }
        let round = look(there, policy, memory, clock).await;
        plan = draft(&round).1;
        memory = round.memory;
        if plan.steps.is_empty() {
            break;
        }
    }
    (all, plan)
}

/// Makes every call of a plan, as fast as the share of the request rate allows.
async fn all_of<C: Cloud + Sync, K: Clock>(
    on: On<'_, C, K>,
    there: &There<C>,
    plan: &Plan,
    memory: &mut Memory,
) -> Vec<Done> {
    let On { policy, clock, output, .. } = on;
    let share = policy.limits.api_share;
    let mut left = Plan { steps: plan.steps.clone(), ..Plan::default() };
    let mut all = Vec::new();
    while let Some(next) = left.steps.first().map(|planned| planned.step.action()) {
        let (done, undone) = carry_out(there, &left, share, &mut memory.rates, &Actor { output }, clock).await;
        if done.is_empty() {
            clock.sleep_until(memory.rates.next(next, share, clock.now()).max(soon(clock))).await;
        }
        all.extend(done);
        left.steps = undone;
    }
    all
}

/// Never at once: a clock that stands still would make a loop of it.
fn soon(clock: &impl Clock) -> Time {
    clock.now().saturating_add(SignedDuration::from_millis(10)).unwrap_or(Time::MAX)
}

/// Whether it is to be done: asks where it has to.
fn agreed(consent: Consent, owner: &str) -> anyhow::Result<bool> {
    match consent {
        Consent::Given => Ok(true),
        Consent::Withheld => Ok(false),
        Consent::Asked => {
            let mut err = std::io::stderr().lock();
            write!(err, "To remove all of this, write the owner's name, {owner}: ")?;
            err.flush()?;
            let mut line = String::new();
            // Where nobody writes, the line is empty, and nothing is removed.
            std::io::stdin().lock().read_line(&mut line)?;
            writeln!(err)?;
            Ok(line.trim() == owner)
        }
    }
}

fn failure(done: &Done) -> Option<String> {
    match &done.result {
        Err(error) if !done.succeeded() => Some(error.to_string()),
        _ => None,
    }
}

/// Lets everything be done, and says what is.
struct Actor {
    output: Output,
}

impl Watcher for Actor {
    fn permit(&self) -> Permit {
        Permit::Apply
    }

    fn done(&self, done: &Done, _took: SignedDuration) {
        let line = match failure(done) {
            None => format!("done    {}\n", done.planned.step),
            Some(error) => format!("FAILED  {}: {error}\n", done.planned.step),
        };
        if self.output == Output::Text {
            // Whoever reads no further still wants it done.
            _ = print(&line);
        }
    }
}
