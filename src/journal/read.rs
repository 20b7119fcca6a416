//! Reading and verifying, without a lock: a journal in use can be read.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::line::{self, GENESIS};
use super::segment;
use crate::model::event::Entry;

/// A journal whose chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many records.
    pub records: u64,
    /// In how many files.
    pub segments: usize,
    /// Hash of the newest record.
    pub head: String,
}

/// The first thing that is wrong with a journal.
#[derive(Debug, Error)]
pub enum Damage {
    /// A file cannot be read.
    #[error("the journal in {path} cannot be read: {source}")]
    Unreadable {
        /// Which file or directory.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A record is not what was written.
    #[error(
        "record {seq} is damaged: {why} ({segment}, line {line}); restore the file, or keep it and start a new state directory"
    )]
    Record {
        /// The file's name.
        segment: String,
        /// Line in it, from 1.
        line: usize,
        /// The sequence that belongs there.
        seq: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The last line has no end: a crash in the middle of a write, which the next start repairs.
    #[error(
        "record {seq} is incomplete ({segment}, line {line}, {bytes} bytes): the next start cuts it off and records that"
    )]
    Incomplete {
        /// The file's name.
        segment: String,
        /// Line in it, from 1.
        line: usize,
        /// The sequence that it was to have.
        seq: u64,
        /// Length of the fragment.
        bytes: u64,
    },
}

/// What was read before the end or the first damage.
pub(super) struct Chain {
    pub(super) records: Vec<(Entry, String)>,
    pub(super) segments: Vec<(u64, PathBuf)>,
    pub(super) head: String,
    pub(super) damage: Option<Damage>,
}

/// Checks every record.
///
/// # Errors
/// The first damage.
pub fn verify(directory: &Path) -> Result<Verified, Damage> {
    let chain = walk(directory)?;
    match chain.damage {
        Some(damage) => Err(damage),
        None => Ok(Verified { records: chain.records.len() as u64, segments: chain.segments.len(), head: chain.head }),
    }
}

/// Every record with its line as it stands in the file, oldest first.
///
/// # Errors
/// The first damage, an incomplete last line among them: a reader of evidence must know.
pub fn read(directory: &Path) -> Result<Vec<(Entry, String)>, Damage> {
    let chain = walk(directory)?;
    chain.damage.map_or(Ok(chain.records), Err)
}

/// Walks the chain up to its end or the first damage.
pub(super) fn walk(directory: &Path) -> Result<Chain, Damage> {
    let unreadable = |path: &Path| {
        let path = path.to_path_buf();
        |source| Damage::Unreadable { path, source }
    };
    let segments = segment::list(directory).map_err(unreadable(directory))?;
    let mut chain = Chain { records: Vec::new(), segments, head: GENESIS.to_owned(), damage: None };
    for at in 0..chain.segments.len() {
        let path = chain.segments[at].1.clone();
        let last = at + 1 == chain.segments.len();
        let bytes = fs::read(&path).map_err(unreadable(&path))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        chain.damage = walk_segment(&mut chain, &bytes, &name, last);
        if chain.damage.is_some() {
            break;
        }
    }
    Ok(chain)
}

fn walk_segment(chain: &mut Chain, bytes: &[u8], segment: &str, last: bool) -> Option<Damage> {
    for (index, raw) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let (line, seq) = (index + 1, chain.records.len() as u64 + 1);
        let segment = || segment.to_owned();
        let Some(raw_line) = raw.strip_suffix(b"\n") else {
            if last {
                return Some(Damage::Incomplete { segment: segment(), line, seq, bytes: raw.len() as u64 });
            }
            let why = "it has no end, and a later file follows".to_owned();
            return Some(Damage::Record { segment: segment(), line, seq, why });
        };
        let text = std::str::from_utf8(raw_line).map_err(|error| error.to_string());
        match text.and_then(|text| Ok((line::decode(text, seq, &chain.head)?, text))) {
            Ok(((entry, hash), text)) => {
                chain.records.push((entry, text.to_owned()));
                chain.head = hash;
            }
            Err(why) => return Some(Damage::Record { segment: segment(), line, seq, why }),
        }
    }
    None
}
