//! Takes ranges of addresses, each with what is wanted of it; gives the networks that tell them apart. Never holds a network that no
//! rule could need.
//!
//! Halving all addresses until each half is wanted alike gives a tree whose nodes are networks. On the way down to a network the other
//! halves are often wanted alike, all of them: then they are one leaf here, a ring around it, that takes as many rules as it has
//! networks. Rules for networks between the ring's outermost and what it surrounds are never needed: let the network of the ring that
//! has the fewest rules to itself be the model. What it sees of the rules between can be a rule on all, what it does not see, one on
//! what is surrounded; the others of the ring do as it does, and take no more rules than before.

use crate::packets::Span;

/// Networks that contain each other, or have nothing in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tree {
    /// The first is that of all addresses.
    pub(super) nodes: Vec<Node>,
    /// How many have no others within.
    pub(super) leaves: usize,
}

/// A network; a ring is several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) networks: Vec<Span>,
    /// The first of the leaves within, and how many those are.
    pub(super) leaves: (usize, usize),
    pub(super) parent: Option<usize>,
    /// The two that it consists of.
    pub(super) within: Option<(usize, usize)>,
}

enum Part {
    Leaf(Vec<Span>, usize),
    Node(Span, Box<(Part, Part)>),
}

impl Tree {
    /// The tree of these addresses: where each range begins, ascending, and what is wanted of it, as a number.
    pub(super) fn of(all: Span, ranges: &[(u128, usize)]) -> Self {
        let mut tree = Self { nodes: Vec::new(), leaves: 0 };
        tree.add(Part::of(all, ranges), None);
        tree
    }

    fn add(&mut self, part: Part, parent: Option<usize>) -> usize {
        let (at, first) = (self.nodes.len(), self.leaves);
        match part {
            Part::Leaf(networks, _) => {
                self.leaves += 1;
                self.nodes.push(Node { networks, leaves: (first, 1), parent, within: None });
            }
            Part::Node(network, within) => {
                self.nodes.push(Node { networks: vec![network], leaves: (first, 0), parent, within: None });
                let (one, other) = *within;
                let within = (self.add(one, Some(at)), self.add(other, Some(at)));
                let leaves = self.leaves - first;
                if let Some(node) = self.nodes.get_mut(at) {
                    (node.leaves.1, node.within) = (leaves, Some(within));
                }
            }
        }
        at
    }

    /// For each leaf an address, and the node that it is.
    pub(super) fn samples(&self) -> Vec<(u128, usize)> {
        let leaf = |(at, node): (usize, &Node)| {
            let sample = node.networks.first().filter(|_| node.within.is_none());
            sample.map(|network| (network.first, at))
        };
        self.nodes.iter().enumerate().filter_map(leaf).collect()
    }

    /// The node around one, and the other that is in it.
    pub(super) fn around(&self, node: usize) -> Option<(usize, usize)> {
        let parent = self.nodes.get(node)?.parent?;
        let (one, other) = self.nodes.get(parent)?.within?;
        Some((parent, if one == node { other } else { one }))
    }

    /// Whether the nodes of both contain each other alike, and take as many networks.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let alike = |one: &Node, other: &Node| {
            (one.networks.len(), one.leaves, one.within) == (other.networks.len(), other.leaves, other.within)
        };
        self.nodes.len() == other.nodes.len() && self.nodes.iter().zip(&other.nodes).all(|(a, b)| alike(a, b))
    }

    /// The smallest node that has all of these leaves, given by number.
    pub(super) fn hull(&self, first: usize, last: usize) -> usize {
        let has = |node: &Node| node.leaves.0 <= first && last < node.leaves.0 + node.leaves.1;
        let found = self.nodes.iter().enumerate().filter(|(_, node)| has(node));
        found.min_by_key(|(_, node)| node.leaves.1).map_or(0, |(at, _)| at)
    }
}

impl Part {
    fn of(span: Span, ranges: &[(u128, usize)]) -> Self {
        // The ranges that begin behind its first address; the one before them reaches into it.
        let before = ranges.partition_point(|(first, _)| *first <= span.first);
        let behind = ranges.partition_point(|(first, _)| *first <= span.last);
        if before == behind {
            let wanted = ranges.get(before.saturating_sub(1)).map_or(0, |(_, wanted)| *wanted);
            return Self::Leaf(vec![span], wanted);
        }
        let middle = span.first + (span.last - span.first) / 2;
        let lower = Self::of(Span { last: middle, ..span }, ranges);
        let upper = Self::of(Span { first: middle + 1, ..span }, ranges);
        match (lower, upper) {
            (Self::Leaf(half, wanted), other) | (other, Self::Leaf(half, wanted)) => other.within(half, wanted, span),
            (lower, upper) => Self::Node(span, Box::new((lower, upper))),
        }
    }

    /// It and the other half around it, which is a leaf: in the ring of its like, if there is one.
    fn within(self, half: Vec<Span>, wanted: usize, span: Span) -> Self {
        let around = |part| Self::Node(span, Box::new((Self::Leaf(half.clone(), wanted), part)));
        let Self::Node(network, parts) = self else { return around(self) };
        // Only an outermost half goes into the ring: what the ring surrounds is a leaf, too, and smaller.
        let is_ring = |part: &Self| match part {
            Self::Leaf(networks, alike) => {
                let half = (network.last - network.first) / 2;
                *alike == wanted && networks.last().is_some_and(|it| it.last - it.first == half)
            }
            Self::Node(..) => false,
        };
        let (ring, inner) = if is_ring(&parts.0) { *parts } else { (parts.1, parts.0) };
        match ring {
            Self::Leaf(mut networks, alike) if is_ring(&Self::Leaf(networks.clone(), alike)) => {
                networks.extend(half);
                Self::Node(span, Box::new((Self::Leaf(networks, wanted), inner)))
            }
            ring => around(Self::Node(network, Box::new((ring, inner)))),
        }
    }
}
