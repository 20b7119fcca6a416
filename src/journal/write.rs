//! Writing: one process, one file at a time, one write per record.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use super::line;
use super::read::{Damage, walk};
use super::segment;
use crate::model::event::{Entry, Event};

/// A journal open for writing. The lock is held until it is dropped.
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    file: File,
    bytes: u64,
    seq: u64,
    head: String,
    broken: Option<String>,
    _lock: File,
}

/// Why a journal cannot be written to.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another process writes to it.
    #[error("the journal in {directory} belongs to a running upshift{}", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Locked {
        /// Where.
        directory: PathBuf,
        /// The other process, where it said so.
        pid: Option<u32>,
    },
    /// It cannot be made or opened.
    #[error("the journal directory {directory} cannot be used: {source}")]
    Unusable {
        /// Where.
        directory: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// The repair of its end could not be recorded.
    #[error(transparent)]
    NotRepaired(#[from] WriteError),
}

/// Why a record could not be written. The journal takes no more after that.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct WriteError(String);

impl Journal {
    /// Opens the journal in `directory`, makes it when there is none, and returns all its entries. An incomplete last
    /// line is cut off, and that is recorded at `now` as an entry of its own.
    ///
    /// # Errors
    /// When another process holds it, when it cannot be used, and when any record is damaged: such a journal is left
    /// as it is.
    pub fn open(directory: &Path, now: Timestamp) -> Result<(Self, Vec<Entry>), OpenError> {
        let unusable = |source| OpenError::Unusable { directory: directory.to_path_buf(), source };
        DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(unusable)?;
        let lock = lock(directory)?;
        let chain = walk(directory)?;
        let cut = match chain.damage {
            None => None,
            Some(Damage::Incomplete { bytes, .. }) => Some(bytes),
            Some(damage) => return Err(damage.into()),
        };
        let seq = chain.records.len() as u64;
        let path = chain.segments.last().map_or_else(|| segment::path(directory, seq + 1), |(_, path)| path.clone());
        let (file, bytes) = open_segment(&path, directory, cut).map_err(unusable)?;
        let directory = directory.to_path_buf();
        let mut journal = Self { directory, file, bytes, seq, head: chain.head, broken: None, _lock: lock };
        let mut entries: Vec<Entry> = chain.records.into_iter().map(|(entry, _)| entry).collect();
        if let Some(bytes_cut) = cut {
            let at = entries.last().map_or(now, |entry| entry.at.max(now));
            let entry = journal.append(at, Event::JournalRepaired { bytes_cut })?;
            journal.sync()?;
            entries.push(Entry::clone(&entry));
        }
        Ok((journal, entries))
    }

    /// Appends one record with one write. It is in the file when this returns, and on the disk after
    /// [`Journal::sync`].
    ///
    /// # Errors
    /// When it could not be written whole; the journal then takes no more records.
    pub fn append(&mut self, at: Timestamp, event: Event) -> Result<Arc<Entry>, WriteError> {
        self.usable()?;
        if self.bytes >= segment::ROTATE_BYTES {
            self.rotate()?;
        }
        let entry = Entry { seq: self.seq + 1, at, event };
        let (mut text, hash) = line::encode(&entry, &self.head).map_err(|error| self.breaks(&error))?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(|error| self.breaks(&error))?;
        self.bytes += text.len() as u64;
        self.seq = entry.seq;
        self.head = hash;
        Ok(Arc::new(entry))
    }

    /// Everything appended so far is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk says no. What was written may be lost then, and no later success proves otherwise: the journal
    /// takes no more records.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.usable()?;
        self.file.sync_data().map_err(|error| self.breaks(&error))
    }

    /// Sequence of the newest record; 0 in an empty journal.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Hash of the newest record; zeros in an empty journal.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Why it takes no more records.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    fn usable(&self) -> Result<(), WriteError> {
        self.broken.as_ref().map_or(Ok(()), |why| Err(WriteError(why.clone())))
    }

    fn breaks(&mut self, error: &dyn std::error::Error) -> WriteError {
        let why = format!("a record could not be written to {}: {error}", self.directory.display());
        self.broken = Some(why.clone());
        WriteError(why)
    }

    fn rotate(&mut self) -> Result<(), WriteError> {
        self.sync()?;
        let path = segment::path(&self.directory, self.seq + 1);
        let (file, bytes) = open_segment(&path, &self.directory, None).map_err(|error| self.breaks(&error))?;
        self.file = file;
        self.bytes = bytes;
        Ok(())
    }
}

/// Opens a segment for appending, cut by so many bytes at its end; a new one is known to the directory on disk.
fn open_segment(path: &Path, directory: &Path, cut: Option<u64>) -> io::Result<(File, u64)> {
    let new = !path.exists();
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let mut bytes = file.metadata()?.len();
    if let Some(cut) = cut {
        bytes = bytes.saturating_sub(cut);
        file.set_len(bytes)?;
        file.sync_all()?;
    }
    if new {
        File::open(directory)?.sync_all()?;
    }
    Ok((file, bytes))
}

fn lock(directory: &Path) -> Result<File, OpenError> {
    let unusable = |source| OpenError::Unusable { directory: directory.to_path_buf(), source };
    let path = directory.join("journal.lock");
    let mut options = OpenOptions::new();
    let mut file =
        options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // The number is a courtesy of the other process; the lock itself is what counts.
            drop(file.read_to_string(&mut text));
            return Err(OpenError::Locked { directory: directory.to_path_buf(), pid: text.trim().parse().ok() });
        }
        Err(TryLockError::Error(source)) => return Err(unusable(source)),
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(unusable)?;
    write!(file, "{}", std::process::id()).map_err(unusable)?;
    Ok(file)
}

/// A journal on a file of the test's choice.
#[cfg(test)]
pub(super) fn tests_only_open(directory: &Path, path: &Path) -> Journal {
    let lock = lock(directory).unwrap();
    let (file, bytes) = open_segment(path, directory, None).unwrap();
    let head = line::GENESIS.to_owned();
    Journal { directory: directory.to_path_buf(), file, bytes, seq: 0, head, broken: None, _lock: lock }
}
