//! Takes calls of the ELB API, version 2015-12-01; gives load balancers, their listeners and rules, target groups, and the health of
//! their targets as instances live and die. Never balances anything: what reaches a mirror target is `packets`' to say.
//!
//! ```text
//!  load balancer ── listener ── rule ──┐
//!   │                └── default rule ─┴→ target group ── targets: instances, addresses, functions, load balancers
//!   └── an interface of its own in each zone
//! ```
//!
//! Sources: botocore `elbv2/2015-12-01`; the User Guides for Application, Network and Gateway Load Balancers.

mod health;
mod listeners;
mod load_balancers;
mod paging;
mod request;
mod response;
mod rules;
mod tags;
mod target_groups;
mod targets;
mod words;

pub use self::health::TargetHealth;
pub use self::listeners::{Listener, Rule};
pub use self::load_balancers::{LoadBalancer, ZoneOfBalancer};
pub(crate) use self::paging::page;
pub use self::request::{
    AddTags, CreateListener, CreateLoadBalancer, CreateRule, CreateTargetGroup, DescribeListeners,
    DescribeLoadBalancers, DescribeRules, DescribeTargetGroups, ElbRequest, HealthCheckWish, ModifyListener,
    ModifyLoadBalancerAttributes, OfTargets, Pages, RemoveTags, SetSubnets, TargetWish,
};
pub use self::response::ElbResponse;
pub(crate) use self::tags::check as check_tags;
pub use self::target_groups::{HealthCheck, TargetGroup, TargetGroupDetail};
pub(crate) use self::targets::Event;
pub use self::targets::{Progress, Target, TargetKey};
pub use self::words::{
    ListenerArn, LoadBalancerState, LoadBalancerType, Protocol, RuleArn, Scheme, TargetGroupArn, TargetState,
    TargetType,
};
use crate::error::ApiError;
use crate::world::World;

impl World {
    /// Carries a call of the ELB API out.
    #[rustfmt::skip]
    pub(crate) fn balance(&mut self, request: &ElbRequest) -> Result<ElbResponse, ApiError> {
        use ElbRequest as Q;
        use ElbResponse as A;
        Ok(match request {
            Q::DescribeLoadBalancers(asked) => A::DescribeLoadBalancers(self.describe_load_balancers(asked)?),
            Q::DescribeListeners(asked) => A::DescribeListeners(self.describe_listeners(asked)?),
            Q::DescribeRules(asked) => A::DescribeRules(self.describe_balancing_rules(asked)?),
            Q::DescribeTargetGroups(asked) => A::DescribeTargetGroups(self.describe_target_groups(asked)?),
            Q::DescribeTargetHealth(asked) => A::DescribeTargetHealth(self.describe_target_health(asked)?),
            Q::DescribeTags(arns) => A::DescribeTags(self.describe_balancing_tags(arns)?),
            Q::DescribeLoadBalancerAttributes(arn) => A::DescribeLoadBalancerAttributes(self.load_balancer(arn)?.attributes()),
            Q::ModifyLoadBalancerAttributes(change) => A::ModifyLoadBalancerAttributes(self.modify_attributes(change)?),
            Q::CreateLoadBalancer(wish) => A::CreateLoadBalancer(self.create_load_balancer(wish)?),
            Q::SetSubnets(change) => A::SetSubnets(self.set_subnets(change)?),
            Q::DeleteLoadBalancer(arn) => self.delete_load_balancer(arn).map(|()| A::DeleteLoadBalancer)?,
            Q::CreateListener(wish) => A::CreateListener(self.create_listener(wish)?),
            Q::ModifyListener(change) => A::ModifyListener(self.modify_listener(change)?),
            Q::DeleteListener(arn) => self.delete_listener(arn).map(|()| A::DeleteListener)?,
            Q::CreateRule(wish) => A::CreateRule(self.create_balancing_rule(wish)?),
            Q::DeleteRule(arn) => self.delete_balancing_rule(arn).map(|()| A::DeleteRule)?,
            Q::CreateTargetGroup(wish) => A::CreateTargetGroup(self.create_target_group(wish)?),
            Q::DeleteTargetGroup(arn) => self.delete_target_group(arn).map(|()| A::DeleteTargetGroup)?,
            Q::RegisterTargets(wish) => self.register_targets(wish).map(|()| A::RegisterTargets)?,
            Q::DeregisterTargets(wish) => self.deregister_targets(wish).map(|()| A::DeregisterTargets)?,
            Q::AddTags(wish) => self.add_balancing_tags(wish).map(|()| A::AddTags)?,
            Q::RemoveTags(wish) => self.remove_balancing_tags(wish).map(|()| A::RemoveTags)?,
        })
    }
}

/// What the API answers to parameters that are wrong by themselves.
pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

/// Refuses names that AWS does not take. Source: botocore, `CreateLoadBalancer` and `CreateTargetGroup`.
pub(crate) fn check_name(name: &str) -> Result<(), ApiError> {
    let plain = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    if name.is_empty() || name.len() > 32 || !plain || name.starts_with('-') || name.ends_with('-') {
        let message =
            format!("The name '{name}' must have 1 to 32 letters, digits and hyphens, with no hyphen at an end");
        return Err(invalid(message));
    }
    Ok(())
}
