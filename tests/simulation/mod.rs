//! A cloud that breaks, the daemon's own loop in it, and a judge: all on one virtual clock, all from one seed.

pub(crate) mod converged;
pub(crate) mod judge;
pub(crate) mod listed;
pub(crate) mod one_machine;
pub(crate) mod people;
pub(crate) mod setting;
pub(crate) mod stage;
pub(crate) mod storm;
