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

/// In the largest units that say it whole: `45 s`, `30 min`, `1 h 30 min`, `8 h`. Parts of a second are left out.
pub fn words(duration: SignedDuration) -> String {
    let secs = duration.as_secs().max(0);
    let parts = [(secs / 3_600, "h"), (secs % 3_600 / 60, "min"), (secs % 60, "s")];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}")).collect();
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_leave_out_what_is_nought() {
        let of = |secs| words(SignedDuration::from_secs(secs));
        assert_eq!(
            [28_800, 1_800, 5_400, 45, 3_661, 0].map(of),
            ["8 h", "30 min", "1 h 30 min", "45 s", "1 h 1 min 1 s", "0 s"]
        );
    }

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
