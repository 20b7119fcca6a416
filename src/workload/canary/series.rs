//! What came of the attempts on one way, as bookkeeping alone: no clock, no server. All times are offsets from the
//! beginning of the run, on a steady clock.

use std::time::Duration;

use jiff::Timestamp;

use super::outage::outages;
use crate::model::availability::{ClientOutage, ClientPath, Latency, PathResult, Second};

/// What came of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged by this writer: its number in the order in which they were met.
    Written(u16),
    /// A reader answered.
    Read,
    /// Certainly not done: refused, or never sent.
    Refused,
    /// Lost after it was sent, or without an answer at its deadline: done or not, only looking tells.
    Unknown,
}

/// One attempt. 16 bytes, because a day has four million of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    /// Its place in the schedule.
    pub(super) tick: u32,
    /// How long after its schedule it was begun.
    begun_after_micros: u32,
    /// How long after its schedule it was over.
    done_after_micros: u32,
    /// What came of it.
    pub(super) outcome: Outcome,
}

/// The attempts on one way, in the order of their schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Series {
    pub(super) path: ClientPath,
    /// When tick 0 is due.
    pub(super) first: Duration,
    /// From tick to tick.
    pub(super) every: Duration,
    /// While all is well, only each of so many ticks is used.
    pub(super) quiet_ticks: u32,
    pub(super) attempts: Vec<Attempt>,
}

impl Outcome {
    /// The server said yes.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Written(_) | Self::Read)
    }
}

impl Series {
    pub(super) fn new(path: ClientPath, first: Duration, every: Duration, quiet_ticks: u32) -> Self {
        Self { path, first, every, quiet_ticks: quiet_ticks.max(1), attempts: Vec::new() }
    }

    /// When a tick is due.
    pub(super) fn due(&self, tick: u32) -> Duration {
        self.first.saturating_add(self.every.saturating_mul(tick))
    }

    /// An attempt begins, and nothing is known of it yet. Returns its place among the attempts.
    pub(super) fn begin(&mut self, tick: u32, now: Duration) -> usize {
        let begun_after_micros = micros(now.saturating_sub(self.due(tick)));
        let attempt =
            Attempt { tick, begun_after_micros, done_after_micros: begun_after_micros, outcome: Outcome::Unknown };
        self.attempts.push(attempt);
        self.attempts.len() - 1
    }

    /// It is over.
    pub(super) fn end(&mut self, at: usize, now: Duration, outcome: Outcome) {
        let Some(tick) = self.attempts.get(at).map(|attempt| attempt.tick) else { return };
        let done_after_micros = micros(now.saturating_sub(self.due(tick)));
        if let Some(attempt) = self.attempts.get_mut(at) {
            *attempt = Attempt { done_after_micros, outcome, ..*attempt };
        }
    }

    pub(super) fn due_of(&self, attempt: &Attempt) -> Duration {
        self.due(attempt.tick)
    }

    pub(super) fn begun(&self, attempt: &Attempt) -> Duration {
        self.due(attempt.tick) + Duration::from_micros(attempt.begun_after_micros.into())
    }

    pub(super) fn done(&self, attempt: &Attempt) -> Duration {
        self.due(attempt.tick) + Duration::from_micros(attempt.done_after_micros.into())
    }

    /// What came of it all, where `origin` is the time of offset zero and `end` that of the run's end.
    pub(super) fn result(&self, origin: Timestamp, end: Duration) -> PathResult {
        let count =
            |wanted: fn(Outcome) -> bool| self.attempts.iter().filter(|attempt| wanted(attempt.outcome)).count() as u64;
        let late = |attempt: &&Attempt| u128::from(attempt.begun_after_micros) > self.every.as_micros();
        let at = |offset: Duration| origin.saturating_add(offset).unwrap_or(Timestamp::MAX);
        let outages = outages(self).into_iter().map(|outage| ClientOutage {
            from: at(outage.from),
            until: outage.until.map(at),
            millis: outage.until.unwrap_or(end).saturating_sub(outage.from).as_millis() as u64,
            error_millis: outage.error.as_millis() as u64,
            until_error_millis: outage.until_error.as_millis() as u64,
        });
        PathResult {
            path: self.path,
            every_millis: self.every.saturating_mul(self.quiet_ticks).as_millis() as u32,
            attempts: self.attempts.len() as u64,
            acknowledged: count(Outcome::is_success),
            refused: count(|outcome| outcome == Outcome::Refused),
            unknown: count(|outcome| outcome == Outcome::Unknown),
            late: self.attempts.iter().filter(late).count() as u64,
            outages: outages.collect(),
            latency: latency(self.attempts.iter().filter(|attempt| attempt.outcome.is_success())),
            seconds: self.seconds(at),
        }
    }

