//! One account, one daemon, the whole way from a tag to a session: every round is real, the cloud is simulated, and time passes only
//! when somebody waits.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod account;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use account::{Account, Fate, REGION, policy};
use mirror_core::cloud::{Items, Step};
use mirror_core::ids::{FilterId, InstanceId, InterfaceId};
use mirror_core::inventory::{AMAZON_DNS, Rule, RuleAction, Tags};
use mirror_core::objects::ObjectKey;
use mirror_core::ownership::{KEY_TAG, OWNER_TAG, Owner, PROOF_TAG, tags};
use mirror_sim::fleet::{instance, network};
use mirror_sim::{
    AssignIpv6Addresses, AttachNetworkInterface, CreateNetworkInterface, CreateTrafficMirrorFilter,
    CreateTrafficMirrorFilterRule, CreateTrafficMirrorSession, DeleteTags, Describe, Request, Response, RuleWish,
    UnassignIpv6Addresses, World,
};
use vpc_mirror::clock::Clock;
use vpc_mirror::round::{Permit, Watcher};

#[tokio::test]
async fn a_tagged_instance_gets_its_session_with_the_right_filter_tags_and_number() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.runs(instance());
    account.goes_on_for(10).await;

    let sessions = account.sessions();
    assert_eq!(sessions.len(), 1);
    assert_eq!(vec![sessions[0].interface.clone()], account.interfaces_of(&jewel));
    assert_eq!(sessions[0].number, 100);
    assert_eq!(sessions[0].tags[OWNER_TAG], "prod");
    assert_eq!(sessions[0].tags[KEY_TAG], "sta");
    assert_eq!(sessions[0].tags[PROOF_TAG].len(), 32);
    let filters = account.filters();
    assert_eq!(filters.len(), 1);
    assert_eq!(filters[0].rules.len(), 2);
    assert!(filters[0].services.contains(AMAZON_DNS));
    assert_eq!(account.targets().len(), 1);
}

#[tokio::test]
async fn n_sessions_cost_n_calls_and_five_for_what_they_share() {
    let mut account = Account::new();
    for _ in 0..40 {
        account.runs_a_jewel();
    }
    account.goes_on_for(10).await;
    let writes = account.writes();
    assert_eq!(writes.len(), 45, "{writes:?}");
    assert_eq!(account.mirrored().len(), 40);
}

#[tokio::test]
async fn another_interface_gets_another_session() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    attach_another(&account, &jewel);
    account.goes_on_for(70).await;
    assert_eq!(account.mirrored(), account.interfaces_of(&jewel).into_iter().collect::<BTreeSet<_>>());
    assert_eq!(account.mirrored().len(), 2);
}

fn attach_another(account: &Account, instance: &InstanceId) {
    let Response::DescribeInstances(page) =
        account.call(Request::DescribeInstances(Describe::only([instance.clone()])))
    else {
        panic!("no instances");
    };
    let subnet = page.items[0].instance.subnet.clone();
    let new = CreateNetworkInterface::in_subnet(&subnet);
    let Response::CreateNetworkInterface(interface) = account.call(Request::CreateNetworkInterface(new)) else {
        panic!("no interface");
    };
    let attach = AttachNetworkInterface {
        interface: interface.id,
        instance: instance.clone(),
        device_index: 1,
        network_card: 0,
    };
    account.call(Request::AttachNetworkInterface(attach));
}

#[tokio::test]
async fn an_interface_that_gets_ipv6_is_moved_in_place_to_a_filter_that_has_it() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    let before = account.sessions();
    let interface = account.interfaces_of(&jewel).remove(0);
    account.call(Request::AssignIpv6Addresses(AssignIpv6Addresses { interface, count: 1, prefix_count: 0 }));
    account.goes_on_for(300).await;
    let after = account.sessions();
    assert_eq!((after[0].id.clone(), after.len()), (before[0].id.clone(), 1), "never interrupted");
    let filters = account.filters();
    assert_eq!(filters.len(), 1, "the old filter goes when nobody uses it");
    assert_eq!(filters[0].rules.len(), 4);
}

