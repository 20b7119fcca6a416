//! `DescribeBlueGreenDeployments`: all of the account and region in one paged read.

use aws_sdk_rds::types::BlueGreenDeployment;

use super::pages::Pages;
use super::{Aws, convert};
use crate::model::database::DatabaseName;
use crate::model::deployment::{Deployment, DeploymentId, DeploymentStatus};
use crate::model::failure::{Failure, FailureKind};

const OPERATION: &str = "DescribeBlueGreenDeployments";

impl Aws {
    /// Every blue/green deployment, as RDS describes it.
    ///
    /// # Errors
    /// When any page cannot be read, the pages do not end, or one comes without what everything rests on: of half a list
    /// nobody could say that a deployment is not there.
    pub async fn deployments(&self) -> Result<Vec<Deployment>, Failure> {
        let mut found = Vec::new();
        let mut pages = Pages::of(OPERATION);
        loop {
            // The pages have a hundred records if nothing is said, and moto stumbles over it being said.
            let request = self.rds.describe_blue_green_deployments().set_marker(pages.marker());
            let page = request.send().await.map_err(|error| self.read_failure(OPERATION, &error))?;
            for described in page.blue_green_deployments() {
                found.push(deployment(described)?);
            }
            if !pages.follow(page.marker())? {
                return Ok(found);
            }
        }
    }
}

fn deployment(described: &BlueGreenDeployment) -> Result<Deployment, Failure> {
    let required = |value: Option<&str>, what: &str| {
        let text = convert::text(value);
        if text.is_empty() { Err(unreadable(what)) } else { Ok(text) }
    };
    let is_open = |task: &&aws_sdk_rds::types::BlueGreenDeploymentTask| task.status() != Some("COMPLETED");
    let target = convert::optional_text(described.target());
    Ok(Deployment {
        id: DeploymentId::new(required(described.blue_green_deployment_identifier(), "an identifier")?),
        name: required(described.blue_green_deployment_name(), "a name")?,
        source: convert::text(described.source()),
        // `arn:aws:rds:REGION:ACCOUNT:db:NAME`
        target: target.and_then(|arn| Some(DatabaseName::new(arn.rsplit(':').next()?))),
        status: DeploymentStatus::new(required(described.status(), "a status")?),
        status_details: convert::optional_text(described.status_details()),
        open_tasks: described.tasks().iter().filter(is_open).map(|task| convert::text(task.name())).collect(),
    })
}

fn unreadable(what: &str) -> Failure {
    Failure {
        kind: FailureKind::Service,
        operation: OPERATION.to_owned(),
        sentence: format!("{OPERATION}: a deployment comes back without {what}: nothing is concluded; trying again"),
        request_id: None,
    }
}
