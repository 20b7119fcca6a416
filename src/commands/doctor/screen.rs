//! The findings on a screen, or as data. What is as it should be takes a line; what is not is told with why it matters and
//! what to do.

use std::collections::BTreeSet;
use std::io::IsTerminal;

use serde::Serialize;

use crate::commands::colours::{CYAN, Colours, GREEN, RED, YELLOW};
use crate::commands::{CommandError, stdout};
use crate::model::database::DatabaseName;
use crate::model::finding::{Check, Finding, Verdict};
use crate::model::text::clean;

/// Columns of the verdict's word, and where what was seen begins.
const WORD: usize = 10;
const SEEN: usize = 32;
/// A terminal that says nothing of its size.
const USUAL_COLUMNS: u16 = 80;
/// Longest text of a finding.
const SHOWN_CHARS: usize = 600;

/// Shows them at a terminal in its width, else each in a line of its own.
pub(super) fn show(configuration: &str, findings: &[Finding], with_colour: bool) -> Result<(), CommandError> {
    let is_terminal = std::io::stdout().is_terminal();
    let columns = is_terminal.then(|| crossterm::terminal::size().map_or(USUAL_COLUMNS, |(columns, _)| columns));
    for line in lines(configuration, findings, columns.map(usize::from), is_terminal && with_colour) {
        stdout::line(&line)?;
    }
    Ok(())
}

/// Shows them as one JSON object.
pub(super) fn json(configuration: &str, findings: &[Finding]) -> Result<(), CommandError> {
    let worst = findings.iter().map(|finding| finding.verdict).max();
    let all =
        All { configuration, works: worst < Some(Verdict::Fails), findings: findings.iter().map(Told::of).collect() };
    // Plain data with string keys: it always serialises.
    stdout::line(&serde_json::to_string(&all).unwrap_or_default())
}

#[derive(Serialize)]
struct All<'a> {
    configuration: &'a str,
    works: bool,
    findings: Vec<Told<'a>>,
}

/// A finding with its words.
#[derive(Serialize)]
struct Told<'a> {
    check: Check,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<&'a DatabaseName>,
    result: Verdict,
    seen: &'a str,
    why: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'a str>,
}

impl<'a> Told<'a> {
    fn of(finding: &'a Finding) -> Self {
        let Finding { check, of, verdict, seen, remedy } = finding;
        Self {
            check: *check,
            database: of.as_ref(),
            result: *verdict,
            seen,
            why: check.why(),
            remedy: remedy.as_deref(),
        }
    }
}

/// The whole screen; without a width nothing is broken, and each finding is one line.
fn lines(configuration: &str, findings: &[Finding], columns: Option<usize>, with_colour: bool) -> Vec<String> {
    let title = format!("will it work here? by {}", clean(configuration, SHOWN_CHARS));
    let mut lines = columns.map_or_else(|| vec![title.clone()], |columns| wrapped(&title, columns));
    let mut of: Option<&DatabaseName> = None;
    for group in folded(findings, columns.is_some()) {
        let Some(finding) = group.first() else { continue };
        if finding.of.as_ref() != of {
            of = finding.of.as_ref();
            lines.extend(of.map(ToString::to_string));
        }
        lines.extend(told(&group, columns, with_colour));
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (fail, warn, unseen) = (count(Verdict::Fails), count(Verdict::Warning), count(Verdict::NotSeen));
    let ok = count(Verdict::Ok);
    let warnings = if warn == 1 { "1 warning".to_owned() } else { format!("{warn} warnings") };
    lines.push(format!("{ok} ok, {warnings}, {unseen} not seen, {fail} failing"));
    lines
}

/// Neighbours of one database that are all well, of one check, as one; at a terminal also those that could not be looked at
/// for one reason.
fn folded(findings: &[Finding], is_terminal: bool) -> Vec<Vec<&Finding>> {
    let goes_with = |a: &Finding, b: &Finding| {
        a.verdict == b.verdict
            && a.of == b.of
            && match a.verdict {
                Verdict::Ok => a.check == b.check,
                Verdict::NotSeen => is_terminal && (&a.seen, &a.remedy) == (&b.seen, &b.remedy),
                Verdict::Warning | Verdict::Fails => false,
            }
    };
    findings.chunk_by(goes_with).map(|group| group.iter().collect()).collect()
}

fn told(group: &[&Finding], columns: Option<usize>, with_colour: bool) -> Vec<String> {
    let Some(Finding { check, verdict, remedy, .. }) = group.first() else { return Vec::new() };
    let seen: BTreeSet<&str> = group.iter().map(|finding| finding.seen.as_str()).collect();
    let seen: Vec<&str> = seen.into_iter().collect();
    let seen = clean(&seen.join(", "), SHOWN_CHARS);
    let head = format!("{:<WORD$}{:<width$}", verdict.word(), check.name(), width = SEEN - WORD);
    let head = if with_colour { coloured(*verdict, &head) } else { head };
    let others: Vec<&str> = group.iter().skip(1).map(|finding| finding.check.name()).collect();
    let why = match verdict {
        Verdict::NotSeen if !others.is_empty() => format!("so are: {}", others.join(", ")),
        _ => format!("why: {}", check.why()),
    };
    let remedy = remedy.as_ref().filter(|_| *verdict != Verdict::Ok);
    let remedy = remedy.map(|remedy| format!("do: {}", clean(remedy, SHOWN_CHARS)));
    let Some(columns) = columns else {
        let rest = std::iter::once(why).chain(remedy).map(|words| format!(" | {words}"));
        return vec![format!("{head}{seen}{}", rest.collect::<String>())];
    };
    let room = columns.saturating_sub(SEEN).max(20);
    // Where it fits beside what was seen, it is told of what is well, too.
    if *verdict == Verdict::Ok {
        let whole = format!("{seen} ({})", check.why());
        let text = if whole.chars().count() <= room { whole } else { seen };
        return indented(&head, &wrapped(&text, room));
    }
    let more = std::iter::once(why).chain(remedy).flat_map(|words| wrapped(&words, room));
    indented(&head, &wrapped(&seen, room).into_iter().chain(more).collect::<Vec<_>>())
}

fn indented(head: &str, texts: &[String]) -> Vec<String> {
    let before = |at| if at == 0 { head.to_owned() } else { " ".repeat(SEEN) };
    texts.iter().enumerate().map(|(at, text)| format!("{}{text}", before(at)).trim_end().to_owned()).collect()
}

/// Broken between words; one that is longer than a line is broken where the line ends.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word: Vec<char> = word.chars().collect();
        loop {
            let used = lines.last().map_or(0, |line| line.chars().count());
            let gap = usize::from(used > 0);
            if used + gap + word.len() > room && used > 0 {
                lines.push(String::new());
                continue;
            }
            let rest = word.split_off(word.len().min(room));
            if let Some(line) = lines.last_mut() {
                line.extend(std::iter::repeat_n(' ', gap));
                line.extend(word);
            }
            if rest.is_empty() {
                break;
            }
            word = rest;
        }
    }
    lines
}

