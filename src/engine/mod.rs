//! The engine: decides purely. No I/O, no clock, no randomness; ordered maps only. It is changed by one function,
//! [`Engine::step`], and what it remembers is a fold over the events that it asked to record.
//!
//! ```text
//!   Input ──► step(now, input) ──► effects in order: Record(event) … Send(call)
//!                │                       and: answer to an order, next wake with its reason
//!                └─ rules ─► gates ─► decision ─► intent ─► playbook::next ─► call, look, end
//! ```

pub mod commands;
pub mod evaluate;
#[cfg(test)]
pub mod fixtures;
pub mod gates;
pub mod input;
pub mod memory;
pub mod observe;
pub mod rules;
pub mod runs;
pub mod view;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::class::InstanceClass;
use crate::model::command::Answer;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::decision::Decision;
use crate::model::event::{Entry, Event};
use crate::model::policy::Policy;
use crate::model::series::{Series, SignalName};
use crate::model::settings::Settings;
use crate::model::snapshot::{Identity, Problem, Wake, WakeReason};
use gates::Common;
use input::{Effect, Input, Step};
use memory::Memory;

/// While an action is under way the engine looks this often: status changes show within seconds and reads are cheap.
const WATCH_EVERY: SignedDuration = SignedDuration::from_secs(10);

/// The whole engine.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    digests: BTreeMap<DatabaseName, String>,
    memory: Memory,
    watched: BTreeMap<DatabaseName, Watched>,
    identity: Option<Identity>,
    problems: BTreeMap<String, Problem>,
    journal_broken: Option<String>,
    ending: bool,
    effects: Vec<Effect>,
}

/// What is seen of one database at the moment; not remembered over a restart, since it can be seen again.
#[derive(Debug, Default)]
pub struct Watched {
    /// As last described, and when.
    pub state: Option<(DatabaseState, Timestamp)>,
    /// The signals' datapoints.
    pub series: BTreeMap<SignalName, Series>,
    /// Which classes AWS offers for it.
    pub orderable: BTreeMap<InstanceClass, bool>,
    /// The newest evaluation.
    pub decision: Option<Decision>,
    /// The newest evaluation that was recorded, when, and how many like it came since.
    recorded: Option<(Decision, Timestamp, u32)>,
    /// When the state was last looked at for the action under way: one look counts once.
    confirmed_at: Option<Timestamp>,
}

impl Engine {
    /// An engine for these settings that remembers what the journal says. `digest` names a policy: see
    /// [`Decision::policy_digest`].
    pub fn new(settings: Settings, digest: impl Fn(&Policy) -> String, entries: &[Entry]) -> Self {
        let mut memory = Memory::default();
        for entry in entries {
            memory.apply(entry.at, &entry.event);
        }
        let digests = settings.databases.iter().map(|policy| (policy.database.clone(), digest(policy))).collect();
        let watched = settings.databases.iter().map(|policy| (policy.database.clone(), Watched::default())).collect();
        Self {
            settings,
            digests,
            memory,
            watched,
            identity: None,
            problems: BTreeMap::new(),
            journal_broken: None,
            ending: false,
            effects: Vec::new(),
        }
    }

    /// Takes in one input at `now` and says what to do about it.
    pub fn step(&mut self, now: Timestamp, input: Input) -> Step {
        let mut answer: Option<Answer> = None;
        match input {
            Input::Started => self.resume(now),
            Input::Observed(observation) => {
                self.observe(*observation);
                self.decide(now);
            }
            Input::Command(request) => answer = Some(self.obey(now, request)),
            Input::Outcome { action, outcome } => {
                if self.memory.active(&action).is_some() {
                    self.record(now, Event::CallAnswered { action, outcome });
                }
            }
            Input::JournalBroken(why) => {
                // It cannot be recorded: the journal is what broke. The memory of it lasts as long as this process.
                let event = Event::Disarmed { by: None, why: format!("the journal takes no records: {why}") };
                self.memory.apply(now, &event);
                self.journal_broken = Some(why);
            }
        }
        self.drive_runs(now);
        Step { effects: std::mem::take(&mut self.effects), answer, wake: self.next_wake(now) }
    }

    /// From here on no call is sent; what is under way is left to the next process.
    pub fn end(&mut self) {
        self.ending = true;
    }

    /// The settings it runs by.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Who AWS says we are, once it has.
    pub fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The databases as last described.
    pub fn states(&self) -> BTreeMap<DatabaseName, &DatabaseState> {
        let watched = self.watched.iter();
        watched.filter_map(|(name, watched)| Some((name.clone(), &watched.state.as_ref()?.0))).collect()
    }

    /// Database and class pairs whose orderability is not known yet, of databases that were seen.
    pub fn unasked_classes(&self) -> Vec<(DatabaseState, InstanceClass)> {
        let mut unasked = Vec::new();
        for policy in &self.settings.databases {
            let Some(watched) = self.watched.get(&policy.database) else { continue };
            let Some((state, _)) = &watched.state else { continue };
            let rungs = policy.ladder.rungs().iter().filter(|rung| !watched.orderable.contains_key(*rung));
            unasked.extend(rungs.map(|rung| (state.clone(), rung.clone())));
        }
        unasked
    }

    /// Evaluates every database, records what is new, and begins actions.
    fn decide(&mut self, now: Timestamp) {
        for policy in self.settings.databases.clone() {
            let digest = self.digests.get(&policy.database).cloned().unwrap_or_default();
            let Some(watched) = self.watched.get(&policy.database) else { continue };
            let decision = evaluate::evaluate(self.common(), &policy, &digest, watched, now);
            self.record_decision(now, &policy.database, &decision);
            self.begin(now, &policy, &decision);
        }
    }

    fn common(&self) -> Common<'_> {
        Common {
            journal_writable: self.journal_broken.is_none(),
            identity_known: self.identity.is_some(),
            memory: &self.memory,
        }
    }

    /// Asks for a record of an event and remembers it.
    fn record(&mut self, now: Timestamp, event: Event) {
        self.memory.apply(now, &event);
        self.effects.push(Effect::Record(event));
    }

    fn next_wake(&self, now: Timestamp) -> Wake {
        let every = SignedDuration::try_from(self.settings.engine.evaluate_every).unwrap_or(WATCH_EVERY);
        let acting = self.settings.databases.iter().any(|policy| self.memory.of(&policy.database).active().is_some());
        let (after, why) = if acting && WATCH_EVERY < every {
            (WATCH_EVERY, WakeReason::WatchAction)
        } else {
            (every, WakeReason::NextEvaluation)
        };
        Wake { at: now.saturating_add(after).unwrap_or(Timestamp::MAX), why }
    }
}
