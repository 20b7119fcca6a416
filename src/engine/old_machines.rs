//! Machines that actions have left: which of them are still there, and when which of them goes.

use jiff::Timestamp;

use super::left::Left;
use super::watched::{OldSeen, Watched};
use super::{Engine, gates};
use crate::model::action::{Intent, Removal};
use crate::model::database::{DatabaseName, DatabaseState, Instances};
use crate::model::decision::Verdict;
use crate::model::duration;
use crate::model::event::Event;
use crate::model::guard::Guard;
use crate::model::old_machine::{Fate, Kept, OldMachine, Origin};
use crate::model::operator::Actor;
use crate::model::policy::{Policy, RemovedBy};
use crate::model::readers;
use crate::playbook;

/// A machine that so many looks running have not found is gone: it is not asked for any more. Fewer could all be old
/// pictures, from before it had its name.
const GONE_LOOKS: u32 = 60;

impl Engine {
    /// The machines that actions have left, but for those that are gone.
    pub(super) fn left(&self, policy: &Policy) -> impl Iterator<Item = &Left> {
        let watched = self.watched.get(&policy.database);
        let live = watched.and_then(|watched| watched.seen.as_ref()).map(|seen| &seen.state.resource_id);
        let old = watched.map(|watched| &watched.old);
        let gone = move |left: &&Left| {
            old.and_then(|old| old.get(&left.machine)).is_some_and(|seen| seen.missing_looks >= GONE_LOOKS)
        };
        // One that serves again, by whatever hands, is no old machine.
        let serves = move |left: &&Left| live == Some(&left.machine);
        // What Application Auto Scaling has made is its own, whatever it was meanwhile.
        let is_scaled = move |left: &&Left| {
            let seen = old.and_then(|old| old.get(&left.machine)).and_then(|seen| seen.state.as_ref());
            left.name.as_ref().is_some_and(readers::is_scaled) || seen.is_some_and(DatabaseState::is_scaled)
        };
        self.memory.of(&policy.database).left.iter().filter(move |it| !gone(it) && !serves(it) && !is_scaled(it))
    }

    /// Notes which of them a look has found.
    pub(super) fn look_for_left(&mut self, others: &Instances) {
        for policy in &self.settings.databases {
            let left = self.memory.of(&policy.database).left.iter();
            let Some(watched) = self.watched.get_mut(&policy.database) else { continue };
            for Left { machine, name, .. } in left {
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
        let one = |left: &Left| {
            let old = watched.old.get(&left.machine)?.state.as_ref()?;
            let live = watched.seen.as_ref().map(|seen| &seen.state);
            Some(OldMachine {
                name: old.name.clone(),
                resource_id: left.machine.clone(),
                class: left.class.clone(),
                since: left.since,
                action: left.action.clone(),
                origin: left.origin,
                price: live.and_then(|live| policy.price(live, &left.class)),
                keeps: kept_of(policy, watched, left),
                fate: self.fate(policy, left, watched),
            })
        };
        self.left(policy).filter_map(one).collect()
    }

    fn fate(&self, policy: &Policy, left: &Left, watched: &Watched) -> Fate {
        let run = self.memory.of(&policy.database).active();
        let goes = run.and_then(|run| run.intent.removes.as_ref());
        let state = watched.old.get(&left.machine).and_then(|old| old.state.as_ref());
        let kept_until = kept_until(policy, left);
        if goes.is_some_and(|goes| goes.resource_id == left.machine) {
            Fate::Going
        } else if let Some(why) = state.and_then(playbook::removal_obstacle) {
            Fate::Waits { why }
        } else if left.is_tried {
            Fate::ByPerson { kept_until, why: Some("the engine tried it once".to_owned()) }
        } else if is_removed_by_engine(policy, left) {
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
            let is_due = |left: &&Left| {
                let guarded = self.guards.stand(Guard::OldKept);
                let fate = self.fate(policy, left, watched);
                let due = matches!(fate, Fate::ByEngine { at } if at <= now || !guarded);
                due && watched.old.get(&left.machine).is_some_and(|old| old.state.is_some())
            };
            let left = self.left(policy).find(is_due)?;
            Some((policy.database.clone(), self.removal(policy, left, watched, Actor::Engine, now)?))
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
        gates::permission(self.common(), now).iter().all(|gate| gate.open)
            && remembered.active().is_none()
            && remembered.holds_at(now).next().is_none()
            && others < self.settings.engine.max_actions_in_flight
            && watched.odd.is_none()
            && is_available
            && rests
    }

    /// The intent to remove a machine that an action of ours has left; `None` for the one that is the database.
    pub(super) fn removal(
        &self,
        policy: &Policy,
        left: &Left,
        watched: &Watched,
        actor: Actor,
        now: Timestamp,
    ) -> Option<Intent> {
        let live = &watched.seen.as_ref()?.state;
        let name = left.name.clone().filter(|name| *name != policy.database)?;
        if live.resource_id == left.machine {
            return None;
        }
        let action = self.next_action();
        let keeps = kept_of(policy, watched, left).named(|| snapshot_name(&name, &action.0, now));
        Some(Intent {
            action,
            database: policy.database.clone(),
            resource_id: live.resource_id.clone(),
            strategy: policy.strategy,
            from: live.class.clone(),
            to: live.class.clone(),
            actor,
            removes: Some(Removal {
                name,
                resource_id: left.machine.clone(),
                keeps,
                deployment: left.deployment.clone(),
            }),
            hold_for: None,
        })
    }
}

/// What is kept of it when it goes.
fn kept_of(policy: &Policy, watched: &Watched, left: &Left) -> Kept {
    let old = watched.old.get(&left.machine).and_then(|old| old.state.as_ref());
    if left.deployment.is_some() {
        // A deployment's copy goes without one, and it holds nothing that the database does not.
        Kept::Nothing
    } else if old.is_some_and(|old| old.facts.cluster.is_some()) {
        Kept::ClusterVolume
    } else if policy.old_machine.final_snapshot {
        Kept::Snapshot
    } else {
        Kept::Nothing
    }
}

/// A reader that an action has made goes with the load that it was made for; what was there before stays until somebody says
/// otherwise. A copy that is left is one that the engine could not remove: a person has looked at why.
fn is_removed_by_engine(policy: &Policy, left: &Left) -> bool {
    left.deployment.is_none() && (policy.old_machine.removed_by == RemovedBy::Engine || left.origin != Origin::Found)
}

/// Until when a machine that an action has left is kept.
fn kept_until(policy: &Policy, left: &Left) -> Timestamp {
    left.since.saturating_add(duration::signed(policy.old_machine.keep)).unwrap_or(Timestamp::MAX)
}

/// A name that no other snapshot has: that of the machine, of the action, and of the moment.
fn snapshot_name(machine: &DatabaseName, action: &str, now: Timestamp) -> String {
    format!("upshift-{machine}-{action}-{}", now.strftime("%Y%m%dt%H%M%S"))
}
