//! `[database.readers]`: how many readers Application Auto Scaling keeps in an Aurora cluster.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::policy::Strategy;
use crate::model::readers::{ReaderMetric, ReadersPolicy};

pub(super) const KEYS: [&str; 6] = ["min", "max", "metric", "target", "scale_in_cooldown", "scale_out_cooldown"];

/// An Aurora cluster has so many readers at the most.
const MOST: u32 = 15;
/// AWS's own, where none is given.
const USUAL_COOLDOWN: Duration = Duration::from_mins(5);
/// A day later the load is another one.
const COOLDOWN: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);

/// The table, where there is one.
pub(super) fn read(
    database: &Section<'_>,
    strategy: Strategy,
    problems: &mut Vec<Diagnostic>,
) -> Option<ReadersPolicy> {
    let section = database.child("readers", &KEYS, problems)?;
    if strategy != Strategy::ReaderFailover {
        let title = "readers are added to an Aurora cluster only";
        let label = format!("the strategy {} is for another kind of database", strategy.as_str());
        let problem = Diagnostic::new(database.place("readers"), title, label);
        problems.push(problem.help("strategy = \"reader_failover\", where the id is that of an Aurora cluster"));
    }
    section.require("max", "max = 4: readers at the most, those that upshift did not ask for included", problems);
    section.require("target", "target = 100: on average of the readers", problems);
    let metrics = ReaderMetric::ALL.map(|it| (it.as_str(), it));
    let metric = section.word("metric", "metric of readers", &metrics, problems).unwrap_or(ReaderMetric::Connections);
    let min = section.count("min", 0..=MOST, problems).unwrap_or(1);
    let max = section.count("max", 1..=MOST, problems);
    if min == 0 {
        let label = "with no reader there is no average of readers";
        let problem = Diagnostic::new(section.place("min"), "`min` must be at least 1", label);
        problems.push(problem.help(
            "AWS measures the readers to decide about readers: from none of them it would never come back to one",
        ));
    }
    if let Some(max) = max.filter(|max| min > *max) {
        let problem = Diagnostic::new(section.place("min"), "`min` is above `max`", format!("above {max}"));
        problems.push(
            problem.also(section.place("max"), "the most").help("as many readers at the most as at the least, or more"),
        );
    }
    let target = target(&section, metric, problems);
    let mut cooldown = |key: &str| {
        let given = section.duration(key, &COOLDOWN, problems).map_or(USUAL_COOLDOWN, Spanned::into_inner);
        if given.subsec_nanos() != 0 {
            let title = format!("`{key}` is not of whole seconds");
            let problem = Diagnostic::new(section.place(key), title, "AWS counts in seconds");
            problems.push(problem.help(format!("write \"{}s\"", given.as_secs())));
        }
        Duration::from_secs(given.as_secs())
    };
    let (scale_in_cooldown, scale_out_cooldown) = (cooldown("scale_in_cooldown"), cooldown("scale_out_cooldown"));
    Some(ReadersPolicy { min, max: max?, metric, target: target?, scale_in_cooldown, scale_out_cooldown })
}

fn target(section: &Section<'_>, metric: ReaderMetric, problems: &mut Vec<Diagnostic>) -> Option<f64> {
    let target = section.number("target", problems)?;
    let (most, right) = match metric {
        ReaderMetric::Cpu => (100.0, "per cent, above 0 and at most 100"),
        ReaderMetric::Connections => (f64::MAX, "connections to each reader, above 0"),
    };
    if *target.get_ref() <= 0.0 || *target.get_ref() > most {
        let problem = Diagnostic::new(target.span(), "`target` is out of range", "no average can be kept at this");
        problems.push(problem.help(right));
    }
    Some(*target.get_ref())
}
