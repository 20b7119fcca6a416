//! The state directory of a run, and the journal in it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::CommandError;
use super::environment::Environment;
use crate::clock::Clock;
use crate::journal::{self, Journal, OpenError};
use crate::model::event::{Entry, Event};

/// A simulation without a given directory gets one of its own: its journal must not mix with a real one.
///
/// # Errors
/// When none is given and the environment names none.
pub(super) fn directory_for(
    option: Option<&Path>,
    is_simulated: bool,
    environment: &Environment,
) -> Result<PathBuf, CommandError> {
    let directory = environment.state_directory(option)?;
    if environment.given_directory(option).is_some() || !is_simulated {
        return Ok(directory);
    }
    let stamp = Clock::system().now().strftime("%Y%m%dT%H%M%S").to_string();
    Ok(directory.join("sim").join(format!("{stamp}-{}", std::process::id())))
}

/// A journal, or why there is none, and what it says already.
pub(super) type Kept = (Result<Journal, String>, Vec<Entry>);

/// A journal that cannot be used is no reason to be blind: the engine then observes and refuses to arm. One that
/// another process holds is: two engines must not run on one journal.
///
/// # Errors
/// When another process holds it.
pub(super) fn open_journal(directory: &Path, simulated: bool) -> Result<Kept, CommandError> {
    let now = if simulated { None } else { Some(Clock::system().now()) };
    match Journal::open(directory, now.unwrap_or(Timestamp::UNIX_EPOCH)) {
        Ok((journal, entries)) => Ok((Ok(journal), entries)),
        Err(error @ OpenError::Locked { .. }) => Err(CommandError::Failed(error.to_string())),
        Err(error) => Ok((Err(error.to_string()), owed(directory))),
    }
}

/// What a journal says of arming, holds, cooldowns and actions, for who only looks; none is no failure here.
///
/// # Errors
/// When it is damaged or cannot be read.
pub(super) fn known(directory: &Path) -> Result<Vec<Entry>, CommandError> {
    let mut entries = Vec::new();
    let read = journal::read_each(directory, |entry, _| {
        entries.push(entry.clone());
        Ok(())
    });
    match read {
        Ok(()) => Ok(entries),
        Err(_) if !directory.is_dir() => Ok(Vec::new()),
        // A line under way, or what a crash leaves: all before it is good, and the next start cuts it off.
        Err(_) if matches!(journal::torn_bytes(directory), Ok(1..)) => Ok(entries),
        Err(error) => Err(CommandError::Failed(format!("what upshift knows could not be read: {error}"))),
    }
}

/// Of a journal that cannot be used, what is readable of pauses of poolers: clients that may be held go on all the same.
fn owed(directory: &Path) -> Vec<Entry> {
    let mut pauses = Vec::new();
    let read = journal::read_each(directory, |entry, _| {
        if matches!(entry.event, Event::Pooler { .. }) {
            pauses.push(entry.clone());
        }
        Ok(())
    });
    // What stands before the damage is enough to go by, and the damage itself is told already.
    drop(read);
    pauses
}
