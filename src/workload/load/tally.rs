//! What came of the writes of a load, counted as they end.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::mix::Kind;
use crate::model::load_run::{LoadRun, LoadSecond};
use crate::workload::latency::Latencies;

/// Counts of a load that is under way. Times are counted from its beginning.
#[derive(Debug)]
pub struct Tally {
    latencies: Latencies,
    seconds: Vec<Counts>,
    scheduled: u64,
    done: [u64; 3],
    failed: u64,
    failures: BTreeMap<String, Failure>,
    /// Acknowledged within [`Span`], after the ramp and before the end of the schedule.
    steady: u64,
    span: Span,
}

/// The time within which the achieved rate is counted.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// The ramp is over then.
    pub from: Duration,
    /// No write is scheduled from then on.
    pub until: Duration,
}

/// Why a write failed: what is the same in all failures of a kind, and its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What failures are grouped by: the SQLSTATE where there is one.
    pub key: String,
    /// The words, those of the first failure of a kind are told.
    pub words: String,
}

/// What the run was meant to be and when it was.
#[derive(Debug, Clone)]
pub struct Frame {
    /// When the schedule began.
    pub from: Timestamp,
    /// Seconds of the clock in one of the machine.
    pub speed: f64,
    /// How long it was, to the last acknowledgement.
    pub lasted: Duration,
    /// The highest rate that was asked for.
    pub target_writes_per_sec: f64,
    /// Sessions.
    pub connections: u32,
    /// The table.
    pub table: String,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    scheduled: u32,
    acknowledged: u32,
    failed: u32,
    slowest: Duration,
}

#[derive(Debug)]
struct Failure {
    words: String,
    count: u64,
}

/// Reasons that are told apart; a server could make up one for each write.
const MOST_REASONS: usize = 30;

impl Reason {
    /// One that is told apart by its words.
    pub fn of(words: String) -> Self {
        Self { key: words.clone(), words }
    }
}

impl Tally {
    /// Nothing yet; the achieved rate is counted within `span`.
    ///
    /// # Errors
    /// As [`Latencies::new`].
    pub fn new(span: Span) -> Result<Self, hdrhistogram::CreationError> {
        Ok(Self {
            latencies: Latencies::new()?,
            seconds: Vec::new(),
            scheduled: 0,
            done: [0; 3],
            failed: 0,
            failures: BTreeMap::new(),
            steady: 0,
            span,
        })
    }

    /// A write was due at `at`.
    pub fn scheduled(&mut self, at: Duration) {
        self.scheduled += 1;
        self.second(at).scheduled += 1;
    }

    /// A write that was due at `due` was acknowledged at `now`.
    pub fn acknowledged(&mut self, kind: Kind, due: Duration, now: Duration) {
        let took = now.saturating_sub(due);
        self.latencies.record(took);
        self.done[kind as usize] += 1;
        if now >= self.span.from && now < self.span.until {
            self.steady += 1;
        }
        let second = self.second(now);
        second.acknowledged += 1;
        second.slowest = second.slowest.max(took);
    }

    /// A write failed at `now`.
    pub fn failed(&mut self, now: Duration, reason: Reason) {
        self.failed += 1;
        self.second(now).failed += 1;
        let reason = if self.failures.len() >= MOST_REASONS && !self.failures.contains_key(&reason.key) {
            Reason { key: String::new(), words: "other reasons".to_owned() }
        } else {
            reason
        };
        self.failures.entry(reason.key).or_insert(Failure { words: reason.words, count: 0 }).count += 1;
    }

    /// The schedule ended sooner than it was meant to.
    pub fn cut(&mut self, at: Duration) {
        self.span.until = self.span.until.min(at);
    }

    /// Writes that were due so far.
    pub fn scheduled_so_far(&self) -> u64 {
        self.scheduled
    }

    /// Acknowledged so far.
    pub fn acknowledged_so_far(&self) -> u64 {
        self.done.iter().sum()
    }

    /// Failed so far.
    pub fn failed_so_far(&self) -> u64 {
        self.failed
    }

    /// The latency that 99 of 100 acknowledged writes were below so far, in milliseconds.
    pub fn p99_millis(&self) -> f64 {
        self.latencies.quantiles().p99_millis
    }

