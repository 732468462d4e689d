//! Takes the rounds of one place; writes them down: log, metrics, and what the probes answer. Never changes what a round does, and carries
//! no ids into the metrics.

mod approvals;
mod arrivals;
mod counts;
mod tampering;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::{Action, Class, CloudError, Outcome, counted};
use mirror_core::decide::Blind;
use mirror_core::ids::Region;
use mirror_core::memory::Done;
use mirror_core::objects::Ours;
use mirror_core::policy::Policy;
use mirror_core::report::{self, Summary};
use tracing::{debug, info, warn};

use self::approvals::Approvals;
pub(crate) use self::approvals::held;
use self::arrivals::Arrivals;
use self::tampering::Tampering;
use crate::announce::Announcer;
use crate::metrics::{Series, table};
use crate::place::{Account, name};
use crate::round::{Read, Round};

/// How often it is counted how things stand, while they change.
const COUNTED_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// What is written down of a place.
pub struct Record {
    started: Time,
    region: Region,
    account: Account,
    /// The tag by which running instances are counted.
    role: Arc<str>,
    announcer: Announcer,
    state: Mutex<State>,
    tampering: Tampering,
    approvals: Approvals,
}

struct State {
    series: Series,
    arrivals: Arrivals,
    /// When it was counted how things stand.
    counted: Option<Time>,
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
    /// The empty record of a place, which begins now.
    pub fn new(region: Region, account: Account, role: Arc<str>, announcer: Announcer, now: Time) -> Self {
        let mut series = Series::default();
        counts::begin(&mut series);
        let state = State {
            series,
            arrivals: Arrivals::default(),
            counted: None,
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
        Self { started: now, region, account, role, announcer, state: Mutex::new(state), tampering, approvals }
    }

    /// The account, empty while it is not known, the Region, and the numbers of the place.
    pub(crate) fn numbers(&self) -> (String, String, Series) {
        let account = self.account.get().map_or_else(String::new, ToString::to_string);
        (account, self.region.to_string(), self.state().series.clone())
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

    /// Notes that the loop moves.
    pub fn beat(&self, now: Time) {
        self.state().beat = now;
    }

    /// Notes that the loop rests, and until when it may.
    pub(crate) fn rests(&self, until: Time) {
        self.state().beat = until;
    }

    /// For how long the loop has not moved although it should have.
    pub fn silence(&self, now: Time) -> SignedDuration {
        now.duration_since(self.state().beat).max(SignedDuration::ZERO)
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
        self.count(action, *took, failed.as_ref());
    }

    /// Writes down a step: one line, with its reason.
    pub fn step(&self, done: &Done, took: SignedDuration) {
        let Done { planned, result, at } = done;
        if done.succeeded() {
            self.state().changed = Some(*at);
        }
        let (action, why) = (planned.step.action(), planned.why.as_str());
        match result {
            Ok(outcome) => match created(outcome) {
                Some(id) => info!(action, id, why, "{}", planned.step),
                None => info!(action, why, "{}", planned.step),
            },
            Err(_) if done.succeeded() => info!(action, why, "{}: it was gone already", planned.step),
            Err(CloudError { class, code, message, .. }) => {
                warn!(action, why, class = %class, "{} failed: {code}: {message}", planned.step);
            }
        }
        let failed = result.as_ref().err().map(|error| (error.class, error.code.clone()));
        self.count(action, took, failed.as_ref());
    }

    fn count(&self, action: Action, took: SignedDuration, failed: Option<&(Class, String)>) {
        let result = failed.map_or_else(|| counts::OK.into(), |(class, _)| class.to_string());
        let series = &mut self.state().series;
        series.add(&table::CALLS, [action, &result], 1.0);
        series.observe(&table::CALL_SECONDS, [action], took.as_secs_f64());
        if let Some((_, code)) = failed {
            series.add(&table::ERRORS, [action, counted(code)], 1.0);
        }
    }

    /// Writes down a round: of what it saw, only what changed since the last one. Whoever does not lead holds nothing back from anybody: what
    /// its plan would hold is for the one who leads to say.
    pub fn round(&self, policy: &Policy, round: &Round, leads: bool) {
        round.seen.inventory.account.iter().for_each(|account| self.account.learn(account));
        let mut guard = self.state();
        let state = &mut *guard;
        let say = |news, note: String| self.announcer.say(news, format!("{}: {note}", self.place()));
        self.tampering.round(round, &mut state.series, &say);
        self.approvals.round(round, leads, &say);
        let gaps = report::gaps(&round.seen.inventory);
        let mut summary = report::summary(&round.seen.inventory, &round.decisions, &round.desired, &round.plan);
        if !leads {
            summary.held = 0;
        }
        counts::round(&mut state.series, policy, round, &summary);
        // While much is to be done a round follows the other, and nobody could read them all.
        let due = state.counted.is_none_or(|last| round.ended.duration_since(last) >= COUNTED_EVERY);
        if due || round.plan.steps.is_empty() {
            counts::standing(&mut state.series, policy, round, &self.role);
            state.counted = Some(round.ended);
        }
        state.arrivals.round(round, &mut state.series);
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
        state.series.set(&table::OBSERVED, [], since.as_duration().as_secs_f64());
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

    /// A panic elsewhere must not take the probes with it: what they read is whole after every statement.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
