//! The engine: decides purely. No I/O, no clock, no randomness; ordered maps only. What it remembers is a fold over the
//! events that it asked to record, and one function changes that, [`Engine::step`]. Besides it only
//! [`Engine::clock_was_set`] and [`Engine::end`] change it, which record nothing.
//!
//! ```text
//!   Input ──► step(now, input) ──► effects in order: Record(event) … Send(call)
//!                │                       and: answer to an order, next wake with its reason
//!                └─ rules ─► gates ─► decision ─► intent ─► playbook::next ─► call, look, end
//! ```

mod alarms;
mod arming;
mod choices;
mod decision_record;
mod evaluate;
mod expiry;
#[cfg(test)]
mod fixtures;
mod foreign;
mod gates;
mod holds;
pub mod input;
mod lags;
mod lease;
mod left;
mod made;
mod memory;
mod observe;
mod old_machines;
mod orders;
mod outlook;
mod pooler;
mod preflight;
mod progress;
mod reload;
mod remembered;
mod rules;
mod runs;
mod scaled;
mod servers;
mod situation;
mod view;
mod wanted;
mod watched;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::action::Run;
use crate::model::choice::Choice;
use crate::model::class::InstanceClass;
use crate::model::command::Answer;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::duration;
use crate::model::event::{Entry, Event};
use crate::model::failure::FailingRead;
use crate::model::gate::GateResult;
use crate::model::guard::{Guard, Guards};
use crate::model::identity::Identity;
use crate::model::limits::STATE_LIMIT;
use crate::model::policy::Policy;
use crate::model::settings::Settings;
use crate::model::wake::{Wake, WakeReason};
use gates::Common;
use input::{Effect, Input, Observation, Step};
use memory::Memory;
use watched::Watched;

/// For the engine's own decisions, and for every call at the moment it is sent, only a look that was just made counts:
/// it is this old at most, in real time.
pub const FRESH_LOOK: SignedDuration = SignedDuration::from_secs(5);
/// While AWS makes a copy, which takes it a quarter of an hour or longer, an action is watched so many times as seldom.
const COPY_IS_WATCHED_SELDOMER_BY: i32 = 2;
/// An order that waits for a fresh look gets one as soon as the last is not fresh any more: at once, if it is older.
const FRESH_LOOK_EVERY: SignedDuration = FRESH_LOOK;
/// That often for so long; then AWS is slow or fails, and is not asked ever faster because an order waits.
const ORDER_IS_NEW: SignedDuration = SignedDuration::from_secs(15);

/// The whole engine.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    guards: Guards,
    fresh_look: SignedDuration,
    digests: BTreeMap<DatabaseName, String>,
    memory: Memory,
    watched: BTreeMap<DatabaseName, Watched>,
    identity: Option<(Identity, Timestamp)>,
    /// When the newest look was begun.
    looked_at: Option<Timestamp>,
    /// When the newest look was begun in which `DescribeEvents` answered.
    events_at: Option<Timestamp>,
    /// How far behind copies and readers are, by their names.
    lags: BTreeMap<DatabaseName, lags::Lag>,
    /// Of CloudWatch.
    alarms: alarms::Alarms,
    /// Absent where none is configured.
    lease: Option<lease::LeaseSight>,
    problems: BTreeMap<String, FailingRead>,
    journal_broken: Option<String>,
    ending: bool,
    effects: Vec<Effect>,
}

impl Engine {
    /// An engine for these settings that remembers what the journal says. `digest` names a policy: see
    /// [`Decision::policy_digest`](crate::model::decision::Decision::policy_digest).
    pub fn new(settings: Settings, digest: impl Fn(&Policy) -> String, entries: &[Entry], guards: Guards) -> Self {
        let mut memory = Memory::default();
        for entry in entries {
            memory.apply(entry.at, &entry.event);
        }
        let digests = settings.databases.iter().map(|policy| (policy.database.clone(), digest(policy))).collect();
        let watched = settings.databases.iter().map(|policy| (policy.database.clone(), Watched::default())).collect();
        let lease = settings.lease.as_ref().map(lease::LeaseSight::new);
        Self {
            settings,
            guards,
            lease,
            fresh_look: FRESH_LOOK,
            digests,
            memory,
            watched,
            identity: None,
            looked_at: None,
            events_at: None,
            lags: BTreeMap::new(),
            alarms: alarms::Alarms::default(),
            problems: BTreeMap::new(),
            journal_broken: None,
            ending: false,
            effects: Vec::new(),
        }
    }

