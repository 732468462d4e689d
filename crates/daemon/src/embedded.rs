//! Takes a simulated API; answers for it over HTTP as AWS would, on loopback. Never lets time stand still by itself: before every answer
//! the world moves on to the time of its pace.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jiff::SignedDuration;
use mirror_sim::Api;
use mirror_sim::wire::{self, Delivery};
use tokio::net::{TcpListener, TcpStream};
use tracing::warn;

use crate::listen::Serving;
use crate::pace::Pace;

/// An API that several may hold.
pub type Shared = Arc<Mutex<Api>>;

/// An API, and the time that it runs by.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// The API.
    pub api: Shared,
    /// Its time.
    pub pace: Pace,
}

impl Embedded {
    /// The API, at the time that it is now.
    pub fn now(&self) -> MutexGuard<'_, Api> {
        let mut api = self.api.lock().unwrap_or_else(PoisonError::into_inner);
        api.advance(self.pace.now());
        api
    }
}

/// The answer to this request gets lost: [`serve`] closes its connection without one.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the answer is lost")]
pub struct Lost;

/// The door that AWS's clients come through, in real time. Lost answers are lost only where [`serve`] serves it.
pub fn door(api: Shared) -> Router {
    door_to(Embedded { api, pace: Pace::real() })
}

/// The door that AWS's clients come through, at the pace of what is behind it.
pub fn door_to(embedded: Embedded) -> Router {
    Router::new().fallback(answer).with_state(embedded)
}

async fn answer(State(embedded): State<Embedded>, head: Parts, body: Bytes) -> Response<Body> {
    let request = Request::from_parts(head, body);
    let Delivery { took, reply } = wire::answer(&mut embedded.now(), &request);
    if took > SignedDuration::ZERO {
        tokio::time::sleep(embedded.pace.real_time(took)).await;
    }
    reply.map_or_else(lost, |reply| reply.map(Body::from))
}

fn lost() -> Response<Body> {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response.extensions_mut().insert(Lost);
    response
}

/// Answers on that address as axum does, but that a lost answer ends the connection.
pub fn serve(listener: TcpListener, router: Router) -> Serving {
    Serving::of(tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(connection(stream, router.clone()))),
                // As a rule too many open files: it gets better as connections end, and worse by asking again at once.
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }))
}

async fn connection(stream: TcpStream, router: Router) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let answer = router.call(request);
        async move { delivered(answer.await) }
    });
    // However it ends, it is the client who has to know.
    _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn delivered(answer: Result<Response<Body>, Infallible>) -> Result<Response<Body>, Lost> {
    answer.map_err(|never| match never {}).and_then(|answer| match answer.extensions().get::<Lost>() {
        Some(lost) => Err(*lost),
        None => Ok(answer),
    })
}
