//! Takes a plan and what it was made from; gives what a person reads of it, or a program: each call, why, what waits, what it costs.
//! Never plans.

use std::collections::BTreeSet;

use serde::Serialize;

use super::gaps;
use super::text::{Cell, Text, Tone, cell};
use crate::cloud::Step;
use crate::compile::Desired;
use crate::ids::{AccountId, FilterId, Region, SessionId};
use crate::inventory::Inventory;
use crate::memory::Held;
use crate::objects::ObjectKey;
use crate::plan::{Plan, Planned, Surplus, Waiting};
use crate::prices::USD_PER_SESSION_MONTH;

/// A plan, to be read.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanReport {
    /// Whose objects.
    pub owner: String,
    /// The account; none while it is not known.
    pub account: Option<AccountId>,
    /// The Region.
    pub region: Region,
    /// The calls, in their order.
    pub steps: Vec<StepReport>,
    /// What cannot be done yet.
    pub waiting: Vec<WaitingReport>,
    /// What is to be lost, if that is more than may be now.
    pub held: Option<HeldReport>,
    /// Sessions that stay as they are although they mirror more than is asked: it is little.
    pub more_than_asked: Vec<SurplusReport>,
    /// What could not be seen.
    pub not_seen: Vec<String>,
    /// Our sessions that stand.
    pub standing: Amount,
    /// The sessions that the policy wants.
    pub wanted: Amount,
}

/// A number of sessions, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    /// How many.
    pub sessions: usize,
    /// US dollars a month at list price, without traffic between zones.
    pub monthly_usd: f64,
}

impl Amount {
    /// What so many sessions cost.
    pub(super) fn of(sessions: usize) -> Self {
        let number = u32::try_from(sessions).unwrap_or(u32::MAX);
        // Cents: binary fractions of them are no news to anybody.
        let cents = (f64::from(number) * USD_PER_SESSION_MONTH * 100.0).round();
        Self { sessions, monthly_usd: cents / 100.0 }
    }
}

/// What a call does to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Change {
    /// It makes it.
    Create,
    /// It changes it in place.
    Change,
    /// It removes it.
    Remove,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    /// What it does.
    pub change: Change,
    /// To what kind of object.
    pub kind: &'static str,
    /// What the object is for.
    pub object: String,
    /// The AWS action.
    pub action: &'static str,
    /// The call in words.
    pub call: String,
    /// Why.
    pub why: String,
}

/// Something that cannot be done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitingReport {
    /// What the object is for.
    pub object: String,
    /// What is to be done, and why.
    pub what: String,
    /// What it waits for.
    pub waits_for: String,
}

/// Losses that are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldReport {
    /// What an approval names.
    pub digest: String,
    /// Whose packets are to be lost, by what.
    pub losses: Vec<String>,
}

/// Sessions that mirror more than is asked, all of them the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SurplusReport {
    /// The filter that they keep.
    pub filter: FilterId,
    /// The sessions.
    pub sessions: BTreeSet<SessionId>,
    /// What they mirror beyond what is asked.
    pub packets: Vec<String>,
}

/// Reports a plan.
pub fn plan(inventory: &Inventory, desired: &Desired, plan: &Plan) -> PlanReport {
    PlanReport {
        owner: desired.owner.clone(),
        account: inventory.account.clone(),
        region: inventory.region.clone(),
        steps: plan.steps.iter().map(StepReport::of).collect(),
        waiting: plan.waiting.iter().map(WaitingReport::of).collect(),
        held: plan.held.as_ref().map(HeldReport::of),
        more_than_asked: plan.surplus.iter().filter(|it| !it.more.is_empty()).map(SurplusReport::of).collect(),
        not_seen: gaps(inventory),
        standing: Amount::of(inventory.ours.sessions.values().map(|ids| ids.len()).sum()),
        wanted: Amount::of(desired.sessions.len()),
    }
}

impl HeldReport {
    /// Reports what is held.
    fn of(Held { digest, left: _, losses }: &Held) -> Self {
        Self { digest: digest.clone(), losses: losses.iter().map(ToString::to_string).collect() }
    }

    fn text(&self) -> Text {
        let mut text = Text::default();
        let Self { digest, losses } = self;
        text.gap();
        text.line(
            0,
            Tone::Bad,
            format!("held: {} sessions are to lose packets, more than limits.maxLosses allows", losses.len()),
        );
        let named = losses.iter().take(NAMED).map(|loss| vec![cell(Tone::Plain, loss)]);
        text.table(2, &named.collect::<Vec<_>>());
        if losses.len() > NAMED {
            text.line(2, Tone::Faint, format!("and {} more, which --output json names", losses.len() - NAMED));
        }
        text.line(2, Tone::Strong, format!("to let all of them go: vpc-mirror approve {digest}"));
        text
    }
}

/// So many of the held losses are named for a person.
const NAMED: usize = 10;

impl SurplusReport {
    fn of(Surplus { filter, sessions, more }: &Surplus) -> Self {
        Self { filter: filter.clone(), sessions: sessions.clone(), packets: more.clone() }
    }

    fn text(&self) -> Text {
        let mut text = Text::default();
        let Self { filter, sessions, packets } = self;
        let count = format!("{} sessions", sessions.len());
        text.table(2, &[vec![cell(Tone::Plain, filter), cell(Tone::Plain, count)]]);
        packets.iter().for_each(|packets| text.line(6, Tone::Faint, packets));
        text
    }
}

