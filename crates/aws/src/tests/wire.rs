//! A wire without a socket: keeps the requests, and answers all of them alike.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use aws_config::ConfigLoader;
use aws_sdk_ec2::config::SharedHttpClient;
use aws_sdk_ec2::config::http::{HttpRequest, HttpResponse};
use aws_sdk_ec2::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};

use crate::{Ambient, Keys, Options, Sdk, loader};

/// What comes back.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A status and a body.
    Http(u16, String),
    /// The beginning of an answer, and then nothing.
    BreaksOff,
    /// Nobody listens there.
    Refused,
    /// Nobody says anything.
    Silence,
}

/// The requests that went out.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    answer: Answer,
    requests: Arc<Mutex<Vec<HttpRequest>>>,
}

impl Wire {
    pub(super) fn that_answers(answer: Answer) -> Self {
        Self { answer, requests: Arc::default() }
    }

    pub(super) fn client(&self) -> SharedHttpClient {
        let connector = SharedHttpConnector::new(self.clone());
        http_client_fn(move |_, _| connector.clone())
    }

    /// The one request that went out.
    pub(super) fn only<T>(&self, see: impl FnOnce(&HttpRequest) -> T) -> T {
        let requests = self.requests.lock().unwrap();
        assert_eq!(requests.len(), 1, "one call of ours is one request");
        see(&requests[0])
    }

    /// The parameters of the one request, without the API's version.
    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        self.only(|request| {
            let form = form_urlencoded::parse(request.body().bytes().unwrap());
            form.into_owned().filter(|(name, _)| name != "Version").collect()
        })
    }

    /// What every request was, in their order.
    pub(super) fn each<T>(&self, see: impl Fn(&HttpRequest) -> T) -> Vec<T> {
        self.requests.lock().unwrap().iter().map(see).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.requests.lock().unwrap().push(request);
        HttpConnectorFuture::ready(match &self.answer {
            Answer::Http(status, body) => Ok(HttpResponse::new((*status).try_into().unwrap(), body.as_str().into())),
            Answer::BreaksOff => {
                let mut response = HttpResponse::new(200.try_into().unwrap(), "".into());
                // Who reads a body that is taken gets an error, as when a connection is lost.
                drop(response.take_body());
                Ok(response)
            }
            Answer::Refused => Err(ConnectorError::io(Box::new(io::Error::from(io::ErrorKind::ConnectionRefused)))),
            Answer::Silence => Err(ConnectorError::timeout(Box::new(io::Error::from(io::ErrorKind::TimedOut)))),
        })
    }
}

/// What the demo sets: nothing of the environment counts.
pub(super) fn options() -> Options {
    Options {
        region: Some("eu-west-1".into()),
        endpoint: Some("http://127.0.0.1:4566".into()),
        keys: Some(Keys { id: "AKIDEXAMPLE".into(), secret: "not a secret".into() }),
    }
}

/// The environment as a loader finds it.
pub(super) async fn ambient(loader: ConfigLoader) -> Ambient {
    Ambient::of(loader.load().await)
}

/// The SDK on a wire that answers so.
pub(super) async fn sdk(answer: Answer) -> (Sdk, Wire) {
    let wire = Wire::that_answers(answer);
    let sdk = ambient(loader(options(), wire.client())).await.here().unwrap();
    (sdk, wire)
}

/// The SDK on a wire that answers with what `action` answers when it succeeds.
pub(super) async fn answered(action: &str, inside: &str) -> (Sdk, Wire) {
    sdk(Answer::Http(200, success(action, inside))).await
}

pub(super) fn success(action: &str, inside: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
    <requestId>59dbff89-35bd-4eac-99ed-be587EXAMPLE</requestId>
    {inside}
</{action}Response>
"#
    )
}

/// The SDK on a wire that answers so in JSON.
pub(super) async fn json(status: u16, body: &str) -> (Sdk, Wire) {
    sdk(Answer::Http(status, body.into())).await
}

/// What EC2 answers when it refuses.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Answer {
    Answer::Http(
        status,
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>ea966190</RequestID></Response>"#
        ),
    )
}

/// Parameters, as a request should have them.
pub(super) fn form(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}
