//! A chart over time in braille dots: reduced to dot columns before anything is drawn, the time axis in whole columns
//! (so that the picture changes only when one is complete), gaps left open, threshold lines, marks.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::time_axis::Span;
use crate::console::theme;
use crate::model::series::Series;

/// Cells for the labels of the value axis.
const LABELS: u16 = 7;

/// From this height on marks have a row of their own.
const ROOMY: u16 = 6;

/// What to draw.
#[derive(Debug, Clone)]
pub(crate) struct TimeChart<'a> {
    /// The data; none is an empty chart.
    pub(crate) series: Option<&'a Series>,
    /// What was measured on another machine before a cut, and the moment of the cut.
    pub(crate) before: Option<(&'a Series, Timestamp)>,
    /// What other sources say of the same, under the data.
    pub(crate) beside: Vec<(&'a Series, Style)>,
    /// The right edge is the end of the column that this falls into.
    pub(crate) until: Timestamp,
    /// Seconds from edge to edge.
    pub(crate) range_secs: i64,
    /// Lines across.
    pub(crate) thresholds: Vec<(f64, Style)>,
    /// When, glyph, style.
    pub(crate) marks: Vec<(Timestamp, char, Style)>,
    /// What the right edge is called; with it, a row of times goes under the chart.
    pub(crate) time_axis: Option<String>,
    /// Words for a value on the axis.
    pub(crate) label: fn(f64) -> String,
}

/// Least and largest value in one dot column.
type Column = Option<(f64, f64)>;

impl Widget for &TimeChart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        if area.width <= LABELS + 1 || area.height < 3 {
            return;
        }
        let axis_row = u16::from(self.time_axis.is_some());
        // A row is kept for marks whenever there are any at all, so that looking back does not move the plot.
        // In a low chart they go over its top row: two rows of plot would show nothing.
        let marks_row = u16::from(!self.marks.is_empty() && area.height >= ROOMY);
        let height = area.height - marks_row - axis_row;
        let plot = Rect { x: area.x + LABELS, width: area.width - LABELS, height, ..area };
        let dots = usize::from(plot.width) * 2;
        let columns = self.columns(self.series, dots);
        let earlier = self.columns(self.before.map(|(series, _)| series), dots);
        let beside: Vec<(Vec<Column>, Style)> =
            self.beside.iter().map(|(series, style)| (self.columns(Some(series), dots), *style)).collect();
        let all = [&columns, &earlier].into_iter().chain(beside.iter().map(|(columns, _)| columns));
        let top = all.map(|columns| self.top(columns, plot.height)).fold(0.0, f64::max);
        self.axis(area, plot, top, buffer);
        for (threshold, style) in &self.thresholds {
            let row = plot.y + row_of(*threshold, top, plot.height * 4) / 4;
            for x in plot.x..plot.right() {
                buffer[(x, row)].set_char('┄').set_style(*style);
            }
        }
        self.plot_columns(&earlier, top, plot, theme::MUTED, buffer);
        if let Some(x) = self.before.and_then(|(_, cut)| self.column_of(cut, dots)) {
            for y in plot.y..plot.bottom() {
                buffer[(plot.x + x / 2, y)].set_char('│').set_style(theme::WARN);
            }
        }
        for (columns, style) in &beside {
            self.plot_columns(columns, top, plot, *style, buffer);
        }
        self.plot_columns(&columns, top, plot, theme::SERIES, buffer);
        let marks_at = if marks_row > 0 { plot.bottom() } else { plot.y };
        self.draw_marks(Rect { y: marks_at, height: 1, ..plot }, buffer);
        if let Some(edge) = &self.time_axis {
            let (secs_per_dot, right) = self.scale(usize::from(plot.width) * 2);
            let span = Span { right, secs_per_cell: secs_per_dot * 2, cells: plot.width };
            for (x, label) in span.labels(edge) {
                let y = plot.bottom() + marks_row;
                buffer.set_stringn(plot.x + x, y, label, usize::from(plot.width - x), theme::MUTED);
            }
        }
    }
}

