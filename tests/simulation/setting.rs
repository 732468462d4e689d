//! Takes nothing; gives in which cloud, and with which processes, storms are played. Never says what happens there.

use jiff::SignedDuration;
use mirror_sim::Unknowns;

/// In which cloud, and with which processes.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) unknowns: Unknowns,
    /// The clocks of the processes that lead for one owner, wrong by so much.
    pub(crate) leaders: Vec<SignedDuration>,
    /// Whether another owner of ours is on the same fleet.
    pub(crate) another_owner: bool,
    /// How old reads may be.
    pub(crate) lag: SignedDuration,
    /// Of 1,000 calls, how many get lost on each way.
    pub(crate) lost: u64,
    /// How many times something happens.
    pub(crate) happenings: u64,
    /// Whether calls fail, and processes die.
    pub(crate) faults: bool,
    /// How many rounds nothing may be written in, at the end.
    pub(crate) idle: i32,
    /// How many crown jewels there are at first; none for a few instances of any kind.
    pub(crate) jewels: usize,
    /// Whether a double counts although AWS takes a number twice: something else has to keep it from being made.
    pub(crate) doubles: bool,
    /// Whether others mirror to our targets, too.
    pub(crate) guests: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            unknowns: Unknowns::default(),
            leaders: vec![SignedDuration::ZERO],
            another_owner: false,
            lag: SignedDuration::from_secs(20),
            lost: 20,
            happenings: 40,
            faults: true,
            idle: 20,
            jewels: 0,
            doubles: false,
            guests: false,
        }
    }
}
