//! Takes a port, a seed and a fleet's size; runs an embedded cloud alone, with its control endpoint, until it is told to stop. Never runs
//! the daemon against it, and never touches an AWS account.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::LoadBalancerArn;
use mirror_sim::{Api, World, fleet};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::args::{Passing, Sim};
use crate::embedded::{Embedded, serve};
use crate::listen::bind;
use crate::pace::Pace;
use crate::{control, show};

/// The account of an embedded cloud. Source: AWS documentation uses it for examples.
pub const ACCOUNT: &str = "111122223333";
/// Its Region.
pub const REGION: &str = "eu-west-1";

/// The fleet has been running for so long when somebody sees it first.
const BEFORE: SignedDuration = SignedDuration::from_mins(1);

/// Runs the cloud until `stop`.
///
/// # Errors
///
/// When the port is taken, or the fleet does not fit.
pub async fn sim(args: Sim, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let Sim { port, seed, instances, speed, clock } = args;
    let listener = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), "--port").await?;
    let at = listener.local_addr()?;
    let (now, stopped) = match clock {
        Passing::Real => (Time::now(), false),
        Passing::Stopped => (still()?, true),
    };
    let (world, sensor) = world(seed, instances, now)?;
    let embedded = Embedded { api: Arc::new(Mutex::new(Api::new(world, seed))), pace: Pace::from(now, speed, stopped) };
    let server = serve(listener, control::door(embedded));
    show::print(&greeting(at, seed, instances, &sensor))?;
    info!(listen = %at, seed, instances, "running");
    stop.cancelled().await;
    server.end();
    info!("stopped; the cloud is gone");
    Ok(ExitCode::SUCCESS)
}

/// Where time stands still it stands at the same time in every run: the same seed and calls give the same bytes.
fn still() -> anyhow::Result<Time> {
    Ok("2026-01-01T00:00:00Z".parse()?)
}

/// A fleet that has been running for a while, and the load balancer of its sensor.
///
/// # Errors
///
/// When so many instances do not fit.
pub fn world(seed: u64, instances: usize, now: Time) -> anyhow::Result<(World, LoadBalancerArn)> {
    let (world, demo) = demo(seed, instances, now)?;
    Ok((world, demo.sensor))
}

/// The same with security groups, a load balancer and a web ACL.
///
/// # Errors
///
/// When so many instances do not fit.
pub fn world_with_doors(seed: u64, instances: usize, now: Time) -> anyhow::Result<(World, LoadBalancerArn)> {
    let (mut world, demo) = demo(seed, instances, now)?;
    // Who is not running yet is behind no load balancer.
    world.advance(now.saturating_sub(BEFORE / 2)?);
    fleet::doors(&mut world, &demo).context("the embedded cloud")?;
    Ok((world, demo.sensor))
}

fn demo(seed: u64, instances: usize, now: Time) -> anyhow::Result<(World, fleet::Demo)> {
    let begins = now.saturating_sub(BEFORE)?;
    let mut world = World::new(ACCOUNT.into(), REGION.into(), seed, begins);
    let demo = fleet::demo(&mut world, instances).context("the embedded cloud")?;
    Ok((world, demo))
}

fn greeting(at: SocketAddr, seed: u64, instances: usize, sensor: &LoadBalancerArn) -> String {
    let path = control::PATH;
    format!(
        "\
A simulated EC2 with {instances} instances (seed {seed}) answers at http://{at}; one of its auto scaling group is replaced every few seconds.
The load balancer of its sensor is {sensor}.

In another terminal:

  export AWS_ENDPOINT_URL=http://{at} AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION}
  aws ec2 describe-instances --query 'Reservations[].Instances[].[InstanceId,State.Name]' --output table

To break it:

  export SIM=http://{at}{path}
  curl $SIM/settings -X PATCH -d '{{\"rates\": \"usual\", \"lag\": {{\"on\": {{\"most\": \"5s\"}}}}}}'
  curl $SIM/faults -d '{{\"effect\": \"lostAfter\", \"actions\": [\"Create*\"], \"odds\": 0.2}}'

Ctrl-C ends it.

"
    )
}
