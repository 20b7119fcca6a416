//! How a command fails: the sentence on stderr and the exit code.

use std::process::ExitCode;

use super::last_words;

/// A failed command.
#[derive(Debug)]
pub enum CommandError {
    /// Bad usage or configuration; nothing was started. Exit code 2.
    Usage(String),
    /// Something failed at run time. Exit code 1.
    Failed(String),
}

impl CommandError {
    /// Writes the sentence to stderr.
    pub fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Usage(text) => (text, 2),
            Self::Failed(text) => (text, 1),
        };
        let text = if text.starts_with("error") { text } else { format!("error: {text}") };
        last_words::say(text.trim_end());
        ExitCode::from(code)
    }
}
