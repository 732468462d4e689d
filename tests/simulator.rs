//! Takes the simulated EC2 as its user meets it: a process with a port, a door for AWS's clients and one that breaks it. Never looks
//! inside.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::daemon::Daemon;
use support::program::Program;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host;x-amz-date, \
     Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A simulator with a small fleet, on a free port.
fn started(arguments: &[&str]) -> Daemon {
    let usual = ["sim", "--port", "0", "--instances", "10", "--log-format", "json"];
    Program::new(&usual).arguments(arguments).start()
}

/// One whose time stands still.
fn still() -> Daemon {
    started(&["--clock", "stopped"])
}

/// What came over the wire, which may be nothing.
async fn exchanged(sim: &Daemon, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(sim.address().await).await.unwrap();
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\nX-Amz-Date: 20260101T000000Z\r\nAuthorization: {SIGNED}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is reset has said all that it will.
    _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// What EC2 answers: the status and the document. None: the connection ended without an answer.
async fn ec2(sim: &Daemon, query: &str) -> Option<(u16, String)> {
    let answer = exchanged(sim, "POST /", &format!("{query}&Version=2016-11-15")).await;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned()))
}

/// What the control endpoint answers.
async fn control(sim: &Daemon, method: &str, path: &str, body: &str) -> (u16, Value) {
    let answer = exchanged(sim, &format!("{method} /_sim/{path}"), body).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let body = serde_json::from_str(body).unwrap_or_else(|_| body.into());
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

/// The same, when it does what it is told.
async fn told(sim: &Daemon, method: &str, path: &str, body: &Value) -> Value {
    let (status, answer) = control(sim, method, path, &body.to_string()).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The same, when it refuses; what is wrong.
async fn refused(sim: &Daemon, method: &str, path: &str, body: &Value) -> String {
    let (status, answer) = control(sim, method, path, &body.to_string()).await;
    assert_eq!(status, 400, "{answer}");
    answer["error"].as_str().unwrap().to_owned()
}

fn inside<'a>(document: &'a str, element: &str) -> &'a str {
    let rest = document.split_once(&format!("<{element}>")).unwrap_or_else(|| panic!("no {element}: {document}")).1;
    rest.split_once('<').unwrap().0
}

const CREATE: &str = "Action=CreateTrafficMirrorFilter";
const FILTERS: &str = "Action=DescribeTrafficMirrorFilters";

