//! Takes the records; answers probes and scrapes over HTTP. Never says which instances are watched.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::clock::{Clock, Monotonic};
use crate::records::Records;

/// What the answers are made of.
#[derive(Clone)]
pub struct Pages {
    /// The records.
    pub records: Arc<Records>,
    /// The clock of the loops.
    pub clock: Monotonic,
    /// One that has not moved for longer is taken for dead.
    pub longest_silence: SignedDuration,
}

/// Takes an address.
///
/// # Errors
///
/// When the address is taken, or not of this machine.
pub async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: free it, or choose another with {flag}"))
}

/// A server that answers until it is told to end.
#[derive(Debug)]
pub struct Serving(JoinHandle<std::io::Result<()>>);

/// Answers on that address.
pub fn serve(listener: TcpListener, router: Router) -> Serving {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Serving(tokio::spawn(axum::serve(listener, service).into_future()))
}

impl Serving {
    /// A server that runs in this task.
    pub(crate) fn of(task: JoinHandle<std::io::Result<()>>) -> Self {
        Self(task)
    }

    /// Ends it at once. Whoever is still asking asks a process that is about to end: one that never finishes its request must not
    /// keep it.
    pub fn end(self) {
        self.0.abort();
    }
}

/// `/livez`: every loop moves. `/readyz`: everything has been observed once, everywhere. `/metrics`: for Prometheus. `/held` and
/// `/approve`: what is held, and a person's word for it, only for who asks from this machine.
pub fn pages(pages: Pages) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/held", get(held))
        .route("/approve", post(approve))
        .with_state(pages)
}

async fn livez(State(Pages { records, clock, longest_silence }): State<Pages>) -> Response {
    let silence = records.silence(clock.now());
    if silence <= longest_silence {
        "ok\n".into_response()
    } else {
        let body = format!("the loop has not moved for {silence:#}\n");
        (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
    }
}

async fn readyz(State(Pages { records, .. }): State<Pages>) -> Response {
    match records.unready() {
        None => "ok\n".into_response(),
        Some(missing) => (StatusCode::SERVICE_UNAVAILABLE, format!("{missing}\n")).into_response(),
    }
}

async fn metrics(State(Pages { records, .. }): State<Pages>) -> Response {
    match records.metrics() {
        Ok(text) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response(),
    }
}

/// Whoever is on another machine only knows the address where this is scraped: to see or approve what is held takes a way in here.
type Peer = ConnectInfo<SocketAddr>;

/// Whether somebody asks from this machine. Who listens for both versions of IP is told of IPv4 as a part of IPv6.
fn is_here(peer: SocketAddr) -> bool {
    peer.ip().to_canonical().is_loopback()
}

const ELSEWHERE: &str = "this is answered on the machine itself, where `vpc-mirror approve` asks for it\n";

const STANDS_BY: &str =
    "this replica stands by, and holds nothing: ask the one that leads, which `kubectl get lease` names\n";

async fn held(ConnectInfo(peer): Peer, State(Pages { records, .. }): State<Pages>) -> Response {
    if !is_here(peer) {
        return (StatusCode::FORBIDDEN, ELSEWHERE).into_response();
    }
    if records.stands_by() {
        return (StatusCode::CONFLICT, STANDS_BY).into_response();
    }
    let held = records.held();
    if held.is_empty() { "nothing is held\n".into_response() } else { format!("{}\n", held.join("\n")).into_response() }
}

async fn approve(ConnectInfo(peer): Peer, State(Pages { records, .. }): State<Pages>, digest: String) -> Response {
    if !is_here(peer) {
        return (StatusCode::FORBIDDEN, ELSEWHERE).into_response();
    }
    if records.stands_by() {
        return (StatusCode::CONFLICT, STANDS_BY).into_response();
    }
    let places = records.approve(digest.trim());
    if !places.is_empty() {
        return format!("approved for 24 hours: {}\n", places.join("; ")).into_response();
    }
    let held = records.held();
    let held = if held.is_empty() { "nothing is held".into() } else { held.join("\n") };
    (StatusCode::NOT_FOUND, format!("{} is no digest of what is held\n{held}\n", digest.trim())).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_from_this_machine_is_told_apart_from_everybody_else() {
        let here = |peer: &str| is_here(peer.parse().unwrap());
        assert!(["127.0.0.1:9", "127.8.8.8:9", "[::1]:9", "[::ffff:127.0.0.1]:9"].into_iter().all(here));
        assert!(!["10.0.0.7:9", "0.0.0.0:9", "[fd00::1]:9", "[::ffff:10.0.0.7]:9", "[::]:9"].into_iter().any(here));
    }
}
