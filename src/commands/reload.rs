//! Another configuration for a daemon that runs: SIGHUP reads the file anew. It is taken whole or not at all, and what became
//! of it is in the journal, in the log and in the snapshot.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::CommandError;
use super::configuration::{self, digest};
use super::environment::Environment;
use super::servers::{Places, poolers, sources};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::controller::reload::{NewConfiguration, Reload};
use crate::controller::servers::ServerSource;
use crate::model::command::Answer;
use crate::model::secret::struck;
use crate::model::text::{clean, clean_lines};
use crate::sim::scenario::Scenario;

/// A file that is being written changes within this (of the machine), or was finished before.
const SETTLES: Duration = Duration::from_millis(200);
/// No configuration is longer: what is, is not one.
const LONGEST: u64 = 4 * 1024 * 1024;
/// Longest problem that goes into a record: the first of them, with its place.
const RECORDED: usize = 400;

/// Where the configuration comes from, by the command line.
pub(super) struct Source {
    /// `--config`.
    pub(super) config: Option<PathBuf>,
    /// `--sim`.
    pub(super) scenario: Option<Scenario>,
    /// Of the simulated servers.
    pub(super) places: Places,
}

/// What a reload needs to know of the start.
pub(super) struct Reloader {
    pub(super) source: Source,
    pub(super) environment: Environment,
    pub(super) aws: Aws,
    pub(super) clock: Clock,
    /// To the controller.
    pub(super) reloads: mpsc::Sender<Reload>,
}

impl Reloader {
    /// Reads the configuration and gives it to the engine. Returns when that has taken or refused it.
    pub(super) async fn reload(&self) {
        let read = self.read().await;
        if let Err(error) = &read {
            // The place of each problem, as at a start; the record has the first of them.
            for line in struck(error.words()).lines().filter(|line| !line.trim().is_empty()) {
                tracing::error!("reload: {}", line.trim_end());
            }
        }
        let read = read.map(Box::new).map_err(|error| in_short(error.words()));
        let (answer, answered) = oneshot::channel();
        if self.reloads.send(Reload { read, answer }).await.is_err() {
            // It ends; the next start reads the file.
            return;
        }
        match answered.await {
            Ok(Answer::Done { sentence, seq }) => tracing::warn!("reload: {sentence} (journal #{seq})"),
            Ok(Answer::Refused { sentence } | Answer::Unknown { sentence }) => {
                tracing::error!("reload refused, the configuration of before stays in force: {sentence}");
            }
            Err(_) => tracing::error!("reload: the engine ended before it took the configuration"),
        }
    }

    async fn read(&self) -> Result<NewConfiguration, CommandError> {
        if let Some(path) = self.path() {
            let before = look(&path)?;
            // Files are written in the machine's time.
            Clock::system().sleep(SETTLES).await;
            if look(&path)? != before {
                let words = format!("{} is being written: reload again when it is whole", path.display());
                return Err(CommandError::Usage(words));
            }
        }
        let (mut settings, _) =
            configuration::plain_settings(self.source.config.as_deref(), self.source.scenario.as_ref())?;
        self.source.places.add_to(&mut settings);
        let servers = sources(&settings, &self.environment, &self.aws, &self.clock)?;
        let poolers = poolers(&settings, &self.environment, &self.aws, &self.clock)?;
        let servers = servers.into_iter().map(|source| ServerSource::Sessions(Box::new(source))).collect();
        Ok(NewConfiguration { digest: digest(&settings), settings, servers, poolers })
    }

    /// The file that is read; none where the configuration is built in.
    fn path(&self) -> Option<PathBuf> {
        let default = || self.source.scenario.is_none().then(|| PathBuf::from(configuration::DEFAULT));
        self.source.config.clone().or_else(default)
    }
}

/// What the file is now: whoever opens something else than a file may wait for ever.
fn look(path: &Path) -> Result<Vec<u8>, CommandError> {
    let wrong = |why: String| {
        CommandError::Usage(format!(
            "no configuration can be read from {}: {why}",
            clean_lines(&path.display().to_string())
        ))
    };
    let about = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?;
    if !about.is_file() || about.len() > LONGEST {
        return Err(wrong(format!("it is no file of {} MiB at most", LONGEST / 1024 / 1024)));
    }
    std::fs::read(path).map_err(|error| wrong(error.to_string()))
}

/// A rendered problem in one line.
fn in_short(words: &str) -> String {
    let words = struck(words);
    let lines: Vec<&str> =
        words.lines().map(str::trim).filter(|line| line.chars().any(char::is_alphanumeric)).collect();
    clean(&lines.join(" "), RECORDED)
}
