//! The report as one HTML file: style and plots are inside, nothing is loaded from anywhere, and no script is needed.

pub(super) mod tables;

use super::evidence::{DatabaseEvidence, Evidence};
use super::markup::Markup;
use super::plot::{self, Axis};
use super::story::{self, Answer};
use super::when::stamp;

const STYLE: &str = include_str!("style.css");

/// So many actions have a section of their own.
pub(super) const ACTIONS: usize = 50;

/// What the page is allowed: its own style, and nothing else. A browser holds to it whatever the page contains.
const ALLOWED: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The whole page. It is well-formed XML too.
pub fn html(evidence: &Evidence) -> String {
    Markup::document(|page| {
        page.within("html", &[("lang", "en")], |page| {
            page.within("head", &[], |page| head(page, evidence));
            page.within("body", &[], |page| page.within("main", &[], |page| body(page, evidence)));
        });
    })
}

fn head(page: &mut Markup, evidence: &Evidence) {
    page.empty("meta", &[("charset", "utf-8")]);
    page.empty("meta", &[("http-equiv", "Content-Security-Policy"), ("content", ALLOWED)]);
    page.empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
    page.empty("meta", &[("name", "color-scheme"), ("content", "light dark")]);
    page.leaf("title", &[], &format!("upshift report: {}", story::title(evidence)));
    page.style(STYLE);
}

fn body(page: &mut Markup, evidence: &Evidence) {
    if let Some(broken) = &evidence.journal.broken {
        page.within("p", &[("class", "banner broken"), ("role", "alert")], |page| {
            page.leaf("b", &[], "THE JOURNAL IS DAMAGED. ");
            page.text("This report shows the good part of it alone. ");
            page.text(broken);
        });
    }
    if let Some(warning) = story::warning(evidence) {
        page.leaf("p", &[("class", "banner")], warning);
    }
    page.within("header", &[], |page| {
        page.leaf("h1", &[], &story::title(evidence));
        let span = format!("{} to {} UTC", stamp(evidence.from), stamp(evidence.until));
        page.leaf("p", &[("class", "span")], &span);
    });
    page.within("section", &[("class", "answers"), ("aria-label", "In short")], |page| {
        for answer in story::answers(evidence) {
            card(page, &answer);
        }
    });
    section(page, "Acceptance", |page| tables::acceptance(page, evidence));
    section(page, "Plots", |page| plots(page, evidence));
    section(page, "Timeline", |page| tables::timeline(page, evidence));
    if evidence.actions.len() > ACTIONS {
        let note = format!(
            "Of {} actions the first {ACTIONS} follow; --action shows one, --format json has all.",
            evidence.actions.len()
        );
        page.leaf("p", &[("class", "note")], &note);
    }
    for action in evidence.actions.iter().take(ACTIONS) {
        let title = format!("Action {}: {}", action.intent.action.0, story::what(action));
        section(page, &title, |page| tables::action(page, action));
    }
    section(page, "Environment", |page| tables::environment(page, evidence));
    page.within("footer", &[], |page| {
        let written = format!("Written by upshift {} at {} UTC.", evidence.written_by, stamp(evidence.written_at));
        page.text(&written);
        page.text(" The chain of the journal can be checked without this program: the README of upshift says how.");
    });
}

fn section(page: &mut Markup, title: &str, write: impl FnOnce(&mut Markup)) {
    page.within("section", &[], |page| {
        page.leaf("h2", &[], title);
        write(page);
    });
}

fn card(page: &mut Markup, answer: &Answer) {
    let class = match answer.is_good {
        Some(true) => "card good",
        Some(false) => "card bad",
        None => "card",
    };
    page.within("div", &[("class", class)], |page| {
        page.leaf("h3", &[], answer.question);
        let sign = answer.is_good.map_or("", |is_good| if is_good { "✔ " } else { "✘ " });
        page.leaf("p", &[("class", "short")], &format!("{sign}{}", answer.short));
        for more in &answer.more {
            page.leaf("p", &[], more);
        }
    });
}

fn plots(page: &mut Markup, evidence: &Evidence) {
    let axis = Axis { from: evidence.from, until: evidence.until };
    let canary = evidence.drill.as_ref().and_then(|drill| drill.availability.as_ref());
    let is_of =
        |database: &&DatabaseEvidence| evidence.drill.as_ref().is_none_or(|drill| drill.database == database.database);
    for database in &evidence.databases {
        for series in &database.series {
            plot::writes(page, evidence, database, series, axis);
        }
        if let Some(seen) = canary.filter(|_| is_of(&database)) {
            plot::canary(page, evidence, seen, axis);
        }
        plot::classes(page, evidence, database, axis);
    }
    if canary.is_none() {
        page.leaf("p", &[("class", "note")], "No canary ran in this time: what clients felt was not measured.");
    }
    plot::lanes(page, evidence, axis);
    if let Some(seen) = canary {
        plot::cuts(page, evidence, seen);
    }
}
