//! `[[database.signal]]`: which series are read for a database. Those given stand beside the defaults; one with the
//! name of a default replaces it.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use super::direct_signal;
use super::section::Section;
use crate::diagnostics::{Diagnostic, shown, suggestion};
use crate::model::series::{CLOUDWATCH_UNITS, SignalName, SignalSource, SignalSpec, Statistic};

pub(super) const KEYS: [&str; 10] = [
    "name",
    "source",
    "metric",
    "expression",
    "namespace",
    "statistic",
    "period",
    "unit",
    "published_in",
    "shown_with",
];

/// Name, metric of `AWS/RDS`, unit for people and unit in CloudWatch of the signals that every database has. Source of
/// the last: the metrics reference of the RDS user guide.
const DEFAULTS: [(&str, &str, &str, &str); 5] = [
    (SignalName::WRITES, "WriteIOPS", "writes/s", "Count/Second"),
    (SignalName::CPU, "CPUUtilization", "%", "Percent"),
    (SignalName::CONNECTIONS, "DatabaseConnections", "connections", "Count"),
    ("write_latency", "WriteLatency", "s", "Seconds"),
    (SignalName::FREE_MEMORY, "FreeableMemory", "B", "Bytes"),
];

const NAMESPACE: &str = "AWS/RDS";
const STATISTICS: [Statistic; 5] =
    [Statistic::Average, Statistic::Maximum, Statistic::Minimum, Statistic::Sum, Statistic::SampleCount];
/// RDS publishes once a minute.
const PERIOD_SECS: u32 = 60;
/// CloudWatch keeps no alarm window longer than a day either.
const PERIODS: RangeInclusive<Duration> = Duration::from_mins(1)..=Duration::from_hours(24);

