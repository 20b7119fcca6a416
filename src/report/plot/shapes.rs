//! The few shapes that plots are made of. `x` is in percent of the width, `y` in pixels from above.

use std::fmt::Write as _;

use crate::report::markup::Markup;

/// The width that paths are drawn in before they are stretched.
const WIDE: f64 = 10_000.0;

/// More columns than any screen has: what falls into one is drawn as its least and its most.
const COLUMNS: f64 = 1_500.0;

pub(super) fn rect(
    page: &mut Markup,
    class: &str,
    (x, width): (&str, &str),
    (y, height): (u32, u32),
    words: Option<&str>,
) {
    let (y, height) = (y.to_string(), height.to_string());
    let attributes = [("class", class), ("x", x), ("y", &y), ("width", width), ("height", &height)];
    page.within("rect", &attributes, |page| title(page, words));
}

pub(super) fn line(page: &mut Markup, class: &str, from: (&str, u32), to: (&str, u32)) {
    let (y1, y2) = (from.1.to_string(), to.1.to_string());
    page.empty("line", &[("class", class), ("x1", from.0), ("y1", &y1), ("x2", to.0), ("y2", &y2)]);
}

pub(super) fn text(page: &mut Markup, class: &str, (x, y): (&str, u32), anchor: &str, words: &str) {
    let y = y.to_string();
    let attributes = [("class", class), ("x", x), ("y", &*y), ("text-anchor", anchor)];
    page.leaf("text", &attributes, words);
}

/// What a mark looks like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    Diamond,
    Triangle,
    Dot,
    Square,
    Tick,
    Cross,
}

/// A mark around its place, with its words for those who point at it.
pub(super) fn mark(page: &mut Markup, (class, mark): (&str, Mark), (x, y): (&str, u32), words: &str) {
    let y = y.to_string();
    let path = match mark {
        Mark::Diamond => "M-6 0L0 -6L6 0L0 6Z",
        Mark::Triangle => "M-6 5L0 -6L6 5Z",
        Mark::Dot => "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0 -4.5 0Z",
        Mark::Square => "M-5 -5H5V5H-5Z",
        Mark::Tick => "M-6 0L-2 5L6 -5",
        Mark::Cross => "M-5 -5L5 5M-5 5L5 -5",
    };
    let stroked = if matches!(mark, Mark::Tick | Mark::Cross) { " drawn" } else { "" };
    let class = format!("mark {class}{stroked}");
    page.within("svg", &[("x", x), ("y", &y), ("class", "at")], |page| {
        page.within("path", &[("class", &class), ("d", path)], |page| title(page, Some(words)));
    });
}

/// Lines through points, each run by itself: `x` as a share of the width, `y` in pixels.
pub(super) fn runs(page: &mut Markup, class: &str, height: u32, runs: &[Vec<(f64, f64)>]) {
    let mut path = String::new();
    for run in runs {
        for (index, (x, y)) in thinned(run).into_iter().enumerate() {
            // Writing to a string cannot fail.
            let _ = write!(path, "{}{:.1} {y:.1}", if index == 0 { 'M' } else { 'L' }, x * WIDE);
        }
    }
    if path.is_empty() {
        return;
    }
    let (view, height) = (format!("0 0 {WIDE} {height}"), height.to_string());
    let stretched = [("viewBox", &*view), ("preserveAspectRatio", "none"), ("width", "100%"), ("height", &*height)];
    page.within("svg", &stretched, |page| page.empty("path", &[("class", class), ("d", &path)]));
}

/// Of a run with more points than columns the least and the most of each column, in their order.
fn thinned(run: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if (run.len() as f64) < COLUMNS * 2.0 {
        return run.to_vec();
    }
    let columns = run.chunk_by(|a, b| (a.0 * COLUMNS) as u32 == (b.0 * COLUMNS) as u32);
    let ends = columns.flat_map(|column| {
        let places = 0..column.len();
        let by_y = |a: &usize, b: &usize| column[*a].1.total_cmp(&column[*b].1);
        let (least, most) = (places.clone().min_by(by_y).unwrap_or(0), places.max_by(by_y).unwrap_or(0));
        [column[least.min(most)], column[least.max(most)]]
    });
    ends.collect()
}

fn title(page: &mut Markup, words: Option<&str>) {
    if let Some(words) = words {
        page.leaf("title", &[], words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_the_extremes() {
        let mut run: Vec<(f64, f64)> = (0..100_000).map(|index| (f64::from(index) / 100_000.0, 50.0)).collect();
        run[77_777].1 = 3.0;
        run[77_778].1 = 99.0;
        let thin = thinned(&run);
        assert!(thin.len() <= 3_000, "{}", thin.len());
        assert!(thin.contains(&run[77_777]) && thin.contains(&run[77_778]));
        assert!(thin.is_sorted_by(|a, b| a.0 <= b.0));
    }
}
