//! Takes a grid; gives rules for it that are few, quickly, however large it is. Never says that there are no fewer.

use super::alone;
use super::bits::Bits;
use super::grid::{Class, Grid, Shape};
use super::tree::Tree;
use crate::inventory::RuleAction;

/// Rules, the first that matches decides.
pub(super) type List = Vec<(RuleAction, Shape)>;

/// So many runs of cells are looked at for one list, until no choices are made any more.
const MOST_RUNS: usize = 300_000;
/// So many orders are tried in which a shape grows to its sides.
const MOST_ORDERS: usize = 24;

/// A list with more rules than that is no short one.
const MOST_RULES: usize = 5_000;
/// It is looked at which rules are needed, unless cells times rules times rules are more than that.
const MOST_TRIED: usize = 1_000_000;

/// A direction in which a shape can grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Class,
    Peer,
    Own,
    PeerPorts,
    OwnPorts,
}

/// Short lists of several kinds; the first of those that are equally short is the most natural.
pub(super) fn lists(grid: &Grid) -> Vec<List> {
    let Some(hull) = grid.hull(None) else { return vec![Vec::new()] };
    let rest = grid.rest();
    let mut lists = vec![grid.rejects_first(hull, None, MOST_RULES)];
    let most =
        |lists: &[Option<List>]| lists.iter().flatten().map(|list| grid.length(list)).min().unwrap_or(MOST_RULES);
    lists.push(grid.cover(&grid.wanted, &rest, None, RuleAction::Accept, most(&lists)));
    let mut by_class = Some(Vec::new());
    for at in 0..grid.classes.len() {
        let Some(hull) = grid.hull(Some(at)) else { continue };
        let most = most(&lists);
        let mut wanted = Bits::none(grid.cells);
        grid.each_run(&hull, |run| wanted.set(run, true));
        wanted.remove(&rest);
        let accepts = grid.cover(&wanted, &rest, Some(at), RuleAction::Accept, most);
        let rejects = grid.rejects_first(hull, Some(at), most);
        let whole = hull == Shape { peer: 0, own: 0, ..grid.whole_of(at) };
        let choices = if whole { [rejects, accepts] } else { [accepts, rejects] };
        let best = choices.into_iter().flatten().min_by_key(|list| grid.length(list));
        by_class = by_class.zip(best).map(|(list, more)| [list, more].concat());
    }
    lists.insert(1, by_class);
    lists.push(grid.all_protocols_first(most(&lists)));
    let found: Vec<List> = lists.into_iter().flatten().map(|list| grid.needed(list)).collect();
    if found.is_empty() { vec![grid.by_cell()] } else { found }
}

impl Grid {
    /// How many rules a list has.
    pub(super) fn length(&self, list: &List) -> usize {
        list.iter().map(|(_, shape)| self.cost(shape)).sum()
    }

    /// All of a shape, less what is not wanted of it; none with more rules than that.
    fn rejects_first(&self, hull: Shape, within: Option<usize>, most: usize) -> Option<List> {
        let mut list = self.cover(&self.rest_of(&hull), &self.wanted, within, RuleAction::Reject, most)?;
        list.push((RuleAction::Accept, hull));
        Some(list)
    }

    /// What the most protocols want is told of all protocols, and before it what others want otherwise.
    fn all_protocols_first(&self, most: usize) -> Option<List> {
        let (at, _) = self.classes.iter().enumerate().max_by_key(|(_, class)| class.protocols.len())?;
        let all = alone::of_all_protocols(self, at)?;
        let (accepted, rest) = (self.accepted(&all), self.rest());
        let mut list = Vec::new();
        for at in 0..self.classes.len() {
            let mut class = Bits::none(self.cells);
            self.each_run(&self.whole_of(at), |run| class.set(run, true));
            let (mut missed, mut added) = (class.clone(), class);
            [&rest, &accepted].into_iter().for_each(|cells| missed.remove(cells));
            added.remove(&self.wanted);
            added.keep(&accepted);
            list.extend(self.cover(&missed, &rest, Some(at), RuleAction::Accept, most)?);
            list.extend(self.cover(&added, &self.wanted, Some(at), RuleAction::Reject, most)?);
        }
        list.extend(all);
        Some(list)
    }

