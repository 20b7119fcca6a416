//! Machines that copies have replaced: which of them are still there, and when which of them goes.

use jiff::Timestamp;

use super::Engine;
use super::remembered::Replaced;
use super::watched::{OldSeen, Watched};
use crate::model::action::{Intent, Removal};
use crate::model::call::Keeps;
use crate::model::database::{DatabaseName, Instances};
use crate::model::decision::Verdict;
use crate::model::duration;
use crate::model::event::Event;
use crate::model::guard::Guard;
use crate::model::old_machine::{Fate, Kept, OldMachine};
use crate::model::operator::Actor;
use crate::model::policy::{Policy, RemovedBy};
use crate::playbook;

/// A machine that so many looks running have not found is gone: it is not asked for any more. Fewer could all be old
/// pictures, from before it had its name.
const GONE_LOOKS: u32 = 60;

impl Engine {
    /// The machines that copies have replaced, but for those that are gone.
    pub(super) fn replaced(&self, policy: &Policy) -> impl Iterator<Item = &Replaced> {
        let watched = self.watched.get(&policy.database);
        let live = watched.and_then(|watched| watched.seen.as_ref()).map(|seen| &seen.state.resource_id);
        let old = watched.map(|watched| &watched.old);
        let gone = move |replaced: &&Replaced| {
            old.and_then(|old| old.get(&replaced.machine)).is_some_and(|seen| seen.missing_looks >= GONE_LOOKS)
        };
        // One that serves again, by whatever hands, is no old machine.
        let serves = move |replaced: &&Replaced| live == Some(&replaced.machine);
        self.memory.of(&policy.database).replaced.iter().filter(move |it| !gone(it) && !serves(it))
    }

    /// Notes which of them a look has found.
    pub(super) fn look_for_replaced(&mut self, others: &Instances) {
        for policy in &self.settings.databases {
            let replaced = self.memory.of(&policy.database).replaced.iter();
            let Some(watched) = self.watched.get_mut(&policy.database) else { continue };
            for Replaced { machine, name, .. } in replaced {
                let Some(name) = name else { continue };
                let seen = watched.old.entry(machine.clone()).or_default();
                match others.get(name) {
                    Some(Ok(state)) if state.resource_id == *machine => *seen = OldSeen::there(state.clone()),
                    // There, but its description says nothing.
                    Some(Err(_)) => *seen = OldSeen::default(),
                    Some(Ok(_)) => *seen = seen.missing(true),
                    None => *seen = seen.missing(false),
                }
            }
        }
    }

    /// Those that were seen in the newest look, what they cost, and what becomes of them.
    pub(super) fn old_machines(&self, policy: &Policy, watched: &Watched) -> Vec<OldMachine> {
        let one = |replaced: &Replaced| {
            let old = watched.old.get(&replaced.machine)?.state.as_ref()?;
            let live = watched.seen.as_ref().map(|seen| &seen.state);
            Some(OldMachine {
                name: old.name.clone(),
                resource_id: replaced.machine.clone(),
                class: replaced.class.clone(),
                since: replaced.since,
                action: replaced.action.clone(),
                has_served: replaced.has_served,
                price: live.and_then(|live| policy.price(live, &replaced.class)),
                keeps: kept_of(policy, watched, replaced),
                fate: self.fate(policy, replaced, watched),
            })
        };
        self.replaced(policy).filter_map(one).collect()
    }

    fn fate(&self, policy: &Policy, replaced: &Replaced, watched: &Watched) -> Fate {
        let run = self.memory.of(&policy.database).active();
        let goes = run.and_then(|run| run.intent.removes.as_ref());
        let state = watched.old.get(&replaced.machine).and_then(|old| old.state.as_ref());
        let kept_until = kept_until(policy, replaced);
        if goes.is_some_and(|goes| goes.resource_id == replaced.machine) {
            Fate::Going
        } else if let Some(why) = state.and_then(playbook::removal_obstacle) {
            Fate::Waits { why }
        } else if replaced.is_tried {
            Fate::ByPerson { kept_until, why: Some("the engine tried it once".to_owned()) }
        } else if is_removed_by_engine(policy, replaced) {
            Fate::ByEngine { at: kept_until }
        } else {
            Fate::ByPerson { kept_until, why: None }
        }
    }

