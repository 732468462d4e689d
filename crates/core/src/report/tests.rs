//! Takes small accounts; gives sentences about what a person reads of them.

use super::*;
use crate::compile::compile;
use crate::decide::{Fits, decide};
use crate::inventory::{Gap, Kind};
use crate::lessons::Lessons;
use crate::policy::Policy;
use crate::testing::*;

/// Everything that is to be known, for one to look at.
struct Whole {
    policy: Policy,
    inventory: Inventory,
    lessons: Lessons,
    decisions: Decisions,
    desired: Desired,
    plan: Plan,
}

impl Whole {
    fn of(facts: Facts) -> Self {
        Self::under(policy(), facts)
    }

    fn under(policy: Policy, facts: Facts) -> Self {
        let inventory = facts.read(0);
        let mut fits = Fits::default();
        let decisions = decide(&policy, &inventory, &Lessons::default(), &mut fits, at(0));
        let desired = compile(&policy, &decisions, &mut fits);
        let plan = crate::plan::plan(&desired, &inventory, &nothing_remembered(), at(0));
        Self { policy, inventory, lessons: Lessons::default(), decisions, desired, plan }
    }

    fn seen(&self) -> Seen<'_> {
        let Self { policy, inventory, lessons, decisions, desired, plan } = self;
        Seen { policy, inventory, lessons, now: at(0), decisions, desired, plan }
    }

    fn explained(&self, id: &str) -> String {
        explain(self.seen(), id).unwrap().text().to_string()
    }
}

fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

#[test]
fn an_explanation_says_where_nobody_sees_who_is_behind_a_sensor() {
    let to = |target: &str| {
        let sensors = format!("sensors: {{sta: {{targets: [{target}]}}}}");
        let policy = policy_of(&format!("{sensors}\nstrategies: [{{name: crown-jewel, importance: {{}}}}]"));
        Whole::under(policy, jewel_with(|_| {})).explained("eni-1")
    };
    let endpoint = "what is behind vpce-1 is not read where it is another account's load balancer: see";
    contains(&to("{gatewayLoadBalancerEndpoint: vpce-1}"), &[endpoint]);
    let theirs = NLB.replace("111122223333", "444455556666");
    let unread = format!("what is behind {theirs} is not read: see that nobody there is chosen");
    contains(&to(&format!("{{networkLoadBalancer: '{theirs}'}}")), &[&unread]);
    assert!(!to(&format!("{{networkLoadBalancer: '{NLB}'}}")).contains("is not read"));
}

#[test]
fn an_explanation_goes_the_whole_way_from_the_tags_to_the_cost() {
    let whole = Whole::of(one_mirrored_jewel().foreign_session("tms-f", "eni-1", 7));
    let text = whole.explained("i-1");
    contains(
        &text,
        &[
            "i-1  m5.large  linux  running\n",
            "eni-1: mirrored to sta by tms-1\n",
            "on the instance   crown-jewel  (counts)\n",
            "vault        select does not match  no jumpBoxes\n",
            "it can be a source\n",
            "crown-jewel: tag mirror=crown-jewel on the instance\n",
            "2 of 3 taken\n",
            "7    tms-f  somebody else's in 111122223333  to tmt-1 through tmf-theirs\n",
            "100  tms-1  ours, for sta",
            "->  tmt-1  all zones  1 source  arn:aws:",
            "its session sends there already, and stays",
            "crown-jewel: everything\n",
            "takes everything arriving in IPv4, for crown-jewel\n",
            "10.95 USD a month at list price\n",
        ],
    );
    assert_eq!(whole.explained("eni-1"), text, "an interface is explained with its instance");
}

#[test]
fn an_explanation_ends_with_the_reason_at_the_step_where_the_way_ends() {
    let refused = Whole::of(jewel_with(|interface| interface.interface_type = "branch".into()));
    contains(
        &refused.explained("eni-1"),
        &["eni-1: not mirrored: AWS does not mirror interfaces of type branch\n", "  cost        nothing\n"],
    );
    let full = ["tms-a", "tms-b", "tms-c"].into_iter().zip(1..);
    let full = full.fold(jewel_with(|_| {}), |facts, (id, number)| facts.foreign_session(id, "eni-1", number));
    contains(
        &Whole::of(full).explained("eni-1"),
        &["eni-1: not mirrored to sta: 3 session(s) of others leave no slot", "3 of 3 taken"],
    );
    let plain = Whole::of(Facts::new().instance("i-1", &[]).interface("eni-1", "i-1"));
    contains(&plain.explained("i-1"), &["eni-1: not mirrored: no tag and no selector concerns it\n"]);
    assert!(explain(plain.seen(), "i-2").is_none());
}

#[test]
fn a_session_that_is_to_come_says_what_it_waits_for() {
    let whole = Whole::of(one_mirrored_jewel().without_session("tms-1").change_filter("tmf-1", |it| it.tags.clear()));
    contains(
        &whole.explained("i-1"),
        &["eni-1: to be mirrored to sta: waits for its filter\n", "the nearest that has room"],
    );
}

