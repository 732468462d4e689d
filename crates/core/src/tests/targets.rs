//! Takes sensors whose targets come, go and fill up; gives sentences about which targets are made and removed, and where sessions go.

use std::collections::BTreeMap;

use super::*;
use crate::cloud::Step;
use crate::inventory::{Resource, Tags};

fn to(targets: &str) -> Policy {
    policy_of(&format!("sensors: {{sta: {{targets: [{targets}]}}}}\nstrategies: [{{name: jewel, importance: {{}}}}]"))
}

/// A sensor's interface in a zone.
fn sensor(facts: Facts, name: &str, zone: &str) -> Facts {
    let (instance, interface) = (format!("i-{name}"), format!("eni-{name}"));
    facts.instance(&instance, &[]).interface_with(&interface, &instance, |it| it.zone = zone.into())
}

/// A target that another account shares with us, for a load balancer of its own.
fn shared(mut facts: Facts, id: &str) -> Facts {
    facts = facts.target(id, Resource::NetworkInterface(format!("eni-of-{id}").as_str().into()));
    let target = facts.0.targets.get_mut(&id.into()).unwrap();
    (target.owner, target.tags) = ("444455556666".into(), Tags::new());
    facts
}

/// How many sessions each target has.
fn spread(cloud: &Cloud) -> BTreeMap<String, usize> {
    let mut spread = BTreeMap::new();
    for session in cloud.facts.0.sessions.values() {
        *spread.entry(session.target.to_string()).or_default() += 1;
    }
    spread
}

fn moved(cloud: &Cloud) -> usize {
    let is = |step: &Step| matches!(step, Step::ModifySession { change, .. } if change.target.is_some());
    cloud.calls.iter().filter(|(_, step)| is(step)).count()
}

#[test]
fn for_each_resource_that_the_policy_names_and_a_session_needs_one_target_is_made_and_goes_when_it_is_not_named() {
    let ways = [
        "{networkInterface: eni-s}",
        "{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/s/1'}",
        "{gatewayLoadBalancerEndpoint: vpce-s}",
    ];
    let mut cloud = Cloud::new(sensor(jewels(3), "s", "eu-west-1a"));
    let mut ours = Reconciler::new(to(ways[0]));
    let mut now = 0;
    for (round, way) in ways.iter().enumerate() {
        ours.policy = to(way);
        now = ours.settle(&mut cloud, now) + 10;
        assert_eq!((cloud.facts.0.sessions.len(), cloud.facts.0.targets.len()), (3, 1), "{way}");
        assert_eq!(cloud.count("CreateTrafficMirrorTarget"), round + 1);
    }
    assert_eq!((cloud.count("DeleteTrafficMirrorTarget"), cloud.count("CreateTrafficMirrorSession")), (2, 3));
}

#[test]
fn a_target_that_is_named_and_unused_stays_and_one_that_is_not_named_stays_while_anybody_uses_it() {
    let mut cloud = Cloud::new(jewels(1));
    let mut ours = Reconciler::new(to_load_balancer(NLB));
    let now = ours.settle(&mut cloud, 0);
    let (interface, target) = ("eni-0000", cloud.facts.0.targets.keys().next().unwrap().clone());
    cloud.change(|facts| {
        let facts = facts.instance("i-0000", &[]).foreign_session("tms-f", interface, 1);
        facts.change_session("tms-f", |session| session.target = target.clone())
    });
    let now = ours.settle(&mut cloud, now + 10);
    assert_eq!(
        (cloud.facts.0.sessions.len(), cloud.facts.0.targets.len()),
        (1, 1),
        "named and used by a stranger alone"
    );
    ours.policy = to("{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/s/1'}");
    let now = ours.settle(&mut cloud, now + 10);
    assert_eq!(cloud.facts.0.targets.len(), 1, "not named, and a stranger sends to it");
    cloud.change(|facts| facts.without_session("tms-f"));
    ours.settle(&mut cloud, now + 10);
    assert_eq!(cloud.facts.0.targets.len(), 0);
}

#[test]
fn what_somebody_else_made_is_used_and_never_removed() {
    let facts = jewels(2).target("tmt-1", Resource::NetworkLoadBalancer(NLB.into()));
    let mut cloud = Cloud::new(facts);
    cloud.facts.0.targets.get_mut(&"tmt-1".into()).unwrap().tags = crate::testing::tags_of(&[("sensor", "sta")]);
    let by_id = "{existing: tmt-1}".to_owned();
    let by_resource = format!("{{networkLoadBalancer: '{NLB}'}}");
    let mut now = 0;
    let mut ours = Reconciler::new(to(&by_id));
    for way in [by_id, by_resource, "{tags: {sensor: sta}}".to_owned(), "{existing: tmt-none}".to_owned()] {
        ours.policy = to(&way);
        for _ in 0..20 {
            ours.round(&mut cloud, now);
            now += 10;
        }
        assert_eq!(spread(&cloud), [("tmt-1".to_owned(), 2)].into(), "{way}");
    }
    assert_eq!(cloud.count("CreateTrafficMirrorTarget") + cloud.count("DeleteTrafficMirrorTarget"), 0);
}

