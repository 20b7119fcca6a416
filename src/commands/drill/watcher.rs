//! Who watches the engine during a drill, and gives it the permission to act for that time.

use jiff::Timestamp;

use super::clients::Clients;
use crate::clock::Clock;
use crate::commands::hosted::Hosted;
use crate::commands::{CommandError, last_words};
use crate::control::Client;
use crate::model::action::Run;
use crate::model::arming::Arming;
use crate::model::command::{Answer, Command};
use crate::model::database::DatabaseName;
use crate::model::gate::GateResult;
use crate::model::snapshot::{DatabaseView, Snapshot};

/// A gate can be closed because something was not read yet: it is still closed after so many looks, or it is meant.
const LOOKS: u32 = 3;

/// The eyes and the hand of a drill.
pub(super) struct Watcher {
    pub(super) client: Client,
    pub(super) clock: Clock,
    said: String,
    permission: Permission,
    /// CloudWatch has told of the alarm.
    pub(super) alarm_fired: bool,
    /// CloudWatch was asked for it then.
    pub(super) alarm_asked: Option<Timestamp>,
}

/// Whether the engine may act because of the drill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Permission {
    /// Nobody was asked yet.
    NotGiven,
    /// It was armed already.
    HadBefore,
    /// For the drill.
    Given,
}

impl Watcher {
    /// Of an engine that has begun.
    pub(super) fn of(hosted: &Hosted) -> Self {
        Self {
            client: hosted.client.clone(),
            clock: hosted.clock.clone(),
            said: String::new(),
            permission: Permission::NotGiven,
            alarm_fired: false,
            alarm_asked: None,
        }
    }

    /// Returns once the database is seen and nothing is in the way of moving it that nobody passes over.
    ///
    /// # Errors
    /// What is in the way.
    pub(super) async fn until_it_may_begin(&mut self, database: &DatabaseName) -> Result<(), CommandError> {
        let (mut looks, mut newest) = (0, None);
        loop {
            let snapshot = self.client.snapshot();
            let seen = view(&snapshot, database).filter(|view| view.state.is_some() && snapshot.identity.is_some());
            if let Some(view) = seen {
                let judged = preflight(view);
                if judged.is_ok() {
                    let gates = view.gates_up.len();
                    last_words::say(&format!("pre-flight: {gates} gates looked at, none is closed to everybody"));
                    return Ok(());
                }
                looks += u32::from(view.state_at != newest);
                newest = view.state_at;
                if looks > LOOKS {
                    return judged;
                }
            } else if let Some(problem) = snapshot.problems.first() {
                self.say_new(&problem.failure.sentence);
            }
            if self.client.changed().await.is_none() {
                return Err(gone());
            }
        }
    }

    /// Lets the engine act, unless it may already.
    ///
    /// # Errors
    /// Why it may not.
    pub(super) async fn arm(&mut self) -> Result<(), CommandError> {
        if self.client.snapshot().arming.is_armed() {
            self.permission = Permission::HadBefore;
            return Ok(());
        }
        // Before it is asked: an answer that nobody waits for can be a yes.
        self.permission = Permission::Given;
        let reply = self.client.send(Command::Arm { reason: "a drill".to_owned(), duration: None }).await;
        match reply.map(|reply| reply.answer) {
            Ok(Answer::Done { .. }) => Ok(()),
            Ok(Answer::Refused { sentence } | Answer::Unknown { sentence }) => {
                Err(CommandError::Failed(format!("not armed: {sentence}")))
            }
            Err(_) => Err(gone()),
        }
    }

    /// Takes back what was given for the drill; says how the engine is left. What it had before stays.
    pub(super) async fn give_back(&mut self) -> String {
        let arming = self.client.snapshot().arming.clone();
        match (self.permission, arming) {
            (Permission::HadBefore, Arming::Armed { .. }) => {
                return "the engine stays armed, as it was before the drill".to_owned();
            }
            (Permission::NotGiven, Arming::Armed { .. }) => {
                return "the engine is armed, as it was before the drill".to_owned();
            }
            (Permission::NotGiven, Arming::Disarmed { .. }) => {
                return "the engine is disarmed, as it was before the drill".to_owned();
            }
            (Permission::HadBefore, Arming::Disarmed { why, .. }) => return format!("the engine is disarmed: {why}"),
            // One that was disarmed before can still be about to be armed by the order of a moment ago.
            (Permission::Given, _) => {}
        }
        match self.client.send(Command::Disarm).await.map(|reply| reply.answer) {
            Ok(Answer::Done { .. }) => "the engine is disarmed again".to_owned(),
            Ok(Answer::Refused { sentence } | Answer::Unknown { sentence }) => {
                format!("the engine was armed for the drill, and not disarmed: {sentence}")
            }
            Err(_) => {
                "the engine was gone before it could be disarmed: look at it before you start one with --auto on this \
                       state directory"
                    .to_owned()
            }
        }
    }

    /// Says where an action is, once for each phase.
    pub(super) fn say_phase(&mut self, run: &Run, clients: Option<&Clients>) {
        let load = clients.map_or_else(String::new, |clients| {
            let now = clients.progress();
            format!(" · {} writes acknowledged, {} failed", now.acknowledged, now.failed)
        });
        let phase = run.phase_words();
        if phase != self.said {
            last_words::say(&format!("{}: {phase}{load}", run.intent.action.0));
            self.said = phase;
        }
    }

    fn say_new(&mut self, words: &str) {
        if words != self.said {
            last_words::say(words);
            words.clone_into(&mut self.said);
        }
    }

    /// What keeps the engine from it, as it says itself.
    pub(super) fn why_not(&self, database: &DatabaseName) -> String {
        let snapshot = self.client.snapshot();
        let decision = view(&snapshot, database).and_then(|view| view.decision.clone());
        decision.map_or_else(|| "it has decided nothing".to_owned(), |decision| decision.words())
    }
}

/// Every gate that nobody passes over must be open before anything is put on the database.
///
/// # Errors
/// Which are not.
pub(super) fn preflight(view: &DatabaseView) -> Result<(), CommandError> {
    let closed: Vec<String> = view
        .gates_up
        .iter()
        .filter(|gate| !gate.open && !gate.gate.yields_to_person())
        .map(GateResult::closed_sentence)
        .collect();
    if closed.is_empty() {
        return Ok(());
    }
    let why = closed.join("; ");
    Err(CommandError::Failed(format!("pre-flight: {} cannot be moved up: {why}", view.policy.database)))
}

/// What the engine says of one database.
pub(super) fn view<'a>(snapshot: &'a Snapshot, database: &DatabaseName) -> Option<&'a DatabaseView> {
    snapshot.databases.iter().find(|view| view.policy.database == *database)
}

/// The engine has ended under the drill.
pub(super) fn gone() -> CommandError {
    CommandError::Failed("the engine is gone".to_owned())
}
