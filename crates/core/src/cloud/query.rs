//! Takes nothing; gives the questions that the cloud is asked, and what answers them: one query is one page. Never asks.

use serde::{Deserialize, Serialize};

use super::Action;
use crate::ids::{AccountId, LoadBalancerArn, SubnetId, TargetGroupArn, WebAclArn};
use crate::inventory::{
    ClassicBalancer, Filter, GroupRule, Instance, Kind, Listener, NetworkInterface, Registered, Session, Subnet,
    Tagged, Tags, Target, TargetGroup,
};

/// Largest page of the lists that we read. Source: botocore `ec2/2016-11-15`, `MaxResults` of the five describe calls: 5 to 1000.
pub const PAGE_SIZE: i32 = 1000;

/// Largest page of what is tagged. Source: "GetResources", Resource Groups Tagging API Reference: `ResourcesPerPage` is 1 to 100.
pub const TAGGED_PAGE_SIZE: i32 = 100;

/// Largest page of load balancers, listeners and target groups. Source: botocore `elbv2/2015-12-01`, `PageSize` is 1 to 400.
pub const BALANCED_PAGE_SIZE: i32 = 400;

/// Largest page of web ACLs. Source: botocore `wafv2/2019-07-29`, `PaginationLimit` is 1 to 100.
pub const WEB_ACLS_PAGE_SIZE: i32 = 100;

/// One question: the caller's account, or one page of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Query {
    /// Whose credentials are these?
    Identity,
    /// A page of a list: the first, or the one that the token of the page before leads to. Of what is tagged, whatever the keys. What
    /// counts of load balancers is no list: it is asked one by one.
    List(Kind, Option<String>),
    /// A page of the subnets and VPCs that carry a tag with this key, likewise. The others are not worth a page: only that tag counts.
    Tagged(String, Option<String>),
    /// A page of the account's load balancers, of all types, likewise.
    LoadBalancers(Option<String>),
    /// A page of a load balancer's listeners, likewise.
    Listeners(LoadBalancerArn, Option<String>),
    /// A page of the target groups that a load balancer sends to, likewise.
    TargetGroups(LoadBalancerArn, Option<String>),
    /// Who is registered in a target group of a load balancer: one page holds them all. Source: botocore `elbv2/2015-12-01`, which has no
    /// paginator for `DescribeTargetHealth`.
    TargetHealth(LoadBalancerArn, TargetGroupArn),
    /// A page of the account's load balancers, of all types but the classic one, to find those in it that a policy names.
    Balancers(Option<String>),
    /// A page of the account's Classic Load Balancers, with who is registered.
    Classic(Option<String>),
    /// A page of the load balancers that carry tags, of all types.
    BalancerTags(Option<String>),
    /// A page of the regional web ACLs of AWS WAF.
    WebAcls(Option<String>),
    /// The Application Load Balancers that a web ACL protects: one page holds them all. Source: botocore `wafv2/2019-07-29`, whose
    /// `ListResourcesForWebACL` has no marker.
    Protected(WebAclArn),
}

/// The actions that read a kind. Those of load balancers cannot do without each other.
pub fn actions(kind: Kind) -> &'static [Action] {
    match kind {
        Kind::Instances => &["DescribeInstances"],
        Kind::Interfaces => &["DescribeNetworkInterfaces"],
        Kind::Tagged => &["GetResources"],
        Kind::Subnets => &["DescribeSubnets"],
        Kind::GroupRules => &["DescribeSecurityGroupRules"],
        Kind::Targets => &["DescribeTrafficMirrorTargets"],
        Kind::Directory => &["DescribeLoadBalancers", "GetResources", "ListWebACLs", "ListResourcesForWebACL"],
        Kind::LoadBalancers => {
            &["DescribeLoadBalancers", "DescribeListeners", "DescribeTargetGroups", "DescribeTargetHealth"]
        }
        Kind::Filters => &["DescribeTrafficMirrorFilters"],
        Kind::Sessions => &["DescribeTrafficMirrorSessions"],
    }
}

