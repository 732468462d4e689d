//! Generates a fleet of so many network interfaces from a seed, all that a policy of twenty strategies wants of it standing; prints how long
//! a round thinks about it, section by section:
//!
//! ```sh
//! cargo run --release --example thinking -p mirror-core -- 10000 100000
//! ```

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mirror_core::Time;
use mirror_core::compile::{Desired, compile};
use mirror_core::decide::{Fits, TargetChoice, decide};
use mirror_core::ids::{Lane, TargetId};
use mirror_core::inventory::{
    Attachment, Direction, Filter, GroupPeer, GroupRule, Instance, InstanceState, Inventory, Kind, LoadBalancer,
    NetworkInterface, Part, Platform, PortRange, Registered, Resource, Session, Subnet, Tags, Target, TargetGroup,
};
use mirror_core::lessons::Lessons;
use mirror_core::memory::Memory;
use mirror_core::objects::ObjectKey;
use mirror_core::ownership::{Owner, index, tags};
use mirror_core::plan::{Plan, plan};
use mirror_core::policy::{Policy, SampleKey, parse};
use mirror_core::report::{Seen, numbers};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const OWNER: &str = "prod";
const KINDS: usize = 40;
/// Of the kinds, those of which a policy speaks: together a tenth of the fleet.
const RARE: usize = 20;
const TARGETS: usize = 64;
const SUBNETS: usize = 48;
const BALANCERS: usize = 6;
/// How often each section is timed: the median counts.
const TIMES: usize = 9;

const POLICY: &str = "
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
sensors:
  sta: {targets: [{tags: {for: sta}}]}
  zeek: {targets: [{tags: {for: zeek}}]}
strategies:
  - {name: swift, importance: {select: {tags: {role: role-00}}, jumpBoxes: {tags: {role: role-01, env: prod}}}, sensor: sta}
  - {name: vault, importance: {select: {tags: {app: 'vault*'}, zones: [eu-west-1a]}}, except: [tcp/2049], sensor: sta}
  - {name: domain, importance: {select: {platform: windows, tags: {role: role-02}}}, sensor: sta}
  - {name: types, importance: {select: {instanceTypes: ['r6i.*'], tags: {role: role-03}}}, sensor: sta}
  - {name: pci, risk: {paths: [{from: {tags: {role: role-04}}, to: {tags: {role: role-05, app: 'a*'}}, ports: [tcp/8443]}]}, sensor: sta}
  - {name: hr, risk: {paths: [{from: {tags: {role: role-06}}, to: {tags: {role: role-07}}, ports: [tcp/5432]}, {from: {tags: {role: role-07}}, to: {tags: {role: role-08}}, ports: [tcp/9000]}]}, sensor: sta}
  - {name: edge, junction: {loadBalancers: [{name: edge-0}, {name: edge-1}]}, sensor: sta}
  - {name: inner, junction: {loadBalancers: [{tags: {tier: inner}}], select: {tags: {role: role-09}}}, ports: [tcp/443], sensor: sta}
  - {name: shielded, junction: {webAcls: [{name: shield}]}, packetLength: 256, sensor: sta}
  - {name: doors, accessPath: {select: {tags: {role: role-10}}, expect: securityGroups}, sensor: sta}
  - {name: apis, accessPath: {select: {autoScalingGroups: ['group-11*']}, expect: [tcp/443, tcp/8080]}, sensor: sta}
  - {name: in-groups, accessPath: {select: {securityGroups: [sg-003], tags: {env: prod}}, expect: [tcp/22]}, sensor: sta}
  - {name: in-subnets, accessPath: {select: {subnets: [subnet-004, subnet-017], not: {tags: {env: prod}}}, expect: [tcp/3306]}, sensor: sta}
  - {name: spot-check, sample: {by: ['tag:role', zone], fraction: 0.01, rotate: 24h}, sensor: zeek}
  - {name: spot-windows, sample: {select: {platform: windows}, by: [instanceType], fraction: 0.02}, sensor: zeek}
  - {name: spot-vpc, sample: {select: {any: [{tags: {env: dev}}, {tags: {env: test}}]}, by: [vpc, autoScalingGroup], fraction: 0.005, rotate: 6h}, sensor: zeek}
