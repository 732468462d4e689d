//! Takes a seed; gives draws that look random. Never another sequence for the same seed.

use std::fmt;

/// A sequence of draws.
pub(super) struct Dice(blake3::OutputReader);

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dice after {} draws", self.0.position() / 8)
    }
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof())
    }

    pub(super) fn draw(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// 0 up to this number, which is not drawn itself.
    pub(super) fn below(&mut self, number: usize) -> usize {
        (self.draw() % number as u64) as usize
    }

    /// Whether this time is one of so many.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn among<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}
