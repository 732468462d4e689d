//! Takes an HTTP request; gives what its client gets, in the protocol of the API that the request is signed for: EC2, STS, ELB in either
//! version, the Resource Groups Tagging API or WAF. Never opens a socket, and never checks that a signature is true: whoever serves it is nobody's AWS.
//!
//! ```text
//!  http::Request ── signature ── parse ── Api::call ── write ── Delivery: an http::Response, or a connection that ends without one
//! ```
//!
//! EC2's request: `Action=…&Version=2016-11-15&Filter.1.Name=…`, form-encoded. Response: XML, `<ActionResponse>…`. Error:
//! `<Response><Errors><Error>…`. Source: "Making API requests using the EC2 query API"; botocore, protocol `ec2` and `query`.

mod element;
mod json;
mod params;
mod parse;
mod protocol;
mod signature;
mod tagging;
mod waf;
mod write;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Request as HttpRequest, Response as HttpResponse, StatusCode};
use jiff::SignedDuration;
use serde_json::Value;

use self::element::Element;
use self::params::Params;
use self::protocol::Protocol;
use self::signature::{Expected, Signature};
use crate::api::{Answer, Api, Caller, Came};
use crate::error::ApiError;
use crate::request::Request;
use crate::response::Response;
use crate::world::World;

/// The content type of every document in XML.
const XML: HeaderValue = HeaderValue::from_static("text/xml;charset=UTF-8");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// The content type of every document in JSON.
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.1");

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
    let written = Protocol::written(request.headers(), &params);
    let (protocol, understood) = match signed(api, request.headers(), written) {
        Ok((protocol, signature)) => (protocol, understood(api, protocol, &signature, request, params)),
        // Whatever shows no API at all is refused as EC2 does it.
        Err(error) => (written.unwrap_or(Protocol::Ec2), Err(error)),
    };
    let (caller, request) = match understood {
        Ok(understood) => understood,
        Err(error) => return Delivery::at_once(refusal(&error, protocol, &request_id)),
    };
    let Answer { took, account: _, came } = api.call(&caller, request.clone());
    let world = api.world();
    let reply = match came {
        Came::Whole(result) => Some(reply(world, &request, result, protocol, &request_id)),
        Came::Broken(result, at) => Some(cut(reply(world, &request, result, protocol, &request_id), at)),
        Came::Nothing => None,
    };
    Delivery { took, reply }
}

/// The request that an HTTP request makes, for whoever wants to make it himself.
#[cfg(test)]
pub(crate) fn request(request: &HttpRequest<impl AsRef<[u8]>>) -> Result<Request, ApiError> {
    let params = Params::new(request.body().as_ref());
    let written = Protocol::written(request.headers(), &params);
    read(written.unwrap_or(Protocol::Ec2), request, params)
}

/// The API that a request with these headers is signed for, and the signature.
fn signed(api: &Api, headers: &HeaderMap, written: Option<Protocol>) -> Result<(Protocol, Signature), ApiError> {
    let world = api.world();
    let now = Some(world.now).filter(|_| api.clocks_are_checked());
    let expected = Expected { region: &world.region, api: written.map(Protocol::scope), now };
    let signature = Signature::of(headers, expected)?;
    Ok((Protocol::signed(&signature.api, written)?, signature))
}

/// Who has signed a request, and what he asks for.
fn understood(
    api: &Api,
    protocol: Protocol,
    Signature { key, token, .. }: &Signature,
    request: &HttpRequest<impl AsRef<[u8]>>,
    params: Params,
) -> Result<(Caller, Request), ApiError> {
    let caller = api.caller(key, token.as_deref()).map_err(|rejected| rejected.error(protocol.scope()))?;
    Ok((caller, read(protocol, request, params)?))
}

/// What a request asks for, in this protocol.
fn read(protocol: Protocol, request: &HttpRequest<impl AsRef<[u8]>>, params: Params) -> Result<Request, ApiError> {
    match protocol {
        Protocol::Ec2 | Protocol::Sts => parse::request(params),
        Protocol::Elb => parse::elb::request(params).map(Request::Elb),
        Protocol::Classic => parse::classic::request(params).map(Request::Classic),
        Protocol::Tagging => tagging::request(request.headers(), request.body().as_ref()),
        Protocol::Waf => waf::request(request.headers(), request.body().as_ref()),
    }
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
    protocol: Protocol,
    request_id: &str,
) -> HttpResponse<Vec<u8>> {
    match result {
        Ok(Response::GetResources(page)) => in_json(StatusCode::OK, &tagging::resources(&page), request_id),
        Ok(Response::Waf(response)) => in_json(StatusCode::OK, &waf::response(&response), request_id),
        Ok(response) => document(StatusCode::OK, &write::response(world, request, &response, request_id)),
        Err(error) => refusal(&error, protocol, request_id),
    }
}

fn refusal(error: &ApiError, protocol: Protocol, request_id: &str) -> HttpResponse<Vec<u8>> {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match protocol {
        Protocol::Ec2 => document(status, &ec2_error(error, request_id)),
        Protocol::Sts => document(status, &query_error(error, request_id)),
        Protocol::Elb => document(status, &query_error(error, request_id).namespace(write::ELB_NAMESPACE)),
        Protocol::Classic => document(status, &query_error(error, request_id).namespace(write::CLASSIC_NAMESPACE)),
        Protocol::Tagging | Protocol::Waf => in_json(status, &json::error(error), request_id),
    }
}

/// Clients find the request's id in a header: the body has no place for it.
fn in_json(status: StatusCode, body: &Value, request_id: &str) -> HttpResponse<Vec<u8>> {
    let mut reply = HttpResponse::new(body.to_string().into_bytes());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, JSON);
    if let Ok(request_id) = HeaderValue::from_str(request_id) {
        reply.headers_mut().insert(REQUEST_ID, request_id);
    }
    reply
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

fn query_error(error: &ApiError, request_id: &str) -> Element {
    let inner = Element::new("Error").text("Type", "Sender").text("Code", &error.code).text("Message", &error.message);
    Element::new("ErrorResponse").child(inner).text("RequestId", request_id)
}
