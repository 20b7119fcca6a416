//! How a command fails: the sentence on stderr and the exit code.

use std::process::ExitCode;

use super::last_words;
use crate::model::failure::Failure;
use crate::model::secret::struck;
use crate::model::text::clean_lines;

/// A failed command.
#[derive(Debug)]
pub enum CommandError {
    /// Bad usage or configuration; nothing was started. Exit code 2.
    Usage(String),
    /// The configuration is wrong; nothing was started. Exit code 2. The text is rendered, its colours are ANSI escapes,
    /// and what it quotes is clean.
    Configuration(String),
    /// Something failed at run time. Exit code 1.
    Failed(String),
    /// All went well, and AWS is not as the policy wants it. Exit code 2, as of `terraform plan -detailed-exitcode`.
    Differs(String),
    /// Why there is no plan at all: exit code 1, whatever it is, since 2 means [`CommandError::Differs`] there.
    NotPlanned(Box<Self>),
}

impl From<Failure> for CommandError {
    /// What AWS does not do is something that fails.
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.sentence)
    }
}

impl CommandError {
    /// The sentence.
    pub fn words(&self) -> &str {
        match self {
            Self::Usage(text) | Self::Configuration(text) | Self::Failed(text) | Self::Differs(text) => text,
            Self::NotPlanned(why) => why.words(),
        }
    }

    /// Writes the sentence to stderr.
    pub fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Configuration(text) => (text, 2),
            Self::Usage(text) => (clean_lines(&text), 2),
            Self::Failed(text) => (clean_lines(&text), 1),
            Self::Differs(text) => {
                last_words::say(&clean_lines(&text));
                return ExitCode::from(2);
            }
            Self::NotPlanned(why) => {
                why.report();
                return ExitCode::FAILURE;
            }
        };
        say(&text);
        ExitCode::from(code)
    }
}

/// Says what is wrong with a command line, or the help that it asks for. What was typed is quoted clean.
pub fn refuse(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        say(&clean_lines(&error.to_string()));
    } else {
        // Help and version are this program's own words.
        drop(error.print());
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// A clean text to stderr. What was typed may have a secret in it where none belongs, and stderr is often kept.
fn say(text: &str) {
    let text = struck(text);
    let text = if text.starts_with("error") { text.into_owned() } else { format!("error: {text}") };
    last_words::say(text.trim_end());
}
