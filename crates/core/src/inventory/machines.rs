//! Takes nothing; gives the nouns of what can be mirrored: instances and their network interfaces. Never the mirror objects.

use std::collections::BTreeSet;
use std::fmt;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::Tags;
use crate::ids::{AccountId, AttachmentId, InstanceId, InterfaceId, SecurityGroupId, SubnetId, VpcId, Zone};

/// Where an EC2 instance is in its life. Source: "Instance lifecycle", Amazon EC2 User Guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    /// Being started.
    Pending,
    /// Running.
    Running,
    /// Being terminated; its interfaces go with it unless told otherwise.
    ShuttingDown,
    /// Terminated; still listed for up to an hour.
    Terminated,
    /// Being stopped.
    Stopping,
    /// Stopped; sessions on its interfaces stay, and cost.
    Stopped,
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        })
    }
}

/// What an instance runs. Source: botocore `ec2/2016-11-15`, Instance: `platform` is `windows` for Windows, and absent otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Everything that is not Windows.
    Linux,
    /// Windows.
    Windows,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
        })
    }
}

/// The tag that auto scaling puts on its instances. Source: "Tag Auto Scaling groups and instances", Amazon EC2 Auto Scaling User
/// Guide.
const GROUP_TAG: &str = "aws:autoscaling:groupName";

/// An EC2 instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Its id.
    pub id: InstanceId,
    /// The account that it belongs to. Only that account's lists show it, so that this says whose list it is: unlike an interface, which
    /// others see too where a VPC is shared. Source: "DescribeInstances", EC2 API Reference: `ownerId` of the reservation.
    pub owner: AccountId,
    /// Such as `m5.large`.
    pub instance_type: String,
    /// What it runs.
    pub platform: Platform,
    /// Where it is in its life.
    pub state: InstanceState,
    /// Its tags.
    pub tags: Tags,
}

impl Instance {
    /// The auto scaling group that it belongs to.
    pub fn auto_scaling_group(&self) -> Option<&str> {
        self.tags.get(GROUP_TAG).map(String::as_str)
    }
}

/// How a network interface hangs on an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The attachment's id.
    pub id: AttachmentId,
    /// The instance; none for what AWS attaches to machines of its own (load balancers, NAT gateways …).
    pub instance: Option<InstanceId>,
    /// 0 for the interface that the instance was launched with.
    pub device_index: i32,
    /// Whether it is attached, and not attaching, detaching or detached.
    pub attached: bool,
}

/// A network interface (ENI).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// Its id.
    pub id: InterfaceId,
    /// Its VPC.
    pub vpc: VpcId,
    /// Its subnet.
    pub subnet: SubnetId,
    /// Its Availability Zone.
    pub zone: Zone,
    /// `interface`, `trunk`, `branch`, `efa`, `network_load_balancer` …: a string, since AWS adds kinds.
    pub interface_type: String,
    /// Whether an AWS service made it and keeps it.
    pub requester_managed: bool,
    /// To what it is attached.
    pub attachment: Option<Attachment>,
    /// Its security groups.
    pub security_groups: BTreeSet<SecurityGroupId>,
    /// Its private addresses, each as the network of one, and the prefixes whose addresses are given to what runs on the instance.
    pub addresses: BTreeSet<IpNet>,
    /// Whether it has an IPv6 address or prefix.
    pub ipv6: bool,
    /// Its tags.
    pub tags: Tags,
}
