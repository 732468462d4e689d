//! Takes candidates and a server that compares and swaps; gives sentences about who leads when.

use std::collections::BTreeMap;

use super::*;
use crate::testing::{Dice, at};

/// A server with one lease.
#[derive(Default)]
struct Server {
    lease: Option<Versioned>,
    writes: u64,
}

impl Server {
    fn answer(&mut self, ask: &Ask) -> Answer {
        let write = |record: &Record, writes: &mut u64| {
            *writes += 1;
            Some(Versioned { record: record.clone(), version: writes.to_string() })
        };
        match (ask, &self.lease) {
            (Ask::Read, None) | (Ask::Replace(..), None) => return Answer::Missing,
            (Ask::Read, Some(_)) => {}
            (Ask::Create(_), Some(_)) => return Answer::Conflict,
            (Ask::Create(record), None) => self.lease = write(record, &mut self.writes),
            (Ask::Replace(_, version), Some(there)) if *version != there.version => return Answer::Conflict,
            (Ask::Replace(record, _), Some(_)) => self.lease = write(record, &mut self.writes),
            (Ask::Wait(_), _) => panic!("nothing is asked"),
        }
        self.lease.clone().map_or(Answer::Missing, Answer::Says)
    }
}

fn ms(at_ms: i64) -> Time {
    at(0) + SignedDuration::from_millis(at_ms)
}

/// Asks all that is due, and is answered at once.
fn turn(candidate: &mut Candidate, server: &mut Server, now: Time) {
    for _ in 0..5 {
        let ask = candidate.ask(now);
        if let Ask::Wait(_) = ask {
            return;
        }
        let answer = server.answer(&ask);
        candidate.take(&ask, answer, now, now);
    }
    panic!("it asks without end: {candidate:?}");
}

fn leads(candidate: &Candidate, now: Time) -> bool {
    candidate.leading(now).is_some()
}

#[test]
fn the_first_one_makes_the_lease_and_keeps_it() {
    let (mut server, mut one, mut other) =
        (Server::default(), Candidate::new("one".into()), Candidate::new("two".into()));
    for tick in 0..600 {
        let now = ms(tick * 100);
        turn(&mut one, &mut server, now);
        turn(&mut other, &mut server, now);
        assert!(leads(&one, now) && !leads(&other, now), "{now}");
    }
    assert_eq!(one.leading(ms(0)).unwrap().since, ms(0), "one term");
    assert_eq!((server.writes, other.leader()), (30, Some("one")), "a write every two seconds");
}

#[test]
fn after_a_release_another_takes_it_within_two_seconds() {
    for phase in 0..20 {
        let (mut server, mut one, mut other) =
            (Server::default(), Candidate::new("one".into()), Candidate::new(format!("two{phase}")));
        let released = 5000 + phase * 137;
        let mut taken = None;
        for tick in 0..1000 {
            let now = ms(tick * 10);
            if tick * 10 < released {
                turn(&mut one, &mut server, now);
            } else if tick * 10 - 10 < released {
                let answer = server.answer(&one.release(now).unwrap());
                assert!(matches!(answer, Answer::Says(_)));
            }
            turn(&mut other, &mut server, now);
            if taken.is_none() && leads(&other, now) {
                taken = Some(tick * 10);
            }
        }
        assert!((released..released + 2000).contains(&taken.unwrap()), "{released} {taken:?}");
        assert_eq!(server.lease.unwrap().record.transitions, 1);
    }
}

#[test]
fn after_a_crash_another_takes_it_when_the_lease_and_a_second_have_passed_and_not_before() {
    for phase in 0..20 {
        let (mut server, mut one, mut other) =
            (Server::default(), Candidate::new("one".into()), Candidate::new(format!("two{phase}")));
        let crashed = 5000 + phase * 137;
        let mut taken = None;
        for tick in 0..4000 {
            let now = ms(tick * 10);
            if tick * 10 < crashed {
                turn(&mut one, &mut server, now);
            }
            turn(&mut other, &mut server, now);
            assert!(!(leads(&one, now) && leads(&other, now)), "two lead at {now}");
            if taken.is_none() && leads(&other, now) {
                taken = Some(tick * 10);
            }
        }
        let taken = taken.unwrap();
        assert!((crashed + 13_000..=crashed + 16_000).contains(&taken), "{crashed} {taken}");
    }
}

