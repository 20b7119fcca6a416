//! `in_place`: one `ModifyDBInstance` on the instance itself, then watching until it is true.
//!
//! Done is: the class is the target, nothing pends, the status is `available`, RDS reports no failure since the call,
//! on three consecutive looks over a minute. "available" alone says nothing: it is also the status right after the call.

use jiff::{SignedDuration, Timestamp};

use super::{Look, Next, World};
use crate::model::action::{ActionResult, CallRecord, CallState, Run};
use crate::model::call::MutatingCall;
use crate::model::database::{DatabaseState, RdsEvent};
use crate::model::guard::Guard;
use crate::model::operator::Actor;

/// Consecutive looks that must find it done: `DescribeDBInstances` is eventually consistent, and AWS's own and
/// Terraform's handlers ask for two or three.
const CONFIRMATIONS: u32 = 3;
/// They must lie this far apart, the first from the last.
const CONFIRMED_OVER: SignedDuration = SignedDuration::from_secs(60);

/// A person's order waits this long for its preconditions; the engine's own does not wait, it decides anew.
const START_LIMIT: SignedDuration = SignedDuration::from_secs(60);
/// An order whose answer was lost and that shows no trace for this long did not arrive. RDS shows a change it has
/// taken as pending at once; answers of `DescribeDBInstances` that are minutes old were reported, ten never.
const TRACELESS_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// And at least so many looks were made meanwhile: a clock that is set forward must not shorten the wait.
const TRACELESS_LOOKS: u32 = 40;
/// An accepted order that shows no trace for this long was dropped by AWS.
const DROPPED_AFTER: SignedDuration = SignedDuration::from_mins(15);
/// As for [`TRACELESS_LOOKS`].
const DROPPED_LOOKS: u32 = 60;
/// What RDS says of a failure counts after so many looks: events come late, also those of the change before.
const FAILED_LOOKS: u32 = 3;

/// What to do next about an in-place class change.
pub(super) fn next(run: &Run, world: World<'_>, now: Timestamp) -> Next {
    let Some(call) = run.last_call().filter(|_| !run.is_ended()) else {
        return if run.is_ended() { Next::Observe } else { start(run, world, now) };
    };
    match &call.state {
        CallState::Sent => Next::Observe,
        CallState::Refused { code, message } => {
            Next::End(ActionResult::FailedSafe { why: format!("AWS refused it with {code}: {message}") })
        }
        CallState::Looking { .. } | CallState::Accepted | CallState::Adopted { .. } => watch(run, call, world, now),
    }
}

fn start(run: &Run, world: World<'_>, now: Timestamp) -> Next {
    let failed = |why: String| Next::End(ActionResult::FailedSafe { why: format!("nothing was sent: {why}") });
    if let Some(by) = &run.stop_requested {
        return Next::End(ActionResult::Stopped { by: by.clone() });
    }
    if let Some(why) = world.forbidden {
        return failed(format!("{why} before"));
    }
    let is_fresh = |look: &Look<'_>| now.duration_since(look.asked_at).abs() <= world.fresh_look;
    let blocked = match world.look.filter(is_fresh) {
        None => Some("the look that it rests on is too old".to_owned()),
        Some(Look { age_is_known: false, .. }) => Some("the clock was set since the look that it rests on".to_owned()),
        Some(Look { state, .. })
            if state.resource_id != run.intent.resource_id && world.guards.stand(Guard::SameMachine) =>
        {
            return failed(format!("the name belongs to another machine, {}", state.resource_id));
        }
        Some(Look { state, .. }) if state.class != run.intent.from && world.guards.stand(Guard::ClassAsOrdered) => {
            return failed(format!("the class is {} and not {}", state.class, run.intent.from));
        }
        Some(Look { state, .. }) => precondition(state, world),
    };
    match blocked {
        None => Next::Send(MutatingCall::ModifyDbInstanceClass {
            database: run.intent.database.clone(),
            class: run.intent.to.clone(),
        }),
        // What the engine decided on an older picture it decides anew; a person's order waits for a moment.
        Some(why) if run.intent.actor == Actor::Engine || now.duration_since(run.began).abs() > START_LIMIT => {
            failed(why)
        }
        Some(_) => Next::Observe,
    }
}

