//! The tables of the page. On a phone each row becomes a block, with the names of the columns beside the values.

use crate::model::decision::{Decision, RuleResult};
use crate::model::drill::{Drill, Passed};
use crate::model::load_run::LoadRun;
use crate::report::evidence::{ActionEvidence, CallEvidence, Evidence, MomentKind};
use crate::report::markup::Markup;
use crate::report::story::{self, count, sign};
use crate::report::when::{clock, length, number, stamp};

/// A page with more rows than this helps nobody; the JSON has all.
pub(in crate::report) const ROWS: usize = 1_500;

/// Rows of cells under their heads. The class of a row is the first of each.
fn table<'a>(page: &mut Markup, heads: &[&'static str], rows: impl Iterator<Item = (&'a str, Vec<String>)>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        page.leaf("p", &[("class", "note")], "None.");
        return;
    }
    page.within("table", &[], |page| {
        page.within("thead", &[], |page| {
            page.within("tr", &[], |page| heads.iter().for_each(|head| page.leaf("th", &[("scope", "col")], head)));
        });
        page.within("tbody", &[], |page| {
            for (class, cells) in rows {
                page.within("tr", &[("class", class)], |page| {
                    for (head, cell) in heads.iter().zip(cells) {
                        page.leaf("td", &[("data-head", head)], &cell);
                    }
                });
            }
        });
    });
}

/// What is claimed, and whether it was shown.
pub(super) fn acceptance(page: &mut Markup, evidence: &Evidence) {
    let rows = evidence.acceptance.iter().map(|row| {
        let class = match row.passed {
            Passed::Passed => "good",
            Passed::Failed => "bad",
            Passed::NotMeasured => "unknown",
        };
        let result = format!("{} {}", sign(row.passed), row.passed.words());
        (class, vec![row.claim.clone(), result, row.figure.clone(), row.source.clone()])
    });
    table(page, &["claim", "result", "figure", "source"], rows);
}

/// What happened, in order.
pub(super) fn timeline(page: &mut Markup, evidence: &Evidence) {
    let moments = &evidence.timeline;
    let rows = moments.iter().take(ROWS).map(|moment| {
        let record = moment.seq.map_or_else(|| "drill".to_owned(), |seq| format!("#{seq}"));
        (kind(moment.kind).1, vec![stamp(moment.at), kind(moment.kind).0.to_owned(), moment.words.clone(), record])
    });
    let note = "All times are UTC; those of RDS's events are RDS's own. Evaluations that say the same as the one before are left out.";
    page.leaf("p", &[("class", "note")], note);
    if moments.len() > ROWS {
        let note = format!("Of {} rows the first {ROWS} are shown; --format json has all.", moments.len());
        page.leaf("p", &[("class", "note")], &note);
    }
    table(page, &["time", "what", "in words", "record"], rows);
}

/// A kind in a word, and its class.
pub(in crate::report) fn kind(kind: MomentKind) -> (&'static str, &'static str) {
    match kind {
        MomentKind::Decision => ("decision", "k-decision"),
        MomentKind::Call => ("call", "k-call"),
        MomentKind::Rds => ("RDS event", "k-rds"),
        MomentKind::Alarm => ("alarm", "k-alarm"),
        MomentKind::Seen => ("seen", "k-seen"),
        MomentKind::Verified => ("verified", "k-verified"),
        MomentKind::Failed => ("ended", "k-failed"),
        MomentKind::Person => ("person", "k-person"),
        MomentKind::Engine => ("engine", "k-engine"),
    }
}

