//! Takes a first and a last number; gives what two such ranges have in common. Never says what the numbers count: protocols, ports, and
//! addresses alike.

/// Numbers from the first to the last, both included. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first.
    pub first: u128,
    /// The last.
    pub last: u128,
}

impl Span {
    /// From the one to the other, whichever is lower.
    pub fn new(one: impl Into<u128>, other: impl Into<u128>) -> Self {
        let (one, other) = (one.into(), other.into());
        Self { first: one.min(other), last: one.max(other) }
    }

    /// One number alone.
    pub fn one(number: impl Into<u128>) -> Self {
        let number = number.into();
        Self { first: number, last: number }
    }

    /// Whether a number is in it.
    pub fn holds(self, number: impl Into<u128>) -> bool {
        (self.first..=self.last).contains(&number.into())
    }

    /// Whether it is a single number.
    pub fn is_one(self) -> bool {
        self.first == self.last
    }

    /// Whether the other one begins where this one ends, with nothing between them.
    pub(super) fn ends_at(self, next: Self) -> bool {
        self.last.checked_add(1) == Some(next.first)
    }

    /// How many numbers, as a part of so many. All addresses of IPv6 are one more than a `u128` holds, so that this is no integer.
    pub(super) fn share_of(self, all: Self) -> f64 {
        let count = |span: Self| (span.last - span.first) as f64 + 1.0;
        count(self) / count(all)
    }
}
