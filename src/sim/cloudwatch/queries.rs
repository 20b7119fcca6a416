//! `MetricDataQuery`: what `GetMetricData` and alarms on expressions are made of. Owned by the simulated CloudWatch.

use std::collections::{BTreeMap, BTreeSet};

use super::MetricKey;
use super::errors::{invalid_value, missing, validation};
use super::input::Fields;
use super::math::Expression;
use super::statistic::{Statistic, Unit};
use crate::model::series::CLOUDWATCH_UNITS;
use crate::sim::wire::ApiError;
use crate::sim::wire::tree::{Map, Value};

/// The longest expression.
const EXPRESSION_CHARS: usize = 2048;
/// The most dimensions of a metric.
const DIMENSIONS: usize = 30;

/// One query.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) id: String,
    pub(super) label: Option<String>,
    pub(super) returned: bool,
    /// Of an expression: the period it asks for.
    pub(super) period: Option<i64>,
    pub(super) kind: Kind,
}

/// What a query reads.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    Stat(MetricStat),
    Expression(Expression),
}

/// A statistic of one metric.
#[derive(Debug, Clone)]
pub(super) struct MetricStat {
    pub(super) key: MetricKey,
    pub(super) period: i64,
    pub(super) statistic: Statistic,
    pub(super) unit: Option<Unit>,
}

/// Reads a list of queries with unique ids.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn read(input: &Fields<'_>, key: &str, most: usize) -> Result<Vec<Query>, ApiError> {
    let given = input.list(key, most)?;
    if given.is_empty() {
        return Err(validation(format!("The parameter {key} is required.")));
    }
    let queries: Vec<Query> = given.iter().map(query).collect::<Result<_, _>>()?;
    let ids: BTreeSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    if ids.len() < queries.len() {
        return Err(validation(format!("The values for parameter id in {key} are not unique.")));
    }
    Ok(queries)
}

/// Reads a list of dimensions.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn dimensions(input: &Fields<'_>) -> Result<BTreeMap<String, String>, ApiError> {
    let mut dimensions = BTreeMap::new();
    for dimension in input.list("Dimensions", DIMENSIONS)? {
        let name = dimension.required_text("Name", 255)?.to_owned();
        let value = dimension.required_text("Value", 1024)?.to_owned();
        if dimensions.insert(name.clone(), value).is_some() {
            return Err(invalid_value(format!("The dimension {name} is given twice.")));
        }
    }
    Ok(dimensions)
}

/// Reads a metric's name with its dimensions.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn metric(input: &Fields<'_>) -> Result<MetricKey, ApiError> {
    let namespace = input.required_text("Namespace", 255)?.to_owned();
    let name = input.required_text("MetricName", 255)?.to_owned();
    Ok(MetricKey { namespace, name, dimensions: dimensions(input)? })
}

/// Reads a unit.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn unit(input: &Fields<'_>) -> Result<Option<Unit>, ApiError> {
    Ok(input.word("Unit", &CLOUDWATCH_UNITS)?.and_then(Unit::of))
}

/// Reads a period in seconds: 1, 5, 10, 20, 30 or a multiple of 60.
///
/// # Errors
/// As CloudWatch states them.
pub(super) fn period(input: &Fields<'_>) -> Result<Option<i64>, ApiError> {
    let Some(period) = input.integer("Period")? else { return Ok(None) };
    if [1, 5, 10, 20, 30].contains(&period) || (period >= 60 && period % 60 == 0 && period <= 366 * 86_400) {
        return Ok(Some(period));
    }
    let name = input.name("Period");
    Err(validation(format!(
        "The value {period} for parameter {name} is invalid: it must be 1, 5, 10, 20, 30 or a multiple of 60."
    )))
}

/// The dimensions of a metric as the API shows them.
pub(super) fn dimension_list(key: &MetricKey) -> Value {
    let pair = |(name, value): (&String, &String)| {
        let pair = [("Name".to_owned(), name.as_str().into()), ("Value".to_owned(), value.as_str().into())];
        Value::Map(Map::from(pair))
    };
    Value::List(key.dimensions.iter().map(pair).collect())
}

/// A metric as the API shows it.
pub(super) fn metric_output(key: &MetricKey) -> Map {
    Map::from([
        ("Namespace".to_owned(), key.namespace.as_str().into()),
        ("MetricName".to_owned(), key.name.as_str().into()),
        ("Dimensions".to_owned(), dimension_list(key)),
    ])
}

impl Query {
    /// The period of its data, where the query says it.
    pub(super) fn period(&self) -> Option<i64> {
        match &self.kind {
            Kind::Stat(stat) => Some(stat.period),
            Kind::Expression(_) => self.period,
        }
    }

    /// The query as the API shows it.
    pub(super) fn output(&self) -> Value {
        let mut output =
            Map::from([("Id".to_owned(), self.id.as_str().into()), ("ReturnData".to_owned(), self.returned.into())]);
        if let Some(label) = &self.label {
            output.insert("Label".to_owned(), label.as_str().into());
        }
        match &self.kind {
            Kind::Expression(expression) => {
                output.insert("Expression".to_owned(), expression.text.as_str().into());
                output.extend(self.period.map(|period| ("Period".to_owned(), period.into())));
            }
            Kind::Stat(stat) => {
                output.insert("MetricStat".to_owned(), stat.output());
            }
        }
        Value::Map(output)
    }
}

impl MetricStat {
    fn output(&self) -> Value {
        let mut output = Map::from([
            ("Metric".to_owned(), metric_output(&self.key).into()),
            ("Period".to_owned(), self.period.into()),
            ("Stat".to_owned(), self.statistic.name().into()),
        ]);
        output.extend(self.unit.map(|unit| ("Unit".to_owned(), unit.name().into())));
        Value::Map(output)
    }
}

fn query(given: &Fields<'_>) -> Result<Query, ApiError> {
    let id = given.required_text("Id", 255)?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !id.starts_with(|c: char| c.is_ascii_lowercase()) || !id.chars().all(is_word) {
        let name = given.name("Id");
        return Err(validation(format!(
            "The value {id} for parameter {name} is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$."
        )));
    }
    let kind = match (given.fields("MetricStat")?, given.bounded_text("Expression", EXPRESSION_CHARS)?) {
        (Some(stat), None) => Kind::Stat(metric_stat(&stat)?),
        (None, Some(text)) => Kind::Expression(
            Expression::parse(text).map_err(|what| validation(format!("Error in expression '{id}': {what}")))?,
        ),
        (stat, _) => {
            let (left, right) = (given.name("MetricStat"), given.name("Expression"));
            return Err(validation(if stat.is_some() {
                format!("The parameters {left} and {right} are mutually exclusive.")
            } else {
                format!("Either {left} or {right} must be specified.")
            }));
        }
    };
    Ok(Query {
        id: id.to_owned(),
        label: given.text("Label")?.map(ToOwned::to_owned),
        returned: given.flag("ReturnData")?.unwrap_or(true),
        period: period(given)?,
        kind,
    })
}

fn metric_stat(given: &Fields<'_>) -> Result<MetricStat, ApiError> {
    let named = given.fields("Metric")?.ok_or_else(|| missing(&given.name("Metric")))?;
    let name = given.required_text("Stat", 255)?;
    let statistic = Statistic::of(name).ok_or_else(|| {
        validation(format!("The value {name} for parameter {} is not supported.", given.name("Stat")))
    })?;
    let period = period(given)?.ok_or_else(|| missing(&given.name("Period")))?;
    Ok(MetricStat { key: metric(&named)?, period, statistic, unit: unit(given)? })
}
