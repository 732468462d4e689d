//! Takes ports and a fleet's size; runs an embedded cloud and the real daemon against it, over HTTP and with the real SDK. Never
//! touches an AWS account: its credentials are made up, and its endpoint is on loopback.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use jiff::SignedDuration;
use mirror_aws::{Ambient, Keys, Options};
use mirror_core::policy::SampleKey;
use mirror_core::report::Summary;
use mirror_sim::Api;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::announce::Announcer;
use crate::args::{Demo, Strategies};
use crate::clock::Monotonic;
use crate::embedded::Embedded;
use crate::follow::{PolicyFile, follow};
use crate::lead::Lead;
use crate::listen::{Pages, Serving, bind, pages, serve};
use crate::pace::Pace;
use crate::places::{Loops, look_after};
use crate::records::Records;
use crate::sim::REGION;
use crate::{control, embedded, show, sim};

/// Every demo is the same fleet: what one sees, another can look up.
const SEED: u64 = 1;
/// The embedded cloud is everybody's, and so is whom the lot falls on in it.
const SAMPLE_KEY: &str = "the demo's key is no secret";
/// Short, for whoever tags an instance wants to see something happen.
const RESYNC: SignedDuration = SignedDuration::from_secs(2);
/// The tag that tells its machines apart.
const ROLE: &str = "role";
/// Longer than a stuck call may take.
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_mins(1);

/// Runs the demo until `stop`, or for as long as the arguments say.
///
/// # Errors
///
/// When a port is taken, or the policy file cannot be written.
pub async fn demo(args: Demo, clock: Monotonic, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let Demo { port, listen, instances, strategies, duration } = args;
    let cloud = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), "--port").await?;
    let listener = bind(listen, "--listen").await?;
    let (cloud_at, listen_at) = (cloud.local_addr()?, listener.local_addr()?);

    let pace = Pace::real();
    let (world, sensor) = match strategies {
        Strategies::Jewels => sim::world(SEED, instances, pace.now())?,
        Strategies::All => sim::world_with_doors(SEED, instances, pace.now())?,
    };
    let embedded = Embedded { api: Arc::new(Mutex::new(Api::new(world, SEED))), pace };
    let path = write_policy(cloud_at.port(), &policy(sensor.as_str(), strategies))?;
    let (file, policy) = PolicyFile::open(&path, Some(SampleKey::new(SAMPLE_KEY.as_bytes())?))?;

    let records = Arc::new(Records::new(ROLE, Announcer::default()));
    let everything = pages(Pages { records: records.clone(), clock: clock.clone(), longest_silence: LONGEST_SILENCE });
    let servers = [embedded::serve(cloud, control::door(embedded)), serve(listener, everything)];
    show::print(&greeting(instances, strategies, cloud_at, listen_at, &path))?;

    if let Some(duration) = duration {
        let stop = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(duration).await;
            stop.cancel();
        });
    }
    let keys = Keys { id: "demo".into(), secret: "demo".into() };
    let endpoint = Some(format!("http://{cloud_at}"));
    let ambient = Ambient::load(Options { region: Some(REGION.into()), endpoint, keys: Some(keys) }).await;
    let (sender, policies) = watch::channel(Arc::new(policy));
    let following = follow(file, sender, &clock, &records, &stop);
    let (clock, stop) = (clock.clone(), stop.clone());
    let loops = Loops { ambient, resync: RESYNC, clock, records: records.clone(), lead: Lead::alone(), stop };
    let (kept, ()) = tokio::join!(look_after(loops, policies), following);
    kept?;
    servers.into_iter().for_each(Serving::end);
    // The file is the demo's own; whoever changed it has nothing left to run it against.
    _ = fs::remove_file(&path);
    show::print(&farewell(records.summary(), records.converged()))?;
    Ok(ExitCode::SUCCESS)
}

