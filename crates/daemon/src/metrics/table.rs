//! Takes nothing; gives the one table of all metrics: the code writes by it, and docs/metrics.md is made from it. Never a value.
//!
//! No label ever carries the id of an instance or interface: whoever reads metrics must not learn whom nobody watches.

/// What becomes of a metric's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// It only grows, from 0 at the start.
    Counter,
    /// It goes up and down.
    Gauge,
    /// Observations, counted by these upper bounds.
    Histogram(&'static [f64]),
}

/// Of what a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of the process.
    Process,
    /// Of each account and Region: `account` and `region` come before its own labels.
    Place,
}

/// What may change from one version to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stability {
    /// Name, labels and meaning stay until the next major version.
    Stable,
    /// It may change with any version.
    Alpha,
}

/// A metric with so many labels of its own.
#[derive(Debug)]
pub struct Metric<const LABELS: usize> {
    /// What the table says of it.
    pub row: Row,
    /// The names of its own labels.
    pub labels: [&'static str; LABELS],
}

/// What the table says of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What becomes of its value.
    pub kind: Kind,
    /// Of what it is.
    pub scope: Scope,
    /// What it is counted in.
    pub unit: &'static str,
    /// Whether anybody may rely on it.
    pub stability: Stability,
    /// What it says.
    pub help: &'static str,
}

const QUICK: &[f64] = &[0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0];
const ROUND: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];
const UNTIL_SEEN: &[f64] = &[1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0];

