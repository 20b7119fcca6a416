//! One connection to the engine: who it is, what it wants, and that.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixStream;
use tokio::sync::Semaphore;

use super::pace::Pace;
use super::peer::{self, Lookups};
use super::pictures::Pictures;
use super::serve::{About, Stage};
use super::wire::{Ask, Hello, Line, LineError, PROTOCOL, Said};
use crate::clock::Clock;
use crate::control::Client;
use crate::model::command::{Answer, Command, Reply};
use crate::model::log_level::LogLevel;
use crate::model::operator::Operator;
use crate::model::role::Role;

/// An order is recorded as it was given: it has a few names, and a reason of some hundred characters.
const LONGEST_ORDER: usize = 2 * 1024;
/// From the connection to the request (of the machine).
const TO_ASK: Duration = Duration::from_secs(2);
/// A reader that takes longer for one frame is dropped, and may come again.
const TO_READ: Duration = Duration::from_secs(5);
/// The controller answers within a turn of its loop, unless a disk holds it up.
const TO_ANSWER: Duration = Duration::from_mins(1);
/// Between two snapshots of one watch: more is traffic that no eye needs.
const BETWEEN_SNAPSHOTS: Duration = Duration::from_millis(100);

const OTHER_LINE: &str = "not done: the order carries the nonce of another connection";

/// What a connection is served with.
pub(super) struct Guest {
    pub(super) client: Client,
    pub(super) about: Arc<About>,
    pub(super) pictures: Pictures,
    pub(super) lookups: Lookups,
    pub(super) pace: Pace,
    /// A place for each watch.
    pub(super) watches: Arc<Semaphore>,
    /// Of this connection alone.
    pub(super) nonce: String,
    pub(super) stage: Stage,
    pub(super) machine: Clock,
}

impl Guest {
    /// Serves it to its end.
    ///
    /// # Errors
    /// Why it ended early.
    pub(super) async fn receive(mut self, stream: UnixStream) -> Result<(), LineError> {
        let credentials = stream.peer_cred()?;
        let mut line = Line::of_engine(stream);
        let (by, role) = self.lookups.who(&self.about.access, credentials, &self.machine).await;
        let Some(role) = role else {
            let user = by.user;
            tracing::warn!("{user} tried the control socket and is in none of its groups");
            let sentence = format!("{user} may not see this engine: it is in none of the groups of `[control]`");
            return self.write(&mut line, &Said::Refused { sentence }).await;
        };
        let hello = Hello {
            protocol: PROTOCOL,
            engine: self.about.engine.clone(),
            role,
            nonce: self.nonce.clone(),
            now: self.about.clock.now(),
            speed: self.about.clock.speed(),
        };
        self.write(&mut line, &Said::Hello(hello)).await?;
        let asked = match self.machine.bounded(TO_ASK, line.read::<Ask>()).await {
            Some(Err(LineError::Wrong(error))) => {
                let sentence = format!("that is no request of this protocol: {error}");
                return self.write(&mut line, &Said::Refused { sentence }).await;
            }
            asked => asked.ok_or(LineError::Slow)??,
        };
        self.stage.set(match asked {
            Ask::Look => Stage::LOOKS,
            Ask::Watch => Stage::WATCHES,
            Ask::Order { .. } | Ask::Log { .. } => Stage::ORDERS,
        });
        match asked {
            Ask::Look => self.show(&mut line).await,
            Ask::Watch => self.watch(&mut line).await,
            Ask::Order { nonce, seen_revision, command, ssh_client } => {
                let said = if let Some(sentence) = refusal(&command, seen_revision, nonce == self.nonce) {
                    Said::Refused { sentence }
                } else {
                    if role < Role::Admin {
                        self.take_turn(credentials.uid()).await;
                    }
                    let by = peer::over_ssh(&by, ssh_client.as_deref());
                    Said::Reply(self.order(self.client.speaking_for(by, role), command, seen_revision).await)
                };
                self.write(&mut line, &said).await
            }
            Ask::Log { nonce, level, ssh_client } => {
                let by = peer::over_ssh(&by, ssh_client.as_deref());
                let said = match self.set_log(level, (&by, role), nonce == self.nonce) {
                    Ok(before) => Said::Log { before, now: level },
                    Err(sentence) => Said::Refused { sentence },
                };
                self.write(&mut line, &said).await
            }
        }
    }

