//! The daemon's own loop in a cloud that breaks, on virtual time: each history follows from one seed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod simulation;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use jiff::SignedDuration;
use mirror_core::cloud::{Class, CloudError, Items};
use mirror_sim::api::Effect;
use mirror_sim::{ApiError, TokenMemory, Unknowns, Verdict};
use simulation::one_machine::Change;
use simulation::setting::SETTLE;
use simulation::stage::{Event, Moment, Stage};
use simulation::storm::{Outcome, Setting, Storm};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The seeds that a suite plays: so many, ten times as many with `STORMS=10`, just so many with `SEEDS=1000`, or the one of `SEED=17`.
fn seeds(usual: u64) -> Range<u64> {
    match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or_else(|| usual * number("STORMS").unwrap_or(1)),
    }
}

/// Tries all of them, on every core at once; gives the first for which something is wrong, and what. It is the first whichever core is
/// faster: what comes before one that is wrong is tried all the same.
fn first_wrong<W: Send>(all: Range<u64>, wrong: impl Fn(u64) -> Option<W> + Sync) -> Option<(u64, W)> {
    let (next, end) = (AtomicU64::new(all.start), AtomicU64::new(all.end));
    let found = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let one = next.fetch_add(1, Ordering::Relaxed);
                    if one >= end.load(Ordering::Relaxed) {
                        break;
                    }
                    if let Some(wrong) = wrong(one) {
                        end.fetch_min(one, Ordering::Relaxed);
                        found.lock().unwrap().insert(one, wrong);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap().pop_first()
}

/// Plays so many storms; shows the first that ends badly, as small as it gets, and how to play it again.
fn weathers(test: &str, usual: u64, setting: &Setting) {
    let (calls, seconds) = (AtomicU64::new(0), AtomicU64::new(0));
    let all = seeds(usual);
    let found = first_wrong(all.clone(), |seed| {
        let outcome = Storm::new(seed, setting).play(false);
        calls.fetch_add(outcome.calls, Ordering::Relaxed);
        seconds.fetch_add(outcome.took.as_secs().unsigned_abs(), Ordering::Relaxed);
        outcome.wrong
    });
    if let Some((seed, wrong)) = found {
        let again = format!("SEED={seed} cargo test -p vpc-mirror --test storms {test}");
        if number("SEEDS").is_some() {
            // Whoever only asks whether it is found does not wait for the smallest.
            panic!("{wrong}\n{again}");
        }
        let small = Storm::new(seed, setting).shrunk();
        let Outcome { wrong, story, .. } = small.play(true);
        let Setting { lag, lost, .. } = small.setting;
        panic!(
            "{}\n{}\nwith reads up to {lag:#} old, {lost} of 1,000 calls lost; play it again with:\n{again}",
            story.join("\n"),
            wrong.unwrap_or_default()
        );
    }
    let (seeds, calls, hours) = (all.end - all.start, calls.into_inner(), seconds.into_inner() / 3600);
    println!("{test}: {seeds} seeds, {calls} calls, {hours} simulated hours");
}

#[test]
fn whatever_happens_it_converges_and_loses_doubles_and_touches_nothing_that_it_must_not() {
    weathers("whatever_happens", 200, &Setting::default());
}

#[test]
fn two_owners_on_one_fleet_weather_it_side_by_side() {
    weathers("two_owners", 60, &Setting { another_owner: true, ..Setting::default() });
}

#[test]
fn two_leaders_whose_clocks_differ_and_that_stand_still_now_and_then_do_no_harm() {
    let leaders = vec![SignedDuration::ZERO, SignedDuration::from_secs(90)];
    weathers("two_leaders", 60, &Setting { leaders, ..Setting::default() });
}

#[test]
fn of_replicas_that_share_a_lease_one_at_a_time_changes_anything() {
    let leaders = vec![SignedDuration::ZERO, SignedDuration::from_secs(90), SignedDuration::from_secs(-40)];
    weathers("of_replicas", 40, &Setting { leaders, leased: true, ..Setting::default() });
}

#[test]
fn what_nobody_knows_about_aws_makes_no_difference() {
    // All sessions of a VPC have one network identifier, by which a sensor tells networks apart: that, the product relies on.
    // And a filter that AWS does not remove for its rules, but says to be in use, stays: it costs nothing, and to take the rules from one
    // that is in use would cost packets.
    let relied_on =
        |name: &str| ["duplicate network identifiers refused", "filters with rules not removed"].contains(&name);
    for (otherwise, unknowns) in Unknowns::each_otherwise().into_iter().filter(|(name, _)| !relied_on(name)) {
        println!("{otherwise}");
        weathers("what_nobody_knows", 6, &Setting { unknowns, ..Setting::default() });
    }
}

#[test]
fn where_aws_takes_a_number_twice_its_client_token_makes_one_session_of_two_calls() {
    // Of a call whose answer is lost nobody knows whether it took effect, and of two leaders neither knows what the other has asked for:
    // without a number that is refused, nothing but the token keeps the second call from making a second session.
    let unknowns = Unknowns { duplicate_session_number: Verdict::Accepted, ..Unknowns::default() };
    let alone = Setting { unknowns, doubles: true, faults: false, lag: SignedDuration::ZERO, ..Setting::default() };
    weathers("its_client_token", 30, &Setting { lost: 60, ..alone.clone() });
    weathers("its_client_token", 30, &Setting { lost: 0, leaders: vec![SignedDuration::ZERO; 2], ..alone });
}

#[test]
fn where_neither_a_number_nor_a_token_stops_it_what_was_just_made_is_not_made_again() {
    // Lists that are behind do not show it yet: that it was made has to be remembered. Nothing is lost here, for then nobody could know.
    let unknowns = Unknowns {
        duplicate_session_number: Verdict::Accepted,
        tokens: TokenMemory::For(SignedDuration::ZERO),
        ..Unknowns::default()
    };
    let setting = Setting { unknowns, doubles: true, faults: false, lost: 0, ..Setting::default() };
    weathers("what_was_just_made", 60, &setting);
}

#[test]
fn what_others_send_to_our_targets_stays_theirs() {
    weathers("what_others_send", 60, &Setting { guests: true, ..Setting::default() });
}

#[test]
fn after_a_storm_nothing_is_written_for_ten_thousand_rounds() {
    weathers("ten_thousand_rounds", 1, &Setting { idle: 10_000, ..Setting::default() });
}

/// A short history, and then the same again, killed at each of its calls: before it is sent, and after it took effect.
#[test]
fn killed_at_any_call_it_ends_where_it_would_have_ended() {
    let setting = Setting {
        faults: false,
        lost: 0,
        lag: SignedDuration::ZERO,
        happenings: 4,
        lasts: SignedDuration::from_secs(100),
        calms: SignedDuration::from_mins(10),
        idle: 1,
        ..Setting::default()
    };
    let kills = AtomicU64::new(0);
    let found = first_wrong(seeds(40), |seed| {
        let storm = Storm::new(seed, &setting);
        // What comes after the history is reads, again and again.
        let calls = storm.play(false).calls.min(MOST_KILLS);
        let moments = (1..=calls).flat_map(|call| [(call, Moment::Before), (call, Moment::After)]);
        moments.into_iter().find_map(|kill| {
            kills.fetch_add(1, Ordering::Relaxed);
            let killed = Storm { kill: Some(kill), ..storm.clone() };
            killed.play(false).wrong.map(|wrong| (killed, wrong))
        })
    });
    if let Some((seed, (killed, wrong))) = found {
        panic!("{}\nkilled at {:?} of seed {seed}: {wrong}", killed.play(true).story.join("\n"), killed.kill);
    }
    println!("killed {} times", kills.into_inner());
}

/// How many of the calls of one history it is killed at.
const MOST_KILLS: u64 = 60;

/// The first reads after each change are old or not: every way there is of that, for what can happen to one machine.
#[test]
fn whichever_reads_are_old_nothing_is_lost_or_doubled() {
    let setting = Setting {
        faults: false,
        lost: 0,
        happenings: 0,
        jewels: 1,
        calms: SignedDuration::from_mins(8),
        idle: 2,
        ..Setting::default()
    };
    let reads = number("READS").unwrap_or(7);
    let ways = 1 << reads;
    let changes = Change::ALL.len() as u64;
    let found = first_wrong(0..ways * changes, |one| {
        let (change, way) = (Change::ALL[(one / ways) as usize], one % ways);
        let play = |tells| {
            let mut stage = Storm::new(1, &setting).stage(tells);
            stage.lags_behind(SETTLE);
            // Old reads before anything is mirrored, and when it is: the session is made meanwhile.
            if change == Change::Appears {
                stage.next_reads_are_old(reads, way, SETTLE);
            }
            stage.goes_on_for(SignedDuration::from_mins(4));
            if change != Change::Appears {
                stage.happens_to_the_machine(change);
                stage.next_reads_are_old(reads, way, SETTLE);
                stage.goes_on_for(SignedDuration::from_mins(4));
            }
            stage.calms_down();
            (stage.converges(setting.calms, setting.idle), stage.shared().judge.story.take())
        };
        let (wrong, _) = play(false);
        (!wrong.is_empty()).then(|| format!("{}\n{}", play(true).1.unwrap_or_default().join("\n"), wrong.join("\n")))
    });
    if let Some((one, wrong)) = found {
        let change = Change::ALL[(one / ways) as usize];
        panic!(
            "{wrong}\n{change:?}, and of the next {reads} reads these were old: {:0>1$b}",
            one % ways,
            reads as usize
        );
    }
    println!("{changes} changes, {ways} ways of {reads} reads each");
}

#[test]
fn reads_that_are_five_minutes_old_double_nothing() {
    let setting = Setting { lag: SignedDuration::from_mins(5), believes: true, ..Setting::default() };
    weathers("five_minutes_old", 40, &setting);
}

#[test]
fn lists_in_pages_that_do_not_follow_on_each_other_lose_and_double_nothing() {
    weathers("lists_in_pages", 40, &Setting { pages: true, ..Setting::default() });
}

#[test]
fn policies_that_change_all_the_time_lose_nothing_that_all_of_them_want() {
    weathers("policies_that_change", 40, &Setting { fickle: true, happenings: 24, ..Setting::default() });
}

#[test]
fn addresses_that_come_and_go_cost_no_packet_of_those_that_stay() {
    weathers("addresses_that_come", 40, &Setting { readdressing: true, happenings: 60, ..Setting::default() });
}

#[test]
fn through_the_aws_sdk_it_weathers_the_same() {
    weathers("through_the_aws_sdk", 4, &Setting { through_sdk: true, ..Setting::default() });
}

/// Short histories of people who lay hands on mirroring, or make what looks like ours: whatever it costs, theirs stays theirs.
#[test]
fn what_looks_like_ours_is_never_touched() {
    let setting = Setting {
        happenings: 8,
        lasts: SignedDuration::from_secs(150),
        calms: SignedDuration::ZERO,
        meddling: true,
        jewels: 2,
        ..Setting::default()
    };
    weathers("looks_like_ours", 2_000, &setting);
}

#[test]
fn a_day_without_aws_queues_nothing_and_ends_without_a_rush() {
    let setting = Setting { faults: false, lost: 0, lag: SignedDuration::ZERO, happenings: 0, ..Setting::default() };
    for seed in seeds(10) {
        let mut stage = Storm::new(seed, &setting).stage(false);
        stage.goes_on_for(SignedDuration::from_mins(5));
        stage.fails(Effect::LostBefore, "*");
        for n in 0..100 {
            stage.at(SignedDuration::from_mins(10) * n, Event::Somebody(seed * 100 + u64::from(n.unsigned_abs())));
        }
        stage.goes_on_for(SignedDuration::from_hours(24));
        let before = stage.counts();
        stage.calms_down();
        stage.goes_on_for(SignedDuration::from_mins(1));
        let after = stage.counts();
        let (calls, writes) = (after.0 - before.0, after.1 - before.1);
        // A fleet of eight machines with two interfaces each: what it needs now, and nothing of what it needed in between.
        assert!(calls < 100 && writes < 50, "seed {seed}: {calls} calls in the first minute, {writes} of them changes");
        stage.goes_on_for(SignedDuration::from_mins(19));
        let wrong = stage.rests(10);
        assert!(wrong.is_empty(), "seed {seed}: {wrong:?}");
    }
}

/// Changes what a list says.
type Twist = fn(&mut Items);

/// What a list may say that nobody can tell from the truth.
const TWISTS: [(&str, Twist); 7] = [
    ("an instance is missing", |items| {
        if let Items::Instances(it) = items {
            it.pop();
        }
    }),
    ("an interface is missing", |items| {
        if let Items::Interfaces(it) = items {
            it.pop();
        }
    }),
    ("nothing is attached", |items| {
        if let Items::Interfaces(it) = items {
            it.iter_mut().for_each(|it| it.attachment = None);
        }
    }),
    ("instances have no tags", |items| {
        if let Items::Instances(it) = items {
            it.iter_mut().for_each(|it| it.tags.clear())
        }
    }),
    ("sessions have no tags", |items| {
        if let Items::Sessions(it) = items {
            it.iter_mut().for_each(|it| it.tags.clear())
        }
    }),
    ("filters have no tags", |items| {
        if let Items::Filters(it) = items {
            it.iter_mut().for_each(|it| it.tags.clear())
        }
    }),
    ("targets have no tags", |items| {
        if let Items::Targets(it) = items {
            it.iter_mut().for_each(|it| it.tags.clear())
        }
    }),
];

/// What an API says that is down, broken, somebody else's or half asleep.
fn effects() -> Vec<Effect> {
    let error = |code: &str, status| Effect::Error(ApiError { code: code.into(), message: "no".into(), status });
    vec![
        Effect::EmptyList,
        Effect::CutPage(0),
        Effect::CutPage(1),
        Effect::CutPage(6),
        Effect::SkippingPage(5),
        Effect::Denied,
        Effect::AnotherAccount("999999999999".into()),
        Effect::Cut(99),
        Effect::LostBefore,
        Effect::Shuffled,
        error("InternalError", 500),
        error("RequestLimitExceeded", 503),
    ]
}

/// The lists that are read, and all of them at once.
const LISTS: [&str; 7] = [
    "DescribeInstances",
    "DescribeNetworkInterfaces",
    "DescribeTrafficMirrorSessions",
    "DescribeTrafficMirrorFilters",
    "DescribeTrafficMirrorTargets",
    "tag:GetResources",
    "Describe*",
];

/// So many that a list of a few of them is too short to be true.
const MANY: usize = 13;

/// So few that no list of them is too short to be true.
const FEW: usize = 5;

/// What a lie costs that lasts so long, told to one who has mirrored so many crown jewels for a while. When it is over, everything has to be
/// as it should be again: of the one that was tagged off meanwhile, nothing is left.
fn cost(jewels: usize, lie: impl FnOnce(&Stage), lasts: SignedDuration) -> (u32, Vec<String>) {
    let setting = Setting { lost: 0, lag: SignedDuration::ZERO, happenings: 0, jewels, ..Setting::default() };
    let mut stage = Storm::new(1, &setting).stage(true);
    stage.goes_on_for(SignedDuration::from_mins(10));
    assert_eq!(stage.wrong(), Vec::<String>::new(), "before the lie");
    stage.shared().judge.losses = Some(0);
    stage.shared().judge.lied_to = true;
    lie(&stage);
    stage.goes_on_for(SignedDuration::from_secs(5));
    stage.tags_one_off();
    stage.goes_on_for(lasts);
    stage.calms_down();
    stage.goes_on_for(SignedDuration::from_mins(20));
    let losses = stage.shared().judge.losses.unwrap_or_default();
    let wrong = stage.rests(10);
    (losses, wrong)
}

#[test]
fn a_list_that_is_cut_empty_denied_or_somebody_elses_costs_nothing_however_long_it_is() {
    let mut lies = Vec::new();
    for effect in effects() {
        for list in LISTS {
            for lasts in [SignedDuration::from_secs(20), SignedDuration::from_mins(30)] {
                lies.extend([MANY, FEW].map(|jewels| (effect.clone(), list, lasts, jewels)));
            }
        }
    }
    let found = first_wrong(0..lies.len() as u64, |lie| {
        let (effect, list, lasts, jewels) = lies[lie as usize].clone();
        let (losses, wrong) = cost(jewels, |stage| stage.fails(effect.clone(), list), lasts);
        let costs = format!("{effect:?} of {list} for {lasts:#} to {jewels}: {losses} lost; {wrong:?}");
        (losses > 0 || !wrong.is_empty()).then_some(costs)
    });
    if let Some((_, costs)) = found {
        panic!("{costs}");
    }
    println!("{} lies", lies.len());
}

#[test]
fn a_lie_that_nobody_can_tell_from_the_truth_costs_nothing_for_a_moment_and_at_most_the_allowance_for_long() {
    for (what, twist) in TWISTS {
        // Five at the start, and in a quarter of an hour a quarter of the thirteen that this policy lets go in an hour.
        for (lasts, most) in [(SignedDuration::from_secs(20), 0), (SignedDuration::from_mins(5), 5 + 13 / 4)] {
            let lie = |stage: &Stage| {
                stage.shared().lie = Some(Box::new(move |_, page| {
                    page.map(|mut page| {
                        twist(&mut page.items);
                        page
                    })
                }));
            };
            let (losses, wrong) = cost(MANY, lie, lasts);
            assert!(losses <= most && wrong.is_empty(), "{what} for {lasts:#}: {losses} lost; {wrong:?}");
        }
    }
}

#[test]
fn what_was_a_lie_for_a_moment_costs_nothing_while_nothing_more_can_be_read() {
    for ((what, twist), jewels) in TWISTS.iter().copied().flat_map(|twist| [(twist, MANY), (twist, FEW)]) {
        // Each list once, all of it, and then nothing.
        let mut told = BTreeSet::new();
        let lie = |stage: &Stage| {
            stage.shared().lie = Some(Box::new(move |query, page| {
                if !told.insert(query.clone()) {
                    let (action, code, message) = (query.action().into(), "Unavailable".into(), "no".into());
                    return Err(CloudError { action, code, message, class: Class::Retry });
                }
                page.map(|mut page| {
                    twist(&mut page.items);
                    page
                })
            }));
        };
        let (losses, wrong) = cost(jewels, lie, SignedDuration::from_mins(30));
        assert!(losses == 0 && wrong.is_empty(), "{what}, to {jewels}, and then nothing: {losses} lost; {wrong:?}");
    }
}
