//! The journal: append-only evidence, and the memory of the engine.
//!
//! A journal is a directory of segments `journal-<first sequence>.jsonl`. Each line is one record,
//! `{"seq":…,"at":…,"kind":…,"data":…,"prev":"<hex>","hash":"<hex>"}`, where `hash` is the SHA-256 of the exact bytes of
//! the line before `,"hash":"`, and `prev` is the `hash` of the record before (64 zeros for the first). So the chain can
//! be checked with `sha256sum` alone, without trusting this program.
//!
//! What the chain cannot show is a journal cut short at the end of a record, which an older copy of all of it is too:
//! compare `head` with a copy kept elsewhere. Every other change is found, and named by the first record it breaks.
//!
//! Calls block on the disk; the caller decides on which thread.

mod disk;
mod error;
mod line;
mod lock;
mod scan;
mod segment;
mod writer;

pub use disk::{Disk, guarded};
pub use error::{Damage, OpenError, ReadError, UnknownKind, WriteError};
pub use line::NO_HASH;
pub use lock::holder;
pub use scan::{Verified, has_segments, hash_of, read, read_each, read_good, read_on, torn_bytes, verify, verify_on};
pub use writer::Journal;

/// A segment is closed before it would grow beyond this: small enough for any editor or mail gateway an auditor has,
/// large enough that a quiet database fills one in months.
pub const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// No record is longer, its newline included, so that a damaged file cannot make a reader take all memory. The largest
/// record, a decision with its datapoints, is some tens of KiB.
pub const LINE_BYTES: usize = 1024 * 1024;
