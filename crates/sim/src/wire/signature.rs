//! Takes the headers of a request; gives who has signed it, and for which API, or what is wrong with the form of the signature. Never
//! checks that the signature is true: that takes a secret, and whoever has none to hide needs none.
//!
//! ```text
//!  Authorization: AWS4-HMAC-SHA256 Credential=<key>/<yyyymmdd>/<Region>/<API>/aws4_request,
//!                 SignedHeaders=host;x-amz-date;…, Signature=<64 hexadecimal digits>
//!  X-Amz-Date: <yyyymmdd>T<hhmmss>Z          X-Amz-Security-Token: <of temporary keys>
//! ```
//!
//! Sources: "Create a signed AWS API request", "Troubleshoot Signature Version 4 signing for AWS API requests", IAM User Guide (the codes
//! and their words); "Error codes for the Amazon EC2 API" (`AuthFailure`, `RequestExpired`).

use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use mirror_core::Time;
use mirror_core::ids::Region;

use crate::error::ApiError;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const TOKEN: &str = "x-amz-security-token";

/// The Region in which the global endpoint of STS is signed for.
const GLOBAL: &str = "us-east-1";

/// How far a client's clock may be from AWS's.
const MOST_SKEW: SignedDuration = SignedDuration::from_mins(15);

/// What a signature says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signature {
    /// The id of the access key.
    pub(super) key: String,
    /// The API that the request is for: `ec2`, `sts`.
    pub(super) api: String,
    /// What comes with a temporary key.
    pub(super) token: Option<String>,
}

/// What a signature has to agree with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// The Region of the endpoint.
    pub(super) region: &'a Region,
    /// The API that the request is written for, as far as that shows.
    pub(super) api: Option<&'a str>,
    /// What time it is; none if any time will do.
    pub(super) now: Option<Time>,
}

/// The parts of the header.
struct Parts<'a> {
    key: &'a str,
    date: &'a str,
    region: &'a str,
    api: &'a str,
    signed: &'a str,
    signature: &'a str,
}

impl Signature {
    /// The signature of a request with these headers.
    pub(super) fn of(headers: &HeaderMap, expected: Expected<'_>) -> Result<Self, ApiError> {
        let missing =
            || ApiError::new("MissingAuthenticationToken", "Request is missing Authentication Token").with_status(403);
        let header = headers.get(AUTHORIZATION).ok_or_else(missing)?.to_str().map_err(|_| not_validated())?;
        let rest = header.strip_prefix(ALGORITHM).and_then(|rest| rest.strip_prefix(' ')).ok_or_else(not_validated)?;
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let parts = parts(rest, date)?;
        let date = date.unwrap_or_default();
        check_signed(headers, parts.signed)?;
        let at = read_date(date).ok_or_else(|| {
            incomplete(format!(
                "Date must be in ISO-8601 'basic format'. Got '{date}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ))
        })?;
        check_scope(&parts, date, expected)?;
        expected.now.map_or(Ok(()), |now| check_time(parts.api, at, now))?;
        let hexadecimal = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
        if parts.signature.len() != 64 || !parts.signature.bytes().all(hexadecimal) {
            return Err(mismatch(
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and \
                 signing method. Consult the service documentation for details.",
            ));
        }
        let token = headers.get(TOKEN).and_then(|token| token.to_str().ok()).map(Into::into);
        Ok(Self { key: parts.key.into(), api: parts.api.into(), token })
    }
}

/// What is there of the header; an error names all that is not.
fn parts<'a>(header: &'a str, date: Option<&str>) -> Result<Parts<'a>, ApiError> {
    let part = |name: &str| {
        header.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=')).filter(|it| !it.is_empty())
    };
    let (credential, signed, signature) = (part("Credential"), part("SignedHeaders"), part("Signature"));
    let (Some(credential), Some(signed), Some(signature), Some(_)) = (credential, signed, signature, date) else {
        let lacks = [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed)];
        let lacks = lacks.into_iter().filter(|(_, part)| part.is_none());
        let message: String =
            lacks.map(|(name, _)| format!("Authorization header requires '{name}' parameter. ")).collect();
        let no_date = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
        return Err(incomplete(message + if date.is_none() { no_date } else { "" }));
    };
    // A key that has slashes in it is none of AWS's; those that a person makes up may have.
    let scope: Vec<&str> = credential.rsplitn(5, '/').collect();
    match scope.as_slice() {
        [end, api, region, date, key] if !key.is_empty() => {
            if *end != "aws4_request" {
                return Err(mismatch("Credential should be scoped with a valid terminator: 'aws4_request'."));
            }
            Ok(Parts { key, date, region, api, signed, signature })
        }
        _ => Err(incomplete(format!(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{credential}'"
        ))),
    }
}

