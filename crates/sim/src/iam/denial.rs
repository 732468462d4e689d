//! Takes what was not allowed, and why; gives the error that says so. Never decides it.
//!
//! Sources: "Error codes for the Amazon EC2 API" (the code and its status); "Troubleshoot access denied error messages", IAM User Guide
//! (the words); "Common Errors", ELB API Reference and Resource Groups Tagging API Reference (their codes). What is encoded can only be
//! read by AWS: here it is a digest. The ARN of the policy that denies is for whoever reads a test that fails; nothing may rest on it,
//! since the guide's words end before it.

use mirror_core::cloud::Action;
use mirror_core::ids::AccountId;

use super::decision::Decision;
use super::needs::{Need, permission};
use crate::api::Caller;
use crate::error::ApiError;

/// The refusal of a call that no policy allows, on no resource in particular. Actions that come without their API are EC2's.
pub(crate) fn unauthorized(caller: &Caller, action: Action) -> ApiError {
    let need = Need { action: permission(action), resource: "*".into(), keys: super::context::Context::default() };
    refusal(caller, &need, &Decision::NotAllowed)
}

/// The refusal of a call that needs this.
pub(super) fn refusal(caller: &Caller, need: &Need, decision: &Decision) -> ApiError {
    let Need { action, resource, keys: _ } = need;
    let arn = caller.arn();
    let on = if resource == "*" { String::new() } else { format!(" on resource: {resource}") };
    let message =
        format!("User: {arn} is not authorized to perform: {action}{on} {}", reason(&caller.account, action, decision));
    if action.starts_with("tag:") || action.starts_with("wafv2:") {
        return ApiError::new("AccessDeniedException", message);
    }
    if !action.starts_with("ec2:") {
        return ApiError::new("AccessDenied", message).with_status(403);
    }
    let encoded = blake3::hash(format!("{arn} {action} {resource}").as_bytes());
    let message = format!(
        "You are not authorized to perform this operation. {message}. Encoded authorization failure message: {encoded}"
    );
    ApiError::new("UnauthorizedOperation", message).with_status(403)
}

fn reason(account: &AccountId, action: &str, decision: &Decision) -> String {
    match decision {
        Decision::Denied(policy) => {
            format!("with an explicit deny in an identity-based policy: arn:aws:iam::{account}:policy/{policy}")
        }
        Decision::Controlled(policy) => format!(
            "with an explicit deny in a service control policy: \
             arn:aws:organizations::{account}:policy/service_control_policy/{policy}"
        ),
        Decision::NotAllowed | Decision::Allowed(_) => {
            format!("because no identity-based policy allows the {action} action")
        }
    }
}
