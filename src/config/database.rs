//! `[[database]]`: one database and its policy.

use std::collections::BTreeSet;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;

use super::class;
use super::copy;
use super::direct_signal;
use super::old_machine;
use super::pooler;
use super::postgres;
use super::prices;
use super::readers;
use super::rule::{self, Rules};
use super::section::{SANE, Section};
use super::signal;
use crate::diagnostics::{Diagnostic, shown};
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseName;
use crate::model::ladder::Ladder;
use crate::model::policy::{Policy, Strategy};
use crate::model::series::SignalSpec;

pub(super) const KEYS: [&str; 24] = [
    "id",
    "ladder",
    "strategy",
    "proxy",
    "postgres",
    "pooler",
    "blue_green",
    "reader_failover",
    "readers",
    "keep_old",
    "remove_old",
    "final_snapshot",
    "cooldown",
    "hold_after_manual",
    "max_actions_per_day",
    "stale_after",
    "publish_delay",
    "stuck_after",
    "max_connections_share",
    "clear_of_windows",
    "prices",
    "signal",
    "up",
    "down",
];
pub(super) const COOLDOWN_KEYS: [&str; 2] = ["up", "down"];

/// RDS's own limit on an identifier.
const ID_CHARS: usize = 63;
/// A class change takes up to 15 minutes: one that is called stuck sooner is not. A day later nobody is watching.
const STUCK: RangeInclusive<Duration> = Duration::from_mins(15)..=Duration::from_hours(24);
/// Nothing near is nothing to keep clear of; a day ahead some window is always near.
const CLEAR: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(6);
/// What is a day old is not the load.
const STALE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);
/// CloudWatch publishes within minutes; an hour is a broken source.
const DELAY: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(1);
/// One every quarter of an hour: more is no policy.
const ACTIONS_MOST: u32 = 96;

/// Every database; reports when there is none, and two of one name. Those with problems of their own are left out.
pub(super) fn read_all(root: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Policy> {
    let Some(sections) = root.children("database", "database", &KEYS, problems) else {
        let help = "begin one with [[database]], then id = \"…\" and ladder = [\"…\", \"…\"]";
        problems.push(Diagnostic::missing(root.span.clone(), "no database is configured", help));
        return Vec::new();
    };
    let mut seen: Vec<(String, Range<usize>)> = Vec::new();
    let mut policies = Vec::new();
    for section in &sections {
        if let Some(id) = section.text("id", &mut Vec::new()) {
            let name = id.get_ref().to_ascii_lowercase();
            if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
                let title = format!("two databases have the id `{}`", shown(&name));
                let problem = Diagnostic::new(id.span(), title, "the second").also(first.clone(), "the first");
                problems.push(problem.help("one [[database]] for each instance"));
            }
            seen.push((name, id.span()));
        }
        policies.extend(read(section, problems));
    }
    pooler::each_its_own(&sections, problems);
    policies
}

