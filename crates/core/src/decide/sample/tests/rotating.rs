//! Takes the passing of time; gives sentences about who takes whose place, how often, and what that tells whoever looks on.

use super::*;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A stratum that rotates, with its lots.
struct Rotating<'a> {
    members: BTreeMap<&'a str, Vec<String>>,
    sampling: Sampling,
    key: SampleKey,
    lots: Lots,
}

impl<'a> Rotating<'a> {
    fn new(ids: &'a [String], size: usize, key: SampleKey) -> Self {
        let (members, sampling) = (together(ids), sampling(1e-9, size, Some(24)));
        let lots = Lots::new(&key, "x", &members[ids[0].as_str()], sampling.rotate);
        Self { members, sampling, key, lots }
    }

    fn chosen(&self, now: Time) -> BTreeSet<&'a str> {
        chosen(&self.key, "x", &self.sampling, &self.members, now)
    }

    fn next_turn(&self, now: Time) -> Option<Time> {
        next_turn(&self.key, "x", &self.sampling, &self.members, now)
    }

    /// Who draws next, and when.
    fn next_draw(&self, now: Time) -> (Time, &'a str) {
        self.members.keys().map(|member| (self.lots.turn(member, now).unwrap(), *member)).min().unwrap()
    }
}

#[test]
fn everybody_is_chosen_equally_long() {
    let ids = ids(10);
    for size in [1, 3, 9] {
        let stratum = Rotating::new(&ids, size, key());
        let periods = 2000;
        let (mut now, end) = (at(0), at(0) + DAY * periods);
        let mut times: BTreeMap<&str, f64> = BTreeMap::new();
        while now < end {
            let next = stratum.next_turn(now).unwrap().min(end);
            for member in stratum.chosen(now) {
                *times.entry(member).or_default() += next.duration_since(now).as_secs_f64();
            }
            now = next;
        }
        let shares = Vec::from_iter(times.values().map(|time| time / (DAY * periods).as_secs_f64()));
        println!("{size} of 10, shares of {periods} periods: {shares:.3?}");
        // What is chosen now says nothing of a period later: so the deviation of a share is below sqrt(p (1 - p) / periods).
        let expected = size as f64 / 10.0;
        let deviation = (expected * (1.0 - expected) / f64::from(periods)).sqrt();
        assert!(shares.len() == 10 && shares.iter().all(|share| (share - expected).abs() < 4.0 * deviation));
    }
}

#[test]
fn a_period_later_nothing_is_left_of_what_was_known() {
    let ids = ids(20);
    let common = |after: SignedDuration| {
        let of_key = |number| {
            let stratum = Rotating::new(&ids, 5, key_number(number));
            stratum.chosen(at(0)).intersection(&stratum.chosen(at(0) + after)).count()
        };
        (0..2000).map(of_key).sum::<usize>() as f64 / 2000.0
    };
    let after = [DAY / 24, DAY / 4, DAY / 2, DAY, DAY * 2].map(common);
    println!("of 5 of 20 that were watched still are, an hour, 6, 12, 24 and 48 hours later: {after:.2?}");
    // Five of twenty that have nothing to do with each other have 1.25 in common.
    assert!(after[0] > 4.5 && after.is_sorted_by(|one, later| one > later || (later - 1.25).abs() < 0.08), "{after:?}");
    assert!(after[3..].iter().all(|common| (common - 1.25).abs() < 0.08), "{after:?}");
}

#[test]
fn each_place_changes_hands_about_twice_in_a_period() {
    for (count, size, periods) in [(4, 1, 3000), (20, 5, 600), (200, 10, 30)] {
        let ids = ids(count);
        let stratum = Rotating::new(&ids, size, key());
        let (mut now, end) = (at(0), at(0) + DAY * periods);
        let (mut swaps, mut chosen) = (0, stratum.chosen(now));
        while let Some(next) = stratum.next_turn(now).filter(|next| *next < end) {
            let then = stratum.chosen(next);
            assert_eq!(then.len(), size);
            let new = then.difference(&chosen).count();
            assert!(new <= 1);
            swaps += new;
            (now, chosen) = (next, then);
        }
        let of_each = swaps as f64 / f64::from(periods) / size as f64;
        println!("{size} of {count}: each place changes hands {of_each:.3} times in a period");
        // One that is chosen draws too high a lot, or one that is not draws a low one: each 1 of size (count - size) / (count + 1) a period.
        let expected = 2.0 * (count - size) as f64 / (count + 1) as f64;
        assert!((of_each / expected - 1.0).abs() < 0.05, "{of_each} instead of {expected}");
    }
}

