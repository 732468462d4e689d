//! Takes a secret key, what a choice is for, a member and the time; gives the member's lot, and when it draws the next one. Never gives
//! anything that says something of another lot, or of the key.
//!
//! Lots are BLAKE3 in its keyed mode: to whoever lacks the key each is as good as a number thrown by dice, whatever others they know.
//! Each part of what is hashed is preceded by its length, so that `("ab", "c")` and `("a", "bc")` differ.

use jiff::SignedDuration;

use crate::Time;
use crate::policy::SampleKey;

/// What a member has drawn: the lowest are chosen.
pub(super) type Lot = [u8; 16];

/// The lots of one stratum of one strategy.
pub(super) struct Lots {
    /// Made of the secret for this stratum alone.
    key: [u8; 32],
    /// Nanoseconds, above 0; none where nothing rotates.
    period: Option<i128>,
}

impl Lots {
    /// The lots of a stratum. A time of `rotate` that is none, zero or less, rotates nothing.
    pub(super) fn new(key: &SampleKey, strategy: &str, stratum: &[String], rotate: Option<SignedDuration>) -> Self {
        let parts = [strategy].into_iter().chain(stratum.iter().map(String::as_str)).map(str::as_bytes);
        let period = rotate.map(|rotate| rotate.as_nanos()).filter(|period| *period > 0);
        Self { key: keyed(key.bytes(), parts), period }
    }

    /// What a member has drawn.
    pub(super) fn lot(&self, member: &str, now: Time) -> Lot {
        let epoch = self.period.map(|period| self.epoch(member, period, now).to_le_bytes());
        let epoch = epoch.as_ref().map_or(b"".as_slice(), <[u8; 16]>::as_slice);
        keyed(&self.key, [b"lot".as_slice(), epoch, member.as_bytes()])
    }

    /// When a member draws next; none where nothing rotates, or time ends before.
    #[cfg(test)]
    pub(super) fn turn(&self, member: &str, now: Time) -> Option<Time> {
        let period = self.period?;
        let begins = (self.epoch(member, period, now) + 1) * period - self.phase(member, period);
        Time::from_nanosecond(begins).ok()
    }

    /// How often a member has drawn since 1970; before that the number is negative. Nothing overflows: a time has 68 bits, a period 93.
    fn epoch(&self, member: &str, period: i128, now: Time) -> i128 {
        (now.as_nanosecond() + self.phase(member, period)).div_euclid(period)
    }

    /// How much earlier in the period a member draws than one that draws at its end. It is as secret as the lots, and says nothing of them.
    fn phase(&self, member: &str, period: i128) -> i128 {
        i128::from_le_bytes(keyed(&self.key, [b"phase".as_slice(), member.as_bytes()])).rem_euclid(period)
    }
}

/// So many bytes for these parts.
fn keyed<'a, const N: usize>(key: &[u8; 32], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; N] {
    let mut hasher = blake3::Hasher::new_keyed(key);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; N];
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}
