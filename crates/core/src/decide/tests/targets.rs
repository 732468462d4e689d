//! Takes sensors with several targets; gives sentences about which one a session gets.

use super::*;
use crate::inventory::Kind;

/// An account of `count` jewels in zone a.
fn jewels(count: usize) -> Facts {
    (0..count).fold(Facts::new(), |facts, n| {
        let id = format!("i-{n:02}");
        facts.instance(&id, &[("mirror", "jewel")]).interface(&format!("eni-{n:02}"), &id)
    })
}

/// A sensor's interface, and our target for it: `eni-s` has `tmt-s`.
fn sensor(facts: Facts, name: &str, instance_type: &str, zone: &str) -> Facts {
    let (id, instance) = (format!("eni-{name}"), format!("i-{name}"));
    let facts = facts.instance(&instance, &[]).interface_with(&id, &instance, |it| it.zone = zone.into());
    let facts = facts.change_instance(&instance, |it| it.instance_type = instance_type.into());
    facts.target(&format!("tmt-{name}"), Resource::NetworkInterface(id.into()))
}

fn policy_to(targets: &str) -> Policy {
    policy_of(&format!("sensors: {{sta: {{targets: [{targets}]}}}}\nstrategies: [{{name: jewel, importance: {{}}}}]"))
}

/// How many sessions go to each target, and how many interfaces have none.
fn spread(policy: &Policy, inventory: &Inventory, lessons: &Lessons) -> (BTreeMap<String, usize>, usize) {
    let decisions = decide(policy, inventory, lessons, &mut Fits::default(), at(0));
    let (mut spread, mut without) = (BTreeMap::new(), 0);
    for decision in decisions.interfaces.values() {
        match decision.lanes.get(&"sta".into()).map(|wish| &wish.target) {
            Some(TargetChoice::Made(id)) => *spread.entry(id.to_string()).or_default() += 1,
            Some(TargetChoice::ToMake(resource)) => *spread.entry(resource.id().to_string()).or_default() += 1,
            None => without += 1,
        }
    }
    (spread, without)
}

fn counts<const N: usize>(counts: [(&str, usize); N]) -> BTreeMap<String, usize> {
    counts.map(|(target, count)| (target.to_owned(), count)).into()
}

#[test]
fn a_target_takes_ten_sources_and_the_next_go_to_another_zones() {
    let facts = sensor(jewels(15), "a", "m5.large", "eu-west-1a");
    let facts = sensor(facts, "b", "m5.large", "eu-west-1b").read(0);
    let policy = policy_to("{networkInterface: eni-a}, {networkInterface: eni-b}");
    assert_eq!(spread(&policy, &facts, &Lessons::default()), (counts([("tmt-a", 10), ("tmt-b", 5)]), 0));
}

#[test]
fn where_all_are_full_the_rest_goes_without_and_says_so() {
    let facts = sensor(jewels(12), "a", "m5.large", "eu-west-1a").read(0);
    let policy = policy_to("{networkInterface: eni-a}");
    assert_eq!(spread(&policy, &facts, &Lessons::default()), (counts([("tmt-a", 10)]), 2));
    let decisions = decided(&policy, &facts);
    let last = decisions.interfaces[&"eni-11".into()].reasons.last().unwrap().to_string();
    assert!(last.contains("every target of sensor sta has as many sources as AWS allows"), "{last}");
}

#[test]
fn where_targets_are_short_the_most_important_get_what_there_is() {
    let mut facts = sensor(jewels(12), "a", "m5.large", "eu-west-1a");
    for n in 0..12 {
        let tag = if n < 6 { "web" } else { "jewel" };
        facts = facts.change_instance(&format!("i-{n:02}"), |it| it.tags = tags_of(&[("mirror", tag)]));
    }
    let policy = policy_of(
        "sensors: {sta: {targets: [{networkInterface: eni-a}]}}\n\
         strategies: [{name: jewel, importance: {}}, {name: web, importance: {}}]",
    );
    let decisions = decided(&policy, &facts.read(0));
    let without: Vec<&str> = decisions
        .interfaces
        .iter()
        .filter(|(_, decision)| decision.lanes.is_empty())
        .map(|(id, _)| id.as_str())
        .collect();
    assert_eq!(without, ["eni-04", "eni-05"]);
}

#[test]
fn the_largest_instances_take_a_hundred() {
    let facts = sensor(jewels(15), "a", "m5.24xlarge", "eu-west-1a").read(0);
    let policy = policy_to("{networkInterface: eni-a}");
    assert_eq!(spread(&policy, &facts, &Lessons::default()), (counts([("tmt-a", 15)]), 0));
}

#[test]
fn a_target_that_aws_called_full_gets_nobody_new_for_a_while() {
    let facts = sensor(jewels(3), "a", "m5.large", "eu-west-1a");
    let facts = sensor(facts, "b", "m5.large", "eu-west-1b").read(0);
    let policy = policy_to("{networkInterface: eni-a}, {networkInterface: eni-b}");
    let mut lessons = Lessons::default();
    lessons.full.insert("tmt-a".into(), at(1));
    assert_eq!(spread(&policy, &facts, &lessons), (counts([("tmt-b", 3)]), 0));
    lessons.full.insert("tmt-a".into(), at(0));
    assert_eq!(spread(&policy, &facts, &lessons), (counts([("tmt-a", 3)]), 0));
}

