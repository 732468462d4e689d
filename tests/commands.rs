//! Takes an account in which much has happened; holds each command of the program to what an engineer reads there, to its exit codes,
//! and docs/commands.md to what the program really prints.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::path::Path;

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::{InstanceId, InterfaceId};
use mirror_sim::fleet::{NewInstance, instance, network};
use mirror_sim::{DeleteTags, Describe, MirrorSession, Request, Response, World};
use serde_json::Value;
use support::cloud::Cloud;
use support::fleet::{ACCOUNT, Account, REGION, account, add_foreign_sessions, filters_and_targets, sessions};
use support::program::{Ended, Program};
use support::standing::standing;

/// What the account of these tests has: two sensors' interfaces in one zone, of which the policy named only the first until now.
struct Story {
    cloud: Cloud,
    policy: String,
    jewel: InstanceId,
    adoptable: MirrorSession,
    foreign: MirrorSession,
}

fn launch(world: &mut World, new: NewInstance) -> InstanceId {
    new.launch(world).unwrap()
}

fn interfaces_of(world: &mut World, id: &InstanceId) -> Vec<InterfaceId> {
    let Ok(Response::DescribeInstances(page)) = world.call(Request::DescribeInstances(Describe::only([id.clone()])))
    else {
        panic!("no instances");
    };
    page.items.into_iter().flat_map(|detail| detail.interfaces).map(|interface| interface.id).collect()
}

fn policy(targets: &[&InterfaceId]) -> String {
    let targets: Vec<String> = targets.iter().map(|id| format!("      - networkInterface: {id}\n")).collect();
    format!(
        "\
apiVersion: vpc-mirror/v1
kind: Policy
owner: prod
sensors:
  sta:
    targets:
{}\
strategies:
  - name: crown-jewel
    importance: {{select: {{tags: {{tier: swift}}}}, jumpBoxes: {{tags: {{role: bastion}}}}}}
    except: [tcp/2049]
limits: {{apiShare: 100%}}
settle: 1s
",
        targets.concat()
    )
}

/// Six jewels stand, all to the first sensor; then the second sensor is named, an instance is launched, one session loses its tags,
/// and somebody else mirrors another instance.
async fn story() -> Story {
    let mut world = World::new(ACCOUNT.into(), REGION.into(), 1, Time::now() - SignedDuration::from_mins(1));
    network(&mut world);
    let sensors = [1, 2].map(|number| {
        let id = launch(&mut world, instance().tagged("Name", &format!("sensor-{number}")));
        interfaces_of(&mut world, &id).remove(0)
    });
    for number in 1..=5 {
        launch(&mut world, instance().tagged("Name", &format!("db-{number}")).tagged("mirror", "crown-jewel"));
    }
    let jewel =
        launch(&mut world, instance().tagged("Name", "swift-1").tagged("tier", "swift").tagged("mirror", "off"));
    launch(&mut world, instance().tagged("Name", "old-1").tagged("mirror", "crown-jewel").of_type("t2.micro"));
    launch(&mut world, instance().tagged("Name", "typo-1").tagged("mirror", "crown-jewl"));
    let plain = launch(&mut world, instance().tagged("Name", "web-1").tagged("mirror", "off"));
    world.advance(Time::now());
    let [first, second] = &sensors;
    let Account { mut world, .. } = standing(Account { world, policy: policy(&[first]) }).await;

    let adoptable = sessions(&mut world).pop().unwrap();
    let all = DeleteTags { resources: vec![adoptable.id.to_string()], tags: Vec::new() };
    world.call(Request::DeleteTags(all)).unwrap();
    let elsewhere = interfaces_of(&mut world, &plain);
    let foreign = add_foreign_sessions(&mut world, &elsewhere).remove(0);
    launch(&mut world, instance().tagged("Name", "bastion-1").tagged("role", "bastion"));
    world.advance(world.now() + SignedDuration::from_secs(5));
    world.advance(Time::now());
    Story { cloud: Cloud::serve(world).await, policy: policy(&[first, second]), jewel, adoptable, foreign }
}

impl Story {
    async fn says(&self, arguments: &[&str]) -> Ended {
        Program::new(arguments).policy(&self.policy).on(&self.cloud).finish().await
    }

    /// The same as JSON; what is not JSON fails.
    async fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let ended = self.says(&[arguments, &["--output", "json"]].concat()).await;
        (ended.code, serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}")))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_that_looks_answers_as_json_too_and_writes_nothing() {
    let story = story().await;
    let (code, plan) = story.json(&["plan"]).await;
    assert_eq!(code, Some(2));
    assert_eq!((&plan["owner"], &plan["account"]), (&"prod".into(), &ACCOUNT.into()));
    assert_eq!(
        plan["wanted"]["sessions"], 6,
        "five jewels and a bastion; one is covered by a session that nobody owns now"
    );
    assert!(plan["steps"].as_array().unwrap().iter().all(|step| step["why"] != ""), "{plan}");

