//! Damage planted in a journal of several segments: all of it is found, named by the first record that is not what was
//! written, and left as it is. The one exception is at the end of this file.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use tempfile::TempDir;
use upshift::journal::{self, Damage, Journal, OpenError, ReadError};
use upshift::model::event::Event;

const AT: Timestamp = Timestamp::UNIX_EPOCH;

/// A journal as it is on disk: segments of lines, each with its newline.
type Segments = Vec<Vec<Vec<u8>>>;

/// What somebody or something does to a journal.
#[derive(Debug, Clone)]
enum Harm {
    FlipBits { at: Index, bits: u8 },
    InsertByte { at: Index, byte: u8 },
    DeleteByte { at: Index },
    DeleteLine { at: Index },
    RepeatLine { at: Index },
    SwapLines { at: Index, with: Index },
    SwapSegments { at: Index, with: Index },
    DeleteSegment { at: Index },
    RepeatSegment { at: Index, over: Index },
    OlderSegment { at: Index, lines: Index },
    OtherChain { at: Index },
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<Index>;
    prop_oneof![
        4 => (at(), 1_u8..=255).prop_map(|(at, bits)| Harm::FlipBits { at, bits }),
        1 => (at(), any::<u8>()).prop_map(|(at, byte)| Harm::InsertByte { at, byte }),
        1 => at().prop_map(|at| Harm::DeleteByte { at }),
        1 => at().prop_map(|at| Harm::DeleteLine { at }),
        1 => at().prop_map(|at| Harm::RepeatLine { at }),
        1 => (at(), at()).prop_map(|(at, with)| Harm::SwapLines { at, with }),
        1 => (at(), at()).prop_map(|(at, with)| Harm::SwapSegments { at, with }),
        1 => at().prop_map(|at| Harm::DeleteSegment { at }),
        1 => (at(), at()).prop_map(|(at, over)| Harm::RepeatSegment { at, over }),
        1 => (at(), at()).prop_map(|(at, lines)| Harm::OlderSegment { at, lines }),
        1 => at().prop_map(|at| Harm::OtherChain { at }),
    ]
}

/// A journal of two or three segments, each of one to three records.
fn written(shape: &[usize], word: &str) -> (TempDir, Segments) {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), AT).unwrap();
    for number in 0..shape.iter().sum() {
        journal.append(AT, Event::EngineStopped { why: format!("{word} {number}") }).unwrap();
    }
    drop(journal);
    let text = fs::read(segment(dir.path(), 1)).unwrap();
    let mut lines = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec);
    let segments: Segments = shape.iter().map(|count| lines.by_ref().take(*count).collect()).collect();
    let files: Vec<_> = segments.iter().map(|lines| lines.concat()).collect();
    put(dir.path(), shape, &files);
    (dir, segments)
}

fn segment(dir: &Path, first_seq: usize) -> std::path::PathBuf {
    dir.join(format!("journal-{first_seq:020}.jsonl"))
}

/// Writes files under the names that the segments of this shape have.
fn put(dir: &Path, shape: &[usize], files: &[Vec<u8>]) {
    let mut first_seq = 1;
    for (count, bytes) in shape.iter().zip(files) {
        fs::write(segment(dir, first_seq), bytes).unwrap();
        first_seq += count;
    }
}

