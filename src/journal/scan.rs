//! Reading a whole journal in order, checking the chain on the way.

use std::io;
use std::path::Path;

use super::disk::{Directory, Disk};
use super::error::{Damage, ReadError, UnknownKind};
use super::line::{self, NO_HASH, Sealed};
use super::segment::{self, Found, Segment};
use crate::model::event::Entry;
use crate::model::text::clean;

/// How much of what is wrong is told: more than two hashes and a sentence.
const SHOWN_CHARS: usize = 400;

/// A journal whose chain is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many records, which is also the sequence of the last.
    pub records: u64,
    /// How many files.
    pub segments: usize,
    /// Hash of the last record; [`NO_HASH`] when there is none.
    pub head: String,
}

/// Checks every byte of the chain without taking the lock or changing anything: hashes, their order, sequences. What a
/// record says is under its hash and not looked at, so that no version refuses the words of another; [`read`] does that.
///
/// # Errors
/// The first record that is damaged, an incomplete last line among them, or a file that cannot be read.
pub fn verify(dir: &Path) -> Result<Verified, ReadError> {
    verify_on(&Directory::to_read(dir))
}

/// The same on any disk.
///
/// # Errors
/// As [`verify`].
pub fn verify_on(disk: &dyn Disk) -> Result<Verified, ReadError> {
    let scan = scan(disk, Tail::IsDamage, |_, _, _| Ok(()))?;
    Ok(Verified { records: scan.records, segments: scan.segments.len(), head: scan.head })
}

/// Every record with its line as it stands in the file, without the newline. Takes no lock and changes nothing.
///
/// # Errors
/// As [`verify`], and the first record of a kind that this version does not know.
pub fn read(dir: &Path) -> Result<Vec<(Entry, String)>, ReadError> {
    read_on(&Directory::to_read(dir))
}

/// The same on any disk.
///
/// # Errors
/// As [`read`].
pub fn read_on(disk: &dyn Disk) -> Result<Vec<(Entry, String)>, ReadError> {
    let mut records = Vec::new();
    scan(disk, Tail::IsDamage, |place, sealed, raw| {
        records.push((entry(place, sealed)?, String::from_utf8_lossy(raw).into_owned()));
        Ok(())
    })?;
    Ok(records)
}

/// Gives every record with its line to `each` as it is read, so that those in front of a damage are seen. What `each`
/// fails with ends the reading.
///
/// # Errors
/// As [`read`], after every good record in front of it was given.
pub fn read_each(dir: &Path, mut each: impl FnMut(&Entry, &str) -> io::Result<()>) -> Result<(), ReadError> {
    let path = dir.to_path_buf();
    scan(&Directory::to_read(dir), Tail::IsDamage, |place, sealed, raw| {
        let entry = entry(place, sealed)?;
        each(&entry, &String::from_utf8_lossy(raw)).map_err(|source| ReadError::Io { path: path.clone(), source })
    })
    .map(drop)
}

/// Gives every record to `each`, and says how far the chain is whole also where it is not whole to the end.
///
/// # Errors
/// As [`read`], beside what was good in front of it.
pub fn read_good(dir: &Path, mut each: impl FnMut(&Entry)) -> (Verified, Result<(), ReadError>) {
    let mut good = Verified { records: 0, segments: 0, head: NO_HASH.to_owned() };
    let read = scan(&Directory::to_read(dir), Tail::IsDamage, |place, sealed, _| {
        each(&entry(place, sealed)?);
        good.segments += usize::from(place.line == 1);
        good.records = place.seq;
        sealed.hash.clone_into(&mut good.head);
        Ok(())
    });
    (good, read.map(drop))
}

/// The hash of a record, by its number from 1; `None` where there is no such record, or none that is good.
pub fn hash_of(dir: &Path, seq: u64) -> Option<String> {
    let mut hash = None;
    let read = scan(&Directory::to_read(dir), Tail::IsDamage, |place, sealed, _| {
        if place.seq == seq {
            hash = Some(sealed.hash.to_owned());
        }
        Ok(())
    });
    // What stands behind it does not matter here.
    drop(read);
    hash
}

