//! Takes the program's life again and again, at moments that nobody can foresee, in a cloud that throttles, answers late or never, and
//! shows what was a while ago; shows that what the program was at is made once all the same, and nothing else is touched.
//!
//! Each life of the process is ended by SIGKILL, most of them while a create is on its way: it has taken effect, and its answer will
//! find nobody. The next life knows nothing of it. `CRASH_SEED` repeats the moments of an earlier run and what the cloud drew; `KILLS`
//! says how many lives, with five sessions for two of them; `VPC_MIRROR_BINARY` is the program to try.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use mirror_core::ids::InterfaceId;
use mirror_core::objects::ObjectKey;
use mirror_core::ownership::{Owner, tags};
use mirror_sim::Api;
use mirror_sim::api::{Effect, Fault, Lag, Odds, Rates, Trace};
use mirror_sim::fleet::instance;

use support::cloud::{Cloud, tally};
use support::dice::Dice;
use support::fleet::{self, ACCOUNT, Account, Foreign, OWNER, REGION, SENSOR};
use support::kills::{Aim, CREATE, Kill, kill, ours, slow_writes};
use support::program::{Program, binary};
use support::traced::Traced;

/// As many as are over in about half a minute, most of which is waiting: the rate lets forty sessions be made in ten seconds, and those
/// that lives make again because a read hides them cost the same.
const KILLS: usize = 16;

/// The percentage of AWS's request rate that other clients of the account leave over: less than the half that the policy takes it for.
const LEFT_OVER: u32 = 40;

/// The settle time of the policy, which reads may be as old as: longer than a life takes to come back and look.
const SETTLE: SignedDuration = SignedDuration::from_secs(2);

/// How many of a hundred creates take effect and are never answered.
const LOST: u32 = 15;

#[tokio::test(flavor = "multi_thread")]
async fn kills_at_any_moment_while_sessions_are_made_leave_each_of_them_once_and_touch_nothing_else() {
    let (began, seed) = (Instant::now(), number("CRASH_SEED").unwrap_or_else(now));
    let kills = number("KILLS").map_or(KILLS, |kills| usize::try_from(kills).unwrap());
    let wanted = kills * 5 / 2;
    println!("CRASH_SEED={seed} KILLS={kills}: {wanted} sessions by {}", binary().display());
    let tagged = instance().tagged("mirror", "crown-jewel");
    let dual = wanted / 5;
    let Account { mut world, policy } =
        fleet::account([(wanted - dual, tagged.clone()), (dual, tagged.dual_stack()), (wanted / 10, instance())]);
    let policy = policy.replace("apiShare: 100%", "apiShare: 50%").replace("settle: 1s", "settle: 2s");
    let jewels = fleet::jewels(&mut world);
    fleet::add_foreign_sessions(&mut world, &[jewels[3].clone(), jewels[wanted - 3].clone()]);
    let foreign = fleet::foreign(&mut world);
    let cloud = Cloud::serve_api(harsh(Api::new(world, seed))).await;

    let ended = live_and_die(&cloud, &policy, Dice::new(seed), kills, wanted).await;
    run_to_the_end(&cloud, &policy, wanted).await;

    println!("{}", figures(&cloud, &ended, foreign.sessions.len()));
    println!("{:.0} s", began.elapsed().as_secs_f64());
    assert!(ended.iter().all(|kill| kill.sessions < wanted), "a kill came when there was nothing left to make");
    let hits = ended.iter().filter(|kill| kill.in_flight).count();
    assert!(hits >= kills / 2, "{hits} kills with a create in flight");
    assert_just_these(&cloud, &jewels, &foreign);
}

/// The number that a variable of the environment says, if it does.
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|number| number.parse().unwrap_or_else(|error| panic!("{variable}: {error}")))
}

/// The moments are new each time, unless someone wants those of an earlier run.
fn now() -> u64 {
    Timestamp::now().as_microsecond().unsigned_abs()
}

/// An API as AWS's is on a bad day, with all that happens written down.
fn harsh(mut api: Api) -> Api {
    api.limit_rates(Some(Rates::documented().shared(LEFT_OVER)));
    api.lag(Some(Lag::up_to(SETTLE)));
    api.add_fault(Fault::new(Effect::LostAfter).on("Create*").with_odds(Odds::in_a_million(LOST * 10_000)));
    api.start_trace(Trace::keeping());
    api
}

