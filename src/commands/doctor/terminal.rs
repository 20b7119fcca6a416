//! What the console can show where this is run.

use std::io::IsTerminal;

use crate::commands::environment::Environment;
use crate::console::LEAST_SIZE;
use crate::model::finding::{Check, Finding};
use crate::model::text::clean;

/// By the environment and by the terminal that stdout is.
pub(super) fn look(environment: &Environment) -> Finding {
    let size = if std::io::stdout().is_terminal() { crossterm::terminal::size().ok() } else { None };
    judge(environment, size)
}

fn judge(environment: &Environment, size: Option<(u16, u16)>) -> Finding {
    let Some((columns, rows)) = size else {
        let remedy = "run it at a terminal to have that looked at; --auto needs none";
        return Finding::not_seen(Check::Terminal, "stdout is no terminal", remedy);
    };
    let term = environment.term.as_deref().unwrap_or_default();
    let (least_columns, least_rows) = LEAST_SIZE;
    let signs = if environment.ascii { "ASCII alone" } else { "Unicode" };
    let colours = if environment.no_color { "no colours (NO_COLOR)" } else { "colours" };
    let seen = format!("{columns} x {rows}, {signs}, {colours}, TERM={}", clean(term, 40));
    if matches!(term, "" | "dumb") {
        return Finding::fails(
            Check::Terminal,
            format!("{seen}: it has no cursor that could be moved"),
            "use a terminal that is one, such as TERM=xterm-256color; --auto needs none",
        );
    }
    if columns < least_columns || rows < least_rows {
        let remedy = format!("make it {least_columns} x {least_rows} or larger: the console draws on no less");
        return Finding::warning(Check::Terminal, seen, remedy);
    }
    if environment.ascii {
        let remedy = "set a UTF-8 locale (LANG=C.UTF-8) for smooth graphs";
        return Finding::warning(Check::Terminal, seen, remedy);
    }
    Finding::ok(Check::Terminal, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::finding::Verdict;
    use crate::model::operator::Operator;

    #[test]
    fn a_terminal_is_judged_by_what_the_console_needs() {
        let of = |term: &str, ascii: bool| Environment {
            runtime_directory: None,
            has_manager: false,
            watchdog: None,
            operator: Operator { user: "ada".to_owned(), ssh_client: None, peer: None },
            state_dir: None,
            state_home: None,
            postgres_password: None,
            path: None,
            for_programs: Vec::new(),
            host: String::new(),
            term: Some(term.to_owned()),
            no_color: true,
            ascii,
        };
        for (term, ascii, size, verdict) in [
            ("xterm", false, Some((80, 24)), Verdict::Ok),
            ("xterm", false, Some((79, 24)), Verdict::Warning),
            ("linux", true, Some((80, 24)), Verdict::Warning),
            ("dumb", false, Some((80, 24)), Verdict::Fails),
            ("xterm", false, None, Verdict::NotSeen),
        ] {
            assert_eq!(judge(&of(term, ascii), size).verdict, verdict, "{term} {ascii} {size:?}");
        }
    }
}