impl WaitingReport {
    /// Reports what waits.
    pub(super) fn of(Waiting { key, what, on }: &Waiting) -> Self {
        Self { object: key.to_string(), what: what.clone(), waits_for: on.to_string() }
    }
}

impl StepReport {
    /// Reports a call.
    pub(super) fn of(Planned { step, key, why, .. }: &Planned) -> Self {
        let change = match step {
            Step::CreateFilter { .. }
            | Step::CreateRule { .. }
            | Step::CreateTarget { .. }
            | Step::CreateSession { .. } => Change::Create,
            Step::AddServices { .. } | Step::ModifySession { .. } | Step::TagSession { .. } => Change::Change,
            Step::DeleteSession { .. }
            | Step::DeleteRule { .. }
            | Step::DeleteFilter { .. }
            | Step::DeleteTarget { .. } => Change::Remove,
        };
        let kind = match key {
            ObjectKey::Session(..) => "session",
            ObjectKey::Filter(_) => "filter",
            ObjectKey::Rule(..) => "rule",
            ObjectKey::Services(_) => "services",
            ObjectKey::Target(_) => "target",
        };
        let (object, call) = (key.to_string(), step.to_string());
        Self { change, kind, object, action: step.action(), call, why: why.clone() }
    }

    fn row(&self) -> Vec<Cell> {
        let (sign, tone) = match self.change {
            Change::Create => ("+", Tone::Good),
            Change::Change => ("~", Tone::Change),
            Change::Remove => ("-", Tone::Bad),
        };
        vec![cell(tone, sign), cell(tone, self.kind), cell(Tone::Plain, &self.call)]
    }
}

impl PlanReport {
    /// For a person.
    pub fn text(&self) -> Text {
        let mut text = self.head();
        text.append(steps(&self.steps));
        if !self.waiting.is_empty() {
            text.gap();
            text.line(0, Tone::Strong, "waiting");
            for (what, rows) in runs(&self.waiting, |it| it.what.as_str()) {
                let row = |it: &&WaitingReport| {
                    vec![cell(Tone::Plain, &it.object), cell(Tone::Change, format!("waits for {}", it.waits_for))]
                };
                text.table(2, &rows.iter().map(row).collect::<Vec<_>>());
                text.line(6, Tone::Faint, what);
            }
        }
        self.held.iter().for_each(|held| text.append(held.text()));
        if !self.more_than_asked.is_empty() {
            text.gap();
            text.line(0, Tone::Strong, "more than is asked, and so little that it stays");
            self.more_than_asked.iter().for_each(|surplus| text.append(surplus.text()));
        }
        text.append(not_seen(&self.not_seen));
        text.gap();
        let row = |name: &str, Amount { sessions, monthly_usd }: Amount| {
            let cost = format!("{monthly_usd:.2} USD a month");
            vec![cell(Tone::Faint, name), cell(Tone::Plain, format!("{sessions} sessions")), cell(Tone::Plain, cost)]
        };
        text.table(0, &[row("now", self.standing), row("wanted", self.wanted)]);
        match (self.steps.len(), self.waiting.len()) {
            (0, 0) if !self.not_seen.is_empty() => {
                text.line(
                    0,
                    Tone::Bad,
                    "no call is planned; whether any is needed nobody can tell before everything is seen",
                );
            }
            (0, 0) => text.line(0, Tone::Good, "no change: what stands is what the policy asks for"),
            (calls, waiting) => text.line(0, Tone::Strong, format!("{calls} calls now, {waiting} waiting")),
        }
        text
    }

    fn head(&self) -> Text {
        head(&self.owner, self.account.as_ref(), &self.region)
    }
}

/// Whose objects, and where.
pub(super) fn head(owner: &str, account: Option<&AccountId>, region: &Region) -> Text {
    let mut text = Text::default();
    let account = account.map_or_else(|| "an account that is not known".into(), |id| format!("account {id}"));
    text.line(0, Tone::Strong, format!("owner {owner}, {account}, {region}"));
    text
}

/// Calls in aligned columns; where several in a row have the same reason, it is said once, under them.
pub(super) fn steps(steps: &[StepReport]) -> Text {
    let mut text = Text::default();
    if !steps.is_empty() {
        text.gap();
        text.line(0, Tone::Strong, "now");
    }
    for (why, rows) in runs(steps, |it| it.why.as_str()) {
        text.table(2, &rows.iter().map(|it| it.row()).collect::<Vec<_>>());
        text.line(6, Tone::Faint, why);
    }
    text
}

/// What could not be seen.
pub(super) fn not_seen(gaps: &[String]) -> Text {
    let mut text = Text::default();
    if !gaps.is_empty() {
        text.gap();
        text.line(0, Tone::Bad, "not seen");
        gaps.iter().for_each(|gap| text.line(2, Tone::Plain, gap));
    }
    text
}

/// Neighbours that say the same, together.
fn runs<'a, T>(all: &'a [T], says: impl Fn(&'a T) -> &'a str) -> Vec<(&'a str, Vec<&'a T>)> {
    let mut runs: Vec<(&'a str, Vec<&'a T>)> = Vec::new();
    for one in all {
        match runs.last_mut() {
            Some((said, run)) if *said == says(one) => run.push(one),
            _ => runs.push((says(one), vec![one])),
        }
    }
    runs
}
