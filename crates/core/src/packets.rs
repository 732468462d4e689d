//! Takes filters and what captures say; gives the sets of packets that they mean, and their union, intersection and difference, exactly.
//! Never guesses: what is too much to say exactly is unknown.
//!
//! A set is a union of boxes. A box has a direction, an IP version, and a range on each of five sides: protocol, source and destination
//! address, source and destination port. DNS to the Amazon resolver is a flag beside them: no rule matches it, and the filter's network
//! service takes all of it. Sets that hold the same packets are equal: `cells` says why.

mod asked;
mod block;
mod cells;
mod flow;
mod measure;
mod rules;
mod span;

use std::collections::BTreeMap;

pub use self::block::{Block, Plane};
use self::cells::{Cells, Keep, combine};
pub use self::flow::Flow;
pub use self::measure::BUSY_PORTS;
pub(crate) use self::rules::WITH_PORTS;
pub use self::span::Span;
use crate::inventory::Rule;

/// So many boxes are made at most for one answer. The worst filters of ten rules that we have found take fewer than a tenth of
/// that. Without an end, sets of many networks and ports would take minutes, while the fleet waits.
pub const MOST_BOXES: usize = 50_000;

/// So many boxes are said; who needs the rest has the rules.
const MOST_SAID: usize = 20;

/// Why a set of packets is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// It is not told with so few boxes.
    #[error("it takes more than {MOST_BOXES} boxes to say which packets that are")]
    TooManyBoxes,
    /// AWS does not say what becomes of packets by such a rule.
    #[error("AWS does not say what this rule means: `{0}`")]
    Rule(Rule),
}

/// A set of packets, seen from a network interface. Two that hold the same packets are equal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PacketSet {
    /// A plane without packets is not there.
    planes: BTreeMap<Plane, Cells>,
    /// DNS to the Amazon resolver, both ways.
    resolver: bool,
}

impl PacketSet {
    /// Every packet, the resolver's included.
    pub fn everything() -> Self {
        let planes = Plane::ALL.map(|plane| (plane, Cells::of(Block::whole(plane).sides())));
        Self { planes: planes.into(), resolver: true }
    }

    /// DNS to the Amazon resolver alone.
    pub fn resolver_alone() -> Self {
        Self { planes: BTreeMap::new(), resolver: true }
    }

    /// The packets of one box.
    pub fn of(block: Block) -> Self {
        Self { planes: [(block.plane, Cells::of(block.sides()))].into(), resolver: false }
    }

    /// Those in either.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes.
    pub fn union(&self, other: &Self) -> Result<Self, Unknown> {
        self.combined(other, |one, other| one || other)
    }

    /// Those in both.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes.
    pub fn intersection(&self, other: &Self) -> Result<Self, Unknown> {
        self.combined(other, |one, other| one && other)
    }

    /// Those that are not in the other.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes.
    pub fn difference(&self, other: &Self) -> Result<Self, Unknown> {
        self.combined(other, |one, other| one && !other)
    }

    /// Whether all of them are in the other.
    ///
    /// # Errors
    ///
    /// When it takes too many boxes to say.
    pub fn is_subset(&self, other: &Self) -> Result<bool, Unknown> {
        Ok(self.difference(other)?.is_empty())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.planes.is_empty() && !self.resolver
    }

    /// Whether DNS to the Amazon resolver is among them.
    pub fn has_resolver(&self) -> bool {
        self.resolver
    }

    /// Those that an interface can have: without an IPv6 address, none of IPv6.
    pub fn possible(&self, ipv6: bool) -> Self {
        let possible = |plane: &Plane| ipv6 || !plane.ipv6;
        let planes = self.planes.iter().filter(|(plane, _)| possible(plane));
        Self { planes: planes.map(|(plane, cells)| (*plane, cells.clone())).collect(), resolver: self.resolver }
    }

    /// Its boxes: disjoint, and always the same for the same packets.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        for (plane, cells) in &self.planes {
            cells.each(&mut Vec::new(), &mut |sides| blocks.extend(Block::on(*plane, sides)));
        }
        blocks
    }

    /// Its boxes in words, of very many only the first.
    pub fn words(&self) -> Vec<String> {
        let blocks = self.blocks();
        let mut words: Vec<String> = blocks.iter().take(MOST_SAID).map(ToString::to_string).collect();
        if let Some(left @ 1..) = blocks.len().checked_sub(MOST_SAID) {
            words.push(format!("and {left} more"));
        }
        words
    }

    fn combined(&self, other: &Self, keep: Keep) -> Result<Self, Unknown> {
        let mut left = MOST_BOXES;
        let mut planes = BTreeMap::new();
        for plane in Plane::ALL {
            let cells = combine(self.planes.get(&plane), other.planes.get(&plane), keep, &mut left)?;
            planes.extend(cells.map(|cells| (plane, cells)));
        }
        Ok(Self { planes, resolver: keep(self.resolver, other.resolver) })
    }
}

#[cfg(test)]
mod tests;
