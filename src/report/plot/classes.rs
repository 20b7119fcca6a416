//! The class of a database over time: a row for each class, the larger above the smaller.

use super::axis::Axis;
use super::{Frame, Key, bands, shapes};
use crate::model::class::InstanceClass;
use crate::report::evidence::{DatabaseEvidence, Evidence};
use crate::report::markup::Markup;
use crate::report::when::clock;

const ROW: u32 = 34;

/// The classes of a database, as they were seen.
pub(in crate::report) fn classes(page: &mut Markup, evidence: &Evidence, database: &DatabaseEvidence, axis: Axis) {
    let mut rows: Vec<&InstanceClass> = database.classes.iter().map(|span| &span.class).collect();
    rows.sort_by_key(|class| {
        let hardware = class.hardware().map(|hardware| (hardware.memory_gib, hardware.vcpus));
        (std::cmp::Reverse(hardware), (*class).clone())
    });
    rows.dedup();
    let title = format!("{}: class, as seen", database.database);
    let keys: [Key<'_>; 3] = [
        ("s-class", "▬", "on this class"),
        ("s-action", "▒", "action under way"),
        ("s-away", "▮", "without the database, by AWS"),
    ];
    let none = ["The class was not seen in this time.".to_owned()];
    let notes = if rows.is_empty() { &none[..] } else { &[] };
    let height = ROW * rows.len().max(1) as u32;
    Frame { axis, height, title: &title, keys: &keys, notes }.draw(page, |page| {
        bands(page, evidence, axis, height);
        for (row, class) in rows.iter().enumerate() {
            let top = row as u32 * ROW;
            for span in database.classes.iter().filter(|span| span.class == **class) {
                if let Some((x, width)) = axis.span(span.from, span.until) {
                    let words = format!("{class}: {} to {} UTC", clock(span.from), clock(span.until));
                    shapes::rect(page, "class", (&x, &width), (top + 18, 10), Some(&words));
                }
            }
            shapes::text(page, "row", ("4", top + 13), "start", class.as_str());
        }
    });
}
