//! Takes rules of a plane; gives the steps from them to fewer ones that mirror more, and what each adds. Never decides which is taken.
//!
//! A step puts one accept in the place of two, over both: the range from one's ports to the other's, the network around both, all
//! protocols. Or it leaves out a reject. A step is named by the places of the two rules, or by that of the reject twice.

use super::super::grid::sides;
use super::super::line::{Line, contains, meets, over};
use crate::inventory::RuleAction;
use crate::packets::{Block, PacketSet, Span, Unknown};

/// Of more rules than these, only those are put together that are not further apart than `NEAR`.
const MANY: usize = 40;
const NEAR: usize = 6;

/// All steps, those first that seem to add the least.
pub(super) fn candidates(lines: &[Line]) -> Vec<(usize, usize)> {
    let near = if lines.len() > MANY { NEAR } else { lines.len() };
    let mut steps = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let size_of_one = size(&line.block);
        match line.action {
            RuleAction::Reject => steps.push((size_of_one, at, at)),
            RuleAction::Accept => {
                let others = lines.iter().enumerate().skip(at + 1).take(near);
                for (place, other) in others.filter(|(_, other)| other.action == RuleAction::Accept) {
                    let over = over(&line.block, &other.block);
                    steps.push(((size(&over) - size_of_one - size(&other.block)).max(0.0), at, place));
                }
            }
        }
    }
    steps.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
    steps.into_iter().map(|(_, at, other)| (at, other)).collect()
}

/// About the share of a plane's packets that a box has.
fn size(block: &Block) -> f64 {
    let whole = Block::whole(block.plane);
    // As much as all addresses of IPv6: no integer has it.
    let count = |span: &Span| (span.last - span.first) as f64 + 1.0;
    let parts = sides(block);
    let all = sides(&whole);
    let part = parts.iter().zip(all.iter()).map(|(part, all)| count(part) / count(all)).product::<f64>();
    part * if block.protocols == whole.protocols { 1.0 } else { 1.0 / 3.0 }
}

/// What a step adds to what is mirrored.
pub(super) fn more(lines: &[Line], at: usize, other: usize, mirrored: &PacketSet) -> Result<PacketSet, Unknown> {
    let reject = lines.get(at).filter(|_| at == other).map(|line| (*line, at));
    let Some((line, place)) = reject.or_else(|| merged(lines, at, other)) else { return Ok(PacketSet::default()) };
    // What an accept before it has is mirrored already.
    let mut left = PacketSet::of(line.block).difference(mirrored)?;
    for before in lines.iter().take(place).filter(|it| it.action == RuleAction::Reject && meets(&it.block, &line.block))
    {
        left = left.difference(&PacketSet::of(before.block))?;
    }
    if reject.is_none() {
        return Ok(left);
    }
    let mut more = PacketSet::default();
    for behind in lines.iter().skip(place + 1).filter(|it| meets(&it.block, &line.block)) {
        let matched = PacketSet::of(behind.block);
        if behind.action == RuleAction::Accept {
            more = more.union(&left.intersection(&matched)?)?;
        }
        left = left.difference(&matched)?;
    }
    Ok(more)
}

/// The rules after a step.
pub(super) fn taken(lines: &[Line], at: usize, other: usize) -> Vec<Line> {
    let mut left = lines.to_vec();
    if at == other {
        left.remove(at);
        return left;
    }
    let Some((line, place)) = merged(lines, at, other) else { return left };
    let mut after = Vec::new();
    for (old, left) in lines.iter().enumerate() {
        if old == place {
            after.push(line);
            continue;
        }
        let between = lines.get(old + 1..place).unwrap_or_default();
        // What it has all of is not needed behind it; nor before it, if it is accepted anyway.
        let is_needed = old < place && (left.action == RuleAction::Reject || rejects_any(between, &left.block));
        if !contains(&line.block, &left.block) || is_needed {
            after.push(*left);
        }
    }
    after
}

/// The rule over two accepts, and in whose place it stands.
fn merged(lines: &[Line], at: usize, other: usize) -> Option<(Line, usize)> {
    let (one, two) = (lines.get(at)?, lines.get(other)?);
    let line = Line { action: RuleAction::Accept, block: over(&one.block, &two.block) };
    // The later, the less it adds; but behind a reject it would miss what the first of them accepts.
    let between = lines.get(at + 1..other).unwrap_or_default();
    Some((line, if rejects_any(between, &one.block) { at } else { other }))
}

fn rejects_any(lines: &[Line], block: &Block) -> bool {
    lines.iter().any(|line| line.action == RuleAction::Reject && meets(&line.block, block))
}
