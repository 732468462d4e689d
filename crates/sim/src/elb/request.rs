//! Takes nothing; gives the calls of the ELB API (version 2015-12-01) that the world understands, with typed parameters. Never checks what
//! depends on the world.

use mirror_core::cloud::Action;
use mirror_core::ids::{LoadBalancerArn, VpcId, Zone};
use mirror_core::inventory::Tags;

use super::words::{ListenerArn, LoadBalancerType, Protocol, RuleArn, Scheme, TargetGroupArn, TargetType};
use crate::network::SubnetId;
use crate::security_groups::SecurityGroupId;

macro_rules! requests {
    ($($action:ident($input:ty),)*) => {
        /// A call of the ELB API: an action with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ElbRequest {
            $(
                #[doc = concat!("`", stringify!($action), "`.")]
                $action($input),
            )*
        }

        impl ElbRequest {
            /// Every action that there is in here, as IAM names it.
            pub const ACTIONS: &'static [Action] = &[$(concat!("elasticloadbalancing:", stringify!($action))),*];

            /// The action as IAM names it, with its API: EC2 has actions of the same name.
            pub fn action(&self) -> Action {
                match self {
                    $(Self::$action(_) => concat!("elasticloadbalancing:", stringify!($action)),)*
                }
            }
        }
    };
}

requests! {
    DescribeLoadBalancers(DescribeLoadBalancers),
    DescribeListeners(DescribeListeners),
    DescribeRules(DescribeRules),
    DescribeTargetGroups(DescribeTargetGroups),
    DescribeTargetHealth(OfTargets),
    DescribeTags(Vec<String>),
    DescribeLoadBalancerAttributes(LoadBalancerArn),
    ModifyLoadBalancerAttributes(ModifyLoadBalancerAttributes),
    CreateLoadBalancer(CreateLoadBalancer),
    SetSubnets(SetSubnets),
    DeleteLoadBalancer(LoadBalancerArn),
    CreateListener(CreateListener),
    ModifyListener(ModifyListener),
    DeleteListener(ListenerArn),
    CreateRule(CreateRule),
    DeleteRule(RuleArn),
    CreateTargetGroup(CreateTargetGroup),
    DeleteTargetGroup(TargetGroupArn),
    RegisterTargets(OfTargets),
    DeregisterTargets(OfTargets),
    AddTags(AddTags),
    RemoveTags(RemoveTags),
}

/// Which page of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// At most so many on a page, 1 to 400; none for 400.
    pub size: Option<i32>,
    /// The `NextMarker` of the page before.
    pub marker: Option<String>,
}

/// `DescribeLoadBalancers`. Either ARNs or names, or neither for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeLoadBalancers {
    /// Only these, 20 at most. One that is not there fails the call.
    pub arns: Vec<LoadBalancerArn>,
    /// Only those with these names. One that is not there fails the call.
    pub names: Vec<String>,
    /// Which page.
    pub pages: Pages,
}

/// `DescribeListeners`. Either a load balancer or ARNs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeListeners {
    /// All of this load balancer.
    pub load_balancer: Option<LoadBalancerArn>,
    /// Only these. One that is not there fails the call.
    pub arns: Vec<ListenerArn>,
    /// Which page.
    pub pages: Pages,
}

/// `DescribeRules`. Either a listener or ARNs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeRules {
    /// All of this listener.
    pub listener: Option<ListenerArn>,
    /// Only these. One that is not there fails the call.
    pub arns: Vec<RuleArn>,
    /// Which page.
    pub pages: Pages,
}

/// `DescribeTargetGroups`. A load balancer, ARNs or names, or none of them for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeTargetGroups {
    /// Only those that this load balancer sends to.
    pub load_balancer: Option<LoadBalancerArn>,
    /// Only these, 20 at most. One that is not there fails the call.
    pub arns: Vec<TargetGroupArn>,
    /// Only those with these names. One that is not there fails the call.
    pub names: Vec<String>,
    /// Which page.
    pub pages: Pages,
}

