//! What is chosen, in examples; and what the other tests need: dice, and the best of all choices by trying each.

mod churn;
mod every;
mod large;

use super::*;

fn sessions(count: u32) -> Cost {
    Cost::Sessions { count, standing: false }
}

fn standing(count: u32) -> Cost {
    Cost::Sessions { count, standing: true }
}

fn path<H: Ord + Copy>(from: &[H], to: &[H]) -> Path<H> {
    Path { from: from.iter().copied().collect(), to: to.iter().copied().collect() }
}

/// Who is chosen, by name.
fn chosen(costs: &[(&'static str, Cost)], paths: &[Path<&'static str>]) -> Vec<&'static str> {
    let cover = cover(&costs.iter().copied().collect(), paths);
    assert_eq!(cover.blind, [], "no path is blind");
    cover.chosen.into_iter().collect()
}

/// Numbers that only the seed decides.
struct Dice(u64);

impl Dice {
    fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `sides`. Marsaglia's xorshift.
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    /// One in seven is free, one in seven cannot be mirrored, and of the others half stand.
    fn cost(&mut self) -> Cost {
        match self.roll(7) {
            0 => Cost::Free,
            1 => Cost::Forbidden,
            _ => Cost::Sessions { count: 1 + self.roll(4) as u32, standing: self.roll(2) == 0 },
        }
    }
}

/// The pairs that have to be seen, and those that nobody can see.
fn pairs<H: Ord + Copy>(costs: &BTreeMap<H, Cost>, paths: &[Path<H>]) -> [BTreeSet<(usize, H, H)>; 2] {
    let mut pairs = [BTreeSet::new(), BTreeSet::new()];
    for (place, Path { from, to }) in paths.iter().enumerate() {
        for (a, b) in from.iter().flat_map(|a| to.iter().map(move |b| (a, b))).filter(|(a, b)| a != b) {
            let is_blind = costs[a] == Cost::Forbidden && costs[b] == Cost::Forbidden;
            pairs[usize::from(is_blind)].insert((place, *a, *b));
        }
    }
    pairs
}

/// Whether all is seen that can be.
fn suffices<H: Ord + Copy>(costs: &BTreeMap<H, Cost>, paths: &[Path<H>], chosen: &BTreeSet<H>) -> bool {
    let sees = |host: &H| costs[host] == Cost::Free || chosen.contains(host);
    pairs(costs, paths)[0].iter().all(|(_, a, b)| sees(a) || sees(b))
}

/// How many sessions a choice takes, and how many hosts begin or cease to be mirrored.
fn price<H: Ord + Copy>(costs: &BTreeMap<H, Cost>, chosen: &BTreeSet<H>) -> (u32, u32) {
    let (mut sessions, mut moved) = (0, 0);
    for (host, cost) in costs {
        let Cost::Sessions { count, standing } = *cost else {
            assert!(!chosen.contains(host), "neither the free nor the forbidden are chosen");
            continue;
        };
        sessions += if chosen.contains(host) { count } else { 0 };
        moved += u32::from(chosen.contains(host) != standing);
    }
    (sessions, moved)
}

/// What is seen and what is named as blind is right; gives the price.
fn checked(costs: &BTreeMap<usize, Cost>, paths: &[Path<usize>], cover: &Cover<usize>) -> (u32, u32) {
    assert!(suffices(costs, paths, &cover.chosen), "{costs:?} {paths:?} {cover:?}");
    let mut named = BTreeSet::new();
    for Blind { path, from, to } in &cover.blind {
        assert!(from.iter().all(|a| to.iter().any(|b| a != b)) && to.iter().all(|b| from.iter().any(|a| a != b)));
        let facing = from.iter().flat_map(|a| to.iter().map(move |b| (*path, *a, *b)));
        named.extend(facing.filter(|(_, a, b)| a != b));
    }
    assert_eq!(named, pairs(costs, paths)[1], "what is blind is named: {costs:?} {paths:?}");
    price(costs, &cover.chosen)
}

/// The best price of all choices. Hosts are numbered from 0.
fn best(costs: &BTreeMap<usize, Cost>, paths: &[Path<usize>]) -> (u32, u32) {
    let set =
        |of: &dyn Fn(&Cost) -> bool| -> u32 { costs.iter().filter(|it| of(it.1)).map(|(host, _)| 1 << host).sum() };
    let (free, may) = (set(&|it| *it == Cost::Free), set(&|it| matches!(it, Cost::Sessions { .. })));
    let needs: Vec<u32> = pairs(costs, paths)[0].iter().map(|(_, a, b)| 1 << a | 1 << b).collect();
    let choices = (0..1_u32 << costs.len()).filter(|choice| choice & !may == 0);
    let sufficient = choices.filter(|choice| needs.iter().all(|pair| (choice | free) & pair != 0));
    let prices = sufficient.map(|choice| {
        let (mut sessions, mut moved) = (0, 0);
        for (host, cost) in costs {
            if let Cost::Sessions { count, standing } = cost {
                let is_in = choice >> host & 1 == 1;
                sessions += if is_in { *count } else { 0 };
                moved += u32::from(is_in != *standing);
            }
        }
        (sessions, moved)
    });
    prices.min().expect("all that may be chosen suffices")
}

