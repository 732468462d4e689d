//! Takes a policy; gives the IAM documents that grant what following it needs. Never grants anything on what somebody else has made,
//! but to use it.
//!
//! | what | may be | if |
//! |---|---|---|
//! | everything in the account and Region, and who is behind its load balancers | looked at | |
//! | filters, targets, sessions | made | they get the tag `vpc-mirror/owner` with the policy's owner |
//! | the same | changed, deleted | they have it |
//! | interfaces | mirrored | they are in the policy's VPCs, where it names any |
//! | filters | used | they have that tag |
//! | targets | used | the policy names them; where it names what they send to, any |
//! | sessions | taken over | it is asked for, and they are no other owner's |
//!
//! A rule has no tags of its own: its filter's count. Source: "Actions, resources, and condition keys for Amazon EC2", Service
//! Authorization Reference, here and wherever nothing else is said.

mod document;
mod statements;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::Serialize;

pub use self::document::{Conditions, Document, Effect, Statement};
use self::statements::{assume, follow};
use crate::ids::{AccountId, Region};
use crate::policy::{Place, Policy};

/// What one principal needs in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// The ARN of the role that needs it; none is whoever the credentials at hand are.
    pub role: Option<String>,
    /// The Region in which it grants; none is any.
    pub region: Option<Region>,
    /// What to grant.
    pub document: Document,
}

/// Where a document grants: what is not known is `*`.
#[derive(Clone, Debug)]
struct Whereabouts {
    partition: String,
    region: Option<Region>,
    account: Option<AccountId>,
}

/// What following a policy needs: for each place of the policy, and, where it names roles, for taking them on. `adopt`: to take over
/// sessions that somebody else has made, too.
pub fn grants(policy: &Policy, adopt: bool) -> Vec<Grant> {
    if policy.places.is_empty() {
        let anywhere = Whereabouts { partition: "*".into(), region: None, account: None };
        return vec![Grant { role: None, region: None, document: follow(policy, &anywhere, adopt) }];
    }
    let roles: BTreeSet<&str> = policy.places.iter().filter_map(|it| Some(it.role.as_ref()?.arn.as_str())).collect();
    let taken_on = (!roles.is_empty()).then(|| Grant { role: None, region: None, document: assume(&roles) });
    let there = |place: &Place| Grant {
        role: place.role.as_ref().map(|role| role.arn.clone()),
        region: Some(place.region.clone()),
        document: follow(policy, &Whereabouts::of(place), adopt),
    };
    taken_on.into_iter().chain(policy.places.iter().map(there)).collect()
}

impl Whereabouts {
    fn of(place: &Place) -> Self {
        let of_role = place.role.as_ref().and_then(|role| role.arn.split(':').nth(1));
        let partition = of_role.unwrap_or_else(|| partition(&place.region)).into();
        Self { partition, region: Some(place.region.clone()), account: place.account() }
    }

    fn region(&self) -> &str {
        self.region.as_ref().map_or("*", Region::as_str)
    }

    /// The ARN of something of EC2 in this account.
    fn arn(&self, resource: &str) -> String {
        let account = self.account.as_ref().map_or("*", AccountId::as_str);
        format!("arn:{}:ec2:{}:{account}:{resource}", self.partition, self.region())
    }

    /// The same, whoever's it is: what is shared with an account has its owner's id in its ARN. Source: "AWS Resource Access Manager",
    /// ARNs of shared resources; Traffic Mirroring guide (2026), "Share a target".
    fn arn_of_anybody(&self, resource: &str) -> String {
        format!("arn:{}:ec2:{}:*:{resource}", self.partition, self.region())
    }
}

/// The partition that a Region is in; `*` of one whose partition is not known. Source: "Identify AWS resources with Amazon Resource Names
/// (ARNs)", IAM User Guide, which names these three. That a partition may be `*`, AWS's own managed policies show:
/// `AWSServiceRoleForAmazonEKSNodegroup`, AWS Managed Policy Reference Guide.
fn partition(region: &Region) -> &'static str {
    let region = region.as_str();
    match region.split('-').next() {
        _ if region.contains("-iso") => "*",
        Some("cn") => "aws-cn",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        Some("us" | "eu" | "ap" | "ca" | "sa" | "me" | "af" | "il" | "mx") => "aws",
        _ => "*",
    }
}
