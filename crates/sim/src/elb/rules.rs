//! Takes listeners; gives them rules, and lists those. Never looks at a request: a rule is here to lead from a listener to its target
//! groups.

use mirror_core::ids::LoadBalancerArn;

use super::invalid;
use super::listeners::{Listener, Rule};
use super::load_balancers::LoadBalancer;
use super::paging::{check_count, check_one_way, page};
use super::request::{CreateRule, DescribeRules};
use super::words::{ListenerArn, LoadBalancerType, RuleArn};
use crate::error::ApiError;
use crate::listing::Page;
use crate::world::World;

impl World {
    pub(super) fn describe_balancing_rules(&self, asked: &DescribeRules) -> Result<Page<Rule>, ApiError> {
        let DescribeRules { listener, arns, pages } = asked;
        check_count(arns)?;
        check_one_way(&[listener.is_some(), !arns.is_empty()])?;
        let mut found: Vec<&Rule> = match listener {
            Some(arn) => self.listener(arn)?.all_rules().collect(),
            None if arns.is_empty() => {
                return Err(invalid("You must specify either listener rule ARNs or a listener ARN"));
            }
            None => arns.iter().map(|arn| Ok(self.balancing_rule(arn)?.1)).collect::<Result<_, ApiError>>()?,
        };
        found.sort_by(|one, other| one.arn.cmp(&other.arn));
        page(self, "listener-rule", found.into_iter().map(|rule| (rule.arn.to_string(), rule.clone())), pages)
    }

    pub(super) fn create_balancing_rule(&mut self, wish: &CreateRule) -> Result<Rule, ApiError> {
        let CreateRule { listener, priority, conditions, forwards_to } = wish;
        let found = self.listener(listener)?;
        let balancer = self.load_balancer(&found.load_balancer)?;
        if balancer.kind != LoadBalancerType::Application {
            let message = "Rules are not supported for listeners of this load balancer";
            return Err(ApiError::new("UnsupportedProtocol", message));
        }
        if !(1..=50_000).contains(priority) || conditions.is_empty() {
            return Err(invalid("A rule has a priority of 1 to 50000, and a condition"));
        }
        if found.rules.contains_key(priority) {
            return Err(ApiError::new("PriorityInUse", format!("Priority '{priority}' is currently in use")));
        }
        self.check_forwards(balancer, found.protocol, forwards_to)?;
        let load_balancer = balancer.arn.clone();
        let path = listener.as_str().replacen(":listener/", ":listener-rule/", 1);
        let rule = Rule {
            arn: format!("{path}/{}", self.mint.digits("listener rule")).into(),
            priority: Some(*priority),
            conditions: conditions.clone(),
            forwards_to: forwards_to.clone(),
        };
        if let Some(found) = self.listener_mut(&load_balancer, listener) {
            found.rules.insert(*priority, rule.clone());
        }
        Ok(rule)
    }

    pub(super) fn delete_balancing_rule(&mut self, arn: &RuleArn) -> Result<(), ApiError> {
        let (listener, rule) = self.balancing_rule(arn)?;
        let Some(priority) = rule.priority else {
            return Err(ApiError::new("OperationNotPermitted", format!("Default rule '{arn}' cannot be deleted")));
        };
        let (load_balancer, listener) = (listener.load_balancer.clone(), listener.arn.clone());
        if let Some(found) = self.listener_mut(&load_balancer, &listener) {
            found.rules.remove(&priority);
        }
        Ok(())
    }

    pub(super) fn listener_mut(&mut self, balancer: &LoadBalancerArn, arn: &ListenerArn) -> Option<&mut Listener> {
        self.load_balancers.get_mut(balancer)?.listeners.get_mut(arn)
    }

    /// A rule, and the listener that has it.
    fn balancing_rule(&self, arn: &RuleArn) -> Result<(&Listener, &Rule), ApiError> {
        let of = |listener| Listener::all_rules(listener).find(|rule| rule.arn == *arn).map(|rule| (listener, rule));
        let found = self.own_load_balancers().flat_map(|it: &LoadBalancer| it.listeners.values()).find_map(of);
        found.ok_or_else(|| ApiError::new("RuleNotFound", format!("Rule '{arn}' not found")))
    }
}
