mod any_account;
mod behind;
mod beside_strangers;
mod choosing;
mod examples;
mod limits;
mod sources;
mod strategies;
mod targets;

use super::*;
use crate::inventory::{InstanceState, Resource};
use crate::packets::Flow;
use crate::testing::*;

/// The reasons for one interface, in words; nothing when nothing concerns it.
fn reasons(facts: Facts) -> Vec<String> {
    let decisions = decisions(&facts.read(0));
    decisions.interfaces.get(&"eni-1".into()).into_iter().flat_map(|d| &d.reasons).map(Reason::to_string).collect()
}

fn lanes(facts: Facts) -> Vec<(String, u16)> {
    lanes_by(&policy(), facts)
}

/// The policy, but that what is most important leaves a protocol to what is less.
fn leaving_syslog() -> Policy {
    let mut policy = policy();
    policy.strategies[0].except = strategy("{except: [udp/514]}").except;
    policy
}

fn lanes_by(policy: &Policy, facts: Facts) -> Vec<(String, u16)> {
    let decisions = decided(policy, &facts.read(0));
    let lanes = decisions.interfaces.get(&"eni-1".into()).map(|decision| decision.lanes.clone()).unwrap_or_default();
    lanes.iter().map(|(lane, wish)| (lane.to_string(), wish.number)).collect()
}

fn jewel() -> Facts {
    Facts::new().instance("i-1", &[("mirror", "crown-jewel")]).interface("eni-1", "i-1")
}

#[test]
fn a_tag_on_the_instance_chooses_all_its_interfaces() {
    let facts = jewel().interface("eni-2", "i-1").read(0);
    let decisions = decisions(&facts);
    assert_eq!(decisions.interfaces.len(), 2);
    assert!(decisions.interfaces.values().all(|decision| decision.lanes.contains_key(&Lane::from("sta"))));
}

#[test]
fn without_tag_and_selector_nothing_concerns_an_interface() {
    assert!(reasons(Facts::new().instance("i-1", &[("app", "web")]).interface("eni-1", "i-1")).is_empty());
}

#[test]
fn the_tag_of_the_interface_counts_before_that_of_its_instance() {
    let facts =
        Facts::new()
            .instance("i-1", &[("mirror", "crown-jewel")])
            .interface_with("eni-1", "i-1", |interface| interface.tags = tags_of(&[("mirror", "off")]));
    assert!(lanes(facts.clone()).is_empty());
    assert_eq!(reasons(facts), ["opted out by tag mirror=off on the interface"]);
}

#[test]
fn several_strategies_are_tagged_with_a_plus() {
    let facts = Facts::new().instance("i-1", &[("mirror", "crown-jewel+vault")]).interface("eni-1", "i-1");
    assert_eq!(lanes_by(&leaving_syslog(), facts), [("sta".into(), 100), ("zeek".into(), 200)]);
}

#[test]
fn a_lane_for_which_the_more_important_ones_leave_nothing_gets_no_session() {
    let facts = Facts::new().instance("i-1", &[("mirror", "crown-jewel+vault")]).interface("eni-1", "i-1");
    assert_eq!(lanes(facts.clone()), [("sta".into(), 100)]);
    assert!(reasons(facts).last().unwrap().starts_with("nothing left for zeek: AWS sends a packet once"));
}

#[test]
fn a_selector_chooses_what_carries_its_tags() {
    let facts = Facts::new().instance("i-1", &[("app", "vault")]).interface("eni-1", "i-1");
    assert_eq!(reasons(facts), ["vault: its selector matches"]);
}

#[test]
fn opting_out_of_a_crown_jewel_strategy_is_ignored_and_reported() {
    let facts = Facts::new().instance("i-1", &[("app", "vault"), ("mirror", "off")]).interface("eni-1", "i-1");
    assert_eq!(lanes(facts.clone()), [("zeek".into(), 200)]);
    assert!(reasons(facts).contains(&"vault: does not allow the opting out that is tagged on the instance".into()));
}

#[test]
fn a_tag_that_names_no_strategy_is_reported_and_chooses_nothing() {
    let facts = Facts::new().instance("i-1", &[("mirror", "crown-jewl")]).interface("eni-1", "i-1");
    assert!(lanes(facts.clone()).is_empty());
    assert_eq!(
        reasons(facts),
        ["the tag on the instance names `crown-jewl`, which is no strategy of the policy: did you mean `crown-jewel`?"]
    );
}

#[test]
fn what_cannot_be_a_source_is_refused_with_its_reason() {
    let tagged = || Facts::new().instance("i-1", &[("mirror", "crown-jewel")]);
    let cases: [(Facts, &str); 5] = [
        (tagged().interface_with("eni-1", "i-1", |i| i.interface_type = "branch".into()), "of type branch"),
        (tagged().interface_with("eni-1", "i-1", |i| i.requester_managed = true), "belongs to an AWS service"),
        (
            tagged().interface_with("eni-1", "i-1", |i| i.attachment.as_mut().unwrap().attached = false),
            "is not attached to an instance",
        ),
        (
            jewel().target("tmt-9", Resource::NetworkInterface("eni-1".into())),
            "receives mirrored packets, and mirrors of mirrors loop",
        ),
        (
            Facts::new()
                .instance_in("i-1", InstanceState::Stopped, &[("mirror", "crown-jewel")])
                .interface("eni-1", "i-1"),
            "the instance is stopped",
        ),
    ];
    for (facts, reason) in cases {
        assert!(lanes(facts.clone()).is_empty(), "{reason}");
        assert!(reasons(facts.clone()).last().unwrap().ends_with(reason), "{reason}: {:?}", reasons(facts));
    }
}

