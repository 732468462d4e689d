//! Takes an HTTP request's body and its Authorization header; gives the status and the body of the answer, in the EC2 query protocol
//! (STS's, for the one action of STS). Never opens a socket, and never checks a signature: whoever serves it is nobody's AWS.
//!
//! Request: `Action=…&Version=2016-11-15&Filter.1.Name=…`, form-encoded. Response: XML, `<ActionResponse>…`. Error:
//! `<Response><Errors><Error>…`. Source: "Making API requests using the EC2 query API"; botocore, protocol `ec2` and `query`.

mod element;
mod params;
mod parse;
mod write;

use self::element::Element;
use self::params::Params;
use crate::error::ApiError;
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
    let params = Params::new(body);
    let is_sts = params.peek("Version") == Some(STS_VERSION);
    match answered(world, authorization, params, &request_id) {
        Ok(answer) => Reply { status: 200, body: answer.document() },
        Err(error) if is_sts => Reply { status: error.status, body: sts_error(&error, &request_id).document() },
        Err(error) => Reply { status: error.status, body: ec2_error(&error, &request_id).document() },
    }
}

fn answered(
    world: &mut World,
    authorization: Option<&str>,
    params: Params,
    request_id: &str,
) -> Result<Element, ApiError> {
    authenticate(authorization)?;
    let request = parse::request(params)?;
    let response = world.call(request.clone())?;
    Ok(write::response(world, &request, &response, request_id))
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
