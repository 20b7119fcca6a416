//! A person's orders: carried out or refused, and recorded either way.

use std::time::Duration;

use jiff::Timestamp;

use super::input::Effect;
use super::watched::Watched;
use super::{Engine, gates, holds};
use crate::model::action::{ActionResult, Intent, Run};
use crate::model::call::MutatingCall;
use crate::model::class::InstanceClass;
use crate::model::command::{Answer, Command, Request};
use crate::model::database::{DatabaseName, ResourceId};
use crate::model::duration;
use crate::model::event::Event;
use crate::model::gate::{Gate, GateResult};
use crate::model::guard::Guard;
use crate::model::operator::{Actor, Operator};
use crate::model::policy::Policy;
use crate::model::role::Role;

impl Engine {
    /// Carries out or refuses an order.
    pub(super) fn obey(&mut self, now: Timestamp, request: Request) -> Answer {
        let Request { by, role, command, seen_revision, .. } = request;
        let refusal = not_allowed(&by, role, &command).or_else(|| self.changed_unseen(&command, seen_revision));
        if let Some(why) = refusal {
            self.record(now, Event::CommandRefused { by, command, why: why.clone() });
            return Answer::Refused { sentence: why };
        }
        let outcome = match &command {
            Command::Arm { reason, duration } => self.arm(now, &by, reason, duration.map(duration::signed)),
            Command::Disarm => Ok((
                Event::Disarmed { by: Some(by.clone()), why: format!("by {by}") },
                format!("disarmed: the engine starts nothing{}", self.holder_not_disarmed().unwrap_or_default()),
            )),
            Command::Scale { database, to, reason, hold_for } => {
                self.scale(now, &by, (database, to, reason), *hold_for)
            }
            Command::Hold { database, direction, duration, reason } => {
                let length = duration::signed(*duration);
                self.hold(now, &by, database, *direction, length, reason)
            }
            Command::Release { database } => self.must_be_configured(database).map(|_| {
                let event = Event::HoldReleased { database: database.clone(), by: by.clone() };
                (event, format!("holds on {database} released"))
            }),
            Command::Approve { database } => self.approve(&by, database),
            Command::RemoveOld { database, machine, resource_id, reason } => {
                self.remove_old(now, &by, database, (machine, resource_id), reason)
            }
            Command::Stop { database } => self.stop(&by, database),
        };
        match outcome {
            Ok((event, sentence)) => {
                self.supersede_action(now, &by, &event);
                self.done(now, event, sentence)
            }
            Err(why) => {
                self.record(now, Event::CommandRefused { by, command, why: why.clone() });
                Answer::Refused { sentence: why }
            }
        }
    }

    /// The answer to what is done, and its record. The sequence in it is the place among the records of this step, from 0: the
    /// owner of the journal makes the sequence of it.
    pub(super) fn done(&mut self, now: Timestamp, event: Event, sentence: String) -> Answer {
        let ahead = self.effects.iter().filter(|effect| matches!(effect, Effect::Record(_))).count();
        self.record(now, event);
        Answer::Done { sentence, seq: ahead as u64 }
    }

    /// What has changed since the sender looked. To disarm is right on any picture.
    fn changed_unseen(&self, command: &Command, seen_revision: Option<u64>) -> Option<String> {
        if *command == Command::Disarm {
            return None;
        }
        let seen = seen_revision?;
        if seen > self.memory.revision {
            return Some(
                "not done: it was given in sight of a state that this engine never had. Look, and give it again"
                    .to_owned(),
            );
        }
        let change = self.memory.changed_since(seen, command.database())?;
        Some(format!("not done: meanwhile, at {:.0}: {}. Look, and give the order again", change.at, change.words))
    }

