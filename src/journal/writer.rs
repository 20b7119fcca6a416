//! The one writer of a journal.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::disk::{Directory, Disk};
use super::error::{OpenError, WriteError};
use super::scan::{self, Scan, Tail};
use super::{LINE_BYTES, SEGMENT_BYTES, line, segment};
use crate::model::event::{Entry, Event};

/// An open journal: the only one on its directory, in any process, until it is dropped.
#[derive(Debug)]
pub struct Journal {
    disk: Box<dyn Disk>,
    segment_bytes: u64,
    seq: u64,
    head: String,
    /// Why it takes no more records, if so.
    broken: Option<String>,
}

impl Journal {
    /// Takes over the journal in `dir`, which is made (mode 0700) if it is missing, and reads and checks all of it.
    /// After return every record given is the chain's. If the last line was incomplete, its bytes are in a file beside
    /// the segment instead of in it, and a synced [`Event::JournalRepaired`], dated `now` or as the newest record, is the last record given.
    ///
    /// # Errors
    /// Another engine owns it, the directory cannot be written or can be by others, or a record is damaged or of a newer
    /// version. Nothing is changed then, but for the lock file.
    pub fn open(dir: &Path, now: Timestamp) -> Result<(Self, Vec<Entry>), OpenError> {
        Self::open_on(Box::new(Directory::take_over(dir)?), now)
    }

    /// The same on any disk, which must be this journal's alone.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_on(mut disk: Box<dyn Disk>, now: Timestamp) -> Result<(Self, Vec<Entry>), OpenError> {
        let mut entries = Vec::new();
        let scan = scan::scan(&*disk, Tail::MayBeCut, |place, sealed, _| {
            entries.push(scan::entry(place, sealed)?);
            Ok(())
        })?;
        let kept_in = keep_tail(&mut *disk, &scan)?;
        let segment_bytes = last_segment(&mut *disk, &scan)?;
        let mut journal = Self { disk, segment_bytes, seq: scan.records, head: scan.head, broken: None };
        // What was read may be in the machine's memory only; what is decided on it must not outlive it.
        journal.sync()?;
        if kept_in.is_some() {
            let bytes_cut = scan.tail.len() as u64;
            // The caller may not know the time yet: a simulation takes its own from the journal.
            let at = entries.last().map_or(now, |newest| newest.at.max(now));
            let entry = journal.append(at, Event::JournalRepaired { bytes_cut, kept_in })?;
            journal.sync()?;
            entries.push(Arc::unwrap_or_clone(entry));
        }
        Ok((journal, entries))
    }

    /// Adds one record with a single write. It survives the end of this process after return, and the end of the
    /// machine after [`sync`](Self::sync).
    ///
    /// # Errors
    /// The record is not, or not wholly, written; the journal is broken from now on.
    pub fn append(&mut self, at: Timestamp, event: Event) -> Result<Arc<Entry>, WriteError> {
        self.intact()?;
        let entry = Entry { seq: self.seq + 1, at, event };
        let (line, hash) = seal(&entry, &self.head).map_err(|why| self.broke(why))?;
        let bytes = line.len() as u64;
        if self.segment_bytes > 0 && self.segment_bytes + bytes > SEGMENT_BYTES {
            self.rotate(entry.seq)?;
        }
        self.disk.append(line.as_bytes()).map_err(|error| self.broke(format!("cannot write: {error}")))?;
        self.segment_bytes += bytes;
        self.seq = entry.seq;
        self.head = hash;
        Ok(Arc::new(entry))
    }

    /// Every record appended so far is on the disk after return.
    ///
    /// # Errors
    /// That is not sure; the journal is broken from now on. A failed sync is never tried again: the kernel may have
    /// dropped the very pages that failed, and a second call would report success.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.intact()?;
        self.disk.sync().map_err(|error| self.broke(format!("cannot sync: {error}")))
    }

    /// Sequence of the last record; 0 when there is none.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Hash of the last record; [`NO_HASH`](super::NO_HASH) when there is none.
    pub fn head(&self) -> &str {
        &self.head
    }

    fn rotate(&mut self, first_seq: u64) -> Result<(), WriteError> {
        self.sync()?;
        let name = segment::name(first_seq);
        self.disk.create(&name).map_err(|error| self.broke(format!("cannot begin {name}: {error}")))?;
        self.segment_bytes = 0;
        Ok(())
    }

    fn intact(&self) -> Result<(), WriteError> {
        self.broken.as_ref().map_or(Ok(()), |why| Err(WriteError { why: why.clone() }))
    }

    fn broke(&mut self, why: String) -> WriteError {
        self.broken = Some(why.clone());
        WriteError { why }
    }
}

