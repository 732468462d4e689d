//! Takes members with their strata, a secret key and the time; gives those that are mirrored: some of each stratum. Never remembers
//! who was chosen: whoever has the key and the time finds the same ones.
//!
//! In each stratum every member draws a lot, which nobody can compute without the key (`lots`), and the lowest are chosen, as many as the
//! size says. So one that comes or goes changes one other choice at most, and a larger sample has all that a smaller one has. With
//! rotation each member draws anew once in a period, at a moment of its own: that changes one other choice at most, too, and at every
//! moment as many are chosen as at any other.

mod detection;
mod lots;

use jiff::SignedDuration;

pub use self::detection::detection;
use self::lots::{Lot, Lots};
use crate::Time;
use crate::policy::SampleKey;

/// A fraction is counted in parts of this size: 7 % of 100 are a little more than 7 in floats, and would be 8.
const WHOLE: u128 = 1_000_000_000;

/// How many of each stratum, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sampling {
    /// The part of a stratum's members that is chosen: above 0, at most 1. It counts in billionths, and is rounded up to whole members.
    pub fraction: f64,
    /// So many of each stratum at least, if it has them. One is chosen in any case.
    pub at_least: usize,
    /// The time in which every member draws anew once; none where a choice is for good. Nothing below a nanosecond is a time.
    pub rotate: Option<SignedDuration>,
}

impl Sampling {
    /// How many of so many members are chosen. One member more is one chosen more at most.
    pub(super) fn size(&self, members: usize) -> usize {
        // Never negative, and at most a billion; what is no number is 0.
        let parts = (self.fraction.clamp(0.0, 1.0) * WHOLE as f64).round() as u128;
        let share = (members as u128 * parts).div_ceil(WHOLE);
        usize::try_from(share).unwrap_or(members).max(self.at_least).max(1).min(members)
    }
}

/// Which members of one stratum are chosen, whose labels these are. `members` are ids that do not change, such as an instance's; `strategy` is a
/// name, so that two strategies choose independently.
pub(super) fn of_stratum<'a>(
    key: &SampleKey,
    strategy: &str,
    sampling: &Sampling,
    labels: &[String],
    members: &[&'a str],
    now: Time,
) -> Vec<&'a str> {
    let lots = Lots::new(key, strategy, labels, sampling.rotate);
    let (chosen, _) = drawn(&lots, members, sampling.size(members.len()), now);
    chosen.into_iter().map(|(_, member)| member).collect()
}

/// A member after what it has drawn: their order is that of being chosen.
type Drawn<'a> = (Lot, &'a str);

/// Those with the lowest lots of a stratum, so many of them, and the others. Equal lots, should there ever be any, go by id.
fn drawn<'a>(lots: &Lots, members: &[&'a str], size: usize, now: Time) -> (Vec<Drawn<'a>>, Vec<Drawn<'a>>) {
    let mut chosen: Vec<Drawn<'_>> = members.iter().map(|member| (lots.lot(member, now), *member)).collect();
    chosen.sort_unstable();
    let others = chosen.split_off(size.min(chosen.len()));
    (chosen, others)
}

#[cfg(test)]
mod tests;
