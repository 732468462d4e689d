//! Takes what the policy and the mirror targets name; says what has to be asked about load balancers, and what was not. Never asks.
//!
//! | named is | what is asked | calls |
//! |---|---|---|
//! | a Network Load Balancer | its listeners, its target groups, and who is registered in each | two, and one for each group |
//! | a Gateway Load Balancer endpoint | the account's load balancers; of each Gateway one the target groups, and who is registered in each | one for each 400, one for each Gateway one, and one for each of its groups |
//! | a load balancer as a junction | its target groups, who is registered in each, and so on for load balancers among them | one, and one for each group |
//! | none of them | nothing | none |
//!
//! Which Gateway Load Balancer is behind an endpoint, AWS tells only the owner of its endpoint service, so that all of them count. Source:
//! "DescribeVpcEndpoints", Amazon EC2 API Reference, whose answer names the service alone; "DescribeVpcEndpointServiceConfigurations", which
//! names load balancers, and lists "your services".

use std::collections::{BTreeMap, BTreeSet};

use crate::Time;
use crate::cloud::{Class, CloudError, Items, Page, Query};
use crate::ids::{AccountId, LoadBalancerArn, TargetId};
use crate::inventory::{Directory, Inventory, LoadBalancer, Registered, Resource, Target, TargetGroup, is_gateway};
use crate::memory::{BELIEVED, later};
use crate::policy::{Choice, Junction, Policy, Way};

