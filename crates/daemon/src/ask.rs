//! Takes a cloud and a policy; makes one round that applies nothing, and says what came of it. The only dry run there is.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use mirror_core::cloud::Cloud;
use mirror_core::ids::Region;
use mirror_core::memory::Memory;
use mirror_core::observe::Hints;
use mirror_core::policy::{self, Policy};
use mirror_core::report::{self, Checked, Explanation, PlanReport, Seen, Sources};

use crate::clock::Clock;
use crate::round::{Permit, Round, Watcher, round};
use crate::show::{Output, coloured, colours, show};

/// Something would change.
pub const CHANGES: u8 = 2;

/// Reads a policy file.
///
/// # Errors
///
/// When it cannot be read, or anything in it is wrong: a line for each mistake, with its place.
pub fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    let file = path.display().to_string();
    let text = read(path, &file)?;
    Ok(policy::parse(&file, &text)?)
}

fn read(path: &Path, file: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read the policy {file}"))
}

/// What is wrong with a policy file: on standard error for a person, since that is no result; on standard output as JSON.
///
/// # Errors
///
/// When the file cannot be read.
pub fn check(path: &Path, output: Output) -> anyhow::Result<ExitCode> {
    let file = path.display().to_string();
    let text = read(path, &file)?;
    let error = policy::parse(&file, &text).err();
    let checked = Checked::of(&file, error.as_ref());
    if checked.valid || output == Output::Json {
        show(output, &checked, |checked| checked.text(None))?;
    } else {
        let err = std::io::stderr();
        // Whoever reads it in a terminal wants to see the place; an editor wants a line for each mistake.
        let source = err.is_terminal().then_some(text.as_str());
        eprint!("{}", coloured(&checked.text(source), colours(&err)));
    }
    Ok(if checked.valid { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
    output: Output,
) -> anyhow::Result<ExitCode> {
    let round = look(cloud, policy, Memory::new(region.clone()), clock).await;
    show(output, &report::plan(&round.seen.inventory, &round.desired, &round.plan), PlanReport::text)?;
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
    output: Output,
) -> anyhow::Result<ExitCode> {
    let round = look(cloud, policy, Memory::new(region.clone()), clock).await;
    let Some(explanation) = report::explain(seen(policy, &round), id) else {
        let gaps = report::gaps(&round.seen.inventory);
        match (gaps.is_empty(), &round.seen.inventory.account) {
            (true, Some(account)) => bail!("there is no instance or network interface {id} in {account}, {region}"),
            _ => bail!("{id} could not be seen:\n{}", gaps.join("\n")),
        }
    };
    show(output, &explanation, Explanation::text)?;
    Ok(ExitCode::SUCCESS)
}

/// Every interface, or those with one reason.
///
/// # Errors
///
/// When no interface has that reason, or not every interface could be seen.
pub async fn sources<C: Cloud>(
    cloud: &C,
    policy: &Policy,
    region: &Region,
    clock: &impl Clock,
    reason: Option<&str>,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let round = look(cloud, policy, Memory::new(region.clone()), clock).await;
    let sources = report::sources(seen(policy, &round), reason).map_err(anyhow::Error::msg)?;
    show(output, &sources, Sources::text)?;
    if round.seen.inventory.complete_since().is_none() {
        bail!("not everything could be seen: the list is not whole");
    }
    Ok(ExitCode::SUCCESS)
}

/// All of a round, to be reported.
pub(crate) fn seen<'a>(policy: &'a Policy, round: &'a Round) -> Seen<'a> {
    let Round { ended, seen, decisions, desired, plan, .. } = round;
    Seen { policy, inventory: &seen.inventory, lessons: &seen.lessons, now: *ended, decisions, desired, plan }
}

/// A round that applies nothing.
pub(crate) async fn look<C: Cloud>(cloud: &C, policy: &Policy, memory: Memory, clock: &impl Clock) -> Round {
    round(cloud, policy, memory, &Hints::default(), &Looker, clock).await
}

/// Lets a round look, and nothing else.
struct Looker;

impl Watcher for Looker {
    fn permit(&self) -> Permit {
        Permit::Read
    }
}