/// Why the call may not be sent to a database in this state.
fn precondition(state: &DatabaseState, world: World<'_>) -> Option<String> {
    if !state.status.is_available() {
        return Some(format!("its status is {}", state.status));
    }
    if state.pending.is_empty() || !world.guards.stand(Guard::NothingPending) {
        return None;
    }
    let pending: Vec<&str> = state.pending.keys().map(String::as_str).collect();
    Some(format!("other changes are pending: {}", pending.join(", ")))
}

fn watch(run: &Run, call: &CallRecord, world: World<'_>, now: Timestamp) -> Next {
    let stuck = now.duration_since(call.sent_at) > world.stuck_after;
    let Some(look) = world.look.filter(|look| look.since_call > 0) else {
        let why = format!("it could not be observed for {} min since the call", world.stuck_after.as_mins());
        return if stuck { held(run, None, why) } else { Next::Observe };
    };
    if let Some(why) = needs_a_hand(run, look.state) {
        return held(run, Some(look), why);
    }
    if let (CallState::Looking { .. }, Some(evidence)) = (&call.state, trace(run, look.state)) {
        return Next::Adopt(evidence);
    }
    let failure = run.events.iter().find(|event| is_failure(event));
    let settled = look.state.status.is_available() && look.state.pending.is_empty();
    if settled && look.state.class == run.intent.to && failure.is_none() && look.events_read && look.is_new {
        let (looks, over) = world.confirmed;
        let enough = looks + 1 >= CONFIRMATIONS && over >= CONFIRMED_OVER;
        return if enough { Next::End(ActionResult::Verified) } else { Next::Confirmed };
    }
    if settled
        && look.state.class == run.intent.from
        && let Some(end) = unchanged(run, call, look, world)
    {
        return Next::End(end);
    }
    if stuck {
        return held(run, Some(look), format!("not done {} min after the call", world.stuck_after.as_mins()));
    }
    Next::Observe
}

/// What no waiting will mend.
fn needs_a_hand(run: &Run, state: &DatabaseState) -> Option<String> {
    let intent = &run.intent;
    if state.resource_id != intent.resource_id {
        return Some(format!("the name now belongs to another machine, {}", state.resource_id));
    }
    if state.status.is_failed() {
        return Some(format!("RDS reports the status {}", state.status));
    }
    if state.class != intent.from && state.class != intent.to {
        return Some(format!("the class is {}, neither the old nor the new one: other hands are at work", state.class));
    }
    let other = state.class_pending().filter(|pending| *pending != intent.to.as_str());
    other.map(|other| format!("the class {other} is pending, and not by us: other hands are at work"))
}

/// What shows that an order whose answer was lost has arrived.
fn trace(run: &Run, state: &DatabaseState) -> Option<String> {
    let to = &run.intent.to;
    if state.class == *to {
        return Some(format!("the class is {to}"));
    }
    if state.class_pending().is_some() {
        return Some(format!("{to} is pending"));
    }
    let of_class = |event: &&RdsEvent| event.message.to_ascii_lowercase().contains("instance class");
    run.events.iter().find(of_class).map(|event| format!("RDS says: {}", event.message))
}

/// How it ends when the database is at rest in its old class. Judged by the time of the look, not by now: a look that
/// was made early says nothing about later, however long ago it was.
fn unchanged(run: &Run, call: &CallRecord, look: Look<'_>, world: World<'_>) -> Option<ActionResult> {
    let failure = run.events.iter().find(|event| is_class_failure(event));
    if let Some(event) = failure.filter(|_| look.since_call >= FAILED_LOOKS) {
        return Some(ActionResult::RolledBack { why: event.message.clone() });
    }
    let passed = look.asked_at.duration_since(call.sent_at);
    let waited = |time: SignedDuration, looks: u32| passed > time && look.since_call >= looks;
    match &call.state {
        CallState::Looking { why } => {
            let over = waited(TRACELESS_AFTER, TRACELESS_LOOKS) || !world.guards.stand(Guard::SettleWindow);
            let why = || format!("the call left no trace ({why}); it was sent once and did not arrive");
            over.then(|| ActionResult::FailedSafe { why: why() })
        }
        _ => waited(DROPPED_AFTER, DROPPED_LOOKS).then(|| ActionResult::RolledBack {
            why: format!("the class is still {} {} min after the call", run.intent.from, passed.as_mins()),
        }),
    }
}

