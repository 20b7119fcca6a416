//! What is seen of one database at the moment; not remembered over a restart, since it can be seen again.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::class::InstanceClass;
use crate::model::database::{DatabaseState, ResourceId};
use crate::model::decision::Decision;
use crate::model::deployment::Deployment;
use crate::model::ladder::Direction;
use crate::model::policy::Policy;
use crate::model::series::{Series, SignalName};
use crate::model::server::ServerSeen;

/// What AWS offers is asked again after this time: offers change, but seldom within a day.
const OFFERS_LAST: SignedDuration = SignedDuration::from_hours(24);

/// One database as it is seen.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// As last described.
    pub seen: Option<Seen>,
    /// A class or machine that contradicts what is known, in the last look: one look alone is no proof.
    pub odd: Option<(ResourceId, InstanceClass)>,
    /// What pends that no action under way made, by the newest look; and what of that was held for.
    pub pending: Option<String>,
    /// See `pending`.
    pub held_pending: Option<String>,
    /// How many looks running have not found it.
    pub gone_looks: u32,
    /// A deployment of other hands that binds it, when they were last read, and when that was.
    pub other_deployment: Option<(Option<String>, Timestamp)>,
    /// The machines that actions have left, as last seen.
    pub old: BTreeMap<ResourceId, OldSeen>,
    /// The signals' datapoints.
    pub series: BTreeMap<SignalName, Arc<Series>>,
    /// The datapoints of the machine that had the name before, and when it passed on.
    pub before: Option<(Timestamp, BTreeMap<SignalName, Arc<Series>>)>,
    /// Which classes AWS offers for it, and when it was asked.
    pub orderable: BTreeMap<InstanceClass, (bool, Timestamp)>,
    /// Whether it is registered with its proxy, and when that was asked.
    pub proxy: Option<(bool, Timestamp)>,
    /// The server itself, as the newest look has it; absent where it is not read, or could not be.
    pub server: Option<ServerSeen>,
    /// The newest evaluation.
    pub decision: Option<Decision>,
    /// The newest evaluation that was recorded, when, and how many like it came since.
    pub(super) recorded: Option<(Decision, Timestamp, u32)>,
    /// The newest look has not been considered for the action under way.
    pub(super) look_is_new: bool,
    /// Looks begun since the last call was sent, or since the start of this process.
    pub(super) looks_since_call: u32,
    /// Consecutive looks that found the action done, and when the first of them was asked.
    pub(super) confirmed: Option<(u32, Timestamp)>,
}

/// A description of the database.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// What RDS said.
    pub state: DatabaseState,
    /// When it was asked.
    pub at: Timestamp,
    /// The clock was not set since then.
    pub age_is_known: bool,
    /// `DescribeEvents` answered in the same look.
    pub events_read: bool,
    /// What was seen of blue/green deployments in the same look.
    pub deployments: SeenDeployments,
    /// The machine that the action under way has made, while it is not behind the database's name.
    pub copy: Option<DatabaseState>,
}

/// The blue/green deployments of one database in one look.
#[derive(Debug, Clone, Default)]
pub(super) struct SeenDeployments {
    /// They were read.
    pub is_read: bool,
    /// The one of the action under way.
    pub own: Option<Deployment>,
    /// Somebody else's that binds the database.
    pub foreign: Option<Deployment>,
}

/// A machine that an action has left.
#[derive(Debug, Clone, Default)]
pub(super) struct OldSeen {
    /// As the newest look has found it; absent when it has not, or when its description said nothing.
    pub state: Option<DatabaseState>,
    /// Another machine has its name, by the newest look.
    pub is_taken: bool,
    /// How many looks running have not found it any more.
    pub missing_looks: u32,
}

impl OldSeen {
    pub(super) fn there(state: DatabaseState) -> Self {
        Self { state: Some(state), ..Self::default() }
    }

    /// One look more has not found it.
    pub(super) fn missing(&self, is_taken: bool) -> Self {
        Self { state: None, is_taken, missing_looks: self.missing_looks.saturating_add(1) }
    }
}

impl Watched {
    /// How many looks up to the one that was `seen` were asked after the last call, which was sent at `sent_at`: the first to
    /// arrive may have been asked before it, the second cannot.
    pub(super) fn looks_since(&self, sent_at: Option<Timestamp>, seen: &Seen) -> u32 {
        match sent_at {
            Some(sent_at) if seen.at < sent_at => self.looks_since_call.saturating_sub(1),
            _ => self.looks_since_call,
        }
    }

    /// The datapoints of a signal.
    pub(super) fn signal(&self, name: &SignalName) -> Option<&Series> {
        self.series.get(name).map(AsRef::as_ref)
    }

    /// Which way a class lies from the one that it has.
    pub(super) fn direction_to(&self, policy: &Policy, to: &InstanceClass) -> Direction {
        let here = self.seen.as_ref().map(|seen| &seen.state.class);
        here.map_or(Direction::Up, |here| policy.ladder.direction(here, to))
    }

    /// Takes in a description. What was known of another machine under the name, or of other facts, is forgotten.
    pub(super) fn see(&mut self, seen: Seen) {
        if let Some(Seen { state: old, .. }) = &self.seen {
            if old.resource_id != seen.state.resource_id {
                self.cut_at(seen.at);
                *self = Self {
                    before: self.before.take(),
                    decision: self.decision.take(),
                    recorded: self.recorded.take(),
                    looks_since_call: self.looks_since_call,
                    other_deployment: self.other_deployment.take(),
                    old: std::mem::take(&mut self.old),
                    proxy: self.proxy.take(),
                    server: self.server.take(),
                    ..Self::default()
                };
            } else if offer_facts(old) != offer_facts(&seen.state) {
                self.orderable.clear();
            }
        }
        self.seen = Some(seen);
        self.look_is_new = true;
        self.looks_since_call = self.looks_since_call.saturating_add(1);
    }

    /// A look shows another machine behind the name: what was read so far is of the one before. Whole minutes: one that
    /// both machines served is of the old one.
    pub(super) fn cut_at(&mut self, seen_at: Timestamp) {
        let until = seen_at.saturating_add(SignedDuration::from_mins(1)).unwrap_or(seen_at);
        self.before = Some((until, std::mem::take(&mut self.series)));
    }

    /// Whether it is known, and known recently, if AWS offers a class for it.
    pub(super) fn knows_offer(&self, class: &InstanceClass, now: Timestamp) -> bool {
        self.orderable.get(class).is_some_and(|(_, at)| now.duration_since(*at).abs() < OFFERS_LAST)
    }

    /// A call was sent: what was seen before says nothing about it.
    pub(super) fn call_was_sent(&mut self) {
        self.looks_since_call = 0;
        self.confirmed = None;
    }
}

/// What an offer depends on besides the class.
fn offer_facts(state: &DatabaseState) -> (&str, bool, Option<&str>, Option<&str>) {
    let DatabaseState { engine_version, multi_az, availability_zone, storage_type, .. } = state;
    (engine_version, *multi_az, availability_zone.as_deref(), storage_type.as_deref())
}
