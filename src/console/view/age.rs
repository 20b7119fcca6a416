//! How old what is shown is.

use jiff::Timestamp;

use super::words;
use crate::model::gate::{Gate, GateResult};
use crate::model::series::{Series, SignalName};
use crate::model::snapshot::DatabaseView;

/// The name of the signal that the policy's first up rule on one looks at: the one in the large chart.
pub(super) fn leading_name(view: &DatabaseView) -> SignalName {
    let signal = view.policy.up.iter().find(|rule| rule.signal.alarm().is_none());
    signal.map_or_else(|| SignalName::new(SignalName::WRITES), |rule| rule.signal.clone())
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

/// What cannot be seen now: a hold then says nothing of the load, and nothing is steady.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unseen {
    /// The database itself, and why.
    Database(String),
    /// Its load, and why.
    Load(String),
}

/// What cannot be seen of a database; `None` when it and its load are in sight.
pub(super) fn unseen(view: &DatabaseView) -> Option<Unseen> {
    let closed = view.gates_up.iter().filter(|gate| !gate.open && gate.gate.is_of_sight());
    let (load, state): (Vec<&GateResult>, Vec<&GateResult>) =
        closed.partition(|gate| matches!(gate.gate, Gate::FreshData { .. }));
    let why = |gate: &&GateResult| gate.gate.seen();
    if view.state.is_none() {
        return Some(Unseen::Database("not seen yet".to_owned()));
    }
    state.first().map(|gate| Unseen::Database(why(gate))).or_else(|| Some(Unseen::Load(why(load.first()?))))
}
