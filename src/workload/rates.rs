//! From a server's counters to averages of periods. Pure.
//!
//! A rate is what two readings of the same counters differ by, in the server's own time. Between readings that may not be of
//! the same counters (another server, a restart, statistics that were reset, a database more or less, a counter that went
//! down, a session that ended, a reading that came late) there is none: the time between them is not covered, and a period
//! that is not mostly covered has no datapoint.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::model::series::{Datapoint, Series, SignalName};
use crate::model::server::{ServerId, ServerMetric};

/// Readings further apart say too little of what was between them; of the server's time.
const LONGEST_GAP_SECS: f64 = 5.0;
/// So much of a period must be covered.
const COVERED_SHARE: f64 = 0.8;
/// Datapoints are kept as long as a look can be late, and some.
const KEEP_SECS: i64 = 1_800;

/// One reading of the counters.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Seconds since 1970 by the server's clock.
    pub taken_secs: f64,
    /// Whose they are.
    pub server: ServerId,
    /// Of each database, by its number.
    pub databases: BTreeMap<u32, Counters>,
    /// Sessions now.
    pub connections: u32,
}

/// What is counted of one database.
#[derive(Debug, Clone, PartialEq)]
pub struct Counters {
    /// When they were last set back to zero, in the server's words; absent where they never were.
    pub reset: Option<String>,
    /// Rows inserted, updated and deleted.
    pub rows: u64,
    /// Transactions committed.
    pub commits: u64,
}

/// Makes datapoints of readings.
#[derive(Debug)]
pub struct Meter {
    gauges: Vec<(SignalName, ServerMetric, Average)>,
    last: Option<(Timestamp, Sample)>,
    /// Seconds of the clock in use in one of the server's.
    speed: f64,
}

impl Meter {
    /// One for these signals, each with the length of its periods in seconds, on a clock of that speed.
    pub fn new(signals: impl IntoIterator<Item = (SignalName, ServerMetric, u32)>, speed: f64) -> Self {
        let gauges = signals.into_iter().map(|(name, metric, period_secs)| (name, metric, Average::of(period_secs)));
        Self { gauges: gauges.collect(), last: None, speed }
    }

    /// Takes in a reading that came at `at`, by the clock in use.
    pub fn take(&mut self, at: Timestamp, sample: Sample) {
        if let Some((from, before)) = &self.last
            && let Some(secs) = comparable(before, &sample)
            // A clock that was set says nothing of where it belongs.
            && (0.0..=LONGEST_GAP_SECS * 2.0 * self.speed).contains(&at.duration_since(*from).as_secs_f64())
        {
            let rate = |of: fn(&Counters) -> u64| difference(before, &sample, of).map(|count| count as f64 / secs);
            for (_, metric, average) in &mut self.gauges {
                let value = match metric {
                    ServerMetric::RowsWrittenPerSec => rate(|counters| counters.rows),
                    ServerMetric::CommitsPerSec => rate(|counters| counters.commits),
                    ServerMetric::Connections => Some(f64::from(sample.connections)),
                };
                if let Some(value) = value {
                    average.add(*from, at, value);
                }
            }
        }
        self.last = Some((at, sample));
    }

    /// The session ended: whatever comes next is not compared with what was read before.
    pub fn lost(&mut self) {
        self.last = None;
    }

    /// The datapoints of the last half hour; a period that is not over has none.
    pub fn series(&self) -> BTreeMap<SignalName, Series> {
        self.gauges.iter().map(|(name, _, average)| (name.clone(), average.series())).collect()
    }
}

/// The seconds between two readings whose counters are the same ones.
fn comparable(before: &Sample, after: &Sample) -> Option<f64> {
    let secs = after.taken_secs - before.taken_secs;
    let same = |(number, counters): (&u32, &Counters)| {
        after.databases.get(number).is_some_and(|now| now.reset == counters.reset)
    };
    let all_same = before.databases.len() == after.databases.len() && before.databases.iter().all(same);
    (before.server == after.server && all_same && secs > 0.0 && secs <= LONGEST_GAP_SECS).then_some(secs)
}