#[test]
fn who_cannot_renew_steps_down_before_anybody_else_can_lead() {
    let (mut server, mut one) = (Server::default(), Candidate::new("one".into()));
    turn(&mut one, &mut server, ms(0));
    let leading = one.leading(ms(0)).unwrap();
    assert_eq!((leading.ends(), leading.safe_until()), (ms(10_000), ms(15_000)));
    for tick in 20..150 {
        let now = ms(tick * 100);
        let ask = one.ask(now);
        if !matches!(ask, Ask::Wait(_)) {
            one.take(&ask, Answer::Failed, now, now);
        }
        assert_eq!(leads(&one, now), tick < 100, "{now}");
    }
}

#[test]
fn a_write_of_which_no_answer_came_renews_nothing_until_it_is_made_again() {
    let (mut server, mut one) = (Server::default(), Candidate::new("one".into()));
    turn(&mut one, &mut server, ms(0));
    let ask = one.ask(ms(2000));
    server.answer(&ask);
    one.take(&ask, Answer::Failed, ms(2000), ms(5000));
    assert_eq!(one.leading(ms(5000)).unwrap().ends(), ms(10_000));
    turn(&mut one, &mut server, ms(6000));
    assert_eq!(one.leading(ms(6000)).unwrap().ends(), ms(16_000));
    assert_eq!(one.leading(ms(6000)).unwrap().since, ms(0), "the same term");
}

#[test]
fn a_lease_is_given_back_although_the_answer_to_the_last_renewal_was_lost() {
    let (mut server, mut one) = (Server::default(), Candidate::new("one".into()));
    turn(&mut one, &mut server, ms(0));
    let renewal = one.ask(ms(2000));
    server.answer(&renewal);
    one.take(&renewal, Answer::Failed, ms(2000), ms(3000));
    let mut asked = Vec::new();
    while let Some(ask) = one.release(ms(3000)) {
        let answer = server.answer(&ask);
        one.take(&ask, answer, ms(3000), ms(3000));
        asked.push(ask);
        assert!(asked.len() < 5, "{asked:?}");
    }
    assert_eq!(asked.first(), Some(&Ask::Read), "its version is another by now");
    assert_eq!(server.lease.unwrap().record.holder, None);
    assert!(!leads(&one, ms(3000)));
}

#[test]
fn a_term_that_has_lapsed_is_another_term_when_it_is_taken_again() {
    let (mut server, mut one) = (Server::default(), Candidate::new("one".into()));
    turn(&mut one, &mut server, ms(0));
    turn(&mut one, &mut server, ms(60_000));
    assert_eq!(one.leading(ms(60_000)).unwrap().since, ms(60_000));
}

#[test]
fn a_lease_that_somebody_removes_is_no_longer_ours() {
    let (mut server, mut one) = (Server::default(), Candidate::new("one".into()));
    turn(&mut one, &mut server, ms(0));
    server.lease = None;
    let ask = one.ask(ms(2000));
    let answer = server.answer(&ask);
    one.take(&ask, answer, ms(2000), ms(2000));
    assert!(!leads(&one, ms(2000)));
    turn(&mut one, &mut server, ms(2000));
    assert!(leads(&one, ms(2000)), "it is made again");
}

#[test]
fn what_a_record_says_of_times_is_never_believed() {
    let (mut server, mut other) = (Server::default(), Candidate::new("two".into()));
    let record = Record {
        holder: Some("one".into()),
        lasts: LASTS,
        transitions: 4,
        acquired: Some(ms(-900_000)),
        renewed: Some(ms(-900_000)),
    };
    server.lease = Some(Versioned { record, version: "a".into() });
    for tick in 0..150 {
        turn(&mut other, &mut server, ms(tick * 100));
        assert!(!leads(&other, ms(tick * 100)), "a clock that is behind has not died");
    }
    turn(&mut other, &mut server, ms(15_000));
    assert!(leads(&other, ms(15_000)));
}

