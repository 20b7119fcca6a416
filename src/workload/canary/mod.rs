//! The witness of availability: small writes at a fixed rhythm on every way that clients have, and afterwards the question
//! whether what was acknowledged is there.
//!
//! `series`, `outage` and `integrity` are the bookkeeping and know neither clock nor server; `pace` is the schedule, an open
//! loop; `door` is the edge to the server, `doorway` where its sessions come from; `writers` tells machines apart; `check` asks at the end; `setup` is the SQL of what
//! must be there.
//!
//! A new session for each write costs the server some milliseconds of CPU, a write on an open one a few tenths. So new
//! sessions, and writes at the pinned machine, which are the same as those of the persistent session while nothing has moved,
//! are made at each `quiet_every` only, and at each `every` as soon as any way fails or waits. This never leaves out an
//! attempt of the persistent session, and the result says for each outage how far its beginning is known.

mod check;
mod door;
mod doorway;
mod integrity;
mod live;
mod outage;
mod pace;
mod series;
pub mod setup;
mod timeline;
mod writers;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::access::{self, Access, AccessError, Session};
use crate::clock::Clock;
use crate::model::availability::{Availability, ClientPath};
use door::{APPLICATION, Door};
use doorway::{Doorway, Share};
use live::Board;
pub use live::{Live, LivePath};
pub use series::Outcome;
use series::Series;
use timeline::Timeline;
use writers::Writers;

/// How long an attempt has, from its beginning.
pub const DEADLINE: Duration = Duration::from_secs(1);

/// How long the first session has, and that of the check.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// What a run holds at the most on each way: a day and three hours at 20 ms. It ends by itself then.
const MOST_TICKS: u32 = 5_000_000;

const IS_READER: &str = "SELECT pg_is_in_recovery()";

/// How a canary goes about it.
#[derive(Debug, Clone)]
pub struct Plan {
    every: Duration,
    quiet_every: Duration,
    reader: Option<Access>,
    old_writer: Option<OldWriter>,
}

/// Where the machine that writes at the beginning can be reached when the endpoint has moved on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldWriter {
    /// A name or an IP address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// A run. Dropping it ends its attempts at once, without a check.
#[derive(Debug)]
pub struct Canary {
    access: Access,
    every: Duration,
    run: i64,
    timeline: Timeline,
    writers: Arc<Writers>,
    live: watch::Receiver<Live>,
    stop: watch::Sender<bool>,
    ways: JoinSet<Series>,
    paths: usize,
}

/// Why there is no canary.
#[derive(Debug, thiserror::Error)]
pub enum CanaryError {
    /// The plan cannot work, or what it names is not what it should be: one sentence for whoever wrote it.
    #[error("{0}")]
    Plan(String),
    /// A server cannot be reached or refuses.
    #[error("{0}")]
    Server(String),
    /// The table is not there, or this role may not use it.
    #[error(
        "{user} has no table for the canary in {server} ({why}): let an administrator run `upshift canary --setup --dsn \
         postgresql://ADMIN@{host}:{port}/{database} --role {user}`"
    )]
    NotSetUp {
        /// Who is to write.
        user: String,
        /// Where, for people.
        server: String,
        /// Where.
        host: String,
        /// Where.
        port: u16,
        /// Where.
        database: String,
        /// In the server's words.
        why: String,
    },
}

impl Plan {
    /// Attempts each `every`, new sessions while all is well each `quiet_every`, which is rounded down to a multiple of it.
    ///
    /// # Errors
    /// When `every` is not from 1 ms to 10 s.
    pub fn new(every: Duration, quiet_every: Duration) -> Result<Self, CanaryError> {
        if (Duration::from_millis(1)..=Duration::from_secs(10)).contains(&every) {
            Ok(Self { every, quiet_every, reader: None, old_writer: None })
        } else {
            Err(CanaryError::Plan(format!(
                "a canary's rhythm must be from 1 ms to 10 s, and {} ms is not",
                every.as_secs_f64() * 1000.0
            )))
        }
    }

    /// Also asks a reader.
    pub fn with_reader(self, reader: Access) -> Self {
        Self { reader: Some(reader), ..self }
    }

