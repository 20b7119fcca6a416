//! One record as one line of bytes: sealing and opening. No files here.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::model::event::Entry;
use crate::model::text::escape_json;

/// `prev` of the first record.
pub const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Digits of a hash.
pub(super) const HASH_DIGITS: usize = 64;

const SEQ_KEY: &[u8] = br#"{"seq":"#;
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

/// The word that says what a record is.
#[derive(Deserialize)]
struct Kind {
    kind: String,
}

/// The line of a record, newline included, and its hash.
pub(super) fn seal(entry: &Entry, prev: &str) -> Result<(String, String), serde_json::Error> {
    // So that not even the raw line can fool whoever prints it.
    let mut line = escape_json(&serde_json::to_string(entry)?).into_owned();
    line.pop();
    line.push_str(r#","prev":""#);
    line.push_str(prev);
    line.push('"');
    let hash = text(&digest(line.as_bytes()));
    line.push_str(r#","hash":""#);
    line.push_str(&hash);
    line.push_str("\"}\n");
    Ok((line, hash))
}

/// Takes a line without its newline apart and checks its hash over the bytes as they are; else what is wrong with it.
pub(super) fn open(line: &[u8]) -> Result<Sealed<'_>, String> {
    let inner = line.strip_suffix(b"\"}").ok_or("it does not end as a record does")?;
    let (body, hash) = cut_digest(inner, HASH_KEY).ok_or("it carries no `hash` at its end")?;
    // Digits are compared, not what they mean: else `A` for `a` would be a change that nobody sees.
    let computed = digest(body);
    if hash.as_bytes() != computed {
        return Err(format!("its bytes have the hash {}, but it says {hash}", text(&computed)));
    }
    let body = body.strip_suffix(b"\"").ok_or("it carries no `prev` before its hash")?;
    let (content, prev) = cut_digest(body, PREV_KEY).ok_or("it carries no `prev` before its hash")?;
    Ok(Sealed { content, prev, hash })
}

impl Sealed<'_> {
    /// Its sequence, read from where every record begins, and nothing else of it; absent where that is no number.
    pub(super) fn seq(&self) -> Option<u64> {
        let rest = self.content.strip_prefix(SEQ_KEY)?;
        let end = rest.iter().position(|byte| !byte.is_ascii_digit()).filter(|end| rest[*end] == b',')?;
        let digits = &rest[..end];
        // JSON knows no leading zeros.
        (digits.first() != Some(&b'0')).then(|| str::from_utf8(digits).ok()?.parse().ok())?
    }

    /// Its kind, also where this version has no words for it.
    pub(super) fn kind(&self) -> Option<String> {
        serde_json::from_slice(&self.json()).ok().map(|Kind { kind }| kind)
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

/// SHA-256 as small hexadecimal digits, without a heap: a check of a journal does this for every record.
fn digest(bytes: &[u8]) -> [u8; HASH_DIGITS] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; HASH_DIGITS];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(Sha256::digest(bytes)) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
    hex
}

fn text(digits: &[u8; HASH_DIGITS]) -> String {
    digits.iter().copied().map(char::from).collect()
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
        assert_eq!(hash, text(&digest(body.as_bytes())));
        let sealed = open(line.trim_end().as_bytes()).unwrap();
        assert_eq!(sealed.entry().unwrap(), entry);
        assert_eq!((sealed.prev, sealed.hash, sealed.seq()), (NO_HASH, hash.as_str(), Some(7)));
    }

    #[test]
    fn a_sequence_is_read_only_where_and_as_it_is_written() {
        let seq = |content: &str| Sealed { content: content.as_bytes(), prev: "", hash: "" }.seq();
        assert_eq!(seq(r#"{"seq":18446744073709551615,"at""#), Some(u64::MAX));
        for wrong in
            ["", r#"{"seq":"#, r#"{"seq":7"#, r#"{"seq":,"#, r#"{"seq":07,"#, r#"{"seq":-7,"#, r#"{"at":1,"seq":7,"#]
        {
            assert_eq!(seq(wrong), None, "{wrong}");
        }
        assert_eq!(seq(r#"{"seq":18446744073709551616,"#), None);
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(text(&digest(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
