//! Takes the parameters of an action of STS; gives its request. Never knows anything of EC2.

use crate::error::ApiError;
use crate::iam::AssumeRole;
use crate::request::Request;
use crate::wire::params::Params;

/// The request of an action; none if this is no action of this kind. What would change what the session may (`Policy`, `Tags`) is not
/// ignored: it is refused, with all that is not understood.
pub(super) fn request(action: &str, params: &mut Params) -> Result<Option<Request>, ApiError> {
    Ok(Some(match action {
        "AssumeRole" => Request::AssumeRole(AssumeRole {
            role: params.required("RoleArn")?,
            session: params.required("RoleSessionName")?,
            duration: params.number("DurationSeconds")?,
            external_id: params.optional("ExternalId"),
        }),
        _ => return Ok(None),
    }))
}
