//! The daemon under exactly the IAM document that its policy asks for, in a cloud that enforces it: what it needs is in it, what is in it
//! it needs, and nothing in it reaches what somebody else has made.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that panics has failed")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod account;
#[macro_use]
mod strangers;

use account::{Account, REGION};
use mirror_core::cloud::{Class, ClientToken, Cloud, Outcome, SessionChange, Step};
use mirror_core::grants::grants;
use mirror_core::ids::SessionId;
use mirror_core::inventory::{AMAZON_DNS, Direction, Resource, Rule, RuleAction, Tags};
use mirror_core::objects::ObjectKey;
use mirror_core::ownership::{KEY_TAG, OWNER_TAG, Owner, PROOF_TAG, tags};
use mirror_core::policy::{Policy, parse};
use mirror_sim::{CreateTags, DeleteTags, MirrorSession, ModifyTrafficMirrorSession, Request, Response, Verdict};
use serde_json::Value;
use strangers::{a_plain_interface, filter, sends_on, strangers, target};

/// Longer than the evidence settles, with the resync that finds it.
const SETTLED: i64 = 200;
/// Longer than all that has been seen before is believed.
const FORGOTTEN: i64 = 3600;

fn policy(targets: &str) -> Policy {
    policy_in("", targets)
}

fn policy_in(scope: &str, targets: &str) -> Policy {
    let text = format!(
        "apiVersion: vpc-mirror/v1\nkind: Policy\nowner: prod\nsettle: 1s\nlimits: {{apiShare: 100%, maxLosses: 100%}}\n\
         {scope}sensors:\n  sta: {{targets: [{targets}]}}\nstrategies:\n  - {{name: crown-jewel, importance: {{}}}}\n"
    );
    parse("policy.yaml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn document(policy: &Policy, adopt: bool) -> Value {
    serde_json::to_value(&grants(policy, adopt).remove(0).document).unwrap()
}

/// An account with two jewels; what an account may have beside them that concerns mirroring: a sensor's load balancer that sends on to a
/// target group, and mirror targets of somebody else's.
fn an_account() -> Account {
    let account = Account::new();
    // The rules of a filter have to go one by one.
    account.world().unknowns.filter_with_rules = Verdict::Refused("DependencyViolation");
    (0..2).for_each(|_| _ = account.runs_a_jewel());
    let endpoint = account.world().add_gateway_load_balancer_endpoint();
    target(&account, Resource::GatewayLoadBalancerEndpoint(endpoint), Tags::new());
    sends_on(&account);
    account
}

/// One whose daemon has two sensors, and is granted what `mend` makes of the document that it asks for.
fn granted(adopt: bool, mend: impl Fn(&mut Value)) -> Account {
    let mut account = an_account();
    let sensor = a_plain_interface(&account);
    account.policy = policy(&format!("{{networkLoadBalancer: '{}'}}, {{networkInterface: {sensor}}}", account.sensor));
    let mut document = document(&account.policy, adopt);
    mend(&mut document);
    account.granted = Some(document.to_string());
    account
}

/// One whose daemon sends to the targets of somebody else, that are named and found by tags, and whose policy before has left a target;
/// the same.
fn granted_others_targets(mend: impl Fn(&mut Value)) -> Account {
    let mut account = an_account();
    let left = Resource::NetworkLoadBalancer(account.sensor.clone());
    let owner = Owner { name: "prod", account: &"111122223333".into(), region: &REGION.into() };
    target(&account, left.clone(), tags(owner, &ObjectKey::Target(left.id())));
    let named = target(&account, Resource::NetworkInterface(a_plain_interface(&account)), Tags::new());
    let theirs = Tags::from([("team".into(), "net".into())]);
    target(&account, Resource::NetworkInterface(a_plain_interface(&account)), theirs);
    let vpc = call!(account, DescribeVpcs(mirror_sim::Describe::all())).items[0].id.clone();
    account.policy =
        policy_in(&format!("scope: {{vpcs: [{vpc}]}}\n"), &format!("{{existing: {named}}}, {{tags: {{team: net}}}}"));
    let mut document = document(&account.policy, false);
    mend(&mut document);
    account.granted = Some(document.to_string());
    account
}

fn our_tags(owner: &str) -> Tags {
    [(OWNER_TAG, owner), (KEY_TAG, "sta"), (PROOF_TAG, "0")].map(|(key, value)| (key.into(), value.into())).into()
}

fn untag(account: &Account, resource: impl ToString, key: &str) {
    let resources = vec![resource.to_string()];
    account.call(Request::DeleteTags(DeleteTags { resources, tags: vec![(key.into(), None)] }));
}

/// What AWS says to a step that the daemon would never take.
async fn tries(account: &Account, step: &Step) -> Result<Outcome, Class> {
    account.grants();
    account.edge.apply(step).await.map_err(|error| error.class)
}

/// All that ever happens to a daemon: it makes everything, begins anew, repairs what others change, follows tags, and removes it all. It
/// ends early where it was denied something.
async fn lives(account: &mut Account, what_it_was_denied: &mut Vec<String>) {
    for stage in 0..5 {
        let seconds = match stage {
            0 => 30,
            1 => {
                account.restart();
                somebody_changes_the_sessions(account);
                SETTLED
            }
            2 => {
                let session = account.sessions().remove(0);
                account.call(Request::DeleteTrafficMirrorSession(session.id));
                SETTLED
            }
            3 => {
                let jewel = call!(account, DescribeInstances(mirror_sim::Describe::all())).items.remove(0);
                untag(account, jewel.instance.id, "mirror");
                SETTLED
            }
            _ => {
                account.policy = account.policy.wanting_nothing();
                FORGOTTEN
            }
        };
        account.goes_on_for(seconds).await;
        what_it_was_denied.extend(account.denied().iter().map(ToString::to_string));
        if !what_it_was_denied.is_empty() {
            return;
        }
    }
}

/// Points all sessions elsewhere, through another filter, with another number.
fn somebody_changes_the_sessions(account: &Account) {
    let theirs = filter(account, Tags::from([("team".into(), "net".into())]));
    let elsewhere = account.targets().into_iter().find(|it| !account.sessions().iter().any(|on| on.target == it.id));
    for session in account.sessions() {
        account.call(Request::ModifyTrafficMirrorSession(ModifyTrafficMirrorSession {
            session: session.id,
            target: elsewhere.as_ref().map(|target| target.id.clone()),
            filter: Some(theirs.clone()),
            number: Some(7),
            packet_length: None,
            vni: None,
            description: None,
            remove: Vec::new(),
        }));
    }
}

#[tokio::test]
async fn under_its_iam_document_a_daemon_lives_its_whole_life_and_is_never_denied_anything() {
    for mut account in [granted(false, |_| {}), granted_others_targets(|_| {})] {
        let others: Vec<_> = account.targets().into_iter().filter(|it| !it.tags.contains_key(OWNER_TAG)).collect();
        let mut denied = Vec::new();
        lives(&mut account, &mut denied).await;
        assert_eq!(denied, [""; 0]);
        assert_eq!((account.sessions().len(), account.targets()), (0, others), "it has removed all that is its own");
        assert_eq!(account.filters().len(), 1, "and nothing that somebody else has made");
    }
}

/// Where in a document there is something to leave out: an action, a resource, or a value of a condition, each by its way there.
fn parts(document: &Value, way: String) -> Vec<String> {
    match document {
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at, item)| parts(item, format!("{way}/{at}"))).collect()
        }
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !["Version", "Sid", "Effect"].contains(&name.as_str()))
            .flat_map(|(name, item)| parts(item, format!("{way}/{}", name.replace('~', "~0").replace('/', "~1"))))
            .collect(),
        _ => vec![way],
    }
}