fn read(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<Policy> {
    let database = name(section, problems);
    let ladder = ladder(section, problems);
    let strategies = Strategy::ALL.map(|it| (it.as_str(), it));
    let strategy = section.word("strategy", "strategy", &strategies, problems).unwrap_or_default();
    let cooldown = section.child("cooldown", &COOLDOWN_KEYS, problems);
    let mut cooldown_of = |key: &str, minutes: u64| {
        let given = cooldown.as_ref().and_then(|table| table.duration(key, &SANE, problems));
        given.map_or(Duration::from_mins(minutes), Spanned::into_inner)
    };
    let (cooldown_up, cooldown_down) = (cooldown_of("up", 15), cooldown_of("down", 60));
    let mut duration = |key: &str, range: &RangeInclusive<Duration>, minutes: u64| {
        section.duration(key, range, problems).map_or(Duration::from_mins(minutes), Spanned::into_inner)
    };
    let hold_after_manual = duration("hold_after_manual", &SANE, 60);
    let stuck_after = duration("stuck_after", &STUCK, 60);
    let clear_of_windows = duration("clear_of_windows", &CLEAR, 10);
    let (stale_after, publish_delay) = (duration("stale_after", &STALE, 5), duration("publish_delay", &DELAY, 2));
    let max_actions_per_day = section.count("max_actions_per_day", 1..=ACTIONS_MOST, problems).unwrap_or(4);
    let max_connections_share = share(section, problems);
    let prices = prices::read(section, problems);
    let postgres = postgres::read(section, problems);
    let mut signals = signal::read_all(section, problems);
    direct_signal::reachable(section, &signals, problems);
    let rules = rule::read_all(section, &signals, problems);
    let alarms: BTreeSet<&str> = rules.up.iter().filter_map(|rule| rule.signal.alarm()).collect();
    signals.extend(alarms.into_iter().map(SignalSpec::of_alarm));
    freshness(section, (&signals, &rules), (stale_after, publish_delay), problems);
    Some(Policy {
        database: database?,
        ladder: ladder?,
        strategy,
        proxy: proxy(section, problems),
        postgres,
        pooler: pooler::read(section, problems),
        readers: readers::read(section, strategy, problems),
        copy: copy::read(section, strategy, problems),
        old_machine: old_machine::read(section, strategy, problems),
        signals,
        up: rules.up,
        down: rules.down,
        cooldown_up,
        cooldown_down,
        hold_after_manual,
        max_actions_per_day,
        stale_after,
        publish_delay,
        stuck_after,
        max_connections_share,
        clear_of_windows,
        prices,
    })
}

/// As RDS keeps it: 1 to 63 small letters, digits and single hyphens, a letter first, no hyphen last.
fn name(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<DatabaseName> {
    section.require("id", "id = \"…\": the DB instance identifier", problems);
    let id = section.text("id", problems)?;
    let text = *id.get_ref();
    let right = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && !text.ends_with('-')
        && !text.contains("--")
        && text.len() <= ID_CHARS;
    if !right {
        let title = format!("`{}` cannot be a DB instance identifier", shown(text));
        let problem = Diagnostic::new(id.span(), title, "RDS has no such name");
        problems.push(problem.help("1 to 63 small letters, digits and single hyphens, a letter first, no hyphen last"));
    }
    Some(DatabaseName::new(text))
}

fn ladder(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<Ladder> {
    section.require("ladder", "ladder = [\"db.t4g.small\", \"db.m5.large\"], smallest first", problems);
    let names = section.texts("ladder", problems)?;
    let mut rungs: Vec<(InstanceClass, Range<usize>)> = Vec::new();
    for name in &names {
        let Some(class) = class::read(name, problems) else { continue };
        if let Some((_, first)) = rungs.iter().find(|(known, _)| *known == class) {
            let problem = Diagnostic::new(name.span(), format!("`{class}` is on the ladder twice"), "the second");
            problems.push(problem.also(first.clone(), "the first").help("each class once, smallest first"));
        } else if let Some((below, place)) = rungs.last().filter(|(below, _)| size(below) > size(&class)) {
            let title = format!("the ladder goes down from `{below}` to `{class}`");
            let problem = Diagnostic::new(name.span(), title, "the smaller one").also(place.clone(), "the larger one");
            problems.push(problem.help("order the classes from the smallest to the largest"));
        }
        rungs.push((class, name.span()));
    }
    if names.len() < 2 {
        let problem = Diagnostic::new(section.place("ladder"), "a ladder needs two rungs", "nowhere to move");
        problems.push(problem.help("two classes or more, smallest first: [\"db.t4g.small\", \"db.m5.large\"]"));
    }
    Ladder::new(rungs.into_iter().map(|(class, _)| class).collect())
}

fn size(class: &InstanceClass) -> Option<(u32, u32)> {
    class.hardware().map(|hardware| (hardware.memory_gib, hardware.vcpus))
}

/// RDS's rule for the name of a proxy is that of an instance; what it is not there for is said by the gate.
fn proxy(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let name = section.text("proxy", problems)?;
    if name.get_ref().is_empty() || name.get_ref().len() > ID_CHARS {
        let title = format!("`{}` cannot be the name of an RDS Proxy", shown(name.get_ref()));
        let problem = Diagnostic::new(name.span(), title, "RDS has no such name");
        problems.push(problem.help("its DBProxyName, or no key where clients use the database's own endpoint"));
    }
    Some((*name.get_ref()).to_owned())
}

fn share(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> f64 {
    let Some(share) = section.number("max_connections_share", problems) else { return 0.8 };
    if *share.get_ref() <= 0.0 || *share.get_ref() > 1.0 {
        let problem = Diagnostic::new(share.span(), "`max_connections_share` is out of range", "not a share");
        problems.push(problem.help("above 0 and at most 1, such as 0.8"));
    }
    *share.get_ref()
}

/// A datapoint is at its freshest one period and the publishing delay after the end of the one before: were that
/// stale, the engine could never act.
fn freshness(
    section: &Section<'_>,
    (signals, rules): (&[SignalSpec], &Rules),
    (stale_after, publish_delay): (Duration, Duration),
    problems: &mut Vec<Diagnostic>,
) {
    let is_used = |spec: &&SignalSpec| rules.up.iter().chain(&rules.down).any(|rule| rule.signal == spec.name);
    // What the server itself says is never late.
    let published = |spec: &&SignalSpec| is_used(spec) && !spec.is_direct();
    let Some(period_secs) = signals.iter().filter(published).map(|spec| spec.period_secs).max() else { return };
    let least = publish_delay + Duration::from_secs(u64::from(period_secs));
    if stale_after < least {
        let place = if section.has("stale_after") { "stale_after" } else { "publish_delay" };
        let title = "data would be stale before it can be published";
        let problem = Diagnostic::new(section.place(place), title, "with this the engine could never act");
        let help = format!("stale_after = \"{}s\" or more: publish_delay and the longest period", least.as_secs());
        problems.push(problem.help(help));
    }
}
