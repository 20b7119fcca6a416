//! Holding a pooler's clients during a takeover. A task of its own for each pause, so that nothing else can keep it from
//! letting them go on: it does after a limit, when the takeover did not begin, when the engine ends, and as soon as another
//! machine takes writes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::clock::{Clock, Stopwatch};
use crate::model::action::ActionId;
use crate::model::call::{CallOutcome, NOT_SENT};
use crate::model::database::DatabaseName;
use crate::model::pooler::PoolerStep;
use crate::workload::access::Access;
use crate::workload::pooler::Pooler;
use crate::workload::writer::{self, Writer};

/// More news than one takeover makes.
const NEWS: usize = 64;
/// How soon the writer is looked for again: what clients wait beyond the takeover itself.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a server has to say whether it takes writes.
const ANSWER_LIMIT: Duration = Duration::from_secs(1);
/// How soon `RESUME` is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// A pooler and the server behind it.
#[derive(Debug, Clone)]
pub struct PooledServer {
    /// The pooler.
    pub pooler: Pooler,
    /// The way to the server that does not go through it.
    pub server: Access,
    /// See [`PoolerPolicy`](crate::model::pooler::PoolerPolicy).
    pub max_pause: Duration,
    /// See [`PoolerPolicy`](crate::model::pooler::PoolerPolicy).
    pub pause_within: Duration,
}

/// The poolers of the databases that have one.
pub type Poolers = BTreeMap<DatabaseName, PooledServer>;

/// What a pause has come to.
#[derive(Debug)]
pub(super) struct News {
    pub(super) action: ActionId,
    pub(super) database: DatabaseName,
    pub(super) step: PoolerStep,
}

/// Every pause under way, and what they tell.
#[derive(Debug)]
pub(super) struct Pauses {
    poolers: Poolers,
    clock: Clock,
    tasks: JoinSet<()>,
    tell: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
    ending: watch::Sender<bool>,
}

impl Pauses {
    /// None yet.
    pub(super) fn new(poolers: Poolers, clock: Clock) -> Self {
        let (tell, news) = mpsc::channel(NEWS);
        Self { poolers, clock, tasks: JoinSet::new(), tell, news, ending: watch::Sender::new(false) }
    }

    /// Holds the clients of a database for a call; the sender of that waits at the gate.
    pub(super) fn begin(&mut self, action: ActionId, database: DatabaseName) -> Gate {
        let (open, paused) = oneshot::channel();
        let (outcome, answered) = oneshot::channel();
        match self.pause(action, database) {
            Ok(pause) => {
                self.tasks.spawn(pause.carry_out(open, answered));
            }
            // It waits in the channel.
            Err(why) => drop(open.send(Err(why))),
        }
        Gate { paused, outcome }
    }

    /// Lets the clients go on that a process before this one may have left held.
    pub(super) fn make_up(&mut self, action: ActionId, database: DatabaseName) {
        match self.pause(action.clone(), database.clone()) {
            Ok(pause) => {
                self.tasks.spawn(pause.make_up());
            }
            Err(why) => {
                let step = PoolerStep::NotResumed { why: format!("{why}; RESUME it by hand") };
                // There is room: this is the first news of a process.
                drop(self.tell.try_send(News { action, database, step }));
            }
        }
    }

    /// What a pause has come to.
    pub(super) async fn news(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            // The sender is held here.
            None => std::future::pending().await,
        }
    }

    /// Ends every pause; what each came to goes to `take`. Returns once all clients go on, however long that takes: the
    /// caller bounds it.
    pub(super) async fn end(&mut self, mut take: impl FnMut(News)) {
        self.ending.send_replace(true);
        loop {
            tokio::select! {
                biased;
                Some(news) = self.news.recv() => take(news),
                ended = self.tasks.join_next() => if ended.is_none() { break },
            }
        }
        while let Ok(news) = self.news.try_recv() {
            take(news);
        }
    }

    fn pause(&self, action: ActionId, database: DatabaseName) -> Result<Pause, String> {
        let held = self.poolers.get(&database).cloned();
        let held = held.ok_or_else(|| format!("the configuration names no pooler of {database}"))?;
        let (clock, news, ending) = (self.clock.clone(), self.tell.clone(), self.ending.subscribe());
        Ok(Pause { held, action, database, clock, news, ending })
    }
}

/// One pause.
struct Pause {
    held: PooledServer,
    action: ActionId,
    database: DatabaseName,
    clock: Clock,
    news: mpsc::Sender<News>,
    /// The engine ends.
    ending: watch::Receiver<bool>,
}

