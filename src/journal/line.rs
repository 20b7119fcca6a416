//! One line of the journal: an entry, the hash of the line before, its own hash.

use sha2::{Digest, Sha256};

use crate::model::event::Entry;

/// The `prev` of a journal's first record.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What stands between the hashed bytes and the hash.
const HASH_KEY: &str = ",\"hash\":\"";
/// What ends a line.
const END: &str = "\"}";
const PREV_KEY: &str = ",\"prev\":\"";

/// A line without its newline, and its hash.
///
/// # Errors
/// When the entry does not serialise; plain data with string keys always does.
pub(super) fn encode(entry: &Entry, prev: &str) -> Result<(String, String), serde_json::Error> {
    let mut text = serde_json::to_string(entry)?;
    // The entry is an object: its closing brace makes room for the chain.
    text.pop();
    text.push_str(PREV_KEY);
    text.push_str(prev);
    text.push('"');
    let hash = digest(text.as_bytes());
    text.push_str(HASH_KEY);
    text.push_str(&hash);
    text.push_str(END);
    Ok((text, hash))
}

/// The entry of a line that must follow the record `seq - 1` with the hash `prev`; with it the line's own hash.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn decode(line: &str, seq: u64, prev: &str) -> Result<(Entry, String), String> {
    let cut = line.rfind(HASH_KEY).ok_or("it has no hash")?;
    let (body, rest) = line.split_at(cut);
    let hash = rest[HASH_KEY.len()..].strip_suffix(END).ok_or("it does not end as a record does")?;
    if digest(body.as_bytes()) != hash {
        return Err("its bytes do not match its hash".to_owned());
    }
    let chained = body.rfind(PREV_KEY).map(|at| &body[at + PREV_KEY.len()..]).and_then(|rest| rest.strip_suffix('"'));
    if chained != Some(prev) {
        return Err("it does not follow the record before it: one was removed, added or exchanged".to_owned());
    }
    let entry: Entry = serde_json::from_str(line)
        .map_err(|error| format!("it holds, but says something that this version does not know ({error})"))?;
    if entry.seq != seq {
        return Err(format!("its sequence is {} where {seq} belongs", entry.seq));
    }
    Ok((entry, hash.to_owned()))
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        for nibble in [byte >> 4, byte & 15] {
            hex.push(char::from(b"0123456789abcdef"[usize::from(nibble)]));
        }
        hex
    })
}
