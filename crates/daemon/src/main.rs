//! Takes the command line; starts what it asks for, and ends with its exit code. Never does any of it itself.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use jiff::SignedDuration;
use mirror_aws::{Ambient, Options, Sdk};
use mirror_core::ids::SessionId;
use mirror_core::policy::Policy;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use vpc_mirror::announce::{Announcer, announce};
use vpc_mirror::args::{
    self, Adopt, Approve, Check, Cli, Command, Explain, IamPolicy, LeaderElection, Plan, Rebalance, Report, RuleFormat,
    Rules, Run, Shown, Sources, Teardown,
};
use vpc_mirror::ask::{self, On};
use vpc_mirror::campaign::campaign;
use vpc_mirror::clock::Monotonic;
use vpc_mirror::follow::{PolicyFile, follow};
use vpc_mirror::kubernetes::{KubernetesLease, identity};
use vpc_mirror::lead::{Lead, Standing};
use vpc_mirror::listen::{Pages, bind, pages, serve};
use vpc_mirror::logs::{self, LogFormat};
use vpc_mirror::place::{There, everywhere, places};
use vpc_mirror::places::{Loops, look_after};
use vpc_mirror::records::Records;
use vpc_mirror::sample_key::{keyed, sample_key};
use vpc_mirror::{act, approve, demo, sim};

fn main() -> ExitCode {
    let Cli { command, log_format } = match Cli::try_parse() {
        Ok(cli) => cli,
        // Not clap's own exit code 2: of `plan`, that one says that something would change.
        Err(error) => {
            _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    logs::start(log_format);
    // One provider for every TLS connection of the process. It fails only where one is installed already.
    _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => runtime.block_on(start(command)),
        Err(error) => Err(error.into()),
    };
    ended.unwrap_or_else(|error| {
        match log_format {
            LogFormat::Text => eprintln!("vpc-mirror: {error:#}"),
            LogFormat::Json => format!("{error:#}").lines().for_each(|line| error!("{line}")),
        }
        ExitCode::FAILURE
    })
}

async fn start(command: Command) -> anyhow::Result<ExitCode> {
    let stop = CancellationToken::new();
    let clock = Monotonic::new(stop.clone());
    match command {
        Command::Check(Check { policy, shown }) => ask::check(&policy, shown.output),
        Command::IamPolicy(IamPolicy { adopt, policy }) => ask::iam_policy(&policy.policy, adopt),
        Command::Plan(Plan { policy, shown }) => {
            let (policy, places) = connect(&policy).await?;
            ask::plan(on(&places, &policy, &clock, shown)).await
        }
        Command::Explain(Explain { id, policy, shown }) => {
            let (policy, places) = connect(&policy).await?;
            ask::explain(on(&places, &policy, &clock, shown), &id).await
        }
        Command::Sources(Sources { reason, policy, shown }) => {
            let (policy, places) = connect(&policy).await?;
            ask::sources(on(&places, &policy, &clock, shown), reason.as_deref()).await
        }
        Command::Report(Report { policy, shown }) => {
            let (policy, places) = connect(&policy).await?;
            ask::coverage(on(&places, &policy, &clock, shown)).await
        }
        Command::Rules(Rules { policy, format: RuleFormat::Suricata, first_sid }) => {
            ask::suricata(&policy.policy, first_sid)
        }
        Command::Rebalance(Rebalance { policy, consent, shown }) => {
            let (policy, places) = connect(&policy).await?;
            act::rebalance(on(&places, &policy, &clock, shown), consent.yes).await
        }
        Command::Adopt(Adopt { sessions, policy, consent, shown }) => {
            let (policy, places) = connect(&policy).await?;
            let sessions = sessions.into_iter().map(SessionId::from).collect();
            act::adopt(on(&places, &policy, &clock, shown), &sessions, consent.yes).await
        }
        Command::Teardown(Teardown { policy, consent, shown }) => {
            // Nothing is drawn any more.
            let (policy, places) = reach(ask::read_policy(&policy.policy)?).await?;
            act::teardown(on(&places, &policy, &clock, shown), consent.yes).await
        }
        Command::Approve(Approve { digest, listen }) => approve::approve(digest, listen).await,
        Command::Run(args) => {
            stop_on_signals(stop.clone())?;
            watch(args, clock, stop).await
        }
        Command::Demo(args) => {
            stop_on_signals(stop.clone())?;
            demo::demo(args, clock, stop).await
        }
        Command::Sim(args) => {
            stop_on_signals(stop.clone())?;
            sim::sim(args, stop).await
        }
    }
}

/// The policy, and the way to AWS in each of its places: the policy first, for what is wrong with it shows without AWS.
async fn connect(args: &args::Policy) -> anyhow::Result<(Arc<Policy>, Vec<There<Sdk>>)> {
    let key = sample_key(args.sample_key_file.as_deref())?;
    reach(keyed(ask::read_policy(&args.policy)?, key.as_ref()).map_err(anyhow::Error::msg)?).await
}

async fn reach(policy: Policy) -> anyhow::Result<(Arc<Policy>, Vec<There<Sdk>>)> {
    let policy = Arc::new(policy);
    let places = everywhere(&policy, &Ambient::load(Options::default()).await).await?;
    Ok((policy, places))
}

fn on<'a>(places: &'a [There<Sdk>], policy: &'a Policy, clock: &'a Monotonic, shown: Shown) -> On<'a, Sdk, Monotonic> {
    On { places, policy, clock, output: shown.output }
}

