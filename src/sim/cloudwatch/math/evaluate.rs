//! Queries evaluated together: each may name the others by id, in any order, but not itself.

use jiff::Timestamp;

use super::functions;
use super::term::{Line, Term};
use super::{Expression, Node};
use crate::sim::cloudwatch::errors::validation;
use crate::sim::cloudwatch::queries::{Kind, MetricStat, Query};
use crate::sim::cloudwatch::store::{Store, Window};
use crate::sim::wire::ApiError;

/// Expressions within expressions, ids followed. An evaluation uses the caller's stack.
const DEPTH: usize = 300;
/// Datapoints that one evaluation may go through; far above what any real one needs.
const WORK: usize = 20_000_000;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// The time that a request asks for.
#[derive(Debug, Clone, Copy)]
pub(in crate::sim::cloudwatch) struct Span {
    /// Included, once rounded down.
    pub(in crate::sim::cloudwatch) start: Timestamp,
    /// Excluded.
    pub(in crate::sim::cloudwatch) end: Timestamp,
    /// The reader's time.
    pub(in crate::sim::cloudwatch) now: Timestamp,
}

impl Span {
    /// This span in periods. The start is rounded down to what CloudWatch still keeps at that age, and there is
    /// nothing at all for a period that is finer than that.
    pub(in crate::sim::cloudwatch) fn window(&self, period: i64) -> Option<Window> {
        let start = self.start.as_second();
        let grain = match self.now.as_second().saturating_sub(start) {
            age if age > 63 * DAY => HOUR,
            age if age > 15 * DAY => 300,
            age if age > 3 * HOUR => 60,
            _ => 1,
        };
        if period % grain != 0 {
            return None;
        }
        let rounding = if period < 60 { period } else { grain.max(60) };
        let end = self.end.as_second() + i64::from(self.end.subsec_nanosecond() > 0);
        Some(Window { start: start - start.rem_euclid(rounding), end, period, now: self.now })
    }
}

/// The results of the queries that return data, in order; an expression over arrays has several lines.
///
/// # Errors
/// `ValidationError` with the id of the expression that is wrong.
pub(in crate::sim::cloudwatch) fn evaluate<'a>(
    store: &Store,
    queries: &'a [Query],
    span: Span,
) -> Result<Vec<(&'a Query, Vec<Line>)>, ApiError> {
    let mut evaluator = Evaluator::new(store, queries, span);
    let mut results = Vec::new();
    for (index, query) in queries.iter().enumerate() {
        // Those that return nothing are checked all the same.
        let term = evaluator.query(index).map_err(|Wrong { id, what }| {
            validation(format!("Error in expression '{}': {what}", id.unwrap_or_else(|| query.id.clone())))
        })?;
        if !query.returned {
            continue;
        }
        let lines = match term {
            Term::Line(line) => vec![line],
            Term::Lines(lines) => lines,
            _ => {
                let message = format!("Error in expression '{}': the result is not a time series", query.id);
                return Err(validation(message));
            }
        };
        results.push((query, lines));
    }
    Ok(results)
}

/// What is wrong, and in which expression, once that is known.
pub(super) struct Wrong {
    id: Option<String>,
    what: String,
}

impl From<String> for Wrong {
    fn from(what: String) -> Self {
        Self { id: None, what }
    }
}

/// How far a query is.
enum Progress {
    New,
    Begun,
    Done(Term),
}

/// One evaluation.
pub(super) struct Evaluator<'a> {
    pub(super) store: &'a Store,
    pub(super) span: Span,
    queries: &'a [Query],
    progress: Vec<Progress>,
    depth: usize,
    work: usize,
}

impl<'a> Evaluator<'a> {
    fn new(store: &'a Store, queries: &'a [Query], span: Span) -> Self {
        let progress = queries.iter().map(|_| Progress::New).collect();
        Self { store, span, queries, progress, depth: 0, work: 0 }
    }

