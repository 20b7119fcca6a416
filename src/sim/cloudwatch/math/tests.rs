//! Metric math as a whole: expressions over stored metrics.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Expression, Span, evaluate};
use crate::sim::cloudwatch::queries::{Kind, MetricStat, Query};
use crate::sim::cloudwatch::statistic::{Sample, Statistic, Unit};
use crate::sim::cloudwatch::store::Store;
use crate::sim::cloudwatch::{MetricKey, PERF_INSIGHTS};

fn key(name: &str) -> MetricKey {
    MetricKey { namespace: "N".into(), name: name.into(), dimensions: BTreeMap::new() }
}

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// `a` has 1, 2, -, 4 in four minutes and `b` has 10, 0, 30, -; one counter of Performance Insights has 7 in the first.
fn store() -> Store {
    let mut store = Store::default();
    let mut put = |key: &MetricKey, values: &[Option<f64>]| {
        for (minute, value) in (0..).zip(values) {
            if let Some(value) = value {
                store.put(key, minute * 60, &[Sample::of(*value, 1.0, Unit::default(), second(0))]);
            }
        }
    };
    put(&key("A"), &[Some(1.0), Some(2.0), None, Some(4.0)]);
    put(&key("B"), &[Some(10.0), Some(0.0), Some(30.0), None]);
    let dimensions = BTreeMap::from([(PERF_INSIGHTS.dimension.to_owned(), "db-ABC".to_owned())]);
    let name = "db.SQL.tup_inserted".to_owned();
    put(&MetricKey { namespace: PERF_INSIGHTS.namespace.to_owned(), name, dimensions }, &[Some(7.0)]);
    store
}

fn query(id: &str, returned: bool, period: Option<i64>, kind: Kind) -> Query {
    Query { id: id.into(), label: None, returned, period, kind }
}

/// The lines of an expression over `a` and `b`, each with its points by minute.
fn lines(text: &str) -> Result<Vec<Vec<(i64, f64)>>, String> {
    let stat =
        |name: &str| Kind::Stat(MetricStat { key: key(name), period: 60, statistic: Statistic::Average, unit: None });
    let expression = |text: &str| Expression::parse(text).map(Kind::Expression);
    let queries = [
        query("e", true, Some(60), expression(text)?),
        query("a", false, None, stat("A")),
        query("b", false, None, stat("B")),
        query("twice", false, None, expression("a * 2")?),
        query("loop", false, None, expression("1")?),
    ];
    let span = Span { start: second(0), end: second(240), now: second(240) };
    let results = evaluate(&store(), &queries, span).map_err(|error| error.message)?;
    let points = |points: &BTreeMap<i64, f64>| points.iter().map(|(at, value)| (at / 60, *value)).collect();
    Ok(results.iter().flat_map(|(_, lines)| lines).map(|line| points(&line.points)).collect())
}

