//! What is measured of a running server, many times a second.
//!
//! PostgreSQL 15 flushes its counters once a second per session. What must be fresh is taken from a figure that is: the next
//! transaction id counts transactions that write. The position in the log is not one for its bytes: a base backup moves it
//! to the next segment twice, and 16 MiB at a time would be told that nobody has written.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::Machine;
use super::server::{Superuser, superuser};
use crate::clock::{Clock, Stopwatch};
use crate::sim::Sim;
use crate::sim::world::real::{Reading, Size};

/// At 60 times real time a minute has ten of them.
const EVERY: Duration = Duration::from_millis(100);
/// Of a clock tick in `/proc`; the same on every Linux.
const TICKS_PER_SEC: f64 = 100.0;

const QUERY: &str = "
select w.wal_bytes::float8,
       case when pg_is_in_recovery() then 0 else pg_snapshot_xmax(pg_current_snapshot())::text::float8 end,
       d.inserted, d.updated, d.deleted, d.read,
       (select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())::float8,
       w.wal_write::float8, w.wal_write_time
from (select sum(tup_inserted)::float8 as inserted, sum(tup_updated)::float8 as updated,
             sum(tup_deleted)::float8 as deleted, sum(blks_read)::float8 as read from pg_stat_database) d,
     pg_stat_wal w";

/// A server to be measured.
pub(super) struct Gauge {
    /// Where readings go.
    pub(super) sim: Sim,
    /// Its `DbiResourceId`.
    pub(super) id: String,
    /// Its socket.
    pub(super) folder: PathBuf,
    /// Its endpoint's view of it.
    pub(super) machine: Arc<Machine>,
    /// The main process.
    pub(super) pid: u32,
    /// Its class.
    pub(super) size: Size,
}

/// Figures that only grow, but for the number of sessions.
struct Counters {
    watch: Stopwatch,
    wal_bytes: f64,
    transactions: f64,
    rows: [f64; 3],
    blocks_read: f64,
    connections: f64,
    wal_writes: f64,
    wal_write_millis: f64,
    cpu_secs: f64,
}

impl Gauge {
    /// Measures until the server is gone. A server that does not answer is not measured.
    pub(super) async fn run(self) {
        let clock = Clock::system();
        let mut session = None;
        let mut before: Option<Counters> = None;
        loop {
            clock.sleep(EVERY).await;
            let Some(open) = &session else {
                session = superuser(&self.folder, self.machine.address.port()).await.ok();
                before = None;
                continue;
            };
            match self.look(open).await {
                Some(now) => {
                    if let Some(before) = &before {
                        let reading = self.reading(before, &now);
                        self.sim.world().measured(&self.id, reading);
                    }
                    before = Some(now);
                }
                None => session = None,
            }
        }
    }

    async fn look(&self, session: &Superuser) -> Option<Counters> {
        let row = session.client.query_one(QUERY, &[]).await.ok()?;
        let value = |index: usize| row.try_get::<_, f64>(index).ok();
        Some(Counters {
            watch: Stopwatch::start(),
            wal_bytes: value(0)?,
            transactions: value(1)?,
            rows: [value(2)?, value(3)?, value(4)?],
            blocks_read: value(5)?,
            connections: value(6)?,
            wal_writes: value(7)?,
            wal_write_millis: value(8)?,
            cpu_secs: cpu_secs(self.pid),
        })
    }

    fn reading(&self, before: &Counters, now: &Counters) -> Reading {
        let secs = (before.watch.elapsed().as_secs_f64() - now.watch.elapsed().as_secs_f64()).max(0.001);
        let rate = |of: fn(&Counters) -> f64| ((of(now) - of(before)) / secs).max(0.0);
        let log_writes = now.wal_writes - before.wal_writes;
        let log_write_secs =
            if log_writes > 0.0 { (now.wal_write_millis - before.wal_write_millis) / log_writes / 1e3 } else { 0.0 };
        Reading {
            transactions_per_sec: rate(|it| it.transactions),
            reads_per_sec: rate(|it| it.blocks_read),
            connections: now.connections,
            cpu_percent: (rate(|it| it.cpu_secs) / self.size.vcpus * 100.0).min(100.0),
            write_latency_secs: log_write_secs.max(0.0) + self.machine.throttle.mean_wait_secs(),
            wal_bytes_per_sec: rate(|it| it.wal_bytes),
            rows_per_sec: [rate(|it| it.rows[0]), rate(|it| it.rows[1]), rate(|it| it.rows[2])],
        }
    }
}

/// CPU time of a server: its main process, the children that it has waited for, and those that run.
fn cpu_secs(pid: u32) -> f64 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let running: f64 = children.split_whitespace().map(|child| ticks(child, &[13, 14])).sum();
    (ticks(&pid.to_string(), &[13, 14, 15, 16]) + running) / TICKS_PER_SEC
}

/// The sum of fields of a process's `stat`, counted from 0; the name in the second one can hold blanks.
fn ticks(pid: &str, fields: &[usize]) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(") ") else { return 0.0 };
    let values: Vec<&str> = rest.split(' ').collect();
    // `rest` begins with the third field.
    fields.iter().filter_map(|field| values.get(field - 2)?.parse::<f64>().ok()).sum()
}
