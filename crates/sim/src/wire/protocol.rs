//! Takes a request; says which API it is for, and so in which protocol it is read and answered. Never reads it.
//!
//! | signed for             | API                           | protocol               |
//! |------------------------|-------------------------------|------------------------|
//! | `ec2`                  | EC2                           | EC2 query, XML         |
//! | `sts`                  | STS                           | query, XML             |
//! | `elasticloadbalancing` | ELB, version 2                | query, XML             |
//! | `elasticloadbalancing`, version 2012-06-01 | ELB, version 1 | query, XML        |
//! | `tagging`              | Resource Groups Tagging API   | JSON 1.1               |
//! | `wafv2`                | WAF                           | JSON 1.1               |
//!
//! AWS knows it from the endpoint; here one endpoint is all of them. What a request is written for shows in its version or its target:
//! the signature has to agree, and what nobody has signed is refused in that form.

use http::HeaderMap;

use super::params::Params;
use super::{tagging, waf};
use crate::error::ApiError;

const EC2_VERSION: &str = "2016-11-15";
const STS_VERSION: &str = "2011-06-15";
const ELB_VERSION: &str = "2015-12-01";
const CLASSIC_VERSION: &str = "2012-06-01";

/// An API, with its protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Ec2,
    Sts,
    Elb,
    Classic,
    Tagging,
    Waf,
}

impl Protocol {
    /// One for each name that a request can be signed for.
    const ALL: [Self; 5] = [Self::Ec2, Self::Sts, Self::Elb, Self::Tagging, Self::Waf];

    /// What a request is signed for, to reach this API.
    pub(super) fn scope(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Sts => "sts",
            Self::Elb | Self::Classic => "elasticloadbalancing",
            Self::Tagging => "tagging",
            Self::Waf => "wafv2",
        }
    }

    /// The API that a request is signed for; of two of one name, the one that it is written for.
    pub(super) fn signed(scope: &str, written: Option<Self>) -> Result<Self, ApiError> {
        if let Some(written) = written.filter(|written| written.scope() == scope) {
            return Ok(written);
        }
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
            Some(CLASSIC_VERSION) => Some(Self::Classic),
            _ if tagging::is_meant(headers) => Some(Self::Tagging),
            _ => waf::is_meant(headers).then_some(Self::Waf),
        }
    }
}
