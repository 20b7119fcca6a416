//! The lease in a swarm of its own: engines on machines whose clocks go wrong, a table that others delete and restore, and a
//! network between them that loses questions and answers or delivers them late. All of it is in virtual time, so that an hour
//! of three engines takes milliseconds.
//!
//! Promises: the calls of two engines never overlap; no call of an epoch comes after one of a higher epoch, unless the table
//! was set back between them; an engine that found it set back sends nothing until a person has armed it again; and once all
//! is well one engine can act.
//!
//! Beyond the promises is what no lease can keep: a machine that stands still within the call itself, and clocks of which one
//! goes more than twice as fast as the other.

mod machine;
mod store;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::lease::keeper::Answer;
use crate::model::failure::{Failure, FailureKind};
use crate::model::guard::{Guard, Guards};
use crate::model::lease::LeaseSettings;
use crate::sim::rng::Rng;
use machine::Machine;
use store::{Fate, Store};

/// True time, in milliseconds since the beginning.
type Millis = u64;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60 * SECOND;
/// Faults end here.
const CHAOS: Millis = 40 * MINUTE;
/// So long all is well.
const CALM: Millis = 8 * MINUTE;

/// What came of a trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaseReport {
    /// Promises that did not hold.
    pub broken: Vec<String>,
    /// What happened, in order; the newest last.
    pub story: Vec<String>,
    /// Calls that were sent.
    pub calls: u64,
    /// How often the lease was acquired.
    pub acquisitions: u64,
    /// Calls that were held back at the last moment.
    pub held_back: u64,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    /// An engine asks its keeper what to do.
    Wake { machine: usize, life: u32 },
    /// A question arrives at the table.
    Arrives { machine: usize, life: u32, question: u64 },
    /// An answer, or the end of the patience for it.
    Hears { machine: usize, life: u32, question: u64, in_vain: bool },
    /// An engine decides to send something, if it holds the lease.
    Decides { machine: usize, life: u32 },
    /// And does so a moment later.
    Sends { machine: usize, life: u32, epoch: u64 },
    /// Something goes wrong.
    Strikes { machine: usize },
    /// Somebody does something to the table.
    Table,
    /// Persons arm every engine.
    Armed,
}

/// One call: from when to when it can reach AWS.
#[derive(Debug, Clone)]
struct Call {
    from: Millis,
    until: Millis,
    machine: usize,
    life: u32,
    epoch: u64,
}

struct Trial {
    now: Millis,
    rng: Rng,
    due: BinaryHeap<Reverse<(Millis, u64, Happening)>>,
    order: u64,
    store: Store,
    machines: Vec<Machine>,
    calls: Vec<Call>,
    report: LeaseReport,
}

/// Runs the trial of a seed, without one guard or with all of them.
pub fn run(seed: u64, without: Option<Guard>) -> LeaseReport {
    let guards = without.map_or(Guards::all(), Guards::without);
    let mut rng = Rng::of(seed, "lease swarm", 0);
    let (ttl, heartbeat) = [(40, 10), (22, 4), (60, 20), (25, 5)][(rng.draw() % 4) as usize];
    let terms = LeaseSettings {
        table: "upshift".to_owned(),
        key: "upshift".to_owned(),
        ttl: std::time::Duration::from_secs(ttl),
        heartbeat: std::time::Duration::from_secs(heartbeat),
    };
    let count = 2 + (rng.draw() % 2) as usize;
    let machines = (0..count).map(|at| Machine::new(at, terms.clone(), guards, &mut rng)).collect();
    let store = Store::new(&mut rng);
    let report = LeaseReport::default();
    let due = BinaryHeap::new();
    let mut trial = Trial { now: 0, rng, due, order: 0, store, machines, calls: Vec::new(), report };
    for machine in 0..count {
        trial.start(machine);
        let at = trial.rng.draw() % (5 * MINUTE);
        trial.at(at, Happening::Strikes { machine });
    }
    let table = trial.rng.draw() % (20 * MINUTE);
    trial.at(table, Happening::Table);
    trial.at(CHAOS + MINUTE, Happening::Armed);
    while let Some(Reverse((at, _, happening))) = trial.due.pop() {
        if at > CHAOS + CALM {
            break;
        }
        trial.now = at;
        trial.happen(happening);
    }
    trial.judge()
}

impl Trial {
    fn at(&mut self, at: Millis, happening: Happening) {
        self.order += 1;
        self.due.push(Reverse((at.max(self.now), self.order, happening)));
    }

    fn note(&mut self, words: &str) {
        self.report.story.push(format!("{:>9.3} s {words}", self.now as f64 / 1e3));
    }

    fn is_chaos(&self) -> bool {
        self.now < CHAOS
    }

