//! Takes what is asked of ELB: the account's load balancers, or what belongs to one; gives the page that ELB answers, by one call, translated. Never asks for the next
//! page.
//!
//! An answer without its list is no empty one: who is not listed behind a sensor may be mirrored to it, and what has no listener is left.

use aws_sdk_elasticloadbalancingv2::types;
use mirror_core::cloud::{Action, BALANCED_PAGE_SIZE, Items};
use mirror_core::ids::{LoadBalancerArn, TargetGroupArn};
use mirror_core::inventory::{Listener, Registered, TargetGroup};

use crate::Sdk;
use crate::errors::Unreadable;
use crate::fields::{Item, given};
use crate::read::{Answer, page};

pub(crate) async fn load_balancers(sdk: &Sdk, action: Action, marker: Option<String>) -> Answer {
    let request = sdk.elb.describe_load_balancers().page_size(BALANCED_PAGE_SIZE).set_marker(marker);
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let list = whole("LoadBalancers", answer.load_balancers, load_balancer);
    page(action, list.map(Items::LoadBalancers), answer.next_marker)
}

pub(crate) async fn listeners(sdk: &Sdk, action: Action, of: &LoadBalancerArn, marker: Option<String>) -> Answer {
    let request = sdk.elb.describe_listeners().load_balancer_arn(of.as_str());
    let request = request.page_size(BALANCED_PAGE_SIZE).set_marker(marker);
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    page(action, whole("Listeners", answer.listeners, listener).map(Items::Listeners), answer.next_marker)
}

pub(crate) async fn target_groups(sdk: &Sdk, action: Action, of: &LoadBalancerArn, marker: Option<String>) -> Answer {
    let request = sdk.elb.describe_target_groups().load_balancer_arn(of.as_str());
    let request = request.page_size(BALANCED_PAGE_SIZE).set_marker(marker);
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    page(action, whole("TargetGroups", answer.target_groups, target_group).map(Items::TargetGroups), answer.next_marker)
}

pub(crate) async fn target_health(sdk: &Sdk, action: Action, group: &TargetGroupArn) -> Answer {
    let request = sdk.elb.describe_target_health().target_group_arn(group.as_str());
    let answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let list = answer.target_health_descriptions;
    page(action, whole("TargetHealthDescriptions", list, registered).map(Items::TargetHealth), None)
}

/// Every item of a list that must be there.
pub(crate) fn whole<T, U>(
    name: &str,
    list: Option<Vec<T>>,
    read: fn(T) -> Result<U, Unreadable>,
) -> Result<Vec<U>, Unreadable> {
    let list = list.ok_or_else(|| Unreadable::new(format!("the answer has no `{name}`")))?;
    list.into_iter().map(read).collect()
}

fn load_balancer(it: types::LoadBalancer) -> Result<LoadBalancerArn, Unreadable> {
    Ok(Item::new("load balancer", "LoadBalancerArn", it.load_balancer_arn)?.id().into())
}

/// The listener of a Gateway Load Balancer has neither protocol nor port.
fn listener(it: types::Listener) -> Result<Listener, Unreadable> {
    let item = Item::new("listener", "ListenerArn", it.listener_arn)?;
    let protocol = it.protocol.map(|protocol| protocol.as_str().to_owned()).unwrap_or_default();
    let port = it.port.map(|port| item.number("Port", port)).transpose()?.unwrap_or_default();
    Ok(Listener { protocol, port })
}

fn target_group(it: types::TargetGroup) -> Result<(TargetGroupArn, TargetGroup), Unreadable> {
    let item = Item::new("target group", "TargetGroupArn", it.target_group_arn)?;
    Ok((item.id().into(), TargetGroup { vpc: given(it.vpc_id).map(Into::into), ..TargetGroup::default() }))
}

fn registered(it: types::TargetHealthDescription) -> Result<Registered, Unreadable> {
    let (id, zone) = it.target.map(|target| (target.id, target.availability_zone)).unwrap_or_default();
    let item = Item::new("registered target", "Id", id)?;
    Ok(Registered::named(item.id(), given(zone).as_deref()))
}
