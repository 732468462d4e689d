//! Takes an HTTP request's body and its Authorization header; gives the status and the body of the answer, in the EC2 query protocol
//! (STS's, for the one action of STS). Never opens a socket, and never checks a signature: whoever serves it is nobody's AWS.
//!
//! Request: `Action=…&Version=2016-11-15&Filter.1.Name=…`, form-encoded. Response: XML, `<ActionResponse>…`. Error:
//! `<Response><Errors><Error>…`. Source: "Making API requests using the EC2 query API"; botocore, protocol `ec2` and `query`.

mod element;
mod params;
mod parse;
mod write;

use jiff::SignedDuration;

use self::element::Element;
use self::params::Params;
use crate::api::{Answer, Api, Caller, Came};
use crate::error::ApiError;
use crate::request::Request;
use crate::response::Response;
use crate::world::World;

/// The content type of every answer.
pub const CONTENT_TYPE: &str = "text/xml;charset=UTF-8";

/// The version of the STS API: the only thing by which the two APIs differ for one who cannot see the host name.
const STS_VERSION: &str = "2011-06-15";

/// The answer to an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, of type [`CONTENT_TYPE`].
    pub body: String,
}

/// Answers one HTTP request, whatever its method and path.
pub fn answer(world: &mut World, authorization: Option<&str>, body: &str) -> Reply {
    let request_id = world.mint.request_id();
    let (is_sts, request) = read(authorization, body);
    match request {
        Ok(request) => {
            let result = world.call(request.clone());
            reply(world, &request, result, is_sts, &request_id)
        }
        Err(error) => refusal(&error, is_sts, &request_id),
    }
}

/// What the client of an API gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How long it takes, in virtual time.
    pub took: SignedDuration,
    /// The answer, which may be cut short; none: the connection is to be closed without one.
    pub reply: Option<Reply>,
}

/// Answers one HTTP request through an API, whatever its method and path. Everybody is the simulated principal of the first account.
pub fn answer_through(api: &mut Api, authorization: Option<&str>, body: &str) -> Delivery {
    let request_id = api.world_mut().mint.request_id();
    let (is_sts, request) = read(authorization, body);
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            return Delivery { took: SignedDuration::ZERO, reply: Some(refusal(&error, is_sts, &request_id)) };
        }
    };
    let caller = Caller::simulated(api.world().account.clone());
    let Answer { took, account, came } = api.call(&caller, request.clone());
    let world = api.world_of(&account);
    let reply = match came {
        Came::Whole(result) => Some(reply(world, &request, result, is_sts, &request_id)),
        Came::Broken(result, at) => Some(reply(world, &request, result, is_sts, &request_id).cut(at)),
        Came::Nothing => None,
    };
    Delivery { took, reply }
}

impl Reply {
    /// The reply without what comes after so many bytes; at least the last byte goes.
    fn cut(mut self, at: usize) -> Self {
        let end = self.body.floor_char_boundary(at.min(self.body.len().saturating_sub(1)));
        self.body.truncate(end);
        self
    }
}

/// The request, and whether it is one to STS.
fn read(authorization: Option<&str>, body: &str) -> (bool, Result<Request, ApiError>) {
    let params = Params::new(body);
    let is_sts = params.peek("Version") == Some(STS_VERSION);
    (is_sts, authenticate(authorization).and_then(|()| parse::request(params)))
}

fn reply(
    world: &World,
    request: &Request,
    result: Result<Response, ApiError>,
    is_sts: bool,
    request_id: &str,
) -> Reply {
    match result {
        Ok(response) => Reply { status: 200, body: write::response(world, request, &response, request_id).document() },
        Err(error) => refusal(&error, is_sts, request_id),
    }
}

fn refusal(error: &ApiError, is_sts: bool, request_id: &str) -> Reply {
    let document = if is_sts { sts_error(error, request_id) } else { ec2_error(error, request_id) };
    Reply { status: error.status, body: document.document() }
}

/// Whether somebody says who they are. That it is true is not for a simulation to find out.
fn authenticate(authorization: Option<&str>) -> Result<(), ApiError> {
    let signed = |header: &&str| header.starts_with("AWS4-HMAC-SHA256 ") && header.contains("Credential=");
    match authorization {
        None => {
            let error = ApiError::new("MissingAuthenticationToken", "Request is missing Authentication Token");
            Err(error.with_status(403))
        }
        Some(header) if !signed(&header) => {
            let error = ApiError::new("AuthFailure", "AWS was not able to validate the provided access credentials");
            Err(error.with_status(401))
        }
        Some(_) => Ok(()),
    }
}

fn ec2_error(error: &ApiError, request_id: &str) -> Element {
    let inner = Element::new("Error").text("Code", &error.code).text("Message", &error.message);
    Element::new("Response").child(Element::new("Errors").child(inner)).text("RequestID", request_id)
}

fn sts_error(error: &ApiError, request_id: &str) -> Element {
    let inner = Element::new("Error").text("Type", "Sender").text("Code", &error.code).text("Message", &error.message);
    Element::new("ErrorResponse").child(inner).text("RequestId", request_id)
}
