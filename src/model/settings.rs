//! The validated configuration of a whole run.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::alarm::AlarmSettings;
use super::database::DatabaseName;
use super::lease::LeaseSettings;
use super::notify::NotifySettings;
use super::policy::Policy;

/// What `config.toml` says once every check has passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Where AWS is, and which account and region it must be.
    pub aws: AwsSettings,
    /// How often the engine looks, and how much it does at once.
    pub engine: EngineSettings,
    /// Who else may see the engine and give it orders.
    #[serde(default)]
    pub control: ControlSettings,
    /// Who is told of what it does.
    #[serde(default, skip_serializing_if = "NotifySettings::is_empty")]
    pub notify: NotifySettings,
    /// What CloudWatch shall have beside the engine; absent where it has nothing of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<AlarmSettings>,
    /// The lease across hosts; absent where the lock on the state directory is all there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<LeaseSettings>,
    /// The databases, each with its policy; names and signals are distinct.
    pub databases: Vec<Policy>,
}

/// `[aws]`: what the standard credential chain does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsSettings {
    /// The region; absent means the one of the standard chain.
    pub region: Option<String>,
    /// A profile of the shared configuration file.
    pub profile: Option<String>,
    /// Twelve digits; when given, the credentials must belong to it or nothing is started.
    pub account_id: Option<String>,
    /// Another endpoint for every service, such as a simulation's.
    pub endpoint_url: Option<String>,
}

/// `[engine]`: the rhythm of the loop, and the limit of the whole fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineSettings {
    /// Time between two looks at AWS.
    pub evaluate_every: Duration,
    /// Time between two looks while an action is under way, where it is the shorter one; from 5 s to a minute.
    pub watch_every: Duration,
    /// The engine starts no action while so many are under way in the whole fleet. At least 1.
    pub max_actions_in_flight: u32,
}

/// `[control]`: who may connect to the engine's socket besides its own user and root, by groups of the machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlSettings {
    /// Members may look and disarm; the socket is theirs to open.
    pub group: Option<String>,
    /// Members may besides scale, hold, release, approve and stop.
    pub operators: Option<String>,
    /// Members may besides arm.
    pub admins: Option<String>,
}

impl Settings {
    /// The policy of a database; `None` for one that is not configured.
    pub fn policy(&self, database: &DatabaseName) -> Option<&Policy> {
        self.databases.iter().find(|policy| policy.database == *database)
    }
}
