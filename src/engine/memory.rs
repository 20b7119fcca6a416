//! What the engine remembers: a fold over the journal and nothing else. A restart folds the same events and knows the
//! same things.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::model::action::{ActionId, ActionResult, CallId, CallRecord, CallState, Run};
use crate::model::call::CallOutcome;
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, RdsEvent, ResourceId};
use crate::model::decision::Verdict;
use crate::model::event::Event;
use crate::model::hold::Hold;
use crate::model::ladder::Direction;
use crate::model::operator::Actor;
use crate::model::snapshot::{Arming, Mark, MarkKind};

/// Marks kept per database: more than fit on the widest screen's axis.
const MARKS: usize = 256;
/// RDS events kept per database to recognise known ones and to judge an action by; RDS itself keeps 14 days.
const EVENTS: usize = 500;

/// The engine's memory.
#[derive(Debug)]
pub(super) struct Memory {
    /// May the engine act?
    pub arming: Arming,
    /// Actions recorded so far.
    pub actions: u64,
    /// An engine has started and has not said that it ended.
    pub running: bool,
    /// Rises with every change of permission, hold or action.
    pub revision: u64,
    changes: BTreeMap<Option<DatabaseName>, Change>,
    databases: BTreeMap<DatabaseName, Remembered>,
}

/// The newest change that an order must have been given in sight of.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// The revision that it made.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// What, in words.
    pub words: String,
}

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
    /// RDS's events that were recorded.
    events: BTreeSet<RdsEvent>,
}

impl Default for Memory {
    fn default() -> Self {
        let arming = Arming::Disarmed { why: "never armed".to_owned(), since: None };
        Self { arming, actions: 0, running: false, revision: 0, changes: BTreeMap::new(), databases: BTreeMap::new() }
    }
}

impl Memory {
    /// What is remembered of a database.
    pub(super) fn of(&self, database: &DatabaseName) -> &Remembered {
        static NOTHING: Remembered = Remembered::nothing();
        self.databases.get(database).unwrap_or(&NOTHING)
    }

    /// The same, to note what is not worth a record: confirmations of a look.
    pub(super) fn of_mut(&mut self, database: &DatabaseName) -> &mut Remembered {
        self.databases.entry(database.clone()).or_default()
    }

    /// The action of that name that is under way.
    pub(super) fn active(&self, action: &ActionId) -> Option<&Run> {
        self.databases.values().filter_map(Remembered::active).find(|run| run.intent.action == *action)
    }

    /// How many actions are under way on other databases.
    pub(super) fn in_flight_besides(&self, database: &DatabaseName) -> u32 {
        let others = self.databases.iter().filter(|(name, _)| *name != database);
        others.filter(|(_, remembered)| remembered.active().is_some()).count() as u32
    }

    /// The newest change of permission, or of this database, that came after `revision`.
    pub(super) fn changed_since(&self, revision: u64, database: Option<&DatabaseName>) -> Option<&Change> {
        let of_database = database.and_then(|database| self.changes.get(&Some(database.clone())));
        let changes = self.changes.get(&None).into_iter().chain(of_database);
        changes.filter(|change| change.revision > revision).max_by_key(|change| change.revision)
    }

    /// Takes in one event of the journal.
    pub(super) fn apply(&mut self, at: Timestamp, event: &Event) {
        self.note_change(at, event);
        match event {
            Event::EngineStarted { .. } => self.running = true,
            Event::EngineStopped { .. } => self.running = false,
            Event::Armed { by, .. } => self.arming = Arming::Armed { by: by.clone(), since: at },
            Event::Disarmed { why, .. } => self.arming = Arming::Disarmed { why: why.clone(), since: Some(at) },
            Event::HoldSet { database, hold } => {
                let holds = &mut self.of_mut(database).holds;
                holds.retain(|held| held.until.is_none_or(|until| until > at));
                holds.push(hold.clone());
            }
            Event::HoldReleased { database, .. } => self.of_mut(database).holds.clear(),
            Event::ForeignChange { database, resource_id, class, .. } => {
                self.of_mut(database).known = Some((resource_id.clone(), class.clone()));
            }
            Event::Decision { decision, .. } => self.remember_decision(at, decision),
            Event::ActionIntended { intent, .. } => {
                self.actions += 1;
                self.of_mut(&intent.database).run = Some(Run::new(intent.clone(), at));
            }
            Event::ActionEnded { database, class, result, .. } => {
                self.of_mut(database).end(at, class.as_ref(), result);
            }
            Event::CallSent { id, database, call } => self.of_mut(database).sent(at, id, call),
            Event::CallAnswered { .. }
            | Event::CallAdopted { .. }
            | Event::ActionObserved { .. }
            | Event::StopRequested { .. } => self.progress(at, event),
            Event::RdsEvent(event) => self.of_mut(&event.database).remember_event(event),
            _ => {}
        }
    }

