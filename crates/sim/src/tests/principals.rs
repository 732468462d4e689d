//! Takes users, roles and keys; gives who calls with which key, and who may act as whom. Never looks at what they do then.

use ::http::Request as HttpRequest;

use super::http::SIGNED_AT;
use super::*;
use crate::api::{Came, Effect, Fault};
use crate::wire;

const US: &str = "123456789012";
const THEM: &str = "999999999999";
const EC2: &str = "Action=DescribeVpcs&Version=2016-11-15";
const WHO: &str = "Action=GetCallerIdentity&Version=2011-06-15";

fn policy(statement: &str) -> Policy {
    Policy::identity("p", &format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#)).unwrap()
}

fn may(action: &str) -> Policy {
    policy(&format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}"#))
}

/// A trust policy for these, under this condition.
fn trusting(principal: &str, condition: &str) -> Policy {
    let statement = format!(
        r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "sts:AssumeRole", "Condition": {{{condition}}}}}"#
    );
    Policy::trust(&format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#)).unwrap()
}

fn alice() -> Caller {
    Caller::new(US.into(), "user/alice")
}

/// Alice may do what this policy says, and has a key.
fn where_alice_may(policy: Policy) -> Api {
    let mut api = Api::new(empty_world(), 1);
    api.iam_mut().add(&US.into(), "user/alice", Principal::user().with(policy));
    api.iam_mut().add_key("AKIAALICE", &alice());
    api
}

/// What comes back to whoever signs with this key, and sends this token.
fn sent(api: &mut Api, key: &str, token: Option<&str>, body: &str) -> String {
    let of = if body == EC2 { "ec2" } else { "sts" };
    let digest = "0123456789abcdef".repeat(4);
    let with = if token.is_some() { ";x-amz-security-token" } else { "" };
    let signature = format!(
        "AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/{of}/aws4_request, SignedHeaders=host;x-amz-date{with}, Signature={digest}"
    );
    let request = HttpRequest::builder().header("host", "localhost").header("x-amz-date", SIGNED_AT);
    let request = request.header("authorization", signature);
    let request = token.into_iter().fold(request, |request, token| request.header("x-amz-security-token", token));
    let reply = wire::answer(api, &request.body(body.to_owned()).unwrap()).reply.unwrap();
    String::from_utf8(reply.into_body()).unwrap()
}

fn inside(body: &str, name: &str) -> String {
    let start = format!("<{name}>");
    let found = body.split_once(&start).and_then(|(_, rest)| rest.split_once("</")).map(|(text, _)| text.to_owned());
    found.unwrap_or_else(|| panic!("no {name} in {body}"))
}

fn wish(role: &str) -> AssumeRole {
    AssumeRole { role: role.into(), session: "daemon".into(), duration: None, external_id: None }
}