#[test]
fn nothing_changes_before_the_next_turn_and_something_does_then() {
    let ids = ids(9);
    let mut members = together(&ids);
    members.extend(in_stratum(&ids[..4], &["db", "eu-west-1b"]));
    let sampling = sampling(0.3, 1, Some(24));
    let (mut now, mut idle) = (at(0), 0);
    for _ in 0..1000 {
        let choose = |now| chosen(&key(), "x", &sampling, &members, now);
        let next = next_turn(&key(), "x", &sampling, &members, now).unwrap();
        let draws = members.iter().map(|(member, labels)| {
            (Lots::new(&key(), "x", labels, sampling.rotate).turn(member, now).unwrap(), member)
        });
        for (draw, _) in draws.filter(|(draw, _)| *draw < next) {
            assert_eq!(choose(draw), choose(now));
        }
        assert_eq!(choose(next - SignedDuration::from_nanos(1)), choose(now));
        idle += usize::from(choose(next) == choose(now));
        assert!(next > now && next <= now + DAY);
        now = next;
    }
    println!("turns at which nothing changes, of 1000: {idle}");
    assert!(idle < 50);
}

#[test]
fn a_stratum_whose_draws_change_nothing_is_looked_at_again_within_a_period() {
    let ids = ids(2);
    let idle = (0..1000).filter(|number| {
        let stratum = Rotating::new(&ids, 1, key_number(*number));
        let next = stratum.next_turn(at(0)).unwrap();
        assert!(next > at(0) && next <= at(0) + DAY);
        stratum.chosen(at(0)) == stratum.chosen(next)
    });
    // Whoever is lower stays lower through both draws: five times in twelve, and a deviation of 16 in a thousand.
    let idle = idle.count();
    println!("pairs of which one is watched that stay as they are for a period, of 1000: {idle}");
    assert!(idle.abs_diff(417) < 63, "{idle}");
}

#[test]
fn where_nothing_rotates_or_all_are_chosen_there_is_no_turn() {
    let ids = ids(6);
    let turn = |sampling: &Sampling| next_turn(&key(), "x", sampling, &together(&ids), at(0));
    assert_eq!(turn(&sampling(0.5, 1, None)), None);
    assert_eq!([turn(&sampling(1.0, 1, Some(24))), turn(&sampling(0.1, 6, Some(24)))], [None, None]);
    assert_eq!(turn(&sampling(0.5, 1, Some(0))), None);
    assert_eq!(next_turn(&key(), "x", &sampling(0.5, 1, Some(24)), &BTreeMap::new(), at(0)), None);
    let choose = |now| chosen(&key(), "x", &sampling(0.5, 1, None), &together(&ids), now);
    assert_eq!(choose(at(0)), choose(at(0) + DAY * 1000));
}

#[test]
fn draws_are_spread_over_the_period() {
    let ids = ids(2400);
    let stratum = Rotating::new(&ids, 1, key());
    let seconds = |id: &String| {
        (stratum.lots.turn(id, at(0)).unwrap().duration_since(at(0)) - SignedDuration::from_nanos(1)).as_secs()
    };
    let (mut hours, mut minutes) = (BTreeMap::new(), BTreeMap::new());
    for id in &ids {
        *hours.entry(seconds(id) / 3600).or_insert(0_u32) += 1;
        *minutes.entry(seconds(id) / 60).or_insert(0_u32) += 1;
    }
    // 23 degrees of freedom: above 49.7 once in a thousand draws.
    let squares: f64 = hours.values().map(|draws| (f64::from(*draws) - 100.0).powi(2) / 100.0).sum();
    let most = minutes.values().max().unwrap();
    println!("2400 members, a period of a day: draws in an hour {:?}, at most {most} in a minute", hours.values());
    assert!(hours.len() == 24 && squares < 49.7 && *most <= 10, "{squares}");
}

#[test]
fn who_draws_when_says_nothing_of_what_is_drawn() {
    let ids = ids(10);
    let (mut before, mut after) = (0, 0);
    for number in 0..5000 {
        let stratum = Rotating::new(&ids, 3, key_number(number));
        let (turn, first) = stratum.next_draw(at(0));
        before += usize::from(stratum.chosen(at(0)).contains(first));
        after += usize::from(stratum.chosen(turn).contains(first));
    }
    // 1500 of 5000, and a deviation of 32.
    assert!(before.abs_diff(1500) < 130 && after.abs_diff(1500) < 130, "{before} {after}");
}

#[test]
fn no_time_and_no_period_is_too_long() {
    let ids = ids(5);
    let nanosecond = SignedDuration::from_nanos(1);
    let periods = [nanosecond, DAY, SignedDuration::MAX, SignedDuration::ZERO, SignedDuration::MIN, -nanosecond];
    for rotate in periods {
        let sampling = Sampling { fraction: 0.4, at_least: 1, rotate: Some(rotate) };
        for now in [Time::MIN, at(-3_000_000_000), Time::UNIX_EPOCH, at(0), Time::MAX] {
            assert_eq!(chosen(&key(), "x", &sampling, &together(&ids), now).len(), 2);
            let next = next_turn(&key(), "x", &sampling, &together(&ids), now);
            assert!(next.is_none_or(|next| next > now), "{rotate:?} {now}");
        }
    }
    let before_1970 = Rotating::new(&ids, 2, key());
    let next = before_1970.next_turn(at(-3_000_000_000)).unwrap();
    assert_ne!(before_1970.chosen(next - nanosecond), before_1970.chosen(next));
}