/// A call on its way.
struct Call {
    ask: Ask,
    begun: Time,
    /// When it takes effect, and when its answer comes; none where it gets lost.
    effect: Option<Time>,
    answered: Time,
    answer: Answer,
}

#[test]
fn whatever_calls_and_machines_do_two_never_lead_at_once_and_somebody_leads_in_the_end() {
    let seeds = std::env::var("LEASES").map_or(300, |text| text.parse().unwrap());
    let (mut terms, mut without) = (0, 0);
    for seed in 1..=seeds {
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed) | 1);
        let mut roll = |sides| i64::try_from(dice.roll(sides)).unwrap();
        let mut server = Server::default();
        let mut candidates: BTreeMap<usize, Candidate> =
            (0..3).map(|it| (it, Candidate::new(format!("{seed}-{it}")))).collect();
        let mut calls: BTreeMap<usize, Call> = BTreeMap::new();
        let mut frozen: BTreeMap<usize, i64> = BTreeMap::new();
        let (mut cut_off, mut lives) = (0, 3);
        let mut last = None;
        for tick in 0..6000_i64 {
            let now = ms(tick * 50);
            let calm = tick > 4800;
            if !calm && roll(400) == 0 {
                cut_off = tick + roll(600);
            }
            for at in 0..3 {
                if !calm && roll(2000) == 0 {
                    // Killed, and back under another name: the call on its way may still take effect.
                    lives += 1;
                    candidates.insert(at, Candidate::new(format!("{seed}-{lives}")));
                    if let Some(effect) = calls.remove(&at).filter(|_| roll(2) == 0) {
                        server.answer(&effect.ask);
                    }
                }
                if !calm && roll(1500) == 0 {
                    frozen.insert(at, tick + roll(800));
                }
                let is_frozen = frozen.get(&at).is_some_and(|until| tick < *until);
                let candidate = candidates.get_mut(&at).unwrap();
                if let Some(call) = calls.get_mut(&at) {
                    if call.effect.is_some_and(|effect| effect <= now) {
                        call.effect = None;
                        call.answer = server.answer(&call.ask);
                    }
                    if call.answered <= now && !is_frozen {
                        let late = now.duration_since(call.begun) > CALL;
                        let call = calls.remove(&at).unwrap();
                        candidate.take(&call.ask, if late { Answer::Failed } else { call.answer }, call.begun, now);
                    }
                } else if !is_frozen {
                    let ask = candidate.ask(now);
                    if let Ask::Wait(_) = ask {
                        continue;
                    }
                    let lost = !calm && (tick < cut_off || roll(20) == 0);
                    let slow = if !calm && roll(10) == 0 { roll(6000) } else { roll(200) };
                    let half = SignedDuration::from_millis(slow / 2);
                    let effect = (!lost || roll(2) == 0).then(|| now + half);
                    let answered = if lost { now + CALL + half } else { now + half + half };
                    calls.insert(at, Call { ask, begun: now, effect, answered, answer: Answer::Failed });
                }
            }
            let leaders: Vec<(usize, Leading)> =
                candidates.iter().filter_map(|(at, it)| Some((*at, it.leading(now)?))).collect();
            assert!(leaders.len() <= 1, "seed {seed}, {now}: {candidates:?}");
            without += usize::from(leaders.is_empty());
            let term = leaders.first().map(|(at, leading)| (*at, leading.since));
            terms += usize::from(term.is_some() && term != last);
            last = term.or(last);
        }
        let end = ms(6000 * 50);
        assert!(candidates.values().any(|it| leads(it, end)), "seed {seed}: nobody leads after a minute of calm");
    }
    println!("{seeds} seeds of 5 minutes: {terms} terms, {} ms in all without a leader", without * 50);
    assert!(terms > 2 * usize::try_from(seeds).unwrap(), "{terms} terms");
}
