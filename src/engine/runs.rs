//! Actions: beginning them, carrying them on after a start, and driving them by their playbook.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::input::Effect;
use super::watched::{OldSeen, Watched};
use crate::model::action::{ActionId, ActionResult, CallId, CallState, Intent, Run};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::database::{DatabaseName, DatabaseState, ResourceId};
use crate::model::decision::{Decision, Verdict};
use crate::model::event::Event;
use crate::model::guard::Guard;
use crate::model::hold::{Hold, HoldCause};
use crate::model::operator::Actor;
use crate::model::outage::Outage;
use crate::model::policy::{CopyPolicy, Policy, Strategy};
use crate::playbook::{self, Deployments, Look, Next, OldLook, Reader, Situation};

impl Engine {
    /// Says which actions a restart found under way. A call without a recorded answer may or may not have arrived: it
    /// is never sent again, only looked for.
    pub(super) fn resume(&mut self, now: Timestamp) {
        for database in self.database_names() {
            let Some(run) = self.memory.of(&database).active() else { continue };
            let action = run.intent.action.clone();
            if run.last_call().is_some_and(|call| call.state == CallState::Sent) {
                let id = CallId { action: action.clone(), step: run.calls.len() as u32 };
                let why = "the process ended between sending and hearing the answer".to_owned();
                let outcome = CallOutcome::Unknown { why };
                self.record(now, Event::CallAnswered { id, database: database.clone(), outcome });
            }
            let phase = self.memory.of(&database).active().map(Run::phase_words).unwrap_or_default();
            self.record(now, Event::ActionResumed { action, database, phase });
        }
    }

    /// Begins the action that a decision asks for.
    pub(super) fn begin(&mut self, now: Timestamp, decision: &Decision) {
        let Verdict::Scale { to, .. } = &decision.verdict else { return };
        let (Some(resource_id), Some(from)) = (&decision.resource_id, &decision.class) else { return };
        let Some(policy) = self.settings.policy(&decision.database) else { return };
        let Some(chosen) = decision.choices.iter().find(|choice| choice.is_chosen) else { return };
        let intent = Intent {
            action: self.next_action(),
            database: policy.database.clone(),
            resource_id: resource_id.clone(),
            strategy: chosen.strategy,
            from: from.clone(),
            to: to.clone(),
            actor: Actor::Engine,
            removes: None,
        };
        self.record(now, Event::ActionIntended { intent, passed_over: Vec::new() });
        // Carried on at once: the next database's decision must see it in flight, and its look is fresh now.
        let database = decision.database.clone();
        self.drive_run(now, &database);
    }

    pub(super) fn next_action(&self) -> ActionId {
        ActionId(format!("a{}", self.memory.actions + 1))
    }

    /// What is known of a call after it was sent.
    pub(super) fn take_outcome(&mut self, now: Timestamp, id: CallId, outcome: CallOutcome) {
        let Some(run) = self.memory.active(&id.action) else { return };
        let database = run.intent.database.clone();
        self.record(now, Event::CallAnswered { id, database, outcome });
    }

    /// Asks every action's playbook what comes next, and does it.
    pub(super) fn drive_runs(&mut self, now: Timestamp) {
        for database in self.database_names() {
            self.drive_run(now, &database);
        }
    }

    pub(super) fn drive_run(&mut self, now: Timestamp, database: &DatabaseName) {
        let Some(run) = self.memory.of(database).active() else { return };
        if self.other_account(run).is_none() {
            self.note_progress(now, database);
        }
        let Some(run) = self.memory.of(database).active().cloned() else { return };
        let next = self.ask_playbook(now, database, &run);
        match next {
            Next::Observe => {
                if let Some(watched) = self.watched.get_mut(database).filter(|watched| watched.look_is_new) {
                    watched.confirmed = None;
                }
            }
            Next::Confirmed => self.confirm(database),
            Next::Adopt(evidence) => {
                let id = CallId { action: run.intent.action.clone(), step: run.calls.len() as u32 };
                self.record(now, Event::CallAdopted { id, database: database.clone(), evidence });
            }
            Next::SwitchedOver(machine) => {
                let (action, database) = (run.intent.action.clone(), database.clone());
                let from = run.machine().clone();
                let old_name = self.member_name(&database, &from);
                let event = Event::SwitchedOver { action, database, from, to: machine, old_name };
                self.record(now, event);
            }
            Next::Send(call) => self.send(now, &run, call),
            Next::End(result) => self.end_run(now, &run, result),
        }
    }

