//! Alarms as they are: `DescribeAlarms`, and `ListTagsForResource` for each that is asked about.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::operation::describe_alarms::DescribeAlarmsOutput;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, CompositeAlarm, EvaluationState, MetricAlarm, StateValue, Statistic,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;

use crate::aws::pages::Pages;
use crate::aws::{Aws, convert};
use crate::model::alarm::{AlarmDefinition, AlarmState, FoundAlarm, Topics, Watches};
use crate::model::failure::{Failure, FailureKind};
use crate::model::text::clean;

/// Names in one call.
const NAMES: usize = 100;
const NAME_CHARS: usize = 255;
const TEXT_CHARS: usize = 1_024;
/// What CloudWatch does where nothing is said.
const USUAL_TREATMENT: &str = "missing";

/// Which alarms.
#[derive(Debug, Clone, Copy)]
enum Which<'a> {
    Prefix(&'a str),
    Names(&'a [String]),
}

impl Aws {
    /// The metric alarms whose names begin with `prefix`, in the order of their names, without their tags.
    ///
    /// # Errors
    /// When any page cannot be read, or the pages do not end.
    pub async fn alarms(&self, prefix: &str) -> Result<Vec<FoundAlarm>, Failure> {
        let mut found = Vec::new();
        self.describe_alarms(Which::Prefix(prefix), &mut found).await?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// Those of these names that exist, composite ones among them.
    ///
    /// # Errors
    /// As [`Aws::alarms`].
    pub async fn alarms_named(&self, names: &[String]) -> Result<Vec<FoundAlarm>, Failure> {
        let mut found = Vec::new();
        for names in names.chunks(NAMES) {
            self.describe_alarms(Which::Names(names), &mut found).await?;
        }
        Ok(found)
    }

    /// The metric alarms whose names begin with `prefix`, each with its tags.
    ///
    /// # Errors
    /// As [`Aws::alarms`], and when the tags of one cannot be read.
    pub async fn tagged_alarms(&self, prefix: &str) -> Result<Vec<FoundAlarm>, Failure> {
        let mut tagged = Vec::new();
        for alarm in self.alarms(prefix).await? {
            tagged.extend(self.tagged(alarm).await?);
        }
        Ok(tagged)
    }

    /// The alarm of this name with its tags; `None` where there is none.
    ///
    /// # Errors
    /// As [`Aws::tagged_alarms`].
    pub async fn tagged_alarm(&self, name: &str) -> Result<Option<FoundAlarm>, Failure> {
        match self.alarms_named(&[name.to_owned()]).await?.pop() {
            Some(alarm) => self.tagged(alarm).await,
            None => Ok(None),
        }
    }

    /// An alarm with its tags. What is gone can show for some seconds; of its tags AWS knows nothing any more.
    async fn tagged(&self, alarm: FoundAlarm) -> Result<Option<FoundAlarm>, Failure> {
        match self.alarm_tags(&alarm.arn).await {
            Ok(tags) => Ok(Some(FoundAlarm { tags: Some(tags), ..alarm })),
            Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The tags of an alarm.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn alarm_tags(&self, arn: &str) -> Result<BTreeMap<String, String>, Failure> {
        let answer = self.cloudwatch.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = answer.map_err(|error| self.read_failure("ListTagsForResource", &error))?;
        let pair = |tag: &aws_sdk_cloudwatch::types::Tag| {
            Some((clean(tag.key()?, NAME_CHARS), clean(tag.value()?, NAME_CHARS)))
        };
        Ok(answer.tags().iter().filter_map(pair).collect())
    }

    async fn describe_alarms(&self, which: Which<'_>, found: &mut Vec<FoundAlarm>) -> Result<(), Failure> {
        let mut pages = Pages::of("DescribeAlarms");
        loop {
            let request = self.cloudwatch.describe_alarms().max_records(100).set_next_token(pages.marker());
            let request = match which {
                Which::Prefix(prefix) => request.alarm_name_prefix(prefix),
                Which::Names(names) => request
                    .set_alarm_names(Some(names.to_vec()))
                    .alarm_types(AlarmType::MetricAlarm)
                    .alarm_types(AlarmType::CompositeAlarm),
            };
            let page = request.send().await.map_err(|error| self.read_failure("DescribeAlarms", &error))?;
            take(&page, found);
            if !pages.follow(page.next_token())? {
                return Ok(());
            }
        }
    }
}

fn take(page: &DescribeAlarmsOutput, found: &mut Vec<FoundAlarm>) {
    found.extend(page.metric_alarms().iter().filter_map(metric_alarm));
    found.extend(page.composite_alarms().iter().filter_map(composite_alarm));
}

fn metric_alarm(alarm: &MetricAlarm) -> Option<FoundAlarm> {
    let (state, since) =
        state(alarm.state_value(), alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp()))?;
    let doubts = [EvaluationState::EvaluationError, EvaluationState::EvaluationFailure, EvaluationState::PartialData];
    Some(FoundAlarm {
        // Kept as it is: it is asked for by this name again.
        name: alarm.alarm_name()?.to_owned(),
        arn: alarm.alarm_arn()?.to_owned(),
        definition: Some(definition(alarm)),
        state,
        since,
        is_in_doubt: alarm.evaluation_state().is_some_and(|state| doubts.contains(state)),
        tags: None,
    })
}

fn composite_alarm(alarm: &CompositeAlarm) -> Option<FoundAlarm> {
    let (state, since) =
        state(alarm.state_value(), alarm.state_transitioned_timestamp().or(alarm.state_updated_timestamp()))?;
    let (name, arn) = (alarm.alarm_name()?.to_owned(), alarm.alarm_arn()?.to_owned());
    Some(FoundAlarm { name, arn, definition: None, state, since, is_in_doubt: false, tags: None })
}

fn state(state: Option<&StateValue>, since: Option<&DateTime>) -> Option<(AlarmState, Timestamp)> {
    Some((AlarmState::of(state?.as_str())?, convert::timestamp(since?)?))
}

fn definition(alarm: &MetricAlarm) -> AlarmDefinition {
    let text = |text: Option<&str>| clean(text.unwrap_or_default(), TEXT_CHARS);
    let number = |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    let sorted = |arns: &[String]| {
        let mut arns: Vec<String> = arns.iter().map(|arn| clean(arn, TEXT_CHARS)).collect();
        arns.sort();
        arns
    };
    let (watches, period_secs) = watches(alarm);
    let periods = number(alarm.evaluation_periods());
    AlarmDefinition {
        watches,
        comparison: text(alarm.comparison_operator().map(ComparisonOperator::as_str)),
        threshold: alarm.threshold().unwrap_or(f64::NAN),
        datapoints: alarm.datapoints_to_alarm().map_or(periods, |datapoints| number(Some(datapoints))),
        periods,
        period_secs,
        missing_data: text(alarm.treat_missing_data().or(Some(USUAL_TREATMENT))),
        topics: Topics {
            alarm: sorted(alarm.alarm_actions()),
            ok: sorted(alarm.ok_actions()),
            insufficient_data: sorted(alarm.insufficient_data_actions()),
        },
        actions_enabled: alarm.actions_enabled().unwrap_or(true),
        description: text(alarm.alarm_description()),
    }
}

/// What it looks at, and the length of a period in seconds.
fn watches(alarm: &MetricAlarm) -> (Watches, u32) {
    let secs = |period: Option<i32>| period.and_then(|period| u32::try_from(period).ok()).unwrap_or_default();
    let text = |text: Option<&str>| clean(text.unwrap_or_default(), TEXT_CHARS);
    match alarm.metrics() {
        [] if alarm.metric_name().is_some() => {
            let statistic = alarm.statistic().map(Statistic::as_str).or(alarm.extended_statistic());
            let pair = |dimension: &aws_sdk_cloudwatch::types::Dimension| {
                Some((clean(dimension.name()?, NAME_CHARS), clean(dimension.value()?, NAME_CHARS)))
            };
            let watches = Watches::Metric {
                namespace: text(alarm.namespace()),
                metric: text(alarm.metric_name()),
                dimensions: alarm.dimensions().iter().filter_map(pair).collect(),
                statistic: text(statistic),
                unit: alarm.unit().map(|unit| clean(unit.as_str(), NAME_CHARS)),
            };
            (watches, secs(alarm.period()))
        }
        [one] if one.expression().is_some() => {
            (Watches::Expression { expression: text(one.expression()) }, secs(one.period()))
        }
        queries => {
            let what = format!("{} queries of metric math", queries.len());
            let period = queries.iter().find_map(|query| query.period().or(query.metric_stat()?.period()));
            (Watches::Other { what }, secs(period))
        }
    }
}
