//! `upshift simulate`: the swarm outside the test harness, on all cores.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::CommandError;
use crate::cli::SimulateArgs;
use crate::model::guard::Guard;
use crate::swarm::coverage::Coverage;
use crate::swarm::{Report, Trial, run as run_trial};

/// Runs the trials and says what came of them; the first seed whose promises do not hold ends it with exit code 1.
pub(super) fn run(args: &SimulateArgs) -> Result<(), CommandError> {
    let without = args.without.as_deref().map(guard).transpose()?;
    let seeds: Vec<u64> = match args.seed {
        Some(seed) => vec![seed],
        None => (args.first..args.first.saturating_add(args.seeds)).collect(),
    };
    let swarm = Swarm::new(args, without, seeds);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores.min(swarm.seeds.len()) {
            scope.spawn(|| swarm.work());
        }
    });
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
    seeds: Vec<u64>,
    next: AtomicU64,
    done: AtomicU64,
    over: AtomicBool,
    sum: Mutex<Sum>,
}

#[derive(Default)]
struct Sum {
    coverage: Coverage,
    mutations: u64,
    records: u64,
    repeated: u64,
    failed: Option<Report>,
    broke: Option<String>,
}

impl<'a> Swarm<'a> {
    fn new(args: &'a SimulateArgs, without: Option<Guard>, seeds: Vec<u64>) -> Self {
        let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { args, without, seeds, next, done, over: AtomicBool::new(false), sum: Mutex::default() }
    }

    /// Takes one seed after the other until all are done or one has failed.
    fn work(&self) {
        while !self.over.load(Ordering::Relaxed) {
            let at = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(seed) = self.seeds.get(at as usize) else { break };
            self.take_in(*seed);
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            self.progress(done);
        }
    }

    fn take_in(&self, seed: u64) {
        let trial = Trial { seed, hours: self.args.hours, without: self.without };
        let outcome = run_trial(trial).map_err(|error| format!("the runtime could not start: {error}"));
        let twice = self.args.twice_every.is_some_and(|every| seed.is_multiple_of(every.max(1)));
        let again = twice.then(|| run_trial(trial)).transpose();
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        let report = match (outcome, again) {
            (Ok(report), Ok(None)) => report,
            (Ok(report), Ok(Some(again))) => {
                sum.repeated += 1;
                if again.trace != report.trace {
                    let (one, two) = (&report.trace[..12], &again.trace[..12]);
                    sum.broke.get_or_insert(format!("seed {seed} is not repeatable: traces {one} and {two}"));
                    self.over.store(true, Ordering::Relaxed);
                }
                report
            }
            (Err(why), _) => return self.stop(&mut sum, why),
            (_, Err(error)) => return self.stop(&mut sum, error.to_string()),
        };
        sum.coverage.add(&report.coverage);
        sum.mutations += report.mutations;
        sum.records += report.records;
        if !report.broken.is_empty() {
            self.over.store(true, Ordering::Relaxed);
            if sum.failed.as_ref().is_none_or(|failed| report.seed < failed.seed) {
                sum.failed = Some(report);
            }
        }
    }

    fn stop(&self, sum: &mut Sum, why: String) {
        sum.broke.get_or_insert(why);
        self.over.store(true, Ordering::Relaxed);
    }

    fn progress(&self, done: u64) {
        let all = self.seeds.len() as u64;
        let mut stderr = std::io::stderr();
        if !stderr.is_terminal() {
            return;
        }
        let filled = (done * 40 / all.max(1)) as usize;
        let end = if done == all { "\n" } else { "" };
        drop(write!(stderr, "\r[{:<40}] {done}/{all} seeds{end}", "#".repeat(filled)));
    }

    fn conclude(self) -> Result<(), CommandError> {
        let hours = self.args.hours;
        let done = self.done.load(Ordering::Relaxed);
        let sum = self.sum.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut out = std::io::stdout();
        if self.args.coverage {
            drop(writeln!(out, "{}\n", sum.coverage.table()));
        }
        if let Some(why) = sum.broke {
            return Err(CommandError::Failed(why));
        }
        if let Some(report) = sum.failed {
            drop(writeln!(out, "{}", failure(&report, hours, self.without)));
            let what = report.broken.first().cloned().unwrap_or_default();
            return Err(CommandError::Failed(format!("seed {}: {what}", report.seed)));
        }
        let (reached, cells) = sum.coverage.cells();
        let line = format!(
            "{done} seeds x {hours} h: every promise held; {} mutations, {} records, {} seeds run twice alike, \
             {reached} of {cells} cells of fault and phase reached",
            sum.mutations, sum.records, sum.repeated
        );
        drop(writeln!(out, "{line}"));
        let (missed, unseen) = (sum.coverage.missed(), sum.coverage.unseen());
        if self.args.complete && !(missed.is_empty() && unseen.is_empty()) {
            let unseen: Vec<&str> = unseen.iter().map(|fault| fault.words()).collect();
            let why = format!("never happened: {missed:?} {unseen:?}; more seeds, or a fault that does not strike");
            return Err(CommandError::Failed(why));
        }
        Ok(())
    }
}

/// What a person needs to begin: what broke, what came before it, and how to see it again.
fn failure(report: &Report, hours: u32, without: Option<Guard>) -> String {
    let without = without.map_or_else(String::new, |guard| format!(" --without {guard}"));
    format!(
        "seed {} broke its promise:\n  {}\nbefore it:\n  {}\nagain: upshift simulate --seed {} --hours {hours}{without}",
        report.seed,
        report.broken.join("\n  "),
        report.last_events.join("\n  "),
        report.seed,
    )
}
