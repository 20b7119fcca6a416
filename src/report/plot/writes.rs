//! A signal with the thresholds of its rules. Each datapoint is drawn as long as its period; where the journal has none the
//! plot is empty and says why. What clients wrote themselves, in a drill, is beside it.

use std::collections::BTreeMap;

use super::axis::{Axis, Scale, away};
use super::shapes::{self, Mark};
use super::{Frame, Key, anchor, bands};
use crate::model::action::ActionResult;
use crate::model::drill::Drill;
use crate::model::ladder::Direction;
use crate::model::series::SignalName;
use crate::report::evidence::{DatabaseEvidence, Evidence, RuleSpan, SeriesEvidence};
use crate::report::markup::Markup;
use crate::report::story::{gap_words, pace_words, what};
use crate::report::when::clock;

const HEIGHT: u32 = 230;

/// Thresholds alike: which way, which sign, and by its bits the threshold; with the rules that have it.
type Lines<'a> = BTreeMap<(Direction, char, u64), Vec<&'a RuleSpan>>;

/// One signal of a database.
pub(in crate::report) fn writes(
    page: &mut Markup,
    evidence: &Evidence,
    database: &DatabaseEvidence,
    series: &SeriesEvidence,
    axis: Axis,
) {
    let is_writes = series.signal.as_str() == SignalName::WRITES;
    let drill = evidence.drill.as_ref().filter(|drill| is_writes && drill.database == database.database);
    let clients = drill.and_then(|drill| drill.load.as_ref());
    let unit = if is_writes { " (writes/s)" } else { "" };
    let title = format!("{}: {}{unit}", database.database, series.signal);
    let mut keys: Vec<Key<'_>> = vec![
        ("s-data", "▬", "CloudWatch, as decided on"),
        ("s-up", "┅", "threshold up"),
        ("s-down", "┅", "threshold down"),
        ("s-decision", "◆", "decision"),
        ("s-call", "▲", "call to AWS"),
        ("s-verified", "✔", "verified"),
        ("s-empty", "▒", "not in the journal"),
    ];
    if clients.is_some() {
        keys.insert(1, ("s-clients", "▬", "acknowledged to clients"));
    }
    let mut notes: Vec<String> = Vec::new();
    if series.points.is_empty() {
        notes.push("The journal has no datapoint of this time.".to_owned());
    }
    let gaps = gap_words(series);
    if !gaps.is_empty() {
        notes.push(format!("Nothing is drawn where the journal has nothing. {}.", gaps.join("; ")));
    }
    notes.extend(drill.filter(|drill| drill.load.is_some()).and_then(pace_words));
    let rules = lines(database, series);
    let scale = scale(series, &rules, drill);
    Frame { axis, height: HEIGHT, title: &title, keys: &keys, notes: &notes }.draw(page, |page| {
        empty(page, series, axis);
        bands(page, evidence, axis, HEIGHT);
        for (value, words) in scale.ticks() {
            let y = scale.y(value) as u32;
            shapes::line(page, "grid", ("0%", y), ("100%", y));
            shapes::text(page, "tick", ("4", y.saturating_sub(3).max(10)), "start", &words);
        }
        thresholds(page, &rules, scale, axis);
        if let Some(load) = clients {
            let points = load.seconds.iter().filter(|second| axis.has(second.at));
            let run = points.map(|second| (axis.share(second.at), scale.y(f64::from(second.acknowledged)))).collect();
            shapes::runs(page, "line s-clients", HEIGHT, &[run]);
        }
        shapes::runs(page, "line s-data", HEIGHT, &steps(series, scale, axis));
        marks(page, evidence, database, axis);
    });
}

fn lines<'a>(database: &'a DatabaseEvidence, series: &SeriesEvidence) -> Lines<'a> {
    let mut lines = Lines::new();
    for span in database.rules.iter().filter(|span| span.rule.signal == series.signal) {
        let key = (span.direction, span.rule.comparison.sign(), span.rule.threshold.to_bits());
        lines.entry(key).or_default().push(span);
    }
    lines
}

