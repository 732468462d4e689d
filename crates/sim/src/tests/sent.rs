//! Takes a call that was drawn; gives it as a client of its API sends it. Never draws anything.

use ::http::{Method, Request as HttpRequest};
use serde_json::{Value, json};

use super::grammar::Drawn;
use super::http::SIGNED;

/// A call as a client sends it: signed, in the protocol of its API.
pub(super) fn sent(action: &str, mut drawn: Drawn) -> HttpRequest<Vec<u8>> {
    let (scope, version) = match action.split_once(':') {
        Some(("tag", name)) => {
            return sent_as_json("tagging", &format!("ResourceGroupsTaggingAPI_20170126.{name}"), drawn);
        }
        Some(("wafv2", name)) => return sent_as_json("wafv2", &format!("AWSWAF_20190729.{name}"), drawn),
        Some(("elb", _)) => ("elasticloadbalancing", "2012-06-01"),
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

/// `List.1=a List.2=b Number=1` as an object; a filter's `Key` and `Values` as one in a list, and a choice as an object.
fn sent_as_json(scope: &str, target: &str, drawn: Drawn) -> HttpRequest<Vec<u8>> {
    let mut object = json!({});
    for (name, value) in drawn.into_iter().filter(|(name, _)| name != "Action") {
        match name.split('.').collect::<Vec<_>>()[..] {
            ["TagFilters", _, "Key"] => object["TagFilters"] = json!([{ "Key": value }]),
            ["TagFilters", _, "Values"] if object["TagFilters"].is_array() => {
                object["TagFilters"][0]["Values"] = json!([value]);
            }
            ["DefaultAction" | "VisibilityConfig", choice] => {
                object[name.split('.').next().unwrap()] = json!({ choice: {} });
            }
            [list, _] => object[list] = json!([value]),
            _ => object[&name] = value.parse::<i64>().map_or_else(|_| Value::from(value), Value::from),
        }
    }
    let mut request = signed(scope, &object.to_string());
    request.headers_mut().insert("x-amz-target", target.parse().unwrap());
    request
}
