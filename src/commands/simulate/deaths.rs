//! Every kind of action, killed at every point of its life and at every byte of every record that it writes.

use std::sync::{Mutex, PoisonError};

use super::{CommandError, on_all_cores, stdout};
use crate::cli::SimulateArgs;
use crate::model::text::clean;
use crate::swarm::trial::crash::{Death, Kind, run as live};

/// Says how many deaths each kind of action survived; the first that changes anything ends it with exit code 1.
pub(super) fn run(args: &SimulateArgs) -> Result<(), CommandError> {
    let failed = |error: std::io::Error| CommandError::Failed(format!("the runtime could not start: {error}"));
    for kind in kinds(args)? {
        let whole = live(kind, Death::Never).map_err(failed)?;
        if !whole.wrong.is_empty() {
            return Err(CommandError::Failed(format!("{kind:?} without any death: {}", whole.wrong.join("; "))));
        }
        // Every byte is every byte and every poll of every kind.
        let coarser = if args.byte_step == 1 { 1 } else { u64::from(kind.coarser()) };
        let byte_step = args.byte_step.saturating_mul(coarser);
        let bytes = whole.records.iter().enumerate().flat_map(|(at, length)| {
            let append = at as u64 + 1;
            (0..*length).step_by(byte_step as usize).map(move |bytes| Death::Byte { append, bytes })
        });
        // Two points to a poll: one before it, one after.
        let polls = whole.points.div_ceil(2);
        let at_polls = (1..=polls)
            .step_by(coarser as usize)
            .flat_map(|poll| [Death::Point(2 * poll - 1), Death::Point(2 * poll), Death::Disarmed(poll)]);
        let deaths: Vec<Death> = at_polls.chain(bytes).collect();
        let wrong = Mutex::new(None);
        on_all_cores(deaths.len(), &format!("deaths of {kind:?}"), |at| {
            let what = match live(kind, deaths[at]) {
                Ok(outcome) if outcome.wrong.is_empty() => return true,
                Ok(outcome) => {
                    format!("{}\nbefore it:\n  {}", outcome.wrong.join("; "), outcome.last_events.join("\n  "))
                }
                Err(error) => error.to_string(),
            };
            let what = format!("{kind:?}, {:?}: {what}", deaths[at]);
            wrong.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(what);
            false
        });
        if let Some(what) = wrong.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(CommandError::Failed(what));
        }
        let (all, records) = (deaths.len(), whole.records.len());
        let one_of = |step: u64, what: &str| {
            if step == 1 { format!("every {what}") } else { format!("1 {what} of {step}") }
        };
        let (poll, byte) = (one_of(coarser, "poll"), one_of(byte_step, "byte"));
        stdout::line(&format!(
            "{kind:?}: {all} deaths and disarmings (before, after and at {poll} of {polls}; {byte} of {records} records), one end"
        ))?;
    }
    Ok(())
}

/// Those that are named, or all.
fn kinds(args: &SimulateArgs) -> Result<Vec<Kind>, CommandError> {
    let named = |name: &String| {
        let found = Kind::ALL.into_iter().find(|kind| format!("{kind:?}") == *name);
        found.ok_or_else(|| {
            let known = Kind::ALL.map(|kind| format!("{kind:?}")).join(", ");
            CommandError::Usage(format!("no kind of action is called {}\nhelp: there is {known}", clean(name, 40)))
        })
    };
    if args.kind.is_empty() { Ok(Kind::ALL.to_vec()) } else { args.kind.iter().map(named).collect() }
}
