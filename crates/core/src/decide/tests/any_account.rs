//! Takes accounts as chance makes them; holds what must be true of every decision.

use proptest::prelude::{any, proptest};

use super::*;
use crate::inventory::Session;

const POLICY: &str = "\
sensors:
  one: {targets: [{networkInterface: eni-s1}, {networkInterface: eni-s2}]}
  two: {targets: [{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/two/1'}]}
  three: {targets: [{existing: tmt-3}]}
strategies:
  - {name: a, importance: {}, sensor: one, except: [udp/514, tcp/22]}
  - {name: b, importance: {select: {tags: {app: b}}}, sensor: two, except: [udp/514]}
  - {name: c, importance: {}, sensor: three}
limits: {maxSessions: 25}";

/// What chance makes of one interface: its tag, and the numbers of sessions on it: ours for the three lanes, and two of other people's.
type Chance = (usize, [Option<u16>; 3], [Option<u16>; 2]);

fn account(chances: &[Chance]) -> Inventory {
    let mut facts = Facts::new().instance("i-s", &[]);
    for sensor in ["eni-s1", "eni-s2"] {
        facts = facts.interface(sensor, "i-s");
    }
    facts = facts.target("tmt-1", Resource::NetworkInterface("eni-s1".into()));
    facts = facts.target("tmt-3", Resource::NetworkLoadBalancer("arn:aws:x:loadbalancer/net/three/1".into()));
    for (n, (tag, ours, foreign)) in chances.iter().enumerate() {
        let (instance, interface) = (format!("i-{n:02}"), format!("eni-{n:02}"));
        let tag = ["a", "a+c", "a+b+c", "off", "b+unknown", "c"][tag % 6];
        facts = facts.instance(&instance, &[("mirror", tag), ("app", if n % 3 == 0 { "b" } else { "x" })]);
        facts = facts.interface(&interface, &instance);
        let mut used = BTreeSet::new();
        let lanes = ["one", "two", "three"].into_iter().zip(ours).filter_map(|(lane, number)| Some((lane, (*number)?)));
        for (lane, number) in lanes.filter(|(_, number)| used.insert(*number)).take(3) {
            let tags = facts.tags(&crate::objects::ObjectKey::Session(interface.as_str().into(), lane.into()));
            facts = facts.tagged_session(&format!("tms-{n:02}-{lane}"), &interface, number, tags);
        }
        let strangers: Vec<u16> = foreign.iter().flatten().copied().collect();
        for number in strangers {
            if used.len() < 3 && used.insert(number) {
                facts = facts.foreign_session(&format!("tms-{n:02}-f{number}"), &interface, number);
            }
        }
    }
    facts.read(0)
}

/// The account once everything that was decided stands, and nothing else of ours.
fn carried_out(inventory: &Inventory, decisions: &Decisions) -> Inventory {
    let mut then = inventory.clone();
    let ours: BTreeSet<_> = then.ours.sessions.values().flatten().cloned().collect();
    then.sessions.retain(|id, _| !ours.contains(id));
    for (interface, decision) in &decisions.interfaces {
        for (lane, wish) in &decision.lanes {
            let target = match &wish.target {
                TargetChoice::Made(id) => id.clone(),
                TargetChoice::ToMake(resource) => {
                    let id = format!("tmt-{}", resource.id()).as_str().into();
                    let tags = Facts::new().tags(&crate::objects::ObjectKey::Target(resource.id()));
                    let made = crate::inventory::Target { id, owner: ACCOUNT.into(), resource: resource.clone(), tags };
                    let id = made.id.clone();
                    then.targets.insert(id.clone(), made);
                    id
                }
            };
            let id = format!("tms-{interface}-{lane}");
            let tags = Facts::new().tags(&crate::objects::ObjectKey::Session(interface.clone(), lane.clone()));
            let session = Session {
                id: id.as_str().into(),
                owner: ACCOUNT.into(),
                interface: interface.clone(),
                target,
                filter: "tmf-1".into(),
                number: wish.number,
                packet_length: None,
                vni: Some(wish.vni),
                tags,
            };
            then.sessions.insert(session.id.clone(), session);
        }
    }
    then.ours = crate::ownership::index(&then, "prod");
    then
}

fn chances() -> impl proptest::strategy::Strategy<Value = Vec<Chance>> {
    let number = || proptest::option::of(proptest::sample::select(vec![1_u16, 50, 100, 150, 200, 300, 32_700, 32_766]));
    let ours = [number(), number(), number()];
    proptest::collection::vec((any::<usize>(), ours, [number(), number()]), 1..20)
}

/// How many interfaces send to each resource.
fn sources(inventory: &Inventory) -> BTreeMap<String, BTreeSet<InterfaceId>> {
    let mut sources: BTreeMap<String, BTreeSet<InterfaceId>> = BTreeMap::new();
    for session in inventory.sessions.values() {
        if let Some(target) = inventory.targets.get(&session.target) {
            sources.entry(target.resource.id().to_string()).or_default().insert(session.interface.clone());
        }
    }
    sources
}

proptest! {
    #[test]
    fn slots_numbers_quotas_and_capacities_are_kept_whatever_stands(chances in chances()) {
        let inventory = account(&chances);
        let decisions = decided(&policy_of(POLICY), &inventory);
        for (interface, decision) in &decisions.interfaces {
            let ours = |session: &&Session| !inventory.ours.sessions.values().any(|ids| ids.contains(&session.id));
            let foreign: Vec<u16> = inventory
                .sessions
                .values()
                .filter(|session| session.interface == *interface)
                .filter(ours)
                .map(|session| session.number)
                .collect();
            let numbers: BTreeSet<u16> = decision.lanes.values().map(|wish| wish.number).collect();
            assert_eq!(numbers.len(), decision.lanes.len(), "a number twice on {interface}");
            assert!(foreign.len() + numbers.len() <= 3, "too many slots on {interface}");
            assert!(foreign.iter().all(|number| !numbers.contains(number)), "a stranger's number on {interface}");
            assert!(!decision.reasons.is_empty());
        }
        let wanted: usize = decisions.interfaces.values().map(|decision| decision.lanes.len()).sum();
        assert!(wanted <= 25, "{wanted}");
        let then = carried_out(&inventory, &decisions);
        for (resource, sources) in sources(&then).into_iter().filter(|(resource, _)| resource.starts_with("eni-")) {
            let before = self::sources(&inventory).get(&resource).map_or(0, BTreeSet::len);
            assert!(sources.len() <= before.max(10), "{resource} has {} sources", sources.len());
        }
    }

    #[test]
    fn what_was_decided_is_decided_again_once_it_stands(chances in chances()) {
        let policy = policy_of(POLICY);
        let inventory = account(&chances);
        let then = carried_out(&inventory, &decided(&policy, &inventory));
        // Once to come to rest, where a place became free that another waited for; then nothing moves any more.
        let then = carried_out(&then, &decided(&policy, &then));
        let rested = decided(&policy, &then);
        let again = decided(&policy, &carried_out(&then, &rested));
        let wishes = |decisions: &Decisions| -> Vec<(InterfaceId, Lane, u16, bool)> {
            let lanes = decisions.interfaces.iter().flat_map(|(id, decision)| decision.lanes.iter().map(move |it| (id, it)));
            lanes.map(|(id, (lane, wish))| (id.clone(), lane.clone(), wish.number, decisions.interfaces[id].doubt)).collect()
        };
        assert_eq!(wishes(&rested), wishes(&again));
    }
}
