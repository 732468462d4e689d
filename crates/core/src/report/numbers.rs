//! Takes all of a round; gives the numbers that trends and alerts are made of. Never an id of anything that is watched.

use std::collections::{BTreeMap, BTreeSet};

use super::explain::Seen;
use super::state::{State, name, standing, state};
use crate::decide::{Decision, Offers, Reason, allowed, candidates};
use crate::ids::{InstanceId, InterfaceId, Lane};
use crate::inventory::{InstanceState, Inventory};

/// So many values of a tag are told apart; whatever comes after them, in the order of their names, is `other`. A tag that names each
/// machine would else make a series for each.
const ROLES: usize = 50;

/// How things stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Numbers {
    /// Interfaces by where they are and the last reason, empty where nothing concerns them.
    pub sources: BTreeMap<(State, &'static str), usize>,
    /// Each strategy of the policy.
    pub strategies: BTreeMap<String, Covered>,
    /// Sessions that are wanted, by what they are for.
    pub sessions: BTreeMap<Purpose, Progress>,
    /// Running instances by the value of a tag: those with a session of ours, among all.
    pub roles: BTreeMap<String, Progress>,
    /// Interfaces with a tag that opts out: those that are not mirrored for it, and those that are all the same.
    pub opted_out: Progress,
    /// Interfaces whose tag names a strategy that there is not.
    pub unknown_tags: usize,
    /// The targets of each sensor.
    pub sensors: BTreeMap<String, SensorLoad>,
    /// The most sessions of ours that may stand, by the least of AWS's quota and the policy's limits.
    pub allowed: usize,
    /// Sessions of this account, whoever made them: what AWS's quota counts.
    pub in_account: usize,
    /// Interfaces that could be mirrored.
    pub everything: usize,
}

/// How much of something is as it should be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// So much is meant.
    pub of: usize,
    /// So much of that is.
    pub done: usize,
}

impl Progress {
    fn add(&mut self, done: bool) {
        self.of += 1;
        self.done += usize::from(done);
    }

    /// From 0 to 1; 1 where nothing is meant.
    pub fn ratio(self) -> f64 {
        // Numbers of things in an account are far below where a float counts no further.
        if self.of == 0 { 1.0 } else { self.done as f64 / self.of as f64 }
    }
}

/// What a strategy comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// Interfaces that it chooses: those of which it gets what it wants, through sessions of ours that stand or through somebody else's.
    pub interfaces: Progress,
    /// Those that it chooses and that have nothing to show it: who does not run sends nothing, and who serves nothing is not missing from
    /// what is served.
    pub idle: usize,
    /// Those of which it is to get what it wants, and does not yet: a fleet that lives always has some.
    pub starting: usize,
    /// The same of their instances: one counts where it does with all of its interfaces that have anything to show.
    pub instances: Progress,
    /// The sessions that are wanted of which it is the most important part: those that it is charged with.
    pub charged: usize,
    /// What it wants and nobody sees.
    pub blind: usize,
}

impl Covered {
    /// Interfaces that have something to show, of which it does not get what it wants, and will not by itself.
    pub fn refused(&self) -> usize {
        self.interfaces.of.saturating_sub(self.interfaces.done + self.idle + self.starting)
    }

    /// How much of what there is it gets: 0 to 1, and 1 where there is nothing.
    pub fn ratio(&self) -> f64 {
        Progress { of: self.interfaces.of.saturating_sub(self.idle), done: self.interfaces.done }.ratio()
    }
}

/// What a session is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Purpose {
    /// The most important strategy in it.
    pub strategy: String,
    /// The sensor.
    pub sensor: String,
    /// The Availability Zone of its source.
    pub zone: String,
}

/// What a sensor's targets bear together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SensorLoad {
    /// Targets that send to something that is there.
    pub usable: usize,
    /// Targets that do not: the interface is gone, or the load balancer has no listener for mirrored packets.
    pub gone: usize,
    /// Those of the usable ones that take nobody more.
    pub full: usize,
    /// Interfaces that send to them, together.
    pub sources: usize,
    /// How many may; none is any number.
    pub capacity: Option<usize>,
}

