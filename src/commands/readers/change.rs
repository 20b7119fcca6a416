//! Sending what is planned: asked for first, looked at again before, each call once, and a word on each that was or was not.

use std::io::{IsTerminal, Write};

use super::look::{self, look};
use super::show::{self, Colours};
use super::{Ground, Seen, obstacles};
use crate::cli::readers::Change;
use crate::commands::{CommandError, stdout};
use crate::model::call::{CallOutcome, NOT_SENT};
use crate::model::readers::ReadersCall;
use crate::setup::readers::Plan;

/// Codes by which it asks for fewer calls.
const THROTTLED: [&str; 4] = ["Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"];

/// What a change is.
#[derive(Clone, Copy)]
struct Kind {
    plan: fn(&Seen) -> Plan,
    obstacle: fn(&Seen, &Plan) -> Option<String>,
    question: &'static str,
}

/// Registers what the configuration says.
pub(super) async fn apply(ground: &Ground, args: &Change, colours: Colours) -> Result<(), CommandError> {
    let question = "Application Auto Scaling will add and remove readers by this, and they are billed.";
    change(ground, args, colours, Kind { plan: Seen::plan, obstacle: Seen::obstacle, question }).await
}

/// Takes away what is ours. Readers that were made stay.
pub(super) async fn delete(ground: &Ground, args: &Change, colours: Colours) -> Result<(), CommandError> {
    let question = "Readers that were made stay, are billed, and are scaled no more.";
    change(ground, args, colours, Kind { plan: Seen::removal, obstacle: |_, _| None, question }).await?;
    for seen in look::all(ground).await? {
        let left: Vec<&str> = seen.scaled().map(|member| member.name.as_str()).collect();
        if !left.is_empty() && !args.which.json {
            let database = &seen.policy.database;
            stdout::line(&format!("{database} keeps readers that nothing scales any more: {}", left.join(", ")))?;
        }
    }
    Ok(())
}

async fn change(ground: &Ground, args: &Change, colours: Colours, kind: Kind) -> Result<(), CommandError> {
    let seen = look::all(ground).await?;
    let plans: Vec<(Seen, Plan)> = seen
        .into_iter()
        .map(|seen| {
            let plan = (kind.plan)(&seen);
            (seen, plan)
        })
        .collect();
    for (seen, plan) in &plans {
        show::plan(seen, plan, (args.which.json, colours))?;
    }
    // Of several databases none is begun while one of them cannot be had.
    let found: Vec<String> = plans.iter().filter_map(|(seen, plan)| (kind.obstacle)(seen, plan)).collect();
    obstacles(&found)?;
    let all: Vec<&ReadersCall> = plans.iter().flat_map(|(_, plan)| &plan.calls).collect();
    if all.is_empty() {
        return say(args, "nothing to do");
    }
    ask(&all, kind.question, args)?;
    let mut sent = Sent { all: all.iter().map(ToString::to_string).collect(), done: Vec::new() };
    for (seen, plan) in plans.iter().filter(|(_, plan)| !plan.calls.is_empty()) {
        carry_out(ground, (seen, plan), kind, &mut sent, args).await?;
    }
    Ok(())
}

/// What of all calls was done.
struct Sent {
    all: Vec<String>,
    done: Vec<String>,
}

impl Sent {
    /// The failure that says what was and what was not done.
    fn failed(&self, what: &str) -> CommandError {
        let list = |calls: &[String]| if calls.is_empty() { "nothing".to_owned() } else { calls.join("; ") };
        let left = self.all.get(self.done.len()..).unwrap_or_default();
        CommandError::Failed(format!("{what}\ndone: {}\nnot done: {}", list(&self.done), list(left)))
    }
}

/// The calls of one database, after a look that shows the same as the plan rests on.
async fn carry_out(
    ground: &Ground,
    (seen, plan): (&Seen, &Plan),
    kind: Kind,
    sent: &mut Sent,
    args: &Change,
) -> Result<(), CommandError> {
    let database = &plan.database;
    let again = look(&ground.aws, &seen.policy).await;
    let again = again.map_err(|failure| sent.failed(&failure.sentence))?;
    if again.registered != seen.registered || (kind.plan)(&again) != *plan {
        let why = format!("{database}: somebody has changed what is registered since the plan was shown; plan again");
        return Err(sent.failed(&why));
    }
    if let Some(obstacle) = (kind.obstacle)(&again, plan) {
        return Err(sent.failed(&obstacle));
    }
    for call in &plan.calls {
        tracing::info!("sending {call}");
        let outcome = ground.aws.send_readers(call).await;
        if let Some(why) = trouble(call, &outcome) {
            let happened =
                matches!(outcome, CallOutcome::Unknown { .. }) && has_happened(ground, seen, kind, call).await;
            if !happened {
                return Err(sent.failed(&format!("{database}: {why}")));
            }
        }
        sent.done.push(call.to_string());
        say(args, &format!("done: {call}"))?;
    }
    let after = look(&ground.aws, &seen.policy).await;
    let after = after.map_err(|failure| sent.failed(&failure.sentence))?;
    let open = (kind.plan)(&after).calls;
    if open.is_empty() {
        return say(args, &format!("{database}: as it should be, by another look"));
    }
    let open: Vec<String> = open.iter().map(ToString::to_string).collect();
    Err(sent.failed(&format!("{database}: AWS took every call, and another look still misses: {}", open.join("; "))))
}

/// Why a call was not done, as far as anybody knows.
fn trouble(call: &ReadersCall, outcome: &CallOutcome) -> Option<String> {
    let operation = call.operation();
    match outcome {
        CallOutcome::Accepted { .. } => None,
        CallOutcome::Refused { code, message, .. } if code == NOT_SENT => {
            Some(format!("{operation} was not sent: {message}"))
        }
        CallOutcome::Refused { code, message, .. } => {
            let is_throttled = THROTTLED.contains(&code.as_str());
            let remedy = if is_throttled { "; AWS asks for fewer calls: run it again in a minute" } else { "" };
            Some(format!("AWS refused {operation} with {code}: {message}{remedy}"))
        }
        CallOutcome::Unknown { why } => {
            Some(format!("{operation} was sent and the answer lost ({why}); another look does not show it: plan again"))
        }
    }
}

/// Whether a call whose answer was lost is missing no more.
async fn has_happened(ground: &Ground, seen: &Seen, kind: Kind, call: &ReadersCall) -> bool {
    let after = look(&ground.aws, &seen.policy).await;
    after.is_ok_and(|after| !(kind.plan)(&after).calls.contains(call))
}

fn ask(calls: &[&ReadersCall], question: &str, args: &Change) -> Result<(), CommandError> {
    if args.yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(CommandError::Failed("it asks before it changes anything, at a terminal; or --yes".to_owned()));
    }
    let words: Vec<String> = calls.iter().map(|call| format!("  {call}")).collect();
    let words = words.join("\n");
    drop(write!(std::io::stderr(), "{words}\n{question}\nType yes to do it: "));
    let mut typed = String::new();
    drop(std::io::stdin().read_line(&mut typed));
    if typed.trim() == "yes" { Ok(()) } else { Err(CommandError::Failed("not done: nothing was changed".to_owned())) }
}

/// For people, beside what is data.
fn say(args: &Change, words: &str) -> Result<(), CommandError> {
    if args.which.json { Ok(()) } else { stdout::line(words) }
}
