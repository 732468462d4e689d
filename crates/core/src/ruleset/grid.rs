//! Takes the boxes that are wanted of one plane; gives a grid of cells that tells them apart, and the shapes that rules can have on it.
//! Never keeps two cells where all rules treat both alike.
//!
//! | dimension | its classes | what a rule can have of them |
//! |---|---|---|
//! | protocol | those of which the same is wanted | one class, by a rule for each protocol of it, or all |
//! | address of the peer, and our own | the leaves of a tree | a node |
//! | port of the peer, and our own | ranges, of a class of protocols with ports | from one to another |
//!
//! That protocols of which the same is wanted are treated alike takes no more rules than anything else: let the one with the fewest
//! rules of its own be the model of the others.

use std::collections::{BTreeMap, BTreeSet};

use super::bits::Bits;
use super::tree::Tree;
use crate::inventory::Direction;
use crate::packets::{Block, Plane, Span, Unknown, WITH_PORTS};

/// So many cells are looked at, at most. What captures and filters say takes a few thousand.
const MOST_CELLS: usize = 4_000_000;

/// The four sides of a box that are no protocols: addresses of the peer and our own, ports of the peer and our own.
pub(super) type Sides = [Span; 4];

/// Every port.
pub(super) const PORTS: Span = Span { first: 0, last: 65_535 };

/// A plane in cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) plane: Plane,
    pub(super) classes: Vec<Class>,
    pub(super) peers: Tree,
    pub(super) owns: Tree,
    pub(super) cells: usize,
    pub(super) wanted: Bits,
}

/// Protocols of which the same is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub(super) protocols: Vec<u8>,
    pub(super) peer_ports: Vec<Span>,
    pub(super) own_ports: Vec<Span>,
    first: usize,
}

/// What one rule matches, or several where a class is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Shape {
    /// None is all protocols, and then all ports.
    pub(super) class: Option<usize>,
    pub(super) peer: usize,
    pub(super) own: usize,
    /// The first and the last.
    pub(super) peer_ports: (usize, usize),
    pub(super) own_ports: (usize, usize),
}

/// The sides of a box, whichever way it goes.
pub(super) fn sides(block: &Block) -> Sides {
    let Block { plane, protocols: _, sources, destinations, source_ports, destination_ports } = *block;
    match plane.direction {
        Direction::Ingress => [sources, destinations, source_ports, destination_ports],
        Direction::Egress => [destinations, sources, destination_ports, source_ports],
    }
}

/// The box with these sides.
pub(super) fn block(plane: Plane, protocols: Span, [peers, owns, peer_ports, own_ports]: Sides) -> Block {
    let (sources, destinations, source_ports, destination_ports) = match plane.direction {
        Direction::Ingress => (peers, owns, peer_ports, own_ports),
        Direction::Egress => (owns, peers, own_ports, peer_ports),
    };
    Block { plane, protocols, sources, destinations, source_ports, destination_ports }
}

impl Grid {
    /// The grid of boxes of a plane.
    ///
    /// # Errors
    ///
    /// When it has too many cells.
    pub(super) fn of(plane: Plane, blocks: &[Block]) -> Result<Self, Unknown> {
        let contents = classes(blocks);
        let all = sides(&Block::whole(plane));
        let tree = |side: usize| Tree::of(all.get(side).copied().unwrap_or(PORTS), &ranges(&contents, side));
        let (peers, owns) = (tree(0), tree(1));
        let mut cells = 0_usize;
        let mut classes = Vec::new();
        for (protocols, content) in &contents {
            let (peer_ports, own_ports) = (ports(content, 2), ports(content, 3));
            let sizes = [peers.leaves, owns.leaves, peer_ports.len(), own_ports.len()];
            let size = sizes.into_iter().try_fold(1, usize::checked_mul).unwrap_or(usize::MAX);
            classes.push(Class { protocols: protocols.clone(), peer_ports, own_ports, first: cells });
            cells = cells.saturating_add(size);
        }
        if cells > MOST_CELLS {
            return Err(Unknown::TooManyBoxes);
        }
        let mut grid = Self { plane, classes, peers, owns, cells, wanted: Bits::none(cells) };
        let mut wanted = Bits::none(cells);
        for (at, (_, content)) in contents.iter().enumerate() {
            content.iter().for_each(|sides| grid.want(at, sides, &mut wanted));
        }
        grid.wanted = wanted;
        Ok(grid)
    }