async fn filters(sim: &Daemon) -> usize {
    ec2(sim, FILTERS).await.unwrap().1.matches("<trafficMirrorFilterId>").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_answers_as_ec2_and_ends_with_sigterm() {
    let mut sim = started(&[]);
    let (status, document) = ec2(&sim, "Action=DescribeInstances").await.unwrap();
    assert_eq!((status, document.matches("<instanceId>").count() >= 10), (200, true), "{document}");
    sim.terminate().await;
    assert_eq!(sim.end().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_ends_the_connection_and_the_call_has_taken_effect() {
    let sim = still();
    let fault = json!({"effect": "lostAfter", "actions": ["Create*"], "turn": {"nth": 1}});
    told(&sim, "POST", "faults", &fault).await;
    assert_eq!(ec2(&sim, CREATE).await, None);
    assert_eq!(filters(&sim).await, 1);
    assert_eq!(ec2(&sim, CREATE).await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_lost_only_after_the_time_that_the_call_takes() {
    let sim = still();
    told(&sim, "PATCH", "settings", &json!({"latency": {"shortest": "300ms", "longest": "300ms"}})).await;
    told(&sim, "POST", "faults", &json!({"effect": "lostBefore"})).await;
    let asked = Instant::now();
    assert_eq!(ec2(&sim, CREATE).await, None);
    assert!(asked.elapsed() >= Duration::from_millis(300));
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_come_too_fast_are_throttled_until_time_is_moved_on() {
    let sim = still();
    told(&sim, "PATCH", "settings", &json!({"rates": {"adjusted": {"share": 10}}})).await;
    for _ in 0..5 {
        assert_eq!(ec2(&sim, CREATE).await.unwrap().0, 200);
    }
    let (status, document) = ec2(&sim, CREATE).await.unwrap();
    assert_eq!((status, inside(&document, "Code")), (503, "RequestLimitExceeded"));
    told(&sim, "PATCH", "clock", &json!({"advance": "2s"})).await;
    assert_eq!(ec2(&sim, CREATE).await.unwrap().0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_fault_is_refused_with_what_is_wrong_and_what_is_allowed() {
    let sim = still();
    for (fault, wrong) in [
        (json!({"effect": "lostInSpace"}), "unknown variant `lostInSpace`, expected one of `error`, `lostBefore`"),
        (
            json!({"effect": "denied", "action": "Create*"}),
            "unknown field `action`, expected one of `effect`, `actions`",
        ),
        (json!({"effect": "denied", "actions": ["Creat"]}), "no action is like `Creat`: there are GetCallerIdentity, "),
        (json!({"effect": "denied", "odds": 2}), "`odds` is 2: write a number from 0 to 1"),
        (json!({"effect": "denied", "turn": {"nth": 0}}), "`turn` counts from 1"),
        (json!({"effect": {"shortPage": 4}}), "`shortPage` is 4: write 5 or more"),
        (json!({"effect": {"latency": "soon"}}), "`soon` is no duration: write `10s`"),
        (json!({"effect": {"anotherAccount": "me"}}), "`anotherAccount` is me: write twelve digits"),
        (json!({"effect": {"error": {"code": "X", "status": 200}}}), "`status` is 200: write a number from 400 to 599"),
        (json!({"actions": []}), "missing field `effect`"),
    ] {
        let error = refused(&sim, "POST", "faults", &fault).await;
        assert!(error.contains(wrong), "{fault}: {error}");
    }
    assert_eq!(told(&sim, "GET", "faults", &Value::Null).await, json!({"faults": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_is_listed_as_it_was_added_and_ends_when_it_is_told_to() {
    let sim = still();
    let effects = [
        json!({"error": {"code": "InternalError", "message": "m", "status": 500}}),
        json!("lostBefore"),
        json!("lostAfter"),
        json!({"latency": "2s"}),
        json!({"shortPage": 5}),
        json!({"skippingPage": 3}),
        json!({"cutPage": 2}),
        json!("emptyList"),
        json!("denied"),
        json!({"cut": 99}),
        json!({"anotherAccount": "999999999999"}),
    ];
    for effect in &effects {
        let fault = json!({
            "effect": effect,
            "actions": ["Describe*"],
            "caller": {"account": "111122223333", "principal": "user/alice"},
            "turn": {"everyNth": 2},
            "odds": 0.5,
            "from": "2026-01-01T00:00:00Z",
            "until": "2026-01-02T00:00:00Z",
        });
        assert_eq!(told(&sim, "POST", "faults", &fault).await["fault"], fault);
    }
    let listed = told(&sim, "GET", "faults", &Value::Null).await["faults"].as_array().unwrap().clone();
    assert!(listed.iter().map(|it| &it["fault"]["effect"]).eq(&effects));
    told(&sim, "DELETE", "faults/3", &Value::Null).await;
    let (status, answer) = control(&sim, "DELETE", "faults/3", "").await;
    let error = "there is no fault `3`: there are 1, 2, 4, 5, 6, 7, 8, 9, 10, 11";
    assert_eq!((status, answer["error"].as_str()), (404, Some(error)));
    told(&sim, "DELETE", "faults", &Value::Null).await;
    assert_eq!(told(&sim, "GET", "faults", &Value::Null).await, json!({"faults": []}));
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_read_as_they_were_set_and_a_wrong_one_changes_nothing() {
    let sim = still();
    let off = told(&sim, "GET", "settings", &Value::Null).await;
    assert_eq!(off, json!({"latency": {"shortest": "0s", "longest": "0s"}, "rates": "off", "lag": "off"}));
    let lag = json!({"on": {"most": "10s", "stale": 0.5, "ownWritesAreSeen": true, "namesAreUnknownAtFirst": false,
        "doubled": 0.1, "missing": 0.2}});
    let granted = json!({"adjusted": {"share": 50, "granted": {"CreateTags": {"burst": 7, "perSecond": 3}}}});
    let set = json!({"latency": {"shortest": "10ms", "longest": "1s"}, "rates": granted, "lag": lag});
    assert_eq!(told(&sim, "PATCH", "settings", &set).await, set);
    for (change, wrong) in [
        (json!({"rates": "off", "lag": {"on": {"most": "-1s"}}}), "`-1s` is no duration"),
        (json!({"rates": "fast"}), "expected one of `off`, `usual`, `adjusted`"),
        (json!({"rates": {"adjusted": {"share": 0}}}), "`share` is 0: write percent, from 1 to 100"),
        (json!({"rates": {"adjusted": {"granted": {"X": {"burst": 1, "perSecond": 1}}}}}), "there is no action `X`"),
        (json!({"latency": {"shortest": "2s", "longest": "1s"}}), "`longest` of at least `shortest`"),
        (json!({"speed": 2}), "unknown field `speed`, expected one of `latency`, `rates`, `lag`"),
    ] {
        let error = refused(&sim, "PATCH", "settings", &change).await;
        assert!(error.contains(wrong), "{change}: {error}");
    }
    assert_eq!(told(&sim, "GET", "settings", &Value::Null).await, set);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_does_not_say_can_be_switched_one_by_one() {
    let sim = still();
    let usual = told(&sim, "GET", "unknowns", &Value::Null).await;
    for (switch, value) in [
        ("rulesQuota", json!("perDirection")),
        ("vnis", json!({"from": 0, "to": 16_777_216})),
        ("duplicateVni", json!("InvalidParameterValue")),
        ("duplicateSessionNumber", json!("accepted")),
        ("tagFilters", json!("accepted")),
        ("specialSource", json!("accepted")),
        ("loadBalancerSource", json!("accepted")),
        ("fargateIsRequesterManaged", json!(true)),
        ("stoppedSource", json!("NetworkInterfaceNotSupported")),
        ("filterWithRules", json!("TrafficMirrorFilterInUse")),
        ("filterInUse", json!("InvalidTrafficMirrorFilter.InUse")),
        ("missingTargetInterface", json!("InvalidTrafficMirrorTarget")),
        ("codes", json!("asDocumented")),
        ("tokens", json!({"for": "1m"})),
        ("targetLimit", json!("sessions")),
        ("changeOfAnothers", json!("OperationNotPermitted")),
        ("tagsOfOthers", json!(false)),
        ("sharedTargetInUse", json!("TrafficMirrorTargetInUse")),
        ("unsharedTargetReceives", json!(true)),
        ("absentIsDenied", json!(false)),
        ("mostInterfacesAtOnce", json!(5)),
        ("quotaScope", json!({"allRegions": {"sessions": 1, "targets": 2, "filters": 3}})),
        ("modifyFillsIn", json!(false)),
        ("answersRepeatTags", json!(false)),
        ("answersRepeatDefaults", json!(false)),
        ("hostBits", json!("kept")),
        ("allProtocols", json!([-1, 0])),
        ("portsElsewhere", json!("accepted")),
        ("mirrorsInTagging", json!("accepted")),
    ] {
        assert_ne!(usual[switch], value, "{switch}");
        assert_eq!(told(&sim, "PATCH", "unknowns", &json!({switch: value})).await[switch], value);
    }
    let set = told(&sim, "PATCH", "unknowns", &usual).await;
    assert_eq!(set, usual, "all are there, and can be set back at once");
    let error = refused(&sim, "PATCH", "unknowns", &json!({"duplicateVni": "Nonsense"})).await;
    assert!(error.contains("`duplicateVni` is `Nonsense`: write one of accepted, InvalidParameterValue"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_time_stands_still_it_moves_only_when_it_is_told_to() {
    let sim = still();
    let at = |clock: &Value| clock["now"].as_str().unwrap().to_owned();
    let clock = told(&sim, "GET", "clock", &Value::Null).await;
    assert_eq!((at(&clock).as_str(), &clock["stopped"]), ("2026-01-01T00:00:00Z", &json!(true)));
    assert_eq!(at(&told(&sim, "PATCH", "clock", &json!({"advance": "1h"})).await), "2026-01-01T01:00:00Z");
    let error = refused(&sim, "PATCH", "clock", &json!({"advance": "2w"})).await;
    assert!(error.contains("`advance` is 14days: write a duration from 0s to 1day"), "{error}");
    let clock = told(&sim, "PATCH", "clock", &json!({"speed": 60, "stopped": false})).await;
    assert_eq!((&clock["speed"], &clock["stopped"]), (&json!(60.0), &json!(false)));
    let error = refused(&sim, "PATCH", "clock", &json!({"speed": 0})).await;
    assert!(error.contains("write a number from 0.01 to 10000"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_and_calls_give_two_processes_the_same_trace() {
    async fn traced(seed: &str) -> String {
        let sim = started(&["--clock", "stopped", "--seed", seed]);
        told(&sim, "PUT", "trace", &json!({"keep": "lines"})).await;
        told(&sim, "POST", "faults", &json!({"effect": "denied", "odds": 0.3})).await;
        for _ in 0..10 {
            ec2(&sim, CREATE).await.unwrap();
            told(&sim, "PATCH", "clock", &json!({"advance": "10s"})).await;
            ec2(&sim, "Action=DescribeInstances").await.unwrap();
        }
        sim.get("/_sim/trace").await.body
    }
    let (one, again, other) = (traced("7").await, traced("7").await, traced("8").await);
    assert_eq!(one.lines().count(), 20, "{one}");
    assert_eq!(one, again);
    assert_ne!(one, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_is_judged_and_silence_follows_when_the_sensor_loses_its_listener() {
    let sim = still();
    let (_, instances) = ec2(&sim, "Action=DescribeInstances").await.unwrap();
    let (interface, address) = (inside(&instances, "networkInterfaceId"), inside(&instances, "privateIpAddress"));
    let sensor = told(&sim, "POST", "world", &json!({"addNetworkLoadBalancer": {"name": "sta"}})).await["made"].clone();
    let packet = json!({"interface": interface, "direction": "egress", "length": 400, "content": {"ip": {"protocol": 6,
        "source": address, "destination": "192.0.2.7", "sourcePort": 40_000, "destinationPort": 443}}});
    let judged = told(&sim, "POST", "packet", &packet).await;
    assert_eq!(judged["notMirrored"]["why"], "the interface has no session");

    let arn = sensor.as_str().unwrap();
    let target = format!("Action=CreateTrafficMirrorTarget&NetworkLoadBalancerArn={arn}");
    let target = inside(&ec2(&sim, &target).await.unwrap().1, "trafficMirrorTargetId").to_owned();
    let filter = inside(&ec2(&sim, CREATE).await.unwrap().1, "trafficMirrorFilterId").to_owned();
    let rule = format!(
        "Action=CreateTrafficMirrorFilterRule&TrafficMirrorFilterId={filter}&TrafficDirection=egress&RuleNumber=1\
         &RuleAction=accept&SourceCidrBlock=0.0.0.0%2F0&DestinationCidrBlock=0.0.0.0%2F0"
    );
    assert_eq!(ec2(&sim, &rule).await.unwrap().0, 200);
    let session = format!(
        "Action=CreateTrafficMirrorSession&NetworkInterfaceId={interface}&TrafficMirrorTargetId={target}\
         &TrafficMirrorFilterId={filter}&SessionNumber=1"
    );
    let session = inside(&ec2(&sim, &session).await.unwrap().1, "trafficMirrorSessionId").to_owned();
    let judged = told(&sim, "POST", "packet", &packet).await;
    assert_eq!((&judged["mirrored"]["session"], &judged["mirrored"]["length"]), (&json!(session), &json!(400)));

    told(&sim, "POST", "world", &json!({"removeMirrorListener": {"loadBalancer": arn}})).await;
    let judged = told(&sim, "POST", "packet", &packet).await;
    assert_eq!(judged["notMirrored"]["session"], json!(session));
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_terminates_an_instance_though_every_call_is_denied() {
    let sim = still();
    let (_, instances) = ec2(&sim, "Action=DescribeInstances").await.unwrap();
    let instance = inside(&instances, "instanceId");
    told(&sim, "POST", "faults", &json!({"effect": "denied"})).await;
    told(&sim, "POST", "world", &json!({"terminateInstances": {"instances": [instance]}})).await;
    told(&sim, "DELETE", "faults", &Value::Null).await;
    let (_, seen) = ec2(&sim, &format!("Action=DescribeInstances&InstanceId.1={instance}")).await.unwrap();
    assert!(seen.contains("<name>shutting-down</name>"), "{seen}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_there_says_which_are() {
    let sim = still();
    let (status, answer) = control(&sim, "GET", "nowhere", "").await;
    assert_eq!(status, 404);
    assert!(answer["error"].as_str().unwrap().contains("/_sim/settings, /_sim/unknowns, /_sim/faults"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_speed_that_cannot_be_is_refused_with_those_that_can() {
    let ended = Program::new(&["sim", "--speed", "0"]).finish().await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("write a number from 0.01 to 10000"), "{}", ended.stderr);
}

/// A `curl` of the document: method, path, body.
fn example(line: &str) -> (String, String, String) {
    let rest = line.strip_prefix("curl $SIM/").unwrap_or_else(|| panic!("{line}"));
    let (path, options) = rest.split_once(' ').unwrap_or((rest, ""));
    let body = options.split_once("-d '").map(|(_, body)| body.strip_suffix('\'').unwrap());
    let method = match options.split_once("-X ") {
        Some((_, rest)) => rest.split(' ').next().unwrap(),
        None if body.is_some() => "POST",
        None => "GET",
    };
    (method.into(), path.into(), body.unwrap_or_default().into())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_curl_of_the_document_does_what_it_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/simulator.md");
    let document = fs::read_to_string(path).unwrap();
    let examples: Vec<_> = document.lines().filter(|line| line.starts_with("curl ")).map(example).collect();
    assert!(examples.len() >= 15, "{}", examples.len());
    let sim = still();
    let (_, instances) = ec2(&sim, "Action=DescribeInstances").await.unwrap();
    let load_balancer = told(&sim, "POST", "world", &json!({"addNetworkLoadBalancer": {"name": "sta"}})).await;
    let load_balancer = load_balancer["made"].as_str().unwrap();
    let (_, made) =
        ec2(&sim, &format!("Action=CreateTrafficMirrorTarget&NetworkLoadBalancerArn={load_balancer}")).await.unwrap();
    let launch = "Action=RunInstances&ImageId=ami-1&InstanceType=m5.large&MinCount=1&MaxCount=1";
    let (_, spot) = ec2(&sim, &format!("{launch}&InstanceMarketOptions.MarketType=spot")).await.unwrap();
    let wish = json!({"cluster": "prod", "subnet": inside(&instances, "subnetId"), "instanceType": "m5.large"});
    let node = told(&sim, "POST", "world", &json!({"addEksNode": wish})).await;
    told(&sim, "PATCH", "clock", &json!({"advance": "3s"})).await;
    for (method, path, body) in examples {
        let instance = match &body {
            body if body.contains("interruptSpotInstance") => inside(&spot, "instanceId"),
            body if body.contains("setPods") => node["made"].as_str().unwrap(),
            _ => inside(&instances, "instanceId"),
        };
        let body = body
            .replace("eni-…", inside(&instances, "networkInterfaceId"))
            .replace("subnet-…", inside(&instances, "subnetId"))
            .replace("i-…", instance)
            .replace("tmt-…", inside(&made, "trafficMirrorTargetId"))
            .replace("arn:…", load_balancer);
        let (status, answer) = control(&sim, &method, &path, &body).await;
        assert_eq!(status, 200, "{method} {path} {body}: {answer}");
    }
}
