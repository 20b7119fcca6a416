//! RDS's windows in UTC: weekly ones for maintenance, such as `sun:06:00-sun:06:30`, and daily ones for backups, such as
//! `03:00-03:30`.

use std::fmt;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_PER_DAY: i64 = 24 * 60;
const MINUTES_PER_WEEK: i64 = 7 * MINUTES_PER_DAY;

/// A window that comes again, in minutes since Monday 00:00 UTC, or since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: i64,
    to: i64,
    every: i64,
}

impl Window {
    /// Reads `ddd:hh:mm-ddd:hh:mm`. `None` when it is not of that form or shorter than RDS's 30 minutes.
    pub fn weekly(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        Self { from: minute_of_week(from)?, to: minute_of_week(to)?, every: MINUTES_PER_WEEK }.of_some_length()
    }

    /// Reads `hh:mm-hh:mm`. `None` when it is not of that form or shorter than RDS's 30 minutes.
    pub fn daily(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        Self { from: minute_of_day(from)?, to: minute_of_day(to)?, every: MINUTES_PER_DAY }.of_some_length()
    }

    fn of_some_length(self) -> Option<Self> {
        (30..=24 * 60).contains(&self.minutes()).then_some(self)
    }

    fn minutes(self) -> i64 {
        (self.to - self.from).rem_euclid(self.every)
    }

    /// When it closes, if it is open at `now` or opens within `ahead`.
    pub fn is_near_until(self, now: Timestamp, ahead: SignedDuration) -> Option<Timestamp> {
        let minutes = SignedDuration::from_mins(self.minutes());
        let before = now.checked_sub(minutes).ok()?;
        // The first that ends after now: it is open, or the next to come.
        let opens = self.opens_after(before.checked_sub(SignedDuration::from_secs(1)).ok()?);
        let closes = opens.checked_add(minutes).ok()?;
        (opens.duration_since(now) <= ahead && closes > now).then_some(closes)
    }

    /// When the window opens next, strictly after `now`.
    pub fn opens_after(self, now: Timestamp) -> Timestamp {
        let zoned = TimeZone::UTC.to_datetime(now);
        let day = i64::from(zoned.weekday().to_monday_zero_offset());
        let minute_now = (day * 24 + i64::from(zoned.hour())) * 60 + i64::from(zoned.minute());
        let mut wait = (self.from - minute_now).rem_euclid(self.every);
        if wait == 0 {
            wait = self.every;
        }
        let minute_start = now.as_second().div_euclid(60) * 60;
        let start = Timestamp::from_second(minute_start).unwrap_or(now);
        start.saturating_add(SignedDuration::from_mins(wait)).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |minute: i64| {
            let day = if self.every == MINUTES_PER_WEEK { DAYS[(minute / MINUTES_PER_DAY) as usize % 7] } else { "" };
            let colon = if day.is_empty() { "" } else { ":" };
            format!("{day}{colon}{:02}:{:02}", minute / 60 % 24, minute % 60)
        };
        write!(f, "{}-{}", part(self.from), part(self.to))
    }
}

fn minute_of_week(text: &str) -> Option<i64> {
    let (day, time) = text.split_once(':')?;
    let day = DAYS.iter().position(|known| day.eq_ignore_ascii_case(known))? as i64;
    Some(day * MINUTES_PER_DAY + minute_of_day(time)?)
}

fn minute_of_day(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten().map(i64::from);
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_opening_is_found_across_the_week() {
        let window = Window::weekly("Sun:06:00-sun:06:30").unwrap();
        let opens = |now: &str| window.opens_after(now.parse().unwrap()).to_string();
        assert_eq!(opens("2026-01-05T09:00:10Z"), "2026-01-11T06:00:00Z");
        assert_eq!(opens("2026-01-11T05:59:59Z"), "2026-01-11T06:00:00Z");
        assert_eq!(opens("2026-01-11T06:00:00Z"), "2026-01-18T06:00:00Z");
        assert_eq!(window.to_string(), "sun:06:00-sun:06:30");
    }

    #[test]
    fn a_window_is_near_before_it_opens_and_until_it_closes() {
        let near = |window: Window, now: &str| {
            window.is_near_until(now.parse().unwrap(), SignedDuration::from_mins(10)).map(|until| until.to_string())
        };
        let daily = Window::daily("23:50-00:20").unwrap();
        let until = Some("2026-01-06T00:20:00Z".to_owned());
        assert_eq!(near(daily, "2026-01-05T23:39:59Z"), None);
        assert_eq!(near(daily, "2026-01-05T23:40:00Z"), until);
        assert_eq!(near(daily, "2026-01-06T00:19:59Z"), until);
        assert_eq!(near(daily, "2026-01-06T00:20:00Z"), None);
        let weekly = Window::weekly("mon:06:00-mon:06:30").unwrap();
        assert_eq!(near(weekly, "2026-01-05T06:10:30Z").as_deref(), Some("2026-01-05T06:30:00Z"));
        assert_eq!(near(weekly, "2026-01-06T06:10:30Z"), None);
        assert_eq!(daily.to_string(), "23:50-00:20");
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for wrong in
            ["", "sun:06:00", "sun:06:00-sun:06:10", "day:06:00-sun:06:30", "sun:24:00-mon:01:00", "sun:6:0-sun:7:0"]
        {
            assert!(Window::weekly(wrong).is_none(), "{wrong:?}");
        }
        assert!(Window::weekly("sun:23:45-mon:00:15").is_some());
    }
}
