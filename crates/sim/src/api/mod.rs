//! Takes calls, and who makes them; gives what reaches the client: AWS's answer, late or old or wrong, or none at all. Never decides
//! what is true: that is the world's, and with nothing switched on every answer is the world's own.
//!
//! ```text
//!  caller, request ── fault? ── rate ── may he? ── World::call, now or as of a while ago ── fault? ── Answer
//!                                                                                   └── a line of the trace
//! ```
//!
//! Everything in here follows from the seed, the calls and the times, as the world does. Where AWS documents no order (whether a call
//! that is refused uses up the rate, even one for which there is no permission), the harsher one is taken: it does.

mod answer;
mod chance;
mod faults;
mod lag;
mod pages;
mod rates;
mod things;
mod trace;

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::AccountId;

pub use self::answer::{Answer, Caller, Came};
use self::chance::Chance;
pub use self::chance::Odds;
use self::faults::Faults;
pub use self::faults::{Effect, Fault, FaultNumber, Turn, actions_like};
pub use self::lag::Lag;
use self::lag::Lagging;
#[cfg(test)]
pub(crate) use self::pages::extent;
pub use self::rates::{Limit, Rates};
pub(crate) use self::things::{Thing, check_named, named};
pub use self::trace::Trace;
use crate::error::ApiError;
use crate::iam::{Directory, Rejected, unauthorized};
use crate::request::Request;
use crate::response::Response;
use crate::world::World;

/// A world, and all that stands between it and its clients.
#[derive(Clone, Debug)]
pub struct Api {
    world: World,
    chance: Chance,
    latency: [SignedDuration; 2],
    rates: Option<Rates>,
    lagging: Option<Lagging>,
    faults: Faults,
    trace: Trace,
    iam: Directory,
    clocks_are_checked: bool,
}

impl Api {
    /// Everything switched off. The seed is for what is drawn around the world, not in it.
    pub fn new(world: World, seed: u64) -> Self {
        Self {
            world,
            chance: Chance::new(seed),
            latency: [SignedDuration::ZERO; 2],
            rates: None,
            lagging: None,
            faults: Faults::default(),
            trace: Trace::Off,
            iam: Directory::default(),
            clocks_are_checked: false,
        }
    }

    /// The world as it is.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The world, for whoever changes it without a call: auto scaling, another tool, a person at the console.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Lets time pass.
    pub fn advance(&mut self, to: Time) {
        self.world.advance(to);
    }

    /// From now on every call takes so long: from the shortest to the longest, drawn anew for each.
    pub fn take_time(&mut self, shortest: SignedDuration, longest: SignedDuration) {
        self.latency = [shortest, longest];
    }

    /// From now on calls that come too fast are refused; with none, no call is.
    pub fn limit_rates(&mut self, rates: Option<Rates>) {
        self.rates = rates;
    }

    /// From now on reads may be old; with none, they no longer are. What changed before it was first switched on is always seen as it
    /// was then.
    pub fn lag(&mut self, lag: Option<Lag>) {
        self.lagging = lag.map(Lagging::new);
        if let Some(memory) = self.lagging.as_ref().map(Lagging::memory) {
            self.world.remember(memory);
        }
    }

    /// Where reads may be old, the next of them are just so old, one after the other: what else is chance can be played through.
    pub fn next_reads_are(&mut self, ages: impl IntoIterator<Item = SignedDuration>) {
        if let Some(lagging) = &mut self.lagging {
            lagging.next_ages(ages);
        }
    }

    /// Adds a fault behind those that there are: the first that fits a call befalls it.
    pub fn add_fault(&mut self, fault: Fault) -> FaultNumber {
        self.faults.add(fault)
    }

    /// Ends one fault; false if there is none of that number.
    pub fn end_fault(&mut self, number: FaultNumber) -> bool {
        self.faults.end(number)
    }

    /// From now on no call meets a fault.
    pub fn end_faults(&mut self) {
        self.faults.end_all();
    }

    /// Starts a trace anew, or ends it.
    pub fn start_trace(&mut self, trace: Trace) {
        self.trace = trace;
    }

    /// What has been traced since it was started.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Who is registered, and what they may.
    pub fn iam(&self) -> &Directory {
        &self.iam
    }