    /// Every cell that is wanted, on its own.
    fn by_cell(&self) -> List {
        let mut left = self.wanted.clone();
        let mut list = Vec::new();
        while let Some((cell, shape)) = left.first().and_then(|cell| Some((cell, self.cell(cell)?))) {
            list.push((RuleAction::Accept, shape));
            left.set((cell, 1), false);
        }
        list
    }

    /// What is not wanted.
    pub(super) fn rest(&self) -> Bits {
        self.rest_of(&self.whole())
    }

    /// What is not wanted of a shape.
    fn rest_of(&self, shape: &Shape) -> Bits {
        let mut rest = Bits::none(self.cells);
        self.each_run(shape, |run| rest.set(run, true));
        rest.remove(&self.wanted);
        rest
    }

    /// The smallest shape that has all that is wanted, of a class or altogether; none where nothing is.
    pub(super) fn hull(&self, class: Option<usize>) -> Option<Shape> {
        let Some(at) = class else {
            let hulls: Vec<Shape> = (0..self.classes.len()).filter_map(|at| self.hull(Some(at))).collect();
            return hulls.into_iter().reduce(|one, other| self.over(&one, &other));
        };
        let class = self.classes.get(at)?;
        let whole = self.whole_of(at);
        let has_any = |shape: Shape| !self.all_runs(&shape, |run| !self.wanted.has_any(run));
        let ends = |count: usize, part: &dyn Fn(usize) -> Shape| {
            let first = (0..count).find(|at| has_any(part(*at)))?;
            Some((first, (0..count).rev().find(|at| has_any(part(*at)))?))
        };
        let leaves = |tree: &Tree, part: &dyn Fn(usize) -> Shape| {
            let (first, last) = ends(tree.leaves, &|leaf| part(tree.hull(leaf, leaf)))?;
            Some(tree.hull(first, last))
        };
        Some(Shape {
            class: Some(at),
            peer: leaves(&self.peers, &|peer| Shape { peer, ..whole })?,
            own: leaves(&self.owns, &|own| Shape { own, ..whole })?,
            peer_ports: ends(class.peer_ports.len(), &|port| Shape { peer_ports: (port, port), ..whole })?,
            own_ports: ends(class.own_ports.len(), &|port| Shape { own_ports: (port, port), ..whole })?,
        })
    }

    /// The smallest shape over two of different classes.
    fn over(&self, one: &Shape, other: &Shape) -> Shape {
        let node = |tree: &Tree, a: usize, b: usize| {
            let leaves = |node: usize| tree.nodes.get(node).map_or((0, 1), |node| node.leaves);
            let (a, b) = (leaves(a), leaves(b));
            tree.hull(a.0.min(b.0), (a.0 + a.1).max(b.0 + b.1) - 1)
        };
        let (peer, own) = (node(&self.peers, one.peer, other.peer), node(&self.owns, one.own, other.own));
        Shape { peer, own, ..self.whole() }
    }

    /// Shapes that have all of `cells` and none of `avoided`, of one class or any; none where they take more rules than that.
    fn cover(
        &self,
        cells: &Bits,
        avoided: &Bits,
        within: Option<usize>,
        action: RuleAction,
        most: usize,
    ) -> Option<List> {
        let (mut left, mut list, mut length) = (cells.clone(), Vec::new(), 0);
        let orders = self.orders(within);
        let mut work = MOST_RUNS;
        while let Some(cell) = left.first() {
            let Some(seed) = self.cell(cell) else { break };
            let mut best = (seed, 1, self.cost(&seed));
            // Where it takes too long, one order has to do.
            for order in orders.iter().take(if work == 0 { 1 } else { MOST_ORDERS }) {
                let grown = self.grown(seed, order, avoided, &mut work);
                let mut new = 0;
                self.each_run(&grown, |run| new += left.count(run));
                let cost = self.cost(&grown);
                if new * best.2 > best.1 * cost {
                    best = (grown, new, cost);
                }
            }
            self.each_run(&best.0, |run| left.set(run, false));
            list.push((action, best.0));
            length += best.2;
            if length > most {
                return None;
            }
        }
        Some(list)
    }

