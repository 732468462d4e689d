//! Takes parameters; gives the request that they make. Never asks the world: what is refused here, AWS refuses for its form alone.

pub(super) mod classic;
mod compute;
pub(super) mod elb;
mod firewalls;
mod machines;
mod mirror;
mod sts;

use std::collections::BTreeMap;

use mirror_core::cloud::ClientToken;
use mirror_core::inventory::Tags;

use super::params::Params;
use crate::error::ApiError;
use crate::listing::Filter;
use crate::request::{Describe, Request};

/// The request that the parameters make.
pub(super) fn request(mut params: Params) -> Result<Request, ApiError> {
    params.check_characters()?;
    let missing = || ApiError::new("MissingAction", "The request is missing an action or a required parameter.");
    let action = params.optional("Action").ok_or_else(missing)?;
    params.ignore(&["Version"]);
    let dry_run = params.flag("DryRun")?;
    let unknown = || ApiError::new("InvalidAction", format!("The action {action} is not valid for this web service."));
    let of_compute = match compute::request(&action, &mut params)? {
        None => match machines::request(&action, &mut params)? {
            None => firewalls::request(&action, &mut params)?,
            request => request,
        },
        request => request,
    };
    let request = match of_compute {
        Some(request) => request,
        None => match mirror::request(&action, &mut params)? {
            Some(request) => request,
            None => sts::request(&action, &mut params)?.ok_or_else(unknown)?,
        },
    };
    params.finish()?;
    Ok(if dry_run { Request::DryRun(Box::new(request)) } else { request })
}

/// What a describe call asks for that lists its ids under this name.
fn describe<Id: for<'a> From<&'a str>>(params: &mut Params, ids: &str) -> Result<Describe<Id>, ApiError> {
    let ids = params.ids(ids);
    describe_only(params, ids)
}

/// What every describe call can ask for, beside its ids.
fn describe_only<Id>(params: &mut Params, ids: Vec<Id>) -> Result<Describe<Id>, ApiError> {
    let filter = |filter: &mut Params| Ok(Filter { name: filter.required("Name")?, values: filter.list("Value") });
    Ok(Describe {
        ids,
        filters: params.structures("Filter", filter)?,
        max_results: params.number("MaxResults")?,
        next_token: params.optional("NextToken"),
        include_managed: false,
    })
}

fn token(params: &mut Params) -> Option<ClientToken> {
    params.optional("ClientToken").map(ClientToken)
}

fn tag(params: &mut Params) -> Result<(String, String), ApiError> {
    Ok((params.required("Key")?, params.optional("Value").unwrap_or_default()))
}

/// Tags to set at creation, by type of resource. Only the types that the action creates are allowed.
fn tag_specifications(params: &mut Params, allowed: &[&str]) -> Result<BTreeMap<String, Tags>, ApiError> {
    let specification = |inner: &mut Params| {
        let resource_type = inner.required("ResourceType")?;
        if !allowed.contains(&resource_type.as_str()) {
            let message = format!("'{resource_type}' is not a valid taggable resource type for this operation.");
            return Err(ApiError::invalid_value(message));
        }
        let tags = inner.structures("Tag", tag)?.into_iter().collect::<Tags>();
        Ok((resource_type, tags))
    };
    let mut by_type: BTreeMap<String, Tags> = BTreeMap::new();
    for (resource_type, tags) in params.structures("TagSpecification", specification)? {
        by_type.entry(resource_type).or_default().extend(tags);
    }
    Ok(by_type)
}

/// Tags to set at creation, of an action that creates one type of resource.
fn tags(params: &mut Params, resource_type: &str) -> Result<Tags, ApiError> {
    Ok(tag_specifications(params, &[resource_type])?.remove(resource_type).unwrap_or_default())
}
