//! Takes web ACLs and load balancers; lists the ones, and says which of the others each guards. Never lets two guard the same.
//!
//! Source: botocore `wafv2/2019-07-29`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use mirror_core::ids::{AccountId, LoadBalancerArn};

use super::request::{AssociateWebAcl, CreateWebAcl, GuardedResource, ListResourcesForWebAcl, ListWebAcls};
use crate::accounts::Owned;
use crate::elb::LoadBalancerType;
use crate::error::ApiError;
use crate::index::Indexed;
use crate::listing::{Page, opened, sealed};
use crate::world::World;

/// The largest page, and the one that is given when none is asked for. Source: botocore, `PaginationLimit`; the default is not documented.
const LARGEST_PAGE: i32 = 100;

/// The Region in which web ACLs for CloudFront are. Source: botocore, `Scope`.
const OF_CLOUDFRONT: &str = "us-east-1";

/// A web ACL's ARN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WebAclArn(Arc<str>);

impl<S: AsRef<str>> From<S> for WebAclArn {
    fn from(arn: S) -> Self {
        Self(Arc::from(arn.as_ref()))
    }
}

impl fmt::Display for WebAclArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a web ACL can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WafScope {
    /// `REGIONAL`: what is in the Region.
    Regional,
    /// `CLOUDFRONT`: distributions, of which there are none in here.
    CloudFront,
}

/// A regional web ACL, without rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAcl {
    /// Its ARN.
    pub arn: WebAclArn,
    /// Its id, in the form of a UUID.
    pub id: String,
    /// The account that made it.
    pub owner: AccountId,
    /// Its name.
    pub name: String,
    /// What for.
    pub description: Option<String>,
    /// Whether what no rule says anything of is blocked.
    pub blocks: bool,
    /// What a change would have to name.
    pub lock_token: String,
    /// What it guards.
    pub guards: BTreeSet<LoadBalancerArn>,
}

impl World {
    /// Lets there be a web ACL, whatever others are called: `CreateWebACL` makes one as AWS does.
    pub fn add_web_acl(&mut self, name: &str) -> WebAclArn {
        self.new_web_acl(name, None, false).arn
    }

    fn new_web_acl(&mut self, name: &str, description: Option<String>, blocks: bool) -> WebAcl {
        let [id, lock_token] = ["web acl", "lock token"].map(|kind| self.mint.uuid(kind));
        let Self { region, account, .. } = self;
        let acl = WebAcl {
            arn: format!("arn:aws:wafv2:{region}:{account}:regional/webacl/{name}/{id}").into(),
            id,
            owner: account.clone(),
            name: name.into(),
            description,
            blocks,
            lock_token,
            guards: BTreeSet::new(),
        };
        self.web_acls.insert(acl.arn.clone(), acl.clone());
        acl
    }

    pub(super) fn create_web_acl(&mut self, wish: &CreateWebAcl) -> Result<WebAcl, ApiError> {
        let CreateWebAcl { name, scope, description, blocks } = wish;
        self.check_scope(*scope)?;
        if *scope == WafScope::CloudFront {
            return Err(invalid("Web ACLs for CloudFront are not simulated"));
        }
        let plain = name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_' || it == '-');
        if name.is_empty() || name.len() > 128 || !plain {
            return Err(invalid(format!("The name '{name}' is not valid")));
        }
        if self.own_web_acls().any(|acl| acl.name == *name) {
            let message = "AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an existing one.";
            return Err(ApiError::new("WAFDuplicateItemException", message));
        }
        Ok(self.new_web_acl(name, description.clone(), *blocks))
    }

    /// In the order of their names. Source: none; AWS documents no order.
    pub(super) fn list_web_acls(&self, asked: &ListWebAcls) -> Result<Page<WebAcl>, ApiError> {
        let ListWebAcls { scope, marker, limit } = asked;
        self.check_scope(*scope)?;
        let size = match limit.unwrap_or(LARGEST_PAGE) {
            size @ 1..=LARGEST_PAGE => usize::try_from(size).unwrap_or_default(),
            size => return Err(invalid(format!("The limit {size} is not between 1 and {LARGEST_PAGE}"))),
        };
        let list = ["webacl", self.account.as_str()];
        let after = marker.as_ref().map(|marker| opened(marker, list, &self.mint)).transpose();
        let after = after.map_err(|_| invalid("The NextMarker is not valid"))?;
        let there = self.own_web_acls().filter(|_| *scope == WafScope::Regional);
        let by_name: BTreeMap<_, _> = there.map(|acl| (format!("{}\t{}", acl.name, acl.id), acl)).collect();
        let mut rest = by_name.into_iter().filter(|(name, _)| after.as_ref().is_none_or(|after| name > after));
        let page: Vec<_> = rest.by_ref().take(size).collect();
        let next = page.last().filter(|_| rest.next().is_some()).map(|(name, _)| sealed(name, list, &self.mint));
        Ok(Page { items: page.into_iter().map(|(_, acl)| acl.clone()).collect(), next })
    }

