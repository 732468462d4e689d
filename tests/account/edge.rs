//! Takes the calls of a daemon; gives what the cloud answers, unless the call has another fate, on a clock that only moves when somebody
//! waits. Never decides what a call meets.

use std::sync::{Arc, Mutex};

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::{Action, Class, Cloud, CloudError, Items, Outcome, Page, Query, Step};
use mirror_sim::{Api, Caller, Door};
use vpc_mirror::clock::Clock;

/// Time that only passes when somebody waits.
#[derive(Clone)]
pub(crate) struct Hands(pub(super) Arc<Mutex<Time>>);

impl Hands {
    pub(crate) fn pass(&self, seconds: i64) {
        let mut now = self.0.lock().unwrap();
        *now = now.saturating_add(SignedDuration::from_secs(seconds)).unwrap();
    }
}

impl Hands {
    /// A call takes its time.
    fn tick(&self) {
        let mut now = self.0.lock().unwrap();
        *now = now.saturating_add(SignedDuration::from_millis(20)).unwrap();
    }
}

impl Clock for Hands {
    fn now(&self) -> Time {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, at: Time) {
        let mut now = self.0.lock().unwrap();
        *now = at.max(*now);
    }
}

/// What becomes of a call that does not go as it should.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// It goes as it should.
    Answered,
    /// It never arrives.
    Lost,
    /// It takes effect, and its answer is lost.
    AnswerLost,
    /// AWS refuses it.
    Denied,
    /// AWS refuses it for now.
    Throttled,
}

/// The cloud as the daemon sees it: calls are counted, and each has a fate.
pub(crate) struct Edge {
    door: Door,
    api: Arc<Mutex<Api>>,
    pub(super) caller: Caller,
    hands: Hands,
    pub(super) calls: Mutex<Vec<Action>>,
    pub(super) denied: Mutex<Vec<CloudError>>,
    pub(super) fate: Mutex<OfCalls>,
    pub(super) refusal: Mutex<OfSteps>,
    pub(super) lie: Mutex<Lie>,
}

pub(super) type OfCalls = Box<dyn FnMut(Action) -> Fate + Send>;
pub(super) type OfSteps = Box<dyn FnMut(&Step) -> Fate + Send>;
pub(super) type Lie = Box<dyn FnMut(&mut Items) + Send>;

impl Edge {
    pub(super) fn new(api: Arc<Mutex<Api>>, caller: Caller, hands: Hands) -> Self {
        Self {
            door: Door::through(api.clone(), caller.clone()),
            api,
            caller,
            hands,
            calls: Mutex::default(),
            denied: Mutex::default(),
            fate: Mutex::new(Box::new(|_| Fate::Answered)),
            refusal: Mutex::new(Box::new(|_| Fate::Answered)),
            lie: Mutex::new(Box::new(|_| {})),
        }
    }

    fn meet(&self, action: Action) -> Fate {
        self.calls.lock().unwrap().push(action);
        self.hands.tick();
        self.api.lock().unwrap().advance(self.hands.now());
        (self.fate.lock().unwrap())(action)
    }

    /// What AWS itself has answered: what it denied is noted.
    fn answered<T>(&self, answer: Result<T, CloudError>) -> Result<T, CloudError> {
        let denial = answer.as_ref().err().filter(|error| error.class == Class::Denied);
        self.denied.lock().unwrap().extend(denial.cloned());
        answer
    }

    fn refused(fate: Fate, action: Action) -> CloudError {
        let lost = |code: &str| CloudError {
            action: action.into(),
            code: code.into(),
            message: "no answer".into(),
            class: Class::Retry,
        };
        match fate {
            Fate::Denied => CloudError::answered(action, "UnauthorizedOperation", "not allowed", 403),
            Fate::Throttled => CloudError::answered(action, "RequestLimitExceeded", "too many", 503),
            Fate::Lost | Fate::AnswerLost | Fate::Answered => lost("Timeout"),
        }
    }
}

impl Cloud for Edge {
    async fn read(&self, query: &Query) -> Result<Page, CloudError> {
        match self.meet(query.action()) {
            Fate::Answered => {
                let mut page = self.answered(self.door.read(query).await)?;
                (self.lie.lock().unwrap())(&mut page.items);
                Ok(page)
            }
            fate => Err(Self::refused(fate, query.action())),
        }
    }

    async fn apply(&self, step: &Step) -> Result<Outcome, CloudError> {
        let fate = match self.meet(step.action()) {
            Fate::Answered => (self.refusal.lock().unwrap())(step),
            fate => fate,
        };
        match fate {
            Fate::Answered => self.answered(self.door.apply(step).await),
            Fate::AnswerLost => {
                self.answered(self.door.apply(step).await).ok();
                Err(Self::refused(Fate::AnswerLost, step.action()))
            }
            fate => Err(Self::refused(fate, step.action())),
        }
    }
}
