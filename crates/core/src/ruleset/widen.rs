//! Takes more rules than a filter has; gives few enough that mirror all of it and something more: as little as step by step was found.
//! Never mirrors less, and never more of a busy port than is allowed.
//!
//! Of all steps (`steps`) that one is taken which adds the smallest share of all packets. Of many rules, the closest are put together
//! many at once first: each step takes time that grows with the square of their number.

mod steps;

use self::steps::{candidates, more, taken};
use super::Widen;
use super::line::{Line, ordered};
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

/// Rules of one plane, and what they mirror.
struct Part {
    lines: Vec<Line>,
    mirrored: PacketSet,
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

/// At most ten rules that mirror all of what is asked; none where no step is left that may be taken.
///
/// # Errors
///
/// When it takes too many boxes to say.
pub(super) fn widened(asked: &PacketSet, all: &[Line], ipv6: bool, widen: Widen) -> Result<Option<Vec<Line>>, Unknown> {
    let terms = Terms { ipv6, widen };
    let mut added = PacketSet::default();
    let mut parts = Vec::new();
    for plane in Plane::ALL {
        let lines: Vec<Line> = all.iter().copied().filter(|line| line.block.plane == plane).collect();
        let blocks = asked.blocks().into_iter().filter(|block| block.plane == plane);
        let mirrored = blocks.map(PacketSet::of).try_fold(PacketSet::default(), |all, block| all.union(&block))?;
        let (lines, more) = terms.closest(ordered(&lines), &mirrored, &added)?;
        added = added.union(&more)?;
        parts.push(terms.part(&lines, mirrored.union(&more)?, &added)?);
    }
    let count = |parts: &[Part]| parts.iter().map(|part| part.lines.len()).sum::<usize>();
    while count(&parts) > RULES_PER_FILTER {
        let mut next = terms.next(&parts, &added)?;
        if next.is_none() {
            // What has been added since may be too much together with what each step adds: there may be others.
            for part in &mut parts {
                *part = terms.part(&part.lines, part.mirrored.clone(), &added)?;
            }
            next = terms.next(&parts, &added)?;
        }
        let Some((at, step)) = next else { return Ok(None) };
        added = added.union(&step.more)?;
        let Some(part) = parts.get_mut(at) else { return Ok(None) };
        let mirrored = part.mirrored.union(&step.more)?;
        part.lines = step.lines;
        let lines = if count(&parts) <= FEW { super::lines(&mirrored, ipv6)? } else { Vec::new() };
        if let Some(part) = parts.get_mut(at) {
            let shorter = !lines.is_empty() && lines.len() <= part.lines.len();
            *part = terms.part(if shorter { &lines } else { &part.lines }, mirrored, &added)?;
        }
    }
    // However it came to be, what means the same is the same.
    let mut fewest = Vec::new();
    for part in parts {
        let again = super::lines(&part.mirrored, ipv6)?;
        fewest.extend(if again.len() <= part.lines.len() { again } else { part.lines });
    }
    Ok(Some(fewest))
}

impl Terms {
    /// Rules of a plane with the steps that add the least, where so much has been added already.
    fn part(&self, lines: &[Line], mirrored: PacketSet, added: &PacketSet) -> Result<Part, Unknown> {
        let lines = ordered(lines);
        let mut steps = Vec::new();
        for (at, other) in candidates(&lines).into_iter().take(LOOKED_AT) {
            if steps.len() == KNOWN {
                break;
            }
            let more = more(&lines, at, other, &mirrored)?;
            if self.allows(&more)? && self.allows(&more.union(added)?)? {
                let share = more.share(self.ipv6);
                steps.push(Step { lines: taken(&lines, at, other), more, share });
            }
        }
        steps.sort_by(|one, other| one.share.total_cmp(&other.share));
        Ok(Part { lines, mirrored, steps })
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

    /// Of many rules, those of which the closest are put together until they are not many, and what that adds.
    fn closest(
        &self,
        mut lines: Vec<Line>,
        mirrored: &PacketSet,
        added: &PacketSet,
    ) -> Result<(Vec<Line>, PacketSet), Unknown> {
        let (mut all, mut mirrored) = (PacketSet::default(), mirrored.clone());
        while lines.len() > MANY {
            let before = lines.clone();
            let line = |at: usize| before.get(at).copied();
            let pairs = candidates(&before).into_iter().filter_map(|(at, other)| line(at).zip(line(other)));
            for (one, other) in pairs.take(before.len()) {
                let place = |line: Line| lines.iter().position(|it| *it == line);
                let Some((at, other)) = place(one).zip(place(other)) else { continue };
                let more = more(&lines, at, other, &mirrored)?;
                let with = all.union(&more)?;
                if self.allows(&more)? && self.allows(&with.union(added)?)? {
                    lines = taken(&lines, at, other);
                    (mirrored, all) = (mirrored.union(&more)?, with);
                }
                if lines.len() <= MANY.max(before.len() / 2) {
                    break;
                }
            }
            lines = ordered(&lines);
            if lines.len() == before.len() {
                break;
            }
        }
        Ok((lines, all))
    }
}
