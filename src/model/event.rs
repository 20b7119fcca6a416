//! Everything the journal can say. Serialised names are stable: `journal show --json` and auditors rely on them.

mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::{ActionId, ActionResult, CallId, Intent};
use super::alarm::AlarmChange;
use super::call::{CallOutcome, MutatingCall};
use super::class::InstanceClass;
use super::command::Command;
use super::database::{DatabaseName, InstanceStatus, RdsEvent, ResourceId};
use super::decision::Decision;
use super::deployment::Deployment;
use super::failure::Failure;
use super::hold::Hold;
use super::operator::Operator;
use super::outage::OutageSource;
use super::pooler::PoolerStep;
use super::readers::ScalingActivity;
use super::server::{ClientsReach, ServerId};

/// One event. The `kind` of a record is the variant in snake case, its `data` the fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "data")]
pub enum Event {
    /// An engine took over this journal.
    EngineStarted {
        /// Of the program.
        version: String,
        /// Process id.
        pid: u32,
        /// `console` or `auto`, with `sim` where it runs on the simulation.
        mode: String,
        /// SHA-256 over the configuration, first 12 hex digits.
        config_digest: String,
    },
    /// The engine ended in order.
    EngineStopped {
        /// Why.
        why: String,
    },
    /// Another configuration is in force, without a restart.
    ConfigReloaded {
        /// SHA-256 over it, first 12 hex digits.
        digest: String,
        /// What is other than before.
        what: String,
    },
    /// Another configuration was not taken: the one before stays in force, whole.
    ConfigRefused {
        /// Why.
        why: String,
    },
    /// An incomplete last line was cut off: a crash in the middle of a write.
    JournalRepaired {
        /// How many bytes were cut.
        bytes_cut: u64,
        /// The file beside the segment that they are kept in; absent in records of versions that kept none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept_in: Option<String>,
    },
    /// The account and region were read from AWS.
    IdentityConfirmed {
        /// Twelve digits.
        account: String,
        /// The caller's ARN.
        arn: String,
        /// The region in use.
        region: String,
    },
    /// A person let the engine act.
    Armed {
        /// Who.
        by: Operator,
        /// Why.
        reason: String,
        /// Until when; absent: until it is disarmed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The permission ended.
    Disarmed {
        /// Who; absent when the engine did it itself.
        by: Option<Operator>,
        /// Why.
        why: String,
    },
    /// A person's order was refused.
    CommandRefused {
        /// Who.
        by: Operator,
        /// What.
        command: Command,
        /// Why.
        why: String,
    },
    /// A database is held.
    HoldSet {
        /// Which database.
        database: DatabaseName,
        /// In which direction, until when, why.
        #[serde(flatten)]
        hold: Hold,
        /// Older holds of people that it takes the place of, as far as it goes the same way.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        supersedes: Vec<Hold>,
    },
    /// Every hold of a database ended by a person.
    HoldReleased {
        /// Which database.
        database: DatabaseName,
        /// Who.
        by: Operator,
    },
    /// One evaluation, or several alike in a row.
    Decision {
        /// What was decided.
        #[serde(flatten)]
        decision: Box<Decision>,
        /// How many evaluations with the same result came before this one without a record of their own.
        repeats: u32,
    },
    /// An action shall be carried out.
    ActionIntended {
        /// Which.
        #[serde(flatten)]
        intent: Intent,
        /// What a person passed over, by gate name.
        passed_over: Vec<String>,
    },
    /// The next thing this process does is to send this call. Synced to disk before it is sent.
    CallSent {
        /// Which call of which action.
        #[serde(flatten)]
        id: CallId,
        /// The database.
        database: DatabaseName,
        /// What.
        call: MutatingCall,
    },
    /// The sender's knowledge after the call.
    CallAnswered {
        /// Which call of which action.
        #[serde(flatten)]
        id: CallId,
        /// The database.
        database: DatabaseName,
        /// What.
        #[serde(flatten)]
        outcome: CallOutcome,
    },
    /// A call whose answer was lost was seen to have happened.
    CallAdopted {
        /// Which call of which action.
        #[serde(flatten)]
        id: CallId,
        /// The database.
        database: DatabaseName,
        /// What was seen.
        evidence: String,
    },
    /// The database of an action was seen in another status or class.
    ActionObserved {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// RDS's status.
        status: InstanceStatus,
        /// The class then.
        class: InstanceClass,
        /// The class change still pends.
        pending: bool,
    },
    /// The blue/green deployment of an action was seen in another state.
    DeploymentObserved {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// As AWS describes it; absent when it is gone.
        deployment: Option<Deployment>,
        /// The machine of the copy, once it was seen.
        copy: Option<ResourceId>,
    },
    /// The reader that an action has made was seen in another state.
    ReaderObserved {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// What it is called.
        name: DatabaseName,
        /// Its machine.
        resource_id: ResourceId,
        /// Its class.
        class: InstanceClass,
        /// RDS's status.
        status: InstanceStatus,
    },
    /// The copy has taken over the database's name, or the reader its writes: from here on it is another machine.
    SwitchedOver {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// The machine that it was.
        from: ResourceId,
        /// The machine that it is.
        to: ResourceId,
        /// What the machine that it was is called from now on, where that is known already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        old_name: Option<DatabaseName>,
    },
    /// The server that a session through the clients' endpoint comes to: before the step that changes something, and after.
    ServerReached {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// Which server.
        server: ServerId,
        /// It was before the call that cuts clients off.
        before_cut: bool,
    },
    /// A person said that clients may be kept out now.
    CutApproved {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// Who.
        by: Operator,
    },
    /// What a pooler does with its clients during an action.
    Pooler {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// What.
        #[serde(flatten)]
        step: PoolerStep,
    },
    /// A person asked to stop before the next step.
    StopRequested {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// Who.
        by: Operator,
    },
    /// An action in flight was found at a start and is carried on by looking.
    ActionResumed {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// Its phase in words.
        phase: String,
    },
    /// An action is over.
    ActionEnded {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// The class it has.
        class: Option<InstanceClass>,
        /// How long clients were without the database, in seconds; absent where nobody says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outage_secs: Option<u32>,
        /// Who says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outage_by: Option<OutageSource>,
        /// Of a verified change: what is known of the clients' path.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clients: Option<ClientsReach>,
        /// How it ended.
        #[serde(flatten)]
        result: ActionResult,
    },
    /// Application Auto Scaling has done something for the readers of a cluster, or has not and says why.
    ScalingActivity {
        /// The cluster.
        database: DatabaseName,
        /// What.
        #[serde(flatten)]
        activity: ScalingActivity,
    },
    /// AWS's own event.
    RdsEvent(RdsEvent),
    /// An alarm of CloudWatch went into another state.
    AlarmChanged {
        /// The database that it says something of.
        database: DatabaseName,
        /// What it did, and whom it told.
        #[serde(flatten)]
        change: AlarmChange,
    },
    /// An alarm shall be put right after a verified action. On record before it is.
    AlarmFollows {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// The alarm's name.
        alarm: String,
        /// What changes.
        what: String,
    },
    /// What became of that.
    AlarmFollowed {
        /// Which action.
        action: ActionId,
        /// The database.
        database: DatabaseName,
        /// The alarm's name.
        alarm: String,
        /// Why it was not done, or is not known to be; absent when it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// The class or the machine was changed by other hands.
    ForeignChange {
        /// Which database.
        database: DatabaseName,
        /// The machine now.
        resource_id: ResourceId,
        /// The class now.
        class: InstanceClass,
        /// What was seen.
        what: String,
    },
    /// This engine may act from here on, and no other one: it has the lease.
    LeaseAcquired {
        /// Rises with each acquisition, whoever's it is.
        epoch: u64,
        /// Who had it before; absent where nobody had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
    },
    /// It has it no more and sends nothing.
    LeaseLost {
        /// Of the acquisition that is over.
        epoch: u64,
        /// Why.
        why: String,
    },
    /// Another engine has it: this one observes.
    LeaseHeldElsewhere {
        /// Which one.
        holder: String,
        /// Its epoch.
        epoch: u64,
    },
    /// A read began to fail.
    ReadFailed(Failure),
    /// A read that had failed works.
    ReadRecovered {
        /// The operation.
        operation: String,
    },
}

/// An event with its place in the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// 1 for the first record of a journal, then without a gap.
    pub seq: u64,
    /// When it was recorded, on the clock in use.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Event {
    /// The database it is about, where there is one.
    pub fn database(&self) -> Option<&DatabaseName> {
        match self {
            Self::HoldSet { database, .. }
            | Self::HoldReleased { database, .. }
            | Self::CallSent { database, .. }
            | Self::CallAnswered { database, .. }
            | Self::CallAdopted { database, .. }
            | Self::ActionObserved { database, .. }
            | Self::DeploymentObserved { database, .. }
            | Self::ReaderObserved { database, .. }
            | Self::SwitchedOver { database, .. }
            | Self::ServerReached { database, .. }
            | Self::CutApproved { database, .. }
            | Self::Pooler { database, .. }
            | Self::StopRequested { database, .. }
            | Self::ActionResumed { database, .. }
            | Self::ActionEnded { database, .. }
            | Self::ScalingActivity { database, .. }
            | Self::AlarmChanged { database, .. }
            | Self::AlarmFollows { database, .. }
            | Self::AlarmFollowed { database, .. }
            | Self::ForeignChange { database, .. } => Some(database),
            Self::Decision { decision, .. } => Some(&decision.database),
            Self::ActionIntended { intent, .. } => Some(&intent.database),
            Self::RdsEvent(event) => Some(&event.database),
            Self::CommandRefused { command, .. } => command.database(),
            Self::EngineStarted { .. }
            | Self::EngineStopped { .. }
            | Self::ConfigReloaded { .. }
            | Self::ConfigRefused { .. }
            | Self::JournalRepaired { .. }
            | Self::IdentityConfirmed { .. }
            | Self::Armed { .. }
            | Self::Disarmed { .. }
            | Self::LeaseAcquired { .. }
            | Self::LeaseLost { .. }
            | Self::LeaseHeldElsewhere { .. }
            | Self::ReadFailed(_)
            | Self::ReadRecovered { .. } => None,
        }
    }
}
