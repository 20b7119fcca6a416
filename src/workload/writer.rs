//! Which server takes writes behind an endpoint at this moment.

use std::time::Duration;

use tokio_postgres::SimpleQueryMessage;

use super::access::{Access, AccessError};

/// What the server shows of a session.
const APPLICATION: &str = "upshift writer";
/// It must be able to give a transaction its number, which is a write, and to have told where and since when it runs.
const QUERY: &str = "select case when current_setting('transaction_read_only') = 'off' and not pg_is_in_recovery() \
                     then pg_current_xact_id()::text end, pg_postmaster_start_time()::text, \
                     host(inet_server_addr()) || ':' || inet_server_port()";

/// A server that takes writes, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// When it began to run. A machine that is restarted says another time, and is none other for that.
    pub began: String,
    /// The address and port that it answers from; absent over a Unix socket. A machine can have several.
    pub place: Option<String>,
}

impl Writer {
    /// Whether this is another machine, and not another life of that one, nor another way to it.
    pub fn is_another_than(&self, before: &Self) -> bool {
        let elsewhere = self.place != before.place || self.place.is_none();
        self.began != before.began && elsewhere
    }
}

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
    Ok(row.and_then(|row| {
        row.get(0)?;
        Some(Writer { began: row.get(1)?.to_owned(), place: row.get(2).map(str::to_owned) })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_neither_another_life_of_one_nor_another_way_to_it() {
        let writer = |began: &str, place: Option<&str>| Writer { began: began.into(), place: place.map(Into::into) };
        let before = writer("10:00", Some("10.0.0.1:5432"));
        assert!(writer("09:00", Some("10.0.0.2:5432")).is_another_than(&before));
        assert!(!writer("10:05", Some("10.0.0.1:5432")).is_another_than(&before), "it was restarted");
        assert!(!writer("10:00", Some("fd00::1:5432")).is_another_than(&before), "its other address");
        assert!(writer("10:05", None).is_another_than(&writer("10:00", None)), "over a socket nothing else is known");
    }
}
