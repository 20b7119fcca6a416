//! The sessions of a load: each takes what is due, does it, and comes back when its session breaks.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::mix::{Kind, Rows};
use super::queue::{Due, Queue};
use super::table::Sql;
use super::tally::{Reason, Tally};
use super::writer::{Failed, Fate, Statements, Writer};
use crate::clock::{Clock, Stopwatch};
use crate::model::text::clean;
use crate::workload::access::{Access, Session, words};

/// What the server shows of the sessions.
pub const APPLICATION: &str = "upshift load";

/// A session must be there within this time.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// A write that is not answered within this time has failed, and its session with it.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// The wait before the second try for a session; it doubles with each, up to the longest.
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// What the sessions of one load share.
pub(super) struct Sessions {
    pub(super) access: Access,
    pub(super) clock: Clock,
    pub(super) statements: Statements,
    pub(super) sql: Sql,
    pub(super) payload: String,
    pub(super) begun: Stopwatch,
    pub(super) queue: Queue,
    tally: Mutex<Tally>,
    rows: Mutex<Rows>,
    /// Why a session could not be had the last time; nothing once one could.
    trouble: Mutex<Option<String>>,
    open: AtomicU32,
    closing: watch::Sender<bool>,
}

/// Whether a session is of use after a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Usable,
    Broken,
}

impl Sessions {
    /// None yet; time begins now.
    pub(super) fn new(access: Access, clock: Clock, statements: Statements, sql: Sql, tally: Tally) -> Self {
        // Any text will do; it is as long as a short row.
        let payload = "upshift ".repeat(16);
        Self {
            access,
            clock,
            statements,
            sql,
            payload,
            begun: Stopwatch::start(),
            queue: Queue::default(),
            tally: Mutex::new(tally),
            rows: Mutex::new(Rows::default()),
            trouble: Mutex::default(),
            open: AtomicU32::new(0),
            closing: watch::Sender::new(false),
        }
    }

    /// Writes with one session until the load is closed.
    pub(super) async fn work(&self, mut writer: Writer) {
        loop {
            self.open.fetch_add(1, Ordering::Relaxed);
            let after = self.serve(&writer).await;
            self.open.fetch_sub(1, Ordering::Relaxed);
            drop(writer);
            let mut closing = self.closing.subscribe();
            let again = tokio::select! {
                biased;
                _ = closing.wait_for(|closing| *closing) => None,
                again = self.reopen(), if after == After::Broken => Some(again),
                else => None,
            };
            let Some(again) = again else { return };
            writer = again;
        }
    }

    /// Opens one session and makes it ready.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn open(&self) -> Result<Writer, String> {
        let session = self.access.connect(APPLICATION, CONNECT_LIMIT).await.map_err(|error| error.to_string())?;
        self.ready(session).await
    }

    /// Makes a session ready.
    ///
    /// # Errors
    /// In words.
    pub(super) async fn ready(&self, session: Session) -> Result<Writer, String> {
        let writer = Writer::new(session, &self.sql, self.statements);
        let writer = self.clock.bounded(self.paced(CONNECT_LIMIT), writer).await;
        writer.ok_or("the statements were not prepared in time")?.map_err(|error| words(&error))
    }

    /// Nothing that is due is begun any more, and nobody tries for a session. How many writes were not begun.
    pub(super) fn close(&self) -> u64 {
        self.closing.send_replace(true);
        self.queue.close()
    }

    /// Sessions that are usable.
    pub(super) fn open_now(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// The counts.
    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a write that nobody took up has failed, when it has waited for `limit`.
    pub(super) fn why_waiting(&self, limit: Duration) -> Reason {
        let limit_secs = limit.as_secs_f64();
        Reason::of(self.trouble().as_ref().map_or_else(
            || format!("every session was busy for {limit_secs} s"),
            |trouble| format!("no session within {limit_secs} s: {trouble}"),
        ))
    }

    /// So much time of the machine, on a clock that may be faster: a server is not.
    pub(super) fn paced(&self, duration: Duration) -> Duration {
        duration.mul_f64(self.clock.speed())
    }

    async fn serve(&self, writer: &Writer) -> After {
        while let Some(due) = self.queue.take().await {
            if self.write(writer, due).await == After::Broken {
                return After::Broken;
            }
        }
        After::Usable
    }

    async fn write(&self, writer: &Writer, due: Due) -> After {
        let row = if due.kind == Kind::Insert { None } else { self.rows().take() };
        let limit = self.paced(ANSWER_LIMIT);
        // Before there is a row, a write that needs one is an insert.
        let (kind, answer) = match (due.kind, row) {
            (Kind::Insert, _) | (_, None) => {
                let answer = self.clock.bounded(limit, writer.insert(&self.sql, &self.payload)).await;
                (Kind::Insert, answer.map(|answer| answer.map(Some)))
            }
            (Kind::Update, Some(id)) => {
                let answer = self.clock.bounded(limit, writer.update(&self.sql, id, &self.payload)).await;
                (Kind::Update, answer.map(|answer| answer.map(|()| Some(id))))
            }
            (Kind::Delete, Some(id)) => {
                let answer = self.clock.bounded(limit, writer.delete(&self.sql, id)).await;
                (Kind::Delete, answer.map(|answer| answer.map(|()| None)))
            }
        };
        let now = self.begun.elapsed();
        match answer.unwrap_or_else(|| Err(unanswered())) {
            Ok(there) => {
                self.tally().acknowledged(kind, due.at, now);
                if let Some(id) = there {
                    self.rows().put(id);
                }
                After::Usable
            }
            Err(Failed { mut reason, fate }) => {
                reason.words = clean(&reason.words, 200);
                self.tally().failed(now, reason);
                // A row whose delete was lost may be gone; one whose update was lost is there either way.
                let is_there = fate == Fate::Refused || (fate == Fate::Broken && kind == Kind::Update);
                if let Some(id) = row.filter(|_| is_there) {
                    self.rows().put(id);
                }
                if fate == Fate::Broken { After::Broken } else { After::Usable }
            }
        }
    }

    /// Tries until there is a session.
    async fn reopen(&self) -> Writer {
        let mut backoff = FIRST_BACKOFF;
        loop {
            match self.open().await {
                Ok(writer) => {
                    *self.trouble() = None;
                    return writer;
                }
                Err(words) => *self.trouble() = Some(clean(&words, 200)),
            }
            self.clock.sleep(self.paced(backoff)).await;
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
        }
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unanswered() -> Failed {
    let words = format!("no answer within {} s; it may have been done", ANSWER_LIMIT.as_secs());
    Failed { reason: Reason::of(words), fate: Fate::Broken }
}
