//! The functions of metric math that are simulated.

use std::collections::{BTreeMap, BTreeSet};

use super::Node;
use super::evaluate::{Evaluator, Wrong};
use super::term::{Line, Term};
use crate::sim::cloudwatch::statistic::Statistic;
use crate::sim::cloudwatch::store::Window;
use crate::sim::cloudwatch::{MetricKey, PERF_INSIGHTS};

/// The periods that `DB_PERF_INSIGHTS` takes, in seconds.
const PERF_INSIGHTS_PERIODS: [i64; 7] = [1, 10, 30, 60, 300, 3600, 86_400];
/// The most datapoints that filling may make of one series.
const FILLED: i64 = 100_800;

/// Calls a function. `period` is what the query asks for, if it does.
pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    name: &str,
    arguments: &[Node],
    period: Option<i64>,
) -> Result<Term, Wrong> {
    match (name, arguments) {
        ("METRICS", []) => return Ok(Term::Lines(evaluator.metrics("")?)),
        ("METRICS", [Node::Text(part)]) => return Ok(Term::Lines(evaluator.metrics(part)?)),
        ("FILL", [series, Node::Word(word)]) => {
            let series = evaluator.node(series, period)?;
            let way = match word.as_str() {
                "REPEAT" => Filling::Repeat,
                "LINEAR" => Filling::Linear,
                _ => return Err(format!("'{word}' is no way to fill").into()),
            };
            return Ok(series.map_lines(|line| fill(evaluator, line, &way))?);
        }
        _ => {}
    }
    let given: Vec<Term> =
        arguments.iter().map(|argument| evaluator.node(argument, period)).collect::<Result<_, _>>()?;
    match (name, given.as_slice()) {
        ("ABS", [of]) => Ok(of.map(f64::abs)?),
        ("CEIL", [of]) => Ok(of.map(f64::ceil)?),
        ("FLOOR", [of]) => Ok(of.map(f64::floor)?),
        ("LOG", [of]) => Ok(of.map(f64::ln)?),
        ("LOG10", [of]) => Ok(of.map(f64::log10)?),
        ("SUM" | "AVG" | "MIN" | "MAX" | "STDDEV", [of]) => Ok(summary(name, of)?),
        ("FILL", [of, with]) => {
            let way = Filling::With(with.clone());
            Ok(of.map_lines(|line| fill(evaluator, line, &way))?)
        }
        ("IF", [condition, then]) => Ok(choose(condition, then, None)?),
        ("IF", [condition, then, otherwise]) => Ok(choose(condition, then, Some(otherwise))?),
        ("RATE", [of]) => Ok(of.map_lines(|line| Ok(steps(line, |step, secs| step / secs)))?),
        ("DIFF", [of]) => Ok(of.map_lines(|line| Ok(steps(line, |step, _| step)))?),
        ("DIFF_TIME", [of]) => Ok(of.map_lines(|line| Ok(steps(line, |_, secs| secs)))?),
        ("RUNNING_SUM", [of]) => Ok(of.map_lines(|line| Ok(running_sum(line)))?),
        ("EPOCH", [of]) => Ok(of.map_lines(|line| Ok(line.with(line.points.keys().map(|at| (*at, *at as f64)))))?),
        ("PERIOD", [Term::Line(line)]) => Ok(Term::Scalar(line.period as f64)),
        ("DATAPOINT_COUNT", [Term::Line(line)]) => Ok(Term::Scalar(line.points.len() as f64)),
        ("METRIC_COUNT", [Term::Lines(lines)]) => Ok(Term::Scalar(lines.len() as f64)),
        ("FIRST", [Term::Lines(lines)]) => Ok(Term::Line(end_of(lines.first())?)),
        ("LAST", [Term::Lines(lines)]) => Ok(Term::Line(end_of(lines.last())?)),
        ("REMOVE_EMPTY", [Term::Lines(lines)]) => {
            Ok(Term::Lines(lines.iter().filter(|line| !line.points.is_empty()).cloned().collect()))
        }
        ("TIME_SERIES", [Term::Scalar(value)]) => {
            let period = period.unwrap_or_else(|| evaluator.common_period());
            let window = bounded(evaluator, period)?;
            let points = window.into_iter().flat_map(|window| window.starts()).map(|at| (at, *value));
            Ok(Term::Line(Line { label: String::new(), period, points: points.collect() }))
        }
        ("DB_PERF_INSIGHTS", [Term::Text(service), Term::Text(resource), counters]) => {
            Ok(perf_insights(evaluator, service, resource, counters, period)?)
        }
        _ => Err(format!("{name} with {} such arguments is not a function that is simulated", given.len()).into()),
    }
}

/// Over one series a scalar; over several, one series of those that have a value at each time.
fn summary(name: &str, of: &Term) -> Result<Term, String> {
    let over = |values: &[f64]| {
        let count = values.len() as f64;
        let sum: f64 = values.iter().sum();
        match name {
            "SUM" => sum,
            "AVG" => sum / count,
            "MIN" => values.iter().copied().reduce(f64::min).unwrap_or(f64::NAN),
            "MAX" => values.iter().copied().reduce(f64::max).unwrap_or(f64::NAN),
            _ => {
                let squares: f64 = values.iter().map(|value| (value - sum / count).powi(2)).sum();
                (squares / count).sqrt()
            }
        }
    };
    match of {
        Term::Scalar(value) => Ok(Term::Scalar(over(&[*value]))),
        Term::Line(line) => Ok(Term::Scalar(over(&line.points.values().copied().collect::<Vec<_>>()))),
        Term::Lines(lines) => {
            let first = end_of(lines.first())?;
            let times: BTreeSet<i64> = lines.iter().flat_map(|line| line.points.keys().copied()).collect();
            let at = |at: i64| -> Vec<f64> { lines.iter().filter_map(|line| line.points.get(&at).copied()).collect() };
            let mut line = first.with(times.into_iter().map(|time| (time, over(&at(time)))));
            line.period = lines.iter().map(|line| line.period).max().unwrap_or(line.period);
            Ok(Term::Line(line))
        }
        _ => Err(format!("{name} wants a time series or an array of them")),
    }
}