#[tokio::test]
async fn an_interface_that_loses_ipv6_keeps_its_session_and_its_filter_without_a_call() {
    let mut account = Account::new();
    let jewel = account.runs(instance().tagged("mirror", "crown-jewel").dual_stack());
    account.goes_on_for(100).await;
    let before = (account.sessions(), account.filters());
    assert_eq!(before.1[0].rules.len(), 4);
    account.writes();
    let interface = account.interfaces_of(&jewel).remove(0);
    let describe = Request::DescribeNetworkInterfaces(Describe::only([interface.clone()]));
    let Response::DescribeNetworkInterfaces(page) = account.call(describe) else { panic!("no interfaces") };
    let addresses = page.items[0].ipv6_addresses.clone();
    account.call(Request::UnassignIpv6Addresses(UnassignIpv6Addresses { interface, addresses, prefixes: Vec::new() }));
    account.goes_on_for(3600).await;
    assert_eq!(account.writes(), Vec::<&str>::new());
    assert_eq!((account.sessions(), account.filters()), before);
}

#[tokio::test]
async fn tagged_off_it_goes_after_the_settle_time_and_not_before() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    account.tag(jewel.as_str(), "mirror", "off");
    account.goes_on_for(75).await;
    assert_eq!(account.sessions().len(), 1, "seen at the resync, and settling since");
    account.goes_on_for(15).await;
    assert!(account.sessions().is_empty());
}

#[tokio::test]
async fn a_tag_that_is_off_for_a_moment_interrupts_nothing() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    let before = account.sessions();
    account.tag(jewel.as_str(), "mirror", "off");
    account.goes_on_for(70).await;
    account.tag(jewel.as_str(), "mirror", "crown-jewel");
    account.goes_on_for(300).await;
    assert_eq!(account.sessions(), before);
}

#[tokio::test]
async fn tagged_off_and_on_again_it_is_mirrored_again_although_aws_remembers_the_old_token() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    for _ in 0..3 {
        account.goes_on_for(100).await;
        assert_eq!(account.sessions().len(), 1);
        account.tag(jewel.as_str(), "mirror", "off");
        account.goes_on_for(200).await;
        assert!(account.sessions().is_empty());
        account.tag(jewel.as_str(), "mirror", "crown-jewel");
    }
}

#[tokio::test]
async fn a_restart_that_forgot_what_it_removed_only_takes_longer() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(100).await;
    account.tag(jewel.as_str(), "mirror", "off");
    account.goes_on_for(200).await;
    account.restart();
    account.tag(jewel.as_str(), "mirror", "crown-jewel");
    account.goes_on_for(10).await;
    assert!(account.sessions().is_empty(), "AWS answers with the filter, and then with the session, that are gone");
    account.goes_on_for(600).await;
    assert_eq!(account.sessions().len(), 1);
}

#[tokio::test]
async fn a_terminated_instance_takes_its_session_along_and_we_call_nothing() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    account.calls();
    account.call(Request::TerminateInstances(vec![jewel]));
    account.goes_on_for(200).await;
    assert!(account.sessions().is_empty());
    // The filter has no user any more; the target is still named by the policy.
    let writes = account.writes();
    assert!(!writes.contains(&"DeleteTrafficMirrorSession"), "{writes:?}");
    assert_eq!(account.targets().len(), 1);
}

#[tokio::test]
async fn a_stopped_instance_loses_its_session_and_gets_it_back_when_it_starts() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    account.call(Request::StopInstances(vec![jewel.clone()]));
    account.goes_on_for(200).await;
    assert!(account.sessions().is_empty(), "it would cost, and mirror nothing");
    account.call(Request::StartInstances(vec![jewel]));
    account.goes_on_for(200).await;
    assert_eq!(account.sessions().len(), 1);
}

#[tokio::test]
async fn a_session_that_somebody_deletes_is_back_after_the_settle_time() {
    let mut account = Account::new();
    account.runs_a_jewel();
    account.goes_on_for(10).await;
    let first = account.sessions().remove(0);
    account.call(Request::DeleteTrafficMirrorSession(first.id.clone()));
    account.goes_on_for(100).await;
    let second = account.sessions().remove(0);
    assert_ne!(second.id, first.id);
    assert_eq!((second.interface, second.number), (first.interface, first.number));
}

