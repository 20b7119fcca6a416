//! `[[database]]`: the policy of one database.

use std::ops::Range;
use std::time::Duration;

use super::problem::Problems;
use super::reader::{Reader, Section, nearest};
use super::rules;
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseName;
use crate::model::ladder::{Direction, Ladder};
use crate::model::policy::{Policy, Rule, Strategy};

/// Every key of the section.
pub(super) const KEYS: [&str; 13] = [
    "id",
    "ladder",
    "strategy",
    "cooldown_up",
    "cooldown_down",
    "hold_after_manual",
    "max_actions_per_day",
    "stale_after",
    "publish_delay",
    "stuck_after",
    "max_connections_share",
    "signal",
    "up",
];

/// Longest time that any setting takes: a month is a policy for people, not for a program.
const MONTH: Duration = Duration::from_hours(24 * 30);

/// The policies of all databases, whose ids must differ.
pub(super) fn policies(tables: &[Section<'_>], problems: &mut Problems) -> Vec<Policy> {
    let mut policies: Vec<Policy> = Vec::new();
    let mut ids: Vec<String> = Vec::new();
    for section in tables {
        if let Some((id, span)) = Reader::new(section.table, section.span.clone(), "[[database]]", problems).text("id")
        {
            if ids.contains(&id) {
                let title = format!("two databases with the id `{id}`");
                problems.add(span, title, "the second one".to_owned(), None);
            }
            ids.push(id);
        }
        policies.extend(policy(section, problems));
    }
    policies
}

fn policy(section: &Section<'_>, problems: &mut Problems) -> Option<Policy> {
    let mut reader = Reader::new(section.table, section.span.clone(), "[[database]]", problems);
    let mut keys = KEYS.to_vec();
    keys.push("down");
    reader.only(&keys);
    let id = reader.text("id");
    let span = reader.span();
    if id.is_none() && !section.table.contains_key("id") {
        reader.problems.add(span.clone(), "a database needs an `id`".to_owned(), "this one".to_owned(), None);
    }
    let ladder = ladder(&mut reader, section);
    strategy(&mut reader);
    let mut time = |key: &str, least_secs: u64, default_secs: u64| {
        let range = Duration::from_secs(least_secs)..=MONTH;
        reader.duration(key, range).unwrap_or(Duration::from_secs(default_secs))
    };
    let cooldown_up = time("cooldown_up", 60, 15 * 60);
    let cooldown_down = time("cooldown_down", 60, 60 * 60);
    let hold_after_manual = time("hold_after_manual", 60, 60 * 60);
    let stale_after = time("stale_after", 60, 5 * 60);
    let publish_delay = time("publish_delay", 60, 2 * 60);
    let stuck_after = time("stuck_after", 10 * 60, 60 * 60);
    let max_actions_per_day = reader.count("max_actions_per_day", 1..=48).unwrap_or(4);
    let max_connections_share = reader.number("max_connections_share", 0.05..=1.0).map_or(0.8, |(share, _)| share);
    let tables = ["signal", "up", "down"].map(|key| reader.tables(key));
    let signals = rules::signals(&tables[0], problems);
    let up = rules::rules(&tables[1], Direction::Up, &signals, problems);
    let down = rules::rules(&tables[2], Direction::Down, &signals, problems);
    hysteresis(&up, &down, &span, problems);
    Some(Policy {
        database: DatabaseName::new(id?.0),
        ladder: ladder?,
        strategy: Strategy::InPlace,
        signals,
        up: up.into_iter().map(|(rule, _)| rule).collect(),
        down: down.into_iter().map(|(rule, _)| rule).collect(),
        cooldown_up,
        cooldown_down,
        hold_after_manual,
        max_actions_per_day,
        stale_after,
        publish_delay,
        stuck_after,
        max_connections_share,
    })
}

fn ladder(reader: &mut Reader<'_, '_>, section: &Section<'_>) -> Option<Ladder> {
    let span = reader.span();
    let Some(names) = reader.texts("ladder") else {
        if !section.table.contains_key("ladder") {
            let help = Some("ladder = [\"db.t4g.small\", \"db.m5.large\"]".to_owned());
            reader.problems.add(span, "a database needs a `ladder`".to_owned(), "this one".to_owned(), help);
        }
        return None;
    };
    let known: Vec<String> = InstanceClass::all_known().collect();
    let mut rungs = Vec::new();
    let whole = names.first().zip(names.last()).map_or(span, |(first, last)| first.1.start..last.1.end);
    let given = names.len();
    for (name, span) in names {
        match InstanceClass::known(&name) {
            Some(class) if rungs.contains(&class) => {
                let title = format!("`{name}` stands on the ladder twice");
                reader.problems.add(span, title, "the second time".to_owned(), None);
            }
            Some(class) => rungs.push(class),
            None => {
                let help = Some(nearest(&name, known.iter().map(String::as_str)));
                reader.problems.add(
                    span,
                    format!("unknown class `{name}`"),
                    "RDS offers none of this name".to_owned(),
                    help,
                );
            }
        }
    }
    if given < 2 {
        let title = "a ladder needs at least two classes, smallest first".to_owned();
        reader.problems.add(whole, title, "only this".to_owned(), None);
    }
    Ladder::new(rungs)
}

fn strategy(reader: &mut Reader<'_, '_>) {
    if let Some((word, span)) = reader.text("strategy")
        && word != Strategy::InPlace.as_str()
    {
        let help = Some(nearest(&word, [Strategy::InPlace.as_str()].into_iter()));
        reader.problems.add(span, format!("unknown strategy `{word}`"), "not known".to_owned(), help);
    }
}

/// On one signal, every down threshold must lie below every up threshold: else the two would chase each other.
fn hysteresis(
    up: &[(Rule, Range<usize>)],
    down: &[(Rule, Range<usize>)],
    database: &Range<usize>,
    problems: &mut Problems,
) {
    for (low, span) in down {
        let lowest = up.iter().filter(|(high, _)| high.signal == low.signal).map(|(high, _)| high.threshold);
        let Some(lowest) = lowest.min_by(f64::total_cmp) else { continue };
        if low.threshold >= lowest {
            let title = format!("the down threshold {} is not below the up threshold {lowest}", low.threshold);
            let span = if span.is_empty() { database.clone() } else { span.clone() };
            let help = format!("use {} or less, so that the two cannot chase each other", lowest * 0.6);
            problems.add(span, title, format!("{} is not below {lowest}", low.threshold), Some(help));
        }
    }
}
