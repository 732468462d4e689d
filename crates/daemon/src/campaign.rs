//! Takes a lease that several ask for; keeps asking until the end, and tells the loops when they lead. Never leads by a clock but its own:
//! core's `lease` says what to ask when.

use std::future::Future;

use mirror_core::Time;
use mirror_core::lease::{Answer, Ask, CALL, Candidate};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::lead::Standing;

/// How often it is tried to give the lease back at the end: it must be known to do so.
const RELEASES: usize = 3;

/// Where the lease is.
pub trait Leases: Sync {
    /// Asks. A write that fails may have been made.
    fn ask(&self, ask: &Ask) -> impl Future<Output = anyhow::Result<Answer>> + Send;
}

/// Asks for the lease under that name until `end`, and then gives it back: once nothing is changed any more.
pub async fn campaign(
    leases: &impl Leases,
    me: &str,
    clock: &impl Clock,
    standing: &watch::Sender<Standing>,
    end: &CancellationToken,
) {
    let mut candidate = Candidate::new(me.to_owned());
    let mut said = Said::default();
    while !end.is_cancelled() {
        let now = clock.now();
        tell(&candidate, standing, now);
        said.say(&candidate, now);
        match candidate.ask(now) {
            Ask::Wait(until) => {
                let ends = candidate.leading(now).map_or(Time::MAX, |leading| leading.ends());
                tokio::select! {
                    () = clock.sleep_until(until.min(ends)) => {}
                    () = end.cancelled() => {}
                }
            }
            ask => turn(leases, &mut candidate, &ask, clock, &mut said).await,
        }
    }
    standing.send_replace(Standing::StandsBy);
    for _ in 0..RELEASES {
        let Some(ask) = candidate.release(clock.now()) else { return };
        turn(leases, &mut candidate, &ask, clock, &mut said).await;
    }
}

/// Asks once, and does not wait for ever: an API server that stands still closes nothing.
async fn turn(leases: &impl Leases, candidate: &mut Candidate, ask: &Ask, clock: &impl Clock, said: &mut Said) {
    let begun = clock.now();
    // An answer that comes when the term is over renews nothing.
    let ends = candidate.leading(begun).map_or(Time::MAX, |leading| leading.ends());
    let late = begun.saturating_add(CALL).unwrap_or(Time::MAX).min(ends);
    let answer = tokio::select! {
        biased;
        answer = leases.ask(ask) => answer,
        () = clock.sleep_until(late) => Err(anyhow::anyhow!("no answer in time")),
    };
    said.failed(answer.as_ref().err());
    candidate.take(ask, answer.unwrap_or(Answer::Failed), begun, clock.now());
}

/// A renewal is nothing that anybody has to wake up for: each reads how long it lasts when it needs to know.
fn tell(candidate: &Candidate, standing: &watch::Sender<Standing>, now: Time) {
    let new = candidate.leading(now).map_or(Standing::StandsBy, Standing::Leads);
    standing.send_if_modified(|known| {
        let same = match (*known, new) {
            (Standing::Leads(before), Standing::Leads(now)) => before.since == now.since,
            (before, now) => before == now,
        };
        *known = new;
        !same
    });
}

/// What has been said, so that nothing is said every second.
#[derive(Default)]
struct Said {
    leads: bool,
    leader: Option<String>,
    failure: Option<String>,
}

impl Said {
    fn say(&mut self, candidate: &Candidate, now: Time) {
        let leads = candidate.leading(now).is_some();
        match (self.leads, leads) {
            (false, true) => info!("leading"),
            (true, false) => warn!("leading no longer: the lease was not renewed in time, or another has it"),
            _ => {}
        }
        let leader = candidate.leader().map(str::to_owned);
        if !leads
            && leader != self.leader
            && let Some(leader) = &leader
        {
            info!(leader, "standing by");
        }
        (self.leads, self.leader) = (leads, leader);
    }

    fn failed(&mut self, error: Option<&anyhow::Error>) {
        let failure = error.map(|error| format!("{error:#}"));
        if failure != self.failure {
            match &failure {
                Some(failure) => warn!("the lease cannot be asked for: {failure}"),
                None => info!("the lease can be asked for again"),
            }
        }
        self.failure = failure;
    }
}
