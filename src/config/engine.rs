//! `[engine]`: the rhythm of the loop.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::settings::EngineSettings;

pub(super) const KEYS: [&str; 3] = ["evaluate_every", "watch_every", "max_actions_in_flight"];

/// Four looks in each minute that CloudWatch publishes: a new datapoint is seen 15 s late at worst.
const EVALUATE_EVERY: Duration = Duration::from_secs(15);
/// More seldom than hourly, no cooldown or count of datapoints would mean what it says.
const BOUNDS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

/// Status changes show within seconds, and reads are cheap.
const WATCH_EVERY: Duration = Duration::from_secs(15);
/// Below it AWS's limits of calls come near; above it an action's end is seen late.
const WATCH_BOUNDS: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_mins(1);

/// One at a time: a fault that all databases share must not move all of them.
const ACTIONS_IN_FLIGHT: u32 = 1;
/// More at once than anybody could watch.
const ACTIONS_IN_FLIGHT_MOST: u32 = 20;

/// Reads the table or takes its defaults.
pub(super) fn read(root: &Section<'_>, problems: &mut Vec<Diagnostic>) -> EngineSettings {
    let engine = root.child("engine", &KEYS, problems);
    let every = engine.as_ref().and_then(|engine| engine.duration("evaluate_every", &BOUNDS, problems));
    let watch = engine.as_ref().and_then(|engine| engine.duration("watch_every", &WATCH_BOUNDS, problems));
    let in_flight =
        engine.and_then(|engine| engine.count("max_actions_in_flight", 1..=ACTIONS_IN_FLIGHT_MOST, problems));
    EngineSettings {
        evaluate_every: every.map_or(EVALUATE_EVERY, toml::Spanned::into_inner),
        watch_every: watch.map_or(WATCH_EVERY, toml::Spanned::into_inner),
        max_actions_in_flight: in_flight.unwrap_or(ACTIONS_IN_FLIGHT),
    }
}
