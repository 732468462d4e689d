//! Takes a round; writes its numbers into the series of its place. Never an id.

use mirror_core::cloud::{Class, Query, Step, actions};
use mirror_core::inventory::{InstanceState, Kind};
use mirror_core::limits::SESSIONS_PER_ACCOUNT;
use mirror_core::memory::DriftKind;
use mirror_core::policy::Policy;
use mirror_core::prices::USD_PER_SESSION_HOUR;
use mirror_core::report::{self, Covered, Numbers, Progress, Purpose, Seen, SensorLoad, State, Summary};

use crate::metrics::table::Metric;
use crate::metrics::{Series, table};
use crate::round::Round;

/// What a call is counted as that succeeded.
pub(super) const OK: &str = "ok";

/// What is asked first, and is no list.
const ACCOUNT: &str = "account";

/// Begins every series whose labels are known before anything has happened.
pub(super) fn begin(series: &mut Series) {
    let gauges = [
        &table::OBSERVED,
        &table::INSTANCES,
        &table::INTERFACES,
        &table::EVERYTHING,
        &table::UNKNOWN_TAGS,
        &table::ALLOWED,
        &table::QUOTA_USED,
        &table::LONGEST_MISSING,
        &table::WAITING,
        &table::HELD,
        &table::LOSSES_ALLOWED,
        &table::FIGHTS,
        &table::ROUNDS,
        &table::ROUND_SECONDS,
        &table::TIME_TO_MIRROR,
    ];
    gauges.iter().for_each(|metric| series.begin(metric, []));
    series.set(&table::QUOTA, [], f64::from(SESSIONS_PER_ACCOUNT));
    ["wanted", "mirrored", "foreign"].iter().for_each(|state| series.begin(&table::SESSIONS, [state]));
    ["effective", "overruled"].iter().for_each(|result| series.begin(&table::OPT_OUTS, [result]));
    let lists = Kind::ALL.iter().filter(|kind| !kind.is_by_need()).map(<&str>::from);
    lists.chain([ACCOUNT]).for_each(|list| series.begin(&table::GAPS, [list]));
    State::ALL.iter().for_each(|state| series.begin(&table::SOURCES, [state.into(), ""]));
    DriftKind::ALL.iter().for_each(|kind| series.begin(&table::TAMPERING, [&kind.to_string()]));
    Step::actions().chain([Query::Identity.action()]).for_each(|action| begin_calls(series, action));
}

/// An increase shows only where there was a number before.
fn begin_calls(series: &mut Series, action: &str) {
    // Asked in every round.
    if series.has(&table::CALL_SECONDS, [action]) {
        return;
    }
    series.begin(&table::CALLS, [action, OK]);
    Class::ALL.iter().for_each(|class| series.begin(&table::CALLS, [action, &class.to_string()]));
    series.begin(&table::CALL_SECONDS, [action]);
}

/// Writes down what a round did and saw.
pub(super) fn round(series: &mut Series, policy: &Policy, round: &Round, summary: &Summary) {
    let inventory = &round.seen.inventory;
    let asked =
        |kind: &&Kind| !kind.is_by_need() || inventory.read.contains_key(kind) || inventory.gaps.contains_key(kind);
    let lists = Kind::ALL.iter().filter(asked);
    lists.clone().flat_map(|kind| actions(*kind)).for_each(|action| begin_calls(series, action));
    let missing = lists.map(|kind| (kind.into(), inventory.gaps.contains_key(kind)));
    let missing = missing.chain([(ACCOUNT, inventory.identity_gap.is_some())]);
    series.replace(&table::GAPS, missing.map(|(list, gap): (&str, bool)| ([list.into()], f64::from(u8::from(gap)))));
    series.add(&table::ROUNDS, [], 1.0);
    series.observe(&table::ROUND_SECONDS, [], round.ended.duration_since(round.began).as_secs_f64());
    let levels = round.memory.rates.levels(policy.limits.api_share, round.ended);
    series.replace(&table::TOKENS, levels.map(|(action, level)| ([action.to_owned()], level.max(0.0))));
    let allowed = round.memory.allowance.left(policy.limits.max_losses, round.ended).0;
    series.set(&table::LOSSES_ALLOWED, [], count(allowed));
    let Summary { interfaces, wanted, mirrored, refused: _, foreign, waiting, held, gaps: _ } = *summary;
    let there = inventory.instances.values().filter(|it| it.state != InstanceState::Terminated).count();
    series.set(&table::INSTANCES, [], count(there));
    series.set(&table::INTERFACES, [], count(interfaces));
    series.set(&table::WAITING, [], count(waiting));
    series.set(&table::HELD, [], count(held));
    for (state, n) in [("wanted", wanted), ("mirrored", mirrored), ("foreign", foreign)] {
        series.set(&table::SESSIONS, [state], count(n));
    }
}