/// Counts. Roles are the values of instances' tag with the key `role`.
pub fn numbers(seen: Seen<'_>, role: &str) -> Numbers {
    let Seen { policy, inventory, lessons, now, decisions, desired: _, plan: _ } = seen;
    let (mut sources, mut opted_out) = (BTreeMap::new(), Progress::default());
    for id in inventory.interfaces.keys() {
        let decision = decisions.interfaces.get(id);
        let last = decision.and_then(|decision| decision.reasons.last());
        *sources.entry((state(inventory, id, decision), last.map(name).unwrap_or_default())).or_default() += 1;
        if decision.is_some_and(opts_out) {
            opted_out.add(decision.is_some_and(|decision| decision.lanes.is_empty()));
        }
    }
    let mut sessions: BTreeMap<Purpose, Progress> = BTreeMap::new();
    for (id, decision) in &decisions.interfaces {
        for (lane, wish) in &decision.lanes {
            let strategy = policy.strategies.get(wish.rank).map(|it| it.name.clone()).unwrap_or_default();
            let zone = inventory.interfaces.get(id).map(|it| it.zone.to_string()).unwrap_or_default();
            let purpose = Purpose { strategy, sensor: lane.sensor().to_owned(), zone };
            sessions.entry(purpose).or_default().add(standing(inventory, id, lane).is_some());
        }
    }
    let offers = Offers::new(policy, inventory, lessons, now);
    let sensors = policy.sensors.keys().map(|sensor| (sensor.clone(), load(&offers, sensor)));
    Numbers {
        sources,
        strategies: covered(seen),
        sessions,
        roles: roles(inventory, role),
        opted_out,
        unknown_tags: decisions.interfaces.values().filter(|decision| names_nobody(decision)).count(),
        sensors: sensors.collect(),
        allowed: allowed(policy, inventory),
        in_account: inventory.sessions.values().filter(|it| inventory.account.as_ref() == Some(&it.owner)).count(),
        everything: candidates(policy, inventory, lessons),
    }
}

fn opts_out(decision: &Decision) -> bool {
    decision.reasons.iter().any(|reason| matches!(reason, Reason::OptedOut { .. }))
}

fn names_nobody(decision: &Decision) -> bool {
    decision.reasons.iter().any(|reason| matches!(reason, Reason::UnknownStrategy { .. }))
}

/// What each strategy comes to.
fn covered(seen: Seen<'_>) -> BTreeMap<String, Covered> {
    let Seen { policy, inventory, decisions, .. } = seen;
    let mut all: BTreeMap<&str, Covered> =
        policy.strategies.iter().map(|it| (it.name.as_str(), Covered::default())).collect();
    let mut instances: BTreeMap<(&str, &InstanceId), Progress> = BTreeMap::new();
    for (id, decision) in &decisions.interfaces {
        for wish in decision.lanes.values() {
            let first = policy.strategies.get(wish.rank).and_then(|first| all.get_mut(first.name.as_str()));
            first.into_iter().for_each(|covered| covered.charged += 1);
        }
        for strategy in decision.choosers() {
            let Some(covered) = all.get_mut(strategy) else { continue };
            let gets = gets(inventory, id, decision, strategy);
            covered.interfaces.add(gets == Gets::All);
            covered.idle += usize::from(gets == Gets::NothingThere);
            covered.starting += usize::from(gets == Gets::NotYet);
            if let Some(instance) = &decision.instance {
                let so_far = instances.entry((strategy, instance)).or_default();
                if gets != Gets::NothingThere {
                    so_far.add(gets == Gets::All);
                }
            }
        }
    }
    for ((strategy, _), Progress { of, done }) in instances {
        all.get_mut(strategy).into_iter().for_each(|covered| covered.instances.add(done > 0 && done == of));
    }
    for blind in &decisions.blind {
        all.get_mut(blind.strategy.as_str()).into_iter().for_each(|covered| covered.blind += 1);
    }
    all.into_iter().map(|(name, covered)| (name.to_owned(), covered)).collect()
}

/// What a strategy gets of an interface that it chooses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gets {
    All,
    NotYet,
    /// Nothing, and there is nothing that it could.
    NothingThere,
    Nothing,
}

fn gets(inventory: &Inventory, id: &InterfaceId, decision: &Decision, strategy: &str) -> Gets {
    let mut lanes = decision.lanes.iter().filter(|(_, wish)| wish.capture.wishes.contains_key(strategy)).peekable();
    if lanes.peek().is_some() {
        return if lanes.all(|(lane, _)| standing(inventory, id, lane).is_some()) { Gets::All } else { Gets::NotYet };
    }
    if state(inventory, id, Some(decision)) == State::Covered {
        return Gets::All;
    }
    let idle = decision.reasons.iter().any(|reason| nothing_to_see(reason, strategy));
    if idle { Gets::NothingThere } else { Gets::Nothing }
}

/// Whether an interface has nothing that the strategy could want.
fn nothing_to_see(reason: &Reason, by: &str) -> bool {
    match reason {
        Reason::NotAttached | Reason::NotRunning { .. } => true,
        Reason::NothingServed { strategy } | Reason::CannotFire { strategy, .. } => strategy == by,
        _ => false,
    }
}