    /// The same engine on a clock that goes so many times as fast as the machine: what takes AWS a moment of real time
    /// takes that many times as long on it.
    pub fn at_speed(mut self, speed: f64) -> Self {
        self.fresh_look =
            SignedDuration::try_from_secs_f64(FRESH_LOOK.as_secs_f64() * speed.max(1.0)).unwrap_or(FRESH_LOOK);
        if let Some(lease) = &mut self.lease {
            lease.at_speed(speed);
        }
        self
    }

    /// Takes in one input at `now` and says what to do about it.
    pub fn step(&mut self, now: Timestamp, input: Input) -> Step {
        let mut answer: Option<Answer> = None;
        if !matches!(input, Input::Started(_) | Input::JournalBroken(_)) {
            self.end_arming(now);
        }
        match input {
            Input::Started(event) => self.start(now, event),
            Input::Observed(observation) => {
                self.note_epoch_of(&observation);
                self.observe(now, *observation);
                self.decide(now);
                self.compare_alarms(now);
                self.follow_alarms(now);
            }
            Input::Command(request) => answer = Some(self.obey(now, request)),
            Input::Reload(read) => answer = Some(self.reload(now, read)),
            Input::Outcome { id, outcome } => self.take_outcome(now, id, outcome),
            Input::Pooler { action, database, step } => self.take_pooler(now, action, database, step),
            Input::Lease(change) => self.take_lease_change(now, change),
            Input::LeaseStands(view) => self.take_lease_view(now, view),
            Input::AlarmFollowed(event) => self.take_followed(now, event),
            Input::ArmingEnds => {}
            Input::JournalBroken(why) => {
                // It cannot be recorded: the journal is what broke. The next start finds an end without a word.
                let event = Event::Disarmed { by: None, why: format!("the journal takes no records: {why}") };
                self.memory.apply(now, &event);
                self.journal_broken = Some(why);
            }
        }
        self.drive_runs(now);
        for watched in self.watched.values_mut() {
            watched.look_is_new = false;
        }
        Step { effects: std::mem::take(&mut self.effects), answer, wake: self.next_wake(now) }
    }

    /// Takes in one look at `now` and decides nothing: to see what would stand in the way.
    pub fn take_in(&mut self, now: Timestamp, look: Observation) {
        self.observe(now, look);
        self.effects.clear();
    }

    /// Every gate between a database and a class of its ladder at `now`; none for a database that is not configured.
    pub fn gates_to(&self, database: &DatabaseName, to: &InstanceClass, now: Timestamp) -> Vec<GateResult> {
        let policy = self.settings.policy(database).zip(self.watched.get(database));
        policy.map_or_else(Vec::new, |(policy, watched)| self.gates_of(policy, watched, to, now))
    }

    /// The strategies side by side for a person's order to go to a class of the ladder at `now`.
    pub fn choices_to(&self, database: &DatabaseName, to: &InstanceClass, now: Timestamp) -> Vec<Choice> {
        let policy = self.settings.policy(database).zip(self.watched.get(database));
        policy.map_or_else(Vec::new, |(policy, watched)| self.choices_of(policy, watched, to, now))
    }

    /// The clock was set by so much: it does not tell how old the looks are that were made so far, and no call rests on them.
    pub fn clock_was_set(&mut self, by: SignedDuration) {
        self.memory.clock_was_set(by);
        self.looks_are_of_unknown_age();
    }

    fn looks_are_of_unknown_age(&mut self) {
        for seen in self.watched.values_mut().filter_map(|watched| watched.seen.as_mut()) {
            seen.age_is_known = false;
        }
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
        self.identity.as_ref().map(|(identity, _)| identity)
    }

    /// The databases as last described.
    pub fn states(&self) -> BTreeMap<DatabaseName, &DatabaseState> {
        let watched = self.watched.iter();
        watched.filter_map(|(name, watched)| Some((name.clone(), &watched.seen.as_ref()?.state))).collect()
    }

