//! Takes the answers of STS; gives them as its query protocol has them. Never decides who is who.

use crate::iam::AssumedRole;
use crate::response::Identity;
use crate::wire::element::Element;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(super) fn caller_identity(identity: &Identity, request_id: &str) -> Element {
    let Identity { account, arn, user_id } = identity;
    let result =
        Element::new("GetCallerIdentityResult").text("Arn", arn).text("UserId", user_id).text("Account", account);
    response("GetCallerIdentityResponse", result, request_id)
}

/// Seconds are the finest that STS says of a time.
pub(super) fn assumed_role(session: &AssumedRole, request_id: &str) -> Element {
    let AssumedRole { key, secret, token, expires, caller, id } = session;
    let credentials = Element::new("Credentials")
        .text("AccessKeyId", key)
        .text("SecretAccessKey", secret)
        .text("SessionToken", token)
        .text("Expiration", format!("{expires:.0}"));
    let user = Element::new("AssumedRoleUser").text("AssumedRoleId", id).text("Arn", caller.arn());
    let result = Element::new("AssumeRoleResult").child(credentials).child(user);
    response("AssumeRoleResponse", result, request_id)
}

fn response(name: &str, result: Element, request_id: &str) -> Element {
    let metadata = Element::new("ResponseMetadata").text("RequestId", request_id);
    Element::new(name).namespace(NAMESPACE).child(result).child(metadata)
}
