//! Takes sentences about a small account; gives the facts and policies that tests begin with.

pub(crate) mod cloud;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Time;
use crate::compile::{Desired, FilterSpec, compile};
use crate::decide::{Decisions, Fits, decide};
use crate::ids::{FilterId, InstanceId, InterfaceId, Lane, SessionId, TargetId};
use crate::inventory::{
    Attachment, Filter, Instance, InstanceState, Inventory, Kind, Listener, LoadBalancer, NetworkInterface, Part,
    Platform, Registered, Resource, Session, Tags, Target, TargetGroup,
};
use crate::lessons::Lessons;
use crate::memory::Memory;
use crate::objects::ObjectKey;
use crate::ownership::{self, Owner};
use crate::plan::{Plan, plan};
use crate::policy::{Policy, SensorTarget, Strategy, Way, parse};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";
pub(crate) const NLB: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/sta/1";

pub(crate) const GROUP: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/zeek/1";

/// A Gateway Load Balancer, and the group of its appliances.
pub(crate) const GATEWAY: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/gwy/firewalls/1";
pub(crate) const APPLIANCES: &str = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/inspection/1";

/// Seconds after some day in 2027.
pub(crate) fn at(seconds: i64) -> Time {
    Time::from_second(1_800_000_000 + seconds).unwrap()
}

/// A policy of two crown jewel strategies: `crown-jewel` by tag alone, to `sta`; `vault` with a selector, to `zeek`.
pub(crate) fn policy() -> Policy {
    let text = format!(
        "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
sensors:
  sta: {{targets: [{{networkLoadBalancer: {NLB}}}]}}
  zeek: {{targets: [{{networkInterface: eni-zeek}}], vni: 7}}
strategies:
  - {{name: crown-jewel, importance: {{}}, sensor: sta}}
  - {{name: vault, importance: {{select: {{tags: {{app: vault}}}}}}, sensor: zeek}}
"
    );
    parse("test", &text).unwrap()
}

/// A policy of this owner's, with everything else as it is written here.
pub(crate) fn policy_of(rest: &str) -> Policy {
    let text = format!("apiVersion: vpc-mirror/v1\nkind: Policy\nowner: prod\n{rest}\n");
    parse("test", &text).unwrap_or_else(|error| panic!("{error}"))
}

/// An account, sentence by sentence.
#[derive(Clone)]
pub(crate) struct Facts(pub(crate) Inventory);

impl Facts {
    pub(crate) fn new() -> Self {
        let mut inventory = Inventory::empty(REGION.into());
        inventory.account = Some(ACCOUNT.into());
        inventory.tagged_by = "mirror".into();
        Self(inventory)
    }

    pub(crate) fn instance(self, id: &str, tags: &[(&str, &str)]) -> Self {
        self.instance_in(id, InstanceState::Running, tags)
    }

    pub(crate) fn instance_in(mut self, id: &str, state: InstanceState, tags: &[(&str, &str)]) -> Self {
        let instance = Instance {
            id: id.into(),
            owner: ACCOUNT.into(),
            instance_type: "m5.large".into(),
            platform: Platform::Linux,
            state,
            tags: tags_of(tags),
        };
        Arc::make_mut(&mut self.0.instances).insert(id.into(), instance);
        self
    }

    pub(crate) fn interface(self, id: &str, instance: &str) -> Self {
        self.interface_with(id, instance, |_| {})
    }

    pub(crate) fn interface_with(
        mut self,
        id: &str,
        instance: &str,
        change: impl FnOnce(&mut NetworkInterface),
    ) -> Self {
        let attachment = format!("eni-attach-{id}").into();
        let mut interface = NetworkInterface {
            id: id.into(),
            vpc: "vpc-1".into(),
            subnet: "subnet-1".into(),
            zone: "eu-west-1a".into(),
            interface_type: "interface".into(),
            requester_managed: false,
            attachment: Some(Attachment {
                id: attachment,
                instance: Some(instance.into()),
                device_index: 0,
                attached: true,
            }),
            security_groups: BTreeSet::from(["sg-1".into()]),
            addresses: BTreeSet::new(),
            ipv6: false,
            tags: Tags::new(),
        };
        change(&mut interface);
        Arc::make_mut(&mut self.0.interfaces).insert(id.into(), interface);
        self
    }

    pub(crate) fn change_instance(mut self, id: &str, change: impl FnOnce(&mut Instance)) -> Self {
        change(Arc::make_mut(&mut self.0.instances).get_mut(&InstanceId::from(id)).unwrap());
        self
    }