    /// A process begins on a machine.
    fn start(&mut self, machine: usize) {
        let life = self.machines[machine].boot();
        self.note(&format!("engine {machine} begins its life {life}"));
        self.at(self.now, Happening::Wake { machine, life });
        self.at(self.now + SECOND, Happening::Decides { machine, life });
    }

    fn happen(&mut self, happening: Happening) {
        use Happening::{Armed, Arrives, Decides, Hears, Sends, Strikes, Table, Wake};
        let whose = match &happening {
            Wake { machine, life }
            | Hears { machine, life, .. }
            | Decides { machine, life }
            | Sends { machine, life, .. } => Some((*machine, *life)),
            Arrives { .. } | Strikes { .. } | Table | Armed => None,
        };
        if let Some((machine, life)) = whose {
            if self.machines[machine].life != life {
                return;
            }
            // What a machine that stands still would do, it does afterwards, and nobody knows in which order.
            if let Some(until) = self.machines[machine].stands_until(self.now) {
                let late = self.rng.draw() % 40;
                return self.at(until + late, happening);
            }
        }
        match happening {
            Wake { machine, life } => self.wake(machine, life),
            Arrives { machine, life, question } => self.arrives(machine, life, question),
            Hears { machine, life, question, in_vain } => self.hears(machine, life, question, in_vain),
            Decides { machine, life } => self.decides(machine, life),
            Sends { machine, epoch, .. } => self.sends(machine, epoch),
            Strikes { machine } => self.strike(machine),
            Table => self.meddle(),
            Armed => {
                for machine in &mut self.machines {
                    machine.disarmed = false;
                }
                self.note("persons have looked and arm every engine");
                // One that takes a table that was set back disarms itself then, and somebody looks again.
                self.at(self.now + MINUTE, Armed);
            }
        }
    }

    fn wake(&mut self, machine: usize, life: u32) {
        let (now, at) = (self.now, machine);
        match self.machines[at].next(now) {
            machine::Step::Wait(millis) => self.at(now + millis.max(1), Happening::Wake { machine, life }),
            machine::Step::Asked(question) => {
                let fate = if self.is_chaos() { self.store.fate(now, &mut self.rng) } else { Fate::prompt() };
                if let Some(after) = fate.arrives_after {
                    // What is still on its way when all is well again arrives with it.
                    let at = if after < MINUTE { now + after } else { (now + after).min(CHAOS) };
                    self.machines[machine].on_its_way(question, fate.answer_after);
                    self.at(at, Happening::Arrives { machine, life, question });
                }
                let patience = self.machines[machine].patience();
                self.at(now + patience, Happening::Hears { machine, life, question, in_vain: true });
            }
            machine::Step::Waits => {}
        }
        self.take_changes(machine);
    }

    /// A question is answered by the table as it is when it arrives, whoever has asked it and whether he still is there.
    fn arrives(&mut self, machine: usize, life: u32, question: u64) {
        let Some((ask, answer_after)) = self.machines[machine].arrived(life, question) else { return };
        let answer = self.store.answer(self.now, &ask);
        self.machines[machine].will_hear(life, question, answer);
        if let Some(after) = answer_after {
            self.at(self.now + after, Happening::Hears { machine, life, question, in_vain: false });
        }
    }

    fn hears(&mut self, machine: usize, life: u32, question: u64, in_vain: bool) {
        let answer = if in_vain { Some(Answer::Failed(no_answer())) } else { None };
        if self.machines[machine].hears(self.now, question, answer) {
            self.take_changes(machine);
            self.at(self.now, Happening::Wake { machine, life });
        }
    }

    fn take_changes(&mut self, machine: usize) {
        for (acquired, words) in self.machines[machine].take_changes() {
            self.report.acquisitions += u64::from(acquired);
            self.note(&format!("engine {machine}: {words}"));
        }
    }

    fn decides(&mut self, machine: usize, life: u32) {
        let again = SECOND + self.rng.draw() % (4 * SECOND);
        self.at(self.now + again, Happening::Decides { machine, life });
        let Some(epoch) = self.machines[machine].decides(self.now) else { return };
        // Mostly at once; sometimes the machine stands still just here.
        let stands = self.is_chaos() && self.rng.unit() < 0.01;
        if stands {
            self.stand_still(machine);
        }
        let moment = self.rng.draw() % 50;
        self.at(self.now + moment, Happening::Sends { machine, life, epoch });
    }

    fn sends(&mut self, machine: usize, decided_in: u64) {
        match self.machines[machine].sends(self.now, decided_in) {
            Err(_) => self.report.held_back += 1,
            Ok((epoch, lasts)) => {
                let life = self.machines[machine].life;
                let call = Call { from: self.now, until: self.now + lasts, machine, life, epoch };
                self.report.calls += 1;
                self.judge_call(&call);
                self.calls.push(call);
            }
        }
    }

