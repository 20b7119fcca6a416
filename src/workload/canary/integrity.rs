//! Whether what was acknowledged is there, as bookkeeping alone: the attempts of all ways against the rows that the writer has.

use std::collections::BTreeMap;
use std::time::Duration;

use super::series::{Attempt, Outcome, Series};
use crate::model::availability::{ClientPath, Integrity};

/// Takes the rows that the writer has, in any order, and judges at the end.
#[derive(Debug)]
pub(super) struct Audit<'a> {
    series: &'a [Series],
    /// How often each attempt of each series is there.
    there: Vec<Vec<u8>>,
    /// Rows of this run that no attempt wrote.
    strange: u64,
}

impl<'a> Audit<'a> {
    pub(super) fn new(series: &'a [Series]) -> Self {
        let there = series.iter().map(|series| vec![0; series.attempts.len()]).collect();
        Self { series, there, strange: 0 }
    }

    /// A row is there.
    pub(super) fn row(&mut self, path: Option<ClientPath>, tick: i64) {
        let place = self.series.iter().position(|series| Some(series.path) == path).and_then(|of| {
            let tick = u32::try_from(tick).ok()?;
            let attempt = self.series[of].attempts.binary_search_by_key(&tick, |attempt| attempt.tick).ok()?;
            Some((of, attempt))
        });
        match place {
            Some((of, attempt)) => self.there[of][attempt] = self.there[of][attempt].saturating_add(1),
            None => self.strange += 1,
        }
    }

    /// The judgement. `words` says who a writer is.
    pub(super) fn judge(self, words: impl Fn(u16) -> String) -> Integrity {
        let pairs = || {
            let of_each = self.series.iter().zip(&self.there);
            of_each.flat_map(|(series, there)| series.attempts.iter().map(|attempt| attempt.outcome).zip(there))
        };
        let count = |wanted: fn(Outcome, u8) -> bool| {
            pairs().filter(|(outcome, there)| wanted(*outcome, **there)).count() as u64
        };
        let first = first_acknowledgements(self.series);
        let mut order: Vec<(Duration, u16)> = first.iter().map(|(writer, at)| (*at, *writer)).collect();
        order.sort_unstable();
        Integrity {
            acknowledged: count(|outcome, _| matches!(outcome, Outcome::Written(_))),
            lost: count(|outcome, there| matches!(outcome, Outcome::Written(_)) && there == 0),
            phantom: count(|outcome, there| outcome == Outcome::Refused && there > 0) + self.strange,
            duplicated: count(|_, there| there > 1),
            split_brain: split_brain(self.series, &order),
            writers: order.into_iter().map(|(_, writer)| words(writer)).collect(),
        }
    }
}

fn written(series: &[Series]) -> impl Iterator<Item = (&Series, &Attempt, u16)> {
    series.iter().flat_map(|series| {
        series.attempts.iter().filter_map(move |attempt| match attempt.outcome {
            Outcome::Written(writer) => Some((series, attempt, writer)),
            _ => None,
        })
    })
}

fn first_acknowledgements(series: &[Series]) -> BTreeMap<u16, Duration> {
    let mut first = BTreeMap::new();
    for (series, attempt, writer) in written(series) {
        let at = series.done(attempt);
        first.entry(writer).and_modify(|first: &mut Duration| *first = at.min(*first)).or_insert(at);
    }
    first
}

/// Writes that a machine took although another one had acknowledged a first one before they were begun. Only what was begun
/// after counts: acknowledgements can overtake each other on the way, causes cannot. So it can be a few too small, and is
/// never a false alarm; a machine that started anew and goes on is another writer that follows, and nothing else.
fn split_brain(series: &[Series], order: &[(Duration, u16)]) -> u64 {
    let replaced: BTreeMap<u16, Duration> = order.windows(2).map(|pair| (pair[0].1, pair[1].0)).collect();
    let after = |(series, attempt, writer): &(&Series, &Attempt, u16)| {
        replaced.get(writer).is_some_and(|at| series.begun(attempt) > *at)
    };
    written(series).filter(after).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One attempt each 20 ms on each way, over 2 ms after its schedule; each that was acknowledged is there once.
    fn run(paths: &[(ClientPath, &[Outcome])]) -> Vec<Series> {
        let of_path = |(path, outcomes): &(ClientPath, &[Outcome])| {
            let mut series = Series::new(*path, Duration::ZERO, Duration::from_millis(20), 1);
            for (tick, outcome) in outcomes.iter().enumerate() {
                let due = series.due(tick as u32);
                let at = series.begin(tick as u32, due);
                series.end(at, due + Duration::from_millis(2), *outcome);
            }
            series
        };
        paths.iter().map(of_path).collect()
    }

    fn judge(series: &[Series], rows: &[(ClientPath, i64)]) -> Integrity {
        let mut audit = Audit::new(series);
        for (path, tick) in rows {
            audit.row(Some(*path), *tick);
        }
        audit.judge(|writer| format!("w{writer}"))
    }

    use ClientPath::{Fresh, OldWriter, Persistent};
    use Outcome::{Refused, Unknown, Written};

    #[test]
    fn lost_phantom_and_duplicated_are_each_found_and_unknown_may_be_either() {
        let series = run(&[(Persistent, &[Written(0), Written(0), Refused, Refused, Unknown, Unknown, Written(0)])]);
        let rows = [0, 2, 4, 6, 6].map(|tick| (Persistent, tick));
        let found = judge(&series, &rows);
        assert_eq!((found.acknowledged, found.lost, found.phantom, found.duplicated), (3, 1, 1, 1));
        assert_eq!((found.split_brain, found.writers.len(), found.is_whole()), (0, 1, false));
    }

    #[test]
    fn a_row_that_nobody_wrote_is_a_phantom() {
        let series = run(&[(Persistent, &[Written(0)])]);
        assert_eq!(judge(&series, &[(Persistent, 0), (Persistent, 9), (Fresh, 0)]).phantom, 2);
    }

    #[test]
    fn a_machine_that_starts_anew_or_is_replaced_is_no_second_writer_and_one_that_goes_on_is() {
        let replaced: &[Outcome] = &[Written(0), Written(0), Refused, Written(1), Written(1)];
        let calm: &[Outcome] = &[Written(0), Written(0), Refused, Refused, Refused];
        let still: &[Outcome] = &[Written(0), Written(0), Refused, Written(0), Written(0)];
        let split = |old: &[Outcome]| {
            let found = judge(&run(&[(Persistent, replaced), (OldWriter, old)]), &[]);
            (found.split_brain, found.writers)
        };
        assert_eq!(split(calm), (0, vec!["w0".to_owned(), "w1".to_owned()]));
        // The one of tick 3 was begun with the first of the new writer, the one of tick 4 after it.
        assert_eq!(split(still).0, 1);
    }

    #[test]
    fn writers_stand_in_the_order_of_their_first_word_and_the_last_but_one_may_not_go_on_either() {
        let series = run(&[(Fresh, &[Written(2), Written(0), Written(1), Written(0), Written(2), Written(1)])]);
        let found = judge(&series, &[]);
        assert_eq!((found.split_brain, found.writers), (2, vec!["w2".to_owned(), "w0".to_owned(), "w1".to_owned()]));
    }
}
