//! Takes processes of the daemon, a cloud that breaks, and what is to happen; plays all of it on one virtual clock, one thing at a
//! time: the same input, the same history, call by call. Never opens a socket, and never waits.
//!
//! ```text
//!  process ─ call ─→ in flight ─ Arrives ─→ cloud: takes effect ─→ in flight ─→ answered, if the process still lives
//!                       ↑                       ↑                      ↑
//!                    may be lost        may fail, lie, be old      may be lost
//! ```
//!
//! A process that is killed is dropped where it stands. What it has sent is on its way all the same.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};

use jiff::SignedDuration;
use mirror_aws::{Carried, Keys, Sdk, Wire};
use mirror_core::Time;
use mirror_core::cloud::{Action, Class, Cloud, CloudError, Outcome, Page, Query, Step};
use mirror_core::grants::grants;
use mirror_core::lease::{self, Ask, Versioned};
use mirror_core::policy::Policy;
use mirror_sim::{Api, Caller, Door, Principal, wire};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vpc_mirror::announce::Announcer;
use vpc_mirror::campaign::{Leases, campaign};
use vpc_mirror::clock::Clock;
use vpc_mirror::lead::{Lead, Standing};
use vpc_mirror::place::Account;
use vpc_mirror::record::Record;
use vpc_mirror::run::{Oversight, run};

use super::converged::Wish;
use super::judge::Judge;
use super::people::People;
use crate::support::dice::Dice;

pub(crate) const REGION: &str = "eu-west-1";
const RESYNC: SignedDuration = SignedDuration::from_secs(60);
/// How long a client waits for an answer that does not come.
const PATIENCE: SignedDuration = SignedDuration::from_secs(10);

/// A process, by its place.
pub(crate) type Which = usize;

/// What happens at a time.
pub(crate) enum Event {
    /// A call arrives at the cloud.
    Arrives(u64),
    /// Somebody does something; the number says what.
    Somebody(u64),
    /// Something is done to the cloud.
    Cloud(Box<dyn FnOnce(&mut Api) + Send>),
    /// A process is killed.
    Dies(Which),
    /// A process begins, with nothing in its memory.
    Begins(Which),
    /// A process stands still for so long, as one does whose machine is short of time.
    Pauses(Which, SignedDuration),
    /// The policy of a process changes.
    Follows(Which, Wish),
    /// Somebody lets go what a process holds, if it holds anything.
    Approves(Which),
}

/// Where in the life of a call a process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before it is sent.
    Before,
    /// After it took effect, and before the answer.
    After,
}

/// How calls travel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Travel {
    /// The longest way to the cloud, and the longest back.
    pub(crate) longest: SignedDuration,
    /// Of 1,000 calls, how many are lost on their way there, and how many answers on their way back.
    pub(crate) lost: u64,
}

/// A lie: what the cloud says is changed before it is said.
pub(crate) type Lie = Box<dyn FnMut(&Query, Result<Page, CloudError>) -> Result<Page, CloudError> + Send>;

/// A process of the daemon.
struct Process {
    policy: watch::Sender<Arc<Policy>>,
    caller: Caller,
    /// Its access key, if its calls go through the SDK, as HTTP.
    key: Option<Keys>,
    skew: SignedDuration,
    /// None while it is dead.
    life: Option<Life>,
}

/// A process while it lives.
struct Life {
    /// The daemon's own loop.
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// What it writes down.
    record: Arc<Record>,
}

/// Where everything meets.
pub(crate) struct Shared {
    now: Time,
    pub(crate) judge: Judge,
    pub(crate) travel: Travel,
    /// What the lease says, where processes share one, and how often it was written.
    lease: (Option<Versioned>, u64),
    pub(crate) lie: Option<Lie>,
    /// Kills the process that makes the call of this number.
    pub(crate) kills: BTreeMap<u64, Moment>,
    /// All calls so far.
    pub(crate) calls: u64,
    /// The writes among them that have arrived.
    pub(crate) writes: u64,
    dice: Dice,
    agenda: BTreeMap<(Time, u64), Event>,
    entered: u64,
    in_flight: BTreeMap<u64, InFlight>,
    /// When each process is to be looked after next, and until when it stands still.
    due: Vec<(Option<Time>, Time)>,
    doomed: Vec<bool>,
}

