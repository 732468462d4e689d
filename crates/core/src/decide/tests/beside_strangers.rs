//! Takes other people's sessions; gives sentences about our place beside them.

use super::*;
use crate::inventory::{Filter, RuleAction, Session};

fn jewel_and_vault() -> Facts {
    Facts::new().instance("i-1", &[("mirror", "crown-jewel+vault")]).interface("eni-1", "i-1")
}

/// A session of somebody else's through a filter of theirs, which mirrors everything and is then changed like this.
fn beside(number: u16, change: impl FnOnce(&mut Filter)) -> Facts {
    let theirs = |filter: &mut Filter| filter.tags.clear();
    let facts = jewel().filter("tmf-f").change_filter("tmf-f", theirs).change_filter("tmf-f", change);
    facts.foreign_session("tms-f", "eni-1", number).change_session("tms-f", |session| {
        session.filter = "tmf-f".into();
        session.target = "tmt-f".into();
    })
}

fn last(facts: Facts) -> String {
    reasons(facts).pop().unwrap()
}

#[test]
fn a_foreign_session_that_takes_everything_shadows_a_new_one_and_that_is_said() {
    let facts = beside(1, |_| {});
    assert!(lanes(facts.clone()).is_empty());
    assert_eq!(last(facts), "nothing left for sta: tms-f, somebody else's, comes first and takes every packet");
}

#[test]
fn one_that_stands_is_kept_under_a_shadow() {
    let shadowed = beside(1, |_| {}).target("tmt-1", Resource::NetworkLoadBalancer(NLB.into())).filter("tmf-1");
    let facts = shadowed.session("tms-1", "eni-1", 100);
    assert_eq!(lanes(facts.clone()), [("sta".into(), 100)]);
    assert!(last(facts).contains("takes every packet"));
}

#[test]
fn a_foreign_session_behind_ours_takes_nothing_from_it() {
    let facts = beside(5000, |_| {}).target("tmt-1", Resource::NetworkLoadBalancer(NLB.into())).filter("tmf-1");
    let facts = facts.session("tms-1", "eni-1", 100);
    assert_eq!(reasons(facts), ["crown-jewel: tag mirror=crown-jewel on the instance"]);
}

#[test]
fn a_foreign_session_to_the_same_sensor_counts_as_coverage() {
    let facts = beside(1, |_| {}).target("tmt-f", Resource::NetworkLoadBalancer(NLB.into()));
    assert!(lanes(facts.clone()).is_empty());
    assert_eq!(last(facts.clone()), "mirrored to sta by tms-f, somebody else's, which takes every packet");
    let short = facts.change_session("tms-f", |session: &mut Session| session.packet_length = Some(100));
    assert!(last(short).starts_with("nothing left for sta"), "headers alone are no coverage of whole packets");
}

#[test]
fn whoever_leaves_anything_that_is_wanted_shadows_nothing() {
    let without_dns = beside(1, |filter| filter.services.clear());
    let one_way = beside(1, |filter| drop(filter.rules.pop_first()));
    let rejecting = beside(1, |filter| {
        let mut rule = filter.rules.values().next().unwrap().clone();
        (rule.number, rule.action, rule.protocol) = (1, RuleAction::Reject, Some(6));
        filter.rules.insert("tmfr-x".into(), rule);
    });
    for facts in [without_dns, one_way, rejecting, jewel().foreign_session("tms-f", "eni-1", 1)] {
        assert_eq!(lanes(facts).len(), 1);
    }
    let dual_stack = beside(1, |_| {}).interface_with("eni-1", "i-1", |interface| interface.ipv6 = true);
    assert_eq!(lanes(dual_stack).len(), 1, "it leaves IPv6");
}

#[test]
fn who_leaves_only_what_we_except_leaves_us_nothing() {
    let facts = beside(1, |filter| {
        let mut rule = filter.rules.values().next().unwrap().clone();
        (rule.number, rule.action, rule.protocol) = (1, RuleAction::Reject, Some(6));
        rule.source_ports = Some(crate::inventory::PortRange { from: 2049, to: 2049 });
        filter.rules.insert("tmfr-x".into(), rule);
    });
    let excepting = |ports: &str| {
        let sensor = format!("sensors: {{sta: {{targets: [{{networkLoadBalancer: {NLB}}}]}}}}");
        policy_of(&format!("{sensor}\nstrategies: [{{name: crown-jewel, importance: {{}}, except: [{ports}]}}]"))
    };
    let inventory = facts.read(0);
    let lanes = |ports| decided(&excepting(ports), &inventory).interfaces[&"eni-1".into()].lanes.len();
    assert_eq!(lanes("tcp/2000-2100"), 0);
    assert_eq!(lanes("tcp/22"), 1);
}

