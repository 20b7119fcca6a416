//! Endings that more than one strategy has: refused by AWS, and held for a person, with why, what was seen last and what
//! can be done.

use super::{Look, Next, Situation};
use crate::model::action::{ActionResult, Run};

/// How an action ends whose first call AWS has refused: nothing was changed.
pub(super) fn refused(code: &str, message: &str) -> Next {
    Next::End(ActionResult::FailedSafe { why: format!("AWS refused it with {code}: {message}") })
}

/// How an action ends whose first call had no answer and shows no trace: it did not arrive.
pub(super) fn traceless(why: &str) -> Next {
    let why = format!("the call left no trace ({why}); it was sent once and did not arrive");
    Next::End(ActionResult::FailedSafe { why })
}

/// No look tells what became of the last call; held when that is so for too long.
pub(super) fn unobserved(run: &Run, situation: Situation<'_>, is_late: bool) -> Next {
    let why = format!("it could not be observed for {} min since the last call", situation.stuck_after.as_mins());
    if is_late { held(run, None, why) } else { Next::Observe }
}

/// The action ends and the database is left alone until a person has looked.
pub(super) fn held(run: &Run, look: Option<Look<'_>>, why: String) -> Next {
    let database = &run.intent.database;
    let left = left_behind(run).map_or_else(String::new, |left| {
        format!(" {left} was made for it and costs money: remove it there if nobody needs it;")
    });
    let remedy = format!(
        "look at {database} and its events in the RDS console;{left} when it is as it shall be, release the hold"
    );
    held_with(run, look, why, remedy)
}

/// What an action has made and not put to use.
fn left_behind(run: &Run) -> Option<String> {
    if run.switched.is_some() {
        return None;
    }
    let copy = run.deployment.as_ref().filter(|_| !run.is_deployment_gone).map(|deployment| {
        let target = deployment.target.as_ref().map_or_else(String::new, |target| format!(" with {target}"));
        format!("the deployment {}{target}", deployment.id)
    });
    copy.or_else(|| run.reader.as_ref().map(|reader| format!("the reader {}", reader.name)))
}

/// The same with a remedy of its own.
pub(super) fn held_with(run: &Run, look: Option<Look<'_>>, why: String, remedy: String) -> Next {
    let seen = look.map_or("nothing since the call".to_owned(), |look| {
        let state = look.state;
        let pending: Vec<String> = state.pending.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let pending = if pending.is_empty() { String::new() } else { format!(", pending {}", pending.join(" ")) };
        let deployment = run.deployment.as_ref();
        let deployment = deployment.map_or(String::new(), |it| format!(", deployment {} {}", it.id, it.status));
        let said = run.events.last().map_or(String::new(), |event| format!("; RDS said: {}", event.message));
        format!("class {}, status {}{pending}{deployment}{said}", state.class, state.status)
    });
    Next::End(ActionResult::Held { why, seen, remedy })
}
