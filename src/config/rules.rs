//! Signals and rules of a database.

use std::ops::Range;

use super::problem::Problems;
use super::reader::{Reader, Section, nearest};
use crate::model::ladder::Direction;
use crate::model::policy::{Comparison, Rule};
use crate::model::series::{SignalName, SignalSource, SignalSpec, Statistic};

/// The signals that every database has, unless one of the same name is configured: name, metric of `AWS/RDS`, unit.
const DEFAULT_SIGNALS: [(&str, &str, &str); 5] = [
    ("writes", "WriteIOPS", "writes/s"),
    ("cpu", "CPUUtilization", "%"),
    ("connections", "DatabaseConnections", "connections"),
    ("write_latency", "WriteLatency", "s"),
    ("free_memory", "FreeableMemory", "B"),
];

/// A rule looks back a day at most, as a CloudWatch alarm does.
const MOST_PERIODS: u32 = 1_440;
/// No metric of a database comes near this.
const MOST: f64 = 1e15;

/// The configured signals and the default ones.
pub(super) fn signals(tables: &[Section<'_>], problems: &mut Problems) -> Vec<SignalSpec> {
    let mut specs: Vec<SignalSpec> = tables.iter().filter_map(|section| signal(section, problems)).collect();
    for (name, metric, unit) in DEFAULT_SIGNALS {
        if !specs.iter().any(|spec| spec.name.as_str() == name) {
            specs.push(SignalSpec {
                name: SignalName::new(name),
                source: SignalSource::Metric { namespace: "AWS/RDS".to_owned(), metric_name: metric.to_owned() },
                statistic: Statistic::Average,
                period_secs: 60,
                unit: unit.to_owned(),
            });
        }
    }
    specs
}

fn signal(section: &Section<'_>, problems: &mut Problems) -> Option<SignalSpec> {
    let mut reader = Reader::new(section.table, section.span.clone(), "[[database.signal]]", problems);
    reader.only(&["name", "metric", "expression", "namespace", "statistic", "period", "unit"]);
    let name = reader.text("name").map(|(name, _)| name);
    let metric = reader.text("metric").map(|(metric, _)| metric);
    let expression = reader.text("expression").map(|(expression, _)| expression);
    let namespace = reader.text("namespace").map_or_else(|| "AWS/RDS".to_owned(), |(namespace, _)| namespace);
    let statistic = match reader.text("statistic") {
        None => Statistic::Average,
        Some((word, span)) => statistic(&word).unwrap_or_else(|| {
            let label = "Average, Maximum, Minimum, Sum or SampleCount".to_owned();
            reader.problems.add(span, format!("unknown statistic `{word}`"), label, None);
            Statistic::Average
        }),
    };
    let minute = std::time::Duration::from_mins(1);
    let period = reader.duration("period", minute..=60 * minute).unwrap_or(minute);
    let unit = reader.text("unit").map(|(unit, _)| unit).unwrap_or_default();
    let span = reader.span();
    if !period.as_secs().is_multiple_of(60) {
        let label = "use 1m, 5m or the like".to_owned();
        reader.problems.add(
            span.clone(),
            "`period` must be whole minutes: RDS publishes once a minute".to_owned(),
            label,
            None,
        );
    }
    let source = match (metric, expression) {
        (Some(metric_name), None) => Some(SignalSource::Metric { namespace, metric_name }),
        (None, Some(expression)) => Some(SignalSource::Expression { expression }),
        _ => {
            let title = "a signal needs either `metric` or `expression`".to_owned();
            reader.problems.add(span.clone(), title, "this one".to_owned(), None);
            None
        }
    };
    if name.is_none() {
        reader.problems.add(span, "a signal needs a `name`".to_owned(), "this one".to_owned(), None);
    }
    let name = SignalName::new(name?);
    Some(SignalSpec { name, source: source?, statistic, period_secs: period.as_secs() as u32, unit })
}

fn statistic(word: &str) -> Option<Statistic> {
    let all = [Statistic::Average, Statistic::Maximum, Statistic::Minimum, Statistic::Sum, Statistic::SampleCount];
    all.into_iter().find(|statistic| statistic.as_str() == word)
}

/// The rules of one direction; the default ones when none is given.
pub(super) fn rules(
    tables: &[Section<'_>],
    direction: Direction,
    signals: &[SignalSpec],
    problems: &mut Problems,
) -> Vec<(Rule, Range<usize>)> {
    if tables.is_empty() {
        return defaults(direction).into_iter().map(|rule| (rule, 0..0)).collect();
    }
    tables.iter().filter_map(|section| rule(section, direction, signals, problems)).collect()
}

fn rule(
    section: &Section<'_>,
    direction: Direction,
    signals: &[SignalSpec],
    problems: &mut Problems,
) -> Option<(Rule, Range<usize>)> {
    let (comparison, key) = match direction {
        Direction::Up => (Comparison::Above, "above"),
        Direction::Down => (Comparison::Below, "below"),
    };
    let place = format!("[[database.{}]]", direction.word());
    let mut reader = Reader::new(section.table, section.span.clone(), &place, problems);
    reader.only(&["signal", key, "datapoints", "periods"]);
    let signal = reader.text("signal");
    let threshold = reader.number(key, 0.0..=MOST);
    let periods = reader.count("periods", 1..=MOST_PERIODS);
    let datapoints = reader.count("datapoints", 1..=MOST_PERIODS);
    let (default_datapoints, default_periods) = if direction == Direction::Up { (2, 3) } else { (10, 10) };
    let periods = periods.or(datapoints).unwrap_or(default_periods);
    let datapoints = datapoints.unwrap_or(default_datapoints.min(periods));
    let span = reader.span();
    if datapoints > periods {
        let title = format!("{datapoints} of {periods} periods can never hold");
        reader.problems.add(span.clone(), title, "`datapoints` is at most `periods`".to_owned(), None);
    }
    for (key, there) in [("signal", signal.is_some()), (key, threshold.is_some())] {
        if !there && !section.table.contains_key(key) {
            reader.problems.add(span.clone(), format!("a rule needs `{key}`"), "this one".to_owned(), None);
        }
    }
    let (signal, signal_span) = signal?;
    if !signals.iter().any(|spec| spec.name.as_str() == signal) {
        let help = nearest(&signal, signals.iter().map(|spec| spec.name.as_str()));
        let title = format!("unknown signal `{signal}`");
        reader.problems.add(signal_span, title, "no signal has this name".to_owned(), Some(help));
    }
    let (threshold, threshold_span) = threshold?;
    Some((Rule { signal: SignalName::new(signal), comparison, threshold, datapoints, periods }, threshold_span))
}

/// 500 writes/s in 2 of 3 minutes, and half as much again in 2 of 2, ask for up; below 45 % of it for 10 minutes and
/// for an hour asks for down. The hour forgives five missing minutes: an outage of ours leaves such a hole.
fn defaults(direction: Direction) -> Vec<Rule> {
    let rule = |comparison, threshold, datapoints, periods| Rule {
        signal: SignalName::new("writes"),
        comparison,
        threshold,
        datapoints,
        periods,
    };
    match direction {
        Direction::Up => vec![rule(Comparison::Above, 500.0, 2, 3), rule(Comparison::Above, 750.0, 2, 2)],
        Direction::Down => vec![rule(Comparison::Below, 225.0, 10, 10), rule(Comparison::Below, 225.0, 55, 60)],
    }
}
