//! What can go wrong with a journal, in words that name the place and the remedy.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The first record that is not what was written. The engine refuses to arm on such a journal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{segment}, line {line} (record {seq}) is damaged: {why}. Records before it are good. \
     Keep the directory as evidence and start with a new one"
)]
pub struct Damage {
    /// File name of the segment.
    pub segment: String,
    /// Line in the segment, from 1.
    pub line: u64,
    /// The sequence the record should have.
    pub seq: u64,
    /// What is wrong.
    pub why: String,
}

/// An intact record that this version has no words for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{segment}, line {line} (record {seq}) is intact but of kind `{kind}`, which this version does not know: \
     it was probably written by a newer upshift. Use that version, or a new directory"
)]
pub struct UnknownKind {
    /// File name of the segment.
    pub segment: String,
    /// Line in the segment, from 1.
    pub line: u64,
    /// Its sequence.
    pub seq: u64,
    /// The unknown word.
    pub kind: String,
}

/// Why a journal could not be read to its end.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The operating system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A record is not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A record is of a newer version.
    #[error(transparent)]
    UnknownKind(#[from] UnknownKind),
}

/// Why a journal could not be taken over for writing.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Another engine writes it.
    #[error(
        "the journal in {} belongs to a running engine, {}: stop that one first, or give this one its own --state-dir",
        dir.display(),
        pid.map_or_else(|| "its process id is not readable".to_owned(), |pid| format!("process {pid}"))
    )]
    Locked {
        /// The journal's directory.
        dir: PathBuf,
        /// The owner as it wrote itself down.
        pid: Option<u32>,
    },
    /// Others could change or replace the evidence.
    #[error(
        "{} can be written to by others than its owner (mode {mode:04o}), and the journal is evidence: \
         chmod go-w it, or give another directory with --state-dir",
        dir.display()
    )]
    Exposed {
        /// The journal's directory.
        dir: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The operating system refused.
    #[error("the journal cannot be kept in {}: {source}. Give a writable directory with --state-dir", path.display())]
    Io {
        /// What was to be made, locked or repaired.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// What is there cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It was read, but the note of a repair could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// A record is not, or not surely, on disk. The journal takes no more after it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the journal takes no more records: {why}. Free space or mend the directory, then start again")]
pub struct WriteError {
    /// The first thing that failed.
    pub why: String,
}
