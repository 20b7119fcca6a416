//! A plan for people, and as JSON.

use serde::Serialize;

use super::Seen;
use crate::commands::{CommandError, stdout};
use crate::model::cluster::Member;
use crate::model::readers::ScalingActivity;
use crate::model::text::clean;
use crate::setup::readers::{Field, Item, ItemState, Plan};

/// Activities that are shown to people.
const SHOWN: usize = 10;
/// Longest line of what AWS says.
const LINE_CHARS: usize = 300;

/// Whether the terminal shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    On,
    Off,
}

impl Colours {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

/// One object of JSON.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    /// Of the cluster, those of Application Auto Scaling among them.
    readers: &'a [Member],
    suspended: &'a [String],
    /// The newest first.
    activities: &'a [ScalingActivity],
    /// Why they could not be read.
    activities_unknown: Option<&'a String>,
    obstacle: Option<String>,
}

/// Prints one plan, what is there, and what was done of late.
pub(super) fn plan(seen: &Seen, plan: &Plan, (json, colours): (bool, Colours)) -> Result<(), CommandError> {
    if json {
        let shown = Shown {
            plan,
            readers: &seen.readers,
            suspended: &seen.suspended,
            activities: seen.activities.as_deref().unwrap_or_default(),
            activities_unknown: seen.activities.as_ref().err(),
            obstacle: seen.obstacle(plan),
        };
        // Plain data with string keys: it always serialises.
        return stdout::line(&serde_json::to_string(&shown).unwrap_or_default());
    }
    let (all, scaled) = (seen.readers.len(), seen.scaled().count());
    stdout::line(&format!("{}: readers: {all}, of them of Application Auto Scaling: {scaled}", plan.database))?;
    for member in &seen.readers {
        let whose = if member.is_scaled { "its own" } else { "not its own: never removed by it" };
        stdout::line(&format!("      {} {}, {} ({whose})", member.name, member.class, member.status))?;
    }
    for item in &plan.items {
        stdout::line(&format!("  {}", line(item, colours)))?;
    }
    if plan.items.is_empty() {
        stdout::line("  nothing is registered")?;
    }
    if !seen.suspended.is_empty() {
        let suspended = seen.suspended.join(", ");
        stdout::line(&format!("  {} by somebody, and left so: {suspended}", colours.paint("33", "suspended")))?;
    }
    activities(&seen.activities, colours)
}

fn line(item: &Item, colours: Colours) -> String {
    let Item { what, state } = item;
    match state {
        ItemState::Create { fields } => {
            let values: Vec<String> = fields.iter().map(|field| format!("{} {}", field.name, field.new)).collect();
            format!("{} {what}: {}", colours.paint("32", "+ create"), values.join(", "))
        }
        ItemState::Change { fields } => {
            let change =
                |field: &Field| format!("{} {} → {}", field.name, field.old.as_deref().unwrap_or("nothing"), field.new);
            let values: Vec<String> = fields.iter().map(change).collect();
            format!("{} {what}: {}", colours.paint("33", "~ change"), values.join(", "))
        }
        ItemState::InSync => format!("{} {what}", colours.paint("2", "= in sync")),
        ItemState::Delete => format!("{} {what}", colours.paint("31", "- delete")),
        ItemState::NotOurs { why } => format!("{} {what}: {why}", colours.paint("2", "! not ours")),
    }
}

fn activities(read: &Result<Vec<ScalingActivity>, String>, colours: Colours) -> Result<(), CommandError> {
    let activities = match read {
        Ok(activities) => activities,
        Err(why) => {
            return stdout::line(&format!(
                "  {} {}",
                colours.paint("33", "activities unknown:"),
                clean(why, LINE_CHARS)
            ));
        }
    };
    if activities.is_empty() {
        return stdout::line("  no scaling activity so far");
    }
    for activity in activities.iter().take(SHOWN) {
        let words = clean(&activity.words(), LINE_CHARS);
        let words = if activity.is_trouble() { colours.paint("33", &words) } else { words };
        stdout::line(&format!("  {:.0} {words}; {}", activity.began, clean(&activity.because, LINE_CHARS)))?;
    }
    let more = activities.len().saturating_sub(SHOWN);
    if more > 0 { stdout::line(&format!("  and {more} or more before")) } else { Ok(()) }
}
