//! A fleet that comes and goes, where what stands is what was chosen before.

use super::*;

/// Who is there, in which tiers, and what was chosen.
struct Fleet {
    tiers: BTreeMap<usize, u64>,
    costs: BTreeMap<usize, Cost>,
    /// From which tier to which.
    paths: Vec<(u64, u64)>,
    next: usize,
}

impl Fleet {
    fn paths(&self) -> Vec<Path<usize>> {
        let of = |tier: u64| self.tiers.iter().filter(move |it| *it.1 == tier).map(|it| *it.0).collect();
        self.paths.iter().map(|(from, to)| Path { from: of(*from), to: of(*to) }).collect()
    }

    fn arrives(&mut self, dice: &mut Dice) -> usize {
        self.next += 1;
        self.tiers.insert(self.next, dice.roll(4));
        self.costs.insert(self.next, one_cost(dice));
        self.next
    }

    fn stands(&mut self, chosen: &BTreeSet<usize>) {
        for (host, cost) in &mut self.costs {
            if let Cost::Sessions { standing, .. } = cost {
                *standing = chosen.contains(host);
            }
        }
    }
}

/// Most take one session, as machines do.
fn one_cost(dice: &mut Dice) -> Cost {
    match dice.roll(20) {
        0 => Cost::Free,
        1 => Cost::Forbidden,
        2..6 => sessions(2),
        _ => sessions(1),
    }
}

/// How many others began or ceased to be mirrored in so many events.
fn moves(seed: u64, paths: &[(u64, u64)], events: usize) -> usize {
    let mut dice = Dice::seeded(seed);
    let mut fleet = Fleet { tiers: BTreeMap::new(), costs: BTreeMap::new(), paths: paths.to_vec(), next: 0 };
    for _ in 0..20 {
        fleet.arrives(&mut dice);
    }
    let mut before = cover(&fleet.costs, &fleet.paths()).chosen;
    let mut moves = 0;
    for event in 0..events {
        fleet.stands(&before);
        let anyone = fleet.costs.keys().nth(dice.roll(fleet.costs.len() as u64) as usize).copied().expect("a host");
        let there = fleet.costs.len();
        let (host, left) = match dice.roll(5) {
            0 | 1 if there < 24 => (fleet.arrives(&mut dice), false),
            2 | 3 if there > 16 => {
                fleet.tiers.remove(&anyone);
                fleet.costs.remove(&anyone);
                (anyone, true)
            }
            _ => {
                fleet.costs.insert(anyone, one_cost(&mut dice));
                fleet.stands(&before);
                (anyone, false)
            }
        };
        let paths = fleet.paths();
        let cover = cover(&fleet.costs, &paths);
        let (now, _) = checked(&fleet.costs, &paths, &cover);
        let others: BTreeSet<usize> =
            before.symmetric_difference(&cover.chosen).copied().filter(|it| *it != host).collect();
        // What it would be if nobody else moved.
        let with = |is_in: bool| {
            let mut stays = before.clone();
            stays.remove(&host);
            if is_in && matches!(fleet.costs.get(&host), Some(Cost::Sessions { .. })) {
                stays.insert(host);
            }
            suffices(&fleet.costs, &paths, &stays).then(|| price(&fleet.costs, &stays).0)
        };
        if let Some(stays) = with(false).or_else(|| with(true)) {
            assert!(others.is_empty() || now < stays, "{seed}, {event}: {others:?} move and save nothing");
        }
        if left && before.contains(&host) {
            assert_eq!(others, [].into(), "{seed}, {event}: the rest of the best is the best of the rest");
        }
        moves += others.len();
        before = cover.chosen;
    }
    moves
}

fn moves_per_event(paths: &[(u64, u64)]) -> f64 {
    let (seeds, events) = (20, 500);
    let moves: usize = (0..seeds).map(|seed| moves(seed, paths, events)).sum();
    let each = moves as f64 / (seeds as usize * events) as f64;
    println!("{paths:?}: {moves} others moved in {} events: {each:.3} each", seeds as usize * events);
    each
}

#[test]
fn who_comes_or_goes_moves_others_only_where_that_saves_sessions() {
    assert!(moves_per_event(&[(0, 1), (1, 2), (2, 3)]) < 0.6);
}

#[test]
fn tiers_that_all_speak_with_each_other_move_as_little() {
    assert!(moves_per_event(&[(0, 1), (1, 2), (0, 2), (2, 2), (2, 3)]) < 0.35);
}
