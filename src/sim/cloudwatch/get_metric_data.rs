//! `GetMetricData` for metric statistics: newest first unless asked otherwise, start included and rounded down to the
//! minute, end excluded, only periods that have data, in pages of as many datapoints as the caller takes.
//!
//! Metric math is not simulated and is refused by name.

use ciborium::Value;
use jiff::Timestamp;

use super::MetricKey;
use super::store::Store;
use crate::sim::wire::ApiError;
use crate::sim::wire::cbor::{Map, instant_value};

/// The most queries one call may carry.
const QUERIES: usize = 500;
/// Datapoints in one answer, at most and by default.
const DATAPOINTS: usize = 100_800;

struct Query {
    id: String,
    label: String,
    key: MetricKey,
    period_secs: i64,
    statistic: String,
    returned: bool,
}

/// The answer's body at `now`.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn answer(store: &Store, now: Timestamp, input: &Map) -> Result<Map, ApiError> {
    let missing = |what: &str| error("MissingParameter", format!("The parameter {what} is required."));
    let start = input.instant("StartTime")?.ok_or_else(|| missing("StartTime"))?;
    let end = input.instant("EndTime")?.ok_or_else(|| missing("EndTime"))?;
    if start >= end {
        let message = "The parameter StartTime must be less than the parameter EndTime.";
        return Err(error("ValidationError", message.to_owned()));
    }
    let start = Timestamp::from_second(start.as_second().div_euclid(60) * 60).unwrap_or(start);
    let queries = queries(input)?;
    let ascending = match input.text("ScanBy")? {
        None | Some("TimestampDescending") => false,
        Some("TimestampAscending") => true,
        Some(other) => return Err(error("ValidationError", format!("'{other}' is not a valid value of ScanBy."))),
    };
    let most = input.integer("MaxDatapoints")?.map_or(Ok(DATAPOINTS), |most| {
        let wrong = || error("ValidationError", format!("MaxDatapoints must be from 1 to {DATAPOINTS}."));
        usize::try_from(most).ok().filter(|most| (1..=DATAPOINTS).contains(most)).ok_or_else(wrong)
    })?;
    let skip = match input.text("NextToken")? {
        None => 0,
        Some(token) => token
            .strip_prefix("after-")
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| error("InvalidNextToken", "The next token is invalid.".to_owned()))?,
    };
    Ok(page(store, now, &queries, (start, end), ascending, skip, most))
}

fn page(
    store: &Store,
    now: Timestamp,
    queries: &[Query],
    range: (Timestamp, Timestamp),
    ascending: bool,
    skip: usize,
    most: usize,
) -> Map {
    let (mut seen, mut taken, mut results) = (0, 0, Vec::new());
    for query in queries.iter().filter(|query| query.returned) {
        let mut points: Vec<(Timestamp, f64)> = store
            .periods(&query.key, range, query.period_secs, now)
            .into_iter()
            .filter_map(|(start, statistics)| Some((start, statistics.named(&query.statistic)?)))
            .collect();
        if !ascending {
            points.reverse();
        }
        let total = points.len();
        let first = skip.saturating_sub(seen).min(total);
        let count = (total - first).min(most - taken);
        seen += total;
        taken += count;
        let part = &points[first..first + count];
        let mut result = Map::default();
        result.put("Id", query.id.clone());
        result.put("Label", query.label.clone());
        result.put("Timestamps", Value::Array(part.iter().map(|(at, _)| instant_value(*at)).collect()));
        result.put("Values", Value::Array(part.iter().map(|(_, value)| Value::Float(*value)).collect()));
        result.put("StatusCode", if first + count < total { "PartialData" } else { "Complete" });
        results.push(result.into_value());
    }
    let mut body = Map::default();
    body.put("MetricDataResults", Value::Array(results));
    body.put("Messages", Value::Array(Vec::new()));
    if skip + taken < seen {
        body.put("NextToken", format!("after-{}", skip + taken));
    }
    body
}

fn queries(input: &Map) -> Result<Vec<Query>, ApiError> {
    let given = input.maps("MetricDataQueries")?;
    if given.is_empty() {
        return Err(error("ValidationError", "The parameter MetricDataQueries is required.".to_owned()));
    }
    if given.len() > QUERIES {
        return Err(error(
            "ValidationError",
            format!("The collection MetricDataQueries must not have a size greater than {QUERIES}."),
        ));
    }
    let queries: Vec<Query> = given.iter().map(query).collect::<Result<_, _>>()?;
    let mut ids: Vec<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(error(
            "ValidationError",
            "The values for parameter id in MetricDataQueries are not unique.".to_owned(),
        ));
    }
    Ok(queries)
}

fn query(given: &Map) -> Result<Query, ApiError> {
    let invalid = |message: String| error("ValidationError", message);
    let id = given.text("Id")?.unwrap_or_default();
    let well_formed =
        id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !well_formed {
        return Err(invalid(format!(
            "The value '{id}' for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        )));
    }
    if given.get("Expression").is_some() {
        return Err(invalid(format!("Error in expression '{id}': metric math is not simulated.")));
    }
    let stat = given.get("MetricStat").and_then(Map::of);
    let stat = stat.ok_or_else(|| invalid(format!("Either MetricStat or Expression is required for {id}.")))?;
    let metric =
        stat.get("Metric").and_then(Map::of).ok_or_else(|| invalid(format!("Metric is required for {id}.")))?;
    let period_secs = stat.integer("Period")?.unwrap_or_default();
    if period_secs < 60 || period_secs % 60 != 0 {
        return Err(invalid(format!("The value {period_secs} for parameter Period must be a multiple of 60.")));
    }
    let statistic = stat.text("Stat")?.unwrap_or_default().to_owned();
    if !["Average", "Sum", "Minimum", "Maximum", "SampleCount"].contains(&statistic.as_str()) {
        return Err(invalid(format!("The value '{statistic}' for parameter Stat is not a simulated statistic.")));
    }
    let name = metric.text("MetricName")?.unwrap_or_default().to_owned();
    let mut dimensions = std::collections::BTreeMap::new();
    for dimension in metric.maps("Dimensions")? {
        let part = |key: &str| Ok::<_, ApiError>(dimension.text(key)?.unwrap_or_default().to_owned());
        dimensions.insert(part("Name")?, part("Value")?);
    }
    let namespace = metric.text("Namespace")?.unwrap_or_default().to_owned();
    Ok(Query {
        id: id.to_owned(),
        label: given.text("Label")?.map_or_else(|| name.clone(), ToOwned::to_owned),
        key: MetricKey { namespace, name, dimensions },
        period_secs,
        statistic,
        returned: given.get("ReturnData").and_then(Value::as_bool).unwrap_or(true),
    })
}

fn error(code: &str, message: String) -> ApiError {
    ApiError { code: code.to_owned(), status: 400, message }
}
