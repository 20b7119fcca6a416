//! A plan of alarms for a person or a program.

use super::{CommandError, plan, stdout};
use crate::commands::colours::DIM;
use crate::commands::configuration::digest;
use crate::commands::plan::Told;
use crate::model::alarm::{AlarmDefinition, Topics};
use crate::model::text::clean;
use crate::setup::alarms::Plan;

/// Longest text of a line.
const LINE: usize = 400;

/// The plan.
///
/// # Errors
/// When it could not be written.
pub(super) fn plan(of: &Plan, told: Told) -> Result<(), CommandError> {
    let colours = match told {
        Told::Words(colours) => colours,
        Told::Json => {
            let mut all = serde_json::to_value(of).unwrap_or_default();
            all["digest"] = digest(of).into();
            return stdout::line(&all.to_string());
        }
    };
    for item in &of.items {
        plan::item(item, lines, colours)?;
    }
    for without in &of.without {
        let text = format!("{}: no alarm for {}: {}", without.database, without.rule, without.why);
        stdout::line(&colours.paint(DIM, &format!("· {}", clean(&text, LINE))))?;
    }
    stdout::line(&format!("{}; plan {}", plan::counted(&of.items.iter()), digest(of)))
}

fn lines(wanted: &AlarmDefinition) -> Vec<String> {
    let AlarmDefinition { watches, comparison, threshold, datapoints, periods, period_secs, missing_data, .. } = wanted;
    let sign = if comparison == "LessThanThreshold" { '<' } else { '>' };
    let Topics { alarm, ok, insufficient_data } = &wanted.topics;
    let told =
        |state: &str, topics: &[String]| (!topics.is_empty()).then(|| format!("{state} tells {}", topics.join(", ")));
    let told = [told("ALARM", alarm), told("OK", ok), told("INSUFFICIENT_DATA", insufficient_data)];
    let mut lines = vec![format!(
        "{watches} {sign} {threshold} in {datapoints} of {periods} periods of {period_secs} s; missing data: {missing_data}"
    )];
    lines.extend(told.into_iter().flatten());
    if lines.len() == 1 {
        lines.push("tells nobody: [alarms.topics] names no topic".to_owned());
    }
    lines
}