#[test]
fn zones_that_the_policy_names_come_before_where_the_interface_is() {
    let facts = sensor(jewels(2), "a", "m5.large", "eu-west-1a");
    let facts = sensor(facts, "b", "m5.large", "eu-west-1b").read(0);
    let policy = policy_to("{existing: tmt-a, zones: [eu-west-1b]}, {existing: tmt-b, zones: [eu-west-1a]}");
    assert_eq!(spread(&policy, &facts, &Lessons::default()), (counts([("tmt-b", 2)]), 0));
}

#[test]
fn targets_are_found_by_their_tags_whoever_made_them() {
    let mut facts = jewels(2).target("tmt-1", Resource::NetworkLoadBalancer(NLB.into()));
    let shared = facts.0.targets.get_mut(&"tmt-1".into()).unwrap();
    (shared.owner, shared.tags) = ("444455556666".into(), tags_of(&[("sensor", "sta"), ("tier", "1")]));
    let facts = facts.read(0);
    let by_tags = policy_to("{tags: {sensor: sta}}");
    assert_eq!(spread(&by_tags, &facts, &Lessons::default()), (counts([("tmt-1", 2)]), 0));
    let others = decided(&policy_to("{tags: {sensor: zeek}}"), &facts);
    assert!(others.interfaces.values().all(|decision| decision.doubt), "what is not to be seen is a doubt");
}

/// One jewel, mirrored to `tmt-1`, which sends to the sensor's interface `eni-s`.
fn mirrored() -> Facts {
    let facts = Facts::new().instance("i-1", &[("mirror", "jewel")]).interface("eni-1", "i-1");
    let facts = facts.instance("i-s", &[]).interface_with("eni-s", "i-s", |it| it.zone = "eu-west-1b".into());
    facts.target("tmt-1", Resource::NetworkInterface("eni-s".into())).filter("tmf-1").session("tms-1", "eni-1", 100)
}

const NEAR_AND_FAR: &str =
    "{networkInterface: eni-s}, {networkLoadBalancer: 'arn:aws:x:loadbalancer/net/near/1', zones: [eu-west-1a]}";

#[test]
fn a_session_stays_where_it_is_although_a_nearer_target_is_there() {
    let spread = spread(&policy_to(NEAR_AND_FAR), &mirrored().read(0), &Lessons::default());
    assert_eq!(spread, (counts([("tmt-1", 1)]), 0));
}

#[test]
fn a_session_moves_off_a_target_whose_interface_is_gone_if_there_is_another() {
    let gone = mirrored().without_interface("eni-s");
    let moved = spread(&policy_to(NEAR_AND_FAR), &gone.clone().read(0), &Lessons::default());
    assert_eq!(moved, (counts([("arn:aws:x:loadbalancer/net/near/1", 1)]), 0));
    let nowhere_to_go = spread(&policy_to("{networkInterface: eni-s}"), &gone.clone().read(0), &Lessons::default());
    assert_eq!(nowhere_to_go, (counts([("tmt-1", 1)]), 0));
    let mut unseen = gone.clone().read(0);
    unseen.gaps.insert(Kind::Interfaces, crate::inventory::Gap { why: "denied".into(), at: at(0) });
    assert_eq!(spread(&policy_to(NEAR_AND_FAR), &unseen, &Lessons::default()), (counts([("tmt-1", 1)]), 0));
    let mut shared = gone.read(0);
    shared.targets.get_mut(&"tmt-1".into()).unwrap().owner = "444455556666".into();
    assert_eq!(spread(&policy_to(NEAR_AND_FAR), &shared, &Lessons::default()), (counts([("tmt-1", 1)]), 0));
}

/// One jewel, mirrored to `tmt-1`, which sends to the load balancer `NLB`.
fn mirrored_to_the_load_balancer() -> Facts {
    one_mirrored_jewel().change_instance("i-1", |it| it.tags = tags_of(&[("mirror", "jewel")])).behind(&[])
}

#[test]
fn a_session_moves_off_a_target_whose_load_balancer_lost_its_listener_if_there_is_another() {
    let policy = policy_to(&format!("{{networkLoadBalancer: {NLB}}}, {{networkInterface: eni-s}}"));
    let facts = mirrored_to_the_load_balancer().instance("i-s", &[]).interface("eni-s", "i-s");
    let spread_over = |facts: Inventory| spread(&policy, &facts, &Lessons::default()).0;
    assert_eq!(spread_over(facts.clone().read(0)), counts([("tmt-1", 1)]));
    assert_eq!(spread_over(facts.clone().deaf().read(0)), counts([("eni-s", 1)]));
    let mut unread = facts.deaf().read(0);
    unread.gaps.insert(Kind::LoadBalancers, crate::inventory::Gap { why: "denied".into(), at: at(0) });
    assert_eq!(spread_over(unread), counts([("tmt-1", 1)]), "doubt moves nothing");
}

