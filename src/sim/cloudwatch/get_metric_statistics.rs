//! `GetMetricStatistics`: several statistics of one metric, at most 1,440 periods, in no order that a caller may rely
//! on. Owned by the simulated CloudWatch.

use jiff::Timestamp;

use super::errors::{combination, invalid_value, missing};
use super::get_metric_data::span;
use super::input::Fields;
use super::queries;
use super::statistic::{NAMED, Statistic};
use super::store::Store;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// Datapoints in one answer.
const DATAPOINTS: i64 = 1_440;

/// The answer at `now`.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn answer(store: &Store, now: Timestamp, input: &Fields<'_>) -> Result<Map, ApiError> {
    let key = queries::metric(input)?;
    let span = span(input, now).map_err(|error| match error.code.as_str() {
        "ValidationError" => combination(error.message),
        _ => error,
    })?;
    let period =
        queries::period(input).map_err(|error| invalid_value(error.message))?.ok_or_else(|| missing("Period"))?;
    let unit = queries::unit(input)?;
    let statistics = statistics(input)?;
    let asked = span.end.as_second().saturating_sub(span.start.as_second()) / period;
    if asked > DATAPOINTS {
        return Err(combination(format!(
            "You have requested up to {asked} datapoints, which exceeds the limit of {DATAPOINTS}. You may reduce the \
             datapoints requested by increasing Period, or decreasing the time range."
        )));
    }
    let periods = span.window(period).map(|window| store.periods(&key, unit, &window)).unwrap_or_default();
    let mut points = Vec::new();
    for (at, samples) in periods {
        let (Ok(at), Some(first)) = (Timestamp::from_second(at), samples.first()) else { continue };
        let mut point =
            Map::from([("Timestamp".to_owned(), Value::Instant(at)), ("Unit".to_owned(), first.unit.name().into())]);
        let mut extended = Map::new();
        for statistic in &statistics {
            let Some(value) = statistic.over(&samples) else { continue };
            let place = if matches!(statistic, Statistic::Percentile(_)) { &mut extended } else { &mut point };
            place.insert(statistic.name(), value.into());
        }
        if !extended.is_empty() {
            point.insert("ExtendedStatistics".to_owned(), extended.into());
        }
        points.push(Value::Map(point));
    }
    // The real service gives them in no order; a caller that forgets to sort shall notice here, not there.
    let middle = points.len() / 3;
    points.rotate_left(middle);
    Ok(Map::from([("Label".to_owned(), key.name.into()), ("Datapoints".to_owned(), Value::List(points))]))
}

fn statistics(input: &Fields<'_>) -> Result<Vec<Statistic>, ApiError> {
    let (named, extended) = (input.texts("Statistics", 5)?, input.texts("ExtendedStatistics", 10)?);
    if named.is_empty() && extended.is_empty() {
        return Err(combination("Must specify either Statistics or ExtendedStatistics."));
    }
    let is_named = |name: &str| NAMED.contains(&name);
    let wrong = |name: &str| invalid_value(format!("The value {name} for parameter Statistics is not supported."));
    let all = named.iter().map(|name| (name, true)).chain(extended.iter().map(|name| (name, false)));
    all.map(|(name, wants_named)| {
        Statistic::of(name).filter(|_| is_named(name) == wants_named).ok_or_else(|| wrong(name))
    })
    .collect()
}
