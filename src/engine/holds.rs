//! Holds of people: the newest wins. It takes the place of the older ones in its direction; what it does not cover of them stays.
//! A hold that the engine has set, for an unclear outcome or for other hands, gives way to a release alone.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::orders::required;
use crate::model::database::DatabaseName;
use crate::model::event::Event;
use crate::model::hold::{Hold, HoldCause};
use crate::model::ladder::Direction;
use crate::model::operator::Operator;

/// The longest hold that can be ordered: a longer one would be a policy.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);

impl Engine {
    pub(super) fn hold(
        &self,
        now: Timestamp,
        by: &Operator,
        database: &DatabaseName,
        direction: Option<Direction>,
        length: SignedDuration,
        reason: &str,
    ) -> Result<(Event, String), String> {
        self.must_be_configured(database)?;
        let reason = required(reason)?;
        must_be_a_length(length)?;
        let until = now.checked_add(length).map_err(|error| error.to_string())?;
        let hold = Hold { direction, until: Some(until), cause: HoldCause::Person { by: by.clone(), reason } };
        let supersedes = self.superseded(now, database, &hold, true);
        let instead: Vec<String> = supersedes.iter().map(Hold::scope).collect();
        let instead =
            if instead.is_empty() { String::new() } else { format!(", in place of {}", instead.join(" and ")) };
        let then = self.after_hold(database, &hold, now).map_or_else(String::new, |then| format!("; {then}"));
        let sentence = format!("{database} held {}{instead}{then}", hold.scope());
        Ok((Event::HoldSet { database: database.clone(), hold, supersedes }, sentence))
    }

    /// The holds of people that a new one takes the place of, oldest first. `is_meant`: a person has said how long it lasts;
    /// one whose length nobody has said leaves alone what lasts longer.
    pub(super) fn superseded(&self, now: Timestamp, database: &DatabaseName, new: &Hold, is_meant: bool) -> Vec<Hold> {
        if !new.is_of_person() {
            return Vec::new();
        }
        let gives_way = |held: &&Hold| {
            let touches = held.beside(new.direction).as_ref() != Some(*held);
            held.is_of_person() && touches && (is_meant || held.until <= new.until)
        };
        self.memory.of(database).holds_at(now).filter(gives_way).cloned().collect()
    }
}

/// Whether a database can be held for so long.
///
/// # Errors
/// A sentence, when it cannot.
pub(super) fn must_be_a_length(length: SignedDuration) -> Result<(), String> {
    if length < SignedDuration::from_secs(1) || length > LONGEST {
        return Err("a hold lasts from a second to 30 days".to_owned());
    }
    Ok(())
}
