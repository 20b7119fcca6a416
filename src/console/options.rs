//! What a caller of the console gives it and gets back.

use std::io;

/// How the console shall look. The caller reads the environment; the console does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// No colours, only bold, reverse and the like: `NO_COLOR` is set and not empty.
    pub no_color: bool,
    /// Nothing but ASCII on the screen; see [`locale_wants_ascii`].
    pub ascii: bool,
    /// Panics once the first frame is drawn, so that a test can see the terminal restored.
    pub test_panic: bool,
}

/// Why the console ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The operator quit.
    User,
    /// A signal asked for it; its name, such as `SIGTERM`.
    Signal(&'static str),
}

/// What can go wrong in the console itself.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The terminal refused something.
    #[error("cannot {doing}: {source}; is standard output a terminal? `--auto` needs none")]
    Terminal {
        /// What was tried.
        doing: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// Snapshots have stopped for good.
    #[error("the engine has ended without being asked to; the log and the journal say why")]
    EngineGone,
    /// A panic elsewhere in the program gave the terminal back.
    #[error("another part of the program has panicked; its message is above")]
    ScreenLost,
}

/// Whether a locale rules out anything but ASCII.
///
/// The first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set and not empty decides, as in POSIX: it must name UTF-8. The
/// Linux text console (`TERM=linux`) shows too few glyphs whatever the locale says.
pub fn locale_wants_ascii(
    lc_all: Option<&str>,
    lc_ctype: Option<&str>,
    lang: Option<&str>,
    term: Option<&str>,
) -> bool {
    let locale = [lc_all, lc_ctype, lang].into_iter().flatten().find(|value| !value.is_empty()).unwrap_or("C");
    let locale = locale.to_ascii_lowercase();
    term == Some("linux") || !(locale.contains("utf-8") || locale.contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        assert!(!locale_wants_ascii(None, None, Some("de_CH.UTF-8"), Some("xterm")));
        assert!(!locale_wants_ascii(Some(""), Some("C.utf8"), Some("C"), None));
        assert!(locale_wants_ascii(Some("C"), Some("C.utf8"), Some("en_US.UTF-8"), None));
        assert!(locale_wants_ascii(None, None, None, Some("xterm")));
        assert!(locale_wants_ascii(None, None, Some("en_US.UTF-8"), Some("linux")));
    }
}
