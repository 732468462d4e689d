//! Takes a simulated API; answers for it over HTTP as AWS would, on loopback. Never lets time stand still: before every answer the world
//! moves on to now.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Request, Response};
use jiff::SignedDuration;
use mirror_core::Time;
use mirror_sim::Api;
use mirror_sim::wire::{self, Delivery};

/// An API that several may hold.
pub type Shared = Arc<Mutex<Api>>;

/// The door that AWS's clients come through.
pub fn door(api: Shared) -> Router {
    Router::new().fallback(answer).with_state(api)
}

async fn answer(State(api): State<Shared>, head: Parts, body: Bytes) -> Response<Body> {
    let request = Request::from_parts(head, body);
    let Delivery { took, reply } = {
        let mut api = api.lock().unwrap_or_else(PoisonError::into_inner);
        api.advance(Time::now());
        wire::answer(&mut api, &request)
    };
    if took > SignedDuration::ZERO {
        tokio::time::sleep(took.unsigned_abs()).await;
    }
    match reply {
        Some(reply) => reply.map(Body::from),
        None => std::future::pending().await,
    }
}
