//! A plan, and what became of it, for a person or a program.

use super::apply::{Outcome, Step};
use super::{CommandError, stdout};
use crate::commands::configuration::digest;
use crate::model::alarm::{AlarmDefinition, Topics};
use crate::model::text::clean;
use crate::setup::alarms::{Change, Field, Item, Plan};

const GREEN: &str = "32";
const YELLOW: &str = "33";
const RED: &str = "31";
const DIM: &str = "2";
/// Longest text of AWS in a line.
const LINE: usize = 400;

/// How it is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) json: bool,
    pub(super) colour: bool,
}

impl Look {
    /// The plan.
    ///
    /// # Errors
    /// When it could not be written.
    pub(super) fn plan(self, plan: &Plan) -> Result<(), CommandError> {
        if self.json {
            let mut all = serde_json::to_value(plan).unwrap_or_default();
            all["digest"] = digest(plan).into();
            return stdout::line(&all.to_string());
        }
        for item in &plan.items {
            self.item(item)?;
        }
        for without in &plan.without {
            let text = format!("{}: no alarm for {}: {}", without.database, without.rule, without.why);
            stdout::line(&self.paint(DIM, &format!("· {}", clean(&text, LINE))))?;
        }
        let count = |verb: &str| plan.items.iter().filter(|item| item.verb() == verb).count();
        stdout::line(&format!(
            "{} to create, {} to change, {} to delete, {} in sync, {} not ours; plan {}",
            count("create"),
            count("change"),
            count("delete"),
            count("in sync"),
            count("not ours"),
            digest(plan)
        ))
    }

    fn item(self, item: &Item) -> Result<(), CommandError> {
        let (sign, colour, more) = match &item.change {
            Change::Create { .. } => ('+', GREEN, String::new()),
            Change::Update { .. } => ('~', YELLOW, String::new()),
            Change::Delete { why } => ('-', RED, format!(": {why}")),
            Change::InSync => ('=', DIM, String::new()),
            Change::NotOurs { why } => ('!', YELLOW, format!(": {why}; it is left alone, and the rule has no alarm")),
        };
        let verb = item.verb();
        stdout::line(&self.paint(colour, &clean(&format!("{sign} {verb} {}{more}", item.name), LINE)))?;
        match &item.change {
            Change::Create { wanted } => {
                for line in lines(wanted) {
                    stdout::line(&self.paint(colour, &format!("    {}", clean(&line, LINE))))?;
                }
            }
            Change::Update { fields, .. } => {
                for Field { field, old, new } in fields {
                    let text = format!("{field}: {} → {}", clean(old, LINE), clean(new, LINE));
                    stdout::line(&self.paint(colour, &format!("    {text}")))?;
                }
            }
            Change::Delete { .. } | Change::InSync | Change::NotOurs { .. } => {}
        }
        Ok(())
    }

    /// What was done and what was not.
    ///
    /// # Errors
    /// When it could not be written.
    pub(super) fn outcome(self, outcome: &Outcome) -> Result<(), CommandError> {
        if self.json {
            // Plain data with string keys: it always serialises.
            return stdout::line(&serde_json::to_string(outcome).unwrap_or_default());
        }
        for Step { name, change } in &outcome.done {
            stdout::line(&self.paint(GREEN, &format!("done      {change} {name}")))?;
        }
        for Step { name, change } in &outcome.not_done {
            stdout::line(&self.paint(RED, &format!("NOT done  {change} {name}")))?;
        }
        Ok(())
    }

    pub(super) fn paint(self, colour: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
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
