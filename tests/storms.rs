//! The daemon's own loop in a cloud that breaks, on virtual time: each history follows from one seed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod simulation;
mod support;

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::SignedDuration;
use mirror_core::cloud::{Class, CloudError, Items};
use mirror_sim::api::Effect;
use mirror_sim::{ApiError, TokenMemory, Unknowns, Verdict};
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

/// Plays so many storms; shows the first that ends badly, as small as it gets, and how to play it again.
fn weathers(test: &str, usual: u64, setting: &Setting) {
    let (mut calls, mut hours) = (0, 0.0);
    for seed in seeds(usual) {
        let storm = Storm::new(seed, setting);
        let outcome = storm.play(false);
        calls += outcome.calls;
        hours += outcome.took.as_secs_f64() / 3600.0;
        if let Some(wrong) = outcome.wrong {
            let again = format!("SEED={seed} cargo test -p vpc-mirror --test storms {test}");
            if number("SEEDS").is_some() {
                // Whoever only asks whether it is found does not wait for the smallest.
                panic!("{wrong}\n{again}");
            }
            let small = storm.shrunk();
            let Outcome { wrong, story, .. } = small.play(true);
            let Setting { lag, lost, .. } = small.setting;
            panic!(
                "{}\n{}\nwith reads up to {lag:#} old, {lost} of 1,000 calls lost; play it again with:\n{again}",
                story.join("\n"),
                wrong.unwrap_or_default()
            );
        }
    }
    println!("{test}: {calls} calls, {hours:.0} simulated hours");
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

/// One history without chance, and then the same again, killed at each of its calls: before it is sent, and after it took effect.
#[test]
fn killed_at_any_call_it_ends_where_it_would_have_ended() {
    let setting = Setting { faults: false, lost: 0, lag: SignedDuration::ZERO, happenings: 12, ..Setting::default() };
    let mut kills = 0;
    for seed in seeds(12) {
        let storm = Storm::new(seed, &setting);
        let calls = storm.play(false).calls;
        for call in 1..=calls.min(MOST_KILLS) {
            for moment in [Moment::Before, Moment::After] {
                kills += 1;
                let killed = Storm { kill: Some((call, moment)), ..storm.clone() };
                if let Some(wrong) = killed.play(false).wrong {
                    let story = killed.play(true).story.join("\n");
                    panic!("{story}\nkilled {moment:?} call {call} of seed {seed}: {wrong}");
                }
            }
        }
    }
    println!("killed {kills} times");
}

/// How many of the calls of one history it is killed at.
const MOST_KILLS: u64 = 60;

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

/// What a lie costs that lasts so long, told to one who has mirrored twelve crown jewels for a while. When it is over, everything has to be
/// as it should be again: of the thirteenth, which was tagged off meanwhile, nothing is left.
fn cost(lie: impl FnOnce(&Stage), lasts: SignedDuration) -> (u32, Vec<String>) {
    let setting = Setting { lost: 0, lag: SignedDuration::ZERO, happenings: 0, jewels: 13, ..Setting::default() };
    let mut stage = Storm::new(1, &setting).stage(true);
    stage.goes_on_for(SignedDuration::from_mins(10));
    assert_eq!(stage.wrong(), Vec::<String>::new(), "before the lie");
    stage.shared().judge.losses = Some(0);
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
    let mut lies = 0;
    for effect in effects() {
        for list in LISTS {
            for lasts in [SignedDuration::from_secs(20), SignedDuration::from_mins(30)] {
                let (losses, wrong) = cost(|stage| stage.fails(effect.clone(), list), lasts);
                assert!(
                    losses == 0 && wrong.is_empty(),
                    "{effect:?} of {list} for {lasts:#}: {losses} lost; {wrong:?}"
                );
                lies += 1;
            }
        }
    }
    println!("{lies} lies");
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
            let (losses, wrong) = cost(lie, lasts);
            assert!(losses <= most && wrong.is_empty(), "{what} for {lasts:#}: {losses} lost; {wrong:?}");
        }
    }
}

#[test]
fn what_was_a_lie_for_a_moment_costs_nothing_while_nothing_more_can_be_read() {
    for (what, twist) in TWISTS {
        // The first page of each list, and then nothing.
        let mut told = BTreeSet::new();
        let lie = |stage: &Stage| {
            stage.shared().lie = Some(Box::new(move |query, page| {
                let action = query.action();
                if !told.insert(action) {
                    let (code, message) = ("Unavailable".into(), "no".into());
                    return Err(CloudError { action: action.into(), code, message, class: Class::Retry });
                }
                page.map(|mut page| {
                    twist(&mut page.items);
                    page
                })
            }));
        };
        let (losses, wrong) = cost(lie, SignedDuration::from_mins(30));
        assert!(losses == 0 && wrong.is_empty(), "{what}, and then nothing: {losses} lost; {wrong:?}");
    }
}
