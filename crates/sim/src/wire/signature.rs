//! Takes the headers of a request; gives who has signed it, and for which API. Never checks that the signature is true: that takes a
//! secret, and whoever has none to hide needs none.
//!
//! `Authorization: AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<API>/aws4_request, SignedHeaders=…, Signature=<64 hex digits>`.
//! Source: "Create a signed AWS API request", IAM User Guide.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use crate::error::ApiError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    /// The id of the access key.
    pub(super) key: String,
    /// The API that the request is for: `ec2`, `sts`.
    pub(super) api: String,
}

impl Signature {
    /// The signature of a request with these headers.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let missing =
            || ApiError::new("MissingAuthenticationToken", "Request is missing Authentication Token").with_status(403);
        let header = headers.get(AUTHORIZATION).ok_or_else(missing)?;
        header.to_str().ok().and_then(Self::read).ok_or_else(|| {
            let message = "AWS was not able to validate the provided access credentials";
            ApiError::new("AuthFailure", message).with_status(401)
        })
    }

    fn read(header: &str) -> Option<Self> {
        let rest = header.strip_prefix(ALGORITHM)?.trim_start();
        let credential = rest.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
        let mut scope = credential.rsplitn(5, '/');
        let (_end, api, _region, _date) = (scope.next()?, scope.next()?, scope.next()?, scope.next()?);
        let key = scope.next().filter(|key| !key.is_empty())?;
        Some(Self { key: key.into(), api: api.into() })
    }
}
