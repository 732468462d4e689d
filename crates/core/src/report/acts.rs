//! Takes what a person's own command would do; gives it to be read before it is done. Never does it.

use serde::Serialize;

use super::plan::{StepReport, head, not_seen, steps};
use super::text::{Text, Tone, cell};
use super::{WaitingReport, gaps};
use crate::ids::{AccountId, Region};
use crate::inventory::Inventory;
use crate::plan::{Adoption, Plan, Teardown};

/// What a command would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActReport {
    /// Whose objects.
    pub owner: String,
    /// The account; none while it is not known.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Region,
    /// The calls, in their order.
    pub steps: Vec<StepReport>,
    /// What has to wait for these.
    pub waiting: Vec<WaitingReport>,
    /// What stays as it is although it was asked for, and why.
    pub left: Vec<Left>,
    /// What `run` would do once these are done; none where it makes no difference.
    pub then: Vec<String>,
    /// What could not be seen.
    pub not_seen: Vec<String>,
}

/// What stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Its id.
    pub object: String,
    /// Why.
    pub why: String,
}

impl ActReport {
    /// Of a plan that leaves nothing out.
    pub fn of(owner: &str, inventory: &Inventory, plan: &Plan) -> Self {
        Self {
            owner: owner.to_owned(),
            account: inventory.account.clone(),
            region: inventory.region.clone(),
            steps: plan.steps.iter().map(StepReport::of).collect(),
            waiting: plan.waiting.iter().map(WaitingReport::of).collect(),
            left: Vec::new(),
            then: Vec::new(),
            not_seen: gaps(inventory),
        }
    }

    /// Of a teardown.
    pub fn teardown(owner: &str, inventory: &Inventory, teardown: &Teardown) -> Self {
        let left = teardown.kept.iter().map(|kept| {
            let users: Vec<&str> = kept.users.iter().map(|id| id.as_str()).collect();
            Left {
                object: kept.object.to_string(),
                why: format!("other people's sessions use it: {}", users.join(", ")),
            }
        });
        Self { left: left.collect(), ..Self::of(owner, inventory, &teardown.plan) }
    }

    /// Of an adoption, with the plan that would follow it.
    pub fn adoption(owner: &str, inventory: &Inventory, adoption: &Adoption, after: &Plan) -> Self {
        let left = adoption.refused.iter().map(|(id, why)| Left { object: id.to_string(), why: why.to_string() });
        let taken = |key| adoption.plan.steps.iter().any(|planned| planned.key == key);
        let steps = after.steps.iter().filter(|it| taken(it.key.clone())).map(|it| it.step.to_string());
        let waits = after.waiting.iter().filter(|it| taken(it.key.clone()));
        let waits = waits.map(|it| format!("{}, once it has waited for {}", it.what, it.on));
        Self { left: left.collect(), then: steps.chain(waits).collect(), ..Self::of(owner, inventory, &adoption.plan) }
    }

    /// For a person.
    pub fn text(&self) -> Text {
        let mut text = head(&self.owner, self.account.as_ref(), &self.region);
        text.append(steps(&self.steps));
        let waiting = self
            .waiting
            .iter()
            .map(|it| vec![cell(Tone::Plain, &it.what), cell(Tone::Change, format!("waits for {}", it.waits_for))]);
        part(&mut text, "waiting", waiting.collect());
        part(&mut text, "then, by the next plan", self.then.iter().map(|it| vec![cell(Tone::Plain, it)]).collect());
        let left = |it: &Left| vec![cell(Tone::Plain, &it.object), cell(Tone::Plain, &it.why)];
        part(&mut text, "left as it is", self.left.iter().map(left).collect());
        text.append(not_seen(&self.not_seen));
        text.gap();
        match (self.steps.len(), self.waiting.len()) {
            (0, 0) => text.line(0, Tone::Good, "nothing to do"),
            (calls, waiting) => text.line(0, Tone::Strong, format!("{calls} calls now, {waiting} waiting")),
        }
        text
    }
}

fn part(text: &mut Text, title: &str, rows: Vec<Vec<super::text::Cell>>) {
    if !rows.is_empty() {
        text.gap();
        text.line(0, Tone::Strong, title);
        text.table(2, &rows);
    }
}
