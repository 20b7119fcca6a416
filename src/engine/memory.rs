//! What the engine remembers: a fold over the journal and nothing else. A restart folds the same events and knows the
//! same things.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use crate::model::action::{ActionId, Phase, Run};
use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseName, RdsEvent, ResourceId};
use crate::model::decision::Verdict;
use crate::model::event::Event;
use crate::model::ladder::Direction;
use crate::model::operator::Actor;
use crate::model::snapshot::{Arming, HoldView, Mark, MarkKind};

/// Marks kept per database: more than fit on the widest screen's axis.
const MARKS: usize = 256;
/// RDS events kept per database to recognise known ones and to judge an action by; RDS itself keeps 14 days.
const EVENTS: usize = 500;

/// The engine's memory.
#[derive(Debug)]
pub struct Memory {
    /// May the engine act?
    pub arming: Arming,
    /// Actions recorded so far.
    pub actions: u64,
    databases: BTreeMap<DatabaseName, Remembered>,
}

/// What is remembered of one database.
#[derive(Debug, Default, Clone)]
pub struct Remembered {
    /// The last action, under way or over.
    pub run: Option<Run>,
    /// When the last action ended.
    pub last_end: Option<Timestamp>,
    /// When the engine's own actions of the last day were started.
    pub starts: VecDeque<Timestamp>,
    /// Holds, some perhaps expired.
    pub holds: Vec<HoldView>,
    /// For the time axis.
    pub marks: VecDeque<Mark>,
    /// The class and machine that we last knew to be right.
    pub known: Option<(ResourceId, InstanceClass)>,
    /// RDS's events, oldest first.
    pub events: Vec<RdsEvent>,
    known_events: BTreeSet<RdsEvent>,
}

impl Default for Memory {
    fn default() -> Self {
        let arming = Arming::Disarmed { why: "never armed".to_owned(), since: None };
        Self { arming, actions: 0, databases: BTreeMap::new() }
    }
}

impl Memory {
    /// What is remembered of a database.
    pub fn of(&self, database: &DatabaseName) -> &Remembered {
        static NOTHING: Remembered = Remembered::nothing();
        self.databases.get(database).unwrap_or(&NOTHING)
    }

    /// The same, to note what is not worth a record: confirmations of a look.
    pub fn of_mut(&mut self, database: &DatabaseName) -> &mut Remembered {
        self.databases.entry(database.clone()).or_default()
    }

    /// The action of that name that is under way.
    pub fn active(&self, action: &ActionId) -> Option<&Run> {
        self.databases.values().filter_map(Remembered::active).find(|run| run.intent.action == *action)
    }

