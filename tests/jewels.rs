//! One account, and what its crown jewels meet in it: full targets, types that AWS refuses, other owners, and policies that change.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod account;

use std::collections::{BTreeMap, BTreeSet};

use account::{Account, Fate, policy};
use mirror_core::cloud::Items;
use mirror_core::ids::{InstanceId, SessionId};
use mirror_core::inventory::Tags;
use mirror_core::ownership::OWNER_TAG;
use mirror_core::policy::{Policy, parse};
use mirror_core::report;
use mirror_sim::fleet::instance;
use mirror_sim::{CreateTrafficMirrorFilter, CreateTrafficMirrorSession, Describe, Request, Response};

/// A policy of this owner's, with everything else as it is written here.
fn policy_of(owner: &str, rest: &str) -> Policy {
    let text = format!("apiVersion: vpc-mirror/v1\nkind: Policy\nowner: {owner}\nlimits: {{apiShare: 100%}}\n{rest}\n");
    parse("policy", &text).unwrap_or_else(|error| panic!("{error}"))
}

fn runs_jewels(account: &Account, count: usize) -> Vec<InstanceId> {
    (0..count).map(|_| account.runs_a_jewel()).collect()
}

/// How many sessions go to each target, the fewest first.
fn spread(account: &Account) -> Vec<usize> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    account.sessions().into_iter().for_each(|session| *counts.entry(session.target).or_default() += 1);
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable();
    counts
}

#[tokio::test]
async fn a_sensors_interface_takes_ten_sources_and_the_next_go_to_the_next_target() {
    let mut account = Account::new();
    let sensors = [account.runs(instance()), account.runs(instance())];
    let [one, two] = sensors.map(|sensor| account.interfaces_of(&sensor).remove(0));
    let balancer = account.sensor.clone();
    let targets =
        format!("{{networkInterface: {one}}}, {{networkInterface: {two}}}, {{networkLoadBalancer: {balancer}}}");
    account.policy = policy_of(
        "prod",
        &format!("sensors: {{sta: {{targets: [{targets}]}}}}\nstrategies: [{{name: crown-jewel, importance: {{}}}}]"),
    );
    runs_jewels(&account, 23);
    account.goes_on_for(30).await;
    assert_eq!(spread(&account), [3, 10, 10]);
    account.writes();
    account.goes_on_for(3600).await;
    assert_eq!(account.writes().len(), 0, "nothing moves to a nearer target, and nothing is tried at a full one");
}

#[tokio::test]
async fn a_sensors_own_instance_that_is_tagged_as_a_jewel_is_not_mirrored() {
    let mut account = Account::new();
    let sensor = account.runs(instance().tagged("mirror", "crown-jewel").with_another_interface());
    let interfaces = account.interfaces_of(&sensor);
    account.policy = policy_of(
        "prod",
        &format!(
            "sensors: {{sta: {{targets: [{{networkInterface: {}}}]}}}}\nstrategies: [{{name: crown-jewel, importance: {{}}}}]",
            interfaces[0]
        ),
    );
    account.runs_a_jewel();
    account.goes_on_for(600).await;
    let mirrored = account.mirrored();
    assert_eq!(mirrored.len(), 1);
    assert!(interfaces.iter().all(|interface| !mirrored.contains(interface)));
}

#[tokio::test]
async fn a_type_that_aws_refuses_is_tried_on_three_interfaces_and_on_no_further_one() {
    let mut account = Account::new();
    let runs_an_unknown =
        |account: &Account| account.runs(instance().of_type("x99.large").tagged("mirror", "crown-jewel"));
    let tries = |account: &Account| account.writes().iter().filter(|it| **it == "CreateTrafficMirrorSession").count();
    for _ in 0..3 {
        runs_an_unknown(&account);
    }
    account.goes_on_for(3600).await;
    assert_eq!(tries(&account), 3, "each once: it is remembered how it is attached");
    runs_an_unknown(&account);
    account.goes_on_for(3600).await;
    assert_eq!(tries(&account), 0);
    account.runs_a_jewel();
    account.goes_on_for(100).await;
    assert_eq!(account.sessions().len(), 1);
}

