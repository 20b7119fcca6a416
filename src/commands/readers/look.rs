//! What is there: the cluster's members, what is registered for it, and what Application Auto Scaling has done.

use super::Ground;
use crate::aws::Aws;
use crate::commands::CommandError;
use crate::model::cluster::{Cluster, ClusterKind, Member};
use crate::model::database::DatabaseName;
use crate::model::failure::Failure;
use crate::model::policy::Policy;
use crate::model::readers::{Registered, ScalingActivity};
use crate::setup::readers::{self, Plan};

/// One cluster as it is.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) policy: Policy,
    /// Its readers, those of Application Auto Scaling among them.
    pub(super) readers: Vec<Member>,
    pub(super) registered: Registered,
    /// What is suspended of its scaling, by whomever.
    pub(super) suspended: Vec<String>,
    /// The newest first; why they could not be read where they could not: nothing depends on them.
    pub(super) activities: Result<Vec<ScalingActivity>, String>,
}

/// Looks at every cluster.
///
/// # Errors
/// When one of them cannot be seen.
pub(super) async fn all(ground: &Ground) -> Result<Vec<Seen>, CommandError> {
    let mut all = Vec::new();
    for policy in &ground.policies {
        all.push(look(&ground.aws, policy).await?);
    }
    Ok(all)
}

/// Looks at one cluster.
///
/// # Errors
/// When its members or what is registered cannot be read.
pub(super) async fn look(aws: &Aws, policy: &Policy) -> Result<Seen, Failure> {
    let database = &policy.database;
    let readers = members(aws, database).await?.into_iter().filter(|member| !member.is_writer).collect();
    let registered = aws.registered_readers(database).await?;
    let activities = aws.scaling_activities(database, None).await.map_err(|failure| failure.sentence);
    let activities = activities.map(|activities| activities.into_iter().rev().collect());
    let suspended = registered.target.as_ref().map(|target| target.suspended.clone()).unwrap_or_default();
    Ok(Seen { policy: policy.clone(), readers, registered, suspended, activities })
}

async fn members(aws: &Aws, database: &DatabaseName) -> Result<Vec<Member>, Failure> {
    let mut found = aws.databases(&[], std::slice::from_ref(database)).await?;
    let missing = |what: &str| {
        let sentence = format!("{what} {database} in this account and region: check `id` and `region`");
        Failure::not_found("DescribeDBClusters", sentence)
    };
    let state = found.remove(database).ok_or_else(|| missing("no DB cluster named"))??;
    match state.cluster {
        Some(Cluster { kind: ClusterKind::Aurora, members, .. }) => Ok(members),
        _ => Err(missing("no Aurora cluster named")),
    }
}

impl Seen {
    /// What the configuration says, and what is missing for it.
    pub(super) fn plan(&self) -> Plan {
        let database = &self.policy.database;
        match &self.policy.readers {
            Some(readers) => readers::plan(database, readers, &self.registered),
            None => self.removal(),
        }
    }

    /// Taking away what is ours.
    pub(super) fn removal(&self) -> Plan {
        readers::removal(&self.policy.database, &self.registered)
    }

    /// Why what is planned would come to nothing.
    pub(super) fn obstacle(&self, plan: &Plan) -> Option<String> {
        plan.obstacle(self.readers.len()).map(|obstacle| obstacle.to_string())
    }

    /// Those that Application Auto Scaling has made.
    pub(super) fn scaled(&self) -> impl Iterator<Item = &Member> {
        self.readers.iter().filter(|member| member.is_scaled)
    }
}
