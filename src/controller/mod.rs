//! The controller: the one task that owns the engine. It observes, lets the engine decide, records, then acts.
//!
//! ```text
//!   look (JoinSet) ── Observation ─┐                      ┌─► journal.append, sync
//!   call (JoinSet) ── CallOutcome ─┼─► engine.step ─ effects ─► aws.send (one attempt, JoinSet)
//!   control, reload ─ Request ─────┘        └─► watch<Arc<Snapshot>>
//!   server (JoinSet, each second) ── what it knows by now goes in with the look
//! ```
//!
//! AWS is never awaited in the loop, so that an order to disarm is taken at once; the disk is, record by record, because
//! nothing may happen that is not on it. Effects are carried out in order: a record that cannot be written voids
//! everything behind it, a call among them.

mod carry_out;
mod clock_step;
mod finish;
mod follow;
pub mod inspect;
mod look;
mod outward;
mod pause;
pub mod pooler;
mod publish;
pub mod reload;
pub mod servers;

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::control::{Incoming, Server};
use crate::engine::Engine;
use crate::engine::input::{Input, Observation};
use crate::journal::Journal;
use crate::lease::{Lease, LeaseNews};
use crate::model::action::CallId;
use crate::model::backend::Backend;
use crate::model::call::CallOutcome;
use crate::model::command::{Answer, Command, Reply, Request};
use crate::model::event::{Entry, Event};
use crate::model::guard::Guards;
use crate::model::limits::{LONGEST_LOOK, SLOW_LOOK};
use crate::model::policy::Policy;
use crate::model::settings::Settings;
use crate::model::snapshot::TAIL_LENGTH;
use crate::model::wake::{Wake, WakeReason};
use clock_step::ClockStepDetector;
use look::Looker;
pub use outward::Outward;
use pooler::{News, Pauses, Poolers};
use reload::Reload;
use servers::{ServerSource, Servers};

/// The controller and all it owns.
#[derive(Debug)]
pub struct Controller {
    engine: Engine,
    journal: Result<Journal, String>,
    aws: Aws,
    clock: Clock,
    server: Server,
    reloads: mpsc::Receiver<Reload>,
    digest: fn(&Policy) -> String,
    backend: Backend,
    tail: VecDeque<Arc<Entry>>,
    stopping: bool,
    looker: Looker,
    looks: JoinSet<Observation>,
    servers: Servers,
    pauses: Pauses,
    /// Absent where none is configured.
    lease: Option<Lease>,
    looking_since: Option<Timestamp>,
    /// When the log is told that the look under way gets no answer.
    slow_at: Option<Timestamp>,
    calls: JoinSet<(CallId, CallOutcome)>,
    /// Changes of alarms, each with the event that tells of it.
    followers: JoinSet<Event>,
    wake: Wake,
    clock_step: ClockStepDetector,
    outward: Outward,
    guards: Guards,
}

/// How a controller ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// In order, for this reason.
    Asked(String),
    /// A task of its own panicked or was lost.
    Failed(String),
}

/// What a controller is made of.
#[derive(Debug)]
pub struct Parts {
    /// What the engine runs by.
    pub settings: Settings,
    /// Names a policy in the records: see [`Decision`](crate::model::decision::Decision).
    pub digest: fn(&Policy) -> String,
    /// The evidence, or the reason why there is none: it then observes and refuses to arm.
    pub journal: Result<Journal, String>,
    /// What the journal says already.
    pub entries: Vec<Entry>,
    /// The clients.
    pub aws: Aws,
    /// The servers that are read beside AWS.
    pub servers: Vec<ServerSource>,
    /// The poolers that hold their clients during a takeover.
    pub poolers: Poolers,
    /// The lease across hosts, where one is configured.
    pub lease: Option<Lease>,
    /// The time.
    pub clock: Clock,
    /// The control protocol.
    pub server: Server,
    /// Other configurations as they come; see [`reload::none`].
    pub reloads: mpsc::Receiver<Reload>,
    /// What to call the world that is acted on.
    pub backend: Backend,
    /// The record of this start.
    pub start: Event,
    /// Who hears of each event.
    pub outward: Outward,
    /// All of them, but in the proof that each is needed.
    pub guards: Guards,
}

