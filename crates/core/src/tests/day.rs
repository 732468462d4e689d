//! Takes a fleet that autoscaling replaces, adds to and takes from through a day, and every kind of strategy; gives sentences about who
//! gets and loses sessions by that, with how many filters and calls. Prints them, too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::*;
use crate::cloud::Step;
use crate::ids::{InterfaceId, SubnetId};
use crate::inventory::{
    Direction, Filter, GroupPeer, GroupRule, LoadBalancer, PortRange, Registered, Rule, Subnet, TargetGroup,
};
use crate::objects::ObjectKey;
use crate::policy::SampleKey;

const MINUTE: i64 = 60;
const EDGE: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/edge/1";
/// Subnets that autoscaling spreads instances over.
const SUBNETS: u64 = 6;
/// A wave every half hour.
const WAVES: i64 = 48;
/// How many instances there are at most; by this variable more.
const INSTANCES: usize = 100;
const VARIABLE: &str = "VPC_MIRROR_DAY_INSTANCES";

const STRATEGIES: &str = "
strategies:
  - {name: jewels, importance: {select: {tags: {role: jewel}}}}
  - {name: data, risk: {paths: [{from: {tags: {role: app}}, to: {tags: {role: vault}}, ports: [tcp/8443]}]}}
  - {name: edge, junction: {loadBalancers: [{name: edge}]}}
  - {name: doors, accessPath: {select: {tags: {role: web}}, expect: securityGroups}}
  - {name: spot-check, sample: {select: {tags: {role: worker}}, by: ['tag:role', zone], fraction: 0.1, rotate: 24h}}
extras:
  dns: {select: {tags: {role: batch}}}
  tripwires: [{name: windows, select: {tags: {role: web}}, ports: [tcp/3389]}]
limits: {maxLosses: 100%}";

/// Each role, with the part of the fleet that it has at its height, in hundredths, and whether autoscaling changes how many there are.
const ROLES: [(&str, usize, bool); 6] = [
    ("jewel", 4, false),
    ("vault", 3, false),
    ("app", 13, true),
    ("web", 30, true),
    ("batch", 10, true),
    ("worker", 40, true),
];

/// The cloud, and whoever makes and removes instances.
struct Day {
    cloud: Cloud,
    ours: Reconciler,
    dice: Dice,
    /// Who is there, by role, the oldest first.
    fleet: BTreeMap<&'static str, Vec<usize>>,
    /// All that ever were, with their roles.
    roles: Vec<&'static str>,
    /// How often instances came, and how often they went, by role.
    came: BTreeMap<&'static str, usize>,
    went: BTreeMap<&'static str, usize>,
    /// How often a load balancer's members joined.
    joined: usize,
}

fn interface_of(number: usize) -> String {
    format!("eni-{number:05}")
}

fn instance_of(number: usize) -> String {
    format!("i-{number:05}")
}

impl Day {
    fn new() -> Self {
        let policy = to_edge();
        let mut facts = Facts::new();
        for subnet in 0..SUBNETS {
            let networks = [format!("10.0.{}.0/24", 3 * subnet).parse().unwrap()].into();
            let subnet = format!("subnet-{subnet}").into();
            facts.0.subnets.insert(subnet, Subnet { vpc: "vpc-1".into(), networks });
        }
        for (group, port) in [("sg-web", 443), ("sg-vault", 8443)] {
            let rule = GroupRule {
                group: group.into(),
                direction: Direction::Ingress,
                protocol: Some(6),
                ports: Some(PortRange { from: port, to: port }),
                peer: GroupPeer::Network("10.0.0.0/8".parse().unwrap()),
            };
            Arc::make_mut(&mut facts.0.group_rules).entry(group.into()).or_default().insert(rule);
        }
        let group = TargetGroup { vpc: Some("vpc-1".into()), targets: BTreeSet::new(), emptied: None };
        let balancer = LoadBalancer { groups: [("edge-group".into(), group)].into(), ..LoadBalancer::default() };
        facts.0.directory.balancers.insert(EDGE.into());
        facts.0.balancers.insert(EDGE.into(), balancer);
        Self {
            cloud: Cloud::new(facts),
            ours: Reconciler::new(policy),
            dice: Dice(0x9e37_79b9_7f4a_7c15),
            fleet: BTreeMap::new(),
            roles: Vec::new(),
            came: BTreeMap::new(),
            went: BTreeMap::new(),
            joined: 0,
        }
    }

    fn members(&mut self) -> &mut BTreeSet<Registered> {
        let balancer = self.cloud.facts.0.balancers.get_mut(&EDGE.into()).unwrap();
        &mut balancer.groups.values_mut().next().unwrap().targets
    }