fn end_of(line: Option<&Line>) -> Result<Line, String> {
    line.cloned().ok_or_else(|| "the array is empty".to_owned())
}

enum Filling {
    With(Term),
    Repeat,
    Linear,
}

/// Gives a series a value in every period of the span, the unpublished newest ones too.
fn fill(evaluator: &Evaluator<'_>, line: &Line, way: &Filling) -> Result<Line, String> {
    let Some(window) = bounded(evaluator, line.period)? else { return Ok(line.clone()) };
    let filled = |at: i64| {
        let present = line.points.get(&at).copied();
        present.or_else(|| match way {
            Filling::With(term) => term.at(at),
            Filling::Repeat => line.points.range(..at).next_back().map(|(_, value)| *value),
            Filling::Linear => between(&line.points, at),
        })
    };
    Ok(line.with(window.starts().filter_map(|at| Some((at, filled(at)?)))))
}

fn between(points: &BTreeMap<i64, f64>, at: i64) -> Option<f64> {
    let (before, low) = points.range(..at).next_back()?;
    let (after, high) = points.range(at..).next()?;
    Some(low + (high - low) * ((at - before) as f64 / (after - before) as f64))
}

fn choose(condition: &Term, then: &Term, otherwise: Option<&Term>) -> Result<Term, String> {
    let pick = |holds: f64, at: i64| if holds == 0.0 { otherwise.and_then(|term| term.at(at)) } else { then.at(at) };
    for term in [Some(then), otherwise].into_iter().flatten() {
        if !matches!(term, Term::Scalar(_) | Term::Line(_)) {
            return Err("IF chooses between numbers and single time series".to_owned());
        }
    }
    match condition {
        Term::Scalar(holds) if *holds != 0.0 => Ok(then.clone()),
        Term::Scalar(_) => otherwise.cloned().ok_or_else(|| "IF has nothing to choose".to_owned()),
        series => series.map_lines(|line| {
            Ok(line.with(line.points.iter().filter_map(|(at, holds)| Some((*at, pick(*holds, *at)?)))))
        }),
    }
}

/// From each point to the next: the step in value and in seconds.
fn steps(line: &Line, of: impl Fn(f64, f64) -> f64) -> Line {
    let pairs = line.points.iter().zip(line.points.iter().skip(1));
    line.with(pairs.map(|((before, low), (at, high))| (*at, of(high - low, (at - before) as f64))))
}

fn running_sum(line: &Line) -> Line {
    let mut sum = 0.0;
    line.with(line.points.iter().map(|(at, value)| {
        sum += value;
        (*at, sum)
    }))
}

/// The periods of the span, unless there are more than may be filled.
fn bounded(evaluator: &Evaluator<'_>, period: i64) -> Result<Option<Window>, String> {
    let window = evaluator.span.window(period);
    if window.is_some_and(|window| window.length() > FILLED) {
        return Err(format!("more than {FILLED} datapoints would be filled"));
    }
    Ok(window)
}

/// Counters of Performance Insights such as `db.SQL.tup_inserted.avg`: what the world published of that resource.
fn perf_insights(
    evaluator: &Evaluator<'_>,
    service: &str,
    resource: &str,
    counters: &Term,
    period: Option<i64>,
) -> Result<Term, String> {
    if service != "RDS" {
        return Err(format!("DB_PERF_INSIGHTS knows RDS, not '{service}'"));
    }
    let period = period.ok_or("DB_PERF_INSIGHTS needs the Period of its query")?;
    if !PERF_INSIGHTS_PERIODS.contains(&period) {
        return Err(format!("DB_PERF_INSIGHTS does not take a period of {period} seconds"));
    }
    let line = |counter: &String| {
        let (name, statistic) = counter.rsplit_once('.').unwrap_or((counter, ""));
        let statistic = match statistic {
            "avg" => Statistic::Average,
            "min" => Statistic::Minimum,
            "max" => Statistic::Maximum,
            "sum" => Statistic::Sum,
            _ => return Err(format!("'{counter}' does not end in .avg, .min, .max or .sum")),
        };
        let dimensions = BTreeMap::from([(PERF_INSIGHTS.dimension.to_owned(), resource.to_owned())]);
        let namespace = PERF_INSIGHTS.namespace.to_owned();
        let key = MetricKey { namespace, name: name.to_owned(), dimensions };
        // The counters are one-minute data: finer periods are empty.
        let window = evaluator.span.window(period).filter(|window| window.period >= 60);
        let values = window.map(|window| evaluator.store.values(&key, None, &window, statistic));
        Ok(Line { label: counter.clone(), period, points: values.unwrap_or_default() })
    };
    match counters {
        Term::Text(counter) => Ok(Term::Line(line(counter)?)),
        Term::Texts(counters) => Ok(Term::Lines(counters.iter().map(line).collect::<Result<_, _>>()?)),
        _ => Err("DB_PERF_INSIGHTS wants the name of a counter or an array of them".to_owned()),
    }
}
