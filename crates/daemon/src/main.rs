//! Takes the command line; starts what it asks for, and ends with its exit code. Never does any of it itself.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use jiff::SignedDuration;
use mirror_aws::{Options, Sdk};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::{error, info};
use vpc_mirror::args::{Cli, Command, Explain, Run};
use vpc_mirror::clock::{Clock, Monotonic};
use vpc_mirror::listen::{Pages, bind, pages, serve};
use vpc_mirror::logs::{self, LogFormat};
use vpc_mirror::record::Record;
use vpc_mirror::{ask, demo, run, sim};

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
        Command::Check { policy } => {
            ask::read_policy(&policy)?;
            ask::print(&format!("{}: ok\n", policy.display()))?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Plan(policy) => {
            let policy = ask::read_policy(&policy.policy)?;
            let sdk = Sdk::connect(Options::default()).await?;
            ask::plan(&sdk, &policy, sdk.region(), &clock).await
        }
        Command::Explain(Explain { id, policy }) => {
            let policy = ask::read_policy(&policy.policy)?;
            let sdk = Sdk::connect(Options::default()).await?;
            ask::explain(&sdk, &policy, sdk.region(), &clock, &id).await
        }
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

async fn watch(args: Run, clock: Monotonic, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let Run { policy, listen, resync } = args;
    let policy = ask::read_policy(&policy.policy)?;
    let listener = bind(listen, "--listen").await?;
    // Port 0 is any free one: only now it is known which.
    let listen = listener.local_addr()?;
    let sdk = Sdk::connect(Options::default()).await?;
    let resync = SignedDuration::try_from(resync)?;
    let record = Arc::new(Record::new(clock.now())?);
    let longest_silence = resync.saturating_mul(2).saturating_add(SignedDuration::from_mins(2));
    let router = pages(Pages { record: record.clone(), clock: clock.clone(), longest_silence });
    let server = serve(listener, router);
    info!(owner = policy.owner, region = %sdk.region(), %listen, "running");
    run::run(&sdk, &policy, sdk.region(), resync, &clock, &record, &stop).await;
    server.end();
    info!("stopped; sessions stay as they are");
    Ok(ExitCode::SUCCESS)
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
