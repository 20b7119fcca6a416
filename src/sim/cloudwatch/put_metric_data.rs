//! `PutMetricData`: single values, values with counts, and ready-made statistics. All of a request is kept or none.
//! What is put is visible at once. Owned by the simulated CloudWatch.

use jiff::Timestamp;

use super::MetricKey;
use super::errors::{combination, invalid_value, limit, missing};
use super::input::Fields;
use super::queries;
use super::statistic::{Sample, Unit};
use super::store::Store;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::Map;

/// Metrics in one request.
const DATA: usize = 1_000;
/// Entities in one request.
const ENTITIES: usize = 100;
/// Values in one datum.
const VALUES: usize = 150;
const DAY_SECS: i64 = 86_400;

/// One datum, checked.
struct Datum {
    key: MetricKey,
    at: i64,
    samples: Vec<Sample>,
}

/// Takes in what a request brings at `now`.
///
/// # Errors
/// As CloudWatch states them; nothing is kept then.
pub(super) fn answer(store: &mut Store, now: Timestamp, input: &Fields<'_>) -> Result<Map, ApiError> {
    let namespace = input.required_text("Namespace", 255)?;
    if namespace.starts_with("AWS/") {
        return Err(invalid_value(format!(
            "The value {namespace} for parameter Namespace is invalid: names that begin with AWS/ are reserved."
        )));
    }
    let mut given = input.list("MetricData", DATA)?;
    for entity in input.list("EntityMetricData", ENTITIES)? {
        given.extend(entity.list("MetricData", DATA)?);
    }
    if given.is_empty() {
        return Err(missing("MetricData"));
    }
    if given.len() > DATA {
        return Err(invalid_value(format!("The collection MetricData must not have a size greater than {DATA}.")));
    }
    let data: Vec<Datum> = given.iter().map(|given| datum(namespace, now, given)).collect::<Result<_, _>>()?;
    if !store.has_room(data.iter().map(|datum| &datum.key)) {
        return Err(limit("The simulation keeps no more metrics than it already has."));
    }
    for datum in data {
        store.put(&datum.key, datum.at, &datum.samples);
    }
    Ok(Map::new())
}

fn datum(namespace: &str, now: Timestamp, given: &Fields<'_>) -> Result<Datum, ApiError> {
    let name = given.required_text("MetricName", 255)?.to_owned();
    let key = MetricKey { namespace: namespace.to_owned(), name, dimensions: queries::dimensions(given)? };
    let at = given.instant("Timestamp")?.unwrap_or(now).as_second();
    let age = now.as_second().saturating_sub(at);
    if !(-2 * 3600..=14 * DAY_SECS).contains(&age) {
        return Err(invalid_value(format!(
            "The parameter {} must specify a time no more than two weeks in the past and no more than two hours in the \
             future.",
            given.name("Timestamp")
        )));
    }
    let resolution = given.integer("StorageResolution")?.unwrap_or(60);
    if ![1, 60].contains(&resolution) {
        let name = given.name("StorageResolution");
        return Err(invalid_value(format!("The value {resolution} for parameter {name} is invalid: 1 or 60.")));
    }
    let unit = queries::unit(given).map_err(|error| invalid_value(error.message))?.unwrap_or_default();
    Ok(Datum { key, at: at - at.rem_euclid(resolution), samples: samples(given, unit, now)? })
}

fn samples(given: &Fields<'_>, unit: Unit, now: Timestamp) -> Result<Vec<Sample>, ApiError> {
    let forms: Vec<&str> =
        ["Value", "StatisticValues", "Values"].into_iter().filter(|form| given.any_of(&[form]).is_some()).collect();
    match forms.as_slice() {
        ["Value"] => {
            let value = given.double("Value")?.ok_or_else(|| missing(&given.name("Value")))?;
            Ok(vec![Sample::of(finite(given, "Value", value)?, 1.0, unit, now)])
        }
        ["Values"] => counted(given, unit, now),
        [_] => Ok(vec![statistic_set(given, unit, now)?]),
        [] => Err(missing(&given.name("Value"))),
        [first, second, ..] => Err(combination(format!(
            "The parameters {} and {} are mutually exclusive and you have specified both.",
            given.name(first),
            given.name(second)
        ))),
    }
}

fn counted(given: &Fields<'_>, unit: Unit, now: Timestamp) -> Result<Vec<Sample>, ApiError> {
    let too_many = |error: ApiError| match error.code.as_str() {
        "ValidationError" => invalid_value(error.message),
        _ => error,
    };
    let values = given.doubles("Values", VALUES).map_err(too_many)?;
    let counts = given.doubles("Counts", VALUES).map_err(too_many)?;
    if !counts.is_empty() && counts.len() != values.len() {
        return Err(invalid_value(format!(
            "The parameters {} and {} must be of the same size.",
            given.name("Values"),
            given.name("Counts")
        )));
    }
    let mut samples = Vec::new();
    for (index, value) in values.into_iter().enumerate() {
        let count = finite(given, "Counts", counts.get(index).copied().unwrap_or(1.0))?;
        if count < 0.0 {
            return Err(invalid_value(format!("The value {count} for parameter {} is invalid.", given.name("Counts"))));
        }
        samples.push(Sample::of(finite(given, "Values", value)?, count, unit, now));
    }
    Ok(samples)
}

fn statistic_set(given: &Fields<'_>, unit: Unit, now: Timestamp) -> Result<Sample, ApiError> {
    let set = given.fields("StatisticValues")?.ok_or_else(|| missing(&given.name("StatisticValues")))?;
    let part = |key: &str| {
        let value = set.double(key)?.ok_or_else(|| missing(&set.name(key)))?;
        finite(&set, key, value)
    };
    let (count, sum, minimum, maximum) = (part("SampleCount")?, part("Sum")?, part("Minimum")?, part("Maximum")?);
    if count < 0.0 || minimum > maximum {
        return Err(invalid_value(format!("The values of {} contradict each other.", given.name("StatisticValues"))));
    }
    Ok(Sample { visible_at: now, unit, sum, minimum, maximum, count })
}

/// CloudWatch takes values from -2^360 to 2^360, and no others.
fn finite(given: &Fields<'_>, key: &str, value: f64) -> Result<f64, ApiError> {
    if value.abs() <= 2_f64.powi(360) {
        return Ok(value);
    }
    Err(invalid_value(format!("The value {value} for parameter {} is invalid.", given.name(key))))
}
