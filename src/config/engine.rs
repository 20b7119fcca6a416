//! `[engine]`: the rhythm of the loop.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::problem::Problem;
use super::section::Section;
use crate::model::settings::EngineSettings;

pub(super) const KEYS: [&str; 1] = ["evaluate_every"];

/// Four looks in each minute that CloudWatch publishes: a new datapoint is seen 15 s late at worst.
const EVALUATE_EVERY: Duration = Duration::from_secs(15);
/// More seldom than hourly, no cooldown or count of datapoints would mean what it says.
const BOUNDS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

/// Reads the table or takes its defaults.
pub(super) fn read(root: &Section<'_>, problems: &mut Vec<Problem>) -> EngineSettings {
    let engine = root.child("engine", &KEYS, problems);
    let every = engine.and_then(|engine| engine.duration("evaluate_every", &BOUNDS, problems));
    EngineSettings { evaluate_every: every.map_or(EVALUATE_EVERY, toml::Spanned::into_inner) }
}
