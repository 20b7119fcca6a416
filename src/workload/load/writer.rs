//! One session that writes: each write is one statement, its own transaction, and is over when the server says so.
//!
//! A session has one write under way at a time, as an application's has: what more sessions are worth is then seen, and a
//! slow write holds up nobody but those who wait for its session.

use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Statement};

use super::table::Sql;
use super::tally::Reason;
use crate::workload::access::{Session, words};

/// How statements are given to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statements {
    /// Prepared once for each session.
    Prepared,
    /// Parsed with each write and left unnamed, in one round trip: for a pooler that gives each transaction another
    /// session and knows no prepared statements.
    Unnamed,
}

/// A session that is ready to write.
#[derive(Debug)]
pub(super) struct Writer {
    session: Session,
    prepared: Option<Prepared>,
}

#[derive(Debug)]
struct Prepared {
    insert: Statement,
    update: Statement,
    delete: Statement,
}

/// Why a write failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) reason: Reason,
    /// What became of the row and the session.
    pub(super) fate: Fate,
}

/// What a failure leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The server said no: nothing was done, and the session can go on.
    Refused,
    /// The session is of no use any more; the write may have been done.
    Broken,
    /// The row that was written to is not there.
    Gone,
}

impl Writer {
    /// Makes a session ready.
    ///
    /// # Errors
    /// When the statements cannot be prepared.
    pub(super) async fn new(session: Session, sql: &Sql, statements: Statements) -> Result<Self, Error> {
        let prepared = match statements {
            Statements::Unnamed => None,
            Statements::Prepared => Some(Prepared {
                insert: session.prepare(&sql.insert).await?,
                update: session.prepare(&sql.update).await?,
                delete: session.prepare(&sql.delete).await?,
            }),
        };
        Ok(Self { session, prepared })
    }

    /// A new row: its identifier.
    pub(super) async fn insert(&self, sql: &Sql, payload: &str) -> Result<i64, Failed> {
        let row = match &self.prepared {
            Some(prepared) => self.session.query_one(&prepared.insert, &[&payload]).await,
            None => self.session.query_typed_one(&sql.insert, &[(&payload, Type::TEXT)]).await,
        };
        row.and_then(|row| row.try_get(0)).map_err(|error| self.failed(&error))
    }

    /// Another payload for a row.
    pub(super) async fn update(&self, sql: &Sql, id: i64, payload: &str) -> Result<(), Failed> {
        let prepared = self.prepared.as_ref().map(|prepared| &prepared.update);
        self.one_row(prepared, &sql.update, &[(&id, Type::INT8), (&payload, Type::TEXT)]).await
    }

    /// A row less.
    pub(super) async fn delete(&self, sql: &Sql, id: i64) -> Result<(), Failed> {
        let prepared = self.prepared.as_ref().map(|prepared| &prepared.delete);
        self.one_row(prepared, &sql.delete, &[(&id, Type::INT8)]).await
    }

    async fn one_row(
        &self,
        prepared: Option<&Statement>,
        sql: &str,
        values: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<(), Failed> {
        let hit = match prepared {
            Some(statement) => {
                let values: Vec<&(dyn ToSql + Sync)> = values.iter().map(|(value, _)| *value).collect();
                self.session.execute(statement, &values).await
            }
            None => self.session.execute_typed(sql, values).await,
        };
        match hit {
            Ok(1) => Ok(()),
            Ok(_) => {
                let words = "the row was not there, though its insert was acknowledged".to_owned();
                Err(Failed { reason: Reason::of(words), fate: Fate::Gone })
            }
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &Error) -> Failed {
        let fate = match error.code() {
            Some(code) if !ends_session(code) && !self.session.is_closed() => Fate::Refused,
            _ => Fate::Broken,
        };
        let words = words(error);
        let key = error.code().map_or_else(|| words.clone(), |code| code.code().to_owned());
        Failed { reason: Reason { key, words }, fate }
    }
}

/// A shutdown, a lost way, or a server that has become a reader: the endpoint leads to another one by now, or soon.
fn ends_session(code: &SqlState) -> bool {
    *code == SqlState::READ_ONLY_SQL_TRANSACTION || code.code().starts_with("57P") || code.code().starts_with("08")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_goes_or_became_a_reader_ends_the_session_and_a_refusal_does_not() {
        for code in ["25006", "57P01", "57P02", "57P03", "57P05", "08006"] {
            assert!(ends_session(&SqlState::from_code(code)), "{code}");
        }
        for code in ["23505", "40001", "42501", "53100", "57014"] {
            assert!(!ends_session(&SqlState::from_code(code)), "{code}");
        }
    }
}
