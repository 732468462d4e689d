//! Takes an answer's bytes; lets it pass only if they are one whole XML document. Never reads what the document says.
//!
//! The SDK's decoder stops in silence at the first byte that is not XML and gives what it has read until then, without the token of
//! the next page. A page cut short would pass for the last page of a shorter list, and everything after the cut for gone.

use aws_sdk_ec2::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_xml::decode::Document;

/// The interceptor that looks at each answer.
#[derive(Debug)]
pub(crate) struct Whole;

/// The answer is not one whole XML document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotWhole {
    /// It is something else from some byte on.
    #[error("not XML: {0}")]
    NotXml(String),
    /// It ends before its first element does.
    #[error("the XML ends too early")]
    CutShort,
}

#[dyn_dispatch_hint]
impl Intercept for Whole {
    fn name(&self) -> &'static str {
        "Whole"
    }

    // The first hook that finds the body in memory.
    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        // Whatever a proxy sends along with a failure, its status says enough; and a body that broke off is the SDK's own error.
        if let (true, Some(body)) = (response.status().is_success(), response.body().bytes()) {
            check(body)?;
        }
        Ok(())
    }
}

/// Whether `bytes` are one whole XML document, by the SDK's own decoder.
fn check(bytes: &[u8]) -> Result<(), NotWhole> {
    let document = Document::try_from(bytes).map_err(|error| NotWhole::NotXml(error.to_string()))?;
    let mut open = None;
    for token in document {
        let (_, depth) = token.map_err(|error| NotWhole::NotXml(error.to_string()))?;
        open = Some(depth);
    }
    // The decoder counts an element as open from its `>` on: one that was cut in its name looks closed.
    if open == Some(0) && bytes.trim_ascii_end().ends_with(b">") { Ok(()) } else { Err(NotWhole::CutShort) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<?xml version="1.0"?>
<R xmlns="urn:x"><set><item><key>a</key><value>&lt;</value></item><item/></set></R>
"#;

    #[test]
    fn a_whole_document_passes() {
        assert_eq!(check(ANSWER.as_bytes()), Ok(()));
    }

    #[test]
    fn a_document_cut_anywhere_does_not() {
        // Before its first element there is nothing that the SDK would take for an answer.
        let root = ANSWER.find("<R").unwrap();
        for cut in root + 1..ANSWER.trim_end().len() {
            assert!(check(&ANSWER.as_bytes()[..cut]).is_err(), "{}", &ANSWER[..cut]);
        }
    }

    #[test]
    fn a_byte_that_xml_does_not_have_does_not_pass() {
        assert!(matches!(check(ANSWER.replace(">a<", ">\u{8}<").as_bytes()), Err(NotWhole::NotXml(_))));
        assert!(matches!(check(b"<R>\xff</R>"), Err(NotWhole::NotXml(_))));
    }
}
