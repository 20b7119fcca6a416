//! The report as Markdown, for a ticket or a review: the same sentences and tables as the HTML, without its plots.

use std::fmt::Write as _;

use super::evidence::{ActionEvidence, Evidence};
use super::html::ACTIONS;
use super::html::tables::{ROWS, call_cells, environment_rows, kind};
use super::story::{self, sign};
use super::when::{number, stamp};
use crate::model::text::clean;

/// The whole text.
pub fn markdown(evidence: &Evidence) -> String {
    let mut out = Text::default();
    if let Some(broken) = &evidence.journal.broken {
        out.paragraph(&format!("THE JOURNAL IS DAMAGED. This report shows the good part of it alone. {broken}"));
    }
    if let Some(warning) = story::warning(evidence) {
        out.paragraph(warning);
    }
    out.heading("#", &story::title(evidence));
    out.paragraph(&format!("{} to {} UTC", stamp(evidence.from), stamp(evidence.until)));
    let answers = story::answers(evidence).into_iter().map(|answer| {
        let sign = answer.is_good.map_or("", |is_good| if is_good { "✔ " } else { "✘ " });
        vec![answer.question.to_owned(), format!("{sign}{}", answer.short), answer.more.join("; ")]
    });
    out.table(&["question", "answer", "because"], answers);
    out.heading("##", "Acceptance");
    let rows = evidence.acceptance.iter().map(|row| {
        let result = format!("{} {}", sign(row.passed), row.passed.words());
        vec![row.claim.clone(), result, row.figure.clone(), row.source.clone()]
    });
    out.table(&["claim", "result", "figure", "source"], rows);
    out.heading("##", "What was measured");
    for database in &evidence.databases {
        for series in &database.series {
            let most = series.points.iter().map(|point| point.value).max_by(f64::total_cmp);
            let most = most.map_or_else(String::new, |most| format!(", at most {}", number(most)));
            let points = story::count(series.points.len(), "datapoint");
            let said = format!("{}, {}: {points}{most}", database.database, series.signal);
            let said: Vec<String> = [said].into_iter().chain(story::gap_words(series)).collect();
            out.item(&said.join("; "));
        }
        for span in &database.classes {
            let class = &span.class;
            out.item(&format!("{}: {class} from {} to {} UTC", database.database, stamp(span.from), stamp(span.until)));
        }
    }
    out.heading("##", "Timeline");
    if evidence.timeline.len() > ROWS {
        out.paragraph(&format!("Of {} rows the first {ROWS} are shown.", evidence.timeline.len()));
    }
    let rows = evidence.timeline.iter().take(ROWS).map(|moment| {
        let record = moment.seq.map_or_else(|| "drill".to_owned(), |seq| format!("#{seq}"));
        vec![stamp(moment.at), kind(moment.kind).0.to_owned(), moment.words.clone(), record]
    });
    out.table(&["time (UTC)", "what", "in words", "record"], rows);
    if evidence.actions.len() > ACTIONS {
        out.paragraph(&format!("Of {} actions the first {ACTIONS} follow.", evidence.actions.len()));
    }
    for action in evidence.actions.iter().take(ACTIONS) {
        out.action(action);
    }
    out.heading("##", "Environment");
    out.table(&["what", "value"], environment_rows(evidence).into_iter().map(|(name, value)| vec![name, value]));
    out.paragraph(&format!("Written by upshift {} at {} UTC.", evidence.written_by, stamp(evidence.written_at)));
    out.0
}

/// Markdown under way: every text is escaped on its way in.
#[derive(Default)]
struct Text(String);

impl Text {
    fn heading(&mut self, level: &str, text: &str) {
        let _ = writeln!(self.0, "\n{level} {}\n", escape(text));
    }

    fn paragraph(&mut self, text: &str) {
        let _ = writeln!(self.0, "{}\n", escape(text));
    }

    fn item(&mut self, text: &str) {
        let _ = writeln!(self.0, "- {}", escape(text));
    }

    fn table(&mut self, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) {
        let _ = writeln!(self.0, "| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| escape(cell)).collect();
            let _ = writeln!(self.0, "| {} |", cells.join(" | "));
        }
        self.0.push('\n');
    }

    fn action(&mut self, action: &ActionEvidence) {
        self.heading("##", &format!("Action {}: {}", action.intent.action.0, story::what(action)));
        for why in story::why(action) {
            self.item(&why);
        }
        self.item(&format!("{}: {}", action.intent.strategy.as_str(), story::end(action)));
        if let Some(ground) = &action.decision {
            let digest = &ground.decision.policy_digest;
            self.item(&format!("evaluation #{} at {} UTC, policy {digest}", ground.seq, stamp(ground.at)));
            let gates = ground.decision.gates.iter();
            let (open, closed): (Vec<_>, Vec<_>) = gates.partition(|result| result.open);
            let names = |gates: Vec<&crate::model::gate::GateResult>| {
                let names: Vec<&str> = gates.into_iter().map(|result| result.gate.name()).collect();
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            };
            self.item(&format!("gates open: {}; closed: {}", names(open), names(closed)));
        }
        self.heading("###", "Calls to AWS");
        self.table(&["sent (UTC)", "call", "answer", "request id", "record"], action.calls.iter().map(call_cells));
        self.heading("###", "RDS's own events");
        let rows = action.rds_events.iter().map(|event| {
            let of = event.instance.as_ref().unwrap_or(&event.database);
            vec![stamp(event.date), of.to_string(), event.message.clone(), event.categories.join(", ")]
        });
        self.table(&["time (UTC)", "of", "message", "categories"], rows);
    }
}

/// Everything that Markdown or the HTML in it could take for a sign, as a sign of itself.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text, 2_000).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '~' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
