//! Takes more rules than a filter has; gives few enough that mirror all of it and something more: as little as step by step was found.
//! Never mirrors less, and never more of a busy port than is allowed.
//!
//! A step puts one accept in the place of two, over both: the range from one's ports to the other's, the network around both, all
//! protocols. Or it leaves out a reject. Of all steps that one is taken which adds the smallest share of all packets.

use std::collections::BTreeSet;

use super::Widen;
use super::line::{Line, contains, meets, numbered, ordered, over};
use crate::inventory::RuleAction;
use crate::limits::RULES_PER_FILTER;
use crate::packets::{Block, PacketSet, Plane, Unknown};

/// So many of a plane's steps are looked at exactly, of those that seem to add the least.
const CANDIDATES: usize = 6;
/// Of more rules of a plane than these, only those are put together that are not further apart than `NEAR`.
const MANY: usize = 40;
const NEAR: usize = 6;
/// With so few rules in all, it is worth finding out after each step whether fewer do.
const FEW: usize = 16;

/// What may be added.
struct Terms<'a> {
    asked: &'a PacketSet,
    ipv6: bool,
    widen: Widen,
}

/// Rules of one plane.
struct Part {
    lines: Vec<Line>,
    /// The steps that add the least. Those of other planes do not change them.
    steps: Vec<Step>,
}

/// What becomes of a plane's rules.
struct Step {
    lines: Vec<Line>,
    more: PacketSet,
    share: f64,
}

/// At most ten rules; none where no step is left that may be taken.
///
/// # Errors
///
/// When it takes too many boxes to say.
pub(super) fn widened(asked: &PacketSet, all: &[Line], ipv6: bool, widen: Widen) -> Result<Option<Vec<Line>>, Unknown> {
    let terms = Terms { asked, ipv6, widen };
    let mut added = PacketSet::default();
    let mut parts = Vec::new();
    for plane in Plane::ALL {
        let lines: Vec<Line> = all.iter().copied().filter(|line| line.block.plane == plane).collect();
        parts.push(terms.part(lines, &added)?);
    }
    let count = |parts: &[Part]| parts.iter().map(|part| part.lines.len()).sum::<usize>();
    while count(&parts) > RULES_PER_FILTER {
        let mut next = terms.next(&parts, &added)?;
        if next.is_none() {
            // What has been added since may be too much together with what each step adds: there may be others.
            for part in &mut parts {
                *part = terms.part(std::mem::take(&mut part.lines), &added)?;
            }
            next = terms.next(&parts, &added)?;
        }
        let Some((at, step, with)) = next else { return Ok(None) };
        added = with;
        let Some(part) = parts.get_mut(at) else { return Ok(None) };
        part.lines = step;
        if count(&parts) <= FEW {
            terms.shorten(parts.get_mut(at))?;
        }
        if let Some(part) = parts.get_mut(at) {
            *part = terms.part(std::mem::take(&mut part.lines), &added)?;
        }
    }
    // However it came to be, what means the same is the same.
    for part in &mut parts {
        terms.shorten(Some(part))?;
    }
    Ok(Some(parts.into_iter().flat_map(|part| part.lines).collect()))
}

impl Terms<'_> {
    /// Rules of a plane, with the steps that add the least, where so much has been added already.
    fn part(&self, lines: Vec<Line>, added: &PacketSet) -> Result<Part, Unknown> {
        let lines = ordered(&lines);
        let mirrored = mirrored(&lines)?;
        let mut steps = Vec::new();
        for (_, lines) in self.steps(&lines) {
            if steps.len() == CANDIDATES {
                break;
            }
            let more = self::mirrored(&lines)?.difference(&mirrored)?;
            if self.allows(&more.union(added)?)? {
                let share = more.share(self.ipv6);
                steps.push(Step { lines, more, share });
            }
        }
        steps.sort_by(|one, other| one.share.total_cmp(&other.share));
        Ok(Part { lines, steps })
    }

    fn allows(&self, added: &PacketSet) -> Result<bool, Unknown> {
        let allowed = match self.widen {
            Widen::Any => true,
            Widen::NeverBusy => added.difference(self.asked)?.busy_ports().is_empty(),
        };
        Ok(allowed)
    }

    /// The step of all planes that adds the least: whose it is, its rules, and all that is added then.
    fn next(&self, parts: &[Part], added: &PacketSet) -> Result<Option<(usize, Vec<Line>, PacketSet)>, Unknown> {
        let steps = parts.iter().enumerate().flat_map(|(at, part)| part.steps.iter().map(move |step| (at, step)));
        let mut steps: Vec<(usize, &Step)> = steps.collect();
        steps.sort_by(|(_, one), (_, other)| one.share.total_cmp(&other.share));
        for (at, step) in steps {
            let with = added.union(&step.more)?;
            if self.allows(&with)? {
                return Ok(Some((at, step.lines.clone(), with)));
            }
        }
        Ok(None)
    }

    /// The fewest rules that mirror the same.
    fn shorten(&self, part: Option<&mut Part>) -> Result<(), Unknown> {
        let Some(part) = part else { return Ok(()) };
        let again = super::lines(&mirrored(&part.lines)?, self.ipv6)?;
        if again.len() <= part.lines.len() {
            part.lines = again;
        }
        Ok(())
    }

    /// The steps from these rules on, those first that seem to add the least.
    fn steps(&self, lines: &[Line]) -> Vec<(f64, Vec<Line>)> {
        let share = |block: &Block| PacketSet::of(*block).share(self.ipv6);
        let mut steps = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            match line.action {
                RuleAction::Reject => steps.push((share(&line.block), at, at)),
                RuleAction::Accept => {
                    let near = if lines.len() > MANY { NEAR } else { lines.len() };
                    let others = lines.iter().enumerate().skip(at + 1).take(near);
                    for (other_at, other) in others.filter(|(_, other)| other.action == RuleAction::Accept) {
                        let over = over(&line.block, &other.block);
                        let more = share(&over) - share(&line.block) - share(&other.block);
                        steps.push((more.max(0.0), at, other_at));
                    }
                }
            }
        }
        steps.sort_by(|(one, ..), (other, ..)| one.total_cmp(other));
        steps.into_iter().map(|(share, at, other)| (share, after(lines, at, other))).collect()
    }
}

fn mirrored(lines: &[Line]) -> Result<PacketSet, Unknown> {
    PacketSet::of_filter(&numbered(lines)?, &BTreeSet::new())
}

/// The rules, with one over both in the place of two accepts; without a reject, where both are that.
fn after(lines: &[Line], at: usize, other: usize) -> Vec<Line> {
    let mut left = lines.to_vec();
    let (Some(one), Some(two)) = (lines.get(at), lines.get(other)) else { return left };
    if at == other {
        left.remove(at);
        return left;
    }
    let line = Line { action: RuleAction::Accept, block: over(&one.block, &two.block) };
    // The later, the less it adds; but behind a reject it would miss what the first of them accepts.
    let between = lines.get(at + 1..other).unwrap_or_default();
    let place = if rejects_any(between, &one.block) { at } else { other };
    let mut after = Vec::new();
    for (old, left) in lines.iter().enumerate() {
        let swallowed = contains(&line.block, &left.block);
        let behind = lines.get(old + 1..place).unwrap_or_default();
        if old == place {
            after.push(line);
        } else if !swallowed || (old < place && (left.action == RuleAction::Reject || rejects_any(behind, &left.block)))
        {
            after.push(*left);
        }
    }
    after
}

fn rejects_any(lines: &[Line], block: &Block) -> bool {
    lines.iter().any(|line| line.action == RuleAction::Reject && meets(&line.block, block))
}
