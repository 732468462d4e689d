//! Takes a set of packets; gives the rules of a filter that mirrors them, the fewest found. Never mirrors less than asked: where ten
//! rules do not suffice, it mirrors more, and says which packets those are.
//!
//! Rules are tried by ascending number, per direction; the first that matches decides, and what none matches is not mirrored. A rule has
//! CIDRs of one IP version. So each direction of each IP version has rules of its own, and a filter has ten for all four together.
//! Source: Traffic Mirroring guide, "Traffic mirror filters and filter rules".
//!
//! | where packets differ | the rules are |
//! |---|---|
//! | in ports alone, or in addresses alone | the fewest there are: `alone` |
//! | in several dimensions, of a few cells | short lists at first (`cover`), then fewer as far as a bounded search finds them: `search` |
//! | in more than that | the shortest of those lists |
//!
//! DNS to the Amazon resolver is no rule's: whether it is asked means nothing here.

mod alone;
mod bits;
mod cover;
mod grid;
mod line;
mod search;
mod tree;
mod widen;

use std::collections::BTreeSet;

use self::cover::List;
use self::grid::{Grid, Shape};
use self::line::{Line, numbered};
use self::widen::widened;
use crate::inventory::{Rule, RuleAction};
use crate::limits::RULES_PER_FILTER;
use crate::packets::{Block, PacketSet, Plane, Unknown};

/// What a filter's rules amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// Numbered 100, 200, … per direction: rejects of what is excepted first.
    pub rules: BTreeSet<Rule>,
    /// What they mirror that is not asked; empty where they mirror exactly that.
    pub added: PacketSet,
}

/// Whether packets of busy services may be added where ten rules do not suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Widen {
    /// None of [`crate::packets::BUSY_PORTS`].
    NeverBusy,
    /// Any, everything in the end.
    Any,
}

/// The fewest rules found that mirror exactly these packets, however many those are. IPv6 counts only where the interface has it.
///
/// A rule has no ports but those of TCP and UDP: of any other protocol, a box with a few ports means all of it.
///
/// # Errors
///
/// When it takes too many boxes to say.
pub fn exact(asked: &PacketSet, ipv6: bool) -> Result<BTreeSet<Rule>, Unknown> {
    numbered(&lines(asked, ipv6)?)
}

/// At most ten rules that mirror at least these packets; none where no set that was found does, without those that may not be added.
///
/// # Errors
///
/// When it takes too many boxes to say.
pub fn fit(asked: &PacketSet, ipv6: bool, widen: Widen) -> Result<Option<Fitted>, Unknown> {
    let asked = asked.possible(ipv6);
    let mut lines = lines(&asked, ipv6)?;
    if lines.len() > RULES_PER_FILTER {
        let Some(fewer) = widened(&lines, ipv6, widen)? else { return Ok(None) };
        lines = fewer;
    }
    let rules = numbered(&lines)?;
    let added = PacketSet::of_filter(&rules, &BTreeSet::new())?.difference(&asked)?;
    Ok(Some(Fitted { rules, added }))
}

/// The rules of all planes, without their numbers.
fn lines(asked: &PacketSet, ipv6: bool) -> Result<Vec<Line>, Unknown> {
    let blocks = asked.possible(ipv6).blocks();
    let mut known: Vec<(Grid, List)> = Vec::new();
    let mut lines = Vec::new();
    for plane in Plane::ALL {
        let blocks: Vec<Block> = blocks.iter().copied().filter(|block| block.plane == plane).collect();
        if blocks.is_empty() {
            continue;
        }
        let grid = Grid::of(plane, &blocks)?;
        let same = known.iter().find(|(other, _)| other.is_like(&grid)).map(|(_, list)| list.clone());
        let list = same.unwrap_or_else(|| fewest(&grid));
        let of = |(action, shape): &(RuleAction, Shape)| {
            let action = *action;
            grid.blocks(shape).into_iter().map(move |block| Line { action, block })
        };
        lines.extend(list.iter().flat_map(of));
        known.push((grid, list));
    }
    Ok(lines)
}

/// The fewest rules found for a plane.
fn fewest(grid: &Grid) -> List {
    if let Some(list) = alone::alone(grid) {
        return list;
    }
    let lists = cover::lists(grid);
    let shortest = lists.into_iter().min_by_key(|list| grid.length(list)).unwrap_or_default();
    search::fewer(grid, grid.length(&shortest)).unwrap_or(shortest)
}

#[cfg(test)]
mod tests;
