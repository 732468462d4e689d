//! Small fleets, against the best of all choices. Every graph between four hosts and four others; `GRAPHS` tries fewer.

use super::*;

#[test]
fn with_two_colours_no_other_choice_takes_fewer_sessions_or_moves_fewer() {
    let graphs = std::env::var("GRAPHS").ok().and_then(|number| number.parse().ok()).unwrap_or(1_usize << 16);
    // An odd step, so that fewer graphs have every edge as well.
    let step = ((1 << 16) / graphs.clamp(1, 1 << 16)) | 1;
    for graph in (0..1_usize << 16).step_by(step) {
        let mut dice = Dice::seeded(graph as u64);
        let costs: BTreeMap<usize, Cost> = (0..8).map(|host| (host, dice.cost())).collect();
        let edges = (0..16).filter(|edge| graph >> edge & 1 == 1);
        let paths: Vec<Path<usize>> = edges.map(|edge| path(&[edge % 4], &[4 + edge / 4])).collect();
        let price = checked(&costs, &paths, &cover(&costs, &paths));
        assert_eq!(price, best(&costs, &paths), "{costs:?} {paths:?}");
    }
}

/// Up to eight hosts, and up to six paths with whichever of them at either end.
fn tangled(seed: u64) -> (BTreeMap<usize, Cost>, Vec<Path<usize>>) {
    let mut dice = Dice::seeded(seed);
    let hosts = 3 + dice.roll(6) as usize;
    let costs = (0..hosts).map(|host| (host, dice.cost())).collect();
    let sparse = 2 + dice.roll(3);
    let mut end = || -> BTreeSet<usize> { (0..hosts).filter(|_| dice.roll(sparse) == 0).collect() };
    let mut paths: Vec<Path<usize>> = (0..6).map(|_| Path { from: end(), to: end() }).collect();
    paths.truncate(1 + dice.roll(6) as usize);
    (costs, paths)
}

#[test]
fn a_search_that_ends_finds_the_best_of_whatever_overlaps() {
    for seed in 0..20_000 {
        let (costs, paths) = tangled(seed);
        let price = checked(&costs, &paths, &cover(&costs, &paths));
        assert_eq!(price, best(&costs, &paths), "{seed}: {costs:?} {paths:?}");
    }
}

#[test]
fn a_search_that_is_stopped_takes_at_most_twice_the_sessions() {
    let (mut fewest, mut worst) = (0, (0, 1));
    for seed in 0..20_000 {
        let (costs, paths) = tangled(seed);
        let (sessions, _) = checked(&costs, &paths, &cover_within(&costs, &paths, 0));
        let (least, _) = best(&costs, &paths);
        assert!(sessions <= 2 * least, "{seed}: {sessions} for {least}: {costs:?} {paths:?}");
        fewest += u32::from(sessions == least);
        if sessions * worst.1 > worst.0 * least {
            worst = (sessions, least);
        }
    }
    println!("{fewest} of 20000 take the fewest; at worst {} for {}", worst.0, worst.1);
    assert!(fewest > 19_000);
}

#[test]
fn neither_the_order_of_the_paths_nor_their_direction_changes_the_choice() {
    for seed in 0..2_000 {
        let (costs, mut paths) = tangled(seed);
        let before = cover(&costs, &paths).chosen;
        paths.reverse();
        assert_eq!(cover(&costs, &paths).chosen, before, "{seed}");
        let turned: Vec<Path<usize>> = paths.into_iter().map(|Path { from, to }| Path { from: to, to: from }).collect();
        assert_eq!(cover(&costs, &turned).chosen, before, "{seed}");
    }
}

#[test]
fn what_was_chosen_is_chosen_again_unless_a_stopped_search_finds_fewer_sessions() {
    for seed in 0..5_000 {
        let (mut costs, paths) = tangled(seed);
        for steps in [0, MOST_STEPS] {
            let before = cover_within(&costs, &paths, steps).chosen;
            for (host, cost) in &mut costs {
                if let Cost::Sessions { standing, .. } = cost {
                    *standing = before.contains(host);
                }
            }
            let after = cover_within(&costs, &paths, steps).chosen;
            let saves = steps == 0 && price(&costs, &after).0 < price(&costs, &before).0;
            assert!(after == before || saves, "{seed}: {before:?}, then {after:?}");
        }
    }
}