    /// Where the present writer stays reachable, when the endpoint's own address is not that of the machine.
    pub fn with_old_writer(self, old_writer: OldWriter) -> Self {
        Self { old_writer: Some(old_writer), ..self }
    }

    fn quiet_ticks(&self) -> u32 {
        (self.quiet_every.as_micros() / self.every.as_micros().max(1)).clamp(1, MOST_TICKS.into()) as u32
    }
}

impl Canary {
    /// Connects, looks that everything is in place, and begins.
    ///
    /// # Errors
    /// When a server cannot be reached, the table is missing, or the reader is none. Nothing goes on then.
    pub async fn start(access: Access, plan: Plan, clock: Clock) -> Result<Self, CanaryError> {
        let session = connect(&access).await?;
        let run = ready(&access, &session).await?;
        if let Some(reader) = &plan.reader {
            must_read(reader).await?;
        }
        let pinned = pinned(&access, &session, &plan).await?;
        let timeline = Timeline::start(clock);
        let writers = Arc::new(Writers::default());
        let (live, seen) = watch::channel(Live::default());
        let (stop, stopped) = watch::channel(false);
        let quiet_ticks = plan.quiet_ticks();
        let mut ways = JoinSet::new();
        let paths = [
            Some((ClientPath::Persistent, access.clone(), Some(session), 1)),
            Some((ClientPath::Fresh, access.clone(), None, quiet_ticks)),
            plan.reader.clone().map(|reader| (ClientPath::Reader, reader, None, 1)),
            pinned.map(|pinned| (ClientPath::OldWriter, pinned, None, quiet_ticks)),
        ];
        let count = paths.iter().flatten().count();
        for (place, (path, access, session, quiet_ticks)) in (0..).zip(paths.into_iter().flatten()) {
            // Not all at the same moment: they would wait for each other.
            let first = plan.every * place / count as u32;
            let door = Door {
                path,
                access,
                timeline: timeline.clone(),
                deadline: DEADLINE,
                run,
                writers: Arc::clone(&writers),
                kept: Mutex::new(session.map(Arc::new)),
                doorway: Doorway::new(if path == ClientPath::Fresh { Share::One } else { Share::All }),
            };
            let series = Series::new(path, first, plan.every, quiet_ticks);
            let board = Board::new(live.clone(), path);
            ways.spawn(pace::run(Arc::new(door), series, board, timeline.clone(), stopped.clone(), MOST_TICKS));
        }
        let every = plan.every;
        Ok(Self { access, every, run, timeline, writers, live: seen, stop, ways, paths: count })
    }

    /// What can be seen meanwhile. It ends when the attempts do.
    pub fn watch(&self) -> watch::Receiver<Live> {
        self.live.clone()
    }

    /// Makes no further attempt, waits for those under way, asks the writer, and tells everything. While the writer does not
    /// answer it is asked again, for half a minute.
    pub async fn stop(mut self) -> Availability {
        self.stop.send_replace(true);
        let mut series = Vec::new();
        while let Some(ended) = self.ways.join_next().await {
            series.extend(ended.ok());
        }
        let end = self.timeline.passed();
        series.sort_by_key(|series| series.path);
        let checked = if series.len() == self.paths {
            check::check(&self.access, &self.timeline, self.run, &series, &self.writers).await
        } else {
            Err("a way broke down, and what it had attempted is not known".to_owned())
        };
        let (integrity, unchecked) = match checked {
            Ok(integrity) => (Some(integrity), None),
            Err(why) => (None, Some(why)),
        };
        Availability {
            from: self.timeline.origin(),
            until: self.timeline.at(end),
            every_millis: self.every.as_millis() as u32,
            paths: series.iter().map(|series| series.result(self.timeline.origin(), end)).collect(),
            integrity,
            unchecked,
        }
    }
}

impl CanaryError {
    fn no_session(access: &Access, error: &AccessError) -> Self {
        Self::Server(format!("{}: {error}", access.dsn().words()))
    }

    fn refused(access: &Access, error: &tokio_postgres::Error) -> Self {
        Self::Server(format!("{}: {}", access.dsn().words(), access::words(error)))
    }
}

