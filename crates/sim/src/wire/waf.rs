//! Takes the JSON of a call of WAF; gives its request, and the JSON that answers it. Never lets a rule pass: none is simulated.
//!
//! Request: `X-Amz-Target: AWSWAF_20190729.ListWebACLs` and an object. Source: botocore `wafv2/2019-07-29`, protocol `json` 1.1.

use http::HeaderMap;
use serde_json::{Value, json};

use super::json::{self, Fields, take, target, text};
use crate::error::ApiError;
use crate::request::Request;
use crate::waf::{
    AssociateWebAcl, CreateWebAcl, GuardedResource, ListResourcesForWebAcl, ListWebAcls, WafRequest, WafResponse,
    WafScope, WebAcl,
};

/// What begins the header that names the action.
const API: &str = "AWSWAF_20190729.";

/// With what is refused whose form is wrong.
const WRONG: &str = "WAFInvalidParameterException";

/// What the model calls kinds of resources, but for load balancers. Source: botocore, `ResourceType`.
#[rustfmt::skip]
const OTHERS: [&str; 7] = [
    "API_GATEWAY", "APPSYNC", "COGNITO_USER_POOL", "APP_RUNNER_SERVICE", "VERIFIED_ACCESS_INSTANCE", "AMPLIFY",
    "AGENTCORE_GATEWAY",
];

/// Whether a request with these headers is for this API.
pub(super) fn is_meant(headers: &HeaderMap) -> bool {
    target(headers).starts_with(API)
}

/// The request that headers and body make.
pub(super) fn request(headers: &HeaderMap, body: &[u8]) -> Result<Request, ApiError> {
    let target = target(headers);
    let action = target.strip_prefix(API).ok_or_else(|| json::unknown_operation(target))?;
    let mut fields = json::fields(body)?;
    let request = match action {
        "ListWebACLs" => WafRequest::ListWebACLs(ListWebAcls {
            scope: scope(&mut fields)?,
            marker: take(&mut fields, "NextMarker", text)?,
            limit: take(&mut fields, "Limit", json::number)?,
        }),
        "ListResourcesForWebACL" => WafRequest::ListResourcesForWebACL(ListResourcesForWebAcl {
            acl: arn(&mut fields, "WebACLArn")?.into(),
            kind: kind(&mut fields)?,
        }),
        "GetWebACLForResource" => WafRequest::GetWebACLForResource(arn(&mut fields, "ResourceArn")?.into()),
        "CreateWebACL" => WafRequest::CreateWebACL(create(&mut fields)?),
        "AssociateWebACL" => WafRequest::AssociateWebACL(AssociateWebAcl {
            acl: arn(&mut fields, "WebACLArn")?.into(),
            resource: arn(&mut fields, "ResourceArn")?.into(),
        }),
        "DisassociateWebACL" => WafRequest::DisassociateWebACL(arn(&mut fields, "ResourceArn")?.into()),
        _ => return Err(json::unknown_operation(target)),
    };
    json::finish(&fields, WRONG)?;
    Ok(Request::Waf(request))
}

fn required<T>(fields: &mut Fields, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<T, ApiError> {
    take(fields, name, read)?.ok_or_else(|| ApiError::new(WRONG, format!("{name} is required")))
}

/// Source: botocore, `ResourceArn`: 20 to 2048 characters.
fn arn(fields: &mut Fields, name: &str) -> Result<String, ApiError> {
    let arn = required(fields, name, text)?;
    if (20..=2048).contains(&arn.chars().count()) {
        return Ok(arn);
    }
    Err(ApiError::new(WRONG, format!("{name} must have 20 to 2048 characters")))
}

fn scope(fields: &mut Fields) -> Result<WafScope, ApiError> {
    match required(fields, "Scope", text)?.as_str() {
        "REGIONAL" => Ok(WafScope::Regional),
        "CLOUDFRONT" => Ok(WafScope::CloudFront),
        other => Err(ApiError::new(WRONG, format!("The scope '{other}' is not valid"))),
    }
}

fn kind(fields: &mut Fields) -> Result<GuardedResource, ApiError> {
    match take(fields, "ResourceType", text)?.as_deref() {
        None | Some("APPLICATION_LOAD_BALANCER") => Ok(GuardedResource::ApplicationLoadBalancer),
        Some(other) if OTHERS.contains(&other) => Ok(GuardedResource::Other),
        Some(other) => Err(ApiError::new(WRONG, format!("The resource type '{other}' is not valid"))),
    }
}

/// What is seen of requests, and where, changes nothing in here.
fn create(fields: &mut Fields) -> Result<CreateWebAcl, ApiError> {
    let rules = json::list(fields, "Rules", |rule| Some(rule.clone()))?;
    if !rules.is_empty() {
        return Err(ApiError::new(WRONG, "Rules are not simulated"));
    }
    let _seen = required(fields, "VisibilityConfig", |it| it.as_object().cloned())?;
    let action = required(fields, "DefaultAction", |it| it.as_object().cloned())?;
    let blocks = match (action.contains_key("Allow"), action.contains_key("Block")) {
        (true, false) => false,
        (false, true) => true,
        _ => return Err(ApiError::new(WRONG, "DefaultAction is either Allow or Block")),
    };
    Ok(CreateWebAcl {
        name: required(fields, "Name", text)?,
        scope: scope(fields)?,
        description: take(fields, "Description", text)?,
        blocks,
    })
}

/// The body that answers a call.
pub(super) fn response(response: &WafResponse) -> Value {
    use WafResponse as A;
    match response {
        A::ListWebACLs(page) => {
            let mut body = json!({ "WebACLs": page.items.iter().map(summary).collect::<Vec<_>>() });
            if let (Some(fields), Some(next)) = (body.as_object_mut(), &page.next) {
                fields.insert("NextMarker".into(), next.as_str().into());
            }
            body
        }
        A::ListResourcesForWebACL(page) => {
            json!({ "ResourceArns": page.items.iter().map(|arn| arn.as_str()).collect::<Vec<_>>() })
        }
        A::GetWebACLForResource(None) | A::AssociateWebACL | A::DisassociateWebACL => json!({}),
        A::GetWebACLForResource(Some(acl)) => json!({ "WebACL": whole(acl) }),
        A::CreateWebACL(made) => json!({ "Summary": summary(made) }),
    }
}

fn summary(acl: &WebAcl) -> Value {
    json!({
        "Name": acl.name,
        "Id": acl.id,
        "Description": acl.description.as_deref().unwrap_or_default(),
        "LockToken": acl.lock_token,
        "ARN": acl.arn.to_string(),
    })
}

fn whole(acl: &WebAcl) -> Value {
    let default = if acl.blocks { json!({ "Block": {} }) } else { json!({ "Allow": {} }) };
    json!({
        "Name": acl.name,
        "Id": acl.id,
        "ARN": acl.arn.to_string(),
        "DefaultAction": default,
        "Description": acl.description.as_deref().unwrap_or_default(),
        "Rules": [],
        "VisibilityConfig": {
            "SampledRequestsEnabled": false,
            "CloudWatchMetricsEnabled": false,
            "MetricName": acl.name,
        },
        "Capacity": 0,
        "ManagedByFirewallManager": false,
    })
}