fn assume(api: &mut Api, caller: &Caller, wish: AssumeRole) -> Result<AssumedRole, ApiError> {
    match api.call(caller, Request::AssumeRole(wish)).came {
        Came::Whole(Ok(Response::AssumeRole(session))) => Ok(session),
        Came::Whole(Err(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

fn who(api: &mut Api, caller: &Caller) -> Identity {
    match api.call(caller, Request::GetCallerIdentity).came {
        Came::Whole(Ok(Response::GetCallerIdentity(identity))) => identity,
        other => panic!("{other:?}"),
    }
}

#[test]
fn with_nobody_registered_every_key_is_the_simulated_principals() {
    let mut api = Api::new(empty_world(), 1);
    assert_eq!(
        inside(&sent(&mut api, "demo", None, WHO), "Arn"),
        "arn:aws:sts::123456789012:assumed-role/simulated/session"
    );
    assert!(sent(&mut api, "demo", Some("token"), EC2).contains("<vpcSet"));
}

#[test]
fn whoever_signs_is_whoever_the_key_belongs_to() {
    let mut api = where_alice_may(may("ec2:Describe*"));
    let identity = sent(&mut api, "AKIAALICE", None, WHO);
    assert_eq!(inside(&identity, "Arn"), "arn:aws:iam::123456789012:user/alice");
    assert_eq!(inside(&identity, "Account"), US);
    let id = inside(&identity, "UserId");
    assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
    assert!(sent(&mut api, "AKIAALICE", None, EC2).contains("<vpcSet"));
    api.iam_mut().add(&US.into(), "user/bob", Principal::user());
    api.iam_mut().add_key("AKIABOB", &Caller::new(US.into(), "user/bob"));
    assert_eq!(inside(&sent(&mut api, "AKIABOB", None, EC2), "Code"), "UnauthorizedOperation");
    assert_eq!(inside(&sent(&mut api, "AKIABOB", None, WHO), "Account"), US, "who one is, one may always ask");
}

#[test]
fn a_key_that_is_nobodys_is_refused_in_the_words_of_each_api() {
    let mut api = where_alice_may(may("*"));
    let codes = |api: &mut Api, key: &str, token| [EC2, WHO].map(|body| inside(&sent(api, key, token, body), "Code"));
    let refused = ["AuthFailure", "InvalidClientTokenId"];
    assert_eq!(codes(&mut api, "AKIANOBODY", None), refused);
    assert_eq!(codes(&mut api, "AKIAALICE", Some("token")), refused, "a lasting key comes without a token");
    api.iam_mut().delete_key("AKIAALICE");
    assert_eq!(codes(&mut api, "AKIAALICE", None), refused);
    api.iam_mut().add_key("AKIAALICE", &alice());
    assert!(sent(&mut api, "AKIAALICE", None, EC2).contains("<vpcSet"));
    api.iam_mut().add(&US.into(), "user/bob", Principal::user());
    api.iam_mut().remove(&US.into(), "user/alice");
    assert_eq!(codes(&mut api, "AKIAALICE", None), refused);
    let came = api.call(&alice(), Request::DescribeVpcs(Describe::all())).came;
    assert!(matches!(came, Came::Whole(Err(error)) if error.code == "AuthFailure"));
}

#[test]
fn a_role_is_taken_on_over_http_until_its_time_is_over() {
    let mut api = where_alice_may(may("sts:AssumeRole"));
    let trust = trusting(r#"{"AWS": "123456789012"}"#, "");
    let role = api.iam_mut().add(&US.into(), "role/ops/mirror", Principal::role(trust).with(may("ec2:Describe*")));
    assert_eq!(role, "arn:aws:iam::123456789012:role/ops/mirror");
    let body =
        format!("Action=AssumeRole&Version=2011-06-15&RoleArn={role}&RoleSessionName=daemon&DurationSeconds=900");
    let session = sent(&mut api, "AKIAALICE", None, &body);
    let [key, token, expires] = ["AccessKeyId", "SessionToken", "Expiration"].map(|name| inside(&session, name));
    assert!(key.starts_with("ASIA") && key.len() == 20, "{key}");
    assert_eq!(inside(&session, "SecretAccessKey").len(), 40);
    assert_eq!(expires, "1970-01-01T00:15:00Z");
    assert_eq!(inside(&session, "Arn"), "arn:aws:sts::123456789012:assumed-role/mirror/daemon");
    assert!(inside(&session, "AssumedRoleId").ends_with(":daemon"));
    let identity = sent(&mut api, &key, Some(&token), WHO);
    assert_eq!(inside(&identity, "Arn"), "arn:aws:sts::123456789012:assumed-role/mirror/daemon");
    assert_eq!(inside(&identity, "UserId"), inside(&session, "AssumedRoleId"));
    assert!(sent(&mut api, &key, Some(&token), EC2).contains("<vpcSet"));
    for wrong in [None, Some("another")] {
        assert_eq!(inside(&sent(&mut api, &key, wrong, EC2), "Code"), "AuthFailure");
        assert_eq!(inside(&sent(&mut api, &key, wrong, WHO), "Code"), "InvalidClientTokenId");
    }
    api.advance(Time::UNIX_EPOCH + SignedDuration::from_secs(899));
    assert!(sent(&mut api, &key, Some(&token), EC2).contains("<vpcSet"));
    api.advance(Time::UNIX_EPOCH + SignedDuration::from_secs(900));
    assert_eq!(inside(&sent(&mut api, &key, Some(&token), EC2), "Code"), "RequestExpired");
    assert_eq!(inside(&sent(&mut api, &key, Some(&token), WHO), "Code"), "ExpiredToken");
}

#[test]
fn who_may_take_on_a_role_both_sides_say() {
    let by_name = r#"{"AWS": "arn:aws:iam::123456789012:user/alice"}"#;
    let by_account = r#"{"AWS": "arn:aws:iam::123456789012:root"}"#;
    let stranger = r#"{"AWS": "arn:aws:iam::123456789012:user/bob"}"#;
    for (owner, principal, policy, taken) in [
        (US, by_name, "sts:AssumeRole", true),
        (US, by_name, "ec2:*", true),
        (US, by_account, "sts:*", true),
        (US, by_account, "ec2:*", false),
        (US, stranger, "sts:*", false),
        (US, r#"{"Service": "ec2.amazonaws.com"}"#, "sts:*", false),
        (US, r#"{"Federated": "arn:aws:iam::123456789012:oidc-provider/x"}"#, "sts:*", false),
        (THEM, by_name, "sts:AssumeRole", true),
        (THEM, by_name, "ec2:*", false),
        (THEM, by_account, "sts:AssumeRole", true),
        (THEM, by_account, "ec2:*", false),
        (THEM, r#""*""#, "sts:AssumeRole", true),
        (THEM, r#"{"AWS": "999999999999"}"#, "sts:AssumeRole", false),
    ] {
        let mut api = where_alice_may(may(policy));
        let role = api.iam_mut().add(&owner.into(), "role/mirror", Principal::role(trusting(principal, "")));
        let session = assume(&mut api, &alice(), wish(&role));
        assert_eq!(session.is_ok(), taken, "{owner} {principal} {policy}");
        match session {
            Ok(session) => assert_eq!(session.caller, Caller::new(owner.into(), "assumed-role/mirror/daemon")),
            Err(error) => assert_eq!((error.code.as_str(), error.status), ("AccessDenied", 403)),
        }
    }
}

#[test]
fn a_role_that_is_not_there_is_denied_like_one_that_does_not_trust() {
    let mut api = where_alice_may(may("*"));
    let absent = "arn:aws:iam::123456789012:role/absent";
    let error = assume(&mut api, &alice(), wish(absent)).unwrap_err();
    assert_eq!(error.code, "AccessDenied");
    let who = "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: sts:AssumeRole on resource: ";
    assert!(error.message.starts_with(&format!("{who}{absent}")), "{}", error.message);
    assert_eq!(assume(&mut Api::new(empty_world(), 1), &alice(), wish(absent)).unwrap_err().code, "AccessDenied");
    assert_eq!(empty_world().call(Request::AssumeRole(wish(absent))).unwrap_err().code, "AccessDenied");
}

#[test]
fn a_denial_wins_over_trust() {
    let by_name = r#"{"AWS": "arn:aws:iam::123456789012:user/alice"}"#;
    let deny = r#"{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}"#;
    let mut api = where_alice_may(policy(deny));
    let role = api.iam_mut().add(&US.into(), "role/mirror", Principal::role(trusting(by_name, "")));
    assert!(assume(&mut api, &alice(), wish(&role)).unwrap_err().message.contains("with an explicit deny"));
    let mut api = where_alice_may(may("*"));
    let document = format!(
        r#"{{"Statement": [{{"Effect": "Allow", "Principal": {by_name}, "Action": "sts:AssumeRole"}},
                           {{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}}]}}"#
    );
    let trust = Policy::trust(&document).unwrap();
    let role = api.iam_mut().add(&US.into(), "role/mirror", Principal::role(trust));
    assert!(assume(&mut api, &alice(), wish(&role)).is_err());
    let mut api = where_alice_may(may("*"));
    let role = api.iam_mut().add(&US.into(), "role/mirror", Principal::role(trusting(by_name, "")));
    api.iam_mut().control(&US.into(), policy(deny));
    let why = assume(&mut api, &alice(), wish(&role)).unwrap_err().message;
    assert!(why.contains("service control policy"), "{why}");
}

#[test]
fn a_role_can_want_an_external_id() {
    let mut api = where_alice_may(may("sts:AssumeRole"));
    let trust = trusting(r#"{"AWS": "123456789012"}"#, r#""StringEquals": {"sts:ExternalId": "s3cret"}"#);
    let role = api.iam_mut().add(&THEM.into(), "role/mirror", Principal::role(trust));
    for (external_id, taken) in [(None, false), (Some("other"), false), (Some("s3cret"), true)] {
        let wish = AssumeRole { external_id: external_id.map(Into::into), ..wish(&role) };
        assert_eq!(assume(&mut api, &alice(), wish).is_ok(), taken, "{external_id:?}");
    }
}

#[test]
fn a_session_lasts_as_long_as_the_role_allows_and_an_hour_from_another_session() {
    let mut api = where_alice_may(may("sts:AssumeRole"));
    let trust = || trusting(r#"{"AWS": "123456789012"}"#, "");
    let role = api.iam_mut().add(&US.into(), "role/short", Principal::role(trust()).with(may("sts:AssumeRole")));
    let longer = Principal::role(trust()).for_at_most(SignedDuration::from_hours(12));
    let long = api.iam_mut().add(&US.into(), "role/long", longer);
    let session = Caller::new(US.into(), "assumed-role/short/daemon");
    for (caller, role, duration, good) in [
        (alice(), &role, 900, true),
        (alice(), &role, 899, false),
        (alice(), &role, 3600, true),
        (alice(), &role, 3601, false),
        (alice(), &long, 43_200, true),
        (alice(), &long, 43_201, false),
        (session.clone(), &long, 3600, true),
        (session.clone(), &long, 3601, false),
    ] {
        let wish = AssumeRole { duration: Some(duration), ..wish(role) };
        match assume(&mut api, &caller, wish) {
            Ok(session) => assert!(good && session.expires.as_second() == i64::from(duration), "{duration}"),
            Err(error) => assert!(!good && error.code == "ValidationError", "{duration} {error}"),
        }
    }
    assert_eq!(assume(&mut api, &alice(), wish(&long)).unwrap().expires.as_second(), 3600);
}

#[test]
fn the_name_of_a_session_and_the_external_id_have_a_form() {
    let mut api = where_alice_may(may("*"));
    let role = api.iam_mut().add(&US.into(), "role/mirror", Principal::role(trusting(r#""*""#, "")));
    let long = "x".repeat(65);
    for (session, external_id) in
        [("a", None), (&*long, None), ("a b", None), ("a/b", None), ("ab", Some("x")), ("ab", Some("a b"))]
    {
        let wish = AssumeRole { session: session.into(), external_id: external_id.map(Into::into), ..wish(&role) };
        assert_eq!(assume(&mut api, &alice(), wish).unwrap_err().code, "ValidationError", "{session} {external_id:?}");
    }
    let error = assume(&mut api, &alice(), wish("mirror")).unwrap_err();
    assert_eq!(error.code, "ValidationError");
}

#[test]
fn a_session_is_what_its_role_is_and_no_more() {
    let mut api = where_alice_may(may("sts:AssumeRole"));
    let own = r#"{"Effect": "Allow", "Action": "ec2:DescribeVpcs", "Resource": "*", "Condition": {
        "ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/mirror"},
        "StringEquals": {"aws:PrincipalTag/team": "red", "aws:PrincipalType": "AssumedRole"},
        "StringLike": {"aws:userid": "AROA*:daemon"}, "Null": {"aws:username": "true"}}}"#;
    let role = Principal::role(trusting(r#"{"AWS": "123456789012"}"#, "")).with(policy(own)).tagged("team", "red");
    let role = api.iam_mut().add(&US.into(), "role/mirror", role);
    let session = assume(&mut api, &alice(), wish(&role)).unwrap();
    let allowed = |api: &mut Api, request| matches!(api.call(&session.caller, request).came, Came::Whole(Ok(_)));
    assert!(allowed(&mut api, Request::DescribeVpcs(Describe::all())));
    assert!(!allowed(&mut api, Request::DescribeSubnets(Describe::all())));
    assert!(!allowed(&mut api, Request::AssumeRole(wish(&role))));
    api.iam_mut().remove(&US.into(), "role/mirror");
    assert_eq!(inside(&sent(&mut api, &session.key, Some(&session.token), EC2), "Code"), "AuthFailure");
}

#[test]
fn a_role_itself_is_nobody_who_calls() {
    let mut api = where_alice_may(may("*"));
    api.iam_mut().add(&US.into(), "role/mirror", Principal::role(trusting(r#""*""#, "")).with(may("*")));
    let role = Caller::new(US.into(), "role/mirror");
    let came = api.call(&role, Request::DescribeVpcs(Describe::all())).came;
    assert!(matches!(came, Came::Whole(Err(error)) if error.code == "AuthFailure"));
}

#[test]
fn a_session_in_another_account_acts_there() {
    let mut api = where_alice_may(may("sts:AssumeRole"));
    let role = Principal::role(trusting(r#"{"AWS": "123456789012"}"#, "")).with(may("ec2:*"));
    let role = api.iam_mut().add(&THEM.into(), "role/mirror", role);
    let session = assume(&mut api, &alice(), wish(&role)).unwrap();
    let identity = who(&mut api, &session.caller);
    assert_eq!(
        (identity.account.as_str(), &*identity.arn),
        (THEM, "arn:aws:sts::999999999999:assumed-role/mirror/daemon")
    );
    let made = api.call(&session.caller, Request::CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default()));
    assert!(matches!(made.came, Came::Whole(Ok(_))));
    assert_eq!(call!(api.world_mut(), DescribeTrafficMirrorFilters(Describe::all())).items, []);
}

#[test]
fn no_two_sessions_have_the_same_key_and_the_same_seed_gives_the_same_keys() {
    let played = || {
        let mut api = where_alice_may(may("sts:AssumeRole"));
        let role = Principal::role(trusting(r#"{"AWS": "123456789012"}"#, ""));
        let role = api.iam_mut().add(&US.into(), "role/mirror", role);
        [(); 3].map(|()| assume(&mut api, &alice(), wish(&role)).unwrap())
    };
    let [first, second, third] = played();
    assert!(first.key != second.key && second.key != third.key && first.token != second.token);
    assert_eq!(played(), [first, second, third]);
}

#[test]
fn a_fault_of_one_principal_is_no_others() {
    let mut api = where_alice_may(may("*"));
    api.iam_mut().add(&US.into(), "user/bob", Principal::user().with(may("*")));
    api.iam_mut().add_key("AKIABOB", &Caller::new(US.into(), "user/bob"));
    api.add_fault(Fault::new(Effect::Denied).of(alice()));
    assert_eq!(inside(&sent(&mut api, "AKIAALICE", None, EC2), "Code"), "UnauthorizedOperation");
    assert!(sent(&mut api, "AKIABOB", None, EC2).contains("<vpcSet"));
}
