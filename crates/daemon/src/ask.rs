//! Takes a cloud and a policy; makes one round that applies nothing, and says what came of it. The only dry run there is.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use mirror_core::cloud::Cloud;
use mirror_core::ids::Region;
use mirror_core::memory::Memory;
use mirror_core::observe::Hints;
use mirror_core::policy::{self, Policy};
use mirror_core::report;

use crate::clock::Clock;
use crate::round::{Permit, Round, Watcher, round};

/// Something would change.
const CHANGES: u8 = 2;

/// Reads a policy file.
///
/// # Errors
///
/// When it cannot be read, or anything in it is wrong: a line for each mistake, with its place.
pub fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    let file = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the policy {file}"))?;
    Ok(policy::parse(&file, &text)?)
}

/// What would change.
///
/// # Errors
///
/// When not everything could be seen: then nobody can tell what would change.
pub async fn plan<C: Cloud>(
    cloud: &C,
    policy: &Policy,
    region: &Region,
    clock: &impl Clock,
) -> anyhow::Result<ExitCode> {
    let round = look(cloud, policy, region, clock).await;
    print(&report::plan(&round.seen.inventory, &round.plan))?;
    if round.seen.inventory.complete_since().is_none() {
        bail!("not everything could be seen: the plan is not whole");
    }
    Ok(if round.plan.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(CHANGES) })
}

/// Why an instance or an interface is mirrored or not.
///
/// # Errors
///
/// When there is no such instance or interface, or none could be seen.
pub async fn explain<C: Cloud>(
    cloud: &C,
    policy: &Policy,
    region: &Region,
    clock: &impl Clock,
    id: &str,
) -> anyhow::Result<ExitCode> {
    let round = look(cloud, policy, region, clock).await;
    let lines = report::explain(&round.seen.inventory, &round.decisions, &round.plan, id);
    if lines.is_empty() {
        let gaps = report::gaps(&round.seen.inventory);
        match (gaps.is_empty(), &round.seen.inventory.account) {
            (true, Some(account)) => bail!("there is no instance or network interface {id} in {account}, {region}"),
            _ => bail!("{id} could not be seen:\n{}", gaps.join("\n")),
        }
    }
    print(&format!("{}\n", lines.join("\n")))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes to standard output. A reader who goes away early, as `head` does, has read what it wanted.
///
/// # Errors
///
/// When it cannot be written otherwise.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

async fn look<C: Cloud>(cloud: &C, policy: &Policy, region: &Region, clock: &impl Clock) -> Round {
    round(cloud, policy, Memory::new(region.clone()), &Hints::default(), &Looker, clock).await
}

/// Lets a round look, and nothing else.
struct Looker;

impl Watcher for Looker {
    fn permit(&self) -> Permit {
        Permit::Read
    }
}
