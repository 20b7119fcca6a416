//! The clients of a drill: those who write at a rate, and the canary that watches.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::ground::Way;
use crate::cli::drill::DrillArgs;
use crate::clock::Clock;
use crate::commands::CommandError;
use crate::model::availability::Availability;
use crate::model::load_run::LoadRun;
use crate::workload::canary::{Canary, Plan};
use crate::workload::load::mix::Mix;
use crate::workload::load::{Afterwards, Load, LoadEnd, LoadError, LoadPlan, Progress};

const CANARY_EVERY: Duration = Duration::from_millis(20);
const NEW_SESSION_EVERY: Duration = Duration::from_secs(1);
/// Longer than any drill: it is ended, and does not end by itself.
const LONGEST: Duration = Duration::from_hours(24);

/// Clients at work. Dropping them ends them at once, without a result.
pub(super) struct Clients {
    rate: watch::Sender<f64>,
    progress: watch::Receiver<Progress>,
    stop: oneshot::Sender<()>,
    load: JoinSet<Result<LoadEnd, LoadError>>,
    canary: Canary,
    dates: Dates,
}

/// What clients saw, dated by the engine's clock.
pub(super) struct Seen {
    pub(super) availability: Availability,
    /// What came of the load, or why nothing is known.
    pub(super) load: Result<LoadRun, String>,
    /// What could not be cleaned up.
    pub(super) left: Option<String>,
}

/// From the clients' clock, which is the machine's, to the engine's.
#[derive(Debug, Clone, Copy)]
struct Dates {
    here: Timestamp,
    there: Timestamp,
    speed: f64,
}

impl Dates {
    fn date(self, at: Timestamp) -> Timestamp {
        let passed = at.duration_since(self.here).as_secs_f64() * self.speed;
        let passed = SignedDuration::try_from_secs_f64(passed).unwrap_or_default();
        self.there.checked_add(passed).unwrap_or(at)
    }
}

impl Clients {
    /// Starts the canary, then those who write. `now` and `speed` are of the engine's clock.
    ///
    /// # Errors
    /// When a session cannot be had, or the canary's table is missing.
    pub(super) async fn start(way: Way, args: &DrillArgs, now: Timestamp, speed: f64) -> Result<Self, CommandError> {
        let clock = Clock::system();
        let dates = Dates { here: clock.now(), there: now, speed };
        let failed = |error: &dyn std::fmt::Display| CommandError::Failed(error.to_string());
        let plan = Plan::new(CANARY_EVERY, NEW_SESSION_EVERY).map_err(|error| failed(&error))?;
        let plan = match way.old_writer {
            Some(old_writer) => plan.with_old_writer(old_writer),
            None => plan,
        };
        let canary = Canary::start(way.canary, plan, clock.clone()).await.map_err(|error| failed(&error))?;
        let plan = LoadPlan {
            duration: LONGEST,
            ramp: Duration::ZERO,
            connections: args.sessions(),
            mix: "50:40:10".parse::<Mix>().map_err(|error| failed(&error))?,
            statements: way.statements,
            table: Afterwards::Removed,
        };
        let load = Load { access: way.load, plan, clock };
        let (rate, wanted) = watch::channel(f64::from(args.usual_writes()));
        let (tell, progress) = watch::channel(Progress::default());
        let (stop, stopped) = oneshot::channel::<()>();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { load.run(wanted, &tell, async { drop(stopped.await) }).await });
        Ok(Self { rate, progress, stop, load: tasks, canary, dates })
    }

    /// Writes at another rate from now on.
    pub(super) fn write(&self, writes_per_sec: u32) {
        self.rate.send_replace(f64::from(writes_per_sec));
    }

    /// Where the load is.
    pub(super) fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// What stays in the database, and what nobody knows, when this is dropped instead of stopped.
    pub(super) fn unchecked_words(&self) -> String {
        let table = self.progress().table;
        let table =
            if table.is_empty() { String::new() } else { format!("; the load's table {table} stays: drop it by hand") };
        format!("whether what clients had acknowledged is there was not looked for{table}")
    }

    /// Whether the load has ended by itself: it could not begin, or was lost.
    pub(super) fn is_over(&self) -> bool {
        self.progress.has_changed().is_err()
    }

    /// Ends the load, then the canary, which looks for every acknowledged write.
    pub(super) async fn stop(mut self) -> Seen {
        // It may have ended by itself.
        let _ = self.stop.send(());
        let ended = self.load.join_next().await;
        let dates = self.dates;
        let date = |at| dates.date(at);
        let (load, left) = match ended {
            Some(Ok(Ok(end))) => (Ok(end.run.redated(date)), end.left),
            Some(Ok(Err(error))) => (Err(error.to_string()), None),
            Some(Err(error)) => (Err(error.to_string()), None),
            None => (Err("the load was lost".to_owned()), None),
        };
        Seen { availability: self.canary.stop().await.redated(date), load, left }
    }
}
