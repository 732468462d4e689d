//! Takes what is remembered and planned; says when the next round is due. Never waits.

use jiff::SignedDuration;

use crate::Time;
use crate::cloud::{Query, actions};
use crate::inventory::Kind;
use crate::memory::{Memory, later};
use crate::observe::again;
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
    [reads, settled, writes, plan.retry_at()].into_iter().flatten().min().unwrap_or(now).max(now)
}
