//! Whole answers only. The SDK's XML reader takes a document that breaks off for one that is over: half of a list would
//! pass for a short list, and a failed change for one of which RDS has nothing to say.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// Refuses an XML answer that does not close the element that it opens.
#[derive(Debug)]
pub(super) struct WholeAnswers;

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for WholeAnswers {
    fn name(&self) -> &'static str {
        "WholeAnswers"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let whole = context.response().body().bytes().is_none_or(is_whole);
        if whole { Ok(()) } else { Err("the answer breaks off".into()) }
    }
}

/// Whether a body ends with the end tag of its root element. What is no XML at all the SDK finds out by itself.
fn is_whole(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body);
    let mut text = text.trim();
    if let Some(rest) = text.strip_prefix("<?xml") {
        text = rest.split_once("?>").map_or("", |(_, document)| document.trim_start());
    }
    let Some(open) = text.strip_prefix('<') else { return true };
    let root = open.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next().unwrap_or_default();
    let end = text.strip_suffix('>').map(str::trim_end).and_then(|text| text.strip_suffix(root));
    end.is_some_and(|before| before.ends_with("</"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_cut_at_any_byte_is_not_whole() {
        let whole = "<?xml version=\"1.0\"?>\n<DescribeEventsResponse xmlns=\"x\"><Events><Event/></Events>\
                     </DescribeEventsResponse >\n";
        assert!(is_whole(whole.as_bytes()));
        let last = whole.trim_end().len();
        // Of nothing, or of less than a tag's beginning, the SDK itself makes an error.
        for cut in "<?xml version=\"1.0\"?>\n<".len()..last {
            assert!(!is_whole(&whole.as_bytes()[..cut]), "{}", &whole[..cut]);
        }
        assert!(is_whole(b"") && is_whole(b"no XML"));
    }
}