fn load(offers: &Offers, sensor: &str) -> SensorLoad {
    let mut together = SensorLoad { capacity: Some(0), ..SensorLoad::default() };
    for load in offers.loads(&Lane::from(sensor)) {
        if load.gone {
            together.gone += 1;
            continue;
        }
        together.usable += 1;
        together.full += usize::from(load.is_full());
        together.sources += load.used;
        together.capacity = together.capacity.zip(load.most).map(|(sum, most)| sum + most);
    }
    together
}

fn roles(inventory: &Inventory, key: &str) -> BTreeMap<String, Progress> {
    let mirrored: BTreeSet<&InterfaceId> = inventory.ours.sessions.keys().map(|(interface, _)| interface).collect();
    let host = |id: &InterfaceId| inventory.interfaces.get(id)?.attachment.as_ref()?.instance.as_ref();
    let mirrored: BTreeSet<&InstanceId> = mirrored.into_iter().filter_map(host).collect();
    let mut roles: BTreeMap<&str, Progress> = BTreeMap::new();
    for (id, instance) in inventory.instances.iter() {
        if instance.state == InstanceState::Running {
            let role = instance.tags.get(key).map_or("", String::as_str);
            roles.entry(role).or_default().add(mirrored.contains(id));
        }
    }
    let mut told: BTreeMap<String, Progress> = BTreeMap::new();
    for (place, (role, progress)) in roles.into_iter().enumerate() {
        let role = if place < ROLES { role } else { "other" };
        let sum = told.entry(role.to_owned()).or_default();
        *sum = Progress { of: sum.of + progress.of, done: sum.done + progress.done };
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lessons::Lessons;
    use crate::plan::Plan;
    use crate::policy::Policy;
    use crate::testing::*;

    fn counted(policy: &Policy, facts: &Inventory) -> Numbers {
        let decisions = decided(policy, facts);
        let desired = compiled(policy, &decisions);
        let (lessons, plan) = (Lessons::default(), Plan::default());
        let (inventory, now) = (facts, at(0));
        let seen =
            Seen { policy, inventory, lessons: &lessons, now, decisions: &decisions, desired: &desired, plan: &plan };
        numbers(seen, "role")
    }

    fn progress(done: usize, of: usize) -> Progress {
        Progress { of, done }
    }

    #[test]
    fn a_strategy_covers_what_it_chooses_and_gets_and_is_charged_with_what_nobody_before_it_wants() {
        let policy = policy_of(
            "sensors: {sta: {targets: [{networkInterface: eni-sta}]}}\n\
             strategies: [{name: jewel, importance: {select: {tags: {role: db}}}}, {name: every, importance: {select: {tags: {}}}}]",
        );
        let facts = ["db-1", "web-1", "web-2"].iter().fold(Facts::new(), |facts, name| {
            let role = name.split('-').next().unwrap();
            facts
                .instance(&format!("i-{name}"), &[("role", role)])
                .interface(&format!("eni-{name}"), &format!("i-{name}"))
        });
        let facts = facts
            .instance("i-sta", &[])
            .interface("eni-sta", "i-sta")
            .target("tmt-1", crate::inventory::Resource::NetworkInterface("eni-sta".into()))
            .change_instance("i-web-2", |it| it.instance_type = "t2.micro".into())
            .filter("tmf-1")
            .session("tms-1", "eni-db-1", 100)
            .read(0);
        let numbers = counted(&policy, &facts);
        let sources = [
            ((State::Mirrored, "selected"), 1),
            ((State::Starting, "selected"), 1),
            ((State::NotMirrored, "isTarget"), 1),
            ((State::NotMirrored, "unsupportedType"), 1),
        ];
        assert_eq!(numbers.sources, BTreeMap::from(sources));
        let covered = |it: &Covered| (it.interfaces, it.instances, it.charged, it.blind);
        assert_eq!(covered(&numbers.strategies["jewel"]), (progress(1, 1), progress(1, 1), 1, 0));
        assert_eq!(covered(&numbers.strategies["every"]), (progress(1, 4), progress(1, 4), 1, 0));
        assert_eq!((numbers.strategies["every"].ratio(), Covered::default().ratio()), (0.25, 1.0));
        let purposes: Vec<_> = numbers.sessions.iter().map(|(it, so_far)| (it.strategy.as_str(), *so_far)).collect();
        assert_eq!(purposes, [("every", progress(0, 1)), ("jewel", progress(1, 1))]);
        let roles = [("", progress(0, 1)), ("db", progress(1, 1)), ("web", progress(0, 2))];
        assert_eq!(numbers.roles, roles.map(|(role, so_far)| (role.to_owned(), so_far)).into());
        let load = SensorLoad { usable: 1, gone: 0, full: 0, sources: 1, capacity: Some(10) };
        assert_eq!(numbers.sensors, BTreeMap::from([("sta".into(), load)]));
        assert_eq!((numbers.allowed, numbers.in_account, numbers.everything), (10_000, 1, 2));
    }

    #[test]
    fn who_opts_out_is_counted_and_who_does_so_in_vain() {
        let policy = policy_of(
            "sensors: {sta: {targets: [{existing: tmt-1}]}}\n\
             strategies: [{name: jewel, importance: {select: {tags: {role: db}}}, optOut: forbidden}, \
             {name: web, importance: {select: {tags: {role: web}}}, optOut: allowed}]",
        );
        let facts = one_mirrored_jewel()
            .instance("i-2", &[("role", "db"), ("mirror", "off")])
            .interface("eni-2", "i-2")
            .instance("i-3", &[("role", "web"), ("mirror", "off")])
            .interface("eni-3", "i-3")
            .read(0);
        let numbers = counted(&policy, &facts);
        assert_eq!(numbers.opted_out, progress(1, 2));
        assert_eq!(numbers.sources[&(State::OptedOut, "optedOut")], 1);
        assert_eq!(
            numbers.strategies["web"].interfaces,
            progress(0, 0),
            "who opts out is not chosen: that number tells it"
        );
    }

    #[test]
    fn who_is_tagged_with_a_word_that_is_misspelt_is_counted_also_where_others_beside_it_count() {
        let tagged = ["crown-jewl", "crown-jewel+crown-jewl", "off"].iter().zip(2..);
        let facts = tagged.fold(one_mirrored_jewel(), |facts, (tag, n)| {
            facts.instance(&format!("i-{n}"), &[("mirror", tag)]).interface(&format!("eni-{n}"), &format!("i-{n}"))
        });
        assert_eq!(counted(&policy(), &facts.read(0)).unknown_tags, 2);
    }

    #[test]
    fn a_server_that_serves_nothing_is_not_missing_from_what_is_served() {
        let policy = policy_of(
            "sensors: {sta: {targets: [{existing: tmt-1}]}}\n\
             strategies: [{name: doors, accessPath: {select: {tags: {role: web}}, expect: securityGroups}}]",
        );
        let mut facts = one_mirrored_jewel().instance("i-2", &[("role", "web")]).interface("eni-2", "i-2").read(0);
        facts.parts = crate::inventory::Part::ALL.into();
        let decisions = decided(&policy, &facts);
        let reasons = &decisions.interfaces[&"eni-2".into()].reasons;
        assert!(reasons.iter().any(|it| nothing_to_see(it, "doors")), "{reasons:?}");
        let doors = counted(&policy, &facts).strategies["doors"];
        assert_eq!((doors.interfaces, doors.idle, doors.instances), (progress(0, 1), 1, progress(0, 1)));
        assert_eq!((doors.ratio(), doors.refused()), (1.0, 0));
    }

    #[test]
    fn who_does_not_run_is_idle_and_who_has_just_come_is_starting_and_neither_is_refused() {
        let policy = policy_of(
            "sensors: {sta: {targets: [{existing: tmt-1}]}}\n\
             strategies: [{name: crown-jewel, importance: {select: {tags: {role: db}}}}]",
        );
        let facts = ["i-2", "i-3", "i-4"].iter().fold(one_mirrored_jewel(), |facts, id| {
            facts.instance(id, &[("role", "db")]).interface(&id.replace("i-", "eni-"), id)
        });
        let facts = facts
            .change_instance("i-2", |it| it.state = InstanceState::Stopped)
            .change_instance("i-3", |it| it.instance_type = "t2.micro".into())
            .read(0);
        let jewel = counted(&policy, &facts).strategies["crown-jewel"];
        assert_eq!((jewel.interfaces, jewel.instances), (progress(1, 4), progress(1, 4)));
        assert_eq!((jewel.idle, jewel.starting, jewel.refused()), (1, 1, 1));
    }

    #[test]
    fn a_tag_that_names_each_machine_makes_no_series_for_each() {
        let facts = (0..60)
            .fold(Facts::new(), |facts, n| facts.instance(&format!("i-{n}"), &[("role", &format!("machine-{n:02}"))]));
        let roles = roles(&facts.read(0), "role");
        assert_eq!((roles.len(), roles["other"], roles["machine-49"]), (51, progress(0, 10), progress(0, 1)));
    }
}