    let (code, explained) = story.json(&["explain", story.jewel.as_str()]).await;
    assert_eq!(code, Some(0));
    let interface = &explained["interfaces"][0];
    let names: Vec<&str> =
        interface["reasons"].as_array().unwrap().iter().filter_map(|reason| reason["reason"].as_str()).collect();
    assert!(names.starts_with(&["optedOut", "optOutForbidden", "selected"]), "{names:?}");

    let (code, listed) = story.json(&["sources"]).await;
    assert_eq!((code, listed["interfaces"].as_array().unwrap().len()), (Some(0), 12));
    assert_eq!(listed["optOuts"].as_array().unwrap().len(), 2);
    assert_eq!(listed["unknownValues"][0]["meant"], "crown-jewel");
    assert_eq!(story.cloud.calls().writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_of_one_reason_are_listed_and_a_name_that_none_has_is_no_empty_list() {
    let story = story().await;
    let ended = story.says(&["sources", "--reason", "unsupported-type"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().filter(|line| line.contains("t2.micro")).count(), 1, "{}", ended.stdout);
    let ended = story.says(&["sources", "--reason", "unsuported-type"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("did you mean `unsupportedType`?"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn rebalance_shows_what_it_would_move_and_moves_it_in_place_when_told_to() {
    let story = story().await;
    let before = story.cloud.sessions().len();
    let ended = story.says(&["rebalance"]).await;
    assert_eq!((ended.code, story.cloud.calls().writes()), (Some(2), 0), "{ended:?}");
    assert!(ended.stdout.contains("has 6 sources, and eni-"), "{}", ended.stdout);

    let ended = story.says(&["rebalance", "--yes"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let now = story.cloud.sessions();
    let targets: std::collections::BTreeSet<_> = now.iter().map(|session| &session.target).collect();
    assert_eq!((now.len(), targets.len()), (before, 3), "two of ours, and one of somebody else");
    let ended = story.says(&["rebalance"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with("nothing to do\n"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopt_takes_over_what_the_policy_wants_by_a_tag_and_leaves_the_rest() {
    let story = story().await;
    let ended = story.says(&["adopt"]).await;
    assert_eq!((ended.code, story.cloud.calls().writes()), (Some(2), 0), "{ended:?}");
    for part in [format!("take over {}", story.adoptable.id), format!("{}  the policy wants nothing", story.foreign.id)]
    {
        assert!(ended.stdout.contains(&part), "{}", ended.stdout);
    }
    let ended = story.says(&["adopt", story.foreign.id.as_str()]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let (code, acted) = story.json(&["adopt", "--yes", story.adoptable.id.as_str()]).await;
    assert_eq!(code, Some(0));
    assert_eq!(acted["done"][0]["error"], Value::Null);
    assert_eq!((story.cloud.calls().writes(), story.cloud.calls().count("CreateTags")), (1, 1));
    let (adopted, foreign) = (story.adoptable.id.as_str(), story.foreign.id.as_str());
    let now = story.cloud.sessions();
    let tagged = |id: &str| now.iter().find(|session| session.id.as_str() == id).unwrap().tags.clone();
    assert_eq!(tagged(adopted), story.adoptable.tags, "just the tags that it had lost");
    assert_eq!(tagged(foreign), story.foreign.tags);
}

#[tokio::test(flavor = "multi_thread")]
async fn teardown_asks_for_the_owners_name_and_removes_what_is_ours_and_nothing_else() {
    let story = story().await;
    for answer in ["", "yes\n", "staging\n"] {
        let program = Program::new(&["teardown"]).policy(&story.policy).on(&story.cloud).reading(answer);
        let ended = program.finish().await;
        assert_eq!((ended.code, story.cloud.calls().writes()), (Some(2), 0), "{ended:?}");
    }
    let (code, shown) = story.json(&["teardown"]).await;
    assert_eq!((code, shown["done"].as_array().unwrap().len()), (Some(2), 0));

    let foreign = [story.foreign.id.clone(), story.adoptable.id.clone()];
    let program = Program::new(&["teardown"]).policy(&story.policy).on(&story.cloud).reading("prod\n");
    let ended = program.finish().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let left: Vec<_> = story.cloud.sessions().into_iter().map(|session| session.id).collect();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(foreign.iter().all(|id| left.contains(id)), "{left:?}");
    let (filters, targets) = filters_and_targets(story.cloud.api.lock().unwrap().world_mut());
    assert_eq!((filters, targets), (2, 2), "theirs, and those that the session without tags uses");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_seen_whole_is_not_acted_upon() {
    let story = story().await;
    story.cloud.refuse("DescribeTrafficMirrorSessions");
    for command in ["teardown", "adopt", "rebalance"] {
        let ended = story.says(&[command, "--yes"]).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("grant ec2:DescribeTrafficMirrorSessions"), "{}", ended.stderr);
    }
    assert_eq!(story.cloud.calls().writes(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_says_as_json_what_is_wrong_and_where() {
    let program = Program::new(&["check", "--output", "json"]);
    let path = program
        .file("policy.yaml", "apiVersion: vpc-mirror/v1\nkind: Polcy\nowner: prod\nsensors: {}\nstrategies: []\n");
    let ended = program.arguments(&[path.to_str().unwrap()]).finish().await;
    let checked: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, &checked["valid"]), (Some(1), &false.into()));
    let mistakes = checked["mistakes"].as_array().unwrap();
    assert_eq!((mistakes.len(), &mistakes[0]["line"], &mistakes[0]["column"]), (3, &2.into(), &7.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_changes_is_followed_without_a_restart_and_a_wrong_one_is_not() {
    let Account { world, policy } = account([(3, instance().tagged("mirror", "crown-jewel"))]);
    let cloud = Cloud::serve(world).await;
    let program = Program::new(&["run", "--listen", "127.0.0.1:0", "--log-format", "json"]);
    let path = program.file("followed.yaml", &policy);
    let daemon = program.arguments(&["--policy", path.to_str().unwrap()]).on(&cloud).start();
    daemon.says("every wanted session stands").await;

    std::fs::write(&path, policy.replace("settle: 1s", "settle: soon")).unwrap();
    let refused = daemon.says("the policy is refused").await;
    assert!(refused.contains("followed.yaml:13:9: settle is `soon`"), "{refused}");
    daemon.shows("/metrics", |page| page.body.contains("vpc_mirror_policy_good 0")).await;

    std::fs::write(&path, policy.replace("tagKey: mirror", "tagKey: watch")).unwrap();
    daemon.says("the policy has changed").await;
    cloud.until("the sessions go", |calls| calls.count("DeleteTrafficMirrorSession") == 3).await;
    assert!(daemon.get("/metrics").await.body.contains("vpc_mirror_policy_good 1"));
}

/// The blocks of docs/commands.md that begin with a call of the program, in their order: each is what it prints in this account.
#[tokio::test(flavor = "multi_thread")]
async fn the_document_of_the_commands_shows_what_they_print() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/commands.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let story = story().await;
    let mut fresh = String::new();
    let mut rest = document.as_str();
    while let Some((before, block)) = rest.split_once("```console\n$ vpc-mirror ") {
        let (shown, after) = block.split_once("\n```\n").unwrap();
        let line = &about(&story, shown.lines().next().unwrap());
        fresh.push_str(&format!("{before}```console\n$ vpc-mirror {line}\n{}```\n", printed(&story, line).await));
        rest = after;
    }
    fresh.push_str(rest);
    if std::env::var_os("REWRITE_COMMANDS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert_eq!(document, fresh, "write it anew: REWRITE_COMMANDS=1 cargo test -p vpc-mirror --test commands");
    }
}

/// A call that ends in `# swift-1` is about the instance of that name, whatever its id is.
fn about(story: &Story, line: &str) -> String {
    let Some((call, name)) = line.split_once(" # ") else { return line.to_owned() };
    let named = Request::DescribeInstances(Describe::all().filtered("tag:Name", name));
    let Ok(Response::DescribeInstances(page)) = story.cloud.api.lock().unwrap().world_mut().call(named) else {
        panic!("no instances");
    };
    let (call, _) = call.rsplit_once(' ').unwrap();
    format!("{call} {} # {name}", page.items[0].instance.id)
}

/// What a command prints that is written for a shell, with the policy of the story in `policy.yaml`, and a wrong one in `broken.yaml`.
async fn printed(story: &Story, line: &str) -> String {
    let program = Program::new(&[]);
    let good = program.file("policy.yaml", &story.policy);
    let bad = story.policy.replace("crown-jewel", "Crown Jewel").replace("settle: 1s", "settle: soon");
    let bad = program.file("broken.yaml", &bad.replace("except: [tcp/2049]", "sensor: stb"));
    let words: Vec<String> = line
        .split(" #")
        .next()
        .unwrap()
        .split_whitespace()
        .map(|word| match word {
            "policy.yaml" => good.display().to_string(),
            "broken.yaml" => bad.display().to_string(),
            word => word.to_owned(),
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let ended = program.arguments(&words).on(&story.cloud).finish().await;
    let folder = format!("{}/", good.parent().unwrap().display());
    let text = format!("{}{}", ended.stdout, ended.stderr).replace(&folder, "");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    format!("{}\n\n# exit code {}\n", lines.join("\n"), ended.code.unwrap())
}
