//! Takes numbers of places; gives them to Prometheus, each with its account and Region. Never carries an id of anything in there.
//!
//! A place has one pair of labels at a time, and every series with them stands at 0 from its beginning, so that an increase shows.

use std::collections::BTreeSet;

use anyhow::Context;
use mirror_core::memory::DriftKind;
use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder, GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, Result as Made, TextEncoder,
};

/// The account, empty while it is not known (as if the label were not there), and the Region.
pub(super) type Labels<'a> = [&'a str; 2];

/// What sessions are counted by.
pub(super) const STATES: [&str; 3] = ["wanted", "mirrored", "foreign"];

/// The metrics of the process.
pub(crate) struct Metrics {
    registry: Registry,
    pub(super) rounds: IntCounterVec,
    pub(super) calls: IntCounterVec,
    pub(super) sessions: IntGaugeVec,
    pub(super) interfaces: IntGaugeVec,
    pub(super) waiting: IntGaugeVec,
    pub(super) held: IntGaugeVec,
    pub(super) gaps: IntGaugeVec,
    pub(super) observed: GaugeVec,
    pub(super) tampering: IntCounterVec,
    pub(super) fights: IntGaugeVec,
    policy_changes: IntCounterVec,
    policy_good: IntGauge,
    leader: IntGauge,
}

impl Metrics {
    /// # Errors
    ///
    /// When two metrics have one name.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let metrics = Self {
            registry: Registry::new(),
            rounds: counters("vpc_mirror_rounds_total", "Rounds since the start.", &[])?,
            calls: counters("vpc_mirror_aws_calls_total", "AWS calls by action and result.", &["action", "result"])?,
            sessions: gauges(
                "vpc_mirror_sessions",
                "Mirror sessions: wanted, those of them that stand, and other people's.",
                &["state"],
            )?,
            interfaces: gauges("vpc_mirror_interfaces", "Network interfaces that are listed.", &[])?,
            waiting: gauges("vpc_mirror_waiting", "Changes that wait for something.", &[])?,
            held: gauges(
                "vpc_mirror_held_losses",
                "Sessions that are to lose packets, more than limits.maxLosses allows: they wait for the hours to pass, or for an approval.",
                &[],
            )?,
            gaps: gauges(
                "vpc_mirror_gaps",
                "Lists that could not be read to their end, or are too short to be true.",
                &[],
            )?,
            observed: GaugeVec::new(
                Opts::new(
                    "vpc_mirror_observed_timestamp_seconds",
                    "When the oldest of the reads began on which the last complete observation stands; 0 before there is one.",
                ),
                &PLACE,
            )?,
            tampering: counters(
                "vpc_mirror_tampering_total",
                "What somebody else changed or deleted of ours since the start, by kind.",
                &["kind"],
            )?,
            fights: gauges(
                "vpc_mirror_fights",
                "Objects of ours that are left alone for a while, since somebody undoes each repair.",
                &[],
            )?,
            policy_changes: IntCounterVec::new(
                Opts::new(
                    "vpc_mirror_policy_changes_total",
                    "Changes of the policy file since the start: followed, or refused for what is wrong with it.",
                ),
                &["result"],
            )?,
            policy_good: IntGauge::new(
                "vpc_mirror_policy_good",
                "1 while the policy file as it is now is followed; 0 while an earlier one is, since this one is wrong.",
            )?,
            leader: IntGauge::new(
                "vpc_mirror_leader",
                "1 while this process is the one that changes anything; 0 while it stands by for another.",
            )?,
        };
        metrics.register().context("metrics")?;
        metrics.leader.set(1);
        FOLLOWED.iter().for_each(|result| _ = metrics.policy_changes.with_label_values(&[result]));
        Ok(metrics)
    }

    fn register(&self) -> Made<()> {
        let build = IntGauge::with_opts(
            Opts::new("vpc_mirror_build_info", "Always 1.").const_label("version", env!("CARGO_PKG_VERSION")),
        )?;
        build.set(1);
        let all: [Box<dyn Collector>; 15] = [
            Box::new(self.rounds.clone()),
            Box::new(self.calls.clone()),
            Box::new(self.sessions.clone()),
            Box::new(self.interfaces.clone()),
            Box::new(self.waiting.clone()),
            Box::new(self.held.clone()),
            Box::new(self.gaps.clone()),
            Box::new(self.observed.clone()),
            Box::new(self.tampering.clone()),
            Box::new(self.fights.clone()),
            Box::new(self.policy_changes.clone()),
            Box::new(self.policy_good.clone()),
            Box::new(self.leader.clone()),
            Box::new(build),
            Box::new(ProcessCollector::for_self()),
        ];
        all.into_iter().try_for_each(|metric| self.registry.register(metric))
    }

    /// In Prometheus' text format.
    ///
    /// # Errors
    ///
    /// When one cannot be written as text.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8(text)?)
    }

    pub(crate) fn leads(&self, leads: bool) {
        self.leader.set(leads.into());
    }

    /// Whether the policy file as it is now is followed.
    pub(crate) fn policy(&self, good: bool) {
        self.policy_good.set(i64::from(good));
    }

    /// The policy file has changed, and is followed or not.
    pub(crate) fn policy_changed(&self, good: bool) {
        self.policy(good);
        let [followed, refused] = FOLLOWED;
        self.policy_changes.with_label_values(&[if good { followed } else { refused }]).inc();
    }

    /// Begins the series of a place.
    pub(super) fn begin(&self, place: Labels<'_>) {
        let [account, region] = place;
        self.rounds.with_label_values(&place);
        for gauge in [&self.interfaces, &self.waiting, &self.held, &self.gaps, &self.fights] {
            gauge.with_label_values(&place);
        }
        self.observed.with_label_values(&place);
        STATES.iter().for_each(|state| _ = self.sessions.with_label_values(&[account, region, state]));
        for kind in DriftKind::ALL {
            self.tampering.with_label_values(&[account, region, &kind.to_string()]);
        }
    }

    /// Ends the series of a place: those of its calls by action and result. That one is not there is what is wanted.
    pub(super) fn end(&self, place: Labels<'_>, calls: &BTreeSet<(String, String)>) {
        let [account, region] = place;
        _ = self.rounds.remove_label_values(&place);
        for gauge in [&self.interfaces, &self.waiting, &self.held, &self.gaps, &self.fights] {
            _ = gauge.remove_label_values(&place);
        }
        _ = self.observed.remove_label_values(&place);
        STATES.iter().for_each(|state| _ = self.sessions.remove_label_values(&[account, region, state]));
        for kind in DriftKind::ALL {
            _ = self.tampering.remove_label_values(&[account, region, &kind.to_string()]);
        }
        for (action, result) in calls {
            _ = self.calls.remove_label_values(&[account, region, action, result]);
        }
    }
}

/// What becomes of a policy file that has changed.
const FOLLOWED: [&str; 2] = ["followed", "refused"];

/// The labels of every place.
const PLACE: [&str; 2] = ["account", "region"];

fn counters(name: &str, help: &str, more: &[&str]) -> Made<IntCounterVec> {
    IntCounterVec::new(Opts::new(name, help), &[PLACE.as_slice(), more].concat())
}

fn gauges(name: &str, help: &str, more: &[&str]) -> Made<IntGaugeVec> {
    IntGaugeVec::new(Opts::new(name, help), &[PLACE.as_slice(), more].concat())
}
