//! Takes a seed; plays many calls of every kind, of several callers, through all that can go wrong, in a fleet that lives; gives
//! sentences about what comes of it the second time. Never compares less than every byte.

use std::time::Instant;

use super::grammar::Drawing;
use super::sent::sent;
use super::stirring::stir;
use super::*;
use crate::api::{Answer, Came, Effect, Fault, Lag, Limit, Odds, Rates, Trace, extent};
use crate::wire;

/// After so many calls something around the world is switched.
const CALLS_PER_SETTING: u64 = 500;

/// After so many calls something else is wished of an auto scaling group.
const CALLS_PER_STIR: u64 = 60;

/// One history.
struct Play {
    api: Api,
    drawing: Drawing,
    others: Vec<Unknowns>,
    played: u64,
}

impl Play {
    fn new(seed: u64) -> Self {
        let mut world = World::new("123456789012".into(), "eu-west-1".into(), seed, Time::UNIX_EPOCH);
        fleet::demo(&mut world, 40).unwrap();
        (0..4).for_each(|_| drop(world.add_gateway_load_balancer_endpoint()));
        world.add_prefix_list(["192.0.2.0/24", "198.51.100.0/24"].map(|block| block.parse().unwrap()));
        let mut api = Api::new(world, seed);
        for effect in effects() {
            api.add_fault(befalling(effect));
        }
        api.start_trace(Trace::keeping());
        let others = Unknowns::each_otherwise().into_iter().map(|(_, unknowns)| unknowns).collect();
        Self { api, drawing: Drawing::new(seed, 15), others, played: 0 }
    }

    /// One call, and the time until the next.
    fn step(&mut self) -> Answer {
        if self.played.is_multiple_of(CALLS_PER_SETTING) {
            self.switch();
        }
        if self.played.is_multiple_of(CALLS_PER_STIR) {
            stir(self.api.world_mut(), &mut self.drawing.dice);
        }
        self.played += 1;
        let request = self.request();
        let Self { api, drawing, .. } = self;
        let answer = api.call(&caller(drawing.dice.below(4)), request);
        if let Came::Whole(Ok(response)) = &answer.came
            && let Some((_, Some(next))) = extent(response)
        {
            drawing.next = Some(next.into());
        }
        // In bursts: calls that come one by one meet no limit of AWS's.
        let pause = match drawing.dice.below(1000) {
            0 => SignedDuration::from_secs(60),
            other @ 1..150 => SignedDuration::from_millis(i64::try_from(other).unwrap() * 5),
            _ => SignedDuration::ZERO,
        };
        api.advance(api.world().now() + pause);
        answer
    }

    /// The next call that is not wrong by its form alone: such a one reaches no API, and is for the fuzzer.
    fn request(&mut self) -> Request {
        loop {
            let (action, parameters) = self.drawing.call(self.api.world());
            if let Ok(request) = wire::request(&sent(action, parameters)) {
                return request;
            }
        }
    }

    fn switch(&mut self) {
        let Self { api, drawing, others, .. } = self;
        let dice = &mut drawing.dice;
        api.world_mut().unknowns = others[dice.below(others.len())].clone();
        let limit = Limit { burst: 2, per_second: 1 };
        let rates =
            [None, Some(Rates::documented()), Some(Rates::documented().with("CreateTrafficMirrorSession", limit))];
        api.limit_rates(rates[dice.below(3)].clone());
        let often = Odds::in_a_million(200_000);
        let lag = Lag { doubled: often, missing: often, ..Lag::up_to(SignedDuration::from_secs(5)) };
        let seen = Lag { own_writes_are_seen: true, ..lag };
        api.lag([None, Some(lag), Some(seen)][dice.below(3)]);
        let longest = SignedDuration::from_millis([0, 400][dice.below(2)]);
        api.take_time(SignedDuration::ZERO, longest);
    }

    /// What has been traced since the last time.
    fn lines(&mut self) -> String {
        let lines = self.api.trace().lines().to_owned();
        self.api.start_trace(Trace::keeping());
        lines
    }
}

fn caller(which: usize) -> Caller {
    match which {
        0 => Caller::new("999999999999".into(), "user/mallory"),
        1 => Caller::new("123456789012".into(), "user/alice"),
        _ => Caller::simulated("123456789012".into()),
    }
}