/// So many lives, one after the other. They share what there is to make, but for a tenth, so that none finds nothing to do. Of the
/// first fifth, every life only begins, until there is a session.
async fn live_and_die(cloud: &Cloud, policy: &str, mut dice: Dice, kills: usize, wanted: usize) -> Vec<Kill> {
    let mut ended = Vec::new();
    for left in (1..=kills).rev() {
        let made = ours(cloud).len();
        let to_make = (wanted - wanted / 10).saturating_sub(made);
        let only_begin = made == 0 && left > kills * 4 / 5;
        let aim = Aim { only_begin, pace: (to_make / left).clamp(1, 4) as u64 };
        let mut daemon = Program::run(policy).on(cloud).start();
        ended.push(kill(cloud, &mut daemon, &mut dice, aim).await);
        daemon.end().await;
        cloud.until("the connections of the killed one break", |calls| calls.none_in_flight()).await;
    }
    ended
}

/// One more life, which nobody ends until all is done.
async fn run_to_the_end(cloud: &Cloud, policy: &str, wanted: usize) {
    slow_writes(cloud, Dice::new(0), false);
    let mut daemon = Program::run(policy).arguments(&["--resync", "1s"]).on(cloud).start();
    while ours(cloud).len() < wanted {
        let made = cloud.calls().effective(CREATE);
        cloud.until("another session", |calls| calls.effective(CREATE) > made).await;
    }
    daemon.says("every wanted session stands").await;
    let (reads, writes) = {
        let calls = cloud.calls();
        (calls.count("DescribeTrafficMirrorSessions"), calls.writes())
    };
    cloud.until("five resyncs", |calls| calls.count("DescribeTrafficMirrorSessions") > reads + 5).await;
    assert_eq!(cloud.calls().writes(), writes, "once everything stands, nothing is called but reads");
    daemon.terminate().await;
    assert!(daemon.end().await.success());
}

fn figures(cloud: &Cloud, ended: &[Kill], foreign: usize) -> String {
    let count = |so: fn(&Kill) -> bool| ended.iter().filter(|kill| so(kill)).count();
    let (in_flight, of_session) = (count(|kill| kill.in_flight), count(|kill| kill.of_session));
    let waiting = count(|kill| kill.waiting);
    let (creates, arrived) = (cloud.calls().effective(CREATE), cloud.calls().count(CREATE));
    let traced = Traced::of(cloud.api.lock().unwrap().trace().lines(), foreign);
    format!(
        "{} kills, {in_flight} with a create in flight ({of_session} of a session), {waiting} in a wait because of throttling; \
         {} sessions by {arrived} creates, of which {creates} took effect; {traced}",
        ended.len(),
        ours(cloud).len(),
    )
}

/// One session on each interface, with its tags, through one of two filters to one target; and what others have made, as it was.
fn assert_just_these(cloud: &Cloud, jewels: &[InterfaceId], foreign: &Foreign) {
    let ours = ours(cloud);
    assert_eq!(ours.len(), jewels.len());
    let by_interface: BTreeMap<_, _> = ours.iter().map(|session| (&session.interface, session)).collect();
    assert_eq!(by_interface.keys().copied().collect::<BTreeSet<_>>(), jewels.iter().collect());
    let owner = Owner { name: OWNER, account: &ACCOUNT.into(), region: &REGION.into() };
    for (interface, session) in by_interface {
        assert_eq!(session.tags, tags(owner, &ObjectKey::Session(interface.clone(), SENSOR.into())));
    }
    let mut api = cloud.api.lock().unwrap();
    assert_eq!(&fleet::foreign(api.world_mut()), foreign);
    let (filters, targets) = fleet::filters_and_targets(api.world_mut());
    assert_eq!((filters, targets), (2 + 1, 1 + 1), "two filters and a target of ours, and one of each of theirs");
    let calls = cloud.calls();
    let tally = tally(calls.arrived());
    let of_use = ["Describe", "Get", "CreateTrafficMirror", "ModifyTrafficMirrorFilterNetworkServices"];
    let others: Vec<_> = tally.keys().filter(|action| !of_use.iter().any(|it| action.starts_with(it))).collect();
    assert!(others.is_empty(), "nothing was made twice or wrongly, so that nothing had to change or go: {others:?}");
}