/// The colours of a terminal's own theme.
fn coloured(verdict: Verdict, text: &str) -> String {
    let colour = match verdict {
        Verdict::Ok => GREEN,
        Verdict::Warning => YELLOW,
        Verdict::NotSeen => CYAN,
        Verdict::Fails => RED,
    };
    let (word, rest) = text.split_at(WORD);
    format!("{}{rest}", Colours::On.paint(colour, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings() -> Vec<Finding> {
        let orders = DatabaseName::new("orders");
        vec![
            Finding::ok(Check::Credentials, "arn:aws:sts::111122223333:assumed-role/upshift/i-0123456789abcdef0"),
            Finding::ok(Check::Permission, "sts:GetCallerIdentity"),
            Finding::ok(Check::Permission, "rds:DescribeDBInstances"),
            Finding::fails(
                Check::Permission,
                "DescribeEvents: not permitted",
                "add rds:DescribeEvents to the role (AWS: no identity-based policy allows it)",
            ),
            Finding::ok(Check::Permission, "rds:DescribeOrderableDBInstanceOptions"),
            Finding::ok(Check::ClassOnLadder, "rung 1 of 2").of(&orders),
            Finding::not_seen(Check::Metrics, "needs the database", "mend what fails above first").of(&orders),
            Finding::not_seen(Check::Postgres, "needs the database", "mend what fails above first").of(&orders),
            Finding::warning(Check::Pooler, "its dns_max_ttl is 15 s", "set it to 1").of(&orders),
        ]
    }

    #[test]
    fn each_width_shows_all_of_it() {
        let screen = |columns| lines("config.toml", &findings(), columns, false).join("\n");
        insta::assert_snapshot!("doctor_80", screen(Some(80)));
        insta::assert_snapshot!("doctor_piped", screen(None));
        assert!(screen(Some(200)).contains("rung 1 of 2 (from a class off the ladder"));
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for columns in [52, 60, 80, 120] {
            for line in lines("config.toml", &findings(), Some(columns), false) {
                assert!(line.chars().count() <= columns, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn colours_change_nothing_else() {
        let plain = lines("config.toml", &findings(), Some(80), false);
        let coloured = lines("config.toml", &findings(), Some(80), true).join("\n");
        let mut bare = coloured.clone();
        for colour in ["32", "33", "36", "31", "0"] {
            bare = bare.replace(&format!("\u{1b}[{colour}m"), "");
        }
        assert_eq!(bare, plain.join("\n"));
        assert_ne!(coloured, bare);
    }
}
