//! What is planned for readers, what is there and what was done, for people and as JSON.

use serde::Serialize;

use super::{CommandError, Seen, Told, plan, stdout};
use crate::commands::colours::{Colours, YELLOW};
use crate::commands::configuration::digest;
use crate::model::cluster::Member;
use crate::model::database::DatabaseName;
use crate::model::readers::ScalingActivity;
use crate::model::text::clean;
use crate::setup::readers::{Item, Plan, Wanted};

/// Activities that are shown to people.
const SHOWN: usize = 10;
/// Longest line of what AWS says.
const LINE_CHARS: usize = 300;

/// The object of JSON: items and digest as of `upshift alarms plan`.
#[derive(Serialize)]
struct Shown<'a> {
    items: Vec<&'a Item>,
    clusters: Vec<ShownCluster<'a>>,
    digest: String,
}

/// What is there of one cluster.
#[derive(Serialize)]
struct ShownCluster<'a> {
    database: &'a DatabaseName,
    /// Those of Application Auto Scaling among them.
    readers: &'a [Member],
    suspended: &'a [String],
    /// The newest first.
    activities: &'a [ScalingActivity],
    /// Why they could not be read.
    activities_unknown: Option<&'a String>,
    /// Why nothing can be done.
    obstacle: Option<String>,
}

/// What a plan is known by.
pub(super) fn digest_of(plans: &[(Seen, Plan)]) -> String {
    digest(&plans.iter().flat_map(|(_, plan)| &plan.items).collect::<Vec<_>>())
}

/// All plans.
///
/// # Errors
/// When they could not be written.
pub(super) fn plans(plans: &[(Seen, Plan)], told: Told) -> Result<(), CommandError> {
    let items = || plans.iter().flat_map(|(_, plan)| &plan.items);
    match told {
        Told::Json => {
            let clusters = plans.iter().map(|(seen, plan)| cluster(seen, plan)).collect();
            let shown = Shown { items: items().collect(), clusters, digest: digest_of(plans) };
            // Plain data with string keys: it always serialises.
            stdout::line(&serde_json::to_string(&shown).unwrap_or_default())
        }
        Told::Words(colours) => {
            for (seen, plan) in plans {
                in_words(seen, plan, colours)?;
            }
            stdout::line(&format!("{}; plan {}", plan::counted(&items()), digest_of(plans)))
        }
    }
}

fn cluster<'a>(seen: &'a Seen, plan: &'a Plan) -> ShownCluster<'a> {
    ShownCluster {
        database: &plan.database,
        readers: &seen.readers,
        suspended: &seen.suspended,
        activities: seen.activities.as_deref().unwrap_or_default(),
        activities_unknown: seen.activities.as_ref().err(),
        obstacle: seen.obstacle(plan),
    }
}

fn in_words(seen: &Seen, plan: &Plan, colours: Colours) -> Result<(), CommandError> {
    let (all, scaled) = (seen.readers.len(), seen.scaled().count());
    stdout::line(&format!("{}: readers: {all}, of them of Application Auto Scaling: {scaled}", plan.database))?;
    for member in &seen.readers {
        let whose = if member.is_scaled { "its own" } else { "not its own: never removed by it" };
        stdout::line(&format!("      {} {}, {} ({whose})", member.name, member.class, member.status))?;
    }
    for item in &plan.items {
        plan::item(item, lines, colours)?;
    }
    if plan.items.is_empty() {
        stdout::line("  nothing is registered")?;
    }
    if !seen.suspended.is_empty() {
        let suspended = seen.suspended.join(", ");
        stdout::line(&format!("  {} by somebody, and left so: {suspended}", colours.paint(YELLOW, "suspended")))?;
    }
    activities(&seen.activities, colours)
}

fn lines(wanted: &Wanted) -> Vec<String> {
    wanted.values().into_iter().map(|(name, value)| format!("{name}: {value}")).collect()
}

fn activities(read: &Result<Vec<ScalingActivity>, String>, colours: Colours) -> Result<(), CommandError> {
    let activities = match read {
        Ok(activities) => activities,
        Err(why) => {
            let unknown = colours.paint(YELLOW, "activities unknown:");
            return stdout::line(&format!("  {unknown} {}", clean(why, LINE_CHARS)));
        }
    };
    if activities.is_empty() {
        return stdout::line("  no scaling activity so far");
    }
    for activity in activities.iter().take(SHOWN) {
        let words = clean(&activity.words(), LINE_CHARS);
        let words = if activity.is_trouble() { colours.paint(YELLOW, &words) } else { words };
        stdout::line(&format!("  {:.0} {words}; {}", activity.began, clean(&activity.because, LINE_CHARS)))?;
    }
    let more = activities.len().saturating_sub(SHOWN);
    if more > 0 { stdout::line(&format!("  and {more} or more before")) } else { Ok(()) }
}