/// The files after the harm, and which of them is gone. None where nothing would change.
fn harmed(harm: &Harm, segments: &Segments, shape: &[usize]) -> Option<(Vec<Vec<u8>>, Option<usize>)> {
    let total: usize = shape.iter().sum();
    let last = segments.len() - 1;
    let place = |line: usize| {
        let mut rest = line;
        let at = shape.iter().position(|count| rest.checked_sub(*count).map(|left| rest = left).is_none());
        (at.unwrap(), rest)
    };
    let mut files = segments.clone();
    let mut gone = None;
    let bytes: usize = files.concat().concat().len();
    let byte = |at: usize| {
        let mut rest = at;
        for (segment, lines) in segments.iter().enumerate() {
            for (line, bytes) in lines.iter().enumerate() {
                match rest.checked_sub(bytes.len()) {
                    Some(left) => rest = left,
                    None => return (segment, line, rest),
                }
            }
        }
        unreachable!("the place is one of the bytes")
    };
    match harm {
        Harm::FlipBits { at, bits } => {
            let (segment, line, at) = byte(at.index(bytes));
            files[segment][line][at] ^= bits;
        }
        Harm::InsertByte { at, byte: new } => {
            let (segment, line, at) = byte(at.index(bytes));
            files[segment][line].insert(at, *new);
        }
        // Without its newline the last record is an incomplete one, which is repaired.
        Harm::DeleteByte { at } => {
            let (segment, line, at) = byte(at.index(bytes - 1));
            files[segment][line].remove(at);
        }
        Harm::DeleteLine { at } => {
            let (segment, line) = place(at.index(total - 1));
            files[segment].remove(line);
        }
        Harm::RepeatLine { at } => {
            let (segment, line) = place(at.index(total));
            let again = files[segment][line].clone();
            files[segment].insert(line, again);
        }
        Harm::SwapLines { at, with } => {
            let ((segment, line), (other, row)) = (place(at.index(total)), place(with.index(total)));
            let kept = std::mem::replace(&mut files[segment][line], segments[other][row].clone());
            files[other][row] = kept;
        }
        Harm::SwapSegments { at, with } => files.swap(at.index(last + 1), with.index(last + 1)),
        Harm::DeleteSegment { at } => gone = Some(at.index(last)),
        Harm::RepeatSegment { at, over } => files[over.index(last + 1)].clone_from(&segments[at.index(last + 1)]),
        Harm::OlderSegment { at, lines } => {
            let at = at.index(last);
            files[at].truncate(lines.index(shape[at]));
        }
        Harm::OtherChain { at } => {
            let (_dir, other) = written(shape, "another");
            let at = at.index(last + 1);
            files[at].clone_from(&other[at]);
        }
    }
    (files != *segments || gone.is_some()).then(|| (files.iter().map(|lines| lines.concat()).collect(), gone))
}

/// The record in which two journals first differ.
fn first_difference(before: &Segments, files: &[Vec<u8>], gone: Option<usize>, shape: &[usize]) -> u64 {
    let mut seq = 1;
    for (index, lines) in before.iter().enumerate() {
        if gone == Some(index) {
            return seq;
        }
        let mut after = files[index].split_inclusive(|byte| *byte == b'\n');
        for line in lines {
            if after.next() != Some(line) {
                return seq;
            }
            seq += 1;
        }
        if after.next().is_some() {
            return seq;
        }
    }
    panic!("the journals are alike: {shape:?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_done_to_it_is_found(shape in prop::collection::vec(1_usize..4, 2..4), harm in harm()) {
        let (dir, before) = written(&shape, "one");
        prop_assert_eq!(journal::verify(dir.path()).unwrap().records, shape.iter().sum::<usize>() as u64);
        let Some((files, gone)) = harmed(&harm, &before, &shape) else { return Ok(()) };
        put(dir.path(), &shape, &files);
        if let Some(gone) = gone {
            fs::remove_file(segment(dir.path(), 1 + shape[..gone].iter().sum::<usize>())).unwrap();
        }
        let damage = damage(journal::verify(dir.path()).unwrap_err());
        let expected = match first_difference(&before, &files, gone, &shape) {
            // The beginning of another journal is a good beginning: what is wrong is the record that does not follow it.
            1 if matches!(harm, Harm::OtherChain { .. }) => shape[0] as u64 + 1,
            seq => seq,
        };
        prop_assert_eq!(damage.seq, expected, "{}", damage);
        let found = Journal::open(dir.path(), AT).unwrap_err();
        prop_assert!(matches!(&found, OpenError::Read(ReadError::Damaged(found)) if *found == damage), "{}", found);
        for name in fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()) {
            prop_assert!(!name.contains(".cut-"), "nothing was repaired");
        }
    }
}

fn damage(error: ReadError) -> Damage {
    match error {
        ReadError::Damaged(damage) => damage,
        other => panic!("{other}"),
    }
}

/// What no chain can show, as its documentation says: whoever keeps a copy of `head` elsewhere sees it.
#[test]
fn a_clean_cut_at_the_end_of_a_record_shows_in_the_head_alone() {
    let (dir, segments) = written(&[2, 2], "one");
    let whole = journal::verify(dir.path()).unwrap();
    let heads: Vec<String> = [vec![2, 1], vec![2, 0]]
        .iter()
        .map(|kept: &Vec<usize>| {
            put(dir.path(), &[2, 2], &[segments[0].concat(), segments[1][..kept[1]].concat()]);
            journal::verify(dir.path()).unwrap().head
        })
        .collect();
    fs::remove_file(segment(dir.path(), 3)).unwrap();
    assert_eq!(journal::verify(dir.path()).unwrap().head, heads[1]);
    assert!(!heads.contains(&whole.head) && heads[0] != heads[1]);
}