impl Controller {
    /// A controller that is about to run.
    pub fn new(parts: Parts) -> Self {
        let Parts { settings, digest, journal, entries, aws, servers, poolers, clock, lease, .. } = parts;
        let Parts { server, reloads, backend, start, outward, guards, .. } = parts;
        let may_leave = lease.as_ref().map(Lease::may_leave);
        if let Some(may_leave) = &may_leave {
            aws.fence(Arc::clone(may_leave));
        }
        let now = clock.now();
        let skip = entries.len().saturating_sub(TAIL_LENGTH);
        let mut controller = Self {
            engine: Engine::new(settings, digest, &entries, guards).at_speed(clock.speed()),
            journal,
            aws,
            server,
            reloads,
            digest,
            backend,
            tail: entries[skip..].iter().cloned().map(Arc::new).collect(),
            stopping: false,
            looker: Looker::default(),
            looks: JoinSet::new(),
            servers: Servers::read(servers, &clock),
            pauses: Pauses::new(poolers, clock.clone(), may_leave),
            lease,
            looking_since: None,
            slow_at: None,
            calls: JoinSet::new(),
            followers: JoinSet::new(),
            wake: Wake { at: now, why: WakeReason::NextEvaluation },
            clock_step: ClockStepDetector::new(now, clock.speed()),
            clock,
            outward,
            guards,
        };
        if let Err(why) = &controller.journal {
            let broken = Input::JournalBroken(why.clone());
            controller.feed(broken);
        }
        controller.feed(Input::Started(start));
        publish::log_holds(&controller.engine.databases(now, &controller.wake));
        controller
    }

    /// Runs until `stop` carries a reason; returns when the last outstanding call was answered or given up, and the
    /// end is in the journal.
    pub async fn run(mut self, mut stop: watch::Receiver<Option<String>>) -> Ended {
        self.begin_look();
        let ended = loop {
            self.publish();
            tokio::select! {
                biased;
                reason = asked_to_stop(&mut stop) => break Ended::Asked(reason),
                Some(incoming) = self.server.requests.recv() => self.take_order(incoming),
                Some(reload) = self.reloads.recv() => self.reload(reload),
                Some(done) = self.calls.join_next() => match done {
                    Ok((id, outcome)) => self.feed(Input::Outcome { id, outcome }),
                    Err(error) => break Ended::Failed(format!("a task that called AWS was lost: {error}")),
                },
                Some(Ok(event)) = self.followers.join_next() => self.feed(Input::AlarmFollowed(event)),
                News { action, database, step } = self.pauses.news() => {
                    self.feed(Input::Pooler { action, database, step });
                }
                Some(done) = self.looks.join_next() => match done {
                    Ok(look) => self.take_in(look),
                    Err(error) => break Ended::Failed(format!("a task that reads from AWS was lost: {error}")),
                },
                news = lease_news(&mut self.lease) => match news {
                    LeaseNews::Change(change) => self.feed(Input::Lease(change)),
                    LeaseNews::Stands(view) => self.feed(Input::LeaseStands(view)),
                    LeaseNews::Lost(why) => break Ended::Failed(format!("the task that keeps the lease was lost: {why}")),
                },
                why = self.servers.lost() => {
                    break Ended::Failed(format!("a task that reads from PostgreSQL was lost: {why}"));
                }
                () = self.clock.sleep_until(self.wake.at), if self.looks.is_empty() => self.begin_look(),
                () = sleep_until(&self.clock, self.engine.arming_ends()) => self.feed(Input::ArmingEnds),
                () = sleep_until(&self.clock, self.slow_at) => self.say_slow(),
                () = self.outward.changed() => {}
            }
        };
        self.finish(&ended).await;
        ended
    }

