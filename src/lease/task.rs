//! The task that keeps the lease: it asks the table what the keeper wants asked, and publishes how it stands.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::identity::Me;
use super::keeper::{Answer, Ask, Held, Keeper, Next};
use crate::aws::Aws;
use crate::aws::fence::MayLeave;
use crate::aws::lease_table::LeaseWritten;
use crate::clock::Clock;
use crate::model::guard::Guards;
use crate::model::lease::{LeaseChange, LeasePermission, LeaseSettings, LeaseStanding, LeaseView};

tokio::task_local! {
    /// What the call of this task was decided under.
    static DECIDED: Decided;
}

/// What a call was decided under.
#[derive(Debug, Clone, Copy)]
enum Decided {
    /// This epoch was held.
    InEpoch(u64),
    /// The lease was not held.
    WithoutIt,
}

/// Views that differ by less (of the machine) show the same.
const GRAIN: Duration = Duration::from_millis(500);

/// A lease that is wanted, and kept once it is had.
pub struct Lease {
    terms: LeaseSettings,
    clock: Clock,
    state: watch::Receiver<State>,
    // Without a bound: it tells a handful of things an hour, and must not wait for a disk.
    changes: mpsc::UnboundedReceiver<LeaseChange>,
    permission: watch::Sender<LeasePermission>,
    wanted: watch::Sender<bool>,
    task: JoinSet<()>,
}

/// Something new of the lease.
#[derive(Debug)]
pub enum LeaseNews {
    /// It was acquired or lost.
    Change(LeaseChange),
    /// How it stands.
    Stands(LeaseView),
    /// Its task was lost, and why: nobody keeps it any more.
    Lost(String),
}

/// What is published.
#[derive(Debug, Clone, Default)]
struct State {
    held: Option<Held>,
    view: Option<LeaseView>,
}

impl Lease {
    /// Begins to want it, as `me`. `known` is the highest epoch that this engine's journal knows of.
    pub fn start(terms: LeaseSettings, me: Me, known: u64, (aws, clock): (Aws, Clock)) -> Self {
        let (publish, state) = watch::channel(State::default());
        let (tell, changes) = mpsc::unbounded_channel();
        let (permission, permitted) = watch::channel(LeasePermission::default());
        let (wanted, still_wanted) = watch::channel(true);
        let keeping = Keeping {
            keeper: Keeper::new(me, terms.clone(), known, Guards::all()),
            terms: terms.clone(),
            aws,
            clock: clock.clone(),
            permitted,
            still_wanted,
            publish,
            tell,
        };
        let mut task = JoinSet::new();
        task.spawn(keeping.run());
        Self { terms, clock, state, changes, permission, wanted, task }
    }

    /// What is to be asked right before a call leaves.
    pub fn may_leave(&self) -> MayLeave {
        let (state, clock, terms) = (self.state.clone(), self.clock.clone(), self.terms.clone());
        Arc::new(move || match &state.borrow().held {
            Some(held) => {
                is_of_epoch(DECIDED.try_with(|decided| *decided).ok(), held)?;
                held.may_send(&clock.readings(), &terms, Guards::all())
            }
            None => Err("this engine does not hold the lease".to_owned()),
        })
    }

    /// A call that is decided now: it leaves in the epoch that is held now, or not at all. In another one this engine knows
    /// things that the decision did not.
    pub fn bound<F: Future>(&self, call: F) -> impl Future<Output = F::Output> + use<F> {
        let decided =
            self.state.borrow().held.as_ref().map_or(Decided::WithoutIt, |held| Decided::InEpoch(held.stamp.epoch));
        DECIDED.scope(decided, call)
    }

    /// The permission that this engine has: it stands in the item from the next write on, which is at once if it is another.
    pub fn tell(&self, permission: LeasePermission) {
        self.permission.send_if_modified(|told| {
            let is_new = *told != permission;
            *told = permission;
            is_new
        });
    }

    /// What is new. Changes come before how it stands after them.
    pub async fn news(&mut self) -> LeaseNews {
        loop {
            tokio::select! {
                biased;
                Some(change) = self.changes.recv() => return LeaseNews::Change(change),
                Ok(()) = self.state.changed() => {
                    if let Some(view) = self.state.borrow_and_update().view.clone() {
                        return LeaseNews::Stands(view);
                    }
                }
                ended = self.task.join_next() => {
                    let why = match ended {
                        Some(Err(error)) => error.to_string(),
                        Some(Ok(())) | None => "it ended by itself".to_owned(),
                    };
                    return LeaseNews::Lost(why);
                }
            }
        }
    }

