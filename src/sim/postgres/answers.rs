//! What a server says to its client, read only as far as to count the rows that it says it has written.
//!
//! A message of PostgreSQL's protocol is a byte for its kind and four for its length. `CommandComplete` (`C`) carries a
//! tag such as `INSERT 0 5`, `UPDATE 3` or `COPY 100`.

/// A tag is shorter than this; the rest of a longer one is nothing that counts.
const MOST_TAG_BYTES: usize = 64;
const HEAD_BYTES: usize = 5;
/// So many rows of a bulk load cost the disk what one row of its own costs: they are written page by page.
const COPIED_PER_ROW: u64 = 100;

/// Where in the stream we are. Chunks may break anywhere.
#[derive(Debug, Default)]
pub(super) struct Answers {
    head: Vec<u8>,
    /// Of the message at hand, bytes still to come.
    rest: usize,
    /// The tag at hand, while the message is one that has a tag.
    tag: Option<Vec<u8>>,
}

impl Answers {
    /// Reads on; how many rows were written by the messages that end in this chunk.
    pub(super) fn rows_written(&mut self, mut chunk: &[u8]) -> u64 {
        let mut rows = 0;
        while !chunk.is_empty() {
            if self.rest == 0 && self.head.len() < HEAD_BYTES {
                let (taken, left) = chunk.split_at(chunk.len().min(HEAD_BYTES - self.head.len()));
                self.head.extend_from_slice(taken);
                chunk = left;
                if self.head.len() == HEAD_BYTES {
                    self.begin();
                }
            }
            let (taken, left) = chunk.split_at(chunk.len().min(self.rest));
            if let Some(tag) = &mut self.tag
                && tag.len() < MOST_TAG_BYTES
            {
                tag.extend_from_slice(taken);
            }
            self.rest -= taken.len();
            chunk = left;
            if self.rest == 0 && self.head.len() == HEAD_BYTES {
                rows += self.tag.take().map_or(0, |tag| rows_of(&tag));
                self.head.clear();
            }
        }
        rows
    }

    fn begin(&mut self) {
        let length = u32::from_be_bytes([self.head[1], self.head[2], self.head[3], self.head[4]]);
        // The length counts itself.
        self.rest = (length as usize).saturating_sub(4);
        self.tag = (self.head[0] == b'C').then(Vec::new);
    }
}

fn rows_of(tag: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(tag);
    let mut words = text.trim_end_matches('\0').split(' ');
    match words.next() {
        Some("INSERT" | "UPDATE" | "DELETE" | "MERGE") => count(words.next_back()),
        Some("COPY") => count(words.next_back()).div_ceil(COPIED_PER_ROW),
        _ => 0,
    }
}

fn count(word: Option<&str>) -> u64 {
    word.and_then(|count| count.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u8, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[kind], length.as_slice(), body].concat()
    }

    #[test]
    fn rows_are_counted_wherever_the_stream_breaks() {
        let stream = [
            message(b'R', &[0, 0, 0, 0]),
            message(b'1', b""),
            message(b'C', b"INSERT 0 5\0"),
            message(b'D', &[b'C'; 300]),
            message(b'C', b"SELECT 7\0"),
            message(b'C', b"UPDATE 3\0"),
            message(b'C', b"COPY 100\0"),
            message(b'C', b"BEGIN\0"),
            message(b'Z', b"I"),
            message(b'C', b"DELETE 1\0"),
        ]
        .concat();
        for size in 1..stream.len() {
            let mut answers = Answers::default();
            let rows: u64 = stream.chunks(size).map(|chunk| answers.rows_written(chunk)).sum();
            assert_eq!(rows, 10, "in chunks of {size}");
        }
    }
}