    /// Database and class pairs whose orderability is not known, or not any more, of databases that were seen.
    pub fn unasked_classes(&self, now: Timestamp) -> Vec<(DatabaseState, InstanceClass)> {
        let mut unasked = Vec::new();
        for policy in &self.settings.databases {
            let Some(watched) = self.watched.get(&policy.database) else { continue };
            let Some(seen) = &watched.seen else { continue };
            let rungs = policy.ladder.rungs().iter().filter(|rung| !watched.knows_offer(rung, now));
            unasked.extend(rungs.map(|rung| (seen.state.clone(), rung.clone())));
        }
        unasked
    }

    /// A start: what the journal says must not be taken for what a person wants now if the last engine ended without a
    /// word. It may have been killed, or its disk may have taken no more records.
    fn start(&mut self, now: Timestamp, event: Event) {
        let unclean = self.memory.running && self.guards.stand(Guard::UncleanEnd);
        self.record(now, event);
        self.owe_nothing();
        if unclean && self.memory.arming.is_armed() {
            let why =
                "the last run ended without a word (killed, crashed, or its disk took no records): look, then arm";
            self.record(now, Event::Disarmed { by: None, why: why.to_owned() });
        }
        self.end_arming_at_start(now);
        self.resume(now);
    }

    /// Evaluates every database, records what is new, and begins actions.
    fn decide(&mut self, now: Timestamp) {
        for at in 0..self.settings.databases.len() {
            let policy = &self.settings.databases[at];
            let digest = self.digests.get(&policy.database).map_or("", String::as_str);
            let Some(watched) = self.watched.get(&policy.database) else { continue };
            let common = Common { state_limit: self.fresh_look, ..self.common() };
            let decision = evaluate::evaluate(common, policy, digest, watched, now);
            self.record_decision(now, &decision);
            self.begin(now, &decision);
        }
        self.begin_due_removal(now);
    }

    fn common(&self) -> Common<'_> {
        Common {
            journal_writable: self.journal_broken.is_none(),
            lease: self.lease.as_ref(),
            identity_at: self.identity.as_ref().map(|(_, at)| *at),
            events_at: self.events_at,
            memory: &self.memory,
            max_actions_in_flight: self.settings.engine.max_actions_in_flight,
            state_limit: STATE_LIMIT,
            guards: self.guards,
        }
    }

    /// Asks for a record of an event and remembers it.
    fn record(&mut self, now: Timestamp, event: Event) {
        self.memory.apply(now, &event);
        self.effects.push(Effect::Record(event));
    }

    /// The next look: counted from the last one, so that no other input can put it off.
    fn next_wake(&self, now: Timestamp) -> Wake {
        let every = duration::signed(self.settings.engine.evaluate_every);
        let active = |policy: &Policy| self.memory.of(&policy.database).active();
        let runs = || self.settings.databases.iter().filter_map(active);
        let is_new = |run: &Run| now.duration_since(run.began).abs() < ORDER_IS_NEW;
        let (after, why) = if let Some(run) = runs().filter(|run| !run.is_sent()).max_by_key(|run| run.began) {
            let hurry = is_new(run) && self.problems.is_empty();
            (if hurry { FRESH_LOOK_EVERY } else { self.watch_every() }, WakeReason::FreshLook)
        } else {
            let usual = self.watch_every();
            let watch = |run: &Run| if run.is_being_copied() { usual * COPY_IS_WATCHED_SELDOMER_BY } else { usual };
            match runs().map(watch).min().filter(|watch| *watch < every) {
                Some(watch) => (watch, WakeReason::WatchAction),
                None => (every, WakeReason::NextEvaluation),
            }
        };
        let soonest = |from: Timestamp| from.saturating_add(after).unwrap_or(Timestamp::MAX);
        // A clock that was set back must not put it off either.
        let at = soonest(self.looked_at.map_or(now, |looked_at| looked_at.min(now)));
        Wake { at, why }
    }

    /// Time between two looks at an action under way.
    fn watch_every(&self) -> SignedDuration {
        let Settings { engine, .. } = &self.settings;
        duration::signed(engine.watch_every.min(engine.evaluate_every))
    }
}
