//! Takes a seed; sends many requests through the HTTP door: of every action, valid and not, and some with bytes that are mutated; gives
//! sentences about all answers. Never expects a certain one.
//!
//! The requests come from the same grammar as those of the determinism tests, not from proptest: each is drawn from what stands in the
//! world after all those before it, and a history of a million of these is nothing that could be shrunk.

use std::collections::BTreeSet;
use std::time::Instant;

use ::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use ::http::{Method, Request as HttpRequest, Response as HttpResponse};

use super::dice::Dice;
use super::grammar::Drawing;
use super::http::SIGNED;
use super::sent::sent;
use super::stirring::stir;
use super::well_formed::Document;
use super::*;
use crate::api::{Effect, Fault, Odds};
use crate::wire;

/// One request in so many is mutated after it was written.
const MUTATED_ONE_IN: usize = 8;

/// So often it is looked whether a refused request has changed anything: looking takes as long as many requests.
const LOOKED_AT_ONE_IN: usize = 64;

/// After so many requests something else is wished of an auto scaling group.
const REQUESTS_PER_STIR: usize = 60;

/// What came of all requests.
#[derive(Debug, Default)]
struct Tally {
    requests: usize,
    /// Answers with status 200 to actions that change something: none of these is a read, and none a dry run, whose status is 412.
    changes: usize,
    mutated: usize,
    answered: BTreeSet<String>,
    codes: BTreeSet<String>,
}

struct Fuzzer {
    api: Api,
    drawing: Drawing,
    tally: Tally,
}

/// Whoever signs may do everything, and a role lets everybody in.
const EVERYTHING: &str =
    r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
const ANYBODY: &str = r#"{"Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}"#;

impl Fuzzer {
    fn new(seed: u64) -> Self {
        let mut world = World::new("123456789012".into(), "eu-west-1".into(), seed, Time::UNIX_EPOCH);
        fleet::demo(&mut world, 30).unwrap();
        (0..4).for_each(|_| drop(world.add_gateway_load_balancer_endpoint()));
        world.add_prefix_list(["192.0.2.0/24", "198.51.100.0/24"].map(|block| block.parse().unwrap()));
        let mut api = Api::new(world, seed);
        let (account, user) = (api.world().account.clone(), "user/fuzzer");
        let everything = Policy::identity("everything", EVERYTHING).unwrap();
        let anybody = Policy::trust(ANYBODY).unwrap();
        api.iam_mut().add(&account, user, Principal::user().with(everything));
        api.iam_mut().add(&account, "role/open", Principal::role(anybody));
        api.iam_mut().add_key("AKID", &Caller::new(account, user));
        for effect in [Effect::Denied, Effect::Error(ApiError::new("InternalError", "").with_status(500))] {
            api.add_fault(Fault::new(effect).with_odds(Odds::in_a_million(2_000)));
        }
        Self { api, drawing: Drawing::new(seed, 12), tally: Tally::default() }
    }

    /// One request, and its answer's examination.
    fn step(&mut self) {
        let Self { api, drawing, tally } = self;
        if tally.requests.is_multiple_of(REQUESTS_PER_STIR) {
            stir(api.world_mut(), &mut drawing.dice);
        }
        let (action, parameters) = drawing.call(api.world());
        let mutated = drawing.dice.one_in(MUTATED_ONE_IN);
        let request = sent(action, parameters);
        let request = if mutated { mutate(&mut drawing.dice, request) } else { request };
        let before = drawing.dice.one_in(LOOKED_AT_ONE_IN).then(|| contents(api.world()));

        let reply = wire::answer(api, &request).reply.expect("nothing is lost here");

        let shown = || format!("{:?} {:?}", request.headers(), String::from_utf8_lossy(request.body()));
        let seen = examined(&request, &reply).unwrap_or_else(|wrong| panic!("{wrong}\n{reply:?}\nto {}", shown()));
        tally.requests += 1;
        tally.mutated += usize::from(mutated);
        match seen {
            Seen::Answer { action: answered, next } => {
                assert!(Request::every_action().any(|action| action == answered), "{answered}");
                assert!(mutated || answered == action, "{answered} to {}", shown());
                let name = answered.rsplit(':').next().unwrap();
                tally.changes += usize::from(!["Describe", "Get", "List"].iter().any(|it| name.starts_with(it)));
                tally.answered.insert(answered);
                drawing.next = next.or(drawing.next.take());
            }
            Seen::Refusal { code } => {
                tally.codes.insert(code);
                assert!(
                    before.is_none_or(|before| before == contents(api.world())),
                    "refused, and changed: {}",
                    shown()
                );
            }
        }
        let pause = i64::try_from(drawing.dice.below(1500)).unwrap();
        api.advance(api.world().now() + SignedDuration::from_millis(pause));
    }
}

