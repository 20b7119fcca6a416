//! The journal: append-only evidence, and the memory of the engine. One writer, many readers.
//!
//! JSON Lines in segments named after their first record. Each line carries the hash of the line before it and its
//! own, so that any change, loss or reordering of bytes is found:
//!
//! ```text
//!   {"seq":7,"at":"…","kind":"armed","data":{…},"prev":"<hash of 6>","hash":"<SHA-256 of all before ,\"hash\">"}
//! ```

mod line;
mod read;
mod segment;
#[cfg(test)]
mod tests;
mod write;

pub use read::{Damage, Verified, read, verify};
pub use write::{Journal, OpenError, WriteError};