    /// Gives it back, if it is held, with the permission that was told last. Returns when the table has it.
    pub async fn give_back(&mut self) {
        self.wanted.send_replace(false);
        while self.task.join_next().await.is_some() {}
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("terms", &self.terms)
            .field("state", &*self.state.borrow())
            .finish_non_exhaustive()
    }
}

/// What the task owns.
struct Keeping {
    keeper: Keeper,
    terms: LeaseSettings,
    aws: Aws,
    clock: Clock,
    permitted: watch::Receiver<LeasePermission>,
    still_wanted: watch::Receiver<bool>,
    publish: watch::Sender<State>,
    tell: mpsc::UnboundedSender<LeaseChange>,
}

impl Keeping {
    async fn run(mut self) {
        loop {
            let permission = self.permitted.borrow_and_update().clone();
            let next = self.keeper.next(&self.clock.readings(), &permission);
            self.publish();
            match next {
                Next::End => return,
                Next::Ask(ask) => {
                    let asked = self.clock.readings();
                    let answer = self.ask(ask).await;
                    self.keeper.answered(&asked, &self.clock.readings(), answer);
                    self.publish();
                }
                Next::Wait(length) => {
                    let length = length.mul_f64(self.clock.speed());
                    tokio::select! {
                        biased;
                        changed = self.still_wanted.changed() => match changed {
                            Ok(()) => {}
                            // Its owner is gone without a word: what he has sent may be under way.
                            Err(_) => return,
                        },
                        changed = self.permitted.changed() => if changed.is_err() { return },
                        () = self.clock.sleep(length) => {}
                    }
                }
            }
            if !*self.still_wanted.borrow() {
                self.keeper.give_back();
            }
        }
    }

    async fn ask(&self, ask: Ask) -> Answer {
        let LeaseSettings { table, key, .. } = &self.terms;
        let answer = match &ask {
            Ask::Read => Box::pin(self.aws.read_lease(table, key)).await.map(Answer::Read),
            Ask::Write { item, expected } => {
                let written = Box::pin(self.aws.write_lease((table, key), item, expected.as_ref())).await;
                written.map(|written| match written {
                    LeaseWritten::Done => Answer::Written,
                    LeaseWritten::Conflict => Answer::Conflict,
                })
            }
        };
        answer.unwrap_or_else(Answer::Failed)
    }

    fn publish(&mut self) {
        for change in self.keeper.take_changes() {
            // The other end is gone only with everything else.
            drop(self.tell.send(change));
        }
        let shown = (self.clock.now(), self.clock.speed());
        let view = LeaseView {
            place: format!("{} in {}", self.terms.key, self.terms.table),
            standing: self.keeper.standing(&self.clock.readings(), shown),
            trouble: self.keeper.trouble().cloned(),
        };
        let held = self.keeper.held().cloned();
        let grain = SignedDuration::from_secs_f64(GRAIN.as_secs_f64() * self.clock.speed());
        self.publish.send_if_modified(|state| {
            let is_new =
                state.held != held || !state.view.as_ref().is_some_and(|shown| tells_the_same(shown, &view, grain));
            (state.held, state.view) = (held, Some(view));
            is_new
        });
    }
}

/// `decided` is absent for what is bound to no decision, such as a pooler's pause, which is asked when it begins.
fn is_of_epoch(decided: Option<Decided>, held: &Held) -> Result<(), String> {
    let now = held.stamp.epoch;
    match decided {
        Some(Decided::InEpoch(decided)) if decided != now => {
            Err(format!("it was decided in epoch {decided} of the lease, and this is epoch {now}"))
        }
        Some(Decided::WithoutIt) => Err("it was decided when this engine did not hold the lease".to_owned()),
        Some(Decided::InEpoch(_)) | None => Ok(()),
    }
}

/// Ages are told in instants, which differ by the grain of the clocks though nothing has happened.
fn tells_the_same(one: &LeaseView, other: &LeaseView, grain: SignedDuration) -> bool {
    let renewed_at = |view: &LeaseView| match view.standing {
        LeaseStanding::Held { renewed_at, .. } | LeaseStanding::Elsewhere { renewed_at, .. } => Some(renewed_at),
        LeaseStanding::Nobody { .. } | LeaseStanding::SetBack { .. } => None,
    };
    let is_close = match (renewed_at(one), renewed_at(other)) {
        (Some(one), Some(other)) => one.duration_since(other).abs() < grain,
        (one, other) => one == other,
    };
    is_close && one.trouble == other.trouble && one.standing.words() == other.standing.words()
}
