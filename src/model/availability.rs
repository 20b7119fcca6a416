//! What a client saw of a database: how long it was away for each way to it, and whether what it acknowledged is there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the canary saw from its beginning to its end. Attempts are scheduled at a fixed rhythm whatever came of those
/// before, so nothing is left out while the database is slow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Availability {
    /// The first attempt was scheduled then.
    pub from: Timestamp,
    /// The last one was over then.
    pub until: Timestamp,
    /// The rhythm of attempts.
    pub every_millis: u32,
    /// One for each way to the database.
    pub paths: Vec<PathResult>,
    /// Whether what was acknowledged is there; absent when the writer could not be asked.
    pub integrity: Option<Integrity>,
    /// Why the writer could not be asked.
    pub unchecked: Option<String>,
}

/// A way to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientPath {
    /// One session that writes, opened again when it breaks.
    Persistent,
    /// A new session for each write.
    Fresh,
    /// A session that reads.
    Reader,
    /// A session pinned to the machine that wrote at the beginning: after a move it must take no writes.
    OldWriter,
}

/// What came of the attempts on one way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathResult {
    /// The way.
    pub path: ClientPath,
    /// The rhythm of this way while all is well: where each attempt is dear to the server it is slower than that of the
    /// others, and as fast as theirs as soon as anything fails. A shorter outage may not be seen here.
    pub every_millis: u32,
    /// Attempts that were scheduled.
    pub attempts: u64,
    /// Acknowledged by the server.
    pub acknowledged: u64,
    /// Certainly not done: refused, or never sent.
    pub refused: u64,
    /// Lost after it was sent: done or not, only looking tells.
    pub unknown: u64,
    /// Begun more than one rhythm after their schedule; they are counted with their whole latency.
    pub late: u64,
    /// Each time without an acknowledgement that began with a failed attempt, oldest first.
    pub outages: Vec<ClientOutage>,
    /// Latency from the schedule to the acknowledgement.
    pub latency: Latency,
    /// One for each second in which an attempt was scheduled, oldest first.
    pub seconds: Vec<Second>,
}

/// A time without an acknowledgement: from the schedule of the first failed attempt to the first success after it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClientOutage {
    /// When the first failed attempt was scheduled.
    pub from: Timestamp,
    /// When the first success after it was acknowledged; absent if there was none.
    pub until: Option<Timestamp>,
    /// How long that is, up to the end of the canary where there was no success.
    pub millis: u64,
    /// How much longer it may have been: since the attempt before the first failed one was scheduled, which succeeded.
    pub error_millis: u64,
    /// How much shorter it may have been: until the attempt before the one that succeeded was begun.
    #[serde(default)]
    pub until_error_millis: u64,
}

/// Quantiles of latency in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The median.
    pub p50_millis: f64,
    /// Nine of ten are faster.
    pub p90_millis: f64,
    /// Ninety-nine of a hundred are faster.
    pub p99_millis: f64,
    /// 999 of a thousand are faster.
    pub p999_millis: f64,
    /// The slowest.
    pub max_millis: f64,
}

/// What came of the attempts that were scheduled within one second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Its beginning.
    pub at: Timestamp,
    /// Acknowledged.
    pub acknowledged: u32,
    /// Refused or unknown.
    pub failed: u32,
    /// The median latency of the acknowledged ones; absent when there are none.
    pub p50_millis: Option<f64>,
    /// The slowest of the acknowledged ones; absent when there are none.
    pub max_millis: Option<f64>,
}

/// What the writer has of that which was acknowledged. Asked of the writer alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrity {
    /// Acknowledged writes.
    pub acknowledged: u64,
    /// Acknowledged and not there.
    pub lost: u64,
    /// There, although certainly refused.
    pub phantom: u64,
    /// There more than once.
    pub duplicated: u64,
    /// Acknowledged by the machine that had written before, after another one had acknowledged its first.
    pub split_brain: u64,
    /// The machines that acknowledged, in the order of their first acknowledgement.
    pub writers: Vec<String>,
}

impl Availability {
    /// The same with every moment on another clock. How long things took stays as clients felt it.
    pub fn redated(mut self, date: impl Fn(Timestamp) -> Timestamp) -> Self {
        (self.from, self.until) = (date(self.from), date(self.until));
        for path in &mut self.paths {
            for outage in &mut path.outages {
                outage.from = date(outage.from);
                outage.until = outage.until.map(&date);
            }
            for second in &mut path.seconds {
                second.at = date(second.at);
            }
        }
        self
    }
}

impl PathResult {
    /// The longest outage.
    pub fn longest_outage(&self) -> Option<&ClientOutage> {
        self.outages.iter().max_by_key(|outage| outage.millis)
    }

    /// All outages together, in milliseconds.
    pub fn unavailable_millis(&self) -> u64 {
        self.outages.iter().map(|outage| outage.millis).sum()
    }
}

impl Integrity {
    /// Nothing is missing, too much, or written by two machines at once.
    pub fn is_whole(&self) -> bool {
        self.lost == 0 && self.phantom == 0 && self.duplicated == 0 && self.split_brain == 0
    }
}

impl ClientPath {
    /// In a few words, such as `persistent session`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Persistent => "persistent session",
            Self::Fresh => "new session each time",
            Self::Reader => "reader",
            Self::OldWriter => "pinned to the old writer",
        }
    }
}
