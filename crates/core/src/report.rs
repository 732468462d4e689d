//! Takes all of a round; gives what a person reads. Never decides.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::compile::Desired;
use crate::decide::{Decision, Decisions};
use crate::ids::{InstanceId, InterfaceId};
use crate::inventory::{Inventory, Kind};
use crate::objects::ObjectKey;
use crate::plan::{Plan, Waiting};

/// How things stand, in numbers: of interfaces, without naming any.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Interfaces that are listed.
    pub interfaces: usize,
    /// Sessions that are wanted.
    pub wanted: usize,
    /// Those of them that stand.
    pub mirrored: usize,
    /// Interfaces that something chose and that cannot be mirrored, or of which it is not known.
    pub refused: usize,
    /// Sessions of others.
    pub foreign: usize,
    /// Things that wait for something.
    pub waiting: usize,
    /// Lists that could not be read, or not to their end.
    pub gaps: usize,
}

/// Counts.
pub fn summary(inventory: &Inventory, decisions: &Decisions, desired: &Desired, plan: &Plan) -> Summary {
    let ours: usize = inventory.ours.sessions.values().map(BTreeSet::len).sum();
    Summary {
        interfaces: inventory.interfaces.len(),
        wanted: desired.sessions.len(),
        mirrored: desired.sessions.keys().filter(|key| inventory.ours.sessions.contains_key(key)).count(),
        refused: decisions.interfaces.values().filter(|decision| decision.lanes.is_empty()).count(),
        foreign: inventory.sessions.len().saturating_sub(ours),
        waiting: plan.waiting.len(),
        gaps: inventory.gaps.len() + usize::from(inventory.identity_gap.is_some()),
    }
}

/// What could not be seen, a line each.
pub fn gaps(inventory: &Inventory) -> Vec<String> {
    let identity = inventory.identity_gap.iter().map(|gap| gap.why.clone());
    identity.chain(inventory.gaps.values().map(|gap| gap.why.clone())).collect()
}

/// A plan, a line a call, then what waits and what could not be seen.
pub fn plan(inventory: &Inventory, plan: &Plan) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    for planned in &plan.steps {
        _ = writeln!(text, "  {}\n      {}", planned.step, planned.why);
    }
    if !plan.waiting.is_empty() {
        text.push_str("waiting:\n");
    }
    for Waiting { key, what, on } in &plan.waiting {
        _ = writeln!(text, "  {key}\n      {what}\n      waits for {on}");
    }
    let gaps = gaps(inventory);
    if !gaps.is_empty() {
        text.push_str("not seen:\n");
    }
    for gap in gaps {
        _ = writeln!(text, "  {gap}");
    }
    _ = match (plan.steps.len(), plan.waiting.len()) {
        (0, 0) => writeln!(text, "no change: what stands is what the policy asks for"),
        (calls, waiting) => writeln!(text, "{calls} calls now, {waiting} waiting"),
    };
    text
}

/// Why an instance or an interface is mirrored or not: a line for each interface. Empty when nothing of that id is listed.
pub fn explain(inventory: &Inventory, decisions: &Decisions, plan: &Plan, id: &str) -> Vec<String> {
    let instance = InstanceId::from(id);
    let concerned = inventory.interfaces.values().filter(|interface| {
        interface.id.as_str() == id
            || interface.attachment.as_ref().is_some_and(|attachment| attachment.instance.as_ref() == Some(&instance))
    });
    let mut lines: Vec<String> = concerned
        .map(|interface| explain_one(inventory, decisions.interfaces.get(&interface.id), plan, &interface.id))
        .collect();
    if lines.is_empty()
        && let Some(instance) = inventory.instances.get(&instance)
    {
        lines.push(format!("{id}: not mirrored: it is {} and has no network interface", instance.state));
    }
    lines
}

fn explain_one(inventory: &Inventory, decision: Option<&Decision>, plan: &Plan, id: &InterfaceId) -> String {
    let Some(decision) = decision else {
        let why = if inventory.is_complete(Kind::Instances) {
            "no tag and no selector concerns it"
        } else {
            "no tag and no selector concerns it, as far as instances could be read"
        };
        return format!("{id}: not mirrored: {why}");
    };
    let reasons: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    let mut line = id.to_string();
    if let Some(instance) = &decision.instance {
        _ = write!(line, " of {instance}");
    }
    if decision.lanes.is_empty() {
        return format!("{line}: {}", reasons.join("; "));
    }
    for lane in decision.lanes.keys() {
        let key = ObjectKey::Session(id.clone(), lane.clone());
        let sessions = inventory.standing(&(id.clone(), lane.clone()));
        let standing = sessions.first().map(|session| &session.id);
        let waits = plan.waiting.iter().find(|waiting| waiting.key == key).map(|waiting| &waiting.on);
        _ = match (standing, waits) {
            (Some(session), _) => write!(line, ": mirrored to {lane} by {session}"),
            (None, Some(on)) => write!(line, ": to be mirrored to {lane}, waits for {on}"),
            (None, None) => write!(line, ": to be mirrored to {lane}"),
        };
    }
    format!("{line}: {}", reasons.join("; "))
}
