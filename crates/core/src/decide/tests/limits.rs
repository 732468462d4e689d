//! Takes limits; gives sentences about who goes without.

use super::*;

/// Jewels `eni-0`, `eni-2` … and webs `eni-1`, `eni-3` …; those of `mirrored` have their sessions.
fn fleet(size: usize, mirrored: &[usize]) -> Facts {
    let start = Facts::new().target("tmt-1", Resource::NetworkLoadBalancer(NLB.into())).filter("tmf-1");
    (0..size).fold(start, |facts, n| {
        let (instance, interface) = (format!("i-{n}"), format!("eni-{n}"));
        let strategy = if n % 2 == 0 { "jewel" } else { "web" };
        let facts = facts.instance(&instance, &[("mirror", strategy)]).interface(&interface, &instance);
        if mirrored.contains(&n) { facts.session(&format!("tms-{n}"), &interface, 100) } else { facts }
    })
}

fn limited(limits: &str) -> Policy {
    policy_of(&format!(
        "sensors: {{sta: {{targets: [{{networkLoadBalancer: {NLB}}}]}}}}\n\
         strategies: [{{name: jewel, importance: {{}}}}, {{name: web, importance: {{}}}}]\nlimits: {limits}"
    ))
}

fn mirrored(policy: &Policy, inventory: &Inventory) -> Vec<String> {
    let decisions = decided(policy, inventory).interfaces;
    decisions.into_iter().filter(|(_, it)| !it.lanes.is_empty()).map(|(id, _)| id.to_string()).collect()
}

#[test]
fn over_the_limit_the_least_important_go_first() {
    let facts = fleet(6, &[]).read(0);
    assert_eq!(mirrored(&limited("{maxSessions: 4}"), &facts), ["eni-0", "eni-1", "eni-2", "eni-4"]);
    assert_eq!(mirrored(&limited("{maxSessions: 0}"), &facts), Vec::<String>::new());
    assert_eq!(mirrored(&limited("{maxSessions: 6}"), &facts).len(), 6);
}

#[test]
fn within_one_strategy_what_is_mirrored_stays() {
    let facts = fleet(6, &[3, 5]).read(0);
    assert_eq!(mirrored(&limited("{maxSessions: 4}"), &facts), ["eni-0", "eni-2", "eni-3", "eni-4"]);
    assert_eq!(mirrored(&limited("{maxSessions: 5}"), &facts), ["eni-0", "eni-2", "eni-3", "eni-4", "eni-5"]);
}

#[test]
fn what_is_cut_says_by_which_limit() {
    let decisions = decided(&limited("{maxSessions: 10, maxMonthlyUsd: 11}"), &fleet(2, &[]).read(0));
    let last = decisions.interfaces[&"eni-1".into()].reasons.last().unwrap().to_string();
    assert_eq!(last, "not mirrored to sta: over limits.maxMonthlyUsd, 11, at 10.95 a session");
}

#[test]
fn money_buys_whole_sessions() {
    let facts = fleet(6, &[]).read(0);
    for (usd, sessions) in [("0", 0), ("10.94", 0), ("10.95", 1), ("32.85", 3), ("33", 3), ("1e30", 6)] {
        assert_eq!(mirrored(&limited(&format!("{{maxMonthlyUsd: {usd}}}")), &facts).len(), sessions, "{usd}");
    }
}

#[test]
fn other_peoples_sessions_use_up_the_accounts_quota_and_those_of_other_accounts_do_not() {
    let mut facts = fleet(2, &[]);
    for n in 0..9_999 {
        facts = facts.foreign_session(&format!("tms-f{n}"), &format!("eni-f{n}"), 1);
    }
    assert_eq!(mirrored(&limited("{}"), &facts.clone().read(0)), ["eni-0"]);
    let elsewhere = facts.change_session("tms-f0", |session| session.owner = "444455556666".into());
    assert_eq!(mirrored(&limited("{}"), &elsewhere.read(0)), ["eni-0", "eni-1"]);
}

#[test]
fn what_stays_in_doubt_leaves_less_for_the_new_and_takes_nothing_from_what_stands() {
    let facts = fleet(4, &[0, 1, 2]).without_interface("eni-2").read(0);
    assert_eq!(mirrored(&limited("{maxSessions: 2}"), &facts), ["eni-0", "eni-1"], "doubt takes nothing away");
    assert_eq!(mirrored(&limited("{maxSessions: 3}"), &facts), ["eni-0", "eni-1"], "eni-2 may still be mirrored");
    assert_eq!(mirrored(&limited("{maxSessions: 4}"), &facts), ["eni-0", "eni-1", "eni-3"]);
}
