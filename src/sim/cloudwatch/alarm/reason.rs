//! Why an alarm is in its state: the sentence and the data, in CloudWatch's own forms.

use jiff::Timestamp;
use serde::Serialize;

use super::{Rule, StateValue, Treatment};

/// The longest data that an alarm carries.
const DATA_BYTES: usize = 4_000;
/// The longest sentence.
const REASON_CHARS: usize = 1_023;

/// One period that was looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// Start of the period, in seconds since the epoch.
    pub(super) at: i64,
    pub(super) value: Option<f64>,
    /// How many samples it was made of, where that is known.
    pub(super) samples: Option<f64>,
}

/// The sentence for a change to `new`, from the datapoints of the evaluation range, oldest first.
pub(super) fn sentence(rule: &Rule, old: StateValue, new: StateValue, range: &[Point]) -> String {
    let periods = rule.evaluation_periods;
    if new == StateValue::InsufficientData {
        return format!("Insufficient Data: {} unknown.", were(periods, "datapoint"));
    }
    let real: Vec<(&Point, f64)> =
        range.iter().rev().filter_map(|point| Some((point, point.value?))).take(periods).collect();
    let missing = periods - real.len();
    if real.is_empty() {
        let (missing, treated) = (were(missing, "missing datapoint"), treatment(rule));
        return format!(
            "Threshold Crossed: no datapoints were received for {periods} {} and {missing} treated as [{treated}].",
            plural(periods, "period")
        );
    }
    let breaches = |value: f64| rule.comparison.is_breached(value, rule.threshold);
    let alarm = new == StateValue::Alarm;
    // A state may follow from missing data alone; then the real datapoints are named for what they are.
    let wanted = if real.iter().any(|(_, value)| breaches(*value) == alarm) { alarm } else { !alarm };
    let named: Vec<String> = real
        .iter()
        .filter(|(_, value)| breaches(*value) == wanted)
        .map(|(point, value)| format!("{value:?} ({})", date(point.at)))
        .collect();
    let count = named.len();
    let verb = format!("{}{}", if count == 1 { "was" } else { "were" }, if wanted { "" } else { " not" });
    let verdict =
        format!("[{}] {verb} {} the threshold ({:?})", named.join(", "), rule.comparison.phrase(), rule.threshold);
    let text = if missing > 0 {
        let missing = were(missing, "missing datapoint");
        let treated = treatment(rule);
        format!(
            "Threshold Crossed: {count} {} {verdict} and {missing} treated as [{treated}].",
            plural(count, "datapoint")
        )
    } else if rule.datapoints_to_alarm.is_some() {
        let least = if alarm { rule.needed() } else { periods - rule.needed() + 1 };
        let (from, to) = (if old == new { StateValue::InsufficientData } else { old }.word(), new.word());
        format!(
            "Threshold Crossed: {count} out of the last {periods} datapoints {verdict} (minimum {least} {} for {from} -> \
             {to} transition).",
            plural(least, "datapoint")
        )
    } else {
        format!("Threshold Crossed: {count} {} {verdict}.", plural(count, "datapoint"))
    };
    text.chars().take(REASON_CHARS).collect()
}

/// The data for the same, as JSON.
pub(super) fn data(rule: &Rule, now: Timestamp, range: &[Point]) -> String {
    let real = || range.iter().filter(|point| point.value.is_some());
    let skipped = real().count().saturating_sub(rule.evaluation_periods);
    let recent: Vec<f64> = real().skip(skipped).filter_map(|point| point.value).collect();
    let first = real().nth(skipped);
    let skipped_points = range.len().saturating_sub(rule.evaluation_periods);
    let evaluated = if first.is_some() {
        real().skip(skipped).copied().collect::<Vec<_>>()
    } else {
        range.iter().skip(skipped_points).copied().collect()
    };
    let evaluated = evaluated.iter().rev().map(|point| Evaluated {
        timestamp: instant(point.at),
        sample_count: point.samples,
        value: point.value,
    });
    let mut data = ReasonData {
        version: "1.0",
        query_date: now.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string(),
        start_date: first.map(|point| instant(point.at)),
        statistic: rule.source.statistic(),
        period: rule.source.period(),
        recent_datapoints: recent,
        threshold: rule.threshold,
        evaluated_datapoints: evaluated.collect(),
    };
    let mut text = serde_json::to_string(&data).unwrap_or_default();
    while text.len() > DATA_BYTES && data.evaluated_datapoints.pop().is_some() {
        text = serde_json::to_string(&data).unwrap_or_default();
    }
    while text.len() > DATA_BYTES && !data.recent_datapoints.is_empty() {
        data.recent_datapoints.remove(0);
        text = serde_json::to_string(&data).unwrap_or_default();
    }
    text
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReasonData {
    version: &'static str,
    query_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistic: Option<String>,
    period: i64,
    recent_datapoints: Vec<f64>,
    threshold: f64,
    evaluated_datapoints: Vec<Evaluated>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Evaluated {
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_count: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
}

fn instant(second: i64) -> String {
    let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

fn date(second: i64) -> String {
    let at = Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%d/%m/%y %H:%M:%S").to_string()
}

fn treatment(rule: &Rule) -> &'static str {
    match rule.treat_missing_data.unwrap_or(Treatment::Missing) {
        Treatment::Missing => "Missing",
        Treatment::Ignore => "Ignore",
        Treatment::Breaching => "Breaching",
        Treatment::NotBreaching => "NonBreaching",
    }
}

fn plural(count: usize, noun: &str) -> String {
    if count == 1 { noun.to_owned() } else { format!("{noun}s") }
}

fn were(count: usize, noun: &str) -> String {
    format!("{count} {} {}", plural(count, noun), if count == 1 { "was" } else { "were" })
}
