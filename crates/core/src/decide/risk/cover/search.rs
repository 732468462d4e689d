//! Takes bicliques that no two colours suffice for, all of whose classes together weigh at most twice what has to be chosen; gives
//! the lightest choice that is found within a number of steps. Never heavier than all.

use std::collections::{BTreeMap, BTreeSet};

use super::{Biclique, Weight};

/// The classes to choose. It begins with what there is without any search, so that it ends well wherever it is stopped.
pub(super) fn search(weights: &[Weight], bicliques: &[Biclique], steps: usize) -> BTreeSet<usize> {
    let all = bicliques.iter().flat_map(|it| it.left.iter().chain(&it.right)).copied().collect();
    let best = lean(weights, bicliques, all);
    let chosen = vec![None; weights.len()];
    let mut search = Search { weights, chosen, weight: 0, lightest: total(weights, &best), best, steps };
    search.choose(bicliques);
    lean(weights, bicliques, search.best)
}

/// What is left of those that stand, with what they lack.
pub(super) fn kept(weights: &[Weight], standing: &[bool], bicliques: &[Biclique]) -> BTreeSet<usize> {
    let all = bicliques.iter().flat_map(|it| it.left.iter().chain(&it.right)).copied();
    let stands = |class: &usize| standing.get(*class).copied().unwrap_or_default();
    lean(weights, bicliques, completed(weights, bicliques, all.filter(stands).collect()))
}

/// Goes through all ways to choose an end of each biclique, the lighter end first.
struct Search<'a> {
    weights: &'a [Weight],
    /// By class; none as long as it is open.
    chosen: Vec<Option<bool>>,
    /// What they weigh.
    weight: Weight,
    /// What the best weighs.
    lightest: Weight,
    best: BTreeSet<usize>,
    /// How many are left.
    steps: usize,
}

impl Search<'_> {
    fn choose(&mut self, bicliques: &[Biclique]) {
        let Some((biclique, others)) = bicliques.split_first() else {
            self.lightest = self.weight;
            let chosen = self.chosen.iter().enumerate().filter(|(_, is_chosen)| **is_chosen == Some(true));
            self.best = chosen.map(|(class, _)| class).collect();
            return;
        };
        let mut ends: Vec<(Weight, Vec<usize>)> =
            [&biclique.left, &biclique.right].into_iter().filter_map(|end| self.missing(end)).collect();
        ends.sort();
        let mut spared = Vec::new();
        for (more, missing) in ends {
            let Some(steps) = self.steps.checked_sub(biclique.left.len() + biclique.right.len()) else { break };
            self.steps = steps;
            if self.weight + more >= self.lightest {
                break;
            }
            self.mark(&missing, Some(true));
            self.weight += more;
            self.choose(others);
            self.weight -= more;
            self.mark(&missing, None);
            match missing.as_slice() {
                [] => break,
                // All with it have been seen.
                [class] => {
                    spared.push(*class);
                    self.mark(&spared, Some(false));
                }
                _ => {}
            }
        }
        self.mark(&spared, None);
    }

    /// What is open of an end, after what it weighs; none where one of them is not to be chosen.
    fn missing(&self, end: &[usize]) -> Option<(Weight, Vec<usize>)> {
        let mark = |class: &usize| self.chosen.get(*class).copied().flatten();
        if end.iter().any(|class| mark(class) == Some(false)) {
            return None;
        }
        let missing: Vec<usize> = end.iter().copied().filter(|class| mark(class).is_none()).collect();
        Some((total(self.weights, &missing), missing))
    }

    fn mark(&mut self, classes: &[usize], is_chosen: Option<bool>) {
        for class in classes {
            if let Some(mark) = self.chosen.get_mut(*class) {
                *mark = is_chosen;
            }
        }
    }
}

/// What classes weigh together.
pub(super) fn total<'a>(weights: &[Weight], classes: impl IntoIterator<Item = &'a usize>) -> Weight {
    classes.into_iter().filter_map(|class| weights.get(*class)).sum()
}

/// With what is missing of the end that misses less, of every biclique.
fn completed(weights: &[Weight], bicliques: &[Biclique], mut chosen: BTreeSet<usize>) -> BTreeSet<usize> {
    for Biclique { left, right } in bicliques {
        let missing =
            |end: &[usize]| -> Vec<usize> { end.iter().copied().filter(|class| !chosen.contains(class)).collect() };
        let (left, right) = (missing(left), missing(right));
        chosen.extend(if total(weights, &right) < total(weights, &left) { right } else { left });
    }
    chosen
}

/// Without those that are not needed, the heaviest first: one is not if whatever it faces is chosen.
fn lean(weights: &[Weight], bicliques: &[Biclique], mut chosen: BTreeSet<usize>) -> BTreeSet<usize> {
    // By biclique and end: how many are not chosen.
    let mut missing: BTreeMap<(usize, bool), usize> = BTreeMap::new();
    let mut ends: BTreeMap<usize, Vec<(usize, bool)>> = BTreeMap::new();
    for (place, Biclique { left, right }) in bicliques.iter().enumerate() {
        for (end, is_right) in [(left, false), (right, true)] {
            missing.insert((place, is_right), end.iter().filter(|class| !chosen.contains(class)).count());
            end.iter().for_each(|class| ends.entry(*class).or_default().push((place, is_right)));
        }
    }
    let mut heaviest_first: Vec<usize> = chosen.iter().copied().collect();
    heaviest_first.sort_by_key(|class| (std::cmp::Reverse(weights.get(*class)), *class));
    for class in heaviest_first {
        let ends = ends.get(&class).map(Vec::as_slice).unwrap_or_default();
        if ends.iter().all(|(place, is_right)| missing.get(&(*place, !is_right)) == Some(&0)) {
            chosen.remove(&class);
            ends.iter().for_each(|end| *missing.entry(*end).or_default() += 1);
        }
    }
    chosen
}