/// What stands for something that there is not, in place of an action, a resource or a value.
fn nothing_like(part: &str) -> &'static str {
    match part {
        "*" => "arn:aws:ec2:::nothing",
        it if it.starts_with("arn:") => "arn:aws:ec2:::nothing",
        it if it.contains(':') => "ec2:Nothing",
        _ => "nothing",
    }
}

async fn every_part_is_needed(account: impl Fn(&dyn Fn(&mut Value)) -> Account) {
    let whole: Value = serde_json::from_str(&account(&|_| {}).granted.unwrap()).unwrap();
    for way in parts(&whole, String::new()) {
        let mut without = account(&|document| {
            let part = document.pointer_mut(&way).unwrap();
            *part = nothing_like(part.as_str().unwrap()).into();
        });
        let mut denied = Vec::new();
        lives(&mut without, &mut denied).await;
        let sid = way.split('/').nth(2).and_then(|at| whole["Statement"][at.parse::<usize>().unwrap()]["Sid"].as_str());
        assert!(!denied.is_empty(), "{} in {}, {way}, is never needed", whole.pointer(&way).unwrap(), sid.unwrap());
    }
}

#[tokio::test]
async fn without_any_one_action_resource_or_value_of_its_iam_document_a_daemon_is_denied_something() {
    every_part_is_needed(|mend| granted(false, mend)).await;
}

#[tokio::test]
async fn nor_without_any_of_it_where_it_sends_to_other_peoples_targets() {
    every_part_is_needed(|mend| granted_others_targets(mend)).await;
}

#[tokio::test]
async fn who_is_behind_a_load_balancer_is_asked_once_any_target_leads_there_and_granted_though_the_policy_names_none() {
    let mut account = an_account();
    account.policy = policy(&format!("{{networkInterface: {}}}", a_plain_interface(&account)));
    account.goes_on_for(60).await;
    let read = |account: &Account| account.calls().contains(&"DescribeTargetHealth");
    assert!(!read(&account), "no target leads to one");
    let theirs = account.sensor.clone();
    target(&account, Resource::NetworkLoadBalancer(theirs), Tags::new());
    account.goes_on_for(SETTLED).await;
    assert!(read(&account), "a target of somebody else does, and nothing was denied");
    account.runs_a_jewel();
    account.goes_on_for(SETTLED).await;
    assert_eq!(account.sessions().len(), 3);
}

