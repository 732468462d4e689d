//! Ten thousand hosts. How long it takes is printed, not asserted.

use std::time::Instant;

use super::*;

const HOSTS: usize = 10_000;

fn costs(dice: &mut Dice) -> BTreeMap<usize, Cost> {
    (0..HOSTS).map(|host| (host, dice.cost())).collect()
}

fn timed(name: &str, costs: &BTreeMap<usize, Cost>, paths: &[Path<usize>]) -> (u32, u32) {
    let began = Instant::now();
    let cover = cover(costs, paths);
    println!("{name}: {:?}, {} chosen", began.elapsed(), cover.chosen.len());
    for Path { from, to } in paths {
        // Not pair by pair: of whichever end is seen whole there is nothing to ask.
        let unseen = |end: &BTreeSet<usize>| -> BTreeSet<usize> {
            end.iter().copied().filter(|it| costs[it] != Cost::Free && !cover.chosen.contains(it)).collect()
        };
        let (from, to) = (unseen(from), unseen(to));
        let open = |end: &BTreeSet<usize>| end.iter().any(|it| costs[it] != Cost::Forbidden);
        assert!(from.is_empty() || to.is_empty() || from == to && from.len() == 1 || !open(&from) && !open(&to));
    }
    price(costs, &cover.chosen)
}

fn spread(dice: &mut Dice, paths: usize, end: impl Fn(&mut Dice, usize, bool) -> bool) -> Vec<Path<usize>> {
    let mut one = |is_to| -> BTreeSet<usize> { (0..HOSTS).filter(|host| end(dice, *host, is_to)).collect() };
    (0..paths).map(|_| Path { from: one(false), to: one(true) }).collect()
}

/// Without any that cannot be mirrored: those would settle nearly all.
fn open_costs(dice: &mut Dice) -> BTreeMap<usize, Cost> {
    (0..HOSTS).map(|host| (host, sessions(1 + dice.roll(3) as u32))).collect()
}

#[test]
fn ten_thousand_hosts_in_twenty_paths() {
    let mut dice = Dice::seeded(1);
    let apart = spread(&mut dice, 20, |dice, host, is_to| (host < HOSTS / 2) != is_to && dice.roll(20) == 0);
    timed("clients and servers", &open_costs(&mut dice), &apart);
    timed("clients and servers, some forbidden", &costs(&mut dice), &apart);
    let dense = spread(&mut dice, 20, |dice, host, is_to| (host < HOSTS / 2) != is_to && dice.roll(2) == 0);
    timed("clients and servers, all different", &open_costs(&mut dice), &dense);
    let tangled = spread(&mut dice, 20, |dice, _, _| dice.roll(20) == 0);
    timed("whatever at both ends", &open_costs(&mut dice), &tangled);
    let everyone: Vec<usize> = (0..HOSTS).collect();
    timed("everyone with everyone", &open_costs(&mut dice), &[path(&everyone, &everyone)]);
    let tier = |tier: usize| -> BTreeSet<usize> { (0..HOSTS).filter(|host| host % 12 == tier).collect() };
    let tiers: Vec<(usize, usize)> =
        (0..12).flat_map(|a| (0..a).map(move |b| (a, b))).filter(|(a, b)| (a + b) % 3 != 0).collect();
    let paths: Vec<Path<usize>> = tiers.iter().map(|(a, b)| Path { from: tier(*a), to: tier(*b) }).collect();
    timed(&format!("{} paths between 12 tiers", paths.len()), &open_costs(&mut dice), &paths);
}
