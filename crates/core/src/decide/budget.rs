//! Takes the decisions and the limits; takes back the wishes that are too many, the least important first. Never takes back one that
//! stands for another of the same importance that does not: what is mirrored stays, and nothing flaps.

use std::cmp::Reverse;

use super::{Decisions, Reason};
use crate::ids::{InterfaceId, Lane};
use crate::inventory::Inventory;
use crate::limits::SESSIONS_PER_ACCOUNT;
use crate::policy::Policy;
use crate::prices::USD_PER_SESSION_MONTH;

/// Cuts down to what the limits allow.
pub(super) fn cut(policy: &Policy, inventory: &Inventory, decisions: &mut Decisions) {
    let (most, limit) = most(policy, inventory);
    let kept = kept(inventory, decisions);
    let wishes = decisions.interfaces.iter().flat_map(|(interface, decision)| {
        decision.lanes.iter().map(move |(lane, wish)| (wish.rank, interface.clone(), lane.clone()))
    });
    let mut wishes: Vec<(usize, InterfaceId, Lane)> = wishes.collect();
    if wishes.len().saturating_add(kept) <= most {
        return;
    }
    let stands =
        |interface: &InterfaceId, lane: &Lane| inventory.ours.sessions.contains_key(&(interface.clone(), lane.clone()));
    wishes.sort_by_cached_key(|(rank, interface, lane)| {
        (*rank, Reverse(stands(interface, lane)), interface.clone(), lane.clone())
    });
    let mut allowed = 0_usize;
    for (_, interface, lane) in wishes {
        // What is kept in doubt leaves less for what is new, but takes nothing from what stands: doubt is no reason for a loss.
        let beside = if stands(&interface, &lane) { 0 } else { kept };
        if allowed.saturating_add(beside) < most {
            allowed += 1;
        } else if let Some(decision) = decisions.interfaces.get_mut(&interface) {
            decision.lanes.remove(&lane);
            decision.reasons.push(Reason::OverBudget { lane: lane.to_string(), limit: limit.clone() });
        }
    }
}

/// Sessions of ours that nobody wishes for and that stay, since it is not known whether they are wanted.
fn kept(inventory: &Inventory, decisions: &Decisions) -> usize {
    let stays = |(interface, lane): &&(InterfaceId, Lane)| match decisions.interfaces.get(interface) {
        Some(decision) => decision.doubt && !decision.lanes.contains_key(lane),
        None => !inventory.interfaces.contains_key(interface),
    };
    inventory.ours.sessions.keys().filter(stays).count()
}

/// The most sessions of ours that may stand, by whichever limit is the least.
pub fn allowed(policy: &Policy, inventory: &Inventory) -> usize {
    most(policy, inventory).0
}

/// How many sessions may stand, and what says so.
fn most(policy: &Policy, inventory: &Inventory) -> (usize, String) {
    let limits = &policy.limits;
    let ours: usize = inventory.ours.sessions.values().map(|sessions| sessions.len()).sum();
    // Sessions of other accounts, which use targets that are shared with them, count in their account.
    let in_account = inventory.sessions.values().filter(|it| inventory.account.as_ref() == Some(&it.owner)).count();
    let foreign = in_account.saturating_sub(ours);
    let quota = usize::try_from(SESSIONS_PER_ACCOUNT).unwrap_or(usize::MAX).saturating_sub(foreign);
    let by_quota = (
        quota,
        format!("AWS's quota of {SESSIONS_PER_ACCOUNT} sessions in an account, of which {foreign} are other people's"),
    );
    let by_number = limits
        .max_sessions
        .map(|most| (usize::try_from(most).unwrap_or(usize::MAX), format!("limits.maxSessions, {most}")));
    let by_cost = limits.max_monthly_usd.map(|usd| {
        // A float that is too large for the number saturates, and none is negative.
        let most = (usd / USD_PER_SESSION_MONTH).floor() as usize;
        (most, format!("limits.maxMonthlyUsd, {usd}, at {USD_PER_SESSION_MONTH} a session"))
    });
    [Some(by_quota), by_number, by_cost].into_iter().flatten().min_by_key(|(most, _)| *most).unwrap_or_default()
}
