//! Takes the program's life, fifty times, at moments that nobody can foresee; shows that what it was at is made once all the same.
//!
//! Each life of the process is ended by SIGKILL, most of them while a create is on its way: it has arrived at the cloud, and its
//! answer will find nobody. The next life knows nothing of it. `CRASH_SEED` repeats the moments of an earlier run.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use mirror_core::ids::InterfaceId;
use mirror_core::objects::ObjectKey;
use mirror_core::ownership::{OWNER_TAG, Owner, tags};
use mirror_sim::MirrorSession;
use mirror_sim::fleet::instance;
use tokio::time::sleep;

use support::calls::{Calls, is_write};
use support::cloud::{Cloud, Delay};
use support::daemon::Daemon;
use support::dice::Dice;
use support::fleet::{ACCOUNT, Account, OWNER, REGION, SENSOR, account, add_foreign_sessions, jewels};
use support::program::Program;

const KILLS: usize = 50;
const SESSIONS: usize = 100;
const CREATE: &str = "CreateTrafficMirrorSession";

/// When a life ends.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// When so many calls have arrived: while it reads what stands.
    Call(usize),
    /// When its first write has arrived, which takes effect at once, or late: after the next life has read what stands.
    FirstWrite { late: bool },
    /// When so many creates of sessions have arrived, and a little later.
    Create(usize, Duration),
}

impl Moment {
    /// A life makes one session or two, seldom three or none: fifty lives are over before a hundred sessions are made. Until there is
    /// one, every life ends with its first write, so that the target, the filters and each of their rules have their turn.
    fn choose(dice: &mut Dice, sessions: usize) -> Self {
        match dice.roll(0..10) {
            chance if sessions == 0 => Self::FirstWrite { late: chance == 0 },
            0 => Self::Call(number(dice, 1..7)),
            1 | 2 => Self::FirstWrite { late: true },
            _ => Self::Create(number(dice, 1..3), Duration::from_millis(dice.roll(0..30))),
        }
    }
}

fn number(dice: &mut Dice, range: Range<u64>) -> usize {
    usize::try_from(dice.roll(range)).unwrap()
}

