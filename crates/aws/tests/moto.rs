//! Takes moto, a simulation of EC2 that others wrote, as a process of its own; lets the cloud's edge read from it and write to it over
//! a socket. Never judges what moto answers beyond what is asked here: it checks next to nothing, and lacks filter rules.
//!
//! `MOTO_SERVER` names moto's server; tests/run installs it. Without, these tests say that they were skipped.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed")]

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use mirror_aws::{Keys, Options, Sdk};
use mirror_core::cloud::{Class, ClientToken, Cloud, Items, Outcome, Query, SessionChange, Step};
use mirror_core::ids::{FilterId, SessionId, TargetId};
use mirror_core::inventory::{Direction, Kind, Resource, Rule, RuleAction, Session, Tags, Target};

const REGION: &str = "eu-west-1";
const SOURCE: &str = "eni-0123456789abcdef0";
const RECEIVER: &str = "eni-00000000000000001";

/// A moto that runs until it is dropped.
struct Moto {
    process: Child,
    url: String,
}

impl Moto {
    /// Starts moto on a port that is free; none where it is not installed, and then the run of the tests says so.
    fn start(test: &str) -> Option<Self> {
        let Some(server) = std::env::var_os("MOTO_SERVER") else {
            // Not `println!`, which is shown of tests that fail, and of no others.
            let mut out = std::io::stdout();
            writeln!(out, "\nskipped: {test}: MOTO_SERVER does not name moto's server").unwrap();
            return None;
        };
        let mut command = Command::new(server);
        command.args(["--host", "127.0.0.1", "--port", "0"]).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut process = command.stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let place = log.find_map(|line| line.unwrap().split_once("Running on ").map(|(_, url)| url.trim().to_owned()));
        // It logs every call: a pipe that nobody reads would stop it one day.
        std::thread::spawn(move || log.for_each(drop));
        Some(Self { process, url: place.unwrap_or_else(|| panic!("moto does not say where it answers")) })
    }