impl TimeChart<'_> {
    /// Whether a mark falls into what is drawn.
    pub(crate) fn shows_marks(&self) -> bool {
        let until = self.until.as_second();
        self.marks.iter().any(|(at, ..)| (until - self.range_secs..=until).contains(&at.as_second()))
    }

    /// Seconds per dot column, and the right edge as a whole column.
    fn scale(&self, dots: usize) -> (i64, i64) {
        let width = (self.range_secs / (dots as i64).max(1)).max(1);
        (width, (self.until.as_second().div_euclid(width) + 1) * width)
    }

    /// The data reduced to one least and one largest value per dot column. A datapoint covers its whole period; a
    /// period without one leaves its columns open.
    fn columns(&self, series: Option<&Series>, dots: usize) -> Vec<Column> {
        let mut columns = vec![None; dots];
        let Some(series) = series else { return columns };
        let (width, right) = self.scale(dots);
        let left = right - width * dots as i64;
        for point in &series.points {
            let begin = point.start.as_second();
            let end = begin + i64::from(series.period_secs);
            if end <= left || begin >= right {
                continue;
            }
            let first = (begin - left).max(0) / width;
            let last = ((end - left - 1) / width).min(dots as i64 - 1);
            for column in &mut columns[first as usize..=last as usize] {
                let (least, most) = column.unwrap_or((point.value, point.value));
                *column = Some((point.value.min(least), point.value.max(most)));
            }
        }
        columns
    }

    /// The value at the upper edge: a round number above everything that is drawn.
    fn top(&self, columns: &[Column], height: u16) -> f64 {
        // A threshold never lies in the uppermost row: what is above it must have a place.
        let dots = f64::from(height * 4).max(9.0) - 1.0;
        let room = (dots / (dots - 4.5)).max(1.15);
        let values = columns.iter().flatten().map(|(_, most)| *most);
        let all = values.chain(self.thresholds.iter().map(|(value, _)| *value * room));
        let most = all.filter(|value| value.is_finite()).fold(0.0, f64::max);
        if most <= 0.0 {
            return 1.0;
        }
        let step = 10_f64.powf(most.log10().floor());
        let round = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].map(|factor| factor * step);
        round.into_iter().find(|round| *round >= most).unwrap_or(most)
    }

    fn axis(&self, area: Rect, plot: Rect, top: f64, buffer: &mut Buffer) {
        let width = usize::from(LABELS) - 1;
        let mut put = |value: f64, row: u16, style: Style| {
            let text = format!("{:>width$}", (self.label)(value));
            buffer.set_stringn(area.x, row, text, width, style);
        };
        put(0.0, plot.bottom() - 1, theme::MUTED);
        put(top, plot.y, theme::MUTED);
        for (threshold, style) in &self.thresholds {
            put(*threshold, plot.y + row_of(*threshold, top, plot.height * 4) / 4, *style);
        }
    }

    /// Dot row of a value. The cells of a threshold's own row belong to what equals it: what is above or below is drawn
    /// on its own side, at the price of a row, because which side it is on is what the chart is looked at for.
    fn dot_row(&self, value: f64, top: f64, rows: u16) -> u16 {
        let row = row_of(value, top, rows);
        let in_cell =
            |cell: u16| self.thresholds.iter().find(move |(threshold, _)| row_of(*threshold, top, rows) / 4 == cell);
        match in_cell(row / 4) {
            // Between two lines with no row between them it stays with the lower one.
            Some((threshold, _)) if value > *threshold && (row < 4 || in_cell(row / 4 - 1).is_some()) => row,
            Some((threshold, _)) if value > *threshold => row / 4 * 4 - 1,
            Some((threshold, _)) if value < *threshold => (row / 4 * 4 + 4).min(rows.saturating_sub(1)),
            _ => row,
        }
    }

    fn plot_columns(&self, columns: &[Column], top: f64, plot: Rect, style: Style, buffer: &mut Buffer) {
        let rows = plot.height * 4;
        let mut cells = vec![0_u8; usize::from(plot.width) * usize::from(plot.height)];
        let mut before: Option<(u16, u16)> = None;
        for (x, column) in columns.iter().enumerate() {
            let Some((least, most)) = column else {
                before = None;
                continue;
            };
            let (high, low) = (self.dot_row(*most, top, rows), self.dot_row(*least, top, rows));
            // Joined to the column before, so that a jump is a line and not two dots.
            let (from, to) = before.map_or((high, low), |(above, below)| (high.min(below), low.max(above)));
            for y in from..=to {
                let cell = usize::from(y / 4) * usize::from(plot.width) + x / 2;
                cells[cell] |= dot(x % 2, y % 4);
            }
            before = Some((high, low));
        }
        for (at, bits) in cells.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            let position =
                (plot.x + (at % usize::from(plot.width)) as u16, plot.y + (at / usize::from(plot.width)) as u16);
            let glyph = char::from_u32(0x2800 + u32::from(*bits)).unwrap_or('*');
            buffer[position].set_char(glyph).set_style(style);
        }
    }

    fn draw_marks(&self, row: Rect, buffer: &mut Buffer) {
        for (at, glyph, style) in &self.marks {
            if let Some(column) = self.column_of(*at, usize::from(row.width) * 2) {
                buffer[(row.x + column / 2, row.y)].set_char(*glyph).set_style(*style);
            }
        }
    }

    /// The dot column that a moment falls into.
    fn column_of(&self, at: Timestamp, dots: usize) -> Option<u16> {
        let (width, right) = self.scale(dots);
        let column = dots as i64 - 1 - (right - 1 - at.as_second()).div_euclid(width);
        (0..dots as i64).contains(&column).then_some(column as u16)
    }
}

