//! From TOML to a checked [`Scenario`], or every problem in it with its place.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range as Bytes;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use toml::Spanned;

use super::fault::Written;
use super::{CapacitySpec, Demand, InstanceSpec, Scenario, Timing};
use crate::model::class::InstanceClass;
use crate::model::text::clean;

/// A name fits into the console's header.
const NAME_CHARS: usize = 60;
/// How much is said of a problem, of which a part may be quoted from the file.
const SHOWN_CHARS: usize = 500;

/// More than these is a mistake, not a scenario.
const MAX_INSTANCES: usize = 500;
const MAX_LINES: usize = 10_000;
/// CloudWatch keeps minutes for 15 days; a longer history could not be read.
const MAX_HISTORY: SignedDuration = SignedDuration::from_hours(15 * 24);
/// No time in a scenario lies further off than a year.
const MAX_TIME: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Why a text is no scenario: every problem that was found, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioError {
    /// The file, or the name of the built-in scenario.
    pub source_name: String,
    /// At least one.
    pub problems: Vec<Problem>,
}

/// One problem and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { line, column, message }) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{}:{line}:{column}: {message}", self.source_name)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "default_start")]
    start: Timestamp,
    #[serde(default = "default_history")]
    history: Spanned<SignedDuration>,
    repeat: Option<Spanned<SignedDuration>>,
    #[serde(default)]
    seed: u64,
    #[serde(default = "default_account")]
    account: Spanned<String>,
    #[serde(default = "default_region")]
    region: Spanned<String>,
    #[serde(default = "default_noise")]
    noise: Spanned<f64>,
    instance: Spanned<Vec<Spanned<InstanceSpec>>>,
    #[serde(default)]
    demand: Vec<Spanned<Demand>>,
    #[serde(default)]
    timing: Timing,
    #[serde(default)]
    capacity: BTreeMap<Spanned<String>, CapacitySpec>,
    #[serde(default)]
    fault: Vec<Spanned<Written>>,
}

fn default_start() -> Timestamp {
    // A Monday morning, so that no maintenance window is near.
    Timestamp::constant(1_767_603_600, 0)
}
fn default_history() -> Spanned<SignedDuration> {
    Spanned::new(0..0, SignedDuration::from_hours(2))
}
fn default_account() -> Spanned<String> {
    Spanned::new(0..0, "111122223333".to_owned())
}
fn default_region() -> Spanned<String> {
    Spanned::new(0..0, "us-east-1".to_owned())
}
fn default_noise() -> Spanned<f64> {
    Spanned::new(0..0, 0.05)
}

impl Scenario {
    /// Reads a scenario. `source_name` is the file's name, for the messages.
    ///
    /// # Errors
    /// A text that is not TOML or does not fit has one problem; one that fits but makes no sense has all its problems.
    pub fn parse(source_name: &str, text: &str) -> Result<Self, ScenarioError> {
        let file: File = toml::from_str(text).map_err(|error| ScenarioError {
            source_name: clean(source_name, SHOWN_CHARS),
            problems: vec![problem(text, error.span().unwrap_or(0..0), error.message())],
        })?;
        let mut found = check(&file);
        let mut faults = Vec::with_capacity(file.fault.len());
        for fault in file.fault {
            let place = fault.span();
            match fault.into_inner().check() {
                Ok(fault) => faults.push(fault),
                Err(message) => found.push((place, message)),
            }
        }
        if !found.is_empty() {
            found.sort_by_key(|(place, _)| place.start);
            let problems = found.into_iter().map(|(place, message)| problem(text, place, &message)).collect();
            return Err(ScenarioError { source_name: clean(source_name, SHOWN_CHARS), problems });
        }
        let mut demand: Vec<Demand> = file.demand.into_iter().map(Spanned::into_inner).collect();
        demand.sort_by_key(|line| line.at);
        Ok(Self {
            name: clean(&file.name, NAME_CHARS),
            description: clean(&file.description, SHOWN_CHARS),
            start: file.start,
            history: file.history.into_inner(),
            repeat: file.repeat.map(Spanned::into_inner),
            seed: file.seed,
            account: file.account.into_inner(),
            region: file.region.into_inner(),
            noise: file.noise.into_inner(),
            instances: file.instance.into_inner().into_iter().map(Spanned::into_inner).collect(),
            demand,
            timing: file.timing,
            capacity: file.capacity.into_iter().map(|(class, spec)| (class.into_inner(), spec)).collect(),
            faults,
        })
    }
}

