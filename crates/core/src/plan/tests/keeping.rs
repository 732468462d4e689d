//! Takes a session whose filter is another one than is asked; gives sentences about when it keeps it, and when it does not.

use super::*;
use crate::compile::{Desired, FilterSpec};
use crate::inventory::{Direction, PortRange, Rule, RuleAction};
use crate::memory::{Drift, DriftKind};
use crate::packets::PacketSet;

/// A rule for packets of TCP that arrive from a network at these ports.
fn rule(action: RuleAction, number: u16, peer: &str, (from, to): (u16, u16)) -> Rule {
    Rule {
        action,
        direction: Direction::Ingress,
        number,
        protocol: Some(6),
        source: peer.parse().unwrap(),
        destination: "0.0.0.0/0".parse().unwrap(),
        source_ports: None,
        destination_ports: Some(PortRange { from, to }),
    }
}

/// A filter that accepts what arrives from these networks at these ports.
fn accepting(peers: &[(&str, (u16, u16))]) -> FilterSpec {
    let rules = (1..).zip(peers).map(|(number, (peer, ports))| rule(RuleAction::Accept, number, peer, *ports));
    FilterSpec { rules: rules.collect(), services: BTreeSet::new() }
}

const SERVED: (u16, u16) = (8443, 8443);

/// What is to stand where the jewel's lane asks for this filter.
fn asking(facts: &Inventory, spec: FilterSpec) -> Desired {
    let mut desired = compiled(&policy(), &decisions(facts));
    let key = spec.key();
    desired.filters = [(key.clone(), spec)].into();
    desired.sessions.values_mut().for_each(|session| session.filter = key.clone());
    desired
}

/// What is planned for the jewel whose session has the one filter and is to have the other, a moment after that was first seen.
fn planned_from(stands: FilterSpec, asked: FilterSpec) -> Plan {
    planned_on(one_mirrored_jewel().filter_of("tmf-1", stands), asked, &nothing_remembered())
}

fn planned_on(facts: Facts, asked: FilterSpec, memory: &Memory) -> Plan {
    let facts = facts.read(100);
    plan(&asking(&facts, asked), &facts, memory, at(101))
}

fn stays(plan: &Plan) -> bool {
    plan.is_empty() && plan.surplus.len() == 1
}

#[test]
fn a_filter_that_mirrors_a_little_more_than_is_asked_is_kept_and_nothing_is_planned() {
    let stands = accepting(&[("10.1.1.0/24", SERVED), ("10.1.2.0/24", SERVED)]);
    let plan = planned_from(stands, accepting(&[("10.1.1.0/24", SERVED)]));
    assert!(stays(&plan), "{plan:?}");
    assert_eq!(plan.surplus[0].more, ["arriving IPv4 tcp from 10.1.2.0/24 to any port 8443"]);
    assert!(plan.unwanted.is_empty(), "nothing settles either");
}

#[test]
fn one_that_says_the_same_by_other_rules_is_kept() {
    let halves = accepting(&[("10.1.0.0/25", SERVED), ("10.1.0.128/25", SERVED)]);
    let plan = planned_from(halves, accepting(&[("10.1.0.0/24", SERVED)]));
    assert!(stays(&plan) && plan.surplus[0].more.is_empty(), "{plan:?}");
}

#[test]
fn one_that_lacks_something_is_replaced_at_once_if_that_loses_nothing() {
    let (one, two) = (("10.1.1.0/24", SERVED), ("10.1.2.0/24", SERVED));
    let facts = |asked: &FilterSpec| {
        one_mirrored_jewel().filter_of("tmf-1", accepting(&[one])).filter_of("tmf-2", asked.clone())
    };
    let wider = accepting(&[one, two]);
    let plan = planned_on(facts(&wider), wider, &nothing_remembered());
    assert_eq!(steps(&plan), ["change tms-1: filter tmf-2"]);
    let other = accepting(&[two]);
    let plan = planned_on(facts(&other), other, &nothing_remembered());
    assert!(plan.steps.is_empty() && plan.surplus.is_empty(), "it would lose the first: {plan:?}");
}

#[test]
fn fewer_excepts_lose_nothing_and_do_not_settle() {
    let without = |ports: &[(u16, u16)]| {
        let rejects = (1..).zip(ports).map(|(number, ports)| rule(RuleAction::Reject, number, "0.0.0.0/0", *ports));
        let accept = rule(RuleAction::Accept, 100, "0.0.0.0/0", (0, 65_535));
        FilterSpec { rules: rejects.chain([accept]).collect(), services: BTreeSet::new() }
    };
    let asked = without(&[(2049, 2049)]);
    let facts = one_mirrored_jewel().filter_of("tmf-1", without(&[(22, 22), (2049, 2049)]));
    let plan = planned_on(facts.filter_of("tmf-2", asked.clone()), asked, &nothing_remembered());
    assert_eq!(steps(&plan), ["change tms-1: filter tmf-2"]);
}