/// Writes down how things stand: what it takes a look at everything to tell.
pub(super) fn standing(series: &mut Series, policy: &Policy, round: &Round, role: &str) {
    let seen = Seen {
        policy,
        inventory: &round.seen.inventory,
        lessons: &round.seen.lessons,
        now: round.ended,
        decisions: &round.decisions,
        desired: &round.desired,
        plan: &round.plan,
    };
    numbers(series, report::numbers(seen, role));
}

fn numbers(series: &mut Series, numbers: Numbers) {
    let Numbers {
        sources,
        strategies,
        sessions,
        roles,
        opted_out,
        unknown_tags,
        sensors,
        allowed,
        in_account,
        everything,
    } = numbers;
    let nowhere = State::ALL.iter().map(|state| ((*state, ""), 0)).filter(|(key, _)| !sources.contains_key(key));
    let sources = nowhere.chain(sources.iter().map(|(key, n)| (*key, *n)));
    series.replace(
        &table::SOURCES,
        sources.map(|((state, reason), n)| ([<&str>::from(state).to_owned(), reason.to_owned()], count(n))),
    );
    let each = |value: fn(&Covered) -> f64| strategies.iter().map(move |(name, it)| ([name.clone()], value(it)));
    series.replace(&table::COVERAGE, each(Covered::ratio));
    series.replace(&table::BLIND_SPOTS, each(|it| count(it.blind)));
    series.replace(&table::COST, each(|it| count(it.charged) * USD_PER_SESSION_HOUR));
    let interfaces = strategies.iter().flat_map(|(name, it)| {
        let Progress { of, done } = it.interfaces;
        let parts = [("mirrored", done), ("starting", it.starting), ("idle", it.idle), ("refused", it.refused())];
        [("chosen", of)].into_iter().chain(parts).map(move |(state, n)| ([name.clone(), state.into()], count(n)))
    });
    series.replace(&table::STRATEGY_INTERFACES, interfaces);
    let instances = strategies.iter().map(|(name, it)| (name, it.instances));
    both(series, &table::STRATEGY_INSTANCES, instances, ["chosen", "mirrored"]);
    both(series, &table::ROLES, roles.iter().map(|(role, it)| (role, *it)), ["running", "mirrored"]);
    let purposes = sessions.into_iter().flat_map(|(Purpose { strategy, sensor, zone }, Progress { of, done })| {
        let state = |state: &str, n| ([strategy.clone(), sensor.clone(), zone.clone(), state.into()], count(n));
        [state("wanted", of), state("mirrored", done)]
    });
    series.replace(&table::STRATEGY_SESSIONS, purposes);
    series.set(&table::OPT_OUTS, ["effective"], count(opted_out.done));
    series.set(&table::OPT_OUTS, ["overruled"], count(opted_out.of.saturating_sub(opted_out.done)));
    series.set(&table::UNKNOWN_TAGS, [], count(unknown_tags));
    series.replace(
        &table::TARGETS,
        sensors.iter().flat_map(|(sensor, load)| {
            let SensorLoad { usable, gone, full, .. } = *load;
            [("usable", usable), ("full", full), ("gone", gone)]
                .map(|(state, n)| ([sensor.clone(), state.into()], count(n)))
        }),
    );
    let of_sensor = |value: fn(&SensorLoad) -> f64| sensors.iter().map(move |(name, it)| ([name.clone()], value(it)));
    series.replace(&table::TARGET_SOURCES, of_sensor(|it| count(it.sources)));
    series.replace(&table::TARGET_CAPACITY, of_sensor(|it| it.capacity.map_or(f64::INFINITY, count)));
    series.set(&table::ALLOWED, [], count(allowed));
    series.set(&table::QUOTA_USED, [], count(in_account));
    series.set(&table::EVERYTHING, [], count(everything) * USD_PER_SESSION_HOUR);
}

/// Two series for each: how many there are, and how many are as they should be.
fn both<'a>(
    series: &mut Series,
    metric: &'static Metric<2>,
    each: impl Iterator<Item = (&'a String, Progress)>,
    states: [&str; 2],
) {
    let [of, done] = states;
    let samples = each.flat_map(|(name, it)| {
        [([name.clone(), of.into()], count(it.of)), ([name.clone(), done.into()], count(it.done))]
    });
    series.replace(metric, samples);
}

/// Prometheus knows only floats; nothing here comes near where one counts no further.
fn count(n: usize) -> f64 {
    n as f64
}
