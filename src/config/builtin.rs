//! The configuration that comes with the program, for simulations.

use std::collections::BTreeSet;

use super::parse;
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseName;
use crate::model::ladder::Ladder;
use crate::model::policy::{OldMachinePolicy, Policy, Strategy};
use crate::model::settings::Settings;

/// The configuration of the simulation's database `checkpoints`.
///
/// # Panics
/// Never: the text is part of the program, and a test parses it.
#[expect(clippy::expect_used, reason = "the text is part of the program, and a test parses it")]
pub fn checkpoints() -> Settings {
    parse(include_str!("checkpoints.toml"), "checkpoints.toml").expect("the built-in configuration is valid")
}

/// The policy of `checkpoints` for each of these databases, moved by that strategy, with a ladder that fits the class it has: the built-in one
/// from that class on, else the class and the next larger one of its family. A database without such a ladder, and a
/// name given twice, are left out.
pub fn for_databases(databases: impl IntoIterator<Item = (DatabaseName, InstanceClass, Strategy)>) -> Settings {
    let settings = checkpoints();
    let mut seen = BTreeSet::new();
    let policy = |(database, class, strategy): (DatabaseName, InstanceClass, Strategy)| {
        let builtin = settings.databases.first().filter(|_| seen.insert(database.clone()))?;
        let (ladder, old_machine) = (ladder(&builtin.ladder, &class)?, OldMachinePolicy::of(strategy));
        Some(Policy { database, ladder, strategy, old_machine, ..builtin.clone() })
    };
    let databases = databases.into_iter().filter_map(policy).collect();
    Settings { databases, ..settings }
}

fn ladder(builtin: &Ladder, class: &InstanceClass) -> Option<Ladder> {
    let from_here = builtin.position(class).map(|at| builtin.rungs()[at..].to_vec());
    from_here.and_then(Ladder::new).or_else(|| {
        let larger = class.next_larger().map(|larger| vec![class.clone(), larger]);
        // The largest of its family can only go down.
        Ladder::new(larger.or_else(|| Some(vec![class.next_smaller()?, class.clone()]))?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: &str) -> InstanceClass {
        InstanceClass::known(name).unwrap()
    }

    #[test]
    fn the_simulation_has_the_rules_of_the_first_case() {
        let settings = checkpoints();
        let policy = &settings.databases[0];
        assert_eq!(policy.database.as_str(), "checkpoints");
        let words = |rules: &[crate::model::policy::Rule]| rules.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(words(&policy.up), ["writes > 500 in 2 of 3", "writes > 750 in 2 of 2"]);
        assert_eq!(words(&policy.down), ["writes < 225 in 10 of 10", "writes < 225 in 55 of 60"]);
        assert_eq!((policy.cooldown_up.as_secs(), policy.cooldown_down.as_secs()), (900, 3600));
    }

    #[test]
    fn every_class_gets_a_ladder_that_it_stands_on() {
        for (here, expected) in [
            ("db.t4g.small", ["db.t4g.small", "db.m5.large"]),
            ("db.m5.large", ["db.m5.large", "db.m5.xlarge"]),
            ("db.t4g.medium", ["db.t4g.medium", "db.t4g.large"]),
            ("db.m6g.large", ["db.m6g.large", "db.m6g.xlarge"]),
            ("db.t4g.2xlarge", ["db.t4g.xlarge", "db.t4g.2xlarge"]),
        ] {
            let settings = for_databases([(DatabaseName::new("orders"), class(here), Strategy::InPlace)]);
            let ladder = &settings.databases[0].ladder;
            assert_eq!(ladder.rungs(), expected.map(class), "{here}");
        }
        let same = for_databases([(DatabaseName::new("checkpoints"), class("db.t4g.small"), Strategy::InPlace)]);
        assert_eq!(same, checkpoints());
    }
}