#[test]
fn one_that_mirrors_much_more_is_replaced_after_the_settle_time() {
    let one = ("10.1.1.0/24", SERVED);
    let asked = || accepting(&[one]);
    // A thousand ports to anybody are a hundredth; a busy port is too much however few its clients are.
    let too_much = [("0.0.0.0/0", (8000, 9999)), ("10.9.1.5/32", (443, 443)), ("10.9.1.5/32", (5000, 6000))];
    for more in too_much {
        let facts = || one_mirrored_jewel().filter_of("tmf-1", accepting(&[one, more])).filter_of("tmf-2", asked());
        let plan = planned_on(facts(), asked(), &nothing_remembered());
        assert_eq!(waits(&plan), [format!("session of eni-1 to sta: the evidence to hold until {}", at(131))]);
        let settled = unwanted_since(0, ObjectId::Session("tms-1".into()));
        assert_eq!(steps(&planned_on(facts(), asked(), &settled)), ["change tms-1: filter tmf-2"], "{more:?}");
    }
    assert!(stays(&planned_from(accepting(&[one, ("0.0.0.0/0", (8000, 8999))]), asked())), "all within a hundredth");
}

#[test]
fn of_protocols_without_ports_ten_from_anybody_are_little_and_twenty_are_not() {
    let asked = || accepting(&[("10.1.1.0/24", SERVED)]);
    let surplus = |protocols: u8| {
        let mut stands = asked();
        let accept = |number| rule(RuleAction::Accept, number, "0.0.0.0/0", SERVED);
        let other = |n: u8| Rule { protocol: Some(100 + n), destination_ports: None, ..accept(100 + u16::from(n)) };
        stands.rules.extend((0..protocols).map(other));
        planned_from(stands, asked()).surplus.len()
    };
    assert_eq!([10, 20].map(surplus), [1, 0]);
}

#[test]
fn the_resolvers_dns_is_never_kept_by_the_way() {
    let asked = accepting(&[("10.1.1.0/24", SERVED)]);
    let stands = FilterSpec { services: BTreeSet::from([AMAZON_DNS.to_owned()]), ..asked.clone() };
    assert!(planned_from(stands, asked).surplus.is_empty());
}

#[test]
fn what_the_policy_excepts_by_name_is_never_kept_however_little_it_is() {
    let accept = |number| rule(RuleAction::Accept, number, "10.0.0.0/8", (8000, 8999));
    let stands = FilterSpec { rules: [accept(1)].into(), services: BTreeSet::new() };
    let reject = rule(RuleAction::Reject, 1, "10.9.1.5/32", (8200, 8200));
    let asked = FilterSpec { rules: [reject, accept(2)].into(), services: BTreeSet::new() };
    let facts = one_mirrored_jewel().filter_of("tmf-1", stands).filter_of("tmf-2", asked.clone());
    let plan = planned_on(facts, asked, &nothing_remembered());
    assert!(plan.surplus.is_empty() && plan.unwanted.contains(&ObjectId::Session("tms-1".into())), "{plan:?}");
    // Nor where nothing else of it is asked for either.
    let one = ("10.1.1.0/24", SERVED);
    let mut asked = accepting(&[one]);
    asked.rules.insert(rule(RuleAction::Reject, 9, "10.9.1.5/32", (8200, 8200)));
    assert!(planned_from(accepting(&[one, ("10.9.1.5/32", (8200, 8200))]), asked).surplus.is_empty());
}

#[test]
fn an_interface_that_lost_ipv6_keeps_its_filter_with_no_step_at_all() {
    let facts = one_mirrored_jewel().filter_of("tmf-1", everything(true)).read(0);
    let plan = planned(&facts, &nothing_remembered(), 1);
    assert!(stays(&plan), "{plan:?}");
    assert_eq!(plan.surplus[0].more, ["IPv6, of which the interface has none"]);
    let beyond = PacketSet::of_filter(&everything(true).rules, &BTreeSet::new()).unwrap();
    assert!(beyond.share(true) > MOST_EXCESS, "where there is IPv6 it is half of everything");
}

#[test]
fn a_filter_that_is_kept_is_in_use_and_the_one_that_is_asked_is_not_made_for_it() {
    let stands = accepting(&[("10.1.1.0/24", SERVED), ("10.1.2.0/24", SERVED)]);
    let asked = || accepting(&[("10.1.1.0/24", SERVED)]);
    let facts = one_mirrored_jewel().filter_of("tmf-1", stands).instance("i-2", &[("mirror", "crown-jewel")]);
    let kept = unwanted_since(0, ObjectId::Filter("tmf-1".into()));
    assert!(stays(&planned_on(facts.clone(), asked(), &kept)));
    // Whoever comes new gets what is asked, and is no reason to move the others.
    let facts = facts.interface("eni-2", "i-2");
    let plan = planned_on(facts.clone(), asked(), &kept);
    assert_eq!(steps(&plan), ["create a filter"]);
    let plan = planned_on(facts.filter_of("tmf-2", asked()), asked(), &kept);
    assert!(matches!(&steps(&plan)[..], [one] if one.starts_with("mirror eni-2 to tmt-1 through tmf-2")), "{plan:?}");
}

