//! What happened when: a row each for decisions, calls, RDS's events, alarms, and how it ended.

use super::axis::Axis;
use super::shapes::{self, Mark};
use super::{Frame, bands};
use crate::report::evidence::{Evidence, MomentKind};
use crate::report::markup::Markup;
use crate::report::when::clock;

const ROW: u32 = 32;

/// More marks than this in one row are no longer told apart.
const MARKS: usize = 400;

/// The rows, each with what it shows and how.
const LANES: [(&str, &str, Mark, MomentKind); 6] = [
    ("decisions that said something new", "s-decision", Mark::Diamond, MomentKind::Decision),
    ("orders, calls to AWS and their answers", "s-call", Mark::Triangle, MomentKind::Call),
    ("RDS's own events", "s-rds", Mark::Dot, MomentKind::Rds),
    ("CloudWatch's alarms", "s-alarm", Mark::Square, MomentKind::Alarm),
    ("verified", "s-verified", Mark::Tick, MomentKind::Verified),
    ("ended otherwise", "s-failed", Mark::Cross, MomentKind::Failed),
];

/// The timeline as a plot. Rows of which nothing happened are left out.
pub(in crate::report) fn lanes(page: &mut Markup, evidence: &Evidence, axis: Axis) {
    let of = |kind| evidence.timeline.iter().filter(move |moment| moment.kind == kind && axis.has(moment.at));
    let lanes: Vec<_> = LANES.into_iter().filter(|(.., kind)| of(*kind).next().is_some()).collect();
    let mut notes = Vec::new();
    for (title, .., kind) in &lanes {
        let number = of(*kind).count();
        if number > MARKS {
            notes.push(format!("Of {number} {title} the first {MARKS} are drawn; the table and the JSON have more."));
        }
    }
    if lanes.is_empty() {
        notes.push("Nothing of this happened in this time.".to_owned());
    }
    let height = ROW * lanes.len().max(1) as u32;
    Frame { axis, height, title: "What happened when", keys: &[], notes: &notes }.draw(page, |page| {
        bands(page, evidence, axis, height);
        for (row, (title, class, mark, kind)) in lanes.iter().enumerate() {
            let top = row as u32 * ROW;
            shapes::text(page, "row", ("4", top + 12), "start", title);
            for moment in of(*kind).take(MARKS) {
                let words = format!("{} UTC: {}", clock(moment.at), moment.words);
                shapes::mark(page, (class, *mark), (&axis.percent(moment.at), top + 22), &words);
            }
        }
    });
}