struct InFlight {
    process: Which,
    asks: Asks,
    /// What the SDK has made of it.
    request: Option<http::Request<Vec<u8>>>,
    back: Option<(Time, Result<Answer, CloudError>)>,
}

#[derive(Clone)]
enum Asks {
    Read(Query),
    Apply(Step),
    Lease(Ask),
}

enum Answer {
    Lease(lease::Answer),
    Page(Page),
    Outcome(Outcome),
    Http(http::Response<Vec<u8>>),
}

impl Shared {
    fn enter(&mut self, at: Time, event: Event) {
        self.entered += 1;
        self.agenda.insert((at, self.entered), event);
    }

    fn wake(&mut self, process: Which, at: Time) {
        let (due, still) = &mut self.due[process];
        let at = at.max(*still);
        *due = Some(due.map_or(at, |due| due.min(at)));
    }

    fn way(&mut self) -> SignedDuration {
        let longest = u64::try_from(self.travel.longest.as_millis()).unwrap();
        SignedDuration::from_millis(i64::try_from(self.dice.roll(1..longest + 2)).unwrap())
    }

    fn is_lost(&mut self) -> bool {
        self.dice.roll(0..1000) < self.travel.lost
    }

    /// Sends a call on its way.
    fn send(&mut self, process: Which, asks: Asks, request: Option<http::Request<Vec<u8>>>) -> u64 {
        self.calls += 1;
        let call = self.calls;
        if self.kills.get(&call) == Some(&Moment::Before) {
            self.doomed[process] = true;
            return call;
        }
        let mut in_flight = InFlight { process, asks, request, back: None };
        if self.is_lost() {
            let now = self.now;
            self.judge.tells(now, || format!("call {call} of process {process} is lost"));
            let lost = Err(unanswered(&in_flight.asks));
            in_flight.back = Some((self.now + PATIENCE, lost));
            self.wake(process, self.now + PATIENCE);
        } else {
            let arrives = self.now + self.way();
            self.enter(arrives, Event::Arrives(call));
        }
        self.in_flight.insert(call, in_flight);
        call
    }

    /// Compares and swaps, as an API server does.
    fn leases(&mut self, ask: &Ask) -> lease::Answer {
        let (there, writes) = &mut self.lease;
        let new = match (ask, &there) {
            (Ask::Create(_), Some(_)) => return lease::Answer::Conflict,
            (Ask::Replace(_, version), Some(it)) if *version != it.version => return lease::Answer::Conflict,
            (Ask::Replace(..), None) => return lease::Answer::Missing,
            (Ask::Create(record), None) | (Ask::Replace(record, _), Some(_)) => Some(record.clone()),
            (Ask::Read | Ask::Wait(_), _) => None,
        };
        if let Some(record) = new {
            *writes += 1;
            *there = Some(Versioned { record, version: writes.to_string() });
        }
        there.clone().map_or(lease::Answer::Missing, lease::Answer::Says)
    }

    /// The process that has the lease.
    fn holder(&self) -> Option<Which> {
        self.lease.0.as_ref()?.record.holder.as_ref()?.split('_').next()?.parse().ok()
    }

