//! Takes strata that can be counted out; gives sentences about how likely an attacker meets somebody who is watched.

use super::*;

/// By trying every choice of `k` hosts; the first `m` are watched.
fn counted(n: usize, m: usize, k: usize) -> f64 {
    let touched = Vec::from_iter((0_u32..1 << n).filter(|hosts| hosts.count_ones() as usize == k));
    let met = touched.iter().filter(|hosts| **hosts & ((1 << m) - 1) != 0).count();
    met as f64 / touched.len() as f64
}

#[test]
fn it_is_what_counting_every_choice_gives() {
    for n in 0..=10 {
        for m in 0..=n {
            for k in 0..=n {
                let (said, counted) = (detection(n, m, k), counted(n, m, k));
                assert!((said - counted).abs() < 1e-12, "{n} {m} {k}: {said}, {counted}");
            }
        }
    }
}

#[test]
fn a_few_watched_of_many_meet_a_scanner_nearly_always() {
    let percent = |n, m, k| (detection(n, m, k) * 1000.0).round() / 10.0;
    assert_eq!(
        [percent(100, 5, 1), percent(100, 5, 10), percent(100, 5, 50), percent(100, 5, 96)],
        [5.0, 41.6, 97.2, 100.0]
    );
    assert_eq!(percent(1000, 50, 60), 95.8);
}

#[test]
fn small_chances_are_not_rounded_away_and_certainty_is_certain() {
    assert!((detection(1_000_000_000, 1, 1) - 1e-9).abs() < 1e-20);
    assert_eq!([detection(10, 0, 5), detection(10, 5, 0), detection(0, 0, 0), detection(0, 3, 3)], [0.0; 4]);
    assert_eq!([detection(7, 3, 5), detection(7, 9, 1), detection(7, 1, 9), detection(7, 7, 7)], [1.0; 4]);
}