/// Dot row of a value, 0 at the top.
fn row_of(value: f64, top: f64, rows: u16) -> u16 {
    let share = (value / top).clamp(0.0, 1.0);
    ((1.0 - share) * f64::from(rows.saturating_sub(1))).round() as u16
}

/// The bit of a dot in a braille cell of 2 by 4.
fn dot(x: usize, y: u16) -> u8 {
    match (x, y) {
        (0, 3) => 0x40,
        (_, 3) => 0x80,
        (0, y) => 1 << y,
        (_, y) => 8 << y,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::series::Datapoint;

    fn series(values: &[Option<f64>]) -> Series {
        let point = |(minute, value): (usize, &Option<f64>)| {
            Some(Datapoint { start: Timestamp::from_second(minute as i64 * 60).ok()?, value: (*value)? })
        };
        let points = values.iter().enumerate().filter_map(point).collect();
        Series { points, ..Series::empty(60) }
    }

    fn drawn(series: &Series, until: i64, width: u16, height: u16) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let chart = TimeChart {
            series: Some(series),
            before: None,
            beside: Vec::new(),
            until: Timestamp::from_second(until).unwrap(),
            range_secs: 1_200,
            thresholds: vec![(500.0, theme::DANGER)],
            marks: vec![(Timestamp::from_second(300).unwrap(), '!', theme::WARN)],
            time_axis: Some("now".to_owned()),
            label: |value| format!("{value:.0}"),
        };
        (&chart).render(buffer.area, &mut buffer);
        buffer
    }

    #[test]
    fn the_picture_stays_until_a_column_is_complete() {
        let series = series(&[Some(100.0); 20]);
        // 47 - 7 cells are 80 dot columns of 15 s.
        assert_eq!(drawn(&series, 900, 47, 8), drawn(&series, 914, 47, 8));
        assert_ne!(drawn(&series, 900, 47, 8), drawn(&series, 915, 47, 8));
    }

    #[test]
    fn a_missing_minute_is_a_gap_and_not_a_zero() {
        let full = drawn(&series(&[Some(600.0); 20]), 1_199, 47, 8);
        let mut values = vec![Some(600.0); 20];
        values[10] = None;
        let gap = drawn(&series(&values), 1_199, 47, 8);
        let dots = |buffer: &Buffer| buffer.content.iter().filter(|cell| cell.symbol() > "\u{2800}").count();
        assert_eq!(dots(&full) - dots(&gap), 2, "4 dot columns are 2 cells");
    }

    #[test]
    fn a_value_is_drawn_on_its_own_side_of_a_threshold() {
        let rows_of = |value: f64, height: u16| -> (u16, Vec<u16>) {
            let buffer = drawn(&series(&[Some(value); 20]), 1_199, 47, height);
            let holds = |row: u16, test: fn(&str) -> bool| (7..47).any(|x| test(buffer[(x, row)].symbol()));
            let line = (0..height).find(|row| holds(*row, |symbol| symbol == "┄")).unwrap();
            (line, (0..height).filter(|row| holds(*row, |symbol| symbol > "\u{2800}")).collect())
        };
        for height in 4..14 {
            for value in [477.0, 485.0, 499.0] {
                let (line, dots) = rows_of(value, height);
                assert!(dots.iter().all(|row| *row > line), "{value} at height {height}: {dots:?}, line {line}");
            }
            for value in [501.0, 520.0, 700.0] {
                let (line, dots) = rows_of(value, height);
                assert!(dots.iter().all(|row| *row < line), "{value} at height {height}: {dots:?}, line {line}");
            }
        }
    }

    #[test]
    fn thresholds_and_marks_are_drawn() {
        let buffer = drawn(&series(&[]), 1_199, 47, 8);
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(text.contains("┄┄┄") && text.contains("500") && text.contains('!'), "{text}");
        assert!(text.contains("00:05") && text.contains("00:15") && text.contains("now"), "{text}");
    }

    proptest! {
        #[test]
        fn no_size_and_no_data_make_it_panic(
            values in prop::collection::vec(prop::option::of(-1e18..1e18_f64), 0..60),
            width in 0_u16..90, height in 0_u16..30, until in -10_000_i64..100_000,
        ) {
            drawn(&series(&values), until, width, height);
        }
    }
}
