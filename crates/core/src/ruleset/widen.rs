//! Takes more rules than a filter has; gives few enough that mirror all of it and something more: as little as step by step was found.
//! Never mirrors less, and never more of a busy port than is allowed.
//!
//! Of all steps (`steps`) that one is taken which adds the smallest share of all packets. Of many rules, the closest are put together
//! many at once first: each step takes time that grows with the square of their number.

mod steps;

use std::collections::BTreeSet;

use self::steps::{candidates, more, taken};
use super::Widen;
use super::line::{Line, numbered, ordered};
use crate::limits::RULES_PER_FILTER;
use crate::packets::{PacketSet, Plane, Unknown};

/// So many of a plane's steps are known exactly, of those that seem to add the least.
const KNOWN: usize = 6;
/// So many are looked at, where most may not be taken.
const LOOKED_AT: usize = 48;
/// Of more rules of a plane than these, many are put together at once.
const MANY: usize = 16;
/// With so few rules in all, it is worth finding out after each step whether fewer do.
const FEW: usize = 16;

/// What may be added.
struct Terms {
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
#[derive(Clone)]
struct Step {
    lines: Vec<Line>,
    more: PacketSet,
    share: f64,
}

/// At most ten rules that mirror all that these do; none where no step is left that may be taken.
///
/// # Errors
///
/// When it takes too many boxes to say.
pub(super) fn widened(all: &[Line], ipv6: bool, widen: Widen) -> Result<Option<Vec<Line>>, Unknown> {
    let terms = Terms { ipv6, widen };
    let mut added = PacketSet::default();
    let mut parts = Vec::new();
    for plane in Plane::ALL {
        let lines: Vec<Line> = all.iter().copied().filter(|line| line.block.plane == plane).collect();
        let lines = terms.closest(ordered(&lines), &mut added)?;
        if widen == Widen::NeverBusy && lines.len() > 2 * MANY {
            return Ok(None);
        }
        parts.push(terms.part(&lines, &added)?);
    }
    let count = |parts: &[Part]| parts.iter().map(|part| part.lines.len()).sum::<usize>();
    while count(&parts) > RULES_PER_FILTER {
        let mut next = terms.next(&parts, &added)?;
        if next.is_none() {
            // What has been added since may be too much together with what each step adds: there may be others.
            for part in &mut parts {
                *part = terms.part(&part.lines, &added)?;
            }
            next = terms.next(&parts, &added)?;
        }
        let Some((at, step)) = next else { return Ok(None) };
        added = added.union(&step.more)?;
        let few = count(&parts) <= FEW + 1;
        if let Some(part) = parts.get_mut(at) {
            let lines = if few { terms.shortest(step.lines)? } else { step.lines };
            *part = terms.part(&lines, &added)?;
        }
    }
    // However it came to be, what means the same is the same.
    let fewest = parts.into_iter().map(|part| terms.shortest(part.lines)).collect::<Result<Vec<_>, _>>()?;
    Ok(Some(fewest.concat()))
}

impl Terms {
    /// Rules of a plane with the steps that add the least, where so much has been added already.
    fn part(&self, lines: &[Line], added: &PacketSet) -> Result<Part, Unknown> {
        let lines = ordered(lines);
        let mut steps = Vec::new();
        for (at, other) in candidates(&lines).into_iter().take(LOOKED_AT) {
            if steps.len() == KNOWN {
                break;
            }
            let more = more(&lines, at, other)?;
            if self.allows(&more)? && self.allows(&more.union(added)?)? {
                let share = more.share(self.ipv6);
                steps.push(Step { lines: taken(&lines, at, other), more, share });
            }
        }
        steps.sort_by(|one, other| one.share.total_cmp(&other.share));
        Ok(Part { lines, steps })
    }

    fn allows(&self, added: &PacketSet) -> Result<bool, Unknown> {
        Ok(match self.widen {
            Widen::Any => true,
            Widen::NeverBusy => added.busy_ports().is_empty(),
        })
    }

    /// The step of all planes that adds the least, and whose it is.
    fn next(&self, parts: &[Part], added: &PacketSet) -> Result<Option<(usize, Step)>, Unknown> {
        let steps = parts.iter().enumerate().flat_map(|(at, part)| part.steps.iter().map(move |step| (at, step)));
        let mut steps: Vec<(usize, &Step)> = steps.collect();
        steps.sort_by(|(_, one), (_, other)| one.share.total_cmp(&other.share));
        for (at, step) in steps {
            if self.allows(&added.union(&step.more)?)? {
                return Ok(Some((at, step.clone())));
            }
        }
        Ok(None)
    }

    /// The fewest rules found that mirror the same.
    fn shortest(&self, lines: Vec<Line>) -> Result<Vec<Line>, Unknown> {
        let mirrored = PacketSet::of_filter(&numbered(&lines)?, &BTreeSet::new())?;
        let again = super::lines(&mirrored, self.ipv6)?;
        Ok(if again.len() <= lines.len() { again } else { lines })
    }

    /// Of many rules, those of which the closest are put together until they are not many. Notes what that adds.
    fn closest(&self, mut lines: Vec<Line>, added: &mut PacketSet) -> Result<Vec<Line>, Unknown> {
        while lines.len() > MANY {
            let before = lines.clone();
            let line = |at: usize| before.get(at).copied();
            let pairs = candidates(&before).into_iter().filter_map(|(at, other)| line(at).zip(line(other)));
            // Where busy ports are in the way of so many steps, they are in the way of the rest.
            let looked_at = if self.widen == Widen::Any { usize::MAX } else { before.len() };
            for (one, other) in pairs.take(looked_at) {
                if lines.len() <= MANY.max(before.len() / 2) {
                    break;
                }
                // Others may have swallowed one of them.
                let place = |line: Line| lines.iter().position(|it| *it == line);
                let Some((at, other)) = place(one).zip(place(other)) else { continue };
                let more = more(&lines, at, other)?;
                let with = added.union(&more)?;
                if self.allows(&more)? && self.allows(&with)? {
                    (lines, *added) = (taken(&lines, at, other), with);
                }
            }
            // Where few steps may be taken, there are not enough of them.
            let few = self.widen == Widen::NeverBusy && lines.len() > before.len() / 8 * 7;
            if few || lines.len() == before.len() {
                break;
            }
            lines = ordered(&lines);
        }
        Ok(lines)
    }
}