#[test]
fn where_there_is_no_other_place_it_stays_and_nothing_new_is_sent_there_and_both_say_so() {
    let facts = mirrored_to_the_load_balancer().instance("i-2", &[("mirror", "jewel")]).interface("eni-2", "i-2");
    for facts in [facts.clone().deaf(), facts.deaf().without_session("tms-1").without_target("tmt-1")] {
        let stands = facts.0.sessions.len();
        let facts = facts.read(0);
        let policy = policy_to(&format!("{{networkLoadBalancer: {NLB}}}"));
        assert_eq!(
            spread(&policy, &facts, &Lessons::default()),
            (counts([("tmt-1", 1)]).into_iter().take(stands).collect(), 2 - stands)
        );
        let decisions = decided(&policy, &facts);
        for id in ["eni-1", "eni-2"] {
            let decision = &decisions.interfaces[&id.into()];
            let last = decision.reasons.last().unwrap().to_string();
            assert!(last.contains("its load balancer has no listener for UDP 4789"), "{last}");
            assert!(decision.doubt || !decision.lanes.is_empty(), "nothing is removed for it");
        }
    }
}

#[test]
fn a_session_off_a_target_that_the_policy_drops_stays_while_there_is_no_other_place() {
    let facts = mirrored().read(0);
    let decisions = decided(&policy_to("{existing: tmt-9}"), &facts);
    let decision = &decisions.interfaces[&"eni-1".into()];
    assert!(decision.lanes.is_empty() && decision.doubt);
}

#[test]
fn two_sensors_share_what_one_target_takes() {
    let mut facts = sensor(jewels(8), "a", "m5.large", "eu-west-1a");
    for n in 4..8 {
        facts = facts.change_instance(&format!("i-{n:02}"), |it| it.tags = tags_of(&[("mirror", "web")]));
    }
    for n in 8..14 {
        let id = format!("i-{n:02}");
        facts = facts.instance(&id, &[("mirror", "web")]).interface(&format!("eni-{n:02}"), &id);
    }
    let policy = policy_of(
        "sensors: {one: {targets: [{networkInterface: eni-a}]}, two: {targets: [{networkInterface: eni-a}]}}\n\
         strategies: [{name: jewel, importance: {}, sensor: one}, {name: web, importance: {}, sensor: two}]",
    );
    let decisions = decided(&policy, &facts.read(0));
    assert_eq!(decisions.interfaces.values().filter(|decision| !decision.lanes.is_empty()).count(), 10);
}

#[test]
fn a_session_moves_off_a_target_that_has_more_sources_than_aws_allows_if_there_is_another() {
    let facts = sensor(jewels(12), "a", "m5.large", "eu-west-1a");
    let facts = (0..12).fold(facts, |facts, n| {
        let id = format!("tms-{n:02}");
        facts.session(&id, &format!("eni-{n:02}"), 100).change_session(&id, |session| session.target = "tmt-a".into())
    });
    let alone = policy_to("{networkInterface: eni-a}");
    assert_eq!(spread(&alone, &facts.clone().read(0), &Lessons::default()), (counts([("tmt-a", 12)]), 0));
    let both = policy_to("{networkInterface: eni-a}, {networkInterface: eni-b}");
    let facts = sensor(facts, "b", "m5.large", "eu-west-1b").read(0);
    assert_eq!(spread(&both, &facts, &Lessons::default()), (counts([("tmt-a", 10), ("tmt-b", 2)]), 0));
}

#[test]
fn of_targets_for_the_same_resource_ours_comes_first_and_then_somebody_elses() {
    let nlb = || Resource::NetworkLoadBalancer(NLB.into());
    let mut facts = jewels(1).target("tmt-1", nlb());
    facts.0.targets.get_mut(&"tmt-1".into()).unwrap().tags = tags_of(&[]);
    let policy = policy_to(&format!("{{networkLoadBalancer: {NLB}}}"));
    assert_eq!(spread(&policy, &facts.clone().read(0), &Lessons::default()), (counts([("tmt-1", 1)]), 0));
    let with_ours = facts.target("tmt-2", nlb()).read(0);
    assert_eq!(spread(&policy, &with_ours, &Lessons::default()), (counts([("tmt-2", 1)]), 0));
}

#[test]
fn a_sensors_vni_is_that_of_all_its_sessions_and_without_one_each_vpc_has_its_own() {
    let facts = jewels(2).interface_with("eni-01", "i-01", |it| it.vpc = "vpc-2".into()).read(0);
    let vnis = |sensor: &str| {
        let sensor = format!("sensors: {{sta: {{targets: [{{networkInterface: eni-s}}]{sensor}}}}}");
        let policy = policy_of(&format!("{sensor}\nstrategies: [{{name: jewel, importance: {{}}}}]"));
        let decisions = decided(&policy, &facts);
        ["eni-00", "eni-01"].map(|id| decisions.interfaces[&id.into()].lanes[&"sta".into()].vni)
    };
    assert_eq!(vnis(", vni: 4242"), [4242, 4242]);
    assert_eq!(vnis(""), [vni_of(&"vpc-1".into()), vni_of(&"vpc-2".into())]);
}
