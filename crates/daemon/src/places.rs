//! Takes AWS and a policy that may change; keeps a loop going in each of its places, side by side. Never has one wait for another, or
//! removes anything where it cannot be told whose the place is now.
//!
//! ```text
//!  the policy                                           the loop
//!  names the place by the same way                      stays
//!  names it by another way, or nobody can tell          ends, and what stands there stays
//!  names it no more                                     wants nothing there, until nothing of ours is left; then it ends
//! ```

use std::sync::Arc;

use jiff::SignedDuration;
use mirror_aws::Ambient;
use mirror_core::Time;
use mirror_core::ids::AccountId;
use mirror_core::policy::{Place, Policy};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::field::Empty;
use tracing::{Instrument, error, error_span, info, warn};

use crate::clock::{Clock, Monotonic};
use crate::lead::Lead;
use crate::place::{Account, There, places};
use crate::record::Record;
use crate::records::Records;
use crate::run::{Oversight, run};

/// How often it is looked whether a place that has left the scope is empty.
const EVERY: SignedDuration = SignedDuration::from_secs(2);

/// What every loop is made with.
#[derive(Clone)]
pub struct Loops {
    /// AWS.
    pub ambient: Ambient,
    /// How often everything is read again.
    pub resync: SignedDuration,
    /// The time.
    pub clock: Monotonic,
    /// Where each loop writes down what it does.
    pub records: Arc<Records>,
    /// Whether they may change anything.
    pub lead: Lead,
    /// When all of them end.
    pub stop: CancellationToken,
}

/// A loop that goes.
struct Running {
    place: Place,
    account: Account,
    record: Arc<Record>,
    policies: watch::Sender<Arc<Policy>>,
    leaving: bool,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

/// What becomes of a loop when the policy changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Ends,
    Leaves,
}

/// Looks after every place of the policy until it is to stop.
///
/// # Errors
///
/// When the first policy names no Region, and none is at hand.
pub async fn look_after(loops: Loops, mut policies: watch::Receiver<Arc<Policy>>) -> anyhow::Result<()> {
    let mut running: Vec<Running> = Vec::new();
    let mut policy = policies.borrow_and_update().clone();
    let mut wanted = places(&policy, &loops.ambient)?;
    while !loops.stop.is_cancelled() {
        running = follow(&loops, running, &policy, &wanted).await;
        loop {
            let next = loops.clock.now().saturating_add(EVERY).unwrap_or(Time::MAX);
            let changed = tokio::select! {
                () = loops.clock.sleep_until(next) => false,
                Ok(()) = policies.changed() => true,
            };
            if loops.stop.is_cancelled() {
                break;
            }
            running = without_the_empty(&loops, running).await;
            if !changed {
                continue;
            }
            policy = policies.borrow_and_update().clone();
            match places(&policy, &loops.ambient) {
                Ok(places) => {
                    wanted = places;
                    break;
                }
                Err(error) => error!("{error:#}: the places stay as they are"),
            }
        }
    }
    for loop_ in running {
        loop_.end().await;
    }
    Ok(())
}

/// Has the loops follow a policy: those that end do so before others begin, since they may be of one place.
async fn follow(loops: &Loops, running: Vec<Running>, policy: &Arc<Policy>, wanted: &[Place]) -> Vec<Running> {
    let known = |place: &Place| {
        let of = |it: &&Running| it.place.same_way(place);
        place.account().or_else(|| running.iter().find(of)?.account.get().cloned())
    };
    let wanted: Vec<(Place, Option<AccountId>)> = wanted.iter().map(|place| (place.clone(), known(place))).collect();
    let mut kept: Vec<Running> = Vec::new();
    for mut it in running {
        match fate(&it.place, it.account.get(), &wanted) {
            Fate::Stays => {
                it.stays(policy);
                kept.push(it);
            }
            Fate::Leaves => {
                it.leaves(policy);
                kept.push(it);
            }
            Fate::Ends => {
                warn!("{}: another entry of the policy may be this place; nothing is removed", it.record.place());
                it.close(loops).await;
            }
        }
    }
    for (place, _) in wanted {
        if !kept.iter().any(|it| it.place.same_way(&place)) {
            kept.push(start(loops, place, policy.clone()).await);
        }
    }
    kept
}

/// What becomes of the loop of a place whose account may be known, when these are wanted, of which the accounts may be known.
fn fate(place: &Place, account: Option<&AccountId>, wanted: &[(Place, Option<AccountId>)]) -> Fate {
    let in_region = || wanted.iter().filter(|(other, _)| other.region == place.region);
    if in_region().any(|(other, _)| other.same_way(place)) {
        // By a role too: then the one without a role begins anew, and is not believed.
        let named = in_region().any(|(other, known)| other.role.is_some() && known.as_ref() == account);
        return if place.role.is_none() && account.is_some() && named { Fate::Ends } else { Fate::Stays };
    }
    let may_be = |known: &Option<AccountId>| known.is_none() || account.is_none() || known.as_ref() == account;
    if in_region().any(|(_, known)| may_be(known)) { Fate::Ends } else { Fate::Leaves }
}

