//! One pause of a pooler: clients are held, the call is sent, and they go on: when another machine takes writes, when the
//! takeover did not begin or was taken back, after a limit, and when they are told to.

use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::pooler::PooledServer;
use crate::aws::fence::MayLeave;
use crate::clock::{Clock, Stopwatch};
use crate::model::call::CallOutcome;
use crate::model::pooler::PoolerStep;
use crate::model::server::ServerId;
use crate::workload::current_writer;
use crate::workload::pooler::PoolerError;

/// How soon the writer is looked for again: what clients wait beyond the takeover itself.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a server has to say whether it takes writes.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// A session that is closed is not gone at once.
const GONE_WITHIN: Duration = Duration::from_secs(2);
/// How soon `RESUME` is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// A transaction that is open now is mostly over in a moment: the copy behind this cut took an hour to make.
const TRY_TO_HOLD_FOR: Duration = Duration::from_secs(12);
/// Clients go on for so long between two tries.
const BETWEEN_TRIES: Duration = Duration::from_secs(3);

/// One pause.
pub(super) struct Pause {
    held: PooledServer,
    clock: Clock,
    tell: Box<dyn Fn(PoolerStep) + Send + Sync>,
    /// Why the clients shall go on now.
    let_go: watch::Receiver<Option<String>>,
    /// What must be so for clients to be held.
    may_leave: Option<MayLeave>,
    /// Since when clients may be held: `RESUME` is owed.
    since: Option<Stopwatch>,
}

impl Pause {
    /// One that has not begun.
    pub(super) fn new(
        held: PooledServer,
        clock: Clock,
        tell: Box<dyn Fn(PoolerStep) + Send + Sync>,
        let_go: watch::Receiver<Option<String>>,
    ) -> Self {
        Self { held, clock, tell, let_go, may_leave: None, since: None }
    }

    /// The same, which holds nobody unless this says that it may.
    pub(super) fn bound_to(self, may_leave: Option<MayLeave>) -> Self {
        Self { may_leave, ..self }
    }

    /// Holds the clients, lets the call be sent, and lets them go on. They go on when this returns, or the process ends.
    pub(super) async fn carry_out(
        mut self,
        open: oneshot::Sender<Result<(), String>>,
        answered: oneshot::Receiver<CallOutcome>,
    ) {
        let mut let_go = self.let_go.clone();
        let held = tokio::select! {
            biased;
            why = told(&mut let_go) => Err(why),
            held = self.hold() => held,
        };
        match held {
            Ok(before) => {
                drop(open.send(Ok(())));
                let why = self.until_over(&before, answered).await;
                self.release(&why).await;
            }
            Err(why) => {
                // Clients first: the call is not sent either way.
                self.release(&format!("clients could not be held: {why}")).await;
                drop(open.send(Err(why)));
            }
        }
    }

    /// Lets the clients of a process before this one go on.
    pub(super) async fn make_up(self) {
        let why = "it was owed since a process that ended, or a task that was lost";
        self.resume().await;
        (self.tell)(PoolerStep::Resumed { held_millis: None, why: why.to_owned() });
    }

    /// Some tries; the server that takes writes before the takeover.
    async fn hold(&mut self) -> Result<ServerId, String> {
        let trying = Stopwatch::start();
        loop {
            let why = match self.try_to_hold().await {
                Ok(before) => return Ok(before),
                Err(why) => why,
            };
            if trying.elapsed() >= TRY_TO_HOLD_FOR {
                return Err(why);
            }
            if self.since.is_some() {
                self.resume().await;
                self.since = None;
            }
            self.sleep(BETWEEN_TRIES).await;
        }
    }

    async fn try_to_hold(&mut self) -> Result<ServerId, String> {
        let server = self.held.server.dsn().words();
        let before = self.writer().await?.ok_or_else(|| format!("{server} takes no writes"))?;
        let door = self.held.pooler.door().await.map_err(|error| error.to_string())?;
        if let Some(may_leave) = &self.may_leave {
            may_leave()?;
        }
        self.since = Some(Stopwatch::start());
        let after = door.pause(self.held.pause_within).await.map_err(|error| error.to_string())?;
        (self.tell)(PoolerStep::Paused { after_millis: after.as_millis() as u64 });
        Ok(before)
    }

    /// Why clients go on now.
    async fn until_over(&mut self, before: &ServerId, answered: oneshot::Receiver<CallOutcome>) -> String {
        let limit = self.held.max_pause;
        let left = limit.saturating_sub(self.since.map_or(Duration::ZERO, |since| since.elapsed()));
        let mut let_go = self.let_go.clone();
        tokio::select! {
            biased;
            why = told(&mut let_go) => why,
            why = self.until_written(before, answered) => why,
            () = self.sleep(left) => format!("{} s are over, and no other machine takes writes", limit.as_secs()),
        }
    }

    async fn until_written(&self, before: &ServerId, answered: oneshot::Receiver<CallOutcome>) -> String {
        match answered.await {
            Ok(CallOutcome::Refused { .. }) => return "the takeover did not begin".to_owned(),
            Err(_) => return "the call was lost".to_owned(),
            Ok(CallOutcome::Accepted { .. } | CallOutcome::Unknown { .. }) => {}
        }
        let mut was_closed = false;
        loop {
            match self.writer().await {
                Ok(Some(now)) if now.is_another_machine_than(before) => {
                    return "another machine takes writes".to_owned();
                }
                Ok(Some(_)) if was_closed => {
                    return "taken back: the machine of before takes writes again".to_owned();
                }
                Ok(None) => was_closed = true,
                // The old one still, or one that is just not there: neither says that it is over.
                Ok(Some(_)) | Err(_) => {}
            }
            self.sleep(LOOK_EVERY).await;
        }
    }

    /// Who takes writes now; `None` where what answers takes none.
    async fn writer(&self) -> Result<Option<ServerId>, String> {
        let limit = ANSWER_LIMIT.mul_f64(self.clock.speed());
        let server = self.held.server.dsn().words();
        current_writer::now(&self.held.server, limit).await.map_err(|error| format!("{server}: {error}"))
    }

    /// Clients go on when this returns.
    async fn release(&self, why: &str) {
        let Some(since) = self.since else {
            // Nothing was asked for, but a pause is on record.
            return (self.tell)(PoolerStep::Resumed { held_millis: None, why: format!("nothing was paused: {why}") });
        };
        self.resume().await;
        let held_millis = Some(since.elapsed().as_millis() as u64);
        (self.tell)(PoolerStep::Resumed { held_millis, why: why.to_owned() });
    }

    /// As often as it takes.
    async fn resume(&self) {
        let (mut said, trying) = (String::new(), Stopwatch::start());
        while let Err(error) = self.held.pooler.resume().await {
            if matches!(error, PoolerError::StillAsked) && trying.elapsed() < GONE_WITHIN {
                self.sleep(LOOK_EVERY).await;
                continue;
            }
            let why = error.to_string();
            if why != said {
                (self.tell)(PoolerStep::NotResumed { why: why.clone() });
                said = why;
            }
            self.sleep(TRY_AGAIN).await;
        }
    }

    /// So long of the machine's time.
    async fn sleep(&self, time: Duration) {
        self.clock.sleep(time.mul_f64(self.clock.speed())).await;
    }
}

async fn told(let_go: &mut watch::Receiver<Option<String>>) -> String {
    match let_go.wait_for(Option::is_some).await {
        Ok(why) => why.clone().unwrap_or_default(),
        Err(_) => "nobody waits for it any more".to_owned(),
    }
}