extras:
  dns: {select: {tags: {role: [role-00, role-12]}}, sensor: zeek}
  tripwires:
    - {name: rdp, select: {platform: linux, tags: {role: role-13}}, ports: [tcp/3389, tcp/445], sensor: zeek}
    - {name: telnet, select: {tags: {role: [role-00, role-14]}}, ports: [tcp/23], sensor: sta}
    - {name: databases, select: {all: [{tags: {role: role-15}}, {zones: [eu-west-1b]}]}, ports: [tcp/1433], sensor: zeek}
";

fn main() -> Result<(), Box<dyn Error>> {
    let counts: Vec<usize> = std::env::args().skip(1).map(|count| count.parse()).collect::<Result<_, _>>()?;
    let counts = if counts.is_empty() { vec![10_000, 100_000] } else { counts };
    let mut policy = parse("policy", POLICY)?;
    policy.sample_key = Some(SampleKey::new(b"sixteen bytes or so, for all rounds")?);
    println!("{} strategies, {TARGETS} targets", policy.strategies.len());
    println!(
        "interfaces  round     sessions  concerned      anew    decide   compile      plan     total  steps   numbers"
    );
    for count in counts {
        let first = fleet(count)?;
        // All that the next rounds are to find standing is what this one asks for.
        let desired = thinks(&policy, &first, "first")?;
        let quiet = standing(first, &desired)?;
        thinks(&policy, &quiet, "quiet")?;
    }
    Ok(())
}

/// Prints a line of the table; gives what is to stand.
fn thinks(policy: &Policy, inventory: &Inventory, round: &str) -> Result<Desired, Box<dyn Error>> {
    let mut fits = Fits::default();
    let (lessons, memory, now) = (Lessons::default(), Memory::new(REGION.into()), at(1)?);
    let begun = Instant::now();
    let decisions = decide(policy, inventory, &lessons, &mut fits, now);
    compile(policy, &decisions, &mut fits);
    let anew = begun.elapsed();
    let (decide_took, decisions) = median(|| decide(policy, inventory, &lessons, &mut fits, now));
    let (compile_took, desired) = median(|| compile(policy, &decisions, &mut fits));
    let (plan_took, plan): (Duration, Plan) = median(|| plan(&desired, inventory, &memory, now));
    let seen =
        Seen { policy, inventory, lessons: &lessons, now, decisions: &decisions, desired: &desired, plan: &plan };
    // What is told of a round, when it is over.
    let (numbers_took, _) = median(|| numbers(seen, "role"));
    println!(
        "{:>10}  {round:<8} {:>9} {:>10} {:>9.1?} {:>9.1?} {:>9.1?} {:>9.1?} {:>9.1?} {:>6} {:>9.1?}",
        inventory.interfaces.len(),
        desired.sessions.len(),
        decisions.interfaces.len(),
        anew,
        decide_took,
        compile_took,
        plan_took,
        decide_took + compile_took + plan_took,
        plan.steps.len(),
        numbers_took
    );
    Ok(desired)
}

/// How long it takes, dropping what it gives not included: the median of several.
fn median<T>(mut section: impl FnMut() -> T) -> (Duration, T) {
    let mut timed = || {
        let begun = Instant::now();
        let given = section();
        (begun.elapsed(), given)
    };
    let (took, given) = timed();
    let mut times: Vec<Duration> = (1..TIMES).map(|_| timed().0).chain([took]).collect();
    times.sort_unstable();
    (times.get(TIMES / 2).copied().unwrap_or_default(), given)
}

fn at(seconds: i64) -> Result<Time, Box<dyn Error>> {
    Ok(Time::from_second(1_800_000_000 + seconds)?)
}

/// Numbers that only the seed decides.
struct Dice(u64);

impl Dice {
    /// A number below `sides`. Marsaglia's xorshift.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap_or(u64::MAX)).unwrap_or_default()
    }

    fn id(&mut self, prefix: &str) -> String {
        self.roll(2);
        format!("{prefix}-{:017x}", u128::from(self.0))
    }
}

