//! When a way was out: from the schedule of a failed attempt to the first acknowledgement of one that was scheduled after it.

use std::time::Duration;

use super::series::Series;

/// A time without an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outage {
    /// The first failed attempt was scheduled then.
    pub(super) from: Duration,
    /// The first success after it was acknowledged then.
    pub(super) until: Option<Duration>,
    /// It may have begun so much earlier: the attempt before was scheduled then. From the first attempt on: nothing.
    pub(super) error: Duration,
    /// It may have been over so much earlier: the attempt before the one that was acknowledged first was begun then.
    pub(super) until_error: Duration,
}

/// All of them, oldest first; no two have a moment in common.
///
/// Many attempts are under way at once, and a late one can be over before an early one. So an outage is ended by the
/// earliest acknowledgement among all attempts that were scheduled after its beginning, and what was scheduled within it
/// and failed belongs to it, whenever that became known.
pub(super) fn outages(series: &Series) -> Vec<Outage> {
    let attempts = &series.attempts;
    let mut outages = Vec::new();
    let mut at = 0;
    while let Some(failed) = attempts.get(at) {
        if failed.outcome.is_success() {
            at += 1;
            continue;
        }
        let from = series.due_of(failed);
        let before = at.checked_sub(1).and_then(|before| attempts.get(before));
        let error = before.map_or(Duration::ZERO, |before| from.saturating_sub(series.due_of(before)));
        let acknowledged = first_acknowledgement(series, at + 1);
        let until = acknowledged.map(|(until, _)| until);
        let until_error = acknowledged.and_then(|(until, of)| {
            let before = attempts.get(of.checked_sub(1)?)?;
            Some(until.saturating_sub(series.begun(before).max(from)))
        });
        outages.push(Outage { from, until, error, until_error: until_error.unwrap_or_default() });
        let Some(until) = until else { break };
        at += attempts[at..].iter().take_while(|attempt| series.due_of(attempt) < until).count().max(1);
    }
    outages
}

/// The earliest acknowledgement of the attempts from the given one on, and which attempt's it is.
fn first_acknowledgement(series: &Series, from: usize) -> Option<(Duration, usize)> {
    let mut earliest: Option<(Duration, usize)> = None;
    for (place, attempt) in series.attempts.iter().enumerate().skip(from) {
        // Whatever was scheduled later was acknowledged later.
        if earliest.is_some_and(|(earliest, _)| earliest <= series.due_of(attempt)) {
            break;
        }
        if attempt.outcome.is_success() {
            let done = series.done(attempt);
            earliest = Some(earliest.map_or((done, place), |earliest| earliest.min((done, place))));
        }
    }
    earliest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::availability::ClientPath;
    use crate::workload::canary::series::Outcome;

    const OK: Outcome = Outcome::Written(0);

    /// One attempt each 20 ms: what came of it, and how many milliseconds after its schedule.
    fn series(attempts: &[(Outcome, u64)]) -> Series {
        let mut series = Series::new(ClientPath::Fresh, Duration::ZERO, Duration::from_millis(20), 1);
        for (tick, (outcome, after)) in attempts.iter().enumerate() {
            let due = series.due(tick as u32);
            let at = series.begin(tick as u32, due);
            series.end(at, due + Duration::from_millis(*after), *outcome);
        }
        series
    }

    fn millis(series: &Series) -> Vec<(u128, Option<u128>)> {
        outages(series).iter().map(|o| (o.from.as_millis(), o.until.map(|until| until.as_millis()))).collect()
    }

    #[test]
    fn a_slow_time_is_none_and_a_failed_attempt_begins_one() {
        assert_eq!(millis(&series(&[(OK, 1), (OK, 900), (OK, 880), (OK, 1)])), []);
        assert_eq!(millis(&series(&[(OK, 1), (Outcome::Refused, 1), (OK, 3), (OK, 1)])), [(20, Some(43))]);
        assert_eq!(millis(&series(&[(Outcome::Unknown, 1000), (Outcome::Refused, 1)])), [(0, None)]);
    }

    #[test]
    fn the_earliest_acknowledgement_ends_it_and_all_that_failed_meanwhile_belongs_to_it() {
        // 0 fails at its deadline, 1 is slow, 2 is soon done, 3 failed before that was known.
        let frozen = [(Outcome::Unknown, 1000), (OK, 900), (OK, 50), (Outcome::Unknown, 1000), (OK, 30), (OK, 1)];
        assert_eq!(millis(&series(&frozen)), [(0, Some(90))]);
    }

    #[test]
    fn an_acknowledgement_of_before_does_not_end_it() {
        // The one of tick 0 was on its way when the server died.
        let killed = [(OK, 25), (Outcome::Unknown, 2), (Outcome::Refused, 1), (OK, 4), (OK, 1)];
        assert_eq!(millis(&series(&killed)), [(20, Some(64))]);
    }

    #[test]
    fn two_are_two_and_each_says_how_far_its_beginning_is_known() {
        let mut sparse = Series::new(ClientPath::Fresh, Duration::ZERO, Duration::from_millis(20), 50);
        for (tick, outcome) in [(0, OK), (50, Outcome::Refused), (51, OK), (52, Outcome::Refused), (53, OK)] {
            let at = sparse.begin(tick, sparse.due(tick));
            sparse.end(at, sparse.due(tick) + Duration::from_millis(1), outcome);
        }
        let errors: Vec<u128> = outages(&sparse).iter().map(|outage| outage.error.as_millis()).collect();
        assert_eq!((millis(&sparse), errors), (vec![(1000, Some(1021)), (1040, Some(1061))], vec![1000, 20]));
    }

    #[test]
    fn it_may_have_been_over_since_the_attempt_before_was_begun() {
        let of = |attempts: &[(Outcome, u64)]| outages(&series(attempts))[0].until_error.as_millis();
        // Refused each 20 ms: the server may have been there since 40 ms, and answered at 63 ms.
        assert_eq!(of(&[(OK, 1), (Outcome::Refused, 1), (Outcome::Refused, 1), (OK, 3)]), 23);
        // What hangs is answered when the server goes on; of its own length nothing is unsure but since then.
        assert_eq!(of(&[(OK, 1), (Outcome::Unknown, 1000), (OK, 900), (OK, 880)]), 920);
    }

    /// Against the definition, word by word, on every course of six attempts with three fates each.
    #[test]
    fn every_short_course_is_as_the_definition_says() {
        for course in 0..3_u32.pow(6) {
            let fate = |tick: u32| match course / 3_u32.pow(tick) % 3 {
                0 => (OK, 1),
                1 => (OK, 45),
                _ => (Outcome::Unknown, 100),
            };
            let series = series(&(0..6).map(fate).collect::<Vec<_>>());
            let found = outages(&series);
            for attempt in series.attempts.iter().filter(|attempt| !attempt.outcome.is_success()) {
                let due = series.due_of(attempt);
                let holding = found.iter().filter(|o| o.from <= due && o.until.is_none_or(|until| due < until));
                assert_eq!(holding.count(), 1, "course {course}: a failure belongs to one outage");
            }
            for outage in found {
                let after = series.attempts.iter().filter(|a| a.outcome.is_success() && series.due_of(a) > outage.from);
                assert_eq!(outage.until, after.map(|a| series.done(a)).min(), "course {course}");
            }
        }
    }
}
