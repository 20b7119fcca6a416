//! `[notify]`: who is told of what the engine does, by a topic of SNS, by a program, or by both.

use toml::Spanned;

use super::section::Section;
use crate::diagnostics::{Diagnostic, shown};
use crate::model::notify::NotifySettings;

pub(super) const KEYS: [&str; 2] = ["topic", "command"];

/// SNS's own limit for a name.
const NAME_CHARS: usize = 256;
/// More words than any command needs.
const WORDS_MOST: usize = 32;
/// The longest of them, in bytes.
const WORD_BYTES: usize = 4_096;

/// Reads the table; without it nobody is told.
pub(super) fn read(root: &Section<'_>, problems: &mut Vec<Diagnostic>) -> NotifySettings {
    let Some(notify) = root.child("notify", &KEYS, problems) else { return NotifySettings::default() };
    if KEYS.iter().all(|key| !notify.has(key)) {
        let problem = Diagnostic::new(notify.span.clone(), "[notify] tells nobody", "neither way is given");
        problems.push(problem.help("give `topic`, `command`, or both; or take the table out"));
    }
    let topic = notify.text("topic", problems);
    problems.extend(topic.as_ref().and_then(problem_of_topic));
    let command = notify.texts("command", problems);
    problems.extend(command.as_ref().and_then(|words| problem_of_command(&notify, words)));
    NotifySettings {
        topic: topic.map(|topic| topic.into_inner().to_owned()),
        command: command.unwrap_or_default().into_iter().map(|word| word.into_inner().to_owned()).collect(),
    }
}

fn problem_of_topic(topic: &Spanned<&str>) -> Option<Diagnostic> {
    let problem = |title: String, label: &str, help: &str| {
        Some(Diagnostic::new(topic.span(), title, label.to_owned()).help(help))
    };
    let text = *topic.get_ref();
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = |text: &str, more: &[u8]| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
    };
    match text.split(':').collect::<Vec<_>>()[..] {
        ["arn", partition, "sns", region, account, name]
            if partition.starts_with("aws")
                && is_word(region, b"-")
                && account.len() == 12
                && is_digits(account)
                && name.len() <= NAME_CHARS =>
        {
            if name.split('.').next_back() == Some("fifo") {
                let help = "name a standard topic: a FIFO topic takes only messages that say which group they are of";
                return problem(format!("`{}` is a FIFO topic", shown(text)), "not one of these", help);
            }
            if is_word(name, b"-_") {
                return None;
            }
        }
        _ => {}
    }
    let title = format!("`{}` is not the ARN of an SNS topic", shown(text));
    problem(title, "not of this form", "arn:aws:sns:REGION:ACCOUNT:NAME")
}

fn problem_of_command(notify: &Section<'_>, words: &[Spanned<&str>]) -> Option<Diagnostic> {
    let right = "a list: the program by its whole path, then its arguments, such as [\"/usr/local/bin/tell\", \"ops\"]";
    let Some(program) = words.first() else {
        let problem = Diagnostic::new(notify.place("command"), "`command` is empty", "nothing to run");
        return Some(problem.help(right));
    };
    // A program that is looked for in PATH could be another one tomorrow.
    if !program.get_ref().starts_with('/') || program.get_ref().ends_with('/') {
        let problem = Diagnostic::new(program.span(), "`command` does not begin with a whole path", "not a whole path");
        return Some(problem.help(right));
    }
    let bad = words.iter().find(|word| word.get_ref().contains('\0') || word.get_ref().len() > WORD_BYTES);
    if let Some(bad) = bad {
        let problem = Diagnostic::new(bad.span(), "no program can be called with this", "too long, or with a NUL");
        return Some(problem.help(format!("at most {WORD_BYTES} bytes, none of them NUL")));
    }
    (words.len() > WORDS_MOST).then(|| {
        let title = format!("`command` has more than {WORDS_MOST} words");
        let problem = Diagnostic::new(notify.place("command"), title, format!("{} of them", words.len()));
        problem.help("put them into a script, and name that")
    })
}
