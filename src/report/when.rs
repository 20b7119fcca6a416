//! Moments and durations in words. All moments are UTC.

use jiff::Timestamp;

/// `2026-01-05 09:08:14`.
pub(super) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `09:08:14`.
pub(super) fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S").to_string()
}

/// `22 s`, `4 min 22 s`, `3 h 5 min`, `2 d 4 h`: two units at most.
pub(super) fn length(secs: i64) -> String {
    let (large, small) = match secs {
        ..60 => return format!("{secs} s"),
        60..3_600 => ((secs / 60, "min"), (secs % 60, "s")),
        3_600..86_400 => ((secs / 3_600, "h"), (secs % 3_600 / 60, "min")),
        _ => ((secs / 86_400, "d"), (secs % 86_400 / 3_600, "h")),
    };
    let small = if small.0 == 0 { String::new() } else { format!(" {} {}", small.0, small.1) };
    format!("{} {}{small}", large.0, large.1)
}

/// `340 ms`, `1.25 s`, `4 min 22 s`.
pub(super) fn length_millis(millis: u64) -> String {
    match millis {
        ..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{} s", number(millis as f64 / 1_000.0)),
        _ => length((millis / 1_000) as i64),
    }
}

/// Seconds from one moment to a later one.
pub(super) fn secs_between(from: Timestamp, until: Timestamp) -> i64 {
    until.duration_since(from).as_secs()
}

/// The first of many, and how many more there are: a sentence is not a list.
pub(super) fn few(mut items: Vec<String>, most: usize) -> Vec<String> {
    let more = items.len().saturating_sub(most);
    if more > 0 {
        items.truncate(most);
        items.push(format!("and {more} more"));
    }
    items
}

/// A figure with as many digits as it deserves: `685`, `12.5`, `0.043`.
pub(super) fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 || value.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units_at_most() {
        let lengths = [0, 59, 60, 262, 3_600, 11_100, 187_200].map(length);
        assert_eq!(lengths, ["0 s", "59 s", "1 min", "4 min 22 s", "1 h", "3 h 5 min", "2 d 4 h"]);
        assert_eq!([340, 1_250, 262_000].map(length_millis), ["340 ms", "1.25 s", "4 min 22 s"]);
        assert_eq!([685.29, 12.53, 1.0, 0.043].map(number), ["685", "12.5", "1", "0.043"]);
    }
}
