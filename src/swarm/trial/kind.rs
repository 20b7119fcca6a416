//! The kinds of action that are killed, each with its world, its policy, and what must come of it.

use std::time::Duration;

use crate::config;
use crate::model::policy::{OldMachinePolicy, RemovedBy, Strategy, Switchover};
use crate::sim::scenario::Scenario;
use crate::swarm::plan::draw;
use crate::swarm::plan::{Load, TrialPlan};

pub(super) const DATABASE: &str = "checkpoints";
/// What takes AWS minutes takes less here: every look is a life, and one that sees the same as the one before shows nothing.
const TIMING: &str = "[timing]\npreparation = [\"30s\", \"60s\"]\noutage = [\"60s\", \"90s\"]\nstandby = [\"60s\", \"90s\"]\n\
     old_primary = [\"60s\", \"90s\"]\ngreen_provisioning = [\"2m\", \"3m\"]\ngreen_backup = [\"60s\", \"90s\"]\n\
     green_storage = [\"60s\", \"90s\"]\nreader_creation = [\"60s\", \"90s\"]\ncluster_member = [\"30s\", \"60s\"]\n";
/// Shorter than a configuration may say: every poll of the wait is a life.
const KEPT: Duration = Duration::from_mins(3);
/// Longer than a copy takes here, and shorter than a configuration may say.
const GIVEN_UP_AFTER: Duration = Duration::from_mins(5);
/// How long it asks.
const ASKED_FOR: Duration = Duration::from_mins(2);

