//! Everything in vpc-mirror that decides: pure functions over plain values. No clock, no randomness, no I/O, no SDK, no runtime:
//! time is an argument, and the same input gives the same bytes.
//!
//! ```text
//!  cloud  ─read pages→ observe → Inventory ─┐
//!  policy file ─────────────────→ Policy ───┼─decide→ Decisions ─compile→ Desired ─plan→ Plan ─apply→ Outcomes
//!  the last round ──────────────→ Memory ───┘                                                            │
//!                                    ↑──────────── remember(Memory, all of the round, now) ←─────────────┘
//! ```

pub mod cloud;
pub mod compile;
pub mod decide;
mod digest;
pub mod grants;
pub mod ids;
pub mod inventory;
pub mod lease;
pub mod lessons;
pub mod limits;
pub mod memory;
pub mod objects;
pub mod observe;
pub mod ownership;
pub mod packets;
mod pairs;
pub mod plan;
pub mod policy;
pub mod prices;
pub mod report;
pub mod ruleset;
pub mod support;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod wake;

/// A point in time. Comes from outside: nothing in here asks for it.
pub use jiff::Timestamp as Time;
