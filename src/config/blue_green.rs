//! `[database.blue_green]`: how a blue/green deployment is carried out.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::policy::{BlueGreenPolicy, Strategy, Switchover};

pub(super) const KEYS: [&str; 5] = ["switchover", "switchover_timeout", "give_up_after", "approve_within", "fast_lane"];
const SWITCHOVERS: [Switchover; 2] = [Switchover::Automatic, Switchover::Supervised];

/// AWS's own limits.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(30)..=Duration::from_hours(1);
/// A small database takes a quarter of an hour; a week later nobody wants the copy any more.
const GIVE_UP: RangeInclusive<Duration> = Duration::from_mins(30)..=Duration::from_hours(7 * 24);
/// The copy costs money while it waits.
const APPROVE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(7 * 24);

/// The table, or the defaults.
pub(super) fn read(database: &Section<'_>, problems: &mut Vec<Diagnostic>) -> BlueGreenPolicy {
    let usual = BlueGreenPolicy::default();
    let Some(section) = database.child("blue_green", &KEYS, problems) else { return usual };
    let switchovers = SWITCHOVERS.map(|it| (it.as_str(), it));
    let switchover = section.word("switchover", "switchover", &switchovers, problems).unwrap_or(usual.switchover);
    let lanes = [(Strategy::InPlace.as_str(), Some(Strategy::InPlace)), ("none", None)];
    let fast_lane = section.word("fast_lane", "fast lane", &lanes, problems).flatten();
    let mut duration = |key: &str, range: &RangeInclusive<Duration>, usual: Duration| {
        section.duration(key, range, problems).map_or(usual, Spanned::into_inner)
    };
    let given = duration("switchover_timeout", &TIMEOUT, usual.switchover_timeout);
    let read = BlueGreenPolicy {
        switchover,
        switchover_timeout: Duration::from_secs(given.as_secs()),
        give_up_after: duration("give_up_after", &GIVE_UP, usual.give_up_after),
        approve_within: duration("approve_within", &APPROVE, usual.approve_within),
        fast_lane,
    };
    if given.subsec_nanos() != 0 {
        let title = "`switchover_timeout` is not of whole seconds";
        let problem = Diagnostic::new(section.place("switchover_timeout"), title, "AWS counts in seconds");
        problems.push(problem.help(format!("write \"{}s\"", given.as_secs())));
    }
    read
}
