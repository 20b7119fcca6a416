//! The records of the journal as they come, over the socket: they are printed until this is ended.

use super::say;
use crate::commands::environment::Environment;
use crate::commands::process::ending_signal;
use crate::commands::running::Running;
use crate::commands::{CommandError, stdout};
use crate::control::socket::attach;
use crate::control::{Client, Link};
use crate::model::event::Entry;
use crate::model::snapshot::Snapshot;
use crate::model::text::{clean, escape_json};

/// Longest words of a record.
const WORDS: usize = 1_000;

/// Prints from the newest record on, until a signal ends it.
///
/// # Errors
/// When the engine that comes back is another, and when stdout takes no more.
pub(super) async fn run(running: Running, environment: &Environment, as_json: bool) -> Result<(), CommandError> {
    let attached = attach(&running.directory, environment.operator.clone()).await;
    let mut attached = attached.map_err(|error| CommandError::Failed(error.to_string()))?;
    tokio::select! {
        signal = ending_signal() => signal.map(drop),
        failed = follow(attached.client, as_json) => failed,
        over = attached.keeping.join_next() => {
            let why = over.and_then(Result::ok).unwrap_or_else(|| "the line was lost".to_owned());
            Err(CommandError::Failed(why))
        }
    }
}

async fn follow(mut client: Client, as_json: bool) -> Result<(), CommandError> {
    let mut printed = client.snapshot().journal.seq;
    let mut links = client.links();
    loop {
        let snapshot = client.snapshot();
        printed = print(&snapshot, printed, as_json)?;
        tokio::select! {
            changed = client.changed() => if changed.is_none() { return Ok(()) },
            Ok(()) = links.changed() => match &*links.borrow_and_update() {
                Link::Lost { engine, why, .. } => say(&format!("no line to the {}: {why}", engine.words())),
                Link::Attached { engine } => say(&format!("attached to the {}", engine.words())),
                Link::Embedded => {}
            },
        }
    }
}

/// Prints what is newer than the record of that number. The number of the newest.
fn print(snapshot: &Snapshot, printed: u64, as_json: bool) -> Result<u64, CommandError> {
    let newer: Vec<_> = snapshot.tail.iter().filter(|entry| entry.seq > printed).collect();
    if let Some(first) = newer.first().filter(|first| first.seq > printed + 1) {
        say(&format!("records #{} to #{} came too fast: `upshift journal show` has them", printed + 1, first.seq - 1));
    }
    for entry in &newer {
        stdout::line(&line(entry, as_json)?)?;
    }
    Ok(newer.last().map_or(printed, |entry| entry.seq))
}

fn line(entry: &Entry, as_json: bool) -> Result<String, CommandError> {
    if as_json {
        let text = serde_json::to_string(entry).map_err(|error| CommandError::Failed(error.to_string()))?;
        return Ok(escape_json(&text).into_owned());
    }
    Ok(format!("#{} {:.0} {}", entry.seq, entry.at, clean(&entry.event.words(), WORDS)))
}
