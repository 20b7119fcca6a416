//! What goes out besides snapshots: each event as soon as its record is on the disk, to whoever listens, and what the
//! listeners say of themselves.
//!
//! A snapshot can be missed, since only the newest is kept; an event cannot. A listener is called within the loop: it
//! takes a note and returns.

use std::fmt;

use tokio::sync::watch;

use crate::model::notify::{Happened, NotifyView};

type Listener = Box<dyn FnMut(&Happened<'_>) + Send>;

/// Who hears each event, and how telling people goes.
#[derive(Default)]
pub struct Outward {
    listeners: Vec<Listener>,
    ways: Option<watch::Receiver<Vec<NotifyView>>>,
}

impl Outward {
    /// One more who hears each event from here on. It must not wait for anything.
    #[must_use]
    pub fn heard_by(mut self, listener: impl FnMut(&Happened<'_>) + Send + 'static) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }

    /// How telling people goes is shown in snapshots.
    #[must_use]
    pub fn with_ways(self, ways: watch::Receiver<Vec<NotifyView>>) -> Self {
        Self { ways: Some(ways), ..self }
    }

    /// Tells every listener.
    pub(super) fn tell(&mut self, happened: &Happened<'_>) {
        for listener in &mut self.listeners {
            listener(happened);
        }
    }

    /// How telling people goes.
    pub(super) fn ways(&self) -> Vec<NotifyView> {
        self.ways.as_ref().map(|ways| ways.borrow().clone()).unwrap_or_default()
    }

    /// Returns when that has changed.
    pub(super) async fn changed(&mut self) {
        if let Some(ways) = &mut self.ways
            && ways.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

impl fmt::Debug for Outward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outward").field("listeners", &self.listeners.len()).finish_non_exhaustive()
    }
}
