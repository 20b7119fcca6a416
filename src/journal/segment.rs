//! Segment files: their names, their order, reading them line by line within bounds, making new ones.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::LINE_BYTES;

/// One segment on disk.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// Where.
    pub(super) path: PathBuf,
    /// The sequence in its name: that of its first record.
    pub(super) first_seq: u64,
}

/// What was found where a line was looked for.
pub(super) enum Found {
    /// A whole line is in the buffer, its newline removed.
    Line,
    /// Bytes without a newline are in the buffer, and then the file ends.
    Tail,
    /// More bytes than any record has.
    TooLong,
    /// Nothing more.
    End,
}

impl Segment {
    /// The segment that begins with a sequence.
    pub(super) fn starting_at(dir: &Path, first_seq: u64) -> Self {
        Self { path: dir.join(format!("journal-{first_seq:020}.jsonl")), first_seq }
    }

    /// Its file name.
    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Opens it for reading. Only a regular file is a segment: a device could be read without end.
    pub(super) fn reader(&self) -> io::Result<BufReader<File>> {
        let file = File::open(&self.path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok(BufReader::new(file))
    }

    /// Opens it for appending.
    pub(super) fn appender(&self) -> io::Result<File> {
        File::options().append(true).open(&self.path)
    }

    /// Makes it, readable by its owner alone, and makes its name durable. It must not exist.
    pub(super) fn create(&self) -> io::Result<File> {
        let file = File::options().append(true).create_new(true).mode(0o600).open(&self.path)?;
        file.sync_all()?;
        if let Some(dir) = self.path.parent() {
            File::open(dir)?.sync_all()?;
        }
        Ok(file)
    }
}

/// The segments of a directory in order of their sequence. Files of other names are none of ours.
pub(super) fn list(dir: &Path) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    for file in fs::read_dir(dir)? {
        let path = file?.path();
        if let Some(first_seq) = first_seq(&path) {
            segments.push(Segment { path, first_seq });
        }
    }
    segments.sort_by_key(|segment| segment.first_seq);
    Ok(segments)
}

/// Reads the next line into `buffer`, never more than a record's limit.
pub(super) fn next_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Found> {
    buffer.clear();
    reader.take(LINE_BYTES as u64 + 1).read_until(b'\n', buffer)?;
    Ok(match buffer.last() {
        None => Found::End,
        _ if buffer.len() > LINE_BYTES => Found::TooLong,
        Some(b'\n') => {
            buffer.pop();
            Found::Line
        }
        Some(_) => Found::Tail,
    })
}

fn first_seq(path: &Path) -> Option<u64> {
    let digits = path.file_name()?.to_str()?.strip_prefix("journal-")?.strip_suffix(".jsonl")?;
    (digits.len() == 20).then(|| digits.parse().ok())?
}
