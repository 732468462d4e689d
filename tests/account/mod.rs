//! Takes sentences about an account; gives a daemon in it whose every round is real, on a clock that only moves when it is told to. It may
//! what following its policy needs, and nothing else. Never opens a socket.

mod edge;

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::{Action, CloudError, Items, Step};
use mirror_core::grants::grants;
use mirror_core::ids::{InstanceId, InterfaceId, LoadBalancerArn};
use mirror_core::inventory::Tags;
use mirror_core::memory::Memory;
use mirror_core::observe::Hints;
use mirror_core::ownership::OWNER_TAG;
use mirror_core::policy::{Policy, parse};
use mirror_core::wake::wake;
use mirror_sim::fleet::{NewInstance, instance, network};
use mirror_sim::{
    Api, Caller, CreateTags, Describe, InstanceDetail, MirrorFilter, MirrorSession, MirrorTarget, Principal, Request,
    Response, World,
};
use vpc_mirror::clock::Clock;
use vpc_mirror::round::{Permit, Round, Watcher, round};

use self::edge::Edge;
pub(crate) use self::edge::{Fate, Hands};

const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
const RESYNC: SignedDuration = SignedDuration::from_secs(60);

/// The world behind an API, for whoever changes it without the daemon's permissions.
pub(crate) struct Behind<'a>(MutexGuard<'a, Api>);

impl Deref for Behind<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        self.0.world()
    }
}

impl DerefMut for Behind<'_> {
    fn deref_mut(&mut self) -> &mut World {
        self.0.world_mut()
    }
}

/// An account with a VPC, a sensor's load balancer, and a daemon.
pub(crate) struct Account {
    api: Arc<Mutex<Api>>,
    pub(crate) hands: Hands,
    pub(crate) edge: Edge,
    pub(crate) policy: Policy,
    pub(crate) sensor: LoadBalancerArn,
    /// The IAM document that the daemon has, and then it may be denied something; with none, whatever its policy asks for just now.
    pub(crate) granted: Option<String>,
    memory: Option<Memory>,
    hints: Hints,
}

impl Account {
    pub(crate) fn new() -> Self {
        let begin = Time::from_second(1_800_000_000).unwrap();
        let mut world = World::new(ACCOUNT.into(), REGION.into(), 7, begin);
        network(&mut world);
        let sensor = world.add_network_load_balancer("sensor");
        let api = Arc::new(Mutex::new(Api::new(world, 7)));
        let hands = Hands(Arc::new(Mutex::new(begin)));
        let edge = Edge::new(api.clone(), Caller::new(ACCOUNT.into(), "user/prod"), hands.clone());
        let policy = policy(&sensor);
        let (memory, hints) = (Some(Memory::new(REGION.into())), Hints::default());
        Self { api, hands, edge, policy, sensor, granted: None, memory, hints }
    }