/// All that a call could change, but for what is written down to tell the same call from another.
fn contents(world: &World) -> String {
    let World { instances, interfaces, filters, targets, sessions, subnets, answered, .. } = world;
    let World { load_balancers, target_groups, classics, web_acls, once_tagged, .. } = world;
    let tokens: Vec<_> = answered.keys().collect();
    let World { security_groups, network_acls, prefix_lists, .. } = world;
    let firewalls = (security_groups, network_acls, prefix_lists);
    let balancing = (load_balancers, target_groups, classics, web_acls, once_tagged);
    format!("{:?}", (instances, interfaces, filters, targets, sessions, subnets, balancing, firewalls, tokens))
}

/// The same request with bytes that no client would send, in its head or in its body.
fn mutate(dice: &mut Dice, mut request: HttpRequest<Vec<u8>>) -> HttpRequest<Vec<u8>> {
    if !dice.one_in(4) {
        return request.map(|body| mutated(dice, body));
    }
    match dice.below(4) {
        0 => drop(request.headers_mut().remove(AUTHORIZATION)),
        1 => {
            // Bytes that no header can have never come this far.
            if let Ok(value) = HeaderValue::from_bytes(&mutated(dice, SIGNED.into())) {
                request.headers_mut().insert(AUTHORIZATION, value);
            }
        }
        2 => {
            let name = HeaderName::from_static(dice.among(&["content-type", "x-amz-target", "host", "x-amz-date"]));
            if let Ok(value) = HeaderValue::from_bytes(&mutated(dice, b"application/json".to_vec())) {
                request.headers_mut().insert(name, value);
            }
        }
        _ => *request.method_mut() = dice.among(&[&Method::GET, &Method::PUT, &Method::OPTIONS]).clone(),
    }
    request
}