/// One kind of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The engine goes up.
    EngineUp,
    /// The engine goes down.
    EngineDown,
    /// The engine goes up with a standby.
    EngineUpMultiAz,
    /// A person goes up.
    PersonUp,
    /// The engine goes up by a blue/green deployment, and deletes the old machine a while later.
    EngineUpBlueGreen,
    /// The same where AWS does not take the class with the order: the copy is moved afterwards.
    EngineUpResizedCopy,
    /// The engine goes up by a reader that takes over the writes of an Aurora cluster.
    EngineUpReader,
    /// The engine goes up by a change of a Multi-AZ DB cluster.
    EngineUpCluster,
    /// The engine goes up by a blue/green deployment, and a person says yes at its edge.
    AsksAndMay,
    /// The same where nobody says anything: it is given up, and its copy goes.
    AsksInVain,
    /// A blue/green deployment whose copy is never ready: it is given up, and its copy goes.
    NeverReady,
    /// A blue/green deployment whose switchover AWS takes back: its copy goes.
    TakenBack,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::EngineUp,
        Self::EngineDown,
        Self::EngineUpMultiAz,
        Self::PersonUp,
        Self::EngineUpBlueGreen,
        Self::EngineUpResizedCopy,
        Self::EngineUpReader,
        Self::EngineUpCluster,
        Self::AsksAndMay,
        Self::AsksInVain,
        Self::NeverReady,
        Self::TakenBack,
    ];

    /// At so many times fewer polls and bytes it dies than the others, where not at all of them: it differs from those in few
    /// kinds of record.
    pub fn coarser(self) -> u32 {
        if matches!(self, Self::AsksAndMay | Self::AsksInVain | Self::NeverReady | Self::TakenBack) { 4 } else { 1 }
    }

    /// It ends where it began, with nothing left of it.
    pub(super) fn comes_to_nothing(self) -> bool {
        matches!(self, Self::AsksInVain | Self::NeverReady | Self::TakenBack)
    }

    /// Somebody says yes to a cut that waits for a word.
    pub(super) fn is_allowed(self) -> bool {
        self == Self::AsksAndMay
    }

    pub(super) fn target(self) -> &'static str {
        let [small, large] = self.ladder();
        if self == Self::EngineDown || self.comes_to_nothing() { small } else { large }
    }

    fn ladder(self) -> [&'static str; 2] {
        match self {
            Self::EngineUpReader => ["db.t4g.medium", "db.t4g.large"],
            Self::EngineUpCluster => ["db.m6gd.large", "db.m6gd.xlarge"],
            _ => ["db.t4g.small", "db.m5.large"],
        }
    }

    /// The old machine goes by an action of its own.
    pub(super) fn removes_old(self) -> bool {
        self == Self::EngineUpBlueGreen
    }

    fn strategy(self) -> Strategy {
        match self {
            Self::EngineUpBlueGreen
            | Self::EngineUpResizedCopy
            | Self::AsksAndMay
            | Self::AsksInVain
            | Self::NeverReady
            | Self::TakenBack => Strategy::BlueGreen,
            Self::EngineUpReader => Strategy::ReaderFailover,
            Self::EngineUpCluster => Strategy::ClusterModify,
            Self::EngineUp | Self::EngineDown | Self::EngineUpMultiAz | Self::PersonUp => Strategy::InPlace,
        }
    }

    /// The calls that it takes, each of them once; of one that comes to nothing a death may leave some out.
    pub(super) fn calls(self) -> &'static [&'static str] {
        match self {
            Self::EngineUpBlueGreen => {
                &["CreateBlueGreenDeployment", "SwitchoverBlueGreenDeployment", "DeleteDBInstance"]
            }
            Self::EngineUpResizedCopy => {
                &["CreateBlueGreenDeployment", "ModifyDBInstance", "SwitchoverBlueGreenDeployment"]
            }
            Self::AsksAndMay => &["CreateBlueGreenDeployment", "SwitchoverBlueGreenDeployment"],
            Self::AsksInVain | Self::NeverReady => &["CreateBlueGreenDeployment", "DeleteBlueGreenDeployment"],
            Self::TakenBack => {
                &["CreateBlueGreenDeployment", "SwitchoverBlueGreenDeployment", "DeleteBlueGreenDeployment"]
            }
            Self::EngineUpReader => &["CreateDBInstance", "FailoverDBCluster"],
            Self::EngineUpCluster => &["ModifyDBCluster"],
            _ => &["ModifyDBInstance"],
        }
    }

    pub(super) fn plan(self) -> TrialPlan {
        let [small, large] = self.ladder();
        let (from, load) = match self {
            Self::EngineDown => (large, 100.0),
            Self::PersonUp => (small, 300.0),
            _ => (small, 620.0),
        };
        let what = match self {
            Self::EngineUpReader => "[[cluster]]\nkind = \"aurora\"\n",
            Self::EngineUpCluster => "[[cluster]]\nkind = \"multi_az\"\n",
            Self::EngineUpMultiAz => "[[instance]]\nmulti_az = true\n",
            _ => "[[instance]]\n",
        };
        let strategy = self.strategy().as_str();
        let mut plan = draw::plan(1, 5);
        let end = match self {
            Self::EngineUpResizedCopy => "class_refused",
            Self::NeverReady => "stuck",
            Self::TakenBack => "cut_too_long",
            _ => "",
        };
        let fault = format!("[[fault]]\nat = \"0s\"\nfor = \"12h\"\nblue_green = \"{end}\"\n");
        let fault = if end.is_empty() { "" } else { &fault };
        let scenario = format!(
            "name = \"crash\"\naccount = \"111122223333\"\nregion = \"us-east-1\"\nstart = \"{}\"\nseed = 1\n\
             noise = 0.02\nhistory = \"15m\"\n{what}id = \"{DATABASE}\"\nclass = \"{from}\"\n\
             deletion_protection = false\n[[demand]]\nat = \"0s\"\nwrites = {load}\n{fault}{TIMING}",
            plan.start
        );
        // What comes to nothing would be tried again, for as long as the load lasts.
        let actions = if self.comes_to_nothing() { 1 } else { 24 };
        let rules = "[[database.up]]\nsignal = \"writes\"\nabove = 500\ndatapoints = 2\nperiods = 3\n\
                     [[database.down]]\nsignal = \"writes\"\nbelow = 225\ndatapoints = 3\nperiods = 3\n";
        let policy = format!(
            "[engine]\nevaluate_every = \"60s\"\nwatch_every = \"30s\"\n[[database]]\nid = \"{DATABASE}\"\n\
             ladder = [\"{small}\", \"{large}\"]\nstrategy = \"{strategy}\"\nmax_actions_per_day = {actions}\n\
             cooldown = {{ up = \"10s\", down = \"10s\" }}\n{rules}"
        );
        // Both texts are constants of this file but for a class, a number and a switch: its tests run all of them.
        if let (Ok(scenario), Ok(settings)) = (Scenario::parse("crash", &scenario), config::parse(&policy, "crash")) {
            plan.scenario = scenario;
            plan.settings = settings;
            for policy in &mut plan.settings.databases {
                if self.removes_old() {
                    policy.old_machine =
                        OldMachinePolicy { keep: KEPT, removed_by: RemovedBy::Engine, final_snapshot: true };
                }
                if matches!(self, Self::AsksAndMay | Self::AsksInVain) {
                    policy.copy.switchover = Switchover::Supervised;
                }
                if matches!(self, Self::AsksInVain | Self::NeverReady) {
                    policy.copy.give_up_after = GIVEN_UP_AFTER;
                    policy.copy.approve_within = ASKED_FOR;
                }
            }
        }
        plan.loads = [(DATABASE.to_owned(), vec![(plan.start, Load { writes: load, connections: 0.0 })])].into();
        plan.faults.clear();
        plan.strikes.clear();
        plan.deeds.clear();
        plan
    }
}
