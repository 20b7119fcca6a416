//! `DescribeAlarms` and `DescribeAlarmHistory`.

use jiff::Timestamp;

use super::history::{Item, KINDS};
use super::{Alarm, Alarms, NAME_CHARS, NAMES, Source, StateValue};
use crate::sim::cloudwatch::errors::{combination, not_in_set};
use crate::sim::cloudwatch::input::Fields;
use crate::sim::cloudwatch::paging::Place;
use crate::sim::cloudwatch::queries::{Query, metric_output};
use crate::sim::cloudwatch::statistic::Statistic;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// Alarms or items in one answer, at most.
const PAGE: usize = 100;
/// Alarms in one answer when nothing is said.
const DEFAULT_PAGE: usize = 50;
const TYPES: [&str; 2] = ["MetricAlarm", "CompositeAlarm"];

impl Alarms {
    /// `DescribeAlarms` at `now`, in the order of their names. There are no composite alarms here.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn describe(&self, now: Timestamp, input: &Fields<'_>) -> Result<Map, ApiError> {
        let names = input.texts("AlarmNames", NAMES)?;
        let prefix = input.bounded_text("AlarmNamePrefix", NAME_CHARS)?;
        if !names.is_empty() && prefix.is_some() {
            return Err(combination("The parameters AlarmNames and AlarmNamePrefix are mutually exclusive."));
        }
        let state = input.word("StateValue", &StateValue::WORDS)?.and_then(StateValue::of);
        let action = input.bounded_text("ActionPrefix", 1024)?;
        let only_others =
            !asks_for_metric_alarms(input)? || input.any_of(&["ChildrenOfAlarmName", "ParentsOfAlarmName"]).is_some();
        let most = input.bounded_integer("MaxRecords", 1, 100)?.and_then(|most| usize::try_from(most).ok());
        let has_action = |alarm: &Alarm, prefix: &str| {
            let rule = &alarm.rule;
            let all = [&rule.ok_actions, &rule.alarm_actions, &rule.insufficient_data_actions];
            all.into_iter().flatten().any(|action| action.starts_with(prefix))
        };
        let is_wanted = |alarm: &&Alarm| {
            !only_others
                && (names.is_empty() || names.contains(&alarm.name.as_str()))
                && prefix.is_none_or(|prefix| alarm.name.starts_with(prefix))
                && state.is_none_or(|state| alarm.state.value == state)
                && action.is_none_or(|prefix| has_action(alarm, prefix))
        };
        let place = Place::of("DescribeAlarms", input, now)?;
        let (page, token) =
            place.page(self.stale.shown(now, &self.by_name).filter(is_wanted).collect(), most.unwrap_or(DEFAULT_PAGE));
        let mut output = Map::from([
            ("MetricAlarms".to_owned(), Value::List(page.into_iter().map(output).collect())),
            ("CompositeAlarms".to_owned(), Value::List(Vec::new())),
        ]);
        output.extend(token.map(|token| ("NextToken".to_owned(), token.into())));
        Ok(output)
    }

    /// `DescribeAlarmHistory` at `now`, newest first unless asked otherwise.
    ///
    /// # Errors
    /// As CloudWatch states them.
    pub(in crate::sim::cloudwatch) fn describe_history(
        &self,
        now: Timestamp,
        input: &Fields<'_>,
    ) -> Result<Map, ApiError> {
        let name = input.bounded_text("AlarmName", NAME_CHARS)?;
        let kind = input.word("HistoryItemType", &KINDS)?;
        let (start, end) = (input.instant("StartDate")?, input.instant("EndDate")?);
        let ascending =
            input.word("ScanBy", &["TimestampDescending", "TimestampAscending"])? == Some("TimestampAscending");
        let only_others = !asks_for_metric_alarms(input)?;
        let size = input.page_size("MaxRecords", PAGE)?;
        let place = Place::of("DescribeAlarmHistory", input, now)?;
        // Tokens are exact to the millisecond, so that an item of that very millisecond belongs to the first page too.
        let newest = place.seen_at.as_millisecond();
        let is_wanted = |item: &&Item| {
            !only_others
                && name.is_none_or(|name| item.alarm == name)
                && kind.is_none_or(|kind| item.kind == kind)
                && start.is_none_or(|start| item.at >= start)
                && end.is_none_or(|end| item.at <= end)
                && item.at.as_millisecond() <= newest
        };
        let mut found: Vec<&Item> = self.history.items().filter(is_wanted).collect();
        if !ascending {
            found.reverse();
        }
        let (page, token) = place.page(found, size);
        let mut output =
            Map::from([("AlarmHistoryItems".to_owned(), Value::List(page.into_iter().map(history_output).collect()))]);
        output.extend(token.map(|token| ("NextToken".to_owned(), token.into())));
        Ok(output)
    }
}