    /// A call that goes out now, against all those before it.
    fn judge_call(&mut self, call: &Call) {
        let is_other = |other: &&Call| (other.machine, other.life) != (call.machine, call.life);
        let before: Vec<Call> = self.calls.iter().rev().take(60).filter(is_other).cloned().collect();
        let Call { from, machine, epoch, .. } = call;
        for other in &before {
            if other.until > *from {
                let late = other.until - from;
                self.break_promise(format!(
                    "engine {machine} sends in epoch {epoch} while a call of engine {} in epoch {} can still arrive for \
                     {late} ms",
                    other.machine, other.epoch
                ));
            }
            if other.epoch > *epoch && !self.store.was_set_back_between(other.from, *from) {
                self.break_promise(format!(
                    "engine {machine} sends in epoch {epoch} after engine {} has in epoch {}",
                    other.machine, other.epoch
                ));
            }
        }
        if self.machines[*machine].disarmed {
            self.break_promise(format!(
                "engine {machine} sends though it found the table set back and nobody armed it"
            ));
        }
    }

    fn break_promise(&mut self, words: String) {
        self.note(&format!("BROKEN: {words}"));
        self.report.broken.push(words);
    }

    fn strike(&mut self, machine: usize) {
        if !self.is_chaos() {
            return;
        }
        let again = self.rng.draw() % (8 * MINUTE);
        self.at(self.now + again, Happening::Strikes { machine });
        match self.rng.draw() % 4 {
            0 => {
                self.note(&format!("engine {machine} is killed"));
                let down = self.rng.draw() % (2 * MINUTE);
                self.machines[machine].stand(self.now, down, machine::Standstill::Stopped);
                self.start(machine);
            }
            1 => {
                let step = (self.rng.swing() * 3_600e3) as i64;
                self.machines[machine].set_wall_by(step);
                self.note(&format!("the wall clock of engine {machine} is set by {step} ms"));
            }
            _ => self.stand_still(machine),
        }
    }

    /// From a second to an hour, and seldom so long.
    fn stand_still(&mut self, machine: usize) {
        let longest = [5 * SECOND, MINUTE, 5 * MINUTE, 60 * MINUTE][(self.rng.draw() % 4) as usize];
        let long = (SECOND + self.rng.draw() % longest).min(CHAOS.saturating_sub(self.now));
        let how = if self.rng.unit() < 0.5 { machine::Standstill::Stopped } else { machine::Standstill::Suspended };
        self.note(&format!("engine {machine} stands still for {long} ms, {how:?}"));
        self.machines[machine].stand(self.now, long, how);
    }

    fn meddle(&mut self) {
        if !self.is_chaos() {
            return;
        }
        let words = self.store.meddle(self.now, &mut self.rng);
        self.note(words);
        let again = self.rng.draw() % (15 * MINUTE);
        self.at(self.now + again, Happening::Table);
    }

    /// When all was well for a while, some engine has acted in the last minute.
    fn judge(mut self) -> LeaseReport {
        let last = self.calls.last().map_or(0, |call| call.from);
        if last < CHAOS + CALM - MINUTE {
            self.break_promise(format!("nobody can act though all is well: the last call is of {last} ms"));
        }
        self.report
    }
}

fn no_answer() -> Failure {
    let (operation, sentence) = ("PutItem".to_owned(), "no answer in time".to_owned());
    Failure { kind: FailureKind::Network, operation, sentence, request_id: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::guard::Guard;

    /// Each seed is two to three engines for 48 minutes.
    #[test]
    fn two_engines_never_act_at_once_and_one_can_when_all_is_well() {
        let (mut calls, mut acquisitions, mut held_back) = (0, 0, 0);
        for seed in 0..3_000 {
            let report = run(seed, None);
            let last = report.story.len().saturating_sub(40);
            assert!(
                report.broken.is_empty(),
                "seed {seed}: {:?}\nbefore it:\n{}",
                report.broken,
                report.story[last..].join("\n")
            );
            calls += report.calls;
            acquisitions += report.acquisitions;
            held_back += report.held_back;
        }
        assert!(calls > 300_000 && acquisitions > 10_000 && held_back > 1_000, "{calls} {acquisitions} {held_back}");
    }

    #[test]
    fn each_guard_of_the_lease_is_missed_when_it_is_gone() {
        for guard in Guard::OF_LEASE {
            let missed = (0..2_000).find(|seed| !run(*seed, Some(guard)).broken.is_empty());
            assert!(missed.is_some(), "nobody misses {guard}");
        }
    }

    #[test]
    fn a_seed_is_the_same_trial_twice() {
        for seed in 0..5 {
            assert_eq!(run(seed, None), run(seed, None));
        }
    }
}
