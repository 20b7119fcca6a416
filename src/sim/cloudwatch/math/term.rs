//! What an expression comes to, and arithmetic on it.

use std::collections::BTreeMap;

use super::Operator;

/// A time series: the start of each period that has a value, in seconds since the epoch.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::sim::cloudwatch) struct Line {
    pub(in crate::sim::cloudwatch) label: String,
    pub(in crate::sim::cloudwatch) period: i64,
    pub(in crate::sim::cloudwatch) points: BTreeMap<i64, f64>,
}

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Scalar(f64),
    Line(Line),
    Lines(Vec<Line>),
    Text(String),
    Texts(Vec<String>),
}

impl Line {
    /// The same line with other values; what is not a finite number is no datapoint.
    pub(super) fn with(&self, points: impl Iterator<Item = (i64, f64)>) -> Self {
        let points = points.filter(|(_, value)| value.is_finite()).collect();
        Self { label: self.label.clone(), period: self.period, points }
    }

    fn map(&self, change: impl Fn(f64) -> f64) -> Self {
        self.with(self.points.iter().map(|(at, value)| (*at, change(*value))))
    }
}

impl Term {
    /// How many datapoints it holds.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Line(line) => line.points.len() + 1,
            Self::Lines(lines) => lines.iter().map(|line| line.points.len() + 1).sum(),
            _ => 1,
        }
    }

    /// Applies a function to each value.
    pub(super) fn map(&self, change: impl Fn(f64) -> f64) -> Result<Self, String> {
        match self {
            Self::Scalar(value) => Ok(Self::Scalar(change(*value))),
            other => other.map_lines(|line| Ok(line.map(&change))),
        }
    }

    /// Applies a function to each time series.
    pub(super) fn map_lines(&self, change: impl Fn(&Line) -> Result<Line, String>) -> Result<Self, String> {
        match self {
            Self::Line(line) => Ok(Self::Line(change(line)?)),
            Self::Lines(lines) => Ok(Self::Lines(lines.iter().map(change).collect::<Result<_, _>>()?)),
            _ => Err("a time series is wanted here".to_owned()),
        }
    }

    /// The value at a time: a scalar has it at all times.
    pub(super) fn at(&self, at: i64) -> Option<f64> {
        match self {
            Self::Scalar(value) => Some(*value),
            Self::Line(line) => line.points.get(&at).copied(),
            _ => None,
        }
    }

    /// Both sides with an operator between. Of two time series only the times count that both have.
    pub(super) fn combine(&self, operator: Operator, other: &Self) -> Result<Self, String> {
        match (self, other) {
            (Self::Scalar(left), Self::Scalar(right)) => Ok(Self::Scalar(operator.apply(*left, *right))),
            (Self::Line(left), Self::Scalar(right)) => Ok(Self::Line(left.map(|left| operator.apply(left, *right)))),
            (Self::Scalar(left), Self::Line(right)) => Ok(Self::Line(right.map(|right| operator.apply(*left, right)))),
            (Self::Line(left), Self::Line(right)) => {
                let both = left
                    .points
                    .iter()
                    .filter_map(|(at, left)| right.points.get(at).map(|right| (*at, operator.apply(*left, *right))));
                let mut line = left.with(both);
                line.period = left.period.max(right.period);
                Ok(Self::Line(line))
            }
            (Self::Lines(left), Self::Lines(right)) if left.len() != right.len() => {
                Err("two arrays of different lengths cannot be combined".to_owned())
            }
            (Self::Lines(left), Self::Lines(right)) => {
                let pairs = left.iter().cloned().zip(right.iter().cloned());
                collect(pairs.map(|(left, right)| Self::Line(left).combine(operator, &Self::Line(right))))
            }
            (Self::Lines(left), right @ (Self::Line(_) | Self::Scalar(_))) => {
                collect(left.iter().cloned().map(|left| Self::Line(left).combine(operator, right)))
            }
            (left @ (Self::Line(_) | Self::Scalar(_)), Self::Lines(right)) => {
                collect(right.iter().cloned().map(|right| left.combine(operator, &Self::Line(right))))
            }
            _ => Err("a text cannot be calculated with".to_owned()),
        }
    }
}

impl Operator {
    fn apply(self, left: f64, right: f64) -> f64 {
        let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
        #[expect(clippy::float_cmp, reason = "metric math compares exactly, too")]
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Power => left.powf(right),
            Self::Less => truth(left < right),
            Self::LessOrEqual => truth(left <= right),
            Self::Greater => truth(left > right),
            Self::GreaterOrEqual => truth(left >= right),
            Self::Equal => truth(left == right),
            Self::NotEqual => truth(left != right),
            Self::And => truth(left != 0.0 && right != 0.0),
            Self::Or => truth(left != 0.0 || right != 0.0),
        }
    }
}

fn collect(terms: impl Iterator<Item = Result<Term, String>>) -> Result<Term, String> {
    let line = |term: Result<Term, String>| match term? {
        Term::Line(line) => Ok(line),
        _ => Err("a time series is wanted here".to_owned()),
    };
    terms.map(line).collect::<Result<_, _>>().map(Term::Lines)
}