/// Why an action began, what was called, and what RDS said.
pub(super) fn action(page: &mut Markup, action: &ActionEvidence) {
    for why in story::why(action) {
        page.leaf("p", &[], &format!("{why}."));
    }
    page.leaf("p", &[], &format!("{}: {}.", action.intent.strategy.as_str(), story::end(action)));
    match &action.decision {
        None => page.leaf("p", &[("class", "note")], "It rests on no evaluation."),
        Some(ground) => {
            page.leaf("h3", &[], &format!("The evaluation behind it, #{} at {} UTC", ground.seq, stamp(ground.at)));
            let digest = &ground.decision.policy_digest;
            page.leaf("p", &[], &format!("{}; policy {digest}.", ground.decision.words()));
            reasons(page, &ground.decision);
        }
    }
    page.leaf("h3", &[], "Calls to AWS");
    let rows = action.calls.iter().map(|call| ("", call_cells(call)));
    table(page, &["sent", "call", "answer", "request id", "record"], rows);
    page.leaf("h3", &[], "RDS's own events");
    let rows = action.rds_events.iter().map(|event| {
        let of = event.instance.as_ref().unwrap_or(&event.database);
        ("", vec![stamp(event.date), of.to_string(), event.message.clone(), event.categories.join(", ")])
    });
    table(page, &["time", "of", "message", "categories"], rows);
}

fn reasons(page: &mut Markup, decision: &Decision) {
    let rule = |result: &RuleResult| {
        let class = if result.holds { "good" } else { "" };
        let holds = if result.holds { "✔ holds" } else { "· does not" };
        let cells = vec![
            result.direction.word().to_owned(),
            result.rule.to_string(),
            result.beyond.to_string(),
            result.missing.to_string(),
            holds.to_owned(),
        ];
        (class, cells)
    };
    let rules = decision.rules.iter().map(rule);
    table(page, &["direction", "rule", "beyond", "missing", "result"], rules);
    details(page, &count(decision.datapoints.len(), "datapoint"), |page| {
        let rows = decision.datapoints.iter().map(|used| {
            let age = length(used.age_secs);
            ("", vec![used.signal.to_string(), stamp(used.start), number(used.value), age])
        });
        table(page, &["signal", "period from", "value", "age"], rows);
    });
    let closed = decision.closed_gates().count();
    details(page, &format!("{}, {closed} closed", count(decision.gates.len(), "gate")), |page| {
        let rows = decision.gates.iter().map(|result| {
            let (class, is) = if result.open { ("", "✔ open") } else { ("bad", "✘ closed") };
            (class, vec![result.gate.name().to_owned(), is.to_owned(), result.gate.seen()])
        });
        table(page, &["gate", "is", "seen"], rows);
    });
    if decision.choices.is_empty() {
        return;
    }
    details(page, "Strategies side by side", |page| {
        let time = |time: &crate::model::override_plan::ExpectedTime| {
            format!("{} to {}", length(i64::from(time.least_secs)), length(i64::from(time.most_secs)))
        };
        let rows = decision.choices.iter().filter(|choice| choice.fits).map(|choice| {
            let (class, is) = if choice.is_chosen { ("good", "✔ chosen") } else { ("", "· not chosen") };
            let cells = [choice.strategy.as_str().to_owned(), is.to_owned(), choice.why_not.join("; ")];
            (
                class,
                cells
                    .into_iter()
                    .chain([time(&choice.ready), time(&choice.outage), choice.basis.to_string()])
                    .collect(),
            )
        });
        let heads = ["strategy", "is", "against it", "ready in", "without the database", "by"];
        table(page, &heads, rows);
    });
}

/// Open from the beginning: a printed page has no buttons.
fn details(page: &mut Markup, title: &str, write: impl FnOnce(&mut Markup)) {
    page.within("details", &[("open", "open")], |page| {
        page.leaf("summary", &[], title);
        write(page);
    });
}

