//! What there is: the databases, and the alarms of our prefix with their tags.

use crate::aws::Aws;
use crate::clock::Clock;
use crate::commands::CommandError;
use crate::model::alarm::{AlarmSettings, AlarmState, FoundAlarm};
use crate::model::database::DatabaseName;
use crate::model::identity::Identity;
use crate::model::policy::Policy;
use crate::model::settings::Settings;
use crate::setup::alarms::{self, Change, Item, Plan};

/// Where to look, and by which settings.
pub(super) struct Survey {
    pub(super) aws: Aws,
    pub(super) clock: Clock,
    pub(super) settings: Settings,
}

impl Survey {
    /// What there is to do.
    ///
    /// # Errors
    /// When anything of it cannot be read, a database is not there, or a topic cannot be told.
    pub(super) async fn plan(&self) -> Result<Plan, CommandError> {
        let identity = self.aws.identity().await?;
        self.check_topics(&identity)?;
        let policies = &self.settings.databases;
        let is_cluster = |policy: &&Policy| policy.strategy.cluster().is_some();
        let names = |clusters: bool| {
            let of = policies.iter().filter(|policy| is_cluster(policy) == clusters);
            of.map(|policy| policy.database.clone()).collect::<Vec<DatabaseName>>()
        };
        let mut states = self.aws.databases(&names(false), &names(true)).await?;
        let mut derived = Vec::new();
        for policy in policies {
            let Some(state) = states.remove(&policy.database) else {
                let why =
                    "check `id`, `region`, and `strategy`, which is another one for a DB cluster than for an instance";
                return Err(CommandError::Failed(format!(
                    "no database named {} in account {} and region {}: {why}",
                    policy.database, identity.account, identity.region
                )));
            };
            let alarms = alarms::of_database(policy, self.alarms(), &state?);
            derived.push((policy.database.clone(), alarms));
        }
        Ok(alarms::difference(derived, &self.found().await?))
    }

    /// All that is ours, to be deleted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) async fn removal(&self) -> Result<Plan, CommandError> {
        self.aws.identity().await?;
        let one = |alarm: FoundAlarm| {
            let database = DatabaseName::new(alarm.owner()?);
            self.settings.policy(&database)?;
            Some(Item { name: alarm.name, database, change: Change::Delete { why: "all of ours go" } })
        };
        let items = self.found().await?.into_iter().filter_map(one).collect();
        Ok(Plan { items, without: Vec::new() })
    }

    /// The alarms of our prefix, with their tags.
    ///
    /// # Errors
    /// When any of it cannot be read.
    pub(super) async fn found(&self) -> Result<Vec<FoundAlarm>, CommandError> {
        Ok(self.aws.tagged_alarms(&self.alarms().prefix).await?)
    }

    /// What the configuration says of alarms.
    pub(super) fn alarms(&self) -> &AlarmSettings {
        // The command has put them there.
        static NONE: std::sync::LazyLock<AlarmSettings> = std::sync::LazyLock::new(AlarmSettings::default);
        self.settings.alarms.as_ref().unwrap_or(&NONE)
    }

    /// An alarm tells topics of its own region alone; where the configuration says no region, the credentials do.
    fn check_topics(&self, identity: &Identity) -> Result<(), CommandError> {
        let topics = &self.alarms().topics;
        for topic in AlarmState::ALL.into_iter().flat_map(|state| topics.of(state)) {
            let region = topic.split(':').nth(3).unwrap_or_default();
            if region != identity.region {
                let own = &identity.region;
                return Err(CommandError::Failed(format!(
                    "{topic} is a topic of another region: the alarms are in {own}, and can tell topics of that alone"
                )));
            }
        }
        Ok(())
    }
}
