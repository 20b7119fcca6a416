//! Bytes found where a journal should be: checking, reading and opening agree, and nothing that the check refuses is
//! taken over, but for a torn end that is kept and recorded.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use upshift::journal::{self, Journal, NO_HASH, OpenError, ReadError};
use upshift::model::event::Event;

use super::hygiene;
use super::memory_disk::MemoryDisk;

/// Between two segments.
const SEGMENT: u8 = 0;
/// At the beginning: what follows are contents of records, which are sealed here, because no mutation ever finds a hash.
const UNSEALED: &[u8] = b"#";

/// Takes segments with a NUL between them.
pub fn run(bytes: &[u8]) {
    let sealed = bytes.strip_prefix(UNSEALED).map(seal);
    let disk = MemoryDisk::with(segments(sealed.as_deref().unwrap_or(bytes)));
    let before = disk.files();
    let verified = journal::verify_on(&disk);
    let read = journal::read_on(&disk);
    assert_eq!(disk.files(), before, "reading changes nothing");
    for error in [verified.as_ref().err(), read.as_ref().err()].into_iter().flatten() {
        hygiene::must_be_clean("an error of the journal", &error.to_string());
    }
    if let Ok(records) = &read {
        assert_eq!(verified.as_ref().map(|verified| verified.records).ok(), Some(records.len() as u64));
        for (entry, line) in records {
            hygiene::must_be_clean("a record", &upshift::model::text::clean(&entry.event.words(), 1_000));
            hygiene::must_be_clean("a record as JSON", &upshift::model::text::escape_json(line));
        }
    }
    match Journal::open_on(Box::new(disk.clone()), Timestamp::UNIX_EPOCH) {
        Ok((mut journal, entries)) => {
            let repaired = matches!(entries.last().map(|entry| &entry.event), Some(Event::JournalRepaired { .. }));
            assert!(read.is_ok() || repaired, "opened, but: {read:?}");
            if read.is_err() {
                assert!(disk.files().keys().any(|name| name.contains(".cut-")), "what was cut is kept");
            }
            let event = Event::EngineStopped { why: "after".to_owned() };
            journal.append(Timestamp::UNIX_EPOCH, event).expect("an open journal takes a record");
            journal.sync().expect("and makes it safe");
            let after = journal::verify_on(&disk).expect("what was opened holds");
            assert_eq!((after.records, after.head.as_str()), (entries.len() as u64 + 1, journal.head()));
        }
        Err(error) => {
            let unreadable = matches!(error, OpenError::Read(ReadError::UnknownKind(_) | ReadError::Damaged(_)));
            assert!(read.is_err() && unreadable, "not opened: {error}, but read: {read:?}");
            assert_eq!(disk.files(), before, "what is refused is left as it is");
        }
    }
}

/// Files by name; each begins with the record that follows the lines before it.
fn segments(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut first_seq = 1;
    let mut files = BTreeMap::new();
    for segment in bytes.split(|byte| *byte == SEGMENT) {
        files.insert(format!("journal-{first_seq:020}.jsonl"), segment.to_vec());
        first_seq += segment.split(|byte| *byte == b'\n').count() - 1;
    }
    files
}

/// Makes a chain of lines such as `{"seq":1,…}`: a true one, whatever they say.
fn seal(contents: &[u8]) -> Vec<u8> {
    let mut chain = Vec::new();
    let mut prev = NO_HASH.to_owned();
    for content in contents.split_inclusive(|byte| *byte == b'\n') {
        let Some(content) = content.strip_suffix(b"}\n") else {
            chain.extend_from_slice(content);
            continue;
        };
        let body = [content, br#","prev":""#, prev.as_bytes(), b"\""].concat();
        let digits = |byte: u8| [byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('?'));
        prev = Sha256::digest(&body).iter().flat_map(|byte| digits(*byte)).collect();
        chain.extend_from_slice(&[&body, br#","hash":""#.as_slice(), prev.as_bytes(), b"\"}\n"].concat());
    }
    chain
}