    /// The answer to a call, once it is there.
    fn receive(&mut self, call: u64) -> Poll<Result<Answer, CloudError>> {
        let now = self.now;
        let Some(in_flight) = self.in_flight.get_mut(&call) else { return Poll::Pending };
        match &in_flight.back {
            Some((at, _)) if *at <= now => {
                let back = self.in_flight.remove(&call).and_then(|in_flight| in_flight.back);
                back.map_or(Poll::Pending, |(_, result)| Poll::Ready(result))
            }
            Some((at, _)) => {
                let (at, process) = (*at, in_flight.process);
                self.wake(process, at);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

fn unanswered(asks: &Asks) -> CloudError {
    let action = match asks {
        Asks::Read(query) => query.action().to_string(),
        Asks::Apply(step) => step.action().to_string(),
        Asks::Lease(_) => "Lease".into(),
    };
    CloudError { action, code: "Timeout".into(), message: "no answer".into(), class: Class::Retry }
}

/// The whole of a simulation.
pub(crate) struct Stage {
    shared: Arc<Mutex<Shared>>,
    pub(crate) api: Arc<Mutex<Api>>,
    processes: Vec<Process>,
    people: People,
    /// Whether calls go through the SDK, as HTTP.
    through_sdk: bool,
    /// Whether processes share a lease.
    pub(crate) leased: bool,
    /// How many lives there were.
    lives: u64,
}

impl Stage {
    pub(crate) fn new(api: Api, people: People, seed: u64, through_sdk: bool) -> Self {
        let shared = Shared {
            now: api.world().now(),
            judge: Judge::of(people.edge.clone()),
            travel: Travel { longest: SignedDuration::from_millis(40), lost: 0 },
            lease: (None, 0),
            lie: None,
            kills: BTreeMap::new(),
            calls: 0,
            writes: 0,
            dice: Dice::new(seed),
            agenda: BTreeMap::new(),
            entered: 0,
            in_flight: BTreeMap::new(),
            due: Vec::new(),
            doomed: Vec::new(),
        };
        let (shared, api) = (Arc::new(Mutex::new(shared)), Arc::new(Mutex::new(api)));
        Self { shared, api, processes: Vec::new(), people, through_sdk, leased: false, lives: 0 }
    }

    pub(crate) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }

    pub(crate) fn now(&self) -> Time {
        self.shared().now
    }

    /// The calls so far, and the changes among them that have arrived.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let shared = self.shared();
        (shared.calls, shared.writes)
    }

    pub(crate) fn people(&self) -> &People {
        &self.people
    }

    /// Adds a process, which begins at once. Its clock is wrong by so much. It may what its policy needs, and nothing else.
    pub(crate) fn adds(&mut self, wish: Wish, caller: Caller, skew: SignedDuration) -> Which {
        let which = self.processes.len();
        let policy = wish.policy(&self.people.sensors);
        register(&mut self.api.lock().unwrap(), &caller, &policy);
        let policy = watch::channel(Arc::new(policy)).0;
        let key = self.through_sdk.then(|| Keys { id: format!("AKIA{which}"), secret: "not a secret".into() });
        if let Some(key) = &key {
            self.api.lock().unwrap().iam_mut().add_key(&key.id, &caller);
        }
        self.processes.push(Process { policy, caller, key, skew, life: None });
        {
            let mut shared = self.shared();
            let now = shared.now;
            shared.judge.follows(which, now, wish);
            shared.due.push((None, Time::MIN));
            shared.doomed.push(false);
        }
        self.at(SignedDuration::ZERO, Event::Begins(which));
        which
    }

    /// Something is to happen so much later.
    pub(crate) fn at(&self, later: SignedDuration, event: Event) {
        let mut shared = self.shared();
        let at = shared.now + later;
        shared.enter(at, event);
    }

    /// Goes on for so long, or until the judge has seen what must not be.
    pub(crate) fn goes_on_for(&mut self, time: SignedDuration) {
        let end = self.now() + time;
        while self.shared().judge.verdict.is_none() {
            let (event, process) = {
                let shared = self.shared();
                let event = shared.agenda.first_key_value().map(|((at, _), _)| *at);
                let due = shared.due.iter().enumerate().filter_map(|(which, (due, _))| Some(((*due)?, which))).min();
                (event, due)
            };
            let next = event.into_iter().chain(process.map(|(at, _)| at)).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.passes(next);
            match process.filter(|(at, _)| event.is_none_or(|event| *at < event)) {
                Some((_, which)) => self.polls(which),
                None => self.happens(),
            }
        }
        self.passes(end);
    }

    /// Somebody takes the tag off one instance.
    pub(crate) fn tags_one_off(&self) {
        let mut api = self.api.lock().unwrap();
        self.people.tag_one_off(&mut api);
        self.looked_at(&mut api, false);
    }

    /// Something was done to the fleet, or to what a process has made.
    pub(crate) fn looked_at(&self, api: &mut Api, tampered: bool) {
        let mut shared = self.shared();
        let now = shared.now;
        if tampered {
            shared.judge.tampered += 1;
            shared.judge.last_tampered = Some(now);
        }
        shared.judge.looks(api, now);
    }

    fn passes(&self, to: Time) {
        let mut shared = self.shared();
        if to > shared.now {
            shared.now = to;
            self.api.lock().unwrap().advance(to);
        }
    }

    fn happens(&mut self) {
        let Some((_, event)) = self.shared().agenda.pop_first() else { return };
        match event {
            Event::Arrives(call) => self.arrives(call),
            Event::Somebody(what) => {
                let mut api = self.api.lock().unwrap();
                let mut shared = self.shared.lock().unwrap();
                let said = self.people.act(&mut api, &mut shared.judge, what);
                let now = shared.now;
                shared.judge.tells(now, || said);
                shared.judge.looks(&mut api, now);
            }
            Event::Cloud(change) => change(&mut self.api.lock().unwrap()),
            Event::Dies(which) => self.dies(which),
            Event::Begins(which) => self.begins(which),
            Event::Pauses(which, time) => {
                let mut shared = self.shared();
                let until = shared.now + time;
                let (due, still) = &mut shared.due[which];
                *still = until;
                *due = due.map(|due| due.max(until));
                let now = shared.now;
                shared.judge.tells(now, || format!("process {which} stands still for {time:#}"));
            }
            Event::Follows(which, wish) => {
                let mut shared = self.shared.lock().unwrap();
                let now = shared.now;
                shared.judge.tells(now, || format!("process {which} gets another policy"));
                let policy = Arc::new(wish.policy(&self.people.sensors));
                register(&mut self.api.lock().unwrap(), &self.processes[which].caller, &policy);
                shared.judge.follows(which, now, wish);
                shared.wake(which, now);
                self.processes[which].policy.send_replace(policy);
            }
            Event::Approves(which) => {
                let Some(Life { record, .. }) = &self.processes[which].life else { return };
                let Some((digest, losses)) = record.held() else { return };
                record.approve(&digest);
                let mut shared = self.shared();
                let now = shared.now;
                shared.judge.tells(now, || format!("{losses} losses that process {which} holds are approved"));
                shared.wake(which, now);
            }
        }
    }

    fn begins(&mut self, which: Which) {
        let Process { policy, caller: _, key, skew, life } = &mut self.processes[which];
        if life.is_some() {
            return;
        }
        self.lives += 1;
        let edge = Edge { shared: self.shared.clone(), process: which, skew: *skew };
        let (leased, me) = (self.leased, format!("{which}_{}", self.lives));
        let policies = policy.subscribe();
        let record =
            Arc::new(Record::new(REGION.into(), Account::default(), "role".into(), Announcer::default(), edge.now()));
        let writes = record.clone();
        let sdk = key.clone().map(|keys| InSdk::new(&edge, keys));
        let future = Box::pin(async move {
            let (region, stop) = (REGION.into(), CancellationToken::new());
            let (standing, told) = watch::channel(Standing::StandsBy);
            let lead = if leased { Lead::of(told) } else { Lead::alone() };
            let oversight = Oversight { record: &writes, stop: &stop, lead };
            let campaigning = async {
                if leased {
                    campaign(&edge, &me, &edge, &standing, &stop).await;
                }
            };
            let running = async {
                match &sdk {
                    Some(sdk) => run(sdk, policies, &region, RESYNC, &edge, oversight).await,
                    None => run(&edge, policies, &region, RESYNC, &edge, oversight).await,
                }
            };
            // In this order, so that a loop hears at once that it leads.
            tokio::join!(biased; campaigning, running);
        });
        *life = Some(Life { future, record });
        let mut shared = self.shared.lock().unwrap();
        let now = shared.now;
        shared.judge.tells(now, || format!("process {which} begins"));
        shared.wake(which, now);
    }

    fn dies(&mut self, which: Which) {
        self.processes[which].life = None;
        let mut shared = self.shared();
        shared.due[which].0 = None;
        shared.doomed[which] = false;
        let now = shared.now;
        shared.judge.tells(now, || format!("process {which} is killed"));
        // It is begun again, as Kubernetes does it.
        let again = now + SignedDuration::from_secs(2);
        shared.enter(again, Event::Begins(which));
    }

    fn polls(&mut self, which: Which) {
        self.shared().due[which].0 = None;
        if let Some(Life { future, .. }) = &mut self.processes[which].life {
            let ended = future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            assert!(!ended, "the loop goes on until it is stopped");
        }
        if self.shared().doomed[which] {
            self.dies(which);
        }
    }

    fn arrives(&mut self, call: u64) {
        let mut api = self.api.lock().unwrap();
        let mut shared = self.shared.lock().unwrap();
        let Some(InFlight { process, asks, request, .. }) = shared.in_flight.get_mut(&call) else { return };
        let (process, asks, request, now) = (*process, asks.clone(), request.take(), shared.now);
        if self.leased
            && let (Asks::Apply(step), Some(holder)) = (&asks, shared.holder())
            && holder != process
        {
            let wrong = format!("process {process} changes something although {holder} has the lease: {step}");
            shared.judge.verdict.get_or_insert(wrong);
        }
        if let Asks::Apply(step) = &asks {
            shared.judge.before(&mut api, process, step, now);
        }
        let said = request.map(|request| wire::answer(&mut api, &request).reply);
        drop(api);
        let door = Door::through(self.api.clone(), self.processes[process].caller.clone());
        let mut result = match (&asks, said) {
            (asks, Some(reply)) => reply.map(Answer::Http).ok_or_else(|| unanswered(asks)),
            (Asks::Read(query), None) => {
                let page = at_once(door.read(query));
                let page = match &mut shared.lie {
                    Some(lie) => lie(query, page),
                    None => page,
                };
                if let Err(error) = &page {
                    let said = error.to_string();
                    shared.judge.tells(now, || format!("process {process}, call {call}: {said}"));
                }
                page.map(Answer::Page)
            }
            (Asks::Apply(step), None) => at_once(door.apply(step)).map(Answer::Outcome),
            (Asks::Lease(ask), None) => Ok(Answer::Lease(shared.leases(ask))),
        };
        if let Asks::Apply(step) = &asks {
            let mut api = self.api.lock().unwrap();
            shared.judge.after(&mut api, process, step);
            let failed = match &result {
                Ok(Answer::Http(response)) => refusal(step.action(), response),
                other => other.as_ref().err().cloned(),
            };
            if let Some(denial) = failed.as_ref().filter(|error| error.class == Class::Denied) {
                shared.judge.denied(&mut api, process, step, denial);
            }
            shared.writes += 1;
            let failed = failed.map(|error| error.to_string());
            shared.judge.tells(now, || match failed {
                None => format!("process {process}, call {call}: {step}"),
                Some(error) => format!("process {process}, call {call}: {step}: {error}"),
            });
        }
        let mut back = now + shared.way();
        if shared.is_lost() {
            shared.judge.tells(now, || format!("the answer to call {call} is lost"));
            (back, result) = (now + PATIENCE, Err(unanswered(&asks)));
        }
        if let Some(in_flight) = shared.in_flight.get_mut(&call) {
            in_flight.back = Some((back, result));
        }
        shared.wake(process, back);
        if shared.kills.get(&call) == Some(&Moment::After) {
            drop(shared);
            self.dies(process);
        }
    }
}

/// Lets a user do what following a policy needs, and nothing else.
fn register(api: &mut Api, caller: &Caller, policy: &Policy) {
    let document = serde_json::to_string(&grants(policy, false)[0].document).unwrap();
    let may = mirror_sim::Policy::identity("follow", &document).unwrap();
    api.iam_mut().add(&caller.account, &caller.principal, Principal::user().with(may));
}

/// What a future gives that never waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the cloud in process never waits"),
    }
}

