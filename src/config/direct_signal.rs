//! `[[database.signal]]` with `source = "postgres"`: what the server itself says each second.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::section::Section;
use crate::diagnostics::Diagnostic;
use crate::model::series::{SignalSource, SignalSpec};
use crate::model::server::ServerMetric;

/// Readings of a second, of which one may be missing, are ten to a period; an hour is CloudWatch's.
const PERIODS: RangeInclusive<Duration> = Duration::from_secs(5)..=Duration::from_hours(1);
const PERIOD_SECS: u32 = 10;
/// What only CloudWatch knows.
const OF_CLOUDWATCH: [&str; 4] = ["expression", "namespace", "statistic", "published_in"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    CloudWatch,
    Postgres,
}

/// Whether a signal is read of the server itself.
pub(super) fn is_one(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> bool {
    let sources = [("cloudwatch", Source::CloudWatch), ("postgres", Source::Postgres)];
    section.word("source", "source", &sources, problems) == Some(Source::Postgres)
}

/// Source, period in seconds and usual unit; what is returned after a problem is never used.
pub(super) fn read(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> (SignalSource, u32, &'static str) {
    for key in OF_CLOUDWATCH.into_iter().filter(|key| section.has(key)) {
        let title = format!("a signal of the server itself has no `{key}`");
        let problem = Diagnostic::new(section.place(key), title, "CloudWatch's alone");
        let problem = problem.also(section.place("source"), "and this is another source".to_owned());
        problems.push(problem.help("remove it: each datapoint is the average over its period"));
    }
    let metrics = ServerMetric::ALL.map(|metric| (metric.as_str(), metric));
    section.require("metric", "metric = \"rows_written_per_sec\"", problems);
    let metric = section.word("metric", "metric of a server", &metrics, problems);
    let metric = metric.unwrap_or(ServerMetric::RowsWrittenPerSec);
    let period_secs = section.duration("period", &PERIODS, problems).map_or(PERIOD_SECS, |period| {
        if period.get_ref().subsec_nanos() != 0 {
            let problem = Diagnostic::new(period.span(), "`period` is not of whole seconds", "of a part of one");
            problems.push(problem.help("\"10s\", say"));
        }
        period.get_ref().as_secs() as u32
    });
    (SignalSource::Postgres { metric }, period_secs, metric.unit())
}

/// A server can be read where the configuration says how to reach it.
pub(super) fn reachable(database: &Section<'_>, signals: &[SignalSpec], problems: &mut Vec<Diagnostic>) {
    if database.has("postgres") {
        return;
    }
    if let Some(signal) = signals.iter().find(|signal| signal.is_direct()) {
        let title = format!("nothing says how to reach the server for `{}`", signal.name);
        let help = "add [database.postgres] with dsn = \"postgresql://upshift@HOST:5432/postgres\"";
        problems.push(Diagnostic::missing(database.place("signal"), title, help));
    }
}
