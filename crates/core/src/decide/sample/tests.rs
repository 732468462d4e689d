//! Takes fleets of a few members; gives sentences about who is chosen, and what choosing depends on.

mod changes;
mod detecting;
mod exhaustive;
mod rotating;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::policy::TooShort;
use crate::testing::at;

const KEY: &[u8] = b"sixteen bytes or so, for tests";

fn key() -> SampleKey {
    SampleKey::new(KEY).unwrap()
}

/// One of many keys.
fn key_number(number: u64) -> SampleKey {
    SampleKey::new(format!("key number {number:020}").as_bytes()).unwrap()
}

fn sampling(fraction: f64, at_least: usize, hours: Option<i64>) -> Sampling {
    Sampling { fraction, at_least, rotate: hours.map(SignedDuration::from_hours) }
}

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("i-{n:04}")).collect()
}

/// These members, all in one stratum.
fn together(ids: &[String]) -> BTreeMap<&str, Vec<String>> {
    in_stratum(ids, &["web", "eu-west-1a"])
}

fn in_stratum<'a>(ids: &'a [String], labels: &[&str]) -> BTreeMap<&'a str, Vec<String>> {
    ids.iter().map(|id| (id.as_str(), labels.iter().map(ToString::to_string).collect())).collect()
}

/// How many are chosen by one and not by the other, this one apart.
fn others_changed(before: &BTreeSet<&str>, after: &BTreeSet<&str>, apart: &str) -> usize {
    before.symmetric_difference(after).filter(|member| **member != apart).count()
}

/// Which members are chosen. `members` are ids that do not change, such as an instance's, each with the labels of its stratum; `strategy`
/// is a name, so that two strategies choose independently.
fn chosen<'a>(
    key: &SampleKey,
    strategy: &str,
    sampling: &Sampling,
    members: &BTreeMap<&'a str, Vec<String>>,
    now: Time,
) -> BTreeSet<&'a str> {
    let of_one =
        |(labels, members): (&[String], Vec<&'a str>)| of_stratum(key, strategy, sampling, labels, &members, now);
    strata(members).into_iter().flat_map(of_one).collect()
}

/// The members by stratum.
fn strata<'s, 'a>(members: &'s BTreeMap<&'a str, Vec<String>>) -> BTreeMap<&'s [String], Vec<&'a str>> {
    let mut strata: BTreeMap<&[String], Vec<&str>> = BTreeMap::new();
    for (member, labels) in members {
        strata.entry(labels.as_slice()).or_default().push(member);
    }
    strata
}

/// Numbers that only the seed decides.
struct Dice(u64);

impl Dice {
    /// A number below `sides`. Marsaglia's xorshift.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }
}

#[test]
fn a_part_is_rounded_up_and_never_less_than_the_least_nor_more_than_there_are() {
    let size = |fraction, at_least, members| sampling(fraction, at_least, None).size(members);
    assert_eq!([size(0.05, 1, 0), size(0.05, 1, 1), size(0.05, 1, 20), size(0.05, 1, 21)], [0, 1, 1, 2]);
    assert_eq!([size(0.05, 3, 2), size(0.05, 3, 10), size(0.05, 3, 61)], [2, 3, 4]);
    assert_eq!([size(0.07, 0, 100), size(0.29, 0, 100), size(0.57, 0, 100)], [7, 29, 57], "not one more by rounding");
    assert_eq!([size(1.0, 0, 9), size(1e-12, 0, 9), size(f64::NAN, 0, 9), size(7.0, 99, 9)], [9, 1, 1, 9]);
}

#[test]
fn one_member_more_is_one_chosen_more_at_most_whatever_the_fraction() {
    for thousandths in 1..=1000 {
        let sampling = sampling(f64::from(thousandths) / 1000.0, 2, None);
        for members in 0..500 {
            let grown = sampling.size(members + 1) - sampling.size(members);
            assert!(grown <= 1, "{thousandths} thousandths of {members}");
        }
    }
}

#[test]
fn a_release_chooses_the_same_as_the_one_before() {
    let ids = ids(12);
    // Calculated with another implementation of BLAKE3.
    let of = |hours| chosen(&key(), "spot-check", &sampling(0.25, 1, hours), &together(&ids), at(0));
    assert_eq!(Vec::from_iter(of(None)), ["i-0003", "i-0009", "i-0011"]);
    assert_eq!(Vec::from_iter(of(Some(24))), ["i-0000", "i-0005", "i-0007"]);
}

#[test]
fn each_stratum_has_some_of_its_own() {
    let ids = ids(40);
    let labels = |n: usize| vec!["web".to_owned(), format!("zone-{}", n % 4)];
    let members = ids.iter().enumerate().map(|(n, id)| (id.as_str(), labels(n))).collect();
    let chosen = chosen(&key(), "spot-check", &sampling(0.11, 1, Some(24)), &members, at(0));
    for zone in 0..4 {
        let of_zone = chosen.iter().filter(|id| members[*id] == labels(zone)).count();
        assert_eq!(of_zone, 2, "zone {zone}");
    }
}

