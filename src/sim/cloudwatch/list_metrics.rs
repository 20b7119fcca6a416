//! `ListMetrics`: which metrics had data in the last two weeks. Owned by the simulated CloudWatch.

use jiff::Timestamp;

use super::input::Fields;
use super::paging::Place;
use super::queries;
use super::store::Store;
use super::{MetricKey, PERF_INSIGHTS};
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// Metrics in one answer.
const PAGE: usize = 500;
/// `RecentlyActive` knows this one span.
const RECENT_SECS: i64 = 3 * 3600;

/// The answer at `now`.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn answer(store: &Store, now: Timestamp, input: &Fields<'_>) -> Result<Map, ApiError> {
    let namespace = input.bounded_text("Namespace", 255)?;
    let name = input.bounded_text("MetricName", 255)?;
    let recent = input.word("RecentlyActive", &["PT3H"])?.is_some();
    let mut dimensions = Vec::new();
    for dimension in input.list("Dimensions", 10)? {
        dimensions.push((dimension.required_text("Name", 255)?, dimension.bounded_text("Value", 1024)?));
    }
    let place = Place::of("ListMetrics", input, now)?;
    let is_wanted = |key: &MetricKey, newest: i64| {
        key.namespace != PERF_INSIGHTS.namespace
            && namespace.is_none_or(|namespace| key.namespace == namespace)
            && name.is_none_or(|name| key.name == name)
            && (!recent || newest >= now.as_second().saturating_sub(RECENT_SECS))
            && dimensions.iter().all(|(name, value)| {
                key.dimensions.get(*name).is_some_and(|found| value.is_none_or(|value| found == value))
            })
    };
    let found: Vec<&MetricKey> =
        store.listed(place.seen_at).filter(|(key, newest)| is_wanted(key, *newest)).map(|(key, _)| key).collect();
    let (page, token) = place.page(found, PAGE);
    let metrics = page.into_iter().map(|key| Value::Map(queries::metric_output(key))).collect();
    let mut output = Map::from([("Metrics".to_owned(), Value::List(metrics))]);
    output.extend(token.map(|token| ("NextToken".to_owned(), token.into())));
    Ok(output)
}
