//! The one question that is put to a server each second, and what its answer means.
//!
//! It goes as one message of the simple protocol, in one transaction: that takes one round trip, leaves nothing behind in a
//! session, and works through a pooler in any of its modes.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::rates::{Counters, Sample};
use crate::model::server::{ServerId, ServerSeen};
use crate::model::text::clean;

/// `stats_reset`, counters and sessions of every database: a class carries all of them. Then the server itself: what
/// `pg_stat_activity` shows of others needs `pg_read_all_stats`, which `pg_monitor` has. RDS names its own replication slots
/// `rds_…`.
pub(super) const QUERY: &str = "
begin;
set local statement_timeout = '2s';
set local lock_timeout = '1s';
select datid, stats_reset, tup_inserted + tup_updated + tup_deleted as rows, xact_commit as commits,
       numbackends as connections
  from pg_catalog.pg_stat_database where datid > 0;
select extract(epoch from pg_catalog.clock_timestamp()) as taken,
       extract(epoch from pg_catalog.pg_postmaster_start_time()) as started,
       pg_catalog.host(pg_catalog.inet_server_addr()) || ':' || pg_catalog.inet_server_port() as address,
       not pg_catalog.pg_is_in_recovery()
         and pg_catalog.current_setting('transaction_read_only') = 'off' as is_writable,
       pg_catalog.current_setting('max_connections') as max_connections,
       case when pg_catalog.pg_has_role('pg_read_all_stats', 'usage') then coalesce(
         (select max(extract(epoch from pg_catalog.clock_timestamp() - xact_start)) from pg_catalog.pg_stat_activity
           where backend_type = 'client backend' and pid <> pg_catalog.pg_backend_pid()), 0) end as oldest,
       (select max(extract(epoch from pg_catalog.clock_timestamp() - prepared)) from pg_catalog.pg_prepared_xacts)
         as oldest_prepared;
select slot_name from pg_catalog.pg_replication_slots where slot_name not like 'rds\\_%' and not temporary
 order by slot_name limit 20;
commit;";

/// An answer, understood.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub(super) sample: Sample,
    pub(super) seen: ServerSeen,
}

/// What came at `now`; or what is missing in it.
pub(super) fn read(messages: &[SimpleQueryMessage], now: Timestamp) -> Result<Reading, String> {
    let rows = || {
        messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
    };
    let (mut databases, mut connections) = (BTreeMap::new(), 0);
    for row in rows().filter(|row| has(row, "datid")) {
        let counters =
            Counters { reset: text(row, "stats_reset"), rows: number(row, "rows")?, commits: number(row, "commits")? };
        databases.insert(number(row, "datid")?, counters);
        connections += number::<u32>(row, "connections")?;
    }
    let row = rows().find(|row| has(row, "taken")).ok_or("an answer without the server's time")?;
    let server = server_id(row)?;
    let seen = ServerSeen {
        at: now,
        id: server.clone(),
        is_writable: text(row, "is_writable").as_deref() == Some("t"),
        connections,
        max_connections: number(row, "max_connections")?,
        oldest_transaction_secs: seconds(row, "oldest")?,
        oldest_prepared_secs: seconds(row, "oldest_prepared")?,
        external_slots: rows().filter_map(|row| text(row, "slot_name")).collect(),
    };
    Ok(Reading { sample: Sample { taken_secs: number(row, "taken")?, server, databases, connections }, seen })
}

/// Which server it is, of columns `started` and `address` as in [`QUERY`].
pub(super) fn server_id(row: &SimpleQueryRow) -> Result<ServerId, String> {
    let started: f64 = number(row, "started")?;
    let started_at = Timestamp::from_microsecond((started * 1e6).round() as i64).map_err(|error| error.to_string())?;
    Ok(ServerId { started_at, address: text(row, "address") })
}

fn has(row: &SimpleQueryRow, column: &str) -> bool {
    row.columns().iter().any(|known| known.name() == column)
}

/// A text of the server, cleaned; absent where it is null, or where there is no such column.
fn text(row: &SimpleQueryRow, column: &str) -> Option<String> {
    if !has(row, column) {
        return None;
    }
    row.try_get(column).ok().flatten().map(|text| clean(text, 64))
}

fn number<T: FromStr>(row: &SimpleQueryRow, column: &str) -> Result<T, String> {
    let text = text(row, column).unwrap_or_default();
    text.parse().map_err(|_| format!("an answer that cannot be understood: `{column}` is {text:?}"))
}

/// Whole seconds of an age; a clock that was set makes none below zero.
fn seconds(row: &SimpleQueryRow, column: &str) -> Result<Option<u32>, String> {
    if text(row, column).is_none() {
        return Ok(None);
    }
    Ok(Some(number::<f64>(row, column)?.max(0.0) as u32))
}
