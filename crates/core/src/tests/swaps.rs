//! Takes an interface with three lanes whose order changes; gives sentences about how their sessions change places.

use super::*;
use crate::cloud::Step;

/// Lanes in this order, three at most, each of which leaves something to the others whatever the order is.
fn lanes(order: &[&str]) -> Policy {
    let sensor =
        |name| format!("{name}: {{targets: [{{networkLoadBalancer: 'arn:aws:x:loadbalancer/net/{name}/1'}}]}}");
    let strategy = |name| {
        let except = match name {
            "a" | "d" => "10.1.0.0/16, 10.2.0.0/16",
            "b" => "10.2.0.0/16, 10.3.0.0/16",
            _ => "10.1.0.0/16, 10.3.0.0/16",
        };
        let select = "select: {tags: {app: vault}}";
        format!("{{name: s-{name}, importance: {{{select}}}, sensor: {name}, except: [{except}]}}")
    };
    let sensors: Vec<String> = ["a", "b", "c", "d"].map(sensor).into();
    let strategies: Vec<String> = order.iter().map(|name| strategy(*name)).collect();
    policy_of(&format!("sensors: {{{}}}\nstrategies: [{}]", sensors.join(", "), strategies.join(", ")))
}

fn vault() -> (Cloud, Reconciler, i64) {
    vault_of(1, &["a", "b", "c"])
}

/// A vault of so many interfaces.
fn vault_of(interfaces: usize, order: &[&str]) -> (Cloud, Reconciler, i64) {
    let instance = Facts::new().instance("i-1", &[("app", "vault")]);
    let mut cloud = Cloud::new((1..=interfaces).fold(instance, |facts, n| facts.interface(&format!("eni-{n}"), "i-1")));
    let mut ours = Reconciler::new(lanes(order));
    let now = ours.settle(&mut cloud, 0);
    (cloud, ours, now)
}

/// The lanes in the order in which AWS tries their sessions.
fn order(cloud: &Cloud) -> String {
    let mut sessions: Vec<_> = cloud.facts.0.sessions.values().collect();
    sessions.sort_by_key(|session| session.number);
    sessions.iter().map(|session| session.tags[crate::ownership::KEY_TAG].as_str()).collect()
}

fn renumbered(calls: &[(String, Step)]) -> usize {
    let is = |step: &Step| matches!(step, Step::ModifySession { change, .. } if change.number.is_some());
    calls.iter().filter(|(_, step)| is(step)).count()
}

#[test]
fn lanes_stand_in_the_order_of_their_importance() {
    let (cloud, _, _) = vault();
    assert_eq!((order(&cloud).as_str(), renumbered(&cloud.calls)), ("abc", 0));
}

#[test]
fn only_what_stands_before_something_more_important_moves_and_one_of_an_interface_in_a_round() {
    for (new, moves) in [(["a", "c", "b"], 1), (["b", "a", "c"], 1), (["c", "b", "a"], 2), (["b", "c", "a"], 1)] {
        let (mut cloud, mut ours, now) = vault();
        ours.policy = lanes(&new);
        let before = cloud.calls.len();
        for seconds in (now + 10..now + 300).step_by(10) {
            let calls = cloud.calls.len();
            ours.round(&mut cloud, seconds);
            assert!(renumbered(&cloud.calls[calls..]) <= 1, "{new:?}");
            assert_eq!(cloud.facts.0.sessions.len(), 3, "none is interrupted");
        }
        assert!(ours.plan.is_empty(), "{new:?}: {:?}", ours.plan);
        assert_eq!(order(&cloud), new.concat());
        assert_eq!(renumbered(&cloud.calls[before..]), moves, "{new:?}");
    }
}

#[test]
fn those_whose_turn_comes_later_settle_meanwhile_and_are_held_with_the_others() {
    let (mut cloud, mut ours, now) = vault_of(3, &["a", "b", "c"]);
    ours.policy = lanes(&["c", "b", "a"]);
    ours.round(&mut cloud, now + 10);
    assert_eq!((ours.plan.unwanted.len(), ours.plan.held.as_ref().map(|held| held.losses.len())), (6, Some(6)));
}

#[test]
fn new_lanes_wait_for_the_slots_of_those_that_go_and_aws_refuses_none() {
    let (mut cloud, mut ours, now) = vault_of(1, &["a", "b"]);
    ours.policy = lanes(&["c", "d"]);
    ours.settle(&mut cloud, now + 10);
    assert_eq!((order(&cloud).as_str(), cloud.refused), ("cd", 0));
}
