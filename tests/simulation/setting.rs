//! Takes nothing; gives in which cloud, and with which processes, storms are played. Never says what happens there.

use jiff::SignedDuration;
use mirror_sim::Unknowns;

/// For how long evidence must hold, unless a policy says otherwise: reads may be as old.
pub(crate) const SETTLE: SignedDuration = SignedDuration::from_secs(30);

/// In which cloud, and with which processes.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) unknowns: Unknowns,
    /// The clocks of the processes that lead for one owner, wrong by so much.
    pub(crate) leaders: Vec<SignedDuration>,
    /// Whether they share a lease: then one at a time changes anything.
    pub(crate) leased: bool,
    /// Whether another owner of ours is on the same fleet.
    pub(crate) another_owner: bool,
    /// How old reads may be.
    pub(crate) lag: SignedDuration,
    /// Whether lists come in pages of a few items, which do not quite follow on each other.
    pub(crate) pages: bool,
    /// Of 1,000 calls, how many get lost on each way.
    pub(crate) lost: u64,
    /// How many times something happens.
    pub(crate) happenings: u64,
    /// For how long things happen, and go wrong.
    pub(crate) lasts: SignedDuration,
    /// How long after that everything has to be as it should: settle times, pauses between two attempts and old reads that are still
    /// believed are over by then. Where it is nothing, only what is never to be is looked for.
    pub(crate) calms: SignedDuration,
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
    /// Whether people give interfaces addresses and take them away again most of the time.
    pub(crate) readdressing: bool,
    /// Whether policies change all the time.
    pub(crate) fickle: bool,
    /// Whether calls go through the AWS SDK, as HTTP.
    pub(crate) through_sdk: bool,
    /// Whether reads are so old that they are believed: packets may be lost by them, within what a policy allows.
    pub(crate) believes: bool,
    /// Whether people leave the fleet alone, and lay hands on what mirrors it.
    pub(crate) meddling: bool,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            unknowns: Unknowns::default(),
            leaders: vec![SignedDuration::ZERO],
            leased: false,
            another_owner: false,
            lag: SETTLE,
            pages: false,
            lost: 20,
            happenings: 40,
            lasts: SignedDuration::from_mins(40),
            calms: SignedDuration::from_mins(20),
            faults: true,
            idle: 20,
            jewels: 0,
            doubles: false,
            guests: false,
            readdressing: false,
            fickle: false,
            through_sdk: false,
            believes: false,
            meddling: false,
        }
    }
}
