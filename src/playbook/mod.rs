//! Playbooks: what to do next about an action, from its record and the world as it is seen. Pure and level-triggered:
//! a restart in the middle of an action is the same call as any other look.

mod blue_green;
mod cluster_modify;
mod ending;
mod in_place;
mod patience;
mod reader_failover;
mod remove_old;
mod start;
mod takeover;

use jiff::{SignedDuration, Timestamp};

pub use reader_failover::Reader;
pub use remove_old::of_machine as removal_obstacle;

use crate::model::action::{ActionResult, Run};
use crate::model::call::MutatingCall;
use crate::model::database::{DatabaseState, ResourceId};
use crate::model::deployment::Deployment;
use crate::model::guard::{Guard, Guards};
use crate::model::override_plan::ExpectedTime;
use crate::model::policy::{CopyPolicy, Strategy};
use crate::model::step::ActionStep;

/// The world as far as an action is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// The newest look at the database; absent when there was none, or when it was not found.
    pub look: Option<Look<'a>>,
    /// The credentials belong to this account by now, and to another one when the action began.
    pub other_account: Option<&'a str>,
    /// Consecutive looks that found the action done, this one not counted, and the time from the first of them to
    /// this one.
    pub confirmed: (u32, SignedDuration),
    /// What the server itself has against it.
    pub at_server: &'a AtServer,
    /// Why whoever ordered the action may not start it any more, such as `disarmed`.
    pub forbidden: Option<&'static str>,
    /// The newest evaluation wants the other direction by now.
    pub load_has_turned: bool,
    /// A call goes out on a look of this age at most: what is checked must be what is changed.
    pub fresh_look: SignedDuration,
    /// The engine looks this often while an action is under way.
    pub look_every: SignedDuration,
    /// A reader that an earlier action has left in the cluster, and that has the class that is wanted.
    pub left_reader: Option<&'a Reader<'a>>,
    /// How another machine is made and takes over.
    pub copy: &'a CopyPolicy,
    /// An action that is not done this long after its call is held.
    pub stuck_after: SignedDuration,
    /// Which guards stand.
    pub guards: Guards,
}

/// What the server itself has against an action.
#[derive(Debug, Default)]
pub struct AtServer {
    /// What a change would cut off there now: see the gates of it. A person's word passes over it.
    pub in_the_way: Option<String>,
    /// Why the clients' path does not lead to a new server that takes writes; absent when it does, or nobody looks.
    pub clients_wait: Option<String>,
}

/// Nothing: as where no server is read.
#[cfg(test)]
static QUIET: AtServer = AtServer { in_the_way: None, clients_wait: None };

impl<'a> Situation<'a> {
    /// The newest look, if it was asked after the action's last call.
    fn look_since_call(&self) -> Option<Look<'a>> {
        self.look.filter(|look| look.since_call > 0)
    }
}

/// One look at the database.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// What RDS said.
    pub state: &'a DatabaseState,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The clock was not set since then.
    pub age_is_known: bool,
    /// `DescribeEvents` answered in the same look: what RDS says of failures is known.
    pub events_read: bool,
    /// How many looks were asked since the action's last call, this one included. 0: this one may be from before it.
    pub since_call: u32,
    /// It has not been considered before.
    pub is_new: bool,
    /// The machine that the action under way has made, while it is not behind the database's name.
    pub copy: Option<&'a DatabaseState>,
    /// How far it is behind, by its newest datapoint; absent when there is none of the last minutes.
    pub copy_lag: Option<SignedDuration>,
    /// The machine that the action removes.
    pub old: OldLook<'a>,
    /// What was seen of blue/green deployments.
    pub deployments: Deployments<'a>,
}

/// The blue/green deployments of a database in one look.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deployments<'a> {
    /// They were read in this look; else nothing is known of them.
    pub is_read: bool,
    /// The one that the action under way has made.
    pub own: Option<&'a Deployment>,
    /// One that somebody else made, and that binds the database.
    pub foreign: Option<&'a Deployment>,
}

/// What one look says of a machine that an action has left, under the name that it got then.
#[derive(Debug, Clone, Copy)]
pub enum OldLook<'a> {
    /// Nothing: it was not looked for, or its description cannot be read.
    Unreadable,
    /// Nothing has that name.
    Gone,
    /// Another machine has that name.
    Taken,
    /// It is there.
    There(&'a DatabaseState),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Send this call, once.
    Send(MutatingCall),
    /// Look again.
    Observe,
    /// The last call's answer was lost, but this was seen: it happened.
    Adopt(String),
    /// This look found it done; it counts when enough others do too.
    Confirmed,
    /// The copy's machine was seen behind the database's name.
    SwitchedOver(ResourceId),
    /// It is over.
    End(ActionResult),
}

