//! Sending what is planned: asked for first, looked at again before, each call once, and a word on each that was or was not.

use std::time::Duration;

use super::look::{self, look};
use super::{CommandError, Ground, Outcome, Seen, Step, Told, consent, obstacles, plan, show};
use crate::cli::readers::Change;
use crate::model::call::{CallOutcome, NOT_SENT};
use crate::model::policy::Policy;
use crate::model::readers::ReadersCall;
use crate::setup::readers::Plan;

/// Codes by which it asks for fewer calls.
const THROTTLED: [&str; 4] = ["Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"];
/// The code for what is not there.
const GONE: &str = "ObjectNotFoundException";
/// A call whose answer was lost, and what every call has changed, is looked for so often before it is given up.
const LOOKS: u32 = 4;
const BETWEEN_LOOKS: Duration = Duration::from_secs(3);

/// What a change is.
#[derive(Clone, Copy)]
struct Kind {
    plan: fn(&Seen) -> Plan,
    obstacle: fn(&Seen, &Plan) -> Option<String>,
    /// What comes of it.
    consequence: &'static str,
}

/// What the configuration says now.
type Again<'a> = &'a dyn Fn() -> Result<Vec<Policy>, CommandError>;

/// Registers what the configuration says.
pub(super) async fn apply(ground: &Ground, args: &Change, told: Told, again: Again<'_>) -> Result<(), CommandError> {
    let consequence = "Application Auto Scaling will add and remove readers by this, and they are billed.";
    change(ground, args, (told, again), Kind { plan: Seen::plan, obstacle: Seen::obstacle, consequence }).await
}

/// Takes away what is ours. Readers that were made stay.
pub(super) async fn delete(ground: &Ground, args: &Change, told: Told, again: Again<'_>) -> Result<(), CommandError> {
    let consequence = "Readers that were made stay, are billed, and are scaled no more.";
    change(ground, args, (told, again), Kind { plan: Seen::removal, obstacle: |_, _| None, consequence }).await?;
    for seen in look::all(ground).await? {
        let left: Vec<&str> = seen.scaled().map(|member| member.name.as_str()).collect();
        if !left.is_empty() {
            let database = &seen.policy.database;
            told.say(&format!("{database} keeps readers that nothing scales any more: {}", left.join(", ")))?;
        }
    }
    Ok(())
}

async fn change(
    ground: &Ground,
    args: &Change,
    (told, again): (Told, Again<'_>),
    kind: Kind,
) -> Result<(), CommandError> {
    let mut plans = Vec::new();
    for seen in look::all(ground).await? {
        let plan = (kind.plan)(&seen);
        plans.push((seen, plan));
    }
    plan::expected(&show::digest_of(&plans), args.expect.as_deref())?;
    if matches!(told, Told::Words(_)) {
        show::plans(&plans, told)?;
    }
    // Of several databases none is begun while one of them cannot be had.
    let found: Vec<String> = plans.iter().filter_map(|(seen, plan)| (kind.obstacle)(seen, plan)).collect();
    obstacles(&found)?;
    let due = || plans.iter().flat_map(|(_, plan)| plan.due().map(|(item, _)| item));
    if due().next().is_none() {
        told.say("nothing to do")?;
        return Outcome::default().judge(told);
    }
    if !args.yes {
        consent::yes(&format!("{}\n{}", kind.consequence, plan::question(&due()))).await?;
        // A person may think for as long as they like.
        if again()? != ground.policies {
            return Err(CommandError::Failed("the configuration was changed meanwhile: nothing was done".to_owned()));
        }
    }
    let mut outcome = Outcome::default();
    for (seen, plan) in plans.iter().filter(|(_, plan)| plan.due().next().is_some()) {
        match &outcome.why {
            None => carry_out(ground, (seen, plan), kind, &mut outcome).await,
            Some(_) => outcome.not_done.extend(plan.due().map(|(item, _)| Step::of(item))),
        }
    }
    outcome.judge(told)?;
    told.say("as it should be, by another look")
}

/// The calls of one database, after a look that shows the same as the plan rests on.
async fn carry_out(ground: &Ground, (seen, plan): (&Seen, &Plan), kind: Kind, outcome: &mut Outcome) {
    let mut why = stands(ground, (seen, plan), kind).await.err();
    for (item, call) in plan.due() {
        if why.is_none() {
            why = send(ground, seen, kind, call).await.err();
        }
        if why.is_none() { outcome.done.push(Step::of(item)) } else { outcome.not_done.push(Step::of(item)) }
    }
    if why.is_none() {
        why = is_seen(ground, seen, kind).await.err();
    }
    outcome.why = why.map(|why| format!("{}: {why}", plan.database));
}

/// Whether what the plan rests on is still so.
async fn stands(ground: &Ground, (seen, plan): (&Seen, &Plan), kind: Kind) -> Result<(), String> {
    let again = look(&ground.aws, &seen.policy).await.map_err(|failure| failure.sentence)?;
    if again.registered != seen.registered || (kind.plan)(&again) != *plan {
        return Err("somebody has changed what is registered since the plan was shown; plan again".to_owned());
    }
    (kind.obstacle)(&again, plan).map_or(Ok(()), Err)
}

/// One call; one whose answer was lost is looked for.
async fn send(ground: &Ground, seen: &Seen, kind: Kind, call: &ReadersCall) -> Result<(), String> {
    tracing::info!("sending {call}");
    let operation = call.operation();
    match ground.aws.send_readers(call).await {
        CallOutcome::Accepted { .. } => Ok(()),
        CallOutcome::Refused { code, message, .. } if code == NOT_SENT => {
            Err(format!("{operation} was not sent: {message}"))
        }
        // A look can show what is gone.
        CallOutcome::Refused { code, .. } if code == GONE && call.takes_away() => Ok(()),
        CallOutcome::Refused { code, message, .. } => {
            let is_throttled = THROTTLED.contains(&code.as_str());
            let remedy = if is_throttled { "; AWS asks for fewer calls: run it again in a minute" } else { "" };
            Err(format!("AWS refused {operation} with {code}: {message}{remedy}"))
        }
        CallOutcome::Unknown { why } => {
            let is_missing = |plan: &Plan| plan.calls.contains(call);
            looks(ground, seen, kind, is_missing).await.map_err(|shown| {
                format!(
                    "{operation} was sent and the answer lost ({why}), and it is not known what became of it: {shown}"
                )
            })
        }
    }
}

/// Whether a look shows what was sent.
async fn is_seen(ground: &Ground, seen: &Seen, kind: Kind) -> Result<(), String> {
    let missed = looks(ground, seen, kind, |plan| !plan.calls.is_empty()).await;
    missed.map_err(|shown| format!("AWS took every call, and it does not show: {shown}"))
}

/// Looks until nothing is missing any more; what AWS shows can be some seconds old.
async fn looks(ground: &Ground, seen: &Seen, kind: Kind, is_missing: impl Fn(&Plan) -> bool) -> Result<(), String> {
    for at in 0..LOOKS {
        if at > 0 {
            ground.clock.sleep(BETWEEN_LOOKS.mul_f64(ground.clock.speed())).await;
        }
        let after = look(&ground.aws, &seen.policy).await.map_err(|failure| failure.sentence)?;
        if !is_missing(&(kind.plan)(&after)) {
            return Ok(());
        }
    }
    Err(format!("{LOOKS} looks within {} s do not show it; plan again", (BETWEEN_LOOKS * (LOOKS - 1)).as_secs()))
}