fn problem(text: &str, place: Bytes<usize>, message: &str) -> Problem {
    let before = text.get(..place.start).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let (line, column) = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
    Problem { line, column, message: clean(message, SHOWN_CHARS) }
}

type Found = Vec<(Bytes<usize>, String)>;

fn check(file: &File) -> Found {
    let mut found = Found::new();
    let mut complain = |wrong: bool, place: Bytes<usize>, message: String| {
        if wrong {
            found.push((place, message));
        }
    };
    let digits = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    complain(!digits(file.account.get_ref()), file.account.span(), "an account is 12 digits".to_owned());
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    complain(!plain(file.region.get_ref()), file.region.span(), "a region looks like us-east-1".to_owned());
    let noise = file.noise.get_ref();
    complain(!(0.0..=0.5).contains(noise), file.noise.span(), format!("noise = {noise} is not between 0 and 0.5"));
    let history = file.history.get_ref();
    let wrong = history.is_negative() || *history > MAX_HISTORY;
    complain(wrong, file.history.span(), "history is not between 0 and 360 h".to_owned());
    if let Some(repeat) = &file.repeat {
        let wrong = *repeat.get_ref() < SignedDuration::from_mins(1) || *repeat.get_ref() > MAX_TIME;
        complain(wrong, repeat.span(), "repeat is shorter than a minute or longer than a year".to_owned());
    }
    let count = file.instance.get_ref().len();
    let message = format!("there are {count} instances; 1 to {MAX_INSTANCES} are possible");
    complain(count == 0 || count > MAX_INSTANCES, file.instance.span(), message);
    complain(file.demand.len() + file.fault.len() > MAX_LINES, 0..0, "too many lines of demand and faults".to_owned());
    for (class, spec) in &file.capacity {
        let numbers = [spec.writes, spec.baseline_iops].into_iter().flatten();
        let wrong = numbers.into_iter().any(|number| !(1.0..=1e7).contains(&number));
        complain(wrong, class.span(), "a capacity is not between 1 and 10 million".to_owned());
        let unknown = InstanceClass::known(class.get_ref()).is_none();
        complain(unknown, class.span(), format!("{} is no class that is known here", class.get_ref()));
    }
    let ids: BTreeSet<&str> = file.instance.get_ref().iter().map(|spec| spec.get_ref().id.as_str()).collect();
    check_instances(file, &mut found);
    check_lines(file, &ids, &mut found);
    found
}

fn check_instances(file: &File, found: &mut Found) {
    let mut seen = BTreeSet::new();
    for instance in file.instance.get_ref() {
        let InstanceSpec { id, class, engine, maintenance_window, storage_gib, backup_retention_days, .. } =
            instance.get_ref();
        let checks = [
            (!crate::sim::rds::is_identifier(id), format!("{id:?} is no DB instance identifier")),
            (!seen.insert(id.clone()), format!("a second instance is called {id:?}")),
            (InstanceClass::known(class).is_none(), format!("{class} is no class that is known here")),
            (engine != "postgres", format!("engine {engine:?} is not simulated; only postgres is")),
            (!(20..=65_536).contains(storage_gib), "storage_gib is not between 20 and 65536".to_owned()),
            (*backup_retention_days > 35, "backup_retention_days is more than 35".to_owned()),
            (
                crate::sim::rds::Window::parse(maintenance_window).is_none(),
                "a maintenance window looks like sun:06:00-sun:06:30".to_owned(),
            ),
        ];
        found.extend(checks.into_iter().filter(|(wrong, _)| *wrong).map(|(_, message)| (instance.span(), message)));
    }
}