/// The sender's side of a pause: it waits for the pause, and tells what became of the call.
pub(super) struct Gate {
    paused: oneshot::Receiver<Result<(), String>>,
    outcome: oneshot::Sender<CallOutcome>,
}

impl Gate {
    /// Sends when clients are held, and not at all when they cannot be.
    pub(super) async fn send(self, send: impl Future<Output = CallOutcome>) -> CallOutcome {
        let refused = |message: String| CallOutcome::Refused { code: NOT_SENT.to_owned(), message, request_id: None };
        let outcome = match self.paused.await {
            Ok(Ok(())) => send.await,
            Ok(Err(why)) => refused(why),
            Err(_) => refused("the pause was lost".to_owned()),
        };
        // The pause may be over by its limit.
        drop(self.outcome.send(outcome.clone()));
        outcome
    }
}

impl Pause {
    /// Holds the clients, lets the call be sent, and lets them go on. They go on when this returns, or the process ends.
    async fn carry_out(mut self, open: oneshot::Sender<Result<(), String>>, answered: oneshot::Receiver<CallOutcome>) {
        let before = match self.writer().await {
            Ok(before) => before,
            Err(why) => {
                // Nothing was asked for yet, but a pause is on record.
                self.tell(PoolerStep::Resumed { held_millis: None, why: format!("nothing was paused: {why}") }).await;
                drop(open.send(Err(why)));
                return;
            }
        };
        let limit = self.held.pause_within;
        match self.held.pooler.pause(limit).await {
            Ok(after) => self.tell(PoolerStep::Paused { after_millis: after.as_millis() as u64 }).await,
            Err(error) => {
                let why = format!("clients could not be held: {error}");
                self.resume(None, &why).await;
                drop(open.send(Err(why)));
                return;
            }
        }
        let stopwatch = Stopwatch::start();
        drop(open.send(Ok(())));
        let why = self.until_over(&before, answered).await;
        self.resume(Some(stopwatch), &why).await;
    }

    /// Lets the clients of a process before this one go on.
    async fn make_up(self) {
        self.resume(None, "the process that held them ended").await;
    }

    async fn until_over(&mut self, before: &Writer, answered: oneshot::Receiver<CallOutcome>) -> String {
        let (clock, limit) = (self.clock.clone(), self.held.max_pause);
        let mut ending = self.ending.clone();
        let another = async {
            match answered.await {
                Ok(CallOutcome::Refused { .. }) => return "the takeover did not begin".to_owned(),
                Err(_) => return "the call was lost".to_owned(),
                Ok(CallOutcome::Accepted { .. } | CallOutcome::Unknown { .. }) => {}
            }
            loop {
                if self.writer().await.is_ok_and(|now| now != *before) {
                    return "another machine takes writes".to_owned();
                }
                self.sleep(LOOK_EVERY).await;
            }
        };
        tokio::select! {
            biased;
            why = another => why,
            _ = ending.wait_for(|ending| *ending) => "the engine ends".to_owned(),
            () = clock.sleep(limit.mul_f64(clock.speed())) => {
                format!("{} s are over, and no other machine takes writes", limit.as_secs())
            }
        }
    }

    /// Who takes writes now, or why nobody does.
    async fn writer(&self) -> Result<Writer, String> {
        let limit = ANSWER_LIMIT.mul_f64(self.clock.speed());
        let server = self.held.server.dsn().words();
        match writer::now(&self.held.server, limit).await {
            Ok(Some(writer)) => Ok(writer),
            Ok(None) => Err(format!("{server} takes no writes")),
            Err(error) => Err(format!("{server}: {error}")),
        }
    }

    /// As often as it takes.
    async fn resume(&self, held: Option<Stopwatch>, why: &str) {
        let mut said = String::new();
        while let Err(error) = self.held.pooler.resume().await {
            let why = error.to_string();
            if why != said {
                self.tell(PoolerStep::NotResumed { why: why.clone() }).await;
                said = why;
            }
            self.sleep(TRY_AGAIN).await;
        }
        let held_millis = held.map(|held| held.elapsed().as_millis() as u64);
        self.tell(PoolerStep::Resumed { held_millis, why: why.to_owned() }).await;
    }

    async fn sleep(&self, time: Duration) {
        self.clock.sleep(time.mul_f64(self.clock.speed())).await;
    }

    async fn tell(&self, step: PoolerStep) {
        let (action, database) = (self.action.clone(), self.database.clone());
        // A controller that is gone has recorded its end; what is owed is made up for at the next start.
        drop(self.news.send(News { action, database, step }).await);
    }
}
