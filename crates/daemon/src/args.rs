//! Takes the command line; gives what was asked for. Never does it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::logs::LogFormat;
use crate::pace::FASTEST;
use crate::show::Output;

/// Keeps AWS VPC Traffic Mirroring in the state that a policy asks for.
///
/// AWS is reached as every AWS tool reaches it: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL, web identity, Pod Identity, instance
/// profiles.
#[derive(Debug, Parser)]
#[command(name = "vpc-mirror", version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How a line of the log looks.
    #[arg(long, global = true, value_enum, default_value_t, env = "VPC_MIRROR_LOG_FORMAT")]
    pub log_format: LogFormat,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch, and keep the mirror sessions as the policy wants them, until told to stop. A changed policy file is followed at once.
    Run(Run),
    /// Print what would change, why, and what it costs.
    #[command(after_help = LOOKS)]
    Plan(Plan),
    /// Print the whole way of an instance or a network interface, from its tags to its sessions, or where and why it ends.
    #[command(after_help = "Exit code: 0 if it is explained, 1 if there is no such thing or it could not be seen.")]
    Explain(Explain),
    /// List every network interface with its state and reason, and the tags that opt out or name nothing.
    #[command(
        after_help = "Exit code: 0 if all are listed, 1 if not everything could be seen or nothing has that reason."
    )]
    Sources(Sources),
    /// Print what each strategy covers, what that costs beside mirroring everything, and what nobody sees.
    #[command(after_help = REPORTS)]
    Report(Report),
    /// Print the policy's tripwires as rules for a sensor, without AWS.
    Rules(Rules),
    /// Check a policy file, without AWS: all mistakes at once, each with line, column, and what to write instead.
    #[command(after_help = "Exit code: 0 if nothing is wrong with it, 1 otherwise.")]
    Check(Check),
    /// Print what to grant for exactly this policy, as IAM documents, without AWS.
    #[command(after_help = GRANTS)]
    IamPolicy(IamPolicy),
    /// Spread the sources anew over the targets of their sensors, in place: shows it, and does it with --yes.
    #[command(after_help = ACTS)]
    Rebalance(Rebalance),
    /// Take over sessions that somebody else made, by adding our tags: shows it, and does it with --yes.
    #[command(after_help = ACTS)]
    Adopt(Adopt),
    /// Remove everything that is the policy's owner's, and nothing else: shows it, and asks for the owner's name or --yes. A running
    /// daemon would make everything again: stop it first.
    #[command(after_help = ACTS)]
    Teardown(Teardown),
    /// Let losses go that a running daemon holds since they are more than limits.maxLosses allows; without a digest, show what it holds.
    #[command(
        after_help = "Exit code: 0 if they are approved or shown, 1 if the daemon holds no such losses, or none can be asked."
    )]
    Approve(Approve),
    /// Try it without an account: an embedded cloud with a living fleet, and the real daemon against it.
    Demo(Demo),
    /// Run a simulated EC2 alone, for any client: one that can be slowed down, throttled and broken while it runs.
    Sim(Sim),
}

const LOOKS: &str = "Exit code: 0 if nothing would change, 2 if something would, 1 if it cannot be told.";

const REPORTS: &str = "Exit code: 0 if it is told, 1 if not everything could be seen.";

const GRANTS: &str =
    "The document of a policy without places grants in any account and Region; one that names places has a list of \
documents, each with the role (null: whoever the credentials at hand are) and the Region that it is for.

Exit code: 0 if they are printed, 1 if something is wrong with the policy.";

const ACTS: &str = "It acts by itself: it takes no lease, and neither asks nor stops a running daemon.

Exit code: 0 if nothing is to be done or all of it was, 2 if something would be and was only shown, 1 if not everything could be seen \
or done.";

/// For whom a command writes.
#[derive(Clone, Copy, Debug, Args)]
pub struct Shown {
    /// For whom it writes.
    #[arg(long, value_enum, default_value_t)]
    pub output: Output,
}

/// Whether a command does what it shows.
#[derive(Clone, Copy, Debug, Args)]
pub struct Consent {
    /// Do it, and ask nothing.
    #[arg(long)]
    pub yes: bool,
}