/// Evidence settles quickly, and the whole request rate is ours: nobody else uses this cloud.
fn policy(sensor: &str, strategies: Strategies) -> String {
    let strategies = match strategies {
        Strategies::Jewels => JEWELS,
        Strategies::All => ALL,
    };
    format!(
        "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: demo
tagKey: mirror                # mirror=crown-jewel on an instance or a network interface; mirror=off opts out
sensors:
  sta:
    targets:
      - networkLoadBalancer: {sensor}
{strategies}limits: {{apiShare: 100%}}
settle: 5s
"
    )
}

const JEWELS: &str = "\
strategies:
  - name: crown-jewel
    importance: {}
";

const ALL: &str = "\
strategies:
  - name: crown-jewel
    importance: {jumpBoxes: {tags: {role: bastion}}}
  - name: cardholder
    risk: {paths: [{from: {tags: {role: app}}, to: {tags: {role: db}, zones: [eu-west-1b]}, ports: [tcp/5432]}]}
  - name: junctions
    junction: {loadBalancers: [{name: edge}], webAcls: [{name: shield}]}
  - name: front-doors
    accessPath: {select: {tags: {role: web}, zones: [eu-west-1a]}, expect: securityGroups}
  - name: spot-check
    sample: {by: ['tag:role', zone], fraction: 0.1, rotate: 24h}
extras:
  dns: {select: {tags: {role: web}, zones: [eu-west-1a]}}
  tripwires:
    - {name: windows-protocols-on-linux, select: {platform: linux, tags: {role: app}, zones: [eu-west-1c]}, ports: [tcp/3389, tcp/445]}
";

fn write_policy(port: u16, text: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("vpc-mirror-demo-{port}.yaml"));
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

fn greeting(instances: usize, strategies: Strategies, cloud: SocketAddr, listen: SocketAddr, policy: &Path) -> String {
    let (policy, path) = (policy.display(), control::PATH);
    let (key, report) = match strategies {
        Strategies::Jewels => (String::new(), String::new()),
        // Nothing tells what a sample draws without its key.
        Strategies::All => {
            (format!(" VPC_MIRROR_SAMPLE_KEY=\"{SAMPLE_KEY}\""), format!("  vpc-mirror report --policy {policy}\n"))
        }
    };
    format!(
        "\
An embedded cloud with {instances} instances answers at http://{cloud}; one of its auto scaling group is replaced every few seconds.
The daemon keeps its mirroring as {policy} says, and answers at http://{listen}/metrics, /livez and /readyz.

In another terminal:

  export AWS_ENDPOINT_URL=http://{cloud} AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION}{key}
  aws ec2 run-instances --image-id ami-0123456789abcdef0 --instance-type t3.micro --tag-specifications 'ResourceType=instance,Tags=[{{Key=mirror,Value=crown-jewel}}]'
  aws ec2 describe-traffic-mirror-sessions --query 'TrafficMirrorSessions[].[TrafficMirrorSessionId,NetworkInterfaceId,SessionNumber]' --output table
  vpc-mirror explain --policy {policy} i-…
{report}
To break the cloud (docs/simulator.md):

  export SIM=http://{cloud}{path}
  curl $SIM/faults -d '{{\"effect\": \"denied\", \"actions\": [\"CreateTrafficMirrorSession\"]}}'
  curl $SIM/faults -X DELETE

Ctrl-C ends it.

"
    )
}

fn farewell(summary: Summary, converged: Option<SignedDuration>) -> String {
    let Summary { interfaces, wanted, mirrored, refused, foreign, waiting, held, gaps } = summary;
    let after = match converged {
        Some(after) => format!("every wanted session stood {:.1} s after the start", after.as_secs_f64()),
        None => "not every wanted session has stood at the same time yet".into(),
    };
    format!(
        "
{interfaces} network interfaces, {wanted} sessions wanted, {mirrored} of them stand; {after}.
{refused} interfaces are chosen and cannot be mirrored, {foreign} sessions are other people's, {waiting} changes wait, {held} losses are held, {gaps} lists could not be read.
The sessions stay as they are; this cloud goes with the process.
"
    )
}
