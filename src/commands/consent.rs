//! Asking a person. In a thread of its own, so that nothing waits for who does not answer; and where there is nobody to ask,
//! nothing is done, which is said.

use std::io::{IsTerminal, Write};

use super::CommandError;

/// Whether somebody is there who can be asked.
pub(super) fn can_be_asked() -> bool {
    std::io::stdin().is_terminal()
}

/// What was typed, without the end of its line; `None` when nothing more can come.
pub(super) async fn answer(question: &str) -> Option<String> {
    // Where nobody sees the question, nobody answers it.
    drop(write!(std::io::stderr(), "{question}").and_then(|()| std::io::stderr().flush()));
    let (tell, typed) = tokio::sync::oneshot::channel();
    let reading = std::thread::Builder::new().name("answer".to_owned()).spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        drop(tell.send(read.ok().filter(|count| *count > 0).map(|_| line)));
    });
    drop(reading);
    Some(typed.await.ok()??.trim().to_owned())
}

/// Wants a yes.
///
/// # Errors
/// When anything else was typed, or nobody can be asked: nothing was done.
pub(super) async fn yes(question: &str) -> Result<(), CommandError> {
    if !can_be_asked() {
        let words = "nothing was done: it asks before it changes anything, and nobody can be asked here; give --yes to do it without";
        return Err(CommandError::Failed(words.to_owned()));
    }
    match answer(&format!("{question} Type yes: ")).await.as_deref() {
        Some("yes") => Ok(()),
        _ => Err(CommandError::Failed("nothing was done".to_owned())),
    }
}
