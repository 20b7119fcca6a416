//! Puts writes into the queue as they are due, and says how far the load is.

use std::pin::Pin;
use std::time::Duration;

use futures_util::future::{Fuse, FusedFuture};
use tokio::sync::watch;

use super::mix::Dealer;
use super::plan::Progress;
use super::queue::Due;
use super::schedule::Schedule;
use super::sessions::Sessions;
use super::{Load, WAIT_LIMIT};

/// How often progress is told and the queue looked through.
const TICK: Duration = Duration::from_millis(200);

impl Load {
    /// Puts what is due into the queue until the time is over. The highest rate that was wanted.
    pub(super) async fn dispatch(
        &self,
        sessions: &Sessions,
        mut rate: watch::Receiver<f64>,
        mut stop: Pin<&mut Fuse<impl Future<Output = ()>>>,
        tell: &(dyn Fn(Progress) + Sync),
    ) -> f64 {
        let mut target = *rate.borrow_and_update();
        let mut schedule = Schedule::new(target, self.plan.ramp);
        let mut dealer = Dealer::new(self.plan.mix);
        let mut told = Duration::MAX;
        while !stop.is_terminated() {
            let now = sessions.begun.elapsed();
            let until = now.min(self.plan.duration);
            enqueue(sessions, &mut schedule, &mut dealer, until);
            let wanted = *rate.borrow_and_update();
            schedule.set_rate(until, wanted);
            target = target.max(wanted);
            if told == Duration::MAX || now.saturating_sub(told) >= TICK || until == self.plan.duration {
                told = now;
                expire(sessions, now);
                tell(seen(sessions, &schedule, until));
            }
            if until == self.plan.duration {
                return target;
            }
            let next = [schedule.next_at().unwrap_or(Duration::MAX), told + TICK, self.plan.duration];
            let wait = next.into_iter().min().unwrap_or_default().saturating_sub(sessions.begun.elapsed());
            tokio::select! {
                biased;
                () = &mut stop => sessions.tally().cut(sessions.begun.elapsed()),
                // Once nobody can change the rate any more, it stays.
                Ok(()) = rate.changed() => {}
                () = self.clock.sleep(sessions.paced(wait)) => {}
            }
        }
        target
    }
}

/// Everything that is due before `until`. What is too old already, since this process itself stood still, has failed.
fn enqueue(sessions: &Sessions, schedule: &mut Schedule, dealer: &mut Dealer, until: Duration) {
    let mut due = Vec::new();
    let mut tally = sessions.tally();
    while let Some(at) = schedule.take_before(until) {
        tally.scheduled(at);
        if at + WAIT_LIMIT < until {
            tally.failed(until, sessions.why_waiting(WAIT_LIMIT));
        } else {
            due.push(Due { at, kind: dealer.deal() });
        }
    }
    drop(tally);
    sessions.queue.add(&due);
}

fn expire(sessions: &Sessions, now: Duration) {
    let expired = sessions.queue.expire(now.saturating_sub(WAIT_LIMIT));
    for _ in 0..expired {
        sessions.tally().failed(now, sessions.why_waiting(WAIT_LIMIT));
    }
}

fn seen(sessions: &Sessions, schedule: &Schedule, now: Duration) -> Progress {
    let tally = sessions.tally();
    Progress {
        table: String::new(),
        elapsed: now,
        wanted_per_sec: schedule.rate_at(now),
        scheduled: tally.scheduled_so_far(),
        acknowledged: tally.acknowledged_so_far(),
        failed: tally.failed_so_far(),
        waiting: sessions.queue.len() as u64,
        sessions: sessions.open_now(),
        p99_millis: tally.p99_millis(),
    }
}