/// What EC2 refuses a change with: its XML has one code and one message.
fn refusal(action: Action, response: &http::Response<Vec<u8>>) -> Option<CloudError> {
    let body = String::from_utf8_lossy(response.body());
    let inside = |tag: &str| body.split_once(&format!("<{tag}>"))?.1.split_once("</").map(|(inside, _)| inside);
    let (code, message) = (inside("Code")?, inside("Message")?);
    Some(CloudError::answered(action, code, message, response.status().as_u16()))
}

/// The edge of the cloud, and the clock, of one process.
#[derive(Clone)]
struct Edge {
    shared: Arc<Mutex<Shared>>,
    process: Which,
    skew: SignedDuration,
}

impl Edge {
    async fn call(&self, asks: Asks) -> Result<Answer, CloudError> {
        let call = self.shared.lock().unwrap().send(self.process, asks, None);
        poll_fn(|_| self.shared.lock().unwrap().receive(call)).await
    }
}

/// The SDK as the edge of the cloud: what it makes of a call goes the way of calls, and so does what is answered.
struct InSdk {
    sdk: Sdk,
    line: Line,
}

/// What the SDK's requests travel on. A process makes one call at a time.
#[derive(Clone)]
struct Line {
    edge: Edge,
    asks: Arc<Mutex<Option<Asks>>>,
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Line")
    }
}

