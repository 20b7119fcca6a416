//! `upshift journal`: reading the evidence. Data to stdout, words to stderr.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::CommandError;
use super::stdout::{self, written};
use crate::journal::{self, Damage, ReadError};
use crate::model::event::Entry;
use crate::model::text::{clean, escape_json};

/// Prints every record, oldest first, up to the first damaged one, which ends it with exit code 1.
pub(super) fn show(directory: &Path, json: bool) -> Result<(), CommandError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut shown, mut unwritten) = (0_u64, None);
    let read = journal::read_each(directory, |entry, line| {
        let printed = if json { writeln!(out, "{}", escape_json(line)) } else { writeln!(out, "{}", words(entry)) };
        shown += 1;
        // The reading ends with it, but it is no failure of the journal.
        printed.map_err(|error| {
            let kind = error.kind();
            unwritten = Some(error);
            kind.into()
        })
    });
    if let Some(error) = unwritten {
        return written(Err(error));
    }
    written(out.flush())?;
    read.map_err(|error| read_words(directory, &error))?;
    if shown == 0 { Err(nothing(directory)) } else { Ok(()) }
}

/// Checks the chain; says how many records hold, or names the first bad one with exit code 1. No record is no evidence.
pub(super) fn verify(directory: &Path) -> Result<(), CommandError> {
    let verified = journal::verify(directory).map_err(|error| read_words(directory, &error))?;
    if verified.records == 0 {
        return Err(nothing(directory));
    }
    let line = format!("{} records in {} segments hold; head {}", verified.records, verified.segments, verified.head);
    stdout::line(&line)
}

fn words(entry: &Entry) -> String {
    format!("{:>6}  {:.0}  {}", entry.seq, entry.at, clean(&entry.event.words(), 1_000))
}

/// A last line without an end is what a crash leaves, and mends itself; it must not read like a forgery.
pub(super) fn read_words(directory: &Path, error: &ReadError) -> CommandError {
    let text = match (error, journal::torn_bytes(directory)) {
        (ReadError::Io { .. }, _) if !directory.is_dir() => return nothing(directory),
        (ReadError::Damaged(Damage { segment, line, seq, .. }), Ok(torn @ 1..)) => format!(
            "{segment}, line {line} (record {seq}) is incomplete: {torn} bytes without an end, as a crash in the middle of a \
             write leaves them, or a write that is under way. The {} records before it are good. The next start of upshift \
             on this directory cuts the line off and records that",
            seq.saturating_sub(1)
        ),
        _ => error.to_string(),
    };
    CommandError::Failed(text)
}

/// Nothing to read. A simulation keeps its journal in a directory of its own: the newest one is named.
pub(super) fn nothing(directory: &Path) -> CommandError {
    let none = format!("no records in {}", directory.display());
    let Some(newest) = newest_simulation(&directory.join("sim")) else {
        return CommandError::Failed(format!("{none}: nothing was run on it, so there is nothing to verify"));
    };
    let newest = newest.display();
    CommandError::Failed(format!(
        "{none}, but simulations have left theirs below it. The newest: upshift journal show --state-dir {newest}"
    ))
}

/// Their names begin with the time of the start.
fn newest_simulation(directory: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(directory).ok()?;
    entries.flatten().map(|entry| entry.path()).filter(|path| journal::has_segments(path)).max()
}