/// The same bytes, but for some.
fn mutated(dice: &mut Dice, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len() + 1);
        match dice.below(5) {
            0 => bytes.insert(at, dice.among(b"&=%+.\0\xff\xc3<\n9")),
            1 => bytes.truncate(at),
            2 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            3 if at < bytes.len() => drop(bytes.remove(at)),
            _ => {
                let piece = bytes[at..].iter().copied().take(24).collect::<Vec<_>>();
                let to = dice.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

/// What came of a request.
enum Seen {
    /// To an action, as IAM writes it, with what leads to the next page.
    Answer {
        action: String,
        next: Option<String>,
    },
    Refusal {
        code: String,
    },
}

/// An answer that is as every client expects it, or what is wrong with it.
fn examined(request: &HttpRequest<Vec<u8>>, reply: &HttpResponse<Vec<u8>>) -> Result<Seen, String> {
    let status = reply.status().as_u16();
    let is_json = reply.headers().get(CONTENT_TYPE).is_some_and(|it| it.to_str().unwrap().contains("json"));
    let seen = if is_json { examined_json(request, reply)? } else { examined_xml(reply)? };
    let expected = match &seen {
        Seen::Answer { .. } => Some(200),
        Seen::Refusal { code } => match code.as_str() {
            "UnauthorizedOperation" | "AccessDenied" | "MissingAuthenticationToken" => Some(403),
            "AuthFailure" => Some(401),
            "DryRunOperation" => Some(412),
            "InternalError" => Some(500),
            _ if (400..600).contains(&status) => None,
            _ => return Err(format!("status {status} of {code}")),
        },
    };
    match expected {
        Some(expected) if expected != status => Err(format!("status {status}, not {expected}")),
        _ => Ok(seen),
    }
}

/// What answers in JSON does not say to what: the request does.
fn examined_json(request: &HttpRequest<Vec<u8>>, reply: &HttpResponse<Vec<u8>>) -> Result<Seen, String> {
    let document: serde_json::Value = serde_json::from_slice(reply.body()).map_err(|error| error.to_string())?;
    let text = |name: &str| document[name].as_str().map(ToOwned::to_owned).ok_or(format!("no {name} in {document}"));
    if !reply.headers().contains_key("x-amzn-requestid") {
        return Err("no request id".into());
    }
    if document.get("__type").is_some() {
        text("Message")?;
        return Ok(Seen::Refusal { code: text("__type")? });
    }
    let target = request.headers().get("x-amz-target").and_then(|it| it.to_str().ok()).unwrap_or_default();
    if let Some(name) = target.strip_prefix("AWSWAF_20190729.") {
        let list = ["WebACLs", "ResourceArns"].into_iter().find(|list| document.get(list).is_some());
        if name.starts_with("List") && list.is_none_or(|list| !document[list].is_array()) {
            return Err("no list".into());
        }
        return Ok(Seen::Answer { action: format!("wafv2:{name}"), next: text("NextMarker").ok() });
    }
    document["ResourceTagMappingList"].as_array().ok_or("no list")?;
    let next = Some(text("PaginationToken")?).filter(|token| !token.is_empty());
    Ok(Seen::Answer { action: "tag:GetResources".into(), next })
}

/// ELB has a request id where STS has it; its other answers are EC2's.
fn examined_xml(reply: &HttpResponse<Vec<u8>>) -> Result<Seen, String> {
    let document = Document::read(reply.body())?;
    let action = document.root.trim_end_matches("Response").to_owned();
    let next = |name: &str| document.optional(name).map(ToOwned::to_owned);
    match document.root.as_str() {
        "Response" => {
            document.text("RequestID")?;
            Ok(Seen::Refusal { code: document.text("Errors/Error/Code")?.into() })
        }
        "ErrorResponse" => {
            document.text("RequestId")?;
            Ok(Seen::Refusal { code: document.text("Error/Code")?.into() })
        }
        "GetCallerIdentityResponse" | "AssumeRoleResponse" => {
            document.text("ResponseMetadata/RequestId")?;
            Ok(Seen::Answer { action, next: None })
        }
        _ if document.optional("ResponseMetadata/RequestId").is_some() => {
            let next = next(&format!("{action}Result/NextMarker"));
            let classic = String::from_utf8_lossy(reply.body()).contains("/doc/2012-06-01/");
            let api = if classic { "elb" } else { "elasticloadbalancing" };
            Ok(Seen::Answer { action: format!("{api}:{action}"), next })
        }
        _ => {
            document.text("requestId")?;
            Ok(Seen::Answer { action, next: next("nextToken") })
        }
    }
}

fn fuzz(seed: u64, requests: usize) -> Tally {
    let mut fuzzer = Fuzzer::new(seed);
    (0..requests).for_each(|_| fuzzer.step());
    fuzzer.tally
}

#[test]
fn every_answer_over_http_is_whole_and_says_what_it_is() {
    let Tally { requests, changes, mutated, answered, codes } = fuzz(1, 30_000);
    assert!(changes * 100 >= requests * 30, "{changes} of {requests} change something");
    assert!(mutated * 100 >= requests * 10, "{mutated} of {requests} are mutated");
    let missing: Vec<_> = Request::every_action().filter(|action| !answered.contains(*action)).collect();
    assert!(missing.is_empty(), "{missing:?} were never answered with 200");
    assert!(codes.len() > 30, "{codes:?}");
}

/// By hand: `cargo test --release -p mirror-sim a_million_requests -- --ignored --nocapture`.
#[test]
#[ignore = "a minute or more, in a release build"]
fn a_million_requests_are_answered_as_well() {
    let started = Instant::now();
    let Tally { requests, changes, mutated, answered, codes } = fuzz(2, 1_000_000);
    println!(
        "{requests} requests in {:.1} s: {:.1} % changed something, {:.1} % were mutated, {} actions were answered with 200, {} codes",
        started.elapsed().as_secs_f64(),
        100.0 * changes as f64 / requests as f64,
        100.0 * mutated as f64 / requests as f64,
        answered.len(),
        codes.len(),
    );
}
