//! The machines that acknowledged, numbered as they were met.
//!
//! A machine is known by the moment at which its postmaster started, in microseconds, which the server itself puts into
//! each row: two copies of one cluster share their identifier, their data and perhaps their address, but not that. Address and
//! timeline are asked once for each machine and are for people: they are no part of its identity, because one machine has
//! several addresses, and a standby's timeline changes when it is promoted.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::workload::access::Session;

/// Those that were met; all who hold it by reference see the same.
#[derive(Debug, Default)]
pub(super) struct Writers {
    met: Mutex<Vec<Writer>>,
}

#[derive(Debug)]
struct Writer {
    started: Timestamp,
    words: Option<String>,
}

/// Its start and its address.
const WHO: &str = "SELECT pg_postmaster_start_time(), coalesce(host(inet_server_addr()), 'a local socket'), \
     coalesce(inet_server_port()::text, current_setting('port'))";

/// Not everybody who speaks PostgreSQL's protocol has this one.
const TIMELINE: &str = "SELECT pg_postmaster_start_time(), left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)";

impl Writers {
    /// The number of the machine that started then, and whether it is yet to be asked who it is.
    pub(super) fn number(&self, started: Timestamp) -> (u16, bool) {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let known = met.iter().position(|writer| writer.started == started);
        let place = known.unwrap_or_else(|| {
            met.push(Writer { started, words: None });
            met.len() - 1
        });
        (place.try_into().unwrap_or(u16::MAX), met.get(place).is_some_and(|writer| writer.words.is_none()))
    }

    /// Asks who it is. A session through a pooler can lead to another machine each time: then nothing is learnt.
    pub(super) async fn ask(&self, number: u16, session: &Session) {
        let Ok(row) = session.query_typed_one(WHO, &[]).await else { return };
        let (Ok(started), Ok(host), Ok(port)) = (row.try_get(0), row.try_get::<_, &str>(1), row.try_get::<_, &str>(2))
        else {
            return;
        };
        let mut words = format!("{host}:{port}");
        if let Ok(row) = session.query_typed_one(TIMELINE, &[]).await
            && row.try_get(0).ok() == Some(started)
            && let Ok(timeline) = row.try_get::<_, &str>(1)
        {
            words = format!("{words}, timeline {}", u32::from_str_radix(timeline, 16).unwrap_or_default());
        }
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = met.get_mut(usize::from(number)).filter(|writer| moment(started) == Some(writer.started))
        {
            writer.words = Some(words);
        }
    }

    /// Who it is.
    pub(super) fn words(&self, number: u16) -> String {
        let met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Writer { started, words }) = met.get(usize::from(number)) else { return "nobody".to_owned() };
        format!("{}, started {started}", words.as_deref().unwrap_or("address not known"))
    }
}

/// What the driver reads a `timestamptz` as.
pub(super) fn moment(time: std::time::SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}