impl InSdk {
    fn new(edge: &Edge, keys: Keys) -> Self {
        let line = Line { edge: edge.clone(), asks: Arc::default() };
        Self { sdk: Sdk::over(line.clone(), REGION.into(), keys), line }
    }
}

impl Wire for Line {
    fn carry(&self, request: http::Request<Vec<u8>>) -> Carried {
        let Edge { shared, process, .. } = self.edge.clone();
        // One call is one request.
        let asks = self.asks.lock().unwrap().take().unwrap();
        let call = shared.lock().unwrap().send(process, asks, Some(request));
        Box::pin(async move {
            match poll_fn(|_| shared.lock().unwrap().receive(call)).await {
                Ok(Answer::Http(response)) => Some(response),
                Ok(_) => panic!("it was asked as HTTP"),
                Err(_) => None,
            }
        })
    }
}

impl Cloud for InSdk {
    async fn read(&self, query: &Query) -> Result<Page, CloudError> {
        *self.line.asks.lock().unwrap() = Some(Asks::Read(query.clone()));
        self.sdk.read(query).await
    }

    async fn apply(&self, step: &Step) -> Result<Outcome, CloudError> {
        *self.line.asks.lock().unwrap() = Some(Asks::Apply(step.clone()));
        self.sdk.apply(step).await
    }
}

