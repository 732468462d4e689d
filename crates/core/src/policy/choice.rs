//! Takes nothing; gives the ways in which a strategy chooses whom to mirror, and what each of them has to know. Never chooses.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Pattern, Ports, Selector};
use crate::ids::{LoadBalancerArn, WebAclArn};
use crate::inventory::{Directory, Part, Protection, Tags};

/// How a strategy chooses. Whoever carries a tag with the strategy's name is chosen in any case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Choice {
    /// Crown jewels: what is tagged with the strategy's name, and what the selector matches. Everything is captured.
    Importance {
        /// Whom it chooses beside those tagged; none is nobody.
        select: Option<Selector>,
        /// The hosts that lead to the jewels: they are chosen too.
        jump_boxes: Option<Selector>,
    },
    /// One end of each path of sensitive data: its ports alone.
    Risk {
        /// The paths; at least one.
        paths: Vec<DataPath>,
    },
    /// Where everything passes.
    Junction(Junction),
    /// What each server is for: the ports that it serves, to whomever.
    AccessPath {
        /// Whom it chooses beside those tagged; none is nobody.
        select: Option<Selector>,
        /// Which ports those are.
        expect: Expect,
    },
    /// A few of every kind.
    Sample(Sample),
    /// An extra: name resolution.
    Dns {
        /// Whose.
        select: Selector,
        /// Whether over TLS, too.
        over_tls: bool,
    },
    /// An extra: ports that should never be used, inbound, and outbound by those selected.
    Tripwire {
        /// Where.
        select: Selector,
        /// The ports; at least one.
        ports: BTreeSet<Ports>,
    },
}

impl Choice {
    /// What has to be read for it beside what every policy needs.
    pub(super) fn needs(&self) -> BTreeSet<Part> {
        match self {
            Self::Importance { .. } | Self::Sample(_) | Self::Dns { .. } => BTreeSet::new(),
            Self::Risk { .. } => [Part::Subnets].into(),
            Self::AccessPath { expect: Expect::SecurityGroups, .. } | Self::Tripwire { .. } => {
                [Part::GroupRules].into()
            }
            Self::AccessPath { expect: Expect::Ports(_), .. } => BTreeSet::new(),
            Self::Junction(junction) => junction.needs(),
        }
    }

    /// Whether it is an extra: what a lane leaves out first, and what never has a slot of its own before anything else.
    pub fn is_extra(&self) -> bool {
        match self {
            Self::Dns { .. } | Self::Tripwire { .. } => true,
            Self::Importance { .. }
            | Self::Risk { .. }
            | Self::Junction(_)
            | Self::AccessPath { .. }
            | Self::Sample(_) => false,
        }
    }
}

/// A path of sensitive data: everybody at one end speaks to everybody at the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataPath {
    /// Who asks.
    pub from: Selector,
    /// Who serves.
    pub to: Selector,
    /// Where; at least one.
    pub ports: BTreeSet<Ports>,
}

/// Where everything passes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Junction {
    /// Load balancers whose registered targets are chosen.
    pub balancers: Vec<Balancers>,
    /// Web ACLs that stand for the load balancers that they protect.
    pub web_acls: Vec<WebAcl>,
    /// Proxies, NAT instances; none is nobody.
    pub select: Option<Selector>,
}

impl Junction {
    /// What has to be read to find its load balancers.
    pub(crate) fn needs(&self) -> BTreeSet<Part> {
        let mut needs = BTreeSet::new();
        for balancers in &self.balancers {
            match balancers {
                // Whether it is there has to be known, to say so.
                Balancers::Arn(_) => _ = needs.insert(Part::Balancers),
                Balancers::Name(_) => needs.extend([Part::Balancers, Part::Classic]),
                Balancers::Tags(_) => needs.extend([Part::Balancers, Part::Classic, Part::BalancerTags]),
            }
        }
        if !self.web_acls.is_empty() {
            needs.insert(Part::WebAcls);
        }
        needs
    }

    /// Whether it means a load balancer that is not a classic one.
    pub fn means(&self, directory: &Directory, balancer: &LoadBalancerArn) -> bool {
        let named = |it: &Balancers| match it {
            Balancers::Name(name) => name == Directory::name(balancer),
            Balancers::Arn(arn) => arn == balancer,
            Balancers::Tags(patterns) => carries(directory.tags.get(balancer.as_str()), patterns),
        };
        let protected = |it: &WebAcl| it.of(directory).any(|(_, protection)| protection.balancers.contains(balancer));
        self.balancers.iter().any(named) || self.web_acls.iter().any(protected)
    }

    /// Whether it means a Classic Load Balancer.
    pub fn means_classic(&self, directory: &Directory, name: &str) -> bool {
        let tags = || directory.tags.iter().find(|(arn, _)| Directory::classic_name(arn) == Some(name));
        self.balancers.iter().any(|it| match it {
            Balancers::Name(named) => named == name,
            Balancers::Arn(_) => false,
            Balancers::Tags(patterns) => carries(tags().map(|(_, tags)| tags), patterns),
        })
    }
}

impl WebAcl {
    /// The web ACLs of a directory that it means.
    pub fn of<'a>(&self, directory: &'a Directory) -> impl Iterator<Item = (&'a WebAclArn, &'a Protection)> {
        let means = move |(arn, protection): &(&'a WebAclArn, &'a Protection)| match self {
            Self::Name(name) => *name == protection.name,
            Self::Arn(named) => named == *arn,
        };
        directory.web_acls.iter().filter(means)
    }
}

/// Whether tags carry, for each key, a value that one of its patterns matches.
fn carries(tags: Option<&Tags>, patterns: &BTreeMap<String, Vec<Pattern>>) -> bool {
    let value = |key| tags.and_then(|tags| tags.get(key));
    patterns.iter().all(|(key, patterns)| value(key).is_some_and(|it| patterns.iter().any(|one| one.matches(it))))
}

/// Load balancers that a policy means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Balancers {
    /// The one with this name, of any type.
    Name(String),
    /// The one with this ARN.
    Arn(LoadBalancerArn),
    /// Those that carry all of these tags.
    Tags(BTreeMap<String, Vec<Pattern>>),
}

/// A web ACL that a policy means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WebAcl {
    /// The one with this name.
    Name(String),
    /// The one with this ARN.
    Arn(WebAclArn),
}

/// What is expected of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Expect {
    /// What the inbound rules of its security groups let in.
    SecurityGroups,
    /// These ports; at least one.
    Ports(BTreeSet<Ports>),
}

/// Of whom a few, and how many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Of whom.
    pub select: Selector,
    /// What makes a kind.
    pub by: Vec<Stratum>,
    /// Which part of each kind: above 0, at most 1.
    pub fraction: f64,
    /// How many of each kind at least.
    pub at_least: usize,
    /// How long until each has been drawn anew; none is never.
    pub rotate: Option<SignedDuration>,
}

/// What tells one kind of instance from another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stratum {
    /// The account.
    Account,
    /// The Region.
    Region,
    /// The Availability Zone.
    Zone,
    /// The subnet.
    Subnet,
    /// The VPC.
    Vpc,
    /// The auto scaling group.
    AutoScalingGroup,
    /// The instance type.
    InstanceType,
    /// Windows, or not.
    Platform,
    /// The value of the tag with this key.
    Tag(String),
}