/// Of a call, for HTML and Markdown.
pub(in crate::report) fn call_cells(call: &CallEvidence) -> Vec<String> {
    let known = match call.outcome {
        crate::report::evidence::CallKnown::Sent => "no answer on record",
        crate::report::evidence::CallKnown::Accepted => "accepted",
        crate::report::evidence::CallKnown::Refused => "refused",
        crate::report::evidence::CallKnown::Unknown => "answer lost",
        crate::report::evidence::CallKnown::Adopted => "answer lost, but seen to have happened",
    };
    let detail = call.detail.as_ref().map_or_else(String::new, |detail| format!(": {detail}"));
    let answered = call.answered_at.map_or_else(String::new, |at| format!(" at {}", clock(at)));
    let id = call.request_id.clone().unwrap_or_else(|| "–".to_owned());
    vec![stamp(call.sent_at), call.words.clone(), format!("{known}{answered}{detail}"), id, format!("#{}", call.seq)]
}

/// Versions, account, permissions and policies.
pub(super) fn environment(page: &mut Markup, evidence: &Evidence) {
    let rows = environment_rows(evidence).into_iter().map(|(name, value)| ("", vec![name, value]));
    table(page, &["what", "value"], rows);
}

/// The same for Markdown.
pub(in crate::report) fn environment_rows(evidence: &Evidence) -> Vec<(String, String)> {
    let mut rows = vec![(
        "acted on".to_owned(),
        match evidence.world {
            crate::report::evidence::World::Aws => "AWS",
            crate::report::evidence::World::Simulation => "the embedded simulation of AWS",
            crate::report::evidence::World::Unknown => "not on record",
        }
        .to_owned(),
    )];
    if let Some(identity) = &evidence.identity {
        rows.push(("account".to_owned(), format!("{} in {}", identity.account, identity.region)));
        rows.push(("identity".to_owned(), identity.arn.clone()));
    }
    rows.extend(evidence.engines.iter().map(|engine| {
        let words = format!("upshift {}, {}, configuration {}", engine.version, engine.mode, engine.config_digest);
        (format!("engine from {} UTC", stamp(engine.at)), words)
    }));
    rows.extend(evidence.permissions.iter().map(|word| {
        let by = word.by.as_ref().map_or_else(|| "the engine".to_owned(), ToString::to_string);
        let what = if word.is_armed { "armed" } else { "disarmed" };
        (format!("{what} {} UTC", stamp(word.at)), format!("by {by}: {} (#{})", word.why, word.seq))
    }));
    rows.extend(evidence.databases.iter().map(|of| (format!("policies of {}", of.database), of.policies.join(", "))));
    if let Some(load) = evidence.drill.as_ref().and_then(|drill| drill.load.as_ref()) {
        let rate = evidence.drill.as_ref().and_then(|drill| surge_words(drill, load)).unwrap_or_else(|| {
            let (achieved, target) = (number(load.achieved_writes_per_sec), number(load.target_writes_per_sec));
            format!("{achieved} writes/s on average, {target} wanted at the most")
        });
        let words = format!(
            "{rate}, on {}; {} acknowledged, {} failed, {} not begun; p50 {} ms, p99 {} ms, slowest {} ms",
            count(load.connections as usize, "session"),
            load.acknowledged,
            load.failed,
            load.not_begun,
            number(load.latency.p50_millis),
            number(load.latency.p99_millis),
            number(load.latency.max_millis)
        );
        rows.push(("load of the drill".to_owned(), words));
    }
    rows.push(("journal head".to_owned(), evidence.journal.head.clone()));
    rows
}

/// What was acknowledged within the surge, each second of clients on its own; and over all of the load, calm included.
fn surge_words(drill: &Drill, load: &LoadRun) -> Option<String> {
    let surge = drill.surge?;
    let within = load.seconds.iter().filter(|second| (surge.from..surge.until).contains(&second.at));
    let acknowledged: Vec<u32> = within.map(|second| second.acknowledged).collect();
    let mean = acknowledged.iter().map(|writes| f64::from(*writes)).sum::<f64>() / acknowledged.len().max(1) as f64;
    (!acknowledged.is_empty()).then(|| {
        format!(
            "{} of {} writes/s wanted in the surge, {} on average with the calm before and after",
            number(mean),
            number(surge.writes_per_sec),
            number(load.achieved_writes_per_sec)
        )
    })
}
