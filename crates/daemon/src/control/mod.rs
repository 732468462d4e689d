//! Takes requests in JSON, under a path that no API of AWS uses; reads and changes what is around an embedded cloud, and does to it what
//! no call can. Never asks who calls: it is served on loopback, with a cloud that is nobody's.
//!
//! | path                     | methods           | file              |
//! |--------------------------|-------------------|-------------------|
//! | `/_sim/settings`         | GET, PATCH        | `settings.rs`     |
//! | `/_sim/unknowns`         | GET, PATCH        | `unknowns.rs`     |
//! | `/_sim/faults`           | GET, POST, DELETE | `faults.rs`       |
//! | `/_sim/faults/{n}`       | DELETE            | `faults.rs`       |
//! | `/_sim/principals`       | GET, POST, DELETE | `principals.rs`   |
//! | `/_sim/principals/{arn}` | DELETE            | `principals.rs`   |
//! | `/_sim/organization`     | GET, PUT          | `organization.rs` |
//! | `/_sim/clock`            | GET, PATCH        | `clock.rs`        |
//! | `/_sim/world`            | POST              | `world.rs`        |
//! | `/_sim/packet`           | POST              | `packet.rs`       |
//! | `/_sim/trace`            | GET, PUT          | `trace.rs`        |
//!
//! What is asked for is done whole or not at all. docs/simulator.md has an example of each.

mod clock;
mod faults;
mod lasting;
mod organization;
mod packet;
mod principals;
mod settings;
mod trace;
mod unknowns;
mod world;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use mirror_core::ids::AccountId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use self::faults::FaultWish;
use self::organization::Organization;
use self::principals::Registered;
use self::settings::Settings;
use crate::embedded::{self, Embedded};
use crate::sim::ACCOUNT;

/// What begins every path of the control endpoint.
pub const PATH: &str = "/_sim";

const PATHS: [&str; 11] = [
    "/_sim/settings",
    "/_sim/unknowns",
    "/_sim/faults",
    "/_sim/faults/{number}",
    "/_sim/principals",
    "/_sim/principals/{arn}",
    "/_sim/organization",
    "/_sim/clock",
    "/_sim/world",
    "/_sim/packet",
    "/_sim/trace",
];

/// An embedded cloud, and what has been set around it.
#[derive(Clone, Debug)]
struct Control {
    embedded: Embedded,
    set: Arc<Mutex<Set>>,
}

/// What has been set. Nobody else sets it: it is true of the API.
#[derive(Debug, Default)]
struct Set {
    settings: Settings,
    /// By the numbers that the API gave them.
    faults: Vec<(u64, FaultWish)>,
    principals: Registered,
    organization: Organization,
}

impl Control {
    fn set(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// AWS's door, and beside it the control endpoint. What is around the cloud has to be switched off at first.
pub fn door(embedded: Embedded) -> Router {
    let control = Control { embedded: embedded.clone(), set: Arc::default() };
    let paths = Router::new()
        .route("/settings", get(settings::read).patch(settings::change))
        .route("/unknowns", get(unknowns::read).patch(unknowns::change))
        .route("/faults", get(faults::list).post(faults::add).delete(faults::end_all))
        .route("/faults/{number}", delete(faults::end))
        .route("/principals", get(principals::list).post(principals::register).delete(principals::remove_all))
        .route("/principals/{*arn}", delete(principals::remove))
        .route("/organization", get(organization::read).put(organization::hang))
        .route("/clock", get(clock::read).patch(clock::change))
        .route("/world", post(world::act))
        .route("/packet", post(packet::judge))
        .route("/trace", get(trace::read).put(trace::keep))
        .fallback(unknown_path)
        .with_state(control);
    Router::new().nest(PATH, paths).merge(embedded::door_to(embedded))
}

async fn unknown_path() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, format!("there is no such path: it is one of {}", PATHS.join(", ")))
}

/// What was asked for is not done.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: String,
}

impl Refusal {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into() }
    }

    /// It cannot be meant so.
    fn wrong(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Self { status, error } = self;
        (status, document(&json!({ "error": error }))).into_response()
    }
}

/// The account that is meant where none is named.
fn first_account() -> AccountId {
    ACCOUNT.into()
}

/// An error, unless this has the form of an account's id.
fn check_account(name: &str, id: &AccountId) -> Result<(), Refusal> {
    if id.as_str().len() == 12 && id.as_str().bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(Refusal::wrong(format!("`{name}` is {id}: write twelve digits")))
}

/// An answer in JSON.
type Answer = Result<Response, Refusal>;

/// What a body says. It is JSON, whatever its content type: nobody should have to tell curl.
fn said<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::wrong(error.to_string()))
}

#[expect(clippy::unnecessary_wraps, reason = "every path answers so")]
fn answered(content: &impl Serialize) -> Answer {
    Ok(document(content))
}

fn document(content: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(content) {
        Ok(text) => ([(CONTENT_TYPE, "application/json")], text + "\n").into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