impl Cloud for Edge {
    async fn read(&self, query: &Query) -> Result<Page, CloudError> {
        match self.call(Asks::Read(query.clone())).await? {
            Answer::Page(page) => Ok(page),
            _ => panic!("a page was asked for"),
        }
    }

    async fn apply(&self, step: &Step) -> Result<Outcome, CloudError> {
        match self.call(Asks::Apply(step.clone())).await? {
            Answer::Outcome(outcome) => Ok(outcome),
            _ => panic!("a change was made"),
        }
    }
}

impl Leases for Edge {
    async fn ask(&self, ask: &Ask) -> anyhow::Result<lease::Answer> {
        match self.call(Asks::Lease(ask.clone())).await? {
            Answer::Lease(answer) => Ok(answer),
            _ => panic!("the lease was asked for"),
        }
    }
}

impl Clock for Edge {
    fn now(&self) -> Time {
        self.shared.lock().unwrap().now + self.skew
    }

    async fn sleep_until(&self, at: Time) {
        poll_fn(|_| {
            let mut shared = self.shared.lock().unwrap();
            let at = at.checked_sub(self.skew).unwrap_or(at);
            if at <= shared.now {
                return Poll::Ready(());
            }
            shared.wake(self.process, at);
            Poll::Pending
        })
        .await;
    }
}
