//! Takes the id of an access key, and the token that came with it; gives whose it is, or why it is nobody's. Never sees a secret.

use mirror_core::Time;

use crate::api::Caller;
use crate::error::ApiError;

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AccessKey {
    pub(super) caller: Caller,
    /// Of a key that goes by itself: the session token, and when it goes.
    pub(super) session: Option<(String, Time)>,
}

impl AccessKey {
    /// Whose it is, for whoever sends this token at this time.
    pub(super) fn caller(&self, token: Option<&str>, now: Time) -> Result<&Caller, Rejected> {
        match (&self.session, token) {
            (None, None) => Ok(&self.caller),
            (Some((wanted, expires)), Some(token)) if wanted == token => {
                if now < *expires {
                    Ok(&self.caller)
                } else {
                    Err(Rejected::Expired)
                }
            }
            _ => Err(Rejected::Unknown),
        }
    }
}

/// Why nobody is behind an access key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// There is no such key, or not with this token, or not any more.
    Unknown,
    /// It was one for some time, which is over.
    Expired,
}

impl Rejected {
    /// What an API answers. Sources: "Error codes for the Amazon EC2 API" (EC2 has codes of its own for both); "Common errors", AWS
    /// Security Token Service API Reference (all the others).
    pub(crate) fn error(self, api: &str) -> ApiError {
        let (code, message, status) = match (self, api) {
            (Self::Unknown, "ec2") => {
                ("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
            }
            (Self::Expired, "ec2") => ("RequestExpired", "Request has expired.", 400),
            (Self::Unknown, _) => {
                ("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
            }
            (Self::Expired, _) => ("ExpiredToken", "The security token included in the request is expired", 403),
        };
        ApiError::new(code, message).with_status(status)
    }
}
