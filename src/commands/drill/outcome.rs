//! What is left of a drill: its file, its report, and the acceptance table.

use std::path::Path;

use super::clients::Seen;
use super::course::Ran;
use crate::clock::Clock;
use crate::commands::whole_file::save;
use crate::commands::{CommandError, last_words, stdout};
use crate::journal;
use crate::model::action::Run;
use crate::model::availability::ClientPath;
use crate::model::database::DatabaseName;
use crate::model::drill::{AcceptanceRow, Drill, JournalPlace, Passed};
use crate::model::snapshot::Snapshot;
use crate::report::evidence::{Evidence, JournalProof};
use crate::report::{self, Gatherer, Selection};

/// How the database is left, in a sentence.
pub(super) fn left(snapshot: &Snapshot, database: &DatabaseName, is_simulated: bool) -> String {
    if is_simulated {
        return format!("{database} was simulated, and is gone with this process");
    }
    let view = snapshot.databases.iter().find(|view| view.policy.database == *database);
    let Some(state) = view.and_then(|view| view.state.as_ref()) else {
        return format!("{database} was not seen");
    };
    let run = view.and_then(|view| view.run.as_ref()).filter(|run| run.ended.is_none());
    let run = run.map_or_else(
        || "nothing is under way".to_owned(),
        |run: &Run| {
            format!(
                "{} is under way ({}): the next engine on this state directory carries it on",
                run.intent.action.0,
                run.phase_words()
            )
        },
    );
    format!("{database} is {}, {}; {run}", state.class, state.status.as_str())
}

/// Writes the drill and its report beside the journal, and prints the table.
///
/// # Errors
/// When something could not be written, or a claim does not hold.
pub(super) fn tell(
    directory: &Path,
    ran: &Ran,
    seen: Option<Seen>,
    (limit, json): (Limit, bool),
) -> Result<(), CommandError> {
    let mut drill = ran.drill.clone();
    if let Some(seen) = seen {
        drill.availability = Some(seen.availability);
        match seen.load {
            Ok(load) => drill.load = Some(load),
            Err(why) => last_words::say(&format!("the load: {why}")),
        }
        if let Some(left) = seen.left {
            last_words::say(&left);
        }
    }
    drill.acceptance = limits(&drill, limit);
    let (whole, _) = journal::read_good(directory, |_| {});
    drill.journal = (whole.records > 0).then_some(JournalPlace { seq: whole.records, hash: whole.head });
    // Plain data with string keys: it always serialises.
    let text = serde_json::to_string_pretty(&drill).unwrap_or_default();
    save(&directory.join("drill.json"), &text, true)?;
    let evidence = gather(directory, drill)?;
    let page = directory.join("report.html");
    save(&page, &report::html(&evidence), true)?;
    save(&directory.join("report.md"), &report::markdown(&evidence), true)?;
    show(&evidence.acceptance, json)?;
    last_words::say(&format!("report: {}", page.display()));
    let failed = evidence.acceptance.iter().filter(|row| row.passed == Passed::Failed).count();
    if failed == 0 { Ok(()) } else { Err(CommandError::Failed(format!("{failed} of the claims do not hold"))) }
}

/// What clients may feel at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// Nobody promises anything: the database itself is changed.
    None,
    /// Another machine takes over.
    Outage,
    /// And a pooler holds those who write.
    Stall,
}

const MOST_OUTAGE_MILLIS: u64 = 3_000;
const MOST_STALL_MILLIS: f64 = 1_000.0;

/// The drill's own claims: what clients felt stays within its limit.
fn limits(drill: &Drill, limit: Limit) -> Vec<AcceptanceRow> {
    let mut rows = Vec::new();
    let mut claim = |claim: &str, passed, figure: String, source: &str| {
        rows.push(AcceptanceRow { claim: claim.to_owned(), passed, figure, source: source.to_owned() });
    };
    if let Some(availability) = drill.availability.as_ref().filter(|_| limit != Limit::None) {
        // The old writer is out on purpose.
        let paths = availability.paths.iter().filter(|path| path.path != ClientPath::OldWriter);
        let longest = paths.filter_map(|path| path.longest_outage().map(|outage| (outage.millis, path.path))).max();
        let figure = longest.map_or_else(
            || "none was out at all".to_owned(),
            |(millis, path)| format!("{millis} ms, {}", path.words()),
        );
        let passed = Passed::of(longest.is_none_or(|(millis, _)| millis <= MOST_OUTAGE_MILLIS));
        claim("No client was out for longer than 3 s", passed, figure, "canary");
    }
    if let Some(load) = drill.load.as_ref().filter(|_| limit == Limit::Stall) {
        let figure = format!("{} of {} failed", load.failed + load.not_begun, load.scheduled);
        claim("No write through the pooler failed", Passed::of(load.failed + load.not_begun == 0), figure, "load");
        let stall = load.latency.max_millis;
        let figure = format!("{stall:.0} ms from its schedule to its acknowledgement");
        claim(
            "No write through the pooler waited for longer than 1 s",
            Passed::of(stall <= MOST_STALL_MILLIS),
            figure,
            "load",
        );
    }
    rows
}

fn gather(directory: &Path, drill: Drill) -> Result<Evidence, CommandError> {
    let mut gatherer = Gatherer::default();
    let (good, read) = journal::read_good(directory, |entry| gatherer.take(entry));
    let broken = read.err().map(|error| error.to_string());
    let proof = JournalProof { records: good.records, segments: good.segments, head: good.head, broken };
    let (from, until) = (Some(drill.from), Some(drill.until));
    let selection = Selection::Span { from, until, database: Some(drill.database.clone()) };
    let evidence = gatherer.finish(&selection, Some(drill), proof, Clock::system().now());
    evidence.map_err(|nothing| CommandError::Failed(nothing.to_string()))
}

fn show(rows: &[AcceptanceRow], json: bool) -> Result<(), CommandError> {
    if json {
        return stdout::line(&serde_json::to_string(rows).unwrap_or_default());
    }
    for AcceptanceRow { claim, passed, figure, source } in rows {
        stdout::line(&format!("{:<12}  {claim}: {figure}  [{source}]", passed.words()))?;
    }
    Ok(())
}
