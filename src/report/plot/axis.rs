//! Time to a share of the width, values to pixels, and round numbers for both.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::report::when::number;

/// Seconds between the marks of a time axis.
const STEPS: [i64; 19] =
    [1, 2, 5, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];

/// No axis has more marks than this.
const TICKS: i64 = 9;

/// The time that a plot shows.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Axis {
    pub(in crate::report) from: Timestamp,
    pub(in crate::report) until: Timestamp,
}

impl Axis {
    /// Where a moment is, from 0 to 1; what is outside is at the end.
    pub(super) fn share(self, at: Timestamp) -> f64 {
        let whole = self.until.duration_since(self.from).as_secs_f64();
        if whole <= 0.0 { 0.0 } else { (at.duration_since(self.from).as_secs_f64() / whole).clamp(0.0, 1.0) }
    }

    /// The same in percent of the width.
    pub(super) fn percent(self, at: Timestamp) -> String {
        percent(self.share(at))
    }

    /// Begin and width of a time in percent; `None` where none of it is shown.
    pub(super) fn span(self, from: Timestamp, until: Timestamp) -> Option<(String, String)> {
        let is_shown = from <= self.until && until >= self.from;
        is_shown.then(|| (self.percent(from), percent(self.share(until) - self.share(from))))
    }

    pub(super) fn has(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }

    /// Round moments with their words.
    pub(super) fn ticks(self) -> Vec<(Timestamp, String)> {
        let whole = self.until.duration_since(self.from).as_secs();
        let rough = STEPS.into_iter().find(|step| whole / step < TICKS);
        // Beyond the steps whole weeks.
        let step = rough.unwrap_or_else(|| (whole / TICKS / 604_800 + 1) * 604_800);
        let first = (self.from.as_second() - 1).div_euclid(step) + 1;
        let ticks = (first..).map_while(|count| Timestamp::from_second(count.checked_mul(step)?).ok());
        let shown = ticks.take_while(|at| *at <= self.until).take(TICKS as usize + 1);
        shown.map(|at| (at, words(at, step))).collect()
    }
}

/// A midnight is told by its date.
fn words(at: Timestamp, step: i64) -> String {
    let civil = TimeZone::UTC.to_datetime(at);
    let format = match (civil.hour(), civil.minute(), civil.second()) {
        (0, 0, 0) => "%b %d",
        _ if step < 60 => "%H:%M:%S",
        _ => "%H:%M",
    };
    civil.strftime(format).to_string()
}

fn percent(share: f64) -> String {
    format!("{:.3}%", share * 100.0)
}

/// Values to pixels, from 0 at the bottom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    most: f64,
    step: f64,
    height: f64,
}

impl Scale {
    /// For values up to `most`, with some air above them.
    pub(super) fn up_to(most: f64, height: u32) -> Self {
        let most = if most.is_finite() && most > 0.0 { most * 1.12 } else { 1.0 };
        let rough = most / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= rough);
        Self { most, step: step.unwrap_or(rough), height: f64::from(height) }
    }

    /// The pixel from above.
    pub(super) fn y(self, value: f64) -> f64 {
        self.height - (value / self.most).clamp(0.0, 1.0) * self.height
    }

    /// Round values above 0.
    pub(super) fn ticks(self) -> Vec<(f64, String)> {
        let values = (1..).map(|count| f64::from(count) * self.step).take_while(|value| *value <= self.most);
        values.map(|value| (value, number(value))).collect()
    }
}

/// A moment a number of milliseconds away, as far as there is one.
pub(super) fn away(at: Timestamp, millis: i64) -> Timestamp {
    at.saturating_add(SignedDuration::from_millis(millis)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(from: &str, until: &str) -> Axis {
        Axis { from: from.parse().unwrap(), until: until.parse().unwrap() }
    }

    #[test]
    fn ticks_are_round_few_and_told_shortly() {
        let words = |from, until| axis(from, until).ticks().into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        let day = words("2026-01-05T20:10:00Z", "2026-01-06T05:00:00Z");
        assert_eq!(day, ["21:00", "22:00", "23:00", "Jan 06", "01:00", "02:00", "03:00", "04:00", "05:00"]);
        assert_eq!(words("2026-01-05T09:29:58Z", "2026-01-05T09:30:04Z").len(), 7);
        for until in ["2026-01-05T09:30:00Z", "2026-01-12T09:30:00Z", "2036-01-05T09:30:00Z"] {
            let ticks = words("2026-01-05T09:29:58Z", until);
            assert!((1..=10).contains(&ticks.len()), "{until}: {ticks:?}");
        }
    }

    #[test]
    fn what_is_outside_is_at_the_end_or_not_shown() {
        let axis = axis("2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z");
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(axis.percent(at("2026-01-05T08:15:00Z")), "25.000%");
        assert_eq!(axis.percent(at("2026-01-05T10:15:00Z")), "100.000%");
        assert_eq!(axis.span(at("2026-01-05T10:15:00Z"), at("2026-01-05T10:16:00Z")), None);
    }

    #[test]
    fn a_scale_has_a_few_round_values() {
        let ticks = |most| Scale::up_to(most, 100).ticks().into_iter().map(|(_, words)| words).collect::<Vec<_>>();
        assert_eq!(ticks(750.0), ["250", "500", "750"]);
        assert_eq!(ticks(0.0), ["0.250", "0.500", "0.750", "1"]);
        assert!(ticks(f64::NAN).len() < 6 && ticks(1e300).len() < 6);
    }
}