/// The tags of one of the kinds of instances.
fn kind(number: usize) -> Tags {
    let env = ["prod", "prod", "dev", "test"].get(number % 4).copied().unwrap_or_default();
    let (role, group) = (format!("role-{number:02}"), format!("group-{number:02}"));
    let pairs = [
        ("role", role.as_str()),
        ("env", env),
        ("app", if number < RARE && number.is_multiple_of(8) { "vault-1" } else { "another" }),
        ("aws:autoscaling:groupName", &group),
        ("team", "payments"),
        ("cost-center", "4711"),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// A fleet with nothing mirrored.
fn fleet(count: usize) -> Result<Inventory, Box<dyn Error>> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut inventory = Inventory::empty(REGION.into());
    inventory.account = Some(ACCOUNT.into());
    inventory.tagged_by = "mirror".into();
    inventory.read = Kind::ALL.map(|kind| (kind, Time::UNIX_EPOCH)).into();
    inventory.parts = Part::ALL.into();
    let instances = instances(&mut inventory, &mut dice, count / 2);
    interfaces(&mut inventory, &mut dice, &instances, count)?;
    for subnet in 0..SUBNETS {
        let networks = BTreeSet::from([format!("10.{subnet}.0.0/16").parse()?]);
        let vpc = format!("vpc-{}", subnet % 4).into();
        inventory.subnets.insert(format!("subnet-{subnet:03}").into(), Subnet { vpc, networks });
    }
    let rules = Arc::make_mut(&mut inventory.group_rules);
    for group in 0..100_u16 {
        let id = format!("sg-{group:03}");
        let rule = |port: u16, peer| GroupRule {
            group: id.as_str().into(),
            direction: Direction::Ingress,
            protocol: Some(6),
            ports: Some(PortRange { from: port, to: port }),
            peer,
        };
        let peer = GroupPeer::Network("10.0.0.0/8".parse()?);
        let rules = rules.entry(id.as_str().into()).or_default();
        rules.extend([
            rule(443, peer.clone()),
            rule(8000 + group % 5, peer),
            rule(22, GroupPeer::Group("sg-000".into())),
        ]);
    }
    balancers(&mut inventory, &mut dice, &instances);
    for number in 0..TARGETS {
        let lane = if number % 4 == 0 { "zeek" } else { "sta" };
        let arn = format!("arn:aws:elasticloadbalancing:{REGION}:444455556666:loadbalancer/net/{lane}/{number}");
        let (id, tags) = (TargetId::from(format!("tmt-{number:03}")), Tags::from([("for".into(), lane.into())]));
        let resource = Resource::NetworkLoadBalancer(arn.into());
        inventory.targets.insert(id.clone(), Target { id, owner: "444455556666".into(), resource, tags });
    }
    Ok(inventory)
}

fn instances(inventory: &mut Inventory, dice: &mut Dice, count: usize) -> Vec<Instance> {
    let types = ["m5.large", "c5.xlarge", "r6i.2xlarge", "m6i.large", "t3.medium"];
    let all: Vec<Instance> = (0..count)
        .map(|_| Instance {
            id: dice.id("i").into(),
            owner: ACCOUNT.into(),
            instance_type: types.get(dice.roll(types.len())).copied().unwrap_or_default().into(),
            platform: if dice.roll(10) == 0 { Platform::Windows } else { Platform::Linux },
            state: if dice.roll(50) == 0 { InstanceState::Stopped } else { InstanceState::Running },
            tags: kind(if dice.roll(10) == 0 { dice.roll(RARE) } else { RARE + dice.roll(KINDS - RARE) }),
        })
        .collect();
    inventory.instances = Arc::new(all.iter().map(|it| (it.id.clone(), it.clone())).collect());
    all
}

fn interfaces(
    inventory: &mut Inventory,
    dice: &mut Dice,
    instances: &[Instance],
    count: usize,
) -> Result<(), Box<dyn Error>> {
    let mut all = Vec::new();
    for number in 0..count {
        let id = dice.id("eni");
        let subnet = dice.roll(SUBNETS);
        let zone = ["a", "b", "c"].get(subnet % 3).copied().unwrap_or_default();
        let instance = instances.get(number / 2).map(|it| it.id.clone());
        let groups = (0..1 + dice.roll(3)).map(|_| format!("sg-{:03}", dice.roll(100)).into()).collect();
        let address = format!("10.{subnet}.{}.{}/32", number / 250 % 250, number % 250).parse()?;
        all.push(NetworkInterface {
            id: id.as_str().into(),
            vpc: format!("vpc-{}", subnet % 4).into(),
            subnet: format!("subnet-{subnet:03}").into(),
            zone: format!("{REGION}{zone}").into(),
            interface_type: "interface".into(),
            requester_managed: false,
            attachment: Some(Attachment {
                id: id.replace("eni-", "eni-attach-").into(),
                instance,
                device_index: if number % 2 == 0 { 0 } else { 1 },
                attached: true,
            }),
            security_groups: groups,
            addresses: [address].into(),
            ipv6: dice.roll(10) == 0,
            tags: Tags::new(),
        });
    }
    inventory.interfaces = Arc::new(all.into_iter().map(|it| (it.id.clone(), it)).collect());
    Ok(())
}

/// Load balancers with a hundredth of the fleet behind them, together.
fn balancers(inventory: &mut Inventory, dice: &mut Dice, instances: &[Instance]) {
    for number in 0..BALANCERS {
        let kind = if number < 2 { "edge" } else { "inner" };
        let arn = format!("arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/{kind}-{number}/1");
        let targets = (0..instances.len() / 100 / BALANCERS).filter_map(|_| instances.get(dice.roll(instances.len())));
        let targets = targets.map(|it| Registered::Instance(it.id.clone())).collect();
        let group = TargetGroup { vpc: Some("vpc-0".into()), targets, emptied: None };
        let groups = [(format!("{arn}-group").into(), group)].into();
        inventory.balancers.insert(arn.as_str().into(), LoadBalancer { groups, ..LoadBalancer::default() });
        inventory.directory.balancers.insert(arn.as_str().into());
        inventory.directory.tags.insert(arn.clone(), [("tier".to_owned(), kind.to_owned())].into());
        if number == BALANCERS - 1 {
            let acl = format!("arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/shield/1");
            let protection = inventory.directory.web_acls.entry(acl.into()).or_default();
            (protection.name, protection.balancers) = ("shield".into(), [arn.into()].into());
        }
    }
}

/// The same fleet with all of that standing.
fn standing(mut inventory: Inventory, desired: &Desired) -> Result<Inventory, Box<dyn Error>> {
    let (account, region) = (ACCOUNT.into(), REGION.into());
    let owner = Owner { name: OWNER, account: &account, region: &region };
    for (key, spec) in &desired.filters {
        let id = format!("tmf-{key}");
        let rules = (0..).zip(&spec.rules).map(|(number, rule)| (format!("tmfr-{number}-{id}").into(), rule.clone()));
        let tags = tags(owner, &ObjectKey::Filter(key.clone()));
        let filter = Filter { id: id.as_str().into(), rules: rules.collect(), services: spec.services.clone(), tags };
        inventory.filters.insert(id.into(), filter);
    }
    for (number, ((interface, lane), spec)) in desired.sessions.iter().enumerate() {
        let TargetChoice::Made(target) = &spec.target else { return Err("every target stands".into()) };
        let id = format!("tms-{number:017x}");
        let lane: &Lane = lane;
        let session = Session {
            id: id.as_str().into(),
            owner: ACCOUNT.into(),
            interface: interface.clone(),
            target: target.clone(),
            filter: format!("tmf-{}", spec.filter).into(),
            number: spec.number,
            packet_length: spec.packet_length.map(u32::from),
            vni: Some(spec.vni),
            tags: tags(owner, &ObjectKey::Session(interface.clone(), lane.clone())),
        };
        inventory.sessions.insert(id.into(), session);
    }
    inventory.ours = index(&inventory, OWNER);
    Ok(inventory)
}