#[tokio::test]
async fn what_lacks_the_owners_tag_can_be_neither_changed_nor_deleted_under_the_iam_document() {
    for adopt in [false, true] {
        let account = granted(adopt, |_| {});
        for tags in [Tags::new(), our_tags("blue"), Tags::from([(KEY_TAG.into(), "sta".into())])] {
            let MirrorSession { id: session, filter, target, .. } = strangers(&account, &tags);
            let rule = account.filters().into_iter().find(|it| it.id == filter).unwrap().rules.keys().next().cloned();
            let change = SessionChange { number: Some(9), ..SessionChange::default() };
            for step in [
                Step::ModifySession { session: session.clone(), change },
                Step::DeleteSession { session },
                Step::AddServices { filter: filter.clone(), services: [AMAZON_DNS.to_owned()].into() },
                Step::CreateRule { token: ClientToken("rule".into()), filter: filter.clone(), rule: everything() },
                Step::DeleteRule { filter: filter.clone(), rule: rule.unwrap() },
                Step::DeleteFilter { filter },
                Step::DeleteTarget { target },
            ] {
                assert_eq!(tries(&account, &step).await, Err(Class::Denied), "{step}, of {tags:?}");
            }
        }
    }
}

fn everything() -> Rule {
    Rule {
        action: RuleAction::Accept,
        direction: Direction::Ingress,
        number: 2,
        protocol: None,
        source: "0.0.0.0/0".parse().unwrap(),
        destination: "0.0.0.0/0".parse().unwrap(),
        source_ports: None,
        destination_ports: None,
    }
}

#[tokio::test]
async fn nothing_is_made_without_the_owners_tag_or_used_that_is_not_ours_to_use_under_the_iam_document() {
    let account = granted(false, |_| {});
    let stranger = strangers(&account, &Tags::new());
    let and_theirs = [our_tags("prod"), Tags::from([("team".into(), "net".into())])].into_iter().flatten().collect();
    for (number, tags) in [Tags::new(), our_tags("blue"), and_theirs].into_iter().enumerate() {
        let step = Step::CreateFilter { token: ClientToken(format!("filter-{number}")), tags };
        assert_eq!(tries(&account, &step).await, Err(Class::Denied), "{step}");
    }
    let interface = a_plain_interface(&account);
    let through_theirs = Step::CreateSession {
        token: ClientToken("session".into()),
        interface: interface.clone(),
        target: stranger.target,
        filter: stranger.filter,
        number: 100,
        packet_length: None,
        vni: 7,
        tags: our_tags("prod"),
    };
    assert_eq!(tries(&account, &through_theirs).await, Err(Class::Denied), "their filter may change under us");
    let of_nothing_that_is_named = Step::CreateTarget {
        token: ClientToken("target".into()),
        resource: Resource::NetworkInterface(interface),
        tags: our_tags("prod"),
    };
    assert_eq!(tries(&account, &of_nothing_that_is_named).await, Err(Class::Denied));
}

#[tokio::test]
async fn sessions_are_taken_over_only_where_that_is_granted_and_never_another_owners() {
    let adopt = |session: &SessionId, owner: &str| Step::TagSession { session: session.clone(), tags: our_tags(owner) };
    let (without, with) = (granted(false, |_| {}), granted(true, |_| {}));
    let stranger = strangers(&without, &Tags::new()).id;
    assert_eq!(tries(&without, &adopt(&stranger, "prod")).await, Err(Class::Denied));

    let (stranger, blue) = (strangers(&with, &Tags::new()).id, strangers(&with, &our_tags("blue")).id);
    assert_eq!(tries(&with, &adopt(&blue, "prod")).await, Err(Class::Denied));
    assert_eq!(tries(&with, &adopt(&stranger, "blue")).await, Err(Class::Denied), "not for another owner either");
    assert_eq!(tries(&with, &adopt(&stranger, "prod")).await, Ok(Outcome::Done));
    assert_eq!(tries(&with, &Step::DeleteSession { session: stranger }).await, Ok(Outcome::Done), "it is ours now");
}

#[tokio::test]
async fn a_session_of_ours_that_loses_the_owners_tag_is_out_of_reach_until_it_has_it_again() {
    let mut account = granted(false, |_| {});
    account.goes_on_for(30).await;
    let session = account.sessions().remove(0).id;
    untag(&account, &session, OWNER_TAG);
    let delete = Step::DeleteSession { session: session.clone() };
    assert_eq!(tries(&account, &delete).await, Err(Class::Denied));
    let again = CreateTags { resources: vec![session.to_string()], tags: our_tags("prod") };
    account.call(Request::CreateTags(again));
    assert_eq!(tries(&account, &delete).await, Ok(Outcome::Done));
}
