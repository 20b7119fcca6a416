//! Holding poolers' clients during a takeover: which pauses are under way, and how each is ended. What one pause does is in
//! `pause`; it is a task of its own, so that nothing else can keep it from letting the clients go on.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinError, JoinSet};

use super::pause::Pause;
use crate::aws::fence::MayLeave;
use crate::clock::Clock;
use crate::model::action::ActionId;
use crate::model::call::{CallOutcome, NOT_SENT};
use crate::model::database::DatabaseName;
use crate::model::pooler::PoolerStep;
use crate::workload::access::Access;
use crate::workload::pooler::Pooler;

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

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pauses").field("going", &self.going).finish_non_exhaustive()
    }
}

/// What a pause has come to.
#[derive(Debug)]
pub struct News {
    /// For which action clients are held.
    pub action: ActionId,
    /// Of which database.
    pub database: DatabaseName,
    /// What.
    pub step: PoolerStep,
}

/// Every pause under way, and what they tell.
pub struct Pauses {
    poolers: Poolers,
    clock: Clock,
    may_leave: Option<MayLeave>,
    tasks: JoinSet<()>,
    going: BTreeMap<DatabaseName, Going>,
    // Without a bound: a pause must not wait for a disk before it lets clients go on. It tells a handful of things.
    tell: mpsc::UnboundedSender<News>,
    news: mpsc::UnboundedReceiver<News>,
}

/// A pause under way.
#[derive(Debug)]
struct Going {
    action: ActionId,
    task: AbortHandle,
    let_go: watch::Sender<Option<String>>,
}

impl Pauses {
    /// None yet. `may_leave` is asked before clients are held, where that is bound to something.
    pub fn new(poolers: Poolers, clock: Clock, may_leave: Option<MayLeave>) -> Self {
        let (tell, news) = mpsc::unbounded_channel();
        Self { poolers, clock, may_leave, tasks: JoinSet::new(), going: BTreeMap::new(), tell, news }
    }

    /// Knows these poolers from now on. A pause that is under way keeps its own.
    pub(super) fn know(&mut self, poolers: Poolers) {
        self.poolers = poolers;
    }

    /// Holds the clients of a database for a call; the sender of that waits at the gate.
    pub fn begin(&mut self, action: ActionId, database: DatabaseName) -> Gate {
        let (open, paused) = oneshot::channel();
        let (outcome, answered) = oneshot::channel();
        // It waits in the channel.
        let refuse = |open: oneshot::Sender<Result<(), String>>, why: String| drop(open.send(Err(why)));
        if let Some(going) = self.going.get(&database) {
            // Its RESUME would end this one, too. It is still owed, so nothing is told.
            refuse(open, format!("the pause of {} is not over", going.action.0));
        } else if let Some((pause, let_go)) = self.pause(&action, &database) {
            let task = self.tasks.spawn(pause.carry_out(open, answered));
            self.going.insert(database, Going { action, task, let_go });
        } else {
            let why = format!("the configuration names no pooler of {database}");
            let step = PoolerStep::Resumed { held_millis: None, why: format!("nothing was paused: {why}") };
            self.say(action, database, step);
            refuse(open, why);
        }
        Gate { paused, outcome }
    }

    /// Lets clients go on: at once those that are held now, and those that a process before this one may have left held.
    pub fn let_go(&mut self, action: ActionId, database: DatabaseName) {
        if let Some(going) = self.going.get(&database) {
            going.let_go.send_if_modified(|told| {
                let is_new = told.is_none();
                told.get_or_insert_with(|| "the action goes on without them".to_owned());
                is_new
            });
            return;
        }
        let Some((pause, let_go)) = self.pause(&action, &database) else {
            let step = PoolerStep::NotResumed {
                why: format!(
                    "the configuration names no pooler of {database} any more: put [database.pooler] back and start \
                     again, or RESUME it by hand"
                ),
            };
            self.say(action, database, step);
            return;
        };
        let task = self.tasks.spawn(pause.make_up());
        self.going.insert(database, Going { action, task, let_go });
    }

    /// What a pause has come to.
    pub async fn news(&mut self) -> News {
        loop {
            tokio::select! {
                biased;
                Some(news) = self.news.recv() => return self.heard(news),
                Some(ended) = self.tasks.join_next_with_id() => self.took_end(ended.err()),
                else => std::future::pending().await,
            }
        }
    }

    /// Ends every pause; what each came to goes to `take`. Returns once all clients go on, however long that takes: the
    /// caller bounds it.
    pub async fn end(&mut self, mut take: impl FnMut(News)) {
        for going in self.going.values() {
            going.let_go.send_replace(Some("the engine ends".to_owned()));
        }
        loop {
            tokio::select! {
                biased;
                Some(news) = self.news.recv() => take(self.heard(news)),
                ended = self.tasks.join_next_with_id() => match ended {
                    Some(ended) => self.took_end(ended.err()),
                    None => break,
                },
            }
        }
        while let Ok(news) = self.news.try_recv() {
            take(self.heard(news));
        }
    }

    /// A task that was lost leaves its clients held: another one lets them go on.
    fn took_end(&mut self, lost: Option<JoinError>) {
        let Some(lost) = lost else { return };
        let its = self.going.iter().find(|(_, going)| going.task.id() == lost.id());
        let Some((database, action)) = its.map(|(database, going)| (database.clone(), going.action.clone())) else {
            return;
        };
        tracing::error!(action = action.0, "a pause of the pooler of {database} was lost: {lost}");
        self.going.remove(&database);
        self.let_go(action, database);
    }

    /// A pause is over when that is told, and not when its task is seen to have ended: until then nobody knows of it.
    fn heard(&mut self, news: News) -> News {
        let is_over = matches!(news.step, PoolerStep::Resumed { .. });
        if is_over && self.going.get(&news.database).is_some_and(|going| going.action == news.action) {
            self.going.remove(&news.database);
        }
        news
    }

    fn pause(&self, action: &ActionId, database: &DatabaseName) -> Option<(Pause, watch::Sender<Option<String>>)> {
        let held = self.poolers.get(database)?.clone();
        let (let_go, told) = watch::channel(None);
        let (action, database) = (action.clone(), database.clone());
        let tell = self.tell.clone();
        let tell = move |step| drop(tell.send(News { action: action.clone(), database: database.clone(), step }));
        Some((Pause::new(held, self.clock.clone(), Box::new(tell), told).bound_to(self.may_leave.clone()), let_go))
    }

    fn say(&self, action: ActionId, database: DatabaseName, step: PoolerStep) {
        // The other end is held here.
        drop(self.tell.send(News { action, database, step }));
    }
}

/// The sender's side of a pause: it waits for the pause, and tells what became of the call.
#[derive(Debug)]
pub struct Gate {
    paused: oneshot::Receiver<Result<(), String>>,
    outcome: oneshot::Sender<CallOutcome>,
}

impl Gate {
    /// Sends when clients are held, and not at all when they cannot be.
    pub async fn send(self, send: impl Future<Output = CallOutcome>) -> CallOutcome {
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
