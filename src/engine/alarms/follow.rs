//! Alarms that follow a verified action: on record before they are changed.

use jiff::Timestamp;

use crate::engine::Engine;
use crate::engine::input::Effect;
use crate::model::action::{ActionResult, Run};
use crate::model::alarm::{FoundAlarm, WantedAlarm};
use crate::model::database::DatabaseState;
use crate::model::event::Event;
use crate::model::policy::Policy;
use crate::setup::alarms::follows;

/// An alarm that does not follow an action is left to a person after so many tries.
const TRIES: u32 = 3;

impl Engine {
    /// Asks for a change of the alarms that a verified action has made untrue. On record before it is made; what becomes of it
    /// is nothing to the action.
    pub(in crate::engine) fn follow_alarms(&mut self, now: Timestamp) {
        if self.journal_broken.is_some() || self.ending {
            return;
        }
        for (run, found, wanted) in self.alarms_that_follow() {
            let action = run.intent.action.clone();
            let database = wanted.database.clone();
            let Some(before) = found.definition else { continue };
            self.alarms.following.insert(wanted.name.clone());
            let what = crate::setup::alarms::words(&before, &wanted.definition);
            self.record(
                now,
                Event::AlarmFollows { action: action.clone(), database, alarm: wanted.name.clone(), what },
            );
            self.effects.push(Effect::PutAlarm { action, wanted: Box::new(wanted), before: Box::new(before) });
        }
    }

    fn alarms_that_follow(&self) -> Vec<(Run, FoundAlarm, WantedAlarm)> {
        let Some(settings) = self.settings.alarms.as_ref().filter(|settings| settings.follow) else {
            return Vec::new();
        };
        let found: Vec<FoundAlarm> = self.alarms.found.values().cloned().collect();
        let of = |policy: &Policy| {
            let remembered = self.memory.of(&policy.database);
            let run = remembered.run.as_ref().filter(|run| is_verified(run))?;
            let now = &self.watched.get(&policy.database)?.seen.as_ref()?.state;
            let tries = self.memory.follows_of(&run.intent.action);
            if now.class != run.intent.to || tries >= TRIES {
                return None;
            }
            let due = follows((policy, settings), &before(now, run), now, &found);
            Some(due.into_iter().map(|(found, wanted)| (run.clone(), found, wanted)).collect::<Vec<_>>())
        };
        let all = self.settings.databases.iter().filter_map(of).flatten();
        all.filter(|(_, _, wanted)| !self.alarms.following.contains(&wanted.name)).collect()
    }

    /// What became of such a change.
    pub(in crate::engine) fn take_followed(&mut self, now: Timestamp, event: Event) {
        if let Event::AlarmFollowed { alarm, .. } = &event {
            self.alarms.following.remove(alarm);
            // As it was read before: the next look tells how it is.
            self.alarms.found.remove(alarm);
        }
        self.record(now, event);
    }
}

fn is_verified(run: &Run) -> bool {
    run.intent.removes.is_none() && matches!(run.ended, Some((_, ActionResult::Verified)))
}

/// The database as it was before an action, as far as alarms look at it.
fn before(now: &DatabaseState, run: &Run) -> DatabaseState {
    let machine = &run.intent.resource_id;
    let mut before = now.clone();
    before.class = run.intent.from.clone();
    before.resource_id = machine.clone();
    if let Some(cluster) = before.cluster.as_mut().filter(|cluster| cluster.member(machine).is_some()) {
        for member in &mut cluster.members {
            member.is_writer = member.resource_id == *machine;
        }
    }
    before
}
