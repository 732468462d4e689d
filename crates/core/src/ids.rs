//! Takes the strings that AWS names things by; gives one type for each, so that they cannot be confused. Never checks their form:
//! AWS has changed it before, and whatever it answers must survive the way through.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The string as AWS writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<S: AsRef<str>> From<S> for $name {
            fn from(id: S) -> Self {
                Self(Arc::from(id.as_ref()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// An AWS account: twelve digits.
    AccountId;
    /// A Region, such as `eu-west-1`.
    Region;
    /// An Availability Zone's name, such as `eu-west-1b`.
    Zone;
    /// A VPC: `vpc-…`.
    VpcId;
    /// A subnet: `subnet-…`.
    SubnetId;
    /// A security group: `sg-…`.
    SecurityGroupId;
    /// An EC2 instance: `i-…`.
    InstanceId;
    /// A network interface: `eni-…`.
    InterfaceId;
    /// One attachment of a network interface to an instance: `eni-attach-…`. Attaching again gives another.
    AttachmentId;
    /// A traffic mirror filter: `tmf-…`.
    FilterId;
    /// A rule of a traffic mirror filter: `tmfr-…`.
    RuleId;
    /// A traffic mirror target: `tmt-…`.
    TargetId;
    /// A traffic mirror session: `tms-…`.
    SessionId;
    /// The ARN of a Network Load Balancer.
    LoadBalancerArn;
    /// The ARN of a target group of a load balancer.
    TargetGroupArn;
    /// The ARN of a web ACL of AWS WAF.
    WebAclArn;
    /// A Gateway Load Balancer endpoint: `vpce-…`.
    EndpointId;
    /// The name of a lane: what all strategies want that share a sensor, on one interface. The sensor's name; with `/extras` behind it where
    /// those were split off.
    Lane;
    /// The digest of what a filter mirrors: 32 hexadecimal digits.
    FilterKey;
    /// The id or ARN of what a target sends to.
    ResourceId;
}

/// What is behind the sensor's name where a lane has the extras alone. A sensor's name has no such character.
const EXTRAS: &str = "/extras";

impl Lane {
    /// The sensor that takes its packets.
    pub fn sensor(&self) -> &str {
        self.as_str().strip_suffix(EXTRAS).unwrap_or(self.as_str())
    }

    /// The lane that has its extras alone.
    #[must_use]
    pub fn extras(&self) -> Self {
        format!("{}{EXTRAS}", self.sensor()).into()
    }

    /// Whether it has the extras alone.
    pub fn is_extras(&self) -> bool {
        self.as_str().ends_with(EXTRAS)
    }
}
