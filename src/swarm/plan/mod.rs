//! What a seed has decided, as plain data: the world, the policies, the load, the people, and which faults strike when.

pub(in crate::swarm) mod draw;
pub(in crate::swarm) mod form;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::model::ladder::Direction;
use crate::model::settings::Settings;
use crate::sim::scenario::{FaultKind, Scenario};
use crate::swarm::faults::Fault;
use crate::swarm::faults::disk::Trouble;

/// At the end of a trial all is well for this long, and everything must come to rest: a cooldown down, a hold after
/// foreign hands, a class change and its rules' windows fit in it.
pub const HEALING: SignedDuration = SignedDuration::from_hours(4);

/// Everything about one trial that is decided before it begins.
#[derive(Debug, Clone)]
pub struct TrialPlan {
    /// What all of it is derived from.
    pub seed: u64,
    /// The world.
    pub scenario: Scenario,
    /// The engine's policies.
    pub settings: Settings,
    /// Which kinds of fault there are.
    pub faults: BTreeSet<Fault>,
    /// Those of the wire.
    pub strikes: Vec<Strike>,
    /// What people and machines do, in order of time.
    pub deeds: Vec<(Timestamp, Deed)>,
    /// When the trial begins.
    pub start: Timestamp,
    /// From then on all is well.
    pub heals_at: Timestamp,
    /// When the trial is over.
    pub ends_at: Timestamp,
    /// What clients ask for, per database: from then on so much.
    pub loads: BTreeMap<String, Vec<(Timestamp, Load)>>,
}

/// What clients ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// Writes per second.
    pub writes: f64,
    /// Open connections.
    pub connections: f64,
}

/// When a fault of the wire strikes.
#[derive(Debug, Clone, PartialEq)]
pub struct Strike {
    /// What.
    pub fault: Fault,
    /// From then on.
    pub from: Timestamp,
    /// Until then.
    pub until: Timestamp,
    /// The part of the requests, from 0 to 1.
    pub rate: f64,
    /// Class changes alone are struck: of thousands of requests they are a handful.
    pub only_changes: bool,
}

/// Something that is done to the engine, or around it.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    /// By one of ours, through the control protocol.
    Person(Order),
    /// By somebody else, at AWS.
    Foreign(Foreign),
    /// To the process, its disk or its clock.
    Machine(Machine),
}

/// What one of ours does at the console.
#[derive(Debug, Clone, PartialEq)]
pub enum Order {
    /// Takes the permission away in the middle of an action.
    DisarmDuring {
        /// After so many polls of the process during which an action is under way.
        polls: u64,
    },
    /// Arms.
    Arm,
    /// Arms for a while.
    ArmFor {
        /// How many minutes.
        mins: u64,
    },
    /// Disarms.
    Disarm,
    /// Orders a step.
    Scale {
        /// Which database.
        database: String,
        /// Up, or down.
        direction: Direction,
        /// For how many minutes the engine holds after it, if the person says so.
        hold_mins: Option<u64>,
    },
    /// Deletes the oldest machine that an action has left.
    RemoveOld {
        /// Which database had it.
        database: String,
    },
    /// Stops what is under way, where it can be stopped.
    StopAction {
        /// Which database.
        database: String,
    },
    /// Holds a database.
    Hold {
        /// Which.
        database: String,
        /// Absent: both.
        direction: Option<Direction>,
        /// For how many minutes.
        mins: u64,
    },
    /// Has the configuration read anew; absent: from a file that is none.
    Reload(Option<PolicyChange>),
    /// Orders something in sight of a picture that is not true any more.
    OldPicture {
        /// Which database.
        database: String,
    },
    /// Comes by: arms a disarmed engine, releases what waits for a person, starts what has died.
    LookAfter,
}

/// What another configuration says of every database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyChange {
    /// Of a step up and of one down.
    pub cooldown_mins: (u64, u64),
    /// Of the engine's own, of each database.
    pub max_actions_per_day: u32,
    /// Of the whole fleet.
    pub max_actions_in_flight: u32,
}

impl PolicyChange {
    /// The configuration with it.
    pub(in crate::swarm) fn of(self, settings: &Settings) -> Settings {
        let mut changed = settings.clone();
        changed.engine.max_actions_in_flight = self.max_actions_in_flight;
        for policy in &mut changed.databases {
            let (up, down) = self.cooldown_mins;
            (policy.cooldown_up, policy.cooldown_down) = (Duration::from_mins(up), Duration::from_mins(down));
            policy.max_actions_per_day = self.max_actions_per_day;
        }
        changed
    }
}

