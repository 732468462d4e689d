//! Takes principals and policies that come and go; gives what is left of them. Never looks at what they say.

use super::*;
use crate::api::Came;

const US: &str = "123456789012";

fn us() -> AccountId {
    US.into()
}

fn may_everything() -> Policy {
    Policy::identity("all", r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#).unwrap()
}

fn role() -> Principal {
    let trust =
        r#"{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}}"#;
    Principal::role(Policy::trust(trust).unwrap()).with(may_everything())
}

/// A world in which Alice may everything.
fn api() -> (Api, Caller) {
    let (mut api, alice) = (Api::new(empty_world(), 1), Caller::new(us(), "user/alice"));
    api.iam_mut().add(&us(), "user/alice", Principal::user().with(may_everything()));
    api.iam_mut().add_key("AKIAALICE", &alice);
    (api, alice)
}

#[test]
fn whoever_gets_the_name_of_a_removed_user_gets_none_of_his_keys() {
    let (mut api, _) = api();
    api.iam_mut().add(&us(), "user/bob", Principal::user());
    api.iam_mut().add_key("AKIABOB", &Caller::new(us(), "user/bob"));
    api.iam_mut().remove(&us(), "user/alice");
    api.iam_mut().add(&us(), "user/alice", Principal::user());
    assert_eq!(api.caller("AKIAALICE", None), Err(Rejected::Unknown));
    assert_eq!(api.caller("AKIABOB", None), Ok(Caller::new(us(), "user/bob")), "nobody else loses a key");
}

#[test]
fn a_session_ends_with_its_role_and_does_not_come_back_with_another_of_its_name() {
    let (mut api, alice) = api();
    let arn = api.iam_mut().add(&us(), "role/ops/mirror", role());
    let wish = AssumeRole { role: arn, session: "daemon".into(), duration: None, external_id: None };
    let came = api.call(&alice, Request::AssumeRole(wish)).came;
    let Came::Whole(Ok(Response::AssumeRole(session))) = came else { panic!("{came:?}") };
    assert_eq!(api.caller(&session.key, Some(&session.token)), Ok(session.caller));
    api.iam_mut().remove(&us(), "role/ops/mirror");
    api.iam_mut().add(&us(), "role/ops/mirror", role());
    assert_eq!(api.caller(&session.key, Some(&session.token)), Err(Rejected::Unknown));
}

#[test]
fn a_service_control_policy_binds_until_its_account_is_released() {
    let (mut api, alice) = api();
    let deny = r#"{"Statement": {"Effect": "Deny", "Action": "ec2:DescribeVpcs", "Resource": "*"}}"#;
    api.iam_mut().control(&us(), Policy::identity("guard", deny).unwrap());
    let allowed = |api: &mut Api| {
        let came = api.call(&alice, Request::DescribeVpcs(Describe::all())).came;
        matches!(came, Came::Whole(Ok(_)))
    };
    assert!(!allowed(&mut api));
    api.iam_mut().release(&us());
    assert!(allowed(&mut api));
}
