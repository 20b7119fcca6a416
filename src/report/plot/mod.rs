//! Plots as inline SVG, all on one time axis. They are fluid: places in time are percentages of the width, and sizes of text and
//! lines are pixels, so that a phone shows the same plot narrower and not smaller. Colours are classes of the style sheet, and
//! everything that a colour tells a shape, a dash or a word tells too.

mod axis;
mod canary;
mod classes;
mod lanes;
mod shapes;
mod writes;

pub(super) use axis::Axis;
pub(super) use canary::{canary, cuts};
pub(super) use classes::classes;
pub(super) use lanes::lanes;
pub(super) use writes::writes;

use super::evidence::Evidence;
use super::markup::Markup;
use super::when::stamp;

/// Room for the time below a plot, in pixels.
const FOOT: u32 = 18;

/// What a sign stands for: the class of its colour, the sign, and words.
type Key<'a> = (&'static str, &'static str, &'a str);

/// A plot under way.
struct Frame<'a> {
    axis: Axis,
    /// Of the part above the time, in pixels.
    height: u32,
    title: &'a str,
    keys: &'a [Key<'a>],
    notes: &'a [String],
}

impl Frame<'_> {
    /// Draws the plot: its title, its keys, the times, what `draw` adds, and what there is to be said of it.
    fn draw(&self, page: &mut Markup, draw: impl FnOnce(&mut Markup)) {
        page.within("figure", &[], |page| {
            page.within("figcaption", &[], |page| {
                page.leaf("b", &[], self.title);
                for (class, sign, words) in self.keys {
                    page.within("span", &[("class", "key")], |page| {
                        page.leaf("i", &[("class", class)], sign);
                        page.text(" ");
                        page.text(words);
                    });
                }
            });
            let height = (self.height + FOOT).to_string();
            let span = format!("{}, from {} to {} UTC", self.title, stamp(self.axis.from), stamp(self.axis.until));
            let attributes = [("class", "plot"), ("height", &*height), ("role", "img"), ("aria-label", &*span)];
            page.within("svg", &attributes, |page| {
                self.times(page);
                draw(page);
            });
            for note in self.notes {
                page.leaf("p", &[("class", "note")], note);
            }
        });
    }

    fn times(&self, page: &mut Markup) {
        shapes::rect(page, "ground", ("0%", "100%"), (0, self.height), None);
        for (index, (at, words)) in self.axis.ticks().into_iter().enumerate() {
            let x = self.axis.percent(at);
            shapes::line(page, "grid", (&x, 0), (&x, self.height));
            let class = if index % 2 == 0 { "tick" } else { "tick odd" };
            shapes::text(page, class, (&x, self.height + FOOT - 4), anchor(self.axis.share(at)), &words);
        }
    }
}

/// Times in which something was under way, on every plot alike: actions, and the database away.
fn bands(page: &mut Markup, evidence: &Evidence, axis: Axis, height: u32) {
    for action in &evidence.actions {
        let until = action.ended.as_ref().map_or(evidence.until, |end| end.at);
        if let Some(span) = axis.span(action.at, until) {
            let words = format!("{}, {} to {} UTC", super::story::what(action), stamp(action.at), stamp(until));
            shapes::rect(page, "action", (&span.0, &span.1), (0, height), Some(&words));
        }
        let away = action.outage.as_ref().and_then(|outage| outage.span.map(|span| (span, outage)));
        if let Some(((from, until), outage)) = away
            && let Some(span) = axis.span(from, until)
        {
            let words = format!("{}: {}", action.intent.action.0, outage.by.words(outage.secs));
            shapes::rect(page, "away", (&span.0, &span.1), (0, height), Some(&words));
        }
    }
}

/// Text near an end of the axis stays on the plot.
fn anchor(share: f64) -> &'static str {
    match share {
        ..0.04 => "start",
        0.96.. => "end",
        _ => "middle",
    }
}
