//! `[database.blue_green]` and `[database.reader_failover]`: how another machine is made and takes over.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::policy::{CopyPolicy, Strategy, Switchover};

pub(super) const BLUE_GREEN_KEYS: [&str; 6] =
    ["switchover", "switchover_timeout", "give_up_after", "approve_within", "max_lag", "fast_lane"];
/// A failover has no time limit of its own, and nothing else is quicker.
pub(super) const READER_KEYS: [&str; 4] = ["switchover", "give_up_after", "approve_within", "max_lag"];
const SWITCHOVERS: [Switchover; 2] = [Switchover::Automatic, Switchover::Supervised];

/// AWS's own limits.
const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(30)..=Duration::from_hours(1);
/// A small database takes a quarter of an hour; a week later nobody wants the copy any more.
const GIVE_UP: RangeInclusive<Duration> = Duration::from_mins(30)..=Duration::from_hours(7 * 24);
/// The copy costs money while it waits.
const APPROVE: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(7 * 24);

/// What the cut would wait for, and AWS with it.
const LAG: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);

/// The table of the strategy, or the defaults. The other one is read too: what is wrong in it is said.
pub(super) fn read(database: &Section<'_>, strategy: Strategy, problems: &mut Vec<Diagnostic>) -> CopyPolicy {
    let blue_green = table(database, "blue_green", &BLUE_GREEN_KEYS, problems);
    let reader_failover = table(database, "reader_failover", &READER_KEYS, problems);
    let other = match strategy {
        Strategy::ReaderFailover => "blue_green",
        Strategy::BlueGreen => "reader_failover",
        // Neither is in use: they wait for another strategy.
        Strategy::InPlace | Strategy::ClusterModify => "",
    };
    if database.has(other) {
        let title = format!("`{other}` is not how this database moves");
        let problem = Diagnostic::new(database.place(other), title, "it would have no effect");
        let strategy = strategy.as_str();
        problems.push(problem.help(format!("its strategy is {strategy}: write [database.{strategy}]")));
    }
    if strategy == Strategy::ReaderFailover { reader_failover } else { blue_green }
}

fn table(database: &Section<'_>, name: &str, keys: &[&str], problems: &mut Vec<Diagnostic>) -> CopyPolicy {
    let usual = CopyPolicy::default();
    let Some(section) = database.child(name, keys, problems) else { return usual };
    let switchovers = SWITCHOVERS.map(|it| (it.as_str(), it));
    let switchover = section.word("switchover", "switchover", &switchovers, problems).unwrap_or(usual.switchover);
    let lanes = [(Strategy::InPlace.as_str(), Some(Strategy::InPlace)), ("none", None)];
    let fast_lane = section.word("fast_lane", "fast lane", &lanes, problems).flatten();
    let mut duration = |key: &str, range: &RangeInclusive<Duration>, usual: Duration| {
        section.duration(key, range, problems).map_or(usual, Spanned::into_inner)
    };
    let given = duration("switchover_timeout", &TIMEOUT, usual.switchover_timeout);
    let read = CopyPolicy {
        switchover,
        switchover_timeout: Duration::from_secs(given.as_secs()),
        give_up_after: duration("give_up_after", &GIVE_UP, usual.give_up_after),
        approve_within: duration("approve_within", &APPROVE, usual.approve_within),
        max_lag: duration("max_lag", &LAG, usual.max_lag),
        fast_lane,
    };
    if given.subsec_nanos() != 0 {
        let title = "`switchover_timeout` is not of whole seconds";
        let problem = Diagnostic::new(section.place("switchover_timeout"), title, "AWS counts in seconds");
        problems.push(problem.help(format!("write \"{}s\"", given.as_secs())));
    }
    read
}
