//! The engine in some lines: may it act, what does it do, what keeps it from more.

use jiff::{SignedDuration, Timestamp};

use crate::control::socket::Hello;
use crate::model::backend::Backend;
use crate::model::notify::NotifyView;
use crate::model::snapshot::{DatabaseView, Snapshot};
use crate::model::text::clean;

/// Longest sentence of the engine's that is printed: a hold with all of its reasons.
const SENTENCE: usize = 1_000;

/// All of it, in lines.
pub(super) fn words(hello: &Hello, snapshot: &Snapshot) -> String {
    let engine = &hello.engine;
    let mut lines = vec![
        snapshot.arming.words(),
        format!("engine: {}, upshift {}, since {:.0}", engine.words(), engine.version, engine.since),
        format!("you are: {}", hello.role),
        world(snapshot, hello.now),
    ];
    if let Some(why) = &snapshot.journal.broken {
        lines.push(format!("JOURNAL takes no records, nothing can be started: {why}"));
    } else {
        lines.push(format!("journal: #{} {}", snapshot.journal.seq, snapshot.journal.head));
    }
    let (digest, since) = (&snapshot.configuration.digest, snapshot.configuration.since);
    lines.extend(since.map(|since| format!("configuration: {digest} since {since:.0}")));
    lines.extend(snapshot.configuration.refusal());
    if let Some(lease) = &snapshot.lease {
        let trouble = lease.trouble.as_ref().map_or_else(String::new, |trouble| format!("; {}", trouble.sentence));
        lines.push(format!("lease {}: {}{trouble}", lease.place, lease.standing.words()));
    }
    lines.extend(snapshot.problems.iter().map(|problem| format!("fails: {}", problem.failure.sentence)));
    lines.extend(snapshot.notify.iter().filter_map(NotifyView::problem));
    lines.extend(snapshot.notify.iter().map(|view| format!("tells by {}", view.words())));
    for view in &snapshot.databases {
        lines.extend(database(view));
    }
    lines.iter().map(|line| clean(line, SENTENCE)).collect::<Vec<_>>().join("\n")
}

/// Where, and how old the picture is.
fn world(snapshot: &Snapshot, now: Timestamp) -> String {
    let place = match &snapshot.backend {
        Backend::Aws => "AWS".to_owned(),
        Backend::Simulation { scenario, speed, .. } => format!("SIMULATION {scenario} {speed}x"),
    };
    let account = snapshot.identity.as_ref().map_or_else(
        || "account not confirmed yet".to_owned(),
        |identity| format!("account {} {}", identity.account, identity.region),
    );
    let age = now.duration_since(snapshot.at).max(SignedDuration::ZERO).as_secs();
    format!("world: {place}, {account}; picture of {:.0}, {age} s old", snapshot.at)
}

fn database(view: &DatabaseView) -> Vec<String> {
    let name = view.name();
    let state = view
        .state
        .as_ref()
        .map_or_else(|| "not seen yet".to_owned(), |state| format!("{}, {}", state.class, state.status));
    let seen = view.state_at.map_or_else(String::new, |at| format!(", seen {at:.0}"));
    let mut lines = vec![format!("{name}: {state}{seen}")];
    if let Some(decision) = &view.decision {
        lines.push(format!("  decision: {}", decision.words()));
        lines.extend(decision.closed_gates().map(|gate| format!("  closed: {}", gate.closed_sentence())));
    }
    if let Some(run) = view.active_run() {
        let action = &run.intent.action.0;
        lines.push(format!("  under way: {action} to {}: {}", run.intent.to, run.phase_words()));
        lines.extend(view.waits_for.iter().map(|why| format!("  waits for: {why}")));
        lines.extend(view.approve_until.map(|until| format!("  waits for `approve` until {until:.0}")));
    }
    lines.extend(view.holds.iter().map(|hold| format!("  held {}: {}", hold.scope(), hold.cause)));
    if let Some(end) = &view.at_expiry {
        lines.push(format!("  at {:.0} the engine would {}", end.at, end.would));
    }
    if let Some(wake) = &view.next_look {
        lines.push(format!("  next look: {:.0}, {}", wake.at, wake.why.words()));
    }
    lines
}
