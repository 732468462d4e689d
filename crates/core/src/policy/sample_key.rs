//! Takes a secret; gives the key that samples are drawn with. Never shows anything of it.

use std::fmt;

/// What keys of this kind are for. Another use of the same secret has another context, and so another key.
const CONTEXT: &str = "vpc-mirror 2026-11-30 16:00:00 which members of a sample are mirrored";

/// Fewer bytes could be guessed, even where they are random.
const SHORTEST: usize = 16;

/// The secret that makes the choice unpredictable. It is to be random: one that somebody thought of can be found by trying, by whoever
/// has once seen who is mirrored. It is never serialised, and `Debug` prints nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SampleKey([u8; 32]);

/// A key has fewer than 16 bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the sample key has {has} bytes: it takes at least {SHORTEST}, random ones, such as `openssl rand -base64 32` prints"
)]
pub struct TooShort {
    /// How many it has, without the end of its line.
    pub has: usize,
}

impl SampleKey {
    /// A key of 16 bytes or more. One end of line (LF or CR LF) behind them is no part of it: a file often has one, a variable none, and
    /// both are to choose the same.
    pub fn new(secret: &[u8]) -> Result<Self, TooShort> {
        let secret = secret.strip_suffix(b"\n").map_or(secret, |line| line.strip_suffix(b"\r").unwrap_or(line));
        if secret.len() < SHORTEST {
            return Err(TooShort { has: secret.len() });
        }
        Ok(Self(blake3::derive_key(CONTEXT, secret)))
    }

    /// What lots are made with.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SampleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SampleKey(secret)")
    }
}