#[tokio::test]
async fn a_rule_that_somebody_deletes_is_back_and_one_that_somebody_adds_spoils_the_filter() {
    let mut account = Account::new();
    account.runs_a_jewel();
    account.goes_on_for(10).await;
    let filter = account.filters().remove(0);
    let rule = filter.rules.keys().next().unwrap().clone();
    account.call(Request::DeleteTrafficMirrorFilterRule(rule));
    account.goes_on_for(100).await;
    assert_eq!(account.filters()[0].rules.len(), 2);

    let mut foreign = account.filters()[0].rules.values().next().unwrap().rule.clone();
    foreign.number = 7;
    foreign.action = RuleAction::Reject;
    account.call(Request::CreateTrafficMirrorFilterRule(CreateTrafficMirrorFilterRule {
        filter: filter.id.clone(),
        rule: rule_wish(foreign),
        description: None,
        tags: Tags::new(),
        token: None,
    }));
    account.goes_on_for(300).await;
    let filters = account.filters();
    assert_eq!(filters.len(), 1);
    assert_ne!(filters[0].id, filter.id);
    assert_eq!(account.sessions()[0].filter, filters[0].id);
}

fn rule_wish(rule: Rule) -> RuleWish {
    RuleWish {
        direction: rule.direction,
        number: rule.number.into(),
        action: rule.action,
        protocol: rule.protocol.map(i32::from),
        source: rule.source,
        destination: rule.destination,
        source_ports: None,
        destination_ports: None,
    }
}

/// Somebody's session on an interface, through that filter.
fn somebody_mirrors_through(account: &Account, interface: &InterfaceId, number: i32, filter: &FilterId) {
    create_session(account, interface, number, filter, Tags::new());
}

/// Somebody's session on an interface, with these tags. Through a filter of theirs that takes nothing, so that ours is wanted beside it.
fn somebody_mirrors(account: &Account, interface: &InterfaceId, number: i32, tags: Tags) {
    let wish = CreateTrafficMirrorFilter::default();
    let Response::CreateTrafficMirrorFilter(filter) = account.call(Request::CreateTrafficMirrorFilter(wish)) else {
        panic!("no filter");
    };
    create_session(account, interface, number, &filter.id, tags);
}

fn create_session(account: &Account, interface: &InterfaceId, number: i32, filter: &FilterId, tags: Tags) {
    let target = account.targets()[0].id.clone();
    let wish = CreateTrafficMirrorSession {
        interface: interface.clone(),
        target,
        filter: filter.clone(),
        number,
        packet_length: None,
        vni: Some(77),
        description: Some("by hand".into()),
        tags,
        token: None,
    };
    account.call(Request::CreateTrafficMirrorSession(wish));
}

#[tokio::test]
async fn a_foreign_session_and_one_with_a_copied_proof_are_never_touched_and_ours_stands_beside_them() {
    let mut account = Account::new();
    let (one, two) = (account.runs_a_jewel(), account.runs_a_jewel());
    account.goes_on_for(10).await;
    let (one, two) = (account.interfaces_of(&one).remove(0), account.interfaces_of(&two).remove(0));
    let copied = account.sessions().into_iter().find(|session| session.interface == one).unwrap().tags;
    somebody_mirrors(&account, &two, 1, Tags::new());
    somebody_mirrors(&account, &two, 2, copied);
    let strangers =
        |account: &Account| account.sessions().into_iter().filter(|session| session.number < 100).collect::<Vec<_>>();
    let before = strangers(&account);
    account.tag(account.sessions()[0].interface.clone().as_str(), "mirror", "off");
    account.tag(two.as_str(), "mirror", "off");
    account.goes_on_for(1000).await;
    assert_eq!(strangers(&account), before);
    account.tag(two.as_str(), "mirror", "crown-jewel");
    account.goes_on_for(1000).await;
    assert_eq!(strangers(&account), before);
    assert!(account.sessions().iter().any(|session| session.interface == two && session.number == 100));
}

#[tokio::test]
async fn a_foreign_session_that_sends_everything_to_our_sensor_is_coverage_enough() {
    let mut account = Account::new();
    account.runs_a_jewel();
    account.goes_on_for(10).await;
    let covered = account.runs(instance());
    let interface = account.interfaces_of(&covered).remove(0);
    somebody_mirrors_through(&account, &interface, 1, &account.filters()[0].id);
    account.tag(covered.as_str(), "mirror", "crown-jewel");
    account.goes_on_for(1000).await;
    assert_eq!(account.sessions().iter().filter(|session| session.interface == interface).count(), 1);
    account.goes_on_for(1000).await;
    assert_eq!(account.sessions().len(), 2);
}

