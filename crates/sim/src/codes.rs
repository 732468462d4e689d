//! Takes an error; gives it the code that the world's setting wants. Never touches a code on which documentation and wire agree.
//!
//! Sources: "Error codes for the Amazon EC2 API"; hashicorp/terraform-provider-aws `internal/service/ec2/errors.go`.

use crate::error::ApiError;
use crate::unknowns::Codes;
use crate::world::World;

/// Codes as clients have seen them, and as they are documented.
const DOCUMENTED: [(&str, &str); 6] = [
    ("InvalidTrafficMirrorFilterId.NotFound", "InvalidTrafficMirrorFilterNotFound"),
    ("InvalidTrafficMirrorFilterRuleId.NotFound", "InvalidTrafficMirrorFilterRuleNotFound"),
    ("InvalidTrafficMirrorSessionId.NotFound", "InvalidTrafficMirrorSessionNotFound"),
    // Without a "t": so it is written there.
    ("InvalidTrafficMirrorTargetId.NotFound", "InvalidTrafficMirrorTargetNoFound"),
    ("TrafficMirrorTargetInUse", "TrafficMirrorTargetInUseException"),
    // ELB's, of which "Request throttling for the Elastic Load Balancing API" speaks.
    ("Throttling", "ThrottlingException"),
];

impl World {
    pub(crate) fn coded(&self, error: ApiError) -> ApiError {
        let documented = DOCUMENTED.iter().find(|(seen, _)| *seen == error.code);
        match (self.unknowns.codes, documented) {
            (Codes::AsDocumented, Some((_, code))) => ApiError { code: (*code).into(), ..error },
            _ => error,
        }
    }
}
