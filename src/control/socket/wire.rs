//! What goes over the socket: frames with a length in front, and JSON in them.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec};

use crate::control::EngineProcess;
use crate::model::command::{Command, Reply};
use crate::model::log_level::LogLevel;
use crate::model::role::Role;
use crate::model::snapshot::Snapshot;

/// Of this protocol. Both ends must have the same: an engine and a console of one version do.
pub(super) const PROTOCOL: u32 = 1;
/// The longest request. An order has a few names and a reason of at most some hundred characters.
const LONGEST_REQUEST: usize = 64 * 1024;
/// The longest answer: a snapshot of fifty databases with all of their series is a fifth of it.
const LONGEST_ANSWER: usize = 64 * 1024 * 1024;

/// The engine's first word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Of the protocol.
    pub protocol: u32,
    /// Which process this is.
    pub engine: EngineProcess,
    /// What whoever connected may order.
    pub role: Role,
    /// Comes back with an order: one that was overheard is worth nothing on another connection.
    pub nonce: String,
    /// The time on the engine's clock.
    pub now: Timestamp,
    /// How many of its seconds pass in one of the machine.
    pub speed: f64,
}

/// What a client wants. One for each connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Ask {
    /// Every snapshot from now on, but no more than an eye needs.
    Watch,
    /// One snapshot.
    Look,
    /// An order.
    Order {
        /// Of the [`Hello`].
        nonce: String,
        /// The revision that the sender saw; only an order to disarm can do without.
        seen_revision: Option<u64>,
        /// What.
        command: Command,
        /// Where the sender's SSH session comes from, in its own words.
        ssh_client: Option<String>,
    },
    /// Another level of the engine's log; takes the role operator.
    Log {
        /// Of the [`Hello`].
        nonce: String,
        /// Which.
        level: LogLevel,
        /// As of an order.
        ssh_client: Option<String>,
    },
}

/// What the engine answers. A snapshot goes out as bytes that were made once for everybody.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Said {
    Hello(Hello),
    Snapshot(Box<Snapshot>),
    Reply(Reply),
    /// The level of the log is another one now.
    Log {
        before: LogLevel,
        now: LogLevel,
    },
    /// Nothing else follows.
    Refused {
        sentence: String,
    },
}

/// Why a line does not work.
#[derive(Debug, Error)]
pub(super) enum LineError {
    /// The kernel's words.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// What came is not of this protocol.
    #[error("what came is not of this protocol: {0}")]
    Wrong(#[from] serde_json::Error),
    /// The other end has closed it.
    #[error("the other end closed the line")]
    Closed,
    /// The other end takes too long.
    #[error("the other end takes too long")]
    Slow,
}

/// One end of a line.
#[derive(Debug)]
pub(super) struct Line {
    read: FramedRead<OwnedReadHalf, LengthDelimitedCodec>,
    write: FramedWrite<OwnedWriteHalf, LengthDelimitedCodec>,
}

impl Line {
    /// The engine's end.
    pub(super) fn of_engine(stream: UnixStream) -> Self {
        Self::new(stream, LONGEST_REQUEST, LONGEST_ANSWER)
    }

    /// A client's end.
    pub(super) fn of_client(stream: UnixStream) -> Self {
        Self::new(stream, LONGEST_ANSWER, LONGEST_REQUEST)
    }

    fn new(stream: UnixStream, longest_read: usize, longest_written: usize) -> Self {
        let codec = |longest| LengthDelimitedCodec::builder().max_frame_length(longest).new_codec();
        let (read, write) = stream.into_split();
        Self {
            read: FramedRead::new(read, codec(longest_read)),
            write: FramedWrite::new(write, codec(longest_written)),
        }
    }

    /// The next frame. May be dropped and asked again: nothing is lost.
    pub(super) async fn read<T: DeserializeOwned>(&mut self) -> Result<T, LineError> {
        let frame = self.read.next().await.ok_or(LineError::Closed)??;
        Ok(serde_json::from_slice(&frame)?)
    }

    /// Sends a frame.
    pub(super) async fn write(&mut self, said: &impl Serialize) -> Result<(), LineError> {
        self.write_bytes(serde_json::to_vec(said)?.into()).await
    }

    /// Sends a frame that was made before.
    pub(super) async fn write_bytes(&mut self, frame: Bytes) -> Result<(), LineError> {
        Ok(self.write.send(frame).await?)
    }

    /// Returns when the other end closes or says something, which ends a watch either way.
    pub(super) async fn closed(&mut self) {
        drop(self.read.next().await);
    }
}