    fn want(&self, at: usize, [peers, owns, peer_ports, own_ports]: &Sides, wanted: &mut Bits) {
        let Some(class) = self.classes.get(at) else { return };
        let within = |spans: &[Span], side: &Span| {
            let first = spans.partition_point(|span| span.last < side.first);
            (first, spans.partition_point(|span| span.first <= side.last).saturating_sub(1))
        };
        let (peer_ports, own_ports) = (within(&class.peer_ports, peer_ports), within(&class.own_ports, own_ports));
        for (_, peer) in self.peers.samples().into_iter().filter(|(sample, _)| peers.holds(*sample)) {
            for (_, own) in self.owns.samples().into_iter().filter(|(sample, _)| owns.holds(*sample)) {
                let shape = Shape { class: Some(at), peer, own, peer_ports, own_ports };
                self.each_run(&shape, |run| wanted.set(run, true));
            }
        }
    }

    /// Whether the shapes of both mean the same: as the two directions do where the same is wanted of both.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let Self { plane: _, classes, peers, owns, cells, wanted } = self;
        let alike = |one: &Class, other: &Class| {
            let ports = |class: &Class| (class.protocols.len(), class.peer_ports.len(), class.own_ports.len());
            ports(one) == ports(other)
        };
        *cells == other.cells
            && *wanted == other.wanted
            && peers.is_like(&other.peers)
            && owns.is_like(&other.owns)
            && classes.len() == other.classes.len()
            && classes.iter().zip(&other.classes).all(|(one, other)| alike(one, other))
    }

    /// Hands out the cells of a shape, in runs.
    pub(super) fn each_run(&self, shape: &Shape, mut take: impl FnMut((usize, usize))) {
        self.all_runs(shape, |run| {
            take(run);
            true
        });
    }

    /// Whether all of a shape's runs are as asked; ends at the first that is not.
    pub(super) fn all_runs(&self, shape: &Shape, mut is: impl FnMut((usize, usize)) -> bool) -> bool {
        let leaves = |tree: &Tree, node: usize| tree.nodes.get(node).map_or((0, 0), |node| node.leaves);
        let (peer, own) = (leaves(&self.peers, shape.peer), leaves(&self.owns, shape.own));
        let classes = match shape.class {
            None => self.classes.as_slice(),
            Some(at) => self.classes.get(at..=at).unwrap_or_default(),
        };
        classes.iter().all(|class| {
            let (peer_ports, own_ports) = match shape.class {
                None => (class.all_peer_ports(), class.all_own_ports()),
                Some(_) => (shape.peer_ports, shape.own_ports),
            };
            let (many, wide) = (class.peer_ports.len(), class.own_ports.len());
            (peer.0..peer.0 + peer.1).all(|peer| {
                (own.0..own.0 + own.1).all(|own| {
                    let cell = class.first + (peer * self.owns.leaves + own) * many * wide;
                    if own_ports == class.all_own_ports() {
                        // Rows that are whole follow each other.
                        let rows = peer_ports.1 - peer_ports.0 + 1;
                        return is((cell + peer_ports.0 * wide, rows * wide));
                    }
                    let row = |port: usize| (cell + port * wide + own_ports.0, own_ports.1 - own_ports.0 + 1);
                    (peer_ports.0..=peer_ports.1).all(|port| is(row(port)))
                })
            })
        })
    }

    /// The shape that is one cell.
    pub(super) fn cell(&self, cell: usize) -> Option<Shape> {
        let at = self.classes.partition_point(|class| class.first <= cell).checked_sub(1)?;
        let class = self.classes.get(at)?;
        let (many, wide) = (class.peer_ports.len(), class.own_ports.len());
        let place = cell - class.first;
        let (address, port) = (place / (many * wide), place % (many * wide));
        let leaf = |tree: &Tree, leaf: usize| tree.hull(leaf, leaf);
        Some(Shape {
            class: Some(at),
            peer: leaf(&self.peers, address / self.owns.leaves),
            own: leaf(&self.owns, address % self.owns.leaves),
            peer_ports: (port / wide, port / wide),
            own_ports: (port % wide, port % wide),
        })
    }

    /// The shape of everything.
    pub(super) fn whole(&self) -> Shape {
        Shape { class: None, peer: 0, own: 0, peer_ports: (0, 0), own_ports: (0, 0) }
    }

    /// How many rules a shape takes.
    pub(super) fn cost(&self, shape: &Shape) -> usize {
        let networks = |tree: &Tree, node: usize| tree.nodes.get(node).map_or(1, |node| node.networks.len());
        let protocols = shape.class.and_then(|at| self.classes.get(at)).map_or(1, |class| class.protocols.len());
        protocols * networks(&self.peers, shape.peer) * networks(&self.owns, shape.own)
    }

    /// The boxes of the rules that a shape takes.
    pub(super) fn blocks(&self, shape: &Shape) -> Vec<Block> {
        let networks = |tree: &Tree, node: usize| tree.nodes.get(node).map_or(Vec::new(), |it| it.networks.clone());
        let hull = |spans: &[Span], (first, last): (usize, usize)| {
            let ends = spans.get(first).zip(spans.get(last));
            ends.map_or(PORTS, |(first, last)| Span { first: first.first, last: last.last })
        };
        let class = shape.class.and_then(|at| self.classes.get(at));
        let (protocols, peer_ports, own_ports) = match class {
            None => (vec![Block::whole(self.plane).protocols], PORTS, PORTS),
            Some(class) => (
                class.protocols.iter().map(|protocol| Span::one(*protocol)).collect(),
                hull(&class.peer_ports, shape.peer_ports),
                hull(&class.own_ports, shape.own_ports),
            ),
        };
        let mut blocks = Vec::new();
        for protocol in protocols {
            for peer in networks(&self.peers, shape.peer) {
                let owns = networks(&self.owns, shape.own).into_iter();
                blocks.extend(owns.map(|own| block(self.plane, protocol, [peer, own, peer_ports, own_ports])));
            }
        }
        blocks
    }
}

