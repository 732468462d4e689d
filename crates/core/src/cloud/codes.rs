//! Takes an error code of the EC2 API; gives its class. Never looks at messages: AWS rewords them.
//!
//! Several codes on the wire differ from the documented ones, so that each set holds both. Sources: "Error codes for the Amazon EC2
//! API" (documented); hashicorp/terraform-provider-aws `internal/service/ec2/errors.go` (wire); "Request throttling for the Amazon
//! EC2 API"; botocore `_retry.json`.

use super::Class;

/// Those of [`CloudError`](super::CloudError) that AWS did not answer.
const OURS: &[&str] = &[
    "NoRegion",
    "NoCredentials",
    "Unreachable",
    "Timeout",
    "UnreadableAnswer",
    "UnsendableRequest",
    "WrongAccount",
    "SamePlace",
];

/// AWS's own failures. They are known by their status. Source: "Error codes for the Amazon EC2 API", server error codes.
const SERVER: &[&str] =
    &["InternalError", "InternalFailure", "ServiceUnavailable", "Unavailable", "BandwidthLimitExceeded"];

/// The requests of this action have used up their bucket.
const THROTTLED: &[&str] = &[
    "RequestLimitExceeded",
    "EC2ThrottledException",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    // Of ELB, where what it asks of others is too much for the account. Source: botocore `elb/2012-06-01`, DependencyThrottleException.
    "DependencyThrottle",
];

/// What the call names is not there: for a describe or delete that is an answer, not a failure.
const GONE: &[&str] = &[
    "InvalidTrafficMirrorFilterNotFound",
    "InvalidTrafficMirrorFilterId.NotFound",
    "InvalidTrafficMirrorFilterRuleNotFound",
    "InvalidTrafficMirrorFilterRuleId.NotFound",
    "InvalidTrafficMirrorSessionNotFound",
    "InvalidTrafficMirrorSessionId.NotFound",
    "InvalidTrafficMirrorTargetNoFound",
    "InvalidTrafficMirrorTargetNotFound",
    "InvalidTrafficMirrorTargetId.NotFound",
    "InvalidTrafficMirrorTarget",
    "InvalidNetworkInterfaceID.NotFound",
    "InvalidNetworkInterfaceId.NotFound",
    "NetworkLoadBalancerNotFoundException",
    "InvalidVpcEndpointId.NotFound",
    // Of ELB. Source: botocore `elbv2/2015-12-01`, error codes of the exceptions.
    "LoadBalancerNotFound",
    "LoadBalancerNotFoundException",
    "TargetGroupNotFound",
    "TargetGroupNotFoundException",
    // Of WAF. Source: botocore `wafv2/2019-07-29`, ListResourcesForWebACL.
    "WAFNonexistentItemException",
];

/// What the call asks for contradicts what stands there.
const CONFLICT: &[&str] = &[
    "IdempotentParameterMismatch",
    "TrafficMirrorFilterRuleAlreadyExists",
    "TrafficMirrorFilterInUse",
    "InvalidTrafficMirrorFilter.InUse",
    "TrafficMirrorTargetInUse",
    "TrafficMirrorTargetInUseException",
    "NlbInUseByTrafficMirrorTargetException",
    "InterfaceInUseByTrafficMirrorSession",
    "InterfaceInUseByTrafficMirrorTarget",
    "DependencyViolation",
];

/// Not allowed, or not known who asks.
const DENIED: &[&str] = &[
    "UnauthorizedOperation",
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "Blocked",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "OptInRequired",
    "PendingVerification",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// A quota is used up, or AWS does not mirror this source: asking again soon changes nothing.
const QUOTA: &[&str] = &[
    "NetworkInterfaceNotSupported",
    "TrafficMirrorFilterLimitExceeded",
    "TrafficMirrorFilterRuleLimitExceeded",
    "TrafficMirrorSessionLimitExceeded",
    "TrafficMirrorSessionsPerInterfaceLimitExceeded",
    "TrafficMirrorSessionsPerTargetLimitExceeded",
    "TrafficMirrorSourcesPerTargetLimitExceeded",
    "TrafficMirrorTargetLimitExceeded",
];

/// A code as it is counted: one of those that are known here, or `other`. AWS has thousands, and a proxy may answer any.
pub fn counted(code: &str) -> &str {
    let known = [OURS, THROTTLED, GONE, CONFLICT, DENIED, QUOTA, SERVER];
    if known.iter().any(|codes| codes.contains(&code)) { code } else { "other" }
}

/// The class of an error code that came with this HTTP status. A code that nobody knows is the server's fault from 500 on, and ours
/// below.
pub fn classify(code: &str, status: u16) -> Class {
    let sets = [
        (THROTTLED, Class::Throttled),
        (GONE, Class::Gone),
        (CONFLICT, Class::Conflict),
        (DENIED, Class::Denied),
        (QUOTA, Class::Quota),
    ];
    match sets.iter().find(|(codes, _)| codes.contains(&code)) {
        Some((_, class)) => *class,
        None if status >= 500 => Class::Retry,
        None => Class::Bug,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_code_and_the_wire_code_mean_the_same() {
        for (documented, wire) in [
            ("InvalidTrafficMirrorFilterNotFound", "InvalidTrafficMirrorFilterId.NotFound"),
            ("InvalidTrafficMirrorTargetNoFound", "InvalidTrafficMirrorTargetId.NotFound"),
            ("TrafficMirrorTargetInUseException", "TrafficMirrorTargetInUse"),
        ] {
            assert_eq!(classify(documented, 400), classify(wire, 400), "{documented}, {wire}");
        }
    }

    #[test]
    fn a_code_that_nobody_knows_is_counted_with_all_others() {
        assert_eq!(
            ["Timeout", "AuthFailure", "InternalError", "i-0abc"].map(counted),
            ["Timeout", "AuthFailure", "InternalError", "other"]
        );
    }

    #[test]
    fn throttling_is_known_by_its_code_although_it_comes_with_a_server_error_status() {
        assert_eq!(classify("RequestLimitExceeded", 503), Class::Throttled);
        assert_eq!(classify("ServiceUnavailable", 503), Class::Retry);
    }

    #[test]
    fn an_unknown_code_is_the_servers_fault_from_500_on_and_ours_below() {
        assert_eq!(classify("Surprise", 500), Class::Retry);
        assert_eq!(classify("Surprise", 400), Class::Bug);
    }
}