async fn connect(access: &Access) -> Result<Session, CanaryError> {
    access.connect(APPLICATION, CONNECT_LIMIT).await.map_err(|error| CanaryError::no_session(access, &error))
}

/// Whether this role can do everything that will be needed, and the number of the run, which the server draws.
async fn ready(access: &Access, session: &Session) -> Result<i64, CanaryError> {
    if is_reader(access, session).await? {
        let words = access.dsn().words();
        return Err(CanaryError::Plan(format!(
            "{words} is a reader: the canary writes, give it the writer's endpoint"
        )));
    }
    let probe = "SELECT hashtextextended(gen_random_uuid()::text, 0), \
                 (SELECT count(*) FROM upshift_canary.attempt WHERE false), \
                 has_table_privilege('upshift_canary.attempt', 'INSERT') \
                 AND has_table_privilege('upshift_canary.attempt', 'DELETE')";
    let missing = |why: String| {
        let dsn = access.dsn();
        let host = dsn.host().unwrap_or("localhost").to_owned();
        let (user, database) = (dsn.user().to_owned(), dsn.database().to_owned());
        CanaryError::NotSetUp { user, server: dsn.words(), host, port: dsn.port(), database, why }
    };
    let row = session.query_typed_one(probe, &[]).await.map_err(|error| missing(access::words(&error)))?;
    match (row.try_get(0), row.try_get::<_, bool>(2)) {
        (Ok(run), Ok(true)) => Ok(run),
        (Err(error), _) | (_, Err(error)) => Err(CanaryError::refused(access, &error)),
        (_, Ok(false)) => Err(missing("it may not write into it".to_owned())),
    }
}

async fn is_reader(access: &Access, session: &Session) -> Result<bool, CanaryError> {
    let row = session.query_typed_one(IS_READER, &[]).await;
    row.and_then(|row| row.try_get(0)).map_err(|error| CanaryError::refused(access, &error))
}

async fn started(access: &Access, session: &Session) -> Result<std::time::SystemTime, CanaryError> {
    let row = session.query_typed_one("SELECT pg_postmaster_start_time()", &[]).await;
    row.and_then(|row| row.try_get(0)).map_err(|error| CanaryError::refused(access, &error))
}

async fn must_read(reader: &Access) -> Result<(), CanaryError> {
    let session = connect(reader).await?;
    if is_reader(reader, &session).await? {
        return Ok(());
    }
    let words = reader.dsn().words();
    Err(CanaryError::Plan(format!("the reader {words} is a writer: give a reader's endpoint, or none")))
}

/// The way to the machine that writes now: what the endpoint's name means at this moment, unless it is said. A Unix socket
/// cannot be pinned.
async fn pinned(access: &Access, session: &Session, plan: &Plan) -> Result<Option<Access>, CanaryError> {
    if let Some(OldWriter { host, port }) = &plan.old_writer {
        let pinned = host.parse().map_or_else(|_| access.at(host, *port), |address| access.pinned(address, *port));
        let pinned = pinned.map_err(|error| CanaryError::Plan(error.to_string()))?;
        let there = connect(&pinned).await?;
        if started(&pinned, &there).await? != started(access, session).await? {
            let (old, words) = (pinned.dsn().words(), access.dsn().words());
            return Err(CanaryError::Plan(format!(
                "{old} is not the machine that serves {words} now: name its own address"
            )));
        }
        return Ok(Some(pinned));
    }
    let Some(host) = access.dsn().host() else { return Ok(None) };
    let port = access.dsn().port();
    let words = access.dsn().words();
    let resolved = tokio::net::lookup_host((host, port)).await;
    let addresses = resolved.map_err(|error| CanaryError::Server(format!("{words}: {error}")))?;
    let mut problem = CanaryError::Server(format!("{words}: the name has no address"));
    for address in addresses {
        let pinned = access.pinned(address.ip(), port).map_err(|error| CanaryError::no_session(access, &error))?;
        match connect(&pinned).await {
            Ok(_) => return Ok(Some(pinned)),
            Err(error) => problem = error,
        }
    }
    Err(problem)
}