    /// Takes in one event of the journal.
    pub fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Armed { by, .. } => self.arming = Arming::Armed { by: by.clone(), since: at },
            Event::Disarmed { why, .. } => self.arming = Arming::Disarmed { why: why.clone(), since: Some(at) },
            Event::HoldSet { database, direction, until, reason, .. } => {
                let hold = HoldView { direction: *direction, until: *until, reason: reason.clone() };
                let holds = &mut self.of_mut(database).holds;
                holds.retain(|held| held.until.is_none_or(|until| until > at));
                holds.push(hold);
            }
            Event::HoldReleased { database, .. } => self.of_mut(database).holds.clear(),
            Event::Decision { decision, .. } => self.remember_decision(at, decision),
            Event::ActionIntended { intent, .. } => {
                self.actions += 1;
                let remembered = self.of_mut(&intent.database);
                if intent.actor == Actor::Engine {
                    remembered.starts.retain(|start| at.duration_since(*start) < SignedDuration::from_hours(24));
                    remembered.starts.push_back(at);
                }
                remembered.run = Some(Run {
                    intent: intent.clone(),
                    began: at,
                    phase: Phase::Intended,
                    stop_requested: None,
                    seen: Vec::new(),
                    confirmations: 0,
                });
            }
            Event::ActionEnded { database, class, result, .. } => {
                let remembered = self.of_mut(database);
                remembered.last_end = Some(at);
                if let (Some((_, known)), Some(class)) = (&mut remembered.known, class) {
                    known.clone_from(class);
                }
                let verified = *result == crate::model::action::ActionResult::Verified;
                remembered.mark(at, if verified { MarkKind::Verified } else { MarkKind::Failed });
                if let Some(run) = &mut remembered.run {
                    run.phase = Phase::Ended { at, result: result.clone() };
                }
            }
            Event::CallSent { .. }
            | Event::CallAnswered { .. }
            | Event::ActionObserved { .. }
            | Event::StopRequested { .. } => self.progress(at, event),
            Event::RdsEvent(event) => self.of_mut(&event.database).remember_event(event),
            _ => {}
        }
    }

    fn remember_decision(&mut self, at: Timestamp, decision: &crate::model::decision::Decision) {
        let remembered = self.of_mut(&decision.database);
        if matches!(decision.verdict, Verdict::WouldScale { .. }) {
            remembered.mark(at, MarkKind::WouldScale);
        }
        if let (Some(id), Some(class)) = (&decision.resource_id, &decision.class) {
            remembered.known = Some((id.clone(), class.clone()));
        }
    }

    /// Events of the action under way.
    fn progress(&mut self, at: Timestamp, event: &Event) {
        let (Event::CallSent { action, .. }
        | Event::CallAnswered { action, .. }
        | Event::ActionObserved { action, .. }
        | Event::StopRequested { action, .. }) = event
        else {
            return;
        };
        let is_it = |remembered: &&mut Remembered| remembered.active().is_some_and(|run| run.intent.action == *action);
        let Some(remembered) = self.databases.values_mut().find(is_it) else { return };
        if matches!(event, Event::CallSent { .. }) {
            remembered.mark(at, MarkKind::Sent);
        }
        let Some(run) = &mut remembered.run else { return };
        match event {
            Event::CallSent { call, .. } => run.phase = Phase::Sent { at, call: call.clone() },
            Event::CallAnswered { outcome, .. } => {
                let sent_at = if let Phase::Sent { at, .. } = run.phase { at } else { at };
                run.phase = Phase::Answered { at: sent_at, outcome: outcome.clone() };
            }
            Event::ActionObserved { status, .. } => run.seen.push((at, status.clone())),
            Event::StopRequested { by, .. } => run.stop_requested = Some(by.clone()),
            _ => {}
        }
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
            events: Vec::new(),
            known_events: BTreeSet::new(),
        }
    }

    /// The action under way.
    pub fn active(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| !run.is_ended())
    }

    /// The last look did not find the action done: confirmations must be consecutive.
    pub fn reset_confirmations(&mut self) {
        if let Some(run) = &mut self.run {
            run.confirmations = 0;
        }
    }

    /// The holds in force at `now`.
    pub fn holds_at(&self, now: Timestamp) -> impl Iterator<Item = &HoldView> {
        self.holds.iter().filter(move |hold| hold.until.is_none_or(|until| until > now))
    }

    /// The hold on a direction that lasts longest.
    pub fn hold_on(&self, direction: Direction, now: Timestamp) -> Option<&HoldView> {
        let on_it = self.holds_at(now).filter(|hold| hold.direction.is_none_or(|held| held == direction));
        on_it.max_by_key(|hold| hold.until.unwrap_or(Timestamp::MAX))
    }

    /// How many actions the engine started within 24 hours before `now`.
    pub fn starts_within_day(&self, now: Timestamp) -> u32 {
        let day = SignedDuration::from_hours(24);
        self.starts.iter().filter(|start| now.duration_since(**start) < day).count() as u32
    }

    /// Whether this event was recorded before.
    pub fn knows(&self, event: &RdsEvent) -> bool {
        self.known_events.contains(event)
    }

    fn remember_event(&mut self, event: &RdsEvent) {
        if self.known_events.insert(event.clone()) {
            self.events.push(event.clone());
            self.events.sort();
        }
        while self.events.len() > EVENTS {
            let oldest = self.events.remove(0);
            self.known_events.remove(&oldest);
        }
    }

    fn mark(&mut self, at: Timestamp, kind: MarkKind) {
        self.marks.push_back(Mark { at, kind });
        if self.marks.len() > MARKS {
            self.marks.pop_front();
        }
    }
}
