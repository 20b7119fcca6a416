//! What is recorded of an action while it is watched.

use super::*;

/// The statuses that a step has recorded.
fn observed(step: &Step) -> Vec<String> {
    let of = |effect: &Effect| match effect {
        Effect::Record(Event::ActionObserved { status, .. }) => Some(status.to_string()),
        _ => None,
    };
    step.effects.iter().filter_map(of).collect()
}

#[test]
fn a_clock_that_is_set_back_keeps_no_record_behind_the_looks() {
    let (mut engine, _) = sent();
    engine.step(at(5), Input::Outcome { id: first_call(), outcome: CallOutcome::Accepted { request_id: None } });
    let back = |minute: i64| at(minute - 60);
    let changing = |minute: i64| look(back(minute), state("db.t4g.small", "modifying"), &HIGH);
    // The first look to arrive may have been asked before the call; the second cannot, whatever the clock says.
    assert_eq!(observed(&engine.step(back(6), changing(6))), [""; 0]);
    assert_eq!(observed(&engine.step(back(7), changing(7))), ["modifying"]);
    assert_eq!(observed(&engine.step(back(8), changing(8))), [""; 0], "once");
}