fn held(run: &Run, look: Option<Look<'_>>, why: String) -> Next {
    let seen = look.map_or("nothing since the call".to_owned(), |look| {
        let state = look.state;
        let pending: Vec<String> = state.pending.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let pending = if pending.is_empty() { String::new() } else { format!(", pending {}", pending.join(" ")) };
        let said = run.events.last().map_or(String::new(), |event| format!("; RDS said: {}", event.message));
        format!("class {}, status {}{pending}{said}", state.class, state.status)
    });
    let remedy = format!(
        "look at {} and its events in the RDS console; when it is as it shall be, release the hold",
        run.intent.database
    );
    Next::End(ActionResult::Held { why, seen, remedy })
}

/// Whether RDS reports any failure: enough not to call an action verified.
fn is_failure(event: &RdsEvent) -> bool {
    event.categories.iter().any(|category| category == "failure") || is_class_failure(event)
}

/// Messages by which RDS says that a class change failed; `DescribeEvents` carries no event ids.
fn is_class_failure(event: &RdsEvent) -> bool {
    const PREFIXES: [&str; 2] = ["unable to modify the db instance class", "insufficient instance capacity"];
    let message = event.message.to_ascii_lowercase();
    PREFIXES.iter().any(|prefix| message.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::action::{ActionId, Intent};
    use crate::model::class::InstanceClass;
    use crate::model::database::{DatabaseName, ResourceId, sample_state};
    use crate::model::guard::Guards;
    use crate::model::operator::Operator;
    use crate::model::policy::Strategy;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn intent(actor: Actor) -> Intent {
        Intent {
            action: ActionId("a1".into()),
            database: DatabaseName::new("checkpoints"),
            resource_id: ResourceId::new("db-1"),
            strategy: Strategy::InPlace,
            from: InstanceClass::observed("db.t4g.small"),
            to: InstanceClass::observed("db.m5.large"),
            actor,
        }
    }

    fn recorded(actor: Actor) -> Run {
        Run::new(intent(actor), at(0))
    }

    fn person() -> Actor {
        Actor::Person { operator: Operator { user: "ada".into(), ssh_client: None }, reason: "test".into() }
    }

    fn called(state: CallState) -> Run {
        let mut run = recorded(Actor::Engine);
        let call =
            MutatingCall::ModifyDbInstanceClass { database: run.intent.database.clone(), class: run.intent.to.clone() };
        run.calls.push(CallRecord { call, sent_at: at(0), state });
        run
    }

    fn lost() -> CallState {
        CallState::Looking { why: "timed out".into() }
    }

    fn state(class: &str, status: &str, pending: bool) -> DatabaseState {
        let mut state = sample_state(class, status);
        if pending {
            state.pending.insert("DBInstanceClass".to_owned(), "db.m5.large".to_owned());
        }
        state
    }

    /// One look every ten seconds since the call.
    fn world(state: &DatabaseState, second: i64) -> World<'_> {
        let since_call = (second / 10).max(1) as u32;
        let look =
            Look { state, asked_at: at(second), age_is_known: true, events_read: true, since_call, is_new: true };
        World {
            look: Some(look),
            confirmed: (0, SignedDuration::ZERO),
            forbidden: None,
            fresh_look: SignedDuration::from_secs(5),
            stuck_after: SignedDuration::from_hours(1),
            guards: Guards::all(),
        }
    }

    fn look(run: &Run, state: &DatabaseState, second: i64) -> Next {
        next(run, world(state, second), at(second))
    }

    fn event(message: &str) -> RdsEvent {
        RdsEvent {
            date: at(100),
            database: DatabaseName::new("checkpoints"),
            message: message.into(),
            categories: vec!["notification".into()],
        }
    }

    #[test]
    fn sends_only_from_the_expected_state() {
        let order = recorded(person());
        assert!(matches!(look(&order, &state("db.t4g.small", "available", false), 1), Next::Send(_)));
        assert_eq!(look(&order, &state("db.t4g.small", "backing-up", false), 1), Next::Observe);
        assert_eq!(look(&order, &state("db.t4g.small", "available", true), 1), Next::Observe);
        assert!(matches!(look(&order, &state("db.m5.large", "available", false), 1), Next::End(_)));
        assert!(matches!(look(&order, &state("db.t4g.small", "backing-up", false), 61), Next::End(_)));
        let own = recorded(Actor::Engine);
        assert!(matches!(look(&own, &state("db.t4g.small", "backing-up", false), 1), Next::End(_)), "decided anew");
    }

    #[test]
    fn an_old_look_sends_nothing() {
        let small = state("db.t4g.small", "available", false);
        assert!(matches!(next(&recorded(person()), world(&small, 10), at(15)), Next::Send(_)));
        assert_eq!(next(&recorded(person()), world(&small, 10), at(16)), Next::Observe);
        assert!(matches!(next(&recorded(Actor::Engine), world(&small, 10), at(16)), Next::End(_)));
    }

    #[test]
    fn available_right_after_the_call_is_not_done() {
        let run = called(CallState::Accepted);
        assert_eq!(look(&run, &state("db.t4g.small", "available", true), 5), Next::Observe);
        assert_eq!(look(&run, &state("db.t4g.small", "available", false), 5), Next::Observe);
        assert_eq!(look(&run, &state("db.m5.large", "modifying", false), 300), Next::Observe);
    }

    #[test]
    fn done_needs_three_looks_over_a_minute_and_no_word_of_failure() {
        let done = state("db.m5.large", "available", false);
        let mut run = called(CallState::Accepted);
        let confirmed =
            |looks, secs| World { confirmed: (looks, SignedDuration::from_secs(secs)), ..world(&done, 400) };
        assert_eq!(next(&run, confirmed(1, 60), at(400)), Next::Confirmed);
        assert_eq!(next(&run, confirmed(5, 59), at(400)), Next::Confirmed);
        assert_eq!(next(&run, confirmed(2, 60), at(400)), Next::End(ActionResult::Verified));
        let mut unread = confirmed(2, 60);
        unread.look.as_mut().unwrap().events_read = false;
        assert_eq!(next(&run, unread, at(400)), Next::Observe, "whether it failed is not known");
        run.events.push(event("Unable to modify the DB instance class. No capacity"));
        assert_eq!(next(&run, confirmed(2, 60), at(400)), Next::Observe);
        let old = state("db.t4g.small", "available", false);
        assert!(matches!(look(&run, &old, 315), Next::End(ActionResult::RolledBack { .. })));
    }

    #[test]
    fn a_lost_answer_is_resolved_by_looking_only() {
        let run = called(lost());
        let old = state("db.t4g.small", "available", false);
        assert_eq!(look(&run, &old, 600), Next::Observe);
        assert!(matches!(look(&run, &old, 601), Next::End(ActionResult::FailedSafe { .. })));
        assert_eq!(
            look(&run, &state("db.m5.large", "available", false), 301),
            Next::Adopt("the class is db.m5.large".into())
        );
        assert!(matches!(look(&run, &state("db.t4g.small", "available", true), 5), Next::Adopt(_)));
    }

    #[test]
    fn an_early_look_says_nothing_about_later() {
        let run = called(lost());
        let old = state("db.t4g.small", "available", false);
        assert_eq!(next(&run, world(&old, 20), at(700)), Next::Observe, "nothing was seen since the twentieth second");
        let mut few = world(&old, 3_000);
        few.look.as_mut().unwrap().since_call = 3;
        assert_eq!(next(&run, few, at(3_000)), Next::Observe, "a clock that was set forward");
    }

    #[test]
    fn what_never_ends_and_what_breaks_is_held() {
        let run = called(CallState::Accepted);
        let is_held = |next: &Next| matches!(next, Next::End(ActionResult::Held { .. }));
        assert!(is_held(&look(&run, &state("db.t4g.small", "modifying", true), 3_601)));
        assert!(is_held(&look(&run, &state("db.m5.large", "incompatible-parameters", false), 60)));
        assert!(is_held(&look(&run, &state("db.r5.large", "available", false), 60)), "a third class");
        let mut foreign = state("db.t4g.small", "available", false);
        foreign.pending.insert("DBInstanceClass".to_owned(), "db.r5.large".to_owned());
        assert!(is_held(&look(&run, &foreign, 60)));
        let mut blind = world(&foreign, 60);
        blind.look = None;
        assert!(is_held(&next(&run, blind, at(3_601))));
    }

    #[test]
    fn no_state_ever_leads_to_a_second_send() {
        let refused = CallState::Refused { code: "X".into(), message: String::new() };
        let adopted = CallState::Adopted { evidence: String::new() };
        for call in [CallState::Sent, CallState::Accepted, lost(), refused, adopted] {
            for class in ["db.t4g.small", "db.m5.large"] {
                for status in ["available", "modifying", "rebooting", "failed"] {
                    for pending in [false, true] {
                        for second in [1, 200, 1_000, 10_000] {
                            let next = look(&called(call.clone()), &state(class, status, pending), second);
                            assert!(!matches!(next, Next::Send(_)), "{call:?} {class} {status} {pending}");
                        }
                    }
                }
            }
        }
    }
}
