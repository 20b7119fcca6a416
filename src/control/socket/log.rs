//! How much a running engine tells in its log, set from another process: no order to the engine, and so no record.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::call::{AttachError, bounded, broken, greet};
use super::wire::{Ask, LineError, Said};
use crate::model::log_level::LogLevel;

/// Sets the level of a process's log, and returns the one before.
type Set = dyn Fn(LogLevel) -> Result<LogLevel, String> + Send + Sync;

/// How the log of the process that serves the socket is made to tell more or less.
#[derive(Clone)]
pub struct SetLog(Arc<Set>);

impl SetLog {
    /// By this function: it returns the level of before, or why nothing was changed.
    pub fn by(set: impl Fn(LogLevel) -> Result<LogLevel, String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(set))
    }

    /// Of a process without a log.
    pub fn none() -> Self {
        Self::by(|_| Err("this engine writes no log".to_owned()))
    }

    pub(super) fn to(&self, level: LogLevel) -> Result<LogLevel, String> {
        (self.0)(level)
    }
}

impl fmt::Debug for SetLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetLog")
    }
}

/// Sets the level of the engine's log that listens in that directory. The level of before, or why it was refused.
///
/// # Errors
/// When there is none, it turns this process away, or the line breaks.
pub async fn set_log(
    directory: &Path,
    level: LogLevel,
    ssh_client: Option<String>,
) -> Result<Result<LogLevel, String>, AttachError> {
    let (mut line, hello) = greet(directory).await?;
    let wrong = |error: LineError| broken(directory, &error.to_string());
    line.write(&Ask::Log { nonce: hello.nonce, level, ssh_client }).await.map_err(wrong)?;
    match bounded(line.read()).await.map_err(wrong)? {
        Said::Log { before, .. } => Ok(Ok(before)),
        Said::Refused { sentence } => Ok(Err(sentence)),
        Said::Hello(_) | Said::Snapshot(_) | Said::Reply(_) => Err(wrong(LineError::Closed)),
    }
}
