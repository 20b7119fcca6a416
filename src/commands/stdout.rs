//! Data for stdout. A reader that has seen enough is no failure; a disk that is full is one.

use std::io::{Error, ErrorKind, Write};

use super::CommandError;

/// Writes one line.
///
/// # Errors
/// When it could not be written, but for a closed pipe.
pub(super) fn line(text: &str) -> Result<(), CommandError> {
    written(writeln!(std::io::stdout(), "{text}").and_then(|()| std::io::stdout().flush()))
}

/// Writes a text that has its own ends of lines.
///
/// # Errors
/// When it could not be written, but for a closed pipe.
pub(super) fn bytes(text: &[u8]) -> Result<(), CommandError> {
    written(std::io::stdout().write_all(text).and_then(|()| std::io::stdout().flush()))
}

/// What came of writing to stdout.
pub(super) fn written(result: Result<(), Error>) -> Result<(), CommandError> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CommandError::Failed(format!("could not write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}
