//! Takes the program as its operator meets it: started with arguments and an environment, seen by its log, its probes, its exit code
//! and the calls that it makes. Never looks inside.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use mirror_core::ids::InstanceId;
use mirror_sim::fleet::instance;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use support::cloud::{Cloud, Delay, tally};
use support::daemon::Page;
use support::fleet::{Account, account, filters_and_targets, interfaces, jewels};
use support::program::Program;
use support::standing::standing;

const READS: [&str; 8] = [
    "DescribeInstances",
    "DescribeNetworkInterfaces",
    "GetResources",
    "DescribeTrafficMirrorTargets",
    "DescribeListeners",
    "DescribeTargetGroups",
    "DescribeTrafficMirrorFilters",
    "DescribeTrafficMirrorSessions",
];
/// The last list of a resync.
const SESSIONS: &str = "DescribeTrafficMirrorSessions";
const CREATE: &str = "CreateTrafficMirrorSession";

/// Three instances to be mirrored, and two that are not.
fn small() -> Account {
    account([(3, instance().tagged("mirror", "crown-jewel")), (2, instance())])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resync_of_3000_instances_reads_just_the_pages_that_there_are() {
    let jewel = instance().tagged("mirror", "crown-jewel");
    let account = account([(500, jewel), (500, instance().with_another_interface()), (2000, instance())]);
    let Account { world, policy } = standing(account).await;
    let cloud = Cloud::serve(world).await;
    let _daemon = Program::run(&policy).arguments(&["--resync", "1s"]).on(&cloud).start();

    cloud.until("the fourth resync", |calls| calls.count(SESSIONS) >= 4).await;

    let calls = cloud.calls().arrived().to_vec();
    assert_eq!(calls.first().map(String::as_str), Some("GetCallerIdentity"));
    let expected: BTreeMap<&str, usize> = READS.into_iter().zip([3, 4, 1, 1, 1, 1, 1, 1]).collect();
    let resyncs: Vec<_> = calls[1..].split_inclusive(|action| action == SESSIONS).take(4).map(tally).collect();
    assert_eq!(resyncs, vec![expected; 4], "by action; and nothing was written");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_instances_may_not_be_read_it_says_what_to_grant_and_removes_nothing() {
    let Account { world, policy } = standing(small()).await;
    let cloud = Cloud::serve(world).await;
    cloud.refuse("DescribeInstances");
    let daemon = Program::run(&policy).arguments(&["--resync", "1s"]).on(&cloud).start();

    let page = daemon.shows("/readyz", |page| page.body.contains("DescribeInstances")).await;
    assert_eq!(page.status, 503);
    assert_eq!(daemon.get("/livez").await, Page { status: 200, body: "ok\n".into() });
    cloud.until("another attempt", |calls| calls.count("DescribeInstances") >= 2).await;
    cloud.until("another resync", |calls| calls.count(SESSIONS) >= 4).await;
    let log = daemon.log();
    let denials: Vec<_> = log.iter().filter(|line| line.contains("grant ec2:DescribeInstances")).collect();
    assert_eq!(denials.len(), 1, "{log:#?}");
    assert_eq!(daemon.get("/readyz").await.status, 503);

    cloud.allow("DescribeInstances");
    daemon.shows("/readyz", |page| page.status == 200).await;
    daemon.says("everything can be seen again").await;
    assert_eq!(cloud.calls().writes(), 0);
    assert_eq!(cloud.sessions().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_tags_of_subnets_may_not_be_read_it_says_what_to_grant() {
    let Account { world, policy } = standing(small()).await;
    let cloud = Cloud::serve(world).await;
    cloud.refuse("GetResources");
    let daemon = Program::run(&policy).arguments(&["--resync", "1s"]).on(&cloud).start();

    daemon.says("grant tag:GetResources").await;
    assert_eq!(daemon.get("/readyz").await.status, 503);
    cloud.allow("GetResources");
    daemon.shows("/readyz", |page| page.status == 200).await;
    assert_eq!(cloud.calls().writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_what_is_behind_the_sensor_may_not_be_read_it_says_what_to_grant_and_begins_nothing() {
    let Account { world, policy } = small();
    let cloud = Cloud::serve(world).await;
    cloud.refuse("DescribeListeners");
    cloud.refuse("DescribeTargetGroups");
    let daemon = Program::run(&policy).arguments(&["--resync", "1s"]).on(&cloud).start();

    daemon.says("grant elasticloadbalancing:DescribeListeners").await;
    let page = daemon.shows("/readyz", |page| page.body.contains("DescribeTargetGroups")).await;
    assert_eq!(page.status, 503);
    assert_eq!(cloud.sessions().len(), 0);
    cloud.allow("DescribeListeners");
    cloud.allow("DescribeTargetGroups");
    daemon.says("every wanted session stands").await;
    assert_eq!(cloud.sessions().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_credentials_it_says_once_what_to_set_and_goes_on() {
    let Account { world, policy } = small();
    let cloud = Cloud::serve(world).await;
    let mut daemon = Program::run(&policy)
        .endpoint(&cloud)
        .variable("AWS_REGION", "eu-west-1")
        .arguments(&["--resync", "1s"])
        .start();

    let page = daemon.shows("/readyz", |page| page.body.contains("NoCredentials")).await;
    assert_eq!(page.status, 503);
    daemon.shows("/metrics", |page| sample(page, "vpc_mirror_aws_calls_total", "GetCallerIdentity") >= 2.0).await;
    let log = daemon.log();
    assert_eq!(log.iter().filter(|line| line.contains("set AWS_PROFILE")).count(), 1, "{log:#?}");
    assert_eq!(daemon.get("/livez").await.status, 200);
    assert!(daemon.is_running());
    assert_eq!(cloud.calls().arrived().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_region_it_ends_with_one_line_that_says_what_to_set() {
    let Account { policy, .. } = small();
    let ended = Program::run(&policy).variable("AWS_ACCESS_KEY_ID", "test").finish().await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("set AWS_REGION"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_policy_ends_it_with_the_place_of_each_mistake() {
    let Account { policy, .. } = small();
    let broken = policy.replace("name: crown-jewel", "name: Crown Jewel").replace("settle: 1s", "settle: soon");
    let ended = Program::run(&broken).finish().await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    for place in ["policy.yaml:10:11: ", "policy.yaml:13:9: "] {
        assert!(ended.stderr.contains(place), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_file_that_is_not_there_ends_it_with_the_files_name() {
    let ended = Program::new(&["run", "--policy", "/nowhere/policy.yaml"]).finish().await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("cannot read the policy /nowhere/policy.yaml: No such file"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_ends_it_with_the_flag_that_chooses_another() {
    let Account { world, policy } = small();
    let cloud = Cloud::serve(world).await;
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = Program::new(&["run", "--listen", &address]).policy(&policy).on(&cloud).finish().await;
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    let expected = format!("cannot listen on {address}: free it, or choose another with --listen");
    assert!(ended.stderr.contains(&expected), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_the_create_in_flight_end_and_begins_no_other() {
    let Account { world, policy } = small();
    let cloud = Cloud::serve(world).await;
    cloud.delay(|action| match action {
        CREATE => Delay { effect: Duration::from_secs(1), answer: Duration::from_secs(1) },
        _ => Delay::default(),
    });
    let mut daemon = Program::run(&policy).on(&cloud).start();
    cloud.until("a create in flight", |calls| calls.in_flight(|action| action == CREATE) == 1).await;

    daemon.terminate().await;

    assert_eq!(daemon.end().await.code(), Some(0));
    assert_eq!(cloud.calls().count(CREATE), 1);
    let sessions = cloud.sessions();
    assert_eq!(sessions.len(), 1);
    let log = daemon.log();
    let heard = log.iter().any(|line| line.contains(CREATE) && line.contains(sessions[0].id.as_str()));
    assert!(heard, "the answer was waited for: {log:#?}");
    assert!(log.last().unwrap().contains("sessions stay as they are"), "{log:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_between_two_rounds_ends_it_at_once_and_the_sessions_stay() {
    let Account { world, policy } = standing(small()).await;
    let cloud = Cloud::serve(world).await;
    let mut daemon = Program::run(&policy).on(&cloud).start();
    daemon.says("every wanted session stands").await;

    daemon.terminate().await;

    assert_eq!(daemon.end().await.code(), Some(0));
    assert_eq!(cloud.sessions().len(), 3);
    assert_eq!(cloud.calls().writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_while_it_waits_for_the_rate_ends_it_without_another_call() {
    let Account { world, policy } = account([(1001, instance())]);
    let cloud = Cloud::serve(world).await;
    // A hundredth of 20 reads a second: five seconds from the first page of the instances to the second.
    let frugal = policy.replace("apiShare: 100%", "apiShare: 1%");
    let mut daemon = Program::run(&frugal).on(&cloud).start();
    daemon.shows("/metrics", |page| sample(page, "vpc_mirror_aws_calls_total", "DescribeInstances") == 1.0).await;

    daemon.terminate().await;

    assert_eq!(daemon.end().await.code(), Some(0));
    assert_eq!(cloud.calls().arrived(), ["GetCallerIdentity", "DescribeInstances"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_ends_its_request_does_not_keep_it_from_ending() {
    let Account { world, policy } = standing(small()).await;
    let cloud = Cloud::serve(world).await;
    let mut daemon = Program::run(&policy).on(&cloud).start();
    let mut client = TcpStream::connect(daemon.address().await).await.unwrap();
    client.write_all(b"GET /livez HT").await.unwrap();
    daemon.says("every wanted session stands").await;

    daemon.terminate().await;

    assert_eq!(daemon.end().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_make_one_session_for_each_interface() {
    let Account { world, policy } = account([(20, instance().tagged("mirror", "crown-jewel"))]);
    let cloud = Cloud::serve(world).await;
    cloud.delay(|action| match action {
        CREATE => Delay { effect: Duration::from_millis(100), answer: Duration::ZERO },
        _ => Delay::default(),
    });
    let [one, other] = [(); 2].map(|()| Program::run(&policy).arguments(&["--resync", "1s"]).on(&cloud).start());
    one.says("every wanted session stands").await;
    other.says("every wanted session stands").await;

    let interfaces: BTreeSet<_> = cloud.sessions().into_iter().map(|session| session.interface).collect();
    assert_eq!((cloud.sessions().len(), interfaces.len()), (20, 20));
    assert_eq!(filters_and_targets(cloud.api.lock().unwrap().world_mut()), (1, 1));
    assert!(cloud.calls().count(CREATE) > 20, "they did meet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_denied_says_what_to_grant_and_is_made_once_it_is_granted() {
    let Account { world, policy } = account([(1, instance().tagged("mirror", "crown-jewel"))]);
    let cloud = Cloud::serve(world).await;
    cloud.refuse(CREATE);
    let daemon = Program::run(&policy).arguments(&["--resync", "1s"]).on(&cloud).start();

    let line: Value = serde_json::from_str(&daemon.says("grant ec2:CreateTrafficMirrorSession").await).unwrap();
    assert_eq!((&line["level"], &line["action"], &line["class"]), (&"WARN".into(), &CREATE.into(), &"denied".into()));
    assert_eq!(daemon.get("/readyz").await.status, 200);
    cloud.allow(CREATE);

    daemon.says("every wanted session stands").await;
    assert_eq!(cloud.calls().count(CREATE), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_count_the_sessions_and_name_nobody() {
    let Account { world, policy } = small();
    let cloud = Cloud::serve(world).await;
    let daemon = Program::run(&policy).on(&cloud).start();
    daemon.says("every wanted session stands").await;

    let page = daemon.get("/metrics").await;

    assert_eq!(sample(&page, "vpc_mirror_sessions", "mirrored"), 3.0);
    assert_eq!(sample(&page, "vpc_mirror_sessions", "wanted"), 3.0);
    assert_eq!(sample(&page, "vpc_mirror_interfaces", ""), 5.0);
    assert_eq!(sample(&page, "vpc_mirror_aws_calls_total", CREATE), 3.0);
    let names_one = |line: &&str| ["i-0", "eni-", "tms-", "tmf-", "tmt-", "vpc-0"].iter().any(|id| line.contains(id));
    assert_eq!(page.body.lines().find(names_one), None);
    let ids = interfaces(cloud.api.lock().unwrap().world_mut());
    let named = ids.iter().flat_map(|one| [Some(one.id.as_str()), one.instance().map(InstanceId::as_str)]).flatten();
    assert_eq!(named.filter(|id| page.body.contains(id)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn plan_ends_with_2_when_something_would_change_and_0_when_nothing_would() {
    let Account { world, policy } = small();
    let plan = |cloud: &Cloud| Program::new(&["plan"]).policy(&policy).on(cloud).finish();

    let fresh = Cloud::serve(world.clone()).await;
    let ended = plan(&fresh).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stdout.contains("create a target for arn:aws:elasticloadbalancing:"), "{}", ended.stdout);
    assert_eq!(fresh.calls().writes(), 0);

    let done = standing(Account { world, policy: policy.clone() }).await;
    let done = Cloud::serve(done.world).await;
    let ended = plan(&done).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let last = ended.stdout.lines().last();
    assert_eq!(last, Some("no change: what stands is what the policy asks for"), "{}", ended.stdout);

    done.refuse("DescribeNetworkInterfaces");
    let ended = plan(&done).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("grant ec2:DescribeNetworkInterfaces"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_line_that_is_wrong_does_not_pass_for_a_change() {
    let ended = Program::new(&["plan", "--polcy", "policy.yaml"]).finish().await;
    assert_eq!(ended.code, Some(1), "2 says that something would change: {ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_goes_away_early_sees_no_panic() {
    let Account { world, policy } = small();
    let cloud = Cloud::serve(world).await;
    let ended = Program::new(&["plan"]).policy(&policy).on(&cloud).nobody_reads().finish().await;
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert_eq!(ended.code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_goes_the_whole_way_for_each_interface() {
    let twofold = instance().tagged("mirror", "crown-jewel").with_another_interface();
    let Account { world, policy } = standing(account([(1, twofold), (1, instance())])).await;
    let cloud = Cloud::serve(world).await;
    let explain = |id: &str| Program::new(&["explain", id]).policy(&policy).on(&cloud).finish();
    let jewels = jewels(cloud.api.lock().unwrap().world_mut());
    let all = interfaces(cloud.api.lock().unwrap().world_mut());
    let jewel = all.iter().find(|interface| interface.id == jewels[0]).and_then(|interface| interface.instance());
    let plain = all.iter().find(|interface| !jewels.contains(&interface.id)).unwrap();

    let ended = explain(jewel.unwrap().as_str()).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.starts_with(jewel.unwrap().as_str()), "{}", ended.stdout);
    for interface in &jewels {
        let (_, way) = ended.stdout.split_once(&format!("\n{interface}: mirrored to sta by tms-")).unwrap();
        assert!(way.contains("crown-jewel: tag mirror=crown-jewel on the instance\n"), "{}", ended.stdout);
    }

    let ended = explain(plain.id.as_str()).await;
    let result = format!("\n{}: not mirrored: no tag and no selector concerns it\n", plain.id);
    assert!(ended.stdout.contains(&result), "{}", ended.stdout);

    let ended = explain("i-00000000000000000").await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("there is no instance or network interface i-00000000000000000"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_needs_no_cloud() {
    let Account { policy, .. } = small();
    let check = |text: String| {
        let program = Program::new(&["check"]);
        let path = program.file("policy.yaml", &text);
        let name = path.display().to_string();
        async move { (program.arguments(&[name.as_str()]).finish().await, name) }
    };

    let (good, name) = check(policy.clone()).await;
    assert_eq!((good.code, good.stdout), (Some(0), format!("{name}: ok\n")));

    let (bad, name) = check(policy.replace("name: crown-jewel", "name: Crown Jewel")).await;
    assert_eq!(bad.code, Some(1));
    assert!(bad.stderr.contains(&format!("{name}:10:11: ")), "{}", bad.stderr);
    assert_eq!(bad.stdout, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_json_log_is_an_object_and_each_step_has_its_reason() {
    let Account { world, policy } = small();
    let cloud = Cloud::serve(world).await;
    let mut daemon = Program::run(&policy).on(&cloud).start();
    daemon.says("every wanted session stands").await;
    daemon.terminate().await;
    daemon.end().await;

    let events = daemon.events();
    let mut steps: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events.iter().filter(|event| event.get("action").is_some()) {
        let why = event.get("why").and_then(Value::as_str);
        assert!(why.is_some_and(|why| !why.is_empty()), "{event}");
        *steps.entry(event["action"].as_str().unwrap()).or_default() += 1;
    }
    let written: Vec<String> = cloud.calls().arrived().to_vec();
    let written =
        tally(&written).into_iter().filter(|(action, _)| !READS.contains(action) && *action != "GetCallerIdentity");
    assert_eq!(steps, written.collect(), "each call that changes something is a line, and no other is");
}

/// The sum of a metric's samples with this label value.
fn sample(page: &Page, metric: &str, label: &str) -> f64 {
    let samples = page.body.lines().filter(|line| line.starts_with(metric) && line.contains(label));
    samples.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