/// What to plan.
#[derive(Debug, Args)]
pub struct Plan {
    /// The policy to follow.
    #[command(flatten)]
    pub policy: Policy,
    /// For whom.
    #[command(flatten)]
    pub shown: Shown,
}

/// What to list.
#[derive(Debug, Args)]
pub struct Sources {
    /// Only interfaces with this reason, named as in the JSON: `opted-out` or `optedOut`.
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// The policy to follow.
    #[command(flatten)]
    pub policy: Policy,
    /// For whom.
    #[command(flatten)]
    pub shown: Shown,
}

/// What to report.
#[derive(Debug, Args)]
pub struct Report {
    /// The policy to follow.
    #[command(flatten)]
    pub policy: Policy,
    /// For whom.
    #[command(flatten)]
    pub shown: Shown,
}

/// Which rules to print.
#[derive(Debug, Args)]
pub struct Rules {
    /// The policy whose tripwires they are.
    #[command(flatten)]
    pub policy: Policy,
    /// For which sensor.
    #[arg(long, value_enum, default_value_t)]
    pub format: RuleFormat,
    /// The first rule's id; each port of a tripwire has the next one.
    #[arg(long, value_name = "SID", default_value_t = 7_100_001)]
    pub first_sid: u32,
}

/// For which sensor rules are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum RuleFormat {
    /// Suricata 6 and later.
    #[default]
    Suricata,
}

/// What to check.
#[derive(Debug, Args)]
pub struct Check {
    /// The policy file.
    pub policy: PathBuf,
    /// For whom.
    #[command(flatten)]
    pub shown: Shown,
}

/// What to grant.
#[derive(Debug, Args)]
pub struct IamPolicy {
    /// Grant what `adopt` needs too: to put our tags on sessions that somebody else has made, which no tag of ours can limit.
    #[arg(long)]
    pub adopt: bool,
    /// The policy to follow.
    #[command(flatten)]
    pub policy: Policy,
}

/// What to spread.
#[derive(Debug, Args)]
pub struct Rebalance {
    /// The policy to follow.
    #[command(flatten)]
    pub policy: Policy,
    /// Whether to do it.
    #[command(flatten)]
    pub consent: Consent,
    /// For whom.
    #[command(flatten)]
    pub shown: Shown,
}

/// What to let go.
#[derive(Debug, Args)]
pub struct Approve {
    /// The digest of the held losses, as the log and `plan` show it.
    #[arg(value_name = "DIGEST")]
    pub digest: Option<String>,
    /// Where the daemon listens, on this machine.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9898", env = "VPC_MIRROR_LISTEN")]
    pub listen: SocketAddr,
}

/// What to take over.
#[derive(Debug, Args)]
pub struct Adopt {
    /// The sessions; without any, all that do what the policy wants.
    #[arg(value_name = "tms-…")]
    pub sessions: Vec<String>,
    /// The policy to follow.
    #[command(flatten)]
    pub policy: Policy,
    /// Whether to do it.
    #[command(flatten)]
    pub consent: Consent,
    /// For whom.
    #[command(flatten)]
    pub shown: Shown,
}

/// What to remove.
#[derive(Debug, Args)]
pub struct Teardown {
    /// The policy whose owner's objects go.
    #[command(flatten)]
    pub policy: Policy,
    /// Whether to do it.
    #[command(flatten)]
    pub consent: Consent,
    /// For whom.
    #[command(flatten)]
    pub shown: Shown,
}

/// The policy to follow.
#[derive(Debug, Args)]
pub struct Policy {
    /// The policy file.
    #[arg(long, value_name = "FILE", env = "VPC_MIRROR_POLICY")]
    pub policy: PathBuf,
    /// The file with the key that samples are drawn with: 16 random bytes or more. Or the key itself in VPC_MIRROR_SAMPLE_KEY.
    #[arg(long, value_name = "FILE", env = "VPC_MIRROR_SAMPLE_KEY_FILE")]
    pub sample_key_file: Option<PathBuf>,
}

