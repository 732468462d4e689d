//! Takes an HTTP request; gives what its client gets, in the protocol of the API that the request is signed for: EC2's query protocol,
//! or STS's. Never opens a socket, and never checks that a signature is true: whoever serves it is nobody's AWS.
//!
//! ```text
//!  http::Request ── signature ── parse ── Api::call ── write ── Delivery: an http::Response, or a connection that ends without one
//! ```
//!
//! Request: `Action=…&Version=2016-11-15&Filter.1.Name=…`, form-encoded. Response: XML, `<ActionResponse>…`. Error:
//! `<Response><Errors><Error>…`. Source: "Making API requests using the EC2 query API"; botocore, protocol `ec2` and `query`.

mod element;
mod params;
mod parse;
mod signature;
mod write;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request as HttpRequest, Response as HttpResponse, StatusCode};
use jiff::SignedDuration;

use self::element::Element;
use self::params::Params;
use self::signature::{Expected, Signature};
use crate::api::{Answer, Api, Caller, Came};
use crate::error::ApiError;
use crate::request::Request;
use crate::response::Response;
use crate::world::World;

/// The content type of every document in XML.
const XML: HeaderValue = HeaderValue::from_static("text/xml;charset=UTF-8");

/// The version of the STS API: the only thing by which a request that nobody has signed shows for whom it is.
const STS_VERSION: &str = "2011-06-15";

/// The version of the EC2 API.
const EC2_VERSION: &str = "2016-11-15";

/// What the client of an API gets.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// How long it takes, in virtual time.
    pub took: SignedDuration,
    /// The answer, which may be cut short; none: the connection is to be closed without one.
    pub reply: Option<HttpResponse<Vec<u8>>>,
}

impl Delivery {
    fn at_once(reply: HttpResponse<Vec<u8>>) -> Self {
        Self { took: SignedDuration::ZERO, reply: Some(reply) }
    }
}

/// Answers one HTTP request, whatever its method and path. Whoever has signed it is the caller: see [`Api::caller`].
pub fn answer(api: &mut Api, request: &HttpRequest<impl AsRef<[u8]>>) -> Delivery {
    let request_id = api.world_mut().mint.request_id();
    let params = Params::new(request.body().as_ref());
    let is_sts = params.peek("Version") == Some(STS_VERSION);
    let understood = signer(api, request.headers(), &params).and_then(|caller| Ok((caller, parse::request(params)?)));
    let (caller, request) = match understood {
        Ok(understood) => understood,
        Err(error) => return Delivery::at_once(refusal(&error, is_sts, &request_id)),
    };
    let Answer { took, account: _, came } = api.call(&caller, request.clone());
    let world = api.world();
    let reply = match came {
        Came::Whole(result) => Some(reply(world, &request, result, is_sts, &request_id)),
        Came::Broken(result, at) => Some(cut(reply(world, &request, result, is_sts, &request_id), at)),
        Came::Nothing => None,
    };
    Delivery { took, reply }
}

/// The request that a body makes, for whoever wants to make it himself.
#[cfg(test)]
pub(crate) fn request(body: &[u8]) -> Result<Request, ApiError> {
    parse::request(Params::new(body))
}

/// Who has signed a request with these headers.
fn signer(api: &Api, headers: &HeaderMap, params: &Params) -> Result<Caller, ApiError> {
    let world = api.world();
    let written_for = match params.peek("Version") {
        Some(EC2_VERSION) => Some("ec2"),
        Some(STS_VERSION) => Some("sts"),
        _ => None,
    };
    let now = Some(world.now).filter(|_| api.clocks_are_checked());
    let Signature { key, api: signed_for, token } =
        Signature::of(headers, Expected { region: &world.region, api: written_for, now })?;
    api.caller(&key, token.as_deref()).map_err(|rejected| rejected.error(&signed_for))
}

/// The reply without what comes after so many bytes; at least the last byte goes.
fn cut(mut reply: HttpResponse<Vec<u8>>, at: usize) -> HttpResponse<Vec<u8>> {
    let body = reply.body_mut();
    body.truncate(at.min(body.len().saturating_sub(1)));
    reply
}

fn reply(
    world: &World,
    request: &Request,
    result: Result<Response, ApiError>,
    is_sts: bool,
    request_id: &str,
) -> HttpResponse<Vec<u8>> {
    match result {
        Ok(response) => document(StatusCode::OK, &write::response(world, request, &response, request_id)),
        Err(error) => refusal(&error, is_sts, request_id),
    }
}

fn refusal(error: &ApiError, is_sts: bool, request_id: &str) -> HttpResponse<Vec<u8>> {
    let element = if is_sts { sts_error(error, request_id) } else { ec2_error(error, request_id) };
    document(StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &element)
}

fn document(status: StatusCode, root: &Element) -> HttpResponse<Vec<u8>> {
    let mut reply = HttpResponse::new(root.document().into_bytes());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, XML);
    reply
}

fn ec2_error(error: &ApiError, request_id: &str) -> Element {
    let inner = Element::new("Error").text("Code", &error.code).text("Message", &error.message);
    Element::new("Response").child(Element::new("Errors").child(inner)).text("RequestID", request_id)
}

fn sts_error(error: &ApiError, request_id: &str) -> Element {
    let inner = Element::new("Error").text("Type", "Sender").text("Code", &error.code).text("Message", &error.message);
    Element::new("ErrorResponse").child(inner).text("RequestId", request_id)
}
