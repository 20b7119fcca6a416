//! What clients felt: latency of each way to the database, and the times in which nothing was acknowledged.

use jiff::Timestamp;

use super::axis::{Axis, away};
use super::{Frame, Key, bands, shapes};
use crate::model::availability::{Availability, ClientOutage, ClientPath, PathResult};
use crate::report::evidence::Evidence;
use crate::report::markup::Markup;
use crate::report::story::pace_words;
use crate::report::when::{clock, length_millis};

/// Of the part with the latencies, in pixels.
const HEIGHT: u32 = 170;
/// Of a row with the outages of one way.
const ROW: u32 = 30;
/// The scale of latencies is logarithmic between these, in milliseconds.
const LEAST: f64 = 0.1;
const MOST: f64 = 100_000.0;
/// Cuts that are shown closely.
const CUTS: usize = 4;

/// Latency and gaps over the whole time of the report.
pub(in crate::report) fn canary(page: &mut Markup, evidence: &Evidence, seen: &Availability, axis: Axis) {
    plot(page, evidence, seen, axis, "What clients saw: latency (ms), and no acknowledgement");
}

/// The longest outages of any way, each closely: those that overlap are one.
pub(in crate::report) fn cuts(page: &mut Markup, evidence: &Evidence, seen: &Availability) {
    let end = |outage: &ClientOutage| outage.until.unwrap_or(seen.until);
    let ways = seen.paths.iter().filter(|path| path.path != ClientPath::OldWriter);
    let mut outages: Vec<ClientOutage> = ways.flat_map(|path| path.outages.iter().copied()).collect();
    outages.sort_by_key(|outage| std::cmp::Reverse(outage.millis));
    let mut shown: Vec<(Axis, Timestamp)> = Vec::new();
    for outage in outages {
        let around = i64::try_from(outage.millis).unwrap_or(i64::MAX / 4).max(2_000);
        let around = on_axis(evidence, around).max(10_000);
        let axis = Axis { from: away(outage.from, -around), until: away(end(&outage), around) };
        if shown.len() < CUTS && !shown.iter().any(|(other, _)| other.from <= axis.until && other.until >= axis.from) {
            shown.push((axis, outage.from));
        }
    }
    shown.sort_by_key(|(axis, _)| axis.from);
    for (axis, cut) in shown {
        plot(page, evidence, seen, axis, &format!("The cut around {} UTC, closely (ms)", clock(cut)));
    }
}

fn plot(page: &mut Markup, evidence: &Evidence, seen: &Availability, axis: Axis, title: &str) {
    let mut keys: Vec<Key<'_>> = seen.paths.iter().map(|path| (class(path.path), "▬", path.path.words())).collect();
    keys.push(("s-failed", "▮", "no acknowledgement"));
    let ways: Vec<String> =
        seen.paths.iter().map(|path| format!("{}: each {} ms", path.path.words(), path.every_millis)).collect();
    let mut notes = vec![format!(
        "Slowest acknowledged attempt of each second, from its schedule. Attempts while all is well: {}; an outage may have begun \
         so much earlier than it is drawn. Once one fails, each {} ms.",
        ways.join(", "),
        seen.every_millis
    )];
    notes.extend(evidence.drill.as_ref().and_then(pace_words));
    let height = HEIGHT + ROW * seen.paths.len() as u32;
    Frame { axis, height, title, keys: &keys, notes: &notes }.draw(page, |page| {
        bands(page, evidence, axis, height);
        for millis in [1.0, 10.0, 100.0, 1_000.0, 10_000.0] {
            let y = y(millis) as u32;
            shapes::line(page, "grid", ("0%", y), ("100%", y));
            shapes::text(page, "tick", ("4", y.saturating_sub(3).max(10)), "start", &format!("{millis}"));
        }
        for path in &seen.paths {
            shapes::runs(page, &format!("line {}", class(path.path)), HEIGHT, &runs(path, evidence, axis));
        }
        for (row, path) in seen.paths.iter().enumerate() {
            row_of(page, path, seen, axis, HEIGHT + row as u32 * ROW);
        }
    });
}

/// The outages of one way, and what they come to.
fn row_of(page: &mut Markup, path: &PathResult, seen: &Availability, axis: Axis, top: u32) {
    shapes::line(page, "grid", ("0%", top), ("100%", top));
    let outages = path.outages.iter().filter_map(|outage| {
        let until = outage.until.unwrap_or(seen.until);
        Some((outage, axis.span(outage.from, until)?))
    });
    for (outage, (x, width)) in outages {
        let back = outage.until.map_or_else(|| "never back".to_owned(), |until| format!("until {}", clock(until)));
        let words =
            format!("{}: {} from {}, {back}", path.path.words(), length_millis(outage.millis), clock(outage.from));
        shapes::rect(page, "outage", (&x, &width), (top + 16, 10), Some(&words));
    }
    let longest = path.longest_outage().map(|outage| format!(", longest {}", length_millis(outage.millis)));
    // Where the machine itself came back nothing has moved.
    let is_left = path.outages.last().is_some_and(|outage| outage.until.is_none());
    let words = match (path.path, path.outages.len()) {
        (ClientPath::OldWriter, _) if is_left => format!("{}: takes no writes after the move", path.path.words()),
        (_, number) => format!("{}: {number} without{}", path.path.words(), longest.unwrap_or_default()),
    };
    shapes::text(page, "row", ("4", top + 12), "start", &words);
}

/// Seconds with an acknowledgement that follow one another are one run.
fn runs(path: &PathResult, evidence: &Evidence, axis: Axis) -> Vec<Vec<(f64, f64)>> {
    let (second, gap) = (on_axis(evidence, 1_000), on_axis(evidence, 1_500));
    let seconds: Vec<_> = path.seconds.iter().filter(|second| axis.has(second.at)).collect();
    let runs = seconds.split(|second| second.max_millis.is_none()).flat_map(|run| {
        run.chunk_by(|a, b| b.at <= away(a.at, gap)).map(|run| {
            let place = |(at, millis): (_, f64)| (axis.share(at), y(millis));
            // Over its second, so that one alone is seen too.
            let ends = |at, millis| [place((at, millis)), place((away(at, second), millis))];
            run.iter().filter_map(|second| Some(ends(second.at, second.max_millis?))).flatten().collect()
        })
    });
    runs.collect()
}

/// Of the clients' time, on the axis, in milliseconds.
fn on_axis(evidence: &Evidence, millis: i64) -> i64 {
    let speed = evidence.drill.as_ref().map_or(1.0, |drill| drill.speed);
    (millis as f64 * speed) as i64
}

fn y(millis: f64) -> f64 {
    let share = (millis.clamp(LEAST, MOST) / LEAST).log10() / (MOST / LEAST).log10();
    f64::from(HEIGHT) * (1.0 - share)
}

fn class(path: ClientPath) -> &'static str {
    match path {
        ClientPath::Persistent => "s-data",
        ClientPath::Fresh => "s-clients",
        ClientPath::Reader => "s-reader",
        ClientPath::OldWriter => "s-old",
    }
}