/// The length in bytes of an incomplete last line, as a crash in the middle of a write leaves it; 0 when the last line
/// is whole.
///
/// # Errors
/// As [`verify`], but for that line.
pub fn torn_bytes(dir: &Path) -> Result<u64, ReadError> {
    Ok(scan(&Directory::to_read(dir), Tail::MayBeCut, |_, _, _| Ok(()))?.tail.len() as u64)
}

/// Whether there is a journal in a directory, be it an empty one; none where the directory cannot be read.
pub fn has_segments(dir: &Path) -> bool {
    segment::list(&Directory::to_read(dir)).is_ok_and(|segments| !segments.is_empty())
}

/// What to do with an incomplete last line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// It is a fault as any other.
    IsDamage,
    /// A crash may have left it: report its length.
    MayBeCut,
}

/// What a scan found.
pub(super) struct Scan {
    /// In order.
    pub(super) segments: Vec<Segment>,
    /// How many.
    pub(super) records: u64,
    /// Hash of the last.
    pub(super) head: String,
    /// Length in bytes of the whole lines of the last segment.
    pub(super) last_bytes: u64,
    /// An incomplete last line, as it is; else empty.
    pub(super) tail: Vec<u8>,
}

/// Where a record stands.
pub(super) struct Place<'a> {
    segment: &'a Segment,
    line: u64,
    seq: u64,
}

/// Reads and checks a journal from its first record, giving each to `each` with its place and its bytes.
pub(super) fn scan(
    disk: &dyn Disk,
    tail: Tail,
    mut each: impl FnMut(&Place<'_>, &Sealed<'_>, &[u8]) -> Result<(), ReadError>,
) -> Result<Scan, ReadError> {
    let segments = segment::list(disk).map_err(|source| ReadError::Io { path: disk.place(), source })?;
    let mut scan = Scan { segments: Vec::new(), records: 0, head: NO_HASH.to_owned(), last_bytes: 0, tail: Vec::new() };
    let last = segments.len().saturating_sub(1);
    for (index, segment) in segments.iter().enumerate() {
        let start = Place { segment, line: 1, seq: scan.records + 1 };
        if segment.first_seq != start.seq {
            let why = format!("the segment begins with record {}, records before it are missing", segment.first_seq);
            return Err(start.damage(&why).into());
        }
        let tail = if index == last { tail } else { Tail::IsDamage };
        scan_segment(disk, segment, tail, &mut scan, &mut each)?;
        if index != last && scan.records + 1 == start.seq {
            return Err(start.damage("the segment is empty, but another follows").into());
        }
    }
    scan.segments = segments;
    Ok(scan)
}

/// The record of a sealed line.
pub(super) fn entry(place: &Place<'_>, sealed: &Sealed<'_>) -> Result<Entry, ReadError> {
    sealed.entry().map_err(|error| {
        let unreadable = place.damage(&format!("its hash is right, but it cannot be read: {error}"));
        match sealed.kind() {
            // serde has no typed form of this; the words are those of `Error::unknown_variant`.
            Some(kind) if error.to_string().starts_with(&format!("unknown variant `{kind}`")) => {
                let Damage { segment, line, seq, .. } = unreadable;
                UnknownKind { segment, line, seq, kind: clean(&kind, SHOWN_CHARS) }.into()
            }
            _ => unreadable.into(),
        }
    })
}