    /// The cloud's edge, as it is for AWS but for the place.
    async fn sdk(&self) -> Sdk {
        let keys = Keys { id: "test".into(), secret: "test".into() };
        let options = Options { region: Some(REGION.into()), endpoint: Some(self.url.clone()), keys: Some(keys) };
        Sdk::connect(options).await.unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn named(name: &str) -> Tags {
    [("Name".to_owned(), name.to_owned())].into()
}

fn token(text: &str) -> ClientToken {
    ClientToken(text.into())
}

async fn target_for(sdk: &Sdk, interface: &str) -> TargetId {
    let resource = Resource::NetworkInterface(interface.into());
    let step = Step::CreateTarget { token: token("target"), resource, tags: named("receiver") };
    let Outcome::Target(id) = sdk.apply(&step).await.unwrap() else { panic!("no target") };
    id
}

async fn empty_filter(sdk: &Sdk) -> FilterId {
    let step = Step::CreateFilter { token: token("filter"), tags: named("empty") };
    let Outcome::Filter(id) = sdk.apply(&step).await.unwrap() else { panic!("no filter") };
    id
}

async fn session(sdk: &Sdk, target: &TargetId, filter: &FilterId) -> SessionId {
    let step = Step::CreateSession {
        token: token("session"),
        interface: SOURCE.into(),
        target: target.clone(),
        filter: filter.clone(),
        number: 100,
        packet_length: None,
        vni: 4242,
        tags: named("ours"),
    };
    let Outcome::Session(id) = sdk.apply(&step).await.unwrap() else { panic!("no session") };
    id
}

async fn sessions(sdk: &Sdk) -> Vec<Session> {
    let page = sdk.read(&Query::List(Kind::Sessions, None)).await.unwrap();
    let Items::Sessions(sessions) = page.items else { panic!("no sessions") };
    sessions
}

#[tokio::test]
async fn a_session_is_made_listed_changed_and_removed() {
    let Some(moto) = Moto::start("a_session_is_made_listed_changed_and_removed") else { return };
    let sdk = moto.sdk().await;
    let (target, filter) = (target_for(&sdk, RECEIVER).await, empty_filter(&sdk).await);

    let made = session(&sdk, &target, &filter).await;
    let listed = sessions(&sdk).await;
    let [stands] = listed.as_slice() else { panic!("{listed:?}") };
    let expected = Session {
        id: made.clone(),
        owner: stands.owner.clone(),
        interface: SOURCE.into(),
        target,
        filter,
        number: 100,
        packet_length: None,
        vni: Some(4242),
        tags: named("ours"),
    };
    assert_eq!(*stands, expected);

    let (other_target, other_filter) = (target_for(&sdk, "eni-00000000000000002").await, empty_filter(&sdk).await);
    let change = SessionChange {
        target: Some(other_target.clone()),
        filter: Some(other_filter.clone()),
        vni: Some(7),
        ..SessionChange::default()
    };
    sdk.apply(&Step::ModifySession { session: made.clone(), change }).await.unwrap();
    let changed = Session { target: other_target, filter: other_filter, vni: Some(7), ..expected };
    assert_eq!(sessions(&sdk).await, [changed]);

    sdk.apply(&Step::DeleteSession { session: made }).await.unwrap();
    assert_eq!(sessions(&sdk).await, []);
}

#[tokio::test]
async fn every_list_can_be_read() {
    let Some(moto) = Moto::start("every_list_can_be_read") else { return };
    let sdk = moto.sdk().await;
    let Items::Identity(account) = sdk.read(&Query::Identity).await.unwrap().items else { panic!("nobody") };
    let (target, filter) = (target_for(&sdk, RECEIVER).await, empty_filter(&sdk).await);
    for kind in [Kind::Instances, Kind::Interfaces, Kind::Targets, Kind::Filters, Kind::Sessions] {
        match sdk.read(&Query::List(kind, None)).await.unwrap().items {
            Items::Targets(targets) => {
                let resource = Resource::NetworkInterface(RECEIVER.into());
                let tags = named("receiver");
                assert_eq!(targets, [Target { id: target.clone(), owner: account.clone(), resource, tags }]);
            }
            Items::Filters(filters) => {
                let [stands] = filters.as_slice() else { panic!("{filters:?}") };
                assert_eq!((&stands.id, &stands.tags, stands.rules.len()), (&filter, &named("empty"), 0));
            }
            Items::Instances(instances) => assert_eq!(instances, []),
            Items::Interfaces(interfaces) => assert_eq!(interfaces, []),
            Items::Sessions(sessions) => assert_eq!(sessions, []),
            _ => panic!("not asked for"),
        }
    }
}

#[tokio::test]
async fn a_call_that_the_cloud_lacks_is_an_error_that_names_it_and_is_worth_another_try() {
    let Some(moto) = Moto::start("a_call_that_the_cloud_lacks_is_an_error_that_names_it_and_is_worth_another_try")
    else {
        return;
    };
    let sdk = moto.sdk().await;
    let (target, filter) = (target_for(&sdk, RECEIVER).await, empty_filter(&sdk).await);
    let everything = Rule {
        action: RuleAction::Accept,
        direction: Direction::Ingress,
        number: 100,
        protocol: None,
        source: "0.0.0.0/0".parse().unwrap(),
        destination: "0.0.0.0/0".parse().unwrap(),
        source_ports: None,
        destination_ports: None,
    };
    let lacking = [
        Step::CreateRule { token: token("rule"), filter: filter.clone(), rule: everything },
        Step::AddServices { filter: filter.clone(), services: ["amazon-dns".to_owned()].into() },
        Step::DeleteFilter { filter },
        Step::DeleteTarget { target },
    ];
    for step in lacking {
        let error = sdk.apply(&step).await.unwrap_err();
        // moto answers with 500 and no XML. Of AWS that would be a failure that passes.
        assert_eq!((error.action.as_str(), error.class), (step.action(), Class::Retry), "{error}");
    }
}
