//! The scenarios that come with the program.

use super::Scenario;
use crate::diagnostics::Diagnostics;

const BUILTIN: [(&str, &str); 7] = [
    ("checkpoints", include_str!("../scenarios/checkpoints.toml")),
    ("blue-green", include_str!("../scenarios/blue-green.toml")),
    ("aurora", include_str!("../scenarios/aurora.toml")),
    ("cluster", include_str!("../scenarios/cluster.toml")),
    ("multi-az", include_str!("../scenarios/multi-az.toml")),
    ("drill", include_str!("../scenarios/drill.toml")),
    ("quiet", include_str!("../scenarios/quiet.toml")),
];

impl Scenario {
    /// The scenario of that name; `None` when no such one is built in.
    ///
    /// # Errors
    /// Never for a released program: a test parses every built-in scenario.
    pub fn builtin(name: &str) -> Option<Result<Self, Diagnostics>> {
        let (name, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
        Some(Self::parse(name, text))
    }

    /// The names of the built-in scenarios, the default one first.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILTIN.iter().map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_scenario_is_valid_and_named_after_itself() {
        for name in Scenario::builtin_names() {
            let scenario = Scenario::builtin(name).unwrap().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scenario.name, name);
            assert!(!scenario.description.is_empty());
        }
        assert!(Scenario::builtin("nothing").is_none());
    }
}
