//! Takes what is remembered and planned; says when the next round is due. Never waits.

use jiff::SignedDuration;

use crate::Time;
use crate::cloud::{Query, actions};
use crate::inventory::Kind;
use crate::memory::{Memory, again, later};
use crate::plan::{Plan, Planned};
use crate::policy::Policy;

/// When the next round is due, given what the last one planned and what it left undone: at the next resync, or earlier when something
/// has settled, when a failed read or a refused step may be tried again, or when the rate allows a step that was left over.
pub fn wake(
    policy: &Policy,
    memory: &Memory,
    plan: &Plan,
    undone: &[Planned],
    resync: SignedDuration,
    now: Time,
) -> Time {
    let next = |action| memory.rates.next(action, policy.limits.api_share, now);
    let known = &memory.inventory;
    // A list that was too short to be true would say the same a moment later.
    let readable = |kind: Kind| actions(kind).iter().copied().map(next).chain(again(known, kind)).max().unwrap_or(now);
    let read_due = |kind: Kind| match known.read.get(&kind) {
        Some(read) if known.is_complete(kind) => later(*read, resync).max(readable(kind)),
        _ => readable(kind),
    };
    let reads = match known.account {
        Some(_) => Kind::ALL.into_iter().map(read_due).min(),
        None => Some(next(Query::Identity.action())),
    };
    // What has settled is acted upon after a read of everything: not before every list may be read.
    let all_readable = Kind::ALL.into_iter().map(readable).max().unwrap_or(now);
    let settled = memory.settled_at(policy.settle).min().map(|at| at.max(all_readable));
    let writes = undone.iter().map(|planned| next(planned.step.action())).min();
    let refused =
        plan.steps.iter().filter_map(|planned| tried_again(planned, memory, next(planned.step.action()), now));
    [reads, settled, writes, plan.retry_at(), refused.min()].into_iter().flatten().min().unwrap_or(now).max(now)
}

/// When a step may be tried again that was refused after it was planned; none if it was not. The plan does not say it, and where nothing
/// else was done no other is made before the next resync: an answer that was lost, or AWS not knowing yet what it has just made, would
/// keep a session waiting for a minute.
fn tried_again(planned: &Planned, memory: &Memory, allowed: Time, now: Time) -> Option<Time> {
    let action = planned.step.action();
    match memory.refused.get(&(action.to_owned(), planned.key.clone())) {
        Some(refusal) => Some(refusal.until.max(allowed)),
        // Who is throttled is not refused for what the step is: only its action rests.
        None => memory.rates.closed_until(action, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::CloudError;
    use crate::memory::{Done, remember};
    use crate::testing::{at, nothing_remembered, one_mirrored_jewel, planned, policy};

    /// When the next round is due after the only step of a plan failed, all having been read at 0.
    fn due_after(code: &str, status: u16) -> Time {
        let inventory = one_mirrored_jewel().without_session("tms-1").read(0);
        let plan = planned(&inventory, &nothing_remembered(), 1);
        let [step] = &plan.steps[..] else { panic!("{plan:?}") };
        let action = step.step.action();
        let error = CloudError::answered(action, code, "no", status);
        let mut memory = Memory { inventory: inventory.into(), ..nothing_remembered() };
        memory.rates.spend(action, 1.0, at(1));
        memory.rates.answered(action, Some(error.class), at(1));
        let done = Done { planned: step.clone(), at: at(1), result: Err(error) };
        let memory = remember(memory, &plan, &[done], at(1));
        wake(&policy(), &memory, &plan, &[], SignedDuration::from_mins(5), at(1))
    }

    #[test]
    fn the_only_step_of_a_plan_is_tried_again_when_aws_may_have_heard_of_what_it_names_and_not_a_resync_later() {
        assert_eq!(due_after("InvalidTrafficMirrorFilterId.NotFound", 400), at(2));
    }

    #[test]
    fn the_only_step_of_a_plan_whose_answer_was_lost_or_that_came_too_fast_is_tried_again_after_a_second() {
        assert_eq!(due_after("Timeout", 500), at(2));
        assert_eq!(due_after("RequestLimitExceeded", 503), at(2));
    }

    #[test]
    fn the_only_step_of_a_plan_that_is_denied_is_tried_again_after_half_a_minute() {
        assert_eq!(due_after("UnauthorizedOperation", 403), at(31));
    }
}
