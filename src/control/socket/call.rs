//! The client's side of the socket: one connection for one request.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use super::place;
use super::wire::{Ask, Hello, Line, LineError, PROTOCOL, Said};
use crate::clock::Clock;
use crate::model::command::{Answer, Command};
use crate::model::snapshot::Snapshot;

/// An engine that is there says its first word within this (of the machine).
const TO_GREET: Duration = Duration::from_secs(5);
/// And the answer to an order within this: the engine gives up a little sooner.
const TO_ANSWER: Duration = Duration::from_secs(65);
/// A line that is closed before the first word is tried so often in all.
const TRIES: u32 = 10;
/// And so long between (of the machine).
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Why there is no line to an engine.
#[derive(Debug, Error)]
pub enum AttachError {
    /// Nobody listens there.
    #[error("no engine listens in {}", directory.display())]
    Nobody {
        /// Where the socket would be.
        directory: PathBuf,
    },
    /// The engine has closed the line before its first word.
    #[error("the engine in {} takes no more connections at the moment: try again", directory.display())]
    Full {
        /// Where it is.
        directory: PathBuf,
    },
    /// The socket is there and cannot be used.
    #[error("the engine's socket in {} cannot be used: {why}", directory.display())]
    Broken {
        /// Where it is.
        directory: PathBuf,
        /// Why.
        why: String,
    },
    /// The engine has turned this one away.
    #[error("{sentence}")]
    TurnedAway {
        /// Why.
        sentence: String,
    },
    /// The engine is of another version.
    #[error(
        "the engine ({version}) speaks version {theirs} of the control protocol and this program version {PROTOCOL}: use \
         the program that it was started with"
    )]
    OtherProtocol {
        /// Of the engine's program.
        version: String,
        /// Of the protocol.
        theirs: u32,
    },
}

/// The first word of the engine that listens in that directory.
///
/// # Errors
/// When there is none, or it turns this process away.
pub async fn knock(directory: &Path) -> Result<Hello, AttachError> {
    greet(directory).await.map(|(_, hello)| hello)
}

/// One look at the engine that listens in that directory.
///
/// # Errors
/// When there is none, or it turns this process away.
pub async fn look(directory: &Path) -> Result<(Hello, Box<Snapshot>), AttachError> {
    let (mut line, hello) = greet(directory).await?;
    let broken = |error: LineError| broken(directory, &error.to_string());
    line.write(&Ask::Look).await.map_err(broken)?;
    match bounded(line.read()).await.map_err(broken)? {
        Said::Snapshot(snapshot) => Ok((hello, snapshot)),
        Said::Refused { sentence } => Err(AttachError::TurnedAway { sentence }),
        Said::Hello(_) | Said::Reply(_) | Said::Log { .. } => Err(broken(LineError::Closed)),
    }
}

/// Gives one order to the engine that listens in that directory. Fails only where nothing was sent.
///
/// # Errors
/// When there is none, or it turns this process away.
pub async fn ask(
    directory: &Path,
    command: Command,
    seen_revision: Option<u64>,
    ssh_client: Option<String>,
) -> Result<Answer, AttachError> {
    let (mut line, hello) = greet(directory).await?;
    let order = Ask::Order { nonce: hello.nonce, seen_revision, command, ssh_client };
    if let Err(error) = line.write(&order).await {
        return Err(broken(directory, &error.to_string()));
    }
    let lost = |why: &str| Answer::Unknown {
        sentence: format!(
            "the line broke before the answer ({why}): it may have been carried out; look at the engine and its journal"
        ),
    };
    Ok(match Clock::system().bounded(TO_ANSWER, line.read()).await {
        Some(Ok(Said::Reply(reply))) => reply.answer,
        Some(Ok(Said::Refused { sentence })) => Answer::Refused { sentence },
        Some(Ok(Said::Hello(_) | Said::Snapshot(_) | Said::Log { .. })) => lost("something else was answered"),
        Some(Err(error)) => lost(&error.to_string()),
        None => lost("no answer came"),
    })
}

/// A line, and the engine's first word on it. An engine that is full closes a line before that: it is tried again for a second.
pub(super) async fn greet(directory: &Path) -> Result<(Line, Hello), AttachError> {
    for _ in 1..TRIES {
        match greet_once(directory).await {
            Err(AttachError::Full { .. }) => Clock::system().sleep(BETWEEN_TRIES).await,
            greeted => return greeted,
        }
    }
    greet_once(directory).await
}

/// Connects, and takes the engine's first word.
async fn greet_once(directory: &Path) -> Result<(Line, Hello), AttachError> {
    let stream = place::connect(directory).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
            AttachError::Nobody { directory: directory.to_owned() }
        }
        _ => broken(directory, &error.to_string()),
    })?;
    let mut line = Line::of_client(stream);
    let first = bounded(line.read()).await.map_err(|error| match error {
        LineError::Closed => AttachError::Full { directory: directory.to_owned() },
        error => broken(directory, &error.to_string()),
    });
    match first? {
        Said::Hello(hello) if hello.protocol == PROTOCOL => Ok((line, hello)),
        Said::Hello(hello) => Err(AttachError::OtherProtocol { version: hello.engine.version, theirs: hello.protocol }),
        Said::Refused { sentence } => Err(AttachError::TurnedAway { sentence }),
        Said::Snapshot(_) | Said::Reply(_) | Said::Log { .. } => {
            Err(broken(directory, "its first word is none of this protocol"))
        }
    }
}

pub(super) async fn bounded<T>(read: impl Future<Output = Result<T, LineError>>) -> Result<T, LineError> {
    Clock::system().bounded(TO_GREET, read).await.unwrap_or(Err(LineError::Slow))
}

pub(super) fn broken(directory: &Path, why: &str) -> AttachError {
    AttachError::Broken { directory: directory.to_owned(), why: why.to_owned() }
}
