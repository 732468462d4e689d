//! Takes rounds; writes them down: log, metrics, and what the probes answer. Never changes what a round does, and carries no ids into
//! the metrics.

mod tampering;

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::Outcome;
use mirror_core::memory::Done;
use mirror_core::report::{self, Summary};
use prometheus::process_collector::ProcessCollector;
use prometheus::{Encoder, Gauge, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};
use tracing::{debug, info, warn};

use self::tampering::Tampering;
use crate::round::{Read, Round};

/// What is written down.
pub struct Record {
    started: Time,
    state: Mutex<State>,
    registry: Registry,
    rounds: IntCounter,
    calls: IntCounterVec,
    sessions: IntGaugeVec,
    interfaces: IntGauge,
    waiting: IntGauge,
    gaps: IntGauge,
    observed: Gauge,
    policy_changes: IntCounterVec,
    policy_good: IntGauge,
    tampering: Tampering,
}

struct State {
    beat: Time,
    /// When the last step succeeded: since then things stand as they do.
    changed: Option<Time>,
    observed: bool,
    gaps: Vec<String>,
    summary: Summary,
    converged: Option<SignedDuration>,
}

impl Record {
    /// An empty record that begins now.
    ///
    /// # Errors
    ///
    /// When two metrics have one name.
    pub fn new(now: Time) -> anyhow::Result<Self> {
        let registry = Registry::new();
        let counters = |name: &str, help: &str, labels: &[&str]| IntCounterVec::new(Opts::new(name, help), labels);
        let record = Self {
            started: now,
            state: Mutex::new(State {
                beat: now,
                changed: None,
                observed: false,
                gaps: Vec::new(),
                summary: Summary::default(),
                converged: None,
            }),
            rounds: IntCounter::new("vpc_mirror_rounds_total", "Rounds since the start.")?,
            calls: counters("vpc_mirror_aws_calls_total", "AWS calls by action and result.", &["action", "result"])?,
            sessions: IntGaugeVec::new(
                Opts::new(
                    "vpc_mirror_sessions",
                    "Mirror sessions: wanted, those of them that stand, and other people's.",
                ),
                &["state"],
            )?,
            interfaces: IntGauge::new("vpc_mirror_interfaces", "Network interfaces that are listed.")?,
            waiting: IntGauge::new("vpc_mirror_waiting", "Changes that wait for something.")?,
            gaps: IntGauge::new("vpc_mirror_gaps", "Lists that could not be read to their end.")?,
            observed: Gauge::new(
                "vpc_mirror_observed_timestamp_seconds",
                "When the oldest of the reads began on which the last complete observation stands.",
            )?,
            policy_changes: counters(
                "vpc_mirror_policy_changes_total",
                "Changes of the policy file since the start: followed, or refused for what is wrong with it.",
                &["result"],
            )?,
            policy_good: IntGauge::new(
                "vpc_mirror_policy_good",
                "1 while the policy file as it is now is followed; 0 while an earlier one is, since this one is wrong.",
            )?,
            tampering: Tampering::new()?,
            registry,
        };
        let build = IntGauge::with_opts(
            Opts::new("vpc_mirror_build_info", "Always 1.").const_label("version", env!("CARGO_PKG_VERSION")),
        )?;
        build.set(1);
        let all: [Box<dyn prometheus::core::Collector>; 11] = [
            Box::new(record.rounds.clone()),
            Box::new(record.calls.clone()),
            Box::new(record.sessions.clone()),
            Box::new(record.interfaces.clone()),
            Box::new(record.waiting.clone()),
            Box::new(record.gaps.clone()),
            Box::new(record.observed.clone()),
            Box::new(record.policy_changes.clone()),
            Box::new(record.policy_good.clone()),
            Box::new(build),
            Box::new(ProcessCollector::for_self()),
        ];
        all.into_iter()
            .chain(record.tampering.metrics())
            .try_for_each(|metric| record.registry.register(metric))
            .context("metrics")?;
        Ok(record)
    }

    /// The metrics in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// When a metric cannot be written as text.
    pub fn metrics(&self) -> anyhow::Result<String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8(text)?)
    }

    /// Notes whether the policy file as it is now is followed.
    pub fn policy(&self, good: bool) {
        self.policy_good.set(i64::from(good));
    }

    /// Writes down that the policy file has changed, and whether it is followed.
    pub fn policy_changed(&self, good: bool) {
        self.policy(good);
        self.policy_changes.with_label_values(&[if good { "followed" } else { "refused" }]).inc();
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
        match (state.observed, state.gaps.is_empty()) {
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
        let result = failed.map_or("ok".into(), |class| class.to_string());
        self.calls.with_label_values(&[*action, result.as_str()]).inc();
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
        self.calls.with_label_values(&[action, counted.as_str()]).inc();
    }

    /// Writes down a round: of what it saw, only what changed since the last one.
    pub fn round(&self, round: &Round) {
        self.rounds.inc();
        self.tampering.round(round);
        let gaps = report::gaps(&round.seen.inventory);
        let summary = report::summary(&round.seen.inventory, &round.decisions, &round.desired, &round.plan);
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.interfaces.set(count(summary.interfaces));
        self.waiting.set(count(summary.waiting));
        self.gaps.set(count(summary.gaps));
        for (state, n) in [("wanted", summary.wanted), ("mirrored", summary.mirrored), ("foreign", summary.foreign)] {
            self.sessions.with_label_values(&[state]).set(count(n));
        }
        let mut state = self.state();
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
        self.observed.set(since.as_duration().as_secs_f64());
        // Not between two steps of one task: the steps have lines of their own.
        if summary != state.summary && round.plan.steps.is_empty() {
            let Summary { interfaces, wanted, mirrored, refused, foreign, waiting, gaps: _ } = summary;
            info!(interfaces, wanted, mirrored, refused, foreign, waiting, "observed");
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
