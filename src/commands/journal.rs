//! `upshift journal`: reading the evidence. Data to stdout, words to stderr.

use std::io::{BufWriter, Write};
use std::path::Path;

use super::CommandError;
use crate::journal;
use crate::model::event::Entry;
use crate::model::text::{clean, escape_json};

/// Prints every record, oldest first; stops at the first damaged one with exit code 1.
pub(super) fn show(directory: &Path, json: bool) -> Result<(), CommandError> {
    let records = journal::read(directory).map_err(|error| CommandError::Failed(error.to_string()))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (entry, line) in records {
        let written = if json { writeln!(out, "{}", escape_json(&line)) } else { writeln!(out, "{}", words(&entry)) };
        if written.is_err() {
            // The reader has seen enough: a closed pipe is no failure.
            return Ok(());
        }
    }
    drop(out.flush());
    Ok(())
}

/// Checks the chain; says how many records hold, or names the first bad one with exit code 1.
pub(super) fn verify(directory: &Path) -> Result<(), CommandError> {
    let verified = journal::verify(directory).map_err(|damage| CommandError::Failed(damage.to_string()))?;
    let line = format!("{} records in {} segments hold; head {}", verified.records, verified.segments, verified.head);
    drop(writeln!(std::io::stdout(), "{line}"));
    Ok(())
}

fn words(entry: &Entry) -> String {
    format!("{:>6}  {:.0}  {}", entry.seq, entry.at, clean(&entry.event.words(), 1_000))
}
