//! Takes a simulated world; serves it on a free port of 127.0.0.1 as the demo does, and lets the test count the calls, hold them up
//! and refuse them. Never changes what an answer says.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use mirror_sim::{Api, MirrorSession, World};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use vpc_mirror::embedded::{self, Lost, Shared};

use super::PATIENCE;
use super::calls::{Calls, InFlight};

/// How long a call takes: until it takes effect, and from there to its answer. What is refused is refused at once.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delay {
    pub(crate) effect: Duration,
    pub(crate) answer: Duration,
}

/// A world behind a socket.
#[derive(Clone)]
pub(crate) struct Cloud {
    pub(crate) at: SocketAddr,
    pub(crate) api: Shared,
    calls: Arc<watch::Sender<Calls>>,
    faults: Arc<Mutex<Faults>>,
}

/// Says how long a call of an action takes.
type Delays = Box<dyn FnMut(&str) -> Delay + Send>;

#[derive(Default)]
struct Faults {
    delay: Option<Delays>,
    refused: BTreeSet<String>,
}

impl Cloud {
    /// A world in which nothing goes wrong but what the test asks for.
    pub(crate) async fn serve(world: World) -> Self {
        Self::serve_api(Api::new(world, 1)).await
    }

    pub(crate) async fn serve_api(api: Api) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let cloud = Self {
            at: listener.local_addr().unwrap(),
            api: Arc::new(Mutex::new(api)),
            calls: Arc::default(),
            faults: Arc::default(),
        };
        let router = embedded::door(cloud.api.clone()).layer(from_fn_with_state(cloud.clone(), answer));
        // For as long as the test runs.
        let _serving = embedded::serve(listener, router);
        cloud
    }

    /// The calls until now. While this is held no call arrives, and none is answered.
    pub(crate) fn calls(&self) -> watch::Ref<'_, Calls> {
        self.calls.borrow()
    }

    /// Waits until the calls are as the test wants them.
    pub(crate) async fn until(&self, what: &str, so: impl FnMut(&Calls) -> bool) {
        let mut calls = self.calls.subscribe();
        let waited = timeout(PATIENCE, calls.wait_for(so)).await.map(|found| found.is_ok());
        assert_eq!(waited, Ok(true), "waited for: {what}; of {:?}", tally(self.calls().arrived()));
    }

    /// From now on, calls take so long.
    pub(crate) fn delay(&self, delay: impl FnMut(&str) -> Delay + Send + 'static) {
        self.faults.lock().unwrap().delay = Some(Box::new(delay));
    }

    /// From now on, an action is denied.
    pub(crate) fn refuse(&self, action: &str) {
        self.faults.lock().unwrap().refused.insert(action.into());
    }

    /// From now on, an action is not denied.
    pub(crate) fn allow(&self, action: &str) {
        self.faults.lock().unwrap().refused.remove(action);
    }

    /// Everybody's sessions.
    pub(crate) fn sessions(&self) -> Vec<MirrorSession> {
        super::fleet::sessions(self.api.lock().unwrap().world_mut())
    }
}

/// How many there are of each.
pub(crate) fn tally(actions: &[String]) -> BTreeMap<&str, usize> {
    actions.iter().fold(BTreeMap::new(), |mut tally, action| {
        *tally.entry(action.as_str()).or_default() += 1;
        tally
    })
}

async fn answer(State(cloud): State<Cloud>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8_lossy(&body);
    let queried = text.split('&').find_map(|pair| pair.strip_prefix("Action="));
    // What speaks JSON names its action in a header: `ResourceGroupsTaggingAPI_20170126.GetResources`.
    let target = head.headers.get("x-amz-target").and_then(|target| target.to_str().ok()?.split('.').next_back());
    let action = queried.or(target).unwrap_or_default();
    let in_flight = InFlight::new(cloud.calls.clone(), action);
    let (delay, refused) = {
        let mut faults = cloud.faults.lock().unwrap();
        let delay = faults.delay.as_mut().map(|delay| delay(action)).unwrap_or_default();
        (delay, faults.refused.contains(action))
    };
    if refused {
        return denied(action, in_flight);
    }
    let request = Request::from_parts(head, Body::from(body));
    // A task of its own: what has reached AWS takes effect, whether or not its client lives to see it.
    let effect = tokio::spawn(async move {
        sleep(delay.effect).await;
        next.run(request).await
    });
    let answer = effect.await.unwrap();
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        in_flight.was_throttled();
    } else if answer.status().is_success() || answer.extensions().get::<Lost>().is_some() {
        in_flight.took_effect();
        sleep(delay.answer).await;
    }
    drop(in_flight);
    answer
}

/// What AWS says to one who lacks a permission. The end of it differs from call to call.
fn denied(action: &str, call: InFlight) -> Response {
    if action == "GetResources" {
        let body = r#"{"__type": "AccessDeniedException", "Message": "User: arn:aws:sts::111122223333:assumed-role/mirror/pod is
            not authorized to perform: tag:GetResources because no identity-based policy allows the tag:GetResources action"}"#;
        let body = body.split_whitespace().collect::<Vec<_>>().join(" ");
        return (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "application/x-amz-json-1.1")], body).into_response();
    }
    if ["DescribeLoadBalancers", "DescribeListeners", "DescribeTargetGroups", "DescribeTargetHealth"].contains(&action)
    {
        let message = format!(
            "User: arn:aws:sts::111122223333:assumed-role/mirror/pod is not authorized to perform: \
             elasticloadbalancing:{action} because no identity-based policy allows the elasticloadbalancing:{action} action"
        );
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message></Error>\
             <RequestId>1</RequestId></ErrorResponse>"
        );
        return (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "text/xml")], body).into_response();
    }
    let number = call.number();
    let body = format!(
        "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. \
         User: arn:aws:sts::111122223333:assumed-role/mirror/pod is not authorized to perform: ec2:{action} because no \
         identity-based policy allows the ec2:{action} action. Encoded authorization failure message: bm8gc2VjcmV0{number}\
         </Message></Error></Errors><RequestID>{number}</RequestID></Response>"
    );
    (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "text/xml;charset=UTF-8")], body).into_response()
}