    fn scale(
        &self,
        now: Timestamp,
        by: &Operator,
        (database, to, reason): (&DatabaseName, &InstanceClass, &str),
        hold_for: Option<Duration>,
    ) -> Result<(Event, String), String> {
        let reason = required(reason)?;
        if let Some(hold_for) = hold_for {
            holds::must_be_a_length(duration::signed(hold_for))?;
        }
        let policy = self.must_be_configured(database)?;
        self.must_be_unsent(by, database)?;
        let watched = self.watched.get(database).and_then(|watched| Some((watched, watched.seen.as_ref()?)));
        let (watched, seen) = watched.ok_or_else(|| format!("the state of {database} is not known yet"))?;
        let state = &seen.state;
        if policy.ladder.position(to).is_none() {
            return Err(format!("{to} is not on the ladder of {database}"));
        }
        if state.class == *to {
            return Err(format!("{database} already is {to}"));
        }
        let gates = self.closed_gates(policy, watched, to, now);
        if !gates.blocking.is_empty() {
            let blocked: Vec<String> = gates.blocking.iter().map(GateResult::closed_sentence).collect();
            return Err(format!("not started: {}", blocked.join("; ")));
        }
        let intent = Intent {
            action: self.next_action(),
            database: database.clone(),
            resource_id: state.resource_id.clone(),
            strategy: policy.strategy,
            from: state.class.clone(),
            to: to.clone(),
            actor: Actor::Person { operator: by.clone(), reason },
            removes: None,
            hold_for,
        };
        let before = self.memory.of(database).active();
        let before = before
            .map_or_else(String::new, |run| format!(" in place of {}, of which nothing was sent", run.intent.action.0));
        let then = self.after_change(policy, watched, to, hold_for, now);
        let action = &intent.action.0;
        let sentence = format!("{action}: {database} goes from {} to {to}{before}; {then}", state.class);
        let passed_over = gates.passed_over.iter().map(|gate| gate.gate.name().to_owned()).collect();
        Ok((Event::ActionIntended { intent, passed_over }, sentence))
    }

    fn remove_old(
        &self,
        now: Timestamp,
        by: &Operator,
        database: &DatabaseName,
        (machine, resource_id): (&DatabaseName, &ResourceId),
        reason: &str,
    ) -> Result<(Event, String), String> {
        let reason = required(reason)?;
        let policy = self.must_be_configured(database)?;
        if let Some(run) = self.memory.of(database).active() {
            return Err(format!("not started: {} is under way: {}", run.intent.action.0, run.phase_words()));
        }
        if self.identity.is_none() {
            return Err("not started: AWS has not confirmed the account and region yet".to_owned());
        }
        let unknown = || format!("no action of ours has left a machine {machine} behind, as far as the journal says");
        let left = self.left(policy).find(|left| left.machine == *resource_id);
        let (left, watched) = left.zip(self.watched.get(database)).ok_or_else(unknown)?;
        let actor = Actor::Person { operator: by.clone(), reason };
        let intent = self.removal(policy, left, watched, actor, now);
        let intent =
            intent.ok_or_else(|| format!("not started: {machine} is the database itself, or nothing is known"))?;
        let sentence = format!("{}: {machine} goes; {database} stays as it is", intent.action.0);
        Ok((Event::ActionIntended { intent, passed_over: Vec::new() }, sentence))
    }

    fn approve(&self, by: &Operator, database: &DatabaseName) -> Result<(Event, String), String> {
        let run = self.memory.of(database).active().ok_or_else(|| format!("nothing is under way on {database}"))?;
        if !run.awaits_approval(&self.must_be_configured(database)?.copy) {
            return Err(format!("{} waits for nobody's word: {}", run.intent.action.0, run.phase_words()));
        }
        let sentence = format!("{}: it takes over now, and clients are kept out meanwhile", run.intent.action.0);
        let (action, database, by) = (run.intent.action.clone(), database.clone(), by.clone());
        Ok((Event::CutApproved { action, database, by }, sentence))
    }