fn reads(action: &str) -> bool {
    action.starts_with("Describe") || action == "GetResources"
}

#[tokio::test]
async fn a_quiet_time_makes_no_write() {
    let mut account = Account::new();
    for _ in 0..5 {
        account.runs_a_jewel();
    }
    account.goes_on_for(10).await;
    account.calls();
    account.goes_on_for(24 * 3600).await;
    let calls = account.calls();
    let writes: Vec<_> = calls.iter().filter(|action| !reads(action)).collect();
    assert_eq!(writes, Vec::<&&str>::new());
    assert_eq!(calls.len(), 24 * 60 * 8, "six lists a minute, two for the load balancer, and nothing else");
}

#[tokio::test]
async fn a_list_that_is_denied_for_a_day_removes_nothing_and_is_asked_for_at_most_once_a_minute() {
    for list in [
        "DescribeInstances",
        "DescribeNetworkInterfaces",
        "GetResources",
        "DescribeTrafficMirrorTargets",
        "DescribeTrafficMirrorFilters",
        "DescribeTrafficMirrorSessions",
    ] {
        let mut account = Account::new();
        let jewel = account.runs_a_jewel();
        account.goes_on_for(10).await;
        account.fate(move |action| if action == list { Fate::Denied } else { Fate::Answered });
        account.tag(jewel.as_str(), "mirror", "off");
        account.calls();
        account.goes_on_for(24 * 3600).await;
        let calls = account.calls();
        assert!(calls.iter().all(|action| reads(action)), "{list}: {calls:?}");
        assert!(calls.iter().filter(|action| **action == list).count() <= 24 * 60 + 10, "{list}");
        assert_eq!(account.sessions().len(), 1, "{list}");
        account.fate(|_| Fate::Answered);
        account.goes_on_for(200).await;
        assert!(account.sessions().is_empty(), "{list}: what is truly wanted happens when it can be seen again");
    }
}

#[tokio::test]
async fn a_cloud_that_is_down_for_a_day_changes_nothing_and_is_not_stormed_afterwards() {
    let mut account = Account::new();
    account.runs_a_jewel();
    account.goes_on_for(10).await;
    account.fate(|_| Fate::Lost);
    account.calls();
    account.goes_on_for(24 * 3600).await;
    assert!(account.calls().len() <= 8 * (24 * 60 + 10));
    account.fate(|_| Fate::Answered);
    account.runs_a_jewel();
    account.goes_on_for(120).await;
    assert_eq!(account.mirrored().len(), 2);
}

#[tokio::test]
async fn without_permission_to_create_it_is_tried_at_most_once_a_minute() {
    let mut account = Account::new();
    for _ in 0..20 {
        account.runs_a_jewel();
    }
    account.fate(|action| if action == "CreateTrafficMirrorSession" { Fate::Denied } else { Fate::Answered });
    account.goes_on_for(3600).await;
    let tries = account.writes().into_iter().filter(|action| *action == "CreateTrafficMirrorSession").count();
    assert!((50..80).contains(&tries), "{tries}");
    account.fate(|_| Fate::Answered);
    account.goes_on_for(700).await;
    assert_eq!(account.mirrored().len(), 20);
}

#[tokio::test]
async fn a_thousand_sessions_take_as_long_as_the_request_rate_allows_and_no_longer() {
    let mut account = Account::new();
    for _ in 0..1000 {
        instance().tagged("mirror", "crown-jewel").launch(&mut account.world()).unwrap();
    }
    account.hands.pass(3);
    let begin = account.hands.now();
    while account.mirrored().len() < 1000 {
        account.round().await;
    }
    let seconds = account.hands.now().duration_since(begin).as_secs_f64();
    // 50 at once, then 5 a second. Source: "Request throttling for the Amazon EC2 API".
    let least = 950.0 / 5.0;
    assert!(seconds >= least && seconds <= least * 1.02, "{seconds}");
}

