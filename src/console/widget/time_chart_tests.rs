//! What the time chart promises: gaps, thresholds, snapping, and no panic at any size.

use proptest::prelude::*;

use super::*;
use crate::console::glyphs::{ASCII, UNICODE};
use crate::model::series::Datapoint;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn series(values: &[Option<f64>]) -> Series {
    let points = values.iter().enumerate();
    let points = points.filter_map(|(i, value)| Some(Datapoint { start: at(i as i64 * 60), value: (*value)? }));
    Series { points: points.collect(), ..Series::empty(60, at(0)) }
}

fn chart<'a>(series: &'a Series, end: i64, span_secs: i64, glyphs: &'a Glyphs) -> TimeChart<'a> {
    TimeChart {
        series: Some(series),
        end: at(end),
        span_secs,
        unit: "writes/s",
        lines: vec![ValueLine { value: 500.0, label: "up 500".to_owned(), style: Style::new() }],
        marks: vec![TimeMark { at: at(240), sign: "^", style: Style::new() }],
        axes: true,
        curve: Style::new(),
        muted: Style::new(),
        glyphs,
    }
}

fn drawn(chart: &TimeChart<'_>, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    chart.render(area, &mut buffer);
    buffer
}

fn lines(buffer: &Buffer) -> Vec<String> {
    let width = usize::from(buffer.area.width);
    buffer.content.chunks(width).map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect()).collect()
}

#[test]
fn a_missing_period_is_a_hole_and_not_a_zero() {
    let with_gap = series(&[Some(300.0), Some(300.0), None, Some(300.0), Some(300.0)]);
    let columns = Columns::reduce(Some(&with_gap), at(300), 300, 10);
    let known: Vec<bool> = columns.extremes.iter().map(Option::is_some).collect();
    assert_eq!(known, [true, true, true, true, false, false, true, true, true, true]);
    let picture = lines(&drawn(&chart(&with_gap, 300, 300, &ASCII), 27, 8));
    let curve = picture.iter().find(|line| line.contains('*')).unwrap();
    assert!(curve.contains("********    ********"), "{picture:#?}");
    assert!(picture[6].contains("________....____"), "{picture:#?}");
}

#[test]
fn the_threshold_line_is_there_with_its_label_and_marks_stand_on_the_axis() {
    let low = series(&[Some(100.0); 5]);
    let picture = lines(&drawn(&chart(&low, 300, 300, &ASCII), 40, 10));
    assert!(picture.iter().any(|line| line.contains("up 500----")), "{picture:#?}");
    assert_eq!(picture[8].find('^').unwrap(), 7 + 33 - 300 / 10 + 240 / 10, "{picture:#?}");
}

#[test]
fn the_picture_changes_only_when_a_column_is_complete() {
    let some = series(&[Some(100.0), Some(640.0), Some(200.0), Some(500.0), Some(10.0), Some(90.0)]);
    let span = 60 * 33;
    let first = drawn(&chart(&some, 300, span, &UNICODE), 40, 10);
    for end in 300..330 {
        assert_eq!(drawn(&chart(&some, end, span, &UNICODE), 40, 10), first, "at {end}");
    }
    assert_ne!(drawn(&chart(&some, 330, span, &UNICODE), 40, 10), first);
}

#[test]
fn many_points_in_one_column_keep_their_extremes() {
    let values: Vec<_> = (0..600).map(|i| Some(if i == 300 { 900.0 } else { 100.0 })).collect();
    let columns = Columns::reduce(Some(&series(&values)), at(36_000), 36_000, 10);
    assert_eq!(columns.extremes[5], Some((100.0, 900.0)));
    assert_eq!(columns.extremes[4], Some((100.0, 100.0)));
}

proptest! {
    #[test]
    fn no_size_and_no_points_break_it(
        width in 0_u16..=80, height in 0_u16..=80, end in -10_000_i64..10_000, span in 0_i64..100_000,
        points in proptest::collection::btree_map(-10_000_i64..10_000, proptest::num::f64::NORMAL | proptest::num::f64::ZERO, 0..60),
        ascii: bool, axes: bool,
    ) {
        let points = points.iter().map(|(start, value)| Datapoint { start: at(*start), value: *value }).collect();
        let any = Series { points, ..Series::empty(60, at(0)) };
        let glyphs = if ascii { &ASCII } else { &UNICODE };
        let mut chart = chart(&any, end, span, glyphs);
        chart.axes = axes;
        let buffer = drawn(&chart, width, height);
        prop_assert!(!ascii || buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
    }
}
