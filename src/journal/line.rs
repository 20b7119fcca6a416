//! One record as one line of bytes: sealing and opening. No files here.

use std::fmt::Write as _;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::model::event::Entry;

/// `prev` of the first record.
pub const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const HASH_DIGITS: usize = 64;
const PREV_KEY: &[u8] = br#","prev":""#;
const HASH_KEY: &[u8] = br#","hash":""#;

/// A line whose own hash is right.
pub(super) struct Sealed<'a> {
    /// The record without `prev` and `hash`, and without its closing brace.
    content: &'a [u8],
    /// As written.
    pub(super) prev: &'a str,
    /// As written, and as computed.
    pub(super) hash: &'a str,
}

/// The part of a record that every version has.
#[derive(Deserialize)]
pub(super) struct Head {
    /// Its sequence.
    pub(super) seq: u64,
    /// Its kind.
    pub(super) kind: String,
}

/// The line of a record, newline included, and its hash.
pub(super) fn seal(entry: &Entry, prev: &str) -> Result<(String, String), serde_json::Error> {
    let mut line = serde_json::to_string(entry)?;
    line.pop();
    line.push_str(r#","prev":""#);
    line.push_str(prev);
    line.push('"');
    let hash = sha256_hex(line.as_bytes());
    line.push_str(r#","hash":""#);
    line.push_str(&hash);
    line.push_str("\"}\n");
    Ok((line, hash))
}

/// Takes a line without its newline apart and checks its hash over the bytes as they are; else what is wrong with it.
pub(super) fn open(line: &[u8]) -> Result<Sealed<'_>, String> {
    let inner = line.strip_suffix(b"\"}").ok_or("it does not end as a record does")?;
    let (body, hash) = cut_digest(inner, HASH_KEY).ok_or("it carries no `hash` at its end")?;
    let computed = sha256_hex(body);
    if hash != computed {
        return Err(format!("its bytes have the hash {computed}, but it says {hash}"));
    }
    let body = body.strip_suffix(b"\"").ok_or("it carries no `prev` before its hash")?;
    let (content, prev) = cut_digest(body, PREV_KEY).ok_or("it carries no `prev` before its hash")?;
    Ok(Sealed { content, prev, hash })
}

impl Sealed<'_> {
    /// What every version can read of it.
    pub(super) fn head(&self) -> Result<Head, serde_json::Error> {
        serde_json::from_slice(&self.json())
    }

    /// The whole record.
    pub(super) fn entry(&self) -> Result<Entry, serde_json::Error> {
        serde_json::from_slice(&self.json())
    }

    fn json(&self) -> Vec<u8> {
        [self.content, b"}"].concat()
    }
}

/// Splits `…<key><64 digits>` before the key.
fn cut_digest<'a>(bytes: &'a [u8], key: &[u8]) -> Option<(&'a [u8], &'a str)> {
    let (rest, digest) = bytes.split_at_checked(bytes.len().checked_sub(HASH_DIGITS)?)?;
    Some((rest.strip_suffix(key)?, str::from_utf8(digest).ok()?))
}

fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(HASH_DIGITS), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::event::Event;

    #[test]
    fn a_sealed_line_has_the_documented_form_and_opens_to_the_same_record() {
        let event = Event::EngineStopped { why: "ordered\nby \"Ann\"".to_owned() };
        let entry = Entry { seq: 7, at: "2026-01-02T03:04:05Z".parse().unwrap(), event };
        let (line, hash) = seal(&entry, NO_HASH).unwrap();
        let body = concat!(
            r#"{"seq":7,"at":"2026-01-02T03:04:05Z","kind":"engine_stopped","data":{"why":"ordered\nby \"Ann\""},"#,
            r#""prev":"0000000000000000000000000000000000000000000000000000000000000000""#
        );
        assert_eq!(line, format!("{body},\"hash\":\"{hash}\"}}\n"));
        // That this equals what `sha256sum` says is shown in tests/it/journal.rs.
        assert_eq!(hash, sha256_hex(body.as_bytes()));
        let sealed = open(line.trim_end().as_bytes()).unwrap();
        assert_eq!(sealed.entry().unwrap(), entry);
        assert_eq!((sealed.prev, sealed.hash), (NO_HASH, hash.as_str()));
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