#[tokio::test]
async fn throttled_it_calls_less_and_still_gets_everything_done() {
    let mut account = Account::new();
    for _ in 0..10 {
        account.runs_a_jewel();
    }
    let mut calls = 0;
    account.fate(move |action| {
        calls += 1;
        if action == "CreateTrafficMirrorSession" && calls % 2 == 0 { Fate::Throttled } else { Fate::Answered }
    });
    account.goes_on_for(300).await;
    assert_eq!(account.sessions().len(), 10);
    let creates = account.writes().into_iter().filter(|action| *action == "CreateTrafficMirrorSession").count();
    assert!(creates <= 25, "{creates} calls for 10 sessions");
}

#[tokio::test]
async fn an_answer_that_is_lost_makes_no_double() {
    let mut account = Account::new();
    for _ in 0..10 {
        account.runs_a_jewel();
    }
    let mut calls = 0;
    account.fate(move |action| {
        calls += 1;
        if action.starts_with("Create") && calls % 3 == 0 { Fate::AnswerLost } else { Fate::Answered }
    });
    account.goes_on_for(600).await;
    assert_eq!((account.sessions().len(), account.filters().len(), account.targets().len()), (10, 1, 1));
}

/// Lets a round make so many calls, and then ends the process.
struct Dies {
    calls_left: AtomicUsize,
}

impl Watcher for Dies {
    fn permit(&self) -> Permit {
        let alive = self.calls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if alive.is_ok() { Permit::Apply } else { Permit::Nothing }
    }
}

#[tokio::test]
async fn killed_at_any_call_before_it_or_after_its_effect_the_next_run_carries_on_to_the_same_end() {
    for effect in [false, true] {
        for calls in 0..60 {
            let mut account = Account::new();
            for _ in 0..3 {
                account.runs_a_jewel();
            }
            let mut left = calls;
            account.fate(move |_| {
                left -= 1;
                if effect && left == 0 { Fate::AnswerLost } else { Fate::Answered }
            });
            let dies = Dies { calls_left: AtomicUsize::new(calls as usize) };
            for _ in 0..20 {
                account.round_with(&dies).await;
                account.hands.pass(1);
            }
            account.fate(|_| Fate::Answered);
            account.restart();
            account.goes_on_for(120).await;
            let found =
                (account.sessions().len(), account.mirrored().len(), account.filters().len(), account.targets().len());
            assert_eq!(found, (3, 3, 1, 1), "killed at call {calls}, effect {effect}");
        }
    }
}

#[tokio::test]
async fn two_daemons_that_do_not_know_of_each_other_make_everything_once() {
    let mut account = Account::new();
    for _ in 0..5 {
        account.runs_a_jewel();
    }
    let mut other = account.another_daemon();
    for _ in 0..200 {
        account.round().await;
        other.round().await;
        account.hands.pass(1);
    }
    assert_eq!((account.sessions().len(), account.filters().len(), account.targets().len()), (5, 1, 1));
}

#[tokio::test]
async fn another_load_balancer_in_the_policy_moves_the_sessions_in_place_and_the_old_target_goes() {
    let mut account = Account::new();
    for _ in 0..3 {
        account.runs_a_jewel();
    }
    account.goes_on_for(10).await;
    let before: BTreeSet<_> = account.sessions().into_iter().map(|session| session.id).collect();
    let other = account.world().add_network_load_balancer("other");
    account.policy = policy(&other);
    account.goes_on_for(200).await;
    let sessions = account.sessions();
    assert_eq!(sessions.iter().map(|session| session.id.clone()).collect::<BTreeSet<_>>(), before);
    let targets = account.targets();
    assert_eq!(targets.len(), 1);
    assert!(sessions.iter().all(|session| session.target == targets[0].id));
}

#[tokio::test]
async fn an_instance_that_is_not_listed_keeps_its_session() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.runs(instance());
    account.goes_on_for(100).await;
    account.lie(move |items| {
        if let Items::Instances(instances) = items {
            instances.retain(|instance| instance.id != jewel);
        }
    });
    account.goes_on_for(3600).await;
    assert_eq!(account.sessions().len(), 1);
}

