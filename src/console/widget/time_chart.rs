//! A chart over time. Points are reduced to one lowest and highest value per dot column before anything is drawn, and
//! columns are cut at multiples of their own length, so the picture changes only when a column is complete. Where a
//! period is missing the curve has a hole: missing is not zero.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use crate::console::glyphs::Glyphs;
use crate::console::words;
use crate::model::series::Series;

/// Cells for the labels of the value axis, its wall included.
const GUTTER: u16 = 7;
/// Narrower charts do without that.
const LEAST_WIDTH_WITH_GUTTER: u16 = 24;

/// What is drawn.
#[derive(Debug)]
pub(crate) struct TimeChart<'a> {
    /// The curve; nothing known draws axes alone.
    pub series: Option<&'a Series>,
    /// The last moment shown; the newest column ends at or before it.
    pub end: Timestamp,
    /// Seconds shown.
    pub span_secs: i64,
    /// Unit of the values, for the axis.
    pub unit: &'a str,
    /// Horizontal lines.
    pub lines: Vec<ValueLine>,
    /// Moments.
    pub marks: Vec<TimeMark>,
    /// With labelled axes; without, the plot takes all the room.
    pub axes: bool,
    /// Style of the curve.
    pub curve: Style,
    /// Style of axes and labels.
    pub muted: Style,
    /// Characters.
    pub glyphs: &'a Glyphs,
}

/// A horizontal line.
#[derive(Debug, Clone)]
pub(crate) struct ValueLine {
    /// Where.
    pub value: f64,
    /// Stands at its left end.
    pub label: String,
    /// Of line and label.
    pub style: Style,
}

/// A moment on the time axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TimeMark {
    /// When.
    pub at: Timestamp,
    /// Its sign, one cell wide.
    pub sign: &'static str,
    /// Of the sign.
    pub style: Style,
}

/// The lowest and highest value per dot column, oldest first.
#[derive(Debug, PartialEq)]
struct Columns {
    /// Number of the first column since the epoch.
    first: i64,
    /// Seconds per column.
    secs: i64,
    extremes: Vec<Option<(f64, f64)>>,
}

/// The values at the bottom and the top of the plot.
#[derive(Debug, Clone, Copy)]
struct Scale {
    low: f64,
    high: f64,
}

impl Widget for &TimeChart<'_> {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let gutter = if self.axes && area.width >= LEAST_WIDTH_WITH_GUTTER { GUTTER } else { 0 };
        let below = if self.axes && area.height >= 5 { 2 } else { u16::from(area.height >= 2) };
        let plot = Rect {
            x: area.x + gutter,
            y: area.y,
            width: area.width.saturating_sub(gutter),
            height: area.height.saturating_sub(below),
        };
        if plot.is_empty() {
            return;
        }
        let (across, _) = self.glyphs.dots();
        let columns = Columns::reduce(self.series, self.end, self.span_secs, usize::from(plot.width) * across);
        let scale = Scale::of(&columns, &self.lines);
        self.draw_lines(plot, scale, buffer);
        self.draw_mark_lines(plot, &columns, buffer);
        self.draw_curve(plot, &columns, scale, buffer);
        self.draw_line_labels(plot, scale, buffer);
        if gutter > 0 {
            self.draw_value_axis(plot, scale, buffer);
        }
        if below > 0 {
            self.draw_time_axis(plot, &columns, below > 1, buffer);
        }
    }
}

