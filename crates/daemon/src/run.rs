//! Takes a cloud and a policy that may change; goes round until it is told to stop. Never undoes anything at the end: sessions live in AWS, and go on
//! mirroring while nobody is here.

use std::sync::Arc;

use jiff::SignedDuration;
use mirror_core::cloud::Cloud;
use mirror_core::ids::Region;
use mirror_core::memory::{Done, Memory};
use mirror_core::observe::Hints;
use mirror_core::policy::Policy;
use mirror_core::wake::wake;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::record::Record;
use crate::round::{Permit, Read, Round, Watcher, round};

/// Goes round until `stop`, each time by the policy that counts then. A call that is in flight then is waited for; none is begun.
pub async fn run<C: Cloud>(
    cloud: &C,
    mut policies: watch::Receiver<Arc<Policy>>,
    region: &Region,
    resync: SignedDuration,
    clock: &impl Clock,
    record: &Record,
    stop: &CancellationToken,
) {
    let watcher = Supervisor { clock, record, stop };
    let mut memory = Memory::new(region.clone());
    let mut hints = Hints::default();
    while !stop.is_cancelled() {
        hints.kinds.extend(Hints::resync(&memory, resync, clock.now()).kinds);
        hints.approved = record.approved();
        let policy = policies.borrow_and_update().clone();
        let round = round(cloud, &policy, memory, &hints, &watcher, clock).await;
        record.round(&round);
        hints = Hints::after(&round.done, &round.memory);
        let next = if round.progressed() {
            clock.now()
        } else {
            wake(&policy, &round.memory, &round.plan, &round.undone, resync, clock.now())
        };
        Round { memory, .. } = round;
        // A policy that changes is followed at once, and so is a person's word; without anybody who says anything only the time counts.
        // In this order: the same history must always be the same.
        tokio::select! {
            biased;
            () = clock.sleep_until(next) => {}
            Ok(()) = policies.changed() => {}
            () = record.spoken_to() => {}
        }
    }
}

/// Lets a round do everything until it is to stop, and writes down what it does.
struct Supervisor<'a, K> {
    clock: &'a K,
    record: &'a Record,
    stop: &'a CancellationToken,
}

impl<K: Clock> Watcher for Supervisor<'_, K> {
    fn permit(&self) -> Permit {
        self.record.beat(self.clock.now());
        if self.stop.is_cancelled() { Permit::Nothing } else { Permit::Apply }
    }

    fn read(&self, read: &Read) {
        self.record.read(read);
    }

    fn done(&self, done: &Done) {
        self.record.step(done);
    }
}
