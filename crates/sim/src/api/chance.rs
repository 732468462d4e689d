//! Takes a seed; gives chances and durations that look random. Never the same sequence for two purposes: what is drawn for one leaves the
//! others as they are, so that a fault which is added does not change which reads are stale.

use jiff::SignedDuration;

use crate::mint::Mint;

/// How often something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Odds {
    in_a_million: u32,
}

impl Odds {
    /// It does not happen.
    pub const NEVER: Self = Self::in_a_million(0);

    /// It always happens.
    pub const ALWAYS: Self = Self::in_a_million(1_000_000);

    /// It happens so often in a million times.
    pub const fn in_a_million(times: u32) -> Self {
        Self { in_a_million: times }
    }
}

/// Draws.
#[derive(Clone, Debug)]
pub(super) struct Chance {
    mint: Mint,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { mint: Mint::new(seed) }
    }

    /// Whether it happens this time.
    pub(super) fn happens(&mut self, odds: Odds, purpose: &'static str) -> bool {
        match odds {
            // Most of what could be drawn is switched off: that costs nothing.
            Odds::NEVER => false,
            _ => self.mint.draw(purpose) % 1_000_000 < odds.in_a_million.into(),
        }
    }

    /// A number below this one; 0 if there is none.
    pub(super) fn below(&mut self, bound: usize, purpose: &'static str) -> usize {
        let drawn = self.mint.draw(purpose).checked_rem(bound as u128);
        drawn.and_then(|drawn| usize::try_from(drawn).ok()).unwrap_or_default()
    }

    /// A duration up to this one, nanosecond for nanosecond.
    pub(super) fn up_to(&mut self, longest: SignedDuration, purpose: &'static str) -> SignedDuration {
        if longest <= SignedDuration::ZERO {
            return SignedDuration::ZERO;
        }
        let nanoseconds = self.mint.draw(purpose) % (longest.as_nanos().unsigned_abs() + 1);
        SignedDuration::from_nanos(i64::try_from(nanoseconds).unwrap_or(i64::MAX))
    }
}