impl TimeChart<'_> {
    fn draw_lines(&self, plot: Rect, scale: Scale, buffer: &mut Buffer) {
        for line in &self.lines {
            let y = plot.y + scale.row(line.value, usize::from(plot.height)) as u16;
            for x in plot.left()..plot.right() {
                buffer[(x, y)].set_symbol(self.glyphs.threshold).set_style(line.style);
            }
        }
    }

    fn draw_line_labels(&self, plot: Rect, scale: Scale, buffer: &mut Buffer) {
        for line in &self.lines {
            let y = plot.y + scale.row(line.value, usize::from(plot.height)) as u16;
            buffer.set_stringn(plot.x, y, &line.label, usize::from(plot.width), line.style);
        }
    }

    fn draw_mark_lines(&self, plot: Rect, columns: &Columns, buffer: &mut Buffer) {
        for x in self.marks.iter().filter_map(|mark| self.mark_x(plot, columns, mark.at)) {
            for y in plot.top()..plot.bottom() {
                buffer[(x, y)].set_symbol(self.glyphs.mark_line).set_style(self.muted);
            }
        }
    }

    fn draw_curve(&self, plot: Rect, columns: &Columns, scale: Scale, buffer: &mut Buffer) {
        let (across, down) = self.glyphs.dots();
        let (width, rows) = (usize::from(plot.width), usize::from(plot.height) * down);
        let mut cells = vec![0_u8; width * usize::from(plot.height)];
        let mut before: Option<(usize, usize)> = None;
        for (x, extreme) in columns.extremes.iter().enumerate() {
            let here = extreme.map(|(low, high)| (scale.row(high, rows), scale.row(low, rows)));
            if let Some((top, bottom)) = here {
                // The stroke reaches back to the column before it, so that a jump is a line and not two dots.
                let (from, to) = match before {
                    Some((_, bottom_before)) if bottom_before < top => (bottom_before + 1, bottom),
                    Some((top_before, _)) if top_before > bottom => (top, top_before - 1),
                    _ => (top, bottom),
                };
                for y in from.min(top)..=to.max(bottom) {
                    cells[y / down * width + x / across] |= dot_bit(x % across, y % down);
                }
            }
            before = here;
        }
        for (place, bits) in cells.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            let symbol = if self.glyphs.ascii { '*' } else { braille(*bits) };
            let at = (plot.x + (place % width) as u16, plot.y + (place / width) as u16);
            buffer[at].set_char(symbol).set_style(self.curve);
        }
    }

    fn draw_value_axis(&self, plot: Rect, scale: Scale, buffer: &mut Buffer) {
        let wall = plot.x - 1;
        for y in plot.top()..plot.bottom() {
            buffer[(wall, y)].set_symbol(self.glyphs.wall).set_style(self.muted);
        }
        let room = usize::from(GUTTER) - 1;
        let mut label = |y: u16, value: f64| {
            let text = format!("{:>room$}", words::axis_value(value, self.unit));
            buffer.set_stringn(wall - room as u16, y, text, room, self.muted);
        };
        label(plot.top(), scale.high);
        if plot.height >= 3 {
            label(plot.bottom() - 1, scale.low);
        }
        if plot.height >= 7 {
            let middle = plot.height / 2;
            label(plot.top() + middle, scale.value_of_row(usize::from(middle), usize::from(plot.height)));
        }
    }

    fn draw_time_axis(&self, plot: Rect, columns: &Columns, labels: bool, buffer: &mut Buffer) {
        let (across, _) = self.glyphs.dots();
        let y = plot.bottom();
        for x in 0..plot.width {
            let dots = &columns.extremes[usize::from(x) * across..(usize::from(x) + 1) * across];
            let known = dots.iter().any(Option::is_some);
            let symbol = if known { self.glyphs.axis } else { self.glyphs.axis_gap };
            buffer[(plot.x + x, y)].set_symbol(symbol).set_style(self.muted);
        }
        if plot.x > 0 && self.axes && buffer.area.contains((plot.x - 1, y).into()) && plot.x > buffer.area.x {
            buffer[(plot.x - 1, y)].set_symbol(self.glyphs.corner).set_style(self.muted);
        }
        for mark in &self.marks {
            if let Some(x) = self.mark_x(plot, columns, mark.at) {
                buffer[(x, y)].set_symbol(mark.sign).set_style(mark.style);
            }
        }
        if labels && plot.width >= 12 {
            let from = words::hour_minute(columns.time_of(0));
            let to = words::hour_minute(columns.time_of(columns.extremes.len()));
            buffer.set_string(plot.x, y + 1, from, self.muted);
            buffer.set_string(plot.right() - 5, y + 1, to, self.muted);
            if plot.width >= 24 {
                let middle = words::hour_minute(columns.time_of(columns.extremes.len() / 2));
                buffer.set_string(plot.x + plot.width / 2 - 2, y + 1, middle, self.muted);
            }
        }
    }

    fn mark_x(&self, plot: Rect, columns: &Columns, at: Timestamp) -> Option<u16> {
        let column = at.as_second().div_euclid(columns.secs) - columns.first;
        let column = usize::try_from(column).ok().filter(|column| *column < columns.extremes.len())?;
        Some(plot.x + (column / self.glyphs.dots().0) as u16)
    }
}