impl Class {
    pub(super) fn all_peer_ports(&self) -> (usize, usize) {
        (0, self.peer_ports.len() - 1)
    }

    pub(super) fn all_own_ports(&self) -> (usize, usize) {
        (0, self.own_ports.len() - 1)
    }
}

/// The protocols of which the same is wanted, with what that is; those of which nothing is, too.
fn classes(blocks: &[Block]) -> Vec<(Vec<u8>, Vec<Sides>)> {
    let mut wanted: Vec<(u8, Vec<Sides>)> = (0..=u8::MAX).map(|protocol| (protocol, Vec::new())).collect();
    for block in blocks {
        let [peers, owns, ..] = sides(block);
        for (protocol, sides_of) in &mut wanted {
            if block.protocols.holds(*protocol) {
                // Without ports it is on all of them.
                let has_ports = WITH_PORTS.contains(protocol);
                let sides = if has_ports { sides(block) } else { [peers, owns, PORTS, PORTS] };
                sides_of.push(sides);
            }
        }
    }
    let mut classes: BTreeMap<Vec<Sides>, Vec<u8>> = BTreeMap::new();
    for (protocol, mut sides) in wanted {
        sides.sort_unstable();
        sides.dedup();
        classes.entry(sides).or_default().push(protocol);
    }
    let mut classes: Vec<_> = classes.into_iter().map(|(sides, protocols)| (protocols, sides)).collect();
    classes.sort();
    classes
}

/// Where the ranges of a side begin in which the same is wanted, and a number for what that is.
fn ranges(contents: &[(Vec<u8>, Vec<Sides>)], side: usize) -> Vec<(u128, usize)> {
    let boxes = || contents.iter().enumerate().flat_map(|(class, (_, boxes))| boxes.iter().map(move |it| (class, it)));
    let spans = boxes().filter_map(|(_, sides)| sides.get(side));
    let firsts: BTreeSet<u128> = [0].into_iter().chain(firsts(spans)).collect();
    let mut known = BTreeMap::new();
    let mut ranges = Vec::new();
    for first in firsts {
        let there = boxes().filter(|(_, sides)| sides.get(side).is_some_and(|span| span.holds(first)));
        let wanted: Vec<(usize, Vec<Span>)> = there.map(|(class, sides)| (class, others(sides, side))).collect();
        let next = known.len();
        ranges.push((first, *known.entry(wanted).or_insert(next)));
    }
    ranges
}

fn others(sides: &Sides, side: usize) -> Vec<Span> {
    sides.iter().enumerate().filter(|(at, _)| *at != side).map(|(_, span)| *span).collect()
}

/// Where ranges begin, and what is behind their ends.
fn firsts<'a>(spans: impl Iterator<Item = &'a Span>) -> impl Iterator<Item = u128> {
    spans.flat_map(|span| [Some(span.first), span.last.checked_add(1)]).flatten()
}

/// The ranges of ports in which the same is wanted.
fn ports(boxes: &[Sides], side: usize) -> Vec<Span> {
    let spans = boxes.iter().filter_map(|sides| sides.get(side));
    let firsts: BTreeSet<u128> = [0].into_iter().chain(firsts(spans)).filter(|first| *first <= PORTS.last).collect();
    let ends = firsts.iter().skip(1).map(|next| next - 1).chain([PORTS.last]);
    firsts.iter().zip(ends).map(|(first, last)| Span { first: *first, last }).collect()
}
