//! `GetMetricData`: newest first unless asked otherwise, start included and rounded down, end excluded, only periods
//! that have data, in pages of as many datapoints as the caller takes. Owned by the simulated CloudWatch.

use jiff::Timestamp;

use super::errors::validation;
use super::input::Fields;
use super::math::{self, Line, Span};
use super::paging::Place;
use super::queries::{self, Query};
use super::store::Store;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// The most queries one call may carry.
const QUERIES: usize = 500;
/// Datapoints in one answer, at most and by default.
const DATAPOINTS: usize = 100_800;

/// The answer at `now`.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn answer(store: &Store, now: Timestamp, input: &Fields<'_>) -> Result<Map, ApiError> {
    let queries = queries::read(input, "MetricDataQueries", QUERIES)?;
    let span = span(input, now)?;
    let most = input.page_size("MaxDatapoints", DATAPOINTS)?;
    let ascending = input.word("ScanBy", &["TimestampDescending", "TimestampAscending"])? == Some("TimestampAscending");
    let place = Place::of("GetMetricData", input, now)?;
    let results = math::evaluate(store, &queries, Span { now: place.seen_at, ..span })?;
    let lines: Vec<(&Query, Line)> =
        results.into_iter().flat_map(|(query, lines)| lines.into_iter().map(move |line| (query, line))).collect();
    // Expressions are calculated anew for each call: what does not fit into one answer is cut off.
    let paged = queries.iter().all(|query| matches!(query.kind, queries::Kind::Stat(_)));
    Ok(page(&lines, &place, most, ascending, paged))
}

/// The span of time that a request asks for.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn span(input: &Fields<'_>, now: Timestamp) -> Result<Span, ApiError> {
    let (start, end) = (input.required_instant("StartTime")?, input.required_instant("EndTime")?);
    if start >= end {
        return Err(validation("The parameter StartTime must be less than the parameter EndTime."));
    }
    Ok(Span { start, end, now })
}

fn page(lines: &[(&Query, Line)], place: &Place, most: usize, ascending: bool, paged: bool) -> Map {
    let (mut seen, mut taken, mut results) = (0, 0, Vec::new());
    for (query, line) in lines {
        let total = line.points.len();
        let first = place.offset.saturating_sub(seen).min(total);
        let count = (total - first).min(most - taken);
        seen += total;
        taken += count;
        let mut points: Vec<(i64, f64)> = line.points.iter().map(|(at, value)| (*at, *value)).collect();
        if !ascending {
            points.reverse();
        }
        results.push(result(query, line, &points[first..first + count], first + count == total));
    }
    let mut body = Map::from([
        ("MetricDataResults".to_owned(), Value::List(results)),
        ("Messages".to_owned(), Value::List(Vec::new())),
    ]);
    let end = place.offset.saturating_add(taken);
    if paged && end < seen {
        body.insert("NextToken".to_owned(), place.token(end).into());
    }
    body
}

fn result(query: &Query, line: &Line, points: &[(i64, f64)], is_complete: bool) -> Value {
    let label = match &query.label {
        None => line.label.clone(),
        // An array has one label for all of its lines, and each line its own.
        Some(label) if matches!(query.kind, queries::Kind::Expression(_)) && line.label != query.id => {
            format!("{label} {}", line.label)
        }
        Some(label) => label.clone(),
    };
    let instants = points.iter().filter_map(|(at, _)| Timestamp::from_second(*at).ok());
    Value::Map(Map::from([
        ("Id".to_owned(), query.id.as_str().into()),
        ("Label".to_owned(), label.into()),
        ("Timestamps".to_owned(), Value::List(instants.map(Value::Instant).collect())),
        ("Values".to_owned(), Value::List(points.iter().map(|(_, value)| Value::Double(*value)).collect())),
        ("StatusCode".to_owned(), if is_complete { "Complete" } else { "PartialData" }.into()),
    ]))
}