    /// Begins to remove a machine that was kept as long as the policy says, where the policy lets the engine do that and
    /// nothing more important is wanted.
    pub(super) fn begin_due_removal(&mut self, now: Timestamp) {
        let due = self.settings.databases.iter().find_map(|policy| {
            let watched = self.watched.get(&policy.database).filter(|watched| self.may_remove(policy, watched, now))?;
            let is_due = |replaced: &&Replaced| {
                let guarded = self.guards.stand(Guard::OldKept);
                let fate = self.fate(policy, replaced, watched);
                let due = matches!(fate, Fate::ByEngine { at } if at <= now || !guarded);
                due && watched.old.get(&replaced.machine).is_some_and(|old| old.state.is_some())
            };
            let replaced = self.replaced(policy).find(is_due)?;
            Some((policy.database.clone(), self.removal(policy, replaced, watched, Actor::Engine, now)?))
        });
        if let Some((database, intent)) = due {
            self.record(now, Event::ActionIntended { intent, passed_over: Vec::new() });
            self.drive_run(now, &database);
        }
    }

    /// Everything is quiet around the database, and its newest evaluation wants nothing that could be done.
    fn may_remove(&self, policy: &Policy, watched: &Watched, now: Timestamp) -> bool {
        let remembered = self.memory.of(&policy.database);
        let others = self.memory.in_flight_besides(&policy.database);
        let rests = |verdict: &Verdict| matches!(verdict, Verdict::Hold | Verdict::WouldScale { to: None, .. });
        let rests = watched.decision.as_ref().is_some_and(|decision| rests(&decision.verdict));
        let is_available = watched.seen.as_ref().is_some_and(|seen| seen.state.status.is_available());
        self.memory.arming.is_armed()
            && self.journal_broken.is_none()
            && self.identity.is_some()
            && remembered.active().is_none()
            && remembered.holds_at(now).next().is_none()
            && others < self.settings.engine.max_actions_in_flight
            && watched.odd.is_none()
            && is_available
            && rests
    }

    /// The intent to remove a machine that an action of ours has replaced; `None` for the one that is the database.
    pub(super) fn removal(
        &self,
        policy: &Policy,
        replaced: &Replaced,
        watched: &Watched,
        actor: Actor,
        now: Timestamp,
    ) -> Option<Intent> {
        let live = &watched.seen.as_ref()?.state;
        let name = replaced.name.clone().filter(|name| *name != policy.database)?;
        if live.resource_id == replaced.machine {
            return None;
        }
        let action = self.next_action();
        let keeps = match kept_of(policy, watched, replaced) {
            Kept::Snapshot => Keeps::FinalSnapshot { name: snapshot_name(&name, &action.0, now) },
            Kept::Nothing => Keeps::Nothing,
            Kept::ClusterVolume => Keeps::ClusterVolume,
        };
        Some(Intent {
            action,
            database: policy.database.clone(),
            resource_id: live.resource_id.clone(),
            strategy: policy.strategy,
            from: live.class.clone(),
            to: live.class.clone(),
            actor,
            removes: Some(Removal { name, resource_id: replaced.machine.clone(), keeps }),
        })
    }
}

/// What is kept of it when it goes.
fn kept_of(policy: &Policy, watched: &Watched, replaced: &Replaced) -> Kept {
    let old = watched.old.get(&replaced.machine).and_then(|old| old.state.as_ref());
    if old.is_some_and(|old| old.facts.cluster.is_some()) {
        Kept::ClusterVolume
    } else if policy.old_machine.final_snapshot {
        Kept::Snapshot
    } else {
        Kept::Nothing
    }
}

/// A reader that an action has made goes with the load that it was made for; what was there before stays until somebody says
/// otherwise.
fn is_removed_by_engine(policy: &Policy, replaced: &Replaced) -> bool {
    policy.old_machine.removed_by == RemovedBy::Engine || replaced.is_ours
}

/// Until when a machine that a copy has replaced is kept.
fn kept_until(policy: &Policy, replaced: &Replaced) -> Timestamp {
    replaced.since.saturating_add(duration::signed(policy.old_machine.keep)).unwrap_or(Timestamp::MAX)
}

/// A name that no other snapshot has: that of the machine, of the action, and of the moment.
fn snapshot_name(machine: &DatabaseName, action: &str, now: Timestamp) -> String {
    format!("upshift-{machine}-{action}-{}", now.strftime("%Y%m%dt%H%M%S"))
}