/// What was counted between them over all databases; `None` when any counter went down.
fn difference(before: &Sample, after: &Sample, of: fn(&Counters) -> u64) -> Option<u64> {
    let one = |(number, counters): (&u32, &Counters)| of(after.databases.get(number)?).checked_sub(of(counters));
    before.databases.iter().map(one).sum()
}

/// The average over periods that begin at whole multiples of their length.
#[derive(Debug)]
struct Average {
    period_secs: u32,
    /// The period under way: its start, the value times seconds, and the seconds covered.
    open: Option<(i64, f64, f64)>,
    points: VecDeque<Datapoint>,
}

impl Average {
    fn of(period_secs: u32) -> Self {
        Self { period_secs: period_secs.max(1), open: None, points: VecDeque::new() }
    }

    /// The value was this from one moment to another.
    fn add(&mut self, from: Timestamp, to: Timestamp, value: f64) {
        let secs = |at: Timestamp| at.as_second() as f64 + f64::from(at.subsec_nanosecond()) / 1e9;
        let (mut from, to) = (secs(from), secs(to));
        let period = f64::from(self.period_secs);
        while from < to {
            let start = (from / period).floor() * period;
            let until = to.min(start + period);
            self.cover(start as i64, value, until - from);
            from = until;
            if until >= start + period {
                self.close();
            }
        }
    }

    fn cover(&mut self, start: i64, value: f64, secs: f64) {
        if self.open.is_some_and(|(open, ..)| open != start) {
            self.close();
        }
        let (_, sum, covered) = self.open.get_or_insert((start, 0.0, 0.0));
        *sum += value * secs;
        *covered += secs;
    }

    /// The period under way is over; it counts if it was covered, and if it is not one of the past again.
    fn close(&mut self) {
        let Some((start, sum, covered)) = self.open.take() else { return };
        let Ok(start) = Timestamp::from_second(start) else { return };
        let is_next = self.points.back().is_none_or(|last| last.start < start);
        if is_next && covered >= f64::from(self.period_secs) * COVERED_SHARE {
            self.points.push_back(Datapoint { start, value: sum / covered });
        }
        while self.points.front().is_some_and(|first| start.duration_since(first.start).as_secs() > KEEP_SECS) {
            self.points.pop_front();
        }
    }