/// Writes a static for each metric, and the table with all of them.
macro_rules! table {
    ($($metric:ident: $name:literal, $kind:expr, $scope:ident, [$($label:literal),*], $unit:literal, $stability:ident, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub static $metric: Metric<{ <[&str]>::len(&[$($label),*]) }> = Metric {
                row: Row {
                    name: $name,
                    kind: $kind,
                    scope: Scope::$scope,
                    unit: $unit,
                    stability: Stability::$stability,
                    help: $help,
                },
                labels: [$($label),*],
            };
        )*

        /// Every metric with the names of its own labels, in the order of the documents.
        pub fn table() -> impl Iterator<Item = (&'static Row, &'static [&'static str])> {
            [$((&$metric.row, $metric.labels.as_slice())),*].into_iter()
        }
    };
}

table! {
    BUILD: "vpc_mirror_build_info", Kind::Gauge, Process, ["version"], "", Stable,
        "Always 1; what is built.";
    LEADER: "vpc_mirror_leader", Kind::Gauge, Process, [], "", Stable,
        "1 while this process is the one that changes anything; 0 while it stands by for another.";
    ELECTED: "vpc_mirror_leader_election", Kind::Gauge, Process, [], "", Stable,
        "1 where replicas share a Lease; 0 where this process asks nobody.";
    POLICY: "vpc_mirror_policy_info", Kind::Gauge, Process, ["digest"], "", Stable,
        "Always 1; the first digits of the SHA-256 of the policy file that is followed, as `sha256sum` prints it.";
    POLICY_SINCE: "vpc_mirror_policy_followed_timestamp_seconds", Kind::Gauge, Process, [], "seconds", Stable,
        "Since when the policy that counts is followed, in Unix time.";
    POLICY_GOOD: "vpc_mirror_policy_good", Kind::Gauge, Process, [], "", Stable,
        "1 while the policy file as it is now is followed; 0 while an earlier one is, since this one is wrong.";
    POLICY_CHANGES: "vpc_mirror_policy_changes_total", Kind::Counter, Process, ["result"], "changes", Stable,
        "Changes of the policy file since the start: `followed`, or `refused` for what is wrong with it.";
    OBSERVED: "vpc_mirror_observed_timestamp_seconds", Kind::Gauge, Place, [], "seconds", Stable,
        "When the oldest of the reads began on which the last complete observation stands, in Unix time; 0 before there is one.";
    GAPS: "vpc_mirror_gaps", Kind::Gauge, Place, ["list"], "lists", Stable,
        "1 for a list that could not be read to its end, or is too short to be true; 0 for one that was.";
    INSTANCES: "vpc_mirror_instances", Kind::Gauge, Place, [], "instances", Stable,
        "Instances that are listed, without those that are terminated.";
    INTERFACES: "vpc_mirror_interfaces", Kind::Gauge, Place, [], "interfaces", Stable,
        "Network interfaces that are listed.";
    SOURCES: "vpc_mirror_sources", Kind::Gauge, Place, ["state", "reason"], "interfaces", Stable,
        "Network interfaces by where they are on the way to a session, and the last reason for it: those that `vpc-mirror sources` lists.";
    OPT_OUTS: "vpc_mirror_opt_outs", Kind::Gauge, Place, ["result"], "interfaces", Stable,
        "Network interfaces that a tag opts out: `effective` where they are not mirrored for it, `overruled` where a strategy forbids it.";
    UNKNOWN_TAGS: "vpc_mirror_unknown_tags", Kind::Gauge, Place, [], "interfaces", Stable,
        "Network interfaces with a tag that names a strategy which the policy does not have: a word that is misspelt mirrors nothing.";
    SESSIONS: "vpc_mirror_sessions", Kind::Gauge, Place, ["state"], "sessions", Stable,
        "Mirror sessions: `wanted`, those of them that stand (`mirrored`), and other people's (`foreign`).";
    STRATEGY_SESSIONS: "vpc_mirror_strategy_sessions", Kind::Gauge, Place, ["strategy", "sensor", "zone", "state"], "sessions", Stable,
        "Mirror sessions that are `wanted`, and those of them that stand (`mirrored`), each under the most important strategy in it.";
    STRATEGY_INTERFACES: "vpc_mirror_strategy_interfaces", Kind::Gauge, Place, ["strategy", "state"], "interfaces", Stable,
        "Network interfaces that a strategy chooses (`chosen`); of them those of which it gets what it wants (`mirrored`), does not yet (`starting`), and will not by itself (`refused`), and those that have nothing to show it (`idle`), as a server that serves nothing or does not run.";
    STRATEGY_INSTANCES: "vpc_mirror_strategy_instances", Kind::Gauge, Place, ["strategy", "state"], "instances", Stable,
        "Instances of which a strategy chooses interfaces (`chosen`), and those of which it gets all that it wants (`mirrored`).";
    COVERAGE: "vpc_mirror_coverage_ratio", Kind::Gauge, Place, ["strategy"], "ratio", Stable,
        "The part of the interfaces that a strategy chooses, without those that have nothing to show it, of which it gets what it wants: 0 to 1, and 1 where it chooses none.";
    BLIND_SPOTS: "vpc_mirror_blind_spots", Kind::Gauge, Place, ["strategy"], "things", Stable,
        "What a strategy wants and nobody sees, or names and nobody has: `vpc-mirror report` lists them.";
    ROLES: "vpc_mirror_role_instances", Kind::Gauge, Place, ["role", "state"], "instances", Alpha,
        "Running instances by the value of the tag that `--role-tag` names (`running`), and those with a session of ours (`mirrored`).";
    COST: "vpc_mirror_cost_usd_per_hour", Kind::Gauge, Place, ["strategy"], "US dollars an hour", Stable,
        "What the sessions cost at list price of which a strategy is the most important part: of all together that is the whole.";
    EVERYTHING: "vpc_mirror_cost_everything_usd_per_hour", Kind::Gauge, Place, [], "US dollars an hour", Stable,
        "What it would cost at list price to mirror whatever can be mirrored.";
    ALLOWED: "vpc_mirror_sessions_allowed", Kind::Gauge, Place, [], "sessions", Stable,
        "The most sessions of ours that may stand, by the least of AWS's quota and the policy's limits.";
    QUOTA_USED: "vpc_mirror_quota_sessions", Kind::Gauge, Place, [], "sessions", Stable,
        "Sessions of the account, whoever made them: what AWS's quota counts.";
    QUOTA: "vpc_mirror_quota_sessions_limit", Kind::Gauge, Place, [], "sessions", Stable,
        "AWS's quota of sessions in an account.";
    TARGETS: "vpc_mirror_targets", Kind::Gauge, Place, ["sensor", "state"], "targets", Stable,
        "Mirror targets of a sensor: `usable`, those of them that take no further source (`full`), and `gone` where nothing hears what is sent.";
    TARGET_SOURCES: "vpc_mirror_target_sources", Kind::Gauge, Place, ["sensor"], "interfaces", Stable,
        "Network interfaces that send to a sensor's usable targets, as far as this account shows.";
    TARGET_CAPACITY: "vpc_mirror_target_capacity", Kind::Gauge, Place, ["sensor"], "interfaces", Stable,
        "Network interfaces that may send to them by AWS's quota; +Inf where one of them takes any number.";
    LONGEST_MISSING: "vpc_mirror_longest_missing_seconds", Kind::Gauge, Place, [], "seconds", Stable,
        "For how long the session has been wanted that is missing the longest, as this replica saw it; 0 where none is missing.";
    WAITING: "vpc_mirror_waiting", Kind::Gauge, Place, [], "changes", Stable,
        "Changes that wait for something.";
    HELD: "vpc_mirror_held_losses", Kind::Gauge, Place, [], "sessions", Stable,
        "Sessions that are to lose packets, more than limits.maxLosses allows: they wait for the hours to pass, or for an approval.";
    LOSSES_ALLOWED: "vpc_mirror_losses_allowed", Kind::Gauge, Place, [], "sessions", Stable,
        "Sessions that may lose packets now without anybody's approval.";
    TAMPERING: "vpc_mirror_tampering_total", Kind::Counter, Place, ["kind"], "objects", Stable,
        "What somebody else changed or deleted of ours since the start, by kind.";
    FIGHTS: "vpc_mirror_fights", Kind::Gauge, Place, [], "objects", Stable,
        "Objects of ours that are left alone for a while, since somebody undoes each repair.";
    TIME_TO_MIRROR: "vpc_mirror_time_to_mirror_seconds", Kind::Histogram(UNTIL_SEEN), Place, [], "seconds", Stable,
        "How long a session that was made had been missing at most: since the last complete observation that did not want it yet.";
    ROUNDS: "vpc_mirror_rounds_total", Kind::Counter, Place, [], "rounds", Stable,
        "Rounds since the start.";
    ROUND_SECONDS: "vpc_mirror_round_seconds", Kind::Histogram(ROUND), Place, [], "seconds", Stable,
        "How long a round took, its calls and the waiting for AWS's rate included.";
    CALLS: "vpc_mirror_aws_calls_total", Kind::Counter, Place, ["action", "result"], "calls", Stable,
        "AWS calls by action and what came of them. A step of a plan is one call.";
    ERRORS: "vpc_mirror_aws_errors_total", Kind::Counter, Place, ["action", "code"], "calls", Alpha,
        "AWS calls that failed, by AWS's code; a code that is not known here is `other`. A series begins with its first error.";
    CALL_SECONDS: "vpc_mirror_aws_call_seconds", Kind::Histogram(QUICK), Place, ["action"], "seconds", Stable,
        "How long an AWS call took, without the waiting for its turn.";
    TOKENS: "vpc_mirror_aws_request_tokens", Kind::Gauge, Place, ["action"], "calls", Alpha,
        "AWS calls that our share of the request rate allows at once now.";
}