    fn stop(&self, by: &Operator, database: &DatabaseName) -> Result<(Event, String), String> {
        let run = self.memory.of(database).active().ok_or_else(|| format!("nothing is under way on {database}"))?;
        let sentence = match run.last_call().map(|call| &call.call) {
            None => format!("{} stops before anything is sent", run.intent.action.0),
            Some(
                MutatingCall::CreateBlueGreenDeployment { .. }
                | MutatingCall::CreateDbInstance { .. }
                | MutatingCall::ModifyDbInstanceClass { .. },
            ) if run.intent.strategy.makes_a_copy() => {
                format!(
                    "{} stops before anything takes over: what was made for it is removed as soon as AWS allows it",
                    run.intent.action.0
                )
            }
            Some(_) => {
                return Err(format!(
                    "{} cannot be stopped: the call was sent and AWS offers no way to take it back; it is watched to its \
                     end",
                    run.intent.action.0
                ));
            }
        };
        let (action, database, by) = (run.intent.action.clone(), database.clone(), by.clone());
        Ok((Event::StopRequested { action, database, by }, sentence))
    }

    /// Of two orders the newer one wins, as long as nothing of the older one has left: what is out cannot be taken back.
    fn must_be_unsent(&self, by: &Operator, database: &DatabaseName) -> Result<(), String> {
        let is_out = |run: &&Run| run.is_sent() && self.guards.stand(Guard::OneAction);
        let Some(run) = self.memory.of(database).active().filter(is_out) else { return Ok(()) };
        let what_to_do = if self.stop(by, database).is_ok() {
            "it can still be stopped: stop it, and give the order again when it has ended"
        } else {
            "its call cannot be taken back: give the order again when it has ended"
        };
        let (action, phase) = (&run.intent.action.0, run.phase_words());
        Err(format!("not started: {action} is under way ({phase}); {what_to_do}"))
    }

    /// Ends the action that the intent of a person takes the place of.
    fn supersede_action(&mut self, now: Timestamp, by: &Operator, event: &Event) {
        let Event::ActionIntended { intent, .. } = event else { return };
        let unsent = self.memory.of(&intent.database).active().filter(|run| !run.is_sent());
        if let Some(run) = unsent.cloned() {
            let (by, superseded_by) = (by.clone(), intent.action.clone());
            self.end_run(now, &run, ActionResult::Superseded { by, superseded_by });
        }
    }

    pub(super) fn must_be_configured(&self, database: &DatabaseName) -> Result<&Policy, String> {
        self.settings.policy(database).ok_or_else(|| format!("no database {database} in the configuration"))
    }
}

/// The closed gates of an override.
pub(super) struct ClosedGates {
    /// A person passes over these.
    pub(super) passed_over: Vec<GateResult>,
    /// These guard the database itself and refuse it all the same.
    pub(super) blocking: Vec<GateResult>,
}

impl Engine {
    /// Every gate between a database and a class.
    pub(super) fn gates_of(
        &self,
        policy: &Policy,
        watched: &Watched,
        to: &InstanceClass,
        now: Timestamp,
    ) -> Vec<GateResult> {
        let direction = watched.direction_to(policy, to);
        gates::all(self.common(), (policy, policy.strategy), watched, direction, Some(to), now)
    }

    /// The closed gates between a database and a class that a person wants for it.
    pub(super) fn closed_gates(
        &self,
        policy: &Policy,
        watched: &Watched,
        to: &InstanceClass,
        now: Timestamp,
    ) -> ClosedGates {
        let closed = self.gates_of(policy, watched, to, now).into_iter().filter(|gate| !gate.open);
        // What has sent nothing makes room for a person's order.
        let is_unsent = self.memory.of(&policy.database).active().is_some_and(|run| !run.is_sent());
        let makes_room = |gate: &Gate| is_unsent && matches!(gate, Gate::NoActionInFlight { .. });
        let (passed_over, blocking) = closed.partition(|gate| gate.gate.yields_to_person() || makes_room(&gate.gate));
        ClosedGates { passed_over, blocking }
    }
}

/// Why a role is not enough for an order.
fn not_allowed(by: &Operator, role: Role, command: &Command) -> Option<String> {
    let least = command.least_role();
    (role < least).then(|| {
        format!("not done: to {} takes the role {least}, and {by} has the role {role}; see `[control]`", command.name())
    })
}

pub(super) fn required(reason: &str) -> Result<String, String> {
    let reason = crate::model::text::clean(reason.trim(), 200);
    if reason.is_empty() { Err("a reason is needed: it goes into the journal".to_owned()) } else { Ok(reason) }
}