    fn series(&self) -> Series {
        Series { points: self.points.iter().copied().collect(), ..Series::empty(self.period_secs) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn server(started: i64) -> ServerId {
        ServerId { started_at: Timestamp::from_second(started).unwrap(), address: None }
    }

    fn sample(secs: f64, rows: u64) -> Sample {
        let counters = Counters { reset: None, rows, commits: rows / 10 };
        Sample { taken_secs: secs, server: server(0), databases: BTreeMap::from([(5, counters)]), connections: 7 }
    }

    fn at(secs: f64) -> Timestamp {
        Timestamp::from_microsecond((secs * 1e6) as i64).unwrap()
    }

    fn meter() -> Meter {
        let signal = |name: &str, metric| (SignalName::new(name), metric, 10);
        Meter::new(
            [
                signal("rows", ServerMetric::RowsWrittenPerSec),
                signal("commits", ServerMetric::CommitsPerSec),
                signal("connections", ServerMetric::Connections),
            ],
            1.0,
        )
    }

    fn points(meter: &Meter, name: &str) -> Vec<(i64, f64)> {
        let points = &meter.series()[&SignalName::new(name)].points;
        points.iter().map(|point| (point.start.as_second(), (point.value * 1e6).round() / 1e6)).collect()
    }

    /// 600 rows a second, each second, with what is done to the reading of second `at`.
    fn steady(seconds: std::ops::Range<u32>, change: impl Fn(u32, &mut Sample)) -> Meter {
        let mut meter = meter();
        for second in seconds {
            let mut sample = sample(f64::from(second), 1_000_000 + u64::from(second) * 600);
            change(second, &mut sample);
            meter.take(at(f64::from(second)), sample);
        }
        meter
    }

    #[test]
    fn a_steady_load_is_its_rate_in_every_whole_period() {
        let meter = steady(4..41, |_, _| {});
        assert_eq!(points(&meter, "rows"), [(10, 600.0), (20, 600.0), (30, 600.0)], "the first was half covered");
        assert_eq!(points(&meter, "commits"), [(10, 60.0), (20, 60.0), (30, 60.0)]);
        assert_eq!(points(&meter, "connections"), [(10, 7.0), (20, 7.0), (30, 7.0)]);
    }

    #[test]
    fn nothing_is_counted_across_what_sets_counters_back() {
        type Change = fn(&mut Sample);
        let restarted: Change = |sample| sample.server = server(99);
        let moved: Change = |sample| sample.server.address = Some("10.0.0.2".to_owned());
        let reset: Change = |sample| sample.databases.get_mut(&5).unwrap().reset = Some("now".to_owned());
        let down: Change = |sample| sample.databases.get_mut(&5).unwrap().rows -= 1_000_000;
        let up: Change = |sample| {
            // A large jump that comes with a reset is none.
            let counters = sample.databases.get_mut(&5).unwrap();
            (counters.reset, counters.rows) = (Some("now".to_owned()), counters.rows + 1_000_000_000);
        };
        let more: Change = |sample| {
            sample.databases.insert(6, Counters { reset: None, rows: 1_000_000_000, commits: 0 });
        };
        for change in [restarted, moved, reset, down, up, more] {
            let meter = steady(0..31, |second, sample| {
                if second >= 15 {
                    change(sample);
                }
            });
            // The second before the change is not covered, nine are.
            assert_eq!(points(&meter, "rows"), [(0, 600.0), (10, 600.0), (20, 600.0)]);
        }
    }

    #[test]
    fn a_session_that_ended_and_a_late_reading_leave_a_gap_and_no_zero() {
        let mut lost = steady(0..20, |_, _| {});
        lost.lost();
        for second in 23_u32..41 {
            lost.take(at(f64::from(second)), sample(f64::from(second), 5_000_000 + u64::from(second) * 600));
        }
        assert_eq!(points(&lost, "rows"), [(0, 600.0), (10, 600.0), (30, 600.0)], "20 to 30 was covered for 7 s");
        let mut late = steady(0..12, |_, _| {});
        for second in 18_u32..31 {
            late.take(at(f64::from(second)), sample(f64::from(second), 1_000_000 + u64::from(second) * 600));
        }
        assert_eq!(points(&late, "rows"), [(0, 600.0), (20, 600.0)], "six seconds without a reading");
    }

    #[test]
    fn a_clock_that_is_set_moves_no_rate() {
        let mut meter = steady(0..15, |_, _| {});
        for second in 15_u32..41 {
            // Ours goes on by an hour, the server's does not.
            meter.take(at(f64::from(second) + 3_600.0), sample(f64::from(second), 1_000_000 + u64::from(second) * 600));
        }
        let all = points(&meter, "rows");
        assert_eq!(
            all,
            [(3620, 600.0), (3630, 600.0)],
            "nothing in between, and not the half ones; the first is long ago now"
        );
    }

    proptest! {
        /// Whatever comes, no rate is below zero or above what any two readings of one server can tell.
        #[test]
        fn no_rate_is_negative_or_giant(
            steps in prop::collection::vec((0.2_f64..8.0, 0_u64..2_000, 0_u8..12), 1..200),
        ) {
            let (mut meter, mut secs, mut rows, mut started, mut offset) = (meter(), 0.0, 0_u64, 0_i64, 0.0);
            for (wait, load, what) in steps {
                secs += wait;
                rows += (load as f64 * wait) as u64;
                match what {
                    0 => (rows, started) = (0, started + 1),
                    1 => rows = 0,
                    2 => meter.lost(),
                    3 => offset += 100.0,
                    4 => offset -= 100.0,
                    _ => {}
                }
                let sample = Sample { server: server(started), ..sample(secs, rows) };
                meter.take(at(1e6 + secs + offset), sample);
            }
            let all = points(&meter, "rows");
            prop_assert!(all.iter().all(|(_, rate)| (0.0..=2_000.1).contains(rate)), "{all:?}");
            prop_assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0));
        }
    }
}
