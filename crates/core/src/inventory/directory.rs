//! Takes nothing; gives the nouns by which a policy finds load balancers: their names, tags and web ACLs. Never says who is behind them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Kind, Tags};
use crate::Time;
use crate::ids::{InstanceId, LoadBalancerArn, VpcId, WebAclArn};

/// What is read only where a policy needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// The networks of subnets.
    Subnets,
    /// The rules of security groups.
    GroupRules,
    /// Which load balancers there are.
    Balancers,
    /// Classic Load Balancers, with who is registered.
    Classic,
    /// The tags of load balancers of all types.
    BalancerTags,
    /// Web ACLs, and what they protect.
    WebAcls,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 6] =
        [Self::Subnets, Self::GroupRules, Self::Balancers, Self::Classic, Self::BalancerTags, Self::WebAcls];

    /// The list that it belongs to.
    pub fn kind(self) -> Kind {
        match self {
            Self::Subnets => Kind::Subnets,
            Self::GroupRules => Kind::GroupRules,
            Self::Balancers | Self::Classic | Self::BalancerTags | Self::WebAcls => Kind::Directory,
        }
    }
}

/// The load balancers of the account and Region, as a policy may name them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Directory {
    /// Application, Network and Gateway Load Balancers.
    pub balancers: BTreeSet<LoadBalancerArn>,
    /// Classic Load Balancers, by name.
    pub classic: BTreeMap<String, ClassicBalancer>,
    /// The tags of those that have any, by ARN: of a classic one it ends in `loadbalancer/` and its name.
    pub tags: BTreeMap<String, Tags>,
    /// Web ACLs. Of those that the policy does not name, what they protect is not asked.
    pub web_acls: BTreeMap<WebAclArn, Protection>,
    /// Since when a part is said to be empty, where that is not believed yet: then it stands here as it was.
    pub emptied: BTreeMap<Part, Time>,
}

impl Directory {
    /// Whether nothing is in a part of it.
    pub fn is_without(&self, part: Part) -> bool {
        match part {
            Part::Balancers => self.balancers.is_empty(),
            Part::Classic => self.classic.is_empty(),
            Part::BalancerTags => self.tags.is_empty(),
            Part::WebAcls => self.web_acls.is_empty(),
            Part::Subnets | Part::GroupRules => true,
        }
    }

    /// What a load balancer is called: its ARN says so. Source: "Resource types defined by Elastic Load Balancing V2", Service Authorization
    /// Reference: `…:loadbalancer/app/name/id`.
    pub fn name(balancer: &LoadBalancerArn) -> &str {
        balancer.as_str().rsplit('/').nth(1).unwrap_or_default()
    }

    /// The ARN by which a classic load balancer is tagged ends so. Source: "Resource types defined by Elastic Load Balancing", likewise:
    /// `…:loadbalancer/name`.
    pub fn classic_name(arn: &str) -> Option<&str> {
        let (_, name) = arn.rsplit_once(":loadbalancer/")?;
        (!name.contains('/')).then_some(name)
    }
}

/// A Classic Load Balancer, without its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClassicBalancer {
    /// Its VPC.
    pub vpc: Option<VpcId>,
    /// Whoever is registered.
    pub instances: BTreeSet<InstanceId>,
    /// Since when nobody is said to be, where that is not believed yet: then those stand here who were there before.
    pub emptied: Option<Time>,
}

/// What a web ACL protects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Protection {
    /// Its name.
    pub name: String,
    /// Application Load Balancers.
    pub balancers: BTreeSet<LoadBalancerArn>,
    /// Since when there are said to be none, where that is not believed yet: then those stand here that were there before.
    pub emptied: Option<Time>,
}
