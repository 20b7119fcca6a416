//! Actions: beginning them, carrying them on after a start, and driving them by their playbook.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::input::Effect;
use crate::model::action::{ActionId, ActionResult, Intent, Phase, Run};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::database::DatabaseName;
use crate::model::decision::{Decision, Verdict};
use crate::model::event::Event;
use crate::model::operator::Actor;
use crate::model::policy::Policy;
use crate::playbook::{self, Next, World};

impl Engine {
    /// Says which actions a restart found under way. A call without a recorded answer may or may not have arrived: it
    /// is never sent again, only looked for.
    pub(super) fn resume(&mut self, now: Timestamp) {
        for policy in self.settings.databases.clone() {
            let Some(run) = self.memory.of(&policy.database).active().cloned() else { continue };
            let action = run.intent.action.clone();
            if matches!(run.phase, Phase::Sent { .. }) {
                let why = "the process ended between sending and hearing the answer".to_owned();
                self.record(now, Event::CallAnswered { action: action.clone(), outcome: CallOutcome::Unknown { why } });
            }
            let run = self.memory.of(&policy.database).run.as_ref();
            let phase = run.map(Run::phase_words).unwrap_or_default();
            self.record(now, Event::ActionResumed { action, phase });
        }
    }

    /// Begins the action that a decision asks for.
    pub(super) fn begin(&mut self, now: Timestamp, policy: &Policy, decision: &Decision) {
        let Verdict::Scale { to, .. } = &decision.verdict else { return };
        let (Some(resource_id), Some(from)) = (&decision.resource_id, &decision.class) else { return };
        let intent = Intent {
            action: self.next_action(),
            database: policy.database.clone(),
            resource_id: resource_id.clone(),
            strategy: policy.strategy,
            from: from.clone(),
            to: to.clone(),
            actor: Actor::Engine,
        };
        self.record(now, Event::ActionIntended { intent, passed_over: Vec::new() });
    }

    pub(super) fn next_action(&self) -> ActionId {
        ActionId(format!("a{}", self.memory.actions + 1))
    }

    /// Asks every action's playbook what comes next, and does it.
    pub(super) fn drive_runs(&mut self, now: Timestamp) {
        for policy in self.settings.databases.clone() {
            let Some(run) = self.memory.of(&policy.database).active().cloned() else { continue };
            self.note_progress(now, &run);
            let Some(run) = self.memory.of(&policy.database).active().cloned() else { continue };
            let next = self.ask_playbook(now, &policy, &run);
            match next {
                Next::Observe => self.memory.of_mut(&policy.database).reset_confirmations(),
                Next::Confirmed => self.confirm(&policy.database),
                Next::Send(call) => self.send(now, &run, call),
                Next::End(result) => self.end_run(now, &policy, &run, result),
            }
        }
    }

    fn ask_playbook(&self, now: Timestamp, policy: &Policy, run: &Run) -> Next {
        let watched = self.watched.get(&policy.database);
        let state = watched.and_then(|watched| watched.state.as_ref()).map(|(state, at)| (state, *at));
        let seen_again = watched.is_some_and(|watched| watched.confirmed_at == state.map(|(_, at)| at));
        if run.confirmations > 0 && seen_again {
            // The same look cannot confirm itself.
            return Next::Confirmed;
        }
        let world = World {
            state,
            events: &self.memory.of(&policy.database).events,
            permitted: run.intent.actor != Actor::Engine || self.is_armed(),
            stuck_after: SignedDuration::try_from(policy.stuck_after).unwrap_or(SignedDuration::MAX),
        };
        playbook::next(run, world, now)
    }

    /// The one gate through which every mutating call passes: the journal must take records, the identity must be
    /// the configured one, and the call's record goes ahead of it.
    fn send(&mut self, now: Timestamp, run: &Run, call: MutatingCall) {
        if self.ending || self.journal_broken.is_some() || self.identity.is_none() {
            return;
        }
        let action = run.intent.action.clone();
        self.record(now, Event::CallSent { action: action.clone(), call: call.clone() });
        self.effects.push(Effect::Send { action, call });
    }

    fn confirm(&mut self, database: &DatabaseName) {
        let Some(watched) = self.watched.get_mut(database) else { return };
        let look = watched.state.as_ref().map(|(_, at)| *at);
        if watched.confirmed_at != look {
            watched.confirmed_at = look;
            if let Some(run) = &mut self.memory.of_mut(database).run {
                run.confirmations += 1;
            }
        }
    }

    /// Records the status of the database of an action when it differs from the last one recorded.
    fn note_progress(&mut self, now: Timestamp, run: &Run) {
        if !run.is_sent() {
            return;
        }
        let Some(watched) = self.watched.get(&run.intent.database) else { return };
        let Some((state, seen_at)) = &watched.state else { return };
        let sent_at = match &run.phase {
            Phase::Sent { at, .. } | Phase::Answered { at, .. } => *at,
            Phase::Intended | Phase::Ended { .. } => return,
        };
        if *seen_at <= sent_at || run.seen.last().is_some_and(|(_, status)| *status == state.status) {
            return;
        }
        let event = Event::ActionObserved {
            action: run.intent.action.clone(),
            status: state.status.clone(),
            class: state.class.clone(),
            pending: state.pending.contains_key("DBInstanceClass"),
        };
        self.record(now, event);
    }

    fn end_run(&mut self, now: Timestamp, policy: &Policy, run: &Run, result: ActionResult) {
        let database = policy.database.clone();
        let watched = self.watched.get(&database).and_then(|watched| watched.state.as_ref());
        let class = watched.map(|(state, _)| state.class.clone());
        let hold = hold_after(now, policy, run, &result);
        let action = run.intent.action.clone();
        self.record(now, Event::ActionEnded { action, database: database.clone(), class, result });
        if let Some((until, reason)) = hold {
            self.record(now, Event::HoldSet { database, direction: None, until, by: None, reason });
        }
    }
}

/// The hold that follows an ending: for a person after an unclear one, for a while after a person's own.
fn hold_after(
    now: Timestamp,
    policy: &Policy,
    run: &Run,
    result: &ActionResult,
) -> Option<(Option<Timestamp>, String)> {
    match (result, &run.intent.actor) {
        (ActionResult::Held { why }, _) => Some((None, format!("{}: {why}", run.intent.action.0))),
        (ActionResult::Verified, Actor::Person { operator, .. }) => {
            let wait = SignedDuration::try_from(policy.hold_after_manual).ok()?;
            Some((now.checked_add(wait).ok(), format!("after a change by {operator}")))
        }
        _ => None,
    }
}
