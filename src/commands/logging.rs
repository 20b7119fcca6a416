//! Diagnostics: a rolling file always, and stderr where no console owns the terminal.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::{FormatFields, format};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, reload};

use crate::control::socket::SetLog;
use crate::model::log_level::LogLevel;
use crate::model::secret::struck;
use crate::model::text::clean;

/// Longest message or field.
const LOGGED_CHARS: usize = 2_000;
/// Days of log files that are kept.
const FILES: usize = 14;

/// The log of this process.
pub(super) struct Log {
    /// How it is made to tell more or less.
    pub(super) set: SetLog,
    /// What was logged is on disk once this is dropped.
    _guard: WorkerGuard,
}

/// Starts diagnostics into `directory/log/`. What was logged is on disk once the log is dropped.
///
/// # Errors
/// When the file cannot be made; the sentence says why.
pub(super) fn start(directory: &Path, to_stderr: bool, color: bool) -> Result<Log, String> {
    let place = directory.join("log");
    // Made here, because the appender complains on stderr of a directory that is not there yet.
    std::fs::create_dir_all(&place)
        .map_err(|error| format!("no log can be written to {}: {error}", place.display()))?;
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("upshift")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(&place)
        .map_err(|error| format!("no log can be written to {}: {error}", place.display()))?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let file = fmt::layer().fmt_fields(clean_fields()).with_ansi(false).with_target(false).with_writer(writer);
    let (filter, file_level) = reload::Layer::new(of_ours(LogLevel::Info));
    let file = file.with_filter(filter);
    let (filter, stderr_level) = reload::Layer::new(of_ours(LogLevel::Info));
    let stderr = to_stderr.then(|| {
        let layer = fmt::layer().fmt_fields(clean_fields()).with_ansi(color).with_target(false);
        let layer = layer.with_writer(std::io::stderr);
        layer.with_filter(filter)
    });
    // A second start in one process keeps the first subscriber; only tests do that.
    drop(tracing_subscriber::registry().with(file).with(stderr).try_init());
    let now = Mutex::new(LogLevel::Info);
    let set = SetLog::by(move |level| {
        let mut now = now.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error: reload::Error| format!("not done: {error}");
        file_level.reload(of_ours(level)).map_err(failed)?;
        if to_stderr {
            stderr_level.reload(of_ours(level)).map_err(failed)?;
        }
        Ok(std::mem::replace(&mut *now, level))
    });
    Ok(Log { set, _guard: guard })
}

/// What this program says, and of the libraries only what they call an error: the SDK warns of every failure with a dump of
/// its inner state, and what it means is in our own sentence. There is no more of them at any level: what the SDK traces has
/// credentials in it.
fn of_ours(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_target(env!("CARGO_CRATE_NAME"), level).with_default(LevelFilter::ERROR)
}

/// Messages and fields as they are usually written, without anything that a terminal could be fooled by.
fn clean_fields() -> impl for<'writer> FormatFields<'writer> {
    let fields = format::debug_fn(|writer, field, value| {
        let text = clean(&struck(&format!("{value:?}")), LOGGED_CHARS);
        if field.name() == "message" { write!(writer, "{text}") } else { write!(writer, "{}={text}", field.name()) }
    });
    fields.delimited(" ")
}
