//! Takes calls; answers reads with what there was a while ago, and lists with pages that do not quite follow on each other. Never changes
//! what a change does: those meet the world as it is, if they are let through.
//!
//! Source: "Eventual consistency in the Amazon EC2 API", EC2 Developer Guide: what a command has made may not be visible at once to the
//! commands that follow, and an id that was just given may be said not to exist, for seconds, up to a few minutes.

use std::collections::{BTreeMap, VecDeque};

use jiff::SignedDuration;
use mirror_core::Time;

use super::answer::Caller;
use super::chance::{Chance, Odds};
use super::pages;
use super::things::named;
use crate::error::ApiError;
use crate::request::Request;
use crate::response::Response;
use crate::world::World;

/// Most last items of pages that wait for the next page: most lists are read to their end, or not at all.
const MOST_REPEATS: usize = 100;

/// How far reads lag behind. Each read draws its own age, so that the pages of one list are of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The oldest that a read can be.
    pub most: SignedDuration,
    /// How often a read is old at all.
    pub stale: Odds,
    /// Whether callers always see what they have changed themselves.
    pub own_writes_are_seen: bool,
    /// Whether a change, too, can be told that something new does not exist.
    pub names_are_unknown_at_first: bool,
    /// How often a page begins with the last item of the page before.
    pub doubled: Odds,
    /// How often a page that is not the last lacks its last item, which is on the next page neither.
    pub missing: Odds,
}

impl Lag {
    /// Every read is up to so old, in every way that EC2 allows; lists are whole.
    pub fn up_to(most: SignedDuration) -> Self {
        Self {
            most,
            stale: Odds::ALWAYS,
            own_writes_are_seen: false,
            names_are_unknown_at_first: true,
            doubled: Odds::NEVER,
            missing: Odds::NEVER,
        }
    }
}

/// A lag, with what it has to remember.
#[derive(Clone, Debug)]
pub(super) struct Lagging {
    lag: Lag,
    /// When each caller last changed something.
    wrote: BTreeMap<Caller, Time>,
    /// The items with which pages begin once more, by the token that leads there.
    repeats: BTreeMap<String, Response>,
    /// How old the next reads are; those after them draw.
    ages: VecDeque<SignedDuration>,
}

impl Lagging {
    pub(super) fn new(lag: Lag) -> Self {
        Self { lag, wrote: BTreeMap::new(), repeats: BTreeMap::new(), ages: VecDeque::new() }
    }

    pub(super) fn next_ages(&mut self, ages: impl IntoIterator<Item = SignedDuration>) {
        self.ages.extend(ages);
    }

    /// For how long the world has to remember what was.
    pub(super) fn memory(&self) -> SignedDuration {
        self.lag.most
    }

    /// What AWS answers, and how old the world was in which it looked.
    pub(super) fn call(
        &mut self,
        world: &mut World,
        caller: &Caller,
        request: Request,
        chance: &mut Chance,
    ) -> (Result<Response, ApiError>, SignedDuration) {
        let reads = match &request {
            Request::GetCallerIdentity | Request::DryRun(_) => return (world.call(request), SignedDuration::ZERO),
            other => other.reads(),
        };
        let set = if reads { self.ages.pop_front() } else { None };
        let age = match set {
            Some(age) => age,
            None if reads || self.lag.names_are_unknown_at_first => self.age(world.now, caller, chance),
            None => SignedDuration::ZERO,
        };
        let then = world.now.checked_sub(age).unwrap_or(Time::MIN);
        let result = if reads { self.read(world, then, request, chance) } else { change(world, then, request) };
        if !reads && result.is_ok() {
            self.wrote.insert(caller.clone(), world.now);
        }
        (result, age)
    }

    fn age(&self, now: Time, caller: &Caller, chance: &mut Chance) -> SignedDuration {
        if !chance.happens(self.lag.stale, "stale") {
            return SignedDuration::ZERO;
        }
        let age = chance.up_to(self.lag.most, "age");
        match self.wrote.get(caller) {
            Some(wrote) if self.lag.own_writes_are_seen => age.min(now.duration_since(*wrote)),
            _ => age,
        }
    }

    fn read(
        &mut self,
        world: &mut World,
        then: Time,
        mut request: Request,
        chance: &mut Chance,
    ) -> Result<Response, ApiError> {
        let repeat = self.repeat_in(&mut request);
        let mut response = world.as_of(then, |world| world.call(request))?;
        if let Some(repeat) = repeat {
            pages::put_before(&mut response, repeat);
        }
        let Some((_, Some(next))) = pages::extent(&response) else { return Ok(response) };
        if chance.happens(self.lag.doubled, "doubled") {
            self.repeats.insert(next.into(), pages::last_of(&response));
            if self.repeats.len() > MOST_REPEATS {
                self.repeats.pop_first();
            }
        } else if chance.happens(self.lag.missing, "missing") {
            pages::lose_last(&mut response);
        }
        Ok(response)
    }

    /// What this page begins with once more. The page has one item less of its own then: AWS never gives more than it was asked for.
    fn repeat_in(&mut self, request: &mut Request) -> Option<Response> {
        let asked = pages::asked(request)?;
        let repeat = self.repeats.remove(asked.next_token?)?;
        let room = asked.max_results.filter(|size| *size > asked.smallest)? - 1;
        pages::ask_for_fewer(request, room);
        Some(repeat)
    }
}

/// Makes a change, unless something that it names was not there then: the part of AWS that was asked may not have heard of it yet.
fn change(world: &mut World, then: Time, request: Request) -> Result<Response, ApiError> {
    let things = named(world, &request);
    let is_there = |world: &World| things.iter().try_for_each(|thing| world.check_there(thing));
    // What is not there now either is the world's to refuse, which may have a better reason.
    if is_there(world).is_ok() {
        world.as_of(then, |world| is_there(world))?;
    }
    world.call(request)
}
