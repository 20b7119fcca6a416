//! Which server takes writes behind an endpoint at this moment.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::access::{Access, AccessError};

/// What the server shows of a session.
const APPLICATION: &str = "upshift writer";
/// It must be able to give a transaction its number, which is a write, and to have told since when it runs: another
/// machine, or another life of it, says another time.
const QUERY: &str = "select case when current_setting('transaction_read_only') = 'off' and not pg_is_in_recovery() \
                     then pg_current_xact_id()::text end, pg_postmaster_start_time()::text";

/// A server that takes writes, by the moment at which it began to run, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer(String);

/// The writer behind an endpoint, by a new session; `None` where what answers takes no writes.
///
/// # Errors
/// When nobody answers within `limit`.
pub async fn now(access: &Access, limit: Duration) -> Result<Option<Writer>, AccessError> {
    let session = access.connect(APPLICATION, limit).await?;
    let answer = access.within(limit, session.simple_query(QUERY)).await?;
    let row = answer.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.and_then(|row| row.get(0).and(row.get(1)).map(|began| Writer(began.to_owned()))))
}
