//! Each event in one line for people.

use super::Event;
use crate::model::action::{ActionId, Intent, Removal};
use crate::model::database::DatabaseName;
use crate::model::decision::Decision;
use crate::model::hold::Hold;
use crate::model::server::ServerId;

impl Event {
    /// The event in one line for people. Strings from outside were cleaned at the edge where they came in.
    pub fn words(&self) -> String {
        match self {
            Self::EngineStarted { version, mode, .. } => format!("engine {version} started: {mode}"),
            Self::EngineStopped { why } => format!("engine stopped: {why}"),
            Self::ConfigReloaded { what, digest } => format!("configuration {digest} in force: {what}"),
            Self::ConfigRefused { why } => format!("configuration NOT taken, the one before stays in force: {why}"),
            Self::JournalRepaired { bytes_cut, kept_in } => repaired_words(*bytes_cut, kept_in.as_deref()),
            Self::IdentityConfirmed { account, region, .. } => format!("AWS account {account} in {region}"),
            Self::Armed { by, reason, until: None } => format!("ARMED by {by}: {reason}"),
            Self::Armed { by, reason, until: Some(until) } => format!("ARMED by {by} until {until:.0}: {reason}"),
            Self::Disarmed { why, .. } => format!("DISARMED: {why}"),
            Self::CommandRefused { by, why, .. } => format!("refused to {by}: {why}"),
            Self::HoldSet { database, hold, supersedes } => {
                let instead = instead_of(supersedes);
                format!("{database} HELD {}{}: {}{instead}", hold.scope(), what_to_do(hold), hold.cause)
            }
            Self::HoldReleased { database, by } => format!("{database}: holds released by {by}"),
            Self::Decision { decision, repeats } => decision_words(decision, *repeats),
            Self::RdsEvent(event) => {
                let whom = event.instance.as_ref().unwrap_or(&event.database);
                format!("RDS says of {whom}: {}", event.message)
            }
            Self::ScalingActivity { database, activity } => {
                format!("Application Auto Scaling of the readers of {database}: {}", activity.words())
            }
            Self::AlarmChanged { .. } | Self::AlarmFollows { .. } | Self::AlarmFollowed { .. } => self.alarm_words(),
            Self::ForeignChange { database, what, .. } => format!("{database}: {what}, and not by us"),
            Self::LeaseAcquired { .. } | Self::LeaseLost { .. } | Self::LeaseHeldElsewhere { .. } => self.lease_words(),
            Self::ReadFailed(failure) => failure.sentence.clone(),
            Self::ReadRecovered { operation } => format!("{operation} works again"),
            Self::ActionIntended { intent, .. } => intent_words(intent),
            Self::CallSent { id, call, .. } => format!("{}: sending {}", id.action.0, call.operation()),
            Self::CallAnswered { id, outcome, .. } => format!("{}: {}", id.action.0, outcome.words()),
            Self::CallAdopted { id, evidence, .. } => {
                format!("{}: the answer was lost, but it happened: {evidence}", id.action.0)
            }
            Self::ActionObserved { action, status, class, pending, .. } => {
                let pending = if *pending { ", change pending" } else { "" };
                format!("{}: {status}, class {class}{pending}", action.0)
            }
            Self::DeploymentObserved { action, deployment: Some(deployment), copy, .. } => {
                let tasks = deployment.open_tasks.join(", ");
                let tasks = if tasks.is_empty() { tasks } else { format!(", open: {tasks}") };
                let why = deployment.status_details.as_ref().map_or_else(String::new, |why| format!(": {why}"));
                let target = deployment.target.as_ref().filter(|_| !deployment.status.is_switched());
                let machine = copy.as_ref().map_or_else(String::new, |machine| format!(" ({machine})"));
                let copy = target.map_or_else(String::new, |copy| format!(", copy {copy}{machine}"));
                format!("{}: deployment {} is {}{why}{tasks}{copy}", action.0, deployment.id, deployment.status)
            }
            Self::DeploymentObserved { action, .. } => format!("{}: its deployment is gone", action.0),
            Self::ReaderObserved { action, name, resource_id, class, status, .. } => {
                format!("{}: the reader {name} ({resource_id}) is {status}, class {class}", action.0)
            }
            Self::SwitchedOver { action, database, from, to, old_name } => {
                let named = old_name.as_ref().map_or_else(String::new, |name| format!(" as {name}"));
                let old = format!("which stays{named} and is billed");
                format!("{}: {database} is now the machine {to} and not {from}, {old}", action.0)
            }
            Self::ServerReached { action, server, before_cut, .. } => reached_words(action, server, *before_cut),
            Self::CutApproved { action, by, .. } => format!("{}: switchover allowed by {by}", action.0),
            Self::Pooler { action, step, .. } => format!("{}: {}", action.0, step.words()),
            Self::StopRequested { action, by, .. } => format!("{}: stop asked by {by}", action.0),
            Self::ActionResumed { action, phase, .. } => format!("{}: found under way at start: {phase}", action.0),
            Self::ActionEnded { .. } => self.end_words(),
        }
    }
}

