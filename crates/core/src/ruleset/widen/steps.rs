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
pub(super) fn more(lines: &[Line], at: usize, other: usize) -> Result<PacketSet, Unknown> {
    let step = if at == other { lines.get(at).map(|reject| (*reject, at)) } else { merged(lines, at, other) };
    let Some((Line { block, .. }, place)) = step else { return Ok(PacketSet::default()) };
    // What an accept matches first is mirrored already, and what a reject matches before the step's place stays so.
    let (mut left, mut more) = (PacketSet::of(block), PacketSet::default());
    for (old, line) in lines.iter().enumerate().filter(|(_, line)| meets(&line.block, &block)) {
        let matched = PacketSet::of(line.block);
        if at == other && old == place {
            // Without the reject, the rules behind it decide.
            return accepted(&left, lines, place);
        }
        if line.action == RuleAction::Reject && old >= place {
            more = more.union(&left.intersection(&matched)?)?;
        }
        left = left.difference(&matched)?;
    }
    more.union(&left)
}

/// Those of some packets that the rules behind a place accept.
fn accepted(packets: &PacketSet, lines: &[Line], place: usize) -> Result<PacketSet, Unknown> {
    let (mut left, mut accepted) = (packets.clone(), PacketSet::default());
    for line in lines.iter().skip(place + 1) {
        let matched = PacketSet::of(line.block);
        if line.action == RuleAction::Accept {
            accepted = accepted.union(&left.intersection(&matched)?)?;
        }
        left = left.difference(&matched)?;
        if left.is_empty() {
            break;
        }
    }
    Ok(accepted)
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
