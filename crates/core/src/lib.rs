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
pub mod ids;
pub mod inventory;
pub mod objects;
mod pairs;

/// A point in time. Comes from outside: nothing in here asks for it.
pub use jiff::Timestamp as Time;
