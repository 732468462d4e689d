//! Takes the JSON of a request in protocol `json` 1.1; gives its fields one by one. What has been taken is gone: what is left at the end,
//! the world does not understand. Never knows an action.

use http::HeaderMap;
use serde_json::{Map, Value, json};

use crate::error::ApiError;

/// The header that names the action.
const TARGET: &str = "x-amz-target";

/// The fields that have not been taken yet.
pub(super) type Fields = Map<String, Value>;

/// The API and the action that a request with these headers is for.
pub(super) fn target(headers: &HeaderMap) -> &str {
    headers.get(TARGET).and_then(|target| target.to_str().ok()).unwrap_or_default()
}

/// The refusal of an action that the API does not have.
pub(super) fn unknown_operation(target: &str) -> ApiError {
    ApiError::new("UnknownOperationException", format!("There is no operation '{target}' in JSON 1.1"))
}

pub(super) fn fields(body: &[u8]) -> Result<Fields, ApiError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(ApiError::new("SerializationException", "The body is not a JSON object")),
    }
}

/// A field, if it is there; an error if `read` makes nothing of it.
pub(super) fn take<T>(
    fields: &mut Fields,
    name: &str,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let wrong = || ApiError::new("SerializationException", format!("The value of {name} has a wrong type"));
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(&value).map(Some).ok_or_else(wrong),
    }
}

pub(super) fn list<T>(fields: &mut Fields, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, ApiError> {
    Ok(take(fields, name, |value| value.as_array()?.iter().map(&read).collect())?.unwrap_or_default())
}

pub(super) fn text(value: &Value) -> Option<String> {
    value.as_str().map(ToOwned::to_owned)
}

pub(super) fn number(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|number| number.try_into().ok())
}

/// Refuses what is left, with this code.
pub(super) fn finish(fields: &Fields, code: &str) -> Result<(), ApiError> {
    match fields.keys().next() {
        Some(unknown) => Err(ApiError::new(code, format!("{unknown} is not recognized"))),
        None => Ok(()),
    }
}

/// The body of an error.
pub(super) fn error(error: &ApiError) -> Value {
    json!({ "__type": error.code, "Message": error.message })
}