/// What a walk has to find out about load balancers.
#[derive(Debug)]
pub(super) struct Balancers {
    /// Where the policy has sensors take packets.
    named: Vec<Resource>,
    junctions: Vec<Junction>,
    /// The load balancers that are junctions, or behind one.
    followed: BTreeSet<LoadBalancerArn>,
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
            Way::Resource(resource) => Some(resource.clone()),
            Way::Existing(_) | Way::Tagged(_) => None,
        });
        let junctions = policy.strategies.iter().filter_map(|strategy| match &strategy.choice {
            Choice::Junction(junction) => Some(junction.clone()),
            _ => None,
        });
        let known = Inventory {
            account: known.account.clone(),
            directory: known.directory.clone(),
            targets: known.targets.clone(),
            balancers: known.balancers.clone(),
            gateways: known.gateways,
            ..Inventory::empty(known.region.clone())
        };
        let (named, junctions) = (named.collect(), junctions.collect());
        Self { named, junctions, followed: BTreeSet::new(), known, due, asked: false, left: 0 }
    }

    /// What was known before of which load balancers there are.
    pub(super) fn directory(&self) -> &Directory {
        &self.known.directory
    }

    /// What is to be asked, given what the walk has found out by now. All of them, if any has never been read.
    pub(super) fn queries(
        &mut self,
        account: Option<&AccountId>,
        targets: Option<&BTreeMap<TargetId, Target>>,
        directory: Option<&Directory>,
    ) -> Vec<Query> {
        self.known.account = account.or(self.known.account.as_ref()).cloned();
        let targets = targets.unwrap_or(&self.known.targets);
        let directory = directory.unwrap_or(&self.known.directory);
        let wanted = Wanted::new(&self.named, targets, &self.known).with(&self.junctions, directory);
        if self.known.account.is_none() || !(self.due || wanted.unread(&self.known).is_some()) {
            return Vec::new();
        }
        self.asked = true;
        let queries = |arn: LoadBalancerArn| [Query::Listeners(arn.clone(), None), Query::TargetGroups(arn, None)];
        let gateways = wanted.gateways.then_some(Query::LoadBalancers(None));
        let groups = |arn: &LoadBalancerArn| Query::TargetGroups(arn.clone(), None);
        let junctions: Vec<Query> = wanted.junctions.difference(&wanted.balancers).map(groups).collect();
        self.followed = wanted.junctions;
        wanted.balancers.into_iter().flat_map(queries).chain(gateways).chain(junctions).collect()
    }

    /// What an answer makes us ask: the groups of the Gateway Load Balancers that it names, or who is registered in the groups that it does;
    /// and what is behind the load balancers that are registered with a junction.
    pub(super) fn follow(&mut self, query: &Query, items: &Items) -> Vec<Query> {
        match (query, items) {
            (Query::LoadBalancers(_), Items::LoadBalancers(all)) => {
                all.iter().filter(|arn| is_gateway(arn)).map(|arn| Query::TargetGroups(arn.clone(), None)).collect()
            }
            (Query::TargetGroups(of, _), Items::TargetGroups(groups)) => {
                groups.iter().map(|(group, _)| Query::TargetHealth(of.clone(), group.clone())).collect()
            }
            (Query::TargetHealth(of, _), Items::TargetHealth(registered)) if self.followed.contains(of) => {
                let balancers = registered.iter().filter_map(|it| match it {
                    Registered::Other(arn) if arn.contains(":loadbalancer/") => Some(LoadBalancerArn::from(arn)),
                    _ => None,
                });
                let new = balancers.filter(|arn| self.known.can_see(arn) && self.followed.insert(arn.clone()));
                new.map(|arn| Query::TargetGroups(arn, None)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Why not everything is known that has to be; none if it is.
    pub(super) fn unread(&self, inventory: &Inventory) -> Option<String> {
        let wanted = Wanted::new(&self.named, &inventory.targets, inventory);
        wanted.with(&self.junctions, &inventory.directory).unread(inventory)
    }
}

/// The load balancers that take mirrored packets, or may.
#[derive(Debug, Default)]
struct Wanted {
    /// Network Load Balancers, as far as they can be seen.
    balancers: BTreeSet<LoadBalancerArn>,
    /// Whether all Gateway Load Balancers of the account.
    gateways: bool,
    /// Those that are junctions.
    junctions: BTreeSet<LoadBalancerArn>,
}

impl Wanted {
    fn new(named: &[Resource], targets: &BTreeMap<TargetId, Target>, inventory: &Inventory) -> Self {
        let mut wanted = Self::default();
        for resource in named.iter().chain(targets.values().map(|target| &target.resource)) {
            match resource {
                Resource::NetworkLoadBalancer(arn) if inventory.can_see(arn) => {
                    wanted.balancers.insert(arn.clone());
                }
                // Whoever has the endpoint, or the target: what is behind it may be this account's.
                Resource::GatewayLoadBalancerEndpoint(_) => wanted.gateways = true,
                Resource::NetworkLoadBalancer(_) | Resource::NetworkInterface(_) => {}
            }
        }
        wanted
    }

    /// With the load balancers of a directory that junctions mean.
    fn with(mut self, junctions: &[Junction], directory: &Directory) -> Self {
        let protected = directory.web_acls.values().flat_map(|protection| &protection.balancers);
        let all = directory.balancers.iter().chain(protected);
        let means = |arn: &&LoadBalancerArn| junctions.iter().any(|junction| junction.means(directory, arn));
        self.junctions.extend(all.filter(means).cloned());
        self
    }

    /// What of them has never been read; none if all have.
    fn unread(&self, inventory: &Inventory) -> Option<String> {
        let mut all = self.balancers.union(&self.junctions);
        if let Some(missing) = all.find(|arn| !inventory.balancers.contains_key(*arn)) {
            return Some(format!("DescribeTargetGroups: {missing} has not been read yet"));
        }
        let missing = "DescribeLoadBalancers: the account's Gateway Load Balancers have not been read yet";
        (self.gateways && !inventory.gateways).then(|| missing.to_owned())
    }
}

/// Keeps whoever was behind a load balancer that is seen to have nobody behind it all at once, until that has been so for [`BELIEVED`]: one
/// empty answer must not make sources of the sensors themselves. Who is missing among others is believed to be gone.
pub(super) fn keep(seen: &mut BTreeMap<LoadBalancerArn, LoadBalancer>, known: &Inventory, read: Time) {
    for (arn, balancer) in seen {
        let Some(before) = known.balancers.get(arn) else { continue };
        let groupless = balancer.groups.is_empty();
        for (arn, group) in before.groups.iter().filter(|(_, group)| !group.targets.is_empty()) {
            let since = group.emptied.unwrap_or(read);
            let now = balancer.groups.get(arn);
            let emptied = now.map_or(groupless, |now| now.targets.is_empty());
            if emptied && read < later(since, BELIEVED) {
                balancer.groups.insert(arn.clone(), TargetGroup { emptied: Some(since), ..group.clone() });
            }
        }
    }
}

/// What an answer amounts to that says that a load balancer, or one of its groups, is not there: it has no listener, and nobody is behind
/// it. That is no failure of the read: a policy may name what is gone, and a group may go between two calls.
pub(super) fn nothing_there(query: &Query, error: CloudError) -> Result<Page, CloudError> {
    let items = match (query, error.class) {
        (Query::Listeners(..), Class::Gone) => Items::Listeners(Vec::new()),
        (Query::TargetGroups(..), Class::Gone) => Items::TargetGroups(Vec::new()),
        (Query::TargetHealth(..), Class::Gone) => Items::TargetHealth(Vec::new()),
        (Query::Protected(_), Class::Gone) => Items::Protected(Vec::new()),
        _ => return Err(error),
    };
    Ok(Page { items, next: None })
}
