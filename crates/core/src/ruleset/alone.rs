//! Takes a grid that differs in one dimension alone; gives the fewest rules there are for it. Never searches.
//!
//! Ports alone: along a line of ports, each rule is one range. Laid one over another, from the last rule to the first, a rule makes at
//! most one more range of what was there, accepted or rejected: as many rules as there are accepted ranges are needed, or as rejected
//! ones where all is accepted below. Both suffice.
//!
//! Addresses alone: of the networks that hold an address the smallest decides, for a rule behind one that holds its network never does.
//! That is a table of prefixes, of which the fewest are known. Source: Draves, King, Venkatachary, Zill, "Constructing Optimal IP
//! Routing Tables", INFOCOM 1999; here by what each node is told from above.

use super::grid::{Class, Grid, Shape};
use super::tree::Tree;
use crate::inventory::RuleAction;

/// The fewest rules; none where the grid differs in more dimensions.
pub(super) fn alone(grid: &Grid) -> Option<Vec<(RuleAction, Shape)>> {
    let wanted: Vec<usize> = (0..grid.classes.len()).filter(|class| grid.is_wanted(*class)).collect();
    if grid.peers.leaves == 1 && grid.owns.leaves == 1 {
        return ports(grid);
    }
    let one = |class: &Class| class.peer_ports.len() == 1 && class.own_ports.len() == 1;
    let [class] = wanted[..] else { return None };
    let all = grid.classes.len() == 1;
    let alike = all || grid.classes.get(class).is_some_and(|class| class.protocols.len() == 1);
    if !alike || !grid.classes.iter().all(one) {
        return None;
    }
    let shape = |peer, own| Shape { class: Some(class).filter(|_| !all), peer, own, ..grid.whole() };
    match (grid.peers.leaves, grid.owns.leaves) {
        (_, 1) => Some(networks(grid, &grid.peers, |peer| (shape(peer, 0), shape(peer, 0)))),
        (1, _) => Some(networks(grid, &grid.owns, |own| (shape(0, own), shape(0, own)))),
        _ => None,
    }
}

/// The fewest rules of all protocols for a class that has no ports; none where addresses differ at both ends.
pub(super) fn of_all_protocols(grid: &Grid, class: usize) -> Option<Vec<(RuleAction, Shape)>> {
    let shapes = |peer, own| {
        let all = Shape { peer, own, ..grid.whole() };
        (all, Shape { class: Some(class), ..all })
    };
    let no_ports = grid.classes.get(class).is_some_and(|it| it.peer_ports.len() == 1 && it.own_ports.len() == 1);
    match (grid.peers.leaves, grid.owns.leaves) {
        (_, 1) if no_ports => Some(networks(grid, &grid.peers, |peer| shapes(peer, 0))),
        (1, _) if no_ports => Some(networks(grid, &grid.owns, |own| shapes(0, own))),
        _ => None,
    }
}

impl Grid {
    /// Whether anything of a class is wanted.
    pub(super) fn is_wanted(&self, class: usize) -> bool {
        !self.all_runs(&self.whole_of(class), |run| !self.wanted.has_any(run))
    }

    /// All packets of a class.
    pub(super) fn whole_of(&self, at: usize) -> Shape {
        let whole = self.whole();
        self.classes.get(at).map_or(whole, |class| Shape {
            class: Some(at),
            peer_ports: class.all_peer_ports(),
            own_ports: class.all_own_ports(),
            ..whole
        })
    }

    /// Whether all that a shape has is wanted; none if it is mixed.
    pub(super) fn colour(&self, shape: &Shape) -> Option<bool> {
        let (mut size, mut wanted) = (0, 0);
        self.each_run(shape, |run| {
            size += run.1;
            wanted += self.wanted.count(run);
        });
        (wanted == 0 || wanted == size).then_some(wanted > 0)
    }
}