#[test]
fn strata_whose_labels_only_look_alike_draw_apart() {
    let ids = ids(64);
    let of =
        |labels: &[&str], strategy| chosen(&key(), strategy, &sampling(0.5, 1, None), &in_stratum(&ids, labels), at(0));
    let all =
        [of(&["a", "bc"], "x"), of(&["ab", "c"], "x"), of(&["abc"], "x"), of(&["bc"], "xa"), of(&["a", "bc"], "y")];
    for (n, one) in all.iter().enumerate() {
        for other in &all[..n] {
            // Of 32 chosen 16 are expected in both, give or take two.
            assert!((8..=24).contains(&one.intersection(other).count()));
        }
    }
}

#[test]
fn who_is_in_another_stratum_says_nothing_to_this_one() {
    let (here, there) = (ids(10), Vec::from_iter((0..10).map(|n| format!("i-there-{n}"))));
    let sampling = sampling(0.3, 1, Some(24));
    let alone = chosen(&key(), "spot-check", &sampling, &together(&here), at(0));
    let mut both = together(&here);
    both.extend(in_stratum(&there, &["db", "eu-west-1a"]));
    let both = chosen(&key(), "spot-check", &sampling, &both, at(0));
    assert!(alone.is_subset(&both) && both.len() == 6);
}

#[test]
fn every_three_of_five_are_chosen_equally_often_over_all_keys() {
    let ids = ids(5);
    let mut times: BTreeMap<BTreeSet<&str>, u32> = BTreeMap::new();
    for number in 0..10_000 {
        *times.entry(chosen(&key_number(number), "x", &sampling(0.6, 1, None), &together(&ids), at(0))).or_default() +=
            1;
    }
    // A thousand each; the sum of squares has nine degrees of freedom, and exceeds 27.9 once in a thousand draws.
    let squares: f64 = times.values().map(|times| (f64::from(*times) - 1000.0).powi(2) / 1000.0).sum();
    assert!(times.len() == 10 && squares < 27.9, "{squares}: {times:?}");
}

#[test]
fn a_key_of_fewer_than_sixteen_bytes_is_refused_and_the_end_of_its_line_is_none_of_them() {
    let refused = |secret: &[u8]| SampleKey::new(secret).map(|_| ()).unwrap_err();
    assert_eq!(refused(b"fifteen bytes.."), TooShort { has: 15 });
    assert_eq!(refused(b"fifteen bytes..\n"), TooShort { has: 15 });
    assert_eq!(refused(b"fifteen bytes..\r\n"), TooShort { has: 15 });
    assert_eq!(refused(b"\n"), TooShort { has: 0 });
    assert!(refused(b"").to_string().starts_with("the sample key has 0 bytes: it takes at least 16"));
    assert!(SampleKey::new(b"sixteen bytes ..").is_ok());
}

#[test]
fn only_one_end_of_line_is_no_part_of_the_key() {
    let ids = ids(64);
    let of = |ending: &[u8]| {
        let key = SampleKey::new(&[KEY, ending].concat()).unwrap();
        chosen(&key, "x", &sampling(0.5, 1, None), &together(&ids), at(0))
    };
    assert!(of(b"") == of(b"\n") && of(b"") == of(b"\r\n"));
    assert!([&b"\n\n"[..], b"\r", b" ", b" \n"].into_iter().all(|ending| of(ending) != of(b"")));
}

#[test]
fn a_key_prints_nothing_of_itself() {
    assert_eq!(format!("{:?} {:#?}", key(), key()), "SampleKey(secret) SampleKey(secret)");
}

/// When the choice next changes by rotation alone, as long as the members stay the same; none if it never does. Where nothing changes
/// within a period, the end of looking ahead: then it is asked again. So nothing changes before, and something nearly always does then.
fn next_turn(
    key: &SampleKey,
    strategy: &str,
    sampling: &Sampling,
    members: &BTreeMap<&str, Vec<String>>,
    now: Time,
) -> Option<Time> {
    sampling.rotate?;
    let of_one = |(labels, members): (&[String], Vec<&str>)| {
        let lots = Lots::new(key, strategy, labels, sampling.rotate);
        next_change(&lots, &members, sampling.size(members.len()), now)
    };
    strata(members).into_iter().filter_map(of_one).min()
}

/// When the choice of one stratum next changes, or has been looked at for a whole period. Looks at each member's next turn, in their order:
/// until the choice changes it is the one of now.
fn next_change(lots: &Lots, members: &[&str], size: usize, now: Time) -> Option<Time> {
    if size >= members.len() {
        return None;
    }
    let mut turns: Vec<(Time, &str)> =
        members.iter().filter_map(|member| Some((lots.turn(member, now)?, *member))).collect();
    turns.sort_unstable();
    let (chosen, others) = drawn(lots, members, size, now);
    let (mut chosen, mut others) = (BTreeSet::from_iter(chosen), BTreeSet::from_iter(others));
    for (at, member) in &turns {
        let (before, after) = ((lots.lot(member, now), *member), (lots.lot(member, *at), *member));
        let changes = if chosen.remove(&before) {
            chosen.insert(after);
            others.first().is_some_and(|first| *first < after)
        } else {
            others.remove(&before);
            others.insert(after);
            chosen.last().is_some_and(|last| after < *last)
        };
        if changes {
            return Some(*at);
        }
    }
    turns.last().map(|(at, _)| *at)
}
