//! Takes nothing; gives the calls of ELB's first API (version 2012-06-01) that the world understands, and their answers. Never checks what
//! depends on the world.

use std::collections::BTreeSet;

use mirror_core::cloud::Action;
use mirror_core::ids::{InstanceId, Zone};
use mirror_core::inventory::Tags;

use super::load_balancers::{ClassicListener, ClassicLoadBalancer};
use crate::elb::{Pages, Scheme};
use crate::listing::Page;
use crate::network::SubnetId;
use crate::security_groups::SecurityGroupId;

macro_rules! requests {
    ($($action:ident($input:ty) $(-> $output:ty)?,)*) => {
        /// A call of ELB's first API: an action with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ClassicRequest {
            $(
                #[doc = concat!("`", stringify!($action), "`.")]
                $action($input),
            )*
        }

        /// The answer to a call of ELB's first API that succeeded.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ClassicResponse {
            $(
                #[doc = concat!("To `", stringify!($action), "`.")]
                $action $(($output))?,
            )*
        }

        impl ClassicRequest {
            /// Every action that there is in here.
            pub const ACTIONS: &'static [Action] = &[$(concat!("elb:", stringify!($action))),*];

            /// The action, with the name that clients have for its API: for IAM it is the same as the other API's of that name, and
            /// whoever limits or fails one of them does not mean the other.
            pub fn action(&self) -> Action {
                match self {
                    $(Self::$action(_) => concat!("elb:", stringify!($action)),)*
                }
            }
        }
    };
}

requests! {
    DescribeLoadBalancers(DescribeClassicLoadBalancers) -> Page<ClassicLoadBalancer>,
    DescribeTags(Vec<String>) -> Vec<(String, Tags)>,
    CreateLoadBalancer(CreateClassicLoadBalancer) -> ClassicLoadBalancer,
    DeleteLoadBalancer(String),
    RegisterInstancesWithLoadBalancer(OfInstances) -> BTreeSet<InstanceId>,
    DeregisterInstancesFromLoadBalancer(OfInstances) -> BTreeSet<InstanceId>,
}

/// `DescribeLoadBalancers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DescribeClassicLoadBalancers {
    /// Only those with these names. One that is not there fails the call.
    pub names: Vec<String>,
    /// Which page.
    pub pages: Pages,
}

/// What a Classic Load Balancer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClassicProtocol {
    /// `HTTP`.
    Http,
    /// `HTTPS`.
    Https,
    /// `TCP`.
    Tcp,
    /// `SSL`.
    Ssl,
}

impl ClassicProtocol {
    /// As AWS writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "HTTP",
            Self::Https => "HTTPS",
            Self::Tcp => "TCP",
            Self::Ssl => "SSL",
        }
    }

    /// What this word stands for, in whatever case; none if AWS has no such word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Http, Self::Https, Self::Tcp, Self::Ssl].into_iter().find(|it| it.name().eq_ignore_ascii_case(word))
    }
}

/// `CreateLoadBalancer`. Either subnets or zones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CreateClassicLoadBalancer {
    /// Unique in the account, 32 characters at most.
    pub name: String,
    /// At least one.
    pub listeners: Vec<ClassicListener>,
    /// Zones, for their default subnets.
    pub zones: Vec<Zone>,
    /// One in each zone.
    pub subnets: Vec<SubnetId>,
    /// Its security groups.
    pub security_groups: Vec<SecurityGroupId>,
    /// Who can reach it; none for everybody.
    pub scheme: Option<Scheme>,
    /// Tags.
    pub tags: Tags,
}

/// `RegisterInstancesWithLoadBalancer` and `DeregisterInstancesFromLoadBalancer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfInstances {
    /// The load balancer's name.
    pub name: String,
    /// At least one.
    pub instances: Vec<InstanceId>,
}