async fn start(loops: &Loops, place: Place, policy: Arc<Policy>) -> Running {
    let Loops { ambient, resync, clock, records, lead, stop } = loops.clone();
    let sdk = ambient.at(&place.region, place.role.as_ref(), &policy.owner).await;
    let (account, region) = (Account::of(&place), place.region.clone());
    let record = records.open(region.clone(), account.clone(), clock.now());
    let (sender, policies) = watch::channel(policy);
    let stop = stop.child_token();
    let clock = clock.until(stop.clone());
    // Of every level: whoever logs only errors wants to know where, too.
    let span = error_span!("place", account = Empty, region = region.as_str());
    account.get().into_iter().for_each(|account| _ = span.record("account", account.as_str()));
    let there = There::new(sdk, place.clone(), account.clone(), policies.clone());
    let (written, stopped) = (record.clone(), stop.clone());
    let going = async move {
        let oversight = Oversight { record: &written, stop: &stopped, lead };
        run(&there, policies, &region, resync, &clock, oversight).await;
    };
    let task = tokio::spawn(going.instrument(span));
    Running { place, account, record, policies: sender, leaving: false, stop, task }
}

/// Ends the loops of places that have left the scope and where nothing of ours is left.
async fn without_the_empty(loops: &Loops, running: Vec<Running>) -> Vec<Running> {
    let (empty, kept): (Vec<_>, Vec<_>) = running.into_iter().partition(|it| it.leaving && it.record.is_empty());
    for it in empty {
        info!("{}: nothing of ours is left there, and it is looked after no longer", it.record.place());
        it.close(loops).await;
    }
    kept
}

impl Running {
    fn stays(&mut self, policy: &Arc<Policy>) {
        if self.leaving {
            info!("{}: it is in the policy's scope again", self.record.place());
            self.leaving = false;
            self.record.returns();
        }
        self.policies.send_replace(policy.clone());
    }

    fn leaves(&mut self, policy: &Arc<Policy>) {
        if !self.leaving {
            warn!(
                "{}: it has left the policy's scope; what is ours there is removed, as the guard allows",
                self.record.place()
            );
            self.leaving = true;
            self.record.leaves();
        }
        self.policies.send_replace(Arc::new(policy.wanting_nothing()));
    }

    async fn close(self, loops: &Loops) {
        let record = self.record.clone();
        self.end().await;
        loops.records.close(&record);
    }

    /// A call that is in flight is waited for.
    async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            error!("{}: its loop has broken off: {error}", self.record.place());
        }
    }
}

#[cfg(test)]
mod tests {
    use mirror_core::policy::Role;

    use super::*;

    const OURS: &str = "111122223333";
    const THEIRS: &str = "444455556666";

    /// A place of a Region, by a role of an account or without one.
    fn place(region: &str, role: Option<(&str, &str)>) -> Place {
        let arn = |(account, name)| format!("arn:aws:iam::{account}:role/{name}");
        let role = role.map(|it| Role { arn: arn(it), external_id: None });
        Place { region: region.into(), role, line: 1 }
    }

    /// What becomes of a place whose account is known or not, when these are wanted.
    fn fate_of(it: &Place, account: Option<&str>, wanted: &[(Place, Option<&str>)]) -> Fate {
        let wanted: Vec<_> = wanted.iter().map(|(place, known)| (place.clone(), known.map(AccountId::from))).collect();
        fate(it, account.map(AccountId::from).as_ref(), &wanted)
    }

    #[test]
    fn a_place_that_is_named_in_another_line_stays() {
        let role = place("eu-west-1", Some((THEIRS, "a")));
        let moved = Place { line: 9, ..role.clone() };
        assert_eq!(fate_of(&role, Some(THEIRS), &[(moved, Some(THEIRS))]), Fate::Stays);
        let here = place("eu-west-1", None);
        assert_eq!(fate_of(&here, None, &[(here.clone(), None), (role, Some(THEIRS))]), Fate::Stays);
    }

    #[test]
    fn a_place_that_is_named_no_more_leaves_where_that_is_certain() {
        let (here, role) = (place("eu-west-1", None), place("eu-west-1", Some((THEIRS, "a"))));
        assert_eq!(fate_of(&role, Some(THEIRS), &[(here.clone(), Some(OURS))]), Fate::Leaves);
        assert_eq!(
            fate_of(&role, Some(THEIRS), &[(place("eu-west-2", Some((THEIRS, "a"))), Some(THEIRS))]),
            Fate::Leaves
        );
        assert_eq!(fate_of(&role, Some(THEIRS), &[(here.clone(), None)]), Fate::Ends, "that may be the same account");
        assert_eq!(fate_of(&here, None, &[(role, Some(THEIRS))]), Fate::Ends, "and so may this");
    }

    #[test]
    fn a_place_to_which_another_role_leads_now_is_not_emptied() {
        let (before, after) = (place("eu-west-1", Some((THEIRS, "a"))), place("eu-west-1", Some((THEIRS, "b"))));
        assert_eq!(fate_of(&before, Some(THEIRS), &[(after, Some(THEIRS))]), Fate::Ends);
    }

    #[test]
    fn a_place_without_a_role_that_a_role_names_too_begins_anew_and_is_asked_who_it_is() {
        let (here, role) = (place("eu-west-1", None), place("eu-west-1", Some((OURS, "a"))));
        assert_eq!(fate_of(&here, Some(OURS), &[(here.clone(), Some(OURS)), (role, Some(OURS))]), Fate::Ends);
    }
}
