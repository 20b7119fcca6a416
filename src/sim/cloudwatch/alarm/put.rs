//! `PutMetricAlarm`: a new alarm, or a whole new configuration for one that exists, whose state stays.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::history::Change;
use super::{Alarm, Alarms, Comparison, NAME_CHARS, Rule, Source, State, StateValue, Treatment, tags};
use crate::sim::cloudwatch::errors::{combination, invalid_value, limit, missing, validation};
use crate::sim::cloudwatch::input::Fields;
use crate::sim::cloudwatch::math;
use crate::sim::cloudwatch::queries::{self, Kind, MetricStat, Query};
use crate::sim::cloudwatch::statistic::{NAMED, Statistic};
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::Map;

/// Metrics in one alarm.
const QUERIES: usize = 20;
/// Actions for one state.
const ACTIONS: usize = 5;
const DAY_SECS: i64 = 86_400;
/// Members that only the other form of an alarm has.
const METRIC_MEMBERS: [&str; 7] =
    ["MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic"];
/// What is not simulated, and what it is.
const NOT_SIMULATED: [(&str, &str); 4] = [
    ("ThresholdMetricId", "anomaly detection"),
    ("EvaluationCriteria", "PromQL"),
    ("EvaluationInterval", "PromQL"),
    ("EvaluationWindow", "an evaluation window"),
];

impl Alarms {
    /// Puts an alarm at `now`.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn put(&mut self, now: Timestamp, input: &Fields<'_>) -> Result<Map, ApiError> {
        let name = input.required_text("AlarmName", NAME_CHARS)?.to_owned();
        let rule = rule(input)?;
        // Of an alarm that exists they are checked and not taken, as at AWS.
        let tags = tags::read(input, &BTreeMap::new())?;
        let change = if self.by_name.contains_key(&name) { Change::Update } else { Change::Create };
        if change == Change::Create && self.by_name.len() >= self.quota {
            return Err(limit(format!("The account has {} alarms already.", self.by_name.len())));
        }
        self.stale.keep(now, &name, self.by_name.get(&name));
        let arn = format!("{}{name}", self.arn_prefix);
        let alarm = self.by_name.entry(name.clone()).or_insert_with(|| Alarm {
            name,
            arn,
            rule: rule.clone(),
            state: State {
                value: StateValue::InsufficientData,
                reason: "Unchecked: Initial alarm creation".to_owned(),
                data: None,
                updated_at: now,
                transitioned_at: now,
            },
            configured_at: now,
            tags,
        });
        alarm.rule = rule;
        alarm.configured_at = now;
        self.history.configured(now, alarm, change);
        Ok(Map::new())
    }
}

fn rule(input: &Fields<'_>) -> Result<Rule, ApiError> {
    for (member, what) in NOT_SIMULATED {
        if input.any_of(&[member]).is_some() {
            return Err(validation(format!("{member} is not supported: the simulation has no {what}.")));
        }
    }
    let comparison = comparison(input)?;
    let evaluation_periods =
        input.bounded_integer("EvaluationPeriods", 1, i64::MAX)?.ok_or_else(|| missing("EvaluationPeriods"))?;
    let datapoints_to_alarm = input.bounded_integer("DatapointsToAlarm", 1, i64::MAX)?;
    if datapoints_to_alarm.is_some_and(|needed| needed > evaluation_periods) {
        return Err(validation(
            "The parameter DatapointsToAlarm must be less than or equal to the parameter EvaluationPeriods.",
        ));
    }
    let source = source(input)?;
    check_length(evaluation_periods, source.period())?;
    let threshold = input.double("Threshold")?.ok_or_else(|| missing("Threshold"))?;
    if !threshold.is_finite() {
        return Err(invalid_value(format!("The value {threshold} for parameter Threshold is invalid.")));
    }
    let actions = |key: &str| -> Result<Vec<String>, ApiError> {
        Ok(input.texts(key, ACTIONS)?.into_iter().map(ToOwned::to_owned).collect())
    };
    let low_samples = input.word("EvaluateLowSampleCountPercentile", &["evaluate", "ignore"])?;
    let missing_words = Treatment::ALL.map(Treatment::word);
    let treat = input.word("TreatMissingData", &missing_words)?;
    Ok(Rule {
        description: input.bounded_text("AlarmDescription", 1024)?.map(ToOwned::to_owned),
        actions_enabled: input.flag("ActionsEnabled")?.unwrap_or(true),
        ok_actions: actions("OKActions")?,
        alarm_actions: actions("AlarmActions")?,
        insufficient_data_actions: actions("InsufficientDataActions")?,
        source,
        evaluation_periods: usize::try_from(evaluation_periods).unwrap_or(usize::MAX),
        datapoints_to_alarm: datapoints_to_alarm.and_then(|needed| usize::try_from(needed).ok()),
        threshold,
        comparison,
        treat_missing_data: treat.and_then(|word| Treatment::ALL.into_iter().find(|way| way.word() == word)),
        low_sample_percentile: low_samples.map(ToOwned::to_owned),
    })
}

