//! The end of a controller: nothing new is sent, what is out is waited for, and the end is on record within the time that a
//! service manager leaves.

use std::time::Duration;

use super::pooler::News;
use super::{Controller, Ended};
use crate::clock::Stopwatch;
use crate::engine::input::Input;
use crate::model::event::Event;
use crate::model::limits::{GIVE_BACK, LAST_ANSWER};

/// Of the answers' time so long until a pooler has let its clients go on.
const LET_GO: Duration = Duration::from_secs(5);

impl Controller {
    /// No new call; the outstanding ones are awaited; the end is recorded.
    pub(super) async fn finish(&mut self, ended: &Ended) {
        self.stopping = true;
        self.engine.end();
        self.publish();
        self.looks.abort_all();
        self.servers.end();
        // What was ordered before is answered; what is ordered from here on is refused at once.
        self.server.requests.close();
        while let Ok(incoming) = self.server.requests.try_recv() {
            self.take_order(incoming);
        }
        let clock = self.clock.clone();
        let waiting = Stopwatch::start();
        let mut told = Vec::new();
        let let_go = self.pauses.end(|news| told.push(news));
        if clock.bounded(LET_GO.mul_f64(clock.speed()), let_go).await.is_none() {
            tracing::error!("a pooler may still hold its clients; the next start lets them go on before anything else");
        }
        for News { action, database, step } in told {
            self.feed(Input::Pooler { action, database, step });
        }
        // Each answer is taken in as it comes: one that never comes must not take the others with it.
        let answers = async {
            while let Some(done) = self.calls.join_next().await {
                if let Ok((id, outcome)) = done {
                    self.feed(Input::Outcome { id, outcome });
                }
            }
            while let Some(done) = self.followers.join_next().await {
                if let Ok(event) = done {
                    self.feed(Input::AlarmFollowed(event));
                }
            }
        };
        // Calls were answered meanwhile: no one of them has less than its own limit.
        let left = LAST_ANSWER.saturating_sub(waiting.elapsed());
        if clock.bounded(left.mul_f64(clock.speed()), answers).await.is_none() {
            tracing::error!("a call to AWS was not answered in time; the next start looks for what became of it");
        } else if let Some(lease) = &mut self.lease {
            // Only now: what is under way may not meet what another engine sends. One that is not given back runs out.
            lease.tell(self.engine.lease_permission());
            if clock.bounded(GIVE_BACK.mul_f64(clock.speed()), lease.give_back()).await.is_none() {
                tracing::warn!("the lease could not be given back in time: another engine waits until it has run out");
            }
        }
        let (Ended::Asked(why) | Ended::Failed(why)) = ended;
        self.record(self.clock.now(), Event::EngineStopped { why: why.clone() });
        self.publish();
    }
}
