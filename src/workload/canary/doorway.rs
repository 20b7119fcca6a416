//! Where the sessions of a way are asked for: a few at a time.
//!
//! A server that stands still takes on everybody who has asked meanwhile as soon as it goes on, and is slow for all until it has:
//! with a session for each attempt, the outage that is measured would be partly of our own making. So few are asked for at once,
//! and whoever needs one waits for those. They are asked for on their own, beyond the deadline of the attempt that began it:
//! what is under way when a server is back ends the outage.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;

use super::door::APPLICATION;
use crate::workload::access::{Access, Session};

/// So many are asked for at once.
const MOST_AT_ONCE: usize = 2;

/// Who gets a session that has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Everybody who waits.
    All,
    /// One of them.
    One,
}

/// Dropping it gives up those that are asked for.
#[derive(Debug)]
pub(super) struct Doorway {
    share: Share,
    places: Arc<Semaphore>,
    asking: Mutex<JoinSet<()>>,
    /// Sessions that have come.
    come: watch::Sender<Vec<Arc<Session>>>,
}

impl Doorway {
    pub(super) fn new(share: Share) -> Self {
        let places = Arc::new(Semaphore::new(MOST_AT_ONCE));
        Self { share, places, asking: Mutex::default(), come: watch::channel(Vec::new()).0 }
    }

    /// A session, or `None` when the one that this has asked for is refused. It waits for no other longer than its caller does.
    /// Each is given up after `limit`.
    pub(super) async fn session(&self, access: &Access, limit: Duration) -> Option<Arc<Session>> {
        let mut come = self.come.subscribe();
        if self.share == Share::One && self.come.receiver_count() == 1 {
            // It came for somebody who had gone, and is not new any more.
            self.come.send_modify(Vec::clear);
        }
        let mut own: Asked = None;
        loop {
            come.borrow_and_update();
            if let Some(session) = self.take() {
                return Some(session);
            }
            tokio::select! {
                biased;
                changed = come.changed() => changed.ok()?,
                came = answer(&mut own), if own.is_some() => return came.ok(),
                place = self.places.clone().acquire_owned(), if own.is_none() => {
                    let (access, sessions, share) = (access.clone(), self.come.clone(), self.share);
                    let (tell, answer) = oneshot::channel();
                    let asking = async move {
                        let session = access.connect(APPLICATION, limit).await;
                        drop(place);
                        // Where there is none, nothing is told, which is a no.
                        let Ok(session) = session.map(Arc::new) else { return };
                        // Whoever has asked comes first: it was scheduled before all others that wait.
                        let for_others = match share {
                            Share::All => {
                                drop(tell.send(session.clone()));
                                Some(session)
                            }
                            Share::One => tell.send(session).err(),
                        };
                        if let Some(session) = for_others.filter(|_| sessions.receiver_count() > 0) {
                            sessions.send_modify(|come| come.push(session));
                        }
                    };
                    let mut all = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
                    while all.try_join_next().is_some() {}
                    all.spawn(asking);
                    own = Some(answer);
                }
            }
        }
    }

    /// Nobody else gets it from here.
    pub(super) fn forget(&self, session: &Arc<Session>) {
        self.come.send_if_modified(|come| {
            come.retain(|other| !Arc::ptr_eq(other, session));
            false
        });
    }

    fn take(&self) -> Option<Arc<Session>> {
        let mut taken = None;
        self.come.send_if_modified(|come| {
            come.retain(|session| !session.is_closed());
            taken = match self.share {
                Share::All => come.last().cloned(),
                Share::One => come.pop(),
            };
            false
        });
        taken
    }
}

type Asked = Option<oneshot::Receiver<Arc<Session>>>;

async fn answer(own: &mut Asked) -> Result<Arc<Session>, oneshot::error::RecvError> {
    match own {
        Some(answer) => answer.await,
        None => std::future::pending().await,
    }
}