/// How to run.
#[derive(Debug, Args)]
pub struct Run {
    /// The policy to follow.
    #[command(flatten)]
    pub policy: Policy,
    /// Where /livez, /readyz and /metrics are answered.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9898", env = "VPC_MIRROR_LISTEN")]
    pub listen: SocketAddr,
    /// How often everything is read again.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = at_least_a_second, env = "VPC_MIRROR_RESYNC")]
    pub resync: Duration,
    /// The tag by whose values running instances are counted in the metrics, mirrored or not. Not one that names each machine.
    #[arg(long, value_name = "KEY", default_value = "role", env = "VPC_MIRROR_ROLE_TAG")]
    pub role_tag: String,
    /// Whether several replicas of this daemon share a Kubernetes Lease, of which one at a time changes anything.
    #[arg(long, value_enum, default_value_t, value_name = "HOW", env = "VPC_MIRROR_LEADER_ELECTION")]
    pub leader_election: LeaderElection,
    /// The Lease that replicas share.
    #[arg(long, value_name = "NAME", default_value = "vpc-mirror", env = "VPC_MIRROR_LEASE_NAME")]
    pub lease_name: String,
    /// The namespace of the Lease; without it that of the pod, or of the kubeconfig.
    #[arg(long, value_name = "NAMESPACE", env = "VPC_MIRROR_LEASE_NAMESPACE")]
    pub lease_namespace: Option<String>,
}

/// Who may change anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LeaderElection {
    /// This process, without asking anybody.
    #[default]
    Off,
    /// Whoever has the Lease of the Kubernetes cluster: the pod's, or the kubeconfig's.
    Lease,
}

/// What to explain.
#[derive(Debug, Args)]
pub struct Explain {
    /// An instance or a network interface.
    #[arg(value_name = "i-…|eni-…")]
    pub id: String,
    /// The policy to follow.
    #[command(flatten)]
    pub policy: Policy,
    /// For whom.
    #[command(flatten)]
    pub shown: Shown,
}

/// How the demo runs.
#[derive(Debug, Args)]
pub struct Demo {
    /// The port on 127.0.0.1 where the embedded cloud answers.
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    pub port: u16,
    /// Where /livez, /readyz and /metrics are answered.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9898")]
    pub listen: SocketAddr,
    /// How many instances the fleet has.
    #[arg(long, default_value_t = 100)]
    pub instances: usize,
    /// Which strategies its policy has.
    #[arg(long, value_enum, default_value_t)]
    pub strategies: Strategies,
    /// End by itself after this time; else with Ctrl-C.
    #[arg(long = "for", value_name = "DURATION", value_parser = at_least_a_second)]
    pub duration: Option<Duration>,
}

/// Which strategies the demo's policy has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Strategies {
    /// Crown jewels by tag: the shortest policy there is.
    #[default]
    Jewels,
    /// All of them, and the extras, on a fleet with security groups, a load balancer and a web ACL.
    All,
}

/// How the simulated EC2 runs.
#[derive(Debug, Args)]
pub struct Sim {
    /// The port on 127.0.0.1 where it answers; 0 for any free one.
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    pub port: u16,
    /// The same seed, calls and times give the same cloud, to the byte.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many instances its fleet has.
    #[arg(long, default_value_t = 100)]
    pub instances: usize,
    /// How many times as fast as real time its own time passes.
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Whether its time passes by itself, or only when it is told to: `curl …/_sim/clock -X PATCH -d '{"advance": "1h"}'`.
    #[arg(long, value_enum, default_value_t)]
    pub clock: Passing,
}

/// How time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Passing {
    /// As outside, times the speed.
    #[default]
    Real,
    /// Not at all, until it is told to. It stands at 2026-01-01T00:00:00Z.
    Stopped,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.01..=FASTEST).contains(&speed) => Ok(speed),
        _ => Err(format!("write a number from 0.01 to {FASTEST}")),
    }
}

fn at_least_a_second(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(duration) if duration >= Duration::from_secs(1) => Ok(duration),
        Ok(_) => Err("write at least 1s".into()),
        Err(error) => Err(format!("{error}: write a duration such as `60s` or `5m`")),
    }
}
