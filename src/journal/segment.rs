//! Segments: the files of a journal, in order.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A segment is closed beyond this size, so that one can be archived or looked through with ordinary tools.
pub(super) const ROTATE_BYTES: u64 = 16 << 20;

/// The file of the segment whose first record is `first`.
pub(super) fn path(directory: &Path, first: u64) -> PathBuf {
    directory.join(format!("journal-{first:020}.jsonl"))
}

/// The segments of a directory, oldest first, each with the sequence of its first record.
///
/// # Errors
/// When the directory cannot be read.
pub(super) fn list(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("journal-").and_then(|rest| rest.strip_suffix(".jsonl"));
        if let Some(first) = number.and_then(|digits| digits.parse().ok()) {
            segments.push((first, path));
        }
    }
    segments.sort();
    Ok(segments)
}
