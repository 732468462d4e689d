//! Takes how a policy names load balancers; says what has to be asked to find those that it means. Never asks who is behind them.
//!
//! | the policy names | what is asked | calls |
//! |---|---|---|
//! | an ARN | the account's load balancers | one for each 400 |
//! | a name | those, and the classic ones | and one for each 400 of these |
//! | tags | those, and the tags of all that have any | and one for each 100 of these |
//! | a web ACL | the web ACLs, and of each that it means what that protects | one for each 100, and one for each |

use std::collections::BTreeSet;

use crate::Time;
use crate::cloud::{Items, Query};
use crate::ids::WebAclArn;
use crate::inventory::{Directory, Kind, Part, Protection};
use crate::memory::{BELIEVED, later};
use crate::policy::{Choice, Policy, WebAcl};

/// What a walk has to find out about which load balancers there are.
#[derive(Debug)]
pub(super) struct Names {
    web_acls: Vec<WebAcl>,
    /// How many lists have not been answered to their end.
    pub(super) left: usize,
}

impl Names {
    pub(super) fn new(policy: &Policy) -> Self {
        let junctions = policy.strategies.iter().filter_map(|strategy| match &strategy.choice {
            Choice::Junction(junction) => Some(&junction.web_acls),
            _ => None,
        });
        Self { web_acls: junctions.flatten().cloned().collect(), left: 0 }
    }

    /// What an answer makes us ask: what the web ACLs protect that the policy means.
    pub(super) fn follow(&self, items: &Items) -> Vec<Query> {
        let Items::WebAcls(acls) = items else { return Vec::new() };
        let is_meant = |(arn, name): &&(WebAclArn, String)| {
            let one: [(WebAclArn, Protection); 1] =
                [(arn.clone(), Protection { name: name.clone(), ..Protection::default() })];
            let alone = Directory { web_acls: one.into(), ..Directory::default() };
            self.web_acls.iter().any(|meant| meant.of(&alone).next().is_some())
        };
        acls.iter().filter(is_meant).map(|(arn, _)| Query::Protected(arn.clone())).collect()
    }
}

/// What is asked for the parts of a kind.
pub(super) fn queries(kind: Kind, needs: &BTreeSet<Part>) -> Vec<Query> {
    let parts = needs.iter().filter(|part| part.kind() == kind);
    parts
        .map(|part| match part {
            Part::Subnets | Part::GroupRules => Query::List(kind, None),
            Part::Balancers => Query::Balancers(None),
            Part::Classic => Query::Classic(None),
            Part::BalancerTags => Query::BalancerTags(None),
            Part::WebAcls => Query::WebAcls(None),
        })
        .collect()
}

/// Why something that the policy needs is not known, for a person.
pub(super) fn unread(part: Part) -> String {
    let (action, what) = match part {
        Part::Subnets => ("DescribeSubnets", "the networks of subnets"),
        Part::GroupRules => ("DescribeSecurityGroupRules", "the rules of security groups"),
        Part::Balancers => ("DescribeLoadBalancers", "the account's load balancers"),
        Part::Classic => ("DescribeLoadBalancers", "the account's Classic Load Balancers"),
        Part::BalancerTags => ("GetResources", "the tags of load balancers"),
        Part::WebAcls => ("ListWebACLs", "the web ACLs"),
    };
    format!("{action}: {what} have not been read yet")
}

/// Keeps what was in a part that is said to be empty all at once, and whoever was registered with a classic load balancer, and whatever a web
/// ACL protected, that is said to have none, until that has been so for [`BELIEVED`]: one empty answer must not take the junctions away.
pub(super) fn keep(seen: &mut Directory, known: &Directory, parts: &BTreeSet<Part>, read: Time) {
    let waits = |since: Time| read < later(since, BELIEVED);
    for part in parts {
        let since = known.emptied.get(part).copied().unwrap_or(read);
        if seen.is_without(*part) && !known.is_without(*part) && waits(since) {
            match part {
                Part::Balancers => seen.balancers.clone_from(&known.balancers),
                Part::Classic => seen.classic.clone_from(&known.classic),
                Part::BalancerTags => seen.tags.clone_from(&known.tags),
                Part::WebAcls => seen.web_acls.clone_from(&known.web_acls),
                Part::Subnets | Part::GroupRules => {}
            }
            seen.emptied.insert(*part, since);
        }
    }
    for (name, balancer) in &mut seen.classic {
        let Some(before) = known.classic.get(name).filter(|it| !it.instances.is_empty()) else { continue };
        let since = before.emptied.unwrap_or(read);
        if balancer.instances.is_empty() && waits(since) {
            balancer.instances.clone_from(&before.instances);
            balancer.emptied = Some(since);
        }
    }
    for (arn, protection) in &mut seen.web_acls {
        let Some(before) = known.web_acls.get(arn).filter(|it| !it.balancers.is_empty()) else { continue };
        let since = before.emptied.unwrap_or(read);
        if protection.balancers.is_empty() && waits(since) {
            protection.balancers.clone_from(&before.balancers);
            protection.emptied = Some(since);
        }
    }
}