fn check_lines(file: &File, ids: &BTreeSet<&str>, found: &mut Found) {
    let sane = |duration: SignedDuration| !duration.is_negative() && duration <= MAX_TIME;
    let unknown = |instance: Option<&str>| instance.is_some_and(|id| !ids.contains(id));
    for line in &file.demand {
        let Demand { instance, at, ramp, writes, reads, connections } = line.get_ref();
        let numbers = || [writes, reads, connections].into_iter().flatten();
        let checks = [
            (unknown(instance.as_deref()), "instance names no [[instance]]"),
            (!sane(*at) || !sane(*ramp), "at and ramp must lie between 0 and a year"),
            (numbers().any(|number| !(0.0..=1e6).contains(number)), "a demand is not between 0 and a million"),
            (numbers().next().is_none(), "a demand needs writes, reads or connections"),
        ];
        found.extend(checks.iter().filter(|(wrong, _)| *wrong).map(|(_, text)| (line.span(), (*text).to_owned())));
    }
    for fault in &file.fault {
        let written = fault.get_ref();
        let checks = [
            (unknown(written.instance()), "instance names no [[instance]]"),
            (!sane(written.at) || !sane(written.lasts), "at and for must lie between 0 and a year"),
        ];
        found.extend(checks.iter().filter(|(wrong, _)| *wrong).map(|(_, text)| (fault.span(), (*text).to_owned())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::{Effect, Range};

    const LEAST: &str = "name = \"least\"\n[[instance]]\nid = \"db\"\nclass = \"db.t4g.small\"\n";

    fn problems(more: &str) -> Vec<(usize, String)> {
        let error = Scenario::parse("s.toml", &format!("{LEAST}{more}")).unwrap_err();
        error.problems.into_iter().map(|problem| (problem.line, problem.message)).collect()
    }

    #[test]
    fn the_least_scenario_and_a_rich_one_are_read() {
        let least = Scenario::parse("s.toml", LEAST).unwrap();
        assert_eq!(least.instances[0].engine, "postgres");
        let rich = "[[demand]]\nat = \"3m\"\nwrites = 620\nramp = \"2m\"\n[timing]\noutage = \"4m\"\n\
                    publish_delay = [\"60s\", \"2m\"]\n[[fault]]\nat = \"1h\"\nfor = \"10m\"\nerror = \"Throttling\"\n";
        let rich = Scenario::parse("s.toml", &format!("{LEAST}{rich}")).unwrap();
        assert_eq!(rich.demand[0].ramp, SignedDuration::from_mins(2));
        assert_eq!(rich.timing.outage, Range::seconds(240, 240));
        let Effect::Error { status, message, .. } = &rich.faults[0].effect else { panic!("{:?}", rich.faults) };
        assert_eq!((*status, message.as_str()), (400, "Rate exceeded"));
    }

    #[test]
    fn an_unknown_key_is_named_with_file_line_and_column() {
        let error = Scenario::parse("s.toml", &format!("{LEAST}colour = 3\n")).unwrap_err();
        assert!(error.to_string().starts_with("s.toml:5:1: unknown field `colour`"), "{error}");
    }

    #[test]
    fn what_makes_no_sense_is_all_reported_with_its_lines() {
        let more = "[[demand]]\nat = \"3m\"\n[[demand]]\ninstance = \"x\"\nat = \"3m\"\nwrites = -1\n\
                    [[instance]]\nid = \"db\"\nclass = \"db.q1.huge\"\n[[fault]]\nat = \"1m\"\nfor = \"1m\"\n";
        let found = problems(more);
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [5, 7, 7, 11, 11, 14], "{found:?}");
    }

    #[test]
    fn wrong_durations_say_what_is_meant() {
        let found = problems("[timing]\noutage = 5\n");
        assert!(found[0].1.contains("a duration such as"), "{found:?}");
        assert_eq!(problems("[timing]\noutage = [\"5m\", \"1m\"]\n")[0].0, 6);
    }
}
