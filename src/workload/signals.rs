//! Reading a server each second: its counters, which server it is, whether it takes writes, and what a change would cut off.
//!
//! One session for each database, in one task. A reading is one round trip with a time limit of the server's and one of ours;
//! a session that fails, reaches a server that takes no writes, or is old is closed, so that the next one goes where the
//! endpoint leads by then. Nothing waits for this task: it leaves what it knows in a channel that has room for the newest.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::access::{Access, AccessError, Session, words};
use super::answer::{self, Reading};
use super::rates::Meter;
use crate::clock::{Clock, Stopwatch};
use crate::model::database::DatabaseName;
use crate::model::failure::{Failure, FailureKind};
use crate::model::series::SignalName;
use crate::model::server::{ServerMetric, ServerReading};
use crate::model::text::clean;

/// Between the beginnings of two readings.
const EVERY: Duration = Duration::from_secs(1);
/// A session that is not there after this time is given up.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The same of a reading; the server's own limit is shorter, so that no query is left there.
const READ_LIMIT: Duration = Duration::from_secs(3);
/// The longest wait before the next attempt; clients are not kept out for longer than a few of these.
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);
/// A session goes where the endpoint led when it began: it must not hold on to that for ever.
const SESSION_LASTS: Duration = Duration::from_mins(1);
/// What the server shows of a session.
const APPLICATION: &str = "upshift signals";
/// Longest words of an error that are shown.
const SHOWN_CHARS: usize = 200;

/// A server to read.
#[derive(Debug, Clone)]
pub struct Source {
    /// The database that it stands for.
    pub database: DatabaseName,
    /// The way to it.
    pub access: Access,
    /// What is read as a signal, and the length of its periods in seconds.
    pub signals: Vec<(SignalName, ServerMetric, u32)>,
}

/// Reads until it is dropped.
pub async fn read_always(source: Source, clock: Clock, out: watch::Sender<ServerReading>) {
    let mut reader = Reader::of(&source, &clock);
    let mut failures = 0_u32;
    loop {
        let stopwatch = Stopwatch::start();
        match reader.read(&source, &clock).await {
            Ok(()) => failures = 0,
            Err(failure) => {
                failures += 1;
                reader.known.failure = Some(failure);
            }
        }
        out.send_replace(reader.known.clone());
        let pause = EVERY * 2_u32.saturating_pow(failures.saturating_sub(1)).max(1);
        let pause = pause.min(LONGEST_BACKOFF).saturating_sub(stopwatch.elapsed());
        clock.sleep(pause.mul_f64(clock.speed())).await;
    }
}

/// One reading, for who wants to know once.
pub async fn read_once(source: &Source, clock: &Clock) -> ServerReading {
    let mut reader = Reader::of(source, clock);
    if let Err(failure) = reader.read(source, clock).await {
        reader.known.failure = Some(failure);
    }
    reader.known
}

struct Reader {
    session: Option<(Session, Stopwatch)>,
    meter: Meter,
    known: ServerReading,
}

impl Reader {
    fn of(source: &Source, clock: &Clock) -> Self {
        let meter = Meter::new(source.signals.iter().cloned(), clock.speed());
        Self { session: None, meter, known: ServerReading::default() }
    }

    async fn read(&mut self, source: &Source, clock: &Clock) -> Result<(), Failure> {
        if self.session.as_ref().is_some_and(|(_, begun)| begun.elapsed() >= SESSION_LASTS) {
            self.close();
        }
        let session = if let Some(open) = self.session.take() {
            open
        } else {
            let limit = CONNECT_LIMIT.mul_f64(clock.speed());
            let session = source.access.connect(APPLICATION, limit).await;
            let session = session.map_err(|error| failure_of(source, kind_of(&error), &connect_words(&error)))?;
            (session, Stopwatch::start())
        };
        let answer = clock.bounded(READ_LIMIT.mul_f64(clock.speed()), session.0.simple_query(answer::QUERY)).await;
        let now = clock.now();
        let read = match answer {
            None => Err((FailureKind::Network, format!("no answer within {} s", READ_LIMIT.as_secs()))),
            Some(Err(error)) => Err((kind_of_error(&error), words(&error))),
            Some(Ok(messages)) => answer::read(&messages, now).map_err(|why| (FailureKind::Service, why)),
        };
        match read {
            Ok(reading) => {
                self.session = Some(session);
                self.take(now, reading);
                Ok(())
            }
            Err((kind, why)) => {
                self.close();
                Err(failure_of(source, kind, &why))
            }
        }
    }

    fn take(&mut self, now: Timestamp, reading: Reading) {
        self.meter.take(now, reading.sample);
        // Of a machine that others have replaced, or a standby: the endpoint may lead elsewhere by now.
        if !reading.seen.is_writable {
            self.close();
        }
        self.known = ServerReading { series: self.meter.series(), seen: Some(reading.seen), failure: None };
    }

    fn close(&mut self) {
        self.session = None;
        self.meter.lost();
    }
}

fn failure_of(source: &Source, kind: FailureKind, why: &str) -> Failure {
    let Source { database, access, .. } = source;
    Failure {
        kind,
        operation: format!("PostgreSQL {database}"),
        sentence: format!(
            "PostgreSQL {database} at {}: {}; trying again, and what is not read counts as missing",
            clean(&access.dsn().words(), SHOWN_CHARS),
            clean(why, SHOWN_CHARS)
        ),
        request_id: None,
    }
}

/// In real time, whatever the clock in use is.
fn connect_words(error: &AccessError) -> String {
    match error {
        AccessError::TimedOut(_) => format!("no session within {} s", CONNECT_LIMIT.as_secs()),
        error => error.to_string(),
    }
}

fn kind_of(error: &AccessError) -> FailureKind {
    match error {
        AccessError::Settings(_) => FailureKind::Rejected,
        AccessError::Password(_) => FailureKind::NoCredentials,
        AccessError::TimedOut(_) => FailureKind::Network,
        AccessError::Refused(error) => kind_of_error(error),
    }
}

/// By the class of the server's code: 28 is who may enter, 42 what may be asked; the others pass.
fn kind_of_error(error: &tokio_postgres::Error) -> FailureKind {
    match error.as_db_error().map(|server| server.code().code()) {
        Some(code) if code.starts_with("28") || code == "42501" => FailureKind::AccessDenied,
        Some(code) if code.starts_with("42") => FailureKind::Rejected,
        Some(_) => FailureKind::Service,
        None => FailureKind::Network,
    }
}
