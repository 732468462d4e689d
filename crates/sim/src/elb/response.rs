//! Takes nothing; gives the answers of the ELB API: one variant for each action. Never says how they look on the wire.

use mirror_core::inventory::Tags;

use super::health::TargetHealth;
use super::listeners::{Listener, Rule};
use super::load_balancers::{LoadBalancer, ZoneOfBalancer};
use super::target_groups::TargetGroupDetail;
use crate::listing::Page;

macro_rules! responses {
    ($($action:ident $(($output:ty))?,)*) => {
        /// The answer to a call of the ELB API that succeeded.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum ElbResponse {
            $(
                #[doc = concat!("To `", stringify!($action), "`.")]
                $action $(($output))?,
            )*
        }
    };
}

responses! {
    DescribeLoadBalancers(Page<LoadBalancer>),
    DescribeListeners(Page<Listener>),
    DescribeRules(Page<Rule>),
    DescribeTargetGroups(Page<TargetGroupDetail>),
    DescribeTargetHealth(Page<TargetHealth>),
    DescribeTags(Vec<(String, Tags)>),
    DescribeLoadBalancerAttributes(Vec<(String, String)>),
    ModifyLoadBalancerAttributes(Vec<(String, String)>),
    CreateLoadBalancer(LoadBalancer),
    SetSubnets(Vec<ZoneOfBalancer>),
    DeleteLoadBalancer,
    CreateListener(Listener),
    ModifyListener(Listener),
    DeleteListener,
    CreateRule(Rule),
    DeleteRule,
    CreateTargetGroup(TargetGroupDetail),
    DeleteTargetGroup,
    RegisterTargets,
    DeregisterTargets,
    AddTags,
    RemoveTags,
}
