//! Takes numbers; gives an account with so many instances in it, the policy for it, and looks at what stands there. Never makes a
//! mirror object, but for those of other people.

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::{InterfaceId, TargetId};
use mirror_core::inventory::{Resource, Tags};
use mirror_core::ownership::OWNER_TAG;
use mirror_sim::fleet::{NewInstance, network};
use mirror_sim::{
    CreateTrafficMirrorFilter, CreateTrafficMirrorSession, CreateTrafficMirrorTarget, Describe, MirrorFilter,
    MirrorSession, MirrorTarget, NetworkInterface, Request, Response, World,
};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
/// Who makes the sessions.
pub(crate) const OWNER: &str = "prod";
/// Where they go: the lane's name.
pub(crate) const SENSOR: &str = "sta";

/// An account, and the policy for it.
pub(crate) struct Account {
    pub(crate) world: World,
    pub(crate) policy: String,
}

/// What others have made.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) sessions: Vec<MirrorSession>,
    targets: Vec<MirrorTarget>,
    filters: Vec<MirrorFilter>,
}

/// An account with these instances, so many of each, which have been running for a while.
pub(crate) fn account(instances: impl IntoIterator<Item = (usize, NewInstance)>) -> Account {
    let begins = Time::now() - SignedDuration::from_mins(1);
    let mut world = World::new(ACCOUNT.into(), REGION.into(), 1, begins);
    network(&mut world);
    let sensor = world.add_network_load_balancer("sensor");
    for (count, instance) in instances {
        for _ in 0..count {
            instance.clone().launch(&mut world).unwrap();
        }
    }
    world.advance(Time::now());
    Account { world, policy: policy(sensor.as_str()) }
}

fn policy(sensor: &str) -> String {
    format!(
        "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: {OWNER}
tagKey: mirror
sensors:
  {SENSOR}:
    targets:
      - networkLoadBalancer: {sensor}
strategies:
  - name: crown-jewel
    importance: {{}}
limits: {{apiShare: 100%}}
settle: 1s
"
    )
}

/// Calls, and gives the content of the answer.
macro_rules! call {
    ($world:expr, $action:ident($input:expr)) => {
        match $world.call(Request::$action($input)) {
            Ok(Response::$action(answer)) => answer,
            other => panic!("{other:?}"),
        }
    };
}

/// Everybody's sessions.
pub(crate) fn sessions(world: &mut World) -> Vec<MirrorSession> {
    call!(world, DescribeTrafficMirrorSessions(Describe::all())).items
}

/// Every network interface.
pub(crate) fn interfaces(world: &mut World) -> Vec<NetworkInterface> {
    call!(world, DescribeNetworkInterfaces(Describe::all())).items
}

/// The interfaces of the instances that are tagged to be mirrored.
pub(crate) fn jewels(world: &mut World) -> Vec<InterfaceId> {
    let tagged = Describe::all().filtered("tag:mirror", "crown-jewel");
    let instances = call!(world, DescribeInstances(tagged)).items;
    instances.into_iter().flat_map(|detail| detail.interfaces).map(|interface| interface.id).collect()
}

/// How many filters and targets there are.
pub(crate) fn filters_and_targets(world: &mut World) -> (usize, usize) {
    let filters = call!(world, DescribeTrafficMirrorFilters(Describe::all())).items;
    let targets = call!(world, DescribeTrafficMirrorTargets(Describe::all())).items;
    (filters.len(), targets.len())
}

/// Everything of mirroring that does not carry our tags, to the last field.
pub(crate) fn foreign(world: &mut World) -> Foreign {
    let mut foreign = Foreign {
        sessions: sessions(world),
        targets: call!(world, DescribeTrafficMirrorTargets(Describe::all())).items,
        filters: call!(world, DescribeTrafficMirrorFilters(Describe::all())).items,
    };
    foreign.sessions.retain(|session| !session.tags.contains_key(OWNER_TAG));
    foreign.targets.retain(|target| !target.tags.contains_key(OWNER_TAG));
    foreign.filters.retain(|filter| !filter.tags.contains_key(OWNER_TAG));
    foreign
}

/// A session that somebody else has made on each of these interfaces, with a filter and a target of their own.
pub(crate) fn add_foreign_sessions(world: &mut World, interfaces: &[InterfaceId]) -> Vec<MirrorSession> {
    let endpoint = world.add_gateway_load_balancer_endpoint();
    let wish = CreateTrafficMirrorTarget {
        resource: Resource::GatewayLoadBalancerEndpoint(endpoint),
        description: None,
        tags: theirs(),
        token: None,
    };
    let target: TargetId = call!(world, CreateTrafficMirrorTarget(wish)).id;
    let wish = CreateTrafficMirrorFilter { tags: theirs(), ..CreateTrafficMirrorFilter::default() };
    let filter = call!(world, CreateTrafficMirrorFilter(wish)).id;
    let session = |interface: &InterfaceId| CreateTrafficMirrorSession {
        interface: interface.clone(),
        target: target.clone(),
        filter: filter.clone(),
        number: 100,
        packet_length: None,
        vni: None,
        description: None,
        tags: theirs(),
        token: None,
    };
    let wishes = interfaces.iter().map(session);
    wishes.map(|wish| call!(world, CreateTrafficMirrorSession(wish))).collect()
}

fn theirs() -> Tags {
    [("team".to_owned(), "forensics".to_owned())].into()
}
