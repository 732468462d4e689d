//! Takes places and their policy; makes one round in each that applies nothing, and says what came of it. The only dry run there is.

use std::fs;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use mirror_core::cloud::Cloud;
use mirror_core::grants::grants;
use mirror_core::memory::Memory;
use mirror_core::observe::Hints;
use mirror_core::policy::{self, Policy};
use mirror_core::report::{self, Checked, Coverage, Explanation, PlanReport, Seen, Sources};

use crate::clock::Clock;
use crate::ends::Ends;
use crate::place::There;
use crate::round::{Permit, Round, Watcher, round};
use crate::show::{Output, coloured, colours, print, show};

/// What a command works on.
#[derive(Debug)]
pub struct On<'a, C, K> {
    /// Where: one place after the other.
    pub places: &'a [There<C>],
    /// The policy.
    pub policy: &'a Policy,
    /// The clock.
    pub clock: &'a K,
    /// For whom it writes.
    pub output: Output,
}

impl<C, K> Clone for On<'_, C, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, K> Copy for On<'_, C, K> {}

impl<C, K> On<'_, C, K> {
    /// Whether the policy names its places, so that it has to be said of which one something is.
    pub(crate) fn several(&self) -> bool {
        !self.policy.places.is_empty()
    }

    pub(crate) fn ends(&self) -> Ends {
        Ends::new(self.output, self.several())
    }
}

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

/// What to grant for a policy file: the document alone where there is but one, so that it can be given to AWS as it is printed.
///
/// # Errors
///
/// When the file cannot be read, or anything in it is wrong.
pub fn iam_policy(path: &Path, adopt: bool) -> anyhow::Result<ExitCode> {
    let policy = read_policy(path)?;
    let grants = grants(&policy, adopt);
    let printed = match grants.as_slice() {
        [grant] if policy.places.is_empty() => serde_json::to_string_pretty(&grant.document)?,
        grants => serde_json::to_string_pretty(grants)?,
    };
    print(&format!("{printed}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// What would change.
///
/// # Errors
///
/// When not everything could be seen: then nobody can tell what would change.
pub async fn plan<C: Cloud + Sync>(on: On<'_, C, impl Clock>) -> anyhow::Result<ExitCode> {
    let mut ends = on.ends();
    for there in on.places {
        let round = look(there, on.policy, Memory::new(there.region().clone()), on.clock).await;
        let mut report = report::plan(&round.seen.inventory, &round.desired, &round.plan);
        report.account = report.account.or_else(|| there.account().get().cloned());
        ends.say(&report, PlanReport::text)?;
        let seen = round.seen.inventory.complete_since().is_some() && round.seen.inventory.account.is_some();
        let went = if seen {
            Ok(!round.plan.is_empty())
        } else {
            Err(anyhow!("not everything could be seen: the plan is not whole"))
        };
        ends.note(there, went);
    }
    ends.end()
}

/// Why an instance or an interface is mirrored or not, wherever it is: the first place that has it says so.
///
/// # Errors
///
/// When there is no such instance or interface, or none could be seen.
pub async fn explain<C: Cloud + Sync>(on: On<'_, C, impl Clock>, id: &str) -> anyhow::Result<ExitCode> {
    let (mut looked, mut unseen) = (Vec::new(), Vec::new());
    for there in on.places {
        let round = look(there, on.policy, Memory::new(there.region().clone()), on.clock).await;
        if let Some(explanation) = report::explain(seen(on.policy, &round), id) {
            if on.output == Output::Text && on.several() {
                print(&format!("{there}\n\n"))?;
            }
            show(on.output, &explanation, Explanation::text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let gaps = report::gaps(&round.seen.inventory);
        looked.push(there.to_string());
        if !gaps.is_empty() || round.seen.inventory.account.is_none() {
            unseen.extend(gaps.into_iter().map(|gap| if on.several() { format!("{there}: {gap}") } else { gap }));
        }
    }
    match unseen.is_empty() {
        true => bail!("there is no instance or network interface {id} in {}", looked.join("; ")),
        false => bail!("{id} could not be seen:\n{}", unseen.join("\n")),
    }
}

/// What each strategy covers, what that costs, and what nobody sees.
///
/// # Errors
///
/// When not everything could be seen: what is not covered may only be unseen.
pub async fn coverage<C: Cloud + Sync>(on: On<'_, C, impl Clock>) -> anyhow::Result<ExitCode> {
    let mut ends = on.ends();
    // What else leads to the jewels is told here, and asked for by nobody else.
    let policy = Policy { looks_for_ways_in: true, ..on.policy.clone() };
    for there in on.places {
        let round = look(there, &policy, Memory::new(there.region().clone()), on.clock).await;
        let mut coverage = report::coverage(seen(&policy, &round));
        coverage.account = coverage.account.or_else(|| there.account().get().cloned());
        ends.say(&coverage, Coverage::text)?;
        let seen = round.seen.inventory.complete_since().is_some();
        let went = if seen { Ok(false) } else { Err(anyhow!("not everything could be seen: the report is not whole")) };
        ends.note(there, went);
    }
    ends.end()
}

/// The tripwires of a policy file as rules for Suricata.
///
/// # Errors
///
/// When the file cannot be read, or anything in it is wrong.
pub fn suricata(path: &Path, first: u32) -> anyhow::Result<ExitCode> {
    print(&report::suricata(&read_policy(path)?, first))?;
    Ok(ExitCode::SUCCESS)
}

/// Every interface, or those with one reason.
///
/// # Errors
///
/// When no interface anywhere has that reason, or not every interface could be seen.
pub async fn sources<C: Cloud + Sync>(on: On<'_, C, impl Clock>, reason: Option<&str>) -> anyhow::Result<ExitCode> {
    let mut ends = on.ends();
    let (mut listed, mut without) = (false, Vec::new());
    for there in on.places {
        let round = look(there, on.policy, Memory::new(there.region().clone()), on.clock).await;
        match report::sources(seen(on.policy, &round), reason) {
            Ok(mut sources) => {
                listed = true;
                sources.account = sources.account.or_else(|| there.account().get().cloned());
                ends.say(&sources, Sources::text)?;
            }
            Err(no_such_reason) => without.push((there, no_such_reason)),
        }
        let seen = round.seen.inventory.complete_since().is_some();
        ends.note(
            there,
            if seen { Ok(false) } else { Err(anyhow!("not everything could be seen: the list is not whole")) },
        );
    }
    // Where others have it, that a place has not is no mistake of whoever asks.
    let without = without.into_iter().filter(|_| !listed);
    without.for_each(|(there, no_such_reason)| ends.note(there, Err(anyhow::Error::msg(no_such_reason))));
    ends.end()
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