fn scan_segment(
    disk: &dyn Disk,
    segment: &Segment,
    tail: Tail,
    scan: &mut Scan,
    each: &mut impl FnMut(&Place<'_>, &Sealed<'_>, &[u8]) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let io = |source| ReadError::Io { path: disk.place().join(&segment.name), source };
    let mut reader = disk.reader(&segment.name).map_err(io)?;
    let mut buffer = Vec::new();
    scan.last_bytes = 0;
    for line in 1.. {
        let place = Place { segment, line, seq: scan.records + 1 };
        match segment::next_line(&mut *reader, &mut buffer).map_err(io)? {
            // A loss of power can leave holes of zeros in a record that was never synced; only the last one can be such.
            Found::Line
                if tail == Tail::MayBeCut
                    && has_holes(&buffer, scan.last_bytes)
                    && is_end(&mut *reader).map_err(io)? =>
            {
                buffer.push(b'\n');
                scan.tail = buffer;
                break;
            }
            Found::Line => {
                let sealed = link(&place, &buffer, &scan.head)?;
                each(&place, &sealed, &buffer)?;
                scan.head.clear();
                scan.head.push_str(sealed.hash);
                scan.records += 1;
                scan.last_bytes += buffer.len() as u64 + 1;
            }
            Found::Tail if tail == Tail::MayBeCut && !ends_in_wrong_byte(&buffer, scan.last_bytes) => {
                scan.tail = buffer;
                break;
            }
            Found::Tail => return Err(place.damage("the line has no end").into()),
            Found::TooLong => return Err(place.damage("the line is longer than any record").into()),
            Found::End => break,
        }
    }
    Ok(())
}

/// A whole record with another byte where its newline was: no crash leaves that but a hole, so it must not be cut away.
fn ends_in_wrong_byte(tail: &[u8], offset: u64) -> bool {
    let Some((last, record)) = tail.split_last() else { return false };
    let is_hole = *last == 0 && is_edge(offset, record.len());
    !is_hole && line::open(record).is_ok()
}

/// Disks write no less than this at once.
const SECTOR_BYTES: u64 = 512;

/// Whether a sector begins so many bytes behind `offset` in its file.
fn is_edge(offset: u64, bytes: usize) -> bool {
    (offset + bytes as u64).is_multiple_of(SECTOR_BYTES)
}

/// Whether a line at `offset` has zeros, which no record has, and all of them where sectors of it are missing: from its
/// beginning or a sector's to the end of a sector. Zeros elsewhere were left by no loss of power.
fn has_holes(line: &[u8], offset: u64) -> bool {
    let mut runs = line.chunk_by(|a, b| (*a == 0) == (*b == 0)).scan(0, |at, run| {
        let begin = *at;
        *at += run.len();
        Some((run[0] == 0, begin, *at))
    });
    line.contains(&0)
        && runs.all(|(zero, begin, end)| !zero || ((begin == 0 || is_edge(offset, begin)) && is_edge(offset, end)))
}

fn is_end(reader: &mut dyn std::io::BufRead) -> std::io::Result<bool> {
    Ok(reader.fill_buf()?.is_empty())
}

/// Opens a line and checks that it follows the record before.
fn link<'a>(place: &Place<'_>, bytes: &'a [u8], head: &str) -> Result<Sealed<'a>, Damage> {
    let sealed = line::open(bytes).map_err(|why| place.damage(&why))?;
    if sealed.prev != head {
        return Err(place.damage(&format!("it follows {}, but the record before it is {head}", sealed.prev)));
    }
    match sealed.seq() {
        Some(seq) if seq == place.seq => Ok(sealed),
        Some(seq) => Err(place.damage(&format!("it says it is record {seq}"))),
        None => Err(place.damage("its hash is right, but it does not begin with a sequence as a record does")),
    }
}

impl Place<'_> {
    fn damage(&self, why: &str) -> Damage {
        // What is damaged may say anything.
        Damage { segment: self.segment.name.clone(), line: self.line, seq: self.seq, why: clean(why, SHOWN_CHARS) }
    }
}

#[cfg(test)]
mod tests {
    use super::has_holes;

    #[test]
    fn only_missing_sectors_are_holes() {
        let mut line = vec![b'x'; 1_300];
        line[..212].fill(0);
        assert!(has_holes(&line, 300), "from its beginning to the end of a sector");
        assert!(!has_holes(&line, 0), "zeros that end in the middle of a sector");
        line[212] = 0;
        assert!(!has_holes(&line, 300));
        let mut line = vec![b'x'; 1_300];
        line[512..1_024].fill(0);
        assert!(has_holes(&line, 0));
        line[100] = 0;
        assert!(!has_holes(&line, 0), "one zero more, which is damage");
        assert!(!has_holes(b"no zero", 0));
    }
}