    /// A shape as large as it becomes without having anything that is avoided, if it grows to its sides in this order.
    fn grown(&self, mut shape: Shape, order: &[Side], avoided: &Bits, work: &mut usize) -> Shape {
        for side in order {
            loop {
                let mut is_pure = |new: &Shape| {
                    self.all_runs(new, |run| {
                        *work = work.saturating_sub(1);
                        !avoided.has_any(run)
                    })
                };
                let larger = self.larger(&shape, *side).into_iter().find(|(_, new)| is_pure(new));
                let Some((larger, _)) = larger else { break };
                shape = larger;
            }
        }
        shape
    }

    /// The next larger shapes on a side, each with what is new in it.
    fn larger(&self, shape: &Shape, side: Side) -> Vec<(Shape, Shape)> {
        // All protocols are on all ports.
        let class = shape.class.and_then(|at| self.classes.get(at));
        let ports = |(first, last): (usize, usize), all: (usize, usize)| {
            let down = first.checked_sub(1).map(|down| ((down, last), (down, down)));
            down.into_iter().chain((last < all.1).then_some(((first, last + 1), (last + 1, last + 1))))
        };
        match (side, class) {
            (Side::Class, None) | (Side::PeerPorts | Side::OwnPorts, None) => Vec::new(),
            (Side::Class, Some(_)) => {
                let all = Shape { peer: shape.peer, own: shape.own, ..self.whole() };
                vec![(all, all)]
            }
            (Side::Peer, _) => {
                let around = self.peers.around(shape.peer);
                around
                    .map(|(peer, new)| (Shape { peer, ..*shape }, Shape { peer: new, ..*shape }))
                    .into_iter()
                    .collect()
            }
            (Side::Own, _) => {
                let around = self.owns.around(shape.own);
                around.map(|(own, new)| (Shape { own, ..*shape }, Shape { own: new, ..*shape })).into_iter().collect()
            }
            (Side::PeerPorts, Some(class)) => ports(shape.peer_ports, class.all_peer_ports())
                .map(|(all, new)| (Shape { peer_ports: all, ..*shape }, Shape { peer_ports: new, ..*shape }))
                .collect(),
            (Side::OwnPorts, Some(class)) => ports(shape.own_ports, class.all_own_ports())
                .map(|(all, new)| (Shape { own_ports: all, ..*shape }, Shape { own_ports: new, ..*shape }))
                .collect(),
        }
    }

    /// The orders in which a shape can grow to the sides on which the grid differs.
    fn orders(&self, within: Option<usize>) -> Vec<Vec<Side>> {
        let differs = |ports: fn(&Class) -> usize| self.classes.iter().any(|class| ports(class) > 1);
        let sides = [
            (Side::Class, within.is_none() && self.classes.len() > 1),
            (Side::Peer, self.peers.leaves > 1),
            (Side::Own, self.owns.leaves > 1),
            (Side::PeerPorts, differs(|class| class.peer_ports.len())),
            (Side::OwnPorts, differs(|class| class.own_ports.len())),
        ];
        let sides = sides.into_iter().filter(|(_, differs)| *differs).map(|(side, _)| side);
        let mut orders: Vec<Vec<Side>> = vec![Vec::new()];
        for side in sides {
            let insert = |order: &Vec<Side>| {
                let at = |at: usize| order.iter().take(at).chain([&side]).chain(order.iter().skip(at)).copied();
                (0..=order.len()).map(|place| at(place).collect()).collect::<Vec<Vec<Side>>>()
            };
            orders = orders.iter().flat_map(insert).take(MOST_ORDERS).collect();
        }
        orders
    }

    /// What a list accepts.
    pub(super) fn accepted(&self, list: &List) -> Bits {
        let mut accepted = Bits::none(self.cells);
        for (action, shape) in list.iter().rev() {
            self.each_run(shape, |run| accepted.set(run, *action == RuleAction::Accept));
        }
        accepted
    }

    /// A list without the rules that change nothing.
    pub(super) fn needed(&self, mut list: List) -> List {
        let work = list.len() * list.len() * self.cells;
        let mut at = if work > MOST_TRIED { 0 } else { list.len() };
        while let Some(before) = at.checked_sub(1) {
            at = before;
            let rule = list.remove(at);
            if self.accepted(&list) != self.wanted {
                list.insert(at, rule);
            }
        }
        list
    }
}
