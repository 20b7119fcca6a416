//! PgBouncer's admin console: `PAUSE` and `RESUME` of one database, and what stands in the way of them.

use std::time::Duration;

use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::access::{Access, AccessError, Session, words};
use crate::clock::{Clock, Stopwatch};

/// What PgBouncer shows of a session.
const APPLICATION: &str = "upshift pooler";
/// The same of one that asks for a pause; the database follows.
const PAUSING: &str = "upshift pause";
/// A session with the console that is not there after this time is given up.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// One database of a PgBouncer.
#[derive(Debug, Clone)]
pub struct Pooler {
    /// Its admin console.
    pub admin: Access,
    /// What PgBouncer calls the database.
    pub database: String,
    /// How long is waited for.
    pub clock: Clock,
}

/// Why PgBouncer did not do it.
#[derive(Debug, thiserror::Error)]
pub enum PoolerError {
    /// The console cannot be reached.
    #[error("PgBouncer at {at}: {why}")]
    Unreachable {
        /// For people.
        at: String,
        /// What happened.
        why: AccessError,
    },
    /// It says no.
    #[error("PgBouncer refuses {order}: {why}")]
    Refused {
        /// What was asked for.
        order: &'static str,
        /// Its words.
        why: String,
    },
    /// It would make up one from its fallback `*`, which holds nobody.
    #[error("PgBouncer has no database {0}: `SHOW DATABASES` names those that it has")]
    NoDatabase(String),
    /// It is paused or disabled by other hands, and stays so.
    #[error("{0} is paused or disabled by somebody else, who lets its clients go on: until then nothing is paused")]
    ByOthers(String),
    /// A transaction did not end in time.
    #[error("a transaction was still open after {} ms", .0.as_millis())]
    NotIdle(Duration),
    /// A session that asked for a pause is still there: what it asked for may come after any `RESUME`.
    #[error("PgBouncer still has a session that asked for the pause")]
    StillAsked,
}

/// A database as the console shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolerSeen {
    /// Where it leads, `host:port`.
    pub leads_to: String,
    /// `session`, `transaction` or `statement`.
    pub pool_mode: String,
    /// How long a client waits before it is sent away; zero for ever. Absent where PgBouncer does not say.
    pub query_wait: Option<Duration>,
    /// How long it may take an old address for that of the name. Absent where PgBouncer does not say.
    pub dns_max_ttl: Option<Duration>,
}

/// A console at which a pause can be asked for.
#[derive(Debug)]
pub struct Door<'a> {
    pooler: &'a Pooler,
    session: Session,
}