    /// The list is never cut into pages. Source: botocore, which has no paginator.
    pub(super) fn resources_for_web_acl(
        &self,
        asked: &ListResourcesForWebAcl,
    ) -> Result<Page<LoadBalancerArn>, ApiError> {
        let acl = self.web_acl(&asked.acl)?;
        let items = match asked.kind {
            GuardedResource::ApplicationLoadBalancer => acl.guards.iter().cloned().collect(),
            GuardedResource::Other => Vec::new(),
        };
        Ok(Page { items, next: None })
    }

    /// The web ACL that guards a load balancer, if one does.
    pub(crate) fn web_acl_for(&self, resource: &LoadBalancerArn) -> Result<Option<&WebAcl>, ApiError> {
        self.check_guardable(resource)?;
        Ok(self.web_acls.found(resource).next())
    }

    pub(super) fn associate_web_acl(&mut self, wish: &AssociateWebAcl) -> Result<(), ApiError> {
        let AssociateWebAcl { acl, resource } = wish;
        self.web_acl(acl)?;
        self.check_guardable(resource)?;
        self.unguard(resource);
        let acl = self.web_acls.get_mut(acl).ok_or_else(nonexistent)?;
        acl.guards.insert(resource.clone());
        Ok(())
    }

    /// A load balancer that no web ACL guards is left alone: whether AWS refuses it is not documented.
    pub(super) fn disassociate_web_acl(&mut self, resource: &LoadBalancerArn) -> Result<(), ApiError> {
        self.check_guardable(resource)?;
        self.unguard(resource);
        Ok(())
    }

    /// Takes every web ACL from a load balancer.
    pub(crate) fn unguard(&mut self, resource: &LoadBalancerArn) {
        let guards: Vec<_> = self.web_acls.found(resource).map(|acl| acl.arn.clone()).collect();
        for arn in guards {
            self.web_acls.get_mut(&arn).into_iter().for_each(|acl| acl.guards.retain(|arn| arn != resource));
        }
    }

    fn own_web_acls(&self) -> impl Iterator<Item = &WebAcl> {
        self.web_acls.values().filter(|acl| acl.owner == self.account)
    }

    pub(crate) fn web_acl(&self, arn: &WebAclArn) -> Result<&WebAcl, ApiError> {
        if !arn.0.starts_with("arn:aws:wafv2:") {
            return Err(invalid(format!("The ARN '{arn}' is not valid")));
        }
        self.web_acls.get(arn).filter(|acl| acl.owner == self.account).ok_or_else(nonexistent)
    }

    /// Of what a web ACL can guard there are Application Load Balancers in here.
    fn check_guardable(&self, resource: &LoadBalancerArn) -> Result<(), ApiError> {
        if !resource.as_str().contains(":loadbalancer/app/") {
            return Err(invalid(format!("The ARN '{resource}' is of nothing that a web ACL can guard")));
        }
        let there = self.own_load_balancers().any(|it| it.arn == *resource && it.kind == LoadBalancerType::Application);
        if there { Ok(()) } else { Err(nonexistent()) }
    }

    fn check_scope(&self, scope: WafScope) -> Result<(), ApiError> {
        match scope {
            WafScope::CloudFront if self.region.as_str() != OF_CLOUDFRONT => {
                Err(invalid("The scope is not valid., field: SCOPE_VALUE, parameter: CLOUDFRONT"))
            }
            WafScope::CloudFront | WafScope::Regional => Ok(()),
        }
    }
}

impl Owned for WebAcl {
    fn owner(&self) -> Option<&AccountId> {
        Some(&self.owner)
    }
}

impl Indexed for WebAcl {
    type By = LoadBalancerArn;

    fn found_by(&self) -> Vec<LoadBalancerArn> {
        self.guards.iter().cloned().collect()
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("WAFInvalidParameterException", message)
}

fn nonexistent() -> ApiError {
    let message = "AWS WAF couldn't perform the operation because your resource doesn't exist.";
    ApiError::new("WAFNonexistentItemException", message)
}