fn line(text: &str) -> Vec<(i64, f64)> {
    let mut lines = lines(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(lines.len(), 1, "{text}");
    lines.remove(0)
}

#[test]
fn arithmetic_is_done_where_both_sides_have_a_value() {
    assert_eq!(line("a + b"), [(0, 11.0), (1, 2.0)]);
    assert_eq!(line("-(a - 1) * 2 + twice"), [(0, 2.0), (1, 2.0), (3, 2.0)]);
    assert_eq!(line("a / b"), [(0, 0.1)], "nothing comes of a division by zero");
    assert_eq!(line("2 ^ a"), [(0, 2.0), (1, 4.0), (3, 16.0)]);
    assert_eq!(line("a > 1 AND a < 4"), [(0, 0.0), (1, 1.0), (3, 0.0)]);
}

#[test]
fn summaries_are_numbers_of_one_series_and_a_series_of_many() {
    assert_eq!(line("a - MIN(a)"), [(0, 0.0), (1, 1.0), (3, 3.0)]);
    assert_eq!(line("SUM([a, b])"), [(0, 11.0), (1, 2.0), (2, 30.0), (3, 4.0)]);
    assert_eq!(line("MAX(METRICS())"), [(0, 10.0), (1, 2.0), (2, 30.0), (3, 4.0)]);
    assert_eq!(line("AVG([a, b])"), [(0, 5.5), (1, 1.0), (2, 30.0), (3, 4.0)]);
    assert_eq!(line("TIME_SERIES(DATAPOINT_COUNT(a))")[0], (0, 3.0));
    assert_eq!(lines("METRICS()").unwrap().len(), 2);
    assert_eq!(lines("METRICS('b') * 0").unwrap(), [[(0, 0.0), (1, 0.0), (2, 0.0)]]);
}

#[test]
fn gaps_are_filled_as_asked() {
    assert_eq!(line("FILL(a, 0)"), [(0, 1.0), (1, 2.0), (2, 0.0), (3, 4.0)]);
    assert_eq!(line("FILL(a, REPEAT)")[2], (2, 2.0));
    assert_eq!(line("FILL(a, LINEAR)")[2], (2, 3.0));
    assert_eq!(line("FILL(b, LINEAR)").len(), 3, "nothing to go towards");
    assert_eq!(line("FILL(b, a)")[3], (3, 4.0));
}

#[test]
fn steps_and_choices() {
    assert_eq!(line("RATE(a)"), [(1, 1.0 / 60.0), (3, 2.0 / 120.0)]);
    assert_eq!(line("DIFF(a)"), [(1, 1.0), (3, 2.0)]);
    assert_eq!(line("RUNNING_SUM(a)"), [(0, 1.0), (1, 3.0), (3, 7.0)]);
    assert_eq!(line("IF(a > 1, b, -1)"), [(0, -1.0), (1, 0.0)]);
    assert_eq!(line("IF(a > 1, a)"), [(1, 2.0), (3, 4.0)]);
}

#[test]
fn counters_of_performance_insights_are_found_by_resource() {
    let insights = "DB_PERF_INSIGHTS('RDS', 'db-ABC', 'db.SQL.tup_inserted.avg')";
    assert_eq!(line(insights), [(0, 7.0)]);
    assert_eq!(line(&insights.replace("ABC", "OTHER")), []);
    assert_eq!(lines(&insights.replace("'db.SQL.tup_inserted.avg'", "['x.avg', 'y.max']")).unwrap().len(), 2);
    assert!(lines(&insights.replace(".avg", "")).unwrap_err().contains("does not end in"));
}

#[test]
fn what_cannot_be_is_refused_with_the_id_of_the_expression() {
    for (text, what) in [
        ("c + 1", "no metric or expression with the id 'c'"),
        ("e + 1", "refers to itself"),
        ("1 + 1", "not a time series"),
        ("SEARCH('{AWS/RDS}', 'Average', 60)", "not a function that is simulated"),
        ("a + 'text'", "cannot be calculated"),
        ("[a, 'text']", "not both"),
        ("FIRST(REMOVE_EMPTY([]))", "the array is empty"),
        ("REPEAT", "means nothing here"),
    ] {
        let said = lines(text).unwrap_err();
        assert!(said.starts_with("Error in expression 'e'") && said.contains(what), "{text}: {said}");
    }
}

#[test]
fn work_and_depth_are_bounded() {
    let chain: Vec<Query> = (0..500)
        .map(|i| {
            query(&format!("q{i}"), false, None, Kind::Expression(Expression::parse(&format!("q{}", i + 1)).unwrap()))
        })
        .collect();
    let span = Span { start: second(0), end: second(240), now: second(240) };
    assert!(evaluate(&Store::default(), &chain, span).unwrap_err().message.contains("too deep"));
    let long = ["a"; 1000].join("+");
    assert!(lines(&long).unwrap_err().contains("too deep"));
    // Doubling from query to query.
    let mut doubling =
        vec![query("q0", false, Some(60), Kind::Expression(Expression::parse("TIME_SERIES(1)").unwrap()))];
    for i in 1..60 {
        let text = format!("[q{0}, q{0}]", i - 1);
        doubling.push(query(&format!("q{i}"), false, Some(60), Kind::Expression(Expression::parse(&text).unwrap())));
    }
    assert!(evaluate(&Store::default(), &doubling, span).unwrap_err().message.contains("too many datapoints"));
}
