//! Snapshots as bytes: made when somebody watches, and once for all of them.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::watch;

use super::wire::LineError;
use crate::control::Client;
use crate::model::snapshot::Snapshot;

/// The newest snapshot for every connection.
#[derive(Debug, Clone)]
pub(super) struct Pictures(watch::Receiver<Arc<Picture>>);

#[derive(Debug)]
struct Picture {
    snapshot: Arc<Snapshot>,
    frame: OnceLock<Bytes>,
}

impl Pictures {
    /// Of this client's engine, and what keeps them new.
    pub(super) fn of(client: &Client) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let mut client = client.clone();
        let (renew, pictures) = watch::channel(Picture::new(client.snapshot()));
        let renewing = async move {
            while let Some(snapshot) = client.changed().await {
                renew.send_replace(Picture::new(snapshot));
            }
            // The last one stays: an engine that has ended is still shown as it was.
            std::future::pending::<()>().await;
        };
        (Self(pictures), renewing)
    }

    /// The frame of the newest one.
    pub(super) fn frame(&mut self) -> Result<Bytes, LineError> {
        let picture = Arc::clone(&self.0.borrow_and_update());
        if let Some(frame) = picture.frame.get() {
            return Ok(frame.clone());
        }
        // The frame of a `Said::Snapshot`, without a copy of the snapshot.
        let mut bytes = br#"{"snapshot":"#.to_vec();
        serde_json::to_writer(&mut bytes, &*picture.snapshot)?;
        bytes.push(b'}');
        Ok(picture.frame.get_or_init(|| bytes.into()).clone())
    }

    /// Returns when there is a newer one than the last frame was of.
    pub(super) async fn newer(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Picture {
    fn new(snapshot: Arc<Snapshot>) -> Arc<Self> {
        Arc::new(Self { snapshot, frame: OnceLock::new() })
    }
}
