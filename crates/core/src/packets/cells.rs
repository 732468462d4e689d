//! Takes sets of points in several dimensions; gives their union, intersection, difference in the one form that the result has. Never
//! holds two forms of one set: that two sets are the same shows on their form.
//!
//! A set is cut along its first dimension wherever what it holds in the others changes; each part is cut along the second likewise, and
//! so on. Parts that touch hold different things, for else they would be one part: so there is one way to cut, and a set that was made
//! by other steps has the same parts.

use std::collections::BTreeSet;

use super::{Span, Unknown};

/// Points that agree in the dimensions before this one. Never without a point: that is no cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cells {
    /// No dimension is left: the point itself.
    Point,
    /// Parts of this dimension, ascending and disjoint, each with what it holds in the others.
    Cut(Vec<(Span, Cells)>),
}

/// Whether a point stays that is in the one set, and in the other.
pub(super) type Keep = fn(bool, bool) -> bool;

impl Cells {
    /// The box with these sides.
    pub(super) fn of<const N: usize>(sides: [Span; N]) -> Self {
        sides.into_iter().rev().fold(Self::Point, |within, side| Self::Cut(vec![(side, within)]))
    }

    /// How many boxes it takes.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Point => 1,
            Self::Cut(parts) => parts.iter().map(|(_, within)| within.count()).sum(),
        }
    }

    /// Hands out the sides of each box, in order.
    pub(super) fn each(&self, before: &mut Vec<Span>, take: &mut impl FnMut(&[Span])) {
        match self {
            Self::Point => take(before),
            Self::Cut(parts) => {
                for (side, within) in parts {
                    before.push(*side);
                    within.each(before, take);
                    before.pop();
                }
            }
        }
    }

    /// What it holds where this dimension has that value.
    fn at(parts: &[(Span, Self)], value: u128) -> Option<&Self> {
        let after = parts.partition_point(|(side, _)| side.last < value);
        parts.get(after).filter(|(side, _)| side.holds(value)).map(|(_, within)| within)
    }
}

/// The points of two sets that `keep` keeps; none if it keeps none. `left` is how many boxes may still be made on the way.
///
/// # Errors
///
/// When they do not suffice.
pub(super) fn combine(
    one: Option<&Cells>,
    other: Option<&Cells>,
    keep: Keep,
    left: &mut usize,
) -> Result<Option<Cells>, Unknown> {
    let kept = keep(one.is_some(), other.is_some());
    let (one, other) = match (one, other) {
        (Some(Cells::Cut(one)), Some(Cells::Cut(other))) => (one, other),
        (None, only) | (only, None) | (only @ Some(Cells::Point), _) | (_, only @ Some(Cells::Point)) => {
            let Some(only) = only.filter(|_| kept) else { return Ok(None) };
            *left = left.checked_sub(only.count()).ok_or(Unknown::TooManyBoxes)?;
            return Ok(Some(only.clone()));
        }
    };
    let mut parts: Vec<(Span, Cells)> = Vec::new();
    for side in pieces(one, other) {
        let within = combine(Cells::at(one, side.first), Cells::at(other, side.first), keep, left)?;
        let Some(within) = within else { continue };
        match parts.last_mut() {
            Some((before, same)) if before.ends_at(side) && *same == within => before.last = side.last,
            _ => parts.push((side, within)),
        }
    }
    Ok((!parts.is_empty()).then_some(Cells::Cut(parts)))
}

/// The ranges in which neither of the two changes, and those in which neither has anything.
fn pieces(one: &[(Span, Cells)], other: &[(Span, Cells)]) -> Vec<Span> {
    let sides = || one.iter().chain(other).map(|(side, _)| side);
    let ends = sides().filter_map(|side| side.last.checked_add(1));
    let firsts: BTreeSet<u128> = sides().map(|side| side.first).chain(ends).collect();
    let next = firsts.iter().skip(1).map(|next| next - 1).chain([u128::MAX]);
    firsts.iter().zip(next).map(|(first, last)| Span { first: *first, last }).collect()
}