/// Whether metric alarms are meant, as they are when no type is named.
fn asks_for_metric_alarms(input: &Fields<'_>) -> Result<bool, ApiError> {
    let types = input.texts("AlarmTypes", 10)?;
    if let Some(unknown) = types.iter().find(|name| !TYPES.contains(name)) {
        return Err(not_in_set(unknown, "AlarmTypes", &TYPES));
    }
    Ok(types.is_empty() || types.contains(&TYPES[0]))
}

fn history_output(item: &Item) -> Value {
    Value::Map(Map::from([
        ("AlarmName".to_owned(), item.alarm.as_str().into()),
        ("AlarmType".to_owned(), TYPES[0].into()),
        ("Timestamp".to_owned(), item.at.into()),
        ("HistoryItemType".to_owned(), item.kind.into()),
        ("HistorySummary".to_owned(), item.summary.as_str().into()),
        ("HistoryData".to_owned(), item.data.as_str().into()),
    ]))
}

fn output(alarm: &Alarm) -> Value {
    let (rule, state) = (&alarm.rule, &alarm.state);
    let texts = |texts: &[String]| Value::List(texts.iter().map(|text| text.as_str().into()).collect());
    let integer = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    let mut output = Map::from([
        ("AlarmName".to_owned(), alarm.name.as_str().into()),
        ("AlarmArn".to_owned(), alarm.arn.as_str().into()),
        ("AlarmConfigurationUpdatedTimestamp".to_owned(), alarm.configured_at.into()),
        ("ActionsEnabled".to_owned(), rule.actions_enabled.into()),
        ("OKActions".to_owned(), texts(&rule.ok_actions)),
        ("AlarmActions".to_owned(), texts(&rule.alarm_actions)),
        ("InsufficientDataActions".to_owned(), texts(&rule.insufficient_data_actions)),
        ("StateValue".to_owned(), state.value.word().into()),
        ("StateReason".to_owned(), state.reason.as_str().into()),
        ("StateUpdatedTimestamp".to_owned(), state.updated_at.into()),
        ("StateTransitionedTimestamp".to_owned(), state.transitioned_at.into()),
        ("EvaluationPeriods".to_owned(), integer(rule.evaluation_periods)),
        ("Threshold".to_owned(), rule.threshold.into()),
        ("ComparisonOperator".to_owned(), rule.comparison.word().into()),
    ]);
    let optional = [
        ("AlarmDescription", rule.description.as_deref().map(Value::from)),
        ("StateReasonData", state.data.as_deref().map(Value::from)),
        ("DatapointsToAlarm", rule.datapoints_to_alarm.map(integer)),
        ("TreatMissingData", rule.treat_missing_data.map(|missing| missing.word().into())),
        ("EvaluateLowSampleCountPercentile", rule.low_sample_percentile.as_deref().map(Value::from)),
    ];
    output.extend(optional.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    match &rule.source {
        Source::Queries(queries, _) => {
            output.insert("Metrics".to_owned(), Value::List(queries.iter().map(Query::output).collect()));
        }
        Source::Metric(stat) => {
            output.extend(metric_output(&stat.key));
            output.insert("Period".to_owned(), stat.period.into());
            let extended = matches!(stat.statistic, Statistic::Percentile(_));
            let key = if extended { "ExtendedStatistic" } else { "Statistic" };
            output.insert(key.to_owned(), stat.statistic.name().into());
            output.extend(stat.unit.map(|unit| ("Unit".to_owned(), unit.name().into())));
        }
    }
    Value::Map(output)
}
