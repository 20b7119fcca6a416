//! How old what is shown is.

use jiff::Timestamp;

use super::words;
use crate::model::series::{Series, SignalName};
use crate::model::snapshot::DatabaseView;

/// The name of the signal that the policy's first up rule looks at: the one in the large chart.
pub(super) fn leading_name(view: &DatabaseView) -> SignalName {
    view.policy.up.first().map_or_else(|| SignalName::new("writes"), |rule| rule.signal.clone())
}

/// What was read of it.
pub(super) fn leading(view: &DatabaseView) -> Option<&Series> {
    view.signal(&leading_name(view))
}

/// Seconds since the end of the newest datapoint of every signal that the rules look at: of the oldest among them.
/// `None` when one has no datapoint.
pub(super) fn data_secs(view: &DatabaseView, now: Timestamp) -> Option<i64> {
    let rules = view.policy.up.iter().chain(&view.policy.down);
    let ages = rules.map(|rule| {
        let end = view.signal(&rule.signal).and_then(Series::newest_end)?;
        Some(now.duration_since(end).as_secs())
    });
    ages.collect::<Option<Vec<i64>>>()?.into_iter().max()
}

/// `612 (age 75 s)`.
pub(super) fn newest_words(series: Option<&Series>, now: Timestamp) -> String {
    match series.and_then(|series| Some((series.newest()?.value, series.newest_end()?))) {
        Some((value, end)) => format!("{} (age {})", words::short(value), words::between(end, now)),
        None => "no data".to_owned(),
    }
}

/// The database itself, or its load, cannot be seen: a hold then says nothing of the load, and nothing is steady.
pub(super) fn is_out_of_sight(view: &DatabaseView) -> bool {
    view.state.is_none() || view.gates_up.iter().any(|gate| !gate.open && gate.gate.is_of_sight())
}
