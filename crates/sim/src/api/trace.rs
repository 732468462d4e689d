//! Takes calls and what came of them; gives a line for each, or one digest of all lines: the same history gives the same bytes. Never
//! writes them anywhere.

use std::fmt::Write as _;

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::cloud::Action;

use super::answer::{Answer, Caller, Came};
use super::faults::Effect;
use super::pages;
use crate::classic::ClassicResponse;
use crate::elb::ElbResponse;
use crate::error::ApiError;
use crate::response::Response;
use crate::waf::WafResponse;

/// What becomes of the lines.
#[derive(Clone, Debug, Default)]
pub enum Trace {
    /// There are none.
    #[default]
    Off,
    /// Only their digest is kept: a million lines take no memory.
    Digest(Box<blake3::Hasher>),
    /// They are kept.
    Lines(String),
}

impl Trace {
    /// A digest of no lines yet.
    pub fn digesting() -> Self {
        Self::Digest(Box::default())
    }

    /// No lines yet.
    pub fn keeping() -> Self {
        Self::Lines(String::new())
    }

    /// The digest of the lines so far, in hexadecimal digits: the same for kept lines.
    pub fn digest(&self) -> String {
        let digest = match self {
            Self::Off => blake3::hash(b""),
            Self::Digest(hasher) => hasher.finalize(),
            Self::Lines(lines) => blake3::hash(lines.as_bytes()),
        };
        digest.to_hex().to_string()
    }

    /// The lines, if they are kept.
    pub fn lines(&self) -> &str {
        match self {
            Self::Lines(lines) => lines,
            Self::Off | Self::Digest(_) => "",
        }
    }

    pub(super) fn add(
        &mut self,
        now: Time,
        caller: &Caller,
        action: Action,
        answer: &Answer,
        effect: Option<&Effect>,
        age: SignedDuration,
    ) {
        if let Self::Off = self {
            return;
        }
        let line = line(now, caller, action, answer, effect, age);
        match self {
            Self::Off => {}
            Self::Digest(hasher) => {
                hasher.update(line.as_bytes());
            }
            Self::Lines(lines) => lines.push_str(&line),
        }
    }
}

/// `2026-01-01T00:00:00Z 123456789012/user/alice DescribeVpcs 3 items, as of 2s ago; EmptyList`.
fn line(
    now: Time,
    caller: &Caller,
    action: Action,
    answer: &Answer,
    effect: Option<&Effect>,
    age: SignedDuration,
) -> String {
    let Caller { account, principal } = caller;
    let mut line = format!("{now} {account}/{principal} {action} ");
    // Writing to a string does not fail.
    let _written = match &answer.came {
        Came::Whole(result) => write!(line, "{}", outcome(result)),
        Came::Broken(result, at) => write!(line, "{}, cut after {at} bytes", outcome(result)),
        Came::Nothing => write!(line, "nothing"),
    };
    if !answer.took.is_zero() {
        let _written = write!(line, ", took {:?}", answer.took);
    }
    if !age.is_zero() {
        let _written = write!(line, ", as of {age:?} ago");
    }
    if let Some(effect) = effect {
        let _written = write!(line, "; {effect:?}");
    }
    line.push('\n');
    line
}

fn outcome(result: &Result<Response, ApiError>) -> String {
    match result {
        Err(error) => error.code.clone(),
        Ok(response) => match pages::extent(response) {
            Some((items, Some(_))) => format!("{items} items and more"),
            Some((items, None)) => format!("{items} items"),
            None => made(response),
        },
    }
}

/// The id of what was made: two histories that only differ in it are not the same.
fn made(response: &Response) -> String {
    match response {
        Response::RunInstances(launched) => format!("{} instances", launched.len()),
        Response::CreateNetworkInterface(made) => made.id.to_string(),
        Response::CreateSecurityGroup(made) => made.id.to_string(),
        Response::AttachNetworkInterface(made) => made.to_string(),
        Response::CreateTrafficMirrorFilter(made) => made.id.to_string(),
        Response::CreateTrafficMirrorFilterRule(made) => made.id.to_string(),
        Response::CreateTrafficMirrorTarget(made) => made.id.to_string(),
        Response::CreateTrafficMirrorSession(made) => made.id.to_string(),
        Response::Classic(ClassicResponse::CreateLoadBalancer(made)) => made.arn.to_string(),
        Response::Waf(WafResponse::CreateWebACL(made)) => made.arn.to_string(),
        Response::Elb(ElbResponse::CreateLoadBalancer(made)) => made.arn.to_string(),
        Response::Elb(ElbResponse::CreateListener(made)) => made.arn.to_string(),
        Response::Elb(ElbResponse::CreateRule(made)) => made.arn.to_string(),
        Response::Elb(ElbResponse::CreateTargetGroup(made)) => made.group.arn.to_string(),
        _ => "done".into(),
    }
}
