//! What the engine remembers of one database, and how its records change that.

use std::collections::{BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::left::LeftMachines;
use super::outlook::{self, Bursts, Took};
use super::scaled::Activities;
use crate::model::action::{ActionId, ActionResult, CallId, CallRecord, CallState, MadeReader, Run};
use crate::model::call::{CallOutcome, MutatingCall};
use crate::model::class::InstanceClass;
use crate::model::database::{RdsEvent, ResourceId};
use crate::model::event::Event;
use crate::model::hold::Hold;
use crate::model::ladder::Direction;
use crate::model::mark::{Mark, MarkKind};
use crate::model::operator::Actor;
use crate::model::pooler::{HeldClients, PoolerStep};
use crate::model::readers;

/// Marks kept per database: more than fit on the widest screen's axis.
const MARKS: usize = 256;
/// RDS events kept per database to recognise known ones and to judge an action by; RDS itself keeps 14 days.
const EVENTS: usize = 500;
/// RDS dates its events by its own clock, and ours may be ahead: an event that is new after the call and dated so shortly
/// before it is taken for one of the call. Without that, on a clock that is ahead, a change whose answer was lost would
/// leave no trace.
const EVENT_LEEWAY: SignedDuration = SignedDuration::from_mins(2);

/// What is remembered of one database.
#[derive(Debug, Default, Clone)]
pub(super) struct Remembered {
    /// The last action, under way or over.
    pub run: Option<Run>,
    /// When the last action ended that had sent something.
    pub last_end: Option<Timestamp>,
    /// When the engine's own actions of the last day were started.
    pub starts: VecDeque<Timestamp>,
    /// Holds, some perhaps expired.
    pub holds: Vec<Hold>,
    /// For the time axis.
    pub marks: VecDeque<Mark>,
    /// The class and machine that we last knew to be right.
    pub known: Option<(ResourceId, InstanceClass)>,
    /// When the name was last seen to pass to another machine.
    pub machine_since: Option<Timestamp>,
    /// Machines that actions have left.
    pub left: LeftMachines,
    /// Bursts of load.
    pub bursts: Bursts,
    /// What its last verified actions took.
    pub past: VecDeque<Took>,
    /// Clients that its pooler may hold: a `RESUME` is owed.
    pub paused: Option<HeldClients>,
    /// What Application Auto Scaling has done for its readers.
    pub activities: Activities,
    /// RDS's events that were recorded.
    events: BTreeSet<RdsEvent>,
}

impl Remembered {
    pub(super) const fn nothing() -> Self {
        Self {
            run: None,
            last_end: None,
            starts: VecDeque::new(),
            holds: Vec::new(),
            marks: VecDeque::new(),
            known: None,
            machine_since: None,
            left: LeftMachines::none(),
            bursts: Bursts::none(),
            past: VecDeque::new(),
            paused: None,
            activities: Activities::none(),
            events: BTreeSet::new(),
        }
    }

    /// What its pooler does with its clients.
    pub(super) fn pooler(&mut self, at: Timestamp, action: &ActionId, step: &PoolerStep) {
        match (step, &mut self.paused) {
            (PoolerStep::Pausing { max_pause_secs }, paused) => {
                let (action, max_pause_secs) = (action.clone(), *max_pause_secs);
                *paused = Some(HeldClients { action, since: at, max_pause_secs, is_sure: false, not_resumed: None });
            }
            (PoolerStep::Paused { .. }, Some(held)) => (held.since, held.is_sure) = (at, true),
            (PoolerStep::NotResumed { why }, Some(held)) => held.not_resumed = Some(why.clone()),
            (PoolerStep::Resumed { .. }, paused) => *paused = None,
            (PoolerStep::Paused { .. } | PoolerStep::NotResumed { .. }, None) => {}
        }
    }

    /// The action under way.
    pub(super) fn active(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| !run.is_ended())
    }

    /// The action under way that changes the database itself.
    pub(super) fn moving(&self) -> Option<&Run> {
        self.active().filter(|run| run.intent.removes.is_none())
    }

    pub(super) fn intended(&mut self, run: Run) {
        if let Some(removal) = &run.intent.removes {
            self.left.tried(&removal.resource_id);
        }
        self.run = Some(run);
    }

    /// Other hands have changed the database.
    pub(super) fn changed_by_others(&mut self, at: Timestamp, machine: &ResourceId, class: &InstanceClass) {
        let before = self.known.replace((machine.clone(), class.clone()));
        if let Some((before, class)) = before.filter(|(before, _)| before != machine) {
            self.machine_since = Some(at);
            self.left.taken_over_by_others(at, &before, &class);
        }
    }

    pub(super) fn sent(&mut self, at: Timestamp, id: &CallId, call: &MutatingCall) {
        let Some(run) = self.run.as_mut().filter(|run| run.intent.action == id.action) else { return };
        if let MutatingCall::FailoverDbCluster { machine, .. } = call {
            run.copy = Some(machine.clone());
        }
        run.calls.push(CallRecord { call: call.clone(), sent_at: at, state: CallState::Sent });
        // What goes on beside the database is no mark on its time axis, and no change of it.
        if run.intent.removes.is_some() {
            return;
        }
        let is_counted = run.calls.len() == 1 && run.intent.actor == Actor::Engine;
        self.mark(at, MarkKind::Sent);
        // An action counts against the day's budget when it has sent something.
        if is_counted {
            self.starts.retain(|start| at.duration_since(*start) < SignedDuration::from_hours(24));
            self.starts.push_back(at);
        }
    }

    pub(super) fn end(&mut self, at: Timestamp, class: Option<&InstanceClass>, result: &ActionResult) {
        if let Some(run) = self.run.as_mut().filter(|run| run.intent.removes.is_some()) {
            run.ended = Some((at, result.clone()));
            return;
        }
        if let (Some((_, known)), Some(class)) = (&mut self.known, class) {
            known.clone_from(class);
        }
        self.mark(at, if *result == ActionResult::Verified { MarkKind::Verified } else { MarkKind::Failed });
        let Some(run) = &mut self.run else { return };
        run.ended = Some((at, result.clone()));
        self.left.ended(at, run, result);
        if let Some(took) = Took::of(run, at).filter(|_| *result == ActionResult::Verified) {
            outlook::keep(&mut self.past, took);
        }
        if run.is_sent() {
            self.last_end = Some(at);
        }
    }

    /// Events of the action under way.
    pub(super) fn progress(&mut self, at: Timestamp, event: &Event) {
        let Some(run) = self.run.as_mut().filter(|run| !run.is_ended()) else { return };
        match event {
            Event::CallAnswered { id, outcome, .. } if run.intent.action == id.action => {
                let state = match outcome.clone() {
                    CallOutcome::Accepted { .. } => CallState::Accepted,
                    CallOutcome::Refused { code, message, .. } => CallState::Refused { code, message },
                    CallOutcome::Unknown { why } => CallState::Looking { why },
                };
                set_call(run, id, state);
            }
            Event::CallAdopted { id, evidence, .. } if run.intent.action == id.action => {
                set_call(run, id, CallState::Adopted { evidence: evidence.clone() });
            }
            Event::ActionObserved { action, status, .. } if run.intent.action == *action => {
                run.seen.push((at, status.clone()));
            }
            Event::DeploymentObserved { action, deployment, copy, .. } if run.intent.action == *action => {
                // Of one that is gone the last that was known says what it left.
                run.is_deployment_gone = deployment.is_none();
                run.deployment = deployment.clone().or(run.deployment.take());
                run.copy = copy.clone().or(run.copy.take());
                self.left.named(action, run.deployment.as_ref());
            }
            Event::ReaderObserved { action, name, resource_id, class, status, .. } if run.intent.action == *action => {
                let reader = MadeReader::seen(run.reader.as_ref(), (name, class, status));
                self.left.made(action, resource_id, &reader);
                run.copy = Some(resource_id.clone());
                run.reader = Some(reader);
            }
            Event::SwitchedOver { action, to, old_name, .. } if run.intent.action == *action => {
                run.switched = Some((at, to.clone()));
                self.left.switched(at, run, to, old_name.clone());
                self.machine_since = Some(at);
                if let Some((machine, _)) = &mut self.known {
                    machine.clone_from(to);
                }
            }
            Event::ServerReached { action, server, before_cut: true, .. } if run.intent.action == *action => {
                run.server_before = Some(server.clone());
            }
            Event::CutApproved { action, by, .. } if run.intent.action == *action => {
                run.approved = Some(by.clone());
            }
            Event::StopRequested { action, by, .. } if run.intent.action == *action => {
                run.stop_requested = Some(by.clone());
            }
            _ => {}
        }
    }

    /// A hold was set in the place of others.
    pub(super) fn held(&mut self, at: Timestamp, hold: &Hold, supersedes: &[Hold]) {
        self.holds.retain(|held| held.until.is_none_or(|until| until > at));
        for old in supersedes {
            if let Some(place) = self.holds.iter().position(|held| held == old) {
                self.holds.remove(place);
                self.holds.extend(old.beside(hold.direction));
            }
        }
        self.holds.push(hold.clone());
    }

    /// The holds in force at `now`.
    pub(super) fn holds_at(&self, now: Timestamp) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(move |hold| hold.until.is_none_or(|until| until > now))
    }

    /// The hold on a direction that lasts longest.
    pub(super) fn hold_on(&self, direction: Direction, now: Timestamp) -> Option<&Hold> {
        let on_it = self.holds_at(now).filter(|hold| hold.stops(direction));
        on_it.max_by_key(|hold| hold.until.unwrap_or(Timestamp::MAX))
    }

    /// How many actions the engine started within 24 hours before `now`.
    pub(super) fn starts_within_day(&self, now: Timestamp) -> u32 {
        let day = SignedDuration::from_hours(24);
        self.starts.iter().filter(|start| now.duration_since(**start) < day).count() as u32
    }

    /// Whether this event was recorded before.
    pub(super) fn knows(&self, event: &RdsEvent) -> bool {
        self.events.contains(event)
    }

    pub(super) fn remember_event(&mut self, event: &RdsEvent) {
        self.events.insert(event.clone());
        while self.events.len() > EVENTS {
            self.events.pop_first();
        }
        // What Application Auto Scaling makes of its own readers says nothing of an action of ours.
        if event.instance.as_ref().is_some_and(readers::is_scaled) {
            return;
        }
        let run = self.run.as_mut().filter(|run| !run.is_ended());
        let is_since = |sent_at: Timestamp| event.date.duration_since(sent_at) >= -EVENT_LEEWAY;
        if let Some(run) = run.filter(|run| run.last_call().is_some_and(|call| is_since(call.sent_at))) {
            run.events.push(event.clone());
        }
    }

    pub(super) fn mark(&mut self, at: Timestamp, kind: MarkKind) {
        self.marks.push_back(Mark { at, kind });
        if self.marks.len() > MARKS {
            self.marks.pop_front();
        }
    }
}

