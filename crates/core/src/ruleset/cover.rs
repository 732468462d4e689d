//! Takes a grid; gives rules for it that are few, quickly, however large it is. Never says that there are no fewer.

use super::bits::Bits;
use super::grid::{Grid, Shape};
use crate::inventory::RuleAction;

/// Rules, the first that matches decides.
pub(super) type List = Vec<(RuleAction, Shape)>;

/// So many runs of cells are looked at for one list, until boxes are taken as they are.
const MOST_RUNS: usize = 400_000;
/// So many orders are tried in which a shape grows to its sides.
const MOST_ORDERS: usize = 24;

/// Of a longer list, it is not looked at which rules are needed.
const MOST_TRIED: usize = 64;

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
    let accept = |shape| (RuleAction::Accept, shape);
    let mut lists = Vec::new();
    let Some(hull) = grid.hull(None) else { return vec![Vec::new()] };
    let rejects_first = |hull: Shape, within: Option<usize>| {
        let mut list = grid.cover(&grid.rest_of(&hull), &grid.wanted, within, RuleAction::Reject);
        list.push(accept(hull));
        list
    };
    let accepts = grid.cover(&grid.wanted, &grid.rest(), None, RuleAction::Accept);
    let by_class: Vec<List> = (0..grid.classes.len())
        .filter_map(|at| {
            let hull = grid.hull(Some(at))?;
            let mut wanted = Bits::none(grid.cells);
            grid.each_run(&hull, |run| wanted.set(run, true));
            grid.wanted_of(&mut wanted);
            let accepts = grid.cover(&wanted, &grid.rest(), Some(at), RuleAction::Accept);
            let rejects = rejects_first(hull, Some(at));
            let whole = hull.peer == 0 && hull == Shape { peer: 0, own: 0, ..grid.whole_of(at) };
            let (one, other) = if whole { (rejects, accepts) } else { (accepts, rejects) };
            Some(if grid.length(&one) <= grid.length(&other) { one } else { other })
        })
        .collect();
    lists.push(rejects_first(hull, None));
    lists.push(by_class.into_iter().flatten().collect());
    lists.push(accepts);
    lists.into_iter().map(|list| grid.needed(list)).collect()
}

impl Grid {
    /// How many rules a list has.
    pub(super) fn length(&self, list: &List) -> usize {
        list.iter().map(|(_, shape)| self.cost(shape)).sum()
    }

    /// What is not wanted.
    pub(super) fn rest(&self) -> Bits {
        self.rest_of(&self.whole())
    }

    /// What is not wanted of a shape.
    fn rest_of(&self, shape: &Shape) -> Bits {
        let mut rest = Bits::none(self.cells);
        self.each_run(shape, |run| {
            for cell in run.0..run.0 + run.1 {
                if !self.wanted.has(cell) {
                    rest.set((cell, 1), true);
                }
            }
        });
        rest
    }

    fn wanted_of(&self, cells: &mut Bits) {
        self.each_run(&self.whole(), |(first, count)| {
            for cell in first..first + count {
                if !self.wanted.has(cell) {
                    cells.set((cell, 1), false);
                }
            }
        });
    }

    /// The smallest shape that has all that is wanted, of a class or altogether; none where nothing is.
    pub(super) fn hull(&self, class: Option<usize>) -> Option<Shape> {
        let of = class.map_or(self.whole(), |at| self.whole_of(at));
        let mut hull: Option<Shape> = None;
        self.each_run(&of, |(first, count)| {
            for cell in (first..first + count).filter(|cell| self.wanted.has(*cell)) {
                let Some(cell) = self.cell(cell) else { continue };
                hull = Some(hull.map_or(cell, |hull| self.over(&hull, &cell)));
            }
        });
        hull
    }