    fn take_order(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Order { request, reply } => self.obey(request, reply),
            // Whoever asked may have given up.
            Incoming::Probe(answer) => drop(answer.send(())),
        }
    }

    fn obey(&mut self, request: Request, reply: oneshot::Sender<Reply>) {
        let now = self.read_clock();
        let id = request.id;
        let disarms = request.command == Command::Disarm;
        let step = self.engine.step(now, Input::Command(request));
        let answer = step.answer.clone();
        let first = self.execute(now, step);
        let answer = match (answer, first) {
            (Some(Answer::Done { sentence, seq: place }), Some(first)) => Answer::Done { sentence, seq: first + place },
            (Some(Answer::Done { .. }), None) if disarms => {
                Answer::Refused { sentence: "disarmed, but the journal could not record it".to_owned() }
            }
            (Some(Answer::Done { .. }), None) => {
                Answer::Refused { sentence: "not done: the journal could not record it".to_owned() }
            }
            (Some(refused), _) => refused,
            (None, _) => Answer::Refused { sentence: "the engine gave no answer".to_owned() },
        };
        // Whoever has got the answer sees what it changed.
        self.publish();
        // The sender may have gone; what was ordered stands in the journal.
        drop(reply.send(Reply { id, answer }));
    }

    fn take_in(&mut self, mut look: Observation) {
        (self.looking_since, self.slow_at) = (None, None);
        self.read_clock();
        look.age_is_known = !self.clock_step.was_set_since_look();
        self.looker.learn(&look);
        tracing::debug!("the look of {} is taken in", look.asked_at);
        self.feed(Input::Observed(Box::new(look)));
    }

    fn feed(&mut self, input: Input) {
        let now = self.read_clock();
        let step = self.engine.step(now, input);
        self.execute(now, step);
    }

    /// What the clock shows; the engine is told when it was set.
    fn read_clock(&mut self) -> Timestamp {
        let now = self.clock.now();
        if let Some(by) = self.clock_step.read(now) {
            tracing::warn!(
                "the clock was set: it does not tell how old the last look is, and no call rests on that one"
            );
            self.engine.clock_was_set(by);
        }
        now
    }

    fn begin_look(&mut self) {
        let now = self.read_clock();
        self.clock_step.begin_look();
        tracing::debug!("looking at AWS: {}", self.wake.why.words());
        let plan = self.looker.plan(&self.engine, now);
        let (aws, clock) = (self.aws.clone(), self.clock.clone());
        self.looking_since = Some(now);
        self.slow_at = now.checked_add(SLOW_LOOK.mul_f64(clock.speed())).ok();
        let readings = self.servers.readings();
        self.looks.spawn(async move {
            let mut look = Box::pin(plan.carry_out(&aws, &clock)).await;
            readings.add_to(&mut look);
            look
        });
    }

    /// A look can hang for a minute before it fails by its own limits: until then nothing else would tell why nothing
    /// happens.
    fn say_slow(&mut self) {
        self.slow_at = None;
        let so_long = SLOW_LOOK.as_secs();
        tracing::warn!(
            "AWS has not answered for {so_long} s: nothing new is seen and nothing is started; it is given up after \
             {} s at most and asked again",
            LONGEST_LOOK.as_secs()
        );
    }
}

async fn lease_news(lease: &mut Option<Lease>) -> LeaseNews {
    match lease {
        Some(lease) => lease.news().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(clock: &Clock, at: Option<Timestamp>) {
    match at {
        Some(at) => clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn asked_to_stop(stop: &mut watch::Receiver<Option<String>>) -> String {
    match stop.wait_for(Option::is_some).await {
        Ok(reason) => reason.clone().unwrap_or_default(),
        Err(_) => "its owner is gone".to_owned(),
    }
}
