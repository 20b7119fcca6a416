//! Where a load writes to: a table of its own in a schema of its own, so that two loads at once, or somebody's data, never
//! meet. Only what this run has made is ever removed, and nothing by `cascade`.

use jiff::Timestamp;
use tokio_postgres::error::SqlState;

use crate::workload::access::{Session, words};

/// The schema that tables of loads are in.
pub const SCHEMA: &str = "upshift_load";

/// A table of one run. Its name is of letters, digits and `_`: it needs no quotes.
#[derive(Debug, Clone)]
pub(super) struct Table {
    /// With its schema.
    pub(super) name: String,
    stage: Stage,
}

/// What there may be of it on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Nothing,
    Table,
    SchemaAndTable,
}

/// What is sent for each kind of write; `$1` is the row, but for an insert, and the other the payload.
#[derive(Debug)]
pub(super) struct Sql {
    pub(super) insert: String,
    pub(super) update: String,
    pub(super) delete: String,
}

impl Table {
    /// The name for a run that begins at `now`; nothing is made.
    pub(super) fn named(now: Timestamp) -> Self {
        Self { name: format!("{SCHEMA}.writes_{}", now.strftime("%Y%m%d_%H%M%S_%6f")), stage: Stage::Nothing }
    }

    /// Makes the table, and the schema if there is none.
    ///
    /// # Errors
    /// In the server's words.
    pub(super) async fn make(&mut self, session: &Session) -> Result<(), String> {
        let failed = |error: tokio_postgres::Error| {
            let remedy = match error.code() {
                Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                    format!(
                        ": let the role create a schema in the database, or tables in a schema {SCHEMA} made for it"
                    )
                }
                Some(code) if *code == SqlState::READ_ONLY_SQL_TRANSACTION => {
                    ": this server takes no writes; name the writer's endpoint".to_owned()
                }
                _ => String::new(),
            };
            format!("{}{remedy}", words(&error))
        };
        // `create schema if not exists` wants the right to create one even where there is one.
        let there = session.query_opt("select 1 from pg_namespace where nspname = $1", &[&SCHEMA]).await;
        if there.map_err(failed)?.is_none() {
            self.stage = Stage::SchemaAndTable;
            session.batch_execute(&format!("create schema if not exists {SCHEMA}")).await.map_err(failed)?;
        } else {
            self.stage = Stage::Table;
        }
        let columns =
            "id bigint generated always as identity primary key, writes int not null default 1, payload text not null";
        session.batch_execute(&format!("create table {} ({columns})", self.name)).await.map_err(failed)
    }

    /// There is nothing to remove: it was never asked for.
    pub(super) fn is_nothing(&self) -> bool {
        self.stage == Stage::Nothing
    }

    /// Removes the table, and the schema if this run has made it and nothing else is in it.
    ///
    /// # Errors
    /// In the driver's words, to be tried again on another session.
    pub(super) async fn remove(&self, session: &Session) -> Result<(), tokio_postgres::Error> {
        // Server-side, since a lock that is never had would keep the session beyond any limit of ours; local, since
        // behind a pooler the session is somebody else's next.
        let drop = format!("begin; set local lock_timeout = '5s'; drop table if exists {}; commit", self.name);
        session.batch_execute(&drop).await?;
        if self.stage == Stage::SchemaAndTable
            && let Err(error) = session.batch_execute(&format!("drop schema if exists {SCHEMA}")).await
            && error.code() != Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST)
        {
            return Err(error);
        }
        Ok(())
    }

    /// What is sent.
    pub(super) fn sql(&self) -> Sql {
        let name = &self.name;
        Sql {
            insert: format!("insert into {name} (payload) values ($1) returning id"),
            update: format!("update {name} set payload = $2, writes = writes + 1 where id = $1"),
            delete: format!("delete from {name} where id = $1"),
        }
    }
}