    /// The account of the credentials, if it is another one than at the beginning of the action, or not known.
    fn other_account(&self, run: &Run) -> Option<&str> {
        let now = self.identity.as_ref().map_or("unknown", |(identity, _)| identity.account.as_str());
        let differs = run.account.as_ref().is_some_and(|then| then != now);
        (differs && self.guards.stand(Guard::SameAccount)).then_some(now)
    }

    fn ask_playbook(&self, now: Timestamp, database: &DatabaseName, run: &Run) -> Next {
        let watched = self.watched.get(database);
        let seen = watched.and_then(|watched| Some((watched, watched.seen.as_ref()?)));
        let sent_at = run.last_call().map(|call| call.sent_at);
        let look = seen.map(|(watched, seen)| Look {
            state: &seen.state,
            asked_at: seen.at,
            age_is_known: seen.age_is_known,
            events_read: seen.events_read,
            // The first look to arrive may have been asked before the call; the second cannot.
            since_call: match sent_at {
                Some(sent_at) if seen.at < sent_at => watched.looks_since_call.saturating_sub(1),
                _ => watched.looks_since_call,
            },
            is_new: watched.look_is_new,
            old: old_look(run, watched),
            deployments: Deployments {
                is_read: seen.deployments.is_read,
                own: seen.deployments.own.as_ref(),
                foreign: seen.deployments.foreign.as_ref(),
            },
            copy: seen.copy.as_ref(),
            copy_lag: self.lag_of(seen.copy.as_ref(), now),
        });
        let confirmed = seen.and_then(|(watched, seen)| {
            let (looks, first_at) = watched.confirmed?;
            Some((looks, seen.at.duration_since(first_at)))
        });
        let policy = self.settings.policy(database);
        let stuck_after = policy.and_then(|policy| SignedDuration::try_from(policy.stuck_after).ok());
        let usual = CopyPolicy::default();
        let left_reader = watched.and_then(|watched| self.left_reader(watched, run, now));
        let situation = Situation {
            look,
            left_reader: left_reader.as_ref(),
            other_account: self.other_account(run),
            copy: policy.map_or(&usual, |policy| &policy.copy),
            confirmed: confirmed.unwrap_or((0, SignedDuration::ZERO)),
            forbidden: self.forbidden(now, run),
            load_has_turned: self.has_turned(run),
            fresh_look: self.fresh_look,
            look_every: self.watch_every(),
            stuck_after: stuck_after.unwrap_or(SignedDuration::MAX),
            guards: self.guards,
        };
        playbook::next(run, situation, now)
    }

    /// Whether the load that an action of the engine was meant for has turned into its opposite. What a person orders is
    /// for no load.
    fn has_turned(&self, run: &Run) -> bool {
        let intent = &run.intent;
        if intent.removes.is_some() {
            return false;
        }
        let (Actor::Engine, Some(policy)) = (&intent.actor, self.settings.policy(&intent.database)) else {
            return false;
        };
        let decision = self.watched.get(&intent.database).and_then(|watched| watched.decision.as_ref());
        // By the rules and not by the verdict: on the lowest rung nothing wants to go down.
        let asks = decision.and_then(Decision::direction_by_rules);
        asks.is_some_and(|asks| asks != policy.ladder.direction(&intent.from, &intent.to))
    }

