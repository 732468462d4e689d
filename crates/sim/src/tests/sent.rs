//! Takes a call that was drawn; gives it as a client of its API sends it. Never draws anything.

use ::http::{Method, Request as HttpRequest};
use serde_json::{Value, json};

use super::grammar::Drawn;
use super::http::SIGNED;

/// A call as a client sends it: signed, in the protocol of its API.
pub(super) fn sent(action: &str, mut drawn: Drawn) -> HttpRequest<Vec<u8>> {
    let (scope, version) = match action.split_once(':') {
        Some(("tag", _)) => return sent_as_json(drawn),
        Some((api, _)) => (api, "2015-12-01"),
        None if ["GetCallerIdentity", "AssumeRole"].contains(&action) => ("sts", "2011-06-15"),
        None => ("ec2", "2016-11-15"),
    };
    drawn.push(("Version".into(), version.into()));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(drawn).finish();
    signed(scope, &body)
}

fn signed(scope: &str, body: &str) -> HttpRequest<Vec<u8>> {
    let signature = SIGNED.replace("/ec2/", &format!("/{scope}/"));
    let mut request = super::http::request(Some(&signature), body).map(String::into_bytes);
    *request.method_mut() = Method::POST;
    request
}

/// `List.1=a List.2=b Number=1` as an object; a filter's `Key` and `Values` as one in a list.
fn sent_as_json(drawn: Drawn) -> HttpRequest<Vec<u8>> {
    let mut object = json!({});
    for (name, value) in drawn.into_iter().filter(|(name, _)| name != "Action") {
        match name.split('.').collect::<Vec<_>>()[..] {
            ["TagFilters", _, "Key"] => object["TagFilters"] = json!([{ "Key": value }]),
            ["TagFilters", _, "Values"] if object["TagFilters"].is_array() => {
                object["TagFilters"][0]["Values"] = json!([value]);
            }
            [list, _] => object[list] = json!([value]),
            _ => object[&name] = value.parse::<i64>().map_or_else(|_| Value::from(value), Value::from),
        }
    }
    let mut request = signed("tagging", &object.to_string());
    let target = "ResourceGroupsTaggingAPI_20170126.GetResources".parse().unwrap();
    request.headers_mut().insert("x-amz-target", target);
    request
}