#[test]
fn a_spoiled_filter_is_never_kept() {
    let stands = accepting(&[("10.1.1.0/24", SERVED), ("10.1.2.0/24", SERVED)]);
    let facts = one_mirrored_jewel().filter_of("tmf-1", stands).change_filter("tmf-1", |filter| {
        filter.rules.insert("tmfr-x".into(), rule(RuleAction::Accept, 9, "10.1.3.0/24", SERVED));
    });
    let plan = planned_on(facts, accepting(&[("10.1.1.0/24", SERVED)]), &nothing_remembered());
    assert_eq!((steps(&plan), plan.surplus.len()), (vec!["create a filter".into()], 0));
}

#[test]
fn one_that_a_list_has_missed_for_a_moment_keeps_its_filter_and_one_that_somebody_has_pointed_at_it_does_not() {
    let kept = |kind| {
        let mut memory = nothing_remembered();
        let id = ObjectId::Session("tms-1".into());
        let drift = Drift { kind, id, from: String::new(), to: String::new(), since: at(0) };
        memory.drift.open.insert(ObjectKey::Session("eni-1".into(), "sta".into()), drift);
        let stands = accepting(&[("10.1.1.0/24", SERVED), ("10.1.2.0/24", SERVED)]);
        let facts = one_mirrored_jewel().filter_of("tmf-1", stands);
        planned_on(facts, accepting(&[("10.1.1.0/24", SERVED)]), &memory).surplus.len()
    };
    assert_eq!([DriftKind::SessionDeleted, DriftKind::SessionChanged].map(kept), [1, 0]);
}

#[test]
fn a_filter_of_somebody_else_is_never_kept() {
    let stands = accepting(&[("10.1.1.0/24", SERVED), ("10.1.2.0/24", SERVED)]);
    let facts = one_mirrored_jewel().filter_of("tmf-1", stands).change_filter("tmf-1", |it| it.tags.clear());
    assert!(planned_on(facts, accepting(&[("10.1.1.0/24", SERVED)]), &nothing_remembered()).surplus.is_empty());
}

#[test]
fn a_filter_of_which_aws_does_not_say_what_it_mirrors_is_never_kept() {
    let asked = || accepting(&[("10.1.1.0/24", SERVED)]);
    let mut stands = accepting(&[("10.1.1.0/24", SERVED), ("10.1.2.0/24", SERVED)]);
    stands.rules.insert(Rule { protocol: Some(1), ..rule(RuleAction::Accept, 3, "10.1.3.0/24", SERVED) });
    assert!(planned_from(stands, asked()).surplus.is_empty());
}

#[test]
fn what_somebody_behind_wants_is_never_kept_from_him() {
    let stands = || accepting(&[("10.1.1.0/24", SERVED), ("10.1.2.0/24", SERVED)]);
    let asked = || accepting(&[("10.1.1.0/24", SERVED)]);
    let facts = one_mirrored_jewel().filter_of("tmf-1", stands());
    let beside = |number, peer| {
        let facts = facts.clone().filter_of("tmf-theirs", accepting(&[(peer, SERVED)]));
        let facts = facts.change_filter("tmf-theirs", |it| it.tags.clear());
        planned_on(facts.foreign_session("tms-f", "eni-1", number), asked(), &nothing_remembered())
    };
    assert!(beside(200, "10.1.2.7/32").surplus.is_empty(), "somebody else's session behind ours wants it");
    assert!(stays(&beside(7, "10.1.2.7/32")), "before ours it has it anyway");
    assert!(stays(&beside(200, "10.1.1.7/32")), "what is asked is ours");
    let unseen = facts.clone().foreign_session("tms-f", "eni-1", 200);
    let same = FilterSpec { rules: accepting(&[("10.1.0.0/23", SERVED)]).rules, services: BTreeSet::new() };
    assert!(planned_on(unseen.clone(), asked(), &nothing_remembered()).surplus.is_empty(), "he may want anything");
    let halves = unseen.filter_of("tmf-1", accepting(&[("10.1.0.0/24", SERVED), ("10.1.1.0/24", SERVED)]));
    assert!(stays(&planned_on(halves, same, &nothing_remembered())), "there is nothing for him");

    // Another lane of ours, which is still to be made.
    let facts = facts.read(100);
    let lane = |ours, number, peer| {
        let mut desired = asking(&facts, asked());
        desired.sessions.values_mut().for_each(|session| session.number = ours);
        let spec = accepting(&[(peer, SERVED)]);
        let mut behind = desired.sessions.values().next().unwrap().clone();
        (behind.number, behind.filter) = (number, spec.key());
        desired.sessions.insert(("eni-1".into(), "zeek".into()), behind);
        desired.filters.insert(spec.key(), spec);
        plan(&desired, &facts, &nothing_remembered(), at(101)).surplus.len()
    };
    assert_eq!([lane(100, 200, "10.1.2.0/25"), lane(100, 200, "10.1.3.0/24")], [0, 1]);
    assert_eq!(lane(100, 50, "10.1.2.0/25"), 1, "before ours it has it anyway");
    assert_eq!(lane(300, 200, "10.1.2.0/25"), 0, "ours stands before it until it has moved");
}