fn intent_words(intent: &Intent) -> String {
    let Intent { action, database, from, to, actor, removes, .. } = intent;
    match removes {
        Some(removal) => format!("{}: delete {}; ordered by {actor}", action.0, removal_words(removal, database)),
        None => format!("{}: {database} from {from} to {to}, ordered by {actor}", action.0),
    }
}

impl Event {
    /// What became of the lease.
    fn lease_words(&self) -> String {
        match self {
            Self::LeaseAcquired { epoch, after: Some(after) } => format!("lease acquired after {after}, epoch {epoch}"),
            Self::LeaseAcquired { epoch, after: None } => format!("lease acquired, epoch {epoch}"),
            Self::LeaseLost { epoch, why } => format!("lease of epoch {epoch} LOST, nothing is sent: {why}"),
            Self::LeaseHeldElsewhere { holder, epoch } => format!("observer: lease held by {holder}, epoch {epoch}"),
            _ => String::new(),
        }
    }

    /// What an alarm did, or was done to.
    fn alarm_words(&self) -> String {
        match self {
            Self::AlarmChanged { change, .. } => format!("alarm {}", change.words()),
            Self::AlarmFollows { action, alarm, what, .. } => {
                format!("{}: the alarm {alarm} follows: {what}", action.0)
            }
            Self::AlarmFollowed { action, alarm, why: None, .. } => format!("{}: {alarm} has followed", action.0),
            Self::AlarmFollowed { action, alarm, why: Some(why), .. } => {
                format!("{}: {alarm} has not followed, upshift alarms plan shows it: {why}", action.0)
            }
            _ => String::new(),
        }
    }

    /// How an action ended.
    fn end_words(&self) -> String {
        let Self::ActionEnded { action, class, outage_secs, outage_by, clients, result, .. } = self else {
            return String::new();
        };
        let outage = outage_secs.zip(*outage_by);
        let outage = outage.map_or_else(String::new, |(secs, by)| format!("; {}", by.words(secs)));
        let class = class.as_ref().map_or_else(String::new, |class| format!(", class {class}"));
        let clients = clients.map_or_else(String::new, |clients| format!("; {}", clients.words()));
        format!("{}: {}{class}{outage}{clients}", action.0, result.words())
    }
}

fn reached_words(action: &ActionId, server: &ServerId, before_cut: bool) -> String {
    let when = if before_cut { "before it is cut" } else { "now, and it takes writes" };
    format!("{}: clients reach the server {server} {when}", action.0)
}

fn what_to_do(hold: &Hold) -> String {
    if hold.waits_for_person() { format!("; what to do: {}; why", hold.cause.remedy()) } else { String::new() }
}

/// `; in place of: up and down until 2026-01-05T09:41:00Z, month's end (ada)`; nothing where there was none.
pub(in crate::model) fn instead_of(supersedes: &[Hold]) -> String {
    let words: Vec<String> = supersedes.iter().map(|hold| format!("{}, {}", hold.scope(), hold.cause)).collect();
    if words.is_empty() { String::new() } else { format!("; in place of: {}", words.join("; ")) }
}

fn repaired_words(bytes_cut: u64, kept_in: Option<&str>) -> String {
    let kept = kept_in.map_or_else(String::new, |file| format!("; it is kept in {file}"));
    format!("an incomplete last record of {bytes_cut} bytes was cut off{kept}")
}

fn decision_words(decision: &Decision, repeats: u32) -> String {
    let closed: Vec<String> = match decision.verdict.wanted() {
        Some(_) => decision.closed_gates().map(|gate| gate.gate.name().to_owned()).collect(),
        // A hold for want of data is not a hold for want of load, and must not read like one.
        None => decision.closed_gates().filter(|gate| gate.gate.is_of_sight()).map(ToString::to_string).collect(),
    };
    let why = if closed.is_empty() { String::new() } else { format!(" (closed: {})", closed.join(", ")) };
    let repeats = if repeats > 0 { format!(", after {repeats} alike") } else { String::new() };
    format!("{}: {}{why}{repeats}", decision.database, decision.words())
}

fn removal_words(removal: &Removal, database: &DatabaseName) -> String {
    let Removal { name, resource_id, keeps, deployment } = removal;
    let what = deployment.as_ref().map_or_else(
        || format!("which {database} was on before"),
        |deployment| format!("the copy of {database} in {deployment} that never served"),
    );
    format!("{name} ({resource_id}), {what}, {keeps}")
}