    /// The subnet of every interface here has these tags, and nothing else is said of others.
    pub(crate) fn subnet(mut self, tags: &[(&str, &str)]) -> Self {
        self.0.tagged.subnets = [("subnet-1".into(), tags_of(tags))].into();
        self
    }

    /// The load balancer `NLB` hears mirrored packets, and sends them to these, who are in one group in the VPC `vpc-1`.
    pub(crate) fn behind(mut self, targets: &[Registered]) -> Self {
        let group =
            TargetGroup { vpc: Some("vpc-1".into()), targets: targets.iter().cloned().collect(), emptied: None };
        let balancer = self.0.balancers.entry(NLB.into()).or_default();
        balancer.listeners = [Listener { protocol: "UDP".into(), port: 4789 }].into();
        balancer.groups = [(GROUP.into(), group)].into();
        self
    }

    /// These are behind `GATEWAY`, in one group in the VPC `vpc-1`. All Gateway Load Balancers that there are have been read.
    pub(crate) fn appliances(mut self, targets: &[Registered]) -> Self {
        let group =
            TargetGroup { vpc: Some("vpc-1".into()), targets: targets.iter().cloned().collect(), emptied: None };
        self.0.balancers.entry(GATEWAY.into()).or_default().groups = [(APPLIANCES.into(), group)].into();
        self.0.gateways = true;
        self
    }

    pub(crate) fn change_balancer(mut self, change: impl FnOnce(&mut LoadBalancer)) -> Self {
        change(self.0.balancers.entry(NLB.into()).or_default());
        self
    }

    /// The load balancer `NLB` has no listener any more.
    pub(crate) fn deaf(mut self) -> Self {
        self.0.balancers.entry(NLB.into()).or_default().listeners.clear();
        self
    }

    /// A target of ours.
    pub(crate) fn target(mut self, id: &str, resource: Resource) -> Self {
        let tags = self.tags(&ObjectKey::Target(resource.id()));
        let target = Target { id: id.into(), owner: ACCOUNT.into(), resource, tags };
        self.0.targets.insert(id.into(), target);
        self
    }

    /// A complete filter of ours, for what `policy` wants captured on IPv4.
    pub(crate) fn filter(self, id: &str) -> Self {
        self.filter_of(id, everything(false))
    }

    /// A complete filter of ours.
    pub(crate) fn filter_of(mut self, id: &str, spec: FilterSpec) -> Self {
        let tags = self.tags(&ObjectKey::Filter(spec.key()));
        let rules =
            spec.rules.into_iter().enumerate().map(|(i, rule)| (format!("tmfr-{id}-{i}").into(), rule)).collect();
        let filter = Filter { id: id.into(), rules, services: spec.services, tags };
        self.0.filters.insert(id.into(), filter);
        self
    }

    pub(crate) fn change_filter(mut self, id: &str, change: impl FnOnce(&mut Filter)) -> Self {
        change(self.0.filters.get_mut(&FilterId::from(id)).unwrap());
        self
    }

    /// A session of ours for the lane `sta`, to `tmt-1` through `tmf-1`.
    pub(crate) fn session(mut self, id: &str, interface: &str, number: u16) -> Self {
        let tags = self.tags(&ObjectKey::Session(interface.into(), Lane::from("sta")));
        self.0.sessions.insert(id.into(), session(id, interface, number, tags));
        self
    }

    /// A session of somebody else, through a filter that is not to be seen.
    pub(crate) fn foreign_session(self, id: &str, interface: &str, number: u16) -> Self {
        let facts = self.tagged_session(id, interface, number, Tags::new());
        facts.change_session(id, |session| session.filter = FilterId::from("tmf-theirs"))
    }

    /// A session with just these tags.
    pub(crate) fn tagged_session(mut self, id: &str, interface: &str, number: u16, tags: Tags) -> Self {
        self.0.sessions.insert(id.into(), session(id, interface, number, tags));
        self
    }

    pub(crate) fn change_session(mut self, id: &str, change: impl FnOnce(&mut Session)) -> Self {
        change(self.0.sessions.get_mut(&SessionId::from(id)).unwrap());
        self
    }

    pub(crate) fn without_interface(mut self, id: &str) -> Self {
        Arc::make_mut(&mut self.0.interfaces).remove(&InterfaceId::from(id));
        self
    }

    pub(crate) fn without_instance(mut self, id: &str) -> Self {
        Arc::make_mut(&mut self.0.instances).remove(&InstanceId::from(id));
        self
    }

