//! Takes the records; answers probes and scrapes over HTTP. Never says which instances are watched.

use std::future::IntoFuture;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
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
    Serving(tokio::spawn(axum::serve(listener, router).into_future()))
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

/// `/livez`: every loop moves. `/readyz`: everything has been observed once, everywhere. `/metrics`: for Prometheus.
pub fn pages(pages: Pages) -> Router {
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
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
