//! `upshift report`: the evidence of what was done, as a file. Its path goes to stdout.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::stdout::written;
use super::{CommandError, journal as shown, stdout, whole_file};
use crate::cli::report::{ReportArgs, ReportFormat};
use crate::clock::Clock;
use crate::journal;
use crate::model::action::ActionId;
use crate::model::drill::{Drill, JournalPlace};
use crate::model::text::escape_json;
use crate::report::evidence::{Evidence, JournalProof};
use crate::report::{self, Gatherer, Selection};

/// Writes the report. Of a damaged journal the good part is reported, and the exit code is 1 all the same.
pub(super) fn run(args: &ReportArgs, environment: &Environment) -> Result<(), CommandError> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from > to
    {
        return Err(CommandError::Usage(format!("--from {from:.0} is after --to {to:.0}")));
    }
    let directory = environment.state_directory(args.place.state_dir.as_deref())?;
    let drill = args.drill.as_deref().map(read_drill).transpose()?;
    let mut gatherer = Gatherer::default();
    let (good, read) = journal::read_good(&directory, |entry| gatherer.take(entry));
    let broken = read.err().map(|error| shown::read_words(&directory, &error).words().to_owned());
    if good.records == 0 {
        return Err(match broken {
            Some(broken) => CommandError::Failed(broken),
            None => shown::nothing(&directory),
        });
    }
    if let (Some(path), Some(place)) = (&args.drill, drill.as_ref().and_then(|drill| drill.journal.as_ref())) {
        of_this_journal(path, place, &directory, broken.is_some())?;
    }
    let journal =
        JournalProof { records: good.records, segments: good.segments, head: good.head, broken: broken.clone() };
    let selection = selection(args, drill.as_ref());
    let evidence = gatherer.finish(&selection, drill, journal, Clock::system().now()).map_err(|nothing| {
        let broken = broken.as_ref().map_or_else(String::new, |broken| format!(". {broken}"));
        CommandError::Failed(format!("{nothing}{broken}"))
    })?;
    let text = rendered(&evidence, args.format)?;
    if args.out.as_deref() == Some(Path::new("-")) {
        written(std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush()))?;
    } else {
        let path = args.out.clone().unwrap_or_else(|| default_name(&evidence, &selection, args.format));
        whole_file::save(&path, &text, args.force)?;
        stdout::line(&path.display().to_string())?;
    }
    broken.map_or(Ok(()), |broken| Err(CommandError::Failed(format!("the report shows a part only. {broken}"))))
}

fn read_drill(path: &Path) -> Result<Drill, CommandError> {
    let wrong = |why: String| CommandError::Usage(format!("--drill {}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let drill: Drill = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if drill.from > drill.until {
        return Err(wrong("it ends before it begins".to_owned()));
    }
    Ok(drill)
}

/// Figures of one run beside the records of another would prove nothing.
fn of_this_journal(path: &Path, place: &JournalPlace, directory: &Path, is_broken: bool) -> Result<(), CommandError> {
    let hash = journal::hash_of(directory, place.seq);
    // A damage in front of that record is told in the report.
    if hash.as_ref() == Some(&place.hash) || (hash.is_none() && is_broken) {
        return Ok(());
    }
    Err(CommandError::Usage(format!(
        "--drill {}: it is of another journal than that of {}, whose record #{} has another hash or does not exist: give the \
         --state-dir of that drill",
        path.display(),
        directory.display(),
        place.seq
    )))
}

fn selection(args: &ReportArgs, drill: Option<&Drill>) -> Selection {
    if let Some(action) = &args.action {
        return Selection::Action(ActionId(action.clone()));
    }
    if args.from.is_some() || args.to.is_some() {
        return Selection::Span { from: args.from, until: args.to, database: None };
    }
    match drill {
        Some(drill) if !args.last => {
            let (from, until) = (Some(drill.from), Some(drill.until));
            Selection::Span { from, until, database: Some(drill.database.clone()) }
        }
        _ => Selection::Last,
    }
}

fn rendered(evidence: &Evidence, format: ReportFormat) -> Result<String, CommandError> {
    Ok(match format {
        ReportFormat::Html => report::html(evidence),
        ReportFormat::Md => report::markdown(evidence),
        ReportFormat::Json => {
            let json = serde_json::to_string_pretty(evidence)
                .map_err(|error| CommandError::Failed(format!("the evidence cannot be written as JSON: {error}")))?;
            // Line by line: the escaping makes one line of all white space.
            let lines: Vec<_> = json.lines().map(escape_json).collect();
            lines.join("\n") + "\n"
        }
    })
}

/// Of an action its database and its name, else the time.
fn default_name(evidence: &Evidence, selection: &Selection, format: ReportFormat) -> PathBuf {
    let is_span = matches!(selection, Selection::Span { .. });
    let about = match evidence.actions.as_slice() {
        [action] if !is_span => format!("{}-{}", action.intent.database, action.intent.action.0),
        _ => {
            let stamp = |at: jiff::Timestamp| at.strftime("%Y%m%dT%H%M%S").to_string();
            format!("{}-{}", stamp(evidence.from), stamp(evidence.until))
        }
    };
    // A name from a journal must not lead out of the directory.
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let about: String = about.chars().map(plain).take(120).collect();
    PathBuf::from(format!("upshift-report-{about}.{}", format.extension()))
}