    /// Why an action may not start any more: what a person has said since it was decided counts. A person's own order
    /// needs no arming, and no hold stops it.
    fn forbidden(&self, now: Timestamp, run: &Run) -> Option<&'static str> {
        let intent = &run.intent;
        // A person who stops it wants what is left of it removed.
        if intent.actor != Actor::Engine || run.stop_requested.is_some() {
            return None;
        }
        let armed = self.memory.arming.is_armed() && self.journal_broken.is_none();
        if !armed && self.guards.stand(Guard::DisarmLatch) {
            return Some("disarmed");
        }
        let policy = self.settings.policy(&intent.database)?;
        let remembered = self.memory.of(&intent.database);
        let held = if intent.removes.is_some() {
            remembered.holds_at(now).next().is_some()
        } else {
            remembered.hold_on(policy.ladder.direction(&intent.from, &intent.to), now).is_some()
        };
        (held && self.guards.stand(Guard::Hold)).then_some("held")
    }

    /// The one gate through which every mutating call passes: the process must not be ending, the journal must take
    /// records, the identity must be the configured one, whoever ordered it must still be allowed to, and the call's
    /// record goes ahead of it.
    fn send(&mut self, now: Timestamp, run: &Run, call: MutatingCall) {
        let why = if self.ending {
            return;
        } else if self.journal_broken.is_some() {
            "the journal takes no records".to_owned()
        } else if self.identity.is_none() {
            "the account is not confirmed".to_owned()
        } else if let Some(why) = self.forbidden(now, run) {
            format!("{why} before")
        } else {
            let id = CallId { action: run.intent.action.clone(), step: run.calls.len() as u32 + 1 };
            let database = run.intent.database.clone();
            self.record(now, Event::CallSent { id: id.clone(), database: database.clone(), call: call.clone() });
            self.effects.push(Effect::Send { id, call });
            if let Some(watched) = self.watched.get_mut(&database) {
                watched.call_was_sent();
            }
            return;
        };
        // An action that has sent something has left something: it goes on when the obstacle is gone.
        if !run.is_sent() {
            self.end_run(now, run, ActionResult::FailedSafe { why: format!("nothing was sent: {why}") });
        }
    }

    fn confirm(&mut self, database: &DatabaseName) {
        let Some(watched) = self.watched.get_mut(database) else { return };
        let Some(seen) = &watched.seen else { return };
        let (looks, first_at) = watched.confirmed.unwrap_or((0, seen.at));
        watched.confirmed = Some((looks + 1, first_at));
    }

    /// Records the status of the database of an action when it differs from the last one recorded.
    fn note_progress(&mut self, now: Timestamp, database: &DatabaseName) {
        let Some(run) = self.memory.of(database).active() else { return };
        let Some(call) = run.last_call() else { return };
        let Some(watched) = self.watched.get(database).filter(|watched| watched.look_is_new) else { return };
        let Some(seen) = watched.seen.as_ref().filter(|seen| seen.at >= call.sent_at) else { return };
        let observed = &seen.deployments;
        let (action, deployment) = (run.intent.action.clone(), observed.own.clone());
        let copy = seen.copy.as_ref().map(|copy| copy.resource_id.clone());
        let known = run.deployment.as_ref().filter(|_| !run.is_deployment_gone);
        let same = known == deployment.as_ref() && (copy.is_none() || run.copy == copy);
        // Of other actions no deployment is there, and none is gone.
        let by_deployment = run.intent.strategy == Strategy::BlueGreen;
        let event = (by_deployment && observed.is_read && !same).then(|| Event::DeploymentObserved {
            action,
            database: database.clone(),
            deployment,
            copy,
        });
        let state = &seen.state;
        let of_reader = seen.copy.as_ref().and_then(|reader| reader_event(run, reader));
        let event_of_status = self.status_event(database, state);
        for event in event.into_iter().chain(of_reader).chain(event_of_status) {
            self.record(now, event);
        }
    }

    /// The record of a status that differs from the last one recorded.
    fn status_event(&self, database: &DatabaseName, state: &DatabaseState) -> Option<Event> {
        let run = self.memory.of(database).active()?;
        if run.seen.last().is_some_and(|(_, status)| *status == state.status) {
            return None;
        }
        Some(Event::ActionObserved {
            action: run.intent.action.clone(),
            database: database.clone(),
            status: state.status.clone(),
            class: state.class.clone(),
            pending: state.class_pending().is_some(),
        })
    }

    fn end_run(&mut self, now: Timestamp, run: &Run, result: ActionResult) {
        let database = run.intent.database.clone();
        let seen = self.watched.get(&database).and_then(|watched| watched.seen.as_ref());
        let class = seen.map(|seen| seen.state.class.clone());
        let policy = self.settings.policy(&database);
        let hold = policy.and_then(|policy| hold_after(now, policy, run, &result));
        let action = run.intent.action.clone();
        let outage = Outage::of(run).filter(|_| run.intent.removes.is_none());
        let (outage_secs, outage_by) = outage.map(|outage| (outage.secs(), outage.by)).unzip();
        self.record(
            now,
            Event::ActionEnded { action, database: database.clone(), class, outage_secs, outage_by, result },
        );
        if let Some(hold) = hold {
            self.record(now, Event::HoldSet { database, hold });
        }
    }

    /// What an instance of a cluster is called; its name stays when another one writes.
    fn member_name(&self, database: &DatabaseName, machine: &ResourceId) -> Option<DatabaseName> {
        let seen = self.watched.get(database)?.seen.as_ref()?;
        Some(seen.state.cluster.as_ref()?.member(machine)?.name.clone())
    }

    /// A reader that an earlier action has left in the cluster, on the class that is wanted now.
    fn left_reader<'a>(&self, watched: &'a Watched, run: &Run, now: Timestamp) -> Option<Reader<'a>> {
        let rests = |state: &DatabaseState| state.status.is_available() && state.pending.is_empty();
        let is_it = |state: &&DatabaseState| state.class == run.intent.to && rests(state);
        let cluster = watched.seen.as_ref()?.state.cluster.as_ref()?;
        let old = watched.old.values().filter_map(|old| old.state.as_ref());
        let state = old.filter(is_it).find(|state| cluster.member(&state.resource_id).is_some())?;
        Some(Reader { state, lag: self.lag_of(Some(state), now) })
    }

    fn database_names(&self) -> Vec<DatabaseName> {
        self.settings.databases.iter().map(|policy| policy.database.clone()).collect()
    }
}

