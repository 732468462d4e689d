//! Takes the rounds of one place; writes them down: log, metrics, and what the probes answer. Never changes what a round does, and carries
//! no ids into the metrics.

mod approvals;
mod metrics;
mod tampering;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::Outcome;
use mirror_core::decide::Blind;
use mirror_core::ids::Region;
use mirror_core::memory::Done;
use mirror_core::objects::Ours;
use mirror_core::report::{self, Summary};
use tracing::{debug, info, warn};

use self::approvals::Approvals;
pub(crate) use self::approvals::held;
pub(crate) use self::metrics::Metrics;
use self::metrics::STATES;
use self::tampering::Tampering;
use crate::place::{Account, name};
use crate::round::{Read, Round};

/// What is written down of a place.
pub struct Record {
    started: Time,
    region: Region,
    account: Account,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
    tampering: Tampering,
    approvals: Approvals,
}

struct State {
    /// The account as the metrics have it; empty while it is not known.
    label: String,
    /// The calls that have been counted, by action and result.
    calls: BTreeSet<(String, String)>,
    beat: Time,
    /// When the last step succeeded: since then things stand as they do.
    changed: Option<Time>,
    observed: bool,
    /// Whether nothing of ours stood at the last look, and nothing was to be made.
    empty: bool,
    /// Whether the policy names the place no more.
    leaving: bool,
    gaps: Vec<String>,
    /// What was wanted and not seen.
    blind: BTreeSet<Blind>,
    summary: Summary,
    converged: Option<SignedDuration>,
}

impl Record {
    /// The empty record of a place that is the only one of its process. It begins now.
    ///
    /// # Errors
    ///
    /// When two metrics have one name.
    pub fn new(region: Region, now: Time) -> anyhow::Result<Self> {
        Ok(Self::of(Arc::new(Metrics::new()?), region, Account::default(), now))
    }

    pub(crate) fn of(metrics: Arc<Metrics>, region: Region, account: Account, now: Time) -> Self {
        let label = account.get().map_or_else(String::new, ToString::to_string);
        metrics.begin([&label, region.as_str()]);
        let state = State {
            label,
            calls: BTreeSet::new(),
            beat: now,
            changed: None,
            observed: false,
            empty: false,
            leaving: false,
            gaps: Vec::new(),
            blind: BTreeSet::new(),
            summary: Summary::default(),
            converged: None,
        };
        let (tampering, approvals) = (Tampering::default(), Approvals::default());
        Self { started: now, region, account, metrics, state: Mutex::new(state), tampering, approvals }
    }

    /// What is held, and how many sessions lose packets by it.
    pub fn held(&self) -> Option<(String, usize)> {
        self.approvals.held()
    }

    /// Takes a person's approval of held losses, by their digest; says whether they are held here.
    pub fn approve(&self, digest: &str) -> bool {
        self.approvals.approve(digest)
    }

    /// The approvals that nobody has taken note of yet.
    pub(crate) fn approved(&self) -> BTreeSet<String> {
        self.approvals.take()
    }

    /// Waits for an approval that nobody has taken note of yet.
    pub(crate) async fn spoken_to(&self) {
        self.approvals.spoken_to().await;
    }

    /// How the place is called.
    pub(crate) fn place(&self) -> String {
        name(self.account.get(), &self.region)
    }

    /// Notes that the policy names the place no more. What was seen until now is not what is left.
    pub(crate) fn leaves(&self) {
        let mut state = self.state();
        (state.leaving, state.empty) = (true, false);
    }

    /// Notes that the policy names the place again.
    pub(crate) fn returns(&self) {
        self.state().leaving = false;
    }

    /// Whether nothing of ours stands there any more, by a look that came after it began to leave.
    pub(crate) fn is_empty(&self) -> bool {
        self.state().empty
    }

    /// Ends its series in the metrics.
    pub(crate) fn close(&self) {
        let state = self.state();
        self.metrics.end([&state.label, self.region.as_str()], &state.calls);
    }

    /// Notes that the loop moves.
    pub fn beat(&self, now: Time) {
        self.state().beat = now;
    }

    /// For how long the loop has not moved.
    pub fn silence(&self, now: Time) -> SignedDuration {
        now.duration_since(self.state().beat)
    }

    /// Nothing when everything has been observed once; else what is missing.
    pub fn unready(&self) -> Option<String> {
        let state = self.state();
        match (state.observed || state.leaving, state.gaps.is_empty()) {
            (true, _) => None,
            (false, true) => Some("the first observation is under way".into()),
            (false, false) => Some(state.gaps.join("\n")),
        }
    }

    /// How things stood in numbers when last nothing was left to do.
    pub fn summary(&self) -> Summary {
        self.state().summary
    }

    /// How long after the start every wanted session stood for the first time.
    pub fn converged(&self) -> Option<SignedDuration> {
        self.state().converged
    }

    /// Writes down a call that read something.
    pub fn read(&self, read: &Read) {
        let Read { action, took, failed } = read;
        debug!(action, took = took.as_secs_f64(), "read");
        self.count(action, failed.map_or("ok".into(), |class| class.to_string()));
    }