    /// The world, at the time that it is.
    pub(crate) fn world(&self) -> Behind<'_> {
        let mut api = self.api.lock().unwrap();
        api.advance(self.hands.now());
        Behind(api)
    }

    /// What AWS has denied the daemon since this was asked last.
    pub(crate) fn denied(&self) -> Vec<CloudError> {
        std::mem::take(&mut self.edge.denied.lock().unwrap())
    }

    /// Whether what was denied is about something that is there and has our tag. Of what somebody has deleted, or taken the tag from, AWS
    /// may say that one is not allowed to: that is as it should be.
    fn is_ours(&self, denial: &CloudError) -> bool {
        let named = |id: &str| denial.message.contains(&format!("/{id} "));
        let gone = |tags: Option<&Tags>| tags.is_none_or(|tags| !tags.contains_key(OWNER_TAG));
        let (filters, sessions) = (self.filters(), self.sessions());
        let filter = filters.iter().find(|it| named(it.id.as_str())).map(|it| &it.tags);
        let session = sessions.iter().find(|it| named(it.id.as_str())).map(|it| &it.tags);
        let about = |kind: &str| denial.message.contains(&format!(":traffic-mirror-{kind}/tm"));
        !(about("filter") && gone(filter) || about("session") && gone(session))
    }

    /// Lets the daemon do what it is to be granted, and nothing else.
    pub(crate) fn grants(&self) {
        let asked = || serde_json::to_string(&grants(&self.policy, false)[0].document).unwrap();
        let document = self.granted.clone().unwrap_or_else(asked);
        let may = mirror_sim::Policy::identity("follow", &document).unwrap();
        let Caller { account, principal } = &self.edge.caller;
        self.api.lock().unwrap().iam_mut().add(account, principal, Principal::user().with(may));
    }

    pub(crate) fn call(&self, request: Request) -> Response {
        self.world().call(request).unwrap()
    }

    /// Launches an instance, and waits until it runs.
    pub(crate) fn runs(&self, new: NewInstance) -> InstanceId {
        let id = new.launch(&mut self.world()).unwrap();
        self.hands.pass(3);
        id
    }

    pub(crate) fn runs_a_jewel(&self) -> InstanceId {
        self.runs(instance().tagged("mirror", "crown-jewel"))
    }

    pub(crate) fn tag(&self, resource: &str, key: &str, value: &str) {
        let tags: Tags = [(key.to_owned(), value.to_owned())].into();
        self.call(Request::CreateTags(CreateTags { resources: vec![resource.into()], tags }));
    }

    pub(crate) fn interfaces_of(&self, id: &InstanceId) -> Vec<InterfaceId> {
        let Response::DescribeInstances(page) = self.call(Request::DescribeInstances(Describe::only([id.clone()])))
        else {
            panic!("no instances");
        };
        let interfaces = |InstanceDetail { interfaces, .. }: &InstanceDetail| interfaces.clone();
        page.items.iter().flat_map(interfaces).map(|interface| interface.id).collect()
    }

    pub(crate) fn sessions(&self) -> Vec<MirrorSession> {
        match self.call(Request::DescribeTrafficMirrorSessions(Describe::all())) {
            Response::DescribeTrafficMirrorSessions(page) => page.items,
            _ => panic!("no sessions"),
        }
    }

    pub(crate) fn filters(&self) -> Vec<MirrorFilter> {
        match self.call(Request::DescribeTrafficMirrorFilters(Describe::all())) {
            Response::DescribeTrafficMirrorFilters(page) => page.items,
            _ => panic!("no filters"),
        }
    }

    pub(crate) fn targets(&self) -> Vec<MirrorTarget> {
        match self.call(Request::DescribeTrafficMirrorTargets(Describe::all())) {
            Response::DescribeTrafficMirrorTargets(page) => page.items,
            _ => panic!("no targets"),
        }
    }

    pub(crate) fn mirrored(&self) -> BTreeSet<InterfaceId> {
        self.sessions().into_iter().map(|session| session.interface).collect()
    }

    /// From now on calls meet this fate.
    pub(crate) fn fate(&self, fate: impl FnMut(Action) -> Fate + Send + 'static) {
        *self.edge.fate.lock().unwrap() = Box::new(fate);
    }

    /// From now on steps meet this fate.
    pub(crate) fn refuse(&self, refusal: impl FnMut(&Step) -> Fate + Send + 'static) {
        *self.edge.refusal.lock().unwrap() = Box::new(refusal);
    }

    /// From now on answers are changed like this.
    pub(crate) fn lie(&self, lie: impl FnMut(&mut Items) + Send + 'static) {
        *self.edge.lie.lock().unwrap() = Box::new(lie);
    }

    /// From now on the daemon's credentials are of another account, whose cloud this is.
    pub(crate) fn changes_credentials(&mut self, account: &str, world: World) {
        self.api = Arc::new(Mutex::new(Api::new(world, 7)));
        self.edge = Edge::new(self.api.clone(), Caller::new(account.into(), "user/prod"), self.hands.clone());
    }

    /// The calls since this was asked last.
    pub(crate) fn calls(&self) -> Vec<Action> {
        std::mem::take(&mut self.edge.calls.lock().unwrap())
    }

    /// The writes since the calls were asked for last.
    pub(crate) fn writes(&self) -> Vec<Action> {
        self.calls()
            .into_iter()
            .filter(|action| !action.starts_with("Describe") && !action.starts_with("Get"))
            .collect()
    }

    /// Another daemon in the same account.
    pub(crate) fn another_daemon(&self) -> Self {
        let Self { api, hands, policy, sensor, granted, .. } = self;
        Self {
            api: api.clone(),
            hands: hands.clone(),
            edge: Edge::new(api.clone(), Caller::new(ACCOUNT.into(), "user/another"), hands.clone()),
            policy: policy.clone(),
            sensor: sensor.clone(),
            granted: granted.clone(),
            memory: Some(Memory::new(REGION.into())),
            hints: Hints::default(),
        }
    }

    /// The daemon's process ends, and another begins that remembers nothing.
    pub(crate) fn restart(&mut self) {
        self.memory = Some(Memory::new(REGION.into()));
        self.hints = Hints::default();
    }

    pub(crate) async fn round(&mut self) -> Round {
        self.round_with(&Always).await
    }

    /// One round, as the loop would make it now.
    pub(crate) async fn round_with(&mut self, watcher: &impl Watcher) -> Round {
        self.grants();
        let memory = self.memory.take().unwrap();
        self.hints.kinds.extend(Hints::resync(&memory, RESYNC, self.hands.now()).kinds);
        let round = round(&self.edge, &self.policy, memory, &self.hints, watcher, &self.hands).await;
        self.hints = Hints::after(&round.done, &round.memory);
        self.memory = Some(round.memory.clone());
        if self.granted.is_none() {
            let denied: Vec<_> = self.denied().into_iter().filter(|error| self.is_ours(error)).collect();
            assert_eq!(denied, [], "all that it does, the document of its policy grants");
        }
        round
    }

    /// Rounds, each when it is due, for so long.
    pub(crate) async fn goes_on_for(&mut self, seconds: i64) {
        self.goes_on_for_with(seconds, &Always).await;
    }

    pub(crate) async fn goes_on_for_with(&mut self, seconds: i64, watcher: &impl Watcher) {
        let end = self.hands.now().saturating_add(SignedDuration::from_secs(seconds)).unwrap();
        for _ in 0..10_000 {
            let round = self.round_with(watcher).await;
            let now = self.hands.now();
            let next = if round.progressed() {
                now
            } else {
                wake(&self.policy, &round.memory, &round.plan, &round.undone, RESYNC, now)
            };
            if next > end {
                return self.hands.sleep_until(end).await;
            }
            self.hands.sleep_until(next).await;
        }
        panic!("10,000 rounds in {seconds} s: the loop does not rest");
    }
}

/// Lets a round do everything.
pub(crate) struct Always;

impl Watcher for Always {
    fn permit(&self) -> Permit {
        Permit::Apply
    }
}

/// Crown jewels by tag, and vaults by selector, all to one load balancer.
pub(crate) fn policy(sensor: &LoadBalancerArn) -> Policy {
    let text = format!(
        "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
sensors:
  sta: {{targets: [{{networkLoadBalancer: {sensor}}}]}}
strategies:
  - {{name: crown-jewel, importance: {{}}}}
  - {{name: vault, importance: {{select: {{tags: {{app: vault}}}}}}}}
limits: {{apiShare: 100%}}
"
    );
    parse("policy", &text).unwrap()
}