    /// The result, with `not_begun` writes that nobody took up.
    pub fn result(&self, frame: Frame, not_begun: u64) -> LoadRun {
        let at = |passed: Duration| {
            let passed = SignedDuration::try_from(passed.mul_f64(frame.speed)).unwrap_or(SignedDuration::MAX);
            frame.from.saturating_add(passed).unwrap_or(Timestamp::MAX)
        };
        let seconds = self.seconds.iter().zip(0_u64..).map(|(counts, second)| LoadSecond {
            at: at(Duration::from_secs(second)),
            scheduled: counts.scheduled,
            acknowledged: counts.acknowledged,
            failed: counts.failed,
            max_millis: (counts.acknowledged > 0).then(|| counts.slowest.as_micros() as f64 / 1000.0),
        });
        let mut failures: Vec<_> =
            self.failures.values().map(|failure| (failure.words.clone(), failure.count)).collect();
        failures.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        LoadRun {
            from: frame.from,
            until: at(frame.lasted),
            target_writes_per_sec: frame.target_writes_per_sec,
            connections: frame.connections,
            table: frame.table,
            scheduled: self.scheduled,
            acknowledged: self.acknowledged_so_far(),
            inserted: self.done[Kind::Insert as usize],
            updated: self.done[Kind::Update as usize],
            deleted: self.done[Kind::Delete as usize],
            failed: self.failed,
            not_begun,
            failures,
            achieved_writes_per_sec: self.achieved(),
            latency: self.latencies.quantiles(),
            seconds: seconds.collect(),
        }
    }

    /// Zero for a run that did not outlast its ramp.
    fn achieved(&self) -> f64 {
        let span_secs = self.span.until.saturating_sub(self.span.from).as_secs_f64();
        if span_secs > 0.0 { self.steady as f64 / span_secs } else { 0.0 }
    }

    fn second(&mut self, at: Duration) -> &mut Counts {
        let index = usize::try_from(at.as_secs()).unwrap_or(usize::MAX).min(MOST_SECONDS);
        if self.seconds.len() <= index {
            self.seconds.resize(index + 1, Counts::default());
        }
        &mut self.seconds[index]
    }
}

/// Two days: a load is one day at most, and what ends later than any write may is counted here.
const MOST_SECONDS: usize = 2 * 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    const START: &str = "2026-01-01T00:00:00Z";

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn tally(from: u64, until: u64) -> Tally {
        Tally::new(Span { from: millis(from), until: millis(until) }).unwrap()
    }

    fn result(tally: &Tally, not_begun: u64) -> LoadRun {
        let frame = Frame {
            from: START.parse().unwrap(),
            speed: 1.0,
            lasted: millis(4_000),
            target_writes_per_sec: 100.0,
            connections: 2,
            table: "t".to_owned(),
        };
        tally.result(frame, not_begun)
    }

    /// A server that stands still for a second: a closed loop would have seen one slow write.
    #[test]
    fn a_stall_is_in_the_latency_of_all_that_were_due() {
        let mut tally = tally(0, 2_000);
        for k in 0..200_u64 {
            let due = millis(k * 10);
            tally.scheduled(due);
            let answered = if (50..150).contains(&k) { millis(1_500) } else { due + millis(1) };
            tally.acknowledged(Kind::Insert, due, answered);
        }
        let run = result(&tally, 0);
        assert!((run.latency.max_millis - 1_000.0).abs() < 1.0, "{:?}", run.latency);
        assert!((run.latency.p90_millis - 800.0).abs() < 10.0, "{:?}", run.latency);
        assert_eq!(run.seconds.iter().map(|second| second.scheduled).collect::<Vec<_>>(), [100, 100]);
        assert_eq!(run.seconds.iter().map(|second| second.acknowledged).collect::<Vec<_>>(), [50, 150]);
        assert_eq!(run.seconds[1].at.to_string(), "2026-01-01T00:00:01Z");
    }

    #[test]
    fn the_achieved_rate_is_that_after_the_ramp_and_before_the_end() {
        let mut tally = tally(1_000, 3_000);
        for at in [500, 999, 1_000, 1_500, 2_000, 2_999, 3_000, 3_500] {
            tally.acknowledged(Kind::Update, millis(at), millis(at));
        }
        assert!((result(&tally, 0).achieved_writes_per_sec - 2.0).abs() < 1e-9);
        tally.cut(millis(900));
        assert!(result(&tally, 0).achieved_writes_per_sec.abs() < 1e-9);
    }

    #[test]
    fn failures_are_told_by_kind_the_most_frequent_first_and_bounded() {
        let mut tally = tally(0, 1_000);
        let reason = |key: &str, words: &str| Reason { key: key.to_owned(), words: words.to_owned() };
        tally.failed(millis(1), reason("25006", "read-only (25006)"));
        tally.failed(millis(2), reason("57P01", "the server goes down (57P01)"));
        tally.failed(millis(3), reason("57P01", "other words (57P01)"));
        let expected = [("the server goes down (57P01)".to_owned(), 2), ("read-only (25006)".to_owned(), 1)];
        assert_eq!(result(&tally, 0).failures, expected);
        (0..100).for_each(|k| tally.failed(millis(k), reason(&format!("X{k}"), "x")));
        let run = result(&tally, 7);
        assert_eq!(run.failures.len(), MOST_REASONS + 1);
        assert_eq!(run.failures.iter().map(|(_, count)| count).sum::<u64>(), run.failed);
        assert_eq!((run.failed, run.not_begun), (103, 7));
    }
}