/// The signals of a database, defaults first.
pub(super) fn read_all(database: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Vec<SignalSpec> {
    let mut specs: Vec<SignalSpec> = DEFAULTS.iter().map(default).collect();
    let mut given: Vec<(SignalName, Range<usize>)> = Vec::new();
    let sections = database.children("signal", "database.signal", &KEYS, problems).unwrap_or_default();
    for section in &sections {
        let Some(spec) = read(section, problems) else { continue };
        let place = section.place("name");
        if let Some((_, first)) = given.iter().find(|(name, _)| *name == spec.name) {
            let title = format!("two signals are named `{}`", spec.name);
            let problem = Diagnostic::new(place.clone(), title, "a second one").also(first.clone(), "the first");
            problems.push(problem.help("give each signal of a database its own name"));
        }
        given.push((spec.name.clone(), place));
        match specs.iter_mut().find(|known| known.name == spec.name) {
            // What is only read from another source is still counted in the same unit.
            Some(known) if !section.has("unit") && !spec.is_direct() => {
                *known = SignalSpec { unit: known.unit.clone(), ..spec }
            }
            Some(known) => *known = spec,
            None => specs.push(spec),
        }
    }
    for section in &sections {
        shown_with(section, &specs, problems);
    }
    specs
}

/// What it is drawn with is another signal, which has a chart of its own.
fn shown_with(section: &Section<'_>, specs: &[SignalSpec], problems: &mut Vec<Diagnostic>) {
    let Some(other) = section.text("shown_with", problems) else { return };
    let own = section.text("name", &mut Vec::new());
    let is_itself = |spec: &SignalSpec| own.as_ref().is_some_and(|own| *own.get_ref() == spec.name.as_str());
    let has_chart = |spec: &&SignalSpec| !is_itself(spec) && spec.shown_with.is_none();
    let known: Vec<&str> = specs.iter().filter(has_chart).map(|spec| spec.name.as_str()).collect();
    if !known.contains(other.get_ref()) {
        let title = format!("`{}` has no chart to be drawn in", shown(other.get_ref()));
        let problem = Diagnostic::new(other.span(), title, "no other signal with a chart of its own");
        problems.push(problem.help(suggestion(other.get_ref(), "known signals", &known)));
    }
}

fn read(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<SignalSpec> {
    section.require("name", "name = \"writes\": the word that rules use", problems);
    let direct = direct_signal::is_one(section, problems).then(|| direct_signal::read(section, problems));
    let source = direct.as_ref().map_or_else(|| source(section, problems), |(source, ..)| source.clone());
    let statistic = section.text("statistic", problems).map_or(Statistic::Average, |word| {
        STATISTICS.into_iter().find(|known| known.as_str() == *word.get_ref()).unwrap_or_else(|| {
            let known = STATISTICS.map(Statistic::as_str);
            let title = format!("unknown statistic `{}`", shown(word.get_ref()));
            let problem = Diagnostic::new(word.span(), title, "CloudWatch has no such statistic");
            problems.push(problem.help(suggestion(word.get_ref(), "known statistics", &known)));
            Statistic::Average
        })
    });
    let period_secs = direct.as_ref().map_or_else(|| period_secs(section, problems), |(_, secs, _)| *secs);
    let usual_unit = direct.as_ref().map_or("", |(.., unit)| unit);
    let unit = section.text("unit", problems).map_or(usual_unit.to_owned(), |unit| shown(unit.get_ref()));
    let published_in = if direct.is_some() { None } else { published_in(section, problems) };
    let shown_with = section.text("shown_with", &mut Vec::new()).map(|other| SignalName::new(*other.get_ref()));
    let name = section.text("name", problems)?;
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.get_ref().starts_with(|c: char| c.is_ascii_lowercase()) || !name.get_ref().chars().all(is_word) {
        let title = format!("`{}` cannot name a signal", shown(name.get_ref()));
        let problem = Diagnostic::new(name.span(), title, "not a word");
        problems.push(problem.help("small letters, digits and underscores, a letter first, such as \"rows_written\""));
    }
    let name = SignalName::new(*name.get_ref());
    Some(SignalSpec { name, source, statistic, period_secs, unit, published_in, shown_with })
}

fn period_secs(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> u32 {
    section.duration("period", &PERIODS, problems).map_or(PERIOD_SECS, |period| {
        if period.get_ref().as_secs() % 60 != 0 || period.get_ref().subsec_nanos() != 0 {
            let problem =
                Diagnostic::new(period.span(), "`period` is not of whole minutes", "CloudWatch has no such one");
            problems.push(problem.help("\"60s\", or a multiple of it"));
        }
        period.get_ref().as_secs() as u32
    })
}

/// A unit of CloudWatch, for one metric: an expression has none.
fn published_in(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let word = section.text("published_in", problems)?;
    if !CLOUDWATCH_UNITS.contains(word.get_ref()) {
        let title = format!("unknown unit `{}`", shown(word.get_ref()));
        let problem = Diagnostic::new(word.span(), title, "CloudWatch has no such unit");
        problems.push(problem.help(suggestion(word.get_ref(), "CloudWatch's units", &CLOUDWATCH_UNITS)));
    }
    if section.has("expression") {
        let title = "an expression has no unit of its own";
        let problem = Diagnostic::new(section.place("published_in"), title, "for a metric only");
        let problem = problem.also(section.place("expression"), "and this is an expression".to_owned());
        problems.push(problem.help("remove `published_in`"));
    }
    Some((*word.get_ref()).to_owned())
}

/// Exactly one of metric and expression; what is returned after a problem is never used.
fn source(section: &Section<'_>, problems: &mut Vec<Diagnostic>) -> SignalSource {
    let metric = section.text("metric", problems);
    let expression = section.text("expression", problems);
    let namespace = section.text("namespace", problems);
    for text in [&metric, &expression, &namespace].into_iter().flatten() {
        if text.get_ref().trim().is_empty() {
            problems.push(Diagnostic::new(text.span(), "the text is empty", "nothing in it").help("name what to read"));
        }
    }
    let both = section.has("metric") && section.has("expression");
    if both || (section.has("expression") && section.has("namespace")) {
        let other = if both { "metric" } else { "namespace" };
        let title = format!("a signal has `expression` or `{other}`, not both");
        let problem = Diagnostic::new(section.place("expression"), title, "an expression");
        let problem = problem.also(section.place(other), format!("and a {other}"));
        problems.push(problem.help("metric for one metric of a namespace, expression for CloudWatch metric math"));
    }
    if !section.has("metric") && !section.has("expression") {
        let help = "metric = \"WriteIOPS\", or expression = \"…\" in CloudWatch metric math";
        problems.push(Diagnostic::missing(section.span.clone(), "the signal has no source", help));
    }
    match expression {
        Some(expression) => SignalSource::Expression { expression: (*expression.get_ref()).to_owned() },
        None => SignalSource::Metric {
            namespace: namespace.map_or(NAMESPACE, |text| *text.get_ref()).to_owned(),
            metric_name: metric.map_or("", |text| *text.get_ref()).to_owned(),
        },
    }
}

fn default(&(name, metric, unit, published_in): &(&str, &str, &str, &str)) -> SignalSpec {
    SignalSpec {
        name: SignalName::new(name),
        source: SignalSource::Metric { namespace: NAMESPACE.to_owned(), metric_name: metric.to_owned() },
        statistic: Statistic::Average,
        period_secs: PERIOD_SECS,
        unit: unit.to_owned(),
        published_in: Some(published_in.to_owned()),
        shown_with: None,
    }
}
