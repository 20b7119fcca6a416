//! What the engine remembers: a fold over the journal. A restart folds the same events and knows the same things. Three
//! things it knows besides: which machine and class it saw first since it began, that a journal that takes no more
//! records has disarmed it, and by how much the clock was set back since it was armed; none outlives the process.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::remembered::Remembered;
use crate::model::action::{ActionId, Run};
use crate::model::arming::Arming;
use crate::model::class::InstanceClass;
use crate::model::configuration::{ConfigurationView, RefusedReload};
use crate::model::database::{DatabaseName, ResourceId};
use crate::model::decision::Verdict;
use crate::model::event::Event;
use crate::model::guard::{Guard, Guards};
use crate::model::mark::MarkKind;
use crate::model::operator::Operator;

/// The engine's memory.
#[derive(Debug)]
pub(super) struct Memory {
    /// May the engine act?
    pub arming: Arming,
    /// By so much the clock was set back since then, in all: what it shows may be that much too early for an arming that ends.
    /// A step forward takes nothing of it: it may be another one's time that it makes up for.
    set_back: SignedDuration,
    /// The account that the credentials belonged to when they were last confirmed, also by an earlier process.
    pub account: Option<String>,
    /// Actions recorded so far.
    pub actions: u64,
    /// The person who disarmed it; absent while it is armed, and when it did so itself.
    pub disarmed_by: Option<Operator>,
    /// Whom the lease was last seen with, and its epoch; absent since it was this engine's own.
    pub lease_elsewhere: Option<(String, u64)>,
    /// An engine has started and has not said that it ended.
    pub running: bool,
    /// What the engine runs by, and what became of the last reload.
    pub configuration: ConfigurationView,
    /// Rises with every change of permission, hold or action.
    pub revision: u64,
    /// The newest recorded change of state of each alarm.
    pub alarm_changes: BTreeMap<String, Timestamp>,
    /// How many changes of alarms were begun for each action.
    follows: BTreeMap<ActionId, u32>,
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

impl Default for Memory {
    fn default() -> Self {
        let arming = Arming::Disarmed { why: "never armed".to_owned(), since: None };
        Self {
            arming,
            set_back: SignedDuration::ZERO,
            account: None,
            actions: 0,
            disarmed_by: None,
            lease_elsewhere: None,
            running: false,
            configuration: ConfigurationView::default(),
            revision: 0,
            alarm_changes: BTreeMap::new(),
            follows: BTreeMap::new(),
            changes: BTreeMap::new(),
            databases: BTreeMap::new(),
        }
    }
}

impl Memory {
    /// What is remembered of a database.
    pub(super) fn of(&self, database: &DatabaseName) -> &Remembered {
        static NOTHING: Remembered = Remembered::nothing();
        self.databases.get(database).unwrap_or(&NOTHING)
    }

    /// Notes the class and machine of a database that is seen for the first time. Not recorded: the first decision's
    /// record carries it, and a restart folds that.
    pub(super) fn first_seen(&mut self, database: &DatabaseName, here: (ResourceId, InstanceClass)) {
        self.of_mut(database).known = Some(here);
    }

    /// The clock was set by so much, forward or back.
    pub(super) fn clock_was_set(&mut self, by: SignedDuration) {
        self.set_back = self.set_back.saturating_add((-by).max(SignedDuration::ZERO));
    }

    /// When the permission to act ends by itself, on the clock as it is set now: never later than it was meant.
    pub(super) fn arming_ends(&self) -> Option<Timestamp> {
        let until = self.arming.until()?;
        Some(until.saturating_sub(self.set_back).unwrap_or(Timestamp::MIN))
    }

    /// Whether the engine may act at `now`.
    pub(super) fn may_act(&self, guards: Guards, now: Timestamp) -> bool {
        let is_over = self.arming_ends().is_some_and(|end| end <= now) && guards.stand(Guard::ArmingEnd);
        self.arming.is_armed() && !is_over
    }

    /// The action of that name that is under way.
    pub(super) fn active(&self, action: &ActionId) -> Option<&Run> {
        self.databases.values().filter_map(Remembered::active).find(|run| run.intent.action == *action)
    }

