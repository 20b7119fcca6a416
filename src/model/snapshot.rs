//! The one immutable picture of the engine that everybody outside it reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::action::{ActionResult, Run};
use super::alarm::AlarmView;
use super::arming::Arming;
use super::backend::Backend;
use super::configuration::ConfigurationView;
use super::database::{DatabaseName, DatabaseState};
use super::decision::Decision;
use super::event::Entry;
use super::expiry::AtExpiry;
use super::failure::FailingRead;
use super::gate::{Gate, GateResult};
use super::hold::Hold;
use super::identity::Identity;
use super::ladder::Direction;
use super::lease::LeaseView;
use super::mark::Mark;
use super::notify::NotifyView;
use super::old_machine::OldMachine;
use super::override_plan::OverridePlan;
use super::policy::Policy;
use super::pooler::HeldClients;
use super::readers::ScalingActivity;
use super::series::{Series, SignalName};
use super::server::ServerSeen;
use super::step::ActionStep;
use super::wake::Wake;

/// Everything there is to see, at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Rises with every change of permission, hold or action: an order says which revision its sender saw.
    pub revision: u64,
    /// The clock in use, when this picture was made.
    pub at: Timestamp,
    /// What the engine acts on.
    pub backend: Backend,
    /// Who the credentials belong to; absent until AWS has said so.
    pub identity: Option<Identity>,
    /// May the engine act?
    pub arming: Arming,
    /// The lease across hosts; absent where none is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseView>,
    /// The evidence.
    pub journal: JournalHealth,
    /// In the order of the configuration.
    pub databases: Vec<DatabaseView>,
    /// What fails at the moment, since when.
    pub problems: Vec<FailingRead>,
    /// The newest records, oldest first, at most [`TAIL_LENGTH`].
    pub tail: Vec<Arc<Entry>>,
    /// The engine is ending.
    pub stopping: bool,
    /// What it runs by.
    #[serde(default)]
    pub configuration: ConfigurationView,
    /// When the look at AWS began that has not ended yet; absent between looks.
    pub looking_since: Option<Timestamp>,
    /// How telling people goes, each way for itself; empty where nobody is told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<NotifyView>,
}

/// How many journal records a snapshot carries.
pub const TAIL_LENGTH: usize = 200;

/// The state of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalHealth {
    /// Sequence of the newest record.
    pub seq: u64,
    /// Its hash, hex.
    pub head: String,
    /// Why it takes no more records; absent while it does.
    pub broken: Option<String>,
}

/// One database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatabaseView {
    /// Its policy; the name is in it.
    pub policy: Policy,
    /// As last described.
    pub state: Option<DatabaseState>,
    /// When that was.
    pub state_at: Option<Timestamp>,
    /// What was read of each signal; shared with the engine until a newer answer comes.
    pub series: BTreeMap<SignalName, Arc<Series>>,
    /// What was read before the name passed to the machine that has it now; when it did.
    pub before: Option<Before>,
    /// The newest evaluation.
    pub decision: Option<Decision>,
    /// Every gate of a step up.
    pub gates_up: Vec<GateResult>,
    /// Every gate of a step down.
    pub gates_down: Vec<GateResult>,
    /// The action under way, or the last one.
    pub run: Option<Run>,
    /// Machines that actions have left and that are still there.
    #[serde(default)]
    pub old_machines: Vec<OldMachine>,
    /// The steps of the action under way, in their order.
    pub steps: Vec<ActionStep>,
    /// Holds in force.
    pub holds: Vec<Hold>,
    /// When the engine looks next, and why then.
    pub next_look: Option<Wake>,
    /// Marks on the time axis, oldest first.
    pub marks: Vec<Mark>,
    /// Until when a person can let it take over, while it waits for that; then it is given up. Absent while the engine may do
    /// neither.
    pub approve_until: Option<jiff::Timestamp>,
    /// How far behind the machine is that the action under way has made, in seconds; absent where there is none, or nobody
    /// says.
    pub copy_lag_secs: Option<f64>,
    /// The server itself, as the newest look has it; absent where it is not read, or could not be.
    #[serde(default)]
    pub server: Option<ServerSeen>,
    /// CloudWatch's alarms that say something of it.
    #[serde(default)]
    pub alarms: Vec<AlarmView>,
    /// Clients that the pooler may hold.
    #[serde(default)]
    pub held_clients: Option<HeldClients>,
    /// Why the action under way could go on and does not.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// What Application Auto Scaling has last done for its readers, or not done and why; absent where it keeps none.
    #[serde(default)]
    pub newest_scaling: Option<ScalingActivity>,
    /// What the engine would do when the holds expire that it could not act for.
    #[serde(default)]
    pub at_expiry: Option<AtExpiry>,
    /// What a person could order, per rung of the ladder but the present one.
    pub plans: Vec<OverridePlan>,
}