#[test]
fn an_interface_that_the_policy_names_as_a_sensors_is_never_a_source() {
    let facts = Facts::new().instance("i-1", &[("mirror", "crown-jewel")]).interface("eni-zeek", "i-1").read(0);
    assert!(decisions(&facts).interfaces[&"eni-zeek".into()].lanes.is_empty());
}

#[test]
fn an_instance_that_is_not_listed_is_a_doubt_and_no_absence() {
    let facts = Facts::new().interface("eni-1", "i-1").read(0);
    assert!(decisions(&facts).interfaces[&"eni-1".into()].doubt, "its tags might choose the interface");
    let facts = Facts::new().interface_with("eni-1", "i-1", |i| i.tags = tags_of(&[("mirror", "crown-jewel")])).read(0);
    assert!(decisions(&facts).interfaces[&"eni-1".into()].doubt);
}

#[test]
fn the_number_is_the_next_multiple_of_100_above_the_foreign_ones() {
    for (foreign, ours) in [(1, 100), (99, 100), (100, 200), (150, 200), (32_600, 32_700)] {
        assert_eq!(lanes(jewel().foreign_session("tms-f", "eni-1", foreign)), [("sta".into(), ours)], "{foreign}");
    }
}

#[test]
fn a_session_that_stands_keeps_its_number_when_a_foreign_one_comes() {
    let facts = one_mirrored_jewel().foreign_session("tms-f", "eni-1", 5000);
    assert_eq!(lanes(facts), [("sta".into(), 100)]);
}

#[test]
fn where_foreign_sessions_leave_no_number_that_is_the_reason() {
    let facts = jewel().foreign_session("tms-f", "eni-1", 32_766);
    assert!(reasons(facts).last().unwrap().contains("no session number"));
}

#[test]
fn the_least_important_lane_goes_without_where_foreign_sessions_take_the_slots() {
    let facts = Facts::new()
        .instance("i-1", &[("mirror", "crown-jewel+vault")])
        .interface("eni-1", "i-1")
        .foreign_session("tms-f", "eni-1", 1)
        .foreign_session("tms-g", "eni-1", 2);
    assert_eq!(lanes_by(&leaving_syslog(), facts.clone()), [("sta".into(), 100)]);
    let decisions = decided(&leaving_syslog(), &facts.read(0));
    let last = decisions.interfaces[&"eni-1".into()].reasons.last().unwrap().to_string();
    assert!(last.starts_with("not mirrored to zeek: 2 session(s) of others"), "{last}");
}

#[test]
fn a_target_that_stands_is_used_and_one_that_does_not_is_to_be_made() {
    let choice =
        |facts: Facts| decisions(&facts.read(0)).interfaces[&"eni-1".into()].lanes[&"sta".into()].target.clone();
    let nlb = Resource::NetworkLoadBalancer(NLB.into());
    assert_eq!(choice(jewel()), TargetChoice::ToMake(nlb.clone()));
    assert_eq!(choice(jewel().target("tmt-1", nlb)), TargetChoice::Made("tmt-1".into()));
}

#[test]
fn a_target_of_the_same_zone_comes_first_and_the_least_used_of_those() {
    let mut policy = policy();
    let sensor = policy.sensors.get_mut("sta").unwrap();
    let eni = |id: &str| Resource::NetworkInterface(id.into());
    sensor.targets = ["eni-b", "eni-a1", "eni-a2"].map(|id| to_resource(eni(id))).into();
    let mut facts = Facts::new();
    for (id, zone) in [("eni-b", "eu-west-1b"), ("eni-a1", "eu-west-1a"), ("eni-a2", "eu-west-1a")] {
        facts = facts.instance(id, &[]).interface_with(id, id, |i| i.zone = zone.into());
    }
    for n in 0..4 {
        let id = format!("i-{n}");
        facts = facts.instance(&id, &[("mirror", "crown-jewel")]).interface(&format!("eni-{n}"), &id);
    }
    let decisions = decided(&policy, &facts.read(0));
    let chosen: Vec<String> = decisions
        .interfaces
        .values()
        .map(|decision| match &decision.lanes[&"sta".into()].target {
            TargetChoice::ToMake(resource) => resource.id().to_string(),
            TargetChoice::Made(id) => id.to_string(),
        })
        .collect();
    assert_eq!(chosen, ["eni-a1", "eni-a2", "eni-a1", "eni-a2"]);
}

#[test]
fn a_vpc_always_has_the_same_vni() {
    let vni = |vpc: &str| vni_of(&vpc.into());
    assert_eq!(vni("vpc-1"), vni("vpc-1"));
    assert_ne!(vni("vpc-1"), vni("vpc-2"));
    assert!((1..=0x00ff_ffff).contains(&vni("vpc-1")));
}
