//! Takes nothing; gives AWS's quotas and request rates, each under its source. Never says what we make of them.

use crate::cloud::Action;

/// Sessions that one interface can be the source of, whoever made them. Not adjustable. Source: Traffic Mirroring guide, "Quotas".
pub const SESSIONS_PER_INTERFACE: usize = 3;

/// The largest session number; 1 is the smallest, and comes first. Source: botocore `ec2/2016-11-15`, CreateTrafficMirrorSession.
pub const MAX_SESSION_NUMBER: u16 = 32_766;

/// A token bucket, per account, Region and action. Source: "Request throttling for the Amazon EC2 API".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RequestRate {
    /// Requests that a full bucket allows at once.
    pub burst: f64,
    /// Requests per second after that.
    pub per_second: f64,
}

/// The bucket of an action. Source: "Request throttling for the Amazon EC2 API": paginated describes are "non-mutating actions", and
/// the traffic mirror calls that write are not among the exceptions of "mutating actions". STS documents no rate: as non-mutating.
pub fn request_rate(action: Action) -> RequestRate {
    if action.starts_with("Describe") || action.starts_with("Get") {
        RequestRate { burst: 100.0, per_second: 20.0 }
    } else {
        RequestRate { burst: 50.0, per_second: 5.0 }
    }
}
