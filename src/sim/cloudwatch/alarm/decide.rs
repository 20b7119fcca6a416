//! M of N with missing data: the decision itself, on plain datapoints.

use super::{StateValue, Treatment};

/// CloudWatch looks back over more periods than it needs, in case some are missing: N and these. For N = 3 that is the
/// range of 5 of its documentation; the rule behind it is not published.
const SPARE: usize = 2;

/// How many periods are looked at to evaluate `evaluation_periods` of them.
pub(super) fn evaluation_range(evaluation_periods: usize) -> usize {
    evaluation_periods + SPARE
}

/// The state that follows from the datapoints of the evaluation range, oldest first: breaching, not breaching, or
/// missing. `None` retains the state there is.
///
/// With N real datapoints the newest N decide, however missing ones would count. With fewer, as few missing ones as
/// possible are filled in, and all real ones count.
pub(super) fn decide(
    range: &[Option<bool>],
    needed: usize,
    evaluation_periods: usize,
    missing: Treatment,
) -> Option<StateValue> {
    let real: Vec<bool> = range.iter().rev().copied().flatten().take(evaluation_periods).collect();
    let breaching = real.iter().filter(|breaches| **breaches).count();
    let filled = evaluation_periods - real.len();
    let state = |alarm: bool| Some(if alarm { StateValue::Alarm } else { StateValue::Ok });
    if filled == 0 || breaching >= needed {
        return state(breaching >= needed);
    }
    match missing {
        Treatment::NotBreaching => state(false),
        Treatment::Breaching => state(breaching + filled >= needed),
        _ if breaching < real.len() => state(false),
        Treatment::Ignore => None,
        Treatment::Missing if real.is_empty() => Some(StateValue::InsufficientData),
        // All that there is breaches. If it began long enough ago that is an alarm, however few they are; else the
        // next datapoint may say otherwise, and an alarm would be premature.
        Treatment::Missing => {
            let oldest = range.iter().position(Option::is_some).unwrap_or(range.len());
            (range.len() - oldest >= needed).then_some(StateValue::Alarm)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(text: &str) -> Vec<Option<bool>> {
        text.split(' ')
            .map(|point| match point {
                "0" => Some(false),
                "X" => Some(true),
                _ => None,
            })
            .collect()
    }

    /// The states for missing, ignore, breaching and notBreaching, in short.
    fn row(points: &str, needed: usize) -> String {
        let short = |state| match state {
            None => "retain",
            Some(StateValue::Ok) => "ok",
            Some(StateValue::Alarm) => "alarm",
            Some(StateValue::InsufficientData) => "insufficient",
        };
        let states = Treatment::ALL.map(|missing| short(decide(&range(points), needed, 3, missing)));
        states.join(" ")
    }

    #[test]
    fn three_of_three_is_as_documented() {
        assert_eq!(row("0 - X - X", 3), "ok ok ok ok");
        assert_eq!(row("0 - - - -", 3), "ok ok ok ok");
        assert_eq!(row("- - - - -", 3), "insufficient retain alarm ok");
        assert_eq!(row("0 X X - X", 3), "alarm alarm alarm alarm");
        assert_eq!(row("- - X - -", 3), "alarm retain alarm ok");
    }

    #[test]
    fn two_of_three_is_as_documented() {
        assert_eq!(row("0 - X - X", 2), "alarm alarm alarm alarm");
        assert_eq!(row("0 0 X 0 X", 2), "alarm alarm alarm alarm");
        assert_eq!(row("0 - X - -", 2), "ok ok alarm ok");
        assert_eq!(row("- - - - 0", 2), "ok ok alarm ok");
        assert_eq!(row("- - - X -", 2), "alarm retain alarm ok");
    }

    #[test]
    fn an_alarm_is_never_premature() {
        for points in ["- - - - X", "- - - X -"] {
            assert_eq!(decide(&range(points), 3, 3, Treatment::Missing), None, "{points}");
        }
        assert_eq!(decide(&range("- - - X 0"), 3, 3, Treatment::Missing), Some(StateValue::Ok));
        assert_eq!(decide(&range("- - X - 0"), 3, 3, Treatment::Missing), Some(StateValue::Ok));
    }

    #[test]
    fn the_range_is_that_of_the_documentation() {
        assert_eq!(evaluation_range(3), 5);
    }

    fn points() -> impl Strategy<Value = Vec<Option<bool>>> {
        prop::collection::vec(prop::option::of(any::<bool>()), 5)
    }

    proptest! {
        /// One more breach can only lead towards the alarm.
        #[test]
        fn a_worse_datapoint_never_ends_an_alarm(points in points(), at in 0_usize..5, needed in 1_usize..=3) {
            prop_assume!(points[at] == Some(false));
            let mut worse = points.clone();
            worse[at] = Some(true);
            for missing in Treatment::ALL {
                if decide(&points, needed, 3, missing) == Some(StateValue::Alarm) {
                    prop_assert_eq!(decide(&worse, needed, 3, missing), Some(StateValue::Alarm));
                }
            }
        }

        #[test]
        fn with_enough_real_data_missing_data_does_not_matter(points in points(), needed in 1_usize..=3) {
            prop_assume!(points.iter().flatten().count() >= 3);
            let states = Treatment::ALL.map(|missing| decide(&points, needed, 3, missing));
            prop_assert!(states.iter().all(|state| *state == states[0] && state.is_some()));
        }
    }
}
