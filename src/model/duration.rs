//! Durations as people write them, in the configuration and on the command line.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// What can be written, for help texts.
pub const EXAMPLES: &str = "\"90s\", \"15m\", \"1h 30m\" or \"2d\" (a day is 24 h)";

/// Reads a duration such as `90s`, `1h 30m`, `2 days`. A day is 24 hours and a week 7 days; months and years have no
/// length of their own and are no durations. `None` for what cannot be read.
pub fn parse(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

/// A configured duration as one that instants are reckoned with. What does not fit, which the bounds of the configuration
/// exclude, is the longest there is.
pub fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_months_are_not() {
        let hours = |hours| Some(SignedDuration::from_hours(hours));
        for (text, expected) in [
            ("90m", Some(SignedDuration::from_mins(90))),
            ("1h 30m", Some(SignedDuration::from_mins(90))),
            ("1.5h", Some(SignedDuration::from_mins(90))),
            ("30d", hours(720)),
            ("2 days", hours(48)),
            ("1d 12h", hours(36)),
            ("-5m", Some(SignedDuration::from_mins(-5))),
            ("1 month", None),
            ("1y", None),
            ("soon", None),
            ("", None),
            ("5", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