#[test]
fn a_shared_target_whose_load_nobody_sees_is_full_when_aws_says_so_and_the_next_one_is_taken() {
    let mut cloud = Cloud::new(shared(shared(jewels(6), "tmt-a"), "tmt-b"));
    // Others whom we cannot see send to it: two more, and it is full.
    cloud.unseen_sources.insert("tmt-a".into(), 8);
    let mut ours = Reconciler::new(to("{existing: tmt-a}, {existing: tmt-b}"));
    let mut now = ours.settle(&mut cloud, 0);
    assert_eq!(spread(&cloud), [("tmt-a".to_owned(), 2), ("tmt-b".to_owned(), 4)].into());
    let refused = cloud.refused;
    for _ in 0..60 {
        now += 60;
        assert_eq!(ours.round(&mut cloud, now), 0, "and there they stay");
    }
    assert_eq!(cloud.refused, refused, "nobody is sent to it again without need");
}

#[test]
fn where_all_are_full_the_rest_waits_and_comes_in_when_there_is_room() {
    let mut cloud = Cloud::new(shared(jewels(3), "tmt-a"));
    cloud.unseen_sources.insert("tmt-a".into(), 9);
    let mut ours = Reconciler::new(to("{existing: tmt-a}"));
    let mut now = 0;
    for _ in 0..60 {
        ours.round(&mut cloud, now);
        now += 60;
    }
    assert_eq!(cloud.facts.0.sessions.len(), 1);
    assert!(cloud.refused <= 2 * 7, "{} refusals in an hour: it is asked once in ten minutes", cloud.refused);
    cloud.unseen_sources.clear();
    for _ in 0..11 {
        ours.round(&mut cloud, now);
        now += 60;
    }
    assert_eq!(cloud.facts.0.sessions.len(), 3);
}

#[test]
fn sessions_of_a_target_whose_interface_is_gone_move_in_place_to_another_zones() {
    let facts = sensor(sensor(jewels(4), "a", "eu-west-1a"), "b", "eu-west-1b");
    let mut cloud = Cloud::new(facts);
    let mut ours = Reconciler::new(to("{networkInterface: eni-a}, {networkInterface: eni-b}"));
    let now = ours.settle(&mut cloud, 0);
    let used = spread(&cloud);
    assert_eq!(used.len(), 1, "all in the zone of the jewels");
    cloud.terminate("i-a", "eni-a");
    for seconds in (now + 10..now + 300).step_by(10) {
        ours.round(&mut cloud, seconds);
        assert_eq!(cloud.facts.0.sessions.len(), 4, "none is interrupted");
    }
    assert_eq!((moved(&cloud), spread(&cloud).len()), (4, 1));
    assert_ne!(spread(&cloud), used);
}

#[test]
fn whatever_comes_and_goes_no_session_moves_from_a_target_that_is_well_and_none_takes_more_than_it_may() {
    let facts = sensor(sensor(Facts::new(), "a", "eu-west-1a"), "b", "eu-west-1b");
    let mut cloud = Cloud::new(facts);
    let mut ours = Reconciler::new(to("{networkInterface: eni-a}, {networkInterface: eni-b}"));
    for event in 0..300_i64 {
        let (instance, interface) = (format!("i-{event:03}"), format!("eni-{event:03}"));
        let zone = ["eu-west-1a", "eu-west-1b"][usize::try_from(event).unwrap() % 2];
        cloud.change(|facts| {
            let facts = facts.instance(&instance, &[("mirror", "jewel")]);
            facts.interface_with(&interface, &instance, |it| it.zone = zone.into())
        });
        // Up to 24 stand at once: more than both targets take.
        if event >= 24 {
            let old = event - 24 + event % 3;
            cloud.terminate(&format!("i-{old:03}"), &format!("eni-{old:03}"));
        }
        ours.round(&mut cloud, event * 60);
        assert!(spread(&cloud).values().all(|sources| *sources <= 10), "{:?}", spread(&cloud));
    }
    assert_eq!((moved(&cloud), cloud.refused), (0, 0));
}
