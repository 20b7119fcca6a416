//! What a playbook is told of the world when it is asked what comes next.

use jiff::{SignedDuration, Timestamp};

use super::Engine;
use super::watched::{OldSeen, Watched};
use crate::model::action::Run;
use crate::model::database::{DatabaseName, DatabaseState};
use crate::model::decision::Decision;
use crate::model::guard::Guard;
use crate::model::operator::Actor;
use crate::model::policy::CopyPolicy;
use crate::playbook::{self, AtServer, Deployments, Look, Next, OldLook, Reader, Situation};

impl Engine {
    pub(super) fn ask_playbook(&self, now: Timestamp, database: &DatabaseName, run: &Run) -> Next {
        let watched = self.watched.get(database);
        let seen = watched.and_then(|watched| Some((watched, watched.seen.as_ref()?)));
        let sent_at = run.last_call().map(|call| call.sent_at);
        let look = seen.map(|(watched, seen)| Look {
            state: &seen.state,
            asked_at: seen.at,
            age_is_known: seen.age_is_known,
            events_read: seen.events_read,
            since_call: watched.looks_since(sent_at, seen),
            is_new: watched.look_is_new,
            old: old_look(run, watched),
            deployments: Deployments {
                is_read: seen.deployments.is_read,
                own: seen.deployments.own.as_ref(),
                foreign: seen.deployments.foreign.as_ref(),
            },
            copy: seen.copy.as_ref(),
            copy_lag: self.lag_of(seen.copy.as_ref(), now),
        });
        let confirmed = seen.and_then(|(watched, seen)| {
            let (looks, first_at) = watched.confirmed?;
            Some((looks, seen.at.duration_since(first_at)))
        });
        let policy = self.settings.policy(database);
        let stuck_after = policy.and_then(|policy| SignedDuration::try_from(policy.stuck_after).ok());
        let usual = CopyPolicy::default();
        let at_server = AtServer { in_the_way: self.in_the_way(run), clients_wait: self.clients_reach(run).err() };
        let left_reader = watched.and_then(|watched| self.left_reader(watched, run, now));
        let situation = Situation {
            look,
            left_reader: left_reader.as_ref(),
            at_server: &at_server,
            other_account: self.other_account(run),
            copy: policy.map_or(&usual, |policy| &policy.copy),
            confirmed: confirmed.unwrap_or((0, SignedDuration::ZERO)),
            forbidden: self.forbidden(now, run),
            load_has_turned: self.has_turned(run),
            fresh_look: self.fresh_look,
            look_every: self.watch_every(),
            stuck_after: stuck_after.unwrap_or(SignedDuration::MAX),
            guards: self.guards,
        };
        playbook::next(run, situation, now)
    }

    /// The account of the credentials, if it is another one than at the beginning of the action, or not known.
    pub(super) fn other_account(&self, run: &Run) -> Option<&str> {
        let now = self.identity.as_ref().map_or("unknown", |(identity, _)| identity.account.as_str());
        let differs = run.account.as_ref().is_some_and(|then| then != now);
        (differs && self.guards.stand(Guard::SameAccount)).then_some(now)
    }

    /// Why an action may not start any more: what a person has said since it was decided counts. A person's own order
    /// needs no arming, and no hold stops it.
    pub(super) fn forbidden(&self, now: Timestamp, run: &Run) -> Option<&'static str> {
        let intent = &run.intent;
        // A person who stops it wants what is left of it removed.
        if intent.actor != Actor::Engine || run.stop_requested.is_some() {
            return None;
        }
        let armed = self.memory.may_act(self.guards, now) && self.journal_broken.is_none();
        if !armed && self.guards.stand(Guard::DisarmLatch) {
            return Some("disarmed");
        }
        let policy = self.settings.policy(&intent.database)?;
        let remembered = self.memory.of(&intent.database);
        let held = if intent.removes.is_some() {
            remembered.holds_at(now).next().is_some()
        } else {
            remembered.hold_on(policy.ladder.direction(&intent.from, &intent.to), now).is_some()
        };
        (held && self.guards.stand(Guard::Hold)).then_some("held")
    }

    /// Whether the load that an action of the engine was meant for has turned into its opposite. What a person orders is
    /// for no load.
    fn has_turned(&self, run: &Run) -> bool {
        let intent = &run.intent;
        if intent.removes.is_some() {
            return false;
        }
        let (Actor::Engine, Some(policy)) = (&intent.actor, self.settings.policy(&intent.database)) else {
            return false;
        };
        let decision = self.watched.get(&intent.database).and_then(|watched| watched.decision.as_ref());
        // By the rules and not by the verdict: on the lowest rung nothing wants to go down.
        let asks = decision.and_then(Decision::direction_by_rules);
        asks.is_some_and(|asks| asks != policy.ladder.direction(&intent.from, &intent.to))
    }

    /// A reader that an earlier action has left in the cluster, on the class that is wanted now.
    fn left_reader<'a>(&self, watched: &'a Watched, run: &Run, now: Timestamp) -> Option<Reader<'a>> {
        let rests = |state: &DatabaseState| state.status.is_available() && state.pending.is_empty();
        let is_it = |state: &&DatabaseState| state.class == run.intent.to && rests(state);
        let cluster = watched.seen.as_ref()?.state.cluster.as_ref()?;
        let old = watched.old.values().filter_map(|old| old.state.as_ref());
        let is_ours =
            |state: &&DatabaseState| cluster.member(&state.resource_id).is_some_and(|member| !member.is_scaled);
        let state = old.filter(is_it).find(is_ours)?;
        Some(Reader { state, lag: self.lag_of(Some(state), now) })
    }
}

/// What the newest look says of the machine that the action removes.
fn old_look<'a>(run: &Run, watched: &'a Watched) -> OldLook<'a> {
    let old = run.intent.removes.as_ref().and_then(|removal| watched.old.get(&removal.resource_id));
    match old {
        Some(OldSeen { state: Some(state), .. }) => OldLook::There(state),
        Some(OldSeen { missing_looks: 1.., is_taken, .. }) => {
            if *is_taken {
                OldLook::Taken
            } else {
                OldLook::Gone
            }
        }
        _ => OldLook::Unreadable,
    }
}