/// Puts an incomplete last line into a file of its own, before it is cut off: a crash may have left it, but whether one
/// did is for whoever reads the evidence to judge. Returns the file's name.
fn keep_tail(disk: &mut dyn Disk, scan: &Scan) -> Result<Option<String>, OpenError> {
    let Some(last) = scan.segments.last().filter(|_| !scan.tail.is_empty()) else { return Ok(None) };
    let place = disk.place();
    let name = segment::cut_name(disk, &last.name, scan.records + 1)
        .map_err(|source| OpenError::Io { path: place.clone(), source })?;
    disk.keep(&name, &scan.tail).map_err(|source| OpenError::Io { path: place.join(&name), source })?;
    Ok(Some(name))
}

/// Goes on with the last segment, an incomplete last line cut off, or begins the first. Returns its length.
fn last_segment(disk: &mut dyn Disk, scan: &Scan) -> Result<u64, OpenError> {
    let place = disk.place();
    let (name, done) = match scan.segments.last() {
        None => (segment::name(1), disk.create(&segment::name(1)).map(|()| 0)),
        Some(last) => {
            let cut_after = (!scan.tail.is_empty()).then_some(scan.last_bytes);
            (last.name.clone(), disk.resume(&last.name, cut_after))
        }
    };
    done.map_err(|source| OpenError::Io { path: place.join(name), source })
}

/// Seals a record and makes sure that it can be read again: JSON has no NaN and no infinity, and a record that the
/// next start cannot read must fail now, not then.
fn seal(entry: &Entry, prev: &str) -> Result<(String, String), String> {
    let (line, hash) = line::seal(entry, prev).map_err(|error| format!("a record cannot be encoded: {error}"))?;
    if line.len() > LINE_BYTES {
        return Err(format!("a record of {} bytes is longer than {LINE_BYTES}", line.len()));
    }
    let opened = line::open(line.trim_end_matches('\n').as_bytes())?;
    opened.entry().map_err(|error| format!("a record could not be read again: {error}"))?;
    Ok((line, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        Event::EngineStopped { why: "ordered".to_owned() }
    }

    #[test]
    fn a_full_disk_breaks_the_journal_for_good() {
        let dir = tempfile::tempdir().unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let (mut journal, _) = Journal::open(dir.path(), at).unwrap();
        let kept = journal.append(at, event()).unwrap();
        let mut full = Directory::to_read(dir.path());
        full.open = Some(std::fs::File::options().append(true).open("/dev/full").unwrap());
        let good = std::mem::replace(&mut journal.disk, Box::new(full));
        let error = journal.append(at, event()).unwrap_err();
        assert!(error.why.contains("No space left"), "{error}");
        journal.disk = good;
        assert_eq!(journal.append(at, event()).unwrap_err(), error);
        assert_eq!(journal.sync().unwrap_err(), error);
        assert_eq!((journal.broken.as_ref(), journal.seq()), (Some(&error.why), kept.seq));
    }

    #[test]
    fn a_segment_is_closed_before_it_grows_too_large_and_the_chain_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let at = Timestamp::UNIX_EPOCH;
        let (mut journal, _) = Journal::open(dir.path(), at).unwrap();
        let big = Event::EngineStopped { why: "x".repeat(LINE_BYTES - 4096) };
        for _ in 0..17 {
            journal.append(at, big.clone()).unwrap();
        }
        let head = journal.head().to_owned();
        drop(journal);
        let verified = crate::journal::verify(dir.path()).unwrap();
        assert_eq!((verified.records, verified.segments, &verified.head), (17, 2, &head));
        let (journal, entries) = Journal::open(dir.path(), at).unwrap();
        assert_eq!((journal.seq(), entries.len(), journal.head()), (17, 17, head.as_str()));
    }

    #[test]
    fn a_file_taken_away_under_the_writer_breaks_the_journal_at_the_next_sync() {
        let at = Timestamp::UNIX_EPOCH;
        for taken in ["journal-00000000000000000001.jsonl", "journal.lock", ""] {
            let dir = tempfile::tempdir().unwrap();
            let (mut journal, _) = Journal::open(dir.path(), at).unwrap();
            journal.append(at, event()).unwrap();
            journal.sync().unwrap();
            let path = dir.path().join(taken);
            if taken.is_empty() {
                std::fs::remove_dir_all(&path).unwrap();
            } else {
                // Another file of the same name is not the one that was there.
                std::fs::rename(&path, dir.path().join("taken")).unwrap();
                std::fs::write(&path, "").unwrap();
            }
            journal.append(at, event()).unwrap();
            let error = journal.sync().unwrap_err();
            assert!(error.why.contains("removed or replaced"), "{taken}: {error}");
            assert_eq!(journal.broken, Some(error.why));
        }
    }

    #[test]
    fn a_record_too_long_to_be_read_again_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path(), Timestamp::UNIX_EPOCH).unwrap();
        let error =
            journal.append(Timestamp::UNIX_EPOCH, Event::EngineStopped { why: "x".repeat(LINE_BYTES) }).unwrap_err();
        assert!(error.why.contains("longer than"), "{error}");
        assert_eq!(crate::journal::verify(dir.path()).unwrap().records, 0);
    }
}
