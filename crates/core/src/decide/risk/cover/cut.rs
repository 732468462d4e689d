//! Takes bicliques whose left and right ends are different things; gives the lightest set that holds of each biclique one end whole.
//! Never guesses: by the theorem of maximum flow and minimum cut it is the least, and of several the one nearest to the left.
//!
//! Source → left class → hub of the biclique → right class → sink. What a class weighs is what flows through it; hubs take any amount,
//! so that there are as many arcs as classes in ends, not as pairs. Dinic's algorithm.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Biclique, Weight};

const SOURCE: usize = 0;
const SINK: usize = 1;

/// The classes of the left ends, and those of the right ends, that are in the cut. It is the same whatever order the flow was found in.
pub(super) fn cut(weights: &[Weight], bicliques: &[Biclique]) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let mut network = Network { arcs: Vec::new(), leaving: vec![Vec::new(); 2] };
    let (mut lefts, mut rights) = (BTreeMap::new(), BTreeMap::new());
    let weight = |class: &usize| weights.get(*class).copied().unwrap_or_default();
    for Biclique { left, right } in bicliques {
        let hub = network.node();
        for class in left {
            let node = *lefts.entry(*class).or_insert_with(|| network.node_behind(SOURCE, weight(class)));
            network.arc(node, hub, Weight::MAX);
        }
        for class in right {
            let node = *rights.entry(*class).or_insert_with(|| network.node_before(SINK, weight(class)));
            network.arc(hub, node, Weight::MAX);
        }
    }
    let reached = network.saturate();
    let is_reached = |node: &usize| reached.get(*node).is_some_and(Option::is_some);
    lefts.retain(|_, node| !is_reached(node));
    rights.retain(|_, node| is_reached(node));
    (lefts.into_keys().collect(), rights.into_keys().collect())
}

struct Network {
    /// Each is followed or preceded by the one back: their numbers differ in the lowest bit.
    arcs: Vec<Arc>,
    /// The arcs that leave each node.
    leaving: Vec<Vec<usize>>,
}

struct Arc {
    to: usize,
    /// How much more can flow.
    room: Weight,
}

impl Network {
    fn node(&mut self) -> usize {
        self.leaving.push(Vec::new());
        self.leaving.len() - 1
    }

    fn node_behind(&mut self, from: usize, room: Weight) -> usize {
        let node = self.node();
        self.arc(from, node, room);
        node
    }

    fn node_before(&mut self, to: usize, room: Weight) -> usize {
        let node = self.node();
        self.arc(node, to, room);
        node
    }

    fn arc(&mut self, from: usize, to: usize, room: Weight) {
        for (from, to, room) in [(from, to, room), (to, from, 0)] {
            if let Some(leaving) = self.leaving.get_mut(from) {
                leaving.push(self.arcs.len());
            }
            self.arcs.push(Arc { to, room });
        }
    }

    fn to(&self, arc: usize) -> usize {
        self.arcs.get(arc).map_or(SINK, |arc| arc.to)
    }

    fn room(&self, arc: usize) -> Weight {
        self.arcs.get(arc).map_or(0, |arc| arc.room)
    }

    /// Sends as much as can flow; gives how far each node that could take more is from the source.
    fn saturate(&mut self) -> Vec<Option<usize>> {
        loop {
            let levels = self.levels();
            if !matches!(levels.get(SINK), Some(Some(_))) {
                return levels;
            }
            self.send(&levels);
        }
    }

    fn levels(&self) -> Vec<Option<usize>> {
        let mut levels: Vec<Option<usize>> = vec![None; self.leaving.len()];
        let mut next = VecDeque::from([(SOURCE, 0)]);
        while let Some((node, level)) = next.pop_front() {
            match levels.get_mut(node) {
                Some(unseen @ None) => *unseen = Some(level),
                Some(Some(_)) | None => continue,
            }
            let open = self.leaving.get(node).into_iter().flatten().filter(|arc| self.room(**arc) > 0);
            next.extend(open.map(|arc| (self.to(*arc), level + 1)));
        }
        levels
    }

    /// Fills every shortest way: afterwards the sink is farther.
    fn send(&mut self, levels: &[Option<usize>]) {
        let mut untried = self.leaving.clone();
        let mut way: Vec<usize> = Vec::new();
        loop {
            let node = way.last().map_or(SOURCE, |arc| self.to(*arc));
            if node == SINK {
                let amount = way.iter().map(|arc| self.room(*arc)).min().unwrap_or_default();
                way.iter().for_each(|arc| self.carry(*arc, amount));
                let full = way.iter().position(|arc| self.room(*arc) == 0).unwrap_or_default();
                way.truncate(full);
            } else if let Some(arc) = self.onward(node, levels, &mut untried) {
                way.push(arc);
            } else if let Some(dead) = way.pop() {
                // No way leads on from there: its arc is not tried again.
                let before = self.to(dead ^ 1);
                untried.get_mut(before).map(Vec::pop);
            } else {
                return;
            }
        }
    }

    /// The next arc that leads one level on. It stays untried: more may flow through it.
    fn onward(&self, node: usize, levels: &[Option<usize>], untried: &mut [Vec<usize>]) -> Option<usize> {
        let beyond = levels.get(node)?.map(|level| level + 1);
        let untried = untried.get_mut(node)?;
        while let Some(arc) = untried.last() {
            if self.room(*arc) > 0 && levels.get(self.to(*arc)) == Some(&beyond) {
                return Some(*arc);
            }
            untried.pop();
        }
        None
    }

    fn carry(&mut self, arc: usize, amount: Weight) {
        if let Some(there) = self.arcs.get_mut(arc) {
            there.room -= amount;
        }
        if let Some(back) = self.arcs.get_mut(arc ^ 1) {
            back.room += amount;
        }
    }
}