#[tokio::test]
async fn empty_lists_of_instances_and_sessions_take_neither_a_session_nor_the_filter_that_it_uses() {
    let mut account = Account::new();
    for _ in 0..20 {
        account.runs_a_jewel();
    }
    account.goes_on_for(100).await;
    account.lie(|items| match items {
        Items::Instances(instances) => instances.clear(),
        Items::Sessions(sessions) => sessions.clear(),
        _ => {}
    });
    account.goes_on_for(3600).await;
    assert_eq!((account.sessions().len(), account.filters()[0].rules.len()), (20, 2));
}

#[tokio::test]
async fn one_read_without_ipv6_narrows_nothing() {
    let mut account = Account::new();
    account.runs(instance().tagged("mirror", "crown-jewel").dual_stack());
    account.goes_on_for(100).await;
    let before = account.sessions();
    let mut lied = false;
    account.lie(move |items| {
        if let Items::Interfaces(interfaces) = items
            && !lied
        {
            lied = true;
            interfaces.iter_mut().for_each(|interface| interface.ipv6 = false);
        }
    });
    account.goes_on_for(1000).await;
    assert_eq!(account.sessions(), before);
    assert!(!account.writes().contains(&"ModifyTrafficMirrorSession"));
}

#[tokio::test]
async fn a_filter_that_lost_our_tags_is_foreign_although_aws_answers_our_token_with_it() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(100).await;
    let filter = account.filters().remove(0).id;
    account.call(Request::DeleteTags(DeleteTags { resources: vec![filter.to_string()], tags: vec![] }));
    account.tag(jewel.as_str(), "mirror", "off");
    account.goes_on_for(300).await;
    let rule = account.filters()[0].rules.keys().next().unwrap().clone();
    account.call(Request::DeleteTrafficMirrorFilterRule(rule));
    let taken = account.filters();
    account.restart();
    account.tag(jewel.as_str(), "mirror", "crown-jewel");
    account.goes_on_for(1000).await;
    assert!(account.filters().contains(&taken[0]), "it is as somebody left it");
    assert_eq!(account.sessions().len(), 1);
}

#[tokio::test]
async fn what_is_known_of_one_account_is_never_mixed_with_the_answers_of_another() {
    let mut account = Account::new();
    account.runs_a_jewel();
    account.goes_on_for(100).await;
    let mut other = World::new("999900001111".into(), REGION.into(), 8, account.hands.now());
    network(&mut other);
    account.policy = policy(&other.add_network_load_balancer("sensor"));
    instance().tagged("mirror", "crown-jewel").launch(&mut other).unwrap();
    account.changes_credentials("999900001111", other);
    account.goes_on_for(3600).await;
    let sessions = account.sessions();
    assert_eq!(sessions.len(), 1);
    let key = ObjectKey::Session(sessions[0].interface.clone(), "sta".into());
    let owner = Owner { name: "prod", account: &"999900001111".into(), region: &REGION.into() };
    assert_eq!(sessions[0].tags, tags(owner, &key), "or the next run would not know it");
}

#[tokio::test]
async fn an_account_that_was_named_wrongly_is_asked_for_again_before_anything_is_made() {
    let mut account = Account::new();
    account.runs_a_jewel();
    account.lie(|items| {
        if let Items::Identity(account) = items {
            *account = "999900001111".into();
        }
    });
    account.goes_on_for(100).await;
    assert_eq!(account.writes(), [""; 0], "the list of instances says another account");
    account.lie(|_| {});
    account.goes_on_for(100).await;
    let sessions = account.sessions();
    let key = ObjectKey::Session(sessions[0].interface.clone(), "sta".into());
    let owner = Owner { name: "prod", account: &"111122223333".into(), region: &REGION.into() };
    assert_eq!(sessions[0].tags, tags(owner, &key));
}

#[tokio::test]
async fn a_session_that_the_lists_hide_is_not_made_again_beside_itself_whoever_has_come_meanwhile() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    account.goes_on_for(10).await;
    let ours = account.sessions().remove(0);
    account.lie(|items| {
        if let Items::Sessions(sessions) = items {
            sessions.retain(|session| !session.tags.contains_key(OWNER_TAG));
        }
    });
    let interface = account.interfaces_of(&jewel).remove(0);
    somebody_mirrors(&account, &interface, 101, Tags::new());
    account.goes_on_for(240).await;
    account.lie(|_| {});
    account.goes_on_for(600).await;
    let marked = account.sessions().into_iter().filter(|session| session.tags.contains_key(OWNER_TAG));
    assert_eq!(marked.map(|session| session.id).collect::<Vec<_>>(), [ours.id]);
}