    /// Who is registered, for whoever registers somebody.
    pub fn iam_mut(&mut self) -> &mut Directory {
        &mut self.iam
    }

    /// From now on, whether a signed request must have been made within 15 minutes of the world's time. Off at first: a world whose time
    /// is told is seldom at the time of its clients.
    pub fn check_clocks(&mut self, checked: bool) {
        self.clocks_are_checked = checked;
    }

    /// Whether they are.
    pub fn clocks_are_checked(&self) -> bool {
        self.clocks_are_checked
    }

    /// Who is behind an access key: with nobody registered, always the simulated principal.
    ///
    /// # Errors
    ///
    /// When somebody is registered, and nobody is behind this key.
    pub fn caller(&self, key: &str, token: Option<&str>) -> Result<Caller, Rejected> {
        if self.iam.is_empty() {
            return Ok(Caller::simulated(self.world.account.clone()));
        }
        self.iam.caller(key, token, self.world.now)
    }

    /// Answers one call, as far as it is answered.
    pub fn call(&mut self, caller: &Caller, request: Request) -> Answer {
        let action = request.action();
        let now = self.world.now;
        let effect = self.faults.next(now, caller, action, &mut self.chance);
        let account = match &effect {
            Some(Effect::AnotherAccount(account)) => account.clone(),
            _ => caller.account.clone(),
        };
        let (came, age) = self.meet(caller, &account, request, effect.as_ref());
        let answer = Answer { took: self.took(effect.as_ref()), account, came };
        self.trace.add(now, caller, action, &answer, effect.as_ref(), age);
        answer
    }

    /// What comes of a call that meets this fault, or none; and how old the world was in which it was answered.
    fn meet(
        &mut self,
        caller: &Caller,
        account: &AccountId,
        mut request: Request,
        effect: Option<&Effect>,
    ) -> (Came, SignedDuration) {
        match effect {
            Some(Effect::LostBefore) => return (Came::Nothing, SignedDuration::ZERO),
            Some(Effect::Error(error)) => return (Came::Whole(Err(error.clone())), SignedDuration::ZERO),
            Some(Effect::Denied) => {
                let denial = unauthorized(caller, request.action());
                return (Came::Whole(Err(denial)), SignedDuration::ZERO);
            }
            Some(Effect::ShortPage(size)) => pages::ask_for_fewer(&mut request, *size),
            _ => {}
        }
        let (mut result, age) = self.answered(caller, account, request);
        if let (Ok(response), Some(effect)) = (&mut result, effect) {
            pages::lie(response, effect, &mut self.chance);
        }
        let came = match effect {
            Some(Effect::LostAfter) => Came::Nothing,
            Some(Effect::Cut(at)) => Came::Broken(result, *at),
            _ => Came::Whole(result),
        };
        (came, age)
    }

    /// What AWS answers, and how old the world was in which it looked.
    fn answered(
        &mut self,
        caller: &Caller,
        account: &AccountId,
        mut request: Request,
    ) -> (Result<Response, ApiError>, SignedDuration) {
        let now = self.world.now;
        if let Some(rates) = &mut self.rates
            && let Err(throttled) = rates.take(account, &self.world.region, &mut request, now)
        {
            return (Err(self.world.coded(throttled)), SignedDuration::ZERO);
        }
        let Self { world, lagging, chance, iam, .. } = self;
        let (result, age) = world.acting_for(account, |world| {
            if let Err(denial) = iam.authorize(world, caller, &request) {
                return (Err(denial), SignedDuration::ZERO);
            }
            if let Request::AssumeRole(wish) = &request {
                return (iam.assume_role(world, caller, wish).map(Response::AssumeRole), SignedDuration::ZERO);
            }
            match lagging {
                Some(lagging) => lagging.call(world, caller, request, chance),
                None => (world.call(request), SignedDuration::ZERO),
            }
        });
        (result.map(|response| caller.named_in(response, self.iam.user_id(caller))), age)
    }

    fn took(&mut self, effect: Option<&Effect>) -> SignedDuration {
        let [shortest, longest] = self.latency;
        let usual = shortest.saturating_add(self.chance.up_to(longest.saturating_sub(shortest), "latency"));
        match effect {
            Some(Effect::Latency(more)) => usual.saturating_add(*more),
            _ => usual,
        }
    }
}