impl Query {
    /// The first page of a list, as far as it concerns a policy that chooses by the tag with this key.
    pub fn first(kind: Kind, tag_key: &str) -> Self {
        match kind {
            Kind::Tagged => Self::Tagged(tag_key.into(), None),
            kind => Self::List(kind, None),
        }
    }

    /// The page that a token of this list leads to.
    #[must_use]
    pub fn after(&self, token: String) -> Self {
        match self {
            Self::Identity => Self::Identity,
            Self::List(kind, _) => Self::List(*kind, Some(token)),
            Self::Tagged(key, _) => Self::Tagged(key.clone(), Some(token)),
            Self::LoadBalancers(_) => Self::LoadBalancers(Some(token)),
            Self::Listeners(of, _) => Self::Listeners(of.clone(), Some(token)),
            Self::TargetGroups(of, _) => Self::TargetGroups(of.clone(), Some(token)),
            Self::TargetHealth(of, group) => Self::TargetHealth(of.clone(), group.clone()),
            Self::Balancers(_) => Self::Balancers(Some(token)),
            Self::Classic(_) => Self::Classic(Some(token)),
            Self::BalancerTags(_) => Self::BalancerTags(Some(token)),
            Self::WebAcls(_) => Self::WebAcls(Some(token)),
            Self::Protected(of) => Self::Protected(of.clone()),
        }
    }

    /// The list that it is a page of; none of the caller's account.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Identity => None,
            Self::List(kind, _) => Some(*kind),
            Self::Tagged(..) => Some(Kind::Tagged),
            Self::LoadBalancers(_) | Self::Listeners(..) | Self::TargetGroups(..) | Self::TargetHealth(..) => {
                Some(Kind::LoadBalancers)
            }
            Self::Balancers(_) | Self::Classic(_) | Self::BalancerTags(_) | Self::WebAcls(_) | Self::Protected(_) => {
                Some(Kind::Directory)
            }
        }
    }

    /// The AWS action that answers it.
    pub fn action(&self) -> Action {
        match self {
            Self::Identity => "GetCallerIdentity",
            Self::LoadBalancers(_) | Self::Balancers(_) | Self::Classic(_) => "DescribeLoadBalancers",
            Self::WebAcls(_) => "ListWebACLs",
            Self::Protected(_) => "ListResourcesForWebACL",
            Self::Listeners(..) => "DescribeListeners",
            Self::TargetGroups(..) => "DescribeTargetGroups",
            Self::TargetHealth(..) => "DescribeTargetHealth",
            Self::Tagged(..) | Self::BalancerTags(_) => "GetResources",
            Self::List(kind, _) => actions(*kind).first().copied().unwrap_or_default(),
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// What it holds.
    pub items: Items,
    /// Leads to the next page; none on the last.
    pub next: Option<String>,
}

/// What a page holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Items {
    /// The caller's account.
    Identity(AccountId),
    /// Instances.
    Instances(Vec<Instance>),
    /// Network interfaces.
    Interfaces(Vec<NetworkInterface>),
    /// Tagged subnets and VPCs, with all of their tags.
    Tagged(Tagged),
    /// Subnets.
    Subnets(Vec<(SubnetId, Subnet)>),
    /// Rules of security groups.
    GroupRules(Vec<GroupRule>),
    /// Mirror targets.
    Targets(Vec<Target>),
    /// Load balancers, of which type their ARNs say.
    LoadBalancers(Vec<LoadBalancerArn>),
    /// Listeners of a load balancer.
    Listeners(Vec<Listener>),
    /// Target groups of a load balancer, nobody registered in them yet.
    TargetGroups(Vec<(TargetGroupArn, TargetGroup)>),
    /// Who is registered in a target group.
    TargetHealth(Vec<Registered>),
    /// Classic Load Balancers, by name.
    Classic(Vec<(String, ClassicBalancer)>),
    /// Load balancers with tags, by ARN.
    BalancerTags(Vec<(String, Tags)>),
    /// Web ACLs, with their names.
    WebAcls(Vec<(WebAclArn, String)>),
    /// Application Load Balancers that a web ACL protects.
    Protected(Vec<LoadBalancerArn>),
    /// Mirror filters.
    Filters(Vec<Filter>),
    /// Mirror sessions.
    Sessions(Vec<Session>),
}
