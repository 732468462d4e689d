//! Takes what the policy and the mirror targets name; says what has to be asked about load balancers, and what was not. Never asks.
//!
//! For each load balancer its listeners, its target groups, and then who is registered in each group: as many calls as there are groups,
//! and two. No load balancer, no call.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::{Class, CloudError, Items, Page, Query};
use crate::ids::{AccountId, LoadBalancerArn, TargetId};
use crate::inventory::{Inventory, Resource, Target};
use crate::policy::{Policy, Way};

/// What a walk has to find out about load balancers.
#[derive(Debug)]
pub(super) struct Balancers {
    /// Those that the policy names.
    named: BTreeSet<LoadBalancerArn>,
    /// What was known before: the targets, the load balancers, whose account it is.
    known: Inventory,
    due: bool,
    /// Whether they are, or there is nothing to ask.
    pub(super) asked: bool,
    /// How many lists have not been answered to their end.
    pub(super) left: usize,
}

impl Balancers {
    pub(super) fn new(policy: &Policy, known: &Inventory, due: bool) -> Self {
        let ways = policy.sensors.values().flat_map(|sensor| &sensor.targets);
        let named = ways.filter_map(|target| match &target.to {
            Way::Resource(Resource::NetworkLoadBalancer(arn)) => Some(arn.clone()),
            Way::Resource(_) | Way::Existing(_) | Way::Tagged(_) => None,
        });
        let known = Inventory {
            account: known.account.clone(),
            targets: known.targets.clone(),
            balancers: known.balancers.clone(),
            ..Inventory::empty(known.region.clone())
        };
        Self { named: named.collect(), known, due, asked: false, left: 0 }
    }

    /// What is to be asked, given what the walk has found out by now. All of them, if any has never been read.
    pub(super) fn queries(
        &mut self,
        account: Option<&AccountId>,
        targets: Option<&BTreeMap<TargetId, Target>>,
    ) -> Vec<Query> {
        self.known.account = account.or(self.known.account.as_ref()).cloned();
        let targets = targets.unwrap_or(&self.known.targets);
        let wanted = wanted(&self.named, targets, &self.known);
        if self.known.account.is_none()
            || !(self.due || wanted.iter().any(|arn| !self.known.balancers.contains_key(arn)))
        {
            return Vec::new();
        }
        self.asked = true;
        let queries = |arn: LoadBalancerArn| [Query::Listeners(arn.clone(), None), Query::TargetGroups(arn, None)];
        wanted.into_iter().flat_map(queries).collect()
    }

    /// Why not everything is known that has to be; none if it is.
    pub(super) fn unread(&self, inventory: &Inventory) -> Option<String> {
        let wanted = wanted(&self.named, &inventory.targets, inventory);
        let missing = wanted.into_iter().find(|arn| !inventory.balancers.contains_key(arn))?;
        Some(format!("DescribeTargetGroups: {missing} has not been read yet"))
    }
}

/// The load balancers that take mirrored packets, as far as they can be seen.
fn wanted(
    named: &BTreeSet<LoadBalancerArn>,
    targets: &BTreeMap<TargetId, Target>,
    inventory: &Inventory,
) -> BTreeSet<LoadBalancerArn> {
    let standing = targets.values().filter_map(|target| match &target.resource {
        Resource::NetworkLoadBalancer(arn) => Some(arn),
        Resource::NetworkInterface(_) | Resource::GatewayLoadBalancerEndpoint(_) => None,
    });
    named.iter().chain(standing).filter(|arn| inventory.can_see(arn)).cloned().collect()
}

/// What an answer makes us ask: who is registered in the groups that it names.
pub(super) fn follow(query: &Query, items: &Items) -> Vec<Query> {
    match (query, items) {
        (Query::TargetGroups(of, _), Items::TargetGroups(groups)) => {
            groups.iter().map(|(group, _)| Query::TargetHealth(of.clone(), group.clone())).collect()
        }
        _ => Vec::new(),
    }
}

/// What an answer amounts to that says that a load balancer, or one of its groups, is not there: it has no listener, and nobody is behind
/// it. That is no failure of the read: a policy may name what is gone, and a group may go between two calls.
pub(super) fn nothing_there(query: &Query, error: CloudError) -> Result<Page, CloudError> {
    let items = match (query, error.class) {
        (Query::Listeners(..), Class::Gone) => Items::Listeners(Vec::new()),
        (Query::TargetGroups(..), Class::Gone) => Items::TargetGroups(Vec::new()),
        (Query::TargetHealth(..), Class::Gone) => Items::TargetHealth(Vec::new()),
        _ => return Err(error),
    };
    Ok(Page { items, next: None })
}