    /// Databases whose pooler may hold its clients.
    pub(super) fn paused(&self) -> Vec<DatabaseName> {
        let paused = self.databases.iter().filter(|(_, remembered)| remembered.paused.is_some());
        paused.map(|(name, _)| name.clone()).collect()
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

    /// How many changes of alarms were begun for an action.
    pub(super) fn follows_of(&self, action: &ActionId) -> u32 {
        self.follows.get(action).copied().unwrap_or_default()
    }

    /// Takes in one event of the journal.
    pub(super) fn apply(&mut self, at: Timestamp, event: &Event) {
        self.note_change(at, event);
        match event {
            Event::EngineStarted { config_digest, .. } => {
                self.running = true;
                self.configure(at, config_digest);
            }
            Event::ConfigReloaded { digest, .. } => self.configure(at, digest),
            Event::ConfigRefused { why } => {
                self.configuration.refused = Some(RefusedReload { at, why: why.clone() });
            }
            Event::EngineStopped { .. } => self.running = false,
            Event::IdentityConfirmed { account, .. } => self.account = Some(account.clone()),
            Event::Armed { by, until, .. } => {
                self.set_back = SignedDuration::ZERO;
                self.arming = Arming::Armed { by: by.clone(), since: at, until: *until };
                self.disarmed_by = None;
            }
            Event::Disarmed { by, why } => {
                self.arming = Arming::Disarmed { why: why.clone(), since: Some(at) };
                self.disarmed_by.clone_from(by);
            }
            Event::LeaseAcquired { .. } => self.lease_elsewhere = None,
            Event::LeaseHeldElsewhere { holder, epoch } => {
                self.lease_elsewhere = Some((holder.clone(), *epoch));
            }
            Event::HoldSet { database, hold, supersedes } => self.of_mut(database).held(at, hold, supersedes),
            Event::HoldReleased { database, .. } => self.of_mut(database).holds.clear(),
            Event::ForeignChange { database, resource_id, class, .. } => {
                self.of_mut(database).changed_by_others(at, resource_id, class);
            }
            Event::Decision { decision, .. } => self.remember_decision(at, decision),
            Event::ActionIntended { intent, .. } => {
                self.actions += 1;
                let run = Run { account: self.account.clone(), ..Run::new(intent.clone(), at) };
                self.of_mut(&intent.database).intended(run);
            }
            Event::ActionEnded { database, class, result, .. } => {
                self.of_mut(database).end(at, class.as_ref(), result);
            }
            Event::Pooler { action, database, step } => self.of_mut(database).pooler(at, action, step),
            Event::CallSent { id, database, call } => self.of_mut(database).sent(at, id, call),
            Event::CallAnswered { .. }
            | Event::CallAdopted { .. }
            | Event::ActionObserved { .. }
            | Event::DeploymentObserved { .. }
            | Event::ReaderObserved { .. }
            | Event::SwitchedOver { .. }
            | Event::ServerReached { .. }
            | Event::CutApproved { .. }
            | Event::StopRequested { .. } => {
                if let Some(database) = event.database() {
                    self.of_mut(database).progress(at, event);
                }
            }
            Event::ScalingActivity { database, activity } => self.of_mut(database).activities.remember(activity),
            Event::AlarmChanged { change, .. } => {
                let newest = self.alarm_changes.entry(change.alarm.clone()).or_insert(change.at);
                *newest = change.at.max(*newest);
            }
            Event::AlarmFollows { action, .. } => *self.follows.entry(action.clone()).or_default() += 1,
            Event::RdsEvent(event) => self.of_mut(&event.database).remember_event(event),
            _ => {}
        }
    }

    fn of_mut(&mut self, database: &DatabaseName) -> &mut Remembered {
        self.databases.entry(database.clone()).or_default()
    }

    fn configure(&mut self, at: Timestamp, digest: &str) {
        self.configuration = ConfigurationView { digest: digest.to_owned(), since: Some(at), refused: None };
    }

    /// Notes what an order must have been given in sight of.
    fn note_change(&mut self, at: Timestamp, event: &Event) {
        let about = match event {
            // By another policy an order can mean something else.
            Event::Armed { .. } | Event::Disarmed { .. } | Event::ConfigReloaded { .. } => None,
            Event::HoldSet { database, .. }
            | Event::HoldReleased { database, .. }
            | Event::ForeignChange { database, .. }
            | Event::SwitchedOver { database, .. }
            | Event::ServerReached { database, .. }
            | Event::CutApproved { database, .. }
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
        remembered.bursts.take_in(at, decision);
        if matches!(decision.verdict, Verdict::WouldScale { .. }) {
            remembered.mark(at, MarkKind::WouldScale);
        }
        // Only the first: a later one may rest on a look that contradicts what is known.
        if let (None, Some(id), Some(class)) = (&remembered.known, &decision.resource_id, &decision.class) {
            remembered.known = Some((id.clone(), class.clone()));
        }
    }
}
