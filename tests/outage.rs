//! A day in which AWS does not answer: nothing queues up, memory stays as it is, and afterwards there is no rush.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod account;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use account::{Account, Fate};
use mirror_core::cloud::Action;
use mirror_sim::Request;
use peak_alloc::PeakAlloc;
use vpc_mirror::clock::Clock;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

const FLEET: usize = 100;
const REPLACED: usize = 10;
const HOUR: i64 = 3600;

/// What may come and go between two looks: the buffers of one round.
const SLACK: usize = 64 << 10;

fn is_write(action: Action) -> bool {
    !action.starts_with("Describe") && !action.starts_with("Get")
}

#[tokio::test]
async fn in_a_day_without_aws_memory_stays_flat_nothing_is_queued_and_the_first_minute_after_it_is_no_rush() {
    let mut account = Account::new();
    let fleet: Vec<_> = (0..FLEET).map(|_| account.runs_a_jewel()).collect();
    account.goes_on_for(10 * 60).await;
    assert_eq!(account.sessions().len(), FLEET);

    account.fate(|_| Fate::Lost);
    account.call(Request::TerminateInstances(fleet.iter().take(REPLACED).cloned().collect()));
    (0..REPLACED).for_each(|_| _ = account.runs_a_jewel());
    account.goes_on_for(HOUR).await;
    drop(account.calls());
    let before = ALLOCATED.current_usage();
    let (mut most, mut calls) = (before, 0);
    for _ in 0..23 {
        account.goes_on_for(HOUR).await;
        let asked = account.calls();
        assert!(asked.iter().all(|action| !is_write(action)), "written blindly: {asked:?}");
        calls += asked.len();
        drop(asked);
        most = most.max(ALLOCATED.current_usage());
    }
    assert!(most < before + SLACK, "{before} bytes after an hour, up to {most} in the 23 hours after that");

    let back = account.hands.now();
    let asked: Arc<Mutex<Vec<(i64, Action)>>> = Arc::default();
    let (notes, hands) = (asked.clone(), account.hands.clone());
    account.fate(move |action| {
        notes.lock().unwrap().push((hands.now().duration_since(back).as_secs(), action));
        Fate::Answered
    });
    account.goes_on_for(60).await;
    let mut seconds: BTreeMap<i64, usize> = BTreeMap::new();
    let (mut first, mut writes) = (0, 0);
    for (second, action) in asked.lock().unwrap().iter().filter(|(second, _)| *second < 60) {
        *seconds.entry(*second).or_default() += 1;
        first += 1;
        writes += usize::from(is_write(action));
    }
    let busiest = seconds.values().max().copied().unwrap_or_default();
    println!(
        "{before} bytes after an hour without AWS, at most {most} in 23 more; {calls} calls in those, none a change; \
         in the first minute after it {first} calls, {writes} of them changes, at most {busiest} in one second"
    );
    // One for each machine that was replaced, and what is read in between.
    assert!((1..=REPLACED).contains(&writes) && first < 3 * REPLACED, "{first} calls, {writes} of them changes");
    account.goes_on_for(20 * 60).await;
    assert_eq!(account.sessions().len(), FLEET);
}