/// A target as a call names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetWish {
    /// An instance's id, an address, or an ARN.
    pub id: String,
    /// None for the port of the group.
    pub port: Option<i32>,
    /// The zone of an address, or `all` for one outside the VPC.
    pub zone: Option<Zone>,
}

/// `DescribeTargetHealth`, `RegisterTargets` and `DeregisterTargets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfTargets {
    /// The target group.
    pub group: TargetGroupArn,
    /// Which targets; to describe, none for all.
    pub targets: Vec<TargetWish>,
}

/// `ModifyLoadBalancerAttributes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyLoadBalancerAttributes {
    /// The load balancer.
    pub load_balancer: LoadBalancerArn,
    /// Keys and values.
    pub attributes: Vec<(String, String)>,
}

/// `CreateLoadBalancer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateLoadBalancer {
    /// Unique in the account, 32 characters at most.
    pub name: String,
    /// What it looks at.
    pub kind: LoadBalancerType,
    /// Who can reach it; none for everybody.
    pub scheme: Option<Scheme>,
    /// One in each zone.
    pub subnets: Vec<SubnetId>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// Tags.
    pub tags: Tags,
}

/// `SetSubnets`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSubnets {
    /// The load balancer.
    pub load_balancer: LoadBalancerArn,
    /// In the place of those that it has.
    pub subnets: Vec<SubnetId>,
}

/// `CreateListener`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateListener {
    /// The load balancer.
    pub load_balancer: LoadBalancerArn,
    /// What it speaks; none for a Gateway Load Balancer's.
    pub protocol: Option<Protocol>,
    /// Where it listens; none for a Gateway Load Balancer's.
    pub port: Option<i32>,
    /// The target groups that its default action forwards to.
    pub forwards_to: Vec<TargetGroupArn>,
    /// Tags.
    pub tags: Tags,
}

/// `ModifyListener`: what is none stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModifyListener {
    /// The listener.
    pub listener: ListenerArn,
    /// Another protocol.
    pub protocol: Option<Protocol>,
    /// Another port.
    pub port: Option<i32>,
    /// Other target groups of the default action.
    pub forwards_to: Option<Vec<TargetGroupArn>>,
}

/// `CreateRule`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRule {
    /// The listener, of an Application Load Balancer.
    pub listener: ListenerArn,
    /// 1 to 50000, unique per listener.
    pub priority: i32,
    /// Fields, such as `path-pattern`, with the values of which one must match.
    pub conditions: Vec<(String, Vec<String>)>,
    /// The target groups that it forwards to.
    pub forwards_to: Vec<TargetGroupArn>,
}

/// How a target group checks its targets; what is none has the default of the protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthCheckWish {
    /// Which protocol; never one of packets.
    pub protocol: Option<Protocol>,
    /// Which port, or `traffic-port`.
    pub port: Option<String>,
    /// Which path, of HTTP.
    pub path: Option<String>,
    /// Seconds between two checks, 5 to 300.
    pub interval: Option<i32>,
    /// Seconds until a check fails, 2 to 120.
    pub timeout: Option<i32>,
    /// Good checks in a row that make a target healthy, 2 to 10.
    pub healthy_threshold: Option<i32>,
    /// Bad checks in a row that make it unhealthy, 2 to 10.
    pub unhealthy_threshold: Option<i32>,
}

/// `CreateTargetGroup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateTargetGroup {
    /// Unique in the account, 32 characters at most.
    pub name: String,
    /// What its targets are.
    pub kind: TargetType,
    /// What they speak; none for functions.
    pub protocol: Option<Protocol>,
    /// Where they listen; none for functions.
    pub port: Option<i32>,
    /// Their VPC; none for functions.
    pub vpc: Option<VpcId>,
    /// How they are checked.
    pub health_check: HealthCheckWish,
    /// Tags.
    pub tags: Tags,
}

/// `AddTags`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddTags {
    /// Load balancers, target groups and listeners.
    pub arns: Vec<String>,
    /// Added to the tags of each, or put in their place.
    pub tags: Tags,
}

/// `RemoveTags`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveTags {
    /// Load balancers, target groups and listeners.
    pub arns: Vec<String>,
    /// Keys.
    pub keys: Vec<String>,
}
