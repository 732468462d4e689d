//! Takes rules about what goes wrong, in order; says for each call what befalls it: the first rule that fits, or nothing. Never makes
//! it happen.

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::Action;
use mirror_core::ids::AccountId;

use super::answer::Caller;
use super::chance::{Chance, Odds};
use crate::error::ApiError;
use crate::listing::fits;
use crate::request::Request;

/// What befalls a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// This error is answered, and the call has no effect.
    Error(ApiError),
    /// The call gets lost on its way there.
    LostBefore,
    /// The call takes effect, and the answer gets lost.
    LostAfter,
    /// The answer comes so much later.
    Latency(SignedDuration),
    /// A page holds at most so many items, 5 at least, and leads on to the rest: AWS may do so at any time.
    ShortPage(i32),
    /// A page holds at most so many items, and leads on to what comes after those that it should have held.
    SkippingPage(usize),
    /// A page holds at most so many items, and says that it is the last.
    CutPage(usize),
    /// A list is empty.
    EmptyList,
    /// What is on a page comes in another order: AWS documents none.
    Shuffled,
    /// `UnauthorizedOperation`.
    Denied,
    /// The body ends after so many bytes.
    Cut(usize),
    /// Another account answers; a change takes effect there.
    AnotherAccount(AccountId),
}

/// Which of the calls that fit a rule otherwise, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Every call.
    Every,
    /// This one.
    Nth(u64),
    /// Every so many.
    EveryNth(u64),
}

/// A rule: which calls, and what befalls them.
#[derive(Clone, Debug)]
pub struct Fault {
    actions: Vec<String>,
    caller: Option<Caller>,
    turn: Turn,
    odds: Odds,
    from: Time,
    until: Time,
    effect: Effect,
    fitting: u64,
}

impl Fault {
    /// Befalls every call, until told otherwise: `Fault::new(Effect::LostAfter).on("Create*").by_turns(Turn::Nth(3))`.
    pub fn new(effect: Effect) -> Self {
        Self {
            actions: Vec::new(),
            caller: None,
            turn: Turn::Every,
            odds: Odds::ALWAYS,
            from: Time::MIN,
            until: Time::MAX,
            effect,
            fitting: 0,
        }
    }

    /// Only calls of this action, which may have wildcards, or of another that is named so.
    #[must_use]
    pub fn on(mut self, action: &str) -> Self {
        self.actions.push(action.into());
        self
    }

    /// Only this caller's.
    #[must_use]
    pub fn of(mut self, caller: Caller) -> Self {
        self.caller = Some(caller);
        self
    }

    /// Only these of the calls that fit action, caller and time.
    #[must_use]
    pub fn by_turns(mut self, turn: Turn) -> Self {
        self.turn = turn;
        self
    }

    /// Only so often, of the calls whose turn it is.
    #[must_use]
    pub fn with_odds(mut self, odds: Odds) -> Self {
        self.odds = odds;
        self
    }

    /// Only from this time on, and before that one.
    #[must_use]
    pub fn between(mut self, from: Time, until: Time) -> Self {
        (self.from, self.until) = (from, until);
        self
    }

    fn fits(&mut self, now: Time, caller: &Caller, action: &str, chance: &mut Chance) -> bool {
        let named = self.actions.is_empty() || self.actions.iter().any(|pattern| fits(pattern, action));
        let in_time = self.from <= now && now < self.until;
        if !named || !in_time || self.caller.as_ref().is_some_and(|only| only != caller) {
            return false;
        }
        self.fitting += 1;
        let its_turn = match self.turn {
            Turn::Every => true,
            Turn::Nth(turn) => self.fitting == turn,
            Turn::EveryNth(turns) => self.fitting.is_multiple_of(turns),
        };
        its_turn && (self.odds == Odds::ALWAYS || chance.happens(self.odds, "fault"))
    }
}

/// Which of all the faults that an API has ever had, counted from 1.
pub type FaultNumber = u64;

/// The actions that a pattern fits, which may have wildcards.
pub fn actions_like(pattern: &str) -> impl Iterator<Item = Action> {
    Request::every_action().filter(move |action| fits(pattern, action))
}

/// All rules, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    rules: Vec<(FaultNumber, Fault)>,
    added: FaultNumber,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) -> FaultNumber {
        self.added += 1;
        self.rules.push((self.added, fault));
        self.added
    }

    /// Ends one; false if there is none of that number.
    pub(super) fn end(&mut self, number: FaultNumber) -> bool {
        let before = self.rules.len();
        self.rules.retain(|(other, _)| *other != number);
        self.rules.len() < before
    }

    /// Ends all. Their numbers are not given again.
    pub(super) fn end_all(&mut self) {
        self.rules.clear();
    }

    /// What befalls this call. A rule behind the one that fits does not count the call.
    pub(super) fn next(&mut self, now: Time, caller: &Caller, action: &str, chance: &mut Chance) -> Option<Effect> {
        let rule =
            self.rules.iter_mut().find_map(|(_, rule)| rule.fits(now, caller, action, chance).then_some(&rule.effect));
        rule.cloned()
    }
}
