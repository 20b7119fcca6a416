//! The schedule of one way: an open loop. Attempt k is due at the beginning plus k times the rhythm, whatever came of those
//! before; one that is begun late is recorded as late, and none is left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::live::Board;
use super::series::{Outcome, Series};
use super::timeline::Timeline;

/// A way to the database.
pub(super) trait Way: Send + Sync {
    /// Makes one attempt, which is over at its deadline at the latest. The second is the offset at which it was over.
    fn attempt(self: Arc<Self>, tick: u32, due: Duration) -> BoxFuture<'static, (Outcome, Duration)>;
}

/// How many attempts may be under way at once. More than that are begun when one of them is over, and are late.
const MOST_UNDER_WAY: usize = 64;

/// An attempt that takes longer than so many ticks lets the slow ways try at every tick.
const SUSPECT_AFTER_TICKS: u32 = 5;

/// Runs until `stop` says so or `series` is full, then waits for what is under way.
pub(super) async fn run(
    way: Arc<dyn Way>,
    mut series: Series,
    board: Board,
    timeline: Timeline,
    mut stop: watch::Receiver<bool>,
    ticks: u32,
) -> Series {
    let mut under_way = JoinSet::new();
    // Of those under way: their place in the series and when they were due.
    let mut waiting: BTreeMap<usize, Duration> = BTreeMap::new();
    let mut tick = 0;
    let mut stopped = false;
    while !(stopped || tick >= ticks) || !under_way.is_empty() {
        let due = series.due(tick);
        tokio::select! {
            biased;
            Some(over) = under_way.join_next() => {
                // One that broke down stays unknown.
                if let Ok((place, due, (outcome, done))) = over {
                    waiting.remove(&place);
                    series.end(place, done, outcome);
                    board.over(&timeline, due, done, outcome);
                }
            }
            _ = stop.wait_for(|stop| *stop), if !stopped => stopped = true,
            () = timeline.until(due), if !stopped && tick < ticks && under_way.len() < MOST_UNDER_WAY => {
                let limit = series.every * SUSPECT_AFTER_TICKS;
                if waiting.first_key_value().is_some_and(|(_, oldest)| due.saturating_sub(*oldest) > limit) {
                    board.waits();
                }
                if tick % series.quiet_ticks == 0 || board.is_alert() {
                    let place = series.begin(tick, timeline.passed());
                    waiting.insert(place, due);
                    let way = Arc::clone(&way);
                    under_way.spawn(async move { (place, due, way.attempt(tick, due).await) });
                }
                tick += 1;
            }
        }
    }
    series
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::clock::Clock;
    use crate::model::availability::ClientPath;
    use crate::workload::canary::integrity::Audit;
    use crate::workload::canary::live::Live;
    use crate::workload::canary::outage::outages;

    /// A server that answers after a time which depends on when it is asked.
    struct Answers<F> {
        timeline: Timeline,
        answer: F,
    }

    impl<F: Fn(Duration) -> (Outcome, Duration) + Send + Sync + 'static> Way for Answers<F> {
        fn attempt(self: Arc<Self>, _: u32, _: Duration) -> BoxFuture<'static, (Outcome, Duration)> {
            Box::pin(async move {
                let now = self.timeline.passed();
                let (outcome, after) = (self.answer)(now);
                self.timeline.until(now + after).await;
                (outcome, self.timeline.passed())
            })
        }
    }

    const EVERY: Duration = Duration::from_millis(20);

    async fn served(
        quiet_ticks: u32,
        time: Duration,
        answer: impl Fn(Duration) -> (Outcome, Duration) + Send + Sync + 'static,
    ) -> (Series, Timeline) {
        let timeline = Timeline::start(Clock::repeatable(Timestamp::UNIX_EPOCH).await);
        let way = Arc::new(Answers { timeline: timeline.clone(), answer });
        let board = Board::new(watch::channel(Live::default()).0, ClientPath::Persistent);
        let series = Series::new(ClientPath::Persistent, Duration::ZERO, EVERY, quiet_ticks);
        let (_stop, stopped) = watch::channel(false);
        let ticks = (time.as_millis() / EVERY.as_millis()) as u32;
        (run(way, series, board, timeline.clone(), stopped, ticks).await, timeline)
    }

    /// Latencies as they are on a good day, with checkpoints that take a few hundred milliseconds now and then.
    #[tokio::test(start_paused = true)]
    async fn a_quiet_hour_of_schedule_raises_no_alarm() {
        let quiet = |now: Duration| {
            let stall = if now.as_secs().is_multiple_of(300) { 400 } else { 0 };
            (Outcome::Written(0), Duration::from_millis(1 + now.as_millis() as u64 % 7 + stall))
        };
        let (series, timeline) = served(1, Duration::from_hours(1), quiet).await;
        let result = series.result(timeline.origin(), timeline.passed());
        assert_eq!((result.attempts, result.acknowledged, result.late), (180_000, 180_000, 0));
        assert_eq!((result.outages.len(), result.seconds.len()), (0, 3_600));
        assert!(result.seconds.iter().all(|second| second.acknowledged == 50 && second.failed == 0));
        let all = [series];
        let mut audit = Audit::new(&all);
        (0..180_000).for_each(|tick| audit.row(Some(ClientPath::Persistent), tick));
        let integrity = audit.judge(|writer| writer.to_string());
        assert!(integrity.is_whole() && integrity.acknowledged == 180_000, "{integrity:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_stands_still_delays_no_schedule() {
        // Nothing is answered from 1 s to 4 s; what came within a second of the end is answered then.
        let frozen = |now: Duration| match now.as_millis() {
            1_000..3_000 => (Outcome::Unknown, Duration::from_secs(1)),
            3_000..4_000 => (Outcome::Written(0), Duration::from_secs(4).saturating_sub(now)),
            _ => (Outcome::Written(0), Duration::from_millis(1)),
        };
        let (series, _) = served(1, Duration::from_secs(6), frozen).await;
        assert_eq!(series.attempts.len(), 300);
        assert!(series.attempts.iter().all(|attempt| series.begun(attempt) == series.due_of(attempt)), "none was late");
        let found: Vec<_> = outages(&series).iter().map(|o| (o.from, o.until)).collect();
        assert_eq!(found, [(Duration::from_secs(1), Some(Duration::from_secs(4)))]);
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_can_be_under_way_are_late_and_counted() {
        let stuck = |now: Duration| (Outcome::Written(0), Duration::from_secs(3).saturating_sub(now) + EVERY);
        let (series, timeline) = served(1, Duration::from_secs(3), stuck).await;
        let result = series.result(timeline.origin(), timeline.passed());
        assert_eq!((result.attempts, result.acknowledged), (150, 150));
        assert_eq!(result.late, 150 - MOST_UNDER_WAY as u64, "all but those that found room at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_way_tries_at_every_tick_while_anything_fails() {
        let down = |now: Duration| match now.as_millis() {
            2_000..2_300 => (Outcome::Refused, Duration::from_millis(1)),
            _ => (Outcome::Written(0), Duration::from_millis(1)),
        };
        let (series, _) = served(50, Duration::from_secs(5), down).await;
        let ticks: Vec<u32> = series.attempts.iter().map(|attempt| attempt.tick).collect();
        let expected: Vec<u32> = [0, 50].into_iter().chain(100..=115).chain([150, 200]).collect();
        assert_eq!(ticks, expected);
        let found = outages(&series);
        assert_eq!(found[0].until, Some(Duration::from_millis(2_301)));
        assert_eq!(found[0].error, Duration::from_secs(1));
    }
}
