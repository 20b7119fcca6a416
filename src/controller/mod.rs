//! The controller: the one task that owns the engine. It observes, lets the engine decide, records, then acts.
//!
//! ```text
//!   look (JoinSet) ── Observation ─┐                      ┌─► journal.append, sync
//!   call (JoinSet) ── CallOutcome ─┼─► engine.step ─ effects ─► aws.send (one attempt, JoinSet)
//!   control        ── Request ─────┘        └─► watch<Arc<Snapshot>>
//! ```
//!
//! Nothing slow is awaited in the loop, so that an order to disarm is taken at once. Effects are carried out in order:
//! a record that cannot be written voids everything behind it, a call among them.

mod look;
mod publish;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::control::{Incoming, Server};
use crate::engine::Engine;
use crate::engine::input::{Effect, Input, Observation, Step};
use crate::journal::Journal;
use crate::model::action::ActionId;
use crate::model::call::CallOutcome;
use crate::model::command::{Answer, Reply};
use crate::model::event::{Entry, Event};
use crate::model::snapshot::{TAIL_LENGTH, Wake, WakeReason, World};
use look::Looker;

/// An ending process waits this long (of the machine) for the answer to an outstanding call.
const LAST_ANSWER: Duration = Duration::from_secs(13);

/// The controller and all it owns.
#[derive(Debug)]
pub struct Controller {
    engine: Engine,
    journal: Result<Journal, String>,
    aws: Aws,
    clock: Clock,
    server: Server,
    world: World,
    tail: VecDeque<Arc<Entry>>,
    version: u64,
    stopping: bool,
    looker: Looker,
    looks: JoinSet<Observation>,
    calls: JoinSet<(ActionId, CallOutcome)>,
    wake: Wake,
}

/// How a controller ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// In order, for this reason.
    Asked(String),
    /// A task of its own panicked or was lost.
    Failed(String),
}

impl Controller {
    /// A controller that is about to run. `journal` may be the reason why there is none: it then observes and refuses
    /// to arm. `start` is the record of this start.
    #[expect(clippy::too_many_arguments, reason = "one place hands over everything it owns, once")]
    pub fn new(
        engine: Engine,
        journal: Result<Journal, String>,
        entries: &[Entry],
        aws: Aws,
        clock: Clock,
        server: Server,
        world: World,
        start: Event,
    ) -> Self {
        let now = clock.now();
        let skip = entries.len().saturating_sub(TAIL_LENGTH);
        let mut controller = Self {
            engine,
            journal,
            aws,
            server,
            world,
            tail: entries[skip..].iter().cloned().map(Arc::new).collect(),
            version: 0,
            stopping: false,
            looker: Looker::default(),
            looks: JoinSet::new(),
            calls: JoinSet::new(),
            wake: Wake { at: now, why: WakeReason::NextEvaluation },
            clock,
        };
        match &controller.journal {
            Ok(_) => drop(controller.record(now, start)),
            Err(why) => {
                let broken = Input::JournalBroken(why.clone());
                controller.feed(now, broken);
            }
        }
        controller
    }

    /// Runs until `stop` carries a reason; returns when the last outstanding call was answered or given up, and the
    /// end is in the journal.
    pub async fn run(mut self, mut stop: watch::Receiver<Option<String>>) -> Ended {
        self.feed(self.clock.now(), Input::Started);
        self.begin_look();
        let ended = loop {
            self.publish();
            tokio::select! {
                biased;
                reason = asked_to_stop(&mut stop) => break Ended::Asked(reason),
                Some(incoming) = self.server.requests.recv() => self.obey(incoming),
                Some(done) = self.calls.join_next() => match done {
                    Ok((action, outcome)) => self.feed(self.clock.now(), Input::Outcome { action, outcome }),
                    Err(error) => break Ended::Failed(format!("a task that called AWS was lost: {error}")),
                },
                Some(done) = self.looks.join_next() => match done {
                    Ok(look) => {
                        self.looker.learn(&look);
                        self.feed(look.at, Input::Observed(Box::new(look)));
                    }
                    Err(error) => break Ended::Failed(format!("a task that reads from AWS was lost: {error}")),
                },
                () = self.clock.sleep_until(self.wake.at), if self.looks.is_empty() => self.begin_look(),
            }
        };
        self.finish(&ended).await;
        ended
    }

