//! PgBouncer's admin console: `PAUSE` and `RESUME` of one database.

use std::time::Duration;

use super::access::{Access, AccessError, Session, words};
use crate::clock::{Clock, Stopwatch};

/// What PgBouncer shows of a session.
const APPLICATION: &str = "upshift pooler";
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
    /// A transaction did not end in time.
    #[error("a transaction was still open after {} ms", .0.as_millis())]
    NotIdle(Duration),
}

impl Pooler {
    /// Holds the clients; they are held when this returns, and how long it took. When it fails, a pause may have begun:
    /// [`resume`](Self::resume) is owed all the same.
    ///
    /// # Errors
    /// When PgBouncer cannot be reached or refuses, or a transaction is open for longer than `within`.
    pub async fn pause(&self, within: Duration) -> Result<Duration, PoolerError> {
        let session = self.session().await?;
        let stopwatch = Stopwatch::start();
        let order = self.order("PAUSE");
        let asked = session.simple_query(&order);
        match self.clock.bounded(within.mul_f64(self.clock.speed()), asked).await {
            Some(Ok(_)) => Ok(stopwatch.elapsed()),
            Some(Err(error)) => Err(PoolerError::Refused { order: "PAUSE", why: words(&error) }),
            None => Err(PoolerError::NotIdle(within)),
        }
    }

    /// Lets the clients go on. One that is not paused is as good.
    ///
    /// # Errors
    /// When PgBouncer cannot be reached or refuses.
    pub async fn resume(&self) -> Result<(), PoolerError> {
        let session = self.session().await?;
        let order = self.order("RESUME");
        let asked = session.simple_query(&order);
        match self.clock.bounded(CONNECT_LIMIT.mul_f64(self.clock.speed()), asked).await {
            Some(Ok(_)) => Ok(()),
            Some(Err(error)) if words(&error).contains("is not paused") => Ok(()),
            Some(Err(error)) => Err(PoolerError::Refused { order: "RESUME", why: words(&error) }),
            None => Err(PoolerError::Refused { order: "RESUME", why: "no answer".to_owned() }),
        }
    }

    async fn session(&self) -> Result<Session, PoolerError> {
        let limit = CONNECT_LIMIT.mul_f64(self.clock.speed());
        let session = self.admin.connect(APPLICATION, limit).await;
        session.map_err(|why| PoolerError::Unreachable { at: self.admin.dsn().words(), why })
    }

    fn order(&self, word: &str) -> String {
        format!("{word} \"{}\"", self.database.replace('"', "\"\""))
    }
}