    fn arrive(&mut self, role: &'static str) {
        let (number, subnet) = (self.roles.len(), self.dice.roll(SUBNETS));
        let facts = std::mem::replace(&mut self.cloud.facts, Facts::new());
        let facts = facts.instance(&instance_of(number), &[("role", role)]);
        self.cloud.facts = facts.interface_with(&interface_of(number), &instance_of(number), |it| {
            it.subnet = format!("subnet-{subnet}").into();
            it.zone = format!("eu-west-1{}", ["a", "b", "c"][usize::try_from(subnet % 3).unwrap()]).into();
            it.security_groups = [format!("sg-{role}").into()].into();
        });
        self.roles.push(role);
        self.fleet.entry(role).or_default().push(number);
        *self.came.entry(role).or_default() += 1;
    }

    /// The oldest goes, and AWS removes its session with it.
    fn depart(&mut self, role: &'static str) {
        let number = self.fleet.get_mut(role).unwrap().remove(0);
        self.members().remove(&Registered::Instance(instance_of(number).into()));
        let facts = std::mem::replace(&mut self.cloud.facts, Facts::new());
        let facts = facts.without_interface(&interface_of(number)).without_instance(&instance_of(number));
        self.cloud.facts = facts;
        let gone = InterfaceId::from(interface_of(number));
        self.cloud.facts.0.sessions.retain(|_, session| session.interface != gone);
        *self.went.entry(role).or_default() += 1;
    }

    /// As many of a role as are wanted now. Of web servers those who are still there the next time have joined the load balancer.
    fn scale(&mut self, role: &'static str, wanted: usize) {
        while self.fleet.get(role).map_or(0, Vec::len) > wanted {
            self.depart(role);
        }
        while self.fleet.get(role).map_or(0, Vec::len) < wanted {
            self.arrive(role);
        }
    }

    fn join(&mut self) {
        for number in self.fleet["web"].clone() {
            let joins = self.members().insert(Registered::Instance(instance_of(number).into()));
            self.joined += usize::from(joins);
        }
    }

    fn subnets_of(&self, role: &str) -> BTreeSet<SubnetId> {
        let interfaces = self.fleet[role].iter().map(|number| InterfaceId::from(interface_of(*number)));
        interfaces.map(|id| self.cloud.facts.0.interfaces[&id].subnet.clone()).collect()
    }

    fn is_for_a_worker(&self, key: &ObjectKey) -> bool {
        let ObjectKey::Session(interface, _) = key else { return false };
        self.role_of(interface) == "worker"
    }

    fn role_of(&self, interface: &InterfaceId) -> &'static str {
        self.roles[interface.as_str().trim_start_matches("eni-").parse::<usize>().unwrap()]
    }

    /// The roles of those for whom calls of an action were carried out, from the call of this number on.
    fn by_role(&self, interfaces: &BTreeMap<String, InterfaceId>, action: &str, from: usize) -> BTreeMap<&str, usize> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, step) in self.cloud.calls.iter().skip(from).filter(|(_, step)| step.action() == action) {
            let interface = match step {
                Step::CreateSession { interface, .. } => interface,
                Step::ModifySession { session, .. } | Step::DeleteSession { session } => &interfaces[session.as_str()],
                other => panic!("{other}"),
            };
            *counts.entry(self.role_of(interface)).or_default() += 1;
        }
        counts
    }
}

fn to_edge() -> Policy {
    let sensors = format!("sensors: {{sta: {{targets: [{{networkLoadBalancer: '{NLB}'}}]}}}}");
    let policy = policy_of(&format!("{sensors}{STRATEGIES}"));
    Policy { sample_key: Some(SampleKey::new(b"sixteen bytes or so").unwrap()), ..policy }
}

/// How much of its height autoscaling wants of a role in the wave of this number, in hundredths: little at night, all at noon.
fn tide(wave: i64) -> usize {
    usize::try_from(50 + 50 * (24 - (wave - 24).abs()) / 24).unwrap()
}

/// What a filter mirrors, whatever its id.
fn what(filter: &Filter) -> (BTreeSet<Rule>, BTreeSet<String>) {
    (filter.rules.values().cloned().collect(), filter.services.clone())
}

fn sum(counts: &BTreeMap<&str, usize>) -> usize {
    counts.values().sum()
}