    /// The result of a query, by its place.
    fn query(&mut self, index: usize) -> Result<Term, Wrong> {
        let query = &self.queries[index];
        match &self.progress[index] {
            Progress::Done(term) => return Ok(term.clone()),
            Progress::Begun => return Err(format!("'{}' refers to itself", query.id).into()),
            Progress::New => self.progress[index] = Progress::Begun,
        }
        let term = match &query.kind {
            Kind::Stat(stat) => Term::Line(self.stat(stat)),
            Kind::Expression(expression) => self
                .expression(query, expression)
                .map_err(|wrong| Wrong { id: wrong.id.or_else(|| Some(query.id.clone())), what: wrong.what })?,
        };
        self.count(&term)?;
        self.progress[index] = Progress::Done(term.clone());
        Ok(term)
    }

    fn expression(&mut self, query: &Query, expression: &Expression) -> Result<Term, Wrong> {
        let mut term = self.node(&expression.node, query.period)?;
        if let Term::Line(line) = &mut term {
            line.label.clone_from(&query.id);
        }
        Ok(term)
    }

    fn stat(&self, stat: &MetricStat) -> Line {
        let window = self.span.window(stat.period);
        let values = window.map(|window| self.store.values(&stat.key, stat.unit, &window, stat.statistic));
        Line { label: stat.key.name.clone(), period: stat.period, points: values.unwrap_or_default() }
    }

    /// The value of a part of an expression. `period` is what the query asks for, if it does.
    pub(super) fn node(&mut self, node: &Node, period: Option<i64>) -> Result<Term, Wrong> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("the expression is too deep".to_owned().into());
        }
        let term = match node {
            Node::Number(number) => Term::Scalar(*number),
            Node::Text(text) => Term::Text(text.clone()),
            Node::Word(word) => return Err(format!("'{word}' means nothing here").into()),
            Node::Id(id) => {
                let index = self.queries.iter().position(|query| query.id == *id);
                self.query(index.ok_or_else(|| format!("there is no metric or expression with the id '{id}'"))?)?
            }
            Node::Negated(inner) => self.node(inner, period)?.map(|value| -value)?,
            Node::Binary(operator, left, right) => {
                let left = self.node(left, period)?;
                let right = self.node(right, period)?;
                left.combine(*operator, &right)?
            }
            Node::Array(items) => self.array(items, period)?,
            Node::Call(name, arguments) => functions::call(self, name, arguments, period)?,
        };
        self.depth -= 1;
        self.count(&term)?;
        Ok(term)
    }

    /// The lines of all metrics, or of those whose id contains a text; expressions are no metrics.
    pub(super) fn metrics(&mut self, part: &str) -> Result<Vec<Line>, Wrong> {
        let mut lines = Vec::new();
        for (index, query) in self.queries.iter().enumerate() {
            if matches!(query.kind, Kind::Stat(_))
                && query.id.contains(part)
                && let Term::Line(line) = self.query(index)?
            {
                lines.push(line);
            }
        }
        Ok(lines)
    }

    /// The longest period of the metrics, for a series that comes from none of them.
    pub(super) fn common_period(&self) -> i64 {
        let stat = |query: &Query| if let Kind::Stat(stat) = &query.kind { Some(stat.period) } else { None };
        self.queries.iter().filter_map(stat).max().unwrap_or(60)
    }

    fn array(&mut self, items: &[Node], period: Option<i64>) -> Result<Term, Wrong> {
        let (mut lines, mut texts) = (Vec::new(), Vec::new());
        for item in items {
            match self.node(item, period)? {
                Term::Line(line) => lines.push(line),
                Term::Lines(more) => lines.extend(more),
                Term::Text(text) => texts.push(text),
                _ => return Err("an array holds time series or texts".to_owned().into()),
            }
        }
        match (lines.is_empty(), texts.is_empty()) {
            (_, true) => Ok(Term::Lines(lines)),
            (true, false) => Ok(Term::Texts(texts)),
            _ => Err("an array holds time series or texts, not both".to_owned().into()),
        }
    }

    fn count(&mut self, term: &Term) -> Result<(), String> {
        self.work = self.work.saturating_add(term.size());
        if self.work > WORK { Err("the request goes through too many datapoints".to_owned()) } else { Ok(()) }
    }
}
