//! Actions: beginning them, carrying them on after a start, doing what their playbook says, and ending them.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::input::Effect;
use crate::model::action::{ActionId, ActionResult, CallId, CallState, Intent, Run};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::database::{DatabaseName, ResourceId};
use crate::model::decision::{Decision, Verdict};
use crate::model::event::Event;
use crate::model::hold::{Hold, HoldCause};
use crate::model::operator::Actor;
use crate::model::outage::Outage;
use crate::model::policy::Policy;
use crate::model::server::ClientsReach;
use crate::playbook::Next;

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
            hold_for: None,
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

    /// The one gate through which every mutating call passes: the process must not be ending, the journal must take
    /// records, the identity must be the configured one, the lease must be held where there is one, whoever ordered it must still be allowed to, and the call's
    /// record goes ahead of it.
    fn send(&mut self, now: Timestamp, run: &Run, call: MutatingCall) {
        let why = if self.ending {
            return;
        } else if self.journal_broken.is_some() {
            "the journal takes no records".to_owned()
        } else if self.identity.is_none() {
            "the account is not confirmed".to_owned()
        } else if let Some(why) = self.lease_forbids(now) {
            why
        } else if let Some(why) = self.forbidden(now, run) {
            format!("{why} before")
        } else if self.could_leave_too_late(now, run, &call) || self.owes_clients(run, &call) {
            return;
        } else {
            let id = CallId { action: run.intent.action.clone(), step: run.calls.len() as u32 + 1 };
            let database = run.intent.database.clone();
            if call.cuts(&database) {
                self.note_server(now, run, true);
            }
            let held = self.hold_clients(now, run, &call).then(|| database.clone());
            self.record(now, Event::CallSent { id: id.clone(), database: database.clone(), call: call.clone() });
            self.effects.push(Effect::Send { id, call, held });
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

    pub(super) fn end_run(&mut self, now: Timestamp, run: &Run, result: ActionResult) {
        let database = run.intent.database.clone();
        self.let_clients_go(&database);
        let seen = self.watched.get(&database).and_then(|watched| watched.seen.as_ref());
        let class = seen.map(|seen| seen.state.class.clone());
        let policy = self.settings.policy(&database);
        let hold = policy.and_then(|policy| hold_after(now, policy, run, &result));
        let action = run.intent.action.clone();
        let outage = Outage::of(run).filter(|_| run.intent.removes.is_none());
        let (outage_secs, outage_by) = outage.map(|outage| (outage.secs(), outage.by)).unzip();
        let is_change = result == ActionResult::Verified && run.intent.removes.is_none();
        let clients = self.clients_reach(run).ok().filter(|_| is_change);
        if clients.is_some_and(|clients| clients != ClientsReach::NotChecked) {
            self.note_server(now, run, false);
        }
        self.record(
            now,
            Event::ActionEnded { action, database: database.clone(), class, outage_secs, outage_by, clients, result },
        );
        if let Some(hold) = hold {
            // Its length is nobody's word where the policy gives it: then it ends no hold earlier than it was meant.
            let is_meant = run.intent.hold_for.is_some();
            let supersedes = self.superseded(now, &database, &hold, is_meant);
            self.record(now, Event::HoldSet { database, hold, supersedes });
        }
    }

    /// What an instance of a cluster is called; its name stays when another one writes.
    fn member_name(&self, database: &DatabaseName, machine: &ResourceId) -> Option<DatabaseName> {
        let seen = self.watched.get(database)?.seen.as_ref()?;
        Some(seen.state.cluster.as_ref()?.member(machine)?.name.clone())
    }

    fn database_names(&self) -> Vec<DatabaseName> {
        self.settings.databases.iter().map(|policy| policy.database.clone()).collect()
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
            let wait = SignedDuration::try_from(run.intent.hold_for.unwrap_or(policy.hold_after_manual)).ok()?;
            let cause = HoldCause::AfterManual { action, by: operator.clone() };
            Some(Hold { direction: None, until: now.checked_add(wait).ok(), cause })
        }
        _ => None,
    }
}