    /// Writes down a step: one line, with its reason.
    pub fn step(&self, done: &Done) {
        let Done { planned, result, at } = done;
        if done.succeeded() {
            self.state().changed = Some(*at);
        }
        let (action, why) = (planned.step.action(), planned.why.as_str());
        let counted = match result {
            Ok(outcome) => {
                match created(outcome) {
                    Some(id) => info!(action, id, why, "{}", planned.step),
                    None => info!(action, why, "{}", planned.step),
                }
                "ok".into()
            }
            Err(error) if done.succeeded() => {
                info!(action, why, "{}: it was gone already", planned.step);
                error.class.to_string()
            }
            Err(error) => {
                warn!(action, why, class = %error.class, "{} failed: {}: {}", planned.step, error.code, error.message);
                error.class.to_string()
            }
        };
        self.count(action, counted);
    }

    fn count(&self, action: &str, result: String) {
        let mut state = self.state();
        let labels = [state.label.as_str(), self.region.as_str(), action, result.as_str()];
        self.metrics.calls.with_label_values(&labels).inc();
        state.calls.insert((action.to_owned(), result));
    }

    /// Writes down a round: of what it saw, only what changed since the last one.
    pub fn round(&self, round: &Round) {
        round.seen.inventory.account.iter().for_each(|account| self.account.learn(account));
        let mut state = self.state();
        let place = [state.label.as_str(), self.region.as_str()];
        self.tampering.round(round, &self.metrics, place);
        self.approvals.round(round);
        let gaps = report::gaps(&round.seen.inventory);
        let summary = report::summary(&round.seen.inventory, &round.decisions, &round.desired, &round.plan);
        self.numbers(&summary, place);
        let blind = &round.decisions.blind;
        for Blind { strategy, what } in blind.difference(&state.blind) {
            warn!(strategy, "{what}");
        }
        for Blind { strategy, what } in state.blind.difference(blind) {
            info!(strategy, "no longer: {what}");
        }
        state.blind.clone_from(blind);
        if gaps != state.gaps {
            for gap in &gaps {
                warn!("cannot see: {gap}; nothing is removed meanwhile");
            }
            if gaps.is_empty() {
                info!("everything can be seen again");
            }
            state.gaps = gaps;
        }
        let Some(since) = round.seen.inventory.complete_since() else { return };
        state.observed = true;
        state.empty = round.seen.inventory.ours == Ours::default() && round.plan.is_empty();
        let place = [state.label.as_str(), self.region.as_str()];
        self.metrics.observed.with_label_values(&place).set(since.as_duration().as_secs_f64());
        // Not between two steps of one task: the steps have lines of their own.
        if summary != state.summary && round.plan.steps.is_empty() {
            let Summary { interfaces, wanted, mirrored, refused, foreign, waiting, held, gaps: _ } = summary;
            info!(interfaces, wanted, mirrored, refused, foreign, waiting, held, "observed");
            state.summary = summary;
        }
        if state.converged.is_none() && round.plan.steps.is_empty() && summary.wanted == summary.mirrored {
            let after = state.changed.unwrap_or(round.ended).duration_since(self.started);
            info!(sessions = summary.mirrored, seconds = after.as_secs_f64(), "every wanted session stands");
            state.converged = Some(after);
        }
    }

    fn numbers(&self, summary: &Summary, place: [&str; 2]) {
        let [account, region] = place;
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let Summary { interfaces, wanted, mirrored, refused: _, foreign, waiting, held, gaps } = *summary;
        self.metrics.rounds.with_label_values(&place).inc();
        self.metrics.interfaces.with_label_values(&place).set(count(interfaces));
        self.metrics.waiting.with_label_values(&place).set(count(waiting));
        self.metrics.held.with_label_values(&place).set(count(held));
        self.metrics.gaps.with_label_values(&place).set(count(gaps));
        for (state, n) in STATES.iter().zip([wanted, mirrored, foreign]) {
            self.metrics.sessions.with_label_values(&[account, region, state]).set(count(n));
        }
    }

    /// A panic elsewhere must not take the probes with it: what they read is whole after every statement.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = self.account.get().filter(|account| account.as_str() != state.label) {
            self.relabel(&mut state, account.to_string());
        }
        state
    }

    /// Has the metrics call the place by its account, once that is known. What was counted until then counts on.
    fn relabel(&self, state: &mut State, account: String) {
        let region = self.region.as_str();
        let before = std::mem::replace(&mut state.label, account);
        self.metrics.begin([&state.label, region]);
        let rounds = |account| self.metrics.rounds.with_label_values(&[account, region]);
        rounds(state.label.as_str()).inc_by(rounds(before.as_str()).get());
        for (action, result) in &state.calls {
            let counter = |account| self.metrics.calls.with_label_values(&[account, region, action, result]);
            counter(state.label.as_str()).inc_by(counter(before.as_str()).get());
        }
        self.metrics.end([&before, region], &state.calls);
    }
}

/// The id of what a step made.
fn created(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Filter(id) => Some(id.as_str()),
        Outcome::Rule(id) => Some(id.as_str()),
        Outcome::Target(id) => Some(id.as_str()),
        Outcome::Session(id) => Some(id.as_str()),
        Outcome::Done => None,
    }
}
