//! Takes bodies as clients of AWS send them; gives the answers as text. Never reads them.

use ::http::Request as HttpRequest;
use ::http::header::AUTHORIZATION;

use super::*;
use crate::wire;

/// A signature as clients write it; whether it is true, nobody here asks.
pub(super) const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/ec2/aws4_request, SignedHeaders=host;x-amz-date, \
                                 Signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// When the client signs.
pub(super) const SIGNED_AT: &str = "20260101T000000Z";

/// An answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

/// A request with that header, if there is one. What is written for STS is signed for STS.
pub(super) fn request(authorization: Option<&str>, body: &str) -> HttpRequest<String> {
    let api = if body.contains("Version=2011-06-15") { "/sts/" } else { "/ec2/" };
    let request = HttpRequest::builder().header("host", "localhost").header("x-amz-date", SIGNED_AT);
    let signed = authorization.map(|header| header.replace("/ec2/", api));
    let request = signed.into_iter().fold(request, |request, header| request.header(AUTHORIZATION, header));
    request.body(body.into()).unwrap()
}

/// What a world answers, with nothing that goes wrong on the way.
pub(super) fn answer(world: &mut World, authorization: Option<&str>, body: &str) -> Reply {
    let mut api = Api::new(world.clone(), 1);
    let (head, bytes) = wire::answer(&mut api, &request(authorization, body)).reply.unwrap().into_parts();
    *world = api.world().clone();
    Reply { status: head.status.as_u16(), body: String::from_utf8(bytes).unwrap() }
}
