//! From TOML to a checked [`Scenario`], or every problem in it with its place.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use toml::Spanned;

use super::cluster::ClusterSpec;
use super::fault::Written;
use super::span::Time;
use super::{CapacitySpec, Demand, InstanceSpec, Scenario, Timing, check, read};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::model::policy::Strategy;
use crate::model::text::clean;
use crate::sim::cloudwatch::ALARMS;

/// A name fits into the console's header.
const NAME_CHARS: usize = 60;
/// How much of a description is kept.
const DESCRIPTION_CHARS: usize = 500;

/// A scenario as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default = "default_start")]
    start: Timestamp,
    #[serde(default = "default_history")]
    pub(super) history: Spanned<Time>,
    pub(super) repeat: Option<Spanned<Time>>,
    #[serde(default)]
    strategy: Strategy,
    #[serde(default)]
    seed: u64,
    #[serde(default = "default_account")]
    pub(super) account: Spanned<String>,
    #[serde(default = "default_region")]
    pub(super) region: Spanned<String>,
    #[serde(default = "default_noise")]
    pub(super) noise: Spanned<f64>,
    #[serde(default = "no_instances")]
    pub(super) instance: Spanned<Vec<Spanned<InstanceSpec>>>,
    #[serde(default)]
    pub(super) cluster: Vec<Spanned<ClusterSpec>>,
    #[serde(default)]
    pub(super) demand: Vec<Spanned<Demand>>,
    #[serde(default)]
    timing: Timing,
    #[serde(default)]
    pub(super) capacity: BTreeMap<Spanned<String>, CapacitySpec>,
    #[serde(default = "default_alarm_quota")]
    alarm_quota: usize,
    #[serde(default)]
    alarms_show_after: Option<Time>,
    #[serde(default)]
    pub(super) fault: Vec<Spanned<Written>>,
}

fn no_instances() -> Spanned<Vec<Spanned<InstanceSpec>>> {
    Spanned::new(0..0, Vec::new())
}
fn default_start() -> Timestamp {
    // A Monday morning, so that no maintenance window is near.
    Timestamp::constant(1_767_603_600, 0)
}
fn default_history() -> Spanned<Time> {
    Spanned::new(0..0, Time(SignedDuration::from_hours(2)))
}
fn default_account() -> Spanned<String> {
    Spanned::new(0..0, "111122223333".to_owned())
}
fn default_region() -> Spanned<String> {
    Spanned::new(0..0, "us-east-1".to_owned())
}
const fn default_alarm_quota() -> usize {
    ALARMS
}
fn default_noise() -> Spanned<f64> {
    Spanned::new(0..0, 0.05)
}