#[tokio::test]
async fn a_type_that_the_guide_does_not_list_is_never_tried_unless_the_policy_says_that_it_is_supported() {
    let mut account = Account::new();
    account.runs(instance().of_type("t2.micro").tagged("mirror", "crown-jewel"));
    account.goes_on_for(3600).await;
    assert!(account.writes().is_empty());
    account.policy.instance_types.supported.insert("t2".into());
    account.goes_on_for(3600).await;
    let tries = account.writes().iter().filter(|action| **action == "CreateTrafficMirrorSession").count();
    assert_eq!(tries, 1, "AWS knows better than the policy");
}

#[tokio::test]
async fn another_load_balancer_costs_two_calls_and_one_for_each_session_and_then_none() {
    let mut account = Account::new();
    runs_jewels(&account, 100);
    account.policy.limits.max_losses = 1.0;
    // After an hour the allowance is full: all of them may be re-pointed at once.
    account.goes_on_for(3700).await;
    assert_eq!(account.sessions().len(), 100);
    let before: BTreeSet<SessionId> = account.sessions().into_iter().map(|session| session.id).collect();
    account.writes();
    let other = account.world().add_network_load_balancer("other");
    account.policy = policy(&other);
    account.policy.limits.max_losses = 1.0;
    account.goes_on_for(300).await;
    let writes = account.writes();
    let count = |action: &str| writes.iter().filter(|it| **it == action).count();
    assert_eq!(count("ModifyTrafficMirrorSession"), 100);
    assert_eq!((count("CreateTrafficMirrorTarget"), count("DeleteTrafficMirrorTarget"), writes.len()), (1, 1, 102));
    assert_eq!(account.sessions().into_iter().map(|session| session.id).collect::<BTreeSet<_>>(), before);
    account.goes_on_for(24 * 3600).await;
    assert!(account.writes().is_empty());
}

#[tokio::test]
async fn a_rollout_of_sixty_an_hour_begins_one_a_minute_and_a_pause_stops_it() {
    let mut account = Account::new();
    account.policy.limits.new_sources_per_hour = Some(60);
    runs_jewels(&account, 20);
    account.goes_on_for(5 * 60).await;
    let after_five_minutes = account.sessions().len();
    assert!((5..=6).contains(&after_five_minutes), "{after_five_minutes}");
    account.policy.paused = true;
    account.goes_on_for(600).await;
    assert_eq!(account.sessions().len(), after_five_minutes);
    account.policy.paused = false;
    account.goes_on_for(1200).await;
    assert_eq!(account.sessions().len(), 20);
}

/// What stands for an owner: each session with its number.
fn of(account: &Account, owner: &str) -> BTreeMap<SessionId, u16> {
    let ours = account.sessions().into_iter().filter(|session| session.tags[OWNER_TAG] == owner);
    ours.map(|session| (session.id, session.number)).collect()
}

#[tokio::test]
async fn two_owners_on_one_fleet_leave_each_other_alone_for_a_day_and_never_renumber() {
    let mut red = Account::new();
    let strategy = |except: &str| format!("strategies: [{{name: crown-jewel, importance: {{}}, except: [{except}]}}]");
    let sensor =
        |name: &str, arn: &str| format!("sensors: {{{name}: {{targets: [{{networkLoadBalancer: {arn}}}]}}}}\n");
    let theirs = red.world().add_network_load_balancer("theirs");
    let mut blue = red.another_daemon();
    red.policy = policy_of("red", &(sensor("sta", red.sensor.as_str()) + &strategy("udp/514")));
    blue.policy = policy_of("blue", &(sensor("zeek", theirs.as_str()) + &strategy("udp/515")));
    let mut jewels = runs_jewels(&red, 10);
    let mut numbers: BTreeMap<SessionId, u16> = BTreeMap::new();
    for hour in 0..24 {
        red.call(Request::TerminateInstances(vec![jewels.remove(0)]));
        jewels.push(red.runs_a_jewel());
        for turn in 0..60 {
            let who = if (hour + turn) % 2 == 0 { &mut red } else { &mut blue };
            who.goes_on_for(60).await;
        }
        for owner in ["red", "blue"] {
            let sessions = of(&red, owner);
            assert_eq!(sessions.len(), 10, "{owner} in hour {hour}");
            for (id, number) in sessions {
                assert_eq!(*numbers.entry(id).or_insert(number), number);
            }
        }
    }
    for owner in [&mut red, &mut blue] {
        owner.goes_on_for(100).await;
        owner.writes();
        owner.goes_on_for(3600).await;
        assert!(owner.writes().is_empty());
    }
}

