//! Which server takes writes behind an endpoint at this moment.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::access::{Access, AccessError};
use super::answer;
use crate::model::server::ServerId;

/// What the server shows of a session.
const APPLICATION: &str = "upshift writer";
/// It must be able to give a transaction its number, which is a write, and to have told where and since when it runs.
const QUERY: &str = "select case when current_setting('transaction_read_only') = 'off' and not pg_is_in_recovery() \
                     then pg_current_xact_id()::text end, extract(epoch from pg_postmaster_start_time()) as started, \
                     host(inet_server_addr()) || ':' || inet_server_port() as address";

/// The server that takes writes behind an endpoint, by a new session; `None` where what answers takes none, or does not
/// say which one it is.
///
/// # Errors
/// When nobody answers within `limit`.
pub async fn now(access: &Access, limit: Duration) -> Result<Option<ServerId>, AccessError> {
    let session = access.connect(APPLICATION, limit).await?;
    let answer = access.within(limit, session.simple_query(QUERY)).await?;
    let row = answer.into_iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.and_then(|row| {
        row.get(0)?;
        answer::server_id(&row).ok()
    }))
}
