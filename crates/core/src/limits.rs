//! Takes nothing; gives AWS's quotas and request rates, each under its source. Never says what we make of them.

use crate::cloud::actions;
use crate::inventory::Kind;

/// Sessions that one interface can be the source of, whoever made them. Not adjustable. Source: Traffic Mirroring guide, "Quotas".
pub const SESSIONS_PER_INTERFACE: usize = 3;

/// Sessions of an account in a Region. Not adjustable. Source: Traffic Mirroring guide, "Quotas".
pub const SESSIONS_PER_ACCOUNT: u32 = 10_000;

/// Sources that an interface takes as a target. Not adjustable. Source: Traffic Mirroring guide, "Quotas".
pub const SOURCES_PER_INTERFACE_TARGET: usize = 10;

/// The same, where the interface's instance is one of the largest. Source: likewise.
pub const SOURCES_PER_LARGE_INTERFACE_TARGET: usize = 100;

/// Rules of a filter, both directions together: the guide says "per filter". Not adjustable. Source: Traffic Mirroring guide, "Quotas".
pub const RULES_PER_FILTER: usize = 10;

/// The most bytes of a packet that a session can be told to send. Source: botocore `ec2/2016-11-15`, CreateTrafficMirrorSession.
pub const MAX_PACKET_LENGTH: u16 = 8500;

/// The fewest, of a packet in IPv6; in IPv4 it is 35. Source: Traffic Mirroring guide, "Traffic mirror sessions".
pub const MIN_PACKET_LENGTH: u16 = 55;

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
/// `GetResources` is the tagging API's: 15 a second. Source: "Tag Editor reference", Tag Editor User Guide, which names no burst.
/// The four that read load balancers share one bucket, of 40 and 10 a second, with everything else that reads any: a quarter each. Source:
/// "Request throttling for the ELB API", ELB User Guide.
pub fn request_rate(action: &str) -> RequestRate {
    if action == "GetResources" {
        RequestRate { burst: 15.0, per_second: 15.0 }
    } else if actions(Kind::LoadBalancers).contains(&action) {
        RequestRate { burst: 40.0 / 4.0, per_second: 10.0 / 4.0 }
    } else if action.starts_with("Describe") || action.starts_with("Get") {
        RequestRate { burst: 100.0, per_second: 20.0 }
    } else {
        RequestRate { burst: 50.0, per_second: 5.0 }
    }
}