/// What was seen when a life ended.
struct Kill {
    creates_in_flight: usize,
    sessions: usize,
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_kills_while_a_hundred_sessions_are_made_leave_just_these_hundred() {
    let started = Instant::now();
    let seed = seed();
    let mut dice = Dice::new(seed);
    let tagged = instance().tagged("mirror", "crown-jewel");
    let Account { mut world, policy } = account([(80, tagged.clone()), (20, tagged.dual_stack()), (10, instance())]);
    let jewels = jewels(&mut world);
    let foreign = add_foreign_sessions(&mut world, &[jewels[3].clone(), jewels[90].clone()]);
    let cloud = Cloud::serve(world).await;

    let mut kills = Vec::new();
    for _ in 0..KILLS {
        let mut daemon = Program::run(&policy).on(&cloud).start();
        kills.push(kill(&cloud, &mut daemon, &mut dice).await);
        daemon.end().await;
        cloud.until("the connections of the killed one break", |calls| calls.none_in_flight()).await;
    }
    let creates = run_to_the_end(&cloud, &policy).await;

    let hits = kills.iter().filter(|kill| kill.creates_in_flight > 0).count();
    println!(
        "seed {seed}: {} kills, {hits} with a create in flight; {SESSIONS} sessions by {creates} calls; {:.0} s",
        kills.len(),
        started.elapsed().as_secs_f64()
    );
    assert!(kills.iter().all(|kill| kill.sessions < SESSIONS), "a kill came when there was nothing left to make");
    assert!(hits >= KILLS / 2, "{hits} kills with a create in flight");
    assert_just_these(&cloud, &jewels, &foreign);
}

/// The moments are new each time, unless someone wants those of an earlier run.
fn seed() -> u64 {
    let wanted = std::env::var("CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = wanted.unwrap_or_else(|| Timestamp::now().as_microsecond().unsigned_abs());
    println!("CRASH_SEED={seed}");
    seed
}

/// Kills at a moment that the dice choose.
async fn kill(cloud: &Cloud, daemon: &mut Daemon, dice: &mut Dice) -> Kill {
    let moment = Moment::choose(dice, ours(cloud).len());
    slow_writes(cloud, Dice::new(dice.roll(0..u64::MAX)), matches!(moment, Moment::FirstWrite { late: true }));
    let (calls, writes, creates) = {
        let calls = cloud.calls();
        (calls.arrived().len(), calls.writes(), calls.count(CREATE))
    };
    let come = |now: &Calls| match moment {
        Moment::Call(wanted) => now.arrived().len() >= calls + wanted,
        Moment::FirstWrite { .. } => now.writes() > writes,
        Moment::Create(wanted, _) => now.count(CREATE) >= creates + wanted,
    };
    cloud.until(&format!("{moment:?}"), come).await;
    if let Moment::Create(_, later) = moment {
        sleep(later).await;
    }
    // Counted and killed while the cloud holds its breath: what is in flight now is never answered.
    let calls = cloud.calls();
    daemon.kill();
    Kill { creates_in_flight: calls.in_flight(CREATE), sessions: ours(cloud).len() }
}

/// Writes take their time: until they take effect, or only until the client hears of it.
fn slow_writes(cloud: &Cloud, mut dice: Dice, late_effect: bool) {
    cloud.delay(move |action| {
        let time = Duration::from_millis(dice.roll(30..60));
        match late_effect {
            _ if !is_write(action) => Delay::default(),
            true => Delay { effect: 10 * time, answer: Duration::ZERO },
            false => Delay { effect: Duration::ZERO, answer: time },
        }
    });
}

/// One more life, which nobody ends until all is done; says how many creates of sessions have arrived in all lives.
async fn run_to_the_end(cloud: &Cloud, policy: &str) -> usize {
    slow_writes(cloud, Dice::new(0), false);
    let mut daemon = Program::run(policy).arguments(&["--resync", "1s"]).on(cloud).start();
    daemon.says("every wanted session stands").await;
    let (reads, writes, creates) = {
        let calls = cloud.calls();
        (calls.count("DescribeTrafficMirrorSessions"), calls.writes(), calls.count(CREATE))
    };
    cloud.until("two resyncs", |calls| calls.count("DescribeTrafficMirrorSessions") >= reads + 3).await;
    assert_eq!(cloud.calls().writes(), writes, "once everything stands, nothing is called but reads");
    daemon.terminate().await;
    assert!(daemon.end().await.success());
    creates
}

fn ours(cloud: &Cloud) -> Vec<MirrorSession> {
    cloud.sessions().into_iter().filter(|session| session.tags.contains_key(OWNER_TAG)).collect()
}

/// One session on each interface, with its tags, through one of two filters to one target; and what others have made, as it was.
fn assert_just_these(cloud: &Cloud, jewels: &[InterfaceId], foreign: &[MirrorSession]) {
    let ours = ours(cloud);
    assert_eq!(ours.len(), SESSIONS);
    let by_interface: BTreeMap<_, _> = ours.iter().map(|session| (&session.interface, session)).collect();
    assert_eq!(by_interface.keys().copied().collect::<BTreeSet<_>>(), jewels.iter().collect());
    let owner = Owner { name: OWNER, account: &ACCOUNT.into(), region: &REGION.into() };
    for (interface, session) in by_interface {
        assert_eq!(session.tags, tags(owner, &ObjectKey::Session(interface.clone(), SENSOR.into())));
    }
    let theirs: Vec<_> = cloud.sessions().into_iter().filter(|session| !ours.contains(session)).collect();
    assert_eq!(theirs.iter().map(|session| &session.id).collect::<BTreeSet<_>>().len(), foreign.len());
    assert!(foreign.iter().all(|session| theirs.contains(session)), "{theirs:?}");
    let removed = cloud.calls().arrived().iter().filter(|action| action.starts_with("Delete")).count();
    assert_eq!(removed, 0, "nothing was made twice, so that nothing had to go");
    let (filters, targets) = support::fleet::filters_and_targets(cloud.api.lock().unwrap().world_mut());
    assert_eq!((filters, targets), (2 + 1, 1 + 1), "two filters and a target of ours, and one of each of theirs");
}