fn scale(series: &SeriesEvidence, rules: &Lines<'_>, drill: Option<&Drill>) -> Scale {
    let thresholds = rules.values().flatten().map(|span| span.rule.threshold);
    let clients = drill.and_then(|drill| drill.load.as_ref()).into_iter().flat_map(|load| &load.seconds);
    let values = series.points.iter().map(|point| point.value).chain(thresholds);
    let most = values.chain(clients.map(|second| f64::from(second.acknowledged))).max_by(f64::total_cmp);
    Scale::up_to(most.unwrap_or(0.0), HEIGHT)
}

fn empty(page: &mut Markup, series: &SeriesEvidence, axis: Axis) {
    for gap in &series.gaps {
        if let Some((x, width)) = axis.span(gap.from, gap.until) {
            let words = format!("not in the journal: {} to {} UTC", clock(gap.from), clock(gap.until));
            shapes::rect(page, "empty", (&x, &width), (0, HEIGHT), Some(&words));
        }
    }
}

/// Each threshold with the rules behind it, such as `up > 500: 2 of 3`.
fn thresholds(page: &mut Markup, lines: &Lines<'_>, scale: Scale, axis: Axis) {
    for ((direction, sign, bits), spans) in lines {
        let threshold = f64::from_bits(*bits);
        let y = scale.y(threshold) as u32;
        let from = spans.iter().map(|span| span.from).min().unwrap_or(axis.from);
        let until = spans.iter().map(|span| span.until).max().unwrap_or(axis.until);
        let class = if *direction == Direction::Up { "s-up" } else { "s-down" };
        let ends = (axis.percent(from), axis.percent(until));
        shapes::line(page, &format!("threshold {class}"), (&ends.0, y), (&ends.1, y));
        let mut rules: Vec<String> =
            spans.iter().map(|span| format!("{} of {}", span.rule.datapoints, span.rule.periods)).collect();
        rules.dedup();
        let words = format!("{} {sign} {threshold}: {}", direction.word(), rules.join(", "));
        let x = axis.percent(away(from.max(axis.from), 0));
        let anchored = if axis.share(from) < 0.7 { ("100%", "end") } else { (&*x, anchor(axis.share(from))) };
        shapes::text(page, &format!("label {class}"), (anchored.0, y.saturating_sub(4).max(10)), anchored.1, &words);
    }
}

/// Each datapoint over its period; those that follow one another are one run.
fn steps(series: &SeriesEvidence, scale: Scale, axis: Axis) -> Vec<Vec<(f64, f64)>> {
    let period = i64::from(series.period_secs) * 1_000;
    let runs = series.points.chunk_by(|a, b| away(a.start, period) >= b.start);
    let run = runs.map(|run| {
        let ends = |start, value| {
            let y = scale.y(value);
            [(axis.share(start), y), (axis.share(away(start, period)), y)]
        };
        run.iter().flat_map(|point| ends(point.start, point.value)).collect()
    });
    run.collect()
}

/// Decisions, calls and ends of this database's actions, at the top.
fn marks(page: &mut Markup, evidence: &Evidence, database: &DatabaseEvidence, axis: Axis) {
    for action in evidence.actions.iter().filter(|action| action.intent.database == database.database) {
        let mut put = |at, look: (&'static str, Mark), words: &str| {
            if axis.has(at) {
                let x = axis.percent(at);
                shapes::line(page, "moment", (&x, 14), (&x, HEIGHT));
                shapes::mark(page, look, (&x, 9), &format!("{} UTC: {words}", clock(at)));
            }
        };
        put(action.at, ("s-decision", Mark::Diamond), &what(action));
        for call in action.calls.iter().skip_while(|call| call.sent_at == action.at) {
            put(call.sent_at, ("s-call", Mark::Triangle), &call.words);
        }
        if let Some(end) = &action.ended {
            let look = match end.result {
                ActionResult::Verified => ("s-verified", Mark::Tick),
                _ => ("s-failed", Mark::Cross),
            };
            put(end.at, look, &end.result.words());
        }
    }
}