/// What somebody else does at AWS.
#[derive(Debug, Clone, PartialEq)]
pub enum Foreign {
    /// Changes the class in the console of AWS.
    Class {
        /// Which database.
        database: String,
        /// Where to.
        class: String,
    },
    /// Switches every database over: from one moment to the next the name shows another class, or another machine.
    Switch(Switch),
    /// Ends the blue/green deployment of a database, if there is one.
    Deployment {
        /// Which database.
        database: String,
        /// How.
        end: DeploymentEnd,
    },
    /// Asks for more storage, at the next window: it pends.
    Pending {
        /// Which database.
        database: String,
    },
}

/// What somebody else does to a blue/green deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentEnd {
    /// Removes it with its copy.
    Deleted,
    /// Lets its copy take over.
    SwitchedOver,
}

/// What happens to the engine's process and its machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// The process is told to stop in the middle of an action, and begins again.
    TerminateDuring {
        /// After so many polls during which an action is under way.
        polls: u64,
    },
    /// The process is told to stop while a call is out that is not answered yet, and begins again.
    TerminateWhileSent,
    /// The process dies after so many more points of its life.
    Crash {
        /// Polls, requests and answers.
        after_points: u64,
        /// How.
        dying: Dying,
    },
    /// SIGTERM.
    Terminate {
        /// Until it is started again.
        down_secs: i64,
    },
    /// The disk fails from now on, or is well again.
    Disk(Trouble),
    /// The machine's clock is set.
    ClockStep {
        /// Forward, or back.
        secs: i64,
    },
}

/// What a death leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dying {
    /// Of the machine.
    pub power: Power,
    /// Until the process is started again.
    pub down_secs: i64,
}

/// Of a machine whose process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// What was written is still there.
    Stays,
    /// What was not synced may be lost or torn.
    Lost,
}

/// What a name shows after somebody else's switchover.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Switch {
    /// What it is.
    #[default]
    Back,
    /// The other class of the ladder.
    Class,
    /// Another `DbiResourceId`.
    Machine,
}

impl TrialPlan {
    /// Whether one of the scenario's own faults is going on so long after the start.
    pub fn is_in_fault(&self, since: SignedDuration, is_it: impl Fn(&FaultKind) -> bool) -> bool {
        let mut faults = self.scenario.faults.iter();
        faults.any(|fault| fault.at <= since && since < fault.until && is_it(&fault.effect))
    }

    /// What the clients of a database ask for at an instant, before noise.
    pub fn load_at(&self, database: &str, at: Timestamp) -> Load {
        let steps = self.loads.get(database).map(Vec::as_slice).unwrap_or_default();
        let past = steps.iter().take_while(|(from, _)| *from <= at).last();
        past.or(steps.first()).map_or(Load::default(), |(_, load)| *load)
    }
}

impl Deed {
    /// The fault that it is, for the table of what happened; `None` for what only mends.
    pub(in crate::swarm) fn fault(&self) -> Option<Fault> {
        Some(match self {
            Self::Person(Order::Disarm) => Fault::O1Disarm,
            Self::Person(Order::Scale { .. }) => Fault::O2Override,
            Self::Person(Order::OldPicture { .. }) => Fault::O3TwoOperators,
            Self::Person(
                Order::Arm
                | Order::ArmFor { .. }
                | Order::Hold { .. }
                | Order::RemoveOld { .. }
                | Order::Reload(_)
                | Order::StopAction { .. }
                | Order::LookAfter
                | Order::DisarmDuring { .. },
            ) => return None,
            Self::Foreign(Foreign::Class { .. } | Foreign::Switch(Switch::Class)) => Fault::R8ForeignHands,
            Self::Foreign(Foreign::Switch(Switch::Machine)) => Fault::M6OtherMachine,
            Self::Foreign(Foreign::Switch(Switch::Back)) => return None,
            Self::Foreign(Foreign::Pending { .. }) => Fault::R11Maintenance,
            // Told where it is done: most of the time there is no deployment.
            Self::Foreign(Foreign::Deployment { .. }) => return None,
            Self::Machine(Machine::Crash { dying: Dying { power: Power::Stays, .. }, .. }) => Fault::P1Crash,
            Self::Machine(Machine::Crash { dying: Dying { power: Power::Lost, .. }, .. }) => Fault::P8PowerLoss,
            Self::Machine(Machine::Terminate { .. }) => Fault::P2Stop,
            Self::Machine(Machine::Disk(Trouble::Full)) => Fault::P7DiskFull,
            Self::Machine(Machine::Disk(Trouble::WriteError)) => Fault::P7DiskError,
            Self::Machine(Machine::Disk(Trouble::SyncError)) => Fault::P7SyncFails,
            Self::Machine(
                Machine::Disk(Trouble::None) | Machine::TerminateDuring { .. } | Machine::TerminateWhileSent,
            ) => return None,
            Self::Machine(Machine::ClockStep { .. }) => Fault::L5ClockStep,
        })
    }
}