#[tokio::test]
async fn beside_a_spoiled_filter_that_somebody_uses_ours_is_made_again_as_often_as_it_is_wanted() {
    let mut account = Account::new();
    let jewel = account.runs_a_jewel();
    let other = account.runs(instance());
    account.goes_on_for(10).await;
    let spoiled = account.filters().remove(0);
    let other = account.interfaces_of(&other).remove(0);
    somebody_mirrors_through(&account, &other, 10, &spoiled.id);
    let mut rule = spoiled.rules.values().next().unwrap().rule.clone();
    rule.number = 7;
    account.call(Request::CreateTrafficMirrorFilterRule(CreateTrafficMirrorFilterRule {
        filter: spoiled.id,
        rule: rule_wish(rule),
        description: None,
        tags: Tags::new(),
        token: None,
    }));
    for _ in 0..3 {
        account.goes_on_for(200).await;
        assert_eq!(account.sessions().len(), 2, "theirs, and ours through another filter");
        account.tag(jewel.as_str(), "mirror", "off");
        account.goes_on_for(300).await;
        assert_eq!(account.filters().len(), 1, "the one that they use");
        account.tag(jewel.as_str(), "mirror", "crown-jewel");
    }
}

#[tokio::test]
async fn filters_that_are_spoiled_one_after_the_other_do_not_make_it_write_for_ever() {
    let mut account = Account::new();
    account.runs_a_jewel();
    let other = account.runs(instance());
    account.goes_on_for(10).await;
    let other = account.interfaces_of(&other).remove(0);
    for number in 10..12 {
        // Somebody uses our filter too, and adds a rule.
        let session = account.sessions().into_iter().find(|session| session.number == 100).unwrap();
        let filter = account.filters().into_iter().find(|filter| filter.id == session.filter).unwrap();
        somebody_mirrors_through(&account, &other, number, &filter.id);
        let mut rule = filter.rules.values().next().unwrap().rule.clone();
        rule.number = 7;
        account.call(Request::CreateTrafficMirrorFilterRule(CreateTrafficMirrorFilterRule {
            filter: filter.id,
            rule: rule_wish(rule),
            description: None,
            tags: Tags::new(),
            token: None,
        }));
        account.writes();
        account.goes_on_for(3600).await;
        let writes = account.writes();
        assert!(writes.len() <= 6, "{writes:?}");
    }
}

#[tokio::test]
async fn interfaces_that_fail_for_ever_do_not_starve_the_others() {
    for fate in [Fate::Lost, Fate::Denied] {
        let mut account = Account::new();
        let instances: Vec<_> = (0..15).map(|_| account.runs_a_jewel()).collect();
        let mut interfaces: Vec<_> = instances.iter().flat_map(|id| account.interfaces_of(id)).collect();
        interfaces.sort();
        let failing: BTreeSet<_> = interfaces.into_iter().take(10).collect();
        account.refuse(move |step| match step {
            Step::CreateSession { interface, .. } if failing.contains(interface) => fate,
            _ => Fate::Answered,
        });
        account.goes_on_for(1200).await;
        assert_eq!(account.sessions().len(), 5, "{fate:?}");
    }
}

#[tokio::test]
async fn one_that_may_only_look_rests() {
    struct Looks;
    impl Watcher for Looks {
        fn permit(&self) -> Permit {
            Permit::Read
        }
    }
    let mut account = Account::new();
    account.runs_a_jewel();
    account.goes_on_for_with(3600, &Looks).await;
    assert_eq!(account.calls().len(), 1 + 8 * 61, "its account once, and eight lists a minute");
    assert!(account.sessions().is_empty());
}

#[tokio::test]
async fn the_same_account_makes_the_same_round_byte_for_byte() {
    let mut rounds = Vec::new();
    for _ in 0..2 {
        let mut account = Account::new();
        for _ in 0..5 {
            account.runs_a_jewel();
        }
        let mut text = String::new();
        for _ in 0..5 {
            text += &serde_json::to_string(&account.round().await).unwrap();
        }
        rounds.push(text);
    }
    assert_eq!(rounds[0], rounds[1]);
}