    fn seconds(&self, at: impl Fn(Duration) -> Timestamp) -> Vec<Second> {
        let second_of = |attempt: &Attempt| self.due_of(attempt).as_secs();
        let mut seconds = Vec::new();
        for of_one in self.attempts.chunk_by(|one, next| second_of(one) == second_of(next)) {
            let Some(first) = of_one.first() else { continue };
            let acknowledged = of_one.iter().filter(|attempt| attempt.outcome.is_success());
            let mut micros: Vec<u32> = acknowledged.map(|attempt| attempt.done_after_micros).collect();
            micros.sort_unstable();
            let millis = |micros: Option<&u32>| micros.map(|micros| f64::from(*micros) / 1000.0);
            seconds.push(Second {
                at: at(Duration::from_secs(second_of(first))),
                acknowledged: micros.len() as u32,
                failed: (of_one.len() - micros.len()) as u32,
                p50_millis: millis(micros.get(micros.len().saturating_sub(1) / 2)),
                max_millis: millis(micros.last()),
            });
        }
        seconds
    }
}

fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// From the schedule to the acknowledgement. Nothing that was scheduled is left out, so nothing is corrected.
fn latency<'a>(acknowledged: impl Iterator<Item = &'a Attempt>) -> Latency {
    // Three significant digits of everything that an attempt can hold; with these bounds it can always be made.
    let Ok(mut histogram) = hdrhistogram::Histogram::<u64>::new_with_max(u32::MAX.into(), 3) else {
        return Latency::default();
    };
    for attempt in acknowledged {
        histogram.saturating_record(attempt.done_after_micros.into());
    }
    if histogram.is_empty() {
        return Latency::default();
    }
    let millis = |quantile: f64| histogram.value_at_quantile(quantile) as f64 / 1000.0;
    Latency {
        p50_millis: millis(0.5),
        p90_millis: millis(0.9),
        p99_millis: millis(0.99),
        p999_millis: millis(0.999),
        max_millis: histogram.max() as f64 / 1000.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand attempts with latencies of 1 to 1000 ms in some other order.
    fn thousand() -> Series {
        let mut series = Series::new(ClientPath::Persistent, Duration::from_millis(5), Duration::from_millis(20), 1);
        for tick in 0..1000_u32 {
            let due = series.due(tick);
            let at = series.begin(tick, due);
            series.end(at, due + Duration::from_millis(u64::from(tick * 37 % 1000) + 1), Outcome::Written(0));
        }
        series
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_latencies() {
        let Latency { p50_millis, p90_millis, p99_millis, p999_millis, max_millis } =
            thousand().result(Timestamp::UNIX_EPOCH, Duration::from_secs(21)).latency;
        for (seen, truth) in
            [(p50_millis, 500.0), (p90_millis, 900.0), (p99_millis, 990.0), (p999_millis, 999.0), (max_millis, 1000.0)]
        {
            assert!((seen / truth - 1.0_f64).abs() < 0.001, "{seen}, in truth {truth}");
        }
    }

    #[test]
    fn each_second_has_what_was_scheduled_in_it() {
        let mut series = thousand();
        // Scheduled in the first second, and over in the third.
        series.end(49, Duration::from_millis(2_500), Outcome::Unknown);
        let seconds = series.result(Timestamp::UNIX_EPOCH, Duration::from_secs(21)).seconds;
        assert_eq!(seconds.len(), 20);
        assert_eq!((seconds[0].acknowledged, seconds[0].failed, seconds[1].acknowledged), (49, 1, 50));
        assert_eq!(seconds[1].at, Timestamp::from_second(1).unwrap());
        let mut of_second: Vec<u32> = (50..100_u32).map(|tick| tick * 37 % 1000 + 1).collect();
        of_second.sort_unstable();
        assert_eq!(seconds[1].p50_millis, Some(f64::from(of_second[24])));
        assert_eq!(seconds[1].max_millis, Some(f64::from(of_second[49])));
    }
}