    /// Notes what an order must have been given in sight of.
    fn note_change(&mut self, at: Timestamp, event: &Event) {
        let about = match event {
            Event::Armed { .. } | Event::Disarmed { .. } => None,
            Event::HoldSet { database, .. }
            | Event::HoldReleased { database, .. }
            | Event::ForeignChange { database, .. }
            | Event::StopRequested { database, .. }
            | Event::ActionEnded { database, .. } => Some(database.clone()),
            Event::ActionIntended { intent, .. } => Some(intent.database.clone()),
            _ => return,
        };
        self.revision += 1;
        self.changes.insert(about, Change { revision: self.revision, at, words: event.words() });
    }

    fn remember_decision(&mut self, at: Timestamp, decision: &crate::model::decision::Decision) {
        let remembered = self.of_mut(&decision.database);
        if matches!(decision.verdict, Verdict::WouldScale { .. }) {
            remembered.mark(at, MarkKind::WouldScale);
        }
        // Only the first: a later one may rest on a look that contradicts what is known.
        if let (None, Some(id), Some(class)) = (&remembered.known, &decision.resource_id, &decision.class) {
            remembered.known = Some((id.clone(), class.clone()));
        }
    }

    /// Events of the action under way.
    fn progress(&mut self, at: Timestamp, event: &Event) {
        let Some(database) = event.database() else { return };
        let remembered = self.of_mut(database);
        let Some(run) = remembered.run.as_mut().filter(|run| !run.is_ended()) else { return };
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
            Event::StopRequested { action, by, .. } if run.intent.action == *action => {
                run.stop_requested = Some(by.clone());
            }
            _ => {}
        }
    }
}

fn set_call(run: &mut Run, id: &CallId, state: CallState) {
    let place = (id.step as usize).checked_sub(1);
    if let Some(call) = place.and_then(|place| run.calls.get_mut(place)) {
        call.state = state;
    }
}

impl Remembered {
    const fn nothing() -> Self {
        Self {
            run: None,
            last_end: None,
            starts: VecDeque::new(),
            holds: Vec::new(),
            marks: VecDeque::new(),
            known: None,
            events: BTreeSet::new(),
        }
    }

    /// The action under way.
    pub(super) fn active(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| !run.is_ended())
    }

    fn sent(&mut self, at: Timestamp, id: &CallId, call: &crate::model::call::MutatingCall) {
        self.mark(at, MarkKind::Sent);
        let Some(run) = self.run.as_mut().filter(|run| run.intent.action == id.action) else { return };
        run.calls.push(CallRecord { call: call.clone(), sent_at: at, state: CallState::Sent });
        // An action counts against the day's budget when it has sent something.
        if run.calls.len() == 1 && run.intent.actor == Actor::Engine {
            self.starts.retain(|start| at.duration_since(*start) < SignedDuration::from_hours(24));
            self.starts.push_back(at);
        }
    }

    fn end(&mut self, at: Timestamp, class: Option<&InstanceClass>, result: &ActionResult) {
        if let (Some((_, known)), Some(class)) = (&mut self.known, class) {
            known.clone_from(class);
        }
        self.mark(at, if *result == ActionResult::Verified { MarkKind::Verified } else { MarkKind::Failed });
        let Some(run) = &mut self.run else { return };
        run.ended = Some((at, result.clone()));
        if run.is_sent() {
            self.last_end = Some(at);
        }
    }

    /// The holds in force at `now`.
    pub(super) fn holds_at(&self, now: Timestamp) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(move |hold| hold.until.is_none_or(|until| until > now))
    }

    /// The hold on a direction that lasts longest.
    pub(super) fn hold_on(&self, direction: Direction, now: Timestamp) -> Option<&Hold> {
        let on_it = self.holds_at(now).filter(|hold| hold.direction.is_none_or(|held| held == direction));
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

    fn remember_event(&mut self, event: &RdsEvent) {
        self.events.insert(event.clone());
        while self.events.len() > EVENTS {
            self.events.pop_first();
        }
        let run = self.run.as_mut().filter(|run| !run.is_ended());
        if let Some(run) = run.filter(|run| run.last_call().is_some_and(|call| event.date >= call.sent_at)) {
            run.events.push(event.clone());
        }
    }

    fn mark(&mut self, at: Timestamp, kind: MarkKind) {
        self.marks.push_back(Mark { at, kind });
        if self.marks.len() > MARKS {
            self.marks.pop_front();
        }
    }
}