fn set_call(run: &mut Run, id: &CallId, state: CallState) {
    let place = (id.step as usize).checked_sub(1);
    if let Some(call) = place.and_then(|place| run.calls.get_mut(place)) {
        call.state = state;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::{ActionId, Intent};
    use crate::model::database::DatabaseName;
    use crate::model::policy::Strategy;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// How many events an action knows after one of this date became known, its call having been sent at second 1,000.
    fn events_of_action(dated: i64) -> usize {
        events_after(dated, None)
    }

    fn events_after(dated: i64, instance: Option<&str>) -> usize {
        let (database, class) = (DatabaseName::new("checkpoints"), InstanceClass::observed("db.m5.large"));
        let intent = Intent {
            action: ActionId("a1".into()),
            database: database.clone(),
            resource_id: ResourceId::new("db-1"),
            strategy: Strategy::InPlace,
            from: InstanceClass::observed("db.t4g.small"),
            to: class.clone(),
            actor: Actor::Engine,
            removes: None,
            hold_for: None,
        };
        let mut remembered = Remembered { run: Some(Run::new(intent, at(990))), ..Remembered::default() };
        let id = CallId { action: ActionId("a1".into()), step: 1 };
        remembered.sent(
            at(1_000),
            &id,
            &MutatingCall::ModifyDbInstanceClass { database: database.clone(), class, capacity_reservation: None },
        );
        let message = "Applying modification to database instance class".into();
        let instance = instance.map(DatabaseName::new);
        remembered.remember_event(&RdsEvent { date: at(dated), database, instance, message, categories: vec![] });
        remembered.run.map_or(0, |run| run.events.len())
    }

    #[test]
    fn an_event_dated_by_a_clock_that_is_behind_ours_is_still_one_of_the_call() {
        assert_eq!([1_005, 940, 880].map(events_of_action), [1, 1, 1]);
        assert_eq!(events_of_action(879), 0, "that long before it, it is of something else");
    }

    #[test]
    fn what_becomes_of_readers_of_application_auto_scaling_says_nothing_of_an_action() {
        assert_eq!(events_after(1_005, Some("upshift-orders-a1")), 1);
        assert_eq!(events_after(1_005, Some("application-autoscaling-1b2c")), 0, "its failure would be the action's");
    }
}
