//! Takes a request; says which API it is for, and so in which protocol it is read and answered. Never reads it.
//!
//! | signed for             | API                           | protocol               |
//! |------------------------|-------------------------------|------------------------|
//! | `ec2`                  | EC2                           | EC2 query, XML         |
//! | `sts`                  | STS                           | query, XML             |
//! | `elasticloadbalancing` | ELB, version 2                | query, XML             |
//! | `tagging`              | Resource Groups Tagging API   | JSON 1.1               |
//!
//! AWS knows it from the endpoint; here one endpoint is all of them. What a request is written for shows in its version or its target:
//! the signature has to agree, and what nobody has signed is refused in that form.

use http::HeaderMap;

use super::params::Params;
use super::tagging;
use crate::error::ApiError;

const EC2_VERSION: &str = "2016-11-15";
const STS_VERSION: &str = "2011-06-15";
const ELB_VERSION: &str = "2015-12-01";

/// An API, with its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ec2,
    Sts,
    Elb,
    Tagging,
}

impl Protocol {
    const ALL: [Self; 4] = [Self::Ec2, Self::Sts, Self::Elb, Self::Tagging];

    /// What a request is signed for, to reach this API.
    pub(super) fn scope(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
            Self::Elb => "elasticloadbalancing",
            Self::Tagging => "tagging",
        }
    }

    /// The API that a request is signed for.
    pub(super) fn signed(scope: &str) -> Result<Self, ApiError> {
        Self::ALL.into_iter().find(|api| api.scope() == scope).ok_or_else(|| {
            let message = format!("There is no API '{scope}' here, but {}", Self::ALL.map(Self::scope).join(", "));
            ApiError::new("SignatureDoesNotMatch", message).with_status(403)
        })
    }

    /// The API that a request is written for, as far as that shows.
    pub(super) fn written(headers: &HeaderMap, params: &Params) -> Option<Self> {
        match params.peek("Version") {
            Some(EC2_VERSION) => Some(Self::Ec2),
            Some(STS_VERSION) => Some(Self::Sts),
            Some(ELB_VERSION) => Some(Self::Elb),
            _ => tagging::is_meant(headers).then_some(Self::Tagging),
        }
    }
}
