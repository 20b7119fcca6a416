//! What a person was answered must be so: an order that is called done has its record on the disk, by which every other
//! promise judges the engine from then on; and a healthy engine never refuses to disarm.

use super::witness::Witness;
use crate::model::action::Removal;
use crate::model::command::{Answer, Command};
use crate::model::event::Event;
use crate::model::hold::HoldCause;
use crate::model::operator::Actor;

/// Takes in an answer, at the moment at which it is given. A healthy engine has a journal that takes records.
pub(in crate::swarm) fn on_answer(witness: &mut Witness, command: &Command, answer: &Answer, is_healthy: bool) {
    match answer {
        Answer::Done { seq, .. } => {
            let recorded = witness.ledger.orders.get(seq);
            if !recorded.is_some_and(|recorded| is_of(command, recorded)) {
                let what = recorded.map_or("no record of an order".to_owned(), |found| format!("{found:?}"));
                witness.break_promise(format!("I18: {command:?} was answered as done by #{seq}, which is {what}"));
            }
        }
        Answer::Refused { sentence } if *command == Command::Disarm && is_healthy && !witness.ledger.journal_failed => {
            witness.break_promise(format!("I7: a person could not disarm: {sentence}"));
        }
        Answer::Refused { .. } | Answer::Unknown { .. } => {}
    }
}

/// A hold is recorded with its end and not its length, and so is a permission that ends.
fn is_of(command: &Command, recorded: &Command) -> bool {
    match (command, recorded) {
        (Command::Arm { reason, duration }, Command::Arm { reason: why, duration: lasts }) => {
            (reason, duration.is_some()) == (why, lasts.is_some())
        }
        (
            Command::Hold { database, direction, reason, .. },
            Command::Hold { database: on, direction: way, reason: why, .. },
        ) => (database, direction, reason) == (on, way, why),
        _ => command == recorded,
    }
}

/// The order that a record says was carried out, as far as the record can tell it.
pub(in crate::swarm) fn order_of(event: &Event) -> Option<Command> {
    Some(match event {
        Event::Armed { reason, until, .. } => {
            Command::Arm { reason: reason.clone(), duration: until.map(|_| std::time::Duration::ZERO) }
        }
        Event::Disarmed { by: Some(_), .. } => Command::Disarm,
        Event::ActionIntended { intent, .. } => {
            let Actor::Person { reason, .. } = &intent.actor else { return None };
            let (database, reason) = (intent.database.clone(), reason.clone());
            match &intent.removes {
                Some(Removal { name, resource_id, .. }) => {
                    let (machine, resource_id) = (name.clone(), resource_id.clone());
                    Command::RemoveOld { database, machine, resource_id, reason }
                }
                None => Command::Scale { database, to: intent.to.clone(), reason, hold_for: intent.hold_for },
            }
        }
        Event::HoldSet { database, hold, .. } => {
            let HoldCause::Person { reason, .. } = &hold.cause else { return None };
            let (database, direction) = (database.clone(), hold.direction);
            Command::Hold { database, direction, duration: std::time::Duration::ZERO, reason: reason.clone() }
        }
        Event::HoldReleased { database, .. } => Command::Release { database: database.clone() },
        Event::StopRequested { database, .. } => Command::Stop { database: database.clone() },
        Event::CutApproved { database, .. } => Command::Approve { database: database.clone() },
        _ => return None,
    })
}
