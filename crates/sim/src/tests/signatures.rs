//! Takes requests whose signatures lack something; gives what AWS says of each. Never signs one in truth.

use ::http::Request as HttpRequest;

use super::http::{SIGNED, SIGNED_AT};
use super::*;
use crate::wire;

const EC2: &str = "Action=DescribeVpcs&Version=2016-11-15";
const STS: &str = "Action=GetCallerIdentity&Version=2011-06-15";

/// The status, and the body, of what comes back to these headers.
fn reply(api: &mut Api, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let request = HttpRequest::builder().header("host", "localhost");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let reply = wire::answer(api, &request.body(body.to_owned()).unwrap()).reply.unwrap();
    (reply.status().as_u16(), String::from_utf8(reply.into_body()).unwrap())
}

/// The status and the code of what comes back to this signature; an empty code if it is an answer.
fn refusal(api: &mut Api, authorization: &str, date: Option<&str>, body: &str) -> (u16, String) {
    let headers: Vec<_> =
        [("authorization", authorization)].into_iter().chain(date.map(|at| ("x-amz-date", at))).collect();
    let (status, body) = reply(api, &headers, body);
    let code = body.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    (status, code.unwrap_or_default().to_owned())
}

fn api() -> Api {
    Api::new(empty_world(), 1)
}

/// An API at that time, which looks at clocks.
fn at(time: &str) -> Api {
    let mut api = api();
    api.advance(time.parse().unwrap());
    api.check_clocks(true);
    api
}

#[test]
fn a_signature_must_have_all_its_parts() {
    for (wrong, code) in [
        (SIGNED.replace("Credential=", "Key="), "IncompleteSignature"),
        (SIGNED.replace("Signature=", "Sign="), "IncompleteSignature"),
        (SIGNED.replace("SignedHeaders=", "Headers="), "IncompleteSignature"),
        (SIGNED.replace("AKID/", ""), "IncompleteSignature"),
        (SIGNED.replace("AKID", ""), "IncompleteSignature"),
        (SIGNED.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), "AuthFailure"),
        (SIGNED.replace("host;x-amz-date", "x-amz-date"), "SignatureDoesNotMatch"),
        (SIGNED.replace("host;x-amz-date", "host"), "SignatureDoesNotMatch"),
        (SIGNED.replace("host;", "content-type;host;"), "SignatureDoesNotMatch"),
        (SIGNED.replace("aws4_request", "aws3_request"), "SignatureDoesNotMatch"),
        (SIGNED.replace("/eu-west-1/", "/us-east-1/"), "SignatureDoesNotMatch"),
        (SIGNED.replace("/ec2/", "/sts/"), "SignatureDoesNotMatch"),
        (SIGNED.replace("20260101", "20260102"), "SignatureDoesNotMatch"),
        (SIGNED.replace("0123456789abcdef,", "0123"), ""),
        (SIGNED[..SIGNED.len() - 1].into(), "SignatureDoesNotMatch"),
        (SIGNED.replace("Signature=0", "Signature=X"), "SignatureDoesNotMatch"),
    ] {
        assert_eq!(refusal(&mut api(), &wrong, Some(SIGNED_AT), EC2).1, code, "{wrong}");
    }
    assert_eq!(refusal(&mut api(), SIGNED, Some(SIGNED_AT), EC2), (200, String::new()));
}

#[test]
fn what_a_signature_lacks_is_named() {
    let (_, body) = reply(&mut api(), &[("authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request")], EC2);
    for part in ["'Signature' parameter", "'SignedHeaders' parameter", "'X-Amz-Date' or a 'Date' header"] {
        assert!(body.replace("&apos;", "'").contains(part), "{body}");
    }
    assert!(!body.contains("Credential"), "{body}");
}

#[test]
fn a_signature_has_a_date_in_one_form() {
    for date in [None, Some("2026-01-01T00:00:00Z"), Some("20260101"), Some("20260101T250000Z"), Some("20260101T0000Z")]
    {
        let (_, code) = refusal(&mut api(), SIGNED, date, EC2);
        assert_eq!(code, "IncompleteSignature", "{date:?}");
    }
}

#[test]
fn the_global_endpoint_of_sts_is_signed_for_its_own_region() {
    let signed = SIGNED.replace("/ec2/", "/sts/");
    assert_eq!(refusal(&mut api(), &signed, Some(SIGNED_AT), STS).0, 200);
    assert_eq!(refusal(&mut api(), &signed.replace("eu-west-1", "us-east-1"), Some(SIGNED_AT), STS).0, 200);
    let elsewhere = signed.replace("eu-west-1", "us-west-2");
    assert_eq!(refusal(&mut api(), &elsewhere, Some(SIGNED_AT), STS), (403, "SignatureDoesNotMatch".into()));
}

#[test]
fn a_signature_is_good_for_fifteen_minutes_where_clocks_are_looked_at() {
    for (now, good) in [
        ("2026-01-01T00:00:00Z", true),
        ("2026-01-01T00:15:00Z", true),
        ("2026-01-01T00:15:01Z", false),
        ("2025-12-31T23:45:00Z", true),
        ("2025-12-31T23:44:59Z", false),
    ] {
        let (ec2, sts) = if good { ("", "") } else { ("RequestExpired", "SignatureDoesNotMatch") };
        assert_eq!(refusal(&mut at(now), SIGNED, Some(SIGNED_AT), EC2).1, ec2, "{now}");
        assert_eq!(refusal(&mut at(now), &SIGNED.replace("/ec2/", "/sts/"), Some(SIGNED_AT), STS).1, sts, "{now}");
    }
    let headers = [("authorization", &*SIGNED.replace("/ec2/", "/sts/")), ("x-amz-date", SIGNED_AT)];
    let (_, body) = reply(&mut at("2026-01-01T01:00:00Z"), &headers, STS);
    let why = "Signature expired: 20260101T000000Z is now earlier than 20260101T004500Z (20260101T010000Z - 15 min.)";
    assert!(body.contains(why), "{body}");
}

/// As they are sent: by botocore, and by the SDK for Rust.
#[test]
fn signatures_of_awss_own_clients_are_well_formed() {
    let key = "AKIDEXAMPLE/20260101/eu-west-1/ec2/aws4_request";
    let digest = "0123456789abcdef".repeat(4);
    for (signed, more) in [
        ("content-type;host;x-amz-date", "content-type"),
        (
            "content-length;content-type;host;x-amz-date;x-amz-user-agent",
            "content-length content-type x-amz-user-agent",
        ),
        ("content-type;host;x-amz-date;x-amz-security-token", "content-type x-amz-security-token"),
    ] {
        let header = format!("AWS4-HMAC-SHA256 Credential={key}, SignedHeaders={signed}, Signature={digest}");
        let sent = [("authorization", &*header), ("x-amz-date", SIGNED_AT)];
        let headers: Vec<_> = sent.into_iter().chain(more.split(' ').map(|name| (name, "1"))).collect();
        assert_eq!(reply(&mut api(), &headers, EC2).0, 200, "{signed}");
    }
}

#[test]
fn a_token_that_is_sent_is_signed() {
    let headers = [("authorization", SIGNED), ("x-amz-date", SIGNED_AT), ("x-amz-security-token", "t")];
    let (status, body) = reply(&mut api(), &headers, EC2);
    assert!(status == 403 && body.contains("Security-Token"), "{body}");
}
