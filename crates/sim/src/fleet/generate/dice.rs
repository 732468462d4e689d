//! Takes a seed; gives choices that look random. Never the same as the world draws: a fleet follows from its own seed.

use crate::mint::Mint;

/// Draws, one after the other.
pub(super) struct Dice {
    mint: Mint,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { mint: Mint::new(seed) }
    }

    /// A number below this one; 0, if there is none.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let drawn = self.mint.draw("fleet") % (end.max(1) as u128);
        usize::try_from(drawn).unwrap_or_default()
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(super) fn percent(&mut self, times: u8) -> bool {
        self.below(100) < usize::from(times)
    }

    /// One of some things, each as likely as its weight says.
    pub(super) fn weighted<'a, T: ?Sized>(&mut self, things: &[(usize, &'a T)]) -> Option<&'a T> {
        let mut left = self.below(things.iter().map(|(weight, _)| weight).sum());
        things.iter().find_map(|(weight, thing)| match left.checked_sub(*weight) {
            Some(rest) => {
                left = rest;
                None
            }
            None => Some(*thing),
        })
    }
}
