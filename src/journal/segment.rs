//! Segments: their names, their order, reading their lines within bounds.

use std::io::{self, BufRead, Read as _};

use super::LINE_BYTES;
use super::disk::Disk;

/// One segment of a journal.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    /// Its file name.
    pub(super) name: String,
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

/// The name of the segment that begins with a sequence.
pub(super) fn name(first_seq: u64) -> String {
    format!("journal-{first_seq:020}.jsonl")
}

/// The name of the file that keeps what was cut off at the end of a segment: `<segment>.cut-<sequence that the record
/// would have had>`, with a number behind it if a crash in the middle of an earlier repair left one of that name.
pub(super) fn cut_name(disk: &dyn Disk, segment: &str, seq: u64) -> io::Result<String> {
    let taken = disk.names()?;
    let first = format!("{segment}.cut-{seq}");
    let later = (2..).map(|count| format!("{first}-{count}"));
    Ok(std::iter::once(first.clone()).chain(later).find(|name| !taken.contains(name)).unwrap_or(first))
}

/// The segments of a disk in order of their sequence. Files of other names are none of ours.
pub(super) fn list(disk: &dyn Disk) -> io::Result<Vec<Segment>> {
    let segment = |name: String| Some(Segment { first_seq: first_seq(&name)?, name });
    let mut segments: Vec<Segment> = disk.names()?.into_iter().filter_map(segment).collect();
    segments.sort_by_key(|segment| segment.first_seq);
    Ok(segments)
}

/// Reads the next line into `buffer`, never more than a record's limit.
pub(super) fn next_line(reader: &mut dyn BufRead, buffer: &mut Vec<u8>) -> io::Result<Found> {
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

fn first_seq(file: &str) -> Option<u64> {
    let first_seq = file.strip_prefix("journal-")?.strip_suffix(".jsonl")?.parse().ok()?;
    // A number can be written in other ways, and then the file is not one that was begun here.
    (name(first_seq) == file).then_some(first_seq)
}