/// The record of a reader that was made, where it differs from the last one.
fn reader_event(run: &Run, reader: &DatabaseState) -> Option<Event> {
    if run.intent.strategy != Strategy::ReaderFailover || reader.name != run.reader_name() {
        return None;
    }
    let known = run.reader.as_ref();
    let same = known.is_some_and(|known| known.class == reader.class && known.status == reader.status);
    (!same).then(|| Event::ReaderObserved {
        action: run.intent.action.clone(),
        database: run.intent.database.clone(),
        name: reader.name.clone(),
        resource_id: reader.resource_id.clone(),
        class: reader.class.clone(),
        status: reader.status.clone(),
    })
}

/// What the newest look says of the machine that the action removes.
fn old_look<'a>(run: &Run, watched: &'a Watched) -> OldLook<'a> {
    let old = run.intent.removes.as_ref().and_then(|removal| watched.old.get(&removal.resource_id));
    match old {
        Some(OldSeen { state: Some(state), .. }) => OldLook::There(state),
        Some(OldSeen { missing_looks: 1.., is_taken, .. }) => {
            if *is_taken {
                OldLook::Taken
            } else {
                OldLook::Gone
            }
        }
        _ => OldLook::Unreadable,
    }
}

/// The hold that follows an ending: for a person after an unclear one, for a while after a person's own.
fn hold_after(now: Timestamp, policy: &Policy, run: &Run, result: &ActionResult) -> Option<Hold> {
    let action = run.intent.action.clone();
    match (result, &run.intent.actor) {
        (ActionResult::Held { why, seen, remedy }, _) => {
            let (why, seen, remedy) = (why.clone(), seen.clone(), remedy.clone());
            Some(Hold { direction: None, until: None, cause: HoldCause::Unclear { action, why, seen, remedy } })
        }
        (ActionResult::Verified, Actor::Person { operator, .. }) if run.intent.removes.is_none() => {
            let wait = SignedDuration::try_from(policy.hold_after_manual).ok()?;
            let cause = HoldCause::AfterManual { action, by: operator.clone() };
            Some(Hold { direction: None, until: now.checked_add(wait).ok(), cause })
        }
        _ => None,
    }
}