impl Scenario {
    /// Reads a scenario. `origin` is the file's name, for the messages.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text. What makes no sense is told once all of it can be
    /// read.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Diagnostics> {
        let refuse = |found: Vec<Diagnostic>| Diagnostics::new(text, origin, found);
        let file = read::file(text).map_err(refuse)?;
        let mut found = check::file(&file);
        let mut faults = Vec::with_capacity(file.fault.len());
        for fault in file.fault {
            let place = fault.span();
            match fault.into_inner().check() {
                Ok(fault) => faults.push(fault),
                Err(mistakes) => found.extend(mistakes.into_iter().map(|(at, what)| {
                    let label = if at.is_some() { "here" } else { "this fault" };
                    Diagnostic::new(at.unwrap_or_else(|| place.clone()), what, label)
                })),
            }
        }
        if !found.is_empty() {
            return Err(refuse(found));
        }
        let mut demand: Vec<Demand> = file.demand.into_iter().map(Spanned::into_inner).collect();
        demand.sort_by_key(|line| line.at);
        Ok(Self {
            name: clean(&file.name, NAME_CHARS),
            description: clean(&file.description, DESCRIPTION_CHARS),
            start: file.start,
            history: file.history.into_inner().0,
            repeat: file.repeat.map(|repeat| repeat.into_inner().0),
            strategy: file.strategy,
            seed: file.seed,
            account: file.account.into_inner(),
            region: file.region.into_inner(),
            noise: file.noise.into_inner(),
            instances: file.instance.into_inner().into_iter().map(Spanned::into_inner).collect(),
            clusters: file.cluster.into_iter().map(Spanned::into_inner).collect(),
            demand,
            timing: file.timing,
            capacity: file.capacity.into_iter().map(|(class, spec)| (class.into_inner(), spec)).collect(),
            alarm_quota: file.alarm_quota,
            alarms_show_after: file.alarms_show_after.map_or(SignedDuration::ZERO, |time| time.0),
            faults,
            permissions: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario::{FaultKind, Range};

    const LEAST: &str = "name = \"least\"\n[[instance]]\nid = \"db\"\nclass = \"db.t4g.small\"\n";

    /// Line and title of each problem.
    fn problems(more: &str) -> Vec<(usize, String)> {
        let text = format!("{LEAST}{more}");
        let found = Scenario::parse("s.toml", &text).unwrap_err();
        let line = |problem: &Diagnostic| text[..problem.span.start.min(text.len())].matches('\n').count() + 1;
        found.list().iter().map(|problem| (line(problem), problem.title.clone())).collect()
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
        let FaultKind::Error { status, message, .. } = &rich.faults[0].effect else { panic!("{:?}", rich.faults) };
        assert_eq!((*status, message.as_str()), (400, "Rate exceeded"));
    }

    #[test]
    fn an_unknown_key_is_named_with_file_line_and_column() {
        let error = Scenario::parse("s.toml", &format!("{LEAST}colour = 3\n")).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("unknown key `colour`") && error.contains("s.toml:5:1"), "{error}");
        assert!(error.contains("^^^^^^") && error.contains("known keys here: id, class"), "{error}");
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
        assert_eq!(found[0], (6, "wrong value".to_owned()), "{found:?}");
        let error = Scenario::parse("s.toml", &format!("{LEAST}[timing]\noutage = 5\n")).unwrap_err().to_string();
        assert!(error.contains("write a duration such as"), "{error}");
        assert_eq!(problems("[timing]\noutage = [\"5m\", \"1m\"]\n")[0].0, 6);
    }
    #[test]
    fn one_reading_names_every_mistake_and_no_consequence() {
        let more = "clas = 3\n[[instance]]\nid = 7\nclass = \"db.m5.large\"\n[[demand]]\nat = \"1x\"\nwrites = 1\n\
                    [[fault]]\nat = \"1m\"\nerror = \"Throttling\"\n[timing]\nsettle = true\n[capacity.\"db.m5.large\"]\nwrits = 3\n";
        let lines: Vec<usize> = problems(more).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [5, 7, 10, 12, 16, 18], "{:?}", problems(more));
        assert_eq!(problems("[[instance]\nid = \"x\"\n").len(), 1, "of what is no TOML nothing else is said");
    }

    #[test]
    fn a_day_is_a_duration_as_in_a_configuration() {
        let text = format!("repeat = \"1d\"\nhistory = \"1 day\"\n{LEAST}[[demand]]\nat = \"12h\"\nwrites = 1\n");
        let scenario = Scenario::parse("s.toml", &text).unwrap();
        assert_eq!(scenario.repeat, Some(SignedDuration::from_hours(24)));
        assert_eq!(scenario.demand[0].at, SignedDuration::from_hours(12));
    }

    #[test]
    fn what_would_be_without_effect_is_refused() {
        let text = |head: &str, more: &str| Scenario::parse("s.toml", &format!("{head}{LEAST}{more}"));
        let never = text("repeat = \"1h\"\n", "[[demand]]\nat = \"1h\"\nwrites = 1\n").unwrap_err().to_string();
        assert!(never.contains("this demand never comes"), "{never}");
        for region in ["mars", "us-east", "useast-1", "us-1", "us-east-"] {
            let found = text(&format!("region = \"{region}\"\n"), "").unwrap_err().to_string();
            assert!(found.contains("a region looks like us-east-1"), "{region}: {found}");
        }
        assert!(text("region = \"us-gov-west-1\"\n", "").is_ok());
        let version = text("", "engine_version = \"latest\"\n").unwrap_err().to_string();
        assert!(version.contains("is no version of PostgreSQL"), "{version}");
    }
}