/// The host, the date and the token must be signed; and what is signed must be there, or it was lost on the way.
fn check_signed(headers: &HeaderMap, signed: &str) -> Result<(), ApiError> {
    let signed: Vec<&str> = signed.split(';').collect();
    for (name, shown) in [("host", "'Host' or ':authority'"), (DATE, "'X-Amz-Date'"), (TOKEN, "'X-Amz-Security-Token'")]
    {
        let needed = name != TOKEN || headers.contains_key(TOKEN);
        if needed && !signed.contains(&name) {
            return Err(mismatch(format!("{shown} must be a 'SignedHeader' in the AWS Authorization.")));
        }
    }
    match signed.iter().find(|name| **name != "host" && !headers.contains_key(**name)) {
        Some(name) => Err(mismatch(format!("The signed header '{name}' is not in the request."))),
        None => Ok(()),
    }
}

fn check_scope(parts: &Parts<'_>, date: &str, expected: Expected<'_>) -> Result<(), ApiError> {
    let Expected { region, api, now: _ } = expected;
    if parts.region != region.as_str() && (parts.api, parts.region) != ("sts", GLOBAL) {
        return Err(mismatch(format!("Credential should be scoped to a valid Region, not '{}'.", parts.region)));
    }
    if let Some(api) = api.filter(|api| *api != parts.api) {
        return Err(mismatch(format!("Credential should be scoped to correct service: '{api}'.")));
    }
    if date.get(..8) != Some(parts.date) {
        return Err(mismatch(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP",
        ));
    }
    Ok(())
}

fn read_date(text: &str) -> Option<Time> {
    let date = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok().filter(|_| text.len() == 16)?;
    Offset::UTC.to_timestamp(date).ok()
}

fn check_time(api: &str, at: Time, now: Time) -> Result<(), ApiError> {
    if at.duration_since(now).abs() <= MOST_SKEW {
        return Ok(());
    }
    if api == "ec2" {
        return Err(ApiError::new("RequestExpired", "Request has expired."));
    }
    let shown = |time: Time| time.strftime("%Y%m%dT%H%M%SZ").to_string();
    let (past, sign) = if at < now { ("Signature expired", '-') } else { ("Signature not yet current", '+') };
    let limit = if at < now { now.checked_sub(MOST_SKEW) } else { now.checked_add(MOST_SKEW) }.unwrap_or(now);
    let order = if at < now { "now earlier" } else { "still later" };
    let (at, limit, now) = (shown(at), shown(limit), shown(now));
    Err(mismatch(format!("{past}: {at} is {order} than {limit} ({now} {sign} 15 min.)")))
}

/// Another way of signing: EC2 had several, and has given up all but this.
fn not_validated() -> ApiError {
    ApiError::new("AuthFailure", "AWS was not able to validate the provided access credentials").with_status(401)
}

fn incomplete(message: impl Into<String>) -> ApiError {
    ApiError::new("IncompleteSignature", message)
}

fn mismatch(message: impl Into<String>) -> ApiError {
    ApiError::new("SignatureDoesNotMatch", message).with_status(403)
}
