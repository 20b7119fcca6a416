//! The calls that change something: one attempt each.

use aws_sdk_rds::operation::RequestId;

use super::{Aws, convert, failure, member_settings};
use crate::model::call::{CallOutcome, Keeps, MutatingCall};
use crate::model::class::InstanceClass;
use crate::model::database::DatabaseName;
use crate::model::deployment::DeploymentId;
use crate::model::member_settings::MemberSettings;

/// What the sender knows after an answer of any of the operations, each of which has types of its own.
macro_rules! outcome {
    ($call:expr, $answer:expr) => {
        match $answer {
            Ok(answer) => CallOutcome::Accepted { request_id: convert::optional_text(answer.request_id()) },
            Err(error) => failure::call_outcome($call, &error),
        }
    };
}

impl Aws {
    /// Sends `call` once. When this returns, it was sent at most once, and the outcome says all that is known.
    pub async fn send(&self, call: &MutatingCall) -> CallOutcome {
        match call {
            MutatingCall::ModifyDbInstanceClass { database, class, capacity_reservation } => {
                Box::pin(self.modify(database, class, capacity_reservation.clone())).await
            }
            MutatingCall::CreateBlueGreenDeployment { source, name, class, .. } => {
                Box::pin(self.create_deployment(source, name, class.as_ref())).await
            }
            MutatingCall::SwitchoverBlueGreenDeployment { deployment, timeout_secs, .. } => {
                Box::pin(self.switch_over(deployment, *timeout_secs)).await
            }
            MutatingCall::DeleteBlueGreenDeployment { deployment, .. } => {
                Box::pin(self.delete_deployment(deployment)).await
            }
            MutatingCall::CreateDbInstance { database, name, class, engine, settings } => {
                Box::pin(self.create_reader(database, name, class, (engine, settings))).await
            }
            MutatingCall::FailoverDbCluster { database, target, .. } => {
                Box::pin(self.fail_over(database, target)).await
            }
            MutatingCall::ModifyDbClusterClass { database, class } => {
                Box::pin(self.modify_cluster(database, class)).await
            }
            MutatingCall::DeleteDbInstance { machine, keeps, .. } => {
                Box::pin(self.delete_instance(machine, keeps)).await
            }
        }
    }

    async fn modify(
        &self,
        database: &DatabaseName,
        class: &InstanceClass,
        capacity_reservation: Option<String>,
    ) -> CallOutcome {
        let request = self.rds_mutating.modify_db_instance().db_instance_identifier(database.as_str());
        let request = request.set_db_capacity_reservation_identifier(capacity_reservation);
        let answer = request.db_instance_class(class.as_str()).apply_immediately(true).send().await;
        outcome!("ModifyDBInstance", answer)
    }

    async fn create_deployment(&self, source: &str, name: &str, class: Option<&InstanceClass>) -> CallOutcome {
        let request = self.rds_mutating.create_blue_green_deployment().blue_green_deployment_name(name);
        let answer = request.source(source).set_target_db_instance_class(class.map(ToString::to_string)).send().await;
        outcome!("CreateBlueGreenDeployment", answer)
    }

    async fn switch_over(&self, deployment: &DeploymentId, timeout_secs: u32) -> CallOutcome {
        let timeout_secs = i32::try_from(timeout_secs).unwrap_or(i32::MAX);
        let request = self.rds_mutating.switchover_blue_green_deployment();
        let request = request.blue_green_deployment_identifier(deployment.as_str());
        let answer = request.switchover_timeout(timeout_secs).send().await;
        outcome!("SwitchoverBlueGreenDeployment", answer)
    }

    async fn delete_deployment(&self, deployment: &DeploymentId) -> CallOutcome {
        let request = self.rds_mutating.delete_blue_green_deployment();
        let request = request.blue_green_deployment_identifier(deployment.as_str());
        let answer = request.delete_target(true).send().await;
        outcome!("DeleteBlueGreenDeployment", answer)
    }

    /// First in line for a failover that nobody has ordered, too: it has the class that is wanted.
    async fn create_reader(
        &self,
        cluster: &DatabaseName,
        name: &DatabaseName,
        class: &InstanceClass,
        (engine, settings): (&str, &MemberSettings),
    ) -> CallOutcome {
        let request = self.rds_mutating.create_db_instance().db_instance_identifier(name.as_str());
        let request = request.db_cluster_identifier(cluster.as_str()).engine(engine);
        let request = member_settings::ask_for(request, settings);
        let answer = request.db_instance_class(class.as_str()).promotion_tier(0).send().await;
        outcome!("CreateDBInstance", answer)
    }

    async fn fail_over(&self, cluster: &DatabaseName, target: &DatabaseName) -> CallOutcome {
        let request = self.rds_mutating.failover_db_cluster().db_cluster_identifier(cluster.as_str());
        let answer = request.target_db_instance_identifier(target.as_str()).send().await;
        outcome!("FailoverDBCluster", answer)
    }

    async fn modify_cluster(&self, cluster: &DatabaseName, class: &InstanceClass) -> CallOutcome {
        let request = self.rds_mutating.modify_db_cluster().db_cluster_identifier(cluster.as_str());
        let answer = request.db_cluster_instance_class(class.as_str()).apply_immediately(true).send().await;
        outcome!("ModifyDBCluster", answer)
    }

    /// Automated backups of the machine are kept as long as its retention says: that is the rest of its recovery window.
    async fn delete_instance(&self, machine: &DatabaseName, keeps: &Keeps) -> CallOutcome {
        let request = self.rds_mutating.delete_db_instance().db_instance_identifier(machine.as_str());
        let request = match keeps {
            Keeps::FinalSnapshot { name } => request.delete_automated_backups(false).final_db_snapshot_identifier(name),
            Keeps::Nothing => request.delete_automated_backups(false).skip_final_snapshot(true),
            // Neither belongs to one member.
            Keeps::ClusterVolume => request,
        };
        let answer = request.send().await;
        outcome!("DeleteDBInstance", answer)
    }
}