/// The datapoints of the machine that had a database's name before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// From here on the datapoints of the name are of the machine that has it now.
    pub until: Timestamp,
    /// Of each signal.
    pub series: BTreeMap<SignalName, Arc<Series>>,
}

impl Snapshot {
    /// The picture before the engine's first word.
    pub fn before_the_start(at: Timestamp, backend: Backend) -> Self {
        Self {
            revision: 0,
            at,
            backend,
            identity: None,
            arming: Arming::Disarmed { why: "starting".to_owned(), since: None },
            lease: None,
            journal: JournalHealth { seq: 0, head: String::new(), broken: None },
            databases: Vec::new(),
            problems: Vec::new(),
            tail: Vec::new(),
            stopping: false,
            configuration: ConfigurationView::default(),
            looking_since: None,
            notify: Vec::new(),
        }
    }
}

impl Snapshot {
    /// The database of this name.
    pub fn database(&self, name: &DatabaseName) -> Option<&DatabaseView> {
        self.databases.iter().find(|view| view.name() == name)
    }

    /// Whether an action is under way on any database.
    pub fn has_active_run(&self) -> bool {
        self.databases.iter().any(|view| view.active_run().is_some())
    }
}

impl DatabaseView {
    /// The database's name.
    pub fn name(&self) -> &DatabaseName {
        &self.policy.database
    }

    /// The action under way.
    pub fn active_run(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| !run.is_ended())
    }

    /// Why an armed engine that wants another class will not get it by itself, in a sentence; `None` where it will, or
    /// wants none.
    pub fn wants_in_vain(&self) -> Option<String> {
        let name = self.name();
        let decision = self.decision.as_ref().filter(|_| self.active_run().is_none())?;
        if let (Some(class), ladder) = (&decision.class, &self.policy.ladder)
            && ladder.position(class).is_none()
        {
            return Some(format!("{name} is {class}, which is not on its ladder: the engine does nothing for it"));
        }
        let way = decision.verdict.wanted()?;
        let closed = |test: fn(&Gate) -> bool| decision.closed_gates().any(|gate| test(&gate.gate));
        // A disarmed engine was disarmed by somebody who knows.
        if closed(|gate| matches!(gate, Gate::Armed)) {
            return None;
        }
        if let Some(gate) = decision.closed_gates().find(|gate| matches!(gate.gate, Gate::DailyBudget { .. })) {
            return Some(format!("{name} should go {} and may not: {gate}", way.word()));
        }
        let run = self.run.as_ref().filter(|run| run.intent.removes.is_none())?;
        let (_, result) = run.ended.as_ref()?;
        match result {
            ActionResult::FailedSafe { .. } | ActionResult::RolledBack { .. } => {
                let action = &run.intent.action.0;
                Some(format!(
                    "{name} should go {}, and {action} did not bring it there: {}",
                    way.word(),
                    result.words()
                ))
            }
            _ => None,
        }
    }

    /// The datapoints of a signal.
    pub fn signal(&self, name: &SignalName) -> Option<&Series> {
        self.series.get(name).map(AsRef::as_ref)
    }

    /// The gates of one direction.
    pub fn gates(&self, direction: Direction) -> &[GateResult] {
        match direction {
            Direction::Up => &self.gates_up,
            Direction::Down => &self.gates_down,
        }
    }
}
