//! Takes what is asked of Classic Load Balancers, tags and AWS WAF, to find what a policy names; gives the page, by one call, translated.
//! Never asks for the next page.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancing::types::LoadBalancerDescription;
use aws_sdk_resourcegroupstagging::types::ResourceTagMapping;
use aws_sdk_wafv2::types::{ResourceType, Scope, WebAclSummary};
use mirror_core::cloud::{Action, BALANCED_PAGE_SIZE, Items, TAGGED_PAGE_SIZE, WEB_ACLS_PAGE_SIZE};
use mirror_core::ids::WebAclArn;
use mirror_core::inventory::{ClassicBalancer, Tags};

use crate::balancing::whole;
use crate::errors::Unreadable;
use crate::fields::{Item, given};
use crate::read::{Answer, page};
use crate::{Sdk, translate};

pub(crate) async fn classic(sdk: &Sdk, action: Action, marker: Option<String>) -> Answer {
    let request = sdk.classic.describe_load_balancers().page_size(BALANCED_PAGE_SIZE).set_marker(marker);
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let list = whole("LoadBalancerDescriptions", answer.load_balancer_descriptions, classic_balancer);
    page(action, list.map(Items::Classic), answer.next_marker)
}

fn classic_balancer(it: LoadBalancerDescription) -> Result<(String, ClassicBalancer), Unreadable> {
    let item = Item::new("classic load balancer", "LoadBalancerName", it.load_balancer_name)?;
    let registered = it.instances.unwrap_or_default().into_iter();
    let instances: Result<BTreeSet<_>, Unreadable> =
        registered.map(|it| Ok(Item::new("registered instance", "InstanceId", it.instance_id)?.id().into())).collect();
    let vpc = given(it.vpc_id).map(Into::into);
    Ok((item.id().to_owned(), ClassicBalancer { vpc, instances: instances?, emptied: None }))
}

/// The type of resource by which load balancers of all kinds are listed. Source: "GetResources", Resource Groups Tagging API Reference:
/// `service:resourceType`, as in the ARN.
const LOAD_BALANCER: &str = "elasticloadbalancing:loadbalancer";

pub(crate) async fn tags(sdk: &Sdk, action: Action, token: Option<String>) -> Answer {
    let request = sdk.tagging.get_resources().resource_type_filters(LOAD_BALANCER);
    let request = request.resources_per_page(TAGGED_PAGE_SIZE).set_pagination_token(token);
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let list = whole("ResourceTagMappingList", answer.resource_tag_mapping_list, tagged);
    page(action, list.map(Items::BalancerTags), answer.pagination_token)
}

fn tagged(it: ResourceTagMapping) -> Result<(String, Tags), Unreadable> {
    let item = Item::new("tagged load balancer", "ResourceARN", it.resource_arn)?;
    let tags = it.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value));
    Ok((item.id().to_owned(), tags.collect()))
}

pub(crate) async fn web_acls(sdk: &Sdk, action: Action, marker: Option<String>) -> Answer {
    let request = sdk.waf.list_web_acls().scope(Scope::Regional).limit(WEB_ACLS_PAGE_SIZE).set_next_marker(marker);
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let full = answer.web_acls.as_ref().is_some_and(|list| !list.is_empty());
    // WAF gives a marker with the last page too, which leads to an empty one.
    let next = answer.next_marker.filter(|_| full);
    page(action, whole("WebACLs", answer.web_acls, web_acl).map(Items::WebAcls), next)
}

fn web_acl(it: WebAclSummary) -> Result<(WebAclArn, String), Unreadable> {
    let item = Item::new("web ACL", "ARN", it.arn)?;
    Ok((item.id().into(), item.text("Name", it.name)?))
}

pub(crate) async fn protected(sdk: &Sdk, action: Action, of: &WebAclArn) -> Answer {
    let request = sdk.waf.list_resources_for_web_acl().web_acl_arn(of.as_str());
    let request = request.resource_type(ResourceType::ApplicationLoadBalancer);
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    // Without any the list may be missing.
    let arns = translate::all(answer.resource_arns, |arn| Ok(arn.into()));
    page(action, arns.map(Items::Protected), None)
}
