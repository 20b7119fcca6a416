//! What the commands have in common that make AWS agree with the policy: the difference on a screen, and what became of it.

mod outcome;

pub(super) use outcome::{Outcome, Step};

use super::colours::{Colours, DIM, GREEN, RED, YELLOW};
use super::{CommandError, stdout};
use crate::model::text::clean;
use crate::setup::change::{Change, Field, Item};

/// Longest text of AWS in a line.
const LINE: usize = 400;

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    /// In words, at a terminal with colours.
    Words(Colours),
    /// As one JSON object.
    Json,
}

impl Told {
    /// As JSON or not.
    pub(super) fn of(is_json: bool, colours: Colours) -> Self {
        if is_json { Self::Json } else { Self::Words(colours) }
    }

    /// A line for people.
    ///
    /// # Errors
    /// When it could not be written.
    pub(super) fn say(self, words: &str) -> Result<(), CommandError> {
        match self {
            Self::Words(_) => stdout::line(words),
            Self::Json => Ok(()),
        }
    }
}

/// One thing: what is to be done about it, and how it shall be or what differs below it.
///
/// # Errors
/// When it could not be written.
pub(super) fn item<W>(item: &Item<W>, lines: impl Fn(&W) -> Vec<String>, colours: Colours) -> Result<(), CommandError> {
    let (sign, colour, more) = match &item.change {
        Change::Create { .. } => ('+', GREEN, String::new()),
        Change::Update { .. } => ('~', YELLOW, String::new()),
        Change::Delete { why } => ('-', RED, format!(": {why}")),
        Change::InSync => ('=', DIM, String::new()),
        Change::NotOurs { why } => ('!', YELLOW, format!(": {why}")),
    };
    let head = format!("{sign} {} {}{more}", item.verb(), item.name);
    stdout::line(&colours.paint(colour, &clean(&head, LINE)))?;
    let below = match &item.change {
        Change::Create { wanted } => lines(wanted),
        Change::Update { fields, .. } => {
            let one =
                |Field { field, old, new }: &Field| format!("{field}: {} → {}", clean(old, LINE), clean(new, LINE));
            fields.iter().map(one).collect()
        }
        Change::Delete { .. } | Change::InSync | Change::NotOurs { .. } => Vec::new(),
    };
    for line in below {
        stdout::line(&colours.paint(colour, &format!("    {}", clean(&line, 2 * LINE))))?;
    }
    Ok(())
}

/// How many of each there are.
pub(super) fn counted<'a, W: 'a>(items: &(impl Iterator<Item = &'a Item<W>> + Clone)) -> String {
    let count = |verb: &str| items.clone().filter(|item| item.verb() == verb).count();
    format!(
        "{} to create, {} to change, {} to delete, {} in sync, {} not ours",
        count("create"),
        count("change"),
        count("delete"),
        count("in sync"),
        count("not ours"),
    )
}

/// What a person is asked about: `create 3, delete 1?`.
pub(super) fn question<'a, W: 'a>(due: &(impl Iterator<Item = &'a Item<W>> + Clone)) -> String {
    let count = |verb: &str| due.clone().filter(|item| item.verb() == verb).count();
    let parts = ["create", "change", "delete"].map(|verb| (verb, count(verb)));
    let parts: Vec<String> =
        parts.iter().filter(|(_, count)| *count > 0).map(|(verb, count)| format!("{verb} {count}")).collect();
    format!("{}?", parts.join(", "))
}

/// Refuses a plan that is not the one that somebody has looked at.
///
/// # Errors
/// When it is another.
pub(super) fn expected(now: &str, expected: Option<&str>) -> Result<(), CommandError> {
    match expected.filter(|expected| *expected != now) {
        Some(expected) => Err(CommandError::Failed(format!(
            "the plan is {now} and not {}: the policy or AWS has changed since: nothing was done; look at it again",
            clean(expected, LINE)
        ))),
        None => Ok(()),
    }
}
