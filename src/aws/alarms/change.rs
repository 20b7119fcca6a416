//! Changing alarms: one call, one attempt each. `PutMetricAlarm` replaces the whole configuration of an alarm and leaves its
//! state; tags are taken when it is made alone.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::operation::put_metric_alarm::builders::PutMetricAlarmFluentBuilder;
use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, MetricDataQuery, StandardUnit, StateValue, Statistic, Tag,
};

use crate::aws::Aws;
use crate::model::alarm::{AlarmDefinition, AlarmState, Watches};
use crate::model::failure::Failure;

impl Aws {
    /// Makes the alarm, or replaces the configuration of the one of that name, whoever made it.
    ///
    /// # Errors
    /// When CloudWatch does not say that it took it: it may have.
    pub async fn put_alarm(
        &self,
        name: &str,
        definition: &AlarmDefinition,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let AlarmDefinition { comparison, threshold, datapoints, periods, missing_data, topics, .. } = definition;
        let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
        let request = self
            .cloudwatch_mutating
            .put_metric_alarm()
            .alarm_name(name)
            .comparison_operator(ComparisonOperator::from(comparison.as_str()))
            .threshold(*threshold)
            .evaluation_periods(number(*periods))
            .datapoints_to_alarm(number(*datapoints))
            .treat_missing_data(missing_data)
            .actions_enabled(definition.actions_enabled)
            .set_alarm_actions(some(&topics.alarm))
            .set_ok_actions(some(&topics.ok))
            .set_insufficient_data_actions(some(&topics.insufficient_data))
            .set_tags((!tags.is_empty()).then(|| tags.iter().map(tag).collect()));
        let request = if definition.description.is_empty() {
            request
        } else {
            request.alarm_description(&definition.description)
        };
        let answer = watching(request, &definition.watches, number(definition.period_secs)).send().await;
        answer.map(drop).map_err(|error| self.change_failure("PutMetricAlarm", &error))
    }

    /// Takes these alarms away, all or none; at most 100.
    ///
    /// # Errors
    /// When CloudWatch does not say that they are gone: they may be.
    pub async fn delete_alarms(&self, names: &[String]) -> Result<(), Failure> {
        let answer = self.cloudwatch_mutating.delete_alarms().set_alarm_names(Some(names.to_vec())).send().await;
        answer.map(drop).map_err(|error| self.change_failure("DeleteAlarms", &error))
    }

    /// Puts an alarm into a state until CloudWatch looks at its data again, within a minute or so.
    ///
    /// # Errors
    /// When CloudWatch does not say that it did: it may have.
    pub async fn set_alarm_state(&self, name: &str, state: AlarmState, reason: &str) -> Result<(), Failure> {
        let request = self.cloudwatch_mutating.set_alarm_state().alarm_name(name).state_reason(reason);
        let answer = request.state_value(StateValue::from(state.as_str())).send().await;
        answer.map(drop).map_err(|error| self.change_failure("SetAlarmState", &error))
    }
}

fn some(arns: &[String]) -> Option<Vec<String>> {
    (!arns.is_empty()).then(|| arns.to_vec())
}

fn watching(request: PutMetricAlarmFluentBuilder, watches: &Watches, period: i32) -> PutMetricAlarmFluentBuilder {
    match watches {
        Watches::Metric { namespace, metric, dimensions, statistic, unit } => {
            let dimension = |(name, value): (&String, &String)| Dimension::builder().name(name).value(value).build();
            request
                .namespace(namespace)
                .metric_name(metric)
                .set_dimensions(Some(dimensions.iter().map(dimension).collect()))
                .statistic(Statistic::from(statistic.as_str()))
                .set_unit(unit.as_deref().map(StandardUnit::from))
                .period(period)
        }
        Watches::Expression { expression } => {
            let query = MetricDataQuery::builder().id("q0").expression(expression).period(period).return_data(true);
            request.metrics(query.build())
        }
        // Nobody makes one: CloudWatch refuses a request without either.
        Watches::Other { .. } => request,
    }
}