#[test]
fn a_plan_shows_its_calls_its_reasons_and_its_cost() {
    let whole = Whole::of(one_mirrored_jewel().instance("i-2", &[("mirror", "crown-jewel")]).interface("eni-2", "i-2"));
    let report = plan(&whole.inventory, &whole.desired, &whole.plan);
    contains(
        &report.text().to_string(),
        &[
            "owner prod, account 111122223333, eu-west-1\n",
            "  +  session  mirror eni-2 to tmt-1 through tmf-1, number 100, VNI ",
            "      crown-jewel: tag mirror=crown-jewel on the instance\n",
            "now     1 sessions  10.95 USD a month\n",
            "wanted  2 sessions  21.90 USD a month\n",
            "1 calls now, 0 waiting\n",
        ],
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["steps"][0]["change"], "create");
    assert_eq!(json["steps"][0]["action"], "CreateTrafficMirrorSession");
    assert_eq!(json["wanted"]["monthlyUsd"], 21.9);
}

#[test]
fn a_plan_names_what_is_held_and_how_to_let_it_go() {
    let facts = one_mirrored_jewel().change_session("tms-1", |session| session.filter = "tmf-unseen".into());
    let facts = (10..15).fold(facts.instance("i-2", &[]), |facts, n| {
        let interface = format!("eni-{n}");
        facts.interface(&interface, "i-2").session(&format!("tms-{n}"), &interface, 100)
    });
    let whole = Whole::of(facts);
    let text = plan(&whole.inventory, &whole.desired, &whole.plan).text().to_string();
    let to = whole.desired.sessions.values().next().unwrap();
    contains(
        &text,
        &[
            "held: 6 sessions are to lose packets, more than limits.maxLosses allows\n",
            &format!("  change tms-1 to {NLB}, filter {}, number 100\n  remove tms-10\n  remove tms-11\n", to.filter),
            &format!("  to let all of them go: vpc-mirror approve {}\n", whole.plan.held.unwrap().digest),
        ],
    );
}

#[test]
fn what_a_session_captures_beyond_what_is_asked_is_explained_and_planned_as_it_is() {
    let whole = Whole::of(one_mirrored_jewel().filter_of("tmf-1", everything(true)));
    assert!(whole.plan.is_empty(), "{:?}", whole.plan);
    contains(&whole.explained("i-1"), &["whole packets\n", "and more  IPv6, of which the interface has none\n"]);
    let report = plan(&whole.inventory, &whole.desired, &whole.plan);
    contains(
        &report.text().to_string(),
        &[
            "more than is asked, and so little that it stays\n  tmf-1  1 sessions\n      IPv6, of which",
            "no change: what stands is what the policy asks for\n",
        ],
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["moreThanAsked"][0]["sessions"], serde_json::json!(["tms-1"]));
}

#[test]
fn a_plan_of_what_nobody_could_see_does_not_say_that_all_is_well() {
    let Whole { inventory: mut facts, desired, .. } = Whole::of(one_mirrored_jewel());
    facts.gaps.insert(Kind::Sessions, Gap { why: "DescribeTrafficMirrorSessions: denied".into(), at: at(0) });
    let said = plan(&facts, &desired, &Plan::default()).text().to_string();
    contains(
        &said,
        &["DescribeTrafficMirrorSessions: denied", "no call is planned; whether any is needed nobody can tell"],
    );
    assert!(!said.contains("no change"), "{said}");
}

#[test]
fn every_interface_is_listed_with_its_state_and_the_opt_outs_are_counted() {
    let facts = one_mirrored_jewel()
        .instance("i-2", &[("mirror", "off")])
        .interface("eni-2", "i-2")
        .instance("i-3", &[("mirror", "off"), ("app", "vault")])
        .interface("eni-3", "i-3")
        .instance("i-4", &[("mirror", "crown-jewl")])
        .interface("eni-4", "i-4")
        .instance("i-5", &[])
        .interface("eni-5", "i-5")
        .interface_with("eni-zeek", "i-zeek", |_| {})
        .instance("i-zeek", &[]);
    let whole = Whole::of(facts);
    let all = sources(whole.seen(), None).unwrap();
    let states: Vec<(&str, State)> = all.interfaces.iter().map(|it| (it.interface.as_str(), it.state)).collect();
    let expected = [
        ("eni-1", State::Mirrored),
        ("eni-2", State::OptedOut),
        ("eni-3", State::Starting),
        ("eni-4", State::NotMirrored),
        ("eni-5", State::Unconcerned),
        ("eni-zeek", State::Unconcerned),
    ];
    assert_eq!(states, expected);
    contains(
        &all.text().to_string(),
        &[
            "INTERFACE  INSTANCE  ZONE        STATE         SESSIONS",
            "2 opt out by tag, 1 of them in vain\n",
            "crown-jewl  did you mean `crown-jewel`?  eni-4\n",
            "mirrored: vault forbids it",
        ],
    );
    let one = sources(whole.seen(), Some("opted-out")).unwrap();
    assert_eq!(one.interfaces.len(), 2);
    assert_eq!(one.counts[&State::Mirrored], 1, "all are counted");
    let wrong = sources(whole.seen(), Some("optedout")).unwrap_err();
    assert_eq!(wrong, "no interface has the reason `optedout`: did you mean `optedOut`?");
}

#[test]
fn a_session_of_ours_that_is_not_wanted_any_more_is_ending() {
    let whole = Whole::of(one_mirrored_jewel().instance("i-1", &[("mirror", "off")]));
    contains(
        &whole.explained("eni-1"),
        &["eni-1: mirrored, and not to be any more: opted out by tag mirror=off on the instance\n"],
    );
}
