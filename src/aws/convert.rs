//! Between the SDK's types and the model's words.

use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::model::text::clean;

/// Longest string taken from AWS: RDS messages are far shorter, a hostile one is cut.
const TEXT_LIMIT: usize = 500;

/// A string from AWS, cleaned.
pub(super) fn text(value: Option<&str>) -> String {
    clean(value.unwrap_or_default(), TEXT_LIMIT)
}

/// A string from AWS, cleaned; `None` stays `None`.
pub(super) fn optional_text(value: Option<&str>) -> Option<String> {
    value.map(|value| clean(value, TEXT_LIMIT))
}

/// An SDK instant; `None` outside the range of years that both can hold.
pub(super) fn timestamp(instant: &DateTime) -> Option<Timestamp> {
    Timestamp::new(instant.secs(), i32::try_from(instant.subsec_nanos()).ok()?).ok()
}

/// The SDK's form of an instant.
pub(super) fn date_time(instant: Timestamp) -> DateTime {
    DateTime::from_secs(instant.as_second())
}