/// Every effect. An effect that is added does not compile until it has a place here, and then belongs in the list.
fn effects() -> Vec<Effect> {
    let all = vec![
        Effect::Error(ApiError::new("InternalError", "An internal error has occurred").with_status(500)),
        Effect::LostBefore,
        Effect::LostAfter,
        Effect::Latency(SignedDuration::from_secs(2)),
        Effect::ShortPage(5),
        Effect::SkippingPage(3),
        Effect::CutPage(2),
        Effect::EmptyList,
        Effect::Shuffled,
        Effect::Denied,
        Effect::Cut(99),
        Effect::AnotherAccount("999999999999".into()),
    ];
    let places: std::collections::BTreeSet<_> = all.iter().map(place).collect();
    assert!(places.into_iter().eq(0..all.len()), "every effect is in the list");
    all
}

fn place(effect: &Effect) -> usize {
    match effect {
        Effect::Error(_) => 0,
        Effect::LostBefore => 1,
        Effect::LostAfter => 2,
        Effect::Latency(_) => 3,
        Effect::ShortPage(_) => 4,
        Effect::SkippingPage(_) => 5,
        Effect::CutPage(_) => 6,
        Effect::EmptyList => 7,
        Effect::Shuffled => 8,
        Effect::Denied => 9,
        Effect::Cut(_) => 10,
        Effect::AnotherAccount(_) => 11,
    }
}

fn befalling(effect: Effect) -> Fault {
    Fault::new(effect).with_odds(Odds::in_a_million(15_000))
}

/// Plays two histories side by side, so that nothing but the difference has to be kept.
fn play_twice(seed: u64, calls: u64) -> Play {
    let (mut one, mut other) = (Play::new(seed), Play::new(seed));
    for call in 0..calls {
        assert_eq!(one.step(), other.step(), "call {call}");
        if call.is_multiple_of(1000) {
            assert_same_lines(&one.lines(), &other.lines());
        }
    }
    assert_same_lines(&one.lines(), &other.lines());
    assert_eq!(format!("{:?}", one.api.world()), format!("{:?}", other.api.world()));
    one
}

fn assert_same_lines(one: &str, other: &str) {
    if one != other {
        let differing = one.lines().zip(other.lines()).find(|(one, other)| one != other);
        panic!("{differing:#?}, or one trace is longer");
    }
}

#[test]
fn the_same_seed_gives_the_same_trace_byte_for_byte() {
    play_twice(1, 100_000);
}

#[test]
fn another_seed_gives_another_trace() {
    let lines = |seed| {
        let mut play = Play::new(seed);
        (0..100).for_each(|_| drop(play.step()));
        play.lines()
    };
    assert_ne!(lines(1), lines(2));
}

#[test]
fn the_history_meets_every_effect_and_throttling_and_old_reads() {
    let mut play = Play::new(1);
    (0..20_000).for_each(|_| drop(play.step()));
    let lines = play.lines();
    for effect in effects() {
        let written = format!("; {effect:?}\n");
        assert!(lines.contains(&written), "{written}");
    }
    let owners: std::collections::BTreeSet<_> = play.api.world().groups.keys().map(|(owner, _)| owner).collect();
    assert_eq!(owners.len(), 2, "{owners:?}");
    for met in ["RequestLimitExceeded", "as of ", "IdempotentParameterMismatch", "999999999999/user/mallory"] {
        assert!(lines.contains(met), "{met}");
    }
}

/// By hand: `cargo test --release -p mirror-sim a_million_calls -- --ignored --nocapture`.
#[test]
#[ignore = "a minute or more, in a release build"]
fn a_million_calls_are_the_same_twice() {
    let calls = 1_000_000;
    let started = Instant::now();
    let play = play_twice(1, calls);
    let seconds = started.elapsed().as_secs_f64();
    let hours = play.api.world().now().duration_since(Time::UNIX_EPOCH).as_secs_f64() / 3600.0;
    println!(
        "{calls} calls, twice, in {seconds:.1} s: {:.0} calls/s; {hours:.1} simulated hours, twice: {:.2} simulated hours/s",
        2.0 * calls as f64 / seconds,
        2.0 * hours / seconds,
    );
}
