//! An open-loop load of writes on a real PostgreSQL.
//!
//! Writes are due by a `schedule`, whatever became of those before; they wait in a `queue` for one of the `sessions`, and
//! their latency counts from the schedule, so that a server that stands still is in the figures with every write that it
//! has kept waiting. `mix`, `schedule`, `tally` and the queue know no server; `table` is where it is written, `writer` one
//! session, `dispatch` what puts writes that are due into the queue.
//!
//! A write that is due waits for a session for [`WAIT_LIMIT`] at most, then it has failed: that also bounds the queue, to
//! the rate times this limit. Rates and durations are of the machine's time, even on a clock that runs faster.

mod dispatch;
pub mod mix;
mod plan;
pub mod queue;
pub mod schedule;
mod sessions;
mod table;
pub mod tally;
mod writer;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::Fuse;
use futures_util::{FutureExt, StreamExt, stream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::sessions::{CONNECT_LIMIT, Sessions};
use self::table::Table;
use self::tally::{Frame, Span, Tally};
use self::writer::Writer;
use super::access::{Access, AccessError, Session, words};
use crate::clock::{Clock, Stopwatch};
use crate::model::load_run::LoadRun;
pub use plan::{Afterwards, LoadEnd, LoadError, LoadPlan, Progress};
pub use sessions::APPLICATION;
pub use table::SCHEMA;
pub use writer::Statements;

/// A write that is due waits for a session no longer than this.
pub const WAIT_LIMIT: Duration = Duration::from_secs(5);

/// When the time is over, what is due already has this long to begin.
const GRACE: Duration = Duration::from_secs(1);

/// How long the table's removal is tried, for a server that is just coming back.
const REMOVAL_LIMIT: Duration = Duration::from_secs(20);

/// A load that is ready to run.
#[derive(Debug, Clone)]
pub struct Load {
    /// The way to the server.
    pub access: Access,
    /// What it shall be.
    pub plan: LoadPlan,
    /// Dates of the result, and sleeps.
    pub clock: Clock,
}

impl Load {
    /// Runs it to its end, or until `stop` is ready, and then cleans up: within half a minute, whatever the server does.
    /// `rate` is the wanted writes per second after the ramp and may change at any time; see [`schedule`] for its bounds.
    ///
    /// # Errors
    /// When it could not begin. What it had made until then is removed, as far as the server lets it.
    pub async fn run(
        &self,
        rate: watch::Receiver<f64>,
        progress: &watch::Sender<Progress>,
        stop: impl Future<Output = ()>,
    ) -> Result<LoadEnd, LoadError> {
        let mut stop = pin!(stop.fuse());
        let mut table = Table::named(self.clock.now());
        let begun = tokio::select! {
            biased;
            () = &mut stop => None,
            begun = self.begin(&mut table) => Some(begun),
        };
        let run = match begun {
            None => self.never_begun(&rate, &table),
            Some(Err(error)) => Err(error),
            Some(Ok((sessions, writers))) => self.drive(&table, sessions, writers, rate, progress, stop).await,
        };
        let stays = self.plan.table == Afterwards::Kept && run.is_ok();
        let left = if stays || table.is_nothing() { None } else { self.remove(&table).await.err() };
        run.map(|run| LoadEnd { run, left })
    }

    /// The table and the sessions.
    async fn begin(&self, table: &mut Table) -> Result<(Sessions, Vec<Writer>), LoadError> {
        let first = self.access.connect(APPLICATION, CONNECT_LIMIT).await;
        let first = first.map_err(|why| self.no_session(why))?;
        let limit = CONNECT_LIMIT.mul_f64(self.clock.speed());
        let made = async {
            self.check_room(&first).await?;
            let made = table.make(&first).await;
            made.map_err(|why| LoadError::NoTable { table: table.name.clone(), why })
        };
        let late = || Err(self.no_session(AccessError::TimedOut(CONNECT_LIMIT)));
        self.clock.bounded(limit, made).await.unwrap_or_else(late)?;
        let sessions = self.sessions(table)?;
        let first = sessions.ready(first).await;
        let others = stream::iter(1..self.plan.connections).map(|_| sessions.open()).buffer_unordered(8);
        let opened: Vec<Result<Writer, String>> = stream::iter([first]).chain(others).collect().await;
        let had = opened.iter().filter(|opened| opened.is_ok()).count();
        let writers: Result<Vec<Writer>, String> = opened.into_iter().collect();
        let writers = writers.map_err(|why| LoadError::FewSessions { had, wanted: self.plan.connections, why })?;
        Ok((sessions, writers))
    }

    /// A pooler has room of its own, and how much it does not say.
    async fn check_room(&self, session: &Session) -> Result<(), LoadError> {
        if self.plan.statements == Statements::Unnamed {
            return Ok(());
        }
        let sql = "select current_setting('max_connections')::bigint \
                   - current_setting('superuser_reserved_connections')::bigint \
                   - coalesce(sum(numbackends), 0)::bigint + 1 from pg_stat_database";
        let free = session.query_one(sql, &[]).await.and_then(|row| row.try_get::<_, i64>(0));
        let free = free.map_err(|why| self.no_session(why.into()))?;
        let wanted = self.plan.connections;
        if i64::from(wanted) > free { Err(LoadError::NoRoom { wanted, free }) } else { Ok(()) }
    }

    fn no_session(&self, why: AccessError) -> LoadError {
        LoadError::NoSession { to: self.access.dsn().words(), why }
    }

    fn sessions(&self, table: &Table) -> Result<Sessions, LoadError> {
        let span = Span { from: self.plan.ramp, until: self.plan.duration };
        let tally = Tally::new(span).map_err(|error| LoadError::Lost(error.to_string()))?;
        Ok(Sessions::new(self.access.clone(), self.clock.clone(), self.plan.statements, table.sql(), tally))
    }

    fn never_begun(&self, rate: &watch::Receiver<f64>, table: &Table) -> Result<LoadRun, LoadError> {
        let sessions = self.sessions(table)?;
        Ok(sessions.tally().result(self.frame(table, *rate.borrow(), Duration::ZERO), 0))
    }

    async fn drive(
        &self,
        table: &Table,
        mut sessions: Sessions,
        writers: Vec<Writer>,
        rate: watch::Receiver<f64>,
        progress: &watch::Sender<Progress>,
        stop: Pin<&mut Fuse<impl Future<Output = ()>>>,
    ) -> Result<LoadRun, LoadError> {
        let from = self.clock.now();
        sessions.begun = Stopwatch::start();
        let sessions = Arc::new(sessions);
        let mut workers = JoinSet::new();
        for writer in writers {
            let sessions = sessions.clone();
            workers.spawn(async move { sessions.work(writer).await });
        }
        let tell = |now| drop(progress.send_replace(Progress { table: table.name.clone(), ..now }));
        let target = self.dispatch(&sessions, rate, stop, &tell).await;
        let patience = Stopwatch::start();
        while !sessions.queue.is_empty() && patience.elapsed() < GRACE {
            self.clock.sleep(sessions.paced(Duration::from_millis(5))).await;
        }
        let not_begun = sessions.close();
        while let Some(ended) = workers.join_next().await {
            ended.map_err(|error| LoadError::Lost(error.to_string()))?;
        }
        let frame = Frame { from, ..self.frame(table, target, sessions.begun.elapsed()) };
        Ok(sessions.tally().result(frame, not_begun))
    }

    fn frame(&self, table: &Table, target_writes_per_sec: f64, lasted: Duration) -> Frame {
        Frame {
            from: self.clock.now(),
            speed: self.clock.speed(),
            lasted,
            target_writes_per_sec,
            connections: self.plan.connections,
            table: table.name.clone(),
        }
    }

    /// Removes the table, trying again while a server is not there.
    async fn remove(&self, table: &Table) -> Result<(), String> {
        let passed = Stopwatch::start();
        let speed = self.clock.speed();
        loop {
            let attempt = Box::pin(async {
                let session = self.access.connect(APPLICATION, CONNECT_LIMIT).await?;
                table.remove(&session).await.map_err(AccessError::from)
            });
            let left = REMOVAL_LIMIT.saturating_sub(passed.elapsed());
            let removed = self.clock.bounded(left.mul_f64(speed), attempt).await;
            let why = match removed {
                Some(Ok(())) => return Ok(()),
                Some(Err(AccessError::Refused(error))) => words(&error),
                Some(Err(error)) => error.to_string(),
                None => format!("not done within {} s", REMOVAL_LIMIT.as_secs()),
            };
            if passed.elapsed() + Duration::from_secs(1) >= REMOVAL_LIMIT {
                return Err(format!("{} could not be removed: {why}; drop it by hand", table.name));
            }
            self.clock.sleep(Duration::from_millis(500).mul_f64(speed)).await;
        }
    }
}