    /// The smallest shape over two.
    fn over(&self, one: &Shape, other: &Shape) -> Shape {
        let node = |tree: &super::tree::Tree, a: usize, b: usize| {
            let leaves = |node: usize| tree.nodes.get(node).map_or((0, 1), |node| node.leaves);
            let (a, b) = (leaves(a), leaves(b));
            tree.hull(a.0.min(b.0), (a.0 + a.1 - 1).max(b.0 + b.1 - 1))
        };
        let ends = |a: (usize, usize), b: (usize, usize)| (a.0.min(b.0), a.1.max(b.1));
        let (peer, own) = (node(&self.peers, one.peer, other.peer), node(&self.owns, one.own, other.own));
        if one.class != other.class {
            return Shape { peer, own, ..self.whole() };
        }
        let (peer_ports, own_ports) = (ends(one.peer_ports, other.peer_ports), ends(one.own_ports, other.own_ports));
        Shape { class: one.class, peer, own, peer_ports, own_ports }
    }

    /// Shapes that have all of `cells` and none of `avoided`, of one class or any.
    fn cover(&self, cells: &Bits, avoided: &Bits, within: Option<usize>, action: RuleAction) -> List {
        let (mut left, mut list) = (cells.clone(), Vec::new());
        let orders = self.orders(within);
        let mut work = MOST_RUNS;
        while let Some(cell) = left.first() {
            let Some(seed) = self.cell(cell) else { break };
            let mut best = (seed, 1, self.cost(&seed));
            for order in &orders {
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
        }
        list
    }

    /// A shape as large as it becomes without having anything that is avoided, if it grows to its sides in this order.
    fn grown(&self, mut shape: Shape, order: &[Side], avoided: &Bits, work: &mut usize) -> Shape {
        let mut is_pure = |shape: &Shape| {
            self.all_runs(shape, |run| {
                *work = work.saturating_sub(1);
                *work > 0 && !avoided.has_any(run)
            })
        };
        for side in order {
            while let Some(larger) = self.larger(&shape, *side, &mut is_pure) {
                shape = larger;
            }
        }
        shape
    }

    fn larger(&self, shape: &Shape, side: Side, is_pure: &mut impl FnMut(&Shape) -> bool) -> Option<Shape> {
        // All protocols are on all ports.
        let class = shape.class.and_then(|at| self.classes.get(at));
        let up = |tree: &super::tree::Tree, node: usize| tree.nodes.get(node).and_then(|node| node.parent);
        let wider = |(first, last): (usize, usize), ports: (usize, usize)| {
            let down = first.checked_sub(1).map(|first| (first, last));
            down.into_iter().chain((last < ports.1).then_some((first, last + 1))).collect::<Vec<_>>()
        };
        let larger: Vec<Shape> = match side {
            Side::Class if class.is_none() => Vec::new(),
            Side::Class => vec![Shape { peer: shape.peer, own: shape.own, ..self.whole() }],
            Side::Peer => up(&self.peers, shape.peer).map(|peer| Shape { peer, ..*shape }).into_iter().collect(),
            Side::Own => up(&self.owns, shape.own).map(|own| Shape { own, ..*shape }).into_iter().collect(),
            Side::PeerPorts => {
                let wider = wider(shape.peer_ports, class?.all_peer_ports());
                wider.into_iter().map(|peer_ports| Shape { peer_ports, ..*shape }).collect()
            }
            Side::OwnPorts => {
                let wider = wider(shape.own_ports, class?.all_own_ports());
                wider.into_iter().map(|own_ports| Shape { own_ports, ..*shape }).collect()
            }
        };
        larger.into_iter().find(|shape| is_pure(shape))
    }

    /// The orders in which a shape can grow to the sides on which the grid differs.
    fn orders(&self, within: Option<usize>) -> Vec<Vec<Side>> {
        let differs = |ports: fn(&super::grid::Class) -> usize| self.classes.iter().any(|class| ports(class) > 1);
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
        let mut at = if list.len() > MOST_TRIED { 0 } else { list.len() };
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