#[test]
fn through_a_day_of_autoscaling_each_server_that_comes_gets_one_session_and_only_workers_lose_any() {
    let instances = std::env::var(VARIABLE).map_or(INSTANCES, |count| count.parse().unwrap());
    let mut day = Day::new();
    let height = |hundredths: usize| (instances * hundredths).div_ceil(100);
    let mut interfaces: BTreeMap<String, InterfaceId> = BTreeMap::new();
    let mut now = 0;
    let (mut begun, mut filters, mut at_once, mut by_wave) = (0, BTreeSet::new(), 0, Vec::new());
    let mut before = BTreeMap::new();
    let (mut peers, mut moved) = (BTreeSet::new(), 0);
    for wave in 0..=WAVES {
        let calls = day.cloud.calls.len();
        let (came, went) = (sum(&day.came), sum(&day.went));
        for (role, hundredths, scales) in ROLES {
            let wanted = if scales { (height(hundredths) * tide(wave)).div_ceil(100) } else { height(hundredths) };
            day.scale(role, wanted);
            // Those that are replaced: a few of those that scale, each wave.
            for _ in 0..if scales && wave > 0 { height(hundredths).div_ceil(40) } else { 0 } {
                day.depart(role);
                day.arrive(role);
            }
        }
        for round in 0..15 {
            if round == 3 {
                day.join();
            }
            day.ours.round(&mut day.cloud, now);
            now += 2 * MINUTE;
            let inventory = &day.cloud.facts.0;
            interfaces.extend(inventory.sessions.values().map(|it| (it.id.to_string(), it.interface.clone())));
            let used: BTreeSet<_> =
                inventory.sessions.values().map(|it| what(&inventory.filters[&it.filter])).collect();
            at_once = at_once.max(used.len());
            filters.extend(used);
        }
        // Workers are drawn anew at any time; whoever else came or went has been dealt with.
        let late = day.ours.plan.steps.iter().find(|planned| !day.is_for_a_worker(&planned.key));
        assert!(late.is_none(), "wave {wave}: {late:?}");
        let subnets = day.subnets_of("app");
        moved += usize::from(wave > 0 && subnets != peers);
        peers = subnets;
        if wave == 0 {
            (begun, before) = (day.cloud.calls.len(), day.came.clone());
            continue;
        }
        let events = sum(&day.came) - came + sum(&day.went) - went;
        by_wave.push((events, day.cloud.calls.len() - calls));
    }
    let of = |action| day.by_role(&interfaces, action, begun);
    let (created, changed, removed) =
        (of("CreateTrafficMirrorSession"), of("ModifyTrafficMirrorSession"), of("DeleteTrafficMirrorSession"));
    let came: BTreeMap<&str, usize> = day.came.iter().map(|(role, count)| (*role, count - before[role])).collect();
    let events: usize = by_wave.iter().map(|(events, _)| events).sum();
    let calls: usize = by_wave.iter().map(|(_, calls)| calls).sum();
    println!("{instances} instances at noon; came {came:?}, went {:?}", day.went);
    println!("{} different filters in use through the day, {at_once} at once", filters.len());
    println!("created {created:?}, changed {changed:?}, removed {removed:?}, refused {}", day.cloud.refused);
    println!("{calls} calls for {events} events: {:.2} for each", calls as f64 / events as f64);
    let for_sessions = sum(&created) + sum(&changed) + sum(&removed);
    println!("{for_sessions} of the calls are for sessions, {} for filters", calls - for_sessions);
    let actions = day.cloud.calls.iter().skip(begun).fold(BTreeMap::new(), |mut counts, (_, step)| {
        *counts.entry(step.action()).or_insert(0) += 1;
        counts
    });
    println!("{actions:?}; the vault's peers were in other subnets {moved} times");
    println!("events and calls by wave: {by_wave:?}");
    let zero = |counts: &BTreeMap<&str, usize>, role| counts.get(role).copied().unwrap_or_default();
    for role in ["web", "batch"] {
        assert_eq!(zero(&created, role), came[role], "{role}: one call for each that comes");
        assert_eq!(zero(&removed, role), 0, "{role}: AWS removes what goes");
    }
    for role in ["jewel", "vault", "app"] {
        assert_eq!((zero(&created, role), zero(&removed, role)), (0, 0), "{role}: the others' coming and going");
    }
    // Of workers one that comes or goes moves one other choice at most, and each is drawn anew once a day.
    let workers = came["worker"] + day.went["worker"] + day.roles.iter().filter(|role| **role == "worker").count();
    assert!(zero(&created, "worker") <= workers, "{created:?}");
    assert!(zero(&removed, "worker") <= workers, "{removed:?}");
    for role in ["jewel", "app", "batch", "worker"] {
        assert_eq!(zero(&changed, role), 0, "{role}");
    }
    // Web servers get more when they join the load balancer, and those in the vault when their peers are in more subnets.
    assert!(zero(&changed, "web") <= day.joined, "{changed:?}");
    assert!(zero(&changed, "vault") <= height(3) * moved, "{changed:?}, {moved} times");
    assert!(for_sessions <= events, "{for_sessions} calls for sessions, {events} events");
    // A filter for each sort of server, and the vault's old one beside its new one. Those of web servers that have not joined yet are made
    // for every wave, and removed when all have joined.
    assert!(at_once <= 6, "{at_once} filters at once");
    assert!(filters.len() <= 5 + moved, "{} filters, {moved} times", filters.len());
    let made = actions.get("CreateTrafficMirrorFilter").copied().unwrap_or_default();
    assert!(made <= by_wave.len() + moved, "{made} filters made");
    assert_eq!((day.cloud.refused, day.ours.memory.drift.counts.len()), (0, 0));
}