impl Columns {
    fn reduce(series: Option<&Series>, end: Timestamp, span_secs: i64, count: usize) -> Self {
        let secs = (span_secs.max(1) as u64).div_ceil(count.max(1) as u64) as i64;
        let first = end.as_second().div_euclid(secs) - count as i64;
        let mut extremes: Vec<Option<(f64, f64)>> = vec![None; count];
        let Some(series) = series else { return Self { first, secs, extremes } };
        let period = i64::from(series.period_secs.max(1));
        let begin = first * secs - period;
        let from = series.points.partition_point(|point| point.start.as_second() <= begin);
        for point in &series.points[from..] {
            let start = point.start.as_second();
            let (low, high) = (start.div_euclid(secs) - first, (start + period - 1).div_euclid(secs) - first);
            if low >= count as i64 {
                break;
            }
            for column in low.max(0)..=high.min(count as i64 - 1) {
                let extreme = &mut extremes[column as usize];
                let (least, most) = extreme.unwrap_or((point.value, point.value));
                *extreme = Some((least.min(point.value), most.max(point.value)));
            }
        }
        Self { first, secs, extremes }
    }

    /// When a column begins.
    fn time_of(&self, column: usize) -> Timestamp {
        Timestamp::from_second((self.first + column as i64) * self.secs).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Scale {
    /// From zero, or below it where a value is, to a round number above everything shown.
    fn of(columns: &Columns, lines: &[ValueLine]) -> Self {
        let values = columns.extremes.iter().flatten().flat_map(|(low, high)| [*low, *high]);
        let values = values.chain(lines.iter().map(|line| line.value)).filter(|value| value.is_finite());
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let high = if high > 0.0 { round_up(high * 1.02) } else { 0.0 };
        let low = if low < 0.0 { -round_up(-low * 1.02) } else { 0.0 };
        if low.abs() < f64::MIN_POSITIVE && high.abs() < f64::MIN_POSITIVE {
            Self { low: 0.0, high: 1.0 }
        } else {
            Self { low, high }
        }
    }

    /// Which of `rows` a value falls on, 0 at the top.
    fn row(self, value: f64, rows: usize) -> usize {
        let share = (self.high - value) / (self.high - self.low);
        let last = rows.saturating_sub(1);
        // The cast takes NaN to 0 and saturates, so no value leads outside the plot.
        ((share * last as f64).round() as usize).min(last)
    }

    fn value_of_row(self, row: usize, rows: usize) -> f64 {
        let share = row as f64 / rows.saturating_sub(1).max(1) as f64;
        self.high - share * (self.high - self.low)
    }
}

/// The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8 times a power of ten.
fn round_up(value: f64) -> f64 {
    let magnitude = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    let rounded = steps.iter().map(|step| step * magnitude).find(|candidate| *candidate >= value);
    rounded.filter(|rounded| rounded.is_finite()).unwrap_or(value)
}

/// The bit of a dot in a braille cell; the first bit where a cell has one dot.
fn dot_bit(x: usize, y: usize) -> u8 {
    const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
    BITS[y % 4][x % 2]
}

fn braille(bits: u8) -> char {
    char::from_u32(0x2800 + u32::from(bits)).unwrap_or('*')
}

#[cfg(test)]
#[path = "time_chart_tests.rs"]
mod tests;
