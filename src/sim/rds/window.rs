//! Weekly maintenance windows, such as `sun:06:00-sun:06:30`, in UTC.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_PER_WEEK: i64 = 7 * 24 * 60;

/// A window of a week, in minutes since Monday 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: i64,
    to: i64,
}

impl Window {
    /// Reads `ddd:hh:mm-ddd:hh:mm`. `None` when it is not of that form or shorter than RDS's 30 minutes.
    pub fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let window = Self { from: minute_of_week(from)?, to: minute_of_week(to)? };
        let length = (window.to - window.from).rem_euclid(MINUTES_PER_WEEK);
        (30..=24 * 60).contains(&length).then_some(window)
    }

    /// When the window opens next, strictly after `now`.
    pub fn opens_after(self, now: Timestamp) -> Timestamp {
        let zoned = TimeZone::UTC.to_datetime(now);
        let day = i64::from(zoned.weekday().to_monday_zero_offset());
        let minute_now = (day * 24 + i64::from(zoned.hour())) * 60 + i64::from(zoned.minute());
        let mut wait = (self.from - minute_now).rem_euclid(MINUTES_PER_WEEK);
        if wait == 0 {
            wait = MINUTES_PER_WEEK;
        }
        let minute_start = now.as_second().div_euclid(60) * 60;
        let start = Timestamp::from_second(minute_start).unwrap_or(now);
        start.saturating_add(SignedDuration::from_mins(wait)).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part =
            |minute: i64| format!("{}:{:02}:{:02}", DAYS[(minute / 1440) as usize % 7], minute / 60 % 24, minute % 60);
        write!(f, "{}-{}", part(self.from), part(self.to))
    }
}

fn minute_of_week(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let (day, hour, minute) = (parts.next()?, parts.next()?, parts.next()?);
    let day = DAYS.iter().position(|known| day.eq_ignore_ascii_case(known))? as i64;
    let two_digits = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten().map(i64::from);
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    let valid = parts.next().is_none() && hour < 24 && minute < 60;
    valid.then_some((day * 24 + hour) * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_opening_is_found_across_the_week() {
        let window = Window::parse("Sun:06:00-sun:06:30").unwrap();
        let opens = |now: &str| window.opens_after(now.parse().unwrap()).to_string();
        assert_eq!(opens("2026-01-05T09:00:10Z"), "2026-01-11T06:00:00Z");
        assert_eq!(opens("2026-01-11T05:59:59Z"), "2026-01-11T06:00:00Z");
        assert_eq!(opens("2026-01-11T06:00:00Z"), "2026-01-18T06:00:00Z");
        assert_eq!(window.to_string(), "sun:06:00-sun:06:30");
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for wrong in
            ["", "sun:06:00", "sun:06:00-sun:06:10", "day:06:00-sun:06:30", "sun:24:00-mon:01:00", "sun:6:0-sun:7:0"]
        {
            assert!(Window::parse(wrong).is_none(), "{wrong:?}");
        }
        assert!(Window::parse("sun:23:45-mon:00:15").is_some());
    }
}
