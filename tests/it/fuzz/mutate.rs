//! Changes inputs at random, by a seed: bits, spans, numbers, and words of the corpus put where they do not belong.

use std::collections::BTreeSet;

/// Longer inputs find nothing that shorter ones do not, and take their time.
const MAX_BYTES: usize = 16 * 1024;

/// Tokens that have broken parsers and terminals of others.
const NASTY: [&[u8]; 30] = [
    b"\0",
    b"\x1b[31m",
    b"\x1b]0;owned\x07",
    b"\x7f",
    b"\r\n",
    "\u{9b}2J".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{200b}".as_bytes(),
    "\u{2028}".as_bytes(),
    "x\u{301}\u{301}\u{301}\u{301}".as_bytes(),
    "\u{feff}".as_bytes(),
    "\u{1f468}\u{200d}\u{1f469}".as_bytes(),
    b"\xff\xfe",
    b"-1",
    b"0",
    b"-0.0",
    b"1e309",
    b"nan",
    b"18446744073709551616",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"99999999999h",
    b"9999-12-31T23:59:59Z",
    b"-009999-01-01T00:00:00Z",
    b"%00",
    b"../../etc/passwd",
    b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    b"<!DOCTYPE a [<!ENTITY b \"c\">]>&b;",
    b"{\"a\":",
    b"null",
];

/// A small generator of numbers; SplitMix64.
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below a limit above zero.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &'a [impl AsRef<T>]) -> &'a T {
        from[self.below(from.len())].as_ref()
    }
}

/// Makes new inputs out of a corpus.
pub(super) struct Mutator<'a> {
    corpus: &'a [Vec<u8>],
    words: Vec<Vec<u8>>,
}

impl<'a> Mutator<'a> {
    pub(super) fn new(corpus: &'a [Vec<u8>]) -> Self {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        let words = corpus.iter().flat_map(|input| input.split(move |byte| !is_word(byte)));
        let words: BTreeSet<Vec<u8>> = words.filter(|word| (2..40).contains(&word.len())).map(<[u8]>::to_vec).collect();
        Self { corpus, words: words.into_iter().chain(NASTY.map(<[u8]>::to_vec)).collect() }
    }

    /// One input with one to four changes.
    pub(super) fn mutate(&self, rng: &mut Rng) -> Vec<u8> {
        let mut input = rng.pick::<[u8]>(self.corpus).to_vec();
        for _ in 0..=rng.below(4) {
            self.change(&mut input, rng);
            input.truncate(MAX_BYTES);
        }
        input
    }

    fn change(&self, input: &mut Vec<u8>, rng: &mut Rng) {
        let at = rng.below(input.len() + 1);
        let end = (at + 1 + rng.below(24)).min(input.len());
        match rng.below(9) {
            0 if at < input.len() => input[at] ^= 1 << rng.below(8),
            1 if at < input.len() => input[at] = rng.below(256) as u8,
            2 => drop(input.drain(at..end.max(at))),
            3 => drop(input.splice(at..at, rng.pick::<[u8]>(&self.words).iter().copied())),
            4 => drop(input.splice(at..end.max(at), rng.pick::<[u8]>(&self.words).iter().copied())),
            5 => {
                let part = input[at..end.max(at)].repeat(1 + rng.below(40));
                input.splice(at..at, part);
            }
            6 => input.truncate(at),
            7 => {
                let other = rng.pick::<[u8]>(self.corpus);
                let from = rng.below(other.len() + 1);
                input.splice(at.., other[from..].iter().copied());
            }
            _ => self.replace_number(input, at, rng),
        }
    }

    /// Puts a nasty token in the place of the first digits behind `at`.
    fn replace_number(&self, input: &mut Vec<u8>, at: usize, rng: &mut Rng) {
        let Some(start) = input[at..].iter().position(u8::is_ascii_digit).map(|start| at + start) else { return };
        let digits = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let token = if rng.below(2) == 0 { rng.pick::<[u8]>(&NASTY) } else { rng.pick::<[u8]>(&self.words) };
        input.splice(start..start + digits, token.iter().copied());
    }
}