fn comparison(input: &Fields<'_>) -> Result<Comparison, ApiError> {
    let words = [
        "GreaterThanOrEqualToThreshold",
        "GreaterThanThreshold",
        "LessThanThreshold",
        "LessThanOrEqualToThreshold",
        "LessThanLowerOrGreaterThanUpperThreshold",
        "LessThanLowerThreshold",
        "GreaterThanUpperThreshold",
    ];
    let word = input.word("ComparisonOperator", &words)?.ok_or_else(|| missing("ComparisonOperator"))?;
    let simulated = Comparison::ALL.into_iter().find(|comparison| comparison.word() == word);
    simulated.ok_or_else(|| validation(format!("{word} needs the parameter ThresholdMetricId.")))
}

/// How long an alarm may look back: a day, or a week for periods of an hour and more.
fn check_length(evaluation_periods: i64, period: i64) -> Result<(), ApiError> {
    let most = if period >= 3600 { 7 * DAY_SECS } else { DAY_SECS };
    if evaluation_periods.saturating_mul(period) <= most {
        return Ok(());
    }
    Err(validation(format!(
        "Metrics cannot be checked across more than {} (EvaluationPeriods * Period must be <= {most}).",
        if most == DAY_SECS { "a day" } else { "seven days" }
    )))
}

fn source(input: &Fields<'_>) -> Result<Source, ApiError> {
    if input.any_of(&["Metrics"]).is_some() {
        if let Some(other) = input.any_of(&METRIC_MEMBERS) {
            return Err(combination(format!("The parameters Metrics and {other} are mutually exclusive.")));
        }
        return of_queries(queries::read(input, "Metrics", QUERIES)?);
    }
    let key = queries::metric(input)?;
    let statistic = match (input.word("Statistic", &NAMED)?, input.text("ExtendedStatistic")?) {
        (Some(name), None) => Statistic::of(name),
        (None, Some(name)) => Statistic::of(name).filter(|statistic| matches!(statistic, Statistic::Percentile(_))),
        (None, None) => {
            return Err(validation("Exactly one of Statistic and ExtendedStatistic must be specified."));
        }
        _ => return Err(combination("The parameters Statistic and ExtendedStatistic are mutually exclusive.")),
    };
    let statistic = statistic.ok_or_else(|| invalid_value("The value for parameter ExtendedStatistic is invalid."))?;
    let period = input.integer("Period")?.ok_or_else(|| missing("Period"))?;
    Ok(Source::Metric(MetricStat { key, period: alarm_period(period)?, statistic, unit: queries::unit(input)? }))
}

fn of_queries(queries: Vec<Query>) -> Result<Source, ApiError> {
    if queries.iter().filter(|query| query.returned).count() != 1 {
        return Err(validation("Exactly one element of the metrics list should return data."));
    }
    math::check(&queries)?;
    let metrics = queries.iter().filter(|query| matches!(query.kind, Kind::Stat(_))).count();
    if metrics > 10 {
        return Err(validation("An alarm may have no more than 10 metrics."));
    }
    let mut periods: Vec<i64> = queries.iter().filter_map(Query::period).collect();
    periods.dedup();
    let [period] = periods[..] else {
        return Err(validation("All metrics of an alarm must have the same period."));
    };
    Ok(Source::Queries(queries, alarm_period(period)?))
}

fn alarm_period(period: i64) -> Result<i64, ApiError> {
    if [10, 20, 30].contains(&period) || (period >= 60 && period % 60 == 0) {
        return Ok(period);
    }
    Err(validation(format!("Period must be 10, 20, 30 or any multiple of 60, and not {period}.")))
}