    /// Every order is a record, also one that is refused: who gives many waits, and makes room for others meanwhile.
    async fn take_turn(&self, uid: u32) {
        let wait = self.pace.wait(uid, self.machine.now());
        if !wait.is_zero() {
            self.stage.set(Stage::LOOKS);
            self.machine.sleep(wait).await;
            self.stage.set(Stage::ORDERS);
        }
    }

    /// No order to the engine: what is logged is no evidence, and the change itself is logged at every level.
    fn set_log(
        &self,
        level: LogLevel,
        (by, role): (&Operator, Role),
        is_of_this_line: bool,
    ) -> Result<LogLevel, String> {
        if !is_of_this_line {
            return Err(OTHER_LINE.to_owned());
        }
        if role < Role::Operator {
            let least = Role::Operator;
            return Err(format!("not done: to change the log takes the role {least}, and {by} has the role {role}"));
        }
        let before = self.about.log.to(level)?;
        tracing::error!("the log tells {level} and what is graver from here on, and not {before}: by {by}");
        Ok(before)
    }

    /// The newest snapshot, again and again until the other end closes.
    async fn watch(&mut self, line: &mut Line) -> Result<(), LineError> {
        let Ok(_place) = Arc::clone(&self.watches).try_acquire_owned() else {
            let sentence = "as many consoles as there may be are attached already: close one".to_owned();
            return self.write(line, &Said::Refused { sentence }).await;
        };
        loop {
            self.show(line).await?;
            let next = async {
                self.machine.sleep(BETWEEN_SNAPSHOTS).await;
                self.pictures.newer().await;
            };
            tokio::select! {
                biased;
                () = line.closed() => return Ok(()),
                () = next => {}
            }
        }
    }

    async fn show(&mut self, line: &mut Line) -> Result<(), LineError> {
        let frame = self.pictures.frame()?;
        self.machine.bounded(TO_READ, line.write_bytes(frame)).await.ok_or(LineError::Slow)?
    }

    async fn order(&self, mut client: Client, command: Command, seen_revision: Option<u64>) -> Reply {
        let answer = match seen_revision {
            Some(revision) => client.send_in_sight_of(command, revision),
            None => client.send(command),
        };
        let sentence = match self.machine.bounded(TO_ANSWER, answer).await {
            Some(Ok(reply)) => return reply,
            Some(Err(_)) => "the engine ended before it answered: look into the journal for what became of it",
            None => "the engine has taken the order and does not answer: look into the journal for what became of it",
        };
        Reply { id: 0, answer: Answer::Unknown { sentence: sentence.to_owned() } }
    }

    async fn write(&self, line: &mut Line, said: &Said) -> Result<(), LineError> {
        self.machine.bounded(TO_READ, line.write(said)).await.ok_or(LineError::Slow)?
    }
}

/// Why an order is not passed on; `None` for one that is.
fn refusal(command: &Command, seen_revision: Option<u64>, is_of_this_line: bool) -> Option<String> {
    if !is_of_this_line {
        return Some(OTHER_LINE.to_owned());
    }
    let long = serde_json::to_vec(command).map_or(usize::MAX, |bytes| bytes.len());
    if long > LONGEST_ORDER {
        return Some(format!("not done: an order of {long} bytes, and {LONGEST_ORDER} are the most"));
    }
    let is_blind = seen_revision.is_none() && command.least_role() > Role::Observer;
    is_blind.then(|| "not done: the order does not say which state of the engine its sender saw".to_owned())
}