    /// No new call; the outstanding ones are awaited; the end is recorded.
    async fn finish(&mut self, ended: &Ended) {
        self.stopping = true;
        self.engine.end();
        self.publish();
        self.looks.abort_all();
        let clock = self.clock.clone();
        let limit = LAST_ANSWER.mul_f64(clock.speed());
        let answers = async {
            let mut answers = Vec::new();
            while let Some(done) = self.calls.join_next().await {
                answers.extend(done.ok());
            }
            answers
        };
        for (action, outcome) in clock.bounded(limit, answers).await.unwrap_or_default() {
            self.feed(self.clock.now(), Input::Outcome { action, outcome });
        }
        let (Ended::Asked(why) | Ended::Failed(why)) = ended;
        let stopped = self.record(self.clock.now(), Event::EngineStopped { why: why.clone() });
        if stopped.is_some()
            && let Ok(journal) = &mut self.journal
            && let Err(error) = journal.sync()
        {
            tracing::error!("the journal could not be synced at the end: {error}");
        }
        self.publish();
    }

    fn obey(&mut self, incoming: Incoming) {
        let now = self.clock.now();
        let id = incoming.request.id;
        let step = self.engine.step(now, Input::Command(incoming.request));
        let answer = step.answer.clone();
        let first = self.execute(now, step);
        let answer = match (answer, first) {
            (Some(Answer::Done { sentence, .. }), Some(seq)) => Answer::Done { sentence, seq },
            (Some(Answer::Done { .. }), None) => {
                Answer::Refused { sentence: "not done: the journal could not record it".to_owned() }
            }
            (Some(refused), _) => refused,
            (None, _) => Answer::Refused { sentence: "the engine gave no answer".to_owned() },
        };
        // The sender may have gone; what was ordered stands in the journal.
        drop(incoming.reply.send(Reply { id, answer }));
    }

    fn feed(&mut self, now: Timestamp, input: Input) {
        let step = self.engine.step(now, input);
        self.execute(now, step);
    }

    /// Carries out the effects in order. Returns the sequence of the first record.
    fn execute(&mut self, now: Timestamp, step: Step) -> Option<u64> {
        self.wake = step.wake;
        let mut first = None;
        for effect in step.effects {
            match effect {
                Effect::Record(event) => {
                    let seq = self.record(now, event)?;
                    first = first.or(Some(seq));
                }
                Effect::Send { action, call } => {
                    if !self.synced(now) {
                        return first;
                    }
                    tracing::warn!(action = action.0, operation = call.operation(), "sending {call:?}");
                    let aws = self.aws.clone();
                    self.calls.spawn(async move { (action, aws.send(&call).await) });
                }
            }
        }
        // Orders and outcomes are evidence as soon as they are answered; a plain evaluation may wait for the next one.
        if first.is_some() {
            self.synced(now);
        }
        first
    }

    /// Appends an event; `None` when the journal does not take it, which disarms.
    fn record(&mut self, now: Timestamp, event: Event) -> Option<u64> {
        let journal = self.journal.as_mut().ok()?;
        match journal.append(now, event) {
            Ok(entry) => {
                let seq = entry.seq;
                publish::log(&entry);
                self.tail.push_back(entry);
                if self.tail.len() > TAIL_LENGTH {
                    self.tail.pop_front();
                }
                Some(seq)
            }
            Err(error) => {
                self.journal_broke(now, &error.to_string());
                None
            }
        }
    }

    fn synced(&mut self, now: Timestamp) -> bool {
        let Ok(journal) = &mut self.journal else { return false };
        match journal.sync() {
            Ok(()) => true,
            Err(error) => {
                self.journal_broke(now, &error.to_string());
                false
            }
        }
    }

    fn journal_broke(&mut self, now: Timestamp, why: &str) {
        tracing::error!("the journal takes no records, the engine is disarmed: {why}");
        self.journal = Err(why.to_owned());
        // Its effects would be records, and there is nowhere to put them.
        drop(self.engine.step(now, Input::JournalBroken(why.to_owned())));
    }

    fn begin_look(&mut self) {
        let plan = self.looker.plan(&self.engine, self.clock.now());
        let (aws, clock) = (self.aws.clone(), self.clock.clone());
        self.looks.spawn(async move { Box::pin(plan.carry_out(&aws, &clock)).await });
    }
}

async fn asked_to_stop(stop: &mut watch::Receiver<Option<String>>) -> String {
    match stop.wait_for(Option::is_some).await {
        Ok(reason) => reason.clone().unwrap_or_default(),
        Err(_) => "its owner is gone".to_owned(),
    }
}
