//! What a test of the whole program stands on: a cloud that the test holds in its hands, and the program as a process of its own,
//! which talk over real sockets in real time. Never reaches AWS: nothing of the environment gets through to the process.
#![allow(dead_code, reason = "each test uses its own part")]

pub(crate) mod calls;
pub(crate) mod cloud;
pub(crate) mod daemon;
pub(crate) mod dice;
pub(crate) mod fleet;
pub(crate) mod kills;
pub(crate) mod program;
pub(crate) mod standing;
pub(crate) mod traced;

use std::time::Duration;

/// For how long anything is waited for. Far longer than anything takes: a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