#[tokio::test]
async fn a_number_that_somebody_took_in_the_meantime_is_left_to_them() {
    let mut account = Account::new();
    account.runs_a_jewel();
    account.goes_on_for(100).await;
    // The list does not show the stranger's session yet: our number is refused.
    let late = account.runs(instance());
    let interface = account.interfaces_of(&late).remove(0);
    let (target, filter) = (account.targets()[0].id.clone(), CreateTrafficMirrorFilter::default());
    let Response::CreateTrafficMirrorFilter(filter) = account.call(Request::CreateTrafficMirrorFilter(filter)) else {
        panic!("no filter");
    };
    account.call(Request::CreateTrafficMirrorSession(CreateTrafficMirrorSession {
        interface: interface.clone(),
        target,
        filter: filter.id,
        number: 100,
        packet_length: None,
        vni: None,
        description: None,
        tags: Tags::new(),
        token: None,
    }));
    account.lie(|items| {
        if let Items::Sessions(sessions) = items {
            sessions.retain(|session| !session.tags.is_empty());
        }
    });
    account.tag(late.as_str(), "mirror", "crown-jewel");
    account.writes();
    let tries =
        |account: &Account| account.writes().iter().filter(|action| **action == "CreateTrafficMirrorSession").count();
    account.goes_on_for(250).await;
    assert_eq!(tries(&account), 1, "100 is refused, and as long as no list shows by whom it may be ours that has it");
    account.goes_on_for(150).await;
    assert_eq!(tries(&account), 1, "200 is free");
    let numbers: BTreeSet<u16> =
        account.sessions().iter().filter(|session| session.interface == interface).map(|it| it.number).collect();
    assert_eq!(numbers, BTreeSet::from([100, 200]));
}

/// The subnet that an instance is in, and its VPC.
fn network_of(account: &Account, id: &InstanceId) -> (String, String) {
    let Response::DescribeInstances(page) = account.call(Request::DescribeInstances(Describe::only([id.clone()])))
    else {
        panic!("no instances");
    };
    let interface = &page.items[0].interfaces[0];
    (interface.subnet.to_string(), interface.vpc.to_string())
}

#[tokio::test]
async fn a_subnet_that_is_tagged_has_everything_in_it_mirrored_but_what_is_off_by_its_own_tag() {
    let mut account = Account::new();
    let jewels = [account.runs(instance()), account.runs(instance())];
    let (subnet, vpc) = network_of(&account, &jewels[0]);
    account.runs(instance().tagged("mirror", "off"));
    account.goes_on_for(120).await;
    assert_eq!(account.sessions().len(), 0);
    account.tag(&subnet, "mirror", "crown-jewel");
    // Farther away: the subnet's own tag decides.
    account.tag(&vpc, "mirror", "off");
    account.goes_on_for(120).await;
    let expected: BTreeSet<_> = jewels.iter().flat_map(|jewel| account.interfaces_of(jewel)).collect();
    assert_eq!(account.mirrored(), expected);
    account.writes();
    account.goes_on_for(3600).await;
    assert_eq!(account.writes().len(), 0, "and then rests");
    account.tag(&subnet, "mirror", "off");
    account.goes_on_for(200).await;
    assert_eq!(account.sessions().len(), 0, "it ends as it began, once that has settled");
}

#[tokio::test]
async fn while_the_tags_of_subnets_may_not_be_read_what_they_have_chosen_stays_also_after_a_restart_and_that_is_said() {
    let mut account = Account::new();
    let jewel = account.runs(instance());
    let (_, vpc) = network_of(&account, &jewel);
    account.tag(&vpc, "mirror", "crown-jewel");
    account.goes_on_for(120).await;
    assert_eq!(account.sessions().len(), 1);
    account.fate(|action| if action == "GetResources" { Fate::Denied } else { Fate::Answered });
    account.tag(&vpc, "mirror", "off");
    for _ in 0..2 {
        account.goes_on_for(3600).await;
        assert_eq!(account.sessions().len(), 1);
        let round = account.round().await;
        let gaps = report::gaps(&round.seen.inventory);
        assert!(gaps.iter().any(|gap| gap.starts_with("GetResources: ")), "{gaps:?}");
        account.restart();
    }
    account.fate(|_| Fate::Answered);
    account.goes_on_for(200).await;
    assert_eq!(account.sessions().len(), 0);
}