/// Each class accepts what it wants; or all is accepted, and each rejects the rest.
fn ports(grid: &Grid) -> Option<Vec<(RuleAction, Shape)>> {
    let (mut accepts, mut rejects) = (Vec::new(), Vec::new());
    for at in 0..grid.classes.len() {
        let runs = line(grid, at)?;
        let of = |wanted: bool, action| {
            let runs = runs.iter().filter(move |(_, it)| *it == wanted);
            runs.map(move |(shape, _)| (action, *shape)).collect::<Vec<_>>()
        };
        let (wanted, rest) = (of(true, RuleAction::Accept), of(false, RuleAction::Reject));
        // Where all of its ends are wanted, a class is accepted, and what is not is rejected before.
        let last = runs.len().checked_sub(1)?;
        let ends = runs.first().zip(runs.get(last)).is_some_and(|(one, other)| one.1 && other.1);
        if ends {
            accepts.extend(rest.iter().copied().chain([(RuleAction::Accept, grid.whole_of(at))]));
        } else {
            accepts.extend(wanted);
        }
        rejects.extend(rest);
    }
    rejects.push((RuleAction::Accept, grid.whole()));
    let cost = |list: &[(RuleAction, Shape)]| list.iter().map(|(_, shape)| grid.cost(shape)).sum::<usize>();
    Some(if cost(&rejects) <= cost(&accepts) { rejects } else { accepts })
}

/// The ranges of a class, each wanted or not; none where both ends have several.
fn line(grid: &Grid, at: usize) -> Option<Vec<(Shape, bool)>> {
    let class = grid.classes.get(at)?;
    let whole = grid.whole_of(at);
    let shapes: Vec<Shape> = match (class.peer_ports.len(), class.own_ports.len()) {
        (_, 1) => (0..class.peer_ports.len()).map(|port| Shape { peer_ports: (port, port), ..whole }).collect(),
        (1, _) => (0..class.own_ports.len()).map(|port| Shape { own_ports: (port, port), ..whole }).collect(),
        _ => return None,
    };
    shapes.into_iter().map(|shape| Some((shape, grid.colour(&shape)?))).collect()
}

/// The fewest prefixes. Each node is asked twice: what it takes below a reject, and below an accept. `shapes` are what a rule has there,
/// and what it is for.
fn networks(grid: &Grid, tree: &Tree, shapes: impl Fn(usize) -> (Shape, Shape)) -> Vec<(RuleAction, Shape)> {
    let shape = |at| shapes(at).0;
    // Whoever is within a node comes behind it.
    let mut costs = vec![[0_usize; 2]; tree.nodes.len()];
    let under = |costs: &[[usize; 2]], at: usize, accepted: bool| {
        costs.get(at).map_or(0, |[rejected, wanted]| if accepted { *wanted } else { *rejected })
    };
    let without = |costs: &[[usize; 2]], at: usize, accepted: bool| match tree.nodes.get(at)?.within {
        Some((one, other)) => Some(under(costs, one, accepted) + under(costs, other, accepted)),
        None => (grid.colour(&shapes(at).1) == Some(accepted)).then_some(0),
    };
    let with =
        |costs: &[[usize; 2]], at: usize, accepted: bool| Some(without(costs, at, accepted)? + grid.cost(&shape(at)));
    for at in (0..tree.nodes.len()).rev() {
        let best = [false, true].map(|above| {
            let choices = [without(&costs, at, above), with(&costs, at, !above)];
            choices.into_iter().flatten().min().unwrap_or(0)
        });
        if let Some(cost) = costs.get_mut(at) {
            *cost = best;
        }
    }
    let mut list = Vec::new();
    let mut left = vec![(0, false)];
    while let Some((at, above)) = left.pop() {
        let (keep, change) = (without(&costs, at, above), with(&costs, at, !above));
        // All but a few networks is everything, less those.
        let change = change.is_some_and(|it| keep.is_none_or(|keep| it < keep || (at == 0 && it == keep)));
        let here = above != change;
        if change {
            list.push((if here { RuleAction::Accept } else { RuleAction::Reject }, shape(at)));
        }
        let within = tree.nodes.get(at).and_then(|node| node.within);
        left.extend(within.into_iter().flat_map(|(one, other)| [(one, here), (other, here)]));
    }
    // The smaller network comes first.
    list.reverse();
    list
}
