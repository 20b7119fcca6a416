//! Any number of seeds, each a trial of its own.

use std::sync::{Mutex, PoisonError};

use super::{CommandError, on_all_cores, stdout};
use crate::cli::{CoverageUse, SimulateArgs};
use crate::model::guard::Guard;
use crate::swarm::oracle::coverage::Coverage;
use crate::swarm::{Report, Trial, can_be_thinned, run as run_trial, run_poorer, step_for_want_of_data};

/// How the promise is named that equal seeds are equal trials.
const NOT_REPEATABLE: &str = "not repeatable";
/// How what breaks in the run with less data is told from the others.
const POORER: &str = "with data taken away";

/// Runs the trials; the lowest seed whose promises do not hold is told with its last events and how to see it again.
pub(super) fn run(args: &SimulateArgs) -> Result<(), CommandError> {
    let without = args.without.as_deref().map(guard).transpose()?;
    let first = args.seed.unwrap_or(args.first);
    let count = if args.seed.is_some() { 1 } else { args.seeds };
    let Some(end) = first.checked_add(count) else {
        return Err(CommandError::Usage(format!("there are no {count} seeds from {first} on")));
    };
    let seeds: Vec<u64> = (first..end).collect();
    let swarm = Swarm { args, without, sum: Mutex::default() };
    on_all_cores(seeds.len(), "seeds", |at| swarm.take_in(seeds[at]));
    swarm.conclude()
}

fn guard(name: &str) -> Result<Guard, CommandError> {
    Guard::ALL.into_iter().find(|guard| guard.name() == name).ok_or_else(|| {
        let names = Guard::ALL.map(Guard::name).join(", ");
        CommandError::Usage(format!("no guard is named `{name}`; there are {names}"))
    })
}

/// What the threads share.
struct Swarm<'a> {
    args: &'a SimulateArgs,
    without: Option<Guard>,
    sum: Mutex<Sum>,
}

#[derive(Default)]
struct Sum {
    seeds: u64,
    coverage: Coverage,
    mutations: u64,
    records: u64,
    repeated: u64,
    thinned: u64,
    trace: Option<String>,
    failed: Option<Report>,
    broke: Option<String>,
}

impl Swarm<'_> {
    /// One trial. False when a promise did not hold.
    fn take_in(&self, seed: u64) -> bool {
        let trial = Trial { seed, hours: self.args.hours, without: self.without };
        let twice = self.args.twice_every.is_some_and(|every| seed.is_multiple_of(every.max(1)));
        let thinned =
            self.args.poorer_every.is_some_and(|every| seed.is_multiple_of(every.max(1))) && can_be_thinned(trial);
        let reports = run_trial(trial).and_then(|report| {
            let again = twice.then(|| run_trial(trial)).transpose()?;
            Ok((report, again, thinned.then(|| run_poorer(trial)).transpose()?))
        });
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut report, again, poorer) = match reports {
            Ok(reports) => reports,
            Err(error) => {
                sum.broke.get_or_insert(format!("the runtime could not start: {error}"));
                return false;
            }
        };
        sum.seeds += 1;
        sum.repeated += u64::from(again.is_some());
        if let Some(again) = again.filter(|again| again.trace != report.trace) {
            report.broken.push(format!("{NOT_REPEATABLE}: its traces are {} and {}", report.trace, again.trace));
        }
        sum.thinned += u64::from(poorer.is_some());
        if let Some(poorer) = poorer {
            hold_against(&mut report, poorer);
        }
        sum.coverage.add(&report.coverage);
        sum.mutations += report.mutations;
        sum.records += report.records;
        sum.trace = Some(report.trace.clone());
        if !report.broken.is_empty() && sum.failed.as_ref().is_none_or(|failed| report.seed < failed.seed) {
            sum.failed = Some(report);
        }
        sum.failed.is_none() && sum.broke.is_none()
    }

    fn conclude(self) -> Result<(), CommandError> {
        let hours = self.args.hours;
        let sum = self.sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        if self.args.coverage.is_some() {
            stdout::line(&format!("{}\n", sum.coverage.table()))?;
        }
        if let Some(why) = sum.broke {
            return Err(CommandError::Failed(why));
        }
        if let Some(report) = sum.failed {
            stdout::line(&failure(&report, hours, self.without))?;
            let what = report.broken.first().cloned().unwrap_or_default();
            return Err(CommandError::Failed(format!("seed {}: {what}", report.seed)));
        }
        let (reached, cells) = sum.coverage.cells();
        let line = format!(
            "{} seeds x {hours} h: every promise held; {} mutations, {} records, {} seeds run twice alike, \
             {} with data taken away, {reached} of {cells} cells of fault and phase reached",
            sum.seeds, sum.mutations, sum.records, sum.repeated, sum.thinned
        );
        stdout::line(&line)?;
        if let Some(trace) = sum.trace.filter(|_| self.args.seed.is_some()) {
            stdout::line(&format!("trace {trace}"))?;
        }
        let (missed, unseen, unreached) = (sum.coverage.missed(), sum.coverage.unseen(), sum.coverage.unreached());
        let complete = missed.is_empty() && unseen.is_empty() && unreached.is_empty();
        if self.args.coverage == Some(CoverageUse::Complete) && !complete {
            let unseen: Vec<&str> = unseen.iter().map(|fault| fault.words()).collect();
            let why = format!(
                "never happened: {missed:?} {unseen:?} {unreached:?}; more seeds, or a fault that does not strike"
            );
            return Err(CommandError::Failed(why));
        }
        Ok(())
    }
}

/// Takes into the report of a trial what the same one with data taken away shows.
fn hold_against(report: &mut Report, poorer: Report) {
    let step = step_for_want_of_data(report.first_steps.as_ref(), poorer.first_steps.as_ref());
    let broken: Vec<String> = poorer.broken.into_iter().chain(step).collect();
    if report.broken.is_empty() && !broken.is_empty() {
        report.last_events = poorer.last_events;
    }
    report.broken.extend(broken.iter().map(|what| format!("{POORER}: {what}")));
}

/// What a person needs to begin: what broke, what came before it, and how to see it again.
fn failure(report: &Report, hours: u32, without: Option<Guard>) -> String {
    let without = without.map_or_else(String::new, |guard| format!(" --without {guard}"));
    let poorer = if report.broken.iter().any(|what| what.starts_with(POORER)) { " --poorer-every 1" } else { "" };
    let twice = if report.broken.iter().any(|what| what.starts_with(NOT_REPEATABLE)) { " --twice-every 1" } else { "" };
    format!(
        "seed {} broke its promise:\n  {}\nbefore it:\n  {}\nagain: upshift simulate --seed {} --hours {hours}{without}{twice}{poorer}",
        report.seed,
        report.broken.join("\n  "),
        report.last_events.join("\n  "),
        report.seed,
    )
}
