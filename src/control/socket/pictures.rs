//! Snapshots as bytes: made when somebody wants one, and once for all who want the same.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use super::wire::LineError;
use crate::control::Client;
use crate::model::snapshot::Snapshot;

/// The newest snapshot for every connection.
#[derive(Debug, Clone)]
pub(super) struct Pictures {
    client: Client,
    /// The last one that was made into bytes, by whichever connection.
    made: watch::Sender<Option<(Arc<Snapshot>, Bytes)>>,
}

impl Pictures {
    /// Of this client's engine.
    pub(super) fn of(client: &Client) -> Self {
        Self { client: client.clone(), made: watch::Sender::new(None) }
    }

    /// The frame of the newest one: whoever has got an answer sees what it changed.
    pub(super) fn frame(&mut self) -> Result<Bytes, LineError> {
        let snapshot = self.client.take();
        if let Some((_, frame)) = self.made.borrow().as_ref().filter(|(made, _)| Arc::ptr_eq(made, &snapshot)) {
            return Ok(frame.clone());
        }
        // The frame of a `Said::Snapshot`, without a copy of the snapshot.
        let mut bytes = br#"{"snapshot":"#.to_vec();
        serde_json::to_writer(&mut bytes, &*snapshot)?;
        bytes.push(b'}');
        let frame = Bytes::from(bytes);
        self.made.send_replace(Some((snapshot, frame.clone())));
        Ok(frame)
    }

    /// Returns when there is a newer one than the last frame was of; never after the engine has ended, whose last one stays.
    pub(super) async fn newer(&mut self) {
        if self.client.changed().await.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