    pub(crate) fn without_target(mut self, id: &str) -> Self {
        self.0.targets.remove(&TargetId::from(id));
        self
    }

    pub(crate) fn without_session(mut self, id: &str) -> Self {
        self.0.sessions.remove(&SessionId::from(id));
        self
    }

    /// Everything was read completely at that second.
    pub(crate) fn read(mut self, seconds: i64) -> Inventory {
        self.0.read = Kind::ALL.map(|kind| (kind, at(seconds))).into();
        self.0.parts = Part::ALL.into();
        self.0.ours = ownership::index(&self.0, "prod");
        self.0
    }

    pub(crate) fn tags(&self, key: &ObjectKey) -> Tags {
        ownership::tags(Owner { name: "prod", account: &ACCOUNT.into(), region: &REGION.into() }, key)
    }
}

/// One crown jewel, not mirrored, whose interface is changed like this.
pub(crate) fn jewel_with(change: impl FnOnce(&mut NetworkInterface)) -> Facts {
    Facts::new().instance("i-1", &[("mirror", "crown-jewel")]).interface_with("eni-1", "i-1", change)
}

/// One crown jewel, mirrored as it should be.
pub(crate) fn one_mirrored_jewel() -> Facts {
    Facts::new()
        .instance("i-1", &[("mirror", "crown-jewel")])
        .interface("eni-1", "i-1")
        .target("tmt-1", Resource::NetworkLoadBalancer(NLB.into()))
        .filter("tmf-1")
        .session("tms-1", "eni-1", 100)
}

pub(crate) fn tags_of(tags: &[(&str, &str)]) -> Tags {
    tags.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn session(id: &str, interface: &str, number: u16, tags: Tags) -> Session {
    Session {
        id: id.into(),
        owner: ACCOUNT.into(),
        interface: interface.into(),
        target: TargetId::from("tmt-1"),
        filter: FilterId::from("tmf-1"),
        number,
        packet_length: Some(8500),
        vni: Some(crate::decide::vni_of(&"vpc-1".into())),
        tags,
    }
}

pub(crate) fn decisions(inventory: &Inventory) -> Decisions {
    decided(&policy(), inventory)
}

/// The same, by another policy.
pub(crate) fn decided(policy: &Policy, inventory: &Inventory) -> Decisions {
    decide(policy, inventory, &Lessons::default(), &mut Fits::default(), at(0))
}

/// Numbers that only the seed decides, which is not 0.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `sides`. Marsaglia's xorshift.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// What is to stand by them.
pub(crate) fn compiled(policy: &Policy, decisions: &Decisions) -> Desired {
    compile(policy, decisions, &mut Fits::default())
}

/// What is planned at that second by one who remembers just this.
pub(crate) fn planned(inventory: &Inventory, memory: &Memory, seconds: i64) -> Plan {
    let policy = policy();
    planned_for(&policy, inventory, memory, seconds)
}

/// The same, by another policy.
pub(crate) fn planned_for(policy: &Policy, inventory: &Inventory, memory: &Memory, seconds: i64) -> Plan {
    let mut fits = Fits::default();
    let decisions = decide(policy, inventory, &memory.lessons, &mut fits, at(seconds));
    plan(&compile(policy, &decisions, &mut fits), inventory, memory, at(seconds))
}

/// The filter that mirrors everything.
pub(crate) fn everything(ipv6: bool) -> FilterSpec {
    let facts = jewel_with(|interface| interface.ipv6 = ipv6).read(0);
    let desired = compiled(&policy(), &decisions(&facts));
    desired.filters.into_values().next().unwrap()
}

/// A crown jewel strategy to `sta`, with these options: `{except: [tcp/2049]}`.
pub(crate) fn strategy(options: &str) -> Strategy {
    let options = options.trim_start_matches('{').trim_end_matches('}');
    let text = format!(
        "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
sensors: {{sta: {{targets: [{{networkLoadBalancer: {NLB}}}]}}}}
strategies: [{{name: crown-jewel, importance: {{}}, {options}}}]
"
    );
    parse("test", &text).unwrap().strategies.remove(0)
}

/// A way to a resource.
pub(crate) fn to_resource(resource: Resource) -> SensorTarget {
    SensorTarget { to: Way::Resource(resource), zones: BTreeSet::new() }
}

/// The steps of a plan, in words.
pub(crate) fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|planned| planned.step.to_string()).collect()
}

pub(crate) fn nothing_remembered() -> Memory {
    Memory::new(REGION.into())
}
