//! Takes every stratum of up to eight members; gives sentences about what a change of it changes.
//!
//! What is chosen depends on the ids only through the order of their lots. So all subsets of eight ids, under one order, are all strata
//! of up to eight members with all orders, by other names.

use super::*;

/// So many members at most.
const MOST: usize = 8;

/// Every sampling that is another to eight members: any fraction between two of these gives the sizes of the greater one.
fn samplings(hours: Option<i64>) -> Vec<Sampling> {
    // In billionths, and not above what they stand for: the part of three that is two is no more than two thirds.
    let parts: BTreeSet<u64> = (1..=8).flat_map(|of| (1..=of).map(move |part| part * 1_000_000_000 / of)).collect();
    let fractions = parts.into_iter().map(|part| part as f64 / 1e9);
    fractions.flat_map(|fraction| (0..=MOST).map(move |at_least| sampling(fraction, at_least, hours))).collect()
}

/// The choice from every subset of eight members; the bits of its place in the list are its members.
fn choices<'a>(ids: &'a [String], sampling: &Sampling, now: Time) -> Vec<BTreeSet<&'a str>> {
    let of = |subset: usize| {
        let members: Vec<String> =
            ids.iter().enumerate().filter(|(n, _)| subset >> n & 1 == 1).map(|(_, id)| id.clone()).collect();
        let members = together(&members);
        let chosen = chosen(&key(), "spot-check", sampling, &members, now);
        assert_eq!(chosen.len(), sampling.size(members.len()));
        ids.iter().map(String::as_str).filter(|id| chosen.contains(id)).collect()
    };
    (0..1 << ids.len()).map(of).collect()
}

#[test]
fn whoever_comes_or_goes_changes_one_other_choice_at_most() {
    let ids = ids(MOST);
    let mut seen = [0; 2];
    for sampling in samplings(None).into_iter().chain(samplings(Some(24))) {
        let choices = choices(&ids, &sampling, at(0));
        for (subset, before) in choices.iter().enumerate() {
            for (n, id) in ids.iter().enumerate().filter(|(n, _)| subset >> n & 1 == 0) {
                // Coming read backwards is going.
                let after = &choices[subset | 1 << n];
                let changed = others_changed(before, after, id);
                assert!(changed <= 1, "{id} comes to {subset:b} with {sampling:?}");
                // Somebody else's choice changes only to make room, or because there are more to choose now.
                let (takes_a_place, more) = (after.contains(id.as_str()), after.len() > before.len());
                assert_eq!(changed == 1, takes_a_place != more, "{id} comes to {subset:b} with {sampling:?}");
                seen[changed] += 1;
            }
        }
    }
    println!("arrivals that change nothing else, and one other choice: {seen:?}");
}

#[test]
fn a_larger_fraction_or_a_larger_least_only_adds() {
    let ids = ids(MOST);
    let all = samplings(None);
    let choices: Vec<_> = all.iter().map(|sampling| choices(&ids, sampling, at(0))).collect();
    let mut grown = 0;
    for (small, of_small) in all.iter().zip(&choices) {
        let larger = |large: &Sampling| large.fraction >= small.fraction && large.at_least >= small.at_least;
        for (_, of_large) in all.iter().zip(&choices).filter(|(large, _)| larger(large)) {
            for (smaller, larger) in of_small.iter().zip(of_large) {
                assert!(smaller.is_subset(larger));
                grown += usize::from(smaller.len() < larger.len());
            }
        }
    }
    println!("larger samplings that add: {grown}");
    assert!(grown > 0);
}

#[test]
fn whoever_draws_anew_changes_one_other_choice_at_most_whatever_was_drawn() {
    for size in 1..MOST {
        let (ids, sampling) = (ids(MOST), sampling(0.01, size, Some(24)));
        let (members, lots) =
            (together(&ids), Lots::new(&key(), "spot-check", &together(&ids)["i-0000"], sampling.rotate));
        let place = |id: &str, now| {
            let (chosen, others) = drawn(&lots, &Vec::from_iter(members.keys().copied()), size, now);
            chosen.into_iter().chain(others).position(|(_, member)| member == id).unwrap()
        };
        let mut now = at(0);
        let mut places = BTreeSet::new();
        for _ in 0..1000 {
            let (turn, id) = ids.iter().map(|id| (lots.turn(id, now).unwrap(), id)).min().unwrap();
            let choose = |now| chosen(&key(), "spot-check", &sampling, &members, now);
            let (before, after) = (choose(now), choose(turn));
            assert!(others_changed(&before, &after, id) <= 1 && after.len() == size, "{id} at {turn}");
            // A moment earlier nothing had changed yet.
            assert_eq!(choose(turn - SignedDuration::from_nanos(1)), before);
            places.insert((place(id, now), place(id, turn)));
            now = turn;
        }
        assert_eq!(places.len(), MOST * MOST, "from every place to every place");
    }
}