impl Pooler {
    /// Opens the console for a pause; nothing is asked for yet.
    ///
    /// # Errors
    /// When PgBouncer cannot be reached, has no such database, or somebody else has paused it.
    pub async fn door(&self) -> Result<Door<'_>, PoolerError> {
        let session = self.session(&self.pausing()).await?;
        self.database_row(&session).await?;
        Ok(Door { pooler: self, session })
    }

    /// What would matter for a pause.
    ///
    /// # Errors
    /// As [`door`](Self::door).
    pub async fn look(&self) -> Result<PoolerSeen, PoolerError> {
        let session = self.session(APPLICATION).await?;
        let row = self.database_row(&session).await?;
        let config = self.rows(&session, "SHOW CONFIG").await?;
        let value = |key: &str| {
            let row = config.iter().find(|row| row.get("key") == Some(key));
            row.and_then(|row| row.get("value")).unwrap_or_default().to_owned()
        };
        let of_database = row.get("pool_mode").filter(|mode| !mode.is_empty());
        Ok(PoolerSeen {
            leads_to: format!("{}:{}", row.get("host").unwrap_or("socket"), row.get("port").unwrap_or("?")),
            pool_mode: of_database.map_or_else(|| value("pool_mode"), str::to_owned),
            query_wait: secs(&value("query_wait_timeout")),
            dns_max_ttl: secs(&value("dns_max_ttl")),
        })
    }

    /// Lets the clients go on. One that is not paused is as good. When this returns, no pause that was asked for before
    /// can begin any more.
    ///
    /// # Errors
    /// When PgBouncer cannot be reached or refuses, or a pause may still begin.
    pub async fn resume(&self) -> Result<(), PoolerError> {
        let session = self.session(APPLICATION).await?;
        // What a session asked for that is seen to be gone came before this.
        let clients = self.rows(&session, "SHOW CLIENTS").await;
        let order = self.order("RESUME");
        let asked = session.simple_query(&order);
        match self.bounded(CONNECT_LIMIT, asked).await {
            Some(Ok(_)) => {}
            Some(Err(error)) if words(&error).contains("is not paused") => {}
            Some(Err(error)) => return Err(PoolerError::Refused { order: "RESUME", why: words(&error) }),
            None => return Err(PoolerError::Refused { order: "RESUME", why: "no answer".to_owned() }),
        }
        // An older PgBouncer does not tell what its sessions are called, and one that does not answer this did RESUME.
        let pausing = self.pausing();
        let asks = |row: &SimpleQueryRow| row.try_get("application_name").ok().flatten() == Some(pausing.as_str());
        if clients.is_ok_and(|clients| clients.iter().any(asks)) { Err(PoolerError::StillAsked) } else { Ok(()) }
    }

    /// The database's row, when a pause of it would be ours alone.
    async fn database_row(&self, session: &Session) -> Result<SimpleQueryRow, PoolerError> {
        let rows = self.rows(session, "SHOW DATABASES").await?;
        let row = rows.into_iter().find(|row| row.get("name") == Some(self.database.as_str()));
        let row = row.ok_or_else(|| PoolerError::NoDatabase(self.database.clone()))?;
        let is = |column: &str| row.try_get(column).ok().flatten() == Some("1");
        if is("paused") || is("disabled") { Err(PoolerError::ByOthers(self.database.clone())) } else { Ok(row) }
    }

    async fn rows(&self, session: &Session, order: &'static str) -> Result<Vec<SimpleQueryRow>, PoolerError> {
        let answer = match self.bounded(CONNECT_LIMIT, session.simple_query(order)).await {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => return Err(PoolerError::Refused { order, why: words(&error) }),
            None => return Err(PoolerError::Refused { order, why: "no answer".to_owned() }),
        };
        let row = |message| if let SimpleQueryMessage::Row(row) = message { Some(row) } else { None };
        Ok(answer.into_iter().filter_map(row).collect())
    }

    async fn session(&self, application: &str) -> Result<Session, PoolerError> {
        let limit = CONNECT_LIMIT.mul_f64(self.clock.speed());
        let session = self.admin.connect(application, limit).await;
        session.map_err(|why| PoolerError::Unreachable { at: self.admin.dsn().words(), why })
    }

    async fn bounded<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        self.clock.bounded(limit.mul_f64(self.clock.speed()), work).await
    }

    /// Only what PostgreSQL lets into a name of an application.
    fn pausing(&self) -> String {
        let shown = |sign: char| if sign.is_ascii_graphic() { sign } else { '?' };
        format!("{PAUSING} {}", self.database.chars().map(shown).take(40).collect::<String>())
    }

    fn order(&self, word: &str) -> String {
        format!("{word} \"{}\"", self.database.replace('"', "\"\""))
    }
}

impl Door<'_> {
    /// Holds the clients; they are held when this returns, and how long it took. When it fails, or is dropped, a pause may
    /// have begun, or begin yet: [`resume`](Pooler::resume) is owed all the same.
    ///
    /// # Errors
    /// When PgBouncer refuses, the session is lost, or a transaction is open for longer than `within`.
    pub async fn pause(self, within: Duration) -> Result<Duration, PoolerError> {
        let stopwatch = Stopwatch::start();
        let order = self.pooler.order("PAUSE");
        match self.pooler.bounded(within, self.session.simple_query(&order)).await {
            Some(Ok(_)) => Ok(stopwatch.elapsed()),
            Some(Err(error)) => Err(PoolerError::Refused { order: "PAUSE", why: words(&error) }),
            None => Err(PoolerError::NotIdle(within)),
        }
    }
}

fn secs(text: &str) -> Option<Duration> {
    text.parse().ok().and_then(|secs| Duration::try_from_secs_f64(secs).ok())
}
