//! Takes a cloud and a policy that may change; goes round until it is told to stop. Never undoes anything at the end: sessions live in AWS, and go on
//! mirroring while nobody is here.

use std::sync::Arc;

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::Cloud;
use mirror_core::ids::Region;
use mirror_core::memory::{Done, Memory};
use mirror_core::observe::Hints;
use mirror_core::policy::Policy;
use mirror_core::wake::wake;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::lead::{Lead, Term};
use crate::record::Record;
use crate::round::{Permit, Read, Round, Watcher, round};

/// How much less often than a leader one that stands by reads everything: it only has to know where it would begin.
const STANDING_BY: i32 = 5;

/// Whoever a loop answers to.
pub struct Oversight<'a> {
    /// Where it writes down what it does.
    pub record: &'a Record,
    /// When it ends.
    pub stop: &'a CancellationToken,
    /// Whether it may change anything.
    pub lead: Lead,
}

/// Goes round until it is to stop, each time by the policy that counts then. A call that is in flight then is waited for; none is begun.
///
/// One that stands by sees, decides and plans, and changes nothing. When it begins to lead it begins anew, as after a restart: what it
/// does is planned from reads that were begun since, and nothing that another did while it led is taken for somebody else's doing. But a
/// lease that comes and goes is no way to lose more sessions in an hour.
pub async fn run<C: Cloud>(
    cloud: &C,
    mut policies: watch::Receiver<Arc<Policy>>,
    region: &Region,
    resync: SignedDuration,
    clock: &impl Clock,
    Oversight { record, stop, mut lead }: Oversight<'_>,
) {
    let mut memory = Memory::new(region.clone());
    let mut hints = Hints::default();
    let mut before = lead.term(clock.now());
    while !stop.is_cancelled() {
        let term = lead.term(clock.now());
        if term != before || term.is_none() {
            memory = memory.anew(region.clone());
            hints = Hints::default();
        }
        before = term;
        let watcher = Supervisor { clock, record, stop, lead: &lead, term };
        hints.kinds.extend(Hints::resync(&memory, resync, clock.now()).kinds);
        hints.approved = record.approved();
        let policy = policies.borrow_and_update().clone();
        let round = round(cloud, &policy, memory, &hints, &watcher, clock).await;
        record.round(&policy, &round, term.is_some());
        hints = Hints::after(&round.done, &round.memory);
        let now = clock.now();
        let next = match term {
            // Until it has seen everything it is not ready, and a rollout waits for it.
            None if round.seen.inventory.complete_since().is_none() => now.saturating_add(resync).unwrap_or(Time::MAX),
            None => now.saturating_add(resync.saturating_mul(STANDING_BY)).unwrap_or(Time::MAX),
            // The lease was about to end, and the plan with it: it is soon known whether it does.
            Some(_) if !lead.permits(term, now) => now.saturating_add(SOON).unwrap_or(Time::MAX),
            Some(_) if round.progressed() => now,
            Some(_) => wake(&policy, &round.memory, &round.plan, &round.undone, resync, now),
        };
        Round { memory, .. } = round;
        record.rests(next);
        // A policy that changes is followed at once, and so is a person's word; without anybody who says anything only the time counts.
        // In this order: the same history must always be the same.
        tokio::select! {
            biased;
            () = clock.sleep_until(next) => {}
            Ok(()) = policies.changed() => {}
            () = record.spoken_to() => {}
            () = lead.changed() => {}
        }
    }
}

/// How soon it is looked again whether a lease has been renewed that was about to end.
const SOON: SignedDuration = SignedDuration::from_secs(1);

/// Lets a round do everything until it is to stop, or leads no longer in the term that it began in; writes down what it does.
struct Supervisor<'a, K> {
    clock: &'a K,
    record: &'a Record,
    stop: &'a CancellationToken,
    lead: &'a Lead,
    term: Option<Term>,
}

impl<K: Clock> Watcher for Supervisor<'_, K> {
    fn permit(&self) -> Permit {
        let now = self.clock.now();
        self.record.beat(now);
        match self.stop.is_cancelled() {
            true => Permit::Nothing,
            false if self.lead.permits(self.term, now) => Permit::Apply,
            false => Permit::Read,
        }
    }

    fn read(&self, read: &Read) {
        self.record.read(read);
    }

    fn done(&self, done: &Done, took: SignedDuration) {
        self.record.step(done, took);
    }
}
