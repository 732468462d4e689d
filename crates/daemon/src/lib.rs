//! The only crate with a runtime: it drives the pure functions of core against a cloud, in rounds, and shows what they found.

pub mod act;
pub mod announce;
pub mod approve;
pub mod args;
pub mod ask;
pub mod campaign;
pub mod clock;
pub mod control;
pub mod demo;
pub mod embedded;
mod ends;
pub mod follow;
pub mod kubernetes;
pub mod lead;
pub mod listen;
pub mod logs;
pub mod metrics;
pub mod pace;
pub mod place;
pub mod places;
pub mod record;
pub mod records;
pub mod round;
pub mod run;
pub mod sample_key;
pub mod show;
pub mod sim;