#[test]
fn before_foreign_ours_comes_first_where_there_is_room_and_else_behind() {
    let sensor = format!("sensors: {{sta: {{targets: [{{networkLoadBalancer: {NLB}}}]}}}}");
    let policy = format!("{sensor}\nstrategies: [{{name: crown-jewel, importance: {{}}, before: foreign}}]");
    for (foreign, ours) in [(5000, 100), (100, 99), (2, 1), (1, 100)] {
        let facts = jewel().foreign_session("tms-f", "eni-1", foreign).read(0);
        let decisions = decided(&policy_of(&policy), &facts);
        assert_eq!(decisions.interfaces[&"eni-1".into()].lanes[&"sta".into()].number, ours, "{foreign}");
    }
}

#[test]
fn numbers_and_slots_that_aws_refused_are_not_asked_for_again() {
    let mut lessons = Lessons::default();
    lessons.numbers.entry("eni-1".into()).or_default().insert(100, at(0));
    let facts = jewel().read(0);
    let number = |lessons: &Lessons, seconds| {
        let decisions = decide(&policy(), &facts, lessons, &mut Fits::default(), at(seconds));
        decisions.interfaces[&"eni-1".into()].lanes.get(&"sta".into()).map(|wish| wish.number)
    };
    assert_eq!((number(&lessons, 300), number(&lessons, 3600)), (Some(200), Some(100)));
    lessons.no_slot.insert("eni-1".into(), at(3610));
    assert_eq!((number(&lessons, 3600), number(&lessons, 3610)), (None, Some(100)));
}

#[test]
fn while_no_list_shows_who_has_a_number_that_aws_calls_taken_it_may_be_us_and_no_other_is_tried() {
    let mut lessons = Lessons::default();
    lessons.numbers.entry("eni-1".into()).or_default().insert(100, at(0));
    let decided = |facts: &Inventory, seconds| {
        let decision = decide(&policy(), facts, &lessons, &mut Fits::default(), at(seconds))
            .interfaces
            .remove(&"eni-1".into())
            .unwrap();
        (decision.lanes.get(&"sta".into()).map(|wish| wish.number), decision.reasons)
    };
    let unseen = Reason::NumberUnseen { lane: "sta".into(), number: 100 };
    let (number, reasons) = decided(&jewel().read(0), 299);
    assert_eq!((number, reasons.contains(&unseen)), (None, true));
    assert_eq!(decided(&jewel().read(0), 300).0, Some(200));
    let seen = jewel().foreign_session("tms-9", "eni-1", 100).read(0);
    assert_eq!(decided(&seen, 1).0, Some(200), "a stranger has it");
}

#[test]
fn a_session_that_no_list_shows_is_made_again_with_its_number_although_another_of_ours_is_shown_with_it() {
    let vault = Facts::new().instance("i-1", &[("app", "vault")]).interface("eni-1", "i-1");
    let facts = vault.session("tms-1", "eni-1", 100).read(0);
    let mut lessons = Lessons::default();
    lessons.had.entry("eni-1".into()).or_default().insert("zeek".into(), (100, at(0)));
    let number = |seconds| {
        let decisions = decide(&policy(), &facts, &lessons, &mut Fits::default(), at(seconds));
        decisions.interfaces[&"eni-1".into()].lanes[&"zeek".into()].number
    };
    assert_eq!((number(299), number(300)), (100, 200), "one of the two does not stand, and AWS knows which");
}

/// A jewel and vault whose two sessions stand with these numbers.
fn standing(sta: u16, zeek: u16) -> Facts {
    let facts = jewel_and_vault().target("tmt-1", Resource::NetworkLoadBalancer(NLB.into())).filter("tmf-1");
    let tags = facts.tags(&crate::objects::ObjectKey::Session("eni-1".into(), Lane::from("zeek")));
    facts.session("tms-1", "eni-1", sta).tagged_session("tms-2", "eni-1", zeek, tags)
}

#[test]
fn where_a_less_important_session_comes_first_it_alone_moves_behind() {
    let excepting = |facts: Facts| {
        let decisions = decided(&leaving_syslog(), &facts.read(0));
        let lanes = &decisions.interfaces[&"eni-1".into()].lanes;
        [&"sta".into(), &"zeek".into()].map(|lane| lanes[lane].number)
    };
    assert_eq!(excepting(standing(100, 200)), [100, 200]);
    assert_eq!(excepting(standing(200, 100)), [200, 300]);
    assert_eq!(excepting(standing(200, 100).foreign_session("tms-f", "eni-1", 50)), [200, 300]);
    let between = standing(200, 100).foreign_session("tms-f", "eni-1", 150);
    assert_eq!(excepting(between), [200, 100], "behind a stranger it could lose its packets");
}