#[test]
fn the_cheaper_end_is_chosen() {
    let costs = [("a", sessions(1)), ("b", sessions(1)), ("v", sessions(3))];
    assert_eq!(chosen(&costs, &[path(&["a", "b"], &["v"])]), ["a", "b"]);
    let costs = [("a", sessions(1)), ("b", sessions(2)), ("v", sessions(2))];
    assert_eq!(chosen(&costs, &[path(&["a", "b"], &["v"])]), ["v"]);
}

#[test]
fn an_end_that_several_paths_share_is_chosen_for_all_of_them() {
    let costs = [("a", sessions(2)), ("b", sessions(2)), ("v", sessions(3))];
    assert_eq!(chosen(&costs, &[path(&["a"], &["v"])]), ["a"]);
    assert_eq!(chosen(&costs, &[path(&["a"], &["v"]), path(&["v"], &["b"])]), ["v"]);
}

#[test]
fn one_that_cannot_be_mirrored_forces_the_other_end() {
    let costs = [("a", sessions(9)), ("b", sessions(9)), ("v", sessions(1)), ("w", Cost::Forbidden)];
    assert_eq!(chosen(&costs, &[path(&["a", "b"], &["v", "w"])]), ["a", "b"]);
    assert_eq!(chosen(&costs[..3], &[path(&["a", "b"], &["v", "unknown"])]), ["a", "b"], "nor one without a cost");
}

#[test]
fn where_neither_can_be_mirrored_it_is_blind_and_both_are_named() {
    let costs = [("a", Cost::Forbidden), ("b", sessions(1)), ("v", Cost::Forbidden), ("w", sessions(1))].into();
    let paths = [path(&["b"], &["w"]), path(&["a", "b"], &["v", "w"])];
    let cover = cover(&costs, &paths);
    assert_eq!(cover.blind, [Blind { path: 1, from: ["a"].into(), to: ["v"].into() }]);
    assert_eq!(cover.chosen, ["b", "w"].into(), "b is all that sees v, and w all that sees a");
}

#[test]
fn who_is_mirrored_anyway_sees_its_paths_for_nothing() {
    let costs = [("a", sessions(1)), ("v", Cost::Free), ("w", sessions(2))];
    assert!(chosen(&costs, &[path(&["a"], &["v"])]).is_empty());
    assert_eq!(chosen(&costs, &[path(&["a"], &["v", "w"])]), ["a"]);
}

#[test]
fn who_is_at_both_ends_of_a_path_need_not_be_seen_speaking_with_itself() {
    assert!(chosen(&[("a", sessions(1))], &[path(&["a"], &["a"])]).is_empty());
    let costs = [("a", Cost::Forbidden), ("b", sessions(1)), ("c", sessions(2))];
    assert_eq!(chosen(&costs, &[path(&["a", "b"], &["a"])]), ["b"]);
    assert_eq!(chosen(&costs[1..], &[path(&["b", "c"], &["b", "c"])]), ["b"]);
}

#[test]
fn of_those_that_all_speak_with_each_other_the_dearest_is_spared() {
    let costs = [("a", sessions(1)), ("b", sessions(3)), ("c", sessions(2))];
    assert_eq!(chosen(&costs, &[path(&["a", "b", "c"], &["a", "b", "c"])]), ["a", "c"]);
}

#[test]
fn what_is_mirrored_stays_until_the_other_end_saves_a_session() {
    let both = [path(&["a"], &["v"])];
    assert_eq!(chosen(&[("a", sessions(2)), ("v", standing(2))], &both), ["v"]);
    assert_eq!(chosen(&[("a", standing(2)), ("v", sessions(2))], &both), ["a"]);
    assert_eq!(chosen(&[("a", sessions(1)), ("v", standing(2))], &both), ["a"]);
}

#[test]
fn without_paths_nobody_is_chosen() {
    assert!(chosen(&[("a", standing(1))], &[]).is_empty());
    assert!(chosen(&[("a", standing(1))], &[path(&["a"], &[])]).is_empty());
}
