//! Takes durations as people write them; gives them in their type, or says how to write them. Never takes months or years, which are of
//! no one length.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// A duration: `10s`, `1h 30m`, `2d`, and never less than nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Lasting(pub(super) SignedDuration);

impl TryFrom<String> for Lasting {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = humantime::parse_duration(&text).ok().and_then(|it| SignedDuration::try_from(it).ok());
        read.map(Self).ok_or_else(|| format!("`{text}` is no duration: write `10s`, `1h 30m` or the like"))
    }
}

impl From<Lasting> for String {
    fn from(lasting: Lasting) -> Self {
        lasting.to_string()
    }
}

impl fmt::Display for Lasting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0.unsigned_abs()).fmt(f)
    }
}
