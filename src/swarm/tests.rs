//! The swarm in small: what the command does with thousands of seeds, CI does with these.

use crate::swarm::trial::crash::{self, Death};
use crate::swarm::trial::{Trial, run};

#[test]
fn the_same_seed_twice_is_the_same_trial_to_the_last_byte() {
    for seed in 0..2 {
        let trial = Trial { seed, hours: 5, without: None };
        let (one, two) = (run(trial).unwrap(), run(trial).unwrap());
        assert_eq!(one.trace, two.trace, "seed {seed}");
        assert_eq!(one, two, "seed {seed}");
    }
}

#[test]
fn every_kind_of_action_comes_to_its_end_without_a_death() {
    for kind in crash::Kind::ALL {
        let outcome = crash::run(kind, Death::Never).unwrap();
        assert!(outcome.wrong.is_empty() && outcome.points > 100, "{kind:?}: {outcome:?}");
    }
}

/// `upshift simulate --deaths` runs all of them, for every kind of action.
#[test]
fn a_death_at_some_points_and_bytes_changes_nothing() {
    for kind in [crash::Kind::EngineUp, crash::Kind::PersonUp] {
        let whole = crash::run(kind, Death::Never).unwrap();
        for point in (1..=whole.points).step_by(61) {
            let outcome = crash::run(kind, Death::Point(point)).unwrap();
            assert!(outcome.wrong.is_empty(), "{kind:?} at point {point}: {:?}", outcome.wrong);
        }
        for append in (1..=whole.records.len()).step_by(4) {
            let bytes = whole.records[append - 1] / 2;
            let outcome = crash::run(kind, Death::Byte { append: append as u64, bytes }).unwrap();
            assert!(outcome.wrong.is_empty(), "{kind:?} at byte {bytes} of {append}: {:?}", outcome.wrong);
        }
    }
}
