//! Takes a query; gives the page that AWS answers, by one call. Never asks for the next page.

use aws_sdk_resourcegroupstagging::types::TagFilter;
use mirror_core::cloud::{Action, CloudError, Items, PAGE_SIZE, Page, Query, TAGGED_PAGE_SIZE};
use mirror_core::inventory::Kind;

use crate::errors::{Unreadable, unsendable};
use crate::{Sdk, balancing, directory, groups, translate};

pub(crate) type Answer = Result<Page, CloudError>;

pub(crate) async fn read(sdk: &Sdk, query: &Query) -> Answer {
    let action = query.action();
    match query {
        Query::Identity => identity(sdk, action).await,
        Query::Tagged(key, token) => tagged(sdk, action, Some(key), token.clone()).await,
        Query::LoadBalancers(token) => balancing::load_balancers(sdk, action, token.clone()).await,
        Query::Listeners(of, token) => balancing::listeners(sdk, action, of, token.clone()).await,
        Query::TargetGroups(of, token) => balancing::target_groups(sdk, action, of, token.clone()).await,
        Query::TargetHealth(_, group) => balancing::target_health(sdk, action, group).await,
        Query::Balancers(token) => balancing::load_balancers(sdk, action, token.clone()).await,
        Query::Classic(token) => directory::classic(sdk, action, token.clone()).await,
        Query::BalancerTags(token) => directory::tags(sdk, action, token.clone()).await,
        Query::WebAcls(token) => directory::web_acls(sdk, action, token.clone()).await,
        Query::Protected(of) => directory::protected(sdk, action, of).await,
        Query::List(kind, token) => {
            let token = token.clone();
            match kind {
                Kind::Instances => instances(sdk, action, token).await,
                Kind::Interfaces => interfaces(sdk, action, token).await,
                Kind::Tagged => tagged(sdk, action, None, token).await,
                Kind::Subnets => subnets(sdk, action, token).await,
                Kind::GroupRules => group_rules(sdk, action, token).await,
                Kind::Targets => targets(sdk, action, token).await,
                Kind::Directory => Err(unsendable(action, "what a policy finds load balancers by is no list")),
                Kind::LoadBalancers => Err(unsendable(action, "what counts of load balancers is no list")),
                Kind::Filters => filters(sdk, action, token).await,
                Kind::Sessions => sessions(sdk, action, token).await,
            }
        }
    }
}

async fn identity(sdk: &Sdk, action: Action) -> Answer {
    let answer = sdk.sts.get_caller_identity().send().await.map_err(|error| sdk.failed(action, error))?;
    page(action, translate::account(answer).map(Items::Identity), None)
}

async fn instances(sdk: &Sdk, action: Action, token: Option<String>) -> Answer {
    // AWS hides the instances that it manages for others (EKS Auto Mode) from whoever does not ask for them.
    let request = sdk.ec2.describe_instances().include_managed_resources(true);
    let request = request.max_results(PAGE_SIZE).set_next_token(token);
    let mut answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let next = answer.next_token.take();
    page(action, translate::instances(answer).map(Items::Instances), next)
}

async fn interfaces(sdk: &Sdk, action: Action, token: Option<String>) -> Answer {
    let request = sdk.ec2.describe_network_interfaces().include_managed_resources(true);
    let request = request.max_results(PAGE_SIZE).set_next_token(token);
    let mut answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let next = answer.next_token.take();
    page(action, translate::all(answer.network_interfaces, translate::interface).map(Items::Interfaces), next)
}

/// What is tagged with a key, or at all.
async fn tagged(sdk: &Sdk, action: Action, key: Option<&String>, token: Option<String>) -> Answer {
    let filters = key.map(|key| vec![TagFilter::builder().key(key).build()]);
    let request = sdk.tagging.get_resources().resource_type_filters("ec2:subnet").resource_type_filters("ec2:vpc");
    let request = request.set_tag_filters(filters).resources_per_page(TAGGED_PAGE_SIZE).set_pagination_token(token);
    let mut answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    // The last page has an empty one.
    let next = answer.pagination_token.take();
    page(action, translate::tagged(answer).map(Items::Tagged), next)
}

async fn subnets(sdk: &Sdk, action: Action, token: Option<String>) -> Answer {
    let request = sdk.ec2.describe_subnets().max_results(PAGE_SIZE).set_next_token(token);
    let mut answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let next = answer.next_token.take();
    page(action, translate::all(answer.subnets, groups::subnet).map(Items::Subnets), next)
}

async fn group_rules(sdk: &Sdk, action: Action, token: Option<String>) -> Answer {
    let request = sdk.ec2.describe_security_group_rules().max_results(PAGE_SIZE).set_next_token(token);
    let mut answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let next = answer.next_token.take();
    page(action, translate::all(answer.security_group_rules, groups::rule).map(Items::GroupRules), next)
}

async fn targets(sdk: &Sdk, action: Action, token: Option<String>) -> Answer {
    let request = sdk.ec2.describe_traffic_mirror_targets().max_results(PAGE_SIZE).set_next_token(token);
    let mut answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let next = answer.next_token.take();
    page(action, translate::all(answer.traffic_mirror_targets, translate::target).map(Items::Targets), next)
}

async fn filters(sdk: &Sdk, action: Action, token: Option<String>) -> Answer {
    let request = sdk.ec2.describe_traffic_mirror_filters().max_results(PAGE_SIZE).set_next_token(token);
    let mut answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let next = answer.next_token.take();
    page(action, translate::all(answer.traffic_mirror_filters, translate::filter).map(Items::Filters), next)
}

async fn sessions(sdk: &Sdk, action: Action, token: Option<String>) -> Answer {
    let request = sdk.ec2.describe_traffic_mirror_sessions().max_results(PAGE_SIZE).set_next_token(token);
    let mut answer = request.send().await.map_err(|error| sdk.failed(action, error))?;
    let next = answer.next_token.take();
    page(action, translate::all(answer.traffic_mirror_sessions, translate::session).map(Items::Sessions), next)
}

pub(crate) fn page(action: Action, items: Result<Items, Unreadable>, next: Option<String>) -> Answer {
    let items = items.map_err(|unreadable| unreadable.of(action))?;
    // Some endpoints write an empty token on the last page; sent back, it would start the list again.
    Ok(Page { items, next: next.filter(|token| !token.is_empty()) })
}