/// Longer than a call may take, and than an action that fails is left alone. While a loop rests it is not silent.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_mins(2);

async fn watch(args: Run, clock: Monotonic, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let Run { policy, listen, resync, role_tag, leader_election, lease_name, lease_namespace } = args;
    let (file, policy) = PolicyFile::open(&policy.policy, sample_key(policy.sample_key_file.as_deref())?)?;
    let listener = bind(listen, "--listen").await?;
    // Port 0 is any free one: only now it is known which.
    let listen = listener.local_addr()?;
    let me = identity();
    let lease = match leader_election {
        LeaderElection::Off => None,
        LeaderElection::Lease => Some(KubernetesLease::connect(lease_name, lease_namespace, me.clone()).await?),
    };
    let ambient = Ambient::load(Options::default()).await;
    let places = places(&policy, &ambient)?.len();
    let resync = SignedDuration::try_from(resync)?;
    let (announcer, heard) = Announcer::new();
    let announcer = if lease.is_some() { announcer } else { Announcer::default() };
    let records = Arc::new(Records::new(&role_tag, announcer));
    if lease.is_some() {
        records.elects();
    }
    let router = pages(Pages { records: records.clone(), clock: clock.clone(), longest_silence: LONGEST_SILENCE });
    let server = serve(listener, router);
    info!(owner = policy.owner, places, %listen, "running");
    let (sender, policies) = watch::channel(Arc::new(policy));
    let following = follow(file, sender, &clock, &records, &stop);
    let alone = if lease.is_some() { Standing::StandsBy } else { Standing::Alone };
    let (standing, known) = watch::channel(alone);
    let noted = note_standing(known.clone(), &records, &stop);
    let lead = Lead::of(known);
    let announcing = async {
        if let Some(lease) = &lease {
            announce(lease, heard, &lead, &clock, &stop).await;
        }
    };
    // The lease is given back when nothing is changed any more, not when it is time to stop.
    let over = CancellationToken::new();
    let loops = Loops {
        ambient,
        resync,
        clock: clock.clone(),
        records: records.clone(),
        lead: lead.clone(),
        stop: stop.clone(),
    };
    let kept = async {
        let kept = look_after(loops, policies).await;
        over.cancel();
        kept
    };
    let (campaigned, until_over) = (clock.until(CancellationToken::new()), over.clone());
    let campaigning = async {
        if let Some(lease) = &lease {
            campaign(lease, &me, &campaigned, &standing, &until_over).await;
        }
    };
    let (kept, (), (), (), ()) = tokio::join!(kept, following, campaigning, noted, announcing);
    kept?;
    server.end();
    info!("stopped; sessions stay as they are");
    Ok(ExitCode::SUCCESS)
}

/// Writes down whether this process leads, until `stop`.
async fn note_standing(mut lead: watch::Receiver<Standing>, records: &Records, stop: &CancellationToken) {
    loop {
        records.leads(*lead.borrow_and_update() != Standing::StandsBy);
        tokio::select! {
            () = stop.cancelled() => return,
            Ok(()) = lead.changed() => {}
        }
    }
}

/// SIGTERM and SIGINT cancel `stop`.
fn stop_on_signals(stop: CancellationToken) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    Ok(())
}
