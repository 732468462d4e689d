//! Takes the JSON of a call of the Resource Groups Tagging API; gives its request, and the JSON that answers it. Never speaks CBOR: the
//! model knows it, and neither boto3, the AWS CLI nor the SDK for Rust sends it.
//!
//! Request: `X-Amz-Target: ResourceGroupsTaggingAPI_20170126.GetResources` and an object. Error: `{"__type": …, "Message": …}`. Source:
//! botocore `resourcegroupstaggingapi/2017-01-26`, protocol `json` 1.1.

use http::HeaderMap;
use serde_json::{Value, json};

use super::json::{self, list, number, take, target, text};
use crate::error::ApiError;
use crate::listing::Page;
use crate::request::Request;
use crate::tagging::{GetResources, TaggedResource};

/// What begins the header that names the action.
const API: &str = "ResourceGroupsTaggingAPI_20170126.";

/// Whether a request with these headers is for this API.
pub(super) fn is_meant(headers: &HeaderMap) -> bool {
    target(headers).starts_with(API)
}

/// The request that headers and body make.
pub(super) fn request(headers: &HeaderMap, body: &[u8]) -> Result<Request, ApiError> {
    let target = target(headers);
    match target.strip_prefix(API) {
        Some("GetResources") => get_resources(body).map(Request::GetResources),
        _ => Err(json::unknown_operation(target)),
    }
}

fn get_resources(body: &[u8]) -> Result<GetResources, ApiError> {
    let mut fields = json::fields(body)?;
    let asked = GetResources {
        tags: list(&mut fields, "TagFilters", tag_filter)?,
        types: list(&mut fields, "ResourceTypeFilters", text)?,
        arns: list(&mut fields, "ResourceARNList", text)?,
        page_size: take(&mut fields, "ResourcesPerPage", number)?,
        // A first request may say that it has no token by an empty one.
        token: take(&mut fields, "PaginationToken", text)?.filter(|token| !token.is_empty()),
    };
    // Tag policies are not simulated: nobody violates one.
    for name in ["IncludeComplianceDetails", "ExcludeCompliantResources"] {
        if take(&mut fields, name, |value| value.as_bool())? == Some(true) {
            return Err(ApiError::new("InvalidParameterException", format!("{name} is not simulated")));
        }
    }
    json::finish(&fields, "InvalidParameterException")?;
    Ok(asked)
}

fn tag_filter(value: &Value) -> Option<(String, Vec<String>)> {
    let values = match value.get("Values") {
        None | Some(Value::Null) => Vec::new(),
        Some(values) => values.as_array()?.iter().map(text).collect::<Option<_>>()?,
    };
    Some((value.get("Key").and_then(text)?, values))
}

/// The body that answers `GetResources`. The last page has an empty token.
pub(super) fn resources(Page { items, next }: &Page<TaggedResource>) -> Value {
    let tag = |(key, value): (&String, &String)| json!({ "Key": key, "Value": value });
    let mapping = |resource: &TaggedResource| json!({ "ResourceARN": resource.arn, "Tags": resource.tags.iter().map(tag).collect::<Vec<_>>() });
    json!({
        "PaginationToken": next.as_deref().unwrap_or_default(),
        "ResourceTagMappingList": items.iter().map(mapping).collect::<Vec<_>>(),
    })
}