/// How long clients are without the database when its class is changed by a strategy.
pub fn expected_outage(strategy: Strategy, multi_az: bool) -> ExpectedTime {
    match strategy {
        Strategy::InPlace => in_place::expected_outage(multi_az),
        Strategy::BlueGreen => blue_green::expected_outage(),
        Strategy::ReaderFailover => reader_failover::expected_outage(),
        Strategy::ClusterModify => cluster_modify::expected_outage(),
    }
}

/// How long it takes from the first call until a database is on its new class.
pub fn expected_ready(strategy: Strategy, multi_az: bool) -> ExpectedTime {
    match strategy {
        Strategy::InPlace => in_place::expected_ready(multi_az),
        Strategy::BlueGreen => blue_green::expected_ready(),
        Strategy::ReaderFailover => reader_failover::expected_ready(),
        Strategy::ClusterModify => cluster_modify::expected_ready(),
    }
}

/// Until when a person can say that what an action has made takes over; then it is given up.
pub fn approval_ends(run: &Run, policy: &CopyPolicy) -> Option<Timestamp> {
    let since = run.calls.first()?.sent_at;
    since.saturating_add(takeover::limit(run, policy)).ok().filter(|_| run.awaits_approval(policy))
}

/// The steps of an action under way, in their order; of a database with a standby, or without one.
pub fn steps(run: &Run, multi_az: bool) -> Vec<ActionStep> {
    if let Some(removal) = &run.intent.removes {
        return remove_old::steps(run, removal);
    }
    match run.intent.strategy {
        Strategy::InPlace | Strategy::ClusterModify => in_place::steps(run, multi_az),
        Strategy::BlueGreen => blue_green::steps(run),
        Strategy::ReaderFailover => reader_failover::steps(run),
    }
}

/// What to do next about `run` at `now`.
pub fn next(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    if let Some(account) = situation.other_account.filter(|_| !run.is_ended()) {
        return elsewhere(run, account, situation, now);
    }
    if let Some(removal) = &run.intent.removes {
        return remove_old::next(run, removal, situation, now);
    }
    let next = match run.intent.strategy {
        Strategy::InPlace => in_place::next(run, situation, now),
        Strategy::BlueGreen => blue_green::next(run, situation, now),
        Strategy::ReaderFailover => reader_failover::next(run, situation, now),
        Strategy::ClusterModify => cluster_modify::next(run, situation, now),
    };
    if next == Next::End(ActionResult::Verified) { by_clients(run, situation, now) } else { next }
}

/// AWS's words alone do not verify a change where it can be seen whether clients come to the new machine: a name can lead to
/// the old one for as long as somebody remembers that.
fn by_clients(run: &Run, situation: Situation<'_>, now: Timestamp) -> Next {
    let waits = situation.at_server.clients_wait.as_ref().filter(|_| situation.guards.stand(Guard::ClientsReach));
    let Some(why) = waits else { return Next::End(ActionResult::Verified) };
    let late = run.last_call().is_some_and(|call| now.duration_since(call.sent_at) > situation.stuck_after);
    if !late {
        return Next::Confirmed;
    }
    let why = format!("AWS says that it is done, but {why}, {} min after the call", situation.stuck_after.as_mins());
    ending::held(run, situation.look, why)
}

/// What another account shows says nothing of an action, and nothing is sent there. What is under way goes on when the
/// credentials are back; when they stay away, a person is told where it is.
fn elsewhere(run: &Run, account: &str, situation: Situation<'_>, now: Timestamp) -> Next {
    let began = run.account.as_deref().unwrap_or("an unknown one");
    let why = format!("the credentials belong to the account {account}; the action began in {began}");
    let Some(call) = run.last_call() else {
        return Next::End(ActionResult::FailedSafe { why: format!("nothing was sent: {why}") });
    };
    if now.duration_since(call.sent_at) <= situation.stuck_after {
        return Next::Observe;
    }
    let (database, remedy) = (&run.intent.database, "see there what became of it, then release the hold");
    ending::held_with(run, None, why, format!("look at {database} in the account {began}: {remedy}"))
}
