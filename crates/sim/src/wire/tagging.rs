//! Takes the JSON of a call of the Resource Groups Tagging API; gives its request, and the JSON that answers it. Never speaks CBOR: the
//! model knows it, and neither boto3, the AWS CLI nor the SDK for Rust sends it.
//!
//! Request: `X-Amz-Target: ResourceGroupsTaggingAPI_20170126.GetResources` and an object. Error: `{"__type": …, "Message": …}`. Source:
//! botocore `resourcegroupstaggingapi/2017-01-26`, protocol `json` 1.1.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::listing::Page;
use crate::request::Request;
use crate::tagging::{GetResources, TaggedResource};

/// The header that names the action.
const TARGET: &str = "x-amz-target";

/// What begins its value.
const API: &str = "ResourceGroupsTaggingAPI_20170126.";

/// Whether a request with these headers is for this API.
pub(super) fn is_meant(headers: &HeaderMap) -> bool {
    target(headers).starts_with(API)
}

fn target(headers: &HeaderMap) -> &str {
    headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default()
}

/// The request that headers and body make.
pub(super) fn request(headers: &HeaderMap, body: &[u8]) -> Result<Request, ApiError> {
    let target = target(headers);
    match target.strip_prefix(API) {
        Some("GetResources") => get_resources(body).map(Request::GetResources),
        _ => Err(ApiError::new("UnknownOperationException", format!("There is no operation '{target}' in JSON 1.1"))),
    }
}

fn get_resources(body: &[u8]) -> Result<GetResources, ApiError> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return Err(ApiError::new("SerializationException", "The body is not a JSON object"));
    };
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
    match fields.keys().next() {
        Some(unknown) => Err(ApiError::new("InvalidParameterException", format!("{unknown} is not recognized"))),
        None => Ok(asked),
    }
}

/// A field, if it is there; an error if `read` makes nothing of it.
fn take<T>(
    fields: &mut Map<String, Value>,
    name: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let wrong = || ApiError::new("SerializationException", format!("The value of {name} has a wrong type"));
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(&value).map(Some).ok_or_else(wrong),
    }
}

fn list<T>(
    fields: &mut Map<String, Value>,
    name: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Vec<T>, ApiError> {
    Ok(take(fields, name, |value| value.as_array()?.iter().map(&read).collect())?.unwrap_or_default())
}

fn tag_filter(value: &Value) -> Option<(String, Vec<String>)> {
    let values = match value.get("Values") {
        None | Some(Value::Null) => Vec::new(),
        Some(values) => values.as_array()?.iter().map(text).collect::<Option<_>>()?,
    };
    Some((value.get("Key").and_then(text)?, values))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

fn number(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|number| number.try_into().ok())
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

/// The body of an error.
pub(super) fn error(error: &ApiError) -> Value {
    json!({ "__type": error.code, "Message": error.message })
}
