//! One way to the database, over the wire: what is sent, and what an answer or its absence means.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio_postgres::Error;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::Type;

use super::doorway::Doorway;
use super::pace::Way;
use super::series::Outcome;
use super::setup::path_number;
use super::timeline::Timeline;
use super::writers::{Writers, moment};
use crate::model::availability::ClientPath;
use crate::workload::access::{Access, Session};

/// What the server shows of the canary's sessions.
pub(super) const APPLICATION: &str = "upshift canary";

/// One statement, which is one transaction. Not prepared, so that poolers of every kind let it pass.
const WRITE: &str =
    "INSERT INTO upshift_canary.attempt (run, path, seq, sched_ts) VALUES ($1, $2, $3, $4) RETURNING writer";

const READ: &str = "SELECT pg_is_in_recovery()";

/// A way and its session.
#[derive(Debug)]
pub(super) struct Door {
    pub(super) path: ClientPath,
    pub(super) access: Access,
    pub(super) timeline: Timeline,
    /// Each attempt has so long.
    pub(super) deadline: Duration,
    pub(super) run: i64,
    pub(super) writers: Arc<Writers>,
    /// The session that is kept from attempt to attempt; a new one each time has none.
    pub(super) kept: Mutex<Option<Arc<Session>>>,
    pub(super) doorway: Doorway,
}

impl Way for Door {
    fn attempt(self: Arc<Self>, tick: u32, due: Duration) -> BoxFuture<'static, (Outcome, Duration)> {
        Box::pin(async move { self.make(tick, due).await })
    }
}

impl Door {
    async fn make(&self, tick: u32, due: Duration) -> (Outcome, Duration) {
        let deadline = self.timeline.passed() + self.deadline;
        let Some(session) = self.session(deadline).await else {
            // Nothing was sent.
            return (Outcome::Refused, self.timeline.passed());
        };
        let result = self.timeline.bounded(deadline, self.send(&session, tick, due)).await;
        let done = self.timeline.passed();
        let outcome = match result {
            Some(Ok(Some(started))) => {
                let (writer, is_new) = self.writers.number(started);
                self.keep(&session);
                if is_new {
                    // The attempt is over; this is for people, and has its own time.
                    self.timeline.bounded(done + self.deadline, self.writers.ask(writer, &session)).await;
                }
                Outcome::Written(writer)
            }
            Some(Ok(None)) => {
                self.keep(&session);
                Outcome::Read
            }
            Some(Err(error)) => {
                if self.is_of_no_use_after(&error) {
                    self.forget(&session);
                }
                outcome_of(&error)
            }
            None => {
                self.forget(&session);
                Outcome::Unknown
            }
        };
        (outcome, done)
    }

    /// The kept session, else a new one.
    async fn session(&self, deadline: Duration) -> Option<Arc<Session>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|session| !session.is_closed()) {
            return Some(kept);
        }
        self.timeline.bounded(deadline, self.doorway.session(&self.access, self.deadline)).await?
    }

    /// The moment at which the machine that took the write was started; `None` of a reader.
    async fn send(&self, session: &Session, tick: u32, due: Duration) -> Result<Option<jiff::Timestamp>, Error> {
        if self.path == ClientPath::Reader {
            return session.query_typed_one(READ, &[]).await.map(|_| None);
        }
        let (path, seq, due) = (path_number(self.path), i64::from(tick), self.timeline.system_time(due));
        let values: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] =
            [(&self.run, Type::INT8), (&path, Type::INT2), (&seq, Type::INT8), (&due, Type::TIMESTAMPTZ)];
        let row = session.query_typed_one(WRITE, &values).await?;
        Ok(moment(row.try_get(0)?))
    }

    fn keep(&self, session: &Arc<Session>) {
        if self.path == ClientPath::Fresh {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_none_or(|kept| kept.is_closed()) {
            *kept = Some(Arc::clone(session));
        }
        self.doorway.forget(session);
    }

    /// The next attempt opens another one. Attempts that are under way on this one go on to their deadlines.
    fn forget(&self, session: &Arc<Session>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, session)) {
            *kept = None;
        }
        self.doorway.forget(session);
    }

    /// A server that has become read-only is not the writer any more: as a client's pool does, ask the endpoint anew. Pinned
    /// to it there is nothing else to ask.
    fn is_of_no_use_after(&self, error: &Error) -> bool {
        let is_read_only = error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION);
        ends_session(error) || (is_read_only && self.path != ClientPath::OldWriter)
    }
}

/// A server that says no to a statement and goes on has undone it. One that ends the session with its word, and one that says
/// nothing, may have done it before.
fn outcome_of(error: &Error) -> Outcome {
    let is_unsure = |code: &SqlState| {
        // 08: connection exceptions, which poolers tell too; 40003: statement completion unknown.
        code.code().starts_with("08") || *code == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
    };
    match error.code() {
        Some(code) if !ends_session(error) && !is_unsure(code) => Outcome::Refused,
        _ => Outcome::Unknown,
    }
}

fn ends_session(error: &Error) -> bool {
    let Some(server) = error.as_db_error() else { return true };
    // Servers since 9.6 tell it in English whatever their language.
    server.parsed_severity() != Some(Severity::Error)
}
