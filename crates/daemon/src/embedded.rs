//! Takes a simulated world; answers for it over HTTP as EC2 would, on loopback. Never lets time stand still: before every answer the
//! world moves on to now.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use mirror_core::Time;
use mirror_sim::{World, wire};

/// A world that several may hold.
pub type Shared = Arc<Mutex<World>>;

/// The door that AWS's clients come through.
pub fn door(world: Shared) -> Router {
    Router::new().route("/", post(answer)).with_state(world)
}

async fn answer(State(world): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let reply = {
        let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance(Time::now());
        wire::answer(&mut world, authorization, &String::from_utf8_lossy(&body))
    };
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, wire::CONTENT_TYPE)], reply.body).into_response()
}
